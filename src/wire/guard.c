#include "wire/guard.h"

#include "base/mem.h"
#include "wire/keys.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum { FRAMES = 7, FRAME_BYTES = 256 }; /* version, id, domain, address, identity, mechanism, credentials */
enum frame { VERSION, ID, DOMAIN_NAME, ADDRESS, IDENTITY, MECHANISM, CREDENTIALS };

struct guard {
    const char *path;
    void *zap, *stop, *stopper; /* sockets: requests; the pair by which guard_stop ends the thread */
    pthread_t thread;
};

static bool is(const char *frame, int length, const char *word)
{
    return length == (int)strlen(word) && memcmp(frame, word, (size_t)length) == 0;
}

static void decide(struct guard *g)
{
    char frame[FRAMES][FRAME_BYTES];
    int length[FRAMES] = { 0 }, n = 0, more = 1;
    while (more) {
        char extra[FRAME_BYTES];
        int got = zmq_recv(g->zap, n < FRAMES ? frame[n] : extra, FRAME_BYTES, 0);
        size_t size = sizeof more;
        if (got < 0 || zmq_getsockopt(g->zap, ZMQ_RCVMORE, &more, &size))
            return;
        if (n < FRAMES)
            length[n] = got < FRAME_BYTES ? got : FRAME_BYTES;
        n++;
    }
    char key[WIRE_KEY_BYTES] = "";
    bool in = n == FRAMES && is(frame[VERSION], length[VERSION], "1.0") &&
              is(frame[MECHANISM], length[MECHANISM], "CURVE") && length[CREDENTIALS] == 32 &&
              zmq_z85_encode(key, (unsigned char *)frame[CREDENTIALS], 32) && wire_allowed(g->path, key);
    zmq_send(g->zap, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(g->zap, n > ID ? frame[ID] : "", n > ID ? (size_t)length[ID] : 0, ZMQ_SNDMORE);
    zmq_send(g->zap, in ? "200" : "400", 3, ZMQ_SNDMORE);
    zmq_send(g->zap, in ? "OK" : "not in the list", in ? 2 : 15, ZMQ_SNDMORE);
    zmq_send(g->zap, in ? key : "", in ? strlen(key) : 0, ZMQ_SNDMORE);
    zmq_send(g->zap, "", 0, 0);
}

static void *run(void *context)
{
    struct guard *g = context;
    for (;;) {
        zmq_pollitem_t item[] = { { .socket = g->zap, .events = ZMQ_POLLIN },
                                  { .socket = g->stop, .events = ZMQ_POLLIN } };
        if (zmq_poll(item, 2, -1) < 0 && errno != EINTR)
            break;
        if (item[1].revents)
            break;
        if (item[0].revents)
            decide(g);
    }
    return NULL;
}

static void close_all(struct guard *g)
{
    if (g->zap)
        zmq_close(g->zap);
    if (g->stop)
        zmq_close(g->stop);
    if (g->stopper)
        zmq_close(g->stopper);
    mem_free(g);
}

enum spr_code guard_start(void *zmq_context, const char *path, struct guard **ret, struct spr_error *err)
{
    char inside[64];
    int zero = 0;
    struct guard *g = mem_zalloc(1, sizeof *g);
    if (!g)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for the list of keys that are let in");
    g->path = path;
    g->zap = zmq_socket(zmq_context, ZMQ_REP);
    g->stop = zmq_socket(zmq_context, ZMQ_PAIR);
    g->stopper = zmq_socket(zmq_context, ZMQ_PAIR);
    snprintf(inside, sizeof inside, "inproc://guard-%p", (void *)g);
    if (!g->zap || !g->stop || !g->stopper || zmq_setsockopt(g->zap, ZMQ_LINGER, &zero, sizeof zero) ||
        zmq_bind(g->stop, inside) || zmq_connect(g->stopper, inside) ||
        zmq_bind(g->zap, "inproc://zeromq.zap.01") || pthread_create(&g->thread, NULL, run, g)) {
        close_all(g);
        return SPR_FAIL(err, SPR_LIMIT, "cannot watch over who comes in: %s", zmq_strerror(errno));
    }
    *ret = g;
    return SPR_OK;
}

void guard_stop(struct guard *g)
{
    if (!g)
        return;
    zmq_send(g->stopper, "", 0, 0);
    pthread_join(g->thread, NULL);
    close_all(g);
}
