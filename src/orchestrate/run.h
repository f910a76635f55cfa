/* run - the state of a production under way: who waits for what, who may start now, what follows from what happened.
 * Flow:  plan + plan/graph, events of the past -> [orchestrate/run] -> events (journal), orders (crew, gates)
 *
 * A pure state machine: no process, no clock, no file. The caller feeds in what happened with the time it happened, and
 * takes out orders. Every change is an event given to `emit` first, and only events change the state: so the same events
 * read from a journal build the same state.
 *
 *                     .--------------------- retry, lost -------------------.
 *                     v                                                     |
 *     WAITING -> READY -> RUNNING -> CHECKING -> DONE        RUNNING, CHECKING -> FAILED
 *        |  '--> kept: DONE; planning only: SKIPPED          paused: BLOCKED; reset by a person: WAITING again
 *        '-----> BLOCKED (something it needs failed, was cancelled or is blocked) -> WAITING when that is no more
 *     CHECKING -> BLOCKED, unmerged: accepted, but its branch could not be merged -> DONE when a person has
 *     any that is not final -> CANCELLED
 *
 * Laws: R1 Nothing starts before all it needs is DONE or SKIPPED and its gates are open. R2 A gate opens once, by one
 *   evaluation in which every criterion held, every approval given. R3 Capacity, resources, agents' limits and the order
 *   of sequential domains hold at every instant. R4 Whatever waits has exactly one reason (run_wait). R5 What is DONE
 *   does not run again in the same run.
 * Threads: one. */
#ifndef ORCHESTRATE_RUN_H
#define ORCHESTRATE_RUN_H
#include "orchestrate/event.h"
#include "plan/graph.h"

enum work_state {
    WORK_WAITING,
    WORK_READY,
    WORK_RUNNING,
    WORK_CHECKING,
    WORK_DONE,
    WORK_FAILED,
    WORK_BLOCKED,
    WORK_CANCELLED,
    WORK_SKIPPED,
    WORK_STATES
};

struct work {
    uint8_t state;
    bool ran;       /* in this run, to its end: gates after it are looked at again, approvals are void */
    bool asks;      /* ready, and a person has to say it is done; or paused, and a person has to say go on */
    bool cancel;    /* to be CANCELLED when it has stopped */
    bool pause;     /* to be BLOCKED when it has stopped */
    bool unmerged;  /* BLOCKED, asks: accepted, and only its branch is missing */
    bool lost;      /* its last end was its supervisor's */
    bool succeeded; /* made, took, gave are of a run that succeeded */
    int32_t attempt, retries, losses;
    uint32_t slot;
    int64_t since_ms; /* in this state */
    int64_t until_ms; /* retry: not before */
    int64_t start_ms, done_ms;
    uint64_t done_at; /* which event */
    struct run_hash made, took, gave;
    char *why; /* of failure, pause, retry; owned by the run */
};

enum gate_state { GATE_SHUT, GATE_LOOKING, GATE_FAILED, GATE_ASKS, GATE_OPEN, GATE_STATES };

struct gate {
    uint8_t state;
    bool was_open; /* at the end of the run before */
    int32_t looks; /* evaluations begun */
    int64_t since_ms;
    char *why; /* of FAILED and ASKS; owned by the run */
};

struct approval {
    uint64_t at; /* which event; 0: not given */
    int64_t time_ms;
};

enum order_kind {
    ORDER_LAUNCH, /* start attempt `attempt` in slot `slot`, whose intent is committed */
    ORDER_CHECK,  /* its outputs and acceptance, then run_checked */
    ORDER_STOP,   /* end its process tree, then run_exited */
    ORDER_LOOK    /* evaluate gate `index`, then run_looked */
};

struct run_order {
    enum order_kind kind;
    int32_t index, attempt;
    uint32_t slot;
};

enum wait_kind {
    WAIT_NOTHING,  /* it does not wait */
    WAIT_NEEDS,    /* node: the first thing it needs that is not done; count: how many */
    WAIT_GATE,     /* node: a gate that is not open */
    WAIT_LOCK,     /* node: a sequential domain with somebody in it */
    WAIT_AGENT,    /* index: an agent with as many tasks as it can have */
    WAIT_RESOURCE, /* index: a resource of which not enough is free */
    WAIT_CAPACITY, /* as many run as may at once */
    WAIT_RETRY,    /* until_ms */
    WAIT_PERSON,   /* to say that it is done, or to say go on */
    WAIT_TURN,     /* nothing stands in its way: it starts at the next step */
    WAIT_BROKEN    /* node: what failed, so that it cannot start */
};

struct run_wait {
    enum wait_kind kind;
    int32_t node;  /* of the graph, or PLAN_NONE */
    int32_t index; /* agent, resource */
    int32_t count;
    int64_t until_ms;
};

struct run_env {
    void *context;
    /* Writes an event down; it is applied only if this succeeds. */
    enum spr_code (*emit)(void *context, const struct run_event *e, struct spr_error *err);
    /* Definition and inputs as they are now into *e's made and took; true if a run that succeeded with them left its
     * outputs, and they are unchanged: *e's gave. why: of a negative answer (static), or NULL. */
    bool (*fresh)(void *context, int32_t workstream, const struct work *before, struct run_event *e,
                  const char **why);
    /* Everything a gate asks for holds: what has to be done before it opens. false: it cannot, and a person has to see to
     * it; why is said. NULL: nothing has to be. */
    bool (*admit)(void *context, int32_t gate, char *why, size_t size);
    /* The next free slot. */
    uint32_t (*slot)(void *context);
};

struct run {
    const struct plan *plan;
    const struct plan_graph *graph;
    struct run_env env;
    struct work *work;         /* (workstreams) */
    struct gate *gate;         /* (gates) */
    struct approval *approval; /* by index in plan->criterion */
    int32_t *unmet;            /* (nodes): needs that are not complete */
    int32_t *broken;           /* (nodes): needs that failed, or wait for such */
    bool *complete;            /* (nodes) */
    double *tail;              /* (nodes): seconds of the longest path from its start to the end */
    struct run_queue *queue;   /* who is ready: run_ready.c */
    int32_t count[WORK_STATES], gate_count[GATE_STATES], asking;
    int64_t limit;      /* workstreams at once; 0: no limit */
    int32_t *due, dues; /* (nodes): needs are complete, not looked at yet */
    int32_t *stack;     /* (nodes): scratch */
    struct run_order *order;
    int32_t orders, order_room, order_next;
    int64_t now_ms;
    uint64_t events; /* applied so far */
    bool stopping;   /* nothing more is started */
    bool force;      /* nothing is kept */
};

/* BORROWS plan and graph. limit: workstreams at once, 0 for the plan's own. GIVES *ret (run_fini). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code run_init(struct run *ret, const struct plan *p, const struct plan_graph *g,
                                    int64_t limit, const struct run_env *env, struct spr_error *err);
void run_fini(struct run *r); /* fine on a zeroed one */

/* The past, event by event, then run_begin. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code run_replay(struct run *r, const struct run_event *e, struct spr_error *err);
/* For those who only look: what follows from the past, as it would stand at that time. */
void run_look_back(struct run *r, int64_t now_ms);
/* Takes over. resume: the run before was not ended, and what is done stays done; otherwise everything is looked at
 * again, in order, and kept where it is up to date. force: nothing is kept. What was RUNNING is still so: the caller
 * finds out and says run_exited or run_lost. */
SPR_MUST_USE enum spr_code run_begin(struct run *r, bool resume, bool force, int64_t now_ms,
                                     struct spr_error *err);

/* What happened. Late or doubled messages (another attempt, another state) are ignored. */
SPR_MUST_USE enum spr_code run_exited(struct run *r, int32_t w, int32_t attempt, const struct task_end *end,
                                      const char *text, int64_t now_ms, struct spr_error *err);
SPR_MUST_USE enum spr_code run_lost(struct run *r, int32_t w, int32_t attempt, const char *text,
                                    int64_t now_ms, struct spr_error *err);
/* ok false: text says which criterion, and what was seen. data: evidence, or NULL. */
SPR_MUST_USE enum spr_code run_checked(struct run *r, int32_t w, int32_t attempt, bool ok,
                                       const struct run_hash *gave, const char *text, struct json_t *data,
                                       int64_t now_ms, struct spr_error *err);
/* Accepted, but its branch could not be merged; text says why. */
SPR_MUST_USE enum spr_code run_unmerged(struct run *r, int32_t w, int32_t attempt,
                                        const struct run_hash *gave, const char *text, struct json_t *data,
                                        int64_t now_ms, struct spr_error *err);
/* Now it is: DONE. Only of one that is unmerged. */
SPR_MUST_USE enum spr_code run_merged(struct run *r, int32_t w, int64_t now_ms, struct spr_error *err);
/* ok: all criteria but approvals held in this evaluation, number `look`. */
SPR_MUST_USE enum spr_code run_looked(struct run *r, int32_t gate, int32_t look, bool ok, const char *text,
                                      struct json_t *data, int64_t now_ms, struct spr_error *err);

/* What people want. Fails: SPR_BADARG with a sentence where it makes no sense now, as to approve what is not done yet.
 * data: by whom. */
SPR_MUST_USE enum spr_code run_approve(struct run *r, int32_t gate, int32_t criterion, struct json_t *data,
                                       int64_t now_ms, struct spr_error *err);
SPR_MUST_USE enum spr_code run_said(struct run *r, int32_t w, struct json_t *data, int64_t now_ms,
                                    struct spr_error *err);
SPR_MUST_USE enum spr_code run_look_again(struct run *r, int32_t gate, int64_t now_ms, struct spr_error *err);
SPR_MUST_USE enum spr_code run_cancel(struct run *r, int32_t w, struct json_t *data, int64_t now_ms,
                                      struct spr_error *err);
SPR_MUST_USE enum spr_code run_reset(struct run *r, int32_t w, struct json_t *data, int64_t now_ms,
                                     struct spr_error *err);
SPR_MUST_USE enum spr_code run_pause(struct run *r, int32_t w, const char *text, int64_t now_ms,
                                     struct spr_error *err);

/* Starts whatever may start at this time. *ret_next_ms: when to come again though nothing happened; INT64_MAX: never. */
SPR_MUST_USE enum spr_code run_step(struct run *r, int64_t now_ms, int64_t *ret_next_ms,
                                    struct spr_error *err);

/* The next order, oldest first; false if there is none. To be acted on only after the events so far are committed. */
bool run_order(struct run *r, struct run_order *ret);

enum run_mood {
    RUN_BUSY,    /* something runs, or will by itself */
    RUN_ASKS,    /* only people can move it */
    RUN_STUCK,   /* ended: something failed, was cancelled or a gate is shut */
    RUN_FINISHED /* ended: everything is done */
};
enum run_mood run_mood(const struct run *r);

struct run_wait run_waits_for(const struct run *r, int32_t w);
const char *work_state_name(enum work_state s);
const char *gate_state_name(enum gate_state s);

#endif
