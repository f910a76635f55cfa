#include "orchestrate/domain.h"

#include "base/clock.h"
#include "base/mem.h"
#include "orchestrate/fault.h"
#include "orchestrate/talk.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    QUEUE = 100000,
    RETRY_MS = 100, /* alone: how often somebody is looked for at the socket */
    BUSY_MS = 20,   /* not yet: how often it is looked whether now */
    HELLO_MS = 1000 /* and greeted: who was may have died before it answered */
};

struct domain {
    const struct domain_start *start;
    struct task_identity me, meta;
    struct loop *loop;
    struct crew *crew;
    struct wire_context *wire;
    struct wire_socket *socket;
    struct wire_pool pool;
    struct talk_outbox news;
    struct buf out;
    char name[TALK_NAME_BYTES]; /* of the connection */
    int connections;
    int watched; /* descriptor of the socket in the loop, or -1 */
    int signals, meta_fd;
    int64_t epoch; /* of the meta that welcomed us; 0: we are alone */
    int64_t grace_ms;
    bool spoke; /* since it was last looked whether something came: sending may take the sign of it */
    bool leave;
    enum spr_code rc; /* first failure in a callback */
    struct spr_error err;
};

static void fail(struct domain *d, enum spr_code rc, const struct spr_error *err)
{
    if (rc && !d->rc) {
        d->rc = rc;
        d->err = *err;
    }
}

/* ---- speaking ---- */

static enum spr_code speak(struct domain *d, const struct wire_schema *schema, const void *object,
                           struct spr_error *err)
{
    d->out.length = 0;
    d->spoke = true;
    enum spr_code rc = wire_encode(schema, object, &d->out, err);
    if (!rc && !wire_send(d->socket, NULL, 0, d->out.data, d->out.length))
        rc = SPR_FAIL(err, SPR_IO, "meta does not read what it is told");
    return rc;
}

static enum spr_code say_hello(struct domain *d, struct spr_error *err)
{
    char boot[33];
    struct talk_hello hello = { .domain = d->start->id, .name = d->name, .stamp = d->start->stamp };
    talk_who_put(&hello.who, &d->me, boot);
    fault_point("talk");
    return speak(d, &talk_hello, &hello, err);
}

/* Alone, nobody is told: whoever comes asks for every attempt, and the slots answer. */
static enum spr_code send_news(struct domain *d, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && d->epoch && i < d->news.count; i += TALK_BATCH) {
        size_t count = d->news.count - i < TALK_BATCH ? d->news.count - i : TALK_BATCH;
        const struct talk_news message = { .epoch = d->epoch, .news = { d->news.news + i, count } };
        fault_point("talk");
        rc = speak(d, &talk_news, &message, err);
        fault_point("talk");
    }
    talk_outbox_clear(&d->news);
    return rc;
}

static void on_news(void *context, const struct crew_news *n)
{
    struct domain *d = context;
    struct spr_error err;
    enum spr_code rc = d->epoch ? talk_outbox_add(&d->news, n, &err) : SPR_OK;
    if (!rc && (d->news.bytes > TALK_BATCH_BYTES || d->news.count >= TALK_BATCH))
        rc = send_news(d, &err);
    fail(d, rc, &err);
}

/* ---- listening ---- */

static void hear(void *context);

/* Under another name than before: ZeroMQ may still be busy with a connection that was closed, to deliver what was sent on
 * it, and whoever speaks to that one is not heard. */
static enum spr_code connect_anew(struct domain *d, struct spr_error *err)
{
    snprintf(d->name, sizeof d->name, "%.64s.%d.%d", d->start->id, d->me.pid, ++d->connections);
    const struct wire_options o = { .identity = d->name, .queue = QUEUE, .retry_ms = RETRY_MS };
    if (d->watched >= 0)
        loop_unwatch(d->loop, d->watched);
    d->watched = -1;
    wire_close(d->socket);
    d->socket = NULL;
    enum spr_code rc = wire_connect(d->wire, WIRE_DEALER, d->start->address, &o, &d->socket, err);
    if (!rc)
        rc = loop_watch(d->loop, wire_fd(d->socket), hear, d, err);
    if (!rc)
        d->watched = wire_fd(d->socket);
    return rc;
}

/* Not while something is still being looked at for the meta before: the next one clears the slots of such. */
static void greet(void *context)
{
    struct domain *d = context;
    struct spr_error err;
    bool busy = crew_checks(d->crew);
    enum spr_code rc = busy ? SPR_OK : say_hello(d, &err);
    if (!rc)
        rc = loop_at(d->loop, clock_wall_ms() + (busy ? BUSY_MS : HELLO_MS), greet, d, &err);
    fail(d, rc, &err);
}

static void grace_is_over(void *context)
{
    struct domain *d = context;
    d->leave = true;
}

static void be_alone(struct domain *d)
{
    struct spr_error err;
    if (d->meta_fd >= 0) {
        loop_unwatch(d->loop, d->meta_fd);
        close(d->meta_fd);
    }
    d->meta_fd = -1;
    d->epoch = 0;
    talk_outbox_clear(&d->news);
    crew_drop_checks(d->crew);
    enum spr_code rc = loop_at(d->loop, clock_wall_ms() + d->grace_ms, grace_is_over, d, &err);
    if (!rc)
        rc = connect_anew(d, &err);
    if (rc)
        fail(d, rc, &err);
    else
        greet(d);
}

static void meta_gone(void *context)
{
    be_alone(context);
}

static enum spr_code welcomed(struct domain *d, const struct talk_welcome *w, struct spr_error *err)
{
    if (!talk_who_get(&w->who, &d->meta))
        return SPR_FAIL(err, SPR_BADDATA, "meta does not say who it is");
    talk_outbox_clear(&d->news);
    d->epoch = w->epoch;
    d->grace_ms = w->grace_ms;
    if (d->meta_fd >= 0) {
        loop_unwatch(d->loop, d->meta_fd);
        close(d->meta_fd);
    }
    d->meta_fd = (int)syscall(SYS_pidfd_open, d->meta.pid, 0);
    if (d->meta_fd < 0 || !task_alive(&d->meta)) { /* gone again */
        be_alone(d);
        return SPR_OK;
    }
    enum spr_code rc = loop_watch(d->loop, d->meta_fd, meta_gone, d, err);
    if (!rc)
        rc = loop_at(d->loop, INT64_MAX, greet, d, err);
    return rc ? rc : loop_at(d->loop, INT64_MAX, grace_is_over, d, err);
}

static enum spr_code obey(struct domain *d, const struct talk_orders *message, struct spr_error *err)
{
    const struct talk_order *o = message->orders.item;
    for (size_t i = 0; i < message->orders.count; i++) {
        struct crew_order order;
        talk_order_get(&o[i], &order);
        if (order.workstream >= d->start->plan->workstreams)
            return SPR_FAIL(err, SPR_BADDATA, "meta orders workstream %d of %d", order.workstream,
                            d->start->plan->workstreams);
        crew_do(d->crew, &order);
    }
    return SPR_OK;
}

static enum spr_code hear_one(struct domain *d, struct spr_error *err)
{
    struct wire_packet packet;
    const struct wire_schema *schema;
    void *object;
    size_t length;
    enum spr_code rc = wire_receive(d->socket, 0, &packet, err);
    if (rc)
        return rc == SPR_TIMEOUT ? SPR_OK : rc;
    const void *bytes = wire_packet_body(&packet, &length);
    fault_point("talk");
    rc = wire_decode(talk_down, bytes, length, &d->pool, &schema, &object, err);
    if (!rc)
        rc = schema == &talk_welcome ? welcomed(d, object, err) : obey(d, object, err);
    wire_pool_reset(&d->pool);
    wire_packet_fini(&packet);
    return rc;
}

static void hear(void *context)
{
    struct domain *d = context;
    struct spr_error err;
    d->spoke = false;
    while (!d->rc && wire_readable(d->socket))
        fail(d, hear_one(d, &err), &err);
}

static void hear_signal(void *context)
{
    struct domain *d = context;
    struct signalfd_siginfo info;
    while (read(d->signals, &info, sizeof info) == sizeof info)
        d->leave = true;
}

/* ---- from beginning to end ---- */

static enum spr_code watch_signals(struct domain *d, struct spr_error *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (d->signals < 0)
        return SPR_FAIL(err, SPR_IO, "cannot wait for signals: %s", strerror(errno));
    return loop_watch(d->loop, d->signals, hear_signal, d, err);
}

static enum spr_code begin(struct domain *d, struct spr_error *err)
{
    if (!task_identify((int32_t)getpid(), &d->me))
        return SPR_FAIL(err, SPR_IO, "cannot find out who I am in /proc");
    enum spr_code rc = loop_new(&d->loop, err);
    if (!rc)
        rc = watch_signals(d, err);
    if (!rc)
        rc = crew_new(d->loop, d->start->plan, d->start->at, d->start->id, on_news, d, &d->crew, err);
    if (!rc)
        rc = wire_context_new(&d->wire, err);
    if (!rc)
        be_alone(d);
    return rc;
}

static void end(struct domain *d)
{
    const int fds[] = { d->signals, d->meta_fd };
    crew_free(d->crew);
    wire_close(d->socket);
    wire_context_free(d->wire);
    wire_pool_reset(&d->pool);
    talk_outbox_fini(&d->news);
    buf_fini(&d->out);
    for (size_t i = 0; i < SPR_COUNT(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    loop_free(d->loop);
}

enum spr_code domain_run(const struct domain_start *s, struct spr_error *err)
{
    struct domain d = { .start = s, .watched = -1, .signals = -1, .meta_fd = -1, .grace_ms = s->grace_ms };
    buf_init(&d.out, WIRE_MESSAGE_MAX);
    enum spr_code rc = begin(&d, err);
    while (!rc && !d.rc && !d.leave) {
        rc = loop_turn(d.loop, -1, err);
        if (!rc)
            rc = send_news(&d, err);
        while (!rc && !d.rc && d.spoke) {
            hear(&d);
            rc = send_news(&d, err);
        }
    }
    if (!rc && d.rc) {
        *err = d.err;
        rc = d.rc;
    }
    end(&d);
    return rc;
}
