#include "image/gif.h"

#include "base/mem.h"
#include "image/animation.h"

#include <gif_lib.h>
#include <stdint.h>
#include <string.h>

enum { NO_TRANSPARENT = NO_TRANSPARENT_COLOR };

struct source {
    const uint8_t *data;
    size_t size, at;
};

static int give_bytes(GifFileType *gif, GifByteType *to, int length)
{
    struct source *s = gif->UserData;
    size_t n = s->size - s->at;
    if (n > (size_t)length)
        n = (size_t)length;
    memcpy(to, s->data + s->at, n);
    s->at += n;
    return (int)n;
}

bool gif_is(const void *data, size_t size)
{
    return size >= 6 && (memcmp(data, "GIF87a", 6) == 0 || memcmp(data, "GIF89a", 6) == 0);
}

static enum spr_code failed(int code, const struct source *s, struct spr_error *err)
{
    const char *text = GifErrorString(code);
    if (code == D_GIF_ERR_NOT_ENOUGH_MEM || code == E_GIF_ERR_NOT_ENOUGH_MEM)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to read a GIF");
    if (s && s->at == s->size)
        return SPR_FAIL(err, SPR_BADDATA, "the GIF ends too early, after %zu bytes", s->size);
    return SPR_FAIL(err, SPR_BADDATA, "broken GIF before byte %zu: %s", s ? s->at : 0,
                    text ? text : "unknown error");
}

/* What stands before a frame. */
struct before {
    int transparent; /* index, or NO_TRANSPARENT */
    int disposal;    /* what becomes of the frame after its time */
    int hundredths;  /* of a second */
    int plays;       /* of the whole; 0 for ever */
    bool end;        /* no frame follows */
};

static enum spr_code read_extension(GifFileType *gif, const struct source *s, struct before *b,
                                    struct spr_error *err)
{
    int code;
    GifByteType *block;
    GraphicsControlBlock control;
    if (DGifGetExtension(gif, &code, &block) == GIF_ERROR)
        return failed(gif->Error, s, err);
    if (block && code == GRAPHICS_EXT_FUNC_CODE &&
        DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
        b->transparent = control.TransparentColor;
        b->disposal = control.DisposalMode;
        b->hundredths = control.DelayTime;
    }
    bool loops = block && code == APPLICATION_EXT_FUNC_CODE && block[0] == 11 &&
                 (memcmp(block + 1, "NETSCAPE2.0", 11) == 0 || memcmp(block + 1, "ANIMEXTS1.0", 11) == 0);
    while (block) {
        if (DGifGetExtensionNext(gif, &block) == GIF_ERROR)
            return failed(gif->Error, s, err);
        if (loops && block && block[0] >= 3 && (block[1] & 7) == 1) {
            int again = block[2] | block[3] << 8;
            b->plays = again ? again + 1 : 0;
        }
    }
    return SPR_OK;
}

/* Steps to the next image record. A file that stops where a frame could begin, as some do, ends there. */
static enum spr_code find_frame(GifFileType *gif, const struct source *s, struct before *b,
                                struct spr_error *err)
{
    b->transparent = NO_TRANSPARENT;
    b->disposal = DISPOSAL_UNSPECIFIED;
    b->hundredths = 0;
    enum spr_code rc = SPR_OK;
    while (!rc) {
        GifRecordType type;
        bool at_end = s->at == s->size;
        if (!at_end && DGifGetRecordType(gif, &type) == GIF_ERROR)
            return failed(gif->Error, s, err);
        b->end = at_end || type == TERMINATE_RECORD_TYPE;
        if (b->end)
            return SPR_OK;
        if (type == IMAGE_DESC_RECORD_TYPE)
            return DGifGetImageDesc(gif) == GIF_ERROR ? failed(gif->Error, s, err) : SPR_OK;
        rc = read_extension(gif, s, b, err);
    }
    return rc;
}

static enum spr_code read_frame(GifFileType *gif, const struct source *s, int transparent,
                                const struct image *canvas, struct spr_error *err)
{
    const GifImageDesc *d = &gif->Image;
    const ColorMapObject *map = d->ColorMap ? d->ColorMap : gif->SColorMap;
    if (!map)
        return SPR_FAIL(err, SPR_BADDATA, "the GIF has no colour table");
    uint8_t *line = mem_zalloc((size_t)d->Width, 1);
    if (!line)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a row of pixels");
    enum spr_code rc = SPR_OK;
    static const int first[4] = { 0, 4, 2, 1 }, step[4] = { 8, 8, 4, 2 };
    for (int pass = d->Interlace ? 0 : 3; pass < 4 && !rc; pass++)
        for (int y = d->Interlace ? first[pass] : 0; y < d->Height && !rc;
             y += d->Interlace ? step[pass] : 1) {
            if (DGifGetLine(gif, line, d->Width) == GIF_ERROR)
                rc = failed(gif->Error, s, err);
            for (int x = 0; x < d->Width && !rc; x++) {
                if (line[x] == transparent || line[x] >= map->ColorCount || d->Left + x >= canvas->width ||
                    d->Top + y >= canvas->height)
                    continue;
                GifColorType c = map->Colors[line[x]];
                *image_at(canvas, d->Left + x, d->Top + y) = (struct rgba){ c.Red, c.Green, c.Blue, 255 };
            }
        }
    mem_free(line);
    return rc;
}

/* A canvas of 0x0, or smaller than its first frame, occurs: the frame decides then, as in browsers. */
static enum spr_code make_canvas(const GifFileType *gif, const struct image_limits *limits,
                                 struct image *canvas, struct spr_error *err)
{
    const GifImageDesc *d = &gif->Image;
    int w = gif->SWidth > d->Left + d->Width ? gif->SWidth : d->Left + d->Width;
    int h = gif->SHeight > d->Top + d->Height ? gif->SHeight : d->Top + d->Height;
    enum spr_code rc = image_limits_check(limits, "GIF", (uint64_t)w, (uint64_t)h, err);
    return rc ? rc : image_init(canvas, w, h, err);
}

static void clear_box(const struct image *canvas, const GifImageDesc *d)
{
    for (int y = d->Top; y < d->Top + d->Height && y < canvas->height; y++)
        for (int x = d->Left; x < d->Left + d->Width && x < canvas->width; x++)
            *image_at(canvas, x, y) = (struct rgba){ 0 };
}

/* Where the file is, and what has been shown so far. */
struct player {
    GifFileType *gif;
    struct source from;
    const struct image_limits *limits;
    struct image canvas, kept; /* kept: what DISPOSE_PREVIOUS goes back to */
    struct animation *to;      /* NULL: only the first frame is wanted */
};

/* Draws the frame that find_frame found and hands out the canvas. */
static enum spr_code play_frame(struct player *p, const struct before *b, struct spr_error *err)
{
    const GifImageDesc *d = &p->gif->Image;
    if (d->Width < 1 || d->Height < 1)
        return SPR_FAIL(err, SPR_BADDATA, "the GIF's frame is %dx%d pixels", d->Width, d->Height);
    enum spr_code rc = p->canvas.pixel ? image_limits_check(p->limits, "GIF's frame", (uint64_t)d->Width,
                                                            (uint64_t)d->Height, err)
                                       : make_canvas(p->gif, p->limits, &p->canvas, err);
    if (!rc && p->to)
        rc = animation_check(p->to, p->limits, "GIF", &p->canvas, err);
    bool back = b->disposal == DISPOSE_PREVIOUS && p->to;
    if (!rc && back)
        rc = image_copy(&p->kept, &p->canvas, err);
    if (!rc)
        rc = read_frame(p->gif, &p->from, b->transparent, &p->canvas, err);
    if (!rc && p->to)
        rc = animation_add_copy(p->to, &p->canvas,
                                b->hundredths > ANIMATION_MS_MAX / 10 ? ANIMATION_MS_MAX
                                : b->hundredths > 1                   ? b->hundredths * 10
                                                                      : ANIMATION_MS_UNSAID,
                                err);
    if (!rc && b->disposal == DISPOSE_BACKGROUND)
        clear_box(&p->canvas, d);
    if (!rc && back) {
        image_fini(&p->canvas);
        p->canvas = p->kept;
        p->kept = (struct image){ 0 };
    }
    return rc;
}

static enum spr_code play(struct player *p, struct spr_error *err)
{
    struct before b = { .plays = 1 };
    enum spr_code rc = SPR_OK;
    for (int frames = 0; !rc; frames++) {
        rc = find_frame(p->gif, &p->from, &b, err);
        if (!rc && b.end && frames == 0)
            rc = SPR_FAIL(err, SPR_BADDATA, "the GIF has no picture in it");
        if (rc || b.end)
            break;
        rc = play_frame(p, &b, err);
        if (rc && frames > 0)
            spr_prefix(err, "frame %d", frames);
        if (!p->to)
            break;
    }
    if (!rc && p->to)
        p->to->plays = b.plays;
    return rc;
}

static enum spr_code open_and_play(const void *data, size_t size, struct player *p, struct spr_error *err)
{
    if (!gif_is(data, size))
        return SPR_FAIL(err, SPR_BADDATA, "not a GIF file");
    int code = 0;
    p->from = (struct source){ data, size, 0 };
    p->gif = DGifOpen(&p->from, give_bytes, &code);
    if (!p->gif)
        return failed(code, &p->from, err);
    enum spr_code rc = play(p, err);
    DGifCloseFile(p->gif, &code);
    image_fini(&p->kept);
    return rc;
}

enum spr_code gif_decode(const void *data, size_t size, const struct image_limits *limits, struct image *ret,
                         struct spr_error *err)
{
    struct player p = { .limits = limits };
    enum spr_code rc = open_and_play(data, size, &p, err);
    if (rc)
        image_fini(&p.canvas);
    else
        *ret = p.canvas;
    return rc;
}

enum spr_code gif_decode_all(const void *data, size_t size, const struct image_limits *limits,
                             struct animation *ret, struct spr_error *err)
{
    struct animation a = { 0 };
    struct player p = { .limits = limits, .to = &a };
    enum spr_code rc = open_and_play(data, size, &p, err);
    image_fini(&p.canvas);
    if (rc)
        animation_fini(&a);
    else
        *ret = a;
    return rc;
}
