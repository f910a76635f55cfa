#include "pixel/scale.h"

#include "image/colour.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum spr_code scale_nearest(const struct image *im, int factor, struct image *ret, struct spr_error *err)
{
    struct image to;
    assert(factor >= 1);
    if (factor > IMAGE_SIDE_MAX / im->width || factor > IMAGE_SIDE_MAX / im->height)
        return SPR_FAIL(err, SPR_LIMIT, "a picture of %dx%d, %d times as large, is over %d pixels a side",
                        im->width, im->height, factor, IMAGE_SIDE_MAX);
    enum spr_code rc = image_init(&to, im->width * factor, im->height * factor, err);
    if (rc)
        return rc;
    for (int y = 0; y < im->height; y++) {
        struct rgba *row = image_at(&to, 0, y * factor);
        for (int x = 0; x < im->width; x++)
            for (int k = 0; k < factor; k++)
                row[x * factor + k] = *image_at(im, x, y);
        for (int k = 1; k < factor; k++)
            memcpy(row + (size_t)k * (size_t)to.width, row, (size_t)to.width * sizeof *row);
    }
    *ret = to;
    return SPR_OK;
}

/* The pixel there, or the nearest one of the border. */
static struct rgba clamped(const struct image *im, int x, int y)
{
    x = x < 0 ? 0 : x >= im->width ? im->width - 1 : x;
    y = y < 0 ? 0 : y >= im->height ? im->height - 1 : y;
    return *image_at(im, x, y);
}

/* Whether the colour c of the square at (x, y) goes on in the pixels around that square. */
static bool continues(const struct image *im, int x, int y, struct rgba c)
{
    for (int v = y - 1; v <= y + 2; v++)
        for (int u = x - 1; u <= x + 2; u++) {
            bool inside = u >= x && u <= x + 1 && v >= y && v <= y + 1;
            if (!inside && u >= 0 && v >= 0 && u < im->width && v < im->height &&
                rgba_equal(*image_at(im, u, v), c))
                return true;
        }
    return false;
}

/* Of n opaque colours of the square at (x, y): see scale_half. */
static struct rgba elect(const struct image *im, int x, int y, const struct rgba *c, int n)
{
    int best = 0, best_votes = 0, darkest = 0;
    float best_cost = 0, second = 2;
    struct oklab lab[4] = { { 0 } };
    for (int i = 0; i < n; i++)
        lab[i] = oklab_from(c[i]);
    for (int i = 0; i < n; i++) {
        int votes = 0;
        float cost = 0;
        for (int k = 0; k < n; k++) {
            votes += rgba_equal(c[i], c[k]);
            cost += oklab_distance2(lab[i], lab[k]);
        }
        if (votes > best_votes || (votes == best_votes && cost < best_cost)) {
            best = i;
            best_votes = votes;
            best_cost = cost;
        }
        darkest = lab[i].L < lab[darkest].L ? i : darkest;
    }
    for (int i = 0; i < n; i++)
        if (!rgba_equal(c[i], c[darkest]) && lab[i].L < second)
            second = lab[i].L;
    bool outline = best_votes < 3 && second - lab[darkest].L > 0.25f && continues(im, x, y, c[darkest]);
    return c[outline ? darkest : best];
}

enum spr_code scale_half(const struct image *im, struct image *ret, struct spr_error *err)
{
    struct image to;
    enum spr_code rc = image_init(&to, (im->width + 1) / 2, (im->height + 1) / 2, err);
    if (rc)
        return rc;
    for (int y = 0; y < to.height; y++)
        for (int x = 0; x < to.width; x++) {
            struct rgba opaque[4];
            int n = 0;
            for (int k = 0; k < 4; k++) {
                struct rgba c = clamped(im, 2 * x + k % 2, 2 * y + k / 2);
                if (c.a >= 128)
                    opaque[n++] = c;
            }
            if (n >= 2)
                *image_at(&to, x, y) = elect(im, 2 * x, 2 * y, opaque, n);
        }
    *ret = to;
    return SPR_OK;
}
