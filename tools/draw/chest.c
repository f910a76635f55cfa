/* A chest is a lid and a body of planks with metal bands, seen from the front; what varies is its wood, its metal, its
 * size, whether it is open and what is in it. A bow is an arc from tip to tip and a string; what varies is how bent
 * it is, how it is turned, its wood and its grip. All of it is drawn from the numbers below and a fixed seed: the same
 * files every time. */
#include "chest.h"

#include "base/random.h"
#include "keep.h"
#include "train/captions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SIDE = TILE_SIDE, CHESTS = 72, BOWS = 36 };

/* Dark, middle and light of a material. */
struct material {
    const char *word;
    struct rgba dark, middle, light;
};

#define RGB(r, g, b) \
    {                \
        r, g, b, 255 \
    }
static const struct material woods[] = {
    { "wooden", RGB(84, 48, 22), RGB(133, 80, 38), RGB(176, 115, 60) },
    { "wooden", RGB(92, 57, 30), RGB(150, 98, 52), RGB(198, 142, 84) },
    { "wooden", RGB(66, 36, 18), RGB(108, 61, 30), RGB(147, 90, 48) },
    { "wooden", RGB(96, 40, 24), RGB(146, 66, 36), RGB(188, 100, 58) },
    { "dark", RGB(38, 28, 26), RGB(66, 49, 42), RGB(98, 75, 62) },
    { "red", RGB(92, 20, 22), RGB(150, 36, 34), RGB(200, 70, 58) },
    { "blue", RGB(26, 40, 92), RGB(44, 70, 148), RGB(82, 116, 200) },
    { "green", RGB(26, 64, 30), RGB(46, 106, 50), RGB(88, 152, 82) },
    { "purple", RGB(58, 28, 84), RGB(94, 50, 134), RGB(138, 90, 184) },
    { "iron", RGB(58, 62, 70), RGB(100, 106, 116), RGB(152, 160, 170) },
    { "bone", RGB(120, 112, 92), RGB(182, 174, 150), RGB(224, 218, 198) },
    { "golden", RGB(130, 84, 14), RGB(206, 152, 34), RGB(248, 214, 92) },
};
static const struct material metals[] = {
    { "gold", RGB(140, 92, 18), RGB(216, 164, 40), RGB(255, 226, 110) },
    { "iron", RGB(62, 66, 76), RGB(112, 118, 130), RGB(176, 184, 196) },
    { "silver", RGB(96, 104, 120), RGB(164, 172, 188), RGB(226, 232, 242) },
    { "bronze", RGB(98, 56, 22), RGB(164, 104, 48), RGB(216, 158, 88) },
};
static const struct rgba outline = RGB(24, 16, 14), inside = RGB(34, 20, 16), tongue = RGB(196, 40, 60),
                         tooth = RGB(240, 236, 216), eye = RGB(250, 220, 60);

enum content { EMPTY, COINS, GEMS, TEETH, CONTENTS };

struct chest {
    const struct material *wood, *metal;
    int left, right;      /* first and last column */
    int top, rim, bottom; /* rows: of the lid, of the gap between lid and body, of the ground */
    bool open, bands;
    enum content content;
    struct random chance;
};

static void set(struct image *im, int x, int y, struct rgba c)
{
    if (x >= 0 && y >= 0 && x < SIDE && y < SIDE)
        *image_at(im, x, y) = c;
}

static void fill(struct image *im, int left, int top, int right, int bottom, struct rgba c)
{
    for (int y = top; y <= bottom; y++)
        for (int x = left; x <= right; x++)
            set(im, x, y, c);
}

/* Planks: lines of the dark colour every four rows, light at their upper edge, a knot here and there. */
static void draw_planks(const struct chest *c, struct image *im, int top, int bottom)
{
    for (int y = top; y <= bottom; y++)
        for (int x = c->left + 1; x < c->right; x++) {
            int row = (y - top) % 4;
            struct rgba colour = row == 3 ? c->wood->dark : row == 0 ? c->wood->light : c->wood->middle;
            if (row != 3 && random_unit(c->chance, (uint64_t)y * SIDE + (uint64_t)x) < 0.1f)
                colour = c->wood->dark;
            if (x > c->right - 4 && row != 3)
                colour = row == 0 ? c->wood->middle : c->wood->dark; /* away from the light */
            set(im, x, y, colour);
        }
}

static void draw_band(const struct chest *c, struct image *im, int x, int top, int bottom)
{
    fill(im, x, top, x, bottom, c->metal->light);
    fill(im, x + 1, top, x + 1, bottom, c->metal->middle);
    fill(im, x + 2, top, x + 2, bottom, c->metal->dark);
    for (int y = top + 1; y < bottom; y += 4)
        set(im, x + 1, y, c->metal->light);
}

static void draw_bands(const struct chest *c, struct image *im, int top, int bottom)
{
    if (!c->bands)
        return;
    draw_band(c, im, c->left + 2, top, bottom);
    draw_band(c, im, c->right - 4, top, bottom);
}

static void draw_frame(struct image *im, int left, int top, int right, int bottom)
{
    fill(im, left + 1, top, right - 1, top, outline);
    fill(im, left, bottom, right, bottom, outline);
    fill(im, left, top + 1, left, bottom, outline);
    fill(im, right, top + 1, right, bottom, outline);
}

static void draw_lock(const struct chest *c, struct image *im, int y)
{
    int x = (c->left + c->right) / 2 - 1;
    fill(im, x - 1, y - 2, x + 4, y + 4, outline);
    fill(im, x, y - 1, x + 3, y + 3, c->metal->middle);
    fill(im, x, y - 1, x + 3, y - 1, c->metal->light);
    fill(im, x, y + 3, x + 3, y + 3, c->metal->dark);
    fill(im, x + 1, y + 1, x + 2, y + 2, outline);
}

/* A heap that is highest in the middle. */
static void draw_heap(const struct chest *c, struct image *im)
{
    static const struct rgba gems[] = { RGB(220, 40, 60), RGB(60, 200, 90), RGB(70, 120, 240),
                                        RGB(200, 80, 220) };
    static const struct rgba gold[] = { RGB(255, 232, 120), RGB(240, 190, 50), RGB(190, 130, 24),
                                        RGB(250, 210, 80) };
    int middle = (c->left + c->right) / 2;
    for (int x = c->left + 2; x < c->right - 1; x++) {
        int away = x < middle ? middle - x : x - middle;
        int height = 5 - away / 3;
        for (int y = c->rim; y > c->rim - height; y--) {
            uint32_t draw = random_u32(c->chance, 4096 + (uint64_t)y * SIDE + (uint64_t)x);
            bool gem = c->content == GEMS && draw % 3 == 0;
            set(im, x, y, gem ? gems[draw / 8 % 4] : gold[draw / 8 % 4]);
        }
    }
}

static void draw_teeth(const struct chest *c, struct image *im, int lid_bottom)
{
    int middle = (c->left + c->right) / 2;
    for (int x = c->left + 2; x < c->right - 1; x += 3) {
        fill(im, x, lid_bottom + 1, x + 1, lid_bottom + 2, tooth);
        set(im, x, lid_bottom + 3, tooth);
        fill(im, x + 1, c->rim - 1, x + 2, c->rim, tooth);
    }
    fill(im, middle - 2, c->rim - 1, middle + 3, c->rim + 4, tongue);
    fill(im, middle - 1, c->rim + 5, middle + 2, c->rim + 5, tongue);
    for (int side = -1; side <= 1; side += 2) {
        fill(im, middle + side * 6 - 1, c->top + 3, middle + side * 6 + 1, c->top + 5, eye);
        set(im, middle + side * 6, c->top + 4, outline);
    }
}

static void draw(const struct chest *c, struct image *im)
{
    int lid_bottom = c->open ? c->rim - 6 : c->rim - 1;
    fill(im, c->left + 2, c->bottom + 1, c->right + 1, c->bottom + 1, (struct rgba)RGB(12, 10, 12));
    draw_planks(c, im, c->rim + 1, c->bottom - 1);
    draw_bands(c, im, c->rim + 1, c->bottom - 1);
    draw_frame(im, c->left, c->rim, c->right, c->bottom);
    draw_planks(c, im, c->top + 1, lid_bottom);
    draw_bands(c, im, c->top + 1, lid_bottom);
    fill(im, c->left + 1, c->top + 1, c->right - 1, c->top + 1, c->wood->light);
    draw_frame(im, c->left, c->top, c->right, lid_bottom + 1);
    for (int i = 0; i < 2; i++) { /* round corners of the lid */
        set(im, i ? c->right : c->left, c->top + 1, (struct rgba){ 0 });
        set(im, i ? c->right - 1 : c->left + 1, c->top + 1, outline);
        set(im, i ? c->right - 1 : c->left + 1, c->top, (struct rgba){ 0 });
    }
    if (c->open) {
        fill(im, c->left + 1, lid_bottom + 2, c->right - 1, c->rim, inside);
        fill(im, c->left, lid_bottom + 1, c->left, c->rim, outline);
        fill(im, c->right, lid_bottom + 1, c->right, c->rim, outline);
        if (c->content == COINS || c->content == GEMS)
            draw_heap(c, im);
        else if (c->content == TEETH)
            draw_teeth(c, im, lid_bottom);
        fill(im, c->left + 1, c->rim + 1, c->right - 1, c->rim + 1, c->metal->middle);
    } else {
        fill(im, c->left + 1, c->rim + 1, c->right - 1, c->rim + 1, c->metal->light);
        fill(im, c->left + 1, c->rim - 1, c->right - 1, c->rim - 1, c->metal->dark);
        draw_lock(c, im, c->rim);
    }
}

static struct chest choose(int number)
{
    const struct random r = { 1, (uint64_t)number };
    struct chest c = { .wood = &woods[(size_t)number % SPR_COUNT(woods)],
                       .metal = &metals[random_below(r, 0, SPR_COUNT(metals))],
                       .chance = { 2, (uint64_t)number },
                       .open = number / 12 % 2 == 1,
                       .bands = random_below(r, 1, 4) > 0 };
    int width = 22 + 2 * (int)random_below(r, 2, 4), body = 9 + (int)random_below(r, 3, 4),
        lid = 7 + (int)random_below(r, 4, 3);
    c.left = (SIDE - width) / 2;
    c.right = c.left + width - 1;
    c.bottom = SIDE - 3;
    c.rim = c.bottom - body;
    c.top = c.open ? c.rim - lid - 3 : c.rim - lid;
    c.content = number >= CHESTS - 12 ? TEETH : (enum content)random_below(r, 5, TEETH);
    return c;
}

/* "golden open treasure chest" */
static void describe(const struct chest *c, char text[64])
{
    bool full = c->open && (c->content == COINS || c->content == GEMS);
    if (c->open && c->content == TEETH)
        snprintf(text, 64, "mimic chest");
    else
        snprintf(text, 64, "%s %s%s chest", c->wood->word, c->open ? "open" : "closed",
                 full || !c->open ? " treasure" : "");
}

struct bow {
    const struct material *wood, *grip;
    float bend, recurve; /* how far the arc is from the string, and how far its ends turn back; pixels */
    float length;        /* of half of it */
    float turn;          /* radians; 0 stands upright, string to the right */
    bool arrow;
};

/* The pixel of a point along the bow (-1..1 is tip to tip) and beside it. */
static void turned(const struct bow *b, float along, float beside, int *x, int *y)
{
    float u = beside - b->bend / 3, v = along * b->length;
    *x = (int)lroundf(15.5f + u * cosf(b->turn) - v * sinf(b->turn));
    *y = (int)lroundf(15.5f + u * sinf(b->turn) + v * cosf(b->turn));
}

static float arc(const struct bow *b, float along)
{
    float s = along * along;
    return b->recurve * s * s * s - b->bend * (1 - s);
}

/* Two pixels thick, dark on the outer side, with a dark line around it; then the string. */
static void draw_bow(const struct bow *b, struct image *im)
{
    enum { STEPS = 120 };
    int x, y;
    for (int pass = 0; pass < 3; pass++)
        for (int i = -STEPS; i <= STEPS; i++) {
            float t = (float)i / STEPS;
            bool grip = i > -STEPS / 6 && i < STEPS / 6;
            const struct material *m = grip ? b->grip : b->wood;
            turned(b, t, arc(b, t) + (pass == 2 ? 1 : 0), &x, &y);
            if (pass == 0)
                fill(im, x - 1, y - 1, x + 1, y + 1, outline);
            else
                set(im, x, y, pass == 1 ? m->middle : m->light);
        }
    for (int i = -STEPS; i <= STEPS; i++) {
        turned(b, (float)i / STEPS * 0.97f, b->recurve + 1, &x, &y);
        set(im, x, y, (struct rgba)RGB(214, 208, 190));
    }
    for (int i = 0; b->arrow && i <= STEPS; i++) { /* from the string over the grip */
        float at = b->recurve + 3 - (float)i / STEPS * (b->bend + b->recurve + 9);
        turned(b, 0, at, &x, &y);
        set(im, x, y,
            i < STEPS / 6       ? (struct rgba)RGB(230, 230, 230)
            : i > STEPS * 5 / 6 ? metals[1].light
                                : woods[1].light);
    }
}

static struct bow choose_bow(int number)
{
    static const float turns[] = { 0.785f, 0.785f, 0.785f, 0, 2.356f };
    const struct random r = { 3, (uint64_t)number };
    return (struct bow){ .wood = &woods[(size_t)number % SPR_COUNT(woods)],
                         .grip = &metals[random_below(r, 0, SPR_COUNT(metals))],
                         .bend = 6 + 4 * random_unit(r, 1),
                         .recurve = number % 3 == 0 ? 3 : 0,
                         .length = 11.5f + 3 * random_unit(r, 2),
                         .turn = turns[random_below(r, 3, SPR_COUNT(turns))],
                         .arrow = random_below(r, 4, 3) == 0 };
}

static enum spr_code make_bow(const char *folder, int number, struct buf *lines, struct spr_error *err)
{
    const struct bow bow = choose_bow(number);
    char file[32], text[64];
    struct rgba pixel[SIDE * SIDE] = { { 0 } };
    struct image im = { SIDE, SIDE, pixel };
    draw_bow(&bow, &im);
    snprintf(text, sizeof text, "%s bow%s", bow.wood->word, bow.arrow ? " arrow" : "");
    snprintf(file, sizeof file, "bow-%02d.png", number);
    const struct tile_words words = { .general = "item weapon ranged", .named = text, .hue = true };
    return keep_tile(folder, file, &words, &im, lines, err);
}

static enum spr_code make_chest(const char *folder, int number, struct buf *lines, struct spr_error *err)
{
    const struct chest chest = choose(number);
    char file[32], text[64];
    struct rgba pixel[SIDE * SIDE] = { { 0 } };
    struct image im = { SIDE, SIDE, pixel };
    draw(&chest, &im);
    describe(&chest, text);
    snprintf(file, sizeof file, "chest-%02d.png", number);
    const struct tile_words words = { .general = chest.open && chest.content == TEETH ? "monster" : "item",
                                      .named = text,
                                      .hue = true };
    return keep_tile(folder, file, &words, &im, lines, err);
}

enum spr_code draw_chests(const char *folder, struct buf *lines, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < BOWS && !rc; i++)
        rc = make_bow(folder, i, lines, err);
    for (int i = 0; i < CHESTS && !rc; i++)
        rc = make_chest(folder, i, lines, err);
    return rc;
}
