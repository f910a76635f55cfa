/* shelf - the models that the engines of a process share: each is loaded once and freed with its last user.
 * Flow:  models folder -> [engine/shelf] -> native engines, any number of them
 * Invariants: what was taken never changes and stays until it is put back, whatever becomes of its file. A file that was
 *   replaced (another inode, size or time), or a shelf that was refreshed, shows in the next shelf_take.
 * Threads: any. Who takes a model that is being loaded waits for it; shelf_refresh never waits.
 * A model's file is read once: it may be replaced, overwritten in place, shortened or removed. */
#ifndef ENGINE_SHELF_H
#define ENGINE_SHELF_H
#include "paint/lexicon.h"
#include "paint/model.h"
#include "paint/nets.h"
#include "paint/sketch.h"

struct shelf;

/* A model with all that is made of it. Immutable, but for nets, which see to that themselves. */
struct stock {
    const struct model *model; /* trimmed: its hash is below */
    const struct lexicon *lexicon;
    const struct sketches *sketches; /* NULL where the model has none */
    struct nets *nets;
    char hash[DIGEST_HEX_BYTES]; /* of the file */
};

/* GIVES *ret (shelf_free). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code shelf_new(struct shelf **ret, struct spr_error *err);
void shelf_free(struct shelf *s); /* everything was put back; NULL is fine */

/* The model of that name (paint/model_find.h), loaded unless it is there. GIVES *ret (shelf_put). Fails: as data_find,
 * model_load, lexicon_new and sketches_new do. */
SPR_MUST_USE enum spr_code shelf_take(struct shelf *s, const char *name, const struct stock **ret,
                                      struct spr_error *err);
void shelf_put(struct shelf *s, const struct stock *stock); /* NULL is fine */

/* Whatever is taken from now on is read from its file anew. */
void shelf_refresh(struct shelf *s);

int shelf_count(struct shelf *s); /* models in memory */

#endif
