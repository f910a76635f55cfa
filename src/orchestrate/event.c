#include "orchestrate/event.h"

#include "base/clock.h"
#include "base/str.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ID = 1, ATTEMPT = 2, SLOT = 4, NUMBER = 8, YES = 16, UNTIL = 32, END = 64, HASHES = 128, GAVE = 256 };

static const struct {
    const char *name;
    unsigned has;
    const char *yes; /* what `yes` is called */
} rows[EVENT_KINDS] = {
    [EVENT_BEGIN] = { "begin", YES, "resumed" },
    [EVENT_START] = { "start", ID | ATTEMPT | SLOT | HASHES, NULL },
    [EVENT_EXIT] = { "exit", ID | ATTEMPT | END, NULL },
    [EVENT_LOST] = { "lost", ID | ATTEMPT, NULL },
    [EVENT_DONE] = { "done", ID | ATTEMPT | GAVE, NULL },
    [EVENT_UNMERGED] = { "unmerged", ID | ATTEMPT | GAVE, NULL },
    [EVENT_KEPT] = { "kept", ID | GAVE, NULL },
    [EVENT_RETRY] = { "retry", ID | ATTEMPT | UNTIL, NULL },
    [EVENT_FAIL] = { "fail", ID | ATTEMPT, NULL },
    [EVENT_SKIP] = { "skip", ID, NULL },
    [EVENT_CANCEL] = { "cancel", ID, NULL },
    [EVENT_PAUSE] = { "pause", ID | ATTEMPT, NULL },
    [EVENT_RESET] = { "reset", ID, NULL },
    [EVENT_SAID] = { "said", ID | HASHES, NULL },
    [EVENT_GATE] = { "gate", ID | YES | NUMBER, "opened" },
    [EVENT_APPROVE] = { "approve", ID | NUMBER, NULL },
    [EVENT_ESCALATE] = { "escalate", ID | NUMBER, NULL },
    [EVENT_RESOLVED] = { "resolved", NUMBER, NULL },
    [EVENT_DECIDE] = { "decide", NUMBER, NULL },
    [EVENT_DOMAIN] = { "domain", ID | YES, "running" },
    [EVENT_END] = { "end", NUMBER | YES, "finished" },
};

static const char *const why_names[] = { "exited", "timeout", "stopped", "unborn" };

const char *event_name(enum event_kind kind)
{
    return rows[kind].name;
}

static enum spr_code add_hash(struct buf *out, const char *key, const struct run_hash *h,
                              struct spr_error *err)
{
    char hex[33];
    str_hex(h->byte, sizeof h->byte, hex);
    return buf_addf(out, err, ",\"%s\":\"%s\"", key, hex);
}

/* A JSON string of text from anywhere: what is not UTF-8 becomes '?'. */
static enum spr_code add_text(struct buf *out, const char *key, const char *text, struct spr_error *err)
{
    char clean[1024];
    size_t n = strnlen(text, sizeof clean - 1);
    memcpy(clean, text, n);
    clean[n] = '\0';
    json_t *value = json_string(clean);
    for (size_t i = 0; !value && i < n; i++)
        clean[i] = (char)((unsigned char)clean[i] < 0x80 ? clean[i] : '?');
    if (!value)
        value = json_string(clean);
    char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    enum spr_code rc = quoted ? buf_addf(out, err, ",\"%s\":%s", key, quoted)
                              : SPR_FAIL(err, SPR_NOMEM, "no memory for an event");
    free(quoted);
    json_decref(value);
    return rc;
}

static enum spr_code add_end(struct buf *out, const struct task_end *e, struct spr_error *err)
{
    enum spr_code rc = buf_addf(out, err, ",\"why\":\"%s\",\"status\":%d", why_names[e->why & 3], e->status);
    if (!rc && e->signal)
        rc = buf_addf(out, err, ",\"signal\":%d", e->signal);
    if (!rc && e->error)
        rc = buf_addf(out, err, ",\"error\":%d", e->error);
    if (!rc)
        rc = buf_addf(out, err,
                      ",\"user_us\":%" PRId64 ",\"system_us\":%" PRId64 ",\"peak_kb\":%" PRId64
                      ",\"ended_ms\":%" PRId64,
                      e->user_us, e->system_us, e->peak_kb, e->at_ms);
    if (!rc && e->strays)
        rc = buf_addf(out, err, ",\"strays\":%d", e->strays);
    if (!rc && e->cut)
        rc = buf_addf(out, err, ",\"output_cut_kb\":%d", e->cut);
    return rc;
}

static const char *id_of(const struct plan *p, const struct run_event *e)
{
    return e->thing == PLAN_WORKSTREAM ? p->workstream[e->index].id
           : e->thing == PLAN_GATE     ? p->gate[e->index].id
                                       : p->domain[e->index].id;
}

static enum spr_code add_data(struct buf *out, const json_t *data, struct spr_error *err)
{
    char *text = json_dumps(data, JSON_COMPACT);
    size_t n = text ? strlen(text) : 0;
    enum spr_code rc = text ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for an event");
    if (!rc && n > 2) {
        text[0] = ',';
        rc = buf_add(out, text, n - 1, err);
    }
    free(text);
    return rc;
}

enum spr_code event_write(const struct plan *p, const struct run_event *e, uint64_t seq, struct buf *out,
                          struct spr_error *err)
{
    char time[CLOCK_ISO_BYTES];
    unsigned has = rows[e->kind].has;
    clock_iso(e->time_ms, time);
    enum spr_code rc = buf_addf(out, err, "{\"seq\":%" PRIu64 ",\"time\":\"%s\",\"event\":\"%s\"", seq, time,
                                rows[e->kind].name);
    if (!rc && has & ID && e->index != PLAN_NONE)
        rc = buf_addf(out, err, ",\"id\":\"%s\"", id_of(p, e));
    if (!rc && has & ATTEMPT)
        rc = buf_addf(out, err, ",\"attempt\":%d", e->attempt);
    if (!rc && has & SLOT)
        rc = buf_addf(out, err, ",\"slot\":%" PRIu32, e->slot);
    if (!rc && has & NUMBER)
        rc = buf_addf(out, err, ",\"number\":%d", e->number);
    if (!rc && has & YES)
        rc = buf_addf(out, err, ",\"%s\":%s", rows[e->kind].yes, e->yes ? "true" : "false");
    if (!rc && has & UNTIL)
        rc = buf_addf(out, err, ",\"until_ms\":%" PRId64, e->until_ms);
    if (!rc && has & END)
        rc = add_end(out, &e->end, err);
    if (!rc && has & HASHES) {
        rc = add_hash(out, "made", &e->made, err);
        rc = rc ? rc : add_hash(out, "took", &e->took, err);
    }
    if (!rc && has & GAVE)
        rc = add_hash(out, "gave", &e->gave, err);
    if (!rc && e->text)
        rc = add_text(out, "text", e->text, err);
    if (!rc && e->data)
        rc = add_data(out, e->data, err);
    return rc ? rc : buf_add(out, "}", 1, err);
}

static int64_t whole(const json_t *o, const char *key)
{
    return json_integer_value(json_object_get(o, key));
}

static void read_hash(const json_t *o, const char *key, struct run_hash *ret)
{
    const char *hex = json_string_value(json_object_get(o, key));
    if (hex)
        (void)str_unhex(hex, sizeof ret->byte, ret->byte);
}

static void read_end(const json_t *o, struct task_end *e)
{
    const char *why = json_string_value(json_object_get(o, "why"));
    for (int i = 0; why && i < 4; i++)
        if (strcmp(why, why_names[i]) == 0)
            e->why = i;
    e->status = (int32_t)whole(o, "status");
    e->signal = (int32_t)whole(o, "signal");
    e->error = (int32_t)whole(o, "error");
    e->user_us = whole(o, "user_us");
    e->system_us = whole(o, "system_us");
    e->peak_kb = whole(o, "peak_kb");
    e->at_ms = whole(o, "ended_ms");
    e->strays = (int32_t)whole(o, "strays");
    e->cut = (int32_t)whole(o, "output_cut_kb");
}

static bool read_kind(const json_t *o, enum event_kind *ret)
{
    const char *name = json_string_value(json_object_get(o, "event"));
    for (int k = 0; name && k < EVENT_KINDS; k++)
        if (strcmp(name, rows[k].name) == 0) {
            *ret = (enum event_kind)k;
            return true;
        }
    return false;
}

enum spr_code event_read(const struct plan *p, const char *line, size_t length, struct run_event *ret,
                         bool *ret_known, struct spr_error *err)
{
    json_error_t why;
    struct run_event e = { .index = PLAN_NONE };
    json_t *o = json_loadb(line, length, 0, &why);
    if (!o || !read_kind(o, &e.kind)) {
        json_decref(o);
        return SPR_FAIL(err, SPR_BADDATA, "not an event of this version: %.200s", line);
    }
    const char *id = json_string_value(json_object_get(o, "id"));
    *ret_known = !id || plan_find(p, id, &e.thing, &e.index);
    if (id && *ret_known) {
        unsigned gates = 1u << EVENT_GATE | 1u << EVENT_APPROVE;
        enum plan_thing want = gates >> e.kind & 1      ? PLAN_GATE
                               : e.kind == EVENT_DOMAIN ? PLAN_DOMAIN
                                                        : PLAN_WORKSTREAM;
        *ret_known = e.thing == want || e.kind == EVENT_ESCALATE; /* an id may be another thing's by now */
    }
    e.attempt = (int32_t)whole(o, "attempt");
    e.slot = (uint32_t)whole(o, "slot");
    e.number = (int32_t)whole(o, "number");
    e.yes = rows[e.kind].yes && json_is_true(json_object_get(o, rows[e.kind].yes));
    e.time_ms = clock_from_iso(json_string_value(json_object_get(o, "time")));
    e.until_ms = whole(o, "until_ms");
    if (rows[e.kind].has & END)
        read_end(o, &e.end);
    read_hash(o, "made", &e.made);
    read_hash(o, "took", &e.took);
    read_hash(o, "gave", &e.gave);
    e.text = json_string_value(json_object_get(o, "text"));
    e.data = o;
    *ret = e;
    return SPR_OK;
}
