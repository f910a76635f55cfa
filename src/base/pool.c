#include "base/pool.h"

#include "base/mem.h"
#include "base/str.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS_MAX = 256 };

struct member {
    struct pool *pool;
    pthread_t thread;
    int worker;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t start, done;
    int threads;
    int started;    /* members running; the caller is worker 0 and not counted */
    uint64_t round; /* goes up by one for each pool_run */
    bool stop;
    int count, next, busy; /* tasks of this round, the next to hand out, members still in the round */
    void (*task)(void *, int, int);
    void *context;
    struct member member[];
};

/* Hands out tasks until none is left. Called and returns with the lock held. */
static void work(struct pool *p, int worker)
{
    while (p->next < p->count) {
        int i = p->next++;
        pthread_mutex_unlock(&p->lock);
        p->task(p->context, i, worker);
        pthread_mutex_lock(&p->lock);
    }
}

static void *member_main(void *arg)
{
    struct member *m = arg;
    struct pool *p = m->pool;
    uint64_t seen = 0;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->stop && p->round == seen)
            pthread_cond_wait(&p->start, &p->lock);
        if (p->stop)
            break;
        seen = p->round;
        work(p, m->worker);
        if (--p->busy == 0)
            pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

enum spr_code pool_new(int threads, struct pool **ret, struct spr_error *err)
{
    if (threads < 1 || threads > THREADS_MAX)
        return SPR_FAIL(err, SPR_BADARG, "%d threads asked for; 1 to %d are possible", threads, THREADS_MAX);
    struct pool *p = mem_zalloc(1, sizeof *p + (size_t)threads * sizeof *p->member);
    if (!p)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %d threads", threads);
    p->threads = threads;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->start, NULL);
    pthread_cond_init(&p->done, NULL);
    for (int i = 1; i < threads; i++) {
        struct member *m = &p->member[p->started];
        *m = (struct member){ .pool = p, .worker = i };
        if (pthread_create(&m->thread, NULL, member_main, m)) {
            pool_free(p);
            return SPR_FAIL(err, SPR_LIMIT, "the system did not start thread %d of %d", i + 1, threads);
        }
        p->started++;
    }
    *ret = p;
    return SPR_OK;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++)
        pthread_join(p->member[i].thread, NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->start);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}

int pool_threads(const struct pool *p)
{
    return p->threads;
}

void pool_run(struct pool *p, int count, void (*task)(void *, int, int), void *context)
{
    if (p->started == 0 || count <= 1) {
        for (int i = 0; i < count; i++)
            task(context, i, 0);
        return;
    }
    pthread_mutex_lock(&p->lock);
    assert(p->busy == 0);
    p->task = task;
    p->context = context;
    p->count = count;
    p->next = 0;
    p->busy = p->started;
    p->round++;
    pthread_cond_broadcast(&p->start);
    work(p, 0);
    while (p->busy > 0)
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

/* The control group's CPU limit, rounded up; 0 where there is none (cgroup v2 only). */
static int group_limit(void)
{
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    long long quota = 0, period = 0;
    int limit = 0;
    if (f && fscanf(f, "%lld %lld", &quota, &period) == 2 && quota > 0 && period > 0)
        limit = (int)((quota + period - 1) / period);
    if (f)
        fclose(f);
    return limit;
}

int pool_default_threads(void)
{
    const char *set = getenv("SPRITERY_THREADS");
    uint64_t asked;
    if (set && str_to_u64(set, &asked) && asked >= 1)
        return asked < THREADS_MAX ? (int)asked : THREADS_MAX;
    cpu_set_t cpus;
    int n = sched_getaffinity(0, sizeof cpus, &cpus) == 0
                ? CPU_COUNT(&cpus)
                : (int)sysconf(_SC_NPROCESSORS_ONLN); /* over 1024 */
    int limit = group_limit();
    if (limit > 0 && limit < n)
        n = limit;
    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : n;
}
