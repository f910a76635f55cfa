/* stage - one walk of a wave of pictures from noise to finished numbers at one size; paint.c's own half.
 * Flow:  paint/paint -> [paint/stage] -> paint/sampler, paint/guide
 * Threads: belongs to one call of paint. */
#ifndef PAINT_STAGE_H
#define PAINT_STAGE_H
#include "base/arena.h"
#include "image/image.h"
#include "paint/guide.h"
#include "paint/paint.h"
#include "paint/sampler.h"
#include <stddef.h>
#include <stdint.h>

struct stage {
    int side;
    int steps;             /* walked; 0 gives back what it begins from */
    double from;           /* the time it begins at */
    uint64_t noise_stream; /* of the first noise; sampler_run has the ancestral sampler's */
    size_t count;          /* floats in a picture */
    struct sampler_run run;
    struct guide guide;
    float *x;           /* (pictures, count) */
    float *begin;       /* (count): what is under the noise, where that is not one picture for all */
    float *init;        /* (count): the init picture at this size; NULL without one */
    uint8_t *keep;      /* (side, side): the mask at this size; NULL without one */
    float *scratch;     /* the sampler's */
    struct image shown; /* for previews */
};

/* Asks for (and on the second pass gets) the stage's memory. has_init, has_mask: whether the call has them. */
void stage_place(struct stage *s, struct arena *a, bool has_init, bool has_mask);

/* Scales the init picture and the mask of `size` to this stage's side. spare as canvas_scale takes it; wide: room for
 * the picture at its own size. */
void stage_take_init(struct stage *s, const struct image *init, const struct image *mask, bool wrap,
                     float *wide, float *spare);

/* Makes picture p's x: `under` (count, or NULL for nothing) with the sprite's noise mixed in up to s->from. noise: room
 * for two pictures. */
void stage_begin(struct stage *s, int p, const struct paint_sprite *sprite, const float *under, float *noise);

#endif
