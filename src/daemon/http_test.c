/* The server on a loop of the test's, asked over plain sockets by a thread. */
#include "daemon/http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

static unsigned answer(void *context, const char *path, struct buf *body)
{
    atomic_int *asked = context;
    struct spr_error err;
    atomic_fetch_add(asked, 1);
    if (strcmp(path, "/big") == 0) {
        for (int i = 0; i < 2000; i++)
            if (buf_addf(body, &err, "%0100d\n", i))
                return 500;
        return 200;
    }
    if (strcmp(path, "/x") != 0)
        return 404;
    return buf_addf(body, &err, "hello\n") ? 500 : 200;
}

/* What the thread does, and what it saw. */
struct talk {
    char address[80];
    void (*speak)(struct talk *t);
    uv_async_t done;
    pthread_t thread;
    char seen[4096];
    bool ok;
};

static int open_socket(const struct talk *t)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    struct timeval limit = { .tv_sec = 20 };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_port = htons((uint16_t)atoi(strrchr(t->address, ':') + 1));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&to, sizeof to)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Sends a whole request and reads to the end; returns the bytes that came. */
static size_t exchange(struct talk *t, const char *request, char *seen, size_t size)
{
    int fd = open_socket(t);
    size_t all = 0;
    ssize_t n;
    char rest[4096];
    if (fd < 0 || send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) {
        close(fd);
        return 0;
    }
    while ((n = recv(fd, all < size - 1 ? seen + all : rest, all < size - 1 ? size - 1 - all : sizeof rest,
                     0)) > 0)
        all += (size_t)n;
    seen[all < size - 1 ? all : size - 1] = '\0';
    close(fd);
    return all;
}

static void *run_talk(void *context)
{
    struct talk *t = context;
    t->speak(t);
    uv_async_send(&t->done);
    return NULL;
}

static struct http *server;

static void on_done(uv_async_t *a)
{
    uv_close((uv_handle_t *)a, NULL);
    http_stop(server);
}

/* One server, one conversation, and all of it taken down again. */
static void converse(void (*speak)(struct talk *t), atomic_int *asked, struct talk *t)
{
    uv_loop_t loop;
    struct spr_error err = { 0 };
    *t = (struct talk){ .speak = speak };
    assert_int_equal(uv_loop_init(&loop), 0);
    if (http_start(&loop, "127.0.0.1:0", answer, asked, &server, &err))
        fail_msg("%s", err.text);
    snprintf(t->address, sizeof t->address, "%s", http_address(server));
    assert_int_equal(uv_async_init(&loop, &t->done, on_done), 0);
    assert_int_equal(pthread_create(&t->thread, NULL, run_talk, t), 0);
    uv_run(&loop, UV_RUN_DEFAULT); /* ends once every handle is closed */
    pthread_join(t->thread, NULL);
    assert_int_equal(uv_loop_close(&loop), 0);
}

static void ask_everything(struct talk *t)
{
    static const struct {
        const char *request, *status, *body;
    } rows[] = {
        { "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200", "\r\n\r\nhello\n" },
        { "GET /x?y=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200", "hello" },
        { "GET /y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 404", "\r\n\r\n" },
        { "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", "HTTP/1.1 405",
          "" },
        { "DELETE /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 405", "" },
        { "nonsense\r\n\r\n", "HTTP/1.", "" },
        { "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "HTTP/1.1 200", "nosniff" },
    };
    t->ok = true;
    for (size_t i = 0; i < SPR_COUNT(rows) && t->ok; i++) {
        size_t n = exchange(t, rows[i].request, t->seen, sizeof t->seen);
        if (strcmp(rows[i].request, "nonsense\r\n\r\n") == 0) /* refused or just closed */
            continue;
        t->ok = n > 0 && strncmp(t->seen, rows[i].status, strlen(rows[i].status)) == 0 &&
                strstr(t->seen, rows[i].body);
    }
    size_t head =
        exchange(t, "HEAD /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", t->seen, sizeof t->seen);
    t->ok = t->ok && head > 0 && !strstr(t->seen, "hello");
    t->ok = t->ok && exchange(t, "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", t->seen,
                              sizeof t->seen) > 202000 - 100;
}

static void what_is_asked_is_answered(void **state)
{
    (void)state;
    atomic_int asked = 0;
    struct talk t;
    converse(ask_everything, &asked, &t);
    if (!t.ok)
        fail_msg("%s", t.seen);
    assert_true(atomic_load(&asked) >= 5); /* POST and DELETE never come so far */
}

static void ask_beside_idlers(struct talk *t)
{
    int idle[20];
    for (int i = 0; i < 20; i++) {
        idle[i] = open_socket(t);
        if (i % 2 && idle[i] >= 0 && send(idle[i], "GET /x HT", 9, MSG_NOSIGNAL) < 0)
            continue;
    }
    t->ok = true;
    for (int i = 0; i < 20; i++)
        t->ok = t->ok &&
                exchange(t, "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", t->seen,
                         sizeof t->seen) > 0 &&
                strstr(t->seen, "hello");
    for (int i = 0; i < 20; i++)
        close(idle[i]);
}

static void who_says_nothing_holds_up_nobody(void **state)
{
    (void)state;
    atomic_int asked = 0;
    struct talk t;
    converse(ask_beside_idlers, &asked, &t);
    assert_true(t.ok);
    assert_int_equal(atomic_load(&asked), 20);
}

static void addresses_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        enum spr_code rc;
    } rows[] = {
        { "0.0.0.0:0", SPR_DENIED },
        { "192.0.2.1:80", SPR_DENIED },
        { "[::]:0", SPR_DENIED },
        { "127.0.0.1", SPR_BADARG },
        { "127.0.0.1:70000", SPR_BADARG },
        { "127.0.0.1:x", SPR_BADARG },
        { "example.org:80", SPR_BADARG },
        { ":80", SPR_BADARG },
        { "", SPR_BADARG },
    };
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct http *h = NULL;
        struct spr_error err = { 0 };
        if (http_start(&loop, rows[i].address, answer, NULL, &h, &err) != rows[i].rc || h)
            fail_msg("%s: %s", rows[i].address, err.text);
    }
    struct http *one = NULL, *two = NULL;
    struct spr_error err = { 0 };
    assert_int_equal(http_start(&loop, "localhost:0", answer, NULL, &one, &err), SPR_OK);
    assert_non_null(strrchr(http_address(one), ':'));
    http_stop(one);
    http_stop(two); /* NULL is fine */
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_is_answered),
        cmocka_unit_test(who_says_nothing_holds_up_nobody),
        cmocka_unit_test(addresses_are_checked),
    };
    return cmocka_run_group_tests_name("daemon/http", tests, NULL, NULL);
}
