/* loop - waits for descriptors and for points in time, and calls who asked. Nothing in it goes round without a cause.
 * Flow:  local, crew, meta, domain -> [orchestrate/loop] -> epoll
 * Threads: one loop, one thread; callbacks run in it. Callbacks may add and remove anything, themselves too. */
#ifndef ORCHESTRATE_LOOP_H
#define ORCHESTRATE_LOOP_H
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct loop;
typedef void loop_fn(void *context);

SPR_MUST_USE enum spr_code loop_new(struct loop **ret, struct spr_error *err); /* GIVES *ret (loop_free) */
void loop_free(struct loop *l);                                                /* NULL is fine */

/* Calls fn whenever fd is readable (or closed from the other end). One watch per fd. BORROWS fd. Fails: SPR_NOMEM,
 * SPR_IO. */
SPR_MUST_USE enum spr_code loop_watch(struct loop *l, int fd, loop_fn *fn, void *context,
                                      struct spr_error *err);
void loop_unwatch(struct loop *l, int fd); /* before closing it; fine if it is not watched */

/* Calls fn once at that time of clock_wall_ms; a timer is named by fn and context: setting it again moves it.
 * INT64_MAX: never. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code loop_at(struct loop *l, int64_t wall_ms, loop_fn *fn, void *context,
                                   struct spr_error *err);

/* Waits once and calls whoever is due. *block_ms: at most so long; -1: until something happens. */
SPR_MUST_USE enum spr_code loop_turn(struct loop *l, int block_ms, struct spr_error *err);

#endif
