/* bench/gates - how well src/pixel's gates tell good sprites from bad ones, and what they cost.
 * Good: CC0 tiles as they are, outlined ones, tiles that repeat, and animations made of them. Bad: the same with one fault
 * planted, for every gate its own. A bad one is found where the gate for its fault fails; a good one is a false alarm
 * where any gate fails that is meant for it: all usual ones, the seam for tiles that repeat, the outline for outlined
 * sprites. Holes are found in what is solid; how many tiles have some by nature stands in its row only.
 * Usage: bench_gates [--held] [--quantiles] TILES      --held: the tiles that the bounds were not set on
 * Prints a row for each gate, then precision and recall over all, then milliseconds for 64x64. */
#include "base/clock.h"
#include "fix/soft.h"
#include "fix/truth.h"
#include "pixel/gate.h"
#include "pixel/scale.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 8, EACH = 12, GOOD = 200 };

enum form { FORM_SPRITE, FORM_OUTLINED, FORM_TILE, FORM_MOVING };

struct item {
    struct image frame[FRAMES];
    int frames;
    enum form form;
};

static struct tiles sprites, floors;
static size_t sprite_at, floor_at;

static void must(enum spr_code rc, const struct spr_error *err)
{
    if (rc) {
        fprintf(stderr, "bench_gates: %s\n", err->text);
        exit(1);
    }
}

static void item_fini(struct item *it)
{
    for (int i = 0; i < it->frames; i++)
        image_fini(&it->frame[i]);
    *it = (struct item){ 0 };
}

static bool solid(const struct image *im, int x, int y)
{
    return x >= 0 && y >= 0 && x < im->width && y < im->height && image_at(im, x, y)->a != 0;
}

static struct image copy(const struct image *im)
{
    struct image to;
    struct spr_error err;
    must(image_copy(&to, im, &err), &err);
    return to;
}

static bool inside(const struct image *im, int x, int y)
{
    for (int k = 0; k < 9; k++)
        if (!solid(im, x + k % 3 - 1, y + k / 3 - 1))
            return false;
    return true;
}

static int count_where(const struct image *im, bool (*where)(const struct image *im, int x, int y))
{
    int count = 0;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++)
            count += where(im, x, y);
    return count;
}

/* A sprite on a 40x40 canvas, so that there is room around it; with at least so many pixels that are not of its edge. */
static struct image sprite(int inner)
{
    for (;;) {
        struct image im = image_flat(40, 40, (struct rgba){ 0, 0, 0, 0 });
        struct image tile = tiles_next(&sprites, &sprite_at);
        image_draw(&im, &tile, 4, 4);
        image_fini(&tile);
        if (count_where(&im, inside) >= inner)
            return im;
        image_fini(&im);
    }
}

/* A line around it, in its own darkest colour. */
static void outline(struct image *im)
{
    struct image before = copy(im);
    struct rgba dark = { 255, 255, 255, 255 };
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++) {
        struct rgba p = im->pixel[i];
        if (p.a && p.r + p.g + p.b < dark.r + dark.g + dark.b)
            dark = p;
    }
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++)
            if (!solid(&before, x, y) && (solid(&before, x - 1, y) || solid(&before, x + 1, y) ||
                                          solid(&before, x, y - 1) || solid(&before, x, y + 1)))
                *image_at(im, x, y) = dark;
    image_fini(&before);
}

static int top_of(const struct image *im)
{
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++)
            if (solid(im, x, y))
                return y;
    return im->height;
}

static int bottom_of(const struct image *im)
{
    for (int y = im->height - 1; y >= 0; y--)
        for (int x = 0; x < im->width; x++)
            if (solid(im, x, y))
                return y;
    return 0;
}

/* Its upper half breathes: up and down by a pixel, twice. */
static void breathe(struct item *it, const struct image *still)
{
    static const int lift[FRAMES] = { 0, 1, 2, 1, 0, -1, -2, -1 };
    int middle = (top_of(still) + bottom_of(still)) / 2;
    it->frames = FRAMES;
    for (int i = 0; i < FRAMES; i++) {
        it->frame[i] = image_flat(still->width, still->height, (struct rgba){ 0, 0, 0, 0 });
        for (int y = 0; y < still->height; y++)
            for (int x = 0; x < still->width; x++) {
                int from = y < middle ? y + lift[i] : y;
                if (solid(still, x, from))
                    *image_at(&it->frame[i], x, y) = *image_at(still, x, from);
            }
    }
}

/* A quarter of a floor, mirrored both ways and rolled, so that it meets itself at every edge. */
static struct image repeating(void)
{
    struct image tile = tiles_next(&floors, &floor_at), im = copy(&tile);
    int roll = (int)(floor_at % 13) + 2;
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++) {
            int u = (x + roll) % 32, v = (y + roll) % 32;
            *image_at(&im, x, y) = *image_at(&tile, u < 16 ? u : 31 - u, v < 16 ? v : 31 - v);
        }
    image_fini(&tile);
    return im;
}

/* inner: see sprite; a fault needs something to be planted in. */
static struct item good_item(enum form form, int inner)
{
    struct item it = { .frames = 1, .form = form };
    if (form == FORM_TILE) {
        it.frame[0] = repeating();
        return it;
    }
    struct image im = sprite(inner);
    if (form == FORM_OUTLINED)
        outline(&im);
    if (form == FORM_MOVING) {
        breathe(&it, &im);
        image_fini(&im);
        return it;
    }
    it.frame[0] = im;
    return it;
}

static uint8_t moved(int v, double by)
{
    double w = v + by;
    return (uint8_t)(w < 0 ? 0 : w > 255 ? 255 : w);
}

static struct rgba lighter(struct rgba p, double by)
{
    return (struct rgba){ moved(p.r, by), moved(p.g, by), moved(p.b, by), p.a };
}

static bool border(const struct image *im, int x, int y)
{
    return solid(im, x, y) &&
           (!solid(im, x - 1, y) || !solid(im, x + 1, y) || !solid(im, x, y - 1) || !solid(im, x, y + 1));
}

/* Calls up to `count` times for random pixels that `where` accepts. */
static void scatter(struct image *im, struct dice *d, int count,
                    bool (*where)(const struct image *im, int x, int y),
                    void (*change)(struct image *im, int x, int y, struct dice *d))
{
    for (int tries = 0; count > 0 && tries < 20000; tries++) {
        int x = dice_below(d, im->width), y = dice_below(d, im->height);
        if (!where(im, x, y))
            continue;
        change(im, x, y, d);
        count--;
    }
}

static void half_there(struct image *im, int x, int y, struct dice *d)
{
    image_at(im, x, y)->a = (uint8_t)(60 + dice_below(d, 140));
}

static void fault_alpha(struct item *it, struct dice *d)
{
    scatter(&it->frame[0], d, 4 + dice_below(d, 40), border, half_there);
}

/* Rows two by two: the lower one repeats the upper one's runs a shade darker. */
static void fault_banding(struct item *it, struct dice *d)
{
    struct image *im = &it->frame[0];
    double step = dice_in(d, 10, 20);
    for (int y = 0; y + 1 < im->height; y += 2)
        for (int x = 0; x < im->width; x++)
            if (solid(im, x, y) && solid(im, x, y + 1)) {
                struct rgba p = *image_at(im, x / 5 * 5, y);
                p = p.a ? p : *image_at(im, x, y);
                *image_at(im, x, y) = p;
                *image_at(im, x, y + 1) = lighter(p, p.r + p.g + p.b > 200 ? -step : step);
            }
}

static void fault_colours(struct item *it, struct dice *d)
{
    struct image *im = &it->frame[0];
    double grain = dice_in(d, 2, 8);
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++)
        if (im->pixel[i].a)
            im->pixel[i] = (struct rgba){ moved(im->pixel[i].r, dice_in(d, -grain, grain)),
                                          moved(im->pixel[i].g, dice_in(d, -grain, grain)),
                                          moved(im->pixel[i].b, dice_in(d, -grain, grain)), 255 };
}

static void shift(struct image *im, int dx, int dy)
{
    struct image to = image_flat(im->width, im->height, (struct rgba){ 0, 0, 0, 0 });
    image_draw(&to, im, dx, dy);
    image_fini(im);
    *im = to;
}

static void fault_drift(struct item *it, struct dice *d)
{
    int dx = dice_below(d, 2) * 2 - 1, dy = dice_below(d, 3) - 1;
    for (int i = 0; i < it->frames; i++)
        shift(&it->frame[i], dx * i / 2, dy * i / 2);
}

static void fault_duplicates(struct item *it, struct dice *d)
{
    int i = 1 + dice_below(d, it->frames - 1);
    image_fini(&it->frame[i]);
    it->frame[i] = copy(&it->frame[i - 1]);
}

static void fault_empty(struct item *it, struct dice *d)
{
    struct image *im = &it->frame[0];
    int keep = dice_below(d, 20);
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++)
        if (im->pixel[i].a && keep-- <= 0)
            im->pixel[i] = (struct rgba){ 0, 0, 0, 0 };
}

static void a_little(struct image *im, int x, int y, struct dice *d)
{
    *image_at(im, x, y) = lighter(*image_at(im, x, y), dice_below(d, 2) ? 14 : -14);
}

static void fault_flicker(struct item *it, struct dice *d)
{
    for (int i = 1; i < it->frames; i++)
        scatter(&it->frame[i], d, 20 + dice_below(d, 60), solid, a_little);
}

static void fault_grid(struct item *it, struct dice *d)
{
    struct image *im = &it->frame[0], big;
    double f = dice_below(d, 2) ? 2 + dice_below(d, 7) : dice_in(d, 2, 6);
    int w = (int)lround(im->width * f), h = (int)lround(im->height * f);
    big = image_flat(w, h, (struct rgba){ 0, 0, 0, 0 });
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            *image_at(&big, x, y) =
                *image_at(im, (2 * x + 1) * im->width / (2 * w), (2 * y + 1) * im->height / (2 * h));
    image_fini(im);
    *im = big;
}

static void clear(struct image *im, int x, int y, struct dice *d)
{
    (void)d;
    *image_at(im, x, y) = (struct rgba){ 0, 0, 0, 0 };
}

static void fault_holes(struct item *it, struct dice *d)
{
    scatter(&it->frame[0], d, 4 + dice_below(d, 8), inside, clear);
}

static bool beside(const struct image *im, int x, int y)
{
    return !solid(im, x, y) &&
           (solid(im, x - 1, y) || solid(im, x + 1, y) || solid(im, x, y - 1) || solid(im, x, y + 1));
}

static void grow(struct image *im, int x, int y, struct dice *d)
{
    (void)d;
    for (int k = 0; k < 4; k++) {
        int u = x + (k == 0) - (k == 1), w = y + (k == 2) - (k == 3);
        if (solid(im, u, w)) {
            *image_at(im, x, y) = *image_at(im, u, w);
            return;
        }
    }
}

/* The contour of a shaky hand. */
static void fault_jaggies(struct item *it, struct dice *d)
{
    struct image *im = &it->frame[0];
    int count = count_where(im, border);
    scatter(im, d, count / 3, beside, grow);
    scatter(im, d, count / 4, border, clear);
}

/* It melts from above and is whole again at once. */
static void fault_loop(struct item *it, struct dice *d)
{
    int rows = 2 + dice_below(d, 2), top = top_of(&it->frame[0]);
    for (int i = 1; i < it->frames; i++) {
        image_fini(&it->frame[i]);
        it->frame[i] = copy(&it->frame[0]);
        for (int y = 0; y < top + rows * i && y < it->frame[i].height; y++)
            for (int x = 0; x < it->frame[i].width; x++)
                clear(&it->frame[i], x, y, d);
    }
}

/* Salt and pepper, in the colour that is least like it. */
static void speckle(struct image *im, int x, int y, struct dice *d)
{
    struct rgba *p = image_at(im, x, y);
    (void)d;
    *p = (struct rgba){ p->r < 128 ? 245 : 10, p->g < 128 ? 245 : 10, p->b < 128 ? 245 : 10, 255 };
}

/* One in each block of 3x3, more often than not, so that few touch. */
static void fault_orphans(struct item *it, struct dice *d)
{
    struct image *im = &it->frame[0];
    for (int y = 0; y < im->height; y += 3)
        for (int x = 0; x < im->width; x += 3) {
            int u = x + dice_below(d, 2), v = y + dice_below(d, 2);
            if (dice_in(d, 0, 1) < 0.7 && inside(im, u, v))
                speckle(im, u, v, d);
        }
}

static void brighten(struct image *im, int x, int y, struct dice *d)
{
    (void)d;
    *image_at(im, x, y) = lighter(*image_at(im, x, y), 120);
}

/* A pixel of the outline with something light right behind it, so that it is missed when it goes. */
static bool light_behind(const struct image *im, int x, int y)
{
    if (!border(im, x, y) || x == 0 || y == 0 || x == im->width - 1 || y == im->height - 1)
        return false;
    for (int k = 0; k < 4; k++) {
        struct rgba p = *image_at(im, x + (k == 0) - (k == 1), y + (k == 2) - (k == 3));
        if (p.a && p.r + p.g + p.b > 300)
            return true;
    }
    return false;
}

static void fault_outline(struct item *it, struct dice *d)
{
    bool gone = dice_below(d, 2) && count_where(&it->frame[0], light_behind) > 0;
    scatter(&it->frame[0], d, 2 + dice_below(d, 6), gone ? light_behind : border, gone ? clear : brighten);
}

static void fault_palette(struct item *it, struct dice *d)
{
    for (int i = 0; i < it->frames; i++) {
        struct image *im = &it->frame[i];
        double r = dice_in(d, -6, 6), g = dice_in(d, -6, 6), b = dice_in(d, -6, 6);
        for (size_t k = 0, n = (size_t)im->width * (size_t)im->height; k < n; k++)
            if (im->pixel[k].a)
                im->pixel[k] = (struct rgba){ moved(im->pixel[k].r, r), moved(im->pixel[k].g, g),
                                              moved(im->pixel[k].b, b), 255 };
    }
}

/* Everything in one hue, lighter with each step away from the edge. */
static void fault_pillow(struct item *it, struct dice *d)
{
    struct image *im = &it->frame[0], left = copy(im);
    struct rgba hue = { (uint8_t)dice_below(d, 90), (uint8_t)dice_below(d, 90), (uint8_t)dice_below(d, 90),
                        255 };
    double step = dice_in(d, 12, 24);
    for (int ring = 0; ring < 20; ring++) {
        struct image now = copy(&left);
        for (int y = 0; y < im->height; y++)
            for (int x = 0; x < im->width; x++)
                if (border(&now, x, y)) {
                    *image_at(im, x, y) = lighter(hue, step * ring + dice_in(d, -4, 4));
                    image_at(&left, x, y)->a = 0;
                }
        image_fini(&now);
    }
    image_fini(&left);
    for (size_t k = 0, n = (size_t)im->width * (size_t)im->height; k < n; k++) /* few shades */
        im->pixel[k] = (struct rgba){ im->pixel[k].r & 0xf0, im->pixel[k].g & 0xf0, im->pixel[k].b & 0xf0,
                                      im->pixel[k].a };
}

/* One side lit, so that tiles side by side show where they meet. */
static void fault_seam(struct item *it, struct dice *d)
{
    struct image *im = &it->frame[0];
    bool rows = dice_below(d, 2);
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            double t = (rows ? (double)y / im->height : (double)x / im->width) - 0.5;
            *image_at(im, x, y) = lighter(*image_at(im, x, y), floor(t * 8) * 24);
        }
}

static void fault_size(struct item *it, struct dice *d)
{
    int i = dice_below(d, it->frames);
    struct image to = image_flat(it->frame[i].width + 1, it->frame[i].height, (struct rgba){ 0, 0, 0, 0 });
    image_draw(&to, &it->frame[i], 0, 0);
    image_fini(&it->frame[i]);
    it->frame[i] = to;
}

static bool far_outside(const struct image *im, int x, int y)
{
    for (int k = 0; k < 25; k++)
        if (solid(im, x + k % 5 - 2, y + k / 5 - 2))
            return false;
    return true;
}

static void dot(struct image *im, int x, int y, struct dice *d)
{
    *image_at(im, x, y) = (struct rgba){ (uint8_t)dice_below(d, 256), (uint8_t)dice_below(d, 256), 90, 255 };
}

static void fault_specks(struct item *it, struct dice *d)
{
    scatter(&it->frame[0], d, 4 + dice_below(d, 8), far_outside, dot);
}

static const struct {
    enum form form;
    void (*plant)(struct item *it, struct dice *d);
} faults[GATE_COUNT] = {
    [GATE_ALPHA] = { FORM_SPRITE, fault_alpha },
    [GATE_BANDING] = { FORM_SPRITE, fault_banding },
    [GATE_COLOURS] = { FORM_SPRITE, fault_colours },
    [GATE_DRIFT] = { FORM_MOVING, fault_drift },
    [GATE_DUPLICATES] = { FORM_MOVING, fault_duplicates },
    [GATE_EMPTY] = { FORM_SPRITE, fault_empty },
    [GATE_FLICKER] = { FORM_MOVING, fault_flicker },
    [GATE_GRID] = { FORM_SPRITE, fault_grid },
    [GATE_HOLES] = { FORM_SPRITE, fault_holes },
    [GATE_JAGGIES] = { FORM_SPRITE, fault_jaggies },
    [GATE_LOOP] = { FORM_MOVING, fault_loop },
    [GATE_ORPHANS] = { FORM_SPRITE, fault_orphans },
    [GATE_OUTLINE] = { FORM_OUTLINED, fault_outline },
    [GATE_PALETTE] = { FORM_MOVING, fault_palette },
    [GATE_PILLOW] = { FORM_SPRITE, fault_pillow },
    [GATE_SEAM] = { FORM_TILE, fault_seam },
    [GATE_SIZE] = { FORM_MOVING, fault_size },
    [GATE_SPECKS] = { FORM_SPRITE, fault_specks },
};

struct count {
    int found, planted, alarms, looked;
    int values, hits;
    double good[GOOD], bad[EACH];
};

/* Whether a gate is meant for what the item is known to be: all usual ones, the seam for what is to repeat, the outline
 * for what has one. */
static bool meant(const struct item *it, enum gate gate)
{
    return gate_row(gate)->usual || (gate == GATE_SEAM && it->form == FORM_TILE) ||
           (gate == GATE_OUTLINE && it->form == FORM_OUTLINED);
}

static void run_all(const struct item *it, struct gate_result ret[GATE_COUNT])
{
    struct gate_choice choice[GATE_COUNT];
    const struct image *frame[FRAMES];
    struct spr_error err;
    for (int g = 0; g < GATE_COUNT; g++)
        choice[g] = (struct gate_choice){ (enum gate)g, gate_row((enum gate)g)->bound };
    for (int i = 0; i < it->frames; i++)
        frame[i] = &it->frame[i];
    must(gate_check(frame, it->frames, choice, GATE_COUNT, ret, &err), &err);
}

/* A good item: true for a false alarm. Gates that are not meant are only counted. */
static bool look(const struct item *it, struct count *c)
{
    struct gate_result r[GATE_COUNT];
    bool alarm = false;
    run_all(it, r);
    for (int g = 0; g < GATE_COUNT; g++) {
        struct count *k = &c[g];
        if (!r[g].applies || (!meant(it, (enum gate)g) && g != GATE_HOLES))
            continue;
        k->looked++;
        k->alarms += !r[g].passed;
        k->good[k->values++] = r[g].value;
        alarm = alarm || (!r[g].passed && meant(it, (enum gate)g));
    }
    return alarm;
}

static bool find(const struct item *it, enum gate gate, struct count *c)
{
    struct gate_result r[GATE_COUNT];
    run_all(it, r);
    c[gate].planted++;
    c[gate].found += !r[gate].passed;
    c[gate].bad[c[gate].hits++] = r[gate].value;
    return !r[gate].passed;
}

static int by_value(const void *a, const void *b)
{
    double d = *(const double *)a - *(const double *)b;
    return (d > 0) - (d < 0);
}

static double quantile(double *v, int n, double q)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return n ? v[(int)(q * (n - 1) + 0.5)] : 0;
}

static void print(struct count *c, bool quantiles)
{
    printf("%-11s %8s %12s %15s%s\n", "gate", "bound", "faults found", "false alarms",
           quantiles ? "   good: median, 90, 95, 98 %; bad: least, 10 %, median" : "");
    for (int g = 0; g < GATE_COUNT; g++) {
        const struct gate_row *row = gate_row((enum gate)g);
        printf("%-11s %8g %7d of %2d %8d of %3d", row->name, row->bound, c[g].found, c[g].planted,
               c[g].alarms, c[g].looked);
        if (quantiles)
            printf("   %.3g %.3g %.3g %.3g; %.3g %.3g %.3g", quantile(c[g].good, c[g].values, 0.5),
                   quantile(c[g].good, c[g].values, 0.9), quantile(c[g].good, c[g].values, 0.95),
                   quantile(c[g].good, c[g].values, 0.98), quantile(c[g].bad, c[g].hits, 0),
                   quantile(c[g].bad, c[g].hits, 0.1), quantile(c[g].bad, c[g].hits, 0.5));
        putchar('\n');
    }
}

/* Milliseconds of one gate, the least of 20. */
static double cost(enum gate gate, const struct image *const *frame, int frames)
{
    struct gate_choice choice = { gate, gate_row(gate)->bound };
    struct gate_result r;
    struct spr_error err;
    double best = 1e9;
    for (int i = 0; i < 20; i++) {
        int64_t start = clock_steady_ns();
        must(gate_check(frame, frames, &choice, 1, &r, &err), &err);
        best = fmin(best, (double)(clock_steady_ns() - start) * 1e-6);
    }
    return best;
}

/* Each gate alone on 64x64: four sprites; eight frames of it for those that look at several. */
static void print_cost(void)
{
    struct image big = image_flat(64, 64, (struct rgba){ 0, 0, 0, 0 });
    const struct image *frame[FRAMES];
    struct item moving = { .frames = FRAMES, .form = FORM_MOVING };
    struct dice d = { .r = { 1, 1 } };
    for (int i = 0; i < 4; i++) {
        struct image tile = tiles_next(&sprites, &sprite_at);
        image_draw(&big, &tile, i % 2 * 32, i / 2 * 32);
        image_fini(&tile);
    }
    breathe(&moving, &big);
    for (int i = 0; i < FRAMES; i++)
        frame[i] = &moving.frame[i];
    printf("\nms for 64x64 (for all frames of 8 where it looks at several), the picture's reading into OkLab "
           "included:\n");
    for (int g = 0; g < GATE_COUNT; g++)
        printf("  %-11s %.3f\n", gate_row((enum gate)g)->name,
               cost((enum gate)g, frame, gate_row((enum gate)g)->moving ? FRAMES : 1));
    fault_colours(&moving, &d);
    printf("  %-11s %.3f (of a noisy picture)\n", gate_row(GATE_GRID)->name, cost(GATE_GRID, frame, 1));
    item_fini(&moving);
    image_fini(&big);
}

int main(int argc, char **argv)
{
    static const char *const of_sprites[] = { "mon", "item", "player/transform", NULL },
                             *const of_floors[] = { "dngn/floor", "dngn/wall", NULL };
    static struct count count[GATE_COUNT];
    enum split split = SPLIT_TUNE;
    bool quantiles = false;
    int alarms = 0, found = 0, planted = 0;
    for (; argc > 1 && argv[1][0] == '-'; argc--, argv++) {
        split = strcmp(argv[1], "--held") == 0 ? SPLIT_HELD : split;
        quantiles = quantiles || strcmp(argv[1], "--quantiles") == 0;
    }
    if (argc != 2) {
        fprintf(stderr, "usage: bench_gates [--held] [--quantiles] TILES\n");
        return 2;
    }
    sprites = tiles_find(argv[1], of_sprites, split);
    floors = tiles_find(argv[1], of_floors, split);
    for (int i = 0; i < GOOD; i++) {
        struct item it = good_item((enum form)(i % 4), 0);
        alarms += look(&it, count);
        item_fini(&it);
    }
    for (int g = 0; g < GATE_COUNT; g++)
        for (int i = 0; i < EACH; i++) {
            struct dice d = { .r = { 5 + (uint64_t)split, random_mix((uint64_t)g << 8 | (uint64_t)i) } };
            struct item it = good_item(faults[g].form, 100);
            faults[g].plant(&it, &d);
            found += find(&it, (enum gate)g, count);
            planted++;
            item_fini(&it);
        }
    print(count, quantiles);
    printf("\n%s tiles: %d bad of %d found, %d good of %d blamed: recall %.3f, precision %.3f\n",
           split == SPLIT_HELD ? "held-out" : "tuning", found, planted, alarms, GOOD, (double)found / planted,
           (double)found / (found + alarms));
    print_cost();
    tiles_fini(&sprites);
    tiles_fini(&floors);
    return 0;
}
