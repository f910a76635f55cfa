#include "daemon/http.h"

#include "base/mem.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

enum { CONNECTIONS = 64, IDLE_S = 10, CONNECTION_BYTES = 16384, BODY_MAX = 1 << 20 };

struct http {
    struct MHD_Daemon *mhd;
    uv_poll_t poll;
    uv_timer_t timer;
    int open; /* handles that are not closed yet */
    http_answer *answer;
    void *context;
    char address[80];
};

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **state)
{
    struct http *h = context;
    struct buf body;
    (void)version;
    (void)upload;
    (void)state;
    if (*upload_size) { /* nobody sends us anything: drop it */
        *upload_size = 0;
        return MHD_YES;
    }
    buf_init(&body, BODY_MAX);
    bool get = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    unsigned status = get ? h->answer(h->context, url, &body) : MHD_HTTP_METHOD_NOT_ALLOWED;
    struct MHD_Response *r = MHD_create_response_from_buffer(body.length, body.data ? body.data : (char *)"",
                                                             MHD_RESPMEM_MUST_COPY);
    buf_fini(&body);
    if (!r)
        return MHD_NO;
    MHD_add_response_header(r, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    enum MHD_Result result = MHD_queue_response(connection, status, r);
    MHD_destroy_response(r);
    return result;
}

static void on_timer(uv_timer_t *t);

static void turn(struct http *h)
{
    MHD_UNSIGNED_LONG_LONG ms;
    MHD_run(h->mhd);
    if (MHD_get_timeout(h->mhd, &ms) == MHD_YES)
        uv_timer_start(&h->timer, on_timer, ms, 0);
    else
        uv_timer_stop(&h->timer);
}

static void on_timer(uv_timer_t *t)
{
    turn(t->data);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
    (void)status;
    (void)events;
    turn(p->data);
}

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static enum spr_code read_address(const char *text, union address *ret, struct spr_error *err)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    uint64_t port;
    size_t n = colon ? (size_t)(colon - text) : 0;
    if (!colon || n >= sizeof host || !str_to_u64(colon + 1, &port) || port > 65535)
        return SPR_FAIL(err, SPR_BADARG, "listen.http is \"%.80s\"; it must be HOST:PORT, as 127.0.0.1:5558",
                        text);
    bool bracket = n > 2 && text[0] == '[' && text[n - 1] == ']';
    snprintf(host, sizeof host, "%.*s", (int)(bracket ? n - 2 : n), bracket ? text + 1 : text);
    *ret = (union address){ 0 };
    if (strcmp(host, "localhost") == 0)
        snprintf(host, sizeof host, "127.0.0.1");
    bool loopback = false;
    if (inet_pton(AF_INET, host, &ret->four.sin_addr) == 1) {
        ret->four.sin_family = AF_INET;
        ret->four.sin_port = htons((uint16_t)port);
        loopback = (ntohl(ret->four.sin_addr.s_addr) >> 24) == 127;
    } else if (inet_pton(AF_INET6, host, &ret->six.sin6_addr) == 1) {
        ret->six.sin6_family = AF_INET6;
        ret->six.sin6_port = htons((uint16_t)port);
        loopback = IN6_IS_ADDR_LOOPBACK(&ret->six.sin6_addr);
    } else {
        return SPR_FAIL(err, SPR_BADARG, "listen.http is \"%.80s\"; HOST must be an address, as 127.0.0.1",
                        text);
    }
    if (!loopback)
        return SPR_FAIL(
            err, SPR_DENIED,
            "listen.http is \"%.80s\", which other machines reach without a key; bind to 127.0.0.1 and let a "
            "proxy with a password stand before it",
            text);
    return SPR_OK;
}

enum spr_code http_start(uv_loop_t *loop, const char *address, http_answer *answer, void *context,
                         struct http **ret, struct spr_error *err)
{
    union address a;
    enum spr_code rc = read_address(address, &a, err);
    struct http *h = rc ? NULL : mem_zalloc(1, sizeof *h);
    if (rc || !h)
        return rc ? rc : SPR_FAIL(err, SPR_NOMEM, "out of memory for the HTTP server");
    h->answer = answer;
    h->context = context;
    bool six = a.any.sa_family == AF_INET6;
    h->mhd =
        MHD_start_daemon(MHD_USE_EPOLL | (six ? MHD_USE_IPv6 : 0), 0, NULL, NULL, on_request, h,
                         MHD_OPTION_SOCK_ADDR, &a.any, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                         (size_t)CONNECTION_BYTES, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
    const union MHD_DaemonInfo *fd = h->mhd ? MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!fd) {
        int e = errno;
        if (h->mhd)
            MHD_stop_daemon(h->mhd);
        mem_free(h);
        return SPR_FAIL(err, SPR_BUSY, "cannot listen on %.80s for HTTP: %s", address, strerror(e));
    }
    const union MHD_DaemonInfo *port = MHD_get_daemon_info(h->mhd, MHD_DAEMON_INFO_BIND_PORT);
    snprintf(h->address, sizeof h->address, "%.*s:%u", (int)(strrchr(address, ':') - address), address,
             port ? (unsigned)port->port : 0);
    h->poll.data = h->timer.data = h;
    uv_timer_init(loop, &h->timer);
    uv_poll_init(loop, &h->poll, fd->epoll_fd);
    uv_poll_start(&h->poll, UV_READABLE, on_poll);
    h->open = 2;
    *ret = h;
    return SPR_OK;
}

const char *http_address(const struct http *h)
{
    return h->address;
}

static void on_closed(uv_handle_t *handle)
{
    struct http *h = handle->data;
    if (--h->open > 0)
        return;
    MHD_stop_daemon(h->mhd);
    mem_free(h);
}

void http_stop(struct http *h)
{
    if (!h)
        return;
    uv_close((uv_handle_t *)&h->poll, on_closed);
    uv_close((uv_handle_t *)&h->timer, on_closed);
}
