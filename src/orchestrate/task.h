/* task - one attempt at a piece of work, as the orchestrator and the small program that runs it (spritery-task) see
 * it: the request to start it, and its slot, where it is written down who runs it and how it ended.
 * Flow:  orchestrate/local --request--> a supervisor, that is spritery-task --slot--> orchestrate/local, also a later one
 *
 * Slots lie in one file per plan, 256 bytes each, mapped by whoever looks. The orchestrator makes room for them before
 * it launches, so that how a task ended can be written down even when the disk has filled up since.
 *
 *     EMPTY --claim--> STARTED --finish--> ENDED      claim: by the supervisor, before it starts anything
 *       '---abandon--> ABANDONED                      abandon: by an orchestrator that wants to try again
 *
 * Laws: T1 EMPTY is left by one atomic exchange: whoever comes second starts nothing. T2 A slot's fields are written
 *   before its state, with a sum. T3 ENDED comes after the last process of the task is gone. T4 A supervisor is alive if
 *   there is a process with its boot id, pid and start ticks; nothing else says so.
 * Threads: any; several processes map the same slots. Not here: libraries; spritery-task is linked with libc alone. */
#ifndef ORCHESTRATE_TASK_H
#define ORCHESTRATE_TASK_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TASK_PATH_BYTES = 1024,
    TASK_REQUEST_BYTES_MAX = 8 << 20,
    TASK_SLOT_BYTES = 256,
    TASK_OWNER_BYTES = 80
};

/* Followed on the socket by `bytes` of texts, each with a 0 byte: out, err, workdir, cgroup ("" for none), owner, then
 * argc words, then envc NAME=VALUE. Without texts and words: stop what runs in that slot; asked again: at once. */
struct task_request {
    uint32_t bytes, argc, envc;
    uint32_t slot, cgroup;        /* cgroup: its number, to be written down; 0: none */
    int64_t timeout_ms, grace_ms; /* timeout 0: none; grace: from TERM to KILL */
};

/* Once for each request that starts something: look at that slot, I am free. */
struct task_reply {
    uint32_t slot;
};

enum task_why {
    TASK_EXITED,  /* of itself, by exit or by a signal */
    TASK_TIMEOUT, /* was stopped at its time limit */
    TASK_STOPPED, /* was stopped because somebody asked */
    TASK_UNBORN   /* could not be started: error is errno */
};

struct task_end {
    int32_t why;                   /* enum task_why */
    int32_t status, signal, error; /* exit status, or the signal that ended it, or errno */
    int64_t user_us, system_us;    /* of the whole tree */
    int64_t peak_kb;               /* of its largest process */
    int64_t at_ms;                 /* wall clock */
    int32_t strays; /* processes that outlived the task's first one, or were not its children */
    int32_t cut;    /* output that found no room on the disk: kilobytes, rounded up */
};

struct task_identity {
    uint8_t boot[16]; /* /proc/sys/kernel/random/boot_id */
    uint64_t ticks;   /* start time: field 22 of /proc/PID/stat */
    int32_t pid;
    int32_t pad;
};

enum task_state { TASK_EMPTY, TASK_STARTED, TASK_ENDED, TASK_ABANDONED };

struct task_slot {
    _Atomic uint32_t state; /* enum task_state */
    uint32_t start_sum;     /* of supervisor .. owner */
    uint32_t end_sum;       /* of end */
    uint32_t cgroup;        /* number of its control group; 0: none */
    struct task_identity supervisor;
    int64_t start_ms;
    char owner[TASK_OWNER_BYTES]; /* "WS-04.1": for people */
    struct task_end end;
};
_Static_assert(sizeof(struct task_slot) <= TASK_SLOT_BYTES, "a slot has 256 bytes");

/* One slot of the file, mapped; NULL and errno if it cannot be. The file must be long enough. */
struct task_slot *task_map(int file, uint32_t slot);
void task_unmap(struct task_slot *slot); /* NULL is fine */

/* False: somebody else was first. */
bool task_claim(struct task_slot *s, const struct task_identity *me, int64_t now_ms, uint32_t cgroup,
                const char *owner);
bool task_abandon(struct task_slot *s);
void task_finish(struct task_slot *s, const struct task_end *end);
/* The sums are right for the state it has. */
bool task_sound(const struct task_slot *s);

/* The identity of a process; false if there is none, or only its exit status is left. */
bool task_identify(int32_t pid, struct task_identity *ret);
bool task_alive(const struct task_identity *who);

/* Sends a signal to every process below `pid` (itself not included); returns how many. */
int task_signal_below(int32_t pid, int sig);
/* The same to every process whose environment holds MARK ("SPRITERY_TASK=..."), whoever its parent is. */
int task_signal_marked(const char *mark, int sig);
/* cgroup v2: KILL for all at once, other signals one by one. Returns how many were there. */
int task_signal_cgroup(const char *folder, int sig);

#endif
