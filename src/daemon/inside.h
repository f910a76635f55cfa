/* inside - the daemon's own state, for daemon.c, schedule.c, handle*.c and watch.c only. */
#ifndef DAEMON_INSIDE_H
#define DAEMON_INSIDE_H
#include "base/buf.h"
#include "daemon/catalog.h"
#include "daemon/daemon.h"
#include "daemon/estimate.h"
#include "daemon/http.h"
#include "daemon/metrics.h"
#include "daemon/worker.h"
#include "engine/shelf.h"
#include "wire/messages.h"
#include "wire/socket.h"
#include <uv.h>

enum { PORT_REQUESTS, PORT_UPDATES, PORT_EVENTS, PORTS };
enum { PORT_TCP, PORT_IPC, PORT_KINDS };
enum { DAEMON_WORKERS_MAX = 64 + 16 };

/* A worker and what it is at. */
struct slot {
    struct worker *worker;
    const char *engine;
    bool busy;
    bool abandoned; /* cancelled by somebody: whatever it still says is dropped */
    bool returned;  /* stopped by the daemon: the job goes back into the queue */
    bool has_end;   /* it ended, and the queue could not be told yet */
    struct spr_error end;
    int64_t row, accepted_ms;
    int tries, pictures; /* pictures: that are kept */
    char *id, *first_image;
    struct request request;
    struct advance advance;
    int64_t published_ns, leased_ms;
    uint64_t done;
    bool failing; /* the last job could not be done for a reason that is the engine's, not the request's */
};

/* Everything that libuv must be told to close. */
struct loop {
    uv_loop_t uv;
    uv_signal_t term, interrupt, hang_up;
    uv_timer_t tick, queue_timer, watchdog;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_async_t reports;
    uv_poll_t poll[PORT_KINDS];
};

/* Questions that take long, in the order they came: answered after the short ones of a turn, a few a turn. Who has LATER_EACH
 * waiting already, and everybody where it is full, is told so instead. */
enum { LATER_MAX = 1024, LATER_EACH = 4 };
struct later {
    struct wire_packet packet[LATER_MAX];
    struct wire_socket *socket[LATER_MAX];
    int first, count;
};

struct daemon {
    struct config *config;
    const char *file; /* and sets: for reading the configuration again */
    const char *const *sets;
    size_t set_count;
    struct log *log;
    struct loop loop;
    struct wire_context *wire;
    struct wire_socket *port[PORTS][PORT_KINDS]; /* NULL: off */
    bool stirred[PORT_KINDS]; /* request sockets that may have a message without their descriptor saying so */
    struct queue *queue;
    struct catalog *catalog;
    struct shelf *shelf; /* the models of the native workers */
    struct slot slot[DAEMON_WORKERS_MAX];
    int slots, threads; /* workers; threads of each */
    struct estimate estimate;
    struct metrics metrics;
    struct http *http;
    struct later later;
    struct buf out;            /* the message that is being written */
    int64_t begun_ns, stop_ns; /* stop_ns: when running jobs are given back; 0: not stopping */
    int64_t swept_ms;
    int locks[2]; /* descriptors: the data folder's, the runtime folder's */
    bool schedule_due, queue_changed, queue_timer_on;
    char *previews; /* folder */
};

/* schedule.c */
void schedule(struct daemon *d);     /* gives waiting jobs to idle workers */
void take_reports(struct daemon *d); /* what workers have put down */
/* Once a second: leases, retries, ends that could not be told, retention. */
void schedule_tick(struct daemon *d);
struct slot *slot_of(struct daemon *d, int64_t row); /* that is at this job, or NULL */
void slot_abandon(struct daemon *d, struct slot *s, const char *why);
double waiting_seconds(const struct daemon *d, int64_t queued); /* until so many jobs are through */

/* publish.c: each writes the message once for all its subscribers. */
void publish_update(struct daemon *d, const struct wire_schema *schema, const void *object);
void publish_event(struct daemon *d, const char *id, const struct wire_schema *schema, const void *object);
void publish_both(struct daemon *d, const char *id, const struct wire_schema *schema, const void *object);
void publish_changed(struct daemon *d, const char *id, enum job_state state, const char *error);
void publish_ended(struct daemon *d, const char *id, double seconds, const char *image, const char *error);
void publish_queue(struct daemon *d); /* soon, and not more than ten times a second */

/* Who asked, and where the answer goes. */
struct asker {
    struct wire_socket *socket;
    const struct wire_packet *packet;
};

/* handle.c */
void answer(struct daemon *d, const struct asker *a, const struct wire_schema *schema, const void *object);
void answer_error(struct daemon *d, const struct asker *a, const char *sentence);
void answer_done(struct daemon *d, const struct asker *a, int64_t count);
/* Up to `most` messages. False: none is left, and the socket's descriptor will say when one comes. */
bool handle_requests(struct daemon *d, struct wire_socket *s, int most);
void handle_later(struct daemon *d); /* some of those that wait */

/* handle_votes.c */
void handle_vote(struct daemon *d, const struct asker *a, void *object);
void handle_votes(struct daemon *d, const struct asker *a, void *object);

/* watch.c */
unsigned watch_answer(void *context, const char *path, struct buf *body);

#endif
