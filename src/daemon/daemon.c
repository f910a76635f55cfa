/* The loop. ZeroMQ's descriptors say only that something changed, and stop saying it once the socket was used in any way.
 * So a socket is `stirred` from when its descriptor woke the loop, or an answer went out, until a look into it found
 * nothing; while one is, the loop does not sleep (`prepare`), and after everything else (`check`) its messages are answered.
 * A socket that nothing stirred is not touched: each look costs two system calls. */
#include "daemon/daemon.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/pool.h"
#include "daemon/gallery.h"
#include "daemon/inside.h"
#include "daemon/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum {
    MESSAGES_A_TURN = 200,
    TICK_MS = 1000,
    WORKERS_STANDARD_MAX = 8,
    HARD_STOP_S = 5,
    REQUEST_QUEUE = 32,
    UPDATE_QUEUE = 4096,
    WAKE_MS = 100,
    COMFYUI_MAX = 16
};

static const char *const port_names[PORTS] = { "requests", "updates", "events" };

static void on_idle(uv_idle_t *h)
{
    (void)h; /* its being there keeps the loop awake */
}

static bool waiting(const struct daemon *d)
{
    return d->later.count > 0 || d->stirred[PORT_TCP] || d->stirred[PORT_IPC];
}

static void on_prepare(uv_prepare_t *h)
{
    struct daemon *d = h->data;
    if (waiting(d))
        uv_idle_start(&d->loop.idle, on_idle);
}

static void on_check(uv_check_t *h)
{
    struct daemon *d = h->data;
    uv_idle_stop(&d->loop.idle);
    for (int k = 0; k < PORT_KINDS; k++)
        if (d->stirred[k])
            d->stirred[k] = handle_requests(d, d->port[PORT_REQUESTS][k], MESSAGES_A_TURN);
    handle_later(d);
    if (d->schedule_due)
        schedule(d);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
    struct daemon *d = h->data;
    d->stirred[h - d->loop.poll] = true; /* check does the rest */
    (void)status;
    (void)events;
}

static void on_reports(uv_async_t *h)
{
    take_reports(h->data);
}

static void wake(void *context)
{
    struct daemon *d = context;
    uv_async_send(&d->loop.reports);
}

static bool all_idle(const struct daemon *d)
{
    for (int i = 0; i < d->slots; i++)
        if (d->slot[i].busy)
            return false;
    return true;
}

static void give_back_all(struct daemon *d)
{
    for (int i = 0; i < d->slots; i++)
        if (d->slot[i].busy && !d->slot[i].abandoned) {
            d->slot[i].returned = true;
            worker_cancel(d->slot[i].worker);
        }
}

static void on_tick(uv_timer_t *t)
{
    struct daemon *d = t->data;
    int64_t now = clock_steady_ns();
    schedule_tick(d);
    for (int k = 0; k < PORT_KINDS; k++) { /* lets ZeroMQ see to subscriptions while nothing is published */
        if (d->port[PORT_UPDATES][k])
            wire_readable(d->port[PORT_UPDATES][k]);
        if (d->port[PORT_EVENTS][k])
            wire_readable(d->port[PORT_EVENTS][k]);
    }
    if (!d->stop_ns)
        return;
    if (now >= d->stop_ns)
        give_back_all(d);
    if (all_idle(d) || now >= d->stop_ns + HARD_STOP_S * 1000000000LL)
        uv_stop(&d->loop.uv);
}

static void begin_stop(struct daemon *d)
{
    int64_t now = clock_steady_ns();
    if (d->stop_ns) { /* a second signal: at once */
        d->stop_ns = now;
    } else {
        d->stop_ns = now + d->config->stop_s * 1000000000LL;
        notify_send("STOPPING=1");
        log_write(d->log, LOG_INFO, "stopping; running jobs have %lld s to end, then they are queued again",
                  (long long)d->config->stop_s);
    }
    uv_timer_start(&d->loop.tick, on_tick, 0, WAKE_MS);
}

static void on_stop(uv_signal_t *h, int number)
{
    (void)number;
    begin_stop(h->data);
}

static void on_hang_up(uv_signal_t *h, int number)
{
    struct daemon *d = h->data;
    struct config next;
    struct spr_error err;
    int later = 0;
    (void)number;
    notify_send("RELOADING=1");
    catalog_refresh(d->catalog, true);
    shelf_refresh(d->shelf); /* running jobs keep the model they have */
    if (config_load(d->file, d->sets, d->set_count, &next, NULL, &err)) {
        log_write(d->log, LOG_ERROR, "the configuration stays as it was: %s", err.text);
    } else {
        config_reload(d->config, &next, &later);
        if (log_level_named(d->config->log.level, &d->log->level))
            d->log->json = d->config->log.json;
        log_write(d->log, LOG_INFO, "read %s again%s", d->config->file,
                  later ? "; some settings wait for a restart" : "");
    }
    notify_send("READY=1");
}

static void on_watchdog(uv_timer_t *t)
{
    (void)t;
    notify_send("WATCHDOG=1");
}

/* An open file that only one daemon holds, until it ends in whatever way. */
static enum spr_code lock_file(const char *folder, const char *name, int *ret, struct spr_error *err)
{
    char path[PATH_MAX], text[32] = "";
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return SPR_FAIL(err, SPR_LIMIT, "the folder's name is too long: %.80s...", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return SPR_FAIL(err, SPR_IO, "cannot open %.200s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        ssize_t n = read(fd, text, sizeof text - 1);
        text[n > 0 ? n : 0] = '\0';
        close(fd);
        return SPR_FAIL(err, SPR_BUSY,
                        "another daemon (process %.*s) works in %.200s; 'spritery status' asks it",
                        (int)strcspn(text, "\n"), text, folder);
    }
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) ||
        write(fd, text, (size_t)n) != n) { /* the lock holds all the same: the number is for people */
    }
    *ret = fd;
    return SPR_OK;
}

static enum spr_code open_queue(struct daemon *d, struct spr_error *err)
{
    char path[PATH_MAX];
    const struct config *c = d->config;
    struct queue_options options = { .full = strcmp(c->queue.durable, "power") == 0,
                                     .tries_max = (int)c->queue.tries };
    int lost = 0;
    enum spr_code rc = file_make_folder(c->data.folder, err);
    if (!rc)
        rc = file_make_folder(c->data.gallery, err);
    if (!rc)
        rc = lock_file(c->data.folder, "daemon.lock", &d->locks[0], err);
    if (!rc && snprintf(path, sizeof path, "%s/previews", c->data.folder) >= (int)sizeof path)
        rc = SPR_FAIL(err, SPR_LIMIT, "data.folder is too long: %.80s...", c->data.folder);
    if (!rc && !(d->previews = mem_text(path, strlen(path))))
        rc = SPR_FAIL(err, SPR_NOMEM, "out of memory starting the daemon");
    if (!rc)
        rc = file_make_folder(d->previews, err);
    if (rc)
        return rc;
    gallery_sweep(c->data.gallery, d->previews);
    snprintf(path, sizeof path, "%.4000s/queue.db", c->data.folder);
    rc = queue_open(path, &options, &d->queue, err);
    if (!rc) /* we hold the lock: whoever ran these is gone */
        rc = queue_expire(d->queue, INT64_MAX, &lost, err);
    if (!rc && lost)
        log_write(d->log, LOG_WARN, "%d jobs were running when the last daemon ended; they are queued again",
                  lost);
    d->metrics.again += (uint64_t)lost;
    return rc;
}

static enum spr_code bind_one(struct daemon *d, int port, int kind, const char *address,
                              const struct wire_keys *keys, struct spr_error *err)
{
    static const enum wire_kind kinds[PORTS] = { WIRE_ROUTER, WIRE_PUB, WIRE_PUB };
    char name[32];
    snprintf(name, sizeof name, "%s%s", port_names[port], kind == PORT_IPC ? "-ipc" : "");
    struct wire_options o = { .keys = kind == PORT_TCP && !wire_address_local(address) ? keys : NULL,
                              .queue = port == PORT_REQUESTS ? REQUEST_QUEUE : UPDATE_QUEUE,
                              .fd = notify_socket(name) };
    return wire_bind(d->wire, kinds[port], address, &o, &d->port[port][kind], err);
}

static enum spr_code bind_ipc(struct daemon *d, struct spr_error *err)
{
    static const char *const names[PORTS] = { "daemon", "updates", "events" };
    char address[WIRE_ADDRESS_BYTES], folder[WIRE_ADDRESS_BYTES];
    enum spr_code rc = wire_ipc_address(names[0], address, err);
    if (rc)
        return rc;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(address, '/') - address - 6), address + 6);
    rc = lock_file(folder, "daemon.lock", &d->locks[1],
                   err); /* ZeroMQ would take a living socket's name away */
    for (int p = 0; !rc && p < PORTS; p++) {
        rc = wire_ipc_address(names[p], address, err);
        if (!rc)
            rc = bind_one(d, p, PORT_IPC, address, NULL, err);
    }
    return rc;
}

static enum spr_code open_sockets(struct daemon *d, struct spr_error *err)
{
    const struct config *c = d->config;
    const char *const addresses[PORTS] = { c->listen.requests, c->listen.updates, c->listen.events };
    struct wire_keys keys = { 0 };
    bool has_keys = *c->keys.server != '\0';
    enum spr_code rc = wire_context_new(&d->wire, err);
    if (!rc && has_keys)
        rc = wire_keys_read(c->keys.server, &keys, err);
    if (!rc && has_keys)
        rc = wire_context_guard(d->wire, c->keys.allowed, err);
    if (!rc && c->listen.ipc)
        rc = bind_ipc(d, err);
    for (int p = 0; !rc && p < PORTS; p++)
        if (*addresses[p])
            rc = bind_one(d, p, PORT_TCP, addresses[p], has_keys ? &keys : NULL, err);
    explicit_bzero(&keys, sizeof keys);
    if (!rc && !d->port[PORT_REQUESTS][PORT_TCP] && !d->port[PORT_REQUESTS][PORT_IPC])
        rc = SPR_FAIL(err, SPR_BADARG,
                      "nobody could ask this daemon anything: listen.requests is empty and listen.ipc is no");
    return rc;
}

/* TAKES engine. */
static enum spr_code add_worker(struct daemon *d, struct engine *engine, struct spr_error *err)
{
    struct slot *s = &d->slot[d->slots];
    s->engine = engine_name(engine);
    struct worker_options o = { s->engine, d->config->data.gallery, d->previews, wake, d };
    enum spr_code rc = worker_start(&o, engine, &s->worker, err);
    d->slots += rc == SPR_OK;
    return rc;
}

static enum spr_code add_native(struct daemon *d, struct spr_error *err)
{
    const struct config *c = d->config;
    int total = c->engine.threads ? (int)c->engine.threads : pool_default_threads();
    int count = (int)c->engine.workers;
    if (!count) /* a sprite's two passes keep two threads busy */
        count = total / 2 < 1 ? 1 : total / 2 > WORKERS_STANDARD_MAX ? WORKERS_STANDARD_MAX : total / 2;
    d->threads = total / count > 0 ? total / count : 1;
    enum spr_code rc = shelf_new(&d->shelf, err);
    for (int i = 0; !rc && i < count; i++) {
        struct engine *engine = NULL;
        rc = engine_native(d->threads, d->shelf, &engine, err);
        if (!rc)
            rc = add_worker(d, engine, err);
    }
    return rc;
}

/* A worker for each server; each knows all of them, and the least busy one that is well takes the job. */
static enum spr_code add_comfyui(struct daemon *d, struct spr_error *err)
{
    const char *url[COMFYUI_MAX];
    int urls = 0;
    char *list = mem_text(d->config->engine.comfyui, strlen(d->config->engine.comfyui)), *rest = list;
    if (!list)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for a list of servers");
    for (char *one; urls < COMFYUI_MAX && (one = strsep(&rest, ", "));)
        if (*one)
            url[urls++] = one;
    enum spr_code rc = SPR_OK;
    for (int i = 0; !rc && i < urls; i++) {
        struct engine *engine = NULL;
        rc = engine_comfyui(url, urls, &engine, err);
        if (!rc)
            rc = add_worker(d, engine, err);
    }
    mem_free(list);
    return rc;
}

static enum spr_code start_workers(struct daemon *d, struct spr_error *err)
{
    enum spr_code rc = add_native(d, err);
    return rc ? rc : add_comfyui(d, err);
}

static void start_loop(struct daemon *d)
{
    struct loop *l = &d->loop;
    uv_loop_init(&l->uv);
    uv_handle_t *const handles[] = { (uv_handle_t *)&l->term,
                                     (uv_handle_t *)&l->interrupt,
                                     (uv_handle_t *)&l->hang_up,
                                     (uv_handle_t *)&l->tick,
                                     (uv_handle_t *)&l->queue_timer,
                                     (uv_handle_t *)&l->watchdog,
                                     (uv_handle_t *)&l->prepare,
                                     (uv_handle_t *)&l->check,
                                     (uv_handle_t *)&l->idle,
                                     (uv_handle_t *)&l->reports,
                                     NULL };
    uv_signal_init(&l->uv, &l->term);
    uv_signal_init(&l->uv, &l->interrupt);
    uv_signal_init(&l->uv, &l->hang_up);
    uv_timer_init(&l->uv, &l->tick);
    uv_timer_init(&l->uv, &l->queue_timer);
    uv_timer_init(&l->uv, &l->watchdog);
    uv_prepare_init(&l->uv, &l->prepare);
    uv_check_init(&l->uv, &l->check);
    uv_idle_init(&l->uv, &l->idle);
    uv_async_init(&l->uv, &l->reports, on_reports);
    for (int i = 0; handles[i]; i++)
        handles[i]->data = d;
    uv_signal_start(&l->term, on_stop, SIGTERM);
    uv_signal_start(&l->interrupt, on_stop, SIGINT);
    uv_signal_start(&l->hang_up, on_hang_up, SIGHUP);
    uv_timer_start(&l->tick, on_tick, 0, TICK_MS);
    uv_prepare_start(&l->prepare, on_prepare);
    uv_check_start(&l->check, on_check);
    uint64_t watchdog = notify_watchdog_ms();
    if (watchdog)
        uv_timer_start(&l->watchdog, on_watchdog, watchdog, watchdog);
}

static void poll_sockets(struct daemon *d)
{
    for (int k = 0; k < PORT_KINDS; k++)
        if (d->port[PORT_REQUESTS][k]) {
            uv_poll_init(&d->loop.uv, &d->loop.poll[k], wire_fd(d->port[PORT_REQUESTS][k]));
            d->loop.poll[k].data = d;
            d->stirred[k] = true;
            uv_poll_start(&d->loop.poll[k], UV_READABLE, on_poll);
        }
}

static void say_ready(struct daemon *d)
{
    char state[256];
    for (int p = 0; p < PORTS; p++)
        for (int k = 0; k < PORT_KINDS; k++)
            if (d->port[p][k])
                log_write(d->log, LOG_INFO, "%s at %s", port_names[p], wire_address(d->port[p][k]));
    if (d->http)
        log_write(d->log, LOG_INFO, "metrics at http://%s/metrics", http_address(d->http));
    log_write(d->log, LOG_INFO, "ready: %d workers with %d threads each, queue in %s", d->slots, d->threads,
              d->config->data.folder);
    snprintf(state, sizeof state, "READY=1\nSTATUS=%d workers with %d threads each", d->slots, d->threads);
    notify_send(state);
}

static enum spr_code start(struct daemon *d, struct spr_error *err)
{
    enum spr_code rc = open_queue(d, err);
    if (!rc)
        rc = open_sockets(d, err);
    if (!rc && *d->config->listen.http)
        rc = http_start(&d->loop.uv, d->config->listen.http, watch_answer, d, &d->http, err);
    if (!rc)
        rc = catalog_new(&d->loop.uv, d->config->engine.comfyui, &d->catalog, err);
    if (!rc)
        rc = start_workers(d, err);
    if (!rc)
        poll_sockets(d);
    return rc;
}

static void close_handle(uv_handle_t *h, void *context)
{
    (void)context;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

/* Jobs that did not end in time stay `running` in the file, and the next start queues them again. */
static void stop(struct daemon *d)
{
    for (int i = 0; i < d->slots; i++) {
        worker_stop(d->slot[i].worker);
        mem_free(d->slot[i].id);
        mem_free(d->slot[i].first_image);
        request_fini(&d->slot[i].request);
    }
    shelf_free(d->shelf);
    http_stop(d->http);
    catalog_stop(d->catalog);
    uv_walk(&d->loop.uv, close_handle, NULL);
    uv_run(&d->loop.uv, UV_RUN_DEFAULT);
    uv_loop_close(&d->loop.uv);
    catalog_free(d->catalog);
    for (int p = 0; p < PORTS; p++)
        for (int k = 0; k < PORT_KINDS; k++)
            wire_close(d->port[p][k]);
    for (; d->later.count > 0; d->later.count--, d->later.first = (d->later.first + 1) % LATER_MAX)
        wire_packet_fini(&d->later.packet[d->later.first]);
    wire_context_free(d->wire);
    queue_close(d->queue);
    buf_fini(&d->out);
    mem_free(d->previews);
    for (int i = 0; i < 2; i++)
        if (d->locks[i] >= 0)
            close(d->locks[i]);
}

enum spr_code daemon_run(struct config *c, const char *file, const char *const *sets, size_t count,
                         struct log *log, struct spr_error *err)
{
    struct daemon *d = mem_zalloc(1, sizeof *d);
    if (!d)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory starting the daemon");
    d->config = c;
    d->file = file;
    d->sets = sets;
    d->set_count = count;
    d->log = log;
    d->locks[0] = d->locks[1] = -1;
    d->begun_ns = clock_steady_ns();
    metrics_init(&d->metrics);
    buf_init(&d->out, WIRE_MESSAGE_MAX);
    start_loop(d);
    enum spr_code rc = start(d, err);
    if (!rc) {
        say_ready(d);
        uv_run(&d->loop.uv, UV_RUN_DEFAULT);
        log_write(d->log, LOG_INFO, "stopped");
    }
    stop(d);
    mem_free(d);
    return rc;
}
