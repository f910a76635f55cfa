#include "orchestrate/loop.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct watch {
    loop_fn *fn; /* NULL: none */
    void *context;
    uint32_t serial; /* tells a watch from an earlier one of the same descriptor */
};

struct timer {
    int64_t at_ms;
    loop_fn *fn;
    void *context;
};

struct loop {
    int epoll;
    struct watch *watch; /* by descriptor */
    int watches;
    uint32_t serial;
    struct timer *timer;
    int timers, timer_room;
};

enum { EVENTS = 64 };

enum spr_code loop_new(struct loop **ret, struct spr_error *err)
{
    struct loop *l = mem_zalloc(1, sizeof *l);
    if (!l)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for an event loop");
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0) {
        mem_free(l);
        return SPR_FAIL(err, SPR_IO, "cannot make an event loop: %s", strerror(errno));
    }
    *ret = l;
    return SPR_OK;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    close(l->epoll);
    mem_free(l->timer);
    mem_free(l->watch);
    mem_free(l);
}

enum spr_code loop_watch(struct loop *l, int fd, loop_fn *fn, void *context, struct spr_error *err)
{
    if (fd >= l->watches) {
        int room = fd < 64 ? 128 : 2 * fd;
        struct watch *grown = mem_resize(l->watch, (size_t)room, sizeof *grown);
        if (!grown)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for an event loop");
        memset(grown + l->watches, 0, (size_t)(room - l->watches) * sizeof *grown);
        l->watch = grown;
        l->watches = room;
    }
    struct epoll_event e = { .events = EPOLLIN };
    e.data.u64 = (uint64_t)++l->serial << 32 | (uint32_t)fd;
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e))
        return SPR_FAIL(err, SPR_IO, "cannot watch a descriptor: %s", strerror(errno));
    l->watch[fd] = (struct watch){ fn, context, l->serial };
    return SPR_OK;
}

void loop_unwatch(struct loop *l, int fd)
{
    if (fd < 0 || fd >= l->watches || !l->watch[fd].fn)
        return;
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
    l->watch[fd] = (struct watch){ 0 };
}

enum spr_code loop_at(struct loop *l, int64_t wall_ms, loop_fn *fn, void *context, struct spr_error *err)
{
    int i = 0;
    while (i < l->timers && !(l->timer[i].fn == fn && l->timer[i].context == context))
        i++;
    if (wall_ms == INT64_MAX) {
        if (i < l->timers)
            l->timer[i] = l->timer[--l->timers];
        return SPR_OK;
    }
    if (i == l->timer_room) {
        int room = l->timer_room ? 2 * l->timer_room : 8;
        struct timer *grown = mem_resize(l->timer, (size_t)room, sizeof *grown);
        if (!grown)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for a timer");
        l->timer = grown;
        l->timer_room = room;
    }
    if (i == l->timers)
        l->timers++;
    l->timer[i] = (struct timer){ wall_ms, fn, context };
    return SPR_OK;
}

static void ring(struct loop *l, int64_t now_ms)
{
    for (int i = l->timers; i-- > 0;) {
        if (i >= l->timers || l->timer[i].at_ms > now_ms)
            continue;
        struct timer t = l->timer[i];
        l->timer[i] = l->timer[--l->timers];
        t.fn(t.context);
    }
}

enum spr_code loop_turn(struct loop *l, int block_ms, struct spr_error *err)
{
    struct epoll_event event[EVENTS];
    int64_t now = clock_wall_ms(), wait = block_ms < 0 ? INT64_MAX : block_ms;
    for (int i = 0; i < l->timers; i++)
        if (l->timer[i].at_ms - now < wait)
            wait = l->timer[i].at_ms > now ? l->timer[i].at_ms - now : 0;
    int n = epoll_wait(l->epoll, event, EVENTS,
                       wait == INT64_MAX ? -1
                       : wait > 3600000  ? 3600000
                                         : (int)wait);
    if (n < 0 && errno != EINTR)
        return SPR_FAIL(err, SPR_IO, "cannot wait for events: %s", strerror(errno));
    for (int i = 0; i < n; i++) {
        int fd = (int)(uint32_t)event[i].data.u64;
        struct watch w = l->watch[fd];
        if (w.fn && w.serial == (uint32_t)(event[i].data.u64 >> 32)) /* not removed by a callback before it */
            w.fn(w.context);
    }
    ring(l, clock_wall_ms());
    return SPR_OK;
}
