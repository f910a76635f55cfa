/* bench/grounds - how well `spritery pixelize --background color=#...` and `--ground2` find what is transparent.
 * CC0 tiles (alpha 0 or 255, holes as they have them) on a canvas with a margin, enlarged 10.67 times with antialiased edges
 * before a flat ground, kept as JPEG 90 and read again. For two grounds the same twice. No tile has a colour near its ground.
 * Usage: bench_grounds [--held] TILES [PICTURES]    --held: tiles that nothing here was tried on; 60 pictures a row by default
 * Prints for every ground: right sizes; mean IoU of what is solid, and how many are at 0.995 or above; cells at the rim (solid,
 * with a transparent one at a side) whose colour is within 8 of a ground, and those more than 32 from the truth. */
#include "fix/jpeg_bytes.h"
#include "fix/soft.h"
#include "fix/truth.h"
#include "image/jpeg.h"
#include "pixel/pixelize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 40, QUALITY = 90, APART = 24, KEY_NEAR = 8, WRONG = 32 };
static const double factor = 10.67;

static const struct row {
    const char *name;
    struct rgba ground[2];
    bool two;
} rows[] = {
    { "color magenta", { { 255, 0, 255, 255 } }, false },
    { "color green", { { 0, 255, 0, 255 } }, false },
    { "color grey", { { 128, 128, 128, 255 } }, false },
    { "color white", { { 255, 255, 255, 255 } }, false },
    { "color black", { { 0, 0, 0, 255 } }, false },
    { "two: black, white", { { 0, 0, 0, 255 }, { 255, 255, 255, 255 } }, true },
    { "two: magenta, green", { { 255, 0, 255, 255 }, { 0, 255, 0, 255 } }, true },
    { "two: grey, blue", { { 110, 110, 110, 255 }, { 60, 80, 200, 255 } }, true },
};

struct score {
    int pictures, sized, good, rim, keyed, wrong;
    double iou;
};

static void must(enum spr_code rc, const struct spr_error *err)
{
    if (rc) {
        fprintf(stderr, "bench_grounds: %s\n", err->text);
        exit(1);
    }
}

static struct image through_jpeg(const struct image *im)
{
    struct image ret;
    struct spr_error err;
    size_t size;
    unsigned char *bytes = jpeg_bytes(im, QUALITY, &size);
    must(jpeg_decode(bytes, size, NULL, &ret, &err), &err);
    free(bytes);
    return ret;
}

static struct image before_ground(const struct image *thing, struct rgba ground)
{
    struct image cells = image_flat(thing->width, thing->height, ground);
    int side = (int)(thing->width * factor + 0.5);
    image_draw(&cells, thing, 0, 0);
    struct spans x = spans_even(cells.width, side, 0), y = spans_even(cells.height, side, 0);
    struct soft s = soft_enlarge(&cells, &x, &y, side, side, true);
    struct image large = soft_to_image(&s), kept = through_jpeg(&large);
    image_fini(&large);
    soft_fini(&s);
    spans_fini(&x);
    spans_fini(&y);
    image_fini(&cells);
    return kept;
}

static bool near(struct rgba p, struct rgba q, int within)
{
    return abs(p.r - q.r) <= within && abs(p.g - q.g) <= within && abs(p.b - q.b) <= within;
}

static bool near_ground(const struct row *row, struct rgba p, int within)
{
    return near(p, row->ground[0], within) || (row->two && near(p, row->ground[1], within));
}

/* The next tile without a colour near a given ground; for two grounds nothing is in the way of any colour. */
static struct image thing_for(const struct row *row, const struct tiles *tiles, size_t *at, struct dice *d)
{
    for (;;) {
        struct image tile = tiles_next(tiles, at), ret = image_flat(SIDE, SIDE, (struct rgba){ 0, 0, 0, 0 });
        bool fits = true;
        image_draw(&ret, &tile, 2 + dice_below(d, 5), 2 + dice_below(d, 5));
        for (int i = 0; i < SIDE * SIDE && !row->two; i++)
            fits = fits && (ret.pixel[i].a == 0 || !near(ret.pixel[i], row->ground[0], APART));
        image_fini(&tile);
        if (fits)
            return ret;
        image_fini(&ret);
    }
}

static bool solid(const struct image *im, int x, int y)
{
    return x >= 0 && y >= 0 && x < im->width && y < im->height && image_at(im, x, y)->a >= 128;
}

static void compare(const struct row *row, const struct image *truth, const struct image *made,
                    struct score *s)
{
    int both = 0, either = 0;
    if (made->width != truth->width || made->height != truth->height)
        return;
    s->sized++;
    for (int y = 0; y < made->height; y++)
        for (int x = 0; x < made->width; x++) {
            bool is = solid(made, x, y), was = solid(truth, x, y);
            struct rgba c = *image_at(made, x, y), t = *image_at(truth, x, y);
            both += is && was;
            either += is || was;
            if (!is || (solid(made, x - 1, y) && solid(made, x + 1, y) && solid(made, x, y - 1) &&
                        solid(made, x, y + 1)))
                continue;
            s->rim++;
            s->keyed += near_ground(row, c, KEY_NEAR) && !(was && near_ground(row, t, KEY_NEAR));
            s->wrong += !was || !near(c, t, WRONG);
        }
    double iou = either ? (double)both / either : 1;
    s->iou += iou;
    s->good += iou >= 0.995;
}

static void run(const struct row *row, const struct tiles *tiles, int pictures)
{
    struct score s = { .pictures = pictures };
    struct dice d = { .r = { 7, 1 } };
    size_t at = 0;
    for (int i = 0; i < pictures; i++) {
        struct spr_error err;
        struct image truth = thing_for(row, tiles, &at, &d), made;
        struct image picture = before_ground(&truth, row->ground[0]);
        struct pixelize_options o = { .space = COLOUR_OKLAB };
        struct pixelize_report report;
        struct indexed few;
        if (row->two) {
            struct image second = before_ground(&truth, row->ground[1]), thing;
            must(ground_two(&picture, &second, &thing, &err), &err);
            image_fini(&picture);
            image_fini(&second);
            picture = thing;
        } else {
            char name[32];
            snprintf(name, sizeof name, "color=#%02x%02x%02x", row->ground[0].r, row->ground[0].g,
                     row->ground[0].b);
            if (!ground_named(name, &o.ground))
                abort();
        }
        must(pixelize(&picture, 1, &o, &few, &report, &err), &err);
        if (report.found) {
            must(image_from_indexed(&made, &few, &err), &err);
            compare(row, &truth, &made, &s);
            image_fini(&made);
            indexed_fini(&few);
        }
        image_fini(&picture);
        image_fini(&truth);
    }
    printf(
        "%-20s %3d of %3d sized, IoU %.4f, %3d at 0.995; rim: %d cells, %d of a ground's colour, %d wrong\n",
        row->name, s.sized, s.pictures, s.sized ? s.iou / s.sized : 0, s.good, s.rim, s.keyed, s.wrong);
}

int main(int argc, char **argv)
{
    static const char *const folders[] = { "mon", "item", NULL };
    bool held = argc > 1 && strcmp(argv[1], "--held") == 0;
    if (held) {
        argc--;
        argv++;
    }
    int pictures = argc > 2 ? atoi(argv[2]) : 60;
    if (argc < 2 || pictures < 1) {
        fprintf(stderr, "usage: bench_grounds [--held] TILES [PICTURES]\n");
        return 2;
    }
    struct tiles tiles = tiles_find(argv[1], folders, held ? SPLIT_HELD : SPLIT_TUNE);
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        run(&rows[i], &tiles, pictures);
    tiles_fini(&tiles);
    return 0;
}
