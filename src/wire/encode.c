/* A struct to one MessagePack map, by its table. msgpack-c's packer does the writing; what it cannot write (no memory,
 * over the limit) is remembered in `sink` and said once at the end. */
#include "base/str.h"
#include "request/request.h"
#include "wire/schema.h"

#include <msgpack/pack.h>
#include <stdlib.h>
#include <string.h>

struct sink {
    struct buf *out;
    size_t begin; /* of this message in out */
    enum spr_code rc;
    struct spr_error *err;
};

static int write_bytes(void *context, const char *bytes, size_t length)
{
    struct sink *s = context;
    if (!s->rc && s->out->length - s->begin + length > WIRE_MESSAGE_MAX)
        s->rc = SPR_FAIL(s->err, SPR_LIMIT, "the message is larger than %zu bytes", WIRE_MESSAGE_MAX);
    if (!s->rc)
        s->rc = buf_add(s->out, bytes, length, s->err);
    return s->rc ? -1 : 0;
}

static void pack_text(msgpack_packer *p, const char *text)
{
    size_t length = strlen(text);
    if (!msgpack_pack_str(p, length))
        msgpack_pack_str_body(p, text, length);
}

static const void *at(const void *object, const struct wire_field *f)
{
    return (const char *)object + f->offset;
}

static bool written(const void *object, const struct wire_field *f, size_t i)
{
    switch (f->type) {
    case WIRE_REQUEST:
        return false; /* counted by itself */
    case WIRE_TEXT:
        return f->need == WIRE_NEEDED || *(const char *const *)at(object, f);
    case WIRE_TEXTS:
        return f->need == WIRE_NEEDED || ((const struct wire_texts *)at(object, f))->count;
    case WIRE_MAPS:
        return f->need == WIRE_NEEDED || ((const struct wire_maps *)at(object, f))->count;
    case WIRE_WHOLE:
    case WIRE_REAL:
    case WIRE_SWITCH:
    case WIRE_PAIR:
        break;
    }
    return f->need == WIRE_NEEDED || wire_given(object, (int)i);
}

/* What was given, and the prompt. A client of a server that knows only version 1.0 gives model, size, steps and guidance
 * too: there they are needed. */
static bool request_written(const struct request *r, enum request_field f)
{
    return f == REQUEST_PROMPT || request_given(r, f);
}

static void pack_request_value(msgpack_packer *p, const struct request *r, enum request_field f,
                               struct sink *s)
{
    const struct request_row *row = request_row(f);
    struct buf text;
    double real;
    int64_t whole;
    uint64_t count;
    buf_init(&text, (size_t)REQUEST_PROMPT_MAX * 4 + 1);
    if (!s->rc)
        s->rc = request_print(r, f, &text, s->err);
    const char *value = text.data ? text.data : "";
    if (row->type == REQUEST_WHOLE && str_to_i64(value, &whole)) {
        msgpack_pack_int64(p, whole);
    } else if (row->type == REQUEST_CHOICE && str_to_i64(value, &whole)) {
        msgpack_pack_array(p, 2);
        msgpack_pack_int64(p, whole);
        msgpack_pack_int64(p, whole);
    } else if (row->type == REQUEST_REAL && str_to_double(value, &real)) {
        msgpack_pack_double(p, real);
    } else if (row->type == REQUEST_SEED64 && str_to_u64(value, &count)) {
        msgpack_pack_uint64(p, count);
    } else if (row->type == REQUEST_SWITCH) {
        strcmp(value, "yes") == 0 ? msgpack_pack_true(p) : msgpack_pack_false(p);
    } else {
        pack_text(p, value);
    }
    buf_fini(&text);
}

static void pack_map(msgpack_packer *p, const struct wire_schema *schema, const void *object, struct sink *s);

static void pack_value(msgpack_packer *p, const struct wire_field *f, const void *value, struct sink *s)
{
    const struct wire_texts *texts = value;
    const struct wire_maps *maps = value;
    switch (f->type) {
    case WIRE_TEXT:
        pack_text(p, *(const char *const *)value ? *(const char *const *)value : "");
        break;
    case WIRE_WHOLE:
        msgpack_pack_int64(p, *(const int64_t *)value);
        break;
    case WIRE_REAL:
        msgpack_pack_double(p, *(const double *)value);
        break;
    case WIRE_SWITCH:
        *(const bool *)value ? msgpack_pack_true(p) : msgpack_pack_false(p);
        break;
    case WIRE_PAIR:
        msgpack_pack_array(p, 2);
        msgpack_pack_int64(p, ((const int64_t *)value)[0]);
        msgpack_pack_int64(p, ((const int64_t *)value)[1]);
        break;
    case WIRE_TEXTS:
        msgpack_pack_array(p, texts->count);
        for (size_t i = 0; i < texts->count; i++)
            pack_text(p, texts->item[i]);
        break;
    case WIRE_MAPS:
        msgpack_pack_array(p, maps->count);
        for (size_t i = 0; i < maps->count; i++)
            pack_map(p, f->of, (const char *)maps->item + i * f->of->size, s);
        break;
    case WIRE_REQUEST:
        break;
    }
}

static void pack_request(msgpack_packer *p, const struct request *r, struct sink *s)
{
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++) {
        if (!request_written(r, (enum request_field)f))
            continue;
        pack_text(p, request_row((enum request_field)f)->wire);
        pack_request_value(p, r, (enum request_field)f, s);
    }
}

static size_t pairs(const struct wire_schema *schema, const void *object)
{
    size_t count = schema->type ? 1 : 0;
    for (size_t i = 0; i < schema->count; i++) {
        const struct wire_field *f = &schema->field[i];
        count += written(object, f, i);
        for (int r = 0; f->type == WIRE_REQUEST && r < REQUEST_FIELD_COUNT; r++)
            count += request_written(at(object, f), (enum request_field)r);
    }
    return count;
}

static void pack_map(msgpack_packer *p, const struct wire_schema *schema, const void *object, struct sink *s)
{
    msgpack_pack_map(p, pairs(schema, object));
    if (schema->type) {
        pack_text(p, "type");
        pack_text(p, schema->type);
    }
    for (size_t i = 0; i < schema->count; i++) {
        const struct wire_field *f = &schema->field[i];
        if (f->type == WIRE_REQUEST) {
            pack_request(p, at(object, f), s);
        } else if (written(object, f, i)) {
            pack_text(p, f->name);
            pack_value(p, f, at(object, f), s);
        }
    }
}

enum spr_code wire_encode(const struct wire_schema *schema, const void *object, struct buf *out,
                          struct spr_error *err)
{
    struct sink s = { .out = out, .begin = out->length, .err = err };
    msgpack_packer p;
    msgpack_packer_init(&p, &s, write_bytes);
    pack_map(&p, schema, object, &s);
    if (s.rc)
        out->length = s.begin;
    return s.rc;
}
