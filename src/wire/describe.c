/* The tables as Markdown: what docs/protocol.md is made of. */
#include "base/str.h"
#include "request/request.h"
#include "wire/schema.h"

static const char *type_name(const struct wire_field *f)
{
    static const char *const names[] = { "string",         "whole number",    "number",       "true or false",
                                         "[whole, whole]", "list of strings", "list of maps", "" };
    return names[f->type];
}

static enum spr_code bounds(const struct wire_field *f, struct buf *out, struct spr_error *err)
{
    char low[32], high[32];
    str_from_double(f->min, low, sizeof low);
    str_from_double(f->max, high, sizeof high);
    switch (f->type) {
    case WIRE_TEXT:
        if (f->words) {
            enum spr_code rc = SPR_OK;
            for (int i = 0; !rc && f->words[i]; i++)
                rc = buf_addf(out, err, "%s%s", i ? ", " : " ", f->words[i]);
            return rc;
        }
        return buf_addf(out, err, " of %s%s%s characters", f->min > 0 ? low : "at most ",
                        f->min > 0 ? " to " : "", high);
    case WIRE_WHOLE:
    case WIRE_REAL:
    case WIRE_PAIR:
        return f->max >= WIRE_WHOLE_MAX ? buf_addf(out, err, ", from %s", low)
                                        : buf_addf(out, err, ", %s to %s", low, high);
    case WIRE_TEXTS:
    case WIRE_MAPS:
        return buf_addf(out, err, ", at most %s", high);
    case WIRE_SWITCH:
    case WIRE_REQUEST:
        break;
    }
    return SPR_OK;
}

static enum spr_code describe_request(struct buf *out, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; !rc && i < REQUEST_FIELD_COUNT; i++) {
        const struct request_row *row = request_row((enum request_field)i);
        rc = buf_addf(out, err, "| `%s` |%s ", row->wire,
                      row->type == REQUEST_CHOICE ? " [side, side], side" : "");
        if (!rc)
            rc = request_allowed((enum request_field)i, out, err);
        if (!rc)
            rc = buf_addf(out, err, " |%s | %s |\n", i == REQUEST_PROMPT ? "" : " optional", row->help);
    }
    return rc;
}

static enum spr_code describe_fields(const struct wire_schema *s, struct buf *out, struct spr_error *err)
{
    enum spr_code rc = buf_addf(out, err, "\n| field | what | | |\n|---|---|---|---|\n");
    for (size_t i = 0; !rc && i < s->count; i++) {
        const struct wire_field *f = &s->field[i];
        if (f->type == WIRE_REQUEST) {
            rc = describe_request(out, err);
            continue;
        }
        rc = buf_addf(out, err, "| `%s` | %s", f->name, type_name(f));
        if (!rc)
            rc = bounds(f, out, err);
        if (!rc)
            rc = buf_addf(out, err, " |%s | %s |\n", f->need == WIRE_OPTIONAL ? " optional" : "",
                          f->about ? f->about : "");
    }
    for (size_t i = 0; !rc && i < s->count; i++)
        if (s->field[i].type == WIRE_MAPS) {
            rc = buf_addf(out, err, "\nEach of `%s`:\n", s->field[i].name);
            if (!rc)
                rc = describe_fields(s->field[i].of, out, err);
        }
    return rc;
}

enum spr_code wire_describe(const struct wire_schema *const *set, struct buf *out, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && set[i]; i++) {
        rc = buf_addf(out, err, "\n### %s\n\n%s\n", set[i]->type, set[i]->about);
        if (!rc && set[i]->count)
            rc = describe_fields(set[i], out, err);
    }
    return rc;
}
