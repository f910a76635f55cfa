/* Pictures that have no pixel grid, for false accepts: gradients, clouds, paintings, drawings, landscapes, textures,
 * screens of a program, and cuttings from photos. Hard ones are among them: JPEG's own 8x8 blocks, brick walls,
 * upright rectangles. */
#include "fix/classes.h"
#include "fix/soft.h"
#include "image/load.h"

#include <math.h>
#include <stdlib.h>

struct canvas {
    struct soft s;
    struct dice *d;
    struct random field;
};

static float clamp(float v, float low, float high)
{
    return v < low ? low : v > high ? high : v;
}

static float lattice(struct random r, int x, int y)
{
    return random_unit(r, (uint64_t)(uint32_t)x << 32 | (uint32_t)y);
}

/* Value noise, smooth, -1..1. */
static float value_noise(struct random r, float x, float y)
{
    int i = (int)floorf(x), j = (int)floorf(y);
    float u = x - (float)i, v = y - (float)j;
    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    float a = lattice(r, i, j), b = lattice(r, i + 1, j), c = lattice(r, i, j + 1),
          e = lattice(r, i + 1, j + 1);
    return 2 * ((a + (b - a) * u) * (1 - v) + (c + (e - c) * u) * v) - 1;
}

/* Six octaves of it, turned a little each time so that no lattice shows. */
static float clouds(struct random r, float x, float y)
{
    float sum = 0, weight = 0.5f;
    for (int i = 0; i < 6; i++) {
        sum += weight * value_noise((struct random){ r.seed, r.stream + (uint64_t)i }, x, y);
        float t = 1.6f * x + 1.2f * y;
        y = 1.6f * y - 1.2f * x + 17;
        x = t;
        weight *= 0.5f;
    }
    return sum;
}

struct colour {
    float r, g, b;
};

static struct colour any_colour(struct dice *d)
{
    return (struct colour){ (float)dice_in(d, 0, 255), (float)dice_in(d, 0, 255), (float)dice_in(d, 0, 255) };
}

static struct colour mix(struct colour a, struct colour b, float t)
{
    t = clamp(t, 0, 1);
    return (struct colour){ a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t };
}

static void put(struct canvas *c, int x, int y, struct colour k, float cover)
{
    if (x < 0 || y < 0 || x >= c->s.width || y >= c->s.height || cover <= 0)
        return;
    float *p = &c->s.v[((size_t)y * (size_t)c->s.width + (size_t)x) * 4];
    cover = clamp(cover, 0, 1);
    p[0] += (k.r - p[0]) * cover;
    p[1] += (k.g - p[1]) * cover;
    p[2] += (k.b - p[2]) * cover;
    p[3] = 255;
}

static void fill(struct canvas *c, struct colour k)
{
    for (int y = 0; y < c->s.height; y++)
        for (int x = 0; x < c->s.width; x++)
            put(c, x, y, k, 1);
}

static void gradient(struct canvas *c)
{
    struct colour a = any_colour(c->d), b = any_colour(c->d);
    float angle = (float)dice_in(c->d, 0, 6.28), round = (float)dice_below(c->d, 2);
    for (int y = 0; y < c->s.height; y++)
        for (int x = 0; x < c->s.width; x++) {
            float u = (float)x / (float)c->s.width - 0.5f, v = (float)y / (float)c->s.height - 0.5f;
            float t = round > 0 ? 1.5f * sqrtf(u * u + v * v) : u * cosf(angle) + v * sinf(angle) + 0.5f;
            put(c, x, y, mix(a, b, t), 1);
        }
}

static void sky(struct canvas *c)
{
    struct colour a = any_colour(c->d), b = any_colour(c->d), e = any_colour(c->d);
    float scale = (float)dice_in(c->d, 2, 9);
    for (int y = 0; y < c->s.height; y++)
        for (int x = 0; x < c->s.width; x++) {
            float t = 0.5f + clouds(c->field, (float)x / (float)c->s.width * scale,
                                    (float)y / (float)c->s.width * scale);
            put(c, x, y, t < 0.5f ? mix(a, b, 2 * t) : mix(b, e, 2 * t - 1), 1);
        }
}

/* Hills behind hills under a sky, each with its own grain. */
static void landscape(struct canvas *c)
{
    struct colour low = any_colour(c->d), high = any_colour(c->d);
    for (int y = 0; y < c->s.height; y++)
        for (int x = 0; x < c->s.width; x++)
            put(c, x, y, mix(high, low, (float)y / (float)c->s.height), 1);
    for (int hill = 0; hill < 5; hill++) {
        struct colour k = any_colour(c->d);
        struct random r = { c->field.seed, c->field.stream + 100 * (uint64_t)(hill + 1) };
        float base = (float)c->s.height * (0.3f + 0.15f * (float)hill), scale = 3 + (float)hill;
        for (int x = 0; x < c->s.width; x++) {
            float top = base + 0.25f * (float)c->s.height *
                                   clouds(r, (float)x / (float)c->s.width * scale, (float)hill * 9.1f);
            for (int y = (int)top; y < c->s.height; y++) {
                float t = 0.5f + 0.9f * clouds(r, (float)x / 23, (float)y / 23);
                put(c, x, y, mix((struct colour){ k.r / 3, k.g / 3, k.b / 3 }, k, t), (float)y + 1 - top);
            }
        }
    }
}

static void disc(struct canvas *c, float cx, float cy, float radius, struct colour k, float cover, float soft)
{
    int r = (int)(radius + soft) + 1;
    for (int y = (int)cy - r; y <= (int)cy + r; y++)
        for (int x = (int)cx - r; x <= (int)cx + r; x++) {
            float u = (float)x - cx, v = (float)y - cy;
            put(c, x, y, k, cover * clamp((radius - sqrtf(u * u + v * v)) / soft + 0.5f, 0, 1));
        }
}

static void lights(struct canvas *c)
{
    fill(c, mix(any_colour(c->d), (struct colour){ 0, 0, 0 }, 0.7f));
    for (int i = 0; i < 80; i++)
        disc(c, (float)dice_in(c->d, 0, c->s.width), (float)dice_in(c->d, 0, c->s.height),
             (float)dice_in(c->d, 8, 70), any_colour(c->d), (float)dice_in(c->d, 0.2, 0.8),
             (float)dice_in(c->d, 1, 20));
}

static void stroke(struct canvas *c, float x, float y, float angle, float length, float width,
                   struct colour k, float bend)
{
    for (float t = 0; t < length; t += 0.5f * width + 0.5f) {
        disc(c, x, y, width, k, 0.9f, 1.2f);
        x += cosf(angle) * (0.5f * width + 0.5f);
        y += sinf(angle) * (0.5f * width + 0.5f);
        angle += bend;
    }
}

/* Brush strokes that follow a field and take a picture's colours: an oil painting. */
static void painting(struct canvas *c)
{
    struct colour a = any_colour(c->d), b = any_colour(c->d), e = any_colour(c->d);
    fill(c, a);
    for (int i = 0; i < 2500; i++) {
        float x = (float)dice_in(c->d, 0, c->s.width), y = (float)dice_in(c->d, 0, c->s.height);
        float t = 0.5f + clouds(c->field, x / 180, y / 180),
              angle = 6 * value_noise(c->field, x / 260, y / 260);
        struct colour k = t < 0.5f ? mix(a, b, 2 * t) : mix(b, e, 2 * t - 1);
        k = mix(k, any_colour(c->d), 0.12f);
        stroke(c, x, y, angle, (float)dice_in(c->d, 15, 70), (float)dice_in(c->d, 2, 7), k, 0.02f);
    }
}

static void line_drawing(struct canvas *c)
{
    fill(c, (struct colour){ 252, 250, 245 });
    for (int i = 0; i < 60; i++)
        stroke(c, (float)dice_in(c->d, 0, c->s.width), (float)dice_in(c->d, 0, c->s.height),
               (float)dice_in(c->d, 0, 6.28), (float)dice_in(c->d, 40, 500), (float)dice_in(c->d, 0.6, 2.5),
               (struct colour){ 30, 28, 35 }, (float)dice_in(c->d, -0.05, 0.05));
}

/* A cartoon: large smooth shapes in flat colours. */
static void cartoon(struct canvas *c)
{
    fill(c, any_colour(c->d));
    for (int i = 0; i < 14; i++) {
        float cx = (float)dice_in(c->d, 0, c->s.width), cy = (float)dice_in(c->d, 0, c->s.height);
        float size = (float)dice_in(c->d, 30, 200), turn = (float)dice_in(c->d, 0, 6.28);
        struct colour k = any_colour(c->d);
        float waves = (float)(2 + dice_below(c->d, 5)), depth = (float)dice_in(c->d, 0, 0.4);
        for (int y = 0; y < c->s.height; y++)
            for (int x = 0; x < c->s.width; x++) {
                float u = (float)x - cx, v = (float)y - cy, r = sqrtf(u * u + v * v);
                float edge = size * (1 + depth * cosf(waves * atan2f(v, u) + turn));
                if (r < edge + 4)
                    put(c, x, y, r > edge - 4 ? (struct colour){ 20, 18, 24 } : k, edge + 4 - r);
            }
    }
}

static void rectangle(struct canvas *c, float x0, float y0, float x1, float y1, struct colour k)
{
    for (int y = (int)y0; y <= (int)y1; y++)
        for (int x = (int)x0; x <= (int)x1; x++) {
            float w = fminf((float)x + 1, x1) - fmaxf((float)x, x0),
                  h = fminf((float)y + 1, y1) - fmaxf((float)y, y0);
            put(c, x, y, k, clamp(w, 0, 1) * clamp(h, 0, 1));
        }
}

/* Windows, bars and lines of something like text: upright edges everywhere, on no common grid. */
static void screen(struct canvas *c)
{
    fill(c, (struct colour){ 240, 241, 244 });
    for (int i = 0; i < 9; i++) {
        float x = floorf((float)dice_in(c->d, 0, c->s.width)),
              y = floorf((float)dice_in(c->d, 0, c->s.height));
        float w = floorf((float)dice_in(c->d, 80, 400)), h = floorf((float)dice_in(c->d, 60, 300));
        rectangle(c, x, y, x + w, y + h, mix(any_colour(c->d), (struct colour){ 255, 255, 255 }, 0.7f));
        rectangle(c, x, y, x + w, y + 22, any_colour(c->d));
        for (float line = y + 32; line < y + h - 8; line += 17)
            for (float at = x + 8; at < x + w - 14; at += (float)dice_in(c->d, 3, 9)) {
                float high = (float)dice_in(c->d, 4, 9), wide = (float)dice_in(c->d, 1, 4);
                rectangle(c, at, line + 9 - high, at + wide, line + 9, (struct colour){ 50, 52, 60 });
            }
    }
}

/* Bricks in mortar: a real grid, but no pixels. */
static void bricks(struct canvas *c)
{
    float w = (float)dice_in(c->d, 40, 90), h = w / 2.3f;
    struct colour mortar = { 180, 175, 165 },
                  brick = mix(any_colour(c->d), (struct colour){ 150, 70, 50 }, 0.7f);
    fill(c, mortar);
    for (int j = -1; (float)j * h < (float)c->s.height; j++)
        for (int i = -1; (float)i * w < (float)c->s.width; i++) {
            float x = (float)i * w + (j % 2 ? w / 2 : 0), y = (float)j * h;
            rectangle(c, x + 2, y + 2, x + w - 2 + (float)dice_in(c->d, -1, 1), y + h - 2,
                      mix(brick, any_colour(c->d), 0.15f));
        }
    for (int y = 0; y < c->s.height; y++)
        for (int x = 0; x < c->s.width; x++)
            put(c, x, y, (struct colour){ 60, 50, 45 },
                0.3f + 0.5f * clouds(c->field, (float)x / 15, (float)y / 15));
}

static void wood(struct canvas *c)
{
    struct colour a = { 120, 72, 36 }, b = { 190, 140, 84 };
    for (int y = 0; y < c->s.height; y++)
        for (int x = 0; x < c->s.width; x++) {
            float ring = (float)y / 7 + 12 * clouds(c->field, (float)x / 400, (float)y / 90);
            put(c, x, y, mix(a, b, 0.5f + 0.5f * sinf(ring)), 1);
        }
}

/* Cells of colour with soft bounds: stained glass, or cells under a microscope. */
static void glass(struct canvas *c)
{
    enum { SEEDS = 120 };
    float sx[SEEDS], sy[SEEDS];
    struct colour k[SEEDS];
    for (int i = 0; i < SEEDS; i++) {
        sx[i] = (float)dice_in(c->d, 0, c->s.width);
        sy[i] = (float)dice_in(c->d, 0, c->s.height);
        k[i] = any_colour(c->d);
    }
    for (int y = 0; y < c->s.height; y++)
        for (int x = 0; x < c->s.width; x++) {
            float best = 1e9f, next = 1e9f;
            int who = 0;
            for (int i = 0; i < SEEDS; i++) {
                float u = (float)x - sx[i], v = (float)y - sy[i], r = u * u + v * v;
                if (r < best) {
                    next = best;
                    best = r;
                    who = i;
                } else if (r < next) {
                    next = r;
                }
            }
            put(c, x, y, mix((struct colour){ 15, 15, 18 }, k[who], (sqrtf(next) - sqrtf(best)) / 3), 1);
        }
}

static void grain(struct canvas *c)
{
    fill(c, any_colour(c->d));
    soft_noise(&c->s, 60, c->field);
    soft_blur(&c->s, dice_in(c->d, 0.4, 2));
}

static void (*const kinds[])(struct canvas *c) = {
    gradient, sky, landscape, lights, painting, glass, line_drawing, cartoon, screen, bricks, wood, grain
};

static bool cut_photo(const char *path, struct dice *d, struct spoiled *ret)
{
    struct image im;
    struct spr_error err;
    if (image_load(path, NULL, &im, NULL, &err))
        return false;
    int shrink = 1 + dice_below(d, 3);
    int w = 384 + dice_below(d, 641), h = 384 + dice_below(d, 641);
    w = w * shrink > im.width ? im.width / shrink : w;
    h = h * shrink > im.height ? im.height / shrink : h;
    int x0 = dice_below(d, im.width - w * shrink + 1), y0 = dice_below(d, im.height - h * shrink + 1);
    ret->picture[0] = image_flat(w, h, (struct rgba){ 0, 0, 0, 255 });
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            int r = 0, g = 0, b = 0, n = shrink * shrink;
            for (int k = 0; k < n; k++) {
                struct rgba p = *image_at(&im, x0 + x * shrink + k % shrink, y0 + y * shrink + k / shrink);
                r += p.r;
                g += p.g;
                b += p.b;
            }
            *image_at(&ret->picture[0], x, y) =
                (struct rgba){ (uint8_t)(r / n), (uint8_t)(g / n), (uint8_t)(b / n), 255 };
        }
    image_fini(&im);
    return true;
}

void not_art_make(int number, char *const *photos, int photo_count, enum split split, struct dice *d,
                  struct spoiled *ret)
{
    ret->frames = 1;
    ret->keep = (enum keep)dice_below(d, 3);
    ret->quality = 50 + dice_below(d, 45);
    if (photo_count > 1 && number % 5 < 2 &&
        cut_photo(photos[2 * dice_below(d, photo_count / 2) + (split == SPLIT_HELD)], d, ret))
        return;
    int w = 320 + dice_below(d, 705), h = 320 + dice_below(d, 705);
    struct canvas c = { { w, h, must_alloc((size_t)w * (size_t)h * 4, sizeof(float)) },
                        d,
                        { d->r.seed, random_mix(d->r.stream + 7) } };
    kinds[number % (int)SPR_COUNT(kinds)](&c);
    if (dice_below(d, 2))
        soft_noise(&c.s, dice_in(d, 1, 7), (struct random){ d->r.seed, d->r.stream + 11 });
    ret->picture[0] = soft_to_image(&c.s);
    soft_fini(&c.s);
}
