#include "base/str.h"
#include "rows/table.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Any plain value as the text that a flag would have; *ret NULL for null. */
static enum spr_code value_text(const char *name, const json_t *value, char room[32], const char **ret,
                                struct spr_error *err)
{
    const json_t *width = json_array_get(value, 0), *height = json_array_get(value, 1);
    *ret = room;
    if (json_is_string(value))
        *ret = json_string_value(value);
    else if (json_is_integer(value))
        snprintf(room, 32, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        str_from_double(json_real_value(value), room, 32);
    else if (json_is_boolean(value))
        snprintf(room, 32, "%s", json_is_true(value) ? "yes" : "no");
    else if (json_is_null(value))
        *ret = NULL;
    else if (json_array_size(value) == 2 && json_is_integer(width) && json_equal(width, height))
        snprintf(room, 32, "%lld", (long long)json_integer_value(width)); /* "size": [32, 32] */
    else
        return SPR_FAIL(err, SPR_BADDATA, "\"%.40s\" must be a text, a number, true or false", name);
    return SPR_OK;
}

static enum spr_code read_object(struct table *t, const json_t *object, struct spr_error *err)
{
    const char *name, *text;
    json_t *value;
    char room[32];
    enum spr_code rc = table_begin(t, err);
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (!rc)
            rc = value_text(name, value, room, &text, err);
        if (!rc && text)
            rc = table_set(t, name, text, err);
    }
    return rc ? rc : table_end(t, err);
}

enum spr_code table_read_jsonl(struct table *t, const char *text, size_t size, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (const char *at = text, *end = text + size; !rc && at < end; t->line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        json_error_t where;
        if (strspn(at, " \t\r") < length) {
            json_t *object = json_loadb(at, length, JSON_REJECT_DUPLICATES, &where);
            if (!object)
                rc = SPR_FAIL(err, SPR_BADDATA, "column %d: %.160s", where.column, where.text);
            else if (!json_is_object(object))
                rc = SPR_FAIL(err, SPR_BADDATA, "a row must be an object: {\"prompt\": \"red dragon\"}");
            else
                rc = read_object(t, object, err);
            json_decref(object);
        }
        at += length + 1;
        if (rc)
            break;
    }
    return rc;
}
