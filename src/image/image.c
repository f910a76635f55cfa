#include "image/image.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

const struct image_limits image_limits_default = { (size_t)256 << 20, (size_t)64 << 20, IMAGE_SIDE_MAX };

enum spr_code image_limits_check(const struct image_limits *limits, const char *kind, uint64_t width,
                                 uint64_t height, struct spr_error *err)
{
    if (!limits)
        limits = &image_limits_default;
    if (width == 0 || height == 0)
        return SPR_FAIL(err, SPR_BADDATA, "the %s says it is %ju x %ju pixels", kind, (uintmax_t)width,
                        (uintmax_t)height);
    if (width > (uint64_t)limits->side || height > (uint64_t)limits->side)
        return SPR_FAIL(err, SPR_LIMIT, "the %s is %ju x %ju pixels; sides up to %d are read", kind,
                        (uintmax_t)width, (uintmax_t)height, limits->side);
    if (width * height > limits->pixels)
        return SPR_FAIL(err, SPR_LIMIT, "the %s is %ju x %ju = %ju pixels; up to %zu are read", kind,
                        (uintmax_t)width, (uintmax_t)height, (uintmax_t)(width * height), limits->pixels);
    return SPR_OK;
}

enum spr_code image_init(struct image *ret, int width, int height, struct spr_error *err)
{
    if (width < 1 || height < 1 || width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX ||
        (size_t)width * (size_t)height > IMAGE_PIXELS_MAX)
        return SPR_FAIL(err, SPR_LIMIT,
                        "a picture of %dx%d pixels; sides of 1..%d and %zu pixels in all are possible", width,
                        height, IMAGE_SIDE_MAX, IMAGE_PIXELS_MAX);
    struct rgba *pixel = mem_zalloc((size_t)width * (size_t)height, sizeof *pixel);
    if (!pixel)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a picture of %dx%d pixels", width, height);
    *ret = (struct image){ width, height, pixel };
    return SPR_OK;
}

enum spr_code image_copy(struct image *ret, const struct image *from, struct spr_error *err)
{
    struct image copy;
    enum spr_code rc = image_init(&copy, from->width, from->height, err);
    if (rc)
        return rc;
    memcpy(copy.pixel, from->pixel, (size_t)from->width * (size_t)from->height * sizeof *copy.pixel);
    *ret = copy;
    return SPR_OK;
}

void image_fini(struct image *im)
{
    mem_free(im->pixel);
    *im = (struct image){ 0 };
}

enum spr_code indexed_init(struct indexed *ret, int width, int height, struct spr_error *err)
{
    if (width < 1 || height < 1 || width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX ||
        (size_t)width * (size_t)height > IMAGE_PIXELS_MAX)
        return SPR_FAIL(err, SPR_LIMIT,
                        "a picture of %dx%d pixels; sides of 1..%d and %zu pixels in all are possible", width,
                        height, IMAGE_SIDE_MAX, IMAGE_PIXELS_MAX);
    uint8_t *index = mem_zalloc((size_t)width * (size_t)height, 1);
    if (!index)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a picture of %dx%d pixels", width, height);
    *ret = (struct indexed){ .width = width, .height = height, .index = index };
    return SPR_OK;
}

void indexed_fini(struct indexed *im)
{
    mem_free(im->index);
    *im = (struct indexed){ 0 };
}

/* A hash table of at most 256 colours, open addressing: index + 1 in each slot, 0 where free. */
struct seen {
    uint16_t slot[1024];
    struct palette *palette;
};

/* The colour's index; -1 where it is new and may not be added, or is the 257th. */
static int seen_index(struct seen *s, struct rgba c, bool may_add)
{
    uint32_t key = (uint32_t)c.r | (uint32_t)c.g << 8 | (uint32_t)c.b << 16 | (uint32_t)c.a << 24;
    for (uint32_t i = key * 2654435761u >> 22;; i = (i + 1) & 1023) {
        if (s->slot[i] && rgba_equal(s->palette->colour[s->slot[i] - 1], c))
            return s->slot[i] - 1;
        if (s->slot[i])
            continue;
        if (!may_add || s->palette->count == 256)
            return -1;
        s->palette->colour[s->palette->count] = c;
        s->slot[i] = (uint16_t)++s->palette->count;
        return s->palette->count - 1;
    }
}

static void fini_all(struct indexed *im, int count)
{
    for (int i = 0; i < count; i++)
        indexed_fini(&im[i]);
}

/* Indices into seen's palette, which grows if it may; SPR_LIMIT for a colour that it lacks. */
static enum spr_code index_all(struct seen *seen, bool may_grow, const struct image **im, int images,
                               struct indexed *to, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    int k = 0;
    for (; k < images && !rc; k++) {
        to[k] = (struct indexed){ 0 };
        rc = indexed_init(&to[k], im[k]->width, im[k]->height, err);
        size_t count = rc ? 0 : (size_t)im[k]->width * (size_t)im[k]->height;
        for (size_t i = 0; i < count && !rc; i++) {
            int at = i && rgba_equal(im[k]->pixel[i], im[k]->pixel[i - 1])
                         ? to[k].index[i - 1]
                         : seen_index(seen, im[k]->pixel[i], may_grow);
            if (at < 0 && images == 1)
                rc = SPR_FAIL(err, SPR_LIMIT, "the picture has more than 256 colours");
            else if (at < 0)
                rc = SPR_FAIL(err, SPR_LIMIT, "the frames have more than 256 colours together");
            else
                to[k].index[i] = (uint8_t)at;
        }
    }
    if (rc)
        fini_all(to, k);
    return rc;
}

enum spr_code indexed_from_images(struct indexed *ret, const struct image **im, int images,
                                  struct spr_error *err)
{
    struct palette found = { 0 }, sorted = { 0 };
    struct seen seen = { .palette = &found };
    enum spr_code rc = index_all(&seen, true, im, images, ret, err);
    if (rc)
        return rc;
    uint8_t place[256] = { 0 }; /* where each colour goes when those with transparency go first */
    for (int opaque = 0; opaque < 2; opaque++)
        for (int i = 0; i < found.count; i++)
            if ((found.colour[i].a == 255) == opaque) {
                place[i] = (uint8_t)sorted.count;
                sorted.colour[sorted.count++] = found.colour[i];
            }
    for (int k = 0; k < images; k++) {
        ret[k].palette = sorted;
        for (size_t i = 0, n = (size_t)ret[k].width * (size_t)ret[k].height; i < n; i++)
            ret[k].index[i] = place[ret[k].index[i]];
    }
    return SPR_OK;
}

enum spr_code indexed_by_palette(struct indexed *ret, const struct image **im, int images,
                                 const struct palette *p, struct spr_error *err)
{
    struct palette known = { 0 };
    struct seen seen = { .palette = &known };
    uint8_t place[256] = { 0 }; /* of the first of equal colours */
    for (int i = 0; i < p->count; i++) {
        int before = known.count, at = seen_index(&seen, p->colour[i], true);
        if (at == before)
            place[at] = (uint8_t)i;
    }
    enum spr_code rc = index_all(&seen, false, im, images, ret, err);
    for (int k = 0; k < images && !rc; k++) {
        ret[k].palette = *p;
        for (size_t i = 0, n = (size_t)ret[k].width * (size_t)ret[k].height; i < n; i++)
            ret[k].index[i] = place[ret[k].index[i]];
    }
    return rc;
}

enum spr_code indexed_from_image(struct indexed *ret, const struct image *im, struct spr_error *err)
{
    struct indexed to;
    enum spr_code rc = indexed_from_images(&to, &im, 1, err);
    if (!rc)
        *ret = to;
    return rc;
}

enum spr_code image_from_indexed(struct image *ret, const struct indexed *im, struct spr_error *err)
{
    struct image to;
    enum spr_code rc = image_init(&to, im->width, im->height, err);
    if (rc)
        return rc;
    size_t count = (size_t)im->width * (size_t)im->height;
    for (size_t i = 0; i < count; i++)
        to.pixel[i] = im->palette.colour[im->index[i]];
    *ret = to;
    return SPR_OK;
}
