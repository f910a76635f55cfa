#include "image/load.h"

#include "image/animation.h"
#include "image/aseprite.h"
#include "image/gif.h"
#include "image/jpeg.h"
#include "image/png.h"
#include "image/webp.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static enum spr_code png_only(const void *data, size_t size, const struct image_limits *limits,
                              struct image *ret, struct spr_error *err)
{
    return png_decode(data, size, limits, ret, NULL, err);
}

static const struct {
    const char *name;
    bool (*is)(const void *data, size_t size);
    enum spr_code (*decode)(const void *data, size_t size, const struct image_limits *limits,
                            struct image *ret, struct spr_error *err);
} kinds[IMAGE_KIND_COUNT] = {
    [IMAGE_PNG] = { "png", png_is, png_only },
    [IMAGE_JPEG] = { "jpeg", jpeg_is, jpeg_decode },
    [IMAGE_WEBP] = { "webp", webp_is, webp_decode },
    [IMAGE_GIF] = { "gif", gif_is, gif_decode },
    [IMAGE_ASEPRITE] = { "aseprite", aseprite_is, aseprite_decode },
};

/* Kinds that people will try: named, so that the refusal helps. */
static const struct {
    const char *name;
    size_t at;
    const char *bytes;
    size_t length;
} unread[] = {
    { "a BMP picture", 0, "BM", 2 },
    { "a TIFF picture", 0, "II*\0", 4 },
    { "a TIFF picture", 0, "MM\0*", 4 },
    { "a Photoshop file", 0, "8BPS", 4 },
    { "an AVIF or HEIF picture", 4, "ftyp", 4 },
    { "a JPEG XL picture", 0, "\xff\x0a", 2 },
    { "a JPEG XL picture", 4, "JXL ", 4 },
    { "a JPEG 2000 picture", 4, "jP  ", 4 },
    { "a QOI picture", 0, "qoif", 4 },
    { "a Krita or OpenRaster file", 0, "PK\x03\x04", 4 },
    { "a GIMP file", 0, "gimp xcf", 8 },
    { "a PDF document", 0, "%PDF", 4 },
    { "an SVG drawing", 0, "<svg", 4 },
    { "an XML text, perhaps an SVG", 0, "<?xml", 5 },
    { "an icon file", 0, "\0\0\1\0", 4 },
};

const char *image_kind_name(enum image_kind kind)
{
    return kinds[kind].name;
}

bool image_kind_named(const char *name, enum image_kind *ret)
{
    if (strcasecmp(name, "jpg") == 0)
        name = "jpeg";
    if (strcasecmp(name, "apng") == 0)
        name = "png";
    if (strcasecmp(name, "ase") == 0)
        name = "aseprite";
    for (size_t i = 0; i < SPR_COUNT(kinds); i++)
        if (strcasecmp(name, kinds[i].name) == 0) {
            *ret = (enum image_kind)i;
            return true;
        }
    return false;
}

bool image_kind_of_path(const char *path, enum image_kind *ret)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    return dot && dot > name && image_kind_named(dot + 1, ret);
}

/* By the first bytes. */
static bool kind_of(const void *data, size_t size, enum image_kind *ret)
{
    for (size_t i = 0; i < SPR_COUNT(kinds); i++)
        if (kinds[i].is(data, size)) {
            *ret = (enum image_kind)i;
            return true;
        }
    return false;
}

static enum spr_code unknown(const void *data, size_t size, struct spr_error *err)
{
    if (size == 0)
        return SPR_FAIL(err, SPR_BADDATA, "empty; not a picture");
    for (size_t i = 0; i < SPR_COUNT(unread); i++)
        if (size >= unread[i].at + unread[i].length &&
            memcmp((const char *)data + unread[i].at, unread[i].bytes, unread[i].length) == 0)
            return SPR_FAIL(err, SPR_UNSUPPORTED, "%s; PNG, JPEG, WebP, GIF and Aseprite can be read",
                            unread[i].name);
    return SPR_FAIL(err, SPR_BADDATA, "not a picture; PNG, JPEG, WebP, GIF and Aseprite can be read");
}

enum spr_code image_decode(const void *data, size_t size, const struct image_limits *limits,
                           struct image *ret, struct notes *ret_notes, struct spr_error *err)
{
    enum image_kind kind;
    if (!kind_of(data, size, &kind))
        return unknown(data, size, err);
    if (kind == IMAGE_PNG)
        return png_decode(data, size, limits, ret, ret_notes, err);
    return kinds[kind].decode(data, size, limits, ret, err);
}

enum spr_code image_load(const char *path, const struct image_limits *limits, struct image *ret,
                         struct notes *ret_notes, struct spr_error *err)
{
    struct buf file;
    buf_init(&file, limits ? limits->file_bytes : image_limits_default.file_bytes);
    enum spr_code rc = file_read(path, &file, err);
    if (!rc) {
        rc = image_decode(file.data, file.length, limits, ret, ret_notes, err);
        if (rc)
            spr_prefix(err, "%.200s", path);
    }
    buf_fini(&file);
    return rc;
}

static enum spr_code encode_gif(const struct image *im, struct buf *into, struct spr_error *err)
{
    struct image cut = { 0 };
    struct indexed few = { 0 };
    enum spr_code rc = image_copy(&cut, im, err);
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; !rc && i < n; i++)
        cut.pixel[i] = cut.pixel[i].a < 128
                           ? (struct rgba){ 0 }
                           : (struct rgba){ cut.pixel[i].r, cut.pixel[i].g, cut.pixel[i].b, 255 };
    if (!rc)
        rc = indexed_from_image(&few, &cut, err);
    if (rc == SPR_LIMIT)
        rc = SPR_FAIL(err, SPR_LIMIT, "a GIF has at most 256 colours; the picture has more");
    if (!rc)
        rc = gif_encode(&few, 1, NULL, 1, into, err);
    image_fini(&cut);
    indexed_fini(&few);
    return rc;
}

static enum spr_code encode_aseprite(const struct image *im, struct buf *into, struct spr_error *err)
{
    struct animation a = { 0 };
    enum spr_code rc = animation_add_copy(&a, im, 0, err);
    if (!rc)
        rc = aseprite_encode(&a, into, err);
    animation_fini(&a);
    return rc;
}

enum spr_code image_encode(enum image_kind kind, const struct image *im, const struct notes *notes,
                           struct buf *into, struct spr_error *err)
{
    switch (kind) {
    case IMAGE_PNG:
        return png_encode_best(im, notes, into, err);
    case IMAGE_WEBP:
        return webp_encode(im, into, err);
    case IMAGE_GIF:
        return encode_gif(im, into, err);
    case IMAGE_ASEPRITE:
        return encode_aseprite(im, into, err);
    default:
        return SPR_FAIL(err, SPR_UNSUPPORTED, "%s is not written; PNG, WebP, GIF and Aseprite are",
                        kinds[kind].name);
    }
}

enum spr_code image_save(const char *path, enum image_kind kind, const struct image *im,
                         const struct notes *notes, enum file_mode mode, struct spr_error *err)
{
    struct buf file;
    buf_init(&file, SIZE_MAX / 2);
    enum spr_code rc = image_encode(kind, im, notes, &file, err);
    if (!rc)
        rc = file_write(path, file.data, file.length, mode, err);
    buf_fini(&file);
    return rc;
}
