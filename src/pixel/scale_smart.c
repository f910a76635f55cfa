/* Scalers that read a pixel's neighbourhood and draw its four quarters with colours from it.
 *
 * Names of the neighbours, after the papers:        P            the quarters of E:   J K
 *                                                 A B C                               L M
 *                                               Q D E F R
 *                                                 G H I
 *                                                   S
 * EPX: E. Johnston 1992, as Scale2x by A. Mazzoleni 2001 states it.
 * MMPX: rules by M. McGuire and M. Gagiu, MMPX Style-Preserving Pixel Art Magnification, JCGT 2021. Each rule is written
 *   once, for one direction, and asked in all four or eight by looking at the neighbourhood turned or mirrored.
 * xBR: the edge measure of xBR by Hyllian (2011), level 1; its blending is left out, so that a quarter takes the whole
 *   colour of a neighbour. */
#include "base/mem.h"
#include "pixel/scale.h"

#include <stdlib.h>
#include <string.h>

enum { REACH = 3 };

/* The picture with its border repeated REACH pixels outwards, so that looking around needs no test. */
struct field {
    int stride;
    uint32_t *pixel; /* (height + 2 * REACH, stride) */
};

static enum spr_code make_field(const struct image *im, struct field *ret, struct spr_error *err)
{
    int stride = im->width + 2 * REACH, rows = im->height + 2 * REACH;
    uint32_t *pixel = mem_zalloc((size_t)stride * (size_t)rows, sizeof *pixel);
    if (!pixel)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to enlarge a picture of %dx%d", im->width, im->height);
    for (int y = 0; y < rows; y++) {
        int from = y < REACH ? 0 : y - REACH >= im->height ? im->height - 1 : y - REACH;
        uint32_t *to = pixel + (size_t)y * (size_t)stride;
        memcpy(to + REACH, image_at(im, 0, from), (size_t)im->width * sizeof *to);
        for (int x = 0; x < REACH; x++) {
            to[x] = to[REACH];
            to[REACH + im->width + x] = to[REACH + im->width - 1];
        }
    }
    *ret = (struct field){ stride, pixel };
    return SPR_OK;
}

/* The neighbourhood as it looks turned: (x, y) of the rule is x * (ax, ay) + y * (bx, by) of the picture. */
struct view {
    const uint32_t *e; /* the pixel itself */
    ptrdiff_t x, y;    /* one step to the right, one step down */
};

static inline uint32_t at(struct view v, int x, int y)
{
    return v.e[x * v.x + y * v.y];
}

/* How light; transparent is lighter than white. */
static inline uint32_t light(uint32_t pixel)
{
    struct rgba c;
    memcpy(&c, &pixel, sizeof c);
    return (c.r + c.g + c.b + 1u) * (256u - c.a);
}

/* A diagonal that runs from left to up: does quarter J take the colour of B and D? */
static inline bool diagonal(struct view v)
{
    uint32_t a = at(v, -1, -1), b = at(v, 0, -1), d = at(v, -1, 0), e = *v.e;
    if (d != b || d == at(v, 0, 1) || d == at(v, 1, 0) || d == e)
        return false;
    uint32_t le = light(e), ld = light(d);
    if (le < ld && e != a)
        return false;
    if (e != a && e != at(v, 1, -1) && e != at(v, -1, 1))
        return false;
    return le < ld || a != d || e != at(v, 0, -2) || e != at(v, -2, 0);
}

/* Where a line meets a bar at the right: both right quarters take F. */
static inline bool crossing(struct view v)
{
    uint32_t e = *v.e, f = at(v, 1, 0);
    return e != f && e == at(v, 1, -1) && e == at(v, 1, 1) && e == at(v, -1, 0) && e == at(v, -2, 0) &&
           f == at(v, 0, -1) && f == at(v, 0, 1) && f != at(v, 3, 0);
}

/* A darker line that ends above a flat ground: both upper quarters take B. */
static inline bool overhang(struct view v)
{
    uint32_t e = *v.e;
    return e == at(v, -1, 1) && e == at(v, 0, 1) && e == at(v, 1, 1) && e == at(v, 0, 2) &&
           e != at(v, -1, 0) && e != at(v, -1, -1) && e != at(v, 1, -1) && e != at(v, 1, 0) &&
           light(at(v, 0, -1)) < light(e);
}

/* A slope of two to one that rises to the right below E: L takes what M has. */
static inline bool slope(struct view v)
{
    uint32_t e = *v.e, h = at(v, 0, 1);
    return h != at(v, 0, -1) && h != at(v, -1, -1) && h != e && h != at(v, 1, -1) && h == at(v, -1, 1) &&
           h == at(v, 1, 0) && h == at(v, 2, 0) && h != at(v, -1, 0) && h != at(v, 2, -1);
}

/* Quarters by place: 0 1 above, 2 3 below. turned[t][q]: which quarter of the picture quarter q of view t is. */
struct turn {
    int xx, xy, yx, yy; /* the view's x and y steps, in the picture's x and y */
    int quarter[4];
};
static const struct turn turns[8] = {
    { 1, 0, 0, 1, { 0, 1, 2, 3 } },   { -1, 0, 0, 1, { 1, 0, 3, 2 } },  { 1, 0, 0, -1, { 2, 3, 0, 1 } },
    { -1, 0, 0, -1, { 3, 2, 1, 0 } }, { 0, 1, 1, 0, { 0, 2, 1, 3 } },   { 0, 1, -1, 0, { 1, 3, 0, 2 } },
    { 0, -1, 1, 0, { 2, 0, 3, 1 } },  { 0, -1, -1, 0, { 3, 1, 2, 0 } },
};

static struct view turned(const uint32_t *e, int stride, const struct turn *t)
{
    return (struct view){ e, t->xx + (ptrdiff_t)t->xy * stride, t->yx + (ptrdiff_t)t->yy * stride };
}

static const int rights[4] = { 0, 1, 4, 6 }; /* their right is right, left, down, up */
static const int ups[4] = { 0, 2, 4, 5 };    /* their up is up, down, left, right */

/* The rules in the paper's order: later ones see and replace what earlier ones drew. All but the overhang need two sides
 * that meet at a corner, have one colour, and not the pixel's own; most pixels have no such corner. */
static void mmpx_pixel(const uint32_t *e, int stride, uint32_t q[4])
{
    uint32_t own = *e, b = e[-stride], d = e[-1], f = e[1], h = e[stride];
    bool meets[4] = { b == d && b != own, b == f && b != own, h == d && h != own, h == f && h != own };
    bool any = meets[0] | meets[1] | meets[2] | meets[3];
    bool ends =
        (own == b) + (own == d) + (own == f) + (own == h) == 1; /* an overhang lies on one side alone */
    if (!any && !ends)
        return;
    for (int c = 0; c < 4 && any; c++)
        if (meets[c] && diagonal(turned(e, stride, &turns[c])))
            q[c] = c < 2 ? b : h;
    for (int i = 0; i < 4 && any; i++) {
        const struct turn *t = &turns[rights[i]];
        struct view v = turned(e, stride, t);
        if (meets[t->quarter[1]] && meets[t->quarter[3]] && crossing(v))
            q[t->quarter[1]] = q[t->quarter[3]] = at(v, 1, 0);
    }
    for (int i = 0; i < 4 && ends; i++) {
        const struct turn *t = &turns[ups[i]];
        struct view v = turned(e, stride, t);
        if (overhang(v))
            q[t->quarter[0]] = q[t->quarter[1]] = at(v, 0, -1);
    }
    for (int t = 0; t < 8 && any; t++)
        if (meets[turns[t].quarter[3]] && slope(turned(e, stride, &turns[t])))
            q[turns[t].quarter[2]] = q[turns[t].quarter[3]];
}

static void epx_pixel(const uint32_t *e, int stride, uint32_t q[4])
{
    uint32_t up = e[-stride], left = e[-1], right = e[1], down = e[stride];
    if (up == down || left == right)
        return; /* no corner here */
    q[0] = left == up ? up : *e;
    q[1] = up == right ? right : *e;
    q[2] = down == left ? left : *e;
    q[3] = right == down ? down : *e;
}

static uint32_t apart(uint32_t p, uint32_t q)
{
    struct rgba a, b;
    memcpy(&a, &p, sizeof a);
    memcpy(&b, &q, sizeof b);
    if (p == q || (a.a == 0 && b.a == 0))
        return 0;
    int red = abs(a.r - b.r), green = abs(a.g - b.g), blue = abs(a.b - b.b), alpha = abs(a.a - b.a);
    return (uint32_t)(2 * red + 4 * green + blue + 8 * alpha);
}

/* All differences that xBR asks for are between pixels that touch at a corner: each is computed once. */
struct slants {
    uint32_t rise, fall; /* to the pixel above at the right, and below at the right */
};

/* Between the pixels at (x, y) and (x + sx, y + sy) from here. */
static inline uint32_t slant(const struct slants *s, int stride, int x, int y, int sx, int sy)
{
    const struct slants *left = s + (ptrdiff_t)(sx > 0 ? y : y + sy) * stride + (sx > 0 ? x : x + sx);
    return sx * sy > 0 ? left->fall : left->rise;
}

/* Whether an edge runs across the quarter towards (sx, sy), and then the nearer of the two neighbours there. */
static inline void xbr_quarter(const uint32_t *e, const struct slants *s, int stride, int sx, int sy,
                               uint32_t *quarter)
{
    uint32_t f = e[sx], h = e[sy * stride];
    if (*e == f || *e == h)
        return;
    uint32_t across = slant(s, stride, 0, 0, sx, -sy) + slant(s, stride, 0, 0, -sx, sy) +
                      slant(s, stride, sx, sy, sx, -sy) + slant(s, stride, sx, sy, -sx, sy) +
                      4 * slant(s, stride, 0, sy, sx, -sy);
    uint32_t along = slant(s, stride, 0, sy, -sx, -sy) + slant(s, stride, 0, sy, sx, sy) +
                     slant(s, stride, sx, 0, sx, sy) + slant(s, stride, sx, 0, -sx, -sy) +
                     4 * slant(s, stride, 0, 0, sx, sy);
    if (across < along)
        *quarter = apart(*e, f) <= apart(*e, h) ? f : h;
}

static void xbr_all(const struct field *f, const struct slants *slants, const struct image *to)
{
    for (int y = 0; y < to->height / 2; y++)
        for (int x = 0; x < to->width / 2; x++) {
            size_t place = (size_t)(y + REACH) * (size_t)f->stride + (size_t)(x + REACH);
            const uint32_t *e = f->pixel + place;
            uint32_t q[4] = { *e, *e, *e, *e };
            xbr_quarter(e, slants + place, f->stride, -1, -1, &q[0]);
            xbr_quarter(e, slants + place, f->stride, 1, -1, &q[1]);
            xbr_quarter(e, slants + place, f->stride, -1, 1, &q[2]);
            xbr_quarter(e, slants + place, f->stride, 1, 1, &q[3]);
            memcpy(image_at(to, 2 * x, 2 * y), q, 2 * sizeof *q);
            memcpy(image_at(to, 2 * x, 2 * y + 1), q + 2, 2 * sizeof *q);
        }
}

static enum spr_code twice(const struct image *im,
                           void (*pixel)(const uint32_t *e, int stride, uint32_t q[4]), struct image *ret,
                           struct spr_error *err)
{
    struct image to;
    struct field f;
    enum spr_code rc = image_init(&to, im->width * 2, im->height * 2, err);
    if (rc)
        return rc;
    rc = make_field(im, &f, err);
    for (int y = 0; y < im->height && !rc; y++) {
        const uint32_t *e = f.pixel + (size_t)(y + REACH) * (size_t)f.stride + REACH;
        struct rgba *upper = image_at(&to, 0, 2 * y), *lower = image_at(&to, 0, 2 * y + 1);
        for (int x = 0; x < im->width; x++, e++) {
            uint32_t q[4] = { *e, *e, *e, *e };
            pixel(e, f.stride, q);
            memcpy(upper + (size_t)2 * (size_t)x, q, 2 * sizeof *q);
            memcpy(lower + (size_t)2 * (size_t)x, q + 2, 2 * sizeof *q);
        }
    }
    if (rc) {
        image_fini(&to);
        return rc;
    }
    mem_free(f.pixel);
    *ret = to;
    return SPR_OK;
}

enum spr_code scale_epx(const struct image *im, struct image *ret, struct spr_error *err)
{
    return twice(im, epx_pixel, ret, err);
}

enum spr_code scale_mmpx(const struct image *im, struct image *ret, struct spr_error *err)
{
    return twice(im, mmpx_pixel, ret, err);
}

enum spr_code scale_xbr(const struct image *im, struct image *ret, struct spr_error *err)
{
    struct image to;
    struct field f = { 0 };
    struct slants *slants = NULL;
    enum spr_code rc = image_init(&to, im->width * 2, im->height * 2, err);
    if (rc)
        return rc;
    rc = make_field(im, &f, err);
    size_t rows = (size_t)im->height + 2 * REACH, stride = (size_t)f.stride;
    if (!rc && !(slants = mem_zalloc(rows * stride, sizeof *slants)))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to enlarge a picture of %dx%d", im->width, im->height);
    for (size_t y = 1; y + 1 < rows && !rc; y++)
        for (size_t x = 0; x + 1 < stride; x++) {
            const uint32_t *p = f.pixel + y * stride + x;
            slants[y * stride + x] =
                (struct slants){ apart(*p, p[1 - f.stride]), apart(*p, p[1 + f.stride]) };
        }
    if (!rc)
        xbr_all(&f, slants, &to);
    mem_free(slants);
    mem_free(f.pixel);
    if (rc)
        image_fini(&to);
    else
        *ret = to;
    return rc;
}

const char *scale_method_name(enum scale_method m)
{
    static const char *const names[SCALE_METHOD_COUNT] = { "nearest", "epx", "mmpx", "xbr" };
    return names[m];
}

enum spr_code scale_by(const struct image *im, enum scale_method method, int factor, struct image *ret,
                       struct spr_error *err)
{
    static enum spr_code (*const doubling[SCALE_METHOD_COUNT])(
        const struct image *, struct image *, struct spr_error *) = { NULL, scale_epx, scale_mmpx,
                                                                      scale_xbr };
    if (method == SCALE_NEAREST || factor == 1)
        return scale_nearest(im, factor, ret, err);
    if (factor < 1 || (factor & (factor - 1)))
        return SPR_FAIL(err, SPR_BADARG,
                        "%s enlarges by 2, 4, 8 ..., not by %d; nearest does any whole number",
                        scale_method_name(method), factor);
    struct image now = { 0 };
    enum spr_code rc = SPR_OK;
    for (int done = 1; done < factor && !rc; done *= 2) {
        struct image next;
        rc = doubling[method](now.pixel ? &now : im, &next, err);
        if (!rc) {
            image_fini(&now);
            now = next;
        }
    }
    if (rc)
        image_fini(&now);
    else
        *ret = now;
    return rc;
}
