#include "image/animation.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "image/apng.h"
#include "image/aseprite.h"
#include "image/gif.h"
#include "image/jpeg.h"
#include "image/png.h"
#include "image/webp.h"

#include <string.h>

const char *tag_direction_name(enum tag_direction d)
{
    static const char *const names[TAG_DIRECTION_COUNT] = { "forward", "reverse", "pingpong",
                                                            "pingpong_reverse" };
    return names[d];
}

void animation_fini(struct animation *a)
{
    for (int i = 0; i < a->slices; i++) {
        mem_free(a->slice[i].key);
        mem_free(a->slice[i].name);
    }
    for (int i = 0; i < a->tags; i++)
        mem_free(a->tag[i].name);
    for (int i = 0; i < a->count; i++)
        image_fini(&a->frame[i].image);
    mem_free(a->slice);
    mem_free(a->tag);
    mem_free(a->frame);
    *a = (struct animation){ 0 };
}

enum spr_code animation_check(const struct animation *a, const struct image_limits *limits, const char *kind,
                              const struct image *like, struct spr_error *err)
{
    size_t most = limits ? limits->pixels : image_limits_default.pixels;
    size_t one = (size_t)like->width * (size_t)like->height;
    if (a->count == ANIMATION_FRAMES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "the %s has more than %d frames", kind, (int)ANIMATION_FRAMES_MAX);
    if (((size_t)a->count + 1) * one > most)
        return SPR_FAIL(
            err, SPR_LIMIT,
            "the %s has more than %d frames of %dx%d; up to %zu pixels are read, all frames together", kind,
            a->count, like->width, like->height, most);
    return SPR_OK;
}

enum spr_code animation_add(struct animation *a, struct image *im, int ms, struct spr_error *err)
{
    if (a->count == ANIMATION_FRAMES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d frames", (int)ANIMATION_FRAMES_MAX);
    if (a->count && (im->width != a->width || im->height != a->height))
        return SPR_FAIL(err, SPR_BADARG, "frame %d is %dx%d, the first one %dx%d", a->count, im->width,
                        im->height, a->width, a->height);
    if (ms < 0 || ms > ANIMATION_MS_MAX)
        return SPR_FAIL(err, SPR_BADARG, "frame %d lasts %d ms; 0 to %d are possible", a->count, ms,
                        (int)ANIMATION_MS_MAX);
    if (a->count == a->room) {
        int room = a->room ? a->room * 2 : 8;
        struct frame *frame = mem_resize(a->frame, (size_t)room, sizeof *frame);
        if (!frame)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for %d frames", room);
        a->frame = frame;
        a->room = room;
    }
    a->width = im->width;
    a->height = im->height;
    a->frame[a->count++] = (struct frame){ *im, ms };
    *im = (struct image){ 0 };
    return SPR_OK;
}

enum spr_code animation_add_copy(struct animation *a, const struct image *im, int ms, struct spr_error *err)
{
    struct image copy;
    enum spr_code rc = image_copy(&copy, im, err);
    if (rc)
        return rc;
    rc = animation_add(a, &copy, ms, err);
    if (rc)
        image_fini(&copy);
    return rc;
}

/* GIVES *ret, a copy of the name. */
static enum spr_code copy_name(const char *name, char **ret, struct spr_error *err)
{
    size_t length = strlen(name);
    if (!utf8_valid(name, length, NULL))
        return SPR_FAIL(err, SPR_BADARG, "a tag's or slice's name is not UTF-8");
    *ret = mem_text(name, length);
    return *ret ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for a name");
}

enum spr_code animation_add_tag(struct animation *a, const char *name, int from, int to,
                                enum tag_direction direction, int repeat, struct spr_error *err)
{
    if (a->tags == ANIMATION_TAGS_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d tags", (int)ANIMATION_TAGS_MAX);
    if (from < 0 || to < from || to >= a->count)
        return SPR_FAIL(err, SPR_BADARG, "tag \"%.80s\" spans frames %d to %d; there are 0 to %d", name, from,
                        to, a->count - 1);
    struct tag *tag = mem_resize(a->tag, (size_t)a->tags + 1, sizeof *tag);
    if (!tag)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a tag");
    a->tag = tag;
    struct tag t = { NULL, from, to, direction, repeat };
    enum spr_code rc = copy_name(name, &t.name, err);
    if (!rc)
        a->tag[a->tags++] = t;
    return rc;
}

enum spr_code animation_add_slice(struct animation *a, const char *name, const struct slice_key *key,
                                  int count, struct spr_error *err)
{
    if (a->slices == ANIMATION_SLICES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d slices", (int)ANIMATION_SLICES_MAX);
    for (int i = 0; i < count; i++)
        if (key[i].frame < 0 || key[i].frame >= a->count || (i && key[i].frame <= key[i - 1].frame))
            return SPR_FAIL(err, SPR_BADARG,
                            "slice \"%.80s\" has a key at frame %d; keys rise, and there are frames 0 to %d",
                            name, key[i].frame, a->count - 1);
    struct slice *slice = mem_resize(a->slice, (size_t)a->slices + 1, sizeof *slice);
    if (!slice)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a slice");
    a->slice = slice;
    struct slice s = { .count = count, .key = mem_zalloc((size_t)count, sizeof *s.key) };
    if (!s.key)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a slice");
    if (count)
        memcpy(s.key, key, (size_t)count * sizeof *key);
    enum spr_code rc = copy_name(name, &s.name, err);
    if (rc)
        mem_free(s.key);
    else
        a->slice[a->slices++] = s;
    return rc;
}

const struct tag *animation_tag(const struct animation *a, const char *name)
{
    for (int i = 0; i < a->tags; i++)
        if (strcmp(a->tag[i].name, name) == 0)
            return &a->tag[i];
    return NULL;
}

int64_t animation_ms(const struct animation *a)
{
    int64_t sum = 0;
    for (int i = 0; i < a->count; i++)
        sum += a->frame[i].ms;
    return sum;
}

bool image_difference(const struct image *a, const struct image *b, struct box *ret)
{
    int left = a->width, right = -1, top = -1, bottom = -1;
    for (int y = 0; y < a->height; y++) {
        const struct rgba *p = image_at(a, 0, y), *q = image_at(b, 0, y);
        if (memcmp(p, q, (size_t)a->width * sizeof *p) == 0)
            continue;
        top = top < 0 ? y : top;
        bottom = y;
        for (int x = 0; x < left; x++)
            if (!rgba_equal(p[x], q[x]))
                left = x;
        for (int x = a->width - 1; x > right; x--)
            if (!rgba_equal(p[x], q[x]))
                right = x;
    }
    if (top < 0)
        return false;
    *ret = (struct box){ left, top, right - left + 1, bottom - top + 1 };
    return true;
}

enum spr_code animation_indexed(const struct animation *a, struct indexed *ret, struct spr_error *err)
{
    const struct image **image = mem_zalloc((size_t)a->count, sizeof(void *));
    if (!image)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %d frames", a->count);
    for (int i = 0; i < a->count; i++)
        image[i] = &a->frame[i].image;
    enum spr_code rc = SPR_LIMIT;
    if (a->palette.count)
        rc = indexed_by_palette(ret, image, a->count, &a->palette, NULL);
    if (rc == SPR_LIMIT)
        rc = indexed_from_images(ret, image, a->count, err);
    else if (rc)
        rc = SPR_FAIL(err, rc, "no memory for %d frames", a->count);
    mem_free(image);
    return rc;
}

static enum spr_code still(const void *data, size_t size, const struct image_limits *limits,
                           struct animation *ret, struct notes *ret_notes, struct spr_error *err)
{
    struct animation a = { 0 };
    struct image im = { 0 };
    struct notes notes = { 0 };
    enum spr_code rc = image_decode(data, size, limits, &im, ret_notes ? &notes : NULL, err);
    if (!rc)
        rc = animation_add(&a, &im, 0, err);
    if (!rc && png_is(data, size) && png_decode_palette(data, size, &a.palette, NULL))
        a.palette.count = 0; /* no palette PNG; nothing is wrong with that */
    if (rc) {
        image_fini(&im);
        notes_fini(&notes);
        animation_fini(&a);
        return rc;
    }
    *ret = a;
    if (ret_notes)
        *ret_notes = notes;
    return SPR_OK;
}

static enum spr_code decode(const void *data, size_t size, const struct image_limits *limits,
                            struct animation *ret, struct notes *ret_notes, struct spr_error *err)
{
    if (apng_is(data, size))
        return apng_decode(data, size, limits, ret, ret_notes, err);
    if (gif_is(data, size))
        return gif_decode_all(data, size, limits, ret, err);
    if (webp_is_animation(data, size))
        return webp_decode_all(data, size, limits, ret, err);
    if (aseprite_is(data, size))
        return aseprite_decode_all(data, size, limits, NULL, ret, err);
    return still(data, size, limits, ret, ret_notes, err);
}

enum spr_code animation_decode(const void *data, size_t size, const struct image_limits *limits,
                               struct animation *ret, struct notes *ret_notes, struct spr_error *err)
{
    if (ret_notes)
        *ret_notes = (struct notes){ 0 };
    enum spr_code rc = decode(data, size, limits, ret, ret_notes, err);
    if (!rc && ret->count == 1) {
        ret->frame->ms = 0; /* a still picture, whatever its file is prepared for */
        ret->plays = 0;
    }
    return rc;
}

enum spr_code animation_load(const char *path, const struct image_limits *limits, struct animation *ret,
                             struct notes *ret_notes, struct spr_error *err)
{
    struct buf file;
    buf_init(&file, limits ? limits->file_bytes : image_limits_default.file_bytes);
    enum spr_code rc = file_read(path, &file, err);
    if (!rc) {
        rc = animation_decode(file.data, file.length, limits, ret, ret_notes, err);
        if (rc)
            spr_prefix(err, "%.200s", path);
    }
    buf_fini(&file);
    return rc;
}

enum spr_code animation_encode(enum image_kind kind, const struct animation *a, const struct notes *notes,
                               struct buf *into, struct spr_error *err)
{
    switch (kind) {
    case IMAGE_PNG:
        return a->count > 1 ? apng_encode(a, notes, into, err)
                            : png_encode_best(&a->frame->image, notes, into, err);
    case IMAGE_GIF:
        return gif_encode_all(a, into, err);
    case IMAGE_WEBP:
        return a->count > 1 ? webp_encode_all(a, into, err) : webp_encode(&a->frame->image, into, err);
    case IMAGE_ASEPRITE:
        return aseprite_encode(a, into, err);
    default:
        return SPR_FAIL(err, SPR_UNSUPPORTED, "%s is not written; PNG, WebP, GIF and Aseprite are",
                        image_kind_name(kind));
    }
}

enum spr_code animation_save(const char *path, enum image_kind kind, const struct animation *a,
                             const struct notes *notes, enum file_mode mode, struct spr_error *err)
{
    struct buf file;
    buf_init(&file, SIZE_MAX / 2);
    enum spr_code rc = animation_encode(kind, a, notes, &file, err);
    if (!rc)
        rc = file_write(path, file.data, file.length, mode, err);
    buf_fini(&file);
    return rc;
}
