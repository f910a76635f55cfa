#include "engine/comfy_http.h"

#include "base/mem.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { JSON_BYTES_MAX = 64 << 20, UPLOAD_MS = 120000, CONNECT_MS = 2000 };

struct comfy_http {
    CURL *curl;
    char url[COMFY_URL_BYTES];
    char reason[CURL_ERROR_SIZE];
    const atomic_bool *cancel;
    struct buf *into; /* of the request that is running */
    enum spr_code into_rc;
    struct spr_error into_error;
};

static size_t on_bytes(char *data, size_t size, size_t count, void *context)
{
    struct comfy_http *h = context;
    h->into_rc = buf_add(h->into, data, size * count, &h->into_error);
    return h->into_rc ? 0 : size * count;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    const struct comfy_http *h = context;
    return h->cancel && atomic_load(h->cancel);
}

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum spr_code comfy_http_open(const char *url, struct comfy_http **ret, struct spr_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    size_t length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    if ((strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) || length < 9 ||
        length >= COMFY_URL_BYTES || url[length - 1] == ':' || strpbrk(url, " \t\r\n\"'?#@"))
        return SPR_FAIL(err, SPR_BADARG,
                        "\"%.100s\" is no server's address; for example http://127.0.0.1:8188", url);
    pthread_once(&once, start_curl);
    struct comfy_http *h = mem_zalloc(1, sizeof *h);
    if (!h || !(h->curl = curl_easy_init())) {
        mem_free(h);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a connection to %.100s", url);
    }
    memcpy(h->url, url, length);
    *ret = h;
    return SPR_OK;
}

void comfy_http_close(struct comfy_http *h)
{
    if (!h)
        return;
    curl_easy_cleanup(h->curl);
    mem_free(h);
}

const char *comfy_http_url(const struct comfy_http *h)
{
    return h->url;
}

void comfy_http_cancel_on(struct comfy_http *h, const atomic_bool *cancel)
{
    h->cancel = cancel;
}

/* Runs what is set up; the options do not outlive the call. */
static enum spr_code perform(struct comfy_http *h, const char *path, long time_ms, struct buf *into,
                             long *ret_status, struct spr_error *err)
{
    char url[2048];
    CURL *c = h->curl;
    int length = snprintf(url, sizeof url, "%s%s", h->url, path);
    if (length < 0 || (size_t)length >= sizeof url)
        return SPR_FAIL(err, SPR_LIMIT, "an address of %d characters for %s", length, h->url);
    h->into = into;
    h->into_rc = SPR_OK;
    h->reason[0] = '\0';
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, h);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, h);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->reason);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, time_ms);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "spritery/" SPRITERY_VERSION);
    CURLcode code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, ret_status);
    curl_easy_reset(c); /* keeps the connection */
    if (code == CURLE_OK)
        return SPR_OK;
    const char *why = h->reason[0] ? h->reason : curl_easy_strerror(code);
    if (h->into_rc) {
        *err = h->into_error;
        spr_prefix(err, "%s%.100s", h->url, path);
        return h->into_rc;
    }
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return SPR_FAIL(err, SPR_CANCELLED, "stopped while asking %s", h->url);
    return SPR_FAIL(err, code == CURLE_OPERATION_TIMEDOUT ? SPR_TIMEOUT : SPR_IO, "%s%.100s: %s", h->url,
                    path, why);
}

enum spr_code comfy_get(struct comfy_http *h, const char *path, long time_ms, struct buf *into,
                        struct spr_error *err)
{
    long status = 0;
    enum spr_code rc = perform(h, path, time_ms, into, &status, err);
    if (rc)
        return rc;
    if (status == 404)
        return SPR_FAIL(err, SPR_NOTFOUND, "%s%.100s: not there (404)", h->url, path);
    if (status != 200)
        return SPR_FAIL(err, SPR_BADDATA, "%s%.100s: status %ld: %.150s", h->url, path, status,
                        into->data ? into->data : "");
    return SPR_OK;
}

enum spr_code comfy_get_json(struct comfy_http *h, const char *path, long time_ms, json_t **ret,
                             struct spr_error *err)
{
    struct buf text;
    json_error_t at;
    buf_init(&text, JSON_BYTES_MAX);
    enum spr_code rc = comfy_get(h, path, time_ms, &text, err);
    if (!rc) {
        json_t *root = json_loadb(text.data ? text.data : "", text.length, JSON_DECODE_INT_AS_REAL, &at);
        if (root)
            *ret = root;
        else
            rc = SPR_FAIL(err, SPR_BADDATA, "%s%.100s: not JSON: %.150s", h->url, path, at.text);
    }
    buf_fini(&text);
    return rc;
}

enum spr_code comfy_post(struct comfy_http *h, const char *path, const char *json, long time_ms,
                         struct buf *into, long *ret_status, struct spr_error *err)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (!headers)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to ask %s", h->url);
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(json));
    curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, json);
    enum spr_code rc = perform(h, path, time_ms, into, ret_status, err);
    curl_slist_free_all(headers);
    return rc;
}

/* What the server calls the file: its folder and its name. */
static enum spr_code uploaded_name(struct comfy_http *h, const struct buf *answer, char **ret_name,
                                   struct spr_error *err)
{
    json_t *root = json_loadb(answer->data ? answer->data : "", answer->length, 0, NULL);
    const char *name = json_string_value(json_object_get(root, "name")),
               *folder = json_string_value(json_object_get(root, "subfolder"));
    struct buf full;
    buf_init(&full, 4096);
    enum spr_code rc =
        name ? buf_addf(&full, err, "%s%s%s", folder ? folder : "", folder && *folder ? "/" : "", name)
             : SPR_FAIL(err, SPR_BADDATA, "%s/upload/image: the answer names no file", h->url);
    json_decref(root);
    if (!rc)
        *ret_name = buf_detach(&full);
    buf_fini(&full);
    return rc;
}

enum spr_code comfy_upload(struct comfy_http *h, const char *name, const void *data, size_t size,
                           char **ret_name, struct spr_error *err)
{
    struct buf answer;
    long status = 0;
    buf_init(&answer, 1 << 16);
    curl_mime *form = curl_mime_init(h->curl);
    curl_mimepart *file = form ? curl_mime_addpart(form) : NULL,
                  *same = file ? curl_mime_addpart(form) : NULL;
    enum spr_code rc = SPR_OK;
    if (!same || curl_mime_name(file, "image") || curl_mime_filename(file, name) ||
        curl_mime_data(file, data, size) || curl_mime_type(file, "image/png") ||
        curl_mime_name(same, "overwrite") || curl_mime_data(same, "true", CURL_ZERO_TERMINATED))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to send a picture to %s", h->url);
    if (!rc) {
        curl_easy_setopt(h->curl, CURLOPT_MIMEPOST, form);
        rc = perform(h, "/upload/image", UPLOAD_MS, &answer, &status, err);
    }
    if (!rc && status != 200)
        rc = SPR_FAIL(err, SPR_BADDATA, "%s/upload/image: status %ld: %.150s", h->url, status,
                      answer.data ? answer.data : "");
    if (!rc)
        rc = uploaded_name(h, &answer, ret_name, err);
    curl_mime_free(form);
    buf_fini(&answer);
    return rc;
}

enum spr_code comfy_escape(struct comfy_http *h, const char *text, struct buf *into, struct spr_error *err)
{
    char *escaped = curl_easy_escape(h->curl, text, 0);
    enum spr_code rc = escaped ? buf_add(into, escaped, strlen(escaped), err)
                               : SPR_FAIL(err, SPR_NOMEM, "no memory for an address");
    curl_free(escaped);
    return rc;
}
