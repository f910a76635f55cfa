#include "cli/result.h"

#include <stdio.h>
#include <string.h>

bool result_one(const char *out, enum image_kind *ret_kind)
{
    return out && !file_is_folder(out) && image_kind_of_path(out, ret_kind);
}

const char *result_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The name without its ending; a name that begins with its only dot has none. */
static int stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return (int)(dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

enum spr_code result_read(const char *out, size_t results, bool force, const char *what, struct result *ret,
                          struct spr_error *err)
{
    struct result r = { .out = out, .force = force, .kind = IMAGE_PNG, .what = what };
    r.one = result_one(out, &r.kind);
    if (out && !*out)
        return SPR_FAIL(err, SPR_BADARG, "--out is empty; it must be a folder or a file");
    if (r.one && r.kind == IMAGE_JPEG)
        return SPR_FAIL(err, SPR_BADARG,
                        "--out %.200s: JPEG blurs pixel art; use .png, .webp, .gif or .aseprite", out);
    if (r.one && results > 1)
        return SPR_FAIL(err, SPR_BADARG, "--out %.200s is one file, but there will be several; give a folder",
                        out);
    if (out && !r.one && results == 1 && !file_is_folder(out) && strchr(result_name(out), '.'))
        return SPR_FAIL(err, SPR_BADARG,
                        "--out %.200s: end it with .png, .webp, .gif or .aseprite, or a folder with /", out);
    *ret = r;
    return SPR_OK;
}

enum spr_code result_folder(const struct result *r, struct spr_error *err)
{
    return r->out && !r->one && !file_is_folder(r->out) ? file_make_folder(r->out, err) : SPR_OK;
}

enum image_kind result_kind(const struct result *r, const char *from)
{
    enum image_kind kind;
    if (r->one)
        return r->kind;
    return image_kind_of_path(from, &kind) && kind != IMAGE_JPEG ? kind : IMAGE_PNG;
}

enum spr_code result_path(const struct result *r, const char *name, const char *member, enum image_kind kind,
                          char ret[PATH_MAX], struct spr_error *err)
{
    const char *last = result_name(name), *kept = r->out ? name : last;
    int stem = (int)(last - kept) + stem_length(last), folder = r->out ? (int)strlen(r->out) : 0, n;
    while (folder > 1 && r->out[folder - 1] == '/')
        folder--;
    if (r->one)
        n = snprintf(ret, PATH_MAX, "%s", r->out);
    else if (r->out)
        n = snprintf(ret, PATH_MAX, "%.*s/%.*s%s.%s", folder, r->out, stem, kept, member,
                     image_kind_name(kind));
    else
        n = snprintf(ret, PATH_MAX, "%.*s%s.%s", stem, kept, *member ? member : r->what,
                     image_kind_name(kind));
    return n > 0 && n < PATH_MAX ? SPR_OK
                                 : SPR_FAIL(err, SPR_LIMIT, "the result's name is too long: %.80s...", name);
}

enum file_mode result_mode(const struct result *r)
{
    return r->force ? FILE_REPLACE : FILE_NEW;
}

enum spr_code result_taken(enum spr_code rc, const char *path, struct spr_error *err)
{
    return rc == SPR_EXISTS ? SPR_FAIL(err, rc, "%.200s exists already; --force replaces it", path) : rc;
}
