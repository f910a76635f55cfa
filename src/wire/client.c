#include "wire/client.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { ADDRESS_MAX = 256, SLICE_MS = 100 };

struct client {
    struct wire_context *context;
    char address[ADDRESS_MAX];
    struct client_options options;
    struct wire_socket *socket;
    struct buf out;
    uint64_t number; /* of the question that was asked last */
};

static enum spr_code connect_again(struct client *c, struct spr_error *err)
{
    wire_close(c->socket);
    c->socket = NULL;
    return wire_connect(c->context, WIRE_DEALER, c->address, &c->options.wire, &c->socket, err);
}

enum spr_code client_open(struct wire_context *context, const char *address,
                          const struct client_options *options, struct client **ret, struct spr_error *err)
{
    struct client *c = mem_zalloc(1, sizeof *c);
    if (!c)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for a client");
    c->context = context;
    if (options)
        c->options = *options;
    if (!c->options.timeout_ms)
        c->options.timeout_ms = CLIENT_TIMEOUT_MS;
    snprintf(c->address, sizeof c->address, "%s", address);
    buf_init(&c->out, WIRE_MESSAGE_MAX);
    enum spr_code rc = connect_again(c, err);
    if (rc)
        client_close(c);
    else
        *ret = c;
    return rc;
}

void client_close(struct client *c)
{
    if (!c)
        return;
    wire_close(c->socket);
    buf_fini(&c->out);
    mem_free(c);
}

static bool is_answer(const struct client *c, const struct wire_packet *p)
{
    return p->envelope == 2 && zmq_msg_size((zmq_msg_t *)&p->frame[0]) == sizeof c->number &&
           memcmp(zmq_msg_data((zmq_msg_t *)&p->frame[0]), &c->number, sizeof c->number) == 0;
}

static enum spr_code wait_for(struct client *c, struct wire_packet *ret, struct spr_error *err)
{
    int64_t end = clock_steady_ns() + (int64_t)c->options.timeout_ms * 1000000;
    for (;;) {
        int64_t left = (end - clock_steady_ns()) / 1000000;
        if (c->options.cancel && atomic_load(c->options.cancel))
            return SPR_FAIL(err, SPR_CANCELLED, "stopped while waiting for %s", c->address);
        if (left < 0)
            return SPR_FAIL(err, SPR_TIMEOUT,
                            "no answer from %s within %g s; 'spritery serve' starts a daemon", c->address,
                            c->options.timeout_ms / 1000.0);
        enum spr_code rc = wire_receive(c->socket, (int)(left < SLICE_MS ? left + 1 : SLICE_MS), ret, err);
        if (rc == SPR_OK && is_answer(c, ret))
            return SPR_OK;
        if (rc == SPR_OK)
            wire_packet_fini(ret);
        else if (rc != SPR_TIMEOUT && rc != SPR_BADDATA &&
                 rc != SPR_CANCELLED) /* a signal: the flag decides */
            return rc;
    }
}

enum spr_code client_ask(struct client *c, const struct wire_schema *schema, const void *object,
                         const struct wire_schema *const *answers, struct wire_pool *pool,
                         const struct wire_schema **ret_schema, void **ret, struct spr_error *err)
{
    struct wire_packet packet;
    size_t length;
    c->out.length = 0;
    enum spr_code rc = c->socket ? SPR_OK : connect_again(c, err);
    if (!rc)
        rc = wire_encode(schema, object, &c->out, err);
    if (rc)
        return rc;
    c->number++;
    if (!wire_send(c->socket, &c->number, sizeof c->number, c->out.data, c->out.length))
        rc = SPR_FAIL(err, SPR_TIMEOUT, "%s takes no more questions", c->address);
    if (!rc)
        rc = wait_for(c, &packet, err);
    if (rc) { /* forget what was not sent: it must not arrive long after it was given up */
        struct spr_error ignored;
        if (connect_again(c, &ignored))
            c->socket = NULL; /* the next question tries again */
        return rc;
    }
    const void *body = wire_packet_body(&packet, &length);
    rc = wire_decode(answers, body, length, pool, ret_schema, ret, err);
    wire_packet_fini(&packet);
    if (rc)
        spr_prefix(err, "the answer of %.100s", c->address);
    return rc;
}
