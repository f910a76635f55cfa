/* What the HTTP port answers: for Prometheus, for a supervisor that asks whether to restart, for a balancer that asks
 * whether to send. */
#include "base/clock.h"
#include "daemon/inside.h"

#include <string.h>

static unsigned text(struct buf *body, unsigned status, const char *words)
{
    return buf_addf(body, NULL, "%s\n", words) ? 500 : status;
}

static unsigned metrics(struct daemon *d, struct buf *body)
{
    struct spr_error err;
    struct metrics_now now = { .now_ms = clock_wall_ms(),
                               .uptime_s = (clock_steady_ns() - d->begun_ns) / 1000000000,
                               .paused = queue_paused(d->queue),
                               .stopping = d->stop_ns != 0,
                               .workers = d->slots,
                               .threads = d->threads };
    struct metrics_engine engine[DAEMON_WORKERS_MAX];
    now.engine = engine;
    for (int i = 0; i < d->slots; i++) {
        engine[i] = (struct metrics_engine){ d->slot[i].engine, !d->slot[i].failing };
        now.busy += d->slot[i].busy;
    }
    if (queue_count(d->queue, &now.counts, &err) || metrics_print(&d->metrics, &now, body, &err)) {
        log_write(d->log, LOG_WARN, "no metrics: %s", err.text);
        body->length = 0;
        return text(body, 500, err.text);
    }
    return 200;
}

unsigned watch_answer(void *context, const char *path, struct buf *body)
{
    struct daemon *d = context;
    struct queue_counts counts;
    struct spr_error err;
    if (strcmp(path, "/metrics") == 0)
        return metrics(d, body);
    if (strcmp(path, "/healthz") == 0) /* the loop turns: that this is answered says so */
        return text(body, 200, "ok");
    if (strcmp(path, "/readyz") != 0)
        return text(body, 404, "there are /metrics, /healthz and /readyz");
    if (d->stop_ns)
        return text(body, 503, "stopping");
    for (int i = 0; i < d->slots; i++)
        if (d->slot[i].has_end)
            return text(body, 503, "the queue's file cannot be written: an ended job waits to be noted");
    if (queue_count(d->queue, &counts, &err))
        return text(body, 503, err.text);
    return counts.of[JOB_QUEUED] >= d->config->queue.most ? text(body, 503, "the queue is full")
                                                          : text(body, 200, "ready");
}
