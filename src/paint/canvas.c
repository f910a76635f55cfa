/* Scale2x (Mazzoleni, scale2x.it; the same rule as EPX, Johnston 1992) asks which neighbours are equal. Painted pixels
 * are never quite equal, so here neighbours are equal that differ by less than ALIKE. */
#include "paint/canvas.h"

#include <math.h>
#include <string.h>

/* Below this alpha a colour is not read back from its premultiplied form. */
#define ALPHA_LEAST 0.02f

/* Summed over the channels of two pixels: 48 of 255, in -1..1. */
#define ALIKE 0.375f

static size_t pixels(const struct image *im)
{
    return (size_t)im->width * (size_t)im->height;
}

void canvas_from_image(const struct image *im, float *x)
{
    for (size_t i = 0; i < pixels(im); i++, x += CANVAS_CHANNELS) {
        const struct rgba p = im->pixel[i];
        float alpha = (float)p.a / 255;
        x[0] = 2 * ((float)p.r / 255 * alpha) - 1;
        x[1] = 2 * ((float)p.g / 255 * alpha) - 1;
        x[2] = 2 * ((float)p.b / 255 * alpha) - 1;
        x[3] = 2 * alpha - 1;
    }
}

/* -1..1 -> 0..1 */
static float unit(float x)
{
    float value = (x + 1) / 2;
    return value > 0 ? value < 1 ? value : 1 : 0; /* not a number gives 0 */
}

static uint8_t byte(float value)
{
    return (uint8_t)(value * 255 + 0.5f);
}

void canvas_to_image(const float *x, const struct image *im)
{
    for (size_t i = 0; i < pixels(im); i++, x += CANVAS_CHANNELS) {
        float alpha = unit(x[3]);
        struct rgba p = { .a = byte(alpha) };
        if (alpha >= ALPHA_LEAST) {
            p.r = byte(fminf(unit(x[0]) / alpha, 1));
            p.g = byte(fminf(unit(x[1]) / alpha, 1));
            p.b = byte(fminf(unit(x[2]) / alpha, 1));
        }
        im->pixel[i] = p;
    }
}

void canvas_mask(const struct image *mask, uint8_t *keep)
{
    for (size_t i = 0; i < pixels(mask); i++) {
        const struct rgba p = mask->pixel[i];
        keep[i] = (p.r + p.g + p.b) * p.a < 3 * 128 * 255;
    }
}

static bool alike(const float *a, const float *b)
{
    float sum = 0;
    for (int c = 0; c < CANVAS_CHANNELS; c++)
        sum += fabsf(a[c] - b[c]);
    return sum < ALIKE;
}

/* i moved back inside 0..side-1: to the other edge, or to this one. */
static int inside(int i, int side, bool wrap)
{
    if (i < 0)
        return wrap ? side - 1 : 0;
    return i < side ? i : wrap ? 0 : side - 1;
}

static const float *pixel_at(const float *x, int side, int column, int row)
{
    return x + ((size_t)row * (size_t)side + (size_t)column) * CANVAS_CHANNELS;
}

/*      a        Each of the four new pixels takes the colour that its two sides share, unless that would
 *    c p b      cut through a line: e.g. top left is a where c = a, c != d and a != b. */
static void double_pixel(const float *x, int side, bool wrap, int column, int row, float *to)
{
    const float *p = pixel_at(x, side, column, row);
    const float *a = pixel_at(x, side, column, inside(row - 1, side, wrap));
    const float *b = pixel_at(x, side, inside(column + 1, side, wrap), row);
    const float *c = pixel_at(x, side, inside(column - 1, side, wrap), row);
    const float *d = pixel_at(x, side, column, inside(row + 1, side, wrap));
    bool ca = alike(c, a), ab = alike(a, b), cd = alike(c, d), bd = alike(b, d);
    const float *four[4] = { ca && !cd && !ab ? a : p, ab && !ca && !bd ? b : p, cd && !bd && !ca ? c : p,
                             bd && !ab && !cd ? d : p };
    for (int i = 0; i < 4; i++) {
        size_t at = (size_t)(2 * row + i / 2) * 2 * (size_t)side + (size_t)(2 * column + i % 2);
        memcpy(to + at * CANVAS_CHANNELS, four[i], CANVAS_CHANNELS * sizeof *to);
    }
}

/* How much of the unit square i of `side` lies in unit square j of `to_side`, along one direction, times side. */
static int overlap(int i, int side, int j, int to_side)
{
    int low = i * to_side > j * side ? i * to_side : j * side;
    int high = (i + 1) * to_side < (j + 1) * side ? (i + 1) * to_side : (j + 1) * side;
    return high > low ? high - low : 0;
}

static void average(const float *x, int side, int column, int row, int to_side, float *to)
{
    float sum[CANVAS_CHANNELS] = { 0 };
    for (int r = row * side / to_side; r < side && r * to_side < (row + 1) * side; r++)
        for (int c = column * side / to_side; c < side && c * to_side < (column + 1) * side; c++) {
            float weight = (float)(overlap(r, side, row, to_side) * overlap(c, side, column, to_side));
            for (int i = 0; i < CANVAS_CHANNELS; i++)
                sum[i] += weight * pixel_at(x, side, c, r)[i];
        }
    for (int i = 0; i < CANVAS_CHANNELS; i++)
        to[i] = sum[i] / (float)(side * side);
}

void canvas_scale(const float *x, int side, bool wrap, float *to, int to_side, float *spare)
{
    if (to_side > side) {
        float *doubled = to_side == 2 * side ? to : spare;
        for (int i = 0; i < side * side; i++)
            double_pixel(x, side, wrap, i % side, i / side, doubled);
        if (doubled == to)
            return;
        x = spare;
        side *= 2;
    }
    for (int i = 0; i < to_side * to_side; i++)
        average(x, side, i % to_side, i / to_side, to_side, to + (size_t)i * CANVAS_CHANNELS);
}

void canvas_scale_mask(const uint8_t *keep, int side, uint8_t *to, int to_side)
{
    for (int i = 0; i < to_side * to_side; i++) {
        int row = i / to_side, column = i % to_side;
        to[i] = 1;
        for (int r = row * side / to_side; r < side && r * to_side < (row + 1) * side; r++)
            for (int c = column * side / to_side; c < side && c * to_side < (column + 1) * side; c++)
                to[i] &= keep[r * side + c];
    }
}

void canvas_arc(size_t count, const float *a, const float *b, double amount, float *to)
{
    if (amount <= 0 || amount >= 1) {
        memmove(to, amount <= 0 ? a : b, count * sizeof *to);
        return;
    }
    double aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < count; i++) {
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
        ab += (double)a[i] * (double)b[i];
    }
    double product = sqrt(aa) * sqrt(bb), cosine = product > 0 ? ab / product : 1;
    double angle = acos(cosine < 1 ? cosine > -1 ? cosine : -1 : 1), sine = sin(angle);
    double from_a = 1 - amount, from_b = amount;
    if (sine > 1e-6) { /* nearly the same or opposite directions have no arc of their own: go straight */
        from_a = sin((1 - amount) * angle) / sine;
        from_b = sin(amount * angle) / sine;
    }
    for (size_t i = 0; i < count; i++)
        to[i] = (float)(from_a * (double)a[i] + from_b * (double)b[i]);
}
