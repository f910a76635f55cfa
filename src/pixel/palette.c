#include "pixel/palette.h"

#include "base/file.h"
#include "base/str.h"
#include "pixel/palette_formats.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FILE_BYTES_MAX ((size_t)16 << 20)
enum { BUILTINS_MAX = 64 };

/* In the order in which they are tried: the sure signs first, the guesses (hex, act) last. */
static const struct format {
    const char *name;
    bool transparency; /* it has a way to write it */
    bool (*is)(const uint8_t *data, size_t size);
    enum spr_code (*decode)(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err);
    enum spr_code (*encode)(const struct palette *p, const char *name, struct buf *into,
                            struct spr_error *err);
} formats[PALETTE_FORMAT_COUNT] = {
    [PALETTE_GPL] = { "gpl", false, gpl_is, gpl_decode, gpl_encode },
    [PALETTE_HEX] = { "hex", false, hex_is, hex_decode, hex_encode },
    [PALETTE_TXT] = { "txt", true, txt_is, hex_decode, txt_encode },
    [PALETTE_JASC] = { "jasc", false, jasc_is, jasc_decode, jasc_encode },
    [PALETTE_RIFF] = { "riff", false, riff_is, riff_decode, riff_encode },
    [PALETTE_ACT] = { "act", false, act_is, act_decode, act_encode },
    [PALETTE_ASE] = { "ase", false, ase_is, ase_decode, ase_encode },
    [PALETTE_PNG] = { "png", true, strip_is, strip_decode, strip_encode },
    [PALETTE_ASEPRITE] = { "aseprite", true, sprite_is, sprite_decode, sprite_encode },
};
static const enum palette_format order[] = { PALETTE_PNG, PALETTE_ASEPRITE, PALETTE_RIFF,
                                             PALETTE_ASE, PALETTE_GPL,      PALETTE_JASC,
                                             PALETTE_TXT, PALETTE_HEX,      PALETTE_ACT };

const char *palette_format_name(enum palette_format f)
{
    return formats[f].name;
}

bool palette_format_named(const char *name, enum palette_format *ret)
{
    for (int i = 0; i < PALETTE_FORMAT_COUNT; i++)
        if (strcasecmp(name, formats[i].name) == 0) {
            *ret = (enum palette_format)i;
            return true;
        }
    return false;
}

bool palette_format_of_path(const char *path, enum palette_format *ret)
{
    const char *dot = strrchr(path, '.');
    if (!dot || strchr(dot, '/'))
        return false;
    if (strcasecmp(dot + 1, "pal") == 0) {
        *ret = PALETTE_JASC;
        return true;
    }
    return palette_format_named(dot + 1, ret);
}

enum spr_code palette_add(struct palette *p, struct rgba c, struct spr_error *err)
{
    if (p->count == 256)
        return SPR_FAIL(err, SPR_LIMIT, "more than 256 colours; a palette has at most so many");
    p->colour[p->count++] = c.a < 128 ? (struct rgba){ 0 } : (struct rgba){ c.r, c.g, c.b, 255 };
    return SPR_OK;
}

enum spr_code palette_decode(const void *data, size_t size, struct palette *ret,
                             enum palette_format *ret_format, struct spr_error *err)
{
    struct palette p = { 0 };
    for (size_t i = 0; i < SPR_COUNT(order); i++) {
        const struct format *f = &formats[order[i]];
        if (!f->is(data, size))
            continue;
        enum spr_code rc = f->decode(data, size, &p, err);
        if (!rc && p.count == 0)
            rc = SPR_FAIL(err, SPR_BADDATA, "the palette has no colours");
        if (rc)
            return rc;
        *ret = p;
        if (ret_format)
            *ret_format = order[i];
        return SPR_OK;
    }
    return SPR_FAIL(err, SPR_BADDATA,
                    "not a palette; GIMP, hex, Paint.NET, JASC, RIFF, Adobe (act, ase), PNG and Aseprite "
                    "palettes can be read");
}

enum spr_code palette_encode(enum palette_format f, const struct palette *p, const char *name,
                             struct buf *into, struct spr_error *err)
{
    struct palette kept = { 0 };
    for (int i = 0; i < p->count; i++)
        if (formats[f].transparency || p->colour[i].a >= 128)
            kept.colour[kept.count++] = p->colour[i];
    if (kept.count == 0)
        return SPR_FAIL(err, SPR_BADARG, "the palette has no colour to write");
    size_t before = into->length;
    enum spr_code rc = formats[f].encode(&kept, name, into, err);
    if (rc && into->data)
        into->data[into->length = before] = '\0';
    return rc;
}

static enum spr_code unknown(const char *name, struct spr_error *err)
{
    const char *names[BUILTINS_MAX];
    int count = palette_builtin_count();
    for (int i = 0; i < count; i++)
        names[i] = palette_builtin_about(i).name;
    const char *near = str_nearest(name, names, (size_t)count);
    if (near)
        return SPR_FAIL(err, SPR_NOTFOUND, "no palette and no file is called %.100s; did you mean %s?", name,
                        near);
    return SPR_FAIL(err, SPR_NOTFOUND, "no palette and no file is called %.100s", name);
}

static enum spr_code copy_builtin(const struct palette *p, struct buf *into, struct spr_error *err)
{
    return into ? hex_encode(p, "", into, err) : SPR_OK;
}

enum spr_code palette_find(const char *name_or_path, struct palette *ret, struct buf *ret_bytes,
                           struct spr_error *err)
{
    struct palette p;
    if (palette_builtin(name_or_path, &p)) {
        enum spr_code rc = copy_builtin(&p, ret_bytes, err);
        if (!rc)
            *ret = p;
        return rc;
    }
    if (strcmp(name_or_path, "-") != 0 && !file_exists(name_or_path))
        return unknown(name_or_path, err);
    struct buf file;
    buf_init(&file, FILE_BYTES_MAX);
    enum spr_code rc = file_read(name_or_path, &file, err);
    if (!rc) {
        rc = palette_decode(file.data ? file.data : "", file.length, &p, NULL, err);
        if (!rc && ret_bytes)
            rc = buf_add(ret_bytes, file.data, file.length, err);
        if (rc)
            spr_prefix(err, "%.200s", name_or_path);
    }
    buf_fini(&file);
    if (!rc)
        *ret = p;
    return rc;
}
