#include "base/mem.h"
#include "cli/pixelize_command.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 1000000 };

struct file_search {
    struct pixelize_files *files;
    size_t room;
    const char *out; /* folder; NULL: here */
    const char *ending;
    bool one; /* out is the one file */
};

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool picture_name(const char *path)
{
    enum image_kind kind;
    const char *dot = strrchr(path, '.');
    if (!dot || strchr(dot, '/'))
        return false;
    return image_kind_named(dot + 1, &kind);
}

/* Where the result of `path` goes: `below` is its name under the folder that was asked for. */
static enum spr_code result_name(const struct file_search *s, const char *below, char ret[PATH_MAX],
                                 struct spr_error *err)
{
    const char *slash = strrchr(below, '/'), *name = slash ? slash + 1 : below, *dot = strrchr(name, '.');
    int stem = dot && dot > name ? (int)(dot - below) : (int)strlen(below);
    int n = s->one   ? snprintf(ret, PATH_MAX, "%s", s->out)
            : s->out ? snprintf(ret, PATH_MAX, "%s/%.*s.%s", s->out, stem, below, s->ending)
                     : snprintf(ret, PATH_MAX, "%.*s-pixel.%s", stem - (int)(name - below), name, s->ending);
    return n > 0 && n < PATH_MAX ? SPR_OK
                                 : SPR_FAIL(err, SPR_LIMIT, "the result's name is too long: %.80s...", below);
}

static enum spr_code add(struct file_search *s, const char *path, const char *below, struct spr_error *err)
{
    char to[PATH_MAX];
    struct pixelize_files *f = s->files;
    if (f->count == FILES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d pictures", FILES_MAX);
    if (f->count == s->room) {
        size_t room = s->room ? s->room * 2 : 16;
        struct pixelize_file *more = mem_resize(f->file, room, sizeof *more);
        if (!more)
            return SPR_FAIL(err, SPR_NOMEM, "%zu files", room);
        f->file = more;
        s->room = room;
    }
    enum spr_code rc = result_name(s, below, to, err);
    if (rc)
        return rc;
    struct pixelize_file file = { mem_text(path, strlen(path)), mem_text(to, strlen(to)) };
    if (!file.from || !file.to) {
        mem_free(file.from);
        mem_free(file.to);
        return SPR_FAIL(err, SPR_NOMEM, "the name of %.200s", path);
    }
    f->file[f->count++] = file;
    return SPR_OK;
}

static int by_name(const FTSENT **p, const FTSENT **q)
{
    return strcmp((*p)->fts_name, (*q)->fts_name);
}

static enum spr_code add_folder(struct file_search *s, const char *path, struct spr_error *err)
{
    char root[PATH_MAX];
    size_t length = strlen(path), before = s->files->count;
    enum spr_code rc = SPR_OK;
    while (length > 1 && path[length - 1] == '/')
        length--;
    snprintf(root, sizeof root, "%.*s", (int)length, path);
    if (!s->out || s->one)
        return SPR_FAIL(err, SPR_BADARG, "%.200s is a folder: --out must say which folder the results go to",
                        root);
    char *roots[] = { root, NULL };
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (!walk)
        return SPR_FAIL(err, SPR_IO, "read %.200s: %s", root, strerror(errno));
    for (FTSENT *e; !rc && (errno = 0, e = fts_read(walk));) {
        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR)
            rc = SPR_FAIL(err, SPR_IO, "read %.200s: %s", e->fts_path, strerror(e->fts_errno));
        else if (e->fts_info == FTS_F && picture_name(e->fts_name))
            rc = add(s, e->fts_path, e->fts_path + length + 1, err);
    }
    fts_close(walk);
    if (!rc && s->files->count == before)
        rc = SPR_FAIL(err, SPR_NOTFOUND, "%.200s: no picture in or below this folder", root);
    return rc;
}

static int by_result(const void *p, const void *q)
{
    const struct pixelize_file *const *a = p, *const *b = q;
    return strcmp((*a)->to, (*b)->to);
}

static enum spr_code check_results(const struct pixelize_files *f, bool force, struct spr_error *err)
{
    const struct pixelize_file **sorted = mem_zalloc(f->count, sizeof(const struct pixelize_file *));
    enum spr_code rc = sorted ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "%zu files", f->count);
    for (size_t i = 0; !rc && i < f->count; i++)
        sorted[i] = &f->file[i];
    if (!rc)
        qsort(sorted, f->count, sizeof(const struct pixelize_file *), by_result);
    for (size_t i = 1; !rc && i < f->count; i++)
        if (strcmp(sorted[i - 1]->to, sorted[i]->to) == 0)
            rc = SPR_FAIL(err, SPR_BADARG,
                          "%.150s and %.150s would both become %.100s; give --out DIR or rename one",
                          sorted[i - 1]->from, sorted[i]->from, sorted[i]->to);
    for (size_t i = 0; !rc && !force && i < f->count; i++)
        if (file_exists(f->file[i].to))
            rc = SPR_FAIL(err, SPR_EXISTS, "%.200s exists already; --force replaces it", f->file[i].to);
    mem_free(sorted);
    return rc;
}

bool pixelize_out_kind(const char *out, enum image_kind *ret)
{
    const char *dot = out ? strrchr(out, '.') : NULL;
    return dot && !strchr(dot, '/') && dot != out && !is_folder(out) && image_kind_named(dot + 1, ret);
}

enum spr_code pixelize_files_find(const struct args *args, const char *out, enum image_kind kind, bool force,
                                  struct pixelize_files *ret, struct spr_error *err)
{
    char folder[PATH_MAX];
    struct pixelize_files files = { 0 };
    struct file_search s = { .files = &files };
    enum image_kind named;
    enum spr_code rc = SPR_OK;
    if (out) {
        s.one = pixelize_out_kind(out, &named);
        size_t n = strlen(out);
        while (n > 1 && out[n - 1] == '/')
            n--;
        if (n == 0 || n >= sizeof folder)
            return SPR_FAIL(err, SPR_BADARG, "--out must be a folder or a file");
        snprintf(folder, sizeof folder, "%.*s", (int)n, out);
        s.out = folder;
        if (s.one && args->operands > 1)
            return SPR_FAIL(err, SPR_BADARG,
                            "--out %.200s is one file, but there are %zu pictures; give a folder", out,
                            args->operands);
        if (s.one && named != kind)
            return SPR_FAIL(err, SPR_BADARG, "--out %.200s ends in another format than %s; see --format", out,
                            image_kind_name(kind));
    }
    s.ending = image_kind_name(kind);
    for (size_t i = 0; !rc && i < args->operands; i++) {
        const char *path = args->operand[i], *slash = strrchr(path, '/');
        rc = is_folder(path) ? add_folder(&s, path, err) : add(&s, path, slash ? slash + 1 : path, err);
    }
    if (!rc)
        rc = check_results(&files, force, err);
    if (rc)
        pixelize_files_fini(&files);
    else
        *ret = files;
    return rc;
}

void pixelize_files_fini(struct pixelize_files *f)
{
    for (size_t i = 0; i < f->count; i++) {
        mem_free(f->file[i].from);
        mem_free(f->file[i].to);
    }
    mem_free(f->file);
    *f = (struct pixelize_files){ 0 };
}
