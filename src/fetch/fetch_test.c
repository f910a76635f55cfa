/* Against a server of canned answers on a port of its own: one connection for each request. */
#include "fetch/fetch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { TIME_MS = 20000 };

struct server {
    int fd;
    char url[64];
    const char *answer; /* NULL: hears, and says nothing until `hold` is closed */
    int hold[2];
    char heard[4096];
    pthread_t thread;
};

/* Whether all of a request is there, by the length that it says. */
static bool whole(const char *text, size_t length)
{
    const char *end = strstr(text, "\r\n\r\n"), *said = strstr(text, "Content-Length: ");
    unsigned long body = 0;
    if (!end)
        return false;
    if (said && said < end)
        sscanf(said, "Content-Length: %lu", &body);
    return length >= (size_t)(end + 4 - text) + body;
}

static void *serve(void *context)
{
    struct server *s = context;
    char byte;
    size_t n = 0;
    int fd = accept(s->fd, NULL, NULL);
    while (fd >= 0 && n < sizeof s->heard - 1 && !whole(s->heard, n)) {
        ssize_t got = recv(fd, s->heard + n, sizeof s->heard - 1 - n, 0);
        if (got <= 0)
            break;
        n += (size_t)got;
        s->heard[n] = '\0';
    }
    if (s->answer)
        send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL);
    else
        (void)!read(s->hold[0], &byte, 1);
    close(fd);
    return NULL;
}

static struct fetch *start(struct server *s, const char *answer)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    struct fetch *f = NULL;
    struct spr_error err;
    *s = (struct server){ .answer = answer };
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(s->fd, 1), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(pipe(s->hold), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/", ntohs(at.sin_port));
    assert_int_equal(fetch_open(s->url, &f, &err), SPR_OK);
    return f;
}

static void stop(struct server *s, struct fetch *f)
{
    close(s->hold[1]);
    pthread_join(s->thread, NULL);
    close(s->hold[0]);
    close(s->fd);
    fetch_close(f);
}

static void addresses(void **state)
{
    static const char *const bad[] = { "",          "http://",     "ftp://a",    "127.0.0.1:80",
                                       "http://a:", "http://me@a", "http://a?b", "http://a#b",
                                       "http://a b" };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(bad); i++) {
        struct fetch *f = NULL;
        struct spr_error err;
        assert_int_equal(fetch_open(bad[i], &f, &err), SPR_BADARG);
        assert_null(f);
        assert_non_null(strstr(err.text, "for example http://"));
    }
    struct fetch *f = NULL;
    assert_int_equal(fetch_open("https://example.org//", &f, NULL), SPR_OK);
    assert_string_equal(fetch_url(f), "https://example.org");
    fetch_close(f);
    fetch_close(NULL);
}

static void answers(void **state)
{
    static const struct {
        const char *why, *answer, *sentence, *body;
        enum spr_code code;
    } rows[] = {
        { "good", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", NULL, "hello", SPR_OK },
        { "nothing in it", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL, NULL, SPR_OK },
        { "not there", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "/page: not there (404)", NULL,
          SPR_NOTFOUND },
        { "a failure", "HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\noops", "/page: status 500: oops", "oops",
          SPR_BADDATA },
        { "longer than the limit", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfar above", "/page: ", NULL,
          SPR_LIMIT },
        { "cut short", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell", "/page: ", "hell", SPR_IO },
        { "no HTTP", "220 mail\r\n", "/page: ", NULL, SPR_IO },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct server s;
        struct spr_error err = { 0 };
        struct buf into;
        struct fetch *f = start(&s, rows[i].answer);
        buf_init(&into, 8);
        enum spr_code rc = fetch_get(f, "/page", TIME_MS, &into, &err);
        if (rc != rows[i].code || (rows[i].sentence && !strstr(err.text, rows[i].sentence)))
            fail_msg("%s: %s: %s", rows[i].why, spr_code_name(rc), err.text);
        if (rows[i].body)
            assert_string_equal(into.data, rows[i].body);
        stop(&s, f);
        assert_non_null(strstr(s.heard, "GET /page HTTP/1.1\r\n"));
        buf_fini(&into);
    }
}

static void a_sentence_may_be_unwanted(void **state)
{
    struct server s;
    struct buf into;
    struct fetch *f = start(&s, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfar above");
    (void)state;
    buf_init(&into, 4);
    assert_int_equal(fetch_get(f, "/", TIME_MS, &into, NULL), SPR_LIMIT);
    buf_fini(&into);
    stop(&s, f);
}

static void nobody_there(void **state)
{
    struct server s;
    struct spr_error err;
    struct buf into;
    struct fetch *gone = NULL, *f = start(&s, "");
    char url[64];
    (void)state;
    snprintf(url, sizeof url, "%s", fetch_url(f));
    buf_init(&into, 64);
    (void)!fetch_get(f, "/", TIME_MS, &into, &err);
    stop(&s, f);
    assert_int_equal(fetch_open(url, &gone, &err), SPR_OK);
    assert_int_equal(fetch_get(gone, "/", TIME_MS, &into, &err), SPR_IO);
    assert_non_null(strstr(err.text, url));
    fetch_close(gone);
    buf_fini(&into);
}

static void time_and_the_flag_end_it(void **state)
{
    (void)state;
    for (int flag = 0; flag < 2; flag++) {
        struct server s;
        struct spr_error err;
        struct buf into;
        atomic_bool cancel = true;
        struct fetch *f = start(&s, NULL);
        buf_init(&into, 64);
        fetch_cancel_on(f, flag ? &cancel : NULL);
        assert_int_equal(fetch_get(f, "/", flag ? TIME_MS : 100, &into, &err),
                         flag ? SPR_CANCELLED : SPR_TIMEOUT);
        buf_fini(&into);
        shutdown(s.fd, SHUT_RDWR); /* it may not have been met at all */
        stop(&s, f);
    }
}

static void json_and_forms(void **state)
{
    const struct fetch_part form[] = { { "image", "a.png", "image/png", "\x89PNG", 4 },
                                       { "overwrite", NULL, NULL, "true", 4 } };
    struct server s;
    struct spr_error err;
    struct buf into;
    json_t *root = NULL;
    long status = 0;
    (void)state;
    struct fetch *f = start(&s, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
    assert_int_equal(fetch_json(f, "/", TIME_MS, &root, &err), SPR_OK);
    assert_true(json_number_value(json_object_get(root, "a")) == 1.0); /* nolint: exact */
    json_decref(root);
    stop(&s, f);

    f = start(&s, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{\"a\"");
    assert_int_equal(fetch_json(f, "/x", TIME_MS, &root, &err), SPR_BADDATA);
    assert_non_null(strstr(err.text, "/x: not JSON"));
    stop(&s, f);

    f = start(&s, "HTTP/1.1 201 Made\r\nContent-Length: 2\r\n\r\nok");
    buf_init(&into, 64);
    assert_int_equal(fetch_post(f, "/do", "{}", TIME_MS, &into, &status, &err), SPR_OK);
    assert_int_equal(status, 201);
    assert_string_equal(into.data, "ok");
    stop(&s, f);
    assert_non_null(strstr(s.heard, "POST /do HTTP/1.1\r\n"));
    assert_non_null(strstr(s.heard, "Content-Type: application/json\r\n"));
    assert_non_null(strstr(s.heard, "\r\n\r\n{}"));

    f = start(&s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_int_equal(fetch_form(f, "/up", form, SPR_COUNT(form), TIME_MS, &into, &status, &err), SPR_OK);
    stop(&s, f);
    assert_non_null(
        strstr(s.heard, "name=\"image\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n"));
    assert_non_null(strstr(s.heard, "name=\"overwrite\"\r\n\r\ntrue\r\n"));
    buf_fini(&into);
}

static void text_is_escaped(void **state)
{
    struct fetch *f = NULL;
    struct buf into;
    (void)state;
    assert_int_equal(fetch_open("http://a", &f, NULL), SPR_OK);
    buf_init(&into, 64);
    assert_int_equal(fetch_escape(f, "a b/&", &into, NULL), SPR_OK);
    assert_string_equal(into.data, "a%20b%2F%26");
    buf_fini(&into);
    fetch_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(answers),
        cmocka_unit_test(a_sentence_may_be_unwanted),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(time_and_the_flag_end_it),
        cmocka_unit_test(json_and_forms),
        cmocka_unit_test(text_is_escaped),
    };
    return cmocka_run_group_tests_name("fetch/fetch", tests, NULL, NULL);
}
