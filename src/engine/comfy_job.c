#include "engine/comfy_job.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "engine/comfy_socket.h"
#include "image/load.h"

#include <stdio.h>
#include <string.h>

enum {
    ASK_MS = 10000,   /* for a small answer */
    WAIT_MS = 100,    /* between looks at the cancel flag */
    POLL_MS = 1000,   /* between questions while the socket does not speak */
    SILENT_MS = 5000, /* then it is asked over HTTP */
    GONE_MS = 30000,  /* without any answer: the server is given up */
    GREET_MS = 2000,  /* for the socket to be served */
    STOP_MS = 5000,   /* to hear that it was interrupted */
    ANSWER_BYTES = 1 << 20,
    PREVIEW_PIXELS = 2048 * 2048
};

struct job {
    struct fetch *server;
    const char *client_id;
    char id[COMFY_UUID_BYTES];
    const struct engine_watch *watch;
    struct engine_progress progress;
    struct comfy_socket *socket;                        /* NULL: to be opened again at socket_at */
    int64_t socket_at, heard_at, asked_at, answered_at; /* ms of the steady clock */
    bool greeted;                                       /* the server serves the socket */
    bool finished, interrupted;
    enum spr_code failed; /* of a node; why */
    struct spr_error why;
    int missing; /* how many times in a row neither queue nor history had it */
};

static int64_t now_ms(void)
{
    return clock_steady_ns() / 1000000;
}

void comfy_uuid(char ret[COMFY_UUID_BYTES])
{
    uint64_t a = random_fresh_seed() * 0x9E3779B97F4A7C15u ^ random_fresh_seed(),
             b = random_fresh_seed() * 0x9E3779B97F4A7C15u ^ random_fresh_seed();
    snprintf(ret, COMFY_UUID_BYTES, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
             (unsigned)(a >> 16 & 0xFFFF), (unsigned)(a & 0xFFF), (unsigned)(0x8000 | (b >> 48 & 0x3FFF)),
             (unsigned long long)(b & 0xFFFFFFFFFFFF));
}

static bool cancelled(const struct job *j)
{
    return j->watch->cancel && atomic_load(j->watch->cancel);
}

static void show_preview(const struct job *j, const struct comfy_event *e)
{
    struct image_limits limits = image_limits_default;
    struct image im = { 0 };
    struct spr_error ignored;
    limits.pixels = PREVIEW_PIXELS;
    if (j->watch->preview && !image_decode(e->picture, e->picture_size, &limits, &im, NULL, &ignored))
        j->watch->preview(j->watch->context, &im);
    image_fini(&im);
}

static void show_step(struct job *j, const struct comfy_event *e)
{
    if (e->max < 1 || (e->max == j->progress.steps && e->value <= j->progress.step))
        return;
    j->progress.step = e->value;
    j->progress.steps = e->max;
    if (j->watch->progress)
        j->watch->progress(j->watch->context, &j->progress);
}

static void on_event(void *context, const struct comfy_event *e)
{
    struct job *j = context;
    bool ours = strcmp(e->prompt_id, j->id) == 0;
    j->greeted = j->greeted || e->kind == COMFY_STATUS;
    if (!ours && !(e->kind == COMFY_PICTURE && !e->prompt_id[0]))
        return;
    j->heard_at = j->answered_at = now_ms();
    switch (e->kind) {
    case COMFY_STEP:
        show_step(j, e);
        break;
    case COMFY_PICTURE:
        show_preview(j, e);
        break;
    case COMFY_FAILED:
        j->failed = SPR_FAIL(&j->why, e->out_of_memory ? SPR_NOMEM : SPR_BADDATA, "%s", e->text);
        break;
    case COMFY_INTERRUPTED:
        j->interrupted = true;
        break;
    case COMFY_FINISHED:
        j->finished = true;
        break;
    case COMFY_OTHER:
    case COMFY_STATUS:
    case COMFY_STARTED:
    case COMFY_NODE:
        break;
    }
}

/* Listens for a moment; a socket that is closed is opened again a second later. */
static enum spr_code listen(struct job *j, struct spr_error *err)
{
    struct spr_error why;
    enum spr_code rc = SPR_OK;
    if (!j->socket && now_ms() >= j->socket_at) {
        rc = comfy_socket_open(fetch_url(j->server), j->client_id, &j->socket, err);
        if (rc == SPR_NOMEM || rc == SPR_BADARG)
            return rc;
    }
    if (!j->socket) {
        clock_sleep_ms(WAIT_MS);
        return SPR_OK;
    }
    if (comfy_socket_wait(j->socket, WAIT_MS, on_event, j, &why)) {
        comfy_socket_close(j->socket);
        j->socket = NULL;
        j->socket_at = now_ms() + POLL_MS;
        j->heard_at = 0;
    }
    return SPR_OK;
}

/* Opens the socket before the prompt is handed in, so that no event is missed. */
static enum spr_code greet(struct job *j, struct spr_error *err)
{
    int64_t until = now_ms() + GREET_MS;
    enum spr_code rc;
    do
        rc = listen(j, err);
    while (!rc && j->socket && !j->greeted && !cancelled(j) && now_ms() < until);
    return rc;
}

/* list: "queue_running" or "queue_pending". */
static bool queue_has(const json_t *queue, const char *list, const char *id)
{
    json_t *row;
    size_t i;
    json_array_foreach(json_object_get(queue, list), i, row)
    {
        const char *other = json_string_value(json_array_get(row, 1));
        if (other && strcmp(other, id) == 0)
            return true;
    }
    return false;
}

static enum spr_code ask_history(struct job *j, json_t **ret, struct spr_error *err)
{
    char path[96];
    snprintf(path, sizeof path, "/history/%s", j->id);
    return fetch_json(j->server, path, ASK_MS, ret, err);
}

/* Whether the server still has it, when the socket does not say. */
static enum spr_code poll_server(struct job *j, struct spr_error *err)
{
    json_t *history = NULL, *queue = NULL;
    j->asked_at = now_ms();
    enum spr_code rc = ask_history(j, &history, err);
    if (!rc && !(j->finished = json_object_get(history, j->id) != NULL))
        rc = fetch_json(j->server, "/queue", ASK_MS, &queue, err);
    if (!rc) {
        j->answered_at = now_ms();
        bool there = j->finished || queue_has(queue, "queue_running", j->id) ||
                     queue_has(queue, "queue_pending", j->id);
        j->missing = there ? 0 : j->missing + 1;
        if (j->missing >= 2)
            rc = SPR_FAIL(err, SPR_BUSY, "%s has forgotten the prompt: it was probably started anew",
                          fetch_url(j->server));
    } else if ((rc == SPR_IO || rc == SPR_TIMEOUT) && now_ms() - j->answered_at < GONE_MS) {
        rc = SPR_OK; /* it may come back */
    }
    json_decref(history);
    json_decref(queue);
    return rc;
}

/* Tells the server to drop it, wherever it is, and waits a moment to hear of it. Interrupted is only what runs: servers of
 * before the middle of 2025 do not look whose prompt an interrupt is for. */
static enum spr_code stop(struct job *j, struct spr_error *err)
{
    struct buf answer;
    long status;
    char delete[96], interrupt[96];
    struct spr_error ignored;
    json_t *queue = NULL;
    int64_t until = now_ms() + STOP_MS;
    snprintf(delete, sizeof delete, "{\"delete\":[\"%s\"]}", j->id);
    snprintf(interrupt, sizeof interrupt, "{\"prompt_id\":\"%s\"}", j->id);
    fetch_cancel_on(j->server, NULL);
    buf_init(&answer, ANSWER_BYTES);
    bool told = !fetch_post(j->server, "/queue", delete, STOP_MS, &answer, &status, &ignored) &&
                !fetch_json(j->server, "/queue", STOP_MS, &queue, &ignored) &&
                queue_has(queue, "queue_running", j->id) &&
                !fetch_post(j->server, "/interrupt", interrupt, STOP_MS, &answer, &status, &ignored);
    json_decref(queue);
    buf_fini(&answer);
    while (told && !j->finished && !j->interrupted && j->socket && now_ms() < until)
        if (listen(j, &ignored))
            break;
    return SPR_FAIL(err, SPR_CANCELLED, "stopped");
}

static enum spr_code follow(struct job *j, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    while (!rc && !j->finished && !j->failed) {
        if (cancelled(j))
            return stop(j, err);
        rc = listen(j, err);
        bool silent = now_ms() - j->heard_at > SILENT_MS;
        if (!rc && !j->finished && silent && now_ms() - j->asked_at >= POLL_MS)
            rc = poll_server(j, err);
    }
    if (rc == SPR_CANCELLED)
        return stop(j, err);
    if (!rc && j->failed) {
        *err = j->why;
        rc = j->failed;
    }
    return rc;
}

/* The server's own words for a refusal: of the first node that is wrong, or of the whole. */
static enum spr_code fail_refused(const struct job *j, const json_t *answer, long status,
                                  struct spr_error *err)
{
    const char *id, *text = NULL, *detail = NULL, *class = NULL, *at = "";
    json_t *node;
    json_object_foreach(json_object_get(answer, "node_errors"), id, node)
    {
        const json_t *first = json_array_get(json_object_get(node, "errors"), 0);
        if (text || !first)
            continue;
        at = id;
        class = json_string_value(json_object_get(node, "class_type"));
        text = json_string_value(json_object_get(first, "message"));
        detail = json_string_value(json_object_get(first, "details"));
    }
    const json_t *whole = json_object_get(answer, "error");
    if (text)
        return SPR_FAIL(err, SPR_BADARG, "%s refuses node %.30s (%.60s): %.100s: %.200s",
                        fetch_url(j->server), at, class ? class : "?", text, detail ? detail : "");
    text = json_is_string(whole) ? json_string_value(whole)
                                 : json_string_value(json_object_get(whole, "message"));
    return SPR_FAIL(err, SPR_BADARG, "%s refuses the workflow (status %ld): %.300s", fetch_url(j->server),
                    status, text ? text : "no reason given");
}

static enum spr_code hand_in(struct job *j, const char *graph, struct spr_error *err)
{
    struct buf text, answer;
    long status = 0;
    buf_init(&text, (size_t)16 << 20);
    buf_init(&answer, ANSWER_BYTES);
    enum spr_code rc =
        buf_addf(&text, err,
                 "{\"client_id\":\"%s\",\"prompt_id\":\"%s\",\"extra_data\":{\"preview_method\":\"auto\"},",
                 j->client_id, j->id);
    if (!rc && !(rc = buf_addf(&text, err, "\"prompt\":")) &&
        !(rc = buf_add(&text, graph, strlen(graph), err)))
        rc = buf_addf(&text, err, "}");
    if (!rc)
        rc = fetch_post(j->server, "/prompt", text.data, ASK_MS, &answer, &status, err);
    json_t *root =
        rc ? NULL : json_loadb(answer.data ? answer.data : "", answer.length, JSON_DECODE_INT_AS_REAL, NULL);
    if (!rc && (status != 200 || json_object_size(json_object_get(root, "node_errors")) > 0))
        rc = fail_refused(j, root, status, err);
    const char *id = json_string_value(json_object_get(root, "prompt_id"));
    if (!rc && id && strlen(id) < sizeof j->id)
        memcpy(j->id, id, strlen(id) + 1); /* an old server makes its own */
    json_decref(root);
    buf_fini(&answer);
    buf_fini(&text);
    return rc;
}

static const char *text_or(const json_t *object, const char *key, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : otherwise;
}

static enum spr_code add_file(const json_t *image, struct comfy_result *r, struct spr_error *err)
{
    const char *name = text_or(image, "filename", ""), *folder = text_or(image, "subfolder", ""),
               *type = text_or(image, "type", "output");
    if (!*name || r->files == COMFY_FILES_MAX)
        return SPR_OK;
    struct comfy_file *file = mem_resize(r->file, (size_t)r->files + 1, sizeof *file);
    if (!file)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a list of pictures");
    r->file = file;
    file = &r->file[r->files++];
    *file = (struct comfy_file){ mem_text(name, strlen(name)), mem_text(folder, strlen(folder)),
                                 mem_text(type, strlen(type)) };
    return file->name && file->folder && file->type
               ? SPR_OK
               : SPR_FAIL(err, SPR_NOMEM, "no memory for a list of pictures");
}

static enum spr_code add_files(const json_t *outputs, bool finals, struct comfy_result *r,
                               struct spr_error *err)
{
    const char *id;
    json_t *node, *image;
    size_t i;
    enum spr_code rc = SPR_OK;
    json_object_foreach((json_t *)(uintptr_t)outputs, id, node) json_array_foreach(
        json_object_get(node, "images"), i,
        image) if (!rc && !finals == (strcmp(text_or(image, "type", "output"), "output") != 0)) rc =
        add_file(image, r, err);
    return rc;
}

/* The failure that the history tells of, where no event did. */
static enum spr_code failed_of(const json_t *entry, struct spr_error *err)
{
    const json_t *status = json_object_get(entry, "status");
    json_t *message;
    size_t i;
    if (strcmp(text_or(status, "status_str", "success"), "error") != 0)
        return SPR_OK;
    json_array_foreach(json_object_get(status, "messages"), i, message)
    {
        const char *type = json_string_value(json_array_get(message, 0));
        const json_t *data = json_array_get(message, 1);
        if (type && strcmp(type, "execution_error") == 0)
            return SPR_FAIL(
                err, strstr(text_or(data, "exception_type", ""), "OutOfMemory") ? SPR_NOMEM : SPR_BADDATA,
                "%.60s (node %.30s): %.250s", text_or(data, "node_type", "?"), text_or(data, "node_id", "?"),
                text_or(data, "exception_message", "it failed"));
    }
    return SPR_FAIL(err, SPR_BADDATA, "somebody interrupted it on the server");
}

static enum spr_code collect(struct job *j, struct comfy_result *ret, struct spr_error *err)
{
    json_t *history = NULL;
    struct comfy_result r = { 0 };
    enum spr_code rc = ask_history(j, &history, err);
    if (rc)
        return rc;
    const json_t *entry = json_object_get(history, j->id), *outputs = json_object_get(entry, "outputs");
    rc = entry ? failed_of(entry,
                           err) /* else somebody cleared it: handed in again, it is answered from memory */
               : SPR_FAIL(err, SPR_BUSY, "%s has no history of the prompt", fetch_url(j->server));
    if (!rc)
        rc = add_files(outputs, true, &r, err);
    if (!rc && r.files == 0)
        rc = add_files(outputs, false, &r, err);
    if (!rc && r.files == 0)
        rc = SPR_FAIL(err, SPR_BADDATA, "the workflow made no picture: it needs a SaveImage node");
    json_decref(history);
    if (rc)
        comfy_result_fini(&r);
    else
        *ret = r;
    return rc;
}

enum spr_code comfy_job_run(struct fetch *server, const char *client_id, const char *graph,
                            const struct engine_watch *watch, int picture, int pictures,
                            struct comfy_result *ret, struct spr_error *err)
{
    struct job j = { .server = server, .client_id = client_id, .watch = watch };
    j.progress = (struct engine_progress){ 0, 0, picture, pictures };
    j.heard_at = j.answered_at = now_ms();
    comfy_uuid(j.id);
    fetch_cancel_on(server, watch->cancel);
    enum spr_code rc = greet(&j, err);
    if (!rc && (rc = hand_in(&j, graph, err)) == SPR_CANCELLED)
        rc = stop(&j, err); /* it may have arrived */
    if (!rc)
        rc = follow(&j, err);
    if (!rc)
        rc = collect(&j, ret, err);
    comfy_socket_close(j.socket);
    fetch_cancel_on(server, NULL);
    return rc;
}

void comfy_result_fini(struct comfy_result *r)
{
    for (int i = 0; i < r->files; i++) {
        mem_free(r->file[i].name);
        mem_free(r->file[i].folder);
        mem_free(r->file[i].type);
    }
    mem_free(r->file);
    *r = (struct comfy_result){ 0 };
}

enum spr_code comfy_file_get(struct fetch *server, const struct comfy_file *f, struct buf *into,
                             struct spr_error *err)
{
    struct buf path;
    buf_init(&path, 4096);
    enum spr_code rc = buf_addf(&path, err, "/view?filename=");
    if (!rc && !(rc = fetch_escape(server, f->name, &path, err)) &&
        !(rc = buf_addf(&path, err, "&subfolder=")) &&
        (!*f->folder || !(rc = fetch_escape(server, f->folder, &path, err))) &&
        !(rc = buf_addf(&path, err, "&type=")))
        rc = fetch_escape(server, f->type, &path, err);
    if (!rc)
        rc = fetch_get(server, path.data, 60000, into, err);
    buf_fini(&path);
    return rc;
}
