#include "cli/frames.h"

#include "base/mem.h"
#include "base/str.h"
#include "image/aseprite.h"
#include "pack/sheet.h"
#include "request/request.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PARTS_MAX = 65536 };

struct parts {
    const struct frames_source *from;
    int count;
    struct animation *part; /* (count) */
    char **name;            /* (count) */
};

static void fini(struct parts *p)
{
    for (int i = 0; i < p->count; i++) {
        animation_fini(&p->part[i]);
        mem_free(p->name[i]);
    }
    mem_free(p->name);
    mem_free(p->part);
}

/* The file; a sheet's JSON with its pages; of an Aseprite file the layer and of a sheet the tag that was asked for. */
static enum spr_code load(const char *path, const struct frames_source *s, struct animation *ret,
                          struct spr_error *err)
{
    const char *layer = s->layer;
    if (!layer && sheet_is_file(path))
        return sheet_animation(path, s->tag, ret, err);
    if (!layer)
        return animation_load(path, NULL, ret, NULL, err);
    struct buf file;
    buf_init(&file, image_limits_default.file_bytes);
    enum spr_code rc = file_read(path, &file, err);
    if (!rc && !aseprite_is(file.data, file.length))
        rc = SPR_FAIL(err, SPR_BADARG, "%.200s: --layer is for Aseprite files", path);
    else if (!rc && (rc = aseprite_decode_all(file.data, file.length, NULL, layer, ret, err)))
        spr_prefix(err, "%.200s", path);
    buf_fini(&file);
    return rc;
}

/* Every frame of *a becomes its cells. */
static enum spr_code cut(const struct frames_source *s, struct animation *a, struct spr_error *err)
{
    struct animation cells = { 0 };
    enum spr_code rc = SPR_OK;
    for (int f = 0; f < a->count && !rc; f++) {
        struct animation more = { 0 };
        rc = motion_cut(&a->frame[f].image, s->cell_width, s->cell_height, a->frame[f].ms, &more, err);
        for (int i = 0; i < more.count && !rc; i++)
            rc = animation_add(&cells, &more.frame[i].image, more.frame[i].ms, err);
        animation_fini(&more);
    }
    animation_fini(a);
    *a = cells;
    return rc;
}

static enum spr_code add_file(struct parts *p, const char *path, struct spr_error *err)
{
    struct animation *part = NULL;
    char **name = NULL;
    if (p->count == PARTS_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d files", (int)PARTS_MAX);
    if (!(part = mem_resize(p->part, (size_t)p->count + 1, sizeof *part)))
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %d files", p->count);
    p->part = part;
    if (!(name = mem_resize(p->name, (size_t)p->count + 1, sizeof(char *))))
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %d files", p->count);
    p->name = name;
    struct animation a = { 0 };
    enum spr_code rc = load(path, p->from, &a, err);
    if (rc)
        return rc;
    p->part[p->count] = a;
    p->name[p->count++] = mem_text(path, strlen(path));
    if (!p->name[p->count - 1])
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a name");
    if (p->from->cell_width && (rc = cut(p->from, &p->part[p->count - 1], err)))
        spr_prefix(err, "%.200s", path);
    return rc;
}

static int is_picture(const struct dirent *e)
{
    enum image_kind kind;
    return e->d_name[0] != '.' && image_kind_of_path(e->d_name, &kind);
}

/* Tags the frames of the parts from first on with the folder's name. */
static enum spr_code name_folder(const struct parts *p, const char *path, int first, int after,
                                 struct animation *to, struct spr_error *err)
{
    char name[NAME_MAX + 1];
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    snprintf(name, sizeof name, "%.*s", (int)(end - begin), path + begin);
    int from = 0, count = 0;
    for (int i = 0; i < after; i++) {
        from += i < first ? p->part[i].count : 0;
        count += i < first ? 0 : p->part[i].count;
    }
    return animation_add_tag(to, name, from, from + count - 1, TAG_FORWARD, 0, err);
}

static enum spr_code add_folder(struct parts *p, const char *path, struct spr_error *err)
{
    struct dirent **entry;
    int found = scandir(path, &entry, is_picture, versionsort);
    if (found < 0)
        return SPR_FAIL(err, SPR_IO, "cannot read the folder %.200s: %s", path, strerror(errno));
    enum spr_code rc =
        found ? SPR_OK : SPR_FAIL(err, SPR_BADARG, "there is no picture in the folder %.200s", path);
    for (int i = 0; i < found; i++) {
        char full[PATH_MAX];
        int n = snprintf(full, sizeof full, "%s/%s", path, entry[i]->d_name);
        if (!rc && (n < 0 || (size_t)n >= sizeof full))
            rc = SPR_FAIL(err, SPR_LIMIT, "a path is too long: %.80s...", path);
        if (!rc)
            rc = add_file(p, full, err);
        free(entry[i]);
    }
    free(entry);
    return rc;
}

static enum spr_code check_sizes(const struct parts *p, struct spr_error *err)
{
    for (int i = 1; i < p->count && !p->from->anchored; i++)
        if (p->part[i].width != p->part->width || p->part[i].height != p->part->height)
            return SPR_FAIL(
                err, SPR_BADARG, "%.200s is %dx%d, %.200s %dx%d; --anchor says where smaller pictures lie",
                p->name[i], p->part[i].width, p->part[i].height, p->name[0], p->part->width, p->part->height);
    return SPR_OK;
}

enum spr_code frames_read(const struct frames_source *s, struct animation *ret, struct spr_error *err)
{
    struct parts p = { .from = s };
    struct animation made = { 0 };
    int *first = mem_zalloc(s->count + 1, sizeof *first); /* part of each operand */
    enum spr_code rc = first ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for %zu files", s->count);
    for (size_t i = 0; i < s->count && !rc; i++) {
        rc = file_is_folder(s->path[i]) ? add_folder(&p, s->path[i], err) : add_file(&p, s->path[i], err);
        first[i + 1] = p.count;
    }
    if (!rc)
        rc = check_sizes(&p, err);
    if (!rc)
        rc = motion_join(p.part, p.count, s->anchor, &made, err);
    for (size_t i = 0; s->count > 1 && i < s->count && !rc; i++)
        if (file_is_folder(s->path[i]))
            rc = name_folder(&p, s->path[i], first[i], first[i + 1], &made, err);
    mem_free(first);
    fini(&p);
    if (rc)
        animation_fini(&made);
    else
        *ret = made;
    return rc;
}

enum spr_code frames_size(const char *text, const char *name, int *ret_width, int *ret_height,
                          struct spr_error *err)
{
    char left[16] = "";
    const char *x = strpbrk(text, "xX");
    int64_t width = 0, height = 0;
    if (x && (size_t)(x - text) < sizeof left)
        memcpy(left, text, (size_t)(x - text));
    if (!x || !str_to_i64(left, &width) || !str_to_i64(x + 1, &height) || width < 1 || height < 1 ||
        width > IMAGE_SIDE_MAX || height > IMAGE_SIDE_MAX) {
        char shown[REQUEST_SHOWN_BYTES];
        request_shown(text, shown);
        return SPR_FAIL(err, SPR_BADARG, "--%s is \"%s\"; it must be a width and a height, as 16x24", name,
                        shown);
    }
    *ret_width = (int)width;
    *ret_height = (int)height;
    return SPR_OK;
}
