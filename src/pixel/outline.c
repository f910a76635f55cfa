#include "pixel/outline.h"

#include "image/colour.h"

#include <string.h>

/* Sides first, in the order that decides between equals: below, right, left, above. */
static const int dx[8] = { 0, 1, -1, 0, 1, -1, 1, -1 }, dy[8] = { 1, 0, 0, -1, 1, 1, -1, -1 };

static bool is_solid(const struct image *im, int x, int y)
{
    return x >= 0 && y >= 0 && x < im->width && y < im->height && image_at(im, x, y)->a >= 128;
}

struct rgba outline_shade(struct rgba c)
{
    struct oklab lab = oklab_from(c);
    lab.L *= 0.55f;
    lab.a *= 0.8f;
    lab.b *= 0.8f;
    struct rgba shade = oklab_to(lab);
    return (struct rgba){ shade.r, shade.g, shade.b, 255 };
}

bool outline_needs_room(const struct image *im)
{
    for (int x = 0; x < im->width; x++)
        if (is_solid(im, x, 0) || is_solid(im, x, im->height - 1))
            return true;
    for (int y = 0; y < im->height; y++)
        if (is_solid(im, 0, y) || is_solid(im, im->width - 1, y))
            return true;
    return false;
}

static enum spr_code grow(struct image *im, struct spr_error *err)
{
    struct image to;
    enum spr_code rc = image_init(&to, im->width + 2, im->height + 2, err);
    if (rc)
        return rc;
    for (int y = 0; y < im->height; y++)
        memcpy(image_at(&to, 1, y + 1), image_at(im, 0, y), (size_t)im->width * sizeof *im->pixel);
    image_fini(im);
    *im = to;
    return SPR_OK;
}

/* The colour of the line at a pixel of that kind (solid or not); false where there is none. */
static bool line_at(const struct image *im, int x, int y, const struct outline_options *o, struct rgba *ret)
{
    bool outer = o->place == OUTLINE_OUTER;
    if (is_solid(im, x, y) == outer)
        return false;
    for (int i = 0; i < (o->corners ? 8 : 4); i++)
        if (is_solid(im, x + dx[i], y + dy[i]) == outer) {
            struct rgba base = outer ? *image_at(im, x + dx[i], y + dy[i]) : *image_at(im, x, y);
            *ret = o->selective ? outline_shade(base) : o->colour;
            return true;
        }
    return false;
}

enum spr_code outline_draw(struct image *im, const struct outline_options *o, struct spr_error *err)
{
    struct image before;
    enum spr_code rc = o->place == OUTLINE_OUTER && o->grow ? grow(im, err) : SPR_OK;
    if (!rc)
        rc = image_copy(&before, im, err);
    if (rc)
        return rc;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            struct rgba c;
            if (line_at(&before, x, y, o, &c))
                *image_at(im, x, y) = c;
        }
    image_fini(&before);
    return SPR_OK;
}

static bool same(const struct image *im, int x, int y, struct rgba c)
{
    return x >= 0 && y >= 0 && x < im->width && y < im->height && rgba_equal(*image_at(im, x, y), c);
}

/* Whether the run from (x, y) towards (ux, uy) has one pixel more only, and that one goes on to the far side of the
 * corner: straight ahead it is over, ahead or beside, away from (vx, vy), there is more of the line. */
static bool steps(const struct image *im, int x, int y, int ux, int uy, int vx, int vy, struct rgba c)
{
    if (same(im, x + 2 * ux, y + 2 * uy, c))
        return false;
    return same(im, x + 2 * ux - vx, y + 2 * uy - vy, c) || same(im, x + ux - vx, y + uy - vy, c);
}

/* The line turns at (x, y) from (ux, uy) to (vx, vy) and nothing else of its colour is near. */
static bool is_corner(const struct image *im, int x, int y, int ux, int uy, int vx, int vy, struct rgba c)
{
    return same(im, x + ux, y + uy, c) && same(im, x + vx, y + vy, c) && !same(im, x - ux, y - uy, c) &&
           !same(im, x - vx, y - vy, c) && !same(im, x + ux + vx, y + uy + vy, c) &&
           !same(im, x - ux - vx, y - uy - vy, c);
}

/* What lies outside the corner at (x, y) whose lines go towards (wx, wy); at the border, beside it. */
static struct rgba outside_of(const struct image *im, int x, int y, int wx, int wy)
{
    int ox = x - wx, oy = y - wy;
    if (ox < 0 || ox >= im->width)
        ox = x;
    if (oy < 0 || oy >= im->height)
        oy = y;
    return ox == x && oy == y ? (struct rgba){ 0 } : *image_at(im, ox, oy);
}

static bool is_jaggy(const struct image *im, int x, int y, struct rgba *ret)
{
    static const int ways[4][4] = { { -1, 0, 0, -1 }, { 1, 0, 0, -1 }, { -1, 0, 0, 1 }, { 1, 0, 0, 1 } };
    struct rgba c = *image_at(im, x, y);
    if (c.a < 128)
        return false;
    for (int i = 0; i < 4; i++) {
        int ux = ways[i][0], uy = ways[i][1], vx = ways[i][2], vy = ways[i][3];
        if (!is_corner(im, x, y, ux, uy, vx, vy, c) ||
            (!steps(im, x, y, ux, uy, vx, vy, c) && !steps(im, x, y, vx, vy, ux, uy, c)))
            continue;
        *ret = outside_of(im, x, y, ux + vx, uy + vy);
        return true;
    }
    return false;
}

int outline_clean(struct image *im)
{
    int changed = 0;
    /* In place and in order: where a corner went, its neighbours are no corners any more. */
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            struct rgba c;
            if (is_jaggy(im, x, y, &c)) {
                *image_at(im, x, y) = c;
                changed++;
            }
        }
    return changed;
}
