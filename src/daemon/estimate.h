/* estimate - how far a job is, and how long it will take: shares of stages at first, measured times as soon as there are.
 * Flow:  engine's progress, finished jobs -> [daemon/estimate] -> progress messages, estimated_time_s
 * Threads: the loop's. */
#ifndef DAEMON_ESTIMATE_H
#define DAEMON_ESTIMATE_H
#include "engine/engine.h"
#include "request/request.h"

enum stage {
    STAGE_INITIALIZING,
    STAGE_LOADING,
    STAGE_ENCODING,
    STAGE_SAMPLING,
    STAGE_DECODING,
    STAGE_FINISHING
};

enum { ESTIMATE_KINDS = 64 };

/* Measured seconds per picture, of requests that cost the same. */
struct estimate {
    struct estimate_kind {
        uint64_t key; /* 0: free */
        double seconds;
        uint64_t used; /* when last, to give up the oldest */
    } kind[ESTIMATE_KINDS];
    uint64_t clock;
    double per_work; /* seconds per step and pixel, of whatever was measured last; 0: nothing yet */
};

void estimate_learn(struct estimate *e, const struct request *r, double seconds_per_picture);
double estimate_seconds(const struct estimate *e, const struct request *r); /* for the whole request */

/* One job on its way. */
struct advance {
    enum stage stage;
    int step, steps;
    double percent, eta_s, expected_s;
    int64_t begun_ns;
};
void advance_begin(struct advance *a, double expected_s, int64_t now_ns);
/* Each returns false where nothing changed. group: pictures that are made at once. */
bool advance_stage(struct advance *a, enum stage stage, int64_t now_ns);
bool advance_step(struct advance *a, const struct engine_progress *p, int group, int64_t now_ns);

#endif
