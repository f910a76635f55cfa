#include "train/checkpoint.h"

#include "base/mem.h"
#include "base/str.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VECTORS = 4, NAME_BYTES = UNET_NAME_BYTES + 16 };

static const char *const prefix[VECTORS] = { "param", "average", "moment", "square" };

static float *vector_of(const struct optimizer *o, size_t i)
{
    float *const all[VECTORS] = { o->param, o->average, o->moment, o->square };
    return all[i];
}

static void name_of(size_t vector, const struct unet_entry *e, char name[NAME_BYTES])
{
    snprintf(name, NAME_BYTES, "%s/%s", prefix[vector], e->name);
}

enum spr_code checkpoint_write(const char *path, const struct unet_layout *layout, const struct optimizer *o,
                               const struct note *notes, size_t count, struct spr_error *err)
{
    assert(count <= CHECKPOINT_NOTES_MAX);
    const size_t tensors = layout->entries * VECTORS;
    struct tensor_source *tensor = mem_zalloc(tensors, sizeof *tensor);
    char(*name)[NAME_BYTES] = mem_zalloc(tensors, sizeof *name);
    struct note all[CHECKPOINT_NOTES_MAX + 2];
    char steps[24];
    enum spr_code rc;
    if (!tensor || !name) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to write %s", path);
        goto out;
    }
    for (size_t i = 0; i < tensors; i++) {
        const struct unet_entry *e = &layout->entry[i / VECTORS];
        name_of(i % VECTORS, e, name[i]);
        tensor[i] = (struct tensor_source){
            .name = name[i], .rank = 1, .shape = { e->count }, .data = vector_of(o, i % VECTORS) + e->offset
        };
    }
    snprintf(steps, sizeof steps, "%" PRIu64, o->steps);
    all[0] = (struct note){ "format", CHECKPOINT_FORMAT };
    all[1] = (struct note){ "steps", steps };
    if (notes)
        memcpy(all + 2, notes, count * sizeof *notes);
    const struct safetensors_content content = {
        .tensor = tensor, .tensors = tensors, .note = all, .notes = count + 2, .type = TENSOR_F32
    };
    rc = safetensors_write(path, &content, FILE_REPLACE, err);
out:
    mem_free(name);
    mem_free(tensor);
    return rc;
}

enum spr_code checkpoint_open(const char *path, struct safetensors **ret, struct spr_error *err)
{
    struct safetensors *file = NULL;
    enum spr_code rc = safetensors_open(path, &file, err);
    if (rc)
        return rc;
    const char *format = safetensors_note(file, "format");
    if (!format || strcmp(format, CHECKPOINT_FORMAT)) {
        safetensors_close(file);
        return SPR_FAIL(err, SPR_BADDATA, "%s is no checkpoint of a training run", path);
    }
    *ret = file;
    return SPR_OK;
}

static const struct tensor *find(const struct safetensors *file, size_t vector, const struct unet_entry *e)
{
    char name[NAME_BYTES];
    name_of(vector, e, name);
    const struct tensor *t = safetensors_find(file, name);
    return t && t->type == TENSOR_F32 && t->count == e->count ? t : NULL;
}

enum spr_code checkpoint_read(const struct safetensors *file, const struct unet_layout *layout,
                              struct optimizer *o, struct spr_error *err)
{
    const char *text = safetensors_note(file, "steps");
    uint64_t steps = 0;
    if (!text || !str_to_u64(text, &steps))
        return SPR_FAIL(err, SPR_BADDATA, "the checkpoint does not say how many steps were taken");
    for (size_t i = 0; i < layout->entries * VECTORS; i++) {
        const struct unet_entry *e = &layout->entry[i / VECTORS];
        if (!find(file, i % VECTORS, e))
            return SPR_FAIL(err, SPR_BADDATA, "the checkpoint has no tensor %s/%s of %zu numbers",
                            prefix[i % VECTORS], e->name, e->count);
    }
    for (size_t i = 0; i < layout->entries * VECTORS; i++) {
        const struct unet_entry *e = &layout->entry[i / VECTORS];
        tensor_floats(find(file, i % VECTORS, e), 0, e->count, vector_of(o, i % VECTORS) + e->offset);
    }
    o->steps = steps;
    return SPR_OK;
}
