/* Each opaque pixel votes for the word of its hue, saturation and value, and the more vivid it is the more its vote
 * counts; black counts half, since outlines are black whatever they outline. */
#include "train/colour.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[COLOUR_COUNT] = {
    [COLOUR_RED] = "red",       [COLOUR_ORANGE] = "orange", [COLOUR_YELLOW] = "yellow",
    [COLOUR_GREEN] = "green",   [COLOUR_CYAN] = "cyan",     [COLOUR_BLUE] = "blue",
    [COLOUR_PURPLE] = "purple", [COLOUR_PINK] = "pink",     [COLOUR_BROWN] = "brown",
    [COLOUR_BLACK] = "black",   [COLOUR_GREY] = "grey",     [COLOUR_WHITE] = "white",
};

static const char *const other_words[] = {
    "azure",  "bronze", "copper",  "crimson", "dark",   "emerald", "gold",
    "golden", "light",  "magenta", "ruby",    "silver", "teal",    "violet",
};

const char *colour_name(enum colour c)
{
    return c < 0 || c >= COLOUR_COUNT ? NULL : names[c];
}

enum colour colour_named(const char *word)
{
    for (int c = 0; c < COLOUR_COUNT; c++)
        if (strcmp(word, names[c]) == 0)
            return (enum colour)c;
    return COLOUR_NONE;
}

bool colour_is_word(const char *word)
{
    for (size_t i = 0; i < SPR_COUNT(other_words); i++)
        if (strcmp(word, other_words[i]) == 0)
            return true;
    return colour_named(word) != COLOUR_NONE;
}

/* In double: a tile's word must not hang on how a machine rounds floats. */
static void to_hsv(double r, double g, double b, double *h, double *s, double *v)
{
    double most = fmax(r, fmax(g, b)), least = fmin(r, fmin(g, b)), range = most - least;
    *v = most;
    *s = most > 0 ? range / most : 0;
    *h = 0;
    if (range <= 0)
        return;
    if (most == r)
        *h = (g - b) / range;
    else if (most == g)
        *h = (b - r) / range + 2;
    else
        *h = (r - g) / range + 4;
    *h /= 6;
    if (*h < 0)
        *h += 1;
}

struct hsv colour_to_hsv(const float rgb[3])
{
    double h, s, v;
    to_hsv((double)rgb[0], (double)rgb[1], (double)rgb[2], &h, &s, &v);
    return (struct hsv){ (float)h, (float)s, (float)v };
}

void colour_from_hsv(struct hsv c, float ret_rgb[3])
{
    /* Each primary is full for two sixths of the circle, falls for one, is least for two and rises for one. */
    static const float phase[3] = { 5, 3, 1 };
    for (int i = 0; i < 3; i++) {
        float k = fmodf(phase[i] + c.h * 6, 6);
        float ramp = fminf(fminf(k, 4 - k), 1);
        ret_rgb[i] = c.v - c.v * c.s * fmaxf(ramp, 0);
    }
}

static enum colour of_hue(double degrees)
{
    static const struct {
        double below;
        enum colour word;
    } hues[] = {
        { 16, COLOUR_RED },   { 42, COLOUR_ORANGE }, { 68, COLOUR_YELLOW },  { 160, COLOUR_GREEN },
        { 195, COLOUR_CYAN }, { 255, COLOUR_BLUE },  { 290, COLOUR_PURPLE }, { 338, COLOUR_PINK },
    };
    for (size_t i = 0; i < SPR_COUNT(hues); i++)
        if (degrees < hues[i].below)
            return hues[i].word;
    return COLOUR_RED;
}

static enum colour of_pixel(double h, double s, double v)
{
    double degrees = h * 360;
    if (v < 0.2)
        return COLOUR_BLACK;
    if (s < 0.22)
        return v > 0.78 ? COLOUR_WHITE : COLOUR_GREY;
    if (degrees >= 8 && degrees < 50 && v < 0.65)
        return COLOUR_BROWN;
    enum colour word = of_hue(degrees);
    return word == COLOUR_PINK && v < 0.6 ? COLOUR_PURPLE : word;
}

struct votes {
    size_t opaque;
    double of[COLOUR_COUNT];
};

static void vote(struct votes *votes, double r, double g, double b)
{
    double h, s, v;
    to_hsv(r, g, b, &h, &s, &v);
    votes->opaque++;
    votes->of[of_pixel(h, s, v)] += 0.5 + s * v;
}

static enum colour elected(struct votes *votes)
{
    double sum = 0;
    int best = 0;
    if (votes->opaque < 12)
        return COLOUR_NONE;
    votes->of[COLOUR_BLACK] *= 0.5;
    for (int c = 0; c < COLOUR_COUNT; c++) {
        sum += votes->of[c];
        if (votes->of[c] > votes->of[best])
            best = c;
    }
    return votes->of[best] > 0.35 * sum ? (enum colour)best : COLOUR_NONE;
}

enum colour colour_dominant(const float *rgba, size_t pixels)
{
    struct votes votes = { 0 };
    for (size_t i = 0; i < pixels; i++, rgba += 4)
        if (rgba[3] > 0.5f)
            vote(&votes, (double)rgba[0], (double)rgba[1], (double)rgba[2]);
    return elected(&votes);
}

enum colour colour_dominant_bytes(const struct rgba *pixel, size_t pixels)
{
    struct votes votes = { 0 };
    for (size_t i = 0; i < pixels; i++)
        if (pixel[i].a >= 128)
            vote(&votes, pixel[i].r / 255.0, pixel[i].g / 255.0, pixel[i].b / 255.0);
    return elected(&votes);
}
