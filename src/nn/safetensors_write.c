/* Writing: the header is put together by hand in sorted order, so that the same content is the same bytes whatever
 * the JSON library's hash order; the library only escapes texts. */
#include "nn/safetensors.h"

#include "base/mem.h"
#include "nn/half.h"

#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 8 }; /* of the first tensor's data in the file */

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct note *)a)->key, ((const struct note *)b)->key);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct tensor_source *)a)->name, ((const struct tensor_source *)b)->name);
}

/* Adds the text in quotes, escaped. */
static enum spr_code add_text(struct buf *b, const char *text, struct spr_error *err)
{
    json_t *value = json_string(text);
    if (!value)
        return SPR_FAIL(err, SPR_BADARG, "\"%.60s\" cannot be written: not UTF-8, or no memory", text);
    char *json = json_dumps(value, JSON_ENCODE_ANY);
    json_decref(value);
    if (!json)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to write %zu bytes of text", strlen(text));
    enum spr_code rc = buf_add(b, json, strlen(json), err);
    free(json);
    return rc;
}

static enum spr_code add_notes(struct buf *b, const struct note *note, size_t count, struct spr_error *err)
{
    enum spr_code rc = buf_addf(b, err, "\"__metadata__\":{");
    for (size_t i = 0; i < count && !rc; i++) {
        if (i > 0 && strcmp(note[i - 1].key, note[i].key) == 0)
            return SPR_FAIL(err, SPR_BADARG, "metadata \"%.60s\" is given twice", note[i].key);
        if (i > 0)
            rc = buf_addf(b, err, ",");
        if (!rc)
            rc = add_text(b, note[i].key, err);
        if (!rc)
            rc = buf_addf(b, err, ":");
        if (!rc)
            rc = add_text(b, note[i].value, err);
    }
    return rc ? rc : buf_addf(b, err, "}");
}

static size_t element_count(const struct tensor_source *t)
{
    size_t count = 1;
    for (int i = 0; i < t->rank; i++)
        count *= t->shape[i]; /* the data is in memory, so this fits */
    return count;
}

/* Adds `"name":{...}` and moves *offset past the tensor's data. */
static enum spr_code add_entry(struct buf *b, const struct tensor_source *t, enum tensor_type type,
                               size_t *offset, struct spr_error *err)
{
    if (t->raw)
        type = t->raw_type;
    enum spr_code rc = add_text(b, t->name, err);
    if (!rc)
        rc = buf_addf(b, err, ":{\"dtype\":\"%s\",\"shape\":[", tensor_type_name(type));
    for (int i = 0; i < t->rank && !rc; i++)
        rc = buf_addf(b, err, i ? ",%zu" : "%zu", t->shape[i]);
    size_t end = *offset + element_count(t) * tensor_type_bytes(type);
    if (!rc)
        rc = buf_addf(b, err, "],\"data_offsets\":[%zu,%zu]}", *offset, end);
    *offset = end;
    return rc;
}

static enum spr_code add_header(struct buf *b, const struct tensor_source *tensor, const struct note *note,
                                const struct safetensors_content *c, struct spr_error *err)
{
    size_t offset = 0;
    enum spr_code rc = buf_addf(b, err, "{");
    if (!rc && c->notes > 0)
        rc = add_notes(b, note, c->notes, err);
    for (size_t i = 0; i < c->tensors && !rc; i++) {
        const char *name = tensor[i].name;
        if (strcmp(name, "__metadata__") == 0 || (i > 0 && strcmp(name, tensor[i - 1].name) == 0))
            return SPR_FAIL(err, SPR_BADARG, "tensor name \"%.60s\" is %s", name,
                            name[0] == '_' && name[1] == '_' ? "reserved" : "given twice");
        if (i > 0 || c->notes > 0)
            rc = buf_addf(b, err, ",");
        if (!rc)
            rc = add_entry(b, &tensor[i], c->type, &offset, err);
    }
    if (!rc)
        rc = buf_addf(b, err, "}");
    while (!rc && b->length % ALIGNMENT != 0)
        rc = buf_addf(b, err, " ");
    return rc;
}

static enum spr_code add_data(struct buf *b, const struct tensor_source *t, enum tensor_type type,
                              struct spr_error *err)
{
    if (t->raw)
        type = t->raw_type;
    size_t count = element_count(t), bytes = count * tensor_type_bytes(type);
    enum spr_code rc = buf_reserve(b, bytes, err);
    if (rc || bytes == 0)
        return rc;
    if (t->raw)
        memcpy(b->data + b->length, t->raw, bytes);
    else if (type == TENSOR_F16)
        floats_to_halves(t->data, count, b->data + b->length);
    else
        memcpy(b->data + b->length, t->data, bytes);
    b->length += bytes;
    b->data[b->length] = '\0';
    return SPR_OK;
}

enum spr_code safetensors_encode(const struct safetensors_content *c, struct buf *into, struct spr_error *err)
{
    assert(c->type == TENSOR_F32 || c->type == TENSOR_F16);
    struct buf header = { 0 };
    buf_init(&header, SAFETENSORS_HEADER_MAX);
    size_t before = into->length;
    struct tensor_source *tensor = mem_zalloc(c->tensors, sizeof *tensor);
    struct note *note = mem_zalloc(c->notes, sizeof *note);
    enum spr_code rc = SPR_OK;
    if (!tensor || !note) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to sort %zu tensors", c->tensors);
        goto out;
    }
    for (size_t i = 0; i < c->tensors; i++)
        tensor[i] = c->tensor[i];
    for (size_t i = 0; i < c->notes; i++)
        note[i] = c->note[i];
    qsort(tensor, c->tensors, sizeof *tensor, by_name);
    qsort(note, c->notes, sizeof *note, by_key);
    if ((rc = add_header(&header, tensor, note, c, err)))
        goto out;
    uint64_t length = header.length;
    rc = buf_add(into, &length, sizeof length, err);
    if (!rc)
        rc = buf_add(into, header.data, header.length, err);
    for (size_t i = 0; i < c->tensors && !rc; i++)
        rc = add_data(into, &tensor[i], c->type, err);
out:
    if (rc) {
        into->length = before;
        if (into->data)
            into->data[before] = '\0';
    }
    mem_free(note);
    mem_free(tensor);
    buf_fini(&header);
    return rc;
}

enum spr_code safetensors_write(const char *path, const struct safetensors_content *content,
                                enum file_mode mode, struct spr_error *err)
{
    struct buf b = { 0 };
    buf_init(&b, (size_t)1 << 40);
    enum spr_code rc = safetensors_encode(content, &b, err);
    if (rc)
        spr_prefix(err, "cannot write %.200s", path);
    else
        rc = file_write(path, b.data, b.length, mode, err);
    buf_fini(&b);
    return rc;
}
