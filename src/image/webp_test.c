#include "image/webp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <cmocka.h>

static struct image picture(int w, int h)
{
    struct image im;
    struct spr_error err;
    assert_int_equal(image_init(&im, w, h, &err), SPR_OK);
    for (int i = 0; i < w * h; i++)
        im.pixel[i] = (struct rgba){ (uint8_t)(i * 7), (uint8_t)(i >> 4), (uint8_t)(i % 13 * 19),
                                     (uint8_t)(i % 5 * 60) };
    return im;
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    static const int sizes[][2] = { { 1, 1 }, { 32, 32 }, { 513, 600 } };
    for (size_t i = 0; i < SPR_COUNT(sizes); i++) {
        struct image im = picture(sizes[i][0], sizes[i][1]), back = { 0 };
        struct buf file, again;
        struct spr_error err = { 0 };
        buf_init(&file, 8 << 20);
        buf_init(&again, 8 << 20);
        assert_int_equal(webp_encode(&im, &file, &err), SPR_OK);
        assert_int_equal(webp_encode(&im, &again, &err), SPR_OK);
        assert_int_equal(file.length, again.length);
        assert_memory_equal(file.data, again.data, file.length);
        assert_int_equal(webp_decode(file.data, file.length, NULL, &back, &err), SPR_OK);
        assert_int_equal(back.width, im.width);
        /* the colour under alpha 0 too */
        assert_memory_equal(back.pixel, im.pixel, (size_t)(im.width * im.height) * sizeof *im.pixel);
        image_fini(&im);
        image_fini(&back);
        buf_fini(&file);
        buf_fini(&again);
    }
}

static void reads_the_first_frame(void **state)
{
    (void)state;
    struct image small = picture(10, 8), back = { 0 };
    struct buf one;
    struct spr_error err = { 0 };
    buf_init(&one, 1 << 20);
    assert_int_equal(webp_encode(&small, &one, &err), SPR_OK);
    WebPMux *mux = WebPMuxNew();
    WebPData file = { 0 };
    for (int i = 0; i < 2; i++) {
        WebPMuxFrameInfo frame = { .bitstream = { (const uint8_t *)one.data, one.length },
                                   .x_offset = 6 + 2 * i,
                                   .y_offset = 4,
                                   .duration = 100,
                                   .id = WEBP_CHUNK_ANMF };
        assert_int_equal(WebPMuxPushFrame(mux, &frame, 1), WEBP_MUX_OK);
    }
    WebPMuxAnimParams shown = { 0 };
    assert_int_equal(WebPMuxSetAnimationParams(mux, &shown), WEBP_MUX_OK);
    assert_int_equal(WebPMuxSetCanvasSize(mux, 40, 30), WEBP_MUX_OK);
    assert_int_equal(WebPMuxAssemble(mux, &file), WEBP_MUX_OK);
    if (webp_decode(file.bytes, file.size, NULL, &back, &err))
        fail_msg("%s", err.text);
    assert_int_equal(back.width, 40);
    assert_int_equal(image_at(&back, 5, 4)->a, 0);
    for (int y = 0; y < 8; y++)
        assert_memory_equal(image_at(&back, 6, 4 + y), image_at(&small, 0, y), 10 * sizeof(struct rgba));
    WebPDataClear(&file);
    WebPMuxDelete(mux);
    image_fini(&back);
    image_fini(&small);
    buf_fini(&one);
}

static void refuses_cut_and_large(void **state)
{
    (void)state;
    static const struct image_limits small = { 1 << 20, 100, 100 };
    struct image im = picture(20, 20), back = { 0 };
    struct buf file, full;
    struct spr_error err = { 0 };
    buf_init(&file, 1 << 20);
    buf_init(&full, 50);
    assert_int_equal(webp_encode(&im, &file, &err), SPR_OK);
    assert_int_equal(webp_decode(file.data, file.length, &small, &back, &err), SPR_LIMIT);
    assert_string_equal(err.text, "the WebP is 20 x 20 = 400 pixels; up to 100 are read");
    assert_int_equal(webp_decode(file.data, file.length - 9, NULL, &back, &err), SPR_BADDATA);
    assert_string_equal(err.text, "the WebP ends too early");
    assert_int_equal(webp_decode("nothing like that", 17, NULL, &back, &err), SPR_BADDATA);
    assert_string_equal(err.text, "not a WebP file");
    assert_null(back.pixel);
    assert_int_equal(webp_encode(&im, &full, &err), SPR_LIMIT);
    assert_int_equal(full.length, 0);
    image_fini(&im);
    im = picture(16384, 1);
    assert_int_equal(webp_encode(&im, &file, &err), SPR_LIMIT);
    assert_string_equal(err.text, "a WebP has sides up to 16383; the picture is 16384x1");
    image_fini(&im);
    buf_fini(&file);
    buf_fini(&full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(reads_the_first_frame),
        cmocka_unit_test(refuses_cut_and_large),
    };
    return cmocka_run_group_tests_name("image/webp", tests, NULL, NULL);
}
