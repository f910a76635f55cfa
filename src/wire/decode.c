/* One MessagePack map to a struct, by its table. The frame is looked through once before anything is made of it. */
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "request/request_json.h"
#include "wire/schema.h"
#include "wire/unpack.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 4096, TYPES_MAX = 64, TAG_CHARACTERS = 256 };
#define POOL_MAX ((size_t)32 << 20)

struct wire_block {
    struct wire_block *next;
    size_t used, size;
    max_align_t bytes[];
};

/* A request made by decode, in the list of its pool. */
struct made_request {
    struct request *request;
    struct made_request *next;
};

void *wire_pool_take(struct wire_pool *p, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total) || total > POOL_MAX - p->used)
        return NULL;
    total = (total + 15) & ~(size_t)15;
    struct wire_block *b = p->first;
    if (!b || b->size - b->used < total) {
        size_t room = total > BLOCK_BYTES ? total : BLOCK_BYTES;
        b = mem_zalloc(1, sizeof *b + room);
        if (!b)
            return NULL;
        *b = (struct wire_block){ p->first, 0, room };
        p->first = b;
        p->used += room;
    }
    void *piece = (char *)b->bytes + b->used;
    b->used += total;
    return piece;
}

const char *wire_pool_text(struct wire_pool *p, const char *text, size_t most)
{
    size_t n = strlen(text);
    if (n > most)
        for (n = most; n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80; n--)
            continue;
    char *copy = wire_pool_take(p, n + 1, 1);
    if (copy)
        memcpy(copy, text, n);
    return copy;
}

void wire_pool_reset(struct wire_pool *p)
{
    for (struct made_request *r = p->requests; r; r = r->next)
        request_fini(r->request);
    while (p->first) {
        struct wire_block *next = p->first->next;
        mem_free(p->first);
        p->first = next;
    }
    *p = (struct wire_pool){ 0 };
}

struct decoder {
    struct wire_pool *pool;
    struct spr_error *err;
    char where[64]; /* "models[3]." before a field's name */
};

static enum spr_code no_memory(struct decoder *d)
{
    return SPR_FAIL(d->err, SPR_NOMEM, "out of memory reading a message");
}

static enum spr_code must_be(struct decoder *d, const struct wire_field *f, const char *what,
                             const struct unpack_value *v)
{
    return SPR_FAIL(d->err, SPR_BADARG, "%s%s must be %s, not %s", d->where, f->name, what,
                    unpack_kind_name(v->kind));
}

static enum spr_code out_of_bounds(struct decoder *d, const struct wire_field *f, double value)
{
    char got[32], low[32], high[32];
    str_from_double(value, got, sizeof got);
    str_from_double(f->min, low, sizeof low);
    str_from_double(f->max, high, sizeof high);
    return SPR_FAIL(d->err, SPR_BADARG, "%s%s is %s; it must be from %s to %s", d->where, f->name, got, low,
                    high);
}

static bool as_real(const struct unpack_value *v, double *ret)
{
    if (v->kind == UNPACK_INT)
        *ret = (double)v->as.whole;
    else if (v->kind == UNPACK_UINT)
        *ret = (double)v->as.count;
    else if (v->kind == UNPACK_REAL && isfinite(v->as.real))
        *ret = v->as.real;
    else
        return false;
    return true;
}

static enum spr_code read_real(struct decoder *d, const struct wire_field *f, const struct unpack_value *v,
                               double *ret)
{
    double value;
    if (!as_real(v, &value))
        return must_be(d, f, "a number", v);
    if (value < f->min || value > f->max)
        return out_of_bounds(d, f, value);
    *ret = value;
    return SPR_OK;
}

/* Bounds lie within 2^53, so a double holds every allowed value. */
static enum spr_code read_whole(struct decoder *d, const struct wire_field *f, const struct unpack_value *v,
                                int64_t *ret)
{
    double value;
    if (!as_real(v, &value))
        return must_be(d, f, "a whole number", v);
    if (value != rint(value))
        return SPR_FAIL(d->err, SPR_BADARG, "%s%s is %g; it must be a whole number", d->where, f->name,
                        value);
    if (value < f->min || value > f->max)
        return out_of_bounds(d, f, value);
    *ret = (int64_t)value;
    return SPR_OK;
}

/* GIVES nothing: the copy lives in the pool. */
static enum spr_code copy_text(struct decoder *d, const char *name, const struct unpack_value *v, double min,
                               double max, const char **ret)
{
    size_t bad, characters = 0;
    if (v->kind != UNPACK_TEXT)
        return SPR_FAIL(d->err, SPR_BADARG, "%s%s must be a string, not %s", d->where, name,
                        unpack_kind_name(v->kind));
    if (!utf8_valid(v->bytes, v->length, &bad))
        return SPR_FAIL(d->err, SPR_BADARG, "%s%s is not UTF-8 at byte %zu", d->where, name, bad);
    for (uint32_t i = 0; i < v->length; i++) {
        if (!v->bytes[i])
            return SPR_FAIL(d->err, SPR_BADARG, "%s%s has a 0 byte at offset %u", d->where, name,
                            (unsigned)i);
        characters += ((unsigned char)v->bytes[i] & 0xC0) != 0x80;
    }
    if ((double)characters < min || (double)characters > max)
        return SPR_FAIL(d->err, SPR_BADARG, "%s%s has %zu characters; it must have %d to %d", d->where, name,
                        characters, (int)min, (int)max);
    char *copy = wire_pool_take(d->pool, (size_t)v->length + 1, 1);
    if (!copy)
        return no_memory(d);
    memcpy(copy, v->bytes, v->length);
    *ret = copy;
    return SPR_OK;
}

static enum spr_code read_text(struct decoder *d, const struct wire_field *f, const struct unpack_value *v,
                               const char **ret)
{
    const char *text;
    enum spr_code rc = copy_text(d, f->name, v, f->min, f->max, &text);
    if (rc || !f->words) {
        if (!rc)
            *ret = text;
        return rc;
    }
    struct buf words;
    buf_init(&words, 400);
    for (int i = 0; !rc && f->words[i]; i++) {
        if (strcmp(f->words[i], text) == 0) {
            *ret = f->words[i];
            buf_fini(&words);
            return SPR_OK;
        }
        rc = buf_addf(&words, d->err, "%s%s", i ? ", " : "", f->words[i]);
    }
    if (!rc) {
        char shown[REQUEST_SHOWN_BYTES];
        request_shown(text, shown);
        rc = SPR_FAIL(d->err, SPR_BADARG, "%s%s is \"%s\"; it must be one of %s", d->where, f->name, shown,
                      words.data);
    }
    buf_fini(&words);
    return rc;
}

static enum spr_code read_pair(struct decoder *d, const struct wire_field *f, const struct unpack_value *v,
                               struct unpack *u, int64_t ret[2])
{
    struct unpack_value item;
    int64_t pair[2];
    enum spr_code rc = SPR_OK;
    if (v->kind != UNPACK_LIST || v->length != 2)
        return must_be(d, f, "a list of two whole numbers", v);
    for (int i = 0; !rc && i < 2; i++)
        rc = unpack_next(u, &item) ? read_whole(d, f, &item, &pair[i]) : no_memory(d);
    if (!rc)
        memcpy(ret, pair, sizeof pair);
    return rc;
}

static enum spr_code too_many(struct decoder *d, const struct wire_field *f, const struct unpack_value *v)
{
    return SPR_FAIL(d->err, SPR_BADARG, "%s%s has %u items; at most %d are allowed", d->where, f->name,
                    (unsigned)v->length, (int)f->max);
}

static enum spr_code read_texts(struct decoder *d, const struct wire_field *f, const struct unpack_value *v,
                                struct unpack *u, struct wire_texts *ret)
{
    struct unpack_value item;
    enum spr_code rc = SPR_OK;
    if (v->kind != UNPACK_LIST)
        return must_be(d, f, "a list of strings", v);
    if (v->length > f->max)
        return too_many(d, f, v);
    const char **texts = wire_pool_take(d->pool, v->length + (size_t)1, sizeof *texts);
    if (!texts)
        return no_memory(d);
    for (uint32_t i = 0; !rc && i < v->length && unpack_next(u, &item); i++)
        rc = copy_text(d, f->name, &item, 0, TAG_CHARACTERS, &texts[i]);
    if (!rc)
        *ret = (struct wire_texts){ texts, v->length };
    return rc;
}

static enum spr_code read_map(struct decoder *d, const struct wire_schema *schema, struct unpack *u,
                              uint32_t pairs, void *object);

static enum spr_code read_maps(struct decoder *d, const struct wire_field *f, const struct unpack_value *v,
                               struct unpack *u, struct wire_maps *ret)
{
    struct unpack_value item;
    char outer[sizeof d->where];
    enum spr_code rc = SPR_OK;
    if (v->kind != UNPACK_LIST)
        return must_be(d, f, "a list of maps", v);
    if (v->length > f->max)
        return too_many(d, f, v);
    char *items = wire_pool_take(d->pool, v->length + (size_t)1, f->of->size);
    if (!items)
        return no_memory(d);
    memcpy(outer, d->where, sizeof outer);
    for (uint32_t i = 0; !rc && i < v->length && unpack_next(u, &item); i++) {
        if (item.kind != UNPACK_MAP)
            return must_be(d, f, "a list of maps", &item);
        int n = snprintf(d->where, sizeof d->where, "%.20s%.24s[%u].", outer, f->name, (unsigned)i);
        assert(n < (int)sizeof d->where);
        rc = read_map(d, f->of, u, item.length, items + i * f->of->size);
    }
    memcpy(d->where, outer, sizeof outer);
    if (!rc)
        *ret = (struct wire_maps){ items, v->length };
    return rc;
}

static enum spr_code read_value(struct decoder *d, const struct wire_field *f, const struct unpack_value *v,
                                struct unpack *u, void *value)
{
    switch (f->type) {
    case WIRE_TEXT:
        return read_text(d, f, v, value);
    case WIRE_WHOLE:
        return read_whole(d, f, v, value);
    case WIRE_REAL:
        return read_real(d, f, v, value);
    case WIRE_SWITCH:
        if (v->kind != UNPACK_BOOL)
            return must_be(d, f, "true or false", v);
        *(bool *)value = v->as.yes;
        return SPR_OK;
    case WIRE_PAIR:
        return read_pair(d, f, v, u, value);
    case WIRE_TEXTS:
        return read_texts(d, f, v, u, value);
    case WIRE_MAPS:
        return read_maps(d, f, v, u, value);
    case WIRE_REQUEST:
        break;
    }
    return SPR_FAIL(d->err, SPR_INTERNAL, "field %s has no type", f->name);
}

/* A value of a request as JSON, so that request/ reads it by its own rules; NULL for what no field of it can be. */
static json_t *json_of(const struct unpack_value *v, struct unpack *u)
{
    struct unpack_value item;
    char number[24];
    json_t *list;
    switch (v->kind) {
    case UNPACK_BOOL:
        return json_boolean(v->as.yes);
    case UNPACK_INT:
        return json_integer(v->as.whole);
    case UNPACK_UINT: /* JSON's whole numbers end at 2^63; request/ reads seeds from strings too */
        if (v->as.count <= INT64_MAX)
            return json_integer((json_int_t)v->as.count);
        snprintf(number, sizeof number, "%llu", (unsigned long long)v->as.count);
        return json_string(number);
    case UNPACK_REAL:
        return isfinite(v->as.real) ? json_real(v->as.real) : NULL;
    case UNPACK_TEXT:
        return utf8_valid(v->bytes, v->length, NULL) ? json_stringn(v->bytes, v->length) : NULL;
    case UNPACK_LIST:
        list = v->length == 2 ? json_array() : NULL;
        for (int i = 0; list && i < 2; i++)
            if (!unpack_next(u, &item) || item.kind == UNPACK_LIST || item.kind == UNPACK_MAP ||
                json_array_append_new(list, json_of(&item, u))) {
                json_decref(list);
                return NULL;
            }
        return list;
    case UNPACK_NIL:
    case UNPACK_BYTES:
    case UNPACK_MAP:
        break;
    }
    return NULL;
}

static enum spr_code take_request_value(struct decoder *d, const struct request_row *row,
                                        const struct unpack_value *v, struct unpack *u, json_t *into)
{
    size_t bad;
    if (v->kind == UNPACK_TEXT && !utf8_valid(v->bytes, v->length, &bad))
        return SPR_FAIL(d->err, SPR_BADARG, "%s is not UTF-8 at byte %zu", row->wire, bad);
    json_t *value = json_of(v, u);
    if (!value)
        return SPR_FAIL(d->err, SPR_BADARG, "%s cannot be %s", row->wire,
                        v->kind == UNPACK_REAL ? "infinite or no number" : unpack_kind_name(v->kind));
    if (json_object_set_new(into, row->wire, value))
        return no_memory(d);
    return SPR_OK;
}

/* The field of this name, or NULL; -> *ret_index. */
static const struct wire_field *field_named(const struct wire_schema *s, const struct unpack_value *key,
                                            size_t *ret_index)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->field[i].type != WIRE_REQUEST && strlen(s->field[i].name) == key->length &&
            memcmp(s->field[i].name, key->bytes, key->length) == 0) {
            *ret_index = i;
            return &s->field[i];
        }
    return NULL;
}

static const struct request_row *request_row_of(const struct unpack_value *key)
{
    char name[32];
    if (key->length >= sizeof name)
        return NULL;
    memcpy(name, key->bytes, key->length);
    name[key->length] = '\0';
    int f = request_field_of_wire(name);
    return f < 0 ? NULL : request_row((enum request_field)f);
}

/* Clients of version 1.0 ask for the pixels of the file, 1024 x 1024 and such. Where that is a sprite's side times a
 * whole number, and no scale is given, it is drawn at that side and enlarged; other sizes are left for request/ to refuse. */
static bool fit_size(json_t *values)
{
    static const int sides[] = { 32, 64, 48, 16 };
    const struct request_row *size = request_row(REQUEST_SIZE), *scale = request_row(REQUEST_SCALE);
    const json_t *pair = json_object_get(values, size->wire), *first = json_array_get(pair, 0);
    double side = json_number_value(first);
    if (side <= 0 || side != rint(side) || json_number_value(json_array_get(pair, 1)) != side ||
        json_object_get(values, scale->wire))
        return true;
    for (int i = 0; size->words[i]; i++)
        if (side == strtod(size->words[i], NULL))
            return true;
    for (size_t i = 0; i < SPR_COUNT(sides); i++) {
        double times = side / sides[i];
        if (times == rint(times) && times <= scale->max)
            return json_object_set_new(values, scale->wire, json_integer((json_int_t)times)) == 0 &&
                   json_object_set_new(values, size->wire, json_integer(sides[i])) == 0;
    }
    return true;
}

static enum spr_code finish_request(struct decoder *d, json_t *values, struct request *r)
{
    struct made_request *m = wire_pool_take(d->pool, 1, sizeof *m);
    if (!m || !fit_size(values))
        return no_memory(d);
    request_init(r);
    *m = (struct made_request){ r, d->pool->requests };
    d->pool->requests = m;
    return request_from_json(values, r, d->err);
}

static enum spr_code check_needed(struct decoder *d, const struct wire_schema *s, const void *object)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->field[i].need == WIRE_NEEDED && s->field[i].type != WIRE_REQUEST &&
            !wire_given(object, (int)i))
            return SPR_FAIL(d->err, SPR_BADARG, "%s%s is missing; \"%s\" needs it", d->where,
                            s->field[i].name, s->type ? s->type : "the list");
    return SPR_OK;
}

static enum spr_code read_map(struct decoder *d, const struct wire_schema *s, struct unpack *u,
                              uint32_t pairs, void *object)
{
    const struct wire_field *request = NULL;
    for (size_t i = 0; i < s->count; i++)
        if (s->field[i].type == WIRE_REQUEST)
            request = &s->field[i];
    json_t *values = request ? json_object() : NULL;
    enum spr_code rc = request && !values ? no_memory(d) : SPR_OK;
    struct unpack_value key, value;
    for (; !rc && pairs > 0 && unpack_next(u, &key); pairs--) {
        size_t i = 0;
        if (key.kind != UNPACK_TEXT) {
            rc = SPR_FAIL(d->err, SPR_BADDATA, "a key of the message is %s; keys are strings",
                          unpack_kind_name(key.kind));
            break;
        }
        const struct wire_field *f = field_named(s, &key, &i);
        const struct request_row *row = request && !f ? request_row_of(&key) : NULL;
        if (!unpack_next(u, &value) || value.kind == UNPACK_NIL)
            continue;
        struct unpack after = *u;
        unpack_skip(&after, &value);
        if (f)
            rc = read_value(d, f, &value, u, (char *)object + f->offset);
        else if (row)
            rc = take_request_value(d, row, &value, u, values);
        *u = after;
        if (!rc && f)
            *(uint64_t *)object |= (uint64_t)1 << i;
    }
    if (!rc && request)
        rc = finish_request(d, values, (struct request *)(void *)((char *)object + request->offset));
    json_decref(values);
    return rc ? rc : check_needed(d, s, object);
}

static enum spr_code unknown_type(struct decoder *d, const struct wire_schema *const *set,
                                  const struct unpack_value *v)
{
    const char *names[TYPES_MAX], *near = NULL, *text = NULL;
    char shown[REQUEST_SHOWN_BYTES];
    size_t count = 0;
    for (size_t i = 0; set[i] && count < TYPES_MAX; i++)
        names[count++] = set[i]->type;
    enum spr_code rc = copy_text(d, "type", v, 0, (double)WIRE_MESSAGE_MAX, &text);
    if (rc)
        return rc;
    request_shown(text, shown);
    if (strlen(text) < sizeof shown)
        near = str_nearest(text, names, count);
    return SPR_FAIL(d->err, SPR_UNSUPPORTED, "type \"%s\" is unknown%s%s%s", shown,
                    near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static enum spr_code find_type(struct decoder *d, const struct wire_schema *const *set, struct unpack u,
                               uint32_t pairs, const struct wire_schema **ret)
{
    struct unpack_value key, value;
    for (; pairs > 0 && unpack_next(&u, &key); pairs--) {
        bool is_type = key.kind == UNPACK_TEXT && key.length == 4 && memcmp(key.bytes, "type", 4) == 0;
        unpack_skip(&u, &key);
        if (!unpack_next(&u, &value))
            break;
        if (!is_type) {
            unpack_skip(&u, &value);
            continue;
        }
        for (size_t i = 0; value.kind == UNPACK_TEXT && set[i]; i++)
            if (strlen(set[i]->type) == value.length &&
                memcmp(set[i]->type, value.bytes, value.length) == 0) {
                *ret = set[i];
                return SPR_OK;
            }
        return unknown_type(d, set, &value);
    }
    return SPR_FAIL(d->err, SPR_BADDATA, "the message has no \"type\"");
}

enum spr_code wire_decode(const struct wire_schema *const *set, const void *bytes, size_t length,
                          struct wire_pool *pool, const struct wire_schema **ret_schema, void **ret,
                          struct spr_error *err)
{
    struct decoder d = { .pool = pool, .err = err };
    const struct wire_schema *schema = NULL;
    struct unpack_value map;
    if (length > WIRE_MESSAGE_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "the message has %zu bytes; %zu are allowed", length,
                        WIRE_MESSAGE_MAX);
    enum spr_code rc = unpack_scan(bytes, length, err);
    if (rc)
        return rc;
    struct unpack u = { bytes, (const unsigned char *)bytes + length };
    if (!unpack_next(&u, &map) || map.kind != UNPACK_MAP)
        return SPR_FAIL(err, SPR_BADDATA, "the message is %s; it must be a map", unpack_kind_name(map.kind));
    rc = find_type(&d, set, u, map.length, &schema);
    void *object = schema ? wire_pool_take(pool, 1, schema->size) : NULL;
    if (!rc && !object)
        rc = no_memory(&d);
    if (!rc)
        rc = read_map(&d, schema, &u, map.length, object);
    if (!rc) {
        *ret_schema = schema;
        *ret = object;
    }
    return rc;
}
