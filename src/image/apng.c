#include "image/apng.h"

#include "base/mem.h"
#include "image/animation.h"
#include "image/png.h"
#include "image/png_chunk.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { DISPOSE_NONE, DISPOSE_CLEAR, DISPOSE_BACK };
enum { BLEND_SOURCE, BLEND_OVER };
enum { FCTL_BYTES = 26, IHDR_BYTES = 13 };

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int be16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static bool is(const struct png_chunk *c, const char *type)
{
    return memcmp(c->type, type, 4) == 0;
}

bool apng_is(const void *data, size_t size)
{
    struct png_chunk c;
    size_t offset = PNG_SIGNATURE_BYTES;
    if (!png_is(data, size))
        return false;
    while (png_chunk_next(data, size, &offset, &c) && !is(&c, "IDAT") && !is(&c, "IEND"))
        if (is(&c, "acTL"))
            return c.length == 8 && c.crc_good;
    return false;
}

/* Appends a chunk whose data is `prefix_length` bytes of prefix and then data[length]. */
static enum spr_code add_chunk(struct buf *b, const char *type, const void *prefix, size_t prefix_length,
                               const void *data, size_t length, struct spr_error *err)
{
    uint8_t head[8], tail[4];
    put32(head, (uint32_t)(prefix_length + length));
    memcpy(head + 4, type, 4);
    uLong crc = crc32_z(crc32_z(0, NULL, 0), head + 4, 4);
    if (prefix_length)
        crc = crc32_z(crc, prefix, prefix_length);
    if (length)
        crc = crc32_z(crc, data, length);
    put32(tail, (uint32_t)crc);
    enum spr_code rc = buf_add(b, head, sizeof head, err);
    if (!rc)
        rc = buf_add(b, prefix, prefix_length, err);
    if (!rc)
        rc = buf_add(b, data, length, err);
    return rc ? rc : buf_add(b, tail, sizeof tail, err);
}

struct control {
    uint32_t width, height, x, y;
    int ms, dispose, blend;
};

struct reader {
    const uint8_t *data;
    size_t size;
    const struct image_limits *limits;
    uint32_t frames, number; /* that acTL says; that the next fcTL or fdAT must have */
    uint8_t header[IHDR_BYTES];
    struct buf shared; /* the chunks that every frame needs: palette, transparency, colour space */
    struct buf one;    /* the frame that is being collected, as a PNG; empty: none is */
    struct control control;
    struct image canvas;
    struct animation to;
};

static enum spr_code read_control(struct reader *r, const struct png_chunk *c, struct spr_error *err)
{
    const uint8_t *p = c->data;
    struct control k = { .width = be32(p + 4), .height = be32(p + 8), .x = be32(p + 12), .y = be32(p + 16) };
    uint64_t w = (uint64_t)r->canvas.width, h = (uint64_t)r->canvas.height;
    int per = be16(p + 22) ? be16(p + 22) : 100;
    int64_t ms = ((int64_t)be16(p + 20) * 1000 + per / 2) / per;
    k.ms = ms < 1                  ? (be16(p + 20) ? 1 : ANIMATION_MS_UNSAID)
           : ms > ANIMATION_MS_MAX ? ANIMATION_MS_MAX
                                   : (int)ms;
    k.dispose = p[24];
    k.blend = p[25];
    if (k.width == 0 || k.height == 0 || (uint64_t)k.x + k.width > w || (uint64_t)k.y + k.height > h)
        return SPR_FAIL(err, SPR_BADDATA,
                        "frame %d of the APNG is %u x %u at %u, %u on a canvas of %ju x %ju", r->to.count,
                        k.width, k.height, k.x, k.y, (uintmax_t)w, (uintmax_t)h);
    if (k.dispose > DISPOSE_BACK || k.blend > BLEND_OVER)
        return SPR_FAIL(err, SPR_BADDATA, "frame %d of the APNG has disposal %d and blending %d", r->to.count,
                        k.dispose, k.blend);
    if (r->to.count == 0 && k.dispose == DISPOSE_BACK)
        k.dispose = DISPOSE_CLEAR; /* there is nothing to go back to */
    r->control = k;
    return animation_check(&r->to, r->limits, "APNG", &r->canvas, err);
}

/* Begins the PNG of one frame. */
static enum spr_code begin(struct reader *r, struct spr_error *err)
{
    static const uint8_t signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
    put32(r->header, r->control.width);
    put32(r->header + 4, r->control.height);
    r->one.length = 0;
    enum spr_code rc = buf_add(&r->one, signature, sizeof signature, err);
    if (!rc)
        rc = add_chunk(&r->one, "IHDR", NULL, 0, r->header, IHDR_BYTES, err);
    return rc ? rc : buf_add(&r->one, r->shared.data, r->shared.length, err);
}

/* q over p, straight alpha, rounded. */
static struct rgba over(struct rgba p, struct rgba q)
{
    if (q.a == 255 || p.a == 0)
        return q;
    if (q.a == 0)
        return p;
    unsigned u = q.a * 255u, v = (255u - q.a) * p.a, all = u + v;
    return (struct rgba){ (uint8_t)((q.r * u + p.r * v + all / 2) / all),
                          (uint8_t)((q.g * u + p.g * v + all / 2) / all),
                          (uint8_t)((q.b * u + p.b * v + all / 2) / all), (uint8_t)((all + 127) / 255) };
}

static void draw(const struct reader *r, const struct image *part)
{
    for (int y = 0; y < part->height; y++) {
        struct rgba *to = image_at(&r->canvas, (int)r->control.x, (int)r->control.y + y);
        const struct rgba *from = image_at(part, 0, y);
        for (int x = 0; x < part->width; x++)
            to[x] = r->control.blend == BLEND_OVER ? over(to[x], from[x]) : from[x];
    }
}

static void clear(const struct reader *r)
{
    for (uint32_t y = 0; y < r->control.height; y++)
        memset(image_at(&r->canvas, (int)r->control.x, (int)(r->control.y + y)), 0,
               r->control.width * sizeof(struct rgba));
}

/* Decodes what was collected, if anything was, and shows it. */
static enum spr_code finish(struct reader *r, struct spr_error *err)
{
    struct image part = { 0 }, before = { 0 };
    if (r->one.length == 0)
        return SPR_OK;
    enum spr_code rc = add_chunk(&r->one, "IEND", NULL, 0, NULL, 0, err);
    if (!rc)
        rc = png_decode(r->one.data, r->one.length, r->limits, &part, NULL, err);
    if (rc) {
        spr_prefix(err, "frame %d of the APNG", r->to.count);
        return rc;
    }
    r->one.length = 0;
    if (r->control.dispose == DISPOSE_BACK)
        rc = image_copy(&before, &r->canvas, err);
    if (!rc) {
        draw(r, &part);
        rc = animation_add_copy(&r->to, &r->canvas, r->control.ms, err);
    }
    if (r->control.dispose == DISPOSE_CLEAR)
        clear(r);
    if (!rc && before.pixel) {
        image_fini(&r->canvas);
        r->canvas = before;
        before = (struct image){ 0 };
    }
    image_fini(&before);
    image_fini(&part);
    return rc;
}

static enum spr_code read_header(struct reader *r, const struct png_chunk *c, struct spr_error *err)
{
    if (r->canvas.pixel || c->length != IHDR_BYTES)
        return SPR_FAIL(err, SPR_BADDATA, "broken IHDR chunk at byte %zu of the APNG", c->offset);
    memcpy(r->header, c->data, IHDR_BYTES);
    enum spr_code rc = image_limits_check(r->limits, "APNG", be32(c->data), be32(c->data + 4), err);
    return rc ? rc : image_init(&r->canvas, (int)be32(c->data), (int)be32(c->data + 4), err);
}

/* The number that begins fcTL and fdAT chunks. */
static enum spr_code check_number(struct reader *r, const struct png_chunk *c, struct spr_error *err)
{
    size_t least = is(c, "fcTL") ? FCTL_BYTES : 4;
    if (c->length < least || (is(c, "fcTL") && c->length != least))
        return SPR_FAIL(err, SPR_BADDATA, "broken %s chunk at byte %zu of the APNG", c->type, c->offset);
    if (be32(c->data) != r->number)
        return SPR_FAIL(err, SPR_BADDATA, "the %s chunk at byte %zu of the APNG has number %u; %u is due",
                        c->type, c->offset, be32(c->data), r->number);
    r->number++;
    return SPR_OK;
}

enum { SHARED_BYTES_MAX = 4096 };

/* Keeps chunks that say how the samples are to be read. A profile is not applied, but where there is one, gAMA is not
 * either; the short sRGB says the same. */
static enum spr_code share(struct reader *r, const struct png_chunk *c, struct spr_error *err)
{
    static const uint8_t perceptual = 0;
    if (is(c, "iCCP"))
        return add_chunk(&r->shared, "sRGB", NULL, 0, &perceptual, 1, err);
    if (is(c, "PLTE") || is(c, "tRNS") || is(c, "gAMA") || is(c, "sRGB"))
        return add_chunk(&r->shared, c->type, NULL, 0, c->data, c->length, err);
    return SPR_OK;
}

struct place {
    bool controlled; /* an fcTL came, and no data since */
    bool idat;       /* the default picture was there */
    bool still;      /* its data are being collected, as a frame's */
};

/* IDAT or fdAT: begins a frame, goes on with one, or is the default picture that is none. */
static enum spr_code read_data(struct reader *r, const struct png_chunk *c, struct place *at,
                               struct spr_error *err)
{
    bool fdat = is(c, "fdAT");
    enum spr_code rc = SPR_OK;
    if (fdat && !at->idat)
        return SPR_FAIL(err, SPR_BADDATA, "the APNG's frames begin before its default picture");
    if (!fdat && !at->controlled && r->one.length == 0 && r->to.count == 0 && r->number == 0) {
        at->idat = true;
        return SPR_OK;
    }
    bool begins = at->controlled && fdat == at->idat; /* only the first frame can be the default picture */
    if (!begins && (r->one.length == 0 || at->controlled || fdat == at->still))
        return SPR_FAIL(err, SPR_BADDATA, "the %s chunk at byte %zu of the APNG belongs to no frame", c->type,
                        c->offset);
    if (begins)
        rc = begin(r, err);
    at->still = !fdat;
    at->idat = true;
    at->controlled = false;
    return rc ? rc : add_chunk(&r->one, "IDAT", NULL, 0, c->data + 4 * fdat, c->length - 4 * fdat, err);
}

static enum spr_code read_chunk(struct reader *r, const struct png_chunk *c, struct place *at,
                                struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    bool fdat = is(c, "fdAT"), fctl = is(c, "fcTL");
    if (!c->crc_good && (c->type[0] < 'a' || fdat || fctl))
        return SPR_FAIL(err, SPR_BADDATA, "the %s chunk at byte %zu of the APNG has a wrong checksum",
                        c->type, c->offset);
    if (is(c, "IHDR"))
        return read_header(r, c, err);
    if (!r->canvas.pixel)
        return SPR_FAIL(err, SPR_BADDATA, "the APNG does not begin with IHDR");
    if (fdat || fctl)
        rc = check_number(r, c, err);
    if (!rc && fctl) {
        rc = finish(r, err);
        if (!rc && at->controlled)
            rc = SPR_FAIL(err, SPR_BADDATA, "frame %d of the APNG has no pixels", r->to.count);
        at->controlled = true;
        return rc ? rc : read_control(r, c, err);
    }
    if (!rc && (fdat || is(c, "IDAT")))
        return read_data(r, c, at, err);
    return rc || at->idat || !c->crc_good ? rc : share(r, c, err);
}

static enum spr_code read_all(struct reader *r, struct spr_error *err)
{
    struct png_chunk c;
    struct place at = { 0 };
    size_t offset = PNG_SIGNATURE_BYTES;
    bool end = false;
    enum spr_code rc = SPR_OK;
    while (!rc && !end && png_chunk_next(r->data, r->size, &offset, &c)) {
        end = is(&c, "IEND");
        if (is(&c, "acTL") && c.length == 8) {
            r->frames = be32(c.data);
            r->to.plays = be32(c.data + 4) > INT32_MAX ? 0 : (int)be32(c.data + 4);
        } else {
            rc = read_chunk(r, &c, &at, err);
        }
    }
    if (!rc)
        rc = finish(r, err);
    if (!rc && !end)
        rc = SPR_FAIL(err, SPR_BADDATA, "the APNG ends too early, after %zu bytes", r->size);
    if (!rc && (uint32_t)r->to.count != r->frames)
        rc = SPR_FAIL(err, SPR_BADDATA, "the APNG says that it has %u frames; there are %d", r->frames,
                      r->to.count);
    if (!rc && r->to.count == 0)
        rc = SPR_FAIL(err, SPR_BADDATA, "the APNG has no frames");
    return rc;
}

enum spr_code apng_decode(const void *data, size_t size, const struct image_limits *limits,
                          struct animation *ret, struct notes *ret_notes, struct spr_error *err)
{
    struct reader r = { .data = data, .size = size, .limits = limits };
    if (!apng_is(data, size))
        return SPR_FAIL(err, SPR_BADDATA, "not an APNG file");
    buf_init(&r.shared, SHARED_BYTES_MAX);
    buf_init(&r.one, 2 * size + 2 * SHARED_BYTES_MAX);
    enum spr_code rc = read_all(&r, err);
    if (!rc && ret_notes)
        rc = png_decode_notes(data, size, ret_notes, err);
    if (!rc && png_decode_palette(data, size, &r.to.palette, NULL))
        r.to.palette.count = 0; /* not a palette PNG */
    buf_fini(&r.one);
    buf_fini(&r.shared);
    image_fini(&r.canvas);
    if (rc)
        animation_fini(&r.to);
    else
        *ret = r.to;
    return rc;
}

struct writer {
    const struct animation *a;
    const struct notes *notes;
    struct indexed *indexed; /* (a->count), or NULL: RGB or RGBA */
    bool alpha;              /* of RGB or RGBA */
    uint32_t number;
    struct buf one; /* a frame as a PNG */
    struct buf *into;
};

/* The box of frame i, as a PNG in w->one. */
static enum spr_code encode_box(struct writer *w, int i, struct box box, struct spr_error *err)
{
    const struct notes *notes = i ? NULL : w->notes;
    w->one.length = 0;
    if (w->indexed) {
        struct indexed part;
        enum spr_code rc = indexed_init(&part, box.width, box.height, err);
        if (rc)
            return rc;
        part.palette = w->indexed[i].palette;
        for (int y = 0; y < box.height; y++)
            memcpy(part.index + (size_t)y * (size_t)box.width,
                   w->indexed[i].index + (size_t)(box.y + y) * (size_t)w->a->width + (size_t)box.x,
                   (size_t)box.width);
        rc = png_encode_indexed(&part, notes, &w->one, err);
        indexed_fini(&part);
        return rc;
    }
    struct image part;
    enum spr_code rc = image_init(&part, box.width, box.height, err);
    if (rc)
        return rc;
    for (int y = 0; y < box.height; y++)
        memcpy(image_at(&part, 0, y), image_at(&w->a->frame[i].image, box.x, box.y + y),
               (size_t)box.width * sizeof(struct rgba));
    rc = w->alpha ? png_encode_rgba(&part, notes, &w->one, err) : png_encode(&part, notes, &w->one, err);
    image_fini(&part);
    return rc;
}

static enum spr_code add_control(struct writer *w, int i, struct box box, struct spr_error *err)
{
    uint8_t c[FCTL_BYTES] = { 0 };
    uint32_t ms = (uint32_t)(w->a->frame[i].ms > 65535 ? 65535 : w->a->frame[i].ms);
    put32(c, w->number++);
    put32(c + 4, (uint32_t)box.width);
    put32(c + 8, (uint32_t)box.height);
    put32(c + 12, (uint32_t)box.x);
    put32(c + 16, (uint32_t)box.y);
    put32(c + 20, ms << 16 | 1000);
    return add_chunk(w->into, "fcTL", NULL, 0, c, sizeof c, err);
}

/* Copies the frame's chunks: of the first one all of them, with acTL after IHDR; of the others the data, as fdAT. */
static enum spr_code add_frame(struct writer *w, int i, struct box box, struct spr_error *err)
{
    struct png_chunk c;
    size_t offset = PNG_SIGNATURE_BYTES;
    enum spr_code rc = i ? SPR_OK : buf_add(w->into, w->one.data, PNG_SIGNATURE_BYTES, err);
    bool controlled = false;
    while (!rc && png_chunk_next((const uint8_t *)w->one.data, w->one.length, &offset, &c) &&
           !is(&c, "IEND")) {
        bool data = is(&c, "IDAT");
        if (data && !controlled)
            rc = add_control(w, i, box, err);
        controlled = controlled || data;
        if (!rc && i == 0)
            rc = add_chunk(w->into, c.type, NULL, 0, c.data, c.length, err);
        if (!rc && i && data) {
            uint8_t number[4];
            put32(number, w->number++);
            rc = add_chunk(w->into, "fdAT", number, sizeof number, c.data, c.length, err);
        }
        if (!rc && i == 0 && is(&c, "IHDR")) {
            uint8_t counts[8];
            put32(counts, (uint32_t)w->a->count);
            put32(counts + 4, (uint32_t)w->a->plays);
            rc = add_chunk(w->into, "acTL", NULL, 0, counts, sizeof counts, err);
        }
    }
    return rc;
}

static bool any_alpha(const struct animation *a)
{
    for (int i = 0; i < a->count; i++)
        for (size_t k = 0, n = (size_t)a->width * (size_t)a->height; k < n; k++)
            if (a->frame[i].image.pixel[k].a != 255)
                return true;
    return false;
}

enum spr_code apng_encode(const struct animation *a, const struct notes *notes, struct buf *into,
                          struct spr_error *err)
{
    struct writer w = { .a = a, .notes = notes, .into = into };
    size_t before = into->length;
    buf_init(&w.one, SIZE_MAX / 2);
    w.indexed = mem_zalloc((size_t)a->count, sizeof *w.indexed);
    enum spr_code rc = w.indexed ? animation_indexed(a, w.indexed, err)
                                 : SPR_FAIL(err, SPR_NOMEM, "no memory for %d frames", a->count);
    if (rc == SPR_LIMIT) { /* too many colours for a palette */
        mem_free(w.indexed);
        w.indexed = NULL;
        w.alpha = any_alpha(a);
        rc = SPR_OK;
    }
    for (int i = 0; i < a->count && !rc; i++) {
        struct box box = { 0, 0, a->width, a->height };
        if (i && !image_difference(&a->frame[i - 1].image, &a->frame[i].image, &box))
            box = (struct box){ 0, 0, 1, 1 };
        rc = encode_box(&w, i, box, err);
        if (!rc)
            rc = add_frame(&w, i, box, err);
    }
    if (!rc)
        rc = add_chunk(into, "IEND", NULL, 0, NULL, 0, err);
    for (int i = 0; w.indexed && i < a->count; i++)
        indexed_fini(&w.indexed[i]);
    mem_free(w.indexed);
    buf_fini(&w.one);
    if (rc && into->data)
        into->data[into->length = before] = '\0';
    return rc;
}
