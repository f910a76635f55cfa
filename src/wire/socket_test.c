/* Real sockets: what goes through them, who is let in, what a client does when nobody answers. */
#include "wire/client.h"
#include "wire/messages.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/spritery-wire.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    return setenv("SPRITERY_RUNTIME_DIR", folder, 1);
}

static int drop_folder(void **state)
{
    (void)state;
    char line[128];
    snprintf(line, sizeof line, "rm -rf %s", folder);
    return system(line);
}

#define OK(call)                       \
    do {                               \
        struct spr_error err_ = { 0 }; \
        struct spr_error *err = &err_; \
        if (call)                      \
            fail_msg("%s", err_.text); \
    } while (0)

/* Answers `count` packets: the body comes back behind "re:". */
struct echo {
    struct wire_socket *router;
    int count;
};

static void *echo_main(void *context)
{
    struct echo *e = context;
    for (int i = 0; i < e->count; i++) {
        struct wire_packet p;
        size_t length;
        char text[256];
        if (wire_receive(e->router, 5000, &p, NULL))
            continue;
        const void *body = wire_packet_body(&p, &length);
        int n = snprintf(text, sizeof text, "re:%.*s", (int)length, (const char *)body);
        wire_answer(e->router, &p, text, (size_t)n);
        wire_packet_fini(&p);
    }
    return NULL;
}

static void a_plain_req_client_is_served(void **state)
{
    (void)state;
    struct wire_context *c;
    struct echo e = { .count = 3 };
    pthread_t thread;
    char answer[32] = "";
    OK(wire_context_new(&c, err));
    OK(wire_bind(c, WIRE_ROUTER, "tcp://127.0.0.1:*", NULL, &e.router, err));
    pthread_create(&thread, NULL, echo_main, &e);
    void *zmq = zmq_ctx_new(), *req = zmq_socket(zmq, ZMQ_REQ), *dealer = zmq_socket(zmq, ZMQ_DEALER);
    assert_int_equal(zmq_connect(req, wire_address(e.router)), 0);
    assert_int_equal(zmq_connect(dealer, wire_address(e.router)), 0);
    zmq_send(req, "hello", 5, 0);
    assert_int_equal(zmq_recv(req, answer, sizeof answer, 0), 8);
    assert_memory_equal(answer, "re:hello", 8);
    zmq_send(dealer, "bare", 4, 0); /* a DEALER without a delimiter */
    assert_int_equal(zmq_recv(dealer, answer, sizeof answer, 0), 7);
    for (int i = 0; i < 20; i++) /* too many frames: dropped whole, and the socket goes on */
        zmq_send(dealer, "x", 1, ZMQ_SNDMORE);
    zmq_send(dealer, "x", 1, 0);
    pthread_join(thread, NULL);
    e.count = 1;
    pthread_create(&thread, NULL, echo_main, &e);
    zmq_send(req, "again", 5, 0);
    assert_int_equal(zmq_recv(req, answer, sizeof answer, 0), 8);
    pthread_join(thread, NULL);
    zmq_close(req);
    zmq_close(dealer);
    zmq_ctx_term(zmq);
    wire_close(e.router);
    wire_context_free(c);
}

static void ipc_is_for_the_owner_only(void **state)
{
    (void)state;
    struct wire_context *c;
    struct wire_socket *pub, *sub;
    struct wire_packet p;
    struct stat st;
    char address[WIRE_ADDRESS_BYTES];
    size_t length;
    OK(wire_ipc_address("events", address, err));
    OK(wire_context_new(&c, err));
    OK(wire_bind(c, WIRE_PUB, address, NULL, &pub, err));
    assert_int_equal(stat(address + 6, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct wire_options jobs = { .topic = "job." };
    OK(wire_connect(c, WIRE_SUB, address, &jobs, &sub, err));
    enum spr_code rc = SPR_TIMEOUT;
    for (int i = 0; rc && i < 100; i++) { /* until the subscription has arrived */
        wire_publish(pub, "queue.", "no", 2);
        wire_publish(pub, "job.7", "yes", 3);
        rc = wire_receive(sub, 50, &p, NULL);
    }
    assert_int_equal(rc, SPR_OK);
    assert_memory_equal(wire_packet_body(&p, &length), "yes", 3);
    assert_int_equal(p.envelope, 1);
    wire_packet_fini(&p);
    wire_close(sub);
    wire_close(pub);
    assert_int_equal(chmod(folder, 0755), 0);
    struct spr_error said = { 0 };
    assert_int_equal(wire_ipc_address("events", address, &said), SPR_DENIED);
    assert_int_equal(chmod(folder, 0700), 0);
    wire_context_free(c);
}

static void open_to_others_needs_a_key(void **state)
{
    (void)state;
    struct wire_context *c;
    struct wire_socket *s = NULL;
    struct spr_error said = { 0 };
    OK(wire_context_new(&c, err));
    assert_int_equal(wire_bind(c, WIRE_ROUTER, "tcp://0.0.0.0:*", NULL, &s, &said), SPR_DENIED);
    assert_non_null(strstr(said.text, "spritery keys new"));
    assert_int_equal(wire_bind(c, WIRE_ROUTER, "tcp://127.0.0.1:port", NULL, &s, &said), SPR_BADARG);
    assert_null(s);
    wire_context_free(c);
    assert_true(wire_address_local("tcp://127.0.0.1:1") && wire_address_local("ipc:///x"));
    assert_false(wire_address_local("tcp://*:1") || wire_address_local("tcp://127evil:1") ||
                 wire_address_local("tcp://10.0.0.1:5555"));
}

static bool gets_through(struct wire_context *c, const char *address, const struct wire_keys *keys,
                         const char *server)
{
    struct client *client;
    const struct wire_schema *schema;
    struct wire_pool pool = { 0 };
    struct message_empty ping = { 0 };
    void *answer;
    struct client_options o = { .wire = { .keys = keys, .server = server }, .timeout_ms = 400 };
    OK(client_open(c, address, &o, &client, err));
    enum spr_code rc =
        client_ask(client, &message_ping, &ping, message_answers, &pool, &schema, &answer, NULL);
    client_close(client);
    wire_pool_reset(&pool);
    return rc == SPR_UNSUPPORTED || rc == SPR_BADDATA; /* the echo is no message: but it came */
}

static void curve_lets_in_who_is_listed(void **state)
{
    (void)state;
    char path[128], list[128];
    struct wire_context *c, *other;
    struct wire_keys server, friend, stranger, read;
    struct spr_error said = { 0 };
    OK(wire_keys_make(&server, err));
    OK(wire_keys_make(&friend, err));
    OK(wire_keys_make(&stranger, err));
    OK(wire_keys_write(folder, "server", &server, err));
    assert_int_equal(wire_keys_write(folder, "server", &server, &said), SPR_EXISTS);
    assert_int_equal(wire_keys_write(folder, "../up", &server, &said), SPR_BADARG);
    snprintf(path, sizeof path, "%s/server.key", folder);
    OK(wire_keys_read(path, &read, err));
    assert_string_equal(read.secret_key, server.secret_key);
    chmod(path, 0644);
    assert_int_equal(wire_keys_read(path, &read, &said), SPR_DENIED);
    snprintf(list, sizeof list, "%s/allowed", folder);
    FILE *f = fopen(list, "w");
    fprintf(f, "# who may\n%s a friend\n", friend.public_key);
    fclose(f);
    struct echo e = { .count = 1 };
    struct wire_options o = { .keys = &server };
    pthread_t thread;
    OK(wire_context_new(&c, err));
    OK(wire_context_new(&other, err));
    OK(wire_context_guard(c, list, err));
    OK(wire_bind(c, WIRE_ROUTER, "tcp://0.0.0.0:*", &o, &e.router, err));
    char address[64];
    snprintf(address, sizeof address, "tcp://127.0.0.1:%s", strrchr(wire_address(e.router), ':') + 1);
    pthread_create(&thread, NULL, echo_main, &e);
    assert_false(gets_through(other, address, NULL, NULL));
    assert_false(gets_through(other, address, &stranger, server.public_key));
    assert_false(gets_through(other, address, &friend, stranger.public_key));
    assert_true(gets_through(other, address, &friend, server.public_key));
    pthread_join(thread, NULL);
    wire_close(e.router);
    wire_context_free(other);
    wire_context_free(c);
}

/* A server that answers late: the first answer comes when the second question waits, and must not be taken for its own. */
static void *late_main(void *context)
{
    struct wire_socket *router = context;
    struct wire_packet first = { 0 }, second = { 0 };
    if (wire_receive(router, 5000, &first, NULL) == SPR_OK &&
        wire_receive(router, 5000, &second, NULL) == SPR_OK) {
        (void)wire_answer(router, &first, "late", 4);
        (void)wire_answer(router, &second, "\x81\xA4type\xA4pong", 11);
    }
    wire_packet_fini(&first);
    wire_packet_fini(&second);
    return NULL;
}

static void a_client_never_gets_stuck(void **state)
{
    (void)state;
    struct wire_context *c;
    struct wire_socket *router;
    struct client *client;
    const struct wire_schema *schema = NULL;
    struct wire_pool pool = { 0 };
    struct message_empty ping = { 0 };
    struct client_options o = { .timeout_ms = 200 };
    struct spr_error said = { 0 };
    atomic_bool cancel = true;
    pthread_t thread;
    void *answer;
    OK(wire_context_new(&c, err));
    OK(wire_bind(c, WIRE_ROUTER, "tcp://127.0.0.1:*", NULL, &router, err));
    OK(client_open(c, wire_address(router), &o, &client, err));
    pthread_create(&thread, NULL, late_main, router);
    assert_int_equal(
        client_ask(client, &message_ping, &ping, message_answers, &pool, &schema, &answer, &said),
        SPR_TIMEOUT);
    assert_non_null(strstr(said.text, "spritery serve"));
    OK(client_ask(client, &message_ping, &ping, message_answers, &pool, &schema, &answer, err));
    assert_ptr_equal(schema, &message_pong);
    pthread_join(thread, NULL);
    client_close(client);
    o.cancel = &cancel;
    OK(client_open(c, wire_address(router), &o, &client, err));
    assert_int_equal(
        client_ask(client, &message_ping, &ping, message_answers, &pool, &schema, &answer, &said),
        SPR_CANCELLED);
    client_close(client);
    wire_close(router);
    wire_pool_reset(&pool);
    wire_context_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_req_client_is_served), cmocka_unit_test(ipc_is_for_the_owner_only),
        cmocka_unit_test(open_to_others_needs_a_key),   cmocka_unit_test(curve_lets_in_who_is_listed),
        cmocka_unit_test(a_client_never_gets_stuck),
    };
    return cmocka_run_group_tests_name("wire/socket", tests, make_folder, drop_folder);
}
