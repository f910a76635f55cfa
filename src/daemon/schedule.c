/* Jobs to workers, and what workers report back. A job's end is written to the queue before anybody hears of it; when it
 * cannot be written (a full disk), the worker stays busy and the end is told again every second. */
#include "base/clock.h"
#include "base/mem.h"
#include "daemon/gallery.h"
#include "daemon/inside.h"

#include <math.h>
#include <string.h>

#define PROGRESS_NS 33333333LL /* 30 a second at most */

enum { SWEEP_MS = 60000, CLEAR_MOST = 200, RETRY_DOUBLINGS_MAX = 10 };

struct slot *slot_of(struct daemon *d, int64_t row)
{
    for (int i = 0; i < d->slots; i++)
        if (d->slot[i].busy && d->slot[i].row == row && !d->slot[i].abandoned)
            return &d->slot[i];
    return NULL;
}

static void slot_free(struct slot *s)
{
    mem_free(s->id);
    mem_free(s->first_image);
    request_fini(&s->request);
    s->id = s->first_image = NULL;
    s->busy = s->abandoned = s->returned = s->has_end = false;
    s->pictures = 0;
    s->end = (struct spr_error){ 0 };
}

double waiting_seconds(const struct daemon *d, int64_t queued)
{
    const struct histogram *h = &d->metrics.stage[METRICS_RUNNING];
    double each = h->count ? h->sum / (double)h->count : 1;
    double running = 0;
    for (int i = 0; i < d->slots; i++)
        if (d->slot[i].busy)
            running += d->slot[i].advance.eta_s;
    return ((double)queued * each + running) / d->slots;
}

static double slot_seconds(const struct slot *s)
{
    return (double)(clock_steady_ns() - s->advance.begun_ns) / 1e9;
}

static void publish_advance(struct daemon *d, struct slot *s, bool now)
{
    int64_t ns = clock_steady_ns();
    if (!now && ns - s->published_ns < PROGRESS_NS)
        return;
    s->published_ns = ns;
    struct message_progress m = { .job_id = s->id,
                                  .stage = message_stages[s->advance.stage],
                                  .step = s->advance.step,
                                  .total_steps = s->advance.steps ? s->advance.steps : s->request.steps,
                                  .percent = fmin(s->advance.percent, 100),
                                  .eta_s = s->advance.eta_s };
    publish_both(d, s->id, &message_progress, &m);
}

static int64_t lease_end(const struct daemon *d)
{
    return clock_wall_ms() + d->config->queue.lease_s * 1000;
}

/* Fills the slot and hands the job over. TAKES j. */
static void begin(struct daemon *d, struct slot *s, struct queue_job *j)
{
    struct spr_error err;
    s->busy = true;
    s->row = j->row;
    s->accepted_ms = j->accepted_ms;
    s->tries = j->tries;
    s->leased_ms = clock_wall_ms();
    s->id = mem_text(j->id, strlen(j->id));
    if (!s->id || request_copy(&s->request, &j->request, &err)) {
        log_write(d->log, LOG_ERROR, "no memory to begin job %s", j->id);
        queue_job_fini(j);
        s->has_end = true; /* as if it had ended for want of memory: it is tried again */
        s->end = (struct spr_error){ SPR_NOMEM, "out of memory when the job was to begin" };
        return;
    }
    advance_begin(&s->advance, estimate_seconds(&d->estimate, &s->request), clock_steady_ns());
    metrics_stage(&d->metrics, METRICS_WAITING, (double)(s->leased_ms - j->accepted_ms) / 1000);
    worker_give(s->worker, j);
    struct message_started m = { .job_id = s->id, .timestamp = s->leased_ms / 1000 };
    publish_update(d, &message_job_started, &m);
    publish_changed(d, s->id, JOB_RUNNING, NULL);
    advance_stage(&s->advance, STAGE_LOADING, clock_steady_ns());
    publish_advance(d, s, true);
}

void schedule(struct daemon *d)
{
    const char *none = NULL; /* an engine that no job waits for */
    d->schedule_due = false;
    if (d->stop_ns)
        return;
    for (int i = 0; i < d->slots; i++) {
        struct slot *s = &d->slot[i];
        struct queue_job j;
        struct spr_error err;
        if (s->busy || (none && strcmp(none, s->engine) == 0))
            continue;
        enum spr_code rc = queue_take(d->queue, s->engine, clock_wall_ms(), lease_end(d), &j, &err);
        if (rc == SPR_OK) {
            begin(d, s, &j);
        } else if (rc == SPR_NOTFOUND) {
            none = s->engine;
        } else {
            log_write(d->log, LOG_WARN, "no job can be begun: %s", err.text); /* the next tick tries again */
            return;
        }
    }
}

void slot_abandon(struct daemon *d, struct slot *s, const char *why)
{
    s->abandoned = true;
    worker_cancel(s->worker);
    metrics_ended(&d->metrics, s->engine, JOB_CANCELLED);
    publish_ended(d, s->id, slot_seconds(s), NULL, why);
}

/* Which failures may pass by themselves. */
static bool may_pass(enum spr_code code)
{
    return code == SPR_IO || code == SPR_NOMEM || code == SPR_TIMEOUT || code == SPR_BUSY;
}

static void tell_failed(struct daemon *d, struct slot *s, bool again)
{
    d->metrics.errors[s->end.code]++;
    s->failing = may_pass(s->end.code);
    if (again) {
        d->metrics.again++;
        log_write(d->log, LOG_WARN, "job %s is tried again: %s", s->id, s->end.text);
        publish_changed(d, s->id, JOB_QUEUED, s->end.text);
        return;
    }
    log_write(d->log, LOG_INFO, "job %s failed: %s", s->id, s->end.text);
    metrics_ended(&d->metrics, s->engine, JOB_FAILED);
    publish_changed(d, s->id, JOB_FAILED, s->end.text);
    publish_ended(d, s->id, slot_seconds(s), NULL, s->end.text);
}

static void tell_done(struct daemon *d, struct slot *s)
{
    double seconds = slot_seconds(s);
    advance_stage(&s->advance, STAGE_FINISHING, clock_steady_ns());
    s->advance.percent = 100;
    s->advance.eta_s = 0;
    publish_advance(d, s, true);
    metrics_stage(&d->metrics, METRICS_RUNNING, seconds);
    metrics_ended(&d->metrics, s->engine, JOB_DONE);
    estimate_learn(&d->estimate, &s->request, seconds / s->request.count);
    s->done++;
    s->failing = false;
    log_write(d->log, LOG_DEBUG, "job %s done in %.3f s", s->id, seconds);
    publish_changed(d, s->id, JOB_DONE, NULL);
    publish_ended(d, s->id, seconds, s->first_image, NULL);
}

/* Writes the end to the queue and tells it. False where the queue could not be written. */
static bool settle(struct daemon *d, struct slot *s)
{
    struct spr_error err = { 0 };
    bool again = false;
    int64_t now = clock_wall_ms();
    enum spr_code rc = SPR_OK;
    if (s->abandoned) {
        slot_free(s);
        return true;
    }
    int doublings = s->tries - 1 < RETRY_DOUBLINGS_MAX ? s->tries - 1 : RETRY_DOUBLINGS_MAX;
    int64_t again_ms = may_pass(s->end.code)
                           ? now + (d->config->queue.retry_s * 1000 << (doublings > 0 ? doublings : 0))
                           : 0;
    if (s->end.code == SPR_OK)
        rc = queue_finish(d->queue, s->row, now, &err);
    else if (s->end.code == SPR_CANCELLED && s->returned)
        rc = queue_give_back(d->queue, s->row, &err);
    else
        rc = queue_fail(d->queue, s->row, &s->end, now, again_ms, &again, &err);
    if (rc == SPR_BADARG ||
        rc == SPR_NOTFOUND) { /* it was cancelled or taken away meanwhile: nothing to tell */
        log_write(d->log, LOG_WARN, "job %s: %s", s->id ? s->id : "?", err.text);
    } else if (rc) {
        log_write(d->log, LOG_WARN, "the end of job %s is not written yet: %s", s->id ? s->id : "?",
                  err.text);
        return false;
    } else if (s->id && s->end.code == SPR_OK) {
        tell_done(d, s);
    } else if (s->id && s->end.code == SPR_CANCELLED && s->returned) {
        publish_changed(d, s->id, JOB_QUEUED, NULL);
    } else if (s->id) {
        tell_failed(d, s, again);
    }
    slot_free(s);
    return true;
}

static void end_job(struct daemon *d, struct slot *s, const struct spr_error *end)
{
    s->has_end = true;
    if (s->end.code == SPR_OK) /* else a picture could not be entered, and that stands */
        s->end = *end;
    if (settle(d, s))
        d->schedule_due = true;
}

/* A picture that is on disk is entered in the queue, so that a job is done only with all of them. */
static void keep_picture(struct daemon *d, struct slot *s, struct worker_report *r)
{
    struct spr_error err;
    if (queue_picture(d->queue, s->row, r->number, &r->picture, &err)) {
        if (s->end.code == SPR_OK)
            s->end = err;
        return;
    }
    s->pictures++;
    metrics_image(&d->metrics, s->engine);
    metrics_stage(&d->metrics, METRICS_PICTURE, r->picture.seconds);
    if (advance_stage(&s->advance, s->pictures == s->request.count ? STAGE_FINISHING : STAGE_SAMPLING,
                      clock_steady_ns()))
        publish_advance(d, s, true);
    struct message_drawn m = {
        .job_id = s->id, .picture = r->number, .pictures = s->request.count, .image_path = r->picture.path
    };
    publish_event(d, s->id, &message_picture_drawn, &m);
    if (!s->first_image) {
        s->first_image = r->picture.path;
        r->picture.path = NULL;
    }
}

static void understand(struct daemon *d, struct slot *s, const char *sentence)
{
    struct spr_error err;
    struct message_understood m = { .job_id = s->id, .sentence = sentence };
    if (queue_understood(d->queue, s->row, sentence, &err))
        log_write(d->log, LOG_WARN, "job %s: %s", s->id, err.text);
    publish_event(d, s->id, &message_understood, &m);
    if (advance_stage(&s->advance, STAGE_ENCODING, clock_steady_ns()))
        publish_advance(d, s, true);
}

static void take_report(struct daemon *d, struct slot *s, struct worker_report *r)
{
    int group = d->threads * 4;
    struct message_preview preview;
    if (r->kind == WORKER_ENDED) {
        end_job(d, s, &r->error);
        return;
    }
    if (s->abandoned || !s->busy)
        return;
    switch (r->kind) {
    case WORKER_UNDERSTOOD:
        understand(d, s, r->text);
        break;
    case WORKER_PROGRESS:
        if (advance_step(&s->advance, &r->progress, group, clock_steady_ns()))
            publish_advance(d, s, r->progress.step == r->progress.steps);
        break;
    case WORKER_PREVIEW:
        preview = (struct message_preview){ .job_id = s->id, .image_path = r->text, .step = r->step };
        publish_both(d, s->id, &message_preview, &preview);
        break;
    case WORKER_PICTURE:
        keep_picture(d, s, r);
        break;
    case WORKER_ENDED:
        break;
    }
}

void take_reports(struct daemon *d)
{
    struct worker_report *r;
    for (int i = 0; i < d->slots; i++)
        while ((r = worker_next(d->slot[i].worker))) {
            take_report(d, &d->slot[i], r);
            worker_report_free(r);
        }
    if (d->schedule_due)
        schedule(d);
}

static void renew(struct daemon *d, struct slot *s, int64_t now_ms)
{
    struct spr_error err;
    if (now_ms - s->leased_ms < d->config->queue.lease_s * 1000 / 3)
        return;
    if (queue_renew(d->queue, s->row, lease_end(d), &err))
        log_write(d->log, LOG_WARN, "the lease of job %s is not renewed: %s", s->id, err.text);
    else
        s->leased_ms = now_ms;
}

/* Forgets old history, a little at a time. */
static void sweep(struct daemon *d, int64_t now_ms)
{
    struct queue_counts counts;
    struct spr_error err;
    int count = 0;
    if (now_ms - d->swept_ms < SWEEP_MS)
        return;
    enum spr_code rc =
        queue_clear(d->queue, -1, now_ms - d->config->queue.keep_s * 1000, CLEAR_MOST, &count, &err);
    if (!rc)
        rc = queue_count(d->queue, &counts, &err);
    int64_t finished = rc ? 0 : counts.of[JOB_DONE] + counts.of[JOB_FAILED] + counts.of[JOB_CANCELLED];
    int64_t over = finished - d->config->queue.keep_jobs;
    int more = 0;
    if (!rc && over > 0)
        rc = queue_clear(d->queue, -1, INT64_MAX, over < CLEAR_MOST ? (int)over : CLEAR_MOST, &more, &err);
    if (rc)
        log_write(d->log, LOG_WARN, "old jobs are not forgotten: %s", err.text);
    if (rc || count + more < CLEAR_MOST)
        d->swept_ms = now_ms; /* else the next tick goes on */
}

void schedule_tick(struct daemon *d)
{
    struct spr_error err;
    int64_t now_ms = clock_wall_ms(), next;
    for (int i = 0; i < d->slots; i++) {
        struct slot *s = &d->slot[i];
        if (s->busy && s->has_end && settle(d, s))
            d->schedule_due = true;
        else if (s->busy && !s->abandoned)
            renew(d, s, now_ms);
    }
    if (queue_wake(d->queue, now_ms, &next, &err))
        log_write(d->log, LOG_WARN, "waiting jobs are not woken: %s", err.text);
    sweep(d, now_ms);
    schedule(d);
}
