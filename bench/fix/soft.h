/* soft - the pictures of bench/pixelfix while they are being spoiled: floating point, any alpha.
 * Flow:  truth (struct image) -> soft_enlarge -> blur, sharpen, noise -> soft_to_image
 * Values are 0..255, colour times alpha (premultiplied), so that mixing is right under transparency.
 * A program that measures: without memory it stops. */
#ifndef FIX_SOFT_H
#define FIX_SOFT_H
#include "base/random.h"
#include "image/image.h"

struct soft {
    int width, height;
    float *v; /* (height, width, 4): r, g, b times alpha, and alpha */
};

/* Where the cells of one axis begin and end in pixels: edge[0] <= 0, rising. */
struct spans {
    int count;
    double *edge; /* (count + 1) */
};

void *must_alloc(size_t count, size_t size);

/* count equal cells over `pixels` pixels; phase moves all edges by that many pixels. */
struct spans spans_even(int count, double pixels, double phase);
/* Each cell is size * (1 + u * spread) wide, -1 <= u < 1 by `r`. */
struct spans spans_uneven(int count, double size, double spread, struct random r);
void spans_fini(struct spans *c);

/* The truth's pixels as cells of a width x height picture. smooth: a pixel gets the mean of what it covers; else what
 * is at its centre. Beyond the last edge the last cell goes on. */
struct soft soft_enlarge(const struct image *truth, const struct spans *x, const struct spans *y, int width,
                         int height, bool smooth);
/* The same with even cells, turned about the centre by so many degrees. */
struct soft soft_enlarge_turned(const struct image *truth, int width, int height, double degrees);

void soft_blur(struct soft *s, double sigma); /* Gaussian */
void soft_sharpen(struct soft *s, double sigma,
                  double strength); /* unsharp mask: leaves bright and dark rims */
void soft_noise(struct soft *s, double sigma, struct random r); /* on colour, where there is any */
struct image soft_to_image(const struct soft *s);
void soft_fini(struct soft *s);

#endif
