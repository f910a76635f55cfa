/* The palette files that are not text.
 *
 *     riff   "RIFF" size "PAL ", then chunks: tag(4) size(4) data; "data" is version 0x0300, count(2), rgb+flags each
 *     act    256 x rgb, and sometimes count(2) and transparent index(2), big-endian
 *     ase    "ASEF" version(4) blocks(4), big-endian; a block is type(2) length(4) data; a colour (type 1) is
 *            name length(2), UTF-16 name, model(4), floats, kind(2)
 *     strip  a PNG */
#include "pixel/palette_formats.h"

#include "image/animation.h"
#include "image/aseprite.h"
#include "image/colour.h"
#include "image/png.h"

#include <stdio.h>
#include <string.h>

static unsigned le16(const uint8_t *p)
{
    return (unsigned)p[0] | (unsigned)p[1] << 8;
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static unsigned be16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)be16(p) << 16 | be16(p + 2);
}

bool riff_is(const uint8_t *data, size_t size)
{
    return size >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp(data + 8, "PAL ", 4) == 0;
}

enum spr_code riff_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err)
{
    size_t at = 12;
    while (size - at >= 8) {
        uint32_t length = le32(data + at + 4);
        bool colours = memcmp(data + at, "data", 4) == 0;
        at += 8;
        if (length > size - at)
            break;
        if (colours) {
            unsigned count = length >= 4 ? le16(data + at + 2) : 0;
            if (length < 4 || le16(data + at) != 0x0300)
                return SPR_FAIL(err, SPR_BADDATA, "the RIFF palette's version is not 3.0");
            if (count > (length - 4) / 4)
                return SPR_FAIL(err, SPR_BADDATA, "%u colours are announced, but there are %u", count,
                                (unsigned)(length - 4) / 4);
            enum spr_code rc = SPR_OK;
            for (unsigned i = 0; i < count && !rc; i++) {
                const uint8_t *c = data + at + 4 + 4 * i;
                rc = palette_add(ret, (struct rgba){ c[0], c[1], c[2], 255 }, err);
            }
            return rc;
        }
        at += length + (length & 1 && length < size - at);
    }
    return SPR_FAIL(err, SPR_BADDATA, "the RIFF palette ends too early, after %zu bytes", size);
}

bool act_is(const uint8_t *data, size_t size)
{
    (void)data;
    return size == 768 || size == 772;
}

enum spr_code act_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err)
{
    unsigned count = 256, transparent = 0xffff;
    if (size == 772) {
        count = be16(data + 768);
        transparent = be16(data + 770);
    }
    if (count == 0 || count > 256)
        count = 256;
    enum spr_code rc = SPR_OK;
    for (unsigned i = 0; i < count && !rc; i++)
        rc = palette_add(
            ret, (struct rgba){ data[3 * i], data[3 * i + 1], data[3 * i + 2], i == transparent ? 0 : 255 },
            err);
    return rc;
}

bool ase_is(const uint8_t *data, size_t size)
{
    return size >= 12 && memcmp(data, "ASEF", 4) == 0;
}

/* A float 0..1 as a byte; not a number is 0. */
static uint8_t unit(const uint8_t *p)
{
    uint32_t bits = be32(p);
    float v;
    memcpy(&v, &bits, sizeof v);
    return byte_from_unit(v);
}

static uint8_t ink(const uint8_t *colour, const uint8_t *black)
{
    return (uint8_t)(((255 - unit(colour)) * (255 - unit(black)) + 127) / 255);
}

static enum spr_code ase_colour(const uint8_t *p, size_t length, struct palette *ret, struct spr_error *err)
{
    size_t name = length >= 2 ? 2 + 2 * (size_t)be16(p) : 2,
           values = length >= name + 4 ? length - name - 4 : 0;
    if (length < name + 4)
        return SPR_FAIL(err, SPR_BADDATA, "a swatch of %zu bytes is too short for its name", length);
    const uint8_t *model = p + name, *v = model + 4;
    if (memcmp(model, "RGB ", 4) == 0 && values >= 12)
        return palette_add(ret, (struct rgba){ unit(v), unit(v + 4), unit(v + 8), 255 }, err);
    if (memcmp(model, "Gray", 4) == 0 && values >= 4)
        return palette_add(ret, (struct rgba){ unit(v), unit(v), unit(v), 255 }, err);
    if (memcmp(model, "CMYK", 4) == 0 && values >= 16)
        return palette_add(ret, (struct rgba){ ink(v, v + 12), ink(v + 4, v + 12), ink(v + 8, v + 12), 255 },
                           err);
    if (memcmp(model, "LAB ", 4) == 0)
        return SPR_FAIL(err, SPR_UNSUPPORTED, "a swatch is in Lab; RGB, CMYK and grey ones can be read");
    return SPR_FAIL(err, SPR_BADDATA, "a swatch is too short, or its colour model is not known");
}

enum spr_code ase_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err)
{
    uint32_t blocks = be32(data + 8);
    size_t at = 12;
    for (uint32_t i = 0; i < blocks; i++) {
        if (size - at < 6 || be32(data + at + 2) > size - at - 6)
            return SPR_FAIL(err, SPR_BADDATA, "the swatch file ends too early, in block %u of %u", i + 1,
                            blocks);
        uint32_t length = be32(data + at + 2);
        enum spr_code rc = be16(data + at) == 1 ? ase_colour(data + at + 6, length, ret, err) : SPR_OK;
        if (rc)
            return rc;
        at += 6 + (size_t)length;
    }
    return SPR_OK;
}

bool strip_is(const uint8_t *data, size_t size)
{
    return png_is(data, size);
}

enum spr_code strip_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err)
{
    static const struct image_limits limits = { (size_t)16 << 20, (size_t)1 << 22, 8192 };
    struct palette table = { 0 };
    struct image im = { 0 };
    struct indexed few = { 0 };
    enum spr_code rc = png_decode_palette(data, size, &table, err);
    if (rc == SPR_NOTFOUND) {
        rc = png_decode(data, size, &limits, &im, NULL, err);
        if (!rc)
            rc = indexed_from_image(&few, &im, err);
        table = few.palette;
    }
    if (rc == SPR_LIMIT && im.pixel)
        rc = SPR_FAIL(err, SPR_LIMIT, "the picture has more than 256 colours; a palette has at most so many");
    for (int i = 0; i < table.count && !rc; i++)
        rc = palette_add(ret, table.colour[i], err);
    image_fini(&im);
    indexed_fini(&few);
    return rc;
}

enum spr_code riff_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err)
{
    unsigned length = 4 + 4 * (unsigned)p->count, all = length + 12;
    uint8_t head[24] = { 'R',
                         'I',
                         'F',
                         'F',
                         (uint8_t)all,
                         (uint8_t)(all >> 8),
                         0,
                         0,
                         'P',
                         'A',
                         'L',
                         ' ',
                         'd',
                         'a',
                         't',
                         'a',
                         (uint8_t)length,
                         (uint8_t)(length >> 8),
                         0,
                         0,
                         0,
                         3,
                         (uint8_t)p->count,
                         (uint8_t)(p->count >> 8) };
    (void)name;
    enum spr_code rc = buf_add(into, head, sizeof head, err);
    for (int i = 0; i < p->count && !rc; i++)
        rc = buf_add(into, (uint8_t[]){ p->colour[i].r, p->colour[i].g, p->colour[i].b, 0 }, 4, err);
    return rc;
}

enum spr_code act_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err)
{
    uint8_t file[772] = { 0 };
    (void)name;
    for (int i = 0; i < p->count; i++) {
        file[3 * i] = p->colour[i].r;
        file[3 * i + 1] = p->colour[i].g;
        file[3 * i + 2] = p->colour[i].b;
    }
    file[768] = (uint8_t)(p->count >> 8);
    file[769] = (uint8_t)p->count;
    file[770] = file[771] = 0xff;
    return buf_add(into, file, sizeof file, err);
}

static void put32(uint8_t *to, uint32_t v)
{
    to[0] = (uint8_t)(v >> 24), to[1] = (uint8_t)(v >> 16), to[2] = (uint8_t)(v >> 8), to[3] = (uint8_t)v;
}

static void put_unit(uint8_t *to, uint8_t v)
{
    float f = (float)v / 255;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    put32(to, bits);
}

enum spr_code ase_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err)
{
    uint8_t head[12] = { 'A', 'S', 'E', 'F', 0, 1, 0, 0 };
    (void)name;
    put32(head + 8, (uint32_t)p->count);
    enum spr_code rc = buf_add(into, head, sizeof head, err);
    for (int i = 0; i < p->count && !rc; i++) {
        /* type, length, name "rrggbb" and a 0 as UTF-16, model, three floats, kind: normal */
        uint8_t block[42] = { 0, 1, 0, 0, 0, 36, 0, 7, [22] = 'R', 'G', 'B', ' ' };
        char hex[7];
        snprintf(hex, sizeof hex, "%02x%02x%02x", p->colour[i].r, p->colour[i].g, p->colour[i].b);
        for (int k = 0; k < 6; k++)
            block[8 + 2 * k + 1] = (uint8_t)hex[k];
        put_unit(block + 26, p->colour[i].r);
        put_unit(block + 30, p->colour[i].g);
        put_unit(block + 34, p->colour[i].b);
        block[41] = 2;
        rc = buf_add(into, block, sizeof block, err);
    }
    return rc;
}

enum spr_code strip_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err)
{
    struct indexed strip;
    (void)name;
    enum spr_code rc = indexed_init(&strip, p->count, 1, err);
    if (rc)
        return rc;
    strip.palette = *p;
    for (int i = 0; i < p->count; i++)
        strip.index[i] = (uint8_t)i;
    rc = png_encode_indexed(&strip, NULL, into, err);
    indexed_fini(&strip);
    return rc;
}

/* Aseprite's mark is two bytes, which are the second colour of an .act as well (#..e0a5). An .act has no length before it. */
bool sprite_is(const uint8_t *data, size_t size)
{
    return aseprite_is(data, size) && (!act_is(data, size) || le32(data) == size);
}

enum spr_code sprite_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err)
{
    struct palette all, p = { 0 };
    enum spr_code rc = aseprite_decode_palette(data, size, &all, err);
    if (rc == SPR_NOTFOUND)
        rc = SPR_FAIL(err, SPR_BADDATA, "the Aseprite file has no palette");
    for (int i = 0; !rc && i < all.count; i++)
        rc = palette_add(&p, all.colour[i], err);
    if (!rc)
        *ret = p;
    return rc;
}

enum spr_code sprite_encode(const struct palette *p, const char *name, struct buf *into,
                            struct spr_error *err)
{
    struct animation a = { .palette = *p };
    struct image row;
    (void)name;
    enum spr_code rc = image_init(&row, p->count, 1, err);
    if (rc)
        return rc;
    memcpy(row.pixel, p->colour, (size_t)p->count * sizeof *row.pixel);
    rc = animation_add(&a, &row, 0, err);
    if (rc)
        image_fini(&row);
    else
        rc = aseprite_encode(&a, into, err);
    animation_fini(&a);
    return rc;
}
