/* team - a plan's domains as meta sees them: each has a crew, in a process of its own (domain.h) or in meta's.
 *
 *     meta orders -> gathered per domain -> [team] -- one message a turn, ZeroMQ --> spritery-domain -> crew
 *     meta_hear_crew <- news <--------------------------------------------------------'
 *
 * A team that nobody has ordered anything has no process. Orders to one that is not there yet wait. Meta orders to ADOPT
 * what an earlier process, or an earlier meta, had under way: the slots know what became of it.
 * Laws: M1 (meta.h): orders are sent by teams_flush alone, after the commit. O5: a process is its boot id, pid and start
 *   ticks. D2: one process a domain, by a lock that it holds from its birth.
 * Threads: one, beside ZeroMQ's. */
#ifndef ORCHESTRATE_TEAM_H
#define ORCHESTRATE_TEAM_H
#include "orchestrate/crew.h"
#include <signal.h>

struct teams;

struct teams_options {
    bool processes;
    struct wire_context *wire;
    const char *text; /* the plan's bytes, which every process of it reads */
    size_t text_length;
    int64_t grace_ms;     /* a domain stays so long when its meta is gone */
    const sigset_t *mask; /* of signals, for processes */
};

struct teams_hooks {
    void *context;
    crew_news_fn *news;
    /* Its process takes orders from now on. */
    void (*ready)(void *context, int32_t domain);
    /* Its process is gone: what is under way there is to be ordered anew. Orders that were not sent are not lost. */
    void (*lost)(void *context, int32_t domain, const char *text);
};

/* BORROWS all, but copies the options' plan. GIVES *ret (teams_free). Fails: SPR_NOTFOUND (no spritery-domain), SPR_IO,
 * SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code teams_new(struct loop *l, const struct plan *p, const struct place *at,
                                     const struct teams_options *o, const struct teams_hooks *hooks,
                                     struct teams **ret, struct spr_error *err);
/* Tells processes to leave and waits until they have; tasks go on. NULL is fine. */
void teams_free(struct teams *t);

/* Finds what processes an earlier meta has left, and waits until each has said hello. Those that were started with another
 * plan or environment are told to leave, those that do not answer are ended. */
SPR_MUST_USE enum spr_code teams_greet(struct teams *t, struct spr_error *err);

/* Starts the domain's crew if it has none. */
SPR_MUST_USE enum spr_code teams_start(struct teams *t, int32_t domain, struct spr_error *err);
bool teams_ready(const struct teams *t, int32_t domain);
/* The domain has nothing left to do. Not from within news. */
void teams_dismiss(struct teams *t, int32_t domain);

/* Gathers an order for the domain of its workstream. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code teams_order(struct teams *t, const struct crew_order *o, struct spr_error *err);
/* An order for it other than STOP is gathered and not sent yet. */
bool teams_holds(const struct teams *t, int32_t workstream);
/* A domain with orders has no crew: the first such, or -1. */
int32_t teams_wanting(const struct teams *t);
/* Sends what was gathered to all that are ready, then hears what has come meanwhile. */
SPR_MUST_USE enum spr_code teams_flush(struct teams *t, struct spr_error *err);

#endif
