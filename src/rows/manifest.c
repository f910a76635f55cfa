#include "rows/manifest.h"

#include "base/file.h"
#include "base/mem.h"
#include "request/request_json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MANIFEST_BYTES_MAX ((size_t)1 << 30)

struct manifest {
    int fd;
    char *path;
    json_t *done;   /* request on one line -> file */
    json_t *making; /* file -> true */
};

static enum spr_code fail_memory(struct spr_error *err)
{
    return SPR_FAIL(err, SPR_NOMEM, "no memory for a manifest");
}

/* The request as the key that it is found by. GIVES *ret (free). */
static enum spr_code key_of(const struct request *r, char **ret, json_t **ret_object, struct spr_error *err)
{
    enum spr_code rc = request_to_json(r, ret_object, err);
    if (rc)
        return rc;
    *ret = request_json_line(*ret_object);
    if (*ret)
        return SPR_OK;
    json_decref(*ret_object);
    return fail_memory(err);
}

static enum spr_code take_line(struct manifest *m, const char *text, size_t length, size_t line,
                               struct spr_error *err)
{
    json_error_t at;
    json_t *object = json_loadb(text, length, 0, &at);
    const char *state = json_string_value(json_object_get(object, "state")),
               *file = json_string_value(json_object_get(object, "file"));
    json_t *request = json_object_get(object, "request");
    enum spr_code rc = SPR_OK;
    if (!object || !state || (strcmp(state, "failed") != 0 && !file))
        rc = SPR_FAIL(err, SPR_BADDATA,
                      "%.200s: line %zu is no line of a manifest; move the file away to begin anew", m->path,
                      line);
    else if (strcmp(state, "making") == 0)
        rc = json_object_set(m->making, file, json_true()) ? fail_memory(err) : SPR_OK;
    else if (strcmp(state, "done") == 0 && request) {
        char *key = request_json_line(request);
        if (!key || json_object_set(m->done, key, json_object_get(object, "file")))
            rc = fail_memory(err);
        json_object_del(m->making, file);
        free(key);
    }
    json_decref(object);
    return rc;
}

/* Takes the lines that are there; what is behind the last line's end was cut short. */
static enum spr_code take_lines(struct manifest *m, struct spr_error *err)
{
    struct buf text;
    size_t whole = 0, line = 1;
    buf_init(&text, MANIFEST_BYTES_MAX);
    enum spr_code rc = file_read(m->path, &text, err);
    while (!rc && whole < text.length) {
        const char *end = memchr(text.data + whole, '\n', text.length - whole);
        if (!end)
            break;
        rc = take_line(m, text.data + whole, (size_t)(end - text.data) - whole, line++, err);
        whole = (size_t)(end - text.data) + 1;
    }
    if (!rc && whole < text.length && ftruncate(m->fd, (off_t)whole))
        rc = SPR_FAIL(err, SPR_IO, "%.200s: %s", m->path, strerror(errno));
    buf_fini(&text);
    return rc;
}

enum spr_code manifest_open(const char *path, struct manifest **ret, struct spr_error *err)
{
    struct manifest *m = mem_zalloc(1, sizeof *m);
    enum spr_code rc = SPR_OK;
    if (!m)
        return fail_memory(err);
    m->fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    m->path = mem_text(path, strlen(path));
    m->done = json_object();
    m->making = json_object();
    if (m->fd < 0)
        rc = SPR_FAIL(err, SPR_IO, "%.200s: %s", path, strerror(errno));
    else if (!m->path || !m->done || !m->making)
        rc = fail_memory(err);
    else if (flock(m->fd, LOCK_EX | LOCK_NB))
        rc = SPR_FAIL(err, SPR_BUSY, "%.200s is in use: another batch is working in this folder", path);
    else
        rc = take_lines(m, err);
    if (rc)
        manifest_close(m);
    else
        *ret = m;
    return rc;
}

void manifest_close(struct manifest *m)
{
    if (!m)
        return;
    if (m->fd >= 0)
        close(m->fd);
    json_decref(m->done);
    json_decref(m->making);
    mem_free(m->path);
    mem_free(m);
}

enum spr_code manifest_file(struct manifest *m, const struct request *r, const char **ret,
                            struct spr_error *err)
{
    char *key = NULL;
    json_t *object = NULL;
    enum spr_code rc = key_of(r, &key, &object, err);
    if (rc)
        return rc;
    *ret = json_string_value(json_object_get(m->done, key));
    free(key);
    json_decref(object);
    return SPR_OK;
}

bool manifest_making(const struct manifest *m, const char *file)
{
    return json_object_get(m->making, file) != NULL;
}

/* One write, so that a line is whole or cut short at the file's end. TAKES object. */
static enum spr_code add(struct manifest *m, json_t *object, bool flush, struct spr_error *err)
{
    char *line = object ? request_json_line(object) : NULL;
    struct buf text;
    buf_init(&text, (size_t)1 << 24);
    json_decref(object);
    enum spr_code rc = line ? buf_addf(&text, err, "%s\n", line) : fail_memory(err);
    free(line);
    ssize_t wrote = rc ? 0 : write(m->fd, text.data, text.length);
    if (!rc && (wrote != (ssize_t)text.length || (flush && fdatasync(m->fd))))
        rc = SPR_FAIL(err, SPR_IO, "%.200s: %s", m->path, wrote < 0 ? strerror(errno) : "no space is left");
    buf_fini(&text);
    return rc;
}

enum spr_code manifest_begin(struct manifest *m, const char *file, struct spr_error *err)
{
    enum spr_code rc = add(m, json_pack("{s:s, s:s}", "state", "making", "file", file), true, err);
    if (!rc && json_object_set(m->making, file, json_true()))
        rc = fail_memory(err);
    return rc;
}

/* {"state": ..., ...about, "request": ...}. TAKES about and request. */
static json_t *record(const char *state, const char *key, const char *value, json_t *about, json_t *request)
{
    json_t *object = json_pack("{s:s, s:s}", "state", state, key, value);
    if (object && about && json_object_update(object, about)) {
        json_decref(object);
        object = NULL;
    }
    json_decref(about);
    if (!object || json_object_set_new(object, "request", request)) { /* takes it even when it fails */
        if (!object)
            json_decref(request);
        json_decref(object);
        return NULL;
    }
    return object;
}

enum spr_code manifest_done(struct manifest *m, const char *file, const struct request *r, json_t *about,
                            struct spr_error *err)
{
    char *key = NULL;
    json_t *request = NULL;
    enum spr_code rc = key_of(r, &key, &request, err);
    if (rc) {
        json_decref(about);
        return rc;
    }
    rc = add(m, record("done", "file", file, about, request), true, err);
    if (!rc && json_object_set_new(m->done, key, json_string(file)))
        rc = fail_memory(err);
    json_object_del(m->making, file);
    free(key);
    return rc;
}

enum spr_code manifest_failed(struct manifest *m, const struct request *r, const char *why, json_t *about,
                              struct spr_error *err)
{
    json_t *request = NULL;
    enum spr_code rc = request_to_json(r, &request, err);
    if (rc) {
        json_decref(about);
        return rc;
    }
    return add(m, record("failed", "error", why, about, request), false, err);
}
