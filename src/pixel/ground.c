#include "pixel/ground.h"

#include "base/mem.h"
#include "image/colour.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { KEY_WITHIN = 10 };

bool ground_named(const char *text, struct ground *ret)
{
    static const char *const names[] = { "keep", "auto", "flood" };
    struct ground g = { .within = 0 };
    for (int k = 0; k < 3; k++)
        if (strcasecmp(text, names[k]) == 0) {
            g.kind = (enum ground_kind)k;
            *ret = g;
            return true;
        }
    if (strncasecmp(text, "color=", 6) != 0 || !rgba_from_hex(text + 6, &g.colour))
        return false;
    g.kind = GROUND_COLOUR;
    g.within = KEY_WITHIN;
    *ret = g;
    return true;
}

static bool alike(struct rgba p, struct rgba q, int within)
{
    return p.a > 0 && q.a > 0 && abs(p.r - q.r) <= within && abs(p.g - q.g) <= within &&
           abs(p.b - q.b) <= within;
}

static size_t border_pixels(const struct image *im)
{
    return im->height < 3 || im->width < 3 ? (size_t)im->width * (size_t)im->height
                                           : 2 * ((size_t)im->width + (size_t)im->height) - 4;
}

/* The i-th pixel of the border. */
static struct rgba border_at(const struct image *im, size_t i)
{
    size_t w = (size_t)im->width, h = (size_t)im->height;
    if (h < 3 || w < 3)
        return im->pixel[i];
    if (i < w)
        return im->pixel[i];
    if (i < 2 * w)
        return im->pixel[(h - 1) * w + i - w];
    i -= 2 * w;
    return im->pixel[(i / 2 + 1) * w + (i % 2 ? w - 1 : 0)];
}

static int by_value(const void *p, const void *q)
{
    return memcmp(p, q, sizeof(struct rgba));
}

/* The most frequent colour of the border; of those equally frequent the one with the least bytes. *ret_count: how many
 * border pixels have it. */
static enum spr_code border_colour(const struct image *im, struct rgba *ret, size_t *ret_count,
                                   struct spr_error *err)
{
    size_t count = border_pixels(im), most = 0;
    struct rgba *sorted = mem_zalloc(count, sizeof *sorted);
    if (!sorted)
        return SPR_FAIL(err, SPR_NOMEM, "%zu border pixels", count);
    for (size_t i = 0; i < count; i++)
        sorted[i] = border_at(im, i);
    qsort(sorted, count, sizeof *sorted, by_value);
    for (size_t i = 0, from = 0; i < count; i++) {
        if (!rgba_equal(sorted[i], sorted[from]))
            from = i;
        if (i - from + 1 > most) {
            most = i - from + 1;
            *ret = sorted[i];
        }
    }
    mem_free(sorted);
    *ret_count = most;
    return SPR_OK;
}

static int remove_everywhere(struct image *im, struct rgba colour, int within)
{
    int removed = 0;
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++)
        if (alike(im->pixel[i], colour, within)) {
            im->pixel[i] = (struct rgba){ 0, 0, 0, 0 };
            removed++;
        }
    return removed;
}

struct flood {
    struct image *im;
    struct rgba colour;
    int within, removed;
    size_t *queue, tail;
};

static void flood_try(struct flood *f, int x, int y)
{
    if (x < 0 || y < 0 || x >= f->im->width || y >= f->im->height)
        return;
    struct rgba *p = image_at(f->im, x, y);
    if (!alike(*p, f->colour, f->within))
        return;
    *p = (struct rgba){ 0, 0, 0, 0 };
    f->removed++;
    f->queue[f->tail++] = (size_t)(p - f->im->pixel);
}

static enum spr_code flood(struct image *im, struct rgba colour, int within, int *ret_removed,
                           struct spr_error *err)
{
    size_t n = (size_t)im->width * (size_t)im->height;
    struct flood f = {
        .im = im, .colour = colour, .within = within, .queue = mem_zalloc(n, sizeof *f.queue)
    };
    if (!f.queue)
        return SPR_FAIL(err, SPR_NOMEM, "flood of %zu pixels", n);
    for (int x = 0; x < im->width; x++) {
        flood_try(&f, x, 0);
        flood_try(&f, x, im->height - 1);
    }
    for (int y = 0; y < im->height; y++) {
        flood_try(&f, 0, y);
        flood_try(&f, im->width - 1, y);
    }
    for (size_t head = 0; head < f.tail; head++) {
        int x = (int)(f.queue[head] % (size_t)im->width), y = (int)(f.queue[head] / (size_t)im->width);
        flood_try(&f, x - 1, y);
        flood_try(&f, x + 1, y);
        flood_try(&f, x, y - 1);
        flood_try(&f, x, y + 1);
    }
    mem_free(f.queue);
    *ret_removed = f.removed;
    return SPR_OK;
}

enum spr_code ground_remove(struct image *im, const struct ground *g, int *ret_removed, struct spr_error *err)
{
    struct rgba colour = g->colour;
    size_t on_border = 0;
    int removed = 0;
    enum spr_code rc = SPR_OK;
    if (g->kind == GROUND_AUTO || g->kind == GROUND_FLOOD)
        rc = border_colour(im, &colour, &on_border, err);
    if (!rc && g->kind == GROUND_FLOOD)
        rc = flood(im, colour, g->within, &removed, err);
    else if (!rc && (g->kind == GROUND_COLOUR ||
                     (g->kind == GROUND_AUTO && colour.a > 0 && on_border * 2 > border_pixels(im))))
        removed = remove_everywhere(im, colour, g->within);
    if (!rc && ret_removed)
        *ret_removed = removed;
    return rc;
}

static uint8_t byte(double v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
}

enum spr_code ground_two(const struct image *a, const struct image *b, struct image *ret,
                         struct spr_error *err)
{
    struct rgba A = { 0 }, B = { 0 };
    size_t count;
    struct image thing;
    if (a->width != b->width || a->height != b->height)
        return SPR_FAIL(
            err, SPR_BADARG,
            "the second ground's picture is %d x %d pixels, the first %d x %d: they must be alike", b->width,
            b->height, a->width, a->height);
    enum spr_code rc = border_colour(a, &A, &count, err);
    if (!rc)
        rc = border_colour(b, &B, &count, err);
    if (rc)
        return rc;
    double red = A.r - B.r, green = A.g - B.g, blue = A.b - B.b,
           whole = red * red + green * green + blue * blue;
    if (abs(A.r - B.r) + abs(A.g - B.g) + abs(A.b - B.b) < 96)
        return SPR_FAIL(err, SPR_BADDATA,
                        "the two grounds, #%02x%02x%02x and #%02x%02x%02x, are too much alike to tell what "
                        "is transparent",
                        A.r, A.g, A.b, B.r, B.g, B.b);
    rc = image_init(&thing, a->width, a->height, err);
    for (size_t i = 0, n = rc ? 0 : (size_t)a->width * (size_t)a->height; i < n; i++) {
        struct rgba p = a->pixel[i], q = b->pixel[i];
        double through = ((p.r - q.r) * red + (p.g - q.g) * green + (p.b - q.b) * blue) / whole;
        double alpha = through < 0 ? 1 : through > 1 ? 0 : 1 - through;
        if (alpha * 255 < 0.5)
            continue;
        thing.pixel[i] =
            (struct rgba){ byte((p.r - (1 - alpha) * A.r) / alpha), byte((p.g - (1 - alpha) * A.g) / alpha),
                           byte((p.b - (1 - alpha) * A.b) / alpha), byte(alpha * 255) };
    }
    if (!rc)
        *ret = thing;
    return rc;
}
