/* native_inside - one request of the native engine on its way, for native.c and native_sequence.c only. */
#ifndef ENGINE_NATIVE_INSIDE_H
#define ENGINE_NATIVE_INSIDE_H
#include "base/pool.h"
#include "engine/finishing.h"
#include "engine/shelf.h"
#include "paint/paint.h"

struct native {
    int threads;
    struct pool *pool;
    struct shelf *shelf, *own; /* own: the same where nobody else has it */
    const struct stock *stock; /* NULL before the first request */
    struct painter *painter;   /* for it */
};

/* One request on its way. */
struct job {
    struct native *native;
    const struct request *request;
    const struct engine_watch *watch;
    struct reading prompt, negative, blend;
    struct material material;    /* the files that go in */
    struct sketch_choice sketch; /* what to begin from; none where the person said what, or nothing fits */
    struct rgba *sketched;       /* [group most] sketches of the pictures being painted */
    struct paint_options options;
    int done, group; /* pictures handed out; pictures being painted */
    double seconds;  /* of each picture of this group */
};

/* Paints j->group pictures of the request, from the j->done-th on. GIVES ret[j->group]. */
SPR_MUST_USE enum spr_code native_paint(struct job *j, struct image *ret, struct spr_error *err);

void native_progress(void *job, int done, int of); /* as struct paint_watch has it */

/* Makes pixel art of what was painted, one picture or the cells of a sheet, and hands it out as the j->done-th. */
SPR_MUST_USE enum spr_code native_hand_out(struct job *j, const struct image *painted, int count,
                                           struct spr_error *err);

/* native_sequence.c: animations and tile sets, each a sheet: paints and hands out the j->done-th picture. */
SPR_MUST_USE enum spr_code native_sequence(struct job *j, const struct request_sheet *sheet,
                                           struct spr_error *err);

#endif
