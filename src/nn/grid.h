/* grid - pictures of pixels of channels in memory; private to src/nn's kernels.
 * Flow:  nn/conv_tiles, nn/conv_outer, nn/winograd -> [nn/grid] */
#ifndef NN_GRID_H
#define NN_GRID_H
#include "nn/conv.h"

/* Floats from one sample, row and pixel to the next. */
struct grid {
    size_t sample, row, pixel;
};

struct grid grid_dense(size_t height, size_t width, size_t channels);

/* Where the taps of a convolution's input are. x is what the middle tap of a 3x3, or the first of a 2x2, reads for
 * output pixel 0; grid leads from output pixel to output pixel; offset is each tap's, in floats from there. */
enum { TAPS_MAX = 9 };
struct grid_taps {
    const float *x;
    struct grid grid;
    size_t count;
    ptrdiff_t offset[TAPS_MAX];
    bool border; /* taps may fall outside the picture, where all is 0 */
};

/* For x (B, H, W, channels), s giving B, H, W, kernel and wrap. A wrapped picture is copied with a border of the
 * opposite edges to `wrapped`, which needs grid_wrapped_floats. */
struct grid_taps grid_taps(const struct conv_shape *s, size_t channels, const float *x, float *wrapped);
size_t grid_wrapped_floats(const struct conv_shape *s, size_t channels);

static inline size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static inline size_t up_to(size_t count, size_t multiple)
{
    return (count + multiple - 1) / multiple * multiple;
}

#endif
