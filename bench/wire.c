/* The client of bench/wire.py, and its floor.
 * "ask" ROUNDS ADDRESS...: how long a question takes at each address, in turns of TURN questions so that all meet the same
 *   machine, and how many go through when 16 are under way.
 * "rep" ADDRESS: a server as small as ZeroMQ allows: REP, one thread, answers without reading what was asked.
 * "publish": from wire_publish to wire_receive between two threads over ipc, and how many go through in a second. */
#include "base/clock.h"
#include "wire/client.h"
#include "wire/messages.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TURN = 100, UNASKED = 10, WINDOW = 16, FLIGHT = 5000, SENT = 200000, PACED = 2000, PLACES_MAX = 8 };

static struct spr_error err;

static void must(enum spr_code rc)
{
    if (rc == SPR_OK)
        return;
    fprintf(stderr, "bench: %s\n", err.text);
    exit(1);
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Where questions go, and how long each took. */
struct place {
    const char *address;
    struct client *client;
    int64_t *ns;
    int count;
    double flight_s; /* of all that were under way together */
    int flown;
};

static void ask_one_by_one(struct place *p)
{
    struct message_empty ping = { 0 };
    const struct wire_schema *schema;
    void *answer;
    for (int i = 0; i < UNASKED + TURN; i++) { /* the first ones wake the server up */
        struct wire_pool pool = { 0 };
        int64_t at = clock_steady_ns();
        must(client_ask(p->client, &message_ping, &ping, message_answers, &pool, &schema, &answer, &err));
        if (i >= UNASKED)
            p->ns[p->count++] = clock_steady_ns() - at;
        wire_pool_reset(&pool);
    }
}

/* One client that does not wait for each answer. */
static void ask_many(struct wire_context *c, struct place *place)
{
    struct wire_socket *s;
    struct message_empty status = { 0 };
    struct buf out;
    buf_init(&out, 4096);
    must(wire_encode(&message_status, &status, &out, &err));
    must(wire_connect(c, WIRE_DEALER, place->address, NULL, &s, &err));
    int64_t begun = clock_steady_ns();
    int sent = 0;
    for (int got = 0; got < FLIGHT; got++) {
        struct wire_packet p;
        while (sent < FLIGHT && sent - got < WINDOW && wire_send(s, &sent, sizeof sent, out.data, out.length))
            sent++;
        must(wire_receive(s, 5000, &p, &err));
        wire_packet_fini(&p);
    }
    place->flight_s += (double)(clock_steady_ns() - begun) / 1e9;
    place->flown += FLIGHT;
    wire_close(s);
    buf_fini(&out);
}

static void report(const struct place *p)
{
    double seconds = 0;
    for (int i = 0; i < p->count; i++)
        seconds += (double)p->ns[i] / 1e9;
    qsort(p->ns, (size_t)p->count, sizeof *p->ns, by_time);
    printf("ping p10 %6.1f us, p50 %6.1f us, p99 %7.1f us, %6.0f a second; status, %d under way: %6.0f a "
           "second\n",
           (double)p->ns[p->count / 10] / 1e3, (double)p->ns[p->count / 2] / 1e3,
           (double)p->ns[p->count * 99 / 100] / 1e3, p->count / seconds, WINDOW, p->flown / p->flight_s);
}

static void ask(struct wire_context *c, int rounds, char *const *address, int count)
{
    struct place place[PLACES_MAX] = { 0 };
    for (int i = 0; i < count; i++) {
        place[i].address = address[i];
        place[i].ns = calloc((size_t)rounds * TURN, sizeof *place[i].ns);
        if (!place[i].ns)
            exit(1);
        must(client_open(c, address[i], NULL, &place[i].client, &err));
    }
    for (int r = 0; r < rounds; r++)
        for (int i = 0; i < count; i++)
            ask_one_by_one(&place[(i + r) % count]);
    for (int r = 0; r < 1 + rounds / 20; r++)
        for (int i = 0; i < count; i++)
            ask_many(c, &place[i]);
    for (int i = 0; i < count; i++) {
        report(&place[i]);
        client_close(place[i].client);
        free(place[i].ns);
    }
}

/* Until it is killed. */
static void serve_floor(const char *address)
{
    static const char pong[] = "\x81\xa4type\xa4pong";
    char question[4096];
    void *c = zmq_ctx_new(), *s = zmq_socket(c, ZMQ_REP);
    if (zmq_bind(s, address)) {
        fprintf(stderr, "bench: %s: %s\n", address, zmq_strerror(zmq_errno()));
        exit(1);
    }
    for (;;)
        if (zmq_recv(s, question, sizeof question, 0) >= 0)
            zmq_send(s, pong, sizeof pong - 1, 0);
}

struct listener {
    struct wire_socket *socket;
    int64_t ns[SENT];
    int got;
};

static void *listen_main(void *context)
{
    struct listener *l = context;
    struct wire_packet p;
    while (l->got < SENT && wire_receive(l->socket, 2000, &p, NULL) == SPR_OK) {
        struct wire_pool pool = { 0 };
        const struct wire_schema *schema;
        void *object;
        size_t length;
        const void *body = wire_packet_body(&p, &length);
        must(wire_decode(message_updates, body, length, &pool, &schema, &object, &err));
        l->ns[l->got++] = clock_steady_ns() - ((struct message_started *)object)->timestamp;
        wire_pool_reset(&pool);
        wire_packet_fini(&p);
    }
    return NULL;
}

static void publish(struct wire_context *c, int count, int pause_us)
{
    static struct listener l;
    struct wire_options deep = { .queue = SENT };
    struct wire_socket *pub;
    struct buf out;
    pthread_t thread;
    char address[64];
    snprintf(address, sizeof address, "ipc:///tmp/spritery-bench-%ld", (long)getpid());
    l.got = SENT - count;
    buf_init(&out, 4096);
    must(wire_bind(c, WIRE_PUB, address, &deep, &pub, &err));
    must(wire_connect(c, WIRE_SUB, address, &deep, &l.socket, &err));
    usleep(200000); /* until the subscription is there */
    pthread_create(&thread, NULL, listen_main, &l);
    int64_t begun = clock_steady_ns();
    for (int i = 0; i < count; i++) {
        struct message_started m = { .job_id = "0123456789abcdef0123456789", .timestamp = clock_steady_ns() };
        out.length = 0;
        must(wire_encode(&message_job_started, &m, &out, &err));
        wire_publish(pub, NULL, out.data, out.length);
        if (pause_us)
            usleep((useconds_t)pause_us);
    }
    pthread_join(thread, NULL);
    double seconds = (double)(clock_steady_ns() - begun) / 1e9;
    qsort(l.ns + SENT - count, (size_t)count, sizeof *l.ns, by_time);
    if (pause_us)
        printf("publish to receive, decoded: p50 %.1f us, p99 %.1f us\n",
               (double)l.ns[SENT - count / 2] / 1e3, (double)l.ns[SENT - count / 100] / 1e3);
    else
        printf("published, received and decoded: %.0f a second, %d of %d arrived\n", count / seconds,
               l.got - (SENT - count), count);
    wire_close(l.socket);
    wire_close(pub);
    buf_fini(&out);
    unlink(address + 6);
}

int main(int argc, char **argv)
{
    struct wire_context *c;
    if (argc == 3 && strcmp(argv[1], "rep") == 0)
        serve_floor(argv[2]);
    must(wire_context_new(&c, &err));
    if (argc == 2 && strcmp(argv[1], "publish") == 0) {
        publish(c, PACED, 300);
        publish(c, SENT, 0);
    } else if (argc > 3 && argc - 3 <= PLACES_MAX && atoi(argv[2]) > 0 && strcmp(argv[1], "ask") == 0) {
        ask(c, atoi(argv[2]), argv + 3, argc - 3);
    } else {
        fprintf(stderr, "usage: bench_wire ask ROUNDS ADDRESS... | rep ADDRESS | publish\n");
        return 2;
    }
    wire_context_free(c);
    return 0;
}
