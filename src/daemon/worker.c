#include "daemon/worker.h"

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/gallery.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PREVIEW_NS 500000000LL /* a preview every half second at most */

struct worker {
    struct worker_options options;
    struct engine *engine;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    atomic_bool cancel;
    /* under the lock */
    bool stop, given;
    struct queue_job job;
    struct worker_report *first, *last;
    struct worker_report ended; /* always there, so that an end can be told without memory */
    bool has_ended, has_progress;
    struct engine_progress progress;
    /* the thread's own */
    int64_t preview_ns;
    int pictures, step;
};

static void put(struct worker *w, struct worker_report *r)
{
    pthread_mutex_lock(&w->lock);
    if (w->last)
        w->last->next = r;
    else
        w->first = r;
    w->last = r;
    pthread_mutex_unlock(&w->lock);
    w->options.wake(w->options.context);
}

void worker_report_free(struct worker_report *r)
{
    if (!r)
        return;
    mem_free(r->text);
    mem_free(r->picture.path);
    mem_free(r->picture.engine);
    mem_free(r->picture.model);
    mem_free(r->picture.software);
    mem_free(r);
}

static struct worker_report *copy_of(const struct worker_report *r)
{
    struct worker_report *copy = mem_zalloc(1, sizeof *copy);
    if (copy)
        *copy = *r;
    return copy;
}

struct worker_report *worker_next(struct worker *w)
{
    struct worker_report *r = NULL, fresh = { 0 };
    pthread_mutex_lock(&w->lock);
    if (w->has_progress) {
        fresh.kind = WORKER_PROGRESS;
        fresh.progress = w->progress;
        r = copy_of(&fresh); /* no memory: this one is not shown */
        w->has_progress = false;
    }
    if (!r && w->first) {
        r = w->first;
        w->first = r->next;
        if (!w->first)
            w->last = NULL;
        r->next = NULL;
    }
    if (!r && w->has_ended && (r = copy_of(&w->ended))) /* no memory: it stays, and is asked for again */
        w->has_ended = false;
    pthread_mutex_unlock(&w->lock);
    return r;
}

static void on_understood(void *context, const char *sentence)
{
    struct worker *w = context;
    struct worker_report *r = mem_zalloc(1, sizeof *r);
    if (!r)
        return;
    r->kind = WORKER_UNDERSTOOD;
    r->text = mem_text(sentence, strlen(sentence));
    if (r->text)
        put(w, r);
    else
        mem_free(r);
}

static void on_progress(void *context, const struct engine_progress *p)
{
    struct worker *w = context;
    pthread_mutex_lock(&w->lock);
    w->progress = *p;
    w->has_progress = true;
    pthread_mutex_unlock(&w->lock);
    w->step = p->step;
    w->options.wake(w->options.context);
}

static void on_preview(void *context, const struct image *im)
{
    struct worker *w = context;
    char path[PATH_MAX];
    struct spr_error ignored;
    int64_t now = clock_steady_ns();
    if (now - w->preview_ns < PREVIEW_NS)
        return;
    w->preview_ns = now;
    struct worker_report *r = mem_zalloc(1, sizeof *r);
    if (r && gallery_preview(w->options.previews, w->job.id, im, path, &ignored) == SPR_OK &&
        (r->text = mem_text(path, strlen(path)))) {
        r->kind = WORKER_PREVIEW;
        r->step = w->step;
        put(w, r);
    } else {
        mem_free(r);
    }
}

static enum spr_code on_picture(void *context, const struct engine_picture *p, struct spr_error *err)
{
    struct worker *w = context;
    char path[PATH_MAX];
    enum spr_code rc = gallery_picture(w->options.gallery, w->job.id, w->pictures, p, path, err);
    if (rc)
        return rc;
    struct worker_report *r = mem_zalloc(1, sizeof *r);
    if (!r)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory reporting a picture");
    static const char software[] = "spritery " SPRITERY_VERSION;
    *r = (struct worker_report){
        .kind = WORKER_PICTURE,
        .number = w->pictures,
        .picture = { .path = mem_text(path, strlen(path)),
                     .width = p->pixels.width,
                     .height = p->pixels.height,
                     .colors = p->colors,
                     .seconds = p->seconds,
                     .seed = p->made_by.seed,
                     .vary_seed = p->made_by.vary_seed,
                     .engine = mem_text(p->papers.engine, strlen(p->papers.engine)),
                     .model = mem_text(p->papers.model, strlen(p->papers.model)),
                     .software = mem_text(software, sizeof software - 1) },
    };
    memcpy(r->picture.model_hash, p->papers.model_hash, QUEUE_HASH_BYTES);
    memcpy(r->picture.init_hash, p->papers.init_hash, QUEUE_HASH_BYTES);
    memcpy(r->picture.mask_hash, p->papers.mask_hash, QUEUE_HASH_BYTES);
    memcpy(r->picture.palette_hash, p->papers.palette_hash, QUEUE_HASH_BYTES);
    if (!r->picture.path || !r->picture.engine || !r->picture.model || !r->picture.software) {
        worker_report_free(r);
        return SPR_FAIL(err, SPR_NOMEM, "out of memory reporting a picture");
    }
    w->pictures++;
    put(w, r);
    return SPR_OK;
}

static void run_job(struct worker *w)
{
    struct spr_error err = { 0 };
    struct engine_watch watch = { w, &w->cancel, on_understood, on_progress, on_preview, on_picture };
    w->pictures = w->step = 0;
    w->preview_ns = clock_steady_ns();
    enum spr_code rc = engine_generate(w->engine, &w->job.request, &watch, &err);
    gallery_drop_preview(w->options.previews, w->job.id);
    queue_job_fini(&w->job);
    pthread_mutex_lock(&w->lock);
    w->ended = (struct worker_report){ .kind = WORKER_ENDED, .error = err };
    w->ended.error.code = rc;
    w->has_ended = true;
    pthread_mutex_unlock(&w->lock);
    w->options.wake(w->options.context);
}

static void *run(void *context)
{
    struct worker *w = context;
    for (;;) {
        pthread_mutex_lock(&w->lock);
        while (!w->given && !w->stop)
            pthread_cond_wait(&w->work, &w->lock);
        bool stop = w->stop;
        w->given = false;
        pthread_mutex_unlock(&w->lock);
        if (stop)
            return NULL;
        run_job(w);
    }
}

enum spr_code worker_start(const struct worker_options *o, struct engine *engine, struct worker **ret,
                           struct spr_error *err)
{
    struct worker *w = mem_zalloc(1, sizeof *w);
    if (!w) {
        engine_close(engine);
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for a worker");
    }
    w->options = *o;
    w->engine = engine;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->work, NULL);
    if (pthread_create(&w->thread, NULL, run, w)) {
        engine_close(engine);
        mem_free(w);
        return SPR_FAIL(err, SPR_LIMIT, "cannot start a worker's thread");
    }
    *ret = w;
    return SPR_OK;
}

void worker_stop(struct worker *w)
{
    if (!w)
        return;
    atomic_store(&w->cancel, true);
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    for (struct worker_report *r; (r = worker_next(w));)
        worker_report_free(r);
    queue_job_fini(&w->job);
    engine_close(w->engine);
    pthread_cond_destroy(&w->work);
    pthread_mutex_destroy(&w->lock);
    mem_free(w);
}

void worker_give(struct worker *w, struct queue_job *j)
{
    atomic_store(&w->cancel, false);
    pthread_mutex_lock(&w->lock);
    w->job = *j;
    *j = (struct queue_job){ 0 };
    w->given = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
}

void worker_cancel(struct worker *w)
{
    atomic_store(&w->cancel, true);
}
