/* pool - a fixed number of threads that share out numbered tasks; the program's one thread budget.
 * Flow:  paint, train, pixel -> [base/pool]
 * Invariants: which thread runs a task never decides what the task computes: tasks are numbered, write to places of
 *   their own, and any sum over tasks is made afterwards in the order of their numbers.
 * Threads: one caller at a time per pool; the caller works too, so a pool of 1 starts no thread at all. */
#ifndef BASE_POOL_H
#define BASE_POOL_H
#include "base/err.h"

struct pool;

/* GIVES *ret (pool_free). threads 1..256. Fails: SPR_BADARG, SPR_NOMEM, SPR_LIMIT (the system starts no thread). */
SPR_MUST_USE enum spr_code pool_new(int threads, struct pool **ret, struct spr_error *err);
void pool_free(struct pool *p); /* joins the threads; NULL is fine */

int pool_threads(const struct pool *p);

/* Calls task(context, i, worker) for every i in 0..count-1, each once, and returns when all are done.
 * worker is 0..pool_threads-1 and names the thread that runs it: an index for scratch memory. */
void pool_run(struct pool *p, int count, void (*task)(void *context, int index, int worker), void *context);

/* How many threads this process may use: SPRITERY_THREADS if set, else the CPUs it is allowed to run on and, where
 * a control group limits CPU time, that limit. At least 1, at most 256. */
int pool_default_threads(void);

#endif
