#include "image/aseprite.h"

#include "base/mem.h"
#include "image/animation.h"
#include "image/aseprite_file.h"

#include <stdio.h>
#include <string.h>

bool aseprite_is(const void *data, size_t size)
{
    const uint8_t *p = data;
    return size >= 6 && p[4] == (ASE_MAGIC & 255) && p[5] == ASE_MAGIC >> 8;
}

static enum spr_code not_one(struct spr_error *err)
{
    return SPR_FAIL(err, SPR_BADDATA, "not an Aseprite file");
}

enum spr_code aseprite_decode(const void *data, size_t size, const struct image_limits *limits,
                              struct image *ret, struct spr_error *err)
{
    struct ase file;
    if (!aseprite_is(data, size))
        return not_one(err);
    enum spr_code rc = ase_read(data, size, limits, 1, &file, err);
    if (rc)
        return rc;
    rc = ase_draw(&file, 0, -1, ret, err);
    ase_fini(&file);
    return rc;
}

static enum spr_code read_tags(struct animation *to, struct ase_bytes b, struct spr_error *err)
{
    uint32_t count = ase_get(&b, 2);
    enum spr_code rc = SPR_OK;
    ase_skip(&b, 8);
    for (; count && !rc; count--) {
        char *name = NULL;
        int from = (int)ase_get(&b, 2), last = (int)ase_get(&b, 2), direction = (int)ase_get(&b, 1);
        int repeat = (int)ase_get(&b, 2);
        ase_skip(&b, 10);
        rc = ase_get_text(&b, &name, err);
        if (!rc && b.over)
            rc = SPR_FAIL(err, SPR_BADDATA, "broken Aseprite file: the tags end too early");
        if (!rc && last >= to->count) /* Aseprite itself cuts them */
            last = to->count - 1;
        if (!rc && (from > last || direction >= TAG_DIRECTION_COUNT))
            rc = SPR_FAIL(err, SPR_BADDATA,
                          "broken Aseprite file: tag \"%.80s\" spans frames %d to %d, direction %d", name,
                          from, last, direction);
        if (!rc)
            rc = animation_add_tag(to, name, from, last, (enum tag_direction)direction, repeat, err);
        mem_free(name);
    }
    return rc;
}

static struct box get_box(struct ase_bytes *b)
{
    int32_t x = ase_get_long(b), y = ase_get_long(b), width = ase_get_long(b), height = ase_get_long(b);
    return (struct box){ x, y, width, height };
}

static enum spr_code read_slice(struct animation *to, struct ase_bytes b, struct spr_error *err)
{
    uint32_t count = ase_get(&b, 4), flags = ase_get(&b, 4);
    char *name = NULL;
    ase_skip(&b, 4);
    enum spr_code rc = ase_get_text(&b, &name, err);
    struct slice_key *key = NULL;
    if (!rc && count > b.left / 20)
        rc = SPR_FAIL(err, SPR_BADDATA, "broken Aseprite file: slice \"%.80s\" says it has %u keys", name,
                      count);
    if (!rc && !(key = mem_zalloc(count, sizeof *key)))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for %u keys of a slice", count);
    for (uint32_t i = 0; i < count && !rc; i++) {
        key[i].frame = ase_get_long(&b);
        key[i].bounds = get_box(&b);
        key[i].has_centre = flags & 1;
        key[i].has_pivot = flags & 2;
        if (key[i].has_centre)
            key[i].centre = get_box(&b);
        if (key[i].has_pivot) {
            key[i].pivot_x = ase_get_long(&b);
            key[i].pivot_y = ase_get_long(&b);
        }
    }
    if (!rc && b.over)
        rc = SPR_FAIL(err, SPR_BADDATA, "broken Aseprite file: slice \"%.80s\" ends too early", name);
    if (!rc) {
        rc = animation_add_slice(to, name, key, (int)count, err);
        if (rc == SPR_BADARG)
            rc = SPR_FAIL(err, SPR_BADDATA,
                          "broken Aseprite file: a key of slice \"%.80s\" has no frame of its own", name);
    }
    mem_free(key);
    mem_free(name);
    return rc;
}

static enum spr_code read_rest(void *context, const struct ase_chunk *c, struct spr_error *err)
{
    if (c->type == ASE_TAGS)
        return read_tags(context, c->data, err);
    if (c->type == ASE_SLICE)
        return read_slice(context, c->data, err);
    return SPR_OK;
}

static enum spr_code find_layer(const struct ase *file, const char *name, int *ret, struct spr_error *err)
{
    char known[200] = "";
    size_t used = 0;
    for (int i = 0; i < file->layers; i++) {
        if (strcmp(file->layer[i].name, name) == 0) {
            *ret = i;
            return SPR_OK;
        }
        if (used < sizeof known - 1)
            used += (size_t)snprintf(known + used, sizeof known - used, "%s\"%.40s\"", used ? ", " : "",
                                     file->layer[i].name);
    }
    return SPR_FAIL(err, SPR_NOTFOUND, "the file has no layer \"%.80s\"; it has %s", name,
                    *known ? known : "none");
}

static void take_palette(const struct ase *file, struct palette *to)
{
    if (file->frame[0].palette < 0)
        return;
    *to = file->palette[file->frame[0].palette];
    bool background = file->layers && (file->layer[0].flags & ASE_BACKGROUND);
    if (file->depth == 1 && file->transparent < to->count && !background)
        to->colour[file->transparent] = (struct rgba){ 0 };
}

enum spr_code aseprite_decode_all(const void *data, size_t size, const struct image_limits *limits,
                                  const char *layer, struct animation *ret, struct spr_error *err)
{
    struct ase file;
    struct animation a = { 0 };
    int chosen = -1;
    if (!aseprite_is(data, size))
        return not_one(err);
    enum spr_code rc = ase_read(data, size, limits, ANIMATION_FRAMES_MAX, &file, err);
    if (rc)
        return rc;
    if (layer)
        rc = find_layer(&file, layer, &chosen, err);
    for (int f = 0; f < file.frames && !rc; f++) {
        struct image im;
        rc = ase_draw(&file, f, chosen, &im, err);
        if (!rc && (rc = animation_add(&a, &im, file.frames > 1 ? file.frame[f].ms : 0, err)))
            image_fini(&im);
    }
    if (!rc)
        rc = ase_walk(data, size, file.frames, read_rest, &a, err);
    if (!rc)
        take_palette(&file, &a.palette);
    ase_fini(&file);
    if (rc)
        animation_fini(&a);
    else
        *ret = a;
    return rc;
}

enum spr_code aseprite_decode_palette(const void *data, size_t size, struct palette *ret,
                                      struct spr_error *err)
{
    struct ase file;
    struct palette p = { 0 };
    if (!aseprite_is(data, size))
        return not_one(err);
    enum spr_code rc = ase_read(data, size, NULL, 1, &file, err);
    if (rc)
        return rc;
    take_palette(&file, &p);
    ase_fini(&file);
    if (p.count == 0)
        return SPR_FAIL(err, SPR_NOTFOUND, "the Aseprite file has no palette");
    *ret = p;
    return SPR_OK;
}
