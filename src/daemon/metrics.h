/* metrics - what the daemon counts, and the Prometheus text of it.
 * Flow:  daemon's events -> [daemon/metrics] -> GET /metrics
 * Names follow Prometheus: base units, _total for counters. Source: prometheus.io/docs/practices/naming and
 * .../instrumenting/exposition_formats.
 * Threads: the loop's. */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H
#include "base/buf.h"
#include "queue/queue.h"

enum { METRICS_BUCKETS = 12, METRICS_TYPES = 24, METRICS_ENGINES = 8 };

struct histogram {
    const double *bound; /* (METRICS_BUCKETS) seconds */
    uint64_t in[METRICS_BUCKETS + 1];
    uint64_t count;
    double sum;
};

enum metrics_stage { METRICS_WAITING, METRICS_RUNNING, METRICS_PICTURE, METRICS_STAGES };

struct metrics {
    struct {
        const char *type; /* constant text */
        uint64_t count;
    } request[METRICS_TYPES];
    uint64_t errors[SPR_CODE_COUNT]; /* failed jobs and refused messages by kind */
    struct {
        char name[32];
        uint64_t images, ended[JOB_STATE_COUNT];
    } engine[METRICS_ENGINES];
    struct histogram stage[METRICS_STAGES], answer;
    uint64_t published, again, dropped; /* messages; jobs queued again; answers that nobody read */
};

void metrics_init(struct metrics *m);
void metrics_request(struct metrics *m, const char *type, double seconds); /* type: constant text */
void metrics_stage(struct metrics *m, enum metrics_stage stage, double seconds);
void metrics_image(struct metrics *m, const char *engine);
void metrics_ended(struct metrics *m, const char *engine, enum job_state state);

/* What is asked for at the moment of a scrape. */
struct metrics_now {
    struct queue_counts counts;
    int64_t now_ms, uptime_s;
    bool paused, stopping;
    int workers, busy;
    int threads;
    struct metrics_engine {
        const char *name;
        bool well;   /* its last job did not fail by its fault */
    } const *engine; /* (workers) */
};
/* Appends the whole text, process and GPU figures included. Fails: SPR_NOMEM, SPR_LIMIT. */
SPR_MUST_USE enum spr_code metrics_print(const struct metrics *m, const struct metrics_now *now,
                                         struct buf *out, struct spr_error *err);

#endif
