/* meta - the orchestrator of a whole plan: one turn after another it hears what happened, lets the run decide, writes
 * that down, and only then acts on it and tells people.
 *
 *     processes, people, clock -> run_* -> events -> journal (commit) -> orders -> teams, gates' judges
 *                                                                   '-> watcher, status files
 *
 * It is the only writer of the journal and the only one who decides (docs/adr/0017): capacity, gates and agents are
 * matters of the whole plan.
 * Laws: M1 Nothing is acted on or told before it is committed. M2 A journal that cannot be written stops the next start;
 *   what runs goes on, and the next orchestrator takes it over.
 * Threads: one. */
#ifndef ORCHESTRATE_META_H
#define ORCHESTRATE_META_H
#include "orchestrate/journal.h"
#include "orchestrate/place.h"
#include "orchestrate/run.h"

struct meta;

/* Progress that a workstream has said; part negative: none. */
struct meta_progress {
    double part;
    int64_t at_ms; /* when it said so */
    char text[120];
};

struct meta_watcher {
    void *context;
    /* An event, committed. line: its JSON without the sum. */
    void (*told)(void *context, const struct run_event *e, const char *line);
    /* After each turn in which something changed, and every tick_ms where that is not 0. progress (workstreams). */
    void (*changed)(void *context, const struct run *r, const struct meta_progress *progress);
    int64_t tick_ms;
};

struct meta_options {
    enum journal_safety safety;
    bool force;       /* nothing is up to date */
    bool resume_only; /* SPR_NOTFOUND where there is nothing to resume */
    bool no_wait;     /* end when only people can move it */
    bool mend;        /* put a damaged journal aside and go on from its sound part */
    bool together;    /* no processes for domains: their crews work in this one */
    const char *text; /* the plan's bytes, for domains; BORROWED */
    size_t text_length;
    int64_t limit; /* workstreams at once; 0: the plan's, or else the number of CPUs */
    struct meta_watcher watcher;
    int *ret_signal; /* the signal that ended it, where SPR_CANCELLED comes back; may be NULL */
};

/* Runs until nothing is left to do, or SIGINT (what runs is stopped) or SIGTERM (what runs goes on) comes. BORROWS all.
 * *ret_mood: how it stands at the end. Fails: SPR_BUSY (another orchestrator), SPR_BADDATA (damaged journal), SPR_IO,
 * SPR_NOMEM, SPR_CANCELLED (a signal). */
SPR_MUST_USE enum spr_code meta_run(const struct plan *p, const struct place *at,
                                    const struct meta_options *o, enum run_mood *ret_mood,
                                    struct spr_error *err);

#endif
