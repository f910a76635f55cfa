#include "paint/canvas.h"

#include <math.h>
#include <string.h>

/* Below this alpha a colour is not read back from its premultiplied form. */
#define ALPHA_LEAST 0.02f

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
