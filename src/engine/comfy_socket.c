#include "engine/comfy_socket.h"

#include "base/buf.h"
#include "base/mem.h"

#include <curl/curl.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

static const char HELLO[] = "{\"type\":\"feature_flags\",\"data\":{\"supports_preview_metadata\":true}}";

struct comfy_socket {
    struct lws_context *context;
    struct lws *wsi;
    struct buf frame; /* fragments so far */
    bool skipping;    /* the frame is too long: the rest of it is passed over */
    bool closed;
    char why[200];
    bool woken; /* time is up, or something came */
    lws_sorted_usec_list_t alarm;
    void (*on_event)(void *context, const struct comfy_event *e);
    void *on_event_context;
};

static void end(struct comfy_socket *s, const char *why, size_t length)
{
    s->closed = s->woken = true;
    s->wsi = NULL;
    snprintf(s->why, sizeof s->why, "%.*s", (int)(length < sizeof s->why ? length : sizeof s->why - 1), why);
}

static void take_frame(struct comfy_socket *s, bool binary)
{
    struct comfy_event event;
    struct spr_error ignored;
    const void *data = s->frame.data ? s->frame.data : "";
    enum spr_code rc = binary ? comfy_event_binary(data, s->frame.length, &event, &ignored)
                              : comfy_event_text(data, s->frame.length, &event, &ignored);
    if (!rc && s->on_event)
        s->on_event(s->on_event_context, &event);
    s->woken = true;
}

static void take_bytes(struct comfy_socket *s, struct lws *wsi, const void *bytes, size_t length)
{
    struct spr_error ignored;
    if (lws_is_first_fragment(wsi)) {
        s->frame.length = 0;
        s->skipping = false;
    }
    if (!s->skipping)
        s->skipping = buf_add(&s->frame, bytes, length, &ignored) != SPR_OK;
    if (lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0 && !s->skipping)
        take_frame(s, lws_frame_is_binary(wsi));
}

static int say_hello(struct lws *wsi)
{
    unsigned char room[LWS_PRE + sizeof HELLO];
    memcpy(room + LWS_PRE, HELLO, sizeof HELLO - 1);
    return lws_write(wsi, room + LWS_PRE, sizeof HELLO - 1, LWS_WRITE_TEXT) < 0 ? -1 : 0;
}

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    (void)user;
    struct comfy_socket *s = lws_context_user(lws_get_context(wsi));
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        lws_callback_on_writable(wsi);
        break;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return say_hello(wsi);
    case LWS_CALLBACK_CLIENT_RECEIVE:
        take_bytes(s, wsi, in, length);
        break;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        end(s, in ? in : "no connection", in ? length : 13);
        break;
    case LWS_CALLBACK_CLIENT_CLOSED:
        end(s, "the server closed the connection", 32);
        break;
    default:
        break;
    }
    return 0;
}

/* host: "[::1]" loses its brackets. Each is to be freed by curl_free. */
static bool take_apart(const char *url, char **host, char **port, char **path, bool *tls)
{
    CURLU *u = curl_url();
    char *scheme = NULL;
    bool whole = u && !curl_url_set(u, CURLUPART_URL, url, 0) &&
                 !curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) &&
                 !curl_url_get(u, CURLUPART_HOST, host, 0) &&
                 !curl_url_get(u, CURLUPART_PORT, port, CURLU_DEFAULT_PORT) &&
                 !curl_url_get(u, CURLUPART_PATH, path, 0);
    *tls = whole && strcmp(scheme, "https") == 0;
    size_t length = whole ? strlen(*host) : 0;
    if (length > 2 && (*host)[0] == '[') {
        memmove(*host, *host + 1, length - 2);
        (*host)[length - 2] = '\0';
    }
    curl_free(scheme);
    curl_url_cleanup(u);
    return whole;
}

static enum spr_code begin(struct comfy_socket *s, const char *url, const char *client_id,
                           struct spr_error *err)
{
    static const struct lws_protocols protocols[] = { { .name = "comfyui", .callback = on_lws }, { 0 } };
    char *host = NULL, *port = NULL, *path = NULL, place[512], origin[300];
    bool tls;
    enum spr_code rc = SPR_OK;
    if (!take_apart(url, &host, &port, &path, &tls)) {
        rc = SPR_FAIL(err, SPR_BADARG, "\"%.100s\" is no server's address", url);
        goto out;
    }
    struct lws_context_creation_info about = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .user = s,
        .options = tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0,
    };
    lws_set_log_level(0, NULL);
    if (!(s->context = lws_create_context(&about))) {
        rc = SPR_FAIL(err, SPR_IO, "no socket for %.100s", url);
        goto out;
    }
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/')
        path[--length] = '\0';
    snprintf(place, sizeof place, "%.300s/ws?clientId=%.64s", path, client_id);
    snprintf(origin, sizeof origin, "%.250s:%.5s", host, port);
    struct lws_client_connect_info to = {
        .context = s->context,
        .address = host,
        .host = origin,
        .port = (int)strtol(port, NULL, 10),
        .path = place,
        .protocol = NULL,
        .local_protocol_name = "comfyui",
        .ssl_connection = tls ? LCCSCF_USE_SSL : 0,
        .pwsi = &s->wsi,
    };
    if (!lws_client_connect_via_info(&to) && !s->closed)
        end(s, "no connection", 13);
out:
    curl_free(host);
    curl_free(port);
    curl_free(path);
    return rc;
}

enum spr_code comfy_socket_open(const char *url, const char *client_id, struct comfy_socket **ret,
                                struct spr_error *err)
{
    struct comfy_socket *s = mem_zalloc(1, sizeof *s);
    if (!s)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a connection to %.100s", url);
    buf_init(&s->frame, COMFY_FRAME_MAX);
    enum spr_code rc = begin(s, url, client_id, err);
    if (rc)
        comfy_socket_close(s);
    else
        *ret = s;
    return rc;
}

void comfy_socket_close(struct comfy_socket *s)
{
    if (!s)
        return;
    s->on_event = NULL;
    if (s->context)
        lws_context_destroy(s->context);
    buf_fini(&s->frame);
    mem_free(s);
}

static void on_alarm(lws_sorted_usec_list_t *alarm)
{
    struct comfy_socket *s = lws_container_of(alarm, struct comfy_socket, alarm);
    s->woken = true;
    lws_cancel_service(s->context); /* alarms go off before it begins to wait */
}

enum spr_code comfy_socket_wait(struct comfy_socket *s, int time_ms,
                                void (*on_event)(void *context, const struct comfy_event *e), void *context,
                                struct spr_error *err)
{
    s->woken = s->closed;
    s->on_event = on_event;
    s->on_event_context = context;
    lws_sul_schedule(s->context, 0, &s->alarm, on_alarm, (lws_usec_t)time_ms * LWS_US_PER_MS);
    while (!s->woken)
        if (lws_service(s->context, 0) < 0)
            end(s, "the connection failed", 21);
    lws_sul_schedule(s->context, 0, &s->alarm, on_alarm, LWS_SET_TIMER_USEC_CANCEL);
    s->on_event = NULL;
    return s->closed ? SPR_FAIL(err, SPR_IO, "%s", s->why) : SPR_OK;
}
