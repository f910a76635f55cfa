/* judge - looks whether criteria hold, one after the other, and keeps what was seen as evidence.
 * Flow:  crew (acceptance), meta (gates) -> [judge] -> executor for commands; files and metrics at once
 * A metric that is missing, not a number or older than its max_age does not hold. An approval is a person's matter: the
 * evidence says so, and it does not make the judgement false.
 * Evidence: [{"name", "kind", "holds", "seen", "output", "time", "ms"}...], of every criterion up to the first that does
 * not hold and, so that all is told in one go, of those after it too.
 * Threads: the loop's. */
#ifndef ORCHESTRATE_JUDGE_H
#define ORCHESTRATE_JUDGE_H
#include "orchestrate/executor.h"
#include "orchestrate/place.h"

struct judge;
struct json_t;

struct judge_case {
    const struct plan *plan;
    const struct place *at;
    const struct executor *executor;
    struct plan_span criteria;
    int32_t workstream; /* whose environment commands get, or PLAN_NONE */
    const char *owner;  /* "WS-04.1.accept": names slots and files of output */
    const char *folder; /* where commands run and files are looked for */
    uint32_t slot;      /* the first of as many as there are criteria */
};

/* text: of the first criterion that does not hold, or NULL. evidence is lent. The judge is gone afterwards. */
typedef void judge_fn(void *context, bool holds, const char *text, struct json_t *evidence);

/* Begins; `done` is called when it is over, which may be before this returns. BORROWS the case's plan, place and
 * executor, copies the rest. *ret is the judge, or NULL where it is over already. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code judge_start(const struct judge_case *c, judge_fn *done, void *context,
                                       struct judge **ret, struct spr_error *err);
bool judge_has(const struct judge *j, uint32_t slot); /* it waits for that slot */
void judge_ended(struct judge *j, enum executor_fate fate, const struct task_end *end, const char *text);
/* Stops what it runs; `done` is not called any more. The judge is gone when its command is, or now if it has none. */
void judge_drop(struct judge *j);

/* The last bytes of a file, as text that a terminal and JSON can take; "" if there is none. */
void judge_tail(const char *path, char *text, size_t size);

#endif
