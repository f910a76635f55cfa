/* What is written: a colour profile (sRGB), a palette where the file is indexed or the animation has one, one layer,
 * tags and slices in the first frame; a cel in each frame, trimmed to what is not transparent. A frame that equals an
 * earlier one is a link to it. */
#include "image/aseprite.h"

#include "base/mem.h"
#include "image/animation.h"
#include "image/aseprite_file.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

/* Numbers into a buffer, little-endian; the first failure stays. */
struct out {
    struct buf *b;
    enum spr_code rc;
    struct spr_error *err;
};

static void put(struct out *o, int bytes, uint32_t v)
{
    uint8_t p[4];
    for (int i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
    if (!o->rc)
        o->rc = buf_add(o->b, p, (size_t)bytes, o->err);
}

static void zeros(struct out *o, int count)
{
    for (int i = 0; i < count; i++)
        put(o, 1, 0);
}

static void put_text(struct out *o, const char *text)
{
    size_t length = strlen(text);
    length = length > UINT16_MAX ? UINT16_MAX : length;
    put(o, 2, (uint32_t)length);
    if (!o->rc)
        o->rc = buf_add(o->b, text, length, o->err);
}

/* Writes the number at a place that was kept for it. */
static void patch(struct out *o, size_t at, int bytes, uint32_t v)
{
    for (int i = 0; i < bytes && !o->rc; i++)
        o->b->data[at + (size_t)i] = (char)(v >> (8 * i));
}

static size_t begin_chunk(struct out *o, enum ase_chunk_type type)
{
    size_t at = o->b->length;
    put(o, 4, 0);
    put(o, 2, type);
    return at;
}

static void end_chunk(struct out *o, size_t at)
{
    if (!o->rc && o->b->length - at > INT32_MAX)
        o->rc = SPR_FAIL(o->err, SPR_LIMIT, "the Aseprite file would have a chunk of over 2 GiB");
    if (!o->rc)
        patch(o, at, 4, (uint32_t)(o->b->length - at));
}

struct plan {
    const struct animation *a;
    struct indexed *indexed; /* (a->count), or NULL: RGBA */
    int transparent;         /* index; -1: none, the layer is a background */
    uint32_t chunks;         /* of this frame */
};

static void put_header(struct out *o, const struct plan *p)
{
    put(o, 4, 0); /* size of the file: patched */
    put(o, 2, ASE_MAGIC);
    put(o, 2, (uint32_t)p->a->count);
    put(o, 2, (uint32_t)p->a->width);
    put(o, 2, (uint32_t)p->a->height);
    put(o, 2, p->indexed ? 8 : 32);
    put(o, 4, ASE_LAYER_OPACITY);
    put(o, 2, 100); /* the old speed */
    zeros(o, 8);
    put(o, 1, p->transparent < 0 ? 0 : (uint32_t)p->transparent);
    zeros(o, 3);
    put(o, 2, p->indexed ? (uint32_t)p->indexed->palette.count & 255 : (uint32_t)p->a->palette.count & 255);
    put(o, 1, 1); /* square pixels */
    put(o, 1, 1);
    zeros(o, 4); /* where the grid begins */
    put(o, 2, 16);
    put(o, 2, 16);
    zeros(o, 84);
}

static void put_profile(struct out *o)
{
    size_t at = begin_chunk(o, ASE_PROFILE);
    put(o, 2, 1); /* sRGB */
    zeros(o, 14);
    end_chunk(o, at);
}

static void put_palette(struct out *o, const struct palette *c)
{
    size_t at = begin_chunk(o, ASE_PALETTE);
    put(o, 4, (uint32_t)c->count);
    put(o, 4, 0);
    put(o, 4, (uint32_t)c->count - 1);
    zeros(o, 8);
    for (int i = 0; i < c->count; i++) {
        put(o, 2, 0);
        put(o, 1, c->colour[i].r);
        put(o, 1, c->colour[i].g);
        put(o, 1, c->colour[i].b);
        put(o, 1, c->colour[i].a);
    }
    end_chunk(o, at);
}

static void put_layer(struct out *o, bool background)
{
    size_t at = begin_chunk(o, ASE_LAYER);
    put(o, 2, ASE_VISIBLE | 2 | (background ? ASE_BACKGROUND : 0)); /* 2: may be edited */
    put(o, 2, ASE_NORMAL);
    zeros(o, 8); /* level, sizes, blend mode */
    put(o, 1, 255);
    zeros(o, 3);
    put_text(o, background ? "Background" : "Layer 1");
    end_chunk(o, at);
}

static void put_tags(struct out *o, const struct animation *a)
{
    size_t at = begin_chunk(o, ASE_TAGS);
    put(o, 2, (uint32_t)a->tags);
    zeros(o, 8);
    for (int i = 0; i < a->tags; i++) {
        const struct tag *t = &a->tag[i];
        put(o, 2, (uint32_t)t->from);
        put(o, 2, (uint32_t)t->to);
        put(o, 1, t->direction);
        put(o, 2, (uint32_t)t->repeat);
        zeros(o, 10);
        put_text(o, t->name);
    }
    end_chunk(o, at);
}

static void put_box(struct out *o, struct box b)
{
    put(o, 4, (uint32_t)b.x);
    put(o, 4, (uint32_t)b.y);
    put(o, 4, (uint32_t)b.width);
    put(o, 4, (uint32_t)b.height);
}

static void put_slice(struct out *o, const struct slice *s)
{
    size_t at = begin_chunk(o, ASE_SLICE);
    uint32_t flags = 0;
    for (int i = 0; i < s->count; i++)
        flags |= (s->key[i].has_centre ? 1u : 0u) | (s->key[i].has_pivot ? 2u : 0u);
    put(o, 4, (uint32_t)s->count);
    put(o, 4, flags);
    put(o, 4, 0);
    put_text(o, s->name);
    for (int i = 0; i < s->count; i++) {
        put(o, 4, (uint32_t)s->key[i].frame);
        put_box(o, s->key[i].bounds);
        if (flags & 1)
            put_box(o, s->key[i].centre);
        if (flags & 2) {
            put(o, 4, (uint32_t)s->key[i].pivot_x);
            put(o, 4, (uint32_t)s->key[i].pivot_y);
        }
    }
    end_chunk(o, at);
}

static bool is_clear(const struct plan *p, int f, int x, int y)
{
    size_t at = (size_t)y * (size_t)p->a->width + (size_t)x;
    return p->indexed ? p->indexed[f].index[at] == p->transparent : p->a->frame[f].image.pixel[at].a == 0;
}

/* The smallest box around what is not transparent; false where there is nothing. */
static bool content(const struct plan *p, int f, struct box *ret)
{
    int left = p->a->width, right = -1, top = p->a->height, bottom = -1;
    for (int y = 0; y < p->a->height; y++)
        for (int x = 0; x < p->a->width; x++)
            if (!is_clear(p, f, x, y)) {
                left = x < left ? x : left;
                right = x > right ? x : right;
                top = y < top ? y : top;
                bottom = y;
            }
    *ret = (struct box){ left, top, right - left + 1, bottom - top + 1 };
    return right >= 0;
}

/* Appends the box's pixels, deflated. */
static enum spr_code put_pixels(struct out *o, const struct plan *p, int f, struct box box)
{
    size_t depth = p->indexed ? 1 : 4, row = (size_t)box.width * depth, bytes = row * (size_t)box.height;
    uint8_t *raw = mem_zalloc(bytes, 1);
    uLong most = compressBound((uLong)bytes);
    enum spr_code rc = raw ? buf_reserve(o->b, most, o->err)
                           : SPR_FAIL(o->err, SPR_NOMEM, "no memory for %zu bytes of pixels", bytes);
    for (int y = 0; y < box.height && !rc; y++) {
        size_t from = (size_t)(box.y + y) * (size_t)p->a->width + (size_t)box.x;
        if (p->indexed)
            memcpy(raw + (size_t)y * row, p->indexed[f].index + from, row);
        else
            memcpy(raw + (size_t)y * row, p->a->frame[f].image.pixel + from, row);
    }
    if (!rc && compress2((Bytef *)o->b->data + o->b->length, &most, raw, (uLong)bytes, 9) != Z_OK)
        rc = SPR_FAIL(o->err, SPR_NOMEM, "no memory to compress pixels");
    if (!rc)
        o->b->length += most;
    mem_free(raw);
    return rc;
}

/* An earlier frame that looks the same, or -1. Only the last few are looked at, so that many frames stay quick. */
static int twin(const struct animation *a, int f)
{
    struct box box;
    for (int k = f - 1; k >= 0 && k >= f - 64; k--)
        if (!image_difference(&a->frame[k].image, &a->frame[f].image, &box))
            return k;
    return -1;
}

static void put_cel(struct out *o, struct plan *p, int f)
{
    struct box box;
    if (!content(p, f, &box))
        return;
    int same = twin(p->a, f);
    size_t at = begin_chunk(o, ASE_CEL);
    put(o, 2, 0); /* layer */
    put(o, 2, (uint32_t)box.x);
    put(o, 2, (uint32_t)box.y);
    put(o, 1, 255);
    put(o, 2, same >= 0 ? ASE_LINK : ASE_DEFLATED);
    zeros(o, 7);
    if (same >= 0) {
        put(o, 2, (uint32_t)same);
    } else {
        put(o, 2, (uint32_t)box.width);
        put(o, 2, (uint32_t)box.height);
        if (!o->rc)
            o->rc = put_pixels(o, p, f, box);
    }
    end_chunk(o, at);
    p->chunks++;
}

static void put_frame(struct out *o, struct plan *p, int f)
{
    size_t at = o->b->length;
    const struct palette *colours = p->indexed ? &p->indexed->palette : &p->a->palette;
    put(o, 4, 0);
    put(o, 2, ASE_FRAME_MAGIC);
    put(o, 2, 0);
    put(o, 2, (uint32_t)(p->a->frame[f].ms ? p->a->frame[f].ms : ANIMATION_MS_UNSAID));
    zeros(o, 6);
    p->chunks = 0;
    if (f == 0) {
        put_profile(o);
        if (colours->count)
            put_palette(o, colours);
        put_layer(o, p->transparent < 0);
        if (p->a->tags)
            put_tags(o, p->a);
        p->chunks += 2u + (colours->count != 0) + (p->a->tags != 0);
    }
    put_cel(o, p, f);
    for (int i = 0; f == 0 && i < p->a->slices; i++, p->chunks++)
        put_slice(o, &p->a->slice[i]);
    if (!o->rc && o->b->length - at > INT32_MAX)
        o->rc = SPR_FAIL(o->err, SPR_LIMIT, "the Aseprite file would have a frame of over 2 GiB");
    if (o->rc)
        return;
    patch(o, at, 4, (uint32_t)(o->b->length - at));
    patch(o, at + 6, 2, p->chunks > 0xfffe ? 0xffff : p->chunks);
    patch(o, at + 12, 4, p->chunks);
}

/* Whether the frames can be indexed: no soft alpha, which editors lose there, and at most one transparent colour. Where there
 * is none, the first index that no colour has stands for it; where all 256 have one, the layer is a background, whose
 * pixels all count. */
static enum spr_code choose(struct plan *p, struct spr_error *err)
{
    const struct animation *a = p->a;
    int clear = 0;
    p->indexed = mem_zalloc((size_t)a->count, sizeof *p->indexed);
    enum spr_code rc = p->indexed ? animation_indexed(a, p->indexed, err)
                                  : SPR_FAIL(err, SPR_NOMEM, "no memory for %d frames", a->count);
    bool fits = rc == SPR_OK;
    p->transparent = -1;
    for (int i = 0; fits && i < p->indexed->palette.count; i++) {
        struct rgba c = p->indexed->palette.colour[i];
        if (c.a < 255 && (c.r || c.g || c.b || c.a))
            fits = false;
        if (c.a == 0 && clear++ == 0)
            p->transparent = i;
    }
    if (fits && clear == 0 && p->indexed->palette.count < 256)
        p->transparent = p->indexed->palette.count;
    if (!fits || clear > 1) {
        for (int f = 0; p->indexed && rc == SPR_OK && f < a->count; f++)
            indexed_fini(&p->indexed[f]);
        mem_free(p->indexed);
        p->indexed = NULL;
        p->transparent = 0;
    }
    return rc == SPR_LIMIT ? SPR_OK : rc;
}

enum spr_code aseprite_encode(const struct animation *a, struct buf *into, struct spr_error *err)
{
    struct plan p = { .a = a };
    struct out o = { .b = into, .err = err };
    size_t before = into->length;
    o.rc = choose(&p, err);
    put_header(&o, &p);
    for (int f = 0; f < a->count && !o.rc; f++)
        put_frame(&o, &p, f);
    if (!o.rc && into->length - before > INT32_MAX)
        o.rc = SPR_FAIL(err, SPR_LIMIT, "the Aseprite file would be over 2 GiB");
    patch(&o, before, 4, (uint32_t)(into->length - before));
    for (int f = 0; p.indexed && f < a->count; f++)
        indexed_fini(&p.indexed[f]);
    mem_free(p.indexed);
    if (o.rc && into->data)
        into->data[into->length = before] = '\0';
    return o.rc;
}
