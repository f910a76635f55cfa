/* The file, all numbers little-endian (the format's own description has the fields of each chunk):
 *     header(128): size(4) magic(2) frames(2) width(2) height(2) depth(2) flags(4) ... transparent(1) at 28 ...
 *     frame: bytes(4) magic(2) old-count(2) ms(2) 0(2) count(4), then chunks: size(4) type(2) data */
#include "base/mem.h"
#include "base/utf8.h"
#include "image/animation.h"
#include "image/aseprite_file.h"

#include <string.h>
#include <zlib.h>

enum { DEFLATE_RATIO_MAX = 1032 }; /* deflate never makes more bytes from one */
enum { CELS_MAX = 1 << 24, CEL_GROWTH = 16 };

uint32_t ase_get(struct ase_bytes *b, int bytes)
{
    uint32_t v = 0;
    if (b->left < (size_t)bytes) {
        b->over = true;
        b->left = 0;
        return 0;
    }
    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | b->p[i];
    b->p += bytes;
    b->left -= (size_t)bytes;
    return v;
}

int ase_get_short(struct ase_bytes *b)
{
    return (int16_t)ase_get(b, 2);
}

int32_t ase_get_long(struct ase_bytes *b)
{
    return (int32_t)ase_get(b, 4);
}

void ase_skip(struct ase_bytes *b, size_t n)
{
    if (n > b->left) {
        b->over = true;
        n = b->left;
    }
    b->p += n;
    b->left -= n;
}

enum spr_code ase_get_text(struct ase_bytes *b, char **ret, struct spr_error *err)
{
    size_t length = ase_get(b, 2), bad = 0;
    if (length > b->left) {
        b->over = true;
        length = b->left;
    }
    char *text = mem_text((const char *)b->p, length);
    if (!text)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a name");
    while (!utf8_valid(text, strlen(text), &bad))
        text[bad] = '?';
    ase_skip(b, length);
    *ret = text;
    return SPR_OK;
}

enum spr_code ase_spend(struct ase *a, uint64_t pixels, struct spr_error *err)
{
    uint64_t most = ASE_WORK * (uint64_t)a->most;
    if (pixels > most - a->work)
        return SPR_FAIL(err, SPR_LIMIT, "drawing the Aseprite file takes over %ju pixels", (uintmax_t)most);
    a->work += pixels;
    return SPR_OK;
}

enum spr_code ase_walk(const uint8_t *data, size_t size, int frames, ase_visit *visit, void *context,
                       struct spr_error *err)
{
    size_t at = ASE_HEADER_BYTES;
    for (int f = 0; f < frames; f++) {
        struct ase_bytes head = { data + at, size - at, false };
        size_t bytes = ase_get(&head, 4);
        uint32_t magic = ase_get(&head, 2), old_count = ase_get(&head, 2);
        ase_skip(&head, 4);
        uint32_t count = ase_get(&head, 4);
        if (head.over || bytes > size - at)
            return SPR_FAIL(err, SPR_BADDATA, "the Aseprite file ends too early, in frame %d of %d", f,
                            frames);
        if (magic != ASE_FRAME_MAGIC || bytes < ASE_FRAME_BYTES)
            return SPR_FAIL(err, SPR_BADDATA,
                            "broken Aseprite file: frame %d at byte %zu does not begin as one", f, at);
        count = count ? count : old_count;
        size_t inside = at + ASE_FRAME_BYTES, end = at + bytes;
        for (uint32_t i = 0; i < count; i++) {
            struct ase_bytes chunk = { data + inside, end - inside, false };
            size_t length = ase_get(&chunk, 4);
            struct ase_chunk c = { .frame = f, .type = ase_get(&chunk, 2), .offset = inside };
            if (chunk.over || length < 6 || length > end - inside)
                return SPR_FAIL(
                    err, SPR_BADDATA,
                    "broken Aseprite file: chunk %u of frame %d at byte %zu does not fit its frame", i, f,
                    inside);
            c.data = (struct ase_bytes){ data + inside + 6, length - 6, false };
            enum spr_code rc = visit(context, &c, err);
            if (rc)
                return rc;
            inside += length;
        }
        at = end;
    }
    return SPR_OK;
}

static enum spr_code broken(const struct ase_chunk *c, const char *what, struct spr_error *err)
{
    return SPR_FAIL(err, SPR_BADDATA, "broken Aseprite file: %s at byte %zu (frame %d) %s",
                    c->type == ASE_LAYER     ? "the layer"
                    : c->type == ASE_CEL     ? "the cel"
                    : c->type == ASE_TILESET ? "the tileset"
                                             : "the palette",
                    c->offset, c->frame, what);
}

/* Counts the pixels before they are allocated. */
static enum spr_code hold(struct ase *a, uint64_t pixels, struct spr_error *err)
{
    if (pixels > a->most - a->held)
        return SPR_FAIL(err, SPR_LIMIT, "the Aseprite file's cels have more than %zu pixels together",
                        a->most);
    a->held += (size_t)pixels;
    return SPR_OK;
}

/* `bytes` of pixels from the rest of the chunk, deflated or not. GIVES *ret (mem_free). */
static enum spr_code take_pixels(const struct ase_chunk *c, struct ase_bytes *from, size_t bytes,
                                 bool deflated, uint8_t **ret, struct spr_error *err)
{
    if (deflated ? bytes / DEFLATE_RATIO_MAX > from->left : bytes > from->left)
        return broken(c, "is too short to hold its pixels", err);
    uint8_t *to = mem_zalloc(bytes, 1);
    if (!to)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu bytes of pixels", bytes);
    bool good = true;
    if (deflated) {
        z_stream z = { .next_in = (Bytef *)from->p,
                       .avail_in = (uInt)from->left,
                       .next_out = to,
                       .avail_out = (uInt)bytes };
        good = inflateInit(&z) == Z_OK;
        int state = good ? inflate(&z, Z_FINISH) : Z_OK;
        good = good && (state == Z_STREAM_END || state == Z_BUF_ERROR) && z.avail_out == 0;
        inflateEnd(&z);
    } else {
        memcpy(to, from->p, bytes);
    }
    if (!good) {
        mem_free(to);
        return broken(c, "has damaged pixels", err);
    }
    *ret = to;
    return SPR_OK;
}

/* One more element: the array doubles at powers of two. Fails: SPR_NOMEM. */
static enum spr_code grow(void **array, int count, size_t size, struct spr_error *err)
{
    if (count >= CEL_GROWTH ? (count & (count - 1)) != 0 : count != 0)
        return SPR_OK;
    void *more = mem_resize(*array, count ? 2 * (size_t)count : CEL_GROWTH, size);
    if (!more)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to read an Aseprite file");
    *array = more;
    return SPR_OK;
}

static enum spr_code read_layer(struct ase *a, const struct ase_chunk *c, struct spr_error *err)
{
    struct ase_bytes b = c->data;
    struct ase_layer l = { .parent = -1 };
    l.flags = (int)ase_get(&b, 2);
    l.kind = (int)ase_get(&b, 2);
    l.level = (int)ase_get(&b, 2);
    ase_skip(&b, 4);
    l.blend = (int)ase_get(&b, 2);
    l.opacity = (int)ase_get(&b, 1);
    ase_skip(&b, 3);
    if (!(a->flags & ASE_LAYER_OPACITY))
        l.opacity = 255;
    if (l.kind == ASE_GROUP && !(a->flags & ASE_GROUP_BLENDING)) {
        l.opacity = 255;
        l.blend = 0;
    }
    if (l.kind > ASE_TILES)
        return SPR_FAIL(err, SPR_UNSUPPORTED, "the Aseprite file has a layer of an unknown kind, %d", l.kind);
    if (l.level > ASE_DEPTH_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "the Aseprite file has groups %d deep; %d are read", l.level,
                        (int)ASE_DEPTH_MAX);
    for (int i = a->layers - 1; i >= 0 && l.level > 0 && l.parent < 0; i = a->layer[i].parent)
        if (a->layer[i].level == l.level - 1 && a->layer[i].kind == ASE_GROUP)
            l.parent = i;
    if (l.level > 0 && l.parent < 0)
        return broken(c, "lies in no group", err);
    enum spr_code rc = grow((void **)&a->layer, a->layers, sizeof l, err);
    if (!rc)
        rc = ase_get_text(&b, &l.name, err);
    if (rc)
        return rc;
    if (l.kind == ASE_TILES)
        l.tileset = ase_get(&b, 4);
    a->layer[a->layers++] = l;
    return b.over ? broken(c, "is too short", err) : SPR_OK;
}

static enum spr_code find_link(struct ase *a, const struct ase_chunk *c, struct ase_cel *cel, int frame,
                               struct spr_error *err)
{
    if (frame >= c->frame)
        return broken(c, "is linked to a frame that does not come before it", err);
    const struct ase_frame *f = &a->frame[frame];
    enum spr_code rc = ase_spend(a, (uint64_t)f->cels, err);
    for (int i = f->first_cel; i < f->first_cel + f->cels && !rc; i++)
        if (a->cel[i].layer == cel->layer) {
            cel->link = a->cel[i].link >= 0 ? a->cel[i].link : i;
            return SPR_OK;
        }
    return rc ? rc : broken(c, "is linked to a cel that is not there", err);
}

static enum spr_code read_tiles(struct ase *a, const struct ase_chunk *c, struct ase_bytes *b,
                                struct ase_cel *cel, struct spr_error *err)
{
    const struct ase_layer *l = &a->layer[cel->layer];
    uint32_t bits = ase_get(b, 2);
    cel->id_mask = ase_get(b, 4);
    cel->x_flip = ase_get(b, 4);
    cel->y_flip = ase_get(b, 4);
    cel->d_flip = ase_get(b, 4);
    ase_skip(b, 10);
    cel->tiles = true;
    cel->tileset = -1;
    for (int i = 0; i < a->tilesets && l->kind == ASE_TILES; i++)
        if (a->tileset[i].id == l->tileset)
            cel->tileset = i;
    if (cel->tileset < 0)
        return broken(c, "has tiles but no tileset", err);
    if (bits != 32)
        return SPR_FAIL(err, SPR_UNSUPPORTED, "the Aseprite file has tiles of %u bits; 32 are known", bits);
    return take_pixels(c, b, (size_t)cel->width * (size_t)cel->height * 4, true, &cel->bytes, err);
}

static enum spr_code read_picture(struct ase *a, const struct ase_chunk *c, struct ase_bytes *b,
                                  uint32_t kind, struct ase_cel *cel, struct spr_error *err)
{
    cel->width = (int)ase_get(b, 2);
    cel->height = (int)ase_get(b, 2);
    if (cel->width == 0 || cel->height == 0)
        return broken(c, "is empty", err);
    enum spr_code rc = hold(a, (uint64_t)cel->width * (uint64_t)cel->height, err);
    if (rc)
        return rc;
    if (kind == ASE_TILEMAP)
        return read_tiles(a, c, b, cel, err);
    size_t bytes = (size_t)cel->width * (size_t)cel->height * (size_t)a->depth;
    return take_pixels(c, b, bytes, kind == ASE_DEFLATED, &cel->bytes, err);
}

static enum spr_code read_cel(struct ase *a, const struct ase_chunk *c, struct spr_error *err)
{
    struct ase_bytes b = c->data;
    struct ase_cel cel = { .link = -1 };
    cel.layer = (int)ase_get(&b, 2);
    cel.x = ase_get_short(&b);
    cel.y = ase_get_short(&b);
    cel.opacity = (int)ase_get(&b, 1);
    uint32_t kind = ase_get(&b, 2);
    cel.z = ase_get_short(&b);
    ase_skip(&b, 5);
    if (b.over)
        return broken(c, "is too short", err);
    if (cel.layer >= a->layers || a->layer[cel.layer].kind == ASE_GROUP)
        return broken(c, "belongs to a layer that is not there", err);
    if (kind > ASE_TILEMAP)
        return SPR_FAIL(err, SPR_UNSUPPORTED, "the Aseprite file has a cel of an unknown kind, %u", kind);
    if (a->cels == CELS_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "the Aseprite file has more than %d cels", (int)CELS_MAX);
    enum spr_code rc = grow((void **)&a->cel, a->cels, sizeof cel, err);
    if (!rc && kind == ASE_LINK)
        rc = find_link(a, c, &cel, (int)ase_get(&b, 2), err);
    else if (!rc)
        rc = read_picture(a, c, &b, kind, &cel, err);
    if (rc)
        return rc;
    a->cel[a->cels++] = cel;
    a->frame[c->frame].cels++;
    return SPR_OK;
}

static enum spr_code read_tileset(struct ase *a, const struct ase_chunk *c, struct spr_error *err)
{
    struct ase_bytes b = c->data;
    struct ase_tileset t = { .id = ase_get(&b, 4) };
    uint32_t flags = ase_get(&b, 4), count = ase_get(&b, 4);
    t.width = (int)ase_get(&b, 2);
    t.height = (int)ase_get(&b, 2);
    t.empty_0 = flags & 4;
    ase_skip(&b, 16);
    ase_skip(&b, ase_get(&b, 2)); /* its name */
    if (!(flags & 2))
        return SPR_FAIL(err, SPR_UNSUPPORTED, "the Aseprite file keeps a tileset in another file");
    ase_skip(&b, flags & 1 ? 8 : 0);
    size_t length = ase_get(&b, 4);
    if (b.over || length > b.left)
        return broken(c, "is too short", err);
    b.left = length;
    if (t.width == 0 || t.height == 0 || count == 0 || count > INT32_MAX)
        return broken(c, "is empty", err);
    uint64_t pixels = (uint64_t)t.width * (uint64_t)t.height;
    if (count > a->most / pixels)
        return SPR_FAIL(err, SPR_LIMIT,
                        "the Aseprite file has a tileset of %u tiles of %dx%d pixels; %zu pixels are read",
                        count, t.width, t.height, a->most);
    t.count = (int)count;
    enum spr_code rc = hold(a, pixels * count, err);
    if (!rc)
        rc = grow((void **)&a->tileset, a->tilesets, sizeof t, err);
    if (!rc)
        rc = take_pixels(c, &b, (size_t)pixels * count * (size_t)a->depth, true, &t.bytes, err);
    if (!rc)
        a->tileset[a->tilesets++] = t;
    return rc;
}

/* The frame's own palette, begun as a copy of the one before. GIVES nothing: it lies in a->palette. */
static enum spr_code own_palette(struct ase *a, int frame, struct palette **ret, struct spr_error *err)
{
    int now = a->frame[frame].palette;
    if (a->palettes && a->palette_of == frame) {
        *ret = &a->palette[now];
        return SPR_OK;
    }
    if (a->palettes == ASE_PALETTES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "the Aseprite file changes its palette more than %d times",
                        (int)ASE_PALETTES_MAX);
    enum spr_code rc = grow((void **)&a->palette, a->palettes, sizeof *a->palette, err);
    if (rc)
        return rc;
    a->palette[a->palettes] = now >= 0 ? a->palette[now] : (struct palette){ 0 };
    a->frame[frame].palette = a->palettes;
    a->palette_of = frame;
    *ret = &a->palette[a->palettes++];
    return SPR_OK;
}

static enum spr_code read_palette(struct ase *a, const struct ase_chunk *c, struct spr_error *err)
{
    struct ase_bytes b = c->data;
    struct palette *p = NULL;
    uint32_t count = ase_get(&b, 4), first = ase_get(&b, 4), last = ase_get(&b, 4);
    ase_skip(&b, 8);
    if (b.over || count == 0 || first > last)
        return broken(c, "is empty", err);
    enum spr_code rc = own_palette(a, c->frame, &p, err);
    if (rc)
        return rc;
    a->new_palette = true;
    p->count = count > 256 ? 256 : (int)count; /* an RGBA file may have more, which no pixel needs */
    for (uint32_t i = first; i <= last && i < 256 && !b.over; i++) {
        uint32_t flags = ase_get(&b, 2), colour = ase_get(&b, 4);
        if (flags & 1)
            ase_skip(&b, ase_get(&b, 2));
        p->colour[i] = (struct rgba){ (uint8_t)colour, (uint8_t)(colour >> 8), (uint8_t)(colour >> 16),
                                      (uint8_t)(colour >> 24) };
    }
    return b.over ? broken(c, "is too short", err) : SPR_OK;
}

static enum spr_code read_old_palette(struct ase *a, const struct ase_chunk *c, struct spr_error *err)
{
    struct ase_bytes b = c->data;
    struct palette *p = NULL;
    if (a->new_palette)
        return SPR_OK;
    enum spr_code rc = own_palette(a, c->frame, &p, err);
    int at = 0;
    for (uint32_t packets = ase_get(&b, 2); packets && !rc && !b.over; packets--) {
        at += (int)ase_get(&b, 1);
        int count = (int)ase_get(&b, 1);
        for (count = count ? count : 256; count && !b.over; count--, at++) {
            uint32_t r = ase_get(&b, 1), g = ase_get(&b, 1), blue = ase_get(&b, 1);
            if (c->type == ASE_OLD_PALETTE_6) {
                r = (r & 63) * 255 / 63;
                g = (g & 63) * 255 / 63;
                blue = (blue & 63) * 255 / 63;
            }
            if (at > 255)
                return broken(c, "has more than 256 colours", err);
            p->colour[at] = (struct rgba){ (uint8_t)r, (uint8_t)g, (uint8_t)blue, 255 };
            p->count = at >= p->count ? at + 1 : p->count;
        }
    }
    return rc ? rc : b.over ? broken(c, "is too short", err) : SPR_OK;
}

/* A frame begins with its first chunk, and with the palette of the frame before. */
static enum spr_code read_chunk(void *context, const struct ase_chunk *c, struct spr_error *err)
{
    struct ase *a = context;
    struct ase_frame *f = &a->frame[c->frame];
    if (f->palette < 0 && c->frame > 0)
        f->palette = a->palettes - 1;
    if (f->first_cel < 0)
        f->first_cel = a->cels;
    switch (c->type) {
    case ASE_LAYER:
        return read_layer(a, c, err);
    case ASE_CEL:
        return read_cel(a, c, err);
    case ASE_TILESET:
        return read_tileset(a, c, err);
    case ASE_PALETTE:
        return read_palette(a, c, err);
    case ASE_OLD_PALETTE:
    case ASE_OLD_PALETTE_6:
        return read_old_palette(a, c, err);
    default:
        return SPR_OK;
    }
}

static enum spr_code read_header(const uint8_t *data, size_t size, const struct image_limits *limits,
                                 int wanted, struct ase *a, struct spr_error *err)
{
    struct ase_bytes b = { data, size, false };
    ase_skip(&b, 6);
    uint32_t frames = ase_get(&b, 2);
    a->width = (int)ase_get(&b, 2);
    a->height = (int)ase_get(&b, 2);
    uint32_t depth = ase_get(&b, 2);
    a->flags = (int)ase_get(&b, 4);
    ase_skip(&b, 10);
    a->transparent = (int)ase_get(&b, 1);
    a->most = limits ? limits->pixels : image_limits_default.pixels;
    if (b.over || size < ASE_HEADER_BYTES)
        return SPR_FAIL(err, SPR_BADDATA, "the Aseprite file ends too early, in its header");
    if (depth != 8 && depth != 16 && depth != 32)
        return SPR_FAIL(err, SPR_BADDATA, "the Aseprite file says %u bits a pixel; 8, 16 and 32 are possible",
                        depth);
    if (frames == 0)
        return SPR_FAIL(err, SPR_BADDATA, "the Aseprite file has no frames");
    a->depth = (int)depth / 8;
    enum spr_code rc =
        image_limits_check(limits, "Aseprite file", (uint64_t)a->width, (uint64_t)a->height, err);
    if (rc)
        return rc;
    a->frames = (int)frames < wanted ? (int)frames : wanted;
    size_t one = (size_t)a->width * (size_t)a->height;
    if ((size_t)a->frames > a->most / one)
        return SPR_FAIL(
            err, SPR_LIMIT,
            "the Aseprite file has %d frames of %dx%d; up to %zu pixels are read, all frames together",
            a->frames, a->width, a->height, a->most);
    a->frame = mem_zalloc((size_t)a->frames, sizeof *a->frame);
    return a->frame ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for %d frames", a->frames);
}

/* Frame headers are looked at once more: where the frames lie was checked by the walk. */
static void read_times(struct ase *a, const uint8_t *data, size_t size)
{
    size_t at = ASE_HEADER_BYTES;
    uint32_t speed = (uint32_t)data[18] | (uint32_t)data[19] << 8;
    for (int f = 0; f < a->frames; f++) {
        struct ase_bytes b = { data + at, size - at, false };
        at += ase_get(&b, 4);
        ase_skip(&b, 4);
        uint32_t ms = ase_get(&b, 2);
        ms = ms ? ms : speed;
        a->frame[f].ms = ms ? (int)ms : ANIMATION_MS_UNSAID;
        if (a->frame[f].palette < 0 && f > 0)
            a->frame[f].palette = a->frame[f - 1].palette;
    }
}

enum spr_code ase_read(const uint8_t *data, size_t size, const struct image_limits *limits, int frames_wanted,
                       struct ase *ret, struct spr_error *err)
{
    struct ase a = { 0 };
    enum spr_code rc = read_header(data, size, limits, frames_wanted, &a, err);
    for (int f = 0; f < a.frames && !rc; f++)
        a.frame[f].palette = a.frame[f].first_cel = -1;
    if (!rc)
        rc = ase_walk(data, size, a.frames, read_chunk, &a, err);
    if (!rc)
        read_times(&a, data, size);
    if (rc)
        ase_fini(&a);
    else
        *ret = a;
    return rc;
}

void ase_fini(struct ase *a)
{
    for (int i = 0; i < a->layers; i++)
        mem_free(a->layer[i].name);
    for (int i = 0; i < a->cels; i++)
        mem_free(a->cel[i].bytes);
    for (int i = 0; i < a->tilesets; i++)
        mem_free(a->tileset[i].bytes);
    mem_free(a->palette);
    mem_free(a->tileset);
    mem_free(a->cel);
    mem_free(a->layer);
    mem_free(a->frame);
    *a = (struct ase){ 0 };
}
