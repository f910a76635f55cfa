/* watch - what a running task says: progress, what an agent has spent, whether it goes in circles.
 * Flow:  output of a task, as it grows -> [watch] -> crew
 * Threads: one watch belongs to one thread. */
#ifndef ORCHESTRATE_WATCH_H
#define ORCHESTRATE_WATCH_H
#include "base/buf.h"
#include "plan/plan.h"

enum { WATCH_LINE_MAX = 4 << 20, WATCH_MESSAGE_BYTES = 120, WATCH_RING = 12 };

struct watch_state {
    int64_t offset;  /* of the file, read so far */
    struct buf line; /* that is not whole yet; what is over WATCH_LINE_MAX of it is not kept */
    double progress; /* 0..1; negative: it has not said */
    char message[WATCH_MESSAGE_BYTES];
    int64_t turns, tokens;
    double cost;
    uint64_t message_id; /* hash of the last message's, and its tokens: one may come in several lines */
    int64_t message_tokens;
    uint64_t
        ring[WATCH_RING]; /* hashes of the last lines: an agent in circles says the same again and again */
    int lines;
};

void watch_init(struct watch_state *s);
void watch_fini(struct watch_state *s); /* fine on a zeroed one */
/* Reads what was added to the file. Returns bytes read. */
int64_t watch_read(struct watch_state *s, const char *path);
/* Why an agent should be paused, or NULL. elapsed_s: since its start. text has room for 120 bytes. */
const char *watch_over(const struct watch_state *s, const struct plan_budget *b, int64_t elapsed_s,
                       char *text, size_t size);

#endif
