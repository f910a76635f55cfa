#include "pack/unpack.h"

#include "base/file.h"
#include "base/mem.h"
#include "image/png.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool good_part(const char *part, size_t length)
{
    if (length == 0 || (length == 1 && part[0] == '.') || (length == 2 && part[0] == '.' && part[1] == '.'))
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)part[i] < 0x20 || part[i] == 0x7F || part[i] == '\\')
            return false;
    return true;
}

enum spr_code unpack_path(const char *folder, const char *name, char *ret, size_t size, struct spr_error *err)
{
    size_t length = strlen(name);
    for (size_t from = 0, end; from <= length; from = end + 1) {
        end = from + strcspn(name + from, "/");
        if (!good_part(name + from, end - from))
            return SPR_FAIL(err, SPR_BADDATA, "frame \"%.80s\" cannot be a file of that name", name);
    }
    bool ends = length > 4 && strcasecmp(name + length - 4, ".png") == 0;
    if (snprintf(ret, size, "%s/%s%s", folder, name, ends ? "" : ".png") >= (int)size)
        return SPR_FAIL(err, SPR_LIMIT, "frame \"%.80s\": the path is too long", name);
    return SPR_OK;
}

struct work {
    const struct sheet *sheet;
    const struct image *page;
    const char *folder;
    bool force;
    struct result {
        enum spr_code rc;
        struct spr_error err;
    } * result; /* (frames) */
};

static void write_one(void *context, int index, int worker)
{
    struct work *w = context;
    struct result *r = &w->result[index];
    const struct atlas_frame *f = &w->sheet->atlas.frame[index];
    char path[PATH_MAX], folder[PATH_MAX];
    struct image im = { 0 };
    struct buf b;
    (void)worker;
    buf_init(&b, (size_t)1 << 30);
    r->rc = unpack_path(w->folder, f->name, path, sizeof path, &r->err);
    if (!r->rc)
        r->rc = atlas_cut(f, &w->page[f->page], &im, &r->err);
    if (!r->rc)
        r->rc = png_encode_best(&im, NULL, &b, &r->err);
    sheet_folder(path, folder, sizeof folder);
    if (!r->rc)
        r->rc = file_make_folder(folder, &r->err);
    if (!r->rc)
        r->rc = file_write(path, b.data, b.length, w->force ? FILE_REPLACE : FILE_NEW, &r->err);
    buf_fini(&b);
    image_fini(&im);
}

static enum spr_code list_files(const struct work *w, struct unpacked *out, struct spr_error *err)
{
    const struct atlas *a = &w->sheet->atlas;
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < a->frames && !rc; i++) {
        char path[PATH_MAX];
        rc = unpack_path(w->folder, a->frame[i].name, path, sizeof path, err);
        if (!rc && !w->force && file_exists(path))
            rc = SPR_FAIL(err, SPR_EXISTS, "%.300s is there already; use --force to replace it", path);
        if (!rc)
            rc = sheet_list_add(&out->files, path, "", err);
    }
    return rc;
}

enum spr_code unpack_run(const char *path, const char *folder, bool force, struct pool *pool,
                         struct unpacked *ret, struct spr_error *err)
{
    struct sheet s = { 0 };
    struct unpacked out = { 0 };
    struct image *page = NULL;
    char beside[PATH_MAX], ours[PATH_MAX];
    const char *from = sheet_described(path, ours, sizeof ours) ? ours : path;
    enum spr_code rc = sheet_read(from, &s, err);
    if (rc)
        return rc;
    sheet_folder(from, beside, sizeof beside);
    struct work w = { .sheet = &s, .folder = folder, .force = force };
    rc = list_files(&w, &out, err);
    if (!rc)
        rc = sheet_pages_load(&s, beside, &page, err);
    if (!rc && !(w.result = mem_zalloc((size_t)s.atlas.frames, sizeof *w.result)))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for %d frames", s.atlas.frames);
    w.page = page;
    if (!rc)
        pool_run(pool, s.atlas.frames, write_one, &w);
    for (int i = 0; !rc && i < s.atlas.frames; i++)
        if (w.result[i].rc)
            rc = SPR_FAIL(err, w.result[i].rc, "%s", w.result[i].err.text);
    mem_free(w.result);
    sheet_pages_free(&s, page);
    sheet_fini(&s);
    if (rc)
        unpacked_fini(&out);
    else
        *ret = out;
    return rc;
}

void unpacked_fini(struct unpacked *u)
{
    sheet_list_fini(&u->files);
}
