#include "pixel/sheet.h"

#include <assert.h>
#include <stdint.h>

enum { SQUARE = 8 }; /* pixels a side of the checker board, in the finished sheet */

static void checker(const struct image *im)
{
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            uint8_t v = (x / SQUARE + y / SQUARE) % 2 ? 0x66 : 0x77;
            *image_at(im, x, y) = (struct rgba){ v, v, v, 255 };
        }
}

static uint8_t mix(uint8_t over, uint8_t under, int alpha)
{
    return (uint8_t)((over * alpha + under * (255 - alpha) + 127) / 255);
}

/* Over what is there; on nothing, the pixel itself. */
static struct rgba over(struct rgba c, struct rgba below)
{
    if (below.a == 0)
        return c;
    return (struct rgba){ mix(c.r, below.r, c.a), mix(c.g, below.g, c.a), mix(c.b, below.b, c.a), 255 };
}

static void place(const struct image *sheet, const struct image *sprite, int left, int top, int scale)
{
    for (int y = 0; y < sprite->height * scale; y++)
        for (int x = 0; x < sprite->width * scale; x++) {
            struct rgba *to = image_at(sheet, left + x, top + y);
            *to = over(*image_at(sprite, x / scale, y / scale), *to);
        }
}

enum spr_code sheet_make(const struct image *const *sprite, int count, const struct sheet_options *o,
                         struct image *ret, struct spr_error *err)
{
    assert(count >= 1 && o->columns >= 0 && o->scale >= 0 && o->gap >= 0);
    int64_t width = 1, height = 1, scale = o->scale ? o->scale : 1, columns = o->columns, gap = o->gap;
    for (int i = 0; i < count; i++) {
        width = sprite[i]->width > width ? sprite[i]->width : width;
        height = sprite[i]->height > height ? sprite[i]->height : height;
    }
    while (columns * columns < count && o->columns == 0)
        columns++;
    columns = columns > count ? count : columns;
    int64_t rows = (count + columns - 1) / columns;
    int64_t w = columns * (width * scale + gap) + gap, h = rows * (height * scale + gap) + gap;
    struct image to;
    if (w > IMAGE_SIDE_MAX || h > IMAGE_SIDE_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "a sheet of %d sprites would be %jd x %jd pixels; a side may have %d",
                        count, (intmax_t)w, (intmax_t)h, IMAGE_SIDE_MAX);
    enum spr_code rc = image_init(&to, (int)w, (int)h, err);
    if (rc)
        return rc;
    if (o->checker)
        checker(&to);
    for (int i = 0; i < count; i++) {
        int64_t left = gap + i % columns * (width * scale + gap) + (width - sprite[i]->width) / 2 * scale;
        int64_t top = gap + i / columns * (height * scale + gap) + (height - sprite[i]->height) / 2 * scale;
        place(&to, sprite[i], (int)left, (int)top, (int)scale);
    }
    *ret = to;
    return SPR_OK;
}
