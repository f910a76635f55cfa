/* crew - does for workstreams what the run orders: starts attempts, looks whether they are accepted, stops them, and
 * watches them meanwhile.
 * Flow:  orders -> [orchestrate/crew] -> executor, judge;  news -> orchestrate/meta. A crew is a domain's, and works in
 *        its process (domain.h) or in meta's own; team.h hides which
 * It decides nothing: whether something is tried again, is over its budget for good, or was needed at all is the run's.
 * Watching: a line "::progress 0.65 words" on standard output sets the progress; "::spent turns=3 tokens=1200 cost=0.05"
 *   and the JSON lines of common agents are counted against the budget; no output for stall_after is a stall; longer
 *   than overrun times the largest estimate is an overrun. A detector tells, and never ends anything but an agent that is
 *   over its budget or goes in circles, which is paused.
 * Threads: the loop's. */
#ifndef ORCHESTRATE_CREW_H
#define ORCHESTRATE_CREW_H
#include "orchestrate/event.h"
#include "orchestrate/executor.h"
#include "orchestrate/loop.h"
#include "orchestrate/place.h"

struct crew;

enum news_kind {
    NEWS_EXITED,   /* end, text: the tail of its output if it failed */
    NEWS_LOST,     /* text */
    NEWS_CHECKED,  /* ok, gave, text, data: evidence */
    NEWS_PROGRESS, /* part: 0..1 or negative; text: what it says */
    NEWS_STALL,    /* text */
    NEWS_OVERRUN,  /* text */
    NEWS_PAUSE     /* text: which budget, or that it goes in circles */
};

struct crew_news {
    enum news_kind kind;
    int32_t workstream, attempt;
    bool ok;
    double part;
    struct task_end end;
    struct run_hash gave;
    const char *text;
    struct json_t *data;
};

/* Everything in the news is lent for the call. */
typedef void crew_news_fn(void *context, const struct crew_news *news);

/* BORROWS loop, plan and place. name: the domain's id, or "". GIVES *ret (crew_free). Fails: as local_new. */
SPR_MUST_USE enum spr_code crew_new(struct loop *l, const struct plan *p, const struct place *at,
                                    const char *name, crew_news_fn *news, void *context, struct crew **ret,
                                    struct spr_error *err);
/* Leaves tasks alone; checks are stopped. NULL is fine. */
void crew_free(struct crew *c);

enum crew_order_kind {
    CREW_LAUNCH, /* starts an attempt in its slot */
    CREW_ADOPT,  /* whatever became of it: it is taken over where it runs, and told of where it has ended */
    CREW_CHECK,  /* slot: the first of as many as the workstream has criteria */
    CREW_STOP    /* task or check; fine if there is none */
};

struct crew_order {
    enum crew_order_kind kind;
    int32_t workstream, attempt;
    uint32_t slot;
};

/* Each order but STOP is answered by news sooner or later, also where it cannot be done. */
void crew_do(struct crew *c, const struct crew_order *o);
/* The orchestrator of the plan is gone, and another one will order anew: checks are dropped. Tasks go on. */
void crew_drop_checks(struct crew *c);
bool crew_checks(const struct crew *c); /* one is under way, or dropped and not gone yet */

#endif
