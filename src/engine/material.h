/* material - the files that go into a picture: what to begin from, where to draw, which colours to use.
 * Flow:  --init, --mask, --palette -> [engine/material] -> paint, pixel/finish; their hashes -> papers
 * A picture to begin from may be larger than the size asked for by a whole factor, as enlarged sprites are: then one
 * pixel of each block, the middle one, stands for it.
 * Threads: a plain value. */
#ifndef ENGINE_MATERIAL_H
#define ENGINE_MATERIAL_H
#include "engine/engine.h"

struct material {
    struct image init, mask; /* size x size; empty where the request has none */
    struct palette palette;
    struct engine_papers papers; /* the hashes of the files, nothing else */
};

/* Loads what the request names. *ret is zeroed before; GIVES what it holds (material_fini), even on failure. Fails:
 * SPR_NOTFOUND, SPR_IO, SPR_BADDATA, SPR_LIMIT, SPR_BADARG (a size that does not fit): the flag is named. */
SPR_MUST_USE enum spr_code material_load(struct material *ret, const struct request *r,
                                         struct spr_error *err);
/* The same with pictures at their own sizes, for an engine that scales them itself. */
SPR_MUST_USE enum spr_code material_load_whole(struct material *ret, const struct request *r,
                                               struct spr_error *err);
void material_fini(struct material *m); /* fine on a zeroed one */

#endif
