#include "image/webp.h"

#include <stdint.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>

bool webp_is(const void *data, size_t size)
{
    return size >= 12 && memcmp(data, "RIFF", 4) == 0 && memcmp((const char *)data + 8, "WEBP", 4) == 0;
}

static enum spr_code failed(VP8StatusCode status, struct spr_error *err)
{
    switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return SPR_FAIL(err, SPR_NOMEM, "no memory to read a WebP");
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return SPR_FAIL(err, SPR_BADDATA, "the WebP ends too early");
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return SPR_FAIL(err, SPR_UNSUPPORTED, "the WebP uses a feature that is not known");
    default:
        return SPR_FAIL(err, SPR_BADDATA, "broken WebP");
    }
}

/* Decodes one still picture to (x, y) of the canvas; it must fit there. */
static enum spr_code decode_at(const uint8_t *data, size_t size, const struct image *canvas, int x, int y,
                               struct spr_error *err)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return SPR_FAIL(err, SPR_INTERNAL, "libwebp has another version than its header");
    VP8StatusCode status = WebPGetFeatures(data, size, &config.input);
    if (status != VP8_STATUS_OK)
        return failed(status, err);
    int w = config.input.width, h = config.input.height;
    if (x < 0 || y < 0 || w > canvas->width - x || h > canvas->height - y)
        return SPR_FAIL(err, SPR_BADDATA, "broken WebP: a frame of %dx%d at %d,%d on a canvas of %dx%d", w, h,
                        x, y, canvas->width, canvas->height);
    struct rgba *at = image_at(canvas, x, y);
    config.output.colorspace = MODE_RGBA;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = (uint8_t *)at;
    config.output.u.RGBA.stride = canvas->width * (int)sizeof *at;
    config.output.u.RGBA.size =
        (size_t)(h - 1) * (size_t)config.output.u.RGBA.stride + (size_t)w * sizeof *at;
    status = WebPDecode(data, size, &config);
    WebPFreeDecBuffer(&config.output);
    return status == VP8_STATUS_OK ? SPR_OK : failed(status, err);
}

static enum spr_code decode_first_frame(const uint8_t *data, size_t size, const struct image *canvas,
                                        struct spr_error *err)
{
    WebPData bytes = { data, size };
    WebPDemuxer *demux = WebPDemux(&bytes);
    WebPIterator frame;
    if (!demux)
        return SPR_FAIL(err, SPR_BADDATA, "broken WebP animation");
    enum spr_code rc;
    if (WebPDemuxGetFrame(demux, 1, &frame)) {
        rc =
            decode_at(frame.fragment.bytes, frame.fragment.size, canvas, frame.x_offset, frame.y_offset, err);
        WebPDemuxReleaseIterator(&frame);
    } else {
        rc = SPR_FAIL(err, SPR_BADDATA, "the WebP animation has no frame");
    }
    WebPDemuxDelete(demux);
    return rc;
}

enum spr_code webp_decode(const void *data, size_t size, const struct image_limits *limits, struct image *ret,
                          struct spr_error *err)
{
    WebPBitstreamFeatures features;
    struct image im = { 0 };
    if (!webp_is(data, size))
        return SPR_FAIL(err, SPR_BADDATA, "not a WebP file");
    VP8StatusCode status = WebPGetFeatures(data, size, &features);
    if (status != VP8_STATUS_OK)
        return failed(status, err);
    enum spr_code rc =
        image_limits_check(limits, "WebP", (uint64_t)features.width, (uint64_t)features.height, err);
    if (!rc)
        rc = image_init(&im, features.width, features.height, err);
    if (!rc && features.has_animation)
        rc = decode_first_frame(data, size, &im, err);
    else if (!rc)
        rc = decode_at(data, size, &im, 0, 0, err);
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

static int add_bytes(const uint8_t *data, size_t size, const WebPPicture *picture)
{
    struct sink *s = picture->custom_ptr;
    s->rc = buf_add(s->into, data, size, s->err);
    return s->rc == SPR_OK;
}

enum spr_code webp_encode(const struct image *im, struct buf *into, struct spr_error *err)
{
    if (im->width > WEBP_MAX_DIMENSION || im->height > WEBP_MAX_DIMENSION)
        return SPR_FAIL(err, SPR_LIMIT, "a WebP has sides up to %d; the picture is %dx%d", WEBP_MAX_DIMENSION,
                        im->width, im->height);
    WebPConfig config;
    WebPPicture picture;
    struct sink sink = { .into = into, .err = err };
    size_t before = into->length;
    if (!WebPConfigInit(&config) || !WebPPictureInit(&picture))
        return SPR_FAIL(err, SPR_INTERNAL, "libwebp has another version than its header");
    /* The last levels try every transform: fine for a sprite, seconds for a photo. */
    WebPConfigLosslessPreset(&config, (int64_t)im->width * im->height <= 1 << 18 ? 8 : 5);
    config.exact = 1;
    picture.use_argb = 1;
    picture.width = im->width;
    picture.height = im->height;
    picture.writer = add_bytes;
    picture.custom_ptr = &sink;
    bool good =
        WebPPictureImportRGBA(&picture, (const uint8_t *)im->pixel, im->width * (int)sizeof *im->pixel) &&
        WebPEncode(&config, &picture);
    if (!good && !sink.rc)
        sink.rc =
            picture.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY ||
                    picture.error_code == VP8_ENC_ERROR_BITSTREAM_OUT_OF_MEMORY
                ? SPR_FAIL(err, SPR_NOMEM, "no memory to write a WebP")
                : SPR_FAIL(err, SPR_INTERNAL, "cannot write a WebP: libwebp's error %d", picture.error_code);
    WebPPictureFree(&picture);
    if (sink.rc && into->data)
        into->data[into->length = before] = '\0';
    return sink.rc;
}
