/* vote - which of several pictures somebody liked best, remembered beside the jobs that made them.
 * Flow:  daemon -> [queue/vote] -> SQLite, in the queue's file
 * A comparison has a name; in it each voter has one vote, and voting again replaces it. A vote is among two or more names:
 *   jobs' ids, or whatever else was compared. What a job drew and with which model is copied when the vote is cast, so
 *   that votes still mean something after their jobs were forgotten.
 * Invariants (queue_check): a vote is among at least two names; its winner is one of them, or nobody.
 * Threads: as queue.h. */
#ifndef QUEUE_VOTE_H
#define QUEUE_VOTE_H
#include "queue/queue.h"

enum { VOTE_AMONG_MAX = 16, VOTE_NOTE_MAX = 2000, VOTES_KEPT = 1000000 }; /* the oldest go first */

/* What is said. BORROWS all. Texts are never NULL. */
struct vote_new {
    const char *comparison; /* 1..QUEUE_ID_MAX bytes, as voter and the names */
    const char *voter;      /* "": whoever it is */
    const char *winner;     /* one of among; "": none is better */
    const char *note;       /* up to VOTE_NOTE_MAX characters */
    const char *const *among;
    int count; /* 2..VOTE_AMONG_MAX, all different */
};
/* Fails: SPR_BADARG (the sentence says which rule), SPR_IO, SPR_BUSY, SPR_NOMEM. */
SPR_MUST_USE enum spr_code vote_cast(struct queue *q, const struct vote_new *v, int64_t now_ms,
                                     struct spr_error *err);

struct vote_choice {
    char *name, *prompt,
        *model; /* prompt and model: "" where the name was no job's; model with its LoRA: "m + l" */
};
struct vote {
    int64_t row, voted_ms;
    char *comparison, *voter, *winner, *note;
    struct vote_choice choice[VOTE_AMONG_MAX];
    int choices;
};
/* Visits votes, newest first, of rows below `before` (0: all), at most `limit`, only those of one comparison (NULL: all), only
 * those with one name (NULL: any) among them. visit BORROWS the vote; its failure ends the list. *ret_total: on all pages. */
struct vote_filter {
    const char *comparison, *name;
    int64_t before;
    int limit;
};
SPR_MUST_USE enum spr_code vote_list(struct queue *q, const struct vote_filter *f,
                                     enum spr_code (*visit)(void *context, const struct vote *v,
                                                            struct spr_error *err),
                                     void *context, int64_t *ret_total, struct spr_error *err);

/* How a job, or another name, did. */
struct vote_score {
    int64_t votes, wins;
};
SPR_MUST_USE enum spr_code vote_score_of(struct queue *q, const char *name, struct vote_score *ret,
                                         struct spr_error *err);

/* Visits models, the one that won most of its votes first: only votes among different models count. */
SPR_MUST_USE enum spr_code vote_models(struct queue *q, int limit,
                                       enum spr_code (*visit)(void *context, const char *model,
                                                              const struct vote_score *score,
                                                              struct spr_error *err),
                                       void *context, struct spr_error *err);

#endif
