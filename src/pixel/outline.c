#include "pixel/outline.h"

#include "image/colour.h"

#include <stdlib.h>
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

static bool at_border(const struct image *im, int x, int y)
{
    if (x < 1 || y < 1 || x >= im->width - 1 || y >= im->height - 1 || !is_solid(im, x, y))
        return false;
    return !is_solid(im, x - 1, y) || !is_solid(im, x + 1, y) || !is_solid(im, x, y - 1) ||
           !is_solid(im, x, y + 1);
}

/* The colour of the outline; false where there is none. A colour with more than half of all votes is what is left when
 * two different ones always go together (Boyer and Moore, 1981). */
static bool find_line(const struct image *im, struct rgba *ret)
{
    enum { FEWEST = 16 };
    const float dark = 0.4f; /* OkLab's L: #484848 */
    int lead = 0, border = 0, votes = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int y = 1; y < im->height - 1; y++)
            for (int x = 1; x < im->width - 1; x++) {
                if (!at_border(im, x, y))
                    continue;
                struct rgba p = *image_at(im, x, y);
                if (pass == 0) {
                    *ret = lead == 0 ? p : *ret;
                    lead += rgba_equal(p, *ret) ? 1 : -1;
                    border++;
                } else {
                    votes += rgba_equal(p, *ret);
                }
            }
    return border >= FEWEST && votes * 100 >= border * OUTLINE_SHARE && oklab_from(*ret).L < dark;
}

static bool is_gap(const struct image *im, int x, int y, float limit)
{
    return at_border(im, x, y) && oklab_from(*image_at(im, x, y)).L > limit;
}

enum { GAP_MOST = 2, AROUND_MOST = 8 * GAP_MOST };

struct spot {
    int x, y;
};

/* The gap that begins at (x, y), reading row by row; how many pixels, GAP_MOST + 1 for more. */
static int gap_from(const struct image *im, int x, int y, float limit, struct spot gap[GAP_MOST])
{
    int count = 1;
    gap[0] = (struct spot){ x, y };
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 8; k++) {
            struct spot at = { gap[i].x + dx[k], gap[i].y + dy[k] };
            bool known = false;
            for (int j = 0; j < count; j++)
                known = known || (gap[j].x == at.x && gap[j].y == at.y);
            if (known || !is_gap(im, at.x, at.y, limit))
                continue;
            if (count == GAP_MOST)
                return GAP_MOST + 1;
            gap[count++] = at;
        }
    return count;
}

/* Whether two pixels of the line touch the gap and not each other. */
static bool breaks(const struct image *im, const struct spot *gap, int count, struct rgba line)
{
    struct spot around[AROUND_MOST];
    int n = 0;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 8; k++) {
            struct spot at = { gap[i].x + dx[k], gap[i].y + dy[k] };
            if (at_border(im, at.x, at.y) && rgba_equal(*image_at(im, at.x, at.y), line))
                around[n++] = at;
        }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            if (abs(around[i].x - around[k].x) > 1 || abs(around[i].y - around[k].y) > 1)
                return true;
    return false;
}

int outline_close(struct image *im)
{
    const float far = 0.1f;
    struct rgba line = { 0 };
    int changed = 0;
    if (!find_line(im, &line))
        return 0;
    float limit = oklab_from(line).L + far;
    /* In place: a gap that is closed is of the line, and nothing else becomes a gap by it. */
    for (int y = 1; y < im->height - 1; y++)
        for (int x = 1; x < im->width - 1; x++) {
            struct spot gap[GAP_MOST];
            int count = is_gap(im, x, y, limit) ? gap_from(im, x, y, limit, gap) : 0;
            if (count < 1 || count > GAP_MOST || !breaks(im, gap, count, line))
                continue;
            for (int i = 0; i < count; i++)
                *image_at(im, gap[i].x, gap[i].y) = line;
            changed += count;
        }
    return changed;
}
