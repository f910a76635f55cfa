/* queue - jobs that are never lost: accepted, ordered, run once, remembered, in one SQLite file.
 * Flow:  daemon -> [queue] -> SQLite
 * Order: priority (higher first), then place: age, or where somebody moved it. A held job (paused, or waiting before it is
 *   tried again) keeps its place but is not taken.
 * Invariants (queue_check): a state changes only as state.h says; RUNNING jobs and only they have a lease; finished ones
 *   have their time; DONE ones all their pictures; counts are true; every call is one transaction: done or not at all.
 * Threads: one queue belongs to one thread, the only writer. Times are wall milliseconds and given by the caller. */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H
#include "queue/state.h"
#include "request/request.h"
#include <stdbool.h>
#include <stdint.h>

enum { QUEUE_ID_MAX = 128, QUEUE_TAGS_MAX = 5000, QUEUE_HASH_BYTES = 65 };

struct queue;

struct queue_options {
    bool full;     /* every change waits for the disk: survives a power cut too, not only a kill */
    int tries_max; /* a job that was begun so often is not begun again by itself */
};

/* GIVES *ret (queue_close). Fails: as db_open does. */
SPR_MUST_USE enum spr_code queue_open(const char *path, const struct queue_options *options,
                                      struct queue **ret, struct spr_error *err);
void queue_close(struct queue *q); /* NULL is fine */

/* What is asked for. BORROWS all. */
struct queue_new {
    const char *id;     /* 1..QUEUE_ID_MAX bytes */
    const char *tags;   /* words with '\n' between; "" for none */
    const char *engine; /* "" for any */
    const struct request *request;
    int priority;
    bool seed_given; /* false: the seed was drawn for it, and a repetition may bring another */
};

/* Keeps the job. The same id with the same request again changes nothing and sets *ret_again. Fails: SPR_EXISTS (the
 * id with another request), SPR_IO, SPR_NOMEM. */
SPR_MUST_USE enum spr_code queue_accept(struct queue *q, const struct queue_new *n, int64_t now_ms,
                                        int64_t *ret_row, bool *ret_again, struct spr_error *err);

struct queue_picture {
    char *path;
    int width, height, colors;
    double seconds;
    uint64_t seed, vary_seed;
    char *engine, *model, *software; /* with the request, everything that made it */
    char model_hash[QUEUE_HASH_BYTES], init_hash[QUEUE_HASH_BYTES], mask_hash[QUEUE_HASH_BYTES],
        palette_hash[QUEUE_HASH_BYTES];
};

/* Times are 0 where it has not come to that. Texts are never NULL in what the queue gives. */
struct queue_job {
    int64_t row;
    enum job_state state;
    int priority, tries;
    bool paused, seed_given;
    char *id, *tags, *engine, *error, *understood;
    enum spr_code error_code; /* of error; SPR_OK without one */
    struct request request;
    int64_t accepted_ms, started_ms, finished_ms, ready_ms; /* ready: not taken before */
    struct queue_picture *picture;                          /* (pictures) */
    int pictures;
};
void queue_job_fini(struct queue_job *j); /* fine on a zeroed one */

/* Takes the next job for an engine and leases it until lease_ms. GIVES *ret (queue_job_fini) without pictures. Fails:
 * SPR_NOTFOUND (nothing to do, or the queue is paused), SPR_IO, SPR_NOMEM. */
SPR_MUST_USE enum spr_code queue_take(struct queue *q, const char *engine, int64_t now_ms, int64_t lease_ms,
                                      struct queue_job *ret, struct spr_error *err);
SPR_MUST_USE enum spr_code queue_renew(struct queue *q, int64_t row, int64_t lease_ms, struct spr_error *err);

/* Of a running job. A picture with the same number takes the place of an earlier try's. BORROWS p. */
SPR_MUST_USE enum spr_code queue_picture(struct queue *q, int64_t row, int number,
                                         const struct queue_picture *p, struct spr_error *err);
SPR_MUST_USE enum spr_code queue_understood(struct queue *q, int64_t row, const char *sentence,
                                            struct spr_error *err);

/* The ends of a running job. */
SPR_MUST_USE enum spr_code queue_finish(struct queue *q, int64_t row, int64_t now_ms, struct spr_error *err);
/* again_ms > 0: it may pass: the job is held until then, unless it has used up its tries. *ret_again: whether it is. */
SPR_MUST_USE enum spr_code queue_fail(struct queue *q, int64_t row, const struct spr_error *why,
                                      int64_t now_ms, int64_t again_ms, bool *ret_again,
                                      struct spr_error *err);
/* Given back unfinished by a daemon that stops: the try does not count. */
SPR_MUST_USE enum spr_code queue_give_back(struct queue *q, int64_t row, struct spr_error *err);

/* Jobs whose lease is over are queued again, or failed if they have used up their tries. now_ms INT64_MAX: all that run,
 * for a daemon that begins and knows that nobody else runs any. */
SPR_MUST_USE enum spr_code queue_expire(struct queue *q, int64_t now_ms, int *ret_count,
                                        struct spr_error *err);
/* Jobs that waited long enough may be taken; *ret_next_ms: when the next one may, INT64_MAX for none. */
SPR_MUST_USE enum spr_code queue_wake(struct queue *q, int64_t now_ms, int64_t *ret_next_ms,
                                      struct spr_error *err);

/* By id. Fail: SPR_NOTFOUND, SPR_BADARG (the state does not allow it: the sentence says so). */
SPR_MUST_USE enum spr_code queue_cancel(struct queue *q, const char *id, int64_t now_ms,
                                        enum job_state *ret_was, int64_t *ret_row, struct spr_error *err);
SPR_MUST_USE enum spr_code queue_retry(struct queue *q, const char *id, struct spr_error *err);

enum queue_move { QUEUE_TOP, QUEUE_UP, QUEUE_DOWN, QUEUE_BOTTOM };
SPR_MUST_USE enum spr_code queue_move(struct queue *q, const char *id, enum queue_move to,
                                      struct spr_error *err);

/* id NULL: the whole queue. Pausing what is paused is fine. */
SPR_MUST_USE enum spr_code queue_pause(struct queue *q, const char *id, bool paused, struct spr_error *err);
bool queue_paused(const struct queue *q);

/* GIVES *ret (queue_job_fini). Fails: SPR_NOTFOUND. */
SPR_MUST_USE enum spr_code queue_get(struct queue *q, const char *id, struct queue_job *ret,
                                     struct spr_error *err);
/* How many queued jobs come before it, counted up to 10,000. */
SPR_MUST_USE enum spr_code queue_ahead(struct queue *q, const char *id, int64_t *ret, struct spr_error *err);

struct queue_filter {
    int state;        /* enum job_state, -1 for all */
    int64_t before;   /* rows below this; 0 for all */
    const char *text; /* all these words, or words that begin so, in prompt, id or tags; NULL or "" for all */
    int limit;
};
/* Calls visit for each, newest first. visit BORROWS the job, which has at most its first picture; a failure of it ends
 * the list. *ret_total: how many match on all pages (with a text at most 10,000 are counted); NULL: not wanted. */
SPR_MUST_USE enum spr_code queue_list(struct queue *q, const struct queue_filter *f,
                                      enum spr_code (*visit)(void *context, const struct queue_job *j,
                                                             struct spr_error *err),
                                      void *context, int64_t *ret_total, struct spr_error *err);

struct queue_counts {
    int64_t of[JOB_STATE_COUNT];
    int64_t oldest_ms; /* when the oldest that waits was accepted; 0 for none */
};
SPR_MUST_USE enum spr_code queue_count(struct queue *q, struct queue_counts *ret, struct spr_error *err);

/* Forgets finished jobs (state -1: all three kinds) that ended before before_ms, oldest first, at most `most`. Pictures'
 * files stay. */
SPR_MUST_USE enum spr_code queue_clear(struct queue *q, int state, int64_t before_ms, int most,
                                       int *ret_count, struct spr_error *err);

/* Whether every invariant holds. Fails: SPR_INTERNAL names the first that does not. Slow: reads everything. */
SPR_MUST_USE enum spr_code queue_check(struct queue *q, struct spr_error *err);

#endif
