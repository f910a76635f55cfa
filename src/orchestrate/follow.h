/* follow - a run as it goes, for another process: its event socket, and its journal for what that did not bring.
 * Flow:  feed (ZeroMQ SUB), journal -> [follow] -> past -> cli
 * Events come in order, each once, none left out: their numbers show what is missing, and the journal has it.
 * Threads: one, beside ZeroMQ's. */
#ifndef ORCHESTRATE_FOLLOW_H
#define ORCHESTRATE_FOLLOW_H
#include "orchestrate/past.h"
#include <stdatomic.h>

struct follow_hooks {
    void *context;
    void (*status)(void *context, const char *json, size_t length); /* or NULL */
    void (*turn)(void *context); /* at least every second, and after everything that came; or NULL */
};

/* x has been opened; further events go through its `each`. Until nobody runs the plan any more. BORROWS all.
 * Fails: SPR_CANCELLED, what past_take says. */
SPR_MUST_USE enum spr_code follow_run(struct past *x, const struct follow_hooks *hooks,
                                      const atomic_bool *cancel, struct spr_error *err);

#endif
