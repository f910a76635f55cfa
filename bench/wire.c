/* The client of bench/wire.py. ADDRESS: how long a question takes there, how many go through one after the other, and how
 * many when 16 are under way. "publish": from wire_publish to wire_receive between two threads over ipc, and how many go
 * through in a second. */
#include "base/clock.h"
#include "wire/client.h"
#include "wire/messages.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASKED = 5000, WINDOW = 16, SENT = 200000, PACED = 2000 };

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

static void ask_one_by_one(struct wire_context *c, const char *address)
{
    static int64_t ns[ASKED];
    struct client *client;
    struct message_empty ping = { 0 };
    const struct wire_schema *schema;
    void *answer;
    must(client_open(c, address, NULL, &client, &err));
    int64_t begun = clock_steady_ns();
    for (int i = 0; i < ASKED; i++) {
        struct wire_pool pool = { 0 };
        int64_t at = clock_steady_ns();
        must(client_ask(client, &message_ping, &ping, message_answers, &pool, &schema, &answer, &err));
        ns[i] = clock_steady_ns() - at;
        wire_pool_reset(&pool);
    }
    double seconds = (double)(clock_steady_ns() - begun) / 1e9;
    qsort(ns, ASKED, sizeof *ns, by_time);
    printf("ping p50 %6.1f us, p99 %7.1f us, %6.0f a second", (double)ns[ASKED / 2] / 1e3,
           (double)ns[ASKED * 99 / 100] / 1e3, ASKED / seconds);
    client_close(client);
}

/* One client that does not wait for each answer. */
static void ask_many(struct wire_context *c, const char *address)
{
    struct wire_socket *s;
    struct message_empty status = { 0 };
    struct buf out;
    buf_init(&out, 4096);
    must(wire_encode(&message_status, &status, &out, &err));
    must(wire_connect(c, WIRE_DEALER, address, NULL, &s, &err));
    int64_t begun = clock_steady_ns();
    int sent = 0;
    for (int got = 0; got < 4 * ASKED; got++) {
        struct wire_packet p;
        while (sent < 4 * ASKED && sent - got < WINDOW &&
               wire_send(s, &sent, sizeof sent, out.data, out.length))
            sent++;
        must(wire_receive(s, 5000, &p, &err));
        wire_packet_fini(&p);
    }
    printf("; status, %d under way: %6.0f a second\n", WINDOW,
           4 * ASKED / ((double)(clock_steady_ns() - begun) / 1e9));
    wire_close(s);
    buf_fini(&out);
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
    if (argc != 2)
        return 2;
    must(wire_context_new(&c, &err));
    if (strcmp(argv[1], "publish") == 0) {
        publish(c, PACED, 300);
        publish(c, SENT, 0);
    } else {
        ask_one_by_one(c, argv[1]);
        ask_many(c, argv[1]);
    }
    wire_context_free(c);
    return 0;
}
