#include "pixel/reduce.h"

#include "base/mem.h"
#include "image/colour.h"

#include <math.h>

/* How unlike two colours of one pixel are, in OkLab, from which the larger one is taken rather than the mean: below the
 * first the mean, above the second the larger one, and mixed between. */
static const float alike = 0.06f, unlike = 0.16f;
/* What share a darker or lighter colour must have to win, and by how much it must differ in lightness. */
static const float dark_share = 0.27f, dark_by = 0.10f, light_share = 0.40f, light_by = 0.25f;

enum { ROUNDS = 4 };

struct area {
    int count;
    float *L, *a, *b, *weight; /* (count): OkLab, and alpha times closeness to the middle */
};

struct group {
    float L, a, b, weight;
};

static struct group mean_of(const struct area *s, const uint8_t *member, int which)
{
    double L = 0, a = 0, b = 0, weight = 0;
    for (int i = 0; i < s->count; i++) {
        if (member && member[i] != which)
            continue;
        double w = (double)s->weight[i];
        L += w * (double)s->L[i];
        a += w * (double)s->a[i];
        b += w * (double)s->b[i];
        weight += w;
    }
    if (weight <= 0)
        return (struct group){ 0 };
    return (struct group){ (float)(L / weight), (float)(a / weight), (float)(b / weight), (float)weight };
}

static float apart2(const struct group *g, const struct area *s, int i)
{
    float L = g->L - s->L[i], a = g->a - s->a[i], b = g->b - s->b[i];
    return L * L + a * a + b * b;
}

static int farthest(const struct area *s, const struct group *from)
{
    int best = 0;
    float most = -1;
    for (int i = 0; i < s->count; i++)
        if (s->weight[i] > 0 && apart2(from, s, i) > most) {
            most = apart2(from, s, i);
            best = i;
        }
    return best;
}

/* Two means of the area. */
static void split(const struct area *s, const struct group *all, uint8_t *member, struct group half[2])
{
    int first = farthest(s, all);
    half[0] = (struct group){ s->L[first], s->a[first], s->b[first], 1 };
    int second = farthest(s, &half[0]);
    half[1] = (struct group){ s->L[second], s->a[second], s->b[second], 1 };
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < s->count; i++)
            member[i] = apart2(&half[1], s, i) < apart2(&half[0], s, i);
        half[0] = mean_of(s, member, 0);
        half[1] = mean_of(s, member, 1);
    }
}

static struct group choose(const struct area *s, uint8_t *member)
{
    struct group all = mean_of(s, NULL, 0), half[2];
    split(s, &all, member, half);
    if (half[0].weight <= 0 || half[1].weight <= 0)
        return all;
    struct group *more = half[0].weight >= half[1].weight ? &half[0] : &half[1];
    struct group *less = more == &half[0] ? &half[1] : &half[0];
    float share = less->weight / all.weight, lighter = less->L - more->L;
    if ((lighter < -dark_by && share >= dark_share) || (lighter > light_by && share >= light_share))
        more = less;
    float L = half[0].L - half[1].L, a = half[0].a - half[1].a, b = half[0].b - half[1].b;
    float far = sqrtf(L * L + a * a + b * b), t = (far - alike) / (unlike - alike);
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return (struct group){ all.L + (more->L - all.L) * t, all.a + (more->a - all.a) * t,
                           all.b + (more->b - all.b) * t, all.weight };
}

static int bound(int at, int from, int to)
{
    return (int)((int64_t)at * from / to);
}

static struct rgba pixel_of(const struct image *im, int x0, int x1, int y0, int y1, struct area *s,
                            struct rgba *row, uint8_t *member)
{
    int64_t alpha = 0;
    s->count = 0;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            struct rgba p = *image_at(im, x, y);
            /* the middle of the area counts twice as much as its corners */
            float u = (2 * (float)(x - x0) + 1) / (float)(x1 - x0) - 1;
            float v = (2 * (float)(y - y0) + 1) / (float)(y1 - y0) - 1;
            alpha += p.a;
            s->weight[s->count] = (float)p.a * (2 - 0.5f * (u * u + v * v));
            row[s->count++] = p;
        }
    if (alpha < 128 * (int64_t)s->count)
        return (struct rgba){ 0, 0, 0, 0 };
    oklab_from_many(row, (size_t)s->count, s->L, s->a, s->b);
    struct group g = choose(s, member);
    return oklab_to((struct oklab){ g.L, g.a, g.b });
}

enum spr_code reduce(const struct image *im, int width, int height, struct image *ret, struct spr_error *err)
{
    if (width < 1 || height < 1 || width > im->width || height > im->height)
        return SPR_FAIL(err, SPR_BADARG,
                        "%d x %d pixels cannot be reduced to %d x %d: it must be smaller, at least 1 x 1",
                        im->width, im->height, width, height);
    size_t most = ((size_t)im->width / (size_t)width + 2) * ((size_t)im->height / (size_t)height + 2);
    struct image small = { 0 };
    struct area s = { .L = mem_zalloc(most * 4, sizeof *s.L) };
    struct rgba *row = mem_zalloc(most, sizeof *row);
    uint8_t *member = mem_zalloc(most, 1);
    enum spr_code rc = s.L && row && member ? image_init(&small, width, height, err)
                                            : SPR_FAIL(err, SPR_NOMEM, "areas of %zu pixels", most);
    s.a = s.L + most;
    s.b = s.a + most;
    s.weight = s.b + most;
    for (int y = 0; !rc && y < height; y++)
        for (int x = 0; x < width; x++)
            *image_at(&small, x, y) =
                pixel_of(im, bound(x, im->width, width), bound(x + 1, im->width, width),
                         bound(y, im->height, height), bound(y + 1, im->height, height), &s, row, member);
    mem_free(s.L);
    mem_free(row);
    mem_free(member);
    if (!rc)
        *ret = small;
    return rc;
}
