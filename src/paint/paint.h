/* paint - readings and seeds in, pictures out: guidance, image to image, masks, seamless tiles, variations, blends.
 * Flow:  paint/text, paint/nets -> [paint/paint] -> struct image with soft alpha -> pixel/ makes pixel art of it
 * Laws:
 *   1. The same sprite with the same options and weights is the same picture, bit for bit, on any number of threads,
 *      alone or in any company.
 *   2. Under a mask, pixels that are kept are those of the init picture, bit for bit.
 *   3. Nothing is allocated between the first step and the last.
 * Threads: a painter is used by one thread at a time and works with the threads of its pool; callbacks come on the
 *   calling thread, between steps. */
#ifndef PAINT_PAINT_H
#define PAINT_PAINT_H
#include "base/err.h"
#include "base/pool.h"
#include "image/image.h"
#include "paint/nets.h"
#include "paint/sampler.h"
#include "paint/text.h"
#include "paint/unet.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { PAINT_STEPS_MAX = 200, PAINT_COUNT_MAX = 1000 };
#define PAINT_GUIDANCE_MAX 30.0

/* Sizes. A network draws well at the size it was trained for, and only there: at half of it shapes are lost, and at
 * twice of it objects come out as several, though surfaces stay good (looked at on the bundled model, 32). So every
 * picture is painted at the base size first. For another one it is then scaled (canvas_scale) and refined: noise is
 * mixed in up to a small t, and the same sampler walks from there at the new size, which redraws outlines and texture
 * in the new pixels but not the layout. An init picture of another size with no more strength than the refinement has
 * is walked at that size alone. Other sizes are refused. */
struct paint_size {
    int numerator, denominator; /* of the base size */
    double refine;              /* the t that refining starts from */
};
enum { PAINT_SIZES = 5 };
const struct paint_size *paint_size_at(int i); /* 0..PAINT_SIZES - 1, by size */

struct painter;

/* base_size: pixels on a side that the weights were trained for (struct model's size). GIVES *ret (painter_free). BORROWS
 * nets and pool for the painter's life; painters of several threads may share the nets. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code painter_new(struct nets *nets, int base_size, struct pool *pool,
                                       struct painter **ret, struct spr_error *err);
void painter_free(struct painter *p); /* NULL is fine */

/* What holds for every picture of a call. */
struct paint_options {
    int size;        /* pixels on a side: 16, 24, 32, 48 or 64 where the base size is 32 */
    int steps;       /* 1..PAINT_STEPS_MAX; with init only its last part, strength * steps, is walked */
    double guidance; /* 0..PAINT_GUIDANCE_MAX; 1 leaves the negative reading out and halves the work */
    enum sampler sampler;
    enum conv_precision precision; /* of the network's products */
    bool wrap;                     /* edges meet: the picture tiles */
    const struct image *init;      /* size x size to begin from, or NULL */
    double strength;               /* 0..1, with init: 0 gives it back, 1 keeps only what the mask keeps */
    const struct image *mask;      /* size x size, with init: light is painted anew, the rest kept; or NULL */
    bool sketched;                 /* without init: every sprite has a sketch, and strength is of that */
};

/* What each picture has of its own. */
struct paint_sprite {
    const struct reading *prompt;
    const struct reading *negative; /* what to keep away from; NULL is nothing in particular */
    const struct reading *blend;    /* a second prompt, or NULL */
    double blend_amount;            /* 0 only prompt .. 1 only blend */
    uint64_t seed;
    uint64_t vary_seed;
    double vary; /* 0 the noise of seed .. 1 the noise of vary_seed, along the arc between them */
    const struct image *sketch; /* with sketched: base size x base size to begin from; else not looked at */
};

/* What the caller hears. All may be NULL. */
struct paint_watch {
    void *context;
    const atomic_bool *cancel;                         /* read between steps */
    void (*progress)(void *context, int done, int of); /* steps, over all pictures of the call */
    int preview_every;                                 /* steps; 0: never */
    void (*preview)(void *context, int sprite, const struct image *so_far);
};

/* Paints count pictures, 1..PAINT_COUNT_MAX. GIVES the pixels of ret[count] (image_fini); on failure none. BORROWS the
 * rest. Fails: SPR_BADARG (an option out of its bounds: the sentence has both), SPR_CANCELLED, SPR_NOMEM. */
SPR_MUST_USE enum spr_code paint(struct painter *p, const struct paint_options *options,
                                 const struct paint_sprite *sprite, int count,
                                 const struct paint_watch *watch, struct image *ret, struct spr_error *err);

/* The same at the base size from given noise (count, size, size, 4) in the place of the seeds', to finished numbers of the same shape,
 * premultiplied RGBA in -1..1, before they become bytes: for tests against golden values. Overwrites x. */
SPR_MUST_USE enum spr_code paint_raw(struct painter *p, const struct paint_options *options,
                                     const struct paint_sprite *sprite, int count, float *x,
                                     struct spr_error *err);

#endif
