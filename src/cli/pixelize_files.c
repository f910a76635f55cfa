#include "base/mem.h"
#include "cli/picture_files.h"
#include "cli/pixelize_command.h"
#include "cli/result.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 1000000 };

struct file_search {
    struct pixelize_files *files;
    size_t room;
    struct result where;
    enum image_kind kind;
};

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
    enum spr_code rc = result_path(&s->where, below, "", s->kind, to, err);
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

static enum spr_code add_found(void *context, const char *path, const char *below, struct spr_error *err)
{
    return add(context, path, below, err);
}

static enum spr_code add_folder(struct file_search *s, const char *path, struct spr_error *err)
{
    if (!s->where.out || s->where.one)
        return SPR_FAIL(err, SPR_BADARG, "%.200s is a folder: --out must say which folder the results go to",
                        path);
    return picture_files_each(path, add_found, s, err);
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
            rc = result_taken(SPR_EXISTS, f->file[i].to, err);
    mem_free(sorted);
    return rc;
}

enum spr_code pixelize_files_find(const struct args *args, const char *out, enum image_kind kind, bool force,
                                  struct pixelize_files *ret, struct spr_error *err)
{
    struct pixelize_files files = { 0 };
    struct file_search s = { .files = &files, .kind = kind };
    enum spr_code rc = result_read(out, args->operands, force, "-pixel", &s.where, err);
    if (!rc && s.where.one && s.where.kind != kind)
        rc = SPR_FAIL(err, SPR_BADARG, "--out %.200s ends in another format than %s; see --format", out,
                      image_kind_name(kind));
    for (size_t i = 0; !rc && i < args->operands; i++) {
        const char *path = args->operand[i];
        rc = file_is_folder(path) ? add_folder(&s, path, err) : add(&s, path, result_name(path), err);
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
