#include "image/image.h"

#include "base/mem.h"

#include <string.h>

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

void indexed_fini(struct indexed *im)
{
    mem_free(im->index);
    *im = (struct indexed){ 0 };
}
