/* Animated WebP. libwebpdemux resolves blending and disposal. Written files are put together here, each frame a
 * lossless still from webp.c in its own chunk:
 *     RIFF size WEBP
 *     VP8X size=10  flags(1) 0(3) width-1(3) height-1(3)
 *     ANIM size=6   background(4) plays(2)
 *     ANMF size     x/2(3) y/2(3) width-1(3) height-1(3) ms(3) flags(1: 2 do not blend, 1 dispose) VP8L chunk
 * As in GIF files, frames stay and each holds the box that changes, or, where a pixel loses alpha, every frame is cleared
 * after its time and the next holds all that is seen: blending or not is the same then, so readers that do not know the
 * difference see the same. */
#include "image/animation.h"
#include "image/webp.h"

#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>

bool webp_is_animation(const void *data, size_t size)
{
    return webp_is(data, size) && size >= 21 && memcmp((const char *)data + 12, "VP8X", 4) == 0 &&
           ((const uint8_t *)data)[20] & 2;
}

/* Adds the frame on the decoder's canvas; *shown_ms is when the one before ended. */
static enum spr_code add_frame(struct animation *to, const struct image *like, const uint8_t *pixels, int ms,
                               struct spr_error *err)
{
    struct image im;
    enum spr_code rc = image_init(&im, like->width, like->height, err);
    if (rc)
        return rc;
    memcpy(im.pixel, pixels, (size_t)im.width * (size_t)im.height * sizeof *im.pixel);
    rc = animation_add(to, &im,
                       ms < 1                  ? ANIMATION_MS_UNSAID
                       : ms > ANIMATION_MS_MAX ? ANIMATION_MS_MAX
                                               : ms,
                       err);
    if (rc)
        image_fini(&im);
    return rc;
}

static enum spr_code play(WebPAnimDecoder *decoder, const struct image_limits *limits, struct animation *to,
                          struct spr_error *err)
{
    WebPAnimInfo info;
    if (!WebPAnimDecoderGetInfo(decoder, &info) || info.frame_count == 0)
        return SPR_FAIL(err, SPR_BADDATA, "the WebP animation has no frame");
    struct image like = { .width = (int)info.canvas_width, .height = (int)info.canvas_height };
    to->plays = (int)info.loop_count;
    enum spr_code rc = SPR_OK;
    int end_ms = 0, before_ms = 0;
    while (!rc && WebPAnimDecoderHasMoreFrames(decoder)) {
        uint8_t *pixels;
        rc = animation_check(to, limits, "WebP", &like, err);
        if (!rc && !WebPAnimDecoderGetNext(decoder, &pixels, &end_ms))
            rc = SPR_FAIL(err, SPR_BADDATA, "broken WebP: frame %d of %u cannot be read", to->count,
                          info.frame_count);
        if (!rc)
            rc = add_frame(to, &like, pixels, end_ms - before_ms, err);
        before_ms = end_ms;
    }
    if (!rc && (uint32_t)to->count != info.frame_count)
        rc = SPR_FAIL(err, SPR_BADDATA, "the WebP ends too early, after %d of %u frames", to->count,
                      info.frame_count);
    return rc;
}

enum spr_code webp_decode_all(const void *data, size_t size, const struct image_limits *limits,
                              struct animation *ret, struct spr_error *err)
{
    WebPBitstreamFeatures features;
    WebPAnimDecoderOptions options;
    if (!webp_is(data, size) || WebPGetFeatures(data, size, &features) != VP8_STATUS_OK)
        return SPR_FAIL(err, SPR_BADDATA, "broken WebP");
    enum spr_code rc =
        image_limits_check(limits, "WebP", (uint64_t)features.width, (uint64_t)features.height, err);
    if (rc)
        return rc;
    if (!WebPAnimDecoderOptionsInit(&options))
        return SPR_FAIL(err, SPR_INTERNAL, "libwebp has another version than its header");
    options.color_mode = MODE_RGBA;
    options.use_threads = 0;
    WebPData bytes = { data, size };
    WebPAnimDecoder *decoder = WebPAnimDecoderNew(&bytes, &options);
    if (!decoder)
        return SPR_FAIL(err, SPR_BADDATA, "broken WebP animation");
    struct animation a = { 0 };
    rc = play(decoder, limits, &a, err);
    WebPAnimDecoderDelete(decoder);
    if (rc)
        animation_fini(&a);
    else
        *ret = a;
    return rc;
}

static void put(uint8_t *p, int bytes, uint32_t v)
{
    for (int i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/* The box as a still WebP in *one. */
static enum spr_code encode_box(const struct image *from, struct box box, struct buf *one,
                                struct spr_error *err)
{
    struct image part;
    enum spr_code rc = image_init(&part, box.width, box.height, err);
    if (rc)
        return rc;
    for (int y = 0; y < box.height; y++)
        memcpy(image_at(&part, 0, y), image_at(from, box.x, box.y + y),
               (size_t)box.width * sizeof *from->pixel);
    one->length = 0;
    rc = webp_encode(&part, one, err);
    image_fini(&part);
    return rc;
}

/* Whether some pixel becomes less than opaque. */
static bool must_clear(const struct animation *a)
{
    size_t pixels = (size_t)a->width * (size_t)a->height;
    for (int f = 1; f < a->count; f++)
        for (size_t i = 0; i < pixels; i++) {
            struct rgba p = a->frame[f - 1].image.pixel[i], q = a->frame[f].image.pixel[i];
            if (q.a != 255 && !rgba_equal(p, q))
                return true;
        }
    return false;
}

/* What must be drawn of frame i. Never empty. */
static enum spr_code box_of(const struct animation *a, int i, bool clear, struct box *ret,
                            struct spr_error *err)
{
    struct image nothing = { 0 };
    *ret = (struct box){ 0, 0, a->width, a->height };
    if (i == 0)
        return SPR_OK;
    enum spr_code rc = clear ? image_init(&nothing, a->width, a->height, err) : SPR_OK;
    if (!rc && !image_difference(clear ? &nothing : &a->frame[i - 1].image, &a->frame[i].image, ret))
        *ret = (struct box){ 0, 0, 1, 1 };
    image_fini(&nothing);
    return rc;
}

static enum spr_code put_frame(const struct animation *a, int i, bool clear, struct buf *one,
                               struct buf *into, struct spr_error *err)
{
    struct box box;
    enum spr_code rc = box_of(a, i, clear, &box, err);
    if (rc)
        return rc;
    box.width += box.x & 1; /* corners lie on even pixels */
    box.height += box.y & 1;
    box.x &= ~1;
    box.y &= ~1;
    rc = encode_box(&a->frame[i].image, box, one, err);
    if (rc)
        return rc;
    uint8_t head[24] = "ANMF";
    put(head + 4, 4, (uint32_t)(16 + one->length - 12));
    put(head + 8, 3, (uint32_t)box.x / 2);
    put(head + 11, 3, (uint32_t)box.y / 2);
    put(head + 14, 3, (uint32_t)box.width - 1);
    put(head + 17, 3, (uint32_t)box.height - 1);
    put(head + 20, 3, (uint32_t)a->frame[i].ms);
    head[23] = clear ? 3 : 2;
    rc = buf_add(into, head, sizeof head, err);
    return rc ? rc : buf_add(into, one->data + 12, one->length - 12, err); /* without RIFF, size, WEBP */
}

enum spr_code webp_encode_all(const struct animation *a, struct buf *into, struct spr_error *err)
{
    struct buf one;
    size_t before = into->length;
    if (a->width > WEBP_MAX_DIMENSION || a->height > WEBP_MAX_DIMENSION)
        return SPR_FAIL(err, SPR_LIMIT, "a WebP has sides up to %d; the animation is %dx%d",
                        WEBP_MAX_DIMENSION, a->width, a->height);
    uint8_t head[12 + 18 + 14] = "RIFF\0\0\0\0WEBPVP8X\x0a";
    head[20] = 0x12; /* animated, with alpha */
    put(head + 24, 3, (uint32_t)a->width - 1);
    put(head + 27, 3, (uint32_t)a->height - 1);
    memcpy(head + 30, "ANIM\6", 5);
    put(head + 42, 2, (uint32_t)(a->plays > 65535 ? 65535 : a->plays));
    buf_init(&one, SIZE_MAX / 2);
    bool clear = must_clear(a);
    enum spr_code rc = buf_add(into, head, sizeof head, err);
    for (int i = 0; i < a->count && !rc; i++)
        rc = put_frame(a, i, clear, &one, into, err);
    buf_fini(&one);
    if (!rc && into->length - before > UINT32_MAX - 8)
        rc = SPR_FAIL(err, SPR_LIMIT, "the WebP would be over 4 GiB");
    if (!rc)
        put((uint8_t *)into->data + before + 4, 4, (uint32_t)(into->length - before - 8));
    else if (into->data)
        into->data[into->length = before] = '\0';
    return rc;
}
