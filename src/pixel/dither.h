/* dither - the palette's colours mixed in patterns, so that from afar they look like the picture's.
 * Flow:  struct image + struct palette -> [pixel/dither] -> struct indexed
 * Ordered kinds (Bayer, blue noise, a matrix of one's own): the pattern hangs on the picture's corner plus `origin`, so
 *   that what moves with its origin does not crawl. For every pixel a list of palette colours whose mean is close to
 *   its own is made (Knoll's pattern dithering), and the matrix says which of them it gets: right for any palette, not
 *   only for even ones.
 * Error diffusion (Floyd-Steinberg, Atkinson): the error of each pixel goes to later ones; rows run to and fro.
 * Mixing is done in linear light, as eyes and screens do it, or in sRGB on request; choosing in the colour space.
 * Invariants: only the palette's colours; transparent pixels take no part; strength 0 is quantise_apply.
 * Threads: any; nothing is shared. */
#ifndef PIXEL_DITHER_H
#define PIXEL_DITHER_H
#include "base/err.h"
#include "image/image.h"
#include "pixel/nearest.h"
#include <stdbool.h>

enum dither_kind {
    DITHER_NONE,
    DITHER_BAYER_2,
    DITHER_BAYER_4,
    DITHER_BAYER_8,
    DITHER_BLUE_NOISE,
    DITHER_FLOYD_STEINBERG,
    DITHER_ATKINSON,
    DITHER_MATRIX,
    DITHER_KIND_COUNT
};

/* "none", "bayer2", ..., "blue-noise", "floyd-steinberg", ... */
const char *dither_kind_name(enum dither_kind kind);
bool dither_kind_named(const char *name, enum dither_kind *ret); /* any case; false if none */

/* "bayer4", "bayer4:0.5": the kind, and the strength of 0 to 1 behind the colon, else 1. False for other text and for
 * DITHER_MATRIX, which needs one; then both are untouched. */
bool dither_read(const char *text, enum dither_kind *ret_kind, float *ret_strength);
extern const char dither_allowed[]; /* what it reads, for a sentence: "none, bayer2 ..." */

struct dither_matrix {
    int width, height; /* 1..256 */
    int levels;        /* 2..64 */
    const uint8_t
        *value; /* (height, width), each < levels: how dark a colour that place takes, 0 the darkest */
};

/* The matrix that a picture shows, one place a pixel: its shades of grey in order, the darkest 0. More than 64 of them are
 * taken together. GIVES ret->value (mem_free, as *ret_value). Fails: SPR_BADARG (sides over 256; one shade only),
 * SPR_NOMEM. */
SPR_MUST_USE enum spr_code dither_matrix_of(const struct image *im, struct dither_matrix *ret,
                                            uint8_t **ret_value, struct spr_error *err);

struct dither_options {
    enum dither_kind kind;
    float strength;                     /* 0..1 */
    enum colour_space space;            /* in which the nearest colour is chosen */
    bool srgb_mixing;                   /* mix sRGB values rather than light */
    int origin_x, origin_y;             /* added to a pixel's place before it is looked up in the pattern */
    int alpha_from;                     /* 1..255: pixels with less are transparent; 0 means 128 */
    const struct dither_matrix *matrix; /* for DITHER_MATRIX; BORROWED */
};

/* Moves the origin that `before` was dithered with to where the same thing is in the next frame of an animation, so that the
 * pattern goes with it: of no shift and those between the corners of what is solid in both, the one by which most pixels
 * are as they were. Pictures of two sizes: no shift. */
void dither_follow(const struct image *before, const struct image *now, struct dither_options *o);

/* GIVES ret->index (indexed_fini). Fails: SPR_BADARG (strength or matrix out of range, empty palette), SPR_LIMIT (see
 * quantise_apply), SPR_NOMEM. */
SPR_MUST_USE enum spr_code dither_apply(const struct image *im, const struct palette *p,
                                        const struct dither_options *o, struct indexed *ret,
                                        struct spr_error *err);

#endif
