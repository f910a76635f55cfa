/* meta_inner - what the files of meta share.
 * Threads: one. */
#ifndef ORCHESTRATE_META_INNER_H
#define ORCHESTRATE_META_INNER_H
#include "orchestrate/escalation.h"
#include "orchestrate/feed.h"
#include "orchestrate/fresh.h"
#include "orchestrate/hook.h"
#include "orchestrate/judge.h"
#include "orchestrate/local.h"
#include "orchestrate/loop.h"
#include "orchestrate/meta.h"
#include "orchestrate/team.h"
#include <signal.h>

/* An event that is written and will be told. */
struct told {
    struct run_event event; /* text is a copy, data is gone */
    char *line;
};

struct tellings {
    struct told *list;
    int32_t count, room;
};

/* Names of orders that are in the journal. */
struct seen_orders {
    char **name;
    size_t count;
};

/* A gate being looked at. */
struct looking {
    struct meta *meta;
    struct judge *judge;
    int32_t gate, look;
};

/* What somebody should know. */
struct alarms {
    struct escalations list;
    struct hooks *hooks;
    int64_t look_ms, looked_ms; /* for what waits for long: when to look again, when it was looked */
};

struct meta {
    const struct plan *plan;
    const struct place *at;
    const struct meta_options *options;
    struct plan_graph graph;
    struct fresh_memo memo;
    struct run run;
    struct journal journal;
    struct loop *loop;
    struct local *local; /* gates' commands, and what an earlier orchestrator left */
    struct executor executor;
    struct teams *teams;
    struct feed *feed;
    uint32_t *check_slot; /* (workstreams): CHECKING, the first of its criteria */
    bool rest;            /* some domain may have nothing left to do */
    struct alarms alarms;
    struct looking *looking;        /* (gates) */
    struct meta_progress *progress; /* (workstreams) */
    struct tellings told;
    struct buf line; /* scratch */
    struct seen_orders seen;
    int slots, signals, notify;
    uint32_t next_slot, strays;
    bool under_way;    /* the run has begun: what was before is known */
    bool began, ended; /* the past had a beginning; and an end after it */
    bool changed, ticked;
    int signal;        /* that came, or 0 */
    sigset_t mask;     /* before signals were taken */
    int64_t status_ms; /* the status may be written again from then on */
    enum spr_code rc;  /* first failure in a callback */
    struct spr_error err;
};

/* Keeps the first failure of a callback for the turn to end with. */
void meta_fail(struct meta *m, enum spr_code rc, const struct spr_error *err);
/* Writes an event that is not the run's: escalations, decisions, the end. */
SPR_MUST_USE enum spr_code meta_emit(void *meta, const struct run_event *e, struct spr_error *err);
/* Tells of workstreams that have waited for what failed as long as their blocker_after, and takes it back where they wait
 * no more; what is open as long at the level of its domain rises. Not more often than every 100 ms unless `now`. Returns when
 * to come again; INT64_MAX: never. */
int64_t meta_watch_long(struct meta *m, int64_t now_ms, bool now);
/* Raises an escalation unless one of its type about the thing is open. */
void meta_escalate(struct meta *m, const char *type, const char *severity, enum plan_thing thing,
                   int32_t index, const char *text);
void meta_resolve(struct meta *m, const char *type, enum plan_thing thing, int32_t index);
/* Merges the branches of what comes before a gate that holds; why: of the first that cannot be (run.h, admit). */
bool meta_admit(void *meta, int32_t gate, char *why, size_t size);
/* Branches that could not be merged: a person may have done it, or cleared the way. */
void meta_merge_again(struct meta *m);
/* Takes the orders that lie in the inbox. */
void meta_hear_people(void *meta);
/* What crews say. */
void meta_hear_crew(void *meta, const struct crew_news *news);

/* Crews (meta_teams.c). */
SPR_MUST_USE enum spr_code meta_open_teams(struct meta *m, struct spr_error *err);
/* Of one that has exited well: where nothing has to be looked at it is done, which is written down in the same turn. */
void meta_accept_plain(struct meta *m, int32_t w);
/* Gathers an order of the run for the crew of its workstream. */
void meta_send(struct meta *m, const struct run_order *o);
void meta_stop_all(struct meta *m);
/* What the journal says is under way in a domain, or in all of them (-1): is it? */
void meta_adopt(struct meta *m, int32_t domain);
/* Starts the crews that are wanted, sends them what was gathered, lets those go that have nothing left to do. */
SPR_MUST_USE enum spr_code meta_speak(struct meta *m, struct spr_error *err);
/* Ends what is left in a slot: whoever comes to start it finds it taken. */
SPR_MUST_USE enum spr_code meta_clear_slot(struct meta *m, uint32_t slot, struct spr_error *err);

/* Starts to look at a gate. */
void meta_look(struct meta *m, int32_t gate, int32_t look);
/* Room for so many slots; returns the first. m->rc on failure. */
uint32_t meta_slots(struct meta *m, uint32_t count);

#endif
