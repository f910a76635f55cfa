#include "daemon/inside.h"

#include <stdio.h>

enum { QUEUE_MS = 100, TOPIC_BYTES = 600 };

static bool encode(struct daemon *d, const struct wire_schema *schema, const void *object)
{
    struct spr_error err;
    d->out.length = 0;
    if (wire_encode(schema, object, &d->out, &err) == SPR_OK)
        return true;
    log_write(d->log, LOG_WARN, "cannot publish %s: %s", schema->type, err.text);
    return false;
}

static void send_out(struct daemon *d, int port, const char *topic)
{
    for (int k = 0; k < PORT_KINDS; k++)
        if (d->port[port][k])
            wire_publish(d->port[port][k], topic, d->out.data, d->out.length);
    d->metrics.published++;
}

void publish_update(struct daemon *d, const struct wire_schema *schema, const void *object)
{
    if (encode(d, schema, object))
        send_out(d, PORT_UPDATES, NULL);
}

static void topic_of(const char *id, char ret[TOPIC_BYTES])
{
    snprintf(ret, TOPIC_BYTES, "job.%s", id);
}

void publish_event(struct daemon *d, const char *id, const struct wire_schema *schema, const void *object)
{
    char topic[TOPIC_BYTES];
    topic_of(id, topic);
    if (encode(d, schema, object))
        send_out(d, PORT_EVENTS, topic);
}

void publish_both(struct daemon *d, const char *id, const struct wire_schema *schema, const void *object)
{
    char topic[TOPIC_BYTES];
    topic_of(id, topic);
    if (!encode(d, schema, object))
        return;
    send_out(d, PORT_UPDATES, NULL);
    send_out(d, PORT_EVENTS, topic);
}

void publish_changed(struct daemon *d, const char *id, enum job_state state, const char *error)
{
    struct message_changed m = { .job_id = id,
                                 .state = state_name(state),
                                 .error = error && *error ? error : NULL };
    publish_event(d, id, &message_job_changed, &m);
    publish_queue(d);
}

void publish_ended(struct daemon *d, const char *id, double seconds, const char *image, const char *error)
{
    struct message_finished finished = { .job_id = id, .success = !error, .duration_s = seconds };
    struct message_complete complete = { .job_id = id,
                                         .image_path = image ? image : "",
                                         .duration_s = seconds };
    struct message_job_error failed = { .job_id = id, .error = error };
    publish_update(d, &message_job_finished, &finished);
    if (error)
        publish_update(d, &message_job_error, &failed);
    else
        publish_update(d, &message_job_complete, &complete);
}

static void on_timer(uv_timer_t *t)
{
    struct daemon *d = t->data;
    struct queue_counts counts;
    struct spr_error err;
    d->queue_timer_on = false;
    if (!d->queue_changed || queue_count(d->queue, &counts, &err))
        return;
    d->queue_changed = false;
    struct message_queue m = { .queued = counts.of[JOB_QUEUED],
                               .running = counts.of[JOB_RUNNING],
                               .paused = queue_paused(d->queue) };
    if (encode(d, &message_queue_changed, &m))
        send_out(d, PORT_EVENTS, "queue.");
}

void publish_queue(struct daemon *d)
{
    d->queue_changed = true;
    if (d->queue_timer_on || uv_is_closing((uv_handle_t *)&d->loop.queue_timer))
        return;
    d->queue_timer_on = true;
    uv_timer_start(&d->loop.queue_timer, on_timer, QUEUE_MS, 0);
}
