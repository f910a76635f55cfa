/* The format, whole (a public description is at huggingface.co/docs/safetensors):
 *
 *     | 8 bytes: N, little-endian | N bytes of JSON, blanks at the end | tensor data to the end of the file |
 *
 *     { "__metadata__": { "key": "text", ... },
 *       "name": { "dtype": "F16", "shape": [32, 4], "data_offsets": [from, to] }, ... }
 *
 * Offsets count from the end of the header. The order of the names need not be the order of the data.
 *
 * Jansson reads the JSON. It builds a tree of some 40 bytes for a value that takes two in the file, so the header is
 * first scanned for how deep it nests and how much it holds: a small hostile file cannot ask for much memory. */
#include "nn/safetensors.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "nn/half.h"

#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    DEPTH_MAX = 3,                             /* header, tensor, shape */
    OBJECTS_MAX = SAFETENSORS_TENSORS_MAX + 2, /* one a tensor, the metadata, the header */
    VALUES_MAX = 16 * SAFETENSORS_TENSORS_MAX, /* of all kinds */
    LENGTH_BYTES = 8,                          /* of the header's length */
    QUOTED_BYTES = 80
};

static const struct {
    const char *name;
    size_t bytes;
} types[TENSOR_TYPE_COUNT] = {
    [TENSOR_F32] = { "F32", 4 },   [TENSOR_F16] = { "F16", 2 }, [TENSOR_BF16] = { "BF16", 2 },
    [TENSOR_F64] = { "F64", 8 },   [TENSOR_I64] = { "I64", 8 }, [TENSOR_I32] = { "I32", 4 },
    [TENSOR_I16] = { "I16", 2 },   [TENSOR_I8] = { "I8", 1 },   [TENSOR_U64] = { "U64", 8 },
    [TENSOR_U32] = { "U32", 4 },   [TENSOR_U16] = { "U16", 2 }, [TENSOR_U8] = { "U8", 1 },
    [TENSOR_BOOL] = { "BOOL", 1 },
};

struct safetensors {
    struct file_bytes bytes;
    bool own;              /* the bytes are ours to free */
    json_t *header;        /* holds every name, key and value */
    struct tensor *tensor; /* (count), sorted by name */
    size_t count;
    struct note *note; /* (notes), sorted by key */
    size_t notes;
};

const char *tensor_type_name(enum tensor_type type)
{
    return types[type].name;
}

size_t tensor_type_bytes(enum tensor_type type)
{
    return types[type].bytes;
}

void tensor_floats(const struct tensor *t, size_t first, size_t count, float *ret)
{
    assert(tensor_type_is_float(t->type) && first <= t->count && count <= t->count - first);
    const unsigned char *from = t->data + first * types[t->type].bytes;
    if (t->type == TENSOR_F16)
        halves_to_floats(from, count, ret);
    else if (t->type == TENSOR_BF16)
        bfloats_to_floats(from, count, ret);
    else if (count > 0)
        memcpy(ret, from, count * sizeof *ret);
}

void tensor_shape_text(int rank, const size_t *shape, char *text, size_t size)
{
    int used = snprintf(text, size, "[");
    for (int i = 0; i < rank && used >= 0 && (size_t)used < size; i++)
        used += snprintf(text + used, size - (size_t)used, i ? ", %zu" : "%zu", shape[i]);
    if (used >= 0 && (size_t)used < size)
        snprintf(text + used, size - (size_t)used, "]");
}

/* A name from the file as a person may safely see it: cut, and without control characters. */
static const char *quoted(const char *name, char text[QUOTED_BYTES])
{
    size_t length = strlen(name), cut = utf8_cut(name, length, QUOTED_BYTES - 6);
    size_t n = 0;
    text[n++] = '"';
    for (size_t i = 0; i < cut; i++)
        text[n++] = (unsigned char)name[i] < 0x20 || name[i] == 0x7f ? '?' : name[i];
    snprintf(text + n, QUOTED_BYTES - n, "%s\"", cut < length ? "..." : "");
    return text;
}

static const char *kind_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",  [JSON_STRING] = "a text",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };
    return value ? names[json_typeof(value)] : "missing";
}

/* Fails where reading this JSON would take too much memory or stack. Text that is not JSON may pass. */
static enum spr_code scan_header(const char *text, size_t length, struct spr_error *err)
{
    size_t objects = 0, values = 0;
    int depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (in_text) {
            in_text = c != '"';
            i += c == '\\';
            continue;
        }
        in_text = c == '"';
        objects += c == '{';
        values += c == ',' || c == ':' || c == '[';
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        if (depth > DEPTH_MAX)
            return SPR_FAIL(err, SPR_LIMIT, "header nests more than %d deep at byte %zu", DEPTH_MAX, i);
        if (objects > OBJECTS_MAX || values > VALUES_MAX)
            return SPR_FAIL(err, SPR_LIMIT, "header describes too much; %d tensors are possible",
                            SAFETENSORS_TENSORS_MAX);
    }
    return SPR_OK;
}

/* The header's length, which the first bytes tell, if a file of `size` bytes can have it. */
static enum spr_code header_length(const unsigned char *bytes, size_t size, size_t *ret,
                                   struct spr_error *err)
{
    uint64_t length = 0;
    if (size < LENGTH_BYTES)
        return SPR_FAIL(err, SPR_BADDATA,
                        "only %zu bytes; a safetensors file begins with %d for the header's length", size,
                        LENGTH_BYTES);
    memcpy(&length, bytes, LENGTH_BYTES);
    if (length > SAFETENSORS_HEADER_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "header of %llu bytes; %d are possible (is this a safetensors file?)",
                        (unsigned long long)length, SAFETENSORS_HEADER_MAX);
    if (length > size - LENGTH_BYTES)
        return SPR_FAIL(err, SPR_BADDATA,
                        "cut short: the header has %llu bytes, the file goes on for only %zu",
                        (unsigned long long)length, size - LENGTH_BYTES);
    *ret = (size_t)length;
    return SPR_OK;
}

/* Finds the header's bytes and checks that they may be given to the JSON reader. */
static enum spr_code find_header(const struct safetensors *s, const char **ret, size_t *ret_length,
                                 struct spr_error *err)
{
    size_t length = 0;
    enum spr_code rc = header_length(s->bytes.data, s->bytes.size, &length, err);
    if (rc)
        return rc;
    const char *text = (const char *)s->bytes.data + LENGTH_BYTES;
    size_t bad = 0;
    if (length == 0 || text[0] != '{')
        return SPR_FAIL(err, SPR_BADDATA, "header is not a JSON object: it must begin with {");
    if (!utf8_valid(text, length, &bad))
        return SPR_FAIL(err, SPR_BADDATA, "header is not UTF-8 at its byte %zu", bad);
    *ret = text;
    *ret_length = length;
    return scan_header(text, length, err);
}

static enum spr_code read_header(struct safetensors *s, size_t *ret_length, struct spr_error *err)
{
    const char *text = NULL;
    size_t length = 0;
    enum spr_code rc = find_header(s, &text, &length, err);
    if (rc)
        return rc;
    json_error_t why;
    char shown[QUOTED_BYTES];
    s->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &why);
    /* Jansson is not always told by itself that memory ran out: then there is no sentence. */
    if (!s->header && (json_error_code(&why) == json_error_out_of_memory || why.text[0] == '\0'))
        return SPR_FAIL(err, SPR_NOMEM, "no memory to read a header of %zu bytes", length);
    if (!s->header)
        return SPR_FAIL(err, SPR_BADDATA, "header is not sound JSON at its byte %d: %s", why.position,
                        quoted(why.text, shown));
    *ret_length = length;
    return SPR_OK;
}

/* Reads the shape into *ret: rank, sides, elements. */
static enum spr_code read_shape(const char *name, const json_t *shape, struct tensor *ret,
                                struct spr_error *err)
{
    if (!json_is_array(shape))
        return SPR_FAIL(err, SPR_BADDATA, "tensor %s: shape is %s; an array of sizes is needed", name,
                        kind_name(shape));
    size_t rank = json_array_size(shape);
    if (rank > SAFETENSORS_RANK_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "tensor %s: shape has %zu sizes; %d are possible", name, rank,
                        SAFETENSORS_RANK_MAX);
    size_t bytes = types[ret->type].bytes;
    ret->rank = (int)rank;
    ret->count = 1;
    for (size_t i = 0; i < rank; i++) {
        const json_t *side = json_array_get(shape, i);
        if (!json_is_integer(side) || json_integer_value(side) < 0)
            return SPR_FAIL(err, SPR_BADDATA,
                            "tensor %s: a size in its shape is %s; whole numbers from 0 are needed", name,
                            json_is_integer(side) ? "negative" : kind_name(side));
        ret->shape[i] = (size_t)json_integer_value(side);
        if (__builtin_mul_overflow(ret->count, ret->shape[i], &ret->count) ||
            __builtin_mul_overflow(bytes, ret->shape[i], &bytes))
            return SPR_FAIL(err, SPR_LIMIT, "tensor %s: its shape has more elements than memory can address",
                            name);
    }
    return SPR_OK;
}

/* Checks the place of the data: inside `size` bytes, and as long as type and shape say. */
static enum spr_code read_offsets(const char *name, const json_t *offsets, const unsigned char *data,
                                  size_t size, struct tensor *ret, struct spr_error *err)
{
    const json_t *from = json_array_get(offsets, 0), *to = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(from) || !json_is_integer(to))
        return SPR_FAIL(err, SPR_BADDATA, "tensor %s: data_offsets must be two whole numbers", name);
    json_int_t a = json_integer_value(from), b = json_integer_value(to);
    if (a < 0 || b < a || (uint64_t)b > size)
        return SPR_FAIL(
            err, SPR_BADDATA,
            "tensor %s: data_offsets are %lld to %lld; the file has data from 0 to %zu (cut short?)", name,
            (long long)a, (long long)b, size);
    size_t need = ret->count * types[ret->type].bytes;
    if ((size_t)(b - a) != need) {
        char shape[96];
        tensor_shape_text(ret->rank, ret->shape, shape, sizeof shape);
        return SPR_FAIL(err, SPR_BADDATA, "tensor %s: %lld bytes of data; %s %s takes %zu", name,
                        (long long)(b - a), types[ret->type].name, shape, need);
    }
    ret->data = data + a;
    return SPR_OK;
}

static enum spr_code read_tensor(const char *key, json_t *entry, const unsigned char *data, size_t size,
                                 struct tensor *ret, struct spr_error *err)
{
    char name[QUOTED_BYTES], other[QUOTED_BYTES];
    struct tensor t = { .name = key, .type = TENSOR_TYPE_COUNT };
    quoted(key, name);
    if (!json_is_object(entry))
        return SPR_FAIL(err, SPR_BADDATA, "tensor %s: described by %s; an object is needed", name,
                        kind_name(entry));
    const char *field;
    json_t *value;
    json_object_foreach(entry, field, value)
    {
        if (strcmp(field, "dtype") != 0 && strcmp(field, "shape") != 0 && strcmp(field, "data_offsets") != 0)
            return SPR_FAIL(err, SPR_BADDATA,
                            "tensor %s: has %s; dtype, shape and data_offsets are all there may be", name,
                            quoted(field, other));
    }
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    if (!dtype)
        return SPR_FAIL(err, SPR_BADDATA, "tensor %s: dtype is %s; a text is needed", name,
                        kind_name(json_object_get(entry, "dtype")));
    for (int i = 0; i < TENSOR_TYPE_COUNT; i++)
        if (strcmp(types[i].name, dtype) == 0)
            t.type = (enum tensor_type)i;
    if (t.type == TENSOR_TYPE_COUNT)
        return SPR_FAIL(err, SPR_UNSUPPORTED, "tensor %s: dtype %s is not known; F32, F16 and BF16 are usual",
                        name, quoted(dtype, other));
    enum spr_code rc = read_shape(name, json_object_get(entry, "shape"), &t, err);
    if (!rc)
        rc = read_offsets(name, json_object_get(entry, "data_offsets"), data, size, &t, err);
    if (!rc)
        *ret = t;
    return rc;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct note *)a)->key, ((const struct note *)b)->key);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

static int by_place(const void *a, const void *b)
{
    const struct tensor *x = a, *y = b;
    if (x->data != y->data)
        return x->data < y->data ? -1 : 1;
    return (x->count > 0) - (y->count > 0); /* one without data goes before its neighbour */
}

static enum spr_code read_notes(struct safetensors *s, json_t *notes, struct spr_error *err)
{
    if (!notes)
        return SPR_OK;
    if (!json_is_object(notes))
        return SPR_FAIL(err, SPR_BADDATA, "__metadata__ is %s; an object is needed", kind_name(notes));
    s->note = mem_zalloc(json_object_size(notes), sizeof *s->note);
    if (!s->note)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu lines of metadata", json_object_size(notes));
    const char *key;
    json_t *value;
    json_object_foreach(notes, key, value)
    {
        char name[QUOTED_BYTES];
        if (!json_is_string(value))
            return SPR_FAIL(err, SPR_BADDATA, "__metadata__ %s is %s; a text is needed", quoted(key, name),
                            kind_name(value));
        s->note[s->notes++] = (struct note){ key, json_string_value(value) };
    }
    qsort(s->note, s->notes, sizeof *s->note, by_key);
    return SPR_OK;
}

static enum spr_code read_tensors(struct safetensors *s, const unsigned char *data, size_t size,
                                  struct spr_error *err)
{
    s->tensor = mem_zalloc(json_object_size(s->header), sizeof *s->tensor);
    if (!s->tensor)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu tensors", json_object_size(s->header));
    const char *key;
    json_t *entry;
    json_object_foreach(s->header, key, entry)
    {
        if (strcmp(key, "__metadata__") == 0)
            continue;
        enum spr_code rc = read_tensor(key, entry, data, size, &s->tensor[s->count], err);
        if (rc)
            return rc;
        s->count++;
    }
    return SPR_OK;
}

/* Law: the tensors, in the order of their data, follow each other without gap or overlap up to the end. */
static enum spr_code check_cover(struct safetensors *s, const unsigned char *data, size_t size,
                                 struct spr_error *err)
{
    char name[QUOTED_BYTES], before[QUOTED_BYTES];
    const unsigned char *expected = data;
    if (s->count > 0)
        qsort(s->tensor, s->count, sizeof *s->tensor, by_place);
    for (size_t i = 0; i < s->count; i++) {
        const struct tensor *t = &s->tensor[i];
        if (t->data < expected)
            return SPR_FAIL(err, SPR_BADDATA, "tensors %s and %s overlap",
                            quoted(s->tensor[i - 1].name, before), quoted(t->name, name));
        if (t->data > expected)
            return SPR_FAIL(err, SPR_BADDATA, "%zu bytes before tensor %s belong to none",
                            (size_t)(t->data - expected), quoted(t->name, name));
        expected = t->data + t->count * types[t->type].bytes;
    }
    size_t covered = (size_t)(expected - data);
    if (covered != size)
        return SPR_FAIL(err, SPR_BADDATA, "%zu bytes after the last tensor belong to none", size - covered);
    if (s->count > 0)
        qsort(s->tensor, s->count, sizeof *s->tensor, by_name);
    return SPR_OK;
}

static enum spr_code read_all(struct safetensors *s, struct spr_error *err)
{
    size_t length = 0;
    enum spr_code rc = read_header(s, &length, err);
    if (rc)
        return rc;
    const unsigned char *data = s->bytes.data + LENGTH_BYTES + length;
    size_t size = s->bytes.size - LENGTH_BYTES - length;
    rc = read_notes(s, json_object_get(s->header, "__metadata__"), err);
    if (!rc)
        rc = read_tensors(s, data, size, err);
    if (!rc)
        rc = check_cover(s, data, size, err);
    return rc;
}

static enum spr_code new_file(struct file_bytes bytes, struct safetensors **ret, struct spr_error *err)
{
    struct safetensors *s = mem_zalloc(1, sizeof *s);
    if (!s)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to open a safetensors file");
    s->bytes = bytes;
    *ret = s;
    return SPR_OK;
}

enum spr_code safetensors_parse(const void *bytes, size_t size, struct safetensors **ret,
                                struct spr_error *err)
{
    struct safetensors *s = NULL;
    enum spr_code rc = new_file((struct file_bytes){ bytes, size }, &s, err);
    if (rc)
        return rc;
    rc = read_all(s, err);
    if (rc)
        safetensors_close(s);
    else
        *ret = s;
    return rc;
}

/* Reads only the header of a file that it finds fault with, however long the file is. */
static enum spr_code read_file(struct safetensors *s, struct file_loading *l, struct spr_error *err)
{
    size_t length = 0, first = l->bytes.size < LENGTH_BYTES ? l->bytes.size : LENGTH_BYTES;
    enum spr_code rc = file_load_more(l, first, err);
    if (rc)
        return rc;
    rc = header_length(l->bytes.data, l->bytes.size, &length, err);
    if (!rc && (rc = file_load_more(l, LENGTH_BYTES + length, err)))
        return rc;
    if (!rc)
        rc = read_all(s, err);
    if (!rc)
        return file_load_end(l, &s->bytes, err);
    spr_prefix(err, "%.200s", l->path);
    return rc;
}

enum spr_code safetensors_open(const char *path, struct safetensors **ret, struct spr_error *err)
{
    struct file_loading l;
    struct safetensors *s = NULL;
    enum spr_code rc = file_load_begin(path, &l, err);
    if (rc)
        return rc;
    rc = new_file(l.bytes, &s, err);
    if (!rc)
        rc = read_file(s, &l, err);
    if (rc) {
        safetensors_close(s);
        file_load_drop(&l);
        return rc;
    }
    s->own = true;
    *ret = s;
    return SPR_OK;
}

void safetensors_close(struct safetensors *s)
{
    if (!s)
        return;
    mem_free(s->note);
    mem_free(s->tensor);
    json_decref(s->header);
    if (s->own)
        file_unload(&s->bytes);
    mem_free(s);
}

void safetensors_trim(struct safetensors *s, bool (*keep)(const struct tensor *t))
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; s->own && i < s->count; i++) {
        const struct tensor *t = &s->tensor[i];
        uintptr_t begin = ((uintptr_t)t->data + page - 1) / page * page,
                  end = ((uintptr_t)t->data + t->count * tensor_type_bytes(t->type)) / page * page;
        if (begin < end && !keep(t) && madvise((void *)begin, end - begin, MADV_DONTNEED))
            return; /* then they stay */
    }
}

size_t safetensors_count(const struct safetensors *s)
{
    return s->count;
}

const struct tensor *safetensors_at(const struct safetensors *s, size_t i)
{
    assert(i < s->count);
    return &s->tensor[i];
}

const struct tensor *safetensors_find(const struct safetensors *s, const char *name)
{
    struct tensor key = { .name = name };
    return bsearch(&key, s->tensor, s->count, sizeof *s->tensor, by_name);
}

struct file_bytes safetensors_bytes(const struct safetensors *s)
{
    return s->bytes;
}

size_t safetensors_notes(const struct safetensors *s)
{
    return s->notes;
}

struct note safetensors_note_at(const struct safetensors *s, size_t i)
{
    assert(i < s->notes);
    return s->note[i];
}

const char *safetensors_note(const struct safetensors *s, const char *key)
{
    struct note want = { .key = key };
    const struct note *found = s->notes ? bsearch(&want, s->note, s->notes, sizeof *s->note, by_key) : NULL;
    return found ? found->value : NULL;
}
