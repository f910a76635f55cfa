/* Frames are written as the boxes that change. As long as no opaque pixel becomes transparent, each box simply stays
 * (disposal 1). Where one does, a box cannot take it away: then every frame is cleared after its time (disposal 2) and
 * the next one is drawn whole, trimmed to what is opaque. Players begin each round with an empty canvas. */
#include "image/gif.h"

#include "base/mem.h"
#include "image/animation.h"

#include <assert.h>
#include <gif_lib.h>
#include <stdint.h>
#include <string.h>

enum { NO_TRANSPARENT = NO_TRANSPARENT_COLOR };

struct sink {
    struct buf *into;
    struct spr_error *err;
    enum spr_code rc;
};

static int take_bytes(GifFileType *gif, const GifByteType *from, int length)
{
    struct sink *s = gif->UserData;
    if (!s->rc)
        s->rc = buf_add(s->into, from, (size_t)length, s->err);
    return s->rc ? 0 : length;
}

static bool same_palette(const struct palette *a, const struct palette *b)
{
    if (a->count != b->count)
        return false;
    for (int i = 0; i < a->count; i++)
        if (!rgba_equal(a->colour[i], b->colour[i]))
            return false;
    return true;
}

static enum spr_code check(const struct indexed *frame, int count, struct spr_error *err)
{
    if (frame->width > 65535 || frame->height > 65535)
        return SPR_FAIL(err, SPR_LIMIT, "a GIF has sides up to 65535; the picture is %dx%d", frame->width,
                        frame->height);
    for (int i = 1; i < count; i++) {
        if (frame[i].width != frame->width || frame[i].height != frame->height)
            return SPR_FAIL(err, SPR_BADARG, "frame %d is %dx%d, the first one %dx%d", i, frame[i].width,
                            frame[i].height, frame->width, frame->height);
        if (!same_palette(&frame[i].palette, &frame->palette))
            return SPR_FAIL(err, SPR_BADARG, "frame %d has another palette than the first one", i);
    }
    return SPR_OK;
}

/* The transparent index, or NO_TRANSPARENT. */
static int transparent_of(const struct palette *p)
{
    for (int i = 0; i < p->count; i++)
        if (p->colour[i].a < 128)
            return i;
    return NO_TRANSPARENT;
}

/* What is written for that pixel: every transparent colour is the one transparent index. */
static int shown(const struct indexed *f, int transparent, size_t at)
{
    return f->palette.colour[f->index[at]].a < 128 ? transparent : f->index[at];
}

/* Whether some opaque pixel becomes transparent from one frame to the next. */
static bool must_clear(const struct indexed *frame, int count)
{
    const struct palette *p = &frame->palette;
    size_t pixels = (size_t)frame->width * (size_t)frame->height;
    for (int k = 1; k < count; k++)
        for (size_t i = 0; i < pixels; i++)
            if (p->colour[frame[k].index[i]].a < 128 && p->colour[frame[k - 1].index[i]].a >= 128)
                return true;
    return false;
}

/* What must be drawn: where f is not `before`, or where before is NULL, where f is opaque. Never empty. */
static struct box box_of(const struct indexed *f, const struct indexed *before, int transparent)
{
    int left = f->width, right = -1, top = f->height, bottom = -1;
    for (int y = 0; y < f->height; y++)
        for (int x = 0; x < f->width; x++) {
            size_t at = (size_t)y * (size_t)f->width + (size_t)x;
            int was = before ? shown(before, transparent, at) : transparent;
            if (shown(f, transparent, at) == was)
                continue;
            left = x < left ? x : left;
            right = x > right ? x : right;
            top = y < top ? y : top;
            bottom = y;
        }
    if (right < 0)
        return (struct box){ 0, 0, 1, 1 };
    return (struct box){ left, top, right - left + 1, bottom - top + 1 };
}

static int put_head(GifFileType *gif, const struct indexed *f, int count, int plays)
{
    int bits = 1;
    while (1 << bits < f->palette.count)
        bits++;
    GifColorType colour[256] = { 0 };
    for (int i = 0; i < f->palette.count; i++)
        colour[i] = (GifColorType){ f->palette.colour[i].r, f->palette.colour[i].g, f->palette.colour[i].b };
    ColorMapObject map = { .ColorCount = 1 << bits, .BitsPerPixel = bits, .Colors = colour };
    if (EGifPutScreenDesc(gif, f->width, f->height, bits, 0, &map) == GIF_ERROR)
        return GIF_ERROR;
    if (count < 2 || plays == 1)
        return GIF_OK;
    int again = plays > 65536 ? 65535 : plays ? plays - 1 : 0;
    uint8_t loop[] = { 1, (uint8_t)(again & 255),
                       (uint8_t)(again >> 8) }; /* sub-block 1: repeat so often, 0 for ever */
    if (EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE) == GIF_ERROR ||
        EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0") == GIF_ERROR ||
        EGifPutExtensionBlock(gif, sizeof loop, loop) == GIF_ERROR)
        return GIF_ERROR;
    return EGifPutExtensionTrailer(gif);
}

struct shot {
    const struct indexed *frame;
    struct box box;
    int transparent, disposal, hundredths;
};

static int put_frame(GifFileType *gif, const struct shot *s, uint8_t *line)
{
    GraphicsControlBlock control = {
        .DisposalMode = s->disposal,
        .DelayTime = s->hundredths > 65535 ? 65535 : s->hundredths,
        .TransparentColor = s->transparent,
    };
    GifByteType bytes[4];
    size_t length = EGifGCBToExtension(&control, bytes);
    if (EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, (int)length, bytes) == GIF_ERROR ||
        EGifPutImageDesc(gif, s->box.x, s->box.y, s->box.width, s->box.height, false, NULL) == GIF_ERROR)
        return GIF_ERROR;
    for (int y = s->box.y; y < s->box.y + s->box.height; y++) {
        for (int x = 0; x < s->box.width; x++)
            line[x] = (uint8_t)shown(s->frame, s->transparent,
                                     (size_t)y * (size_t)s->frame->width + (size_t)(s->box.x + x));
        if (EGifPutLine(gif, line, s->box.width) == GIF_ERROR)
            return GIF_ERROR;
    }
    return GIF_OK;
}

static int put_frames(GifFileType *gif, const struct indexed *frame, int count, const int *delay_ms,
                      uint8_t *line)
{
    int transparent = transparent_of(&frame->palette), good = GIF_OK;
    int64_t ms = 0,
            said = 0; /* since the beginning; in hundredths, so that what is rounded does not add up */
    bool clear = must_clear(frame, count);
    for (int i = 0; i < count && good == GIF_OK; i++) {
        struct shot s = {
            &frame[i], { 0, 0, frame->width, frame->height }, transparent, DISPOSAL_UNSPECIFIED, 0
        };
        if (delay_ms && delay_ms[i] > 0) {
            ms += delay_ms[i];
            int64_t due = (ms + 5) / 10 - said;
            s.hundredths = due < 2 ? 2 : (int)due;
        }
        said += s.hundredths;
        if (count > 1)
            s.disposal = clear ? DISPOSE_BACKGROUND : DISPOSE_DO_NOT;
        if (i)
            s.box = box_of(&frame[i], clear ? NULL : &frame[i - 1], transparent);
        good = put_frame(gif, &s, line);
    }
    return good;
}

enum spr_code gif_encode(const struct indexed *frame, int count, const int *delay_ms, int plays,
                         struct buf *into, struct spr_error *err)
{
    assert(count >= 1);
    enum spr_code rc = check(frame, count, err);
    if (rc)
        return rc;
    size_t before = into->length;
    struct sink sink = { .into = into, .err = err };
    int code = 0;
    uint8_t *line = mem_zalloc((size_t)frame->width, 1);
    GifFileType *gif = line ? EGifOpen(&sink, take_bytes, &code) : NULL;
    int good = gif ? GIF_OK : GIF_ERROR;
    if (good == GIF_OK) {
        EGifSetGifVersion(gif, true);
        good = put_head(gif, frame, count, plays);
    }
    if (good == GIF_OK)
        good = put_frames(gif, frame, count, delay_ms, line);
    if (gif && EGifCloseFile(gif, &code) == GIF_ERROR)
        good = GIF_ERROR;
    mem_free(line);
    if (good != GIF_OK && !sink.rc)
        sink.rc = SPR_FAIL(err, SPR_NOMEM, "no memory to write a GIF");
    if (sink.rc && into->data)
        into->data[into->length = before] = '\0';
    return sink.rc;
}

/* The animation with alpha of 0 or 255 alone, transparent pixels black. GIVES *ret. */
static enum spr_code cut(const struct animation *a, struct animation *ret, struct spr_error *err)
{
    struct animation to = { .palette = a->palette };
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < to.palette.count; i++) {
        struct rgba c = to.palette.colour[i];
        to.palette.colour[i] = c.a < 128 ? (struct rgba){ 0 } : (struct rgba){ c.r, c.g, c.b, 255 };
    }
    for (int i = 0; i < a->count && !rc; i++) {
        rc = animation_add_copy(&to, &a->frame[i].image, a->frame[i].ms, err);
        struct rgba *p = rc ? NULL : to.frame[i].image.pixel;
        for (size_t k = 0, n = (size_t)a->width * (size_t)a->height; k < n && !rc; k++)
            p[k] = p[k].a < 128 ? (struct rgba){ 0 } : (struct rgba){ p[k].r, p[k].g, p[k].b, 255 };
    }
    if (rc)
        animation_fini(&to);
    else
        *ret = to;
    return rc;
}

enum spr_code gif_encode_all(const struct animation *a, struct buf *into, struct spr_error *err)
{
    struct animation clear = { 0 };
    struct indexed *frame = mem_zalloc((size_t)a->count, sizeof *frame);
    int *ms = mem_zalloc((size_t)a->count, sizeof *ms);
    enum spr_code rc =
        frame && ms ? cut(a, &clear, err) : SPR_FAIL(err, SPR_NOMEM, "no memory for %d frames", a->count);
    if (!rc)
        rc = animation_indexed(&clear, frame, err);
    if (rc == SPR_LIMIT)
        rc = SPR_FAIL(err, SPR_LIMIT, "a GIF has at most 256 colours; the %s more",
                      a->count > 1 ? "frames together have" : "picture has");
    for (int i = 0; i < a->count && !rc; i++)
        ms[i] = a->frame[i].ms;
    if (!rc)
        rc = gif_encode(frame, a->count, ms, a->plays, into, err);
    for (int i = 0; frame && i < a->count; i++)
        indexed_fini(&frame[i]);
    animation_fini(&clear);
    mem_free(ms);
    mem_free(frame);
    return rc;
}
