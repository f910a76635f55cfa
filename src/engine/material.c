#include "engine/material.h"

#include "base/buf.h"
#include "base/file.h"
#include "engine/papers.h"
#include "image/load.h"
#include "pixel/palette.h"

#define FILE_BYTES_MAX ((size_t)64 << 20)

/* *im becomes size x size. */
static enum spr_code fit(struct image *im, int size, struct spr_error *err)
{
    int factor = im->width / size;
    struct image small;
    if (im->width != im->height || factor * size != im->width)
        return SPR_FAIL(err, SPR_BADARG,
                        "the picture is %d x %d; it must be %d x %d, or that enlarged by a whole factor",
                        im->width, im->height, size, size);
    if (factor == 1)
        return SPR_OK;
    enum spr_code rc = image_init(&small, size, size, err);
    if (rc)
        return rc;
    for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
            *image_at(&small, x, y) = *image_at(im, x * factor + factor / 2, y * factor + factor / 2);
    image_fini(im);
    *im = small;
    return SPR_OK;
}

static enum spr_code load_picture(const char *flag, const char *path, int size, struct image *ret,
                                  char ret_hash[DIGEST_HEX_BYTES], struct spr_error *err)
{
    struct buf bytes;
    buf_init(&bytes, FILE_BYTES_MAX);
    enum spr_code rc = file_read(path, &bytes, err);
    if (!rc)
        rc = image_decode(bytes.data, bytes.length, NULL, ret, NULL, err);
    if (!rc && size > 0)
        rc = fit(ret, size, err);
    if (rc)
        spr_prefix(err, "%s %.200s", flag, path);
    else
        digest_hex(bytes.data, bytes.length, ret_hash);
    buf_fini(&bytes);
    return rc;
}

static enum spr_code load_palette(const char *name, struct palette *ret, char ret_hash[DIGEST_HEX_BYTES],
                                  struct spr_error *err)
{
    struct buf bytes;
    buf_init(&bytes, FILE_BYTES_MAX);
    enum spr_code rc = palette_find(name, ret, &bytes, err);
    if (rc)
        spr_prefix(err, "--palette");
    else
        digest_hex(bytes.data, bytes.length, ret_hash);
    buf_fini(&bytes);
    return rc;
}

static enum spr_code load(struct material *ret, const struct request *r, int size, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    *ret = (struct material){ 0 };
    if (r->init.file)
        rc = load_picture("--init", r->init.file, size, &ret->init, ret->papers.init_hash, err);
    if (!rc && r->init.mask)
        rc = load_picture("--mask", r->init.mask, size, &ret->mask, ret->papers.mask_hash, err);
    if (!rc && r->finish.palette)
        rc = load_palette(r->finish.palette, &ret->palette, ret->papers.palette_hash, err);
    return rc;
}

enum spr_code material_load(struct material *ret, const struct request *r, struct spr_error *err)
{
    return load(ret, r, r->size, err);
}

enum spr_code material_load_whole(struct material *ret, const struct request *r, struct spr_error *err)
{
    return load(ret, r, 0, err);
}

void material_fini(struct material *m)
{
    image_fini(&m->init);
    image_fini(&m->mask);
}
