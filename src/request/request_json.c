/* Numbers go through the same text that flags use, so bounds and sentences are those of request_set. */
#include "request/request_json.h"

#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_MAX (((uint64_t)1 << 53) - 1) /* the largest whole number that every JSON reader keeps */

static json_t *value_to_json(enum request_type type, const char *text)
{
    uint64_t u;
    int64_t i;
    double d;
    switch (type) {
    case REQUEST_WHOLE:
        return str_to_i64(text, &i) ? json_integer(i) : NULL;
    case REQUEST_CHOICE:
        return str_to_i64(text, &i) ? json_pack("[I, I]", (json_int_t)i, (json_int_t)i) : NULL;
    case REQUEST_REAL:
        return str_to_double(text, &d) ? json_real(d) : NULL;
    case REQUEST_SWITCH:
        return json_boolean(strcmp(text, "yes") == 0);
    case REQUEST_SEED64:
        if (str_to_u64(text, &u) && u <= EXACT_MAX)
            return json_integer((json_int_t)u);
        break;
    case REQUEST_TEXT:
    case REQUEST_WORD:
        break;
    }
    return json_string(text);
}

enum spr_code request_to_json(const struct request *r, json_t **ret, struct spr_error *err)
{
    json_t *object = json_object();
    struct buf text;
    buf_init(&text, (size_t)REQUEST_PROMPT_MAX * 4 + 1);
    enum spr_code rc = object ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "out of memory writing a request as JSON");
    for (int f = 0; !rc && f < REQUEST_FIELD_COUNT; f++) {
        const struct request_row *row = request_row((enum request_field)f);
        text.length = 0;
        if ((rc = request_print(r, (enum request_field)f, &text, err)))
            break;
        if (row->type == REQUEST_TEXT && text.length == 0)
            continue;
        if (json_object_set_new(object, row->wire, value_to_json(row->type, text.data)))
            rc = SPR_FAIL(err, SPR_NOMEM, "out of memory writing a request as JSON");
    }
    buf_fini(&text);
    if (rc)
        json_decref(object);
    else
        *ret = object;
    return rc;
}

/* Writes a number as text; 20.0 as "20". */
static void number_to_text(const json_t *value, char text[32])
{
    double d = json_number_value(value);
    if (json_is_integer(value))
        snprintf(text, 32, "%lld", (long long)json_integer_value(value));
    else if (d == rint(d) && fabs(d) < 9e15)
        snprintf(text, 32, "%lld", (long long)d);
    else
        str_from_double(d, text, 32);
}

/* The text form of a JSON value for a field of this type, or NULL where the JSON type is wrong. BORROWS value;
 * the text is the value's own or `number`. */
static const char *value_to_text(const json_t *value, enum request_type type, char number[32])
{
    const json_t *first = value;
    switch (type) {
    case REQUEST_TEXT:
    case REQUEST_WORD:
        return json_string_value(value);
    case REQUEST_SWITCH:
        return json_is_boolean(value) ? (json_is_true(value) ? "yes" : "no") : NULL;
    case REQUEST_SEED64:
        if (json_is_string(value))
            return json_string_value(value);
        break;
    case REQUEST_CHOICE: /* a square as [side, side] */
        if (json_is_array(value)) {
            first = json_array_get(value, 0);
            if (json_array_size(value) != 2 || !json_equal(first, json_array_get(value, 1)))
                return NULL;
        }
        break;
    case REQUEST_WHOLE:
    case REQUEST_REAL:
        break;
    }
    if (!json_is_number(first))
        return NULL;
    number_to_text(first, number);
    return number;
}

static const char *type_words(enum request_type type)
{
    switch (type) {
    case REQUEST_TEXT:
    case REQUEST_WORD:
        return "a string";
    case REQUEST_SWITCH:
        return "true or false";
    case REQUEST_CHOICE:
        return "[side, side] with two equal numbers";
    case REQUEST_SEED64:
        return "a whole number, or a string of one";
    case REQUEST_WHOLE:
    case REQUEST_REAL:
        break;
    }
    return "a number";
}

enum spr_code request_from_json(const json_t *object, struct request *r, struct spr_error *err)
{
    if (!json_is_object(object))
        return SPR_FAIL(err, SPR_BADDATA, "a request must be a JSON object");
    struct request next;
    enum spr_code rc = request_copy(&next, r, err);
    for (int f = 0; !rc && f < REQUEST_FIELD_COUNT; f++) {
        const struct request_row *row = request_row((enum request_field)f);
        const json_t *value = json_object_get(object, row->wire);
        char number[32];
        if (!value || json_is_null(value))
            continue;
        const char *text = value_to_text(value, row->type, number);
        if (!text)
            rc = SPR_FAIL(err, SPR_BADARG, "%s must be %s", row->wire, type_words(row->type));
        else if (json_is_string(value) && strlen(text) != json_string_length(value))
            rc = SPR_FAIL(err, SPR_BADARG, "%s has a control character (0x00) at offset %zu", row->wire,
                          strlen(text));
        else
            rc = request_set(&next, (enum request_field)f, row->wire, text, err);
        if (rc)
            request_fini(&next);
    }
    if (rc)
        return rc;
    request_fini(r);
    *r = next;
    return SPR_OK;
}

/* One number of a dump, `length` long, in the fewest digits; returns where it ends in `to`, which may be `from`. */
static char *copy_number(const char *from, size_t length, char *to)
{
    char text[64], shorter[40];
    double value;
    snprintf(text, sizeof text, "%.*s", (int)(length < sizeof text ? length : sizeof text - 1), from);
    if (strpbrk(text, ".e") && str_to_double(text, &value)) {
        str_from_double(value, shorter, 32);
        if (!strpbrk(shorter, ".e"))
            memcpy(shorter + strlen(shorter), ".0", sizeof ".0"); /* a real stays one */
        if (strlen(shorter) <= length) {
            from = shorter;
            length = strlen(shorter);
        }
    }
    memmove(to, from, length);
    return to + length;
}

char *request_json_line(const json_t *value)
{
    char *line = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL, *to = line;
    bool text = false;
    for (const char *from = line; from && *from;) {
        size_t number = text ? 0 : strspn(from, "0123456789+-.eE");
        if (!text && (*from == '-' || isdigit((unsigned char)*from))) {
            to = copy_number(from, number, to); /* never longer, so in place */
            from += number;
            continue;
        }
        if (*from == '"')
            text = !text;
        else if (*from == '\\')
            *to++ = *from++; /* and what it hides */
        *to++ = *from++;
    }
    if (to)
        *to = '\0';
    return line;
}
