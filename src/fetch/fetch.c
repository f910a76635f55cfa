#include "fetch/fetch.h"

#include "base/mem.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { JSON_BYTES_MAX = 64 << 20, CONNECT_MS = 2000 };

struct fetch {
    CURL *curl;
    char url[FETCH_URL_BYTES];
    char reason[CURL_ERROR_SIZE];
    const atomic_bool *cancel;
    struct buf *into; /* of the request that is running */
    enum spr_code into_rc;
    struct spr_error into_error;
};

static size_t on_bytes(char *data, size_t size, size_t count, void *context)
{
    struct fetch *f = context;
    f->into_rc = buf_add(f->into, data, size * count, &f->into_error);
    return f->into_rc ? 0 : size * count;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    (void)down_total, (void)down, (void)up_total, (void)up;
    const struct fetch *f = context;
    return f->cancel && atomic_load(f->cancel);
}

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum spr_code fetch_open(const char *url, struct fetch **ret, struct spr_error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    size_t length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    size_t scheme = strncmp(url, "http://", 7) == 0 ? 7 : strncmp(url, "https://", 8) == 0 ? 8 : 0;
    if (!scheme || length <= scheme || length >= FETCH_URL_BYTES || url[length - 1] == ':' ||
        strpbrk(url, " \t\r\n\"'?#@"))
        return SPR_FAIL(err, SPR_BADARG,
                        "\"%.100s\" is no server's address; for example http://127.0.0.1:8188", url);
    pthread_once(&once, start_curl);
    struct fetch *f = mem_zalloc(1, sizeof *f);
    if (!f || !(f->curl = curl_easy_init())) {
        mem_free(f);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a connection to %.100s", url);
    }
    memcpy(f->url, url, length);
    *ret = f;
    return SPR_OK;
}

void fetch_close(struct fetch *f)
{
    if (!f)
        return;
    curl_easy_cleanup(f->curl);
    mem_free(f);
}

const char *fetch_url(const struct fetch *f)
{
    return f->url;
}

void fetch_cancel_on(struct fetch *f, const atomic_bool *cancel)
{
    f->cancel = cancel;
}

/* Runs what is set up; the options do not outlive the call. */
static enum spr_code perform(struct fetch *f, const char *path, long time_ms, struct buf *into,
                             long *ret_status, struct spr_error *err)
{
    char url[2048];
    CURL *c = f->curl;
    int length = snprintf(url, sizeof url, "%s%s", f->url, path);
    if (length < 0 || (size_t)length >= sizeof url)
        return SPR_FAIL(err, SPR_LIMIT, "an address of %d characters for %s", length, f->url);
    f->into = into;
    f->into_rc = SPR_OK;
    f->reason[0] = '\0';
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, f);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->reason);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, time_ms);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "spritery/" SPRITERY_VERSION);
    CURLcode code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, ret_status);
    curl_easy_reset(c); /* keeps the connection */
    if (code == CURLE_OK)
        return SPR_OK;
    const char *why = f->reason[0] ? f->reason : curl_easy_strerror(code);
    if (f->into_rc)
        return SPR_FAIL(err, f->into_rc, "%s%.100s: %.300s", f->url, path, f->into_error.text);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return SPR_FAIL(err, SPR_CANCELLED, "stopped while asking %s", f->url);
    return SPR_FAIL(err, code == CURLE_OPERATION_TIMEDOUT ? SPR_TIMEOUT : SPR_IO, "%s%.100s: %s", f->url,
                    path, why);
}

enum spr_code fetch_get(struct fetch *f, const char *path, long time_ms, struct buf *into,
                        struct spr_error *err)
{
    long status = 0;
    enum spr_code rc = perform(f, path, time_ms, into, &status, err);
    if (rc)
        return rc;
    if (status == 404)
        return SPR_FAIL(err, SPR_NOTFOUND, "%s%.100s: not there (404)", f->url, path);
    if (status != 200)
        return SPR_FAIL(err, SPR_BADDATA, "%s%.100s: status %ld: %.150s", f->url, path, status,
                        into->data ? into->data : "");
    return SPR_OK;
}

enum spr_code fetch_json(struct fetch *f, const char *path, long time_ms, json_t **ret, struct spr_error *err)
{
    struct buf text;
    json_error_t at;
    buf_init(&text, JSON_BYTES_MAX);
    enum spr_code rc = fetch_get(f, path, time_ms, &text, err);
    if (!rc) {
        json_t *root = json_loadb(text.data ? text.data : "", text.length, JSON_DECODE_INT_AS_REAL, &at);
        if (root)
            *ret = root;
        else
            rc = SPR_FAIL(err, SPR_BADDATA, "%s%.100s: not JSON: %.150s", f->url, path, at.text);
    }
    buf_fini(&text);
    return rc;
}

enum spr_code fetch_post(struct fetch *f, const char *path, const char *json, long time_ms, struct buf *into,
                         long *ret_status, struct spr_error *err)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (!headers)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to ask %s", f->url);
    curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(f->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(json));
    curl_easy_setopt(f->curl, CURLOPT_POSTFIELDS, json);
    enum spr_code rc = perform(f, path, time_ms, into, ret_status, err);
    curl_slist_free_all(headers);
    return rc;
}

enum spr_code fetch_form(struct fetch *f, const char *path, const struct fetch_part *parts, size_t count,
                         long time_ms, struct buf *into, long *ret_status, struct spr_error *err)
{
    curl_mime *form = curl_mime_init(f->curl);
    bool bad = !form;
    for (size_t i = 0; !bad && i < count; i++) {
        const struct fetch_part *p = &parts[i];
        curl_mimepart *part = curl_mime_addpart(form);
        bad = !part || curl_mime_name(part, p->name) || curl_mime_data(part, p->data, p->size) ||
              (p->file && curl_mime_filename(part, p->file)) || (p->type && curl_mime_type(part, p->type));
    }
    enum spr_code rc = SPR_OK;
    if (bad) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to send a form to %s", f->url);
    } else {
        curl_easy_setopt(f->curl, CURLOPT_MIMEPOST, form);
        rc = perform(f, path, time_ms, into, ret_status, err);
    }
    curl_mime_free(form);
    return rc;
}

enum spr_code fetch_escape(struct fetch *f, const char *text, struct buf *into, struct spr_error *err)
{
    char *escaped = curl_easy_escape(f->curl, text, 0);
    enum spr_code rc = escaped ? buf_add(into, escaped, strlen(escaped), err)
                               : SPR_FAIL(err, SPR_NOMEM, "no memory for an address");
    curl_free(escaped);
    return rc;
}
