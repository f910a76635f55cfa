#include "image/gif.h"

#include "base/mem.h"

#include <assert.h>
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

/* Steps to the first image record; *transparent is the transparent index or NO_TRANSPARENT. */
static enum spr_code find_frame(GifFileType *gif, const struct source *s, int *transparent,
                                struct spr_error *err)
{
    for (;;) {
        GifRecordType type;
        if (DGifGetRecordType(gif, &type) == GIF_ERROR)
            return failed(gif->Error, s, err);
        if (type == TERMINATE_RECORD_TYPE)
            return SPR_FAIL(err, SPR_BADDATA, "the GIF has no picture in it");
        if (type == IMAGE_DESC_RECORD_TYPE)
            return DGifGetImageDesc(gif) == GIF_ERROR ? failed(gif->Error, s, err) : SPR_OK;
        int code;
        GifByteType *block;
        GraphicsControlBlock control;
        if (DGifGetExtension(gif, &code, &block) == GIF_ERROR)
            return failed(gif->Error, s, err);
        if (block && code == GRAPHICS_EXT_FUNC_CODE &&
            DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
            *transparent = control.TransparentColor;
        while (block)
            if (DGifGetExtensionNext(gif, &block) == GIF_ERROR)
                return failed(gif->Error, s, err);
    }
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
                if (line[x] == transparent || line[x] >= map->ColorCount)
                    continue;
                GifColorType c = map->Colors[line[x]];
                *image_at(canvas, d->Left + x, d->Top + y) = (struct rgba){ c.Red, c.Green, c.Blue, 255 };
            }
        }
    mem_free(line);
    return rc;
}

static enum spr_code read_all(GifFileType *gif, const struct source *s, const struct image_limits *limits,
                              struct image *canvas, struct spr_error *err)
{
    int transparent = NO_TRANSPARENT;
    enum spr_code rc = find_frame(gif, s, &transparent, err);
    if (rc)
        return rc;
    const GifImageDesc *d = &gif->Image;
    /* A canvas of 0x0, or smaller than its frame, occurs: the frame decides then, as in browsers. */
    int w = gif->SWidth > d->Left + d->Width ? gif->SWidth : d->Left + d->Width;
    int h = gif->SHeight > d->Top + d->Height ? gif->SHeight : d->Top + d->Height;
    if (d->Width < 1 || d->Height < 1)
        return SPR_FAIL(err, SPR_BADDATA, "the GIF's frame is %dx%d pixels", d->Width, d->Height);
    rc = image_limits_check(limits, "GIF", (uint64_t)w, (uint64_t)h, err);
    if (!rc)
        rc = image_init(canvas, w, h, err);
    if (!rc)
        rc = read_frame(gif, s, transparent, canvas, err);
    return rc;
}

enum spr_code gif_decode(const void *data, size_t size, const struct image_limits *limits, struct image *ret,
                         struct spr_error *err)
{
    if (!gif_is(data, size))
        return SPR_FAIL(err, SPR_BADDATA, "not a GIF file");
    struct source s = { data, size, 0 };
    struct image im = { 0 };
    int code = 0;
    GifFileType *gif = DGifOpen(&s, give_bytes, &code);
    if (!gif)
        return failed(code, &s, err);
    enum spr_code rc = read_all(gif, &s, limits, &im, err);
    DGifCloseFile(gif, &code);
    if (rc)
        image_fini(&im);
    else
        *ret = im;
    return rc;
}

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

static int head(GifFileType *gif, const struct indexed *f, int count)
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
    if (count < 2)
        return GIF_OK;
    static const char loop[] = { 1, 0, 0 }; /* sub-block 1, repeat 0 times: for ever */
    if (EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE) == GIF_ERROR ||
        EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0") == GIF_ERROR ||
        EGifPutExtensionBlock(gif, sizeof loop, loop) == GIF_ERROR)
        return GIF_ERROR;
    return EGifPutExtensionTrailer(gif);
}

static int one_frame(GifFileType *gif, const struct indexed *f, int transparent, int delay_ms, uint8_t *line)
{
    int hundredths = (delay_ms + 5) / 10;
    if (delay_ms > 0 && hundredths < 2)
        hundredths = 2;
    GraphicsControlBlock control = {
        .DisposalMode =
            transparent == NO_TRANSPARENT || delay_ms <= 0 ? DISPOSAL_UNSPECIFIED : DISPOSE_BACKGROUND,
        .DelayTime = hundredths > 65535 ? 65535 : hundredths,
        .TransparentColor = transparent,
    };
    GifByteType bytes[4];
    size_t length = EGifGCBToExtension(&control, bytes);
    if (EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, (int)length, bytes) == GIF_ERROR ||
        EGifPutImageDesc(gif, 0, 0, f->width, f->height, false, NULL) == GIF_ERROR)
        return GIF_ERROR;
    for (int y = 0; y < f->height; y++) {
        for (int x = 0; x < f->width; x++) {
            uint8_t i = f->index[(size_t)y * (size_t)f->width + (size_t)x];
            line[x] = f->palette.colour[i].a < 128 ? (uint8_t)transparent : i;
        }
        if (EGifPutLine(gif, line, f->width) == GIF_ERROR)
            return GIF_ERROR;
    }
    return GIF_OK;
}

enum spr_code gif_encode(const struct indexed *frame, int count, const int *delay_ms, struct buf *into,
                         struct spr_error *err)
{
    assert(count >= 1);
    enum spr_code rc = check(frame, count, err);
    if (rc)
        return rc;
    size_t before = into->length;
    struct sink sink = { .into = into, .err = err };
    int transparent = NO_TRANSPARENT, code = 0;
    for (int i = frame->palette.count - 1; i >= 0; i--)
        if (frame->palette.colour[i].a < 128)
            transparent = i;
    uint8_t *line = mem_zalloc((size_t)frame->width, 1);
    GifFileType *gif = line ? EGifOpen(&sink, take_bytes, &code) : NULL;
    int good = gif ? GIF_OK : GIF_ERROR;
    if (good == GIF_OK) {
        EGifSetGifVersion(gif, true);
        good = head(gif, frame, count);
    }
    for (int i = 0; i < count && good == GIF_OK; i++)
        good = one_frame(gif, &frame[i], transparent, delay_ms ? delay_ms[i] : 0, line);
    if (gif && EGifCloseFile(gif, &code) == GIF_ERROR)
        good = GIF_ERROR;
    mem_free(line);
    if (good != GIF_OK && !sink.rc)
        sink.rc = SPR_FAIL(err, SPR_NOMEM, "no memory to write a GIF");
    if (sink.rc && into->data)
        into->data[into->length = before] = '\0';
    return sink.rc;
}
