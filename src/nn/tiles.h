/* tiles - the inner loops, one set of them for each kind of vector register; private to src/nn.
 * Flow:  nn/conv_tiles (which pixels, which taps) -> [nn/tiles] (multiply and add)
 * Invariants: tiles.c is compiled once for each kind. Every sum is one chain of fused multiply-adds in the order that
 *   the caller gives, so all kinds give the same bits.
 *   For bf16 each kind has a second table, whose inputs and weights are pairs (nn/bf16.h) of what is summed over:
 *   neighbouring channels, or for a weight gradient two pixels. A pair takes a float's place, so that sizes and strides
 *   "in floats" hold for both, and a sum over n floats is one over n / 2 pairs. Sums and results are floats.
 * Words: a panel is some registers' worth of neighbouring output channels; the weights of a panel lie together.
 *   A tile is up to `rows` output pixels in one image row times one panel, and is summed in registers. */
#ifndef NN_TILES_H
#define NN_TILES_H
#include <stdbool.h>
#include <stddef.h>

/* Of the pixels in a tile, those whose tap falls outside the picture on the left or right are left out. */
enum tap_cut { TAP_WHOLE, TAP_CUT_FIRST, TAP_CUT_LAST };

struct tap {
    const float *x; /* channels of the input pixel under the first output pixel that is not cut */
    const float *w; /* (channels, width of the panel) */
    enum tap_cut cut;
};

/* y = (sum over taps and channels of x * w + bias) + add, over full panels. Long sums come in parts: all but the first
 * resume from `sums`, all but the last leave their result there. */
struct tile {
    const struct tap *tap;
    size_t taps, channels;
    size_t x_stride;    /* floats between the inputs of neighbouring pixels */
    const float *ahead; /* weights wanted next: a line of each 16 floats is prefetched for each channel */
    float *sums;        /* (rows, panel width) */
    bool resume, finish;
    const float *bias; /* (panel width) or NULL */
    const float *add;  /* like y, or NULL */
    float *y;
    size_t y_stride; /* floats between neighbouring pixels of y and add */
};
typedef void tile_fn(const struct tile *t);

/* dw (block, panel width) += (or, if fresh, =) sum over pixels of x * dy, in the order samples, rows, pixels. */
struct outer {
    const float *x;  /* (samples, height, width, block), strides below in floats */
    const float *dy; /* (samples, height, width, panel width) */
    size_t samples, height, width;
    size_t x_sample, x_row, x_pixel;
    size_t dy_sample, dy_row, dy_pixel;
    float *dw;
    size_t dw_stride; /* floats between its rows */
    bool fresh;
};
typedef void outer_fn(const struct outer *o);

/* Winograd's transforms (transforms.c) of squares of side x side output pixels and the patches of (side + 2) x (side + 2)
 * input pixels under them, for `channels` channels, a multiple of the lanes; `stride` is floats between the positions of
 * a transformed patch. */
enum { SQUARE_MAX = 16, PATCH_MAX = 36 };
/* to (positions, columns) = the transform of weights g (9, columns), whose taps are tap_stride floats apart; pairs: of g
 * and of the row behind it, row_stride floats on. */
typedef void weights_fn(const float *g, size_t row_stride, size_t tap_stride, size_t columns, float *to,
                        size_t stride);
/* v = the transform of a patch; pairs: of neighbouring channels. */
typedef void patch_fn(const float *const *pixel, size_t channels, float *v, size_t stride);
/* y = (the square's pixels of the products m + bias) + add; bias and add[0] may be NULL. */
typedef void square_fn(const float *m, size_t stride, size_t channels, const float *bias,
                       const float *const *add, float *const *y);
/* dweight (9, rows, columns) += the transform of sums (positions, rows, columns); strides in floats from row to row and
 * tap to tap of dweight. */
typedef void weight_gradient_fn(const float *sums, size_t rows, size_t columns, float *dweight,
                                size_t row_stride, size_t tap_stride);
/* n = the transform of the gradients of a square. */
typedef void square_gradient_fn(const float *const *dy, size_t channels, float *n, size_t stride);
/* The same two of two patches or squares, as pairs. */
typedef void patch_two_fn(const float *pixel[2][PATCH_MAX], size_t channels, float *v, size_t stride);
typedef void square_gradient_two_fn(const float *dy[2][SQUARE_MAX], size_t channels, float *n, size_t stride);

struct transforms {
    size_t side;
    weights_fn *weights;
    patch_fn *patch;
    square_fn *square;
    weight_gradient_fn *weight_gradient;
    square_gradient_fn *square_gradient; /* not for pairs */
    patch_two_fn *patch_two;             /* for pairs alone, as the next */
    square_gradient_two_fn *square_gradient_two;
};

/* Loops over numbers one by one (pointwise.c), over (rows, columns). */
struct affine {
    const float *a, *b; /* (columns): z = a x + b */
    const float *mean;  /* (columns) */
};
struct pointwise {
    /* y = z sigmoid(z); y may be x */
    void (*silu)(const float *x, size_t rows, size_t columns, const float *a, const float *b, float *y);
    /* dy times the derivative of that by z; its column sums, plain (s1) and times x - mean (s2) */
    void (*silu_back)(const float *x, size_t rows, size_t columns, const struct affine *of, float *dy,
                      float *s1, float *s2);
    /* each row's softmax over its first `count` scores; 0 in the rest, up to `padded`, a multiple of 16 */
    void (*softmax)(float *score, size_t rows, size_t count, size_t padded);
};

/* to[i] = the pair low[i], high[i] */
typedef void pair_rows_fn(const float *low, const float *high, size_t count, float *to);
/* to[i] = the pair x[2 i], x[2 i + 1] */
typedef void pair_neighbours_fn(const float *x, size_t pairs, float *to);

enum { TILE_ROWS_MAX = 8, TILE_VECTORS_MAX = 4, OUTER_BLOCK = 16 };

struct tiles {
    size_t lanes;   /* floats in a register */
    size_t vectors; /* registers across a full panel */
    size_t rows;    /* most pixels of a tile */
    size_t block;   /* most input channels of an outer product, <= OUTER_BLOCK */
    size_t depth;   /* how many terms' weights of a full panel stay in the first-level cache */
    tile_fn *const (*tile)[TILE_ROWS_MAX]; /* [vectors - 1][rows - 1] */
    outer_fn *const (*outer)[OUTER_BLOCK]; /* [vectors - 1][block - 1] */
    const struct transforms *square;       /* two: of side 2 and 4 */
    const struct pointwise *pointwise;     /* not for pairs */

    bool pairs; /* bf16; and what only its table has */
    pair_rows_fn *pair_rows;
    pair_neighbours_fn *pair_neighbours;
};

/* The floats or pairs that so many channels are. */
static inline size_t tiles_terms(const struct tiles *k, size_t channels)
{
    return k->pairs ? (channels + 1) / 2 : channels;
}

/* Those that the build has. The first of pairs wants AVX512_BF16, the others compute the same from floats. */
extern const struct tiles tiles_avx512, tiles_avx2, tiles_neon;
extern const struct tiles pairs_avx512bf16, pairs_avx512, pairs_avx2, pairs_neon;

#endif
