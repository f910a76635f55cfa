#include "cli/job_print.h"

#include "base/clock.h"
#include "cli/interrupt.h"
#include "cli/json_line.h"
#include "request/request_json.h"

#include <jansson.h>
#include <string.h>

enum { PROMPT_COLUMNS = 40, WAIT_MS = 200 };

static enum spr_code print_line(const struct cli *cli, json_t *object, struct spr_error *err)
{
    enum spr_code rc = json_line(cli, object, 0, NULL, "text", err);
    return rc ? rc : terminal_flush(&cli->out, err);
}

static json_t *time_or_null(double seconds)
{
    return seconds > 0 ? json_real(seconds) : json_null();
}

static enum spr_code brief_json(const struct cli *cli, const struct message_job_brief *j,
                                struct spr_error *err)
{
    return print_line(cli,
                      json_pack("{s:I, s:s, s:s, s:s, s:I, s:b, s:I, s:f, s:o, s:o, s:s*, s:s*, s:I, s:I}",
                                "row", (json_int_t)j->row, "job_id", j->job_id, "state", j->state, "prompt",
                                j->prompt, "priority", (json_int_t)j->priority, "paused", j->paused, "tries",
                                (json_int_t)j->tries, "accepted", j->accepted, "started",
                                time_or_null(j->started), "finished", time_or_null(j->finished), "error",
                                j->error, "image_path", j->image_path, "votes", (json_int_t)j->votes, "wins",
                                (json_int_t)j->wins),
                      err);
}

static const char *state_colour(const struct terminal *t, const char *state)
{
    return strcmp(state, "failed") == 0    ? terminal_red(t)
           : strcmp(state, "running") == 0 ? terminal_bold(t)
                                           : "";
}

static void brief_text(const struct cli *cli, const struct message_job_brief *j)
{
    const struct terminal *t = &cli->out;
    char when[CLOCK_ISO_BYTES], prompt[4 * PROMPT_COLUMNS + 8];
    clock_iso((int64_t)(j->accepted * 1000), when);
    snprintf(prompt, sizeof prompt, "%.*s", PROMPT_COLUMNS, j->prompt);
    fprintf(t->file, "%s%6lld  %.19s%s  %s%-9s%s  ", terminal_dim(t), (long long)j->row, when,
            terminal_plain(t), state_colour(t, j->state), j->paused ? "paused" : j->state, terminal_plain(t));
    terminal_safe(t, j->job_id);
    fputs("  ", t->file);
    terminal_safe(t, prompt);
    if (j->error) {
        fprintf(t->file, "  %s", terminal_dim(t));
        terminal_safe(t, j->error);
        fputs(terminal_plain(t), t->file);
    }
    if (wire_given(j, JOB_VOTES))
        fprintf(t->file, "  %s%lld of %lld votes%s", terminal_dim(t), (long long)j->wins, (long long)j->votes,
                terminal_plain(t));
    fputc('\n', t->file);
}

enum spr_code job_print_list(const struct cli *cli, const struct message_job_list *m, struct spr_error *err)
{
    const struct message_job_brief *j = m->jobs.item;
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && i < m->jobs.count; i++) {
        if (cli->json)
            rc = brief_json(cli, &j[i], err);
        else
            brief_text(cli, &j[i]);
    }
    if (!rc && !cli->quiet && !cli->json && m->total > (int64_t)m->jobs.count)
        fprintf(cli->err.file, "%zu of %lld; --before %lld shows the next\n", m->jobs.count,
                (long long)m->total, m->jobs.count ? (long long)j[m->jobs.count - 1].row : 0);
    return rc;
}

static enum spr_code info_json(const struct cli *cli, const struct message_job_info *m, struct spr_error *err)
{
    json_t *request = NULL, *pictures = json_array(), *tags = json_array();
    const struct message_picture *p = m->pictures.item;
    enum spr_code rc = request_to_json(&m->request, &request, err);
    for (size_t i = 0; i < m->pictures.count; i++)
        json_array_append_new(pictures,
                              json_pack("{s:s, s:I, s:I, s:I, s:f}", "image_path", p[i].image_path, "width",
                                        (json_int_t)p[i].width, "height", (json_int_t)p[i].height, "colors",
                                        (json_int_t)p[i].colors, "seconds", p[i].seconds));
    for (size_t i = 0; i < m->tags.count; i++)
        json_array_append_new(tags, json_string(m->tags.item[i]));
    if (rc) {
        json_decref(pictures);
        json_decref(tags);
        return rc;
    }
    return print_line(
        cli,
        json_pack("{s:I, s:s, s:s, s:I, s:b, s:I, s:f, s:o, s:o, s:s*, s:s*, s:o, s:o, s:o, s:I, s:I}", "row",
                  (json_int_t)m->row, "job_id", m->job_id, "state", m->state, "priority",
                  (json_int_t)m->priority, "paused", m->paused, "tries", (json_int_t)m->tries, "accepted",
                  m->accepted, "started", time_or_null(m->started), "finished", time_or_null(m->finished),
                  "error", m->error, "understood", m->understood, "tags", tags, "pictures", pictures,
                  "request", request, "votes", (json_int_t)m->votes, "wins", (json_int_t)m->wins),
        err);
}

static void row(const struct terminal *t, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(t->file, "  %s%-10s%s ", terminal_dim(t), name, terminal_plain(t));
    terminal_safe(t, text);
    fputc('\n', t->file);
}

static void when_row(const struct terminal *t, const char *name, double seconds)
{
    char when[CLOCK_ISO_BYTES];
    if (seconds <= 0)
        return;
    clock_iso((int64_t)(seconds * 1000), when);
    row(t, name, when);
}

static enum spr_code request_rows(const struct terminal *t, const struct request *r, struct spr_error *err)
{
    struct buf text;
    enum spr_code rc = SPR_OK;
    buf_init(&text, 1 << 17);
    for (int f = 0; !rc && f < REQUEST_FIELD_COUNT; f++) {
        text.length = 0;
        rc = request_print(r, (enum request_field)f, &text, err);
        if (!rc && text.length)
            row(t, request_row((enum request_field)f)->name, text.data);
    }
    buf_fini(&text);
    return rc;
}

enum spr_code job_print_info(const struct cli *cli, const struct message_job_info *m, struct spr_error *err)
{
    const struct terminal *t = &cli->out;
    const struct message_picture *p = m->pictures.item;
    char text[64];
    if (cli->json)
        return info_json(cli, m, err);
    fputs(terminal_bold(t), t->file);
    terminal_safe(t, m->job_id);
    fprintf(t->file, "%s  %s%s%s\n", terminal_plain(t), state_colour(t, m->state),
            m->paused ? "paused" : m->state, terminal_plain(t));
    if (wire_given(m, INFO_AHEAD)) {
        snprintf(text, sizeof text, "%lld", (long long)m->ahead);
        row(t, "ahead", text);
    }
    row(t, "error", m->error);
    when_row(t, "accepted", m->accepted);
    when_row(t, "started", m->started);
    when_row(t, "finished", m->finished);
    snprintf(text, sizeof text, "%lld", (long long)m->tries);
    row(t, "tries", text);
    row(t, "understood", m->understood);
    if (wire_given(m, INFO_VOTES)) {
        snprintf(text, sizeof text, "%lld won of %lld", (long long)m->wins, (long long)m->votes);
        row(t, "votes", text);
    }
    for (size_t i = 0; i < m->pictures.count; i++)
        row(t, "picture", p[i].image_path);
    return request_rows(t, &m->request, err);
}

/* An event as JSON: the message's own fields, by its table. */
static json_t *event_json(const struct wire_schema *schema, const void *object)
{
    json_t *j = json_pack("{s:s}", "type", schema->type);
    for (size_t i = 0; j && i < schema->count; i++) {
        const struct wire_field *f = &schema->field[i];
        const void *value = (const char *)object + f->offset;
        if (f->need == WIRE_OPTIONAL && !wire_given(object, (int)i))
            continue;
        if (f->type == WIRE_TEXT)
            json_object_set_new(j, f->name, json_string(*(const char *const *)value));
        else if (f->type == WIRE_WHOLE)
            json_object_set_new(j, f->name, json_integer((json_int_t) * (const int64_t *)value));
        else if (f->type == WIRE_REAL)
            json_object_set_new(j, f->name, json_real(*(const double *)value));
        else if (f->type == WIRE_SWITCH)
            json_object_set_new(j, f->name, json_boolean(*(const bool *)value));
    }
    return j;
}

static void event_text(const struct terminal *t, const struct wire_schema *schema, const void *object)
{
    const struct message_job_id *any = object;
    if (schema == &message_queue_changed) {
        const struct message_queue *q = object;
        fprintf(t->file, "%squeue: %lld wait, %lld run%s%s\n", terminal_dim(t), (long long)q->queued,
                (long long)q->running, q->paused ? ", paused" : "", terminal_plain(t));
        return;
    }
    terminal_safe(t, any->job_id); /* the first text of every other event */
    if (schema == &message_progress) {
        const struct message_progress *p = object;
        fprintf(t->file, "  %3.0f %%  %s %lld/%lld, %.1f s left\n", p->percent, p->stage, (long long)p->step,
                (long long)p->total_steps, p->eta_s);
    } else if (schema == &message_job_changed) {
        const struct message_changed *c = object;
        fprintf(t->file, "  %s%s%s ", state_colour(t, c->state), c->state, terminal_plain(t));
        terminal_safe(t, c->error ? c->error : "");
        fputc('\n', t->file);
    } else {
        const char *text =
            schema == &message_understood      ? ((const struct message_understood *)object)->sentence
            : schema == &message_picture_drawn ? ((const struct message_drawn *)object)->image_path
                                               : ((const struct message_preview *)object)->image_path;
        fputs("  ", t->file);
        terminal_safe(t, text);
        fputc('\n', t->file);
    }
}

static enum spr_code show_event(const struct cli *cli, const struct wire_packet *packet, bool *ret_ended,
                                struct spr_error *err)
{
    const struct wire_schema *schema;
    struct wire_pool pool = { 0 };
    void *object;
    size_t length;
    const void *body = wire_packet_body(packet, &length);
    enum spr_code rc = wire_decode(message_events, body, length, &pool, &schema, &object, err);
    if (rc == SPR_UNSUPPORTED) { /* a later daemon's event */
        wire_pool_reset(&pool);
        return SPR_OK;
    }
    if (!rc && cli->json) {
        rc = print_line(cli, event_json(schema, object), err);
    } else if (!rc) {
        event_text(&cli->out, schema, object);
        rc = terminal_flush(&cli->out, err);
    }
    if (!rc && schema == &message_job_changed) {
        const char *state = ((const struct message_changed *)object)->state;
        *ret_ended = strcmp(state, "queued") != 0 && strcmp(state, "running") != 0;
    }
    wire_pool_reset(&pool);
    return rc;
}

/* Whether the job has ended by now; events may have been missed. */
static enum spr_code has_ended(struct link *l, const char *id, bool *ret, struct spr_error *err)
{
    struct message_job_id ask = { .job_id = id };
    struct message_job_info *m;
    enum spr_code rc = link_ask(l, &message_job, &ask, &message_job_info, &m, err);
    if (!rc)
        *ret = strcmp(m->state, "queued") != 0 && strcmp(m->state, "running") != 0;
    return rc;
}

enum spr_code job_watch(const struct cli *cli, struct link *l, const char *events, const char *id,
                        struct spr_error *err)
{
    const atomic_bool *stop = interrupt_watch();
    char topic[MESSAGE_ID_MAX * 4 + 8] = "";
    struct wire_socket *s = NULL;
    struct wire_options options = l->options;
    bool ended = false, asked = false;
    if (id)
        snprintf(topic, sizeof topic, "job.%s", id);
    options.topic = topic;
    enum spr_code rc = wire_connect(l->context, WIRE_SUB, events, &options, &s, err);
    while (!rc && !atomic_load(stop) && !(ended && id)) {
        struct wire_packet packet;
        rc = wire_receive(s, WAIT_MS, &packet, err);
        if (rc == SPR_OK) {
            rc = show_event(cli, &packet, &ended, err);
            wire_packet_fini(&packet);
        } else if (rc == SPR_TIMEOUT || rc == SPR_CANCELLED || rc == SPR_BADDATA) {
            rc = SPR_OK;
            if (id) /* what ended before we listened is not waited for */
                rc = has_ended(l, id, &ended, err);
            if (!rc && ended && !asked && !cli->json) {
                asked = true;
                fprintf(cli->out.file, "the job has ended; 'spritery jobs show' tells how\n");
            }
        }
    }
    wire_close(s);
    return rc;
}
