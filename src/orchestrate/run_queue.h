/* run_queue - who is ready, and what there is only so much of.
 * Flow:  orchestrate/run -> [run_queue] -> who starts next
 * Workstreams that ask for the same (agent, resources, sequential domain) form a class with a heap of its own: if the
 * first of a class does not fit, none of it does. So a step looks at one workstream per class, however many are ready.
 * Order: priority, then the longest remaining path, then the file's order.
 * Threads: one. */
#ifndef ORCHESTRATE_RUN_QUEUE_H
#define ORCHESTRATE_RUN_QUEUE_H
#include "orchestrate/run.h"

struct run_queue;

/* BORROWS r (plan, tail, work). GIVES *ret (ready_free). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code ready_new(const struct run *r, struct run_queue **ret, struct spr_error *err);
void ready_free(struct run_queue *q); /* NULL is fine */

/* Not before until_ms (0: now). A workstream is in the queue at most once. */
void ready_put(struct run_queue *q, int32_t w, int64_t until_ms);
void ready_drop(struct run_queue *q, int32_t w); /* fine if it is not in it */
/* Takes out the first that fits, and with it what it uses; PLAN_NONE if none does. */
int32_t ready_take(struct run_queue *q, int64_t now_ms);
void ready_occupy(struct run_queue *q, int32_t w);  /* what it uses, without having been in the queue */
void ready_release(struct run_queue *q, int32_t w); /* gives it back; fine if it has nothing */
int64_t ready_next_ms(const struct run_queue *q);   /* the earliest until_ms to come; INT64_MAX: none */
bool ready_empty(const struct run_queue *q);
void ready_clear(struct run_queue *q);

/* Why w, which is in the queue, is not running: WAIT_LOCK, WAIT_AGENT, WAIT_RESOURCE, WAIT_CAPACITY, WAIT_RETRY or
 * WAIT_TURN. */
struct run_wait ready_reason(const struct run_queue *q, int32_t w, int64_t now_ms);

#endif
