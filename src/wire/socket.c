#include "wire/socket.h"

#include "base/mem.h"
#include "wire/guard.h"
#include "wire/ledger.h"
#include "wire/schema.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    QUEUE = 1000,         /* messages per peer and direction */
    HANDSHAKE_MS = 10000, /* a peer that says nothing is let go */
    LINGER_MS = 100,      /* for what was not sent when a socket closes */
    ADDRESS_MAX = 256
};
/* A frame above this ends its connection inside ZeroMQ; between WIRE_MESSAGE_MAX and this an answer says what is wrong. */
#define FRAME_MAX ((int64_t)4 << 20)

struct wire_context {
    void *zmq;
    struct guard *guard;
    struct ledger *ledger; /* of the answers of all its sockets */
};

struct wire_socket {
    void *zmq;
    struct ledger *ledger; /* its context's */
    enum wire_kind kind;
    char address[ADDRESS_MAX];
};

enum spr_code wire_context_new(struct wire_context **ret, struct spr_error *err)
{
    struct wire_context *c = mem_zalloc(1, sizeof *c);
    if (!c)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for a ZeroMQ context");
    c->ledger = ledger_new();
    if (!c->ledger) {
        mem_free(c);
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for a ZeroMQ context");
    }
    c->zmq = zmq_ctx_new();
    if (!c->zmq) {
        ledger_free(c->ledger);
        mem_free(c);
        return SPR_FAIL(err, SPR_LIMIT, "cannot make a ZeroMQ context: %s", zmq_strerror(errno));
    }
    *ret = c;
    return SPR_OK;
}

void wire_context_free(struct wire_context *c)
{
    if (!c)
        return;
    guard_stop(c->guard);
    while (zmq_ctx_term(c->zmq) && errno == EINTR)
        ;
    ledger_free(c->ledger);
    mem_free(c);
}

enum spr_code wire_context_guard(struct wire_context *c, const char *path, struct spr_error *err)
{
    assert(!c->guard);
    return guard_start(c->zmq, path, &c->guard, err);
}

bool wire_address_local(const char *address)
{
    static const char *const local[] = { "ipc://", "inproc://", "tcp://127.",
                                         "tcp://localhost:", "tcp://[::1]:" };
    for (size_t i = 0; i < SPR_COUNT(local); i++)
        if (strncmp(address, local[i], strlen(local[i])) == 0)
            return true;
    return false;
}

static bool set_int(void *zmq, int option, int value)
{
    return zmq_setsockopt(zmq, option, &value, sizeof value) == 0;
}

static enum spr_code set_keys(void *zmq, bool binding, const struct wire_options *o, struct spr_error *err)
{
    bool ok = !binding || set_int(zmq, ZMQ_CURVE_SERVER, 1);
    if (!binding && !o->server)
        return SPR_FAIL(err, SPR_BADARG, "a connection with keys needs the server's public key");
    if (!binding)
        ok = zmq_setsockopt(zmq, ZMQ_CURVE_SERVERKEY, o->server, WIRE_KEY_BYTES) == 0;
    ok =
        ok && (binding || zmq_setsockopt(zmq, ZMQ_CURVE_PUBLICKEY, o->keys->public_key, WIRE_KEY_BYTES) == 0);
    ok = ok && zmq_setsockopt(zmq, ZMQ_CURVE_SECRETKEY, o->keys->secret_key, WIRE_KEY_BYTES) == 0;
    return ok ? SPR_OK : SPR_FAIL(err, SPR_UNSUPPORTED, "cannot use CURVE keys: %s", zmq_strerror(errno));
}

static enum spr_code set_options(struct wire_socket *s, bool binding, const struct wire_options *o,
                                 struct spr_error *err)
{
    int queue = o->queue ? o->queue : QUEUE;
    int64_t frame_max = FRAME_MAX;
    bool ok = set_int(s->zmq, ZMQ_LINGER, LINGER_MS) && set_int(s->zmq, ZMQ_SNDHWM, queue) &&
              set_int(s->zmq, ZMQ_RCVHWM, queue) && set_int(s->zmq, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS) &&
              set_int(s->zmq, ZMQ_TCP_KEEPALIVE, 1) && set_int(s->zmq, ZMQ_TCP_KEEPALIVE_IDLE, 60) &&
              set_int(s->zmq, ZMQ_BACKLOG, 512) && set_int(s->zmq, ZMQ_RECONNECT_IVL, 50) &&
              set_int(s->zmq, ZMQ_RECONNECT_IVL_MAX, o->retry_ms ? o->retry_ms : 1000) &&
              zmq_setsockopt(s->zmq, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0;
    if (ok && s->kind == WIRE_SUB)
        ok = zmq_setsockopt(s->zmq, ZMQ_SUBSCRIBE, o->topic ? o->topic : "",
                            o->topic ? strlen(o->topic) : 0) == 0;
    if (ok && o->identity)
        ok = zmq_setsockopt(s->zmq, ZMQ_ROUTING_ID, o->identity, strlen(o->identity)) == 0;
    if (ok && s->kind ==
                  WIRE_ROUTER) /* a client that comes again under its name takes the place of its dead self */
        ok = set_int(s->zmq, ZMQ_ROUTER_HANDOVER, 1) && set_int(s->zmq, ZMQ_ROUTER_MANDATORY, 1);
    if (ok && binding && o->fd)
        ok = set_int(s->zmq, ZMQ_USE_FD, o->fd);
    if (!ok)
        return SPR_FAIL(err, SPR_INTERNAL, "cannot set up a socket: %s", zmq_strerror(errno));
    return o->keys ? set_keys(s->zmq, binding, o, err) : SPR_OK;
}

static enum spr_code attach(struct wire_socket *s, bool binding, const char *address, struct spr_error *err)
{
    if ((binding ? zmq_bind : zmq_connect)(s->zmq, address)) {
        int e = errno;
        enum spr_code code = e == EADDRINUSE ? SPR_BUSY : SPR_BADARG;
        return SPR_FAIL(err, code, "cannot %s %.200s: %s%s", binding ? "bind" : "connect to", address,
                        zmq_strerror(e),
                        e == EADDRINUSE ? "; is another daemon running? 'spritery status' shows it" : "");
    }
    size_t length = sizeof s->address;
    if (!binding || zmq_getsockopt(s->zmq, ZMQ_LAST_ENDPOINT, s->address, &length))
        snprintf(s->address, sizeof s->address, "%s", address);
    if (binding && strncmp(address, "ipc://", 6) == 0 && chmod(address + 6, 0600))
        return SPR_FAIL(err, SPR_IO, "cannot close %.200s to others: %s", address + 6, strerror(errno));
    return SPR_OK;
}

static enum spr_code open_socket(struct wire_context *c, enum wire_kind kind, bool binding,
                                 const char *address, const struct wire_options *options,
                                 struct wire_socket **ret, struct spr_error *err)
{
    static const int types[] = { ZMQ_ROUTER, ZMQ_DEALER, ZMQ_PUB, ZMQ_SUB };
    static const struct wire_options standard = { 0 };
    const struct wire_options *o = options ? options : &standard;
    if (strlen(address) >= ADDRESS_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "the address is too long: %.80s...", address);
    if (binding && !o->keys && !wire_address_local(address))
        return SPR_FAIL(
            err, SPR_DENIED,
            "%s would be open to other machines without a key; bind to 127.0.0.1, or make a key with "
            "'spritery keys new server' and name it in the configuration",
            address);
    struct wire_socket *s = mem_zalloc(1, sizeof *s);
    if (!s)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for a socket");
    s->kind = kind;
    s->ledger = c->ledger;
    s->zmq = zmq_socket(c->zmq, types[kind]);
    enum spr_code rc =
        s->zmq ? SPR_OK : SPR_FAIL(err, SPR_LIMIT, "cannot make a socket: %s", zmq_strerror(errno));
    if (!rc)
        rc = set_options(s, binding, o, err);
    if (!rc)
        rc = attach(s, binding, address, err);
    if (rc)
        wire_close(s);
    else
        *ret = s;
    return rc;
}

enum spr_code wire_bind(struct wire_context *c, enum wire_kind kind, const char *address,
                        const struct wire_options *options, struct wire_socket **ret, struct spr_error *err)
{
    return open_socket(c, kind, true, address, options, ret, err);
}

enum spr_code wire_connect(struct wire_context *c, enum wire_kind kind, const char *address,
                           const struct wire_options *options, struct wire_socket **ret,
                           struct spr_error *err)
{
    return open_socket(c, kind, false, address, options, ret, err);
}

void wire_close(struct wire_socket *s)
{
    if (!s)
        return;
    if (s->zmq)
        zmq_close(s->zmq);
    mem_free(s);
}

const char *wire_address(const struct wire_socket *s)
{
    return s->address;
}

int wire_fd(const struct wire_socket *s)
{
    int fd = -1;
    size_t size = sizeof fd;
    zmq_getsockopt(s->zmq, ZMQ_FD, &fd, &size);
    return fd;
}

bool wire_readable(struct wire_socket *s)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(s->zmq, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN);
}

void wire_packet_fini(struct wire_packet *p)
{
    for (int i = 0; i < p->count; i++)
        zmq_msg_close(&p->frame[i]);
    p->count = 0;
}

const void *wire_packet_body(const struct wire_packet *p, size_t *ret_length)
{
    zmq_msg_t *body = (zmq_msg_t *)&p->frame[p->count - 1];
    *ret_length = zmq_msg_size(body);
    return zmq_msg_data(body);
}

/* Reads and drops the rest of a message that has too many frames. */
static void drop_rest(void *zmq, bool more)
{
    while (more) {
        zmq_msg_t m;
        zmq_msg_init(&m);
        more = zmq_msg_recv(&m, zmq, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&m);
        zmq_msg_close(&m);
    }
}

static enum spr_code read_frames(void *zmq, struct wire_packet *p, struct spr_error *err)
{
    bool more = true;
    *p = (struct wire_packet){ 0 };
    while (more && p->count < WIRE_FRAMES_MAX) {
        zmq_msg_t *m = &p->frame[p->count];
        zmq_msg_init(m);
        if (zmq_msg_recv(m, zmq, ZMQ_DONTWAIT) < 0) {
            int e = errno;
            zmq_msg_close(m);
            wire_packet_fini(p);
            return e == EAGAIN ? SPR_FAIL(err, SPR_TIMEOUT, "no message")
                               : SPR_FAIL(err, SPR_IO, "cannot receive: %s", zmq_strerror(e));
        }
        p->count++;
        more = zmq_msg_more(m);
    }
    if (!more)
        return SPR_OK;
    drop_rest(zmq, more);
    wire_packet_fini(p);
    return SPR_FAIL(err, SPR_BADDATA, "a message of more than %d frames", WIRE_FRAMES_MAX);
}

/* Finds where the envelope ends. A DEALER that sends no delimiter at all is read too: one body after the identity. */
static enum spr_code find_envelope(enum wire_kind kind, struct wire_packet *p, struct spr_error *err)
{
    int first = kind == WIRE_ROUTER ? 1 : 0;
    p->envelope = p->count - 1;
    if (kind == WIRE_SUB)
        return p->count <= 2 ? SPR_OK : SPR_FAIL(err, SPR_BADDATA, "an update of %d frames", p->count);
    bool delimited = p->envelope > first && zmq_msg_size(&p->frame[p->envelope - 1]) == 0;
    for (int i = first; delimited && i < p->envelope - 1; i++)
        delimited = zmq_msg_size(&p->frame[i]) > 0;
    if (!delimited && p->envelope != first)
        return SPR_FAIL(err, SPR_BADDATA, "a message of %d frames without an empty one before the last",
                        p->count);
    return SPR_OK;
}

enum spr_code wire_receive(struct wire_socket *s, int timeout_ms, struct wire_packet *ret,
                           struct spr_error *err)
{
    if (timeout_ms != 0) {
        zmq_pollitem_t item = { .socket = s->zmq, .events = ZMQ_POLLIN };
        int n = zmq_poll(&item, 1, timeout_ms);
        if (n < 0)
            return errno == EINTR
                       ? SPR_FAIL(err, SPR_CANCELLED, "interrupted while waiting for a message")
                       : SPR_FAIL(err, SPR_IO, "cannot wait for a message: %s", zmq_strerror(errno));
        if (n == 0)
            return SPR_FAIL(err, SPR_TIMEOUT, "no message from %s within %d ms", s->address, timeout_ms);
    }
    enum spr_code rc = read_frames(s->zmq, ret, err);
    if (!rc && (rc = find_envelope(s->kind, ret, err)))
        wire_packet_fini(ret);
    return rc;
}

static bool send_bytes(void *zmq, const void *bytes, size_t length, int flags)
{
    return zmq_send(zmq, bytes, length, flags | ZMQ_DONTWAIT) >= 0;
}

/* The first frame of a message decides whether the peer's queue takes it. ZeroMQ looks at most once a millisecond at what
 * peers have read meanwhile, so a queue that seems full is looked at again. */
static bool send_first(struct wire_socket *s, const void *bytes, size_t length)
{
    if (send_bytes(s->zmq, bytes, length, ZMQ_SNDMORE))
        return true;
    if (errno != EAGAIN)
        return false;
    wire_readable(s); /* has ZeroMQ look */
    return send_bytes(s->zmq, bytes, length, ZMQ_SNDMORE);
}

bool wire_answer(struct wire_socket *s, const struct wire_packet *to, const void *bytes, size_t length)
{
    zmq_msg_t body, *peer = (zmq_msg_t *)&to->frame[0];
    if (!ledger_message(s->ledger, zmq_msg_data(peer), zmq_msg_size(peer), bytes, length, &body))
        return false;
    bool sent = true;
    for (int i = 0; sent && i < to->envelope; i++) {
        zmq_msg_t *m = (zmq_msg_t *)&to->frame[i];
        sent = i == 0 ? send_first(s, zmq_msg_data(m), zmq_msg_size(m))
                      : send_bytes(s->zmq, zmq_msg_data(m), zmq_msg_size(m), ZMQ_SNDMORE);
    }
    sent = sent && zmq_msg_send(&body, s->zmq, ZMQ_DONTWAIT) >= 0;
    if (!sent)
        zmq_msg_close(&body);
    return sent;
}

bool wire_send_to(struct wire_socket *s, const char *identity, const void *bytes, size_t length)
{
    return send_first(s, identity, strlen(identity)) && send_bytes(s->zmq, "", 0, ZMQ_SNDMORE) &&
           send_bytes(s->zmq, bytes, length, 0);
}

bool wire_send(struct wire_socket *s, const void *envelope, size_t envelope_length, const void *bytes,
               size_t length)
{
    bool begun = envelope ? send_first(s, envelope, envelope_length) && send_bytes(s->zmq, "", 0, ZMQ_SNDMORE)
                          : send_first(s, "", 0);
    return begun && send_bytes(s->zmq, bytes, length, 0);
}

void wire_publish(struct wire_socket *s, const char *topic, const void *bytes, size_t length)
{
    if (!topic || send_bytes(s->zmq, topic, strlen(topic), ZMQ_SNDMORE))
        send_bytes(s->zmq, bytes, length, 0);
}

static enum spr_code runtime_folder(char *ret, size_t size, struct spr_error *err)
{
    const char *own = getenv("SPRITERY_RUNTIME_DIR"), *xdg = getenv("XDG_RUNTIME_DIR");
    struct stat st;
    int n = own && *own   ? snprintf(ret, size, "%s", own)
            : xdg && *xdg ? snprintf(ret, size, "%s/spritery", xdg)
                          : snprintf(ret, size, "/tmp/spritery-%u", (unsigned)getuid());
    if (n < 0 || (size_t)n >= size)
        return SPR_FAIL(err, SPR_LIMIT, "the runtime folder's name is too long for a socket in it: %.80s...",
                        ret);
    if (mkdir(ret, 0700) && errno != EEXIST)
        return SPR_FAIL(err, SPR_IO, "cannot make %.200s for sockets: %s", ret, strerror(errno));
    if (lstat(ret, &st) || !S_ISDIR(st.st_mode) || st.st_uid != getuid() || (st.st_mode & 077))
        return SPR_FAIL(err, SPR_DENIED, "%.200s must be a folder of your own with mode 0700, for sockets",
                        ret);
    return SPR_OK;
}

enum spr_code wire_ipc_address(const char *name, char ret[WIRE_ADDRESS_BYTES], struct spr_error *err)
{
    char folder[100];
    enum spr_code rc = runtime_folder(folder, sizeof folder, err);
    if (rc)
        return rc;
    int n = snprintf(ret, WIRE_ADDRESS_BYTES, "ipc://%s/%s.sock", folder, name);
    if (n >= WIRE_ADDRESS_BYTES || n - 6 > WIRE_SOCKET_NAME_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "%.120s... is longer than the %d bytes of a socket's name", ret + 6,
                        WIRE_SOCKET_NAME_MAX);
    return SPR_OK;
}
