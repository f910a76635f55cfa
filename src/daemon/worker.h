/* worker - a thread around an engine: gets a job by transfer, gives back reports by transfer.
 * Flow:  daemon -> worker_give -> [daemon/worker] -> engine -> gallery;  reports -> worker_next -> daemon
 * Invariants: one job at a time; after worker_give exactly one WORKER_ENDED comes, and nothing after it until the next
 *   give. Of progress only the newest is kept, so a slow loop is not flooded. Every picture is on disk before its report.
 * Threads: one of its own. `wake` is called on it, after a report was put down, and must be safe there (uv_async_send). */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H
#include "engine/engine.h"
#include "queue/queue.h"

struct worker;

struct worker_options {
    const char *name;     /* of the engine, for jobs that name one */
    const char *gallery;  /* folder; BORROWED for the worker's life, as previews */
    const char *previews; /* folder */
    void (*wake)(void *context);
    void *context;
};

/* TAKES engine even on failure. GIVES *ret (worker_stop). Fails: SPR_NOMEM, SPR_LIMIT. */
SPR_MUST_USE enum spr_code worker_start(const struct worker_options *o, struct engine *engine,
                                        struct worker **ret, struct spr_error *err);
/* Stops what it is at and joins. NULL is fine. */
void worker_stop(struct worker *w);

/* Only to an idle one. TAKES what the job owns; *j is emptied. */
void worker_give(struct worker *w, struct queue_job *j);
/* The job ends with SPR_CANCELLED between two steps; none: nothing happens. */
void worker_cancel(struct worker *w);

enum worker_report_kind { WORKER_UNDERSTOOD, WORKER_PROGRESS, WORKER_PREVIEW, WORKER_PICTURE, WORKER_ENDED };

struct worker_report {
    enum worker_report_kind kind;
    struct engine_progress progress; /* PROGRESS */
    int step;                        /* PREVIEW */
    int number;                      /* PICTURE: from 0 */
    char *text;                      /* UNDERSTOOD: the sentence; PREVIEW: the file */
    struct queue_picture picture;    /* PICTURE */
    struct spr_error error;          /* ENDED: code SPR_OK when it is done */
    struct worker_report *next;
};

/* The next report in order, or NULL. GIVES it (worker_report_free). On the loop's thread. */
struct worker_report *worker_next(struct worker *w);
void worker_report_free(struct worker_report *r);

#endif
