#include "cli/output.h"

#include "cli/file_name.h"
#include "cli/result.h"
#include "engine/papers.h"
#include "image/animation.h"

#include <stdio.h>
#include <string.h>

const char *const output_formats[] = { "png", "webp", "gif", NULL };

enum { FRAME_MS = 120 }; /* of an animation's frame */

#define FILE_BYTES_MAX ((size_t)256 << 20)

static enum spr_code read_format(const char *format, enum image_kind *ret, struct spr_error *err)
{
    for (size_t i = 0; output_formats[i]; i++)
        if (strcmp(format, output_formats[i]) == 0 && image_kind_named(format, ret))
            return SPR_OK;
    return args_wrong("format", format, "png, webp or gif", err);
}

static enum spr_code one_file(const char *out, enum image_kind kind, const char *format, size_t pictures,
                              struct output *o, struct spr_error *err)
{
    if (kind == IMAGE_JPEG)
        return SPR_FAIL(err, SPR_BADARG, "--out %.200s: JPEG blurs pixel art; use .png, .webp or .gif", out);
    if (format && kind != o->kind)
        return SPR_FAIL(err, SPR_BADARG, "--out %.200s and --format %s disagree", out, format);
    if (pictures > 1)
        return SPR_FAIL(err, SPR_BADARG,
                        "--out %.200s is one file, but %zu pictures are asked for; give a folder", out,
                        pictures);
    if (!o->force && file_exists(out))
        return result_taken(SPR_EXISTS, out, err);
    o->kind = kind;
    o->file = out;
    return SPR_OK;
}

enum spr_code output_read(const char *out, const char *format, bool force, size_t pictures,
                          struct output *ret, struct spr_error *err)
{
    struct output o = { .folder = ".", .kind = IMAGE_PNG, .force = force };
    enum image_kind named;
    enum spr_code rc = format ? read_format(format, &o.kind, err) : SPR_OK;
    if (!rc && out && !*out)
        rc = SPR_FAIL(err, SPR_BADARG, "--out is empty; it must be a folder or a file");
    if (!rc && result_one(out, &named)) {
        rc = one_file(out, named, format, pictures, &o, err);
    } else if (!rc && out) {
        size_t n = strlen(out);
        while (n > 1 && out[n - 1] == '/')
            n--;
        if (n >= sizeof o.folder)
            return SPR_FAIL(err, SPR_LIMIT, "--out is too long: %.80s...", out);
        snprintf(o.folder, sizeof o.folder, "%.*s", (int)n, out);
    }
    if (!rc)
        *ret = o;
    return rc;
}

static enum spr_code publish(const struct output *o, const char *stem, const struct buf *bytes,
                             char ret_path[PATH_MAX], struct spr_error *err)
{
    struct file_place place = { o->folder, stem, image_kind_name(o->kind), o->force };
    enum spr_code rc = SPR_OK;
    if (!o->file) {
        if (!file_is_folder(o->folder))
            rc = file_make_folder(o->folder, err);
        return rc ? rc : file_publish(&place, bytes->data, bytes->length, ret_path, err);
    }
    rc = file_write(o->file, bytes->data, bytes->length, o->force ? FILE_REPLACE : FILE_NEW, err);
    if (!rc)
        snprintf(ret_path, PATH_MAX, "%s", o->file);
    return rc;
}

static enum spr_code write_out(const struct output *o, const char *stem, const struct image *im,
                               const struct notes *notes, char ret_path[PATH_MAX], struct spr_error *err)
{
    struct buf bytes;
    buf_init(&bytes, FILE_BYTES_MAX);
    enum spr_code rc = image_encode(o->kind, im, notes, &bytes, err);
    if (!rc)
        rc = publish(o, stem, &bytes, ret_path, err);
    buf_fini(&bytes);
    return rc;
}

/* GIVES *ret (animation_fini), even on failure. */
static enum spr_code animate(const struct engine_picture *p, struct animation *ret, struct spr_error *err)
{
    struct request_sheet s;
    enum spr_code rc = SPR_OK;
    *ret = (struct animation){ 0 };
    request_sheet(&p->made_by, &s);
    for (int i = 0; !rc && i < s.cells; i++) {
        struct image cell;
        rc = engine_cell(p, i, &cell, err);
        if (!rc && (rc = animation_add(ret, &cell, FRAME_MS, err)))
            image_fini(&cell);
    }
    return rc;
}

static bool moves(const struct output *o, const struct engine_picture *p)
{
    return p->made_by.frames > 1 && (o->kind == IMAGE_GIF || o->kind == IMAGE_WEBP);
}

static enum spr_code write_moving(const struct output *o, const char *stem, const struct engine_picture *p,
                                  char ret_path[PATH_MAX], struct spr_error *err)
{
    struct animation a;
    struct buf bytes;
    buf_init(&bytes, FILE_BYTES_MAX);
    enum spr_code rc = animate(p, &a, err);
    if (!rc)
        rc = animation_encode(o->kind, &a, NULL, &bytes, err);
    if (!rc)
        rc = publish(o, stem, &bytes, ret_path, err);
    animation_fini(&a);
    buf_fini(&bytes);
    return rc;
}

/* The folder of a file, and its name without ending. */
static void place_of(const char *path, char folder[PATH_MAX], char stem[FILE_STEM_BYTES])
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    size_t length = dot && dot > name ? (size_t)(dot - name) : strlen(name);
    snprintf(folder, PATH_MAX, "%.*s", slash && slash > path ? (int)(slash - path) : 1, slash ? path : ".");
    snprintf(stem, FILE_STEM_BYTES, "%.*s", (int)length, name);
}

enum spr_code output_cells(const struct output *o, const char *path, const struct engine_picture *p,
                           int *ret_count, struct spr_error *err)
{
    struct request_sheet s;
    struct output beside = { .kind = o->kind, .force = o->force };
    char stem[FILE_STEM_BYTES], name[FILE_STEM_BYTES + 16], written[PATH_MAX];
    enum spr_code rc = SPR_OK;
    *ret_count = 0;
    if (!request_sheet(&p->made_by, &s) || moves(o, p))
        return SPR_OK;
    place_of(path, beside.folder, stem);
    for (int i = 0; !rc && i < s.cells; i++) {
        struct image cell;
        snprintf(name, sizeof name, "%s_%02d", stem, i + 1);
        rc = engine_cell(p, i, &cell, err);
        if (rc)
            break;
        rc = output_image(&beside, name, &cell, written, err);
        image_fini(&cell);
        *ret_count += rc == SPR_OK;
    }
    return rc;
}

enum spr_code output_picture(const struct output *o, const struct engine_picture *p, char ret_path[PATH_MAX],
                             struct spr_error *err)
{
    char stem[FILE_STEM_BYTES];
    file_stem(request_text(&p->made_by, REQUEST_PROMPT), p->made_by.seed, stem);
    if (p->made_by.vary > 0) {
        size_t n = strlen(stem);
        snprintf(stem + n, sizeof stem - n, "-v%llu", (unsigned long long)p->made_by.vary_seed);
    }
    return output_named(o, stem, p, ret_path, err);
}

enum spr_code output_named(const struct output *o, const char *stem, const struct engine_picture *p,
                           char ret_path[PATH_MAX], struct spr_error *err)
{
    struct notes notes = { 0 };
    if (moves(o, p))
        return write_moving(o, stem, p, ret_path, err);
    enum spr_code rc = papers_write(p, &notes, err);
    if (!rc)
        rc = write_out(o, stem, &p->pixels, &notes, ret_path, err);
    notes_fini(&notes);
    return rc;
}

enum spr_code output_image(const struct output *o, const char *stem, const struct image *im,
                           char ret_path[PATH_MAX], struct spr_error *err)
{
    return write_out(o, stem, im, NULL, ret_path, err);
}
