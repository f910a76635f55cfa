#include "orchestrate/follow.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { WAIT_MS = 200, QUEUE = 100000, LINES_AT_ONCE = 10000 };

struct follower {
    struct past *past;
    const struct follow_hooks *hooks;
    uint64_t line; /* of the journal, in catch_up */
    bool changed;
};

static enum spr_code catch_line(void *context, char *text, size_t length, struct spr_error *err)
{
    struct follower *f = context;
    if (++f->line <= f->past->events)
        return SPR_OK;
    f->changed = true;
    return past_take(f->past, text, length, err);
}

static enum spr_code catch_up(struct follower *f, struct spr_error *err)
{
    struct journal_damage damage;
    f->line = 0;
    return journal_read(f->past->at.folder, catch_line, f, &damage, err);
}

static enum spr_code take_event(struct follower *f, const char *line, size_t length, struct spr_error *err)
{
    uint64_t seq = 0;
    struct buf text; /* past_take may change it */
    buf_init(&text, length + 1);
    enum spr_code rc = buf_add(&text, line, length, err);
    if (!rc && sscanf(text.data, "{\"seq\":%" SCNu64, &seq) == 1 && seq > f->past->events + 1)
        rc = catch_up(f, err);
    if (!rc && seq > f->past->events) {
        rc = past_take(f->past, text.data, length, err);
        f->changed = true;
    }
    buf_fini(&text);
    return rc;
}

static enum spr_code take_packet(struct follower *f, const struct wire_packet *p, struct spr_error *err)
{
    size_t length;
    const char *body = wire_packet_body(p, &length), *topic = zmq_msg_data((zmq_msg_t *)&p->frame[0]);
    if (p->count != 2 || length == 0)
        return SPR_OK;
    if (zmq_msg_size((zmq_msg_t *)&p->frame[0]) == strlen("event") &&
        memcmp(topic, "event", strlen("event")) == 0)
        return take_event(f, body, length, err);
    past_hear_status(f->past, body, length);
    f->changed = true;
    if (f->hooks->status)
        f->hooks->status(f->hooks->context, body, length);
    return SPR_OK;
}

/* All that is there now; waits for the first. */
static enum spr_code listen_once(struct follower *f, struct wire_socket *s, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; !rc && i < LINES_AT_ONCE; i++) {
        struct wire_packet p;
        rc = wire_receive(s, i == 0 ? WAIT_MS : 0, &p, err);
        if (rc == SPR_TIMEOUT || rc == SPR_CANCELLED)
            return i == 0 ? SPR_TIMEOUT : SPR_OK;
        if (rc == SPR_BADDATA) {
            rc = SPR_OK;
            continue;
        }
        if (!rc) {
            rc = take_packet(f, &p, err);
            wire_packet_fini(&p);
        }
    }
    return rc;
}

static int64_t journal_bytes(const struct past *x)
{
    char path[TASK_PATH_BYTES + 16];
    struct stat st;
    snprintf(path, sizeof path, "%s/run.journal", x->at.folder);
    return stat(path, &st) ? 0 : (int64_t)st.st_size;
}

static enum spr_code go_on(struct follower *f, struct wire_socket *s, const atomic_bool *cancel,
                           struct spr_error *err)
{
    int64_t known = -1, turned_ms = 0;
    enum spr_code rc = SPR_OK;
    for (bool more = true; !rc && more;) {
        rc = listen_once(f, s, err);
        if (cancel && atomic_load(cancel))
            return SPR_FAIL(err, SPR_CANCELLED, "stopped watching; the run goes on");
        if (rc == SPR_TIMEOUT) { /* quiet: is something in the journal that did not come? */
            int64_t bytes = journal_bytes(f->past);
            bool runs = past_runs(f->past);
            rc = bytes != known || !runs ? catch_up(f, err) : SPR_OK;
            known = bytes;
            more = runs;
        }
        int64_t now = clock_wall_ms();
        if (!rc && (f->changed || !more || now - turned_ms >= 1000) && f->hooks->turn) {
            f->hooks->turn(f->hooks->context);
            turned_ms = now;
        }
        f->changed = false;
    }
    return rc;
}

enum spr_code follow_run(struct past *x, const struct follow_hooks *hooks, const atomic_bool *cancel,
                         struct spr_error *err)
{
    struct follower f = { .past = x, .hooks = hooks };
    const struct wire_options o = { .queue = QUEUE, .retry_ms = WAIT_MS };
    struct wire_context *wire = NULL;
    struct wire_socket *s = NULL;
    char address[WIRE_ADDRESS_BYTES];
    enum spr_code rc = place_socket(&x->at, "events", address, err);
    if (!rc)
        rc = wire_context_new(&wire, err);
    if (!rc)
        rc = wire_connect(wire, WIRE_SUB, address, &o, &s, err);
    if (!rc)
        rc = go_on(&f, s, cancel, err);
    wire_close(s);
    wire_context_free(wire);
    return rc;
}
