#include "fix/classes.h"

#include "fix/soft.h"
#include "pixel/dither.h"
#include "pixel/quantise.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const struct rgba usual_ground = { 236, 236, 236, 255 };

static struct random stream_of(struct dice *d)
{
    return (struct random){ d->r.seed, random_mix(d->r.stream + ++d->at) };
}

static struct rgba any_ground(struct dice *d)
{
    static const struct rgba grounds[] = { { 236, 236, 236, 255 }, { 255, 255, 255, 255 },
                                           { 24, 24, 32, 255 },    { 0, 255, 0, 255 },
                                           { 255, 0, 255, 255 },   { 96, 120, 160, 255 },
                                           { 250, 240, 220, 255 }, { 0, 0, 0, 255 } };
    if (d->fresh) {
        int r = dice_below(d, 256), g = dice_below(d, 256), b = dice_below(d, 256);
        return (struct rgba){ (uint8_t)r, (uint8_t)g, (uint8_t)b, 255 };
    }
    return grounds[dice_below(d, SPR_COUNT(grounds))];
}

/* One sprite on a flat ground: 40x40 with a rim of four cells, or any canvas that holds it. */
static struct truth one_sprite(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal)
{
    struct image sprite = tiles_next(tiles, at);
    int w = nominal ? 40 : 34 + dice_below(d, 23), h = nominal ? 40 : 34 + dice_below(d, 23);
    int x = nominal ? 4 : dice_below(d, w - 31), y = nominal ? 4 : dice_below(d, h - 31);
    struct truth t = { .ground = nominal ? usual_ground : any_ground(d) };
    t.cells = image_flat(w, h, t.ground);
    image_draw(&t.cells, &sprite, x, y);
    image_fini(&sprite);
    return t;
}

struct way {
    double fx, fy; /* pixels per cell */
    double spread; /* of cells' sizes */
    double phase_x, phase_y;
    double degrees; /* turned by */
    double blur, noise;
    double sharpen_sigma, sharpen;
    bool smooth;
};

static struct image spoil(const struct image *cells, const struct way *w, struct dice *d)
{
    double pw = cells->width * w->fx, ph = cells->height * w->fy;
    int width = (int)lround(pw), height = (int)lround(ph);
    struct soft s;
    if (w->degrees != 0) {
        s = soft_enlarge_turned(cells, width, height, w->degrees);
    } else {
        struct spans x, y;
        if (w->spread > 0) {
            x = spans_uneven(cells->width, w->fx, w->spread, stream_of(d));
            y = spans_uneven(cells->height, w->fy, w->spread, stream_of(d));
            width = (int)lround(x.edge[x.count]);
            height = (int)lround(y.edge[y.count]);
        } else {
            x = spans_even(cells->width, width, w->phase_x);
            y = spans_even(cells->height, height, w->phase_y);
        }
        s = soft_enlarge(cells, &x, &y, width, height, w->smooth);
        spans_fini(&x);
        spans_fini(&y);
    }
    if (w->blur > 0)
        soft_blur(&s, w->blur);
    if (w->sharpen > 0)
        soft_sharpen(&s, w->sharpen_sigma, w->sharpen);
    if (w->noise > 0)
        soft_noise(&s, w->noise, stream_of(d));
    struct image im = soft_to_image(&s);
    soft_fini(&s);
    return im;
}

static void one(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, const struct way *way,
                struct spoiled *ret)
{
    ret->frames = 1;
    ret->truth[0] = one_sprite(tiles, at, d, nominal);
    ret->picture[0] = spoil(&ret->truth[0].cells, way, d);
}

static double hundredth(double v)
{
    return round(v * 100) / 100;
}

static void make_a(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    int f = nominal ? 8 : 3 + dice_below(d, 14);
    one(tiles, at, d, nominal, &(struct way){ .fx = f, .fy = f }, ret);
}

static void make_b(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    int f = nominal ? 8 : 6 + dice_below(d, 8);
    ret->keep = KEEP_JPEG;
    ret->quality = nominal ? 85 : 78 + dice_below(d, 15);
    one(tiles, at, d, nominal, &(struct way){ .fx = f, .fy = f, .noise = 6 }, ret);
}

static void make_c(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    double f = nominal ? 7.3 : hundredth(dice_in(d, 4.1, 13.9));
    one(tiles, at, d, nominal, &(struct way){ .fx = f, .fy = f }, ret);
}

static void make_d(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    double f = nominal ? 10.67 : hundredth(dice_in(d, 6.2, 15.8));
    one(tiles, at, d, nominal, &(struct way){ .fx = f, .fy = f, .noise = 5, .smooth = true }, ret);
}

static void make_e(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    double f = nominal ? 12 : hundredth(dice_in(d, 9, 16));
    one(tiles, at, d, nominal, &(struct way){ .fx = f, .fy = f, .spread = 0.12, .noise = 5, .smooth = true },
        ret);
}

static void make_f(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    double fx = nominal ? 8 : hundredth(dice_in(d, 6, 14)), fy = nominal ? 9 : hundredth(dice_in(d, 6, 14));
    one(tiles, at, d, nominal, &(struct way){ .fx = fx, .fy = fy, .noise = nominal ? 0 : 5, .smooth = true },
        ret);
}

static void make_g(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    ret->frames = 1;
    ret->truth[0] = one_sprite(tiles, at, d, nominal);
    const struct image *cells = &ret->truth[0].cells;
    struct way way = {
        .fx = 1024.0 / cells->width, .fy = 1024.0 / cells->height, .noise = 5, .smooth = true
    };
    ret->picture[0] = spoil(cells, &way, d);
}

static void make_r(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    double f = nominal ? 12 : hundredth(dice_in(d, 9, 16)), turn = dice_in(d, -1, 1);
    one(tiles, at, d, nominal, &(struct way){ .fx = f, .fy = f, .degrees = turn, .noise = 4 }, ret);
}

static void make_w(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    double f = nominal ? 10 : hundredth(dice_in(d, 8, 15));
    ret->keep = KEEP_WEBP;
    ret->quality = nominal ? 60 : 45 + dice_below(d, 40);
    one(tiles, at, d, nominal, &(struct way){ .fx = f, .fy = f, .smooth = true, .blur = f / 12, .noise = 2 },
        ret);
}

/* A rim of light around the sprite, half a cell wide, that fades out: what matting and upscaling leave. */
static struct image white_rim(const struct truth *t, const struct way *way, struct dice *d)
{
    struct image shape = image_flat(t->cells.width, t->cells.height, (struct rgba){ 0, 0, 0, 0 });
    for (size_t i = 0, n = (size_t)shape.width * (size_t)shape.height; i < n; i++)
        if (!rgba_equal(t->cells.pixel[i], t->ground))
            shape.pixel[i] = (struct rgba){ 255, 255, 255, 255 };
    struct way plain = { .fx = way->fx, .fy = way->fy, .smooth = true, .blur = way->fx / 5 };
    struct image rim = spoil(&shape, &plain, d), im = spoil(&t->cells, way, d);
    plain.blur = 0;
    struct image sharp = spoil(&shape, &plain, d);
    for (size_t i = 0, n = (size_t)im.width * (size_t)im.height; i < n; i++) {
        int light = rim.pixel[i].a * (255 - sharp.pixel[i].a) / 255;
        struct rgba *p = &im.pixel[i];
        p->r = (uint8_t)(p->r + (255 - p->r) * light / 255);
        p->g = (uint8_t)(p->g + (255 - p->g) * light / 255);
        p->b = (uint8_t)(p->b + (255 - p->b) * light / 255);
    }
    image_fini(&shape);
    image_fini(&rim);
    image_fini(&sharp);
    return im;
}

/* Halos: sharpened until every edge has bright and dark rims, or a white rim around the sprite. */
static void make_h(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    double f = nominal ? 10 : hundredth(dice_in(d, 8, 14));
    struct way way = { .fx = f, .fy = f, .smooth = true, .noise = 3 };
    bool rim = dice_below(d, 2);
    if (!rim) {
        way.blur = f / 14;
        way.sharpen_sigma = f / 7;
        way.sharpen = 0.9;
    }
    ret->frames = 1;
    ret->truth[0] = one_sprite(tiles, at, d, nominal);
    ret->picture[0] = rim ? white_rim(&ret->truth[0], &way, d) : spoil(&ret->truth[0].cells, &way, d);
}

/* Dithered sprites: the truth itself is the tile in eight colours of its own, mixed by a Bayer matrix. */
static void make_t(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    double f = nominal ? 9 : hundredth(dice_in(d, 6.5, 14));
    struct image sprite = tiles_next(tiles, at), mixed;
    struct indexed few;
    struct palette palette;
    struct spr_error err;
    const struct image *pictures[] = { &sprite };
    struct quantise_options choose = { .colours = 6, .space = COLOUR_OKLAB };
    struct dither_options how = { .kind = nominal ? DITHER_BAYER_2 : DITHER_BAYER_4, .strength = 1 };
    if (quantise_choose(pictures, 1, &choose, &palette, &err) ||
        dither_apply(&sprite, &palette, &how, &few, &err) || image_from_indexed(&mixed, &few, &err)) {
        fprintf(stderr, "bench_pixelfix: %s\n", err.text);
        exit(1);
    }
    struct truth t = { .ground = nominal ? usual_ground : any_ground(d) };
    t.cells = image_flat(40, 40, t.ground);
    image_draw(&t.cells, &mixed, 4, 4);
    ret->frames = 1;
    ret->truth[0] = t;
    ret->picture[0] = spoil(&t.cells, &(struct way){ .fx = f, .fy = f, .smooth = true, .noise = 4 }, d);
    indexed_fini(&few);
    image_fini(&mixed);
    image_fini(&sprite);
}

/* Other sizes: scenes of 34x34 to 160x128 cells with up to twelve sprites, spoiled in any of the ways above. */
static void make_s(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    int w = 34 + dice_below(d, 127), h = 34 + dice_below(d, 95), sprites = 1 + w * h / 1600;
    struct truth t = { .ground = nominal ? usual_ground : any_ground(d) };
    t.cells = image_flat(w, h, t.ground);
    for (int i = 0; i < sprites; i++) {
        struct image sprite = tiles_next(tiles, at);
        image_draw(&t.cells, &sprite, dice_below(d, w - 31), dice_below(d, h - 31));
        image_fini(&sprite);
    }
    double most = 1400.0 / (w > h ? w : h), f = dice_in(d, 5, most < 22 ? most < 6 ? 6 : most : 22);
    struct way way = { .fx = f, .fy = f };
    switch (dice_below(d, 4)) {
    case 0:
        way.fx = way.fy = floor(f);
        break;
    case 1:
        ret->keep = KEEP_JPEG;
        ret->quality = 85;
        way.noise = 5;
        break;
    case 2:
        way.smooth = true;
        way.noise = 5;
        break;
    default:
        way.smooth = true;
        way.blur = f / 14;
        way.noise = 3;
    }
    ret->frames = 1;
    ret->truth[0] = t;
    ret->picture[0] = spoil(&t.cells, &way, d);
}

/* Whole tiles without any ground around: walls and floors, two by two. */
static void make_p(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    double f = nominal ? 8 : hundredth(dice_in(d, 5, 12));
    struct truth t = { .ground = { 1, 2, 3, 0 } };
    t.cells = image_flat(64, 64, (struct rgba){ 40, 36, 44, 255 });
    for (int i = 0; i < 4; i++) {
        struct image tile = tiles_next(tiles, at);
        image_draw(&t.cells, &tile, i % 2 * 32, i / 2 * 32);
        image_fini(&tile);
    }
    ret->frames = 1;
    ret->truth[0] = t;
    ret->picture[0] = spoil(&t.cells, &(struct way){ .fx = f, .fy = f, .smooth = true, .noise = 5 }, d);
}

/* RGBA: the sprite alone, its rim half transparent where a pixel covers it by half. */
static void make_x(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    double f = nominal ? 10.67 : hundredth(dice_in(d, 7, 15));
    ret->frames = 1;
    ret->truth[0] = one_sprite(tiles, at, d, nominal);
    struct truth *t = &ret->truth[0];
    for (size_t i = 0, n = (size_t)t->cells.width * (size_t)t->cells.height; i < n; i++)
        if (rgba_equal(t->cells.pixel[i], t->ground))
            t->cells.pixel[i] = (struct rgba){ 0, 0, 0, 0 };
    t->ground = (struct rgba){ 0, 0, 0, 0 };
    struct way way = { .fx = f, .fy = f, .smooth = true, .noise = 3 };
    ret->picture[0] = spoil(&t->cells, &way, d);
}

/* A ground that is to go, in notches and holes of the sprite too: the truth is the sprite alone. Every second one went through
 * a codec. */
static void make_k(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    double f = nominal ? 10.67 : hundredth(dice_in(d, 7, 15));
    struct way way = { .fx = f, .fy = f, .smooth = true, .noise = 5 };
    if (dice_below(d, 2)) {
        ret->keep = KEEP_JPEG;
        ret->quality = 85;
    }
    one(tiles, at, d, nominal, &way, ret);
    struct truth *t = &ret->truth[0];
    for (size_t i = 0, n = (size_t)t->cells.width * (size_t)t->cells.height; i < n; i++)
        if (rgba_equal(t->cells.pixel[i], t->ground))
            t->cells.pixel[i] = (struct rgba){ 0, 0, 0, 0 };
    t->ground = (struct rgba){ 0, 0, 0, 0 };
}

/* Sequences of eight frames, each with a phase of its own within 0.35 pixels and fresh noise. In every second one a
 * second sprite walks a cell a frame. */
static void make_q(const struct tiles *tiles, size_t *at, struct dice *d, bool nominal, struct spoiled *ret)
{
    double f = nominal ? 12 : hundredth(dice_in(d, 8, 14));
    struct image still = tiles_next(tiles, at), moving = tiles_next(tiles, at);
    bool walks = dice_below(d, 2);
    struct rgba ground = nominal ? usual_ground : any_ground(d);
    ret->frames = FRAMES_MOST;
    for (int i = 0; i < FRAMES_MOST; i++) {
        struct truth t = { .ground = ground };
        t.cells = image_flat(walks ? 80 : 40, 40, ground);
        image_draw(&t.cells, &still, 4, 4);
        if (walks)
            image_draw(&t.cells, &moving, 40 + i, 4);
        struct way way = { .fx = f,
                           .fy = f,
                           .phase_x = dice_in(d, -0.35, 0.35),
                           .phase_y = dice_in(d, -0.35, 0.35),
                           .smooth = true,
                           .noise = 5 };
        ret->truth[i] = t;
        ret->picture[i] = spoil(&t.cells, &way, d);
    }
    image_fini(&still);
    image_fini(&moving);
}

const struct class_row classes[] = {
    { 'A', 60, { "mon" }, "8x nearest, clean", make_a },
    { 'B', 60, { "mon" }, "8x, noise 6, JPEG 85", make_b },
    { 'C', 60, { "mon" }, "7.3x nearest", make_c },
    { 'D', 60, { "mon" }, "10.67x antialiased, noise 5", make_d },
    { 'E', 60, { "mon" }, "12x, cells +-12 % wide, noise 5", make_e },
    { 'F', 60, { "mon" }, "8x9 cells, antialiased", make_f },
    { 'G', 60, { "mon" }, "25.6x to 1024x1024, noise 5", make_g },
    { 'R', 60, { "mon" }, "12x, turned up to 1 degree, noise 4", make_r },
    { 'W', 60, { "mon" }, "10x, blurred, lossy WebP 60", make_w },
    { 'H', 60, { "mon" }, "10x, halos, noise 3", make_h },
    { 'T', 60, { "mon", "item" }, "9x of dithered sprites, noise 4", make_t },
    { 'S', 60, { "item", "mon", "misc" }, "34x34 to 160x128 cells, any of the above", make_s },
    { 'P', 60, { "dngn/wall", "dngn/floor" }, "8x of 64x64 cells without ground, noise 5", make_p },
    { 'X', 60, { "mon" }, "10.67x RGBA, soft alpha, noise 3", make_x },
    { 'K', 60, { "mon" }, "10.67x, noise 5, every second in JPEG; its ground away", make_k },
    { 'Q', 12, { "mon" }, "sequences of 8 frames, 12x, phase +-0.35", make_q },
    { 'N', 200, { NULL }, "no pixel art", NULL },
};
const int class_count = SPR_COUNT(classes);

const char *const *class_folders(const struct class_row *row, enum split split)
{
    static const char *const sprites[] = { "UNUSED",           "dngn/altars",   "dngn/gateways",
                                           "dngn/trees",       "gui",           "player/base",
                                           "player/transform", "player/felids", NULL },
                             *const whole[] = { "dngn/altars", "dngn/doors", "dngn/gateways",
                                                "dngn/trees",  "gui/spells", NULL };
    if (!split_unseen(split))
        return row->folder;
    return row->letter == 'P' ? whole : sprites;
}

void spoiled_fini(struct spoiled *s)
{
    for (int i = 0; i < s->frames; i++) {
        image_fini(&s->truth[i].cells);
        image_fini(&s->picture[i]);
    }
    *s = (struct spoiled){ 0 };
}
