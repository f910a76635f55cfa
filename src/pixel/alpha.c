#include "pixel/alpha.h"

#include "base/mem.h"
#include "image/colour.h"

#include <stdbool.h>
#include <string.h>

/* The first four are sides, the others corners. */
static const int near_x[8] = { 1, -1, 0, 0, 1, 1, -1, -1 }, near_y[8] = { 0, 0, 1, -1, 1, -1, 1, -1 };

static struct rgba *neighbour(const struct image *im, int x, int y, int k)
{
    x += near_x[k];
    y += near_y[k];
    return x < 0 || y < 0 || x >= im->width || y >= im->height ? NULL : image_at(im, x, y);
}

void alpha_cut(struct image *im, int from)
{
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++) {
        if (im->pixel[i].a >= from)
            im->pixel[i].a = 255;
        else
            im->pixel[i] = (struct rgba){ 0 };
    }
}

int alpha_defringe(struct image *im, int from, int solid)
{
    enum { UNLIKE = 15 }; /* hundredths of OkLab distance: another colour, not another shade */
    int changed = 0;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            struct rgba *at = image_at(im, x, y), *best = NULL;
            if (at->a < from || at->a >= solid)
                continue;
            struct oklab own = oklab_from(*at);
            bool alone = true;
            for (int k = 0; k < 8 && alone; k++) {
                struct rgba *n = neighbour(im, x, y, k);
                if (!n || n->a < from)
                    continue;
                alone = oklab_distance2(own, oklab_from(*n)) > (float)(UNLIKE * UNLIKE) * 1e-4f;
                if (!best || n->a > best->a)
                    best = n;
            }
            if (alone && best && best->a > at->a) {
                *at = (struct rgba){ best->r, best->g, best->b, at->a };
                changed++;
            }
        }
    return changed;
}

struct flood {
    struct image *im;
    int from;       /* alpha of pixels that are there */
    int32_t *stack; /* (pixels) a component as it is found */
    uint8_t *seen;  /* (pixels) */
    int largest;    /* island, in pixels */
};

struct component {
    int size;
    bool island; /* else a hole */
    bool inside; /* it does not reach the border */
    int most;    /* alpha */
};

/* Collects the component of pixel i in stack[]. */
static struct component flood_from(struct flood *f, size_t i)
{
    struct component c = { .island = f->im->pixel[i].a >= f->from, .inside = true };
    int ways = c.island ? 8 : 4;
    f->stack[c.size++] = (int32_t)i;
    f->seen[i] = 1;
    for (int done = 0; done < c.size; done++) {
        int x = f->stack[done] % f->im->width, y = f->stack[done] / f->im->width,
            a = image_at(f->im, x, y)->a;
        c.most = a > c.most ? a : c.most;
        if (x == 0 || y == 0 || x == f->im->width - 1 || y == f->im->height - 1)
            c.inside = false;
        for (int k = 0; k < ways; k++) {
            struct rgba *n = neighbour(f->im, x, y, k);
            if (!n || (n->a >= f->from) != c.island || f->seen[n - f->im->pixel])
                continue;
            f->seen[n - f->im->pixel] = 1;
            f->stack[c.size++] = (int32_t)(n - f->im->pixel);
        }
    }
    return c;
}

/* The neighbour at a side or corner that is most like the others: no colour of its own making. */
static struct rgba filling(const struct image *im, int x, int y)
{
    struct rgba best = { 0 };
    float least = -1;
    for (int k = 0; k < 8; k++) {
        struct rgba *a = neighbour(im, x, y, k);
        if (!a || a->a != 255)
            continue;
        float sum = 0;
        for (int j = 0; j < 8; j++) {
            struct rgba *b = neighbour(im, x, y, j);
            if (b && b->a == 255)
                sum += oklab_distance2(oklab_from(*a), oklab_from(*b));
        }
        if (least < 0 || sum < least) {
            least = sum;
            best = *a;
        }
    }
    return best;
}

static void flood_fini(struct flood *f)
{
    mem_free(f->seen);
    mem_free(f->stack);
}

static enum spr_code flood_init(struct flood *f, struct image *im, int from, struct spr_error *err)
{
    size_t pixels = (size_t)im->width * (size_t)im->height;
    *f = (struct flood){ .im = im, .from = from, .stack = mem_zalloc(pixels, sizeof *f->stack) };
    f->seen = f->stack ? mem_zalloc(pixels, 1) : NULL;
    if (!f->seen) {
        flood_fini(f);
        return SPR_FAIL(err, SPR_NOMEM, "no memory to look for specks");
    }
    for (size_t i = 0; i < pixels; i++) {
        struct component c = { 0 };
        if (im->pixel[i].a >= from && !f->seen[i])
            c = flood_from(f, i);
        f->largest = c.size > f->largest ? c.size : f->largest;
    }
    memset(f->seen, 0, pixels);
    return SPR_OK;
}

enum spr_code alpha_drop_remnants(struct image *im, int from, int solid, int max_pixels, int *ret_changed,
                                  struct spr_error *err)
{
    struct flood f;
    int changed = 0;
    enum spr_code rc = flood_init(&f, im, from, err);
    if (rc)
        return rc;
    for (size_t i = 0, pixels = (size_t)im->width * (size_t)im->height; i < pixels; i++) {
        if (f.seen[i] || im->pixel[i].a < from)
            continue;
        struct component c = flood_from(&f, i);
        if (c.size > max_pixels || c.most >= solid || c.size == f.largest)
            continue;
        changed += c.size;
        for (int k = 0; k < c.size; k++)
            im->pixel[f.stack[k]] = (struct rgba){ 0 };
    }
    flood_fini(&f);
    if (ret_changed)
        *ret_changed = changed;
    return SPR_OK;
}

enum spr_code alpha_despeckle(struct image *im, int max_pixels, int *ret_changed, struct spr_error *err)
{
    struct flood f;
    int changed = 0;
    enum spr_code rc = flood_init(&f, im, 255, err);
    if (rc)
        return rc;
    for (size_t i = 0, pixels = (size_t)im->width * (size_t)im->height; i < pixels; i++) {
        if (f.seen[i])
            continue;
        struct component c = flood_from(&f, i);
        if (c.size > max_pixels || (c.island ? c.size == f.largest : !c.inside))
            continue;
        changed += c.size;
        for (int k = 0; k < c.size; k++) {
            int32_t at = f.stack[k];
            im->pixel[at] = c.island ? (struct rgba){ 0 } : filling(im, at % im->width, at / im->width);
        }
    }
    flood_fini(&f);
    if (ret_changed)
        *ret_changed = changed;
    return SPR_OK;
}

/* One step of bleeding: pixels not yet reached get the mean of those that were before this step. */
static bool bleed_step(struct image *im, uint8_t *reached, uint8_t step)
{
    bool any = false;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            struct rgba *at = image_at(im, x, y);
            int r = 0, g = 0, b = 0, n = 0;
            if (reached[at - im->pixel])
                continue;
            for (int k = 0; k < 8; k++) {
                const struct rgba *from = neighbour(im, x, y, k);
                if (!from || !reached[from - im->pixel] || reached[from - im->pixel] > step)
                    continue;
                r += from->r, g += from->g, b += from->b, n++;
            }
            if (n == 0)
                continue;
            *at = (struct rgba){ (uint8_t)((r + n / 2) / n), (uint8_t)((g + n / 2) / n),
                                 (uint8_t)((b + n / 2) / n), 0 };
            reached[at - im->pixel] = (uint8_t)(step + 1);
            any = true;
        }
    return any;
}

enum spr_code alpha_bleed(struct image *im, int steps, struct spr_error *err)
{
    size_t pixels = (size_t)im->width * (size_t)im->height;
    uint8_t *reached = mem_zalloc(pixels, 1); /* 1: has a colour of its own; n: reached in step n - 1 */
    if (!reached)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to spread colours under transparent pixels");
    for (size_t i = 0; i < pixels; i++)
        reached[i] = im->pixel[i].a > 0;
    for (int step = 1; step <= steps && step < 255 && bleed_step(im, reached, (uint8_t)step); step++)
        ;
    mem_free(reached);
    return SPR_OK;
}
