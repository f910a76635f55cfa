/* colour - what colour a picture is, in one of twelve words; hue shifts for augmentation.
 * Flow:  a tile's pixels -> [train/colour] -> its caption; train's augmentation
 * Invariants: hue, saturation and value are each 0..1; colour is straight, never premultiplied.
 * Threads: any; no state. */
#ifndef TRAIN_COLOUR_H
#define TRAIN_COLOUR_H
#include "image/image.h"
#include <stdbool.h>
#include <stddef.h>

/* The vocabulary begins with the padding word and these twelve, in this order. */
enum colour {
    COLOUR_NONE = -1,
    COLOUR_RED,
    COLOUR_ORANGE,
    COLOUR_YELLOW,
    COLOUR_GREEN,
    COLOUR_CYAN,
    COLOUR_BLUE,
    COLOUR_PURPLE,
    COLOUR_PINK,
    COLOUR_BROWN,
    COLOUR_BLACK,
    COLOUR_GREY,
    COLOUR_WHITE,
    COLOUR_COUNT
};

const char *colour_name(enum colour c); /* NULL for COLOUR_NONE */
enum colour colour_named(const char *word);

/* True for the twelve and for the other words that fix a colour ("gold", "crimson", "dark"): a caption with one of
 * them needs no colour word more, and loses it when its hue is shifted. */
bool colour_is_word(const char *word);

/* The word for most of the picture, or COLOUR_NONE where there are under 12 opaque pixels or no colour has more
 * than 35 %. rgba: (pixels, 4) straight alpha 0..1. */
enum colour colour_dominant(const float *rgba, size_t pixels);
enum colour colour_dominant_bytes(const struct rgba *pixel, size_t pixels);

struct hsv {
    float h, s, v;
};
struct hsv colour_to_hsv(const float rgb[3]);
void colour_from_hsv(struct hsv c, float ret_rgb[3]);

#endif
