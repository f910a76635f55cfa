/* The manifest, and the small things that all of deploy needs.
 *     {"deploy": "assets", "plan": "game.yaml", "workstream": "assets",
 *      "files": {"tiles/grass.png": {"sha256": "...", "bytes": 312, "from": "art/tiles/grass.png"}, ...}} */
#include "base/file.h"
#include "base/mem.h"
#include "deploy/deploy_inner.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MANIFEST_BYTES_MAX = 512 << 20 };

enum spr_code deploy_join(const char *folder, const char *name, char ret[PATH_MAX], struct spr_error *err)
{
    if (snprintf(ret, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "%.80s...: the path is too long", folder);
    return SPR_OK;
}

bool deploy_path_good(const char *path)
{
    for (const char *at = path;; at++) {
        size_t n = strcspn(at, "/");
        if (n == 0 || (n == 1 && at[0] == '.') || (n == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        at += n;
        if (!*at)
            return true;
    }
}

bool deploy_name_good(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return n > 0 && n <= DEPLOY_NAME_MAX && !name[n] && name[0] != '.';
}

const char *deploy_change_name(enum deploy_change change)
{
    static const char *const names[DEPLOY_CHANGES] = { "same", "new", "replaced", "removed", "kept" };
    return names[change];
}

/* ---- lists ---- */

struct deploy_file *deploy_files_add(struct deploy_files *f, const char *path, const char *from,
                                     struct spr_error *err)
{
    if (f->count == DEPLOY_FILES_MAX) {
        (void)SPR_FAIL(err, SPR_LIMIT, "more than %d files; deploy them in parts", DEPLOY_FILES_MAX);
        return NULL;
    }
    if (f->count == f->room) {
        size_t room = f->room ? 2 * f->room : 64;
        void *grown = mem_resize(f->item, room, sizeof *f->item);
        if (!grown) {
            (void)SPR_FAIL(err, SPR_NOMEM, "no memory for %zu files", room);
            return NULL;
        }
        f->item = grown;
        f->room = room;
    }
    struct deploy_file *x = &f->item[f->count];
    *x = (struct deploy_file){ .path = mem_text(path, strlen(path)), .from = mem_text(from, strlen(from)) };
    f->count++;
    if (x->path && x->from)
        return x;
    (void)SPR_FAIL(err, SPR_NOMEM, "no memory for a file's name");
    return NULL;
}

void deploy_files_fini(struct deploy_files *f)
{
    for (size_t i = 0; i < f->count; i++) {
        mem_free(f->item[i].path);
        mem_free(f->item[i].from);
    }
    mem_free(f->item);
    *f = (struct deploy_files){ 0 };
}

static int by_path(const void *a, const void *b)
{
    const struct deploy_file *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order ? order : strcmp(x->from, y->from);
}

void deploy_files_sort(struct deploy_files *f)
{
    if (f->count > 1)
        qsort(f->item, f->count, sizeof *f->item, by_path);
}

static int path_of(const void *key, const void *item)
{
    return strcmp(key, ((const struct deploy_file *)item)->path);
}

const struct deploy_file *deploy_files_find(const struct deploy_files *f, const char *path)
{
    return f->count ? bsearch(path, f->item, f->count, sizeof *f->item, path_of) : NULL;
}

/* ---- the manifest ---- */

static enum spr_code read_entry(struct deploy_files *files, const char *path, json_t *o,
                                struct spr_error *err)
{
    const char *hash = json_string_value(json_object_get(o, "sha256")),
               *from = json_string_value(json_object_get(o, "from"));
    if (!deploy_path_good(path) || !hash || strspn(hash, "0123456789abcdef") != DIGEST_HEX_BYTES - 1 ||
        strlen(hash) != DIGEST_HEX_BYTES - 1)
        return SPR_FAIL(err, SPR_BADDATA, "\"%.100s\" is no entry", path);
    struct deploy_file *f = deploy_files_add(files, path, from ? from : "", err);
    if (!f)
        return SPR_NOMEM;
    memcpy(f->hash, hash, sizeof f->hash);
    f->bytes = (uint64_t)json_integer_value(json_object_get(o, "bytes"));
    f->found = json_is_true(json_object_get(o, "found"));
    return SPR_OK;
}

enum spr_code manifest_read(const char *into, const char *name, struct deploy_files *ret,
                            struct spr_error *err)
{
    char path[PATH_MAX];
    struct deploy_files files = { 0 };
    struct buf text;
    json_error_t where;
    json_t *root = NULL, *o;
    const char *key;
    if (snprintf(path, sizeof path, "%s/" DEPLOY_FOLDER "/%s.json", into, name) >= (int)sizeof path)
        return SPR_FAIL(err, SPR_LIMIT, "%.80s...: the path is too long", into);
    buf_init(&text, MANIFEST_BYTES_MAX);
    enum spr_code rc = file_read(path, &text, err);
    if (rc == SPR_NOTFOUND) {
        buf_fini(&text);
        *ret = files;
        return SPR_OK;
    }
    if (!rc && !(root = json_loadb(text.data ? text.data : "", text.length, JSON_REJECT_DUPLICATES, &where)))
        rc = SPR_FAIL(err, SPR_BADDATA, "line %d: %.100s", where.line, where.text);
    if (!rc && !json_is_object(json_object_get(root, "files")))
        rc = SPR_FAIL(err, SPR_BADDATA, "it has no \"files\"");
    if (!rc)
        json_object_foreach(json_object_get(root, "files"), key, o) rc =
            rc ? rc : read_entry(&files, key, o, err);
    if (rc == SPR_BADDATA)
        spr_prefix(err,
                   "the manifest %.200s is damaged; without it, what lies there counts as somebody else's",
                   path);
    json_decref(root);
    buf_fini(&text);
    deploy_files_sort(&files);
    if (rc)
        deploy_files_fini(&files);
    else
        *ret = files;
    return rc;
}

enum spr_code manifest_text(const struct deploy_job *job, const struct deploy_files *files, struct buf *ret,
                            struct spr_error *err)
{
    json_t *list = json_object(), *root = json_pack("{s:s}", "deploy", job->name);
    enum spr_code rc = SPR_OK;
    if (job->plan)
        json_object_set_new(root, "plan", json_string(job->plan));
    if (job->workstream)
        json_object_set_new(root, "workstream", json_string(job->workstream));
    for (size_t i = 0; i < files->count && !rc; i++) {
        const struct deploy_file *f = &files->item[i];
        if (f->change == DEPLOY_REMOVED || f->change == DEPLOY_KEPT)
            continue;
        json_t *o =
            json_pack("{s:s, s:I, s:s}", "sha256", f->hash, "bytes", (json_int_t)f->bytes, "from", f->from);
        if (o && f->found)
            json_object_set_new(o, "found", json_true());
        if (!o || json_object_set_new(list, f->path, o))
            rc = SPR_FAIL(err, SPR_BADARG, "%.200s: a manifest can only hold names in UTF-8", f->path);
    }
    json_object_set_new(root, "files", list);
    char *text = rc ? NULL : json_dumps(root, JSON_INDENT(1));
    if (!rc && !text)
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a manifest");
    if (!rc)
        rc = buf_addf(ret, err, "%s\n", text);
    free(text);
    json_decref(root);
    return rc;
}
