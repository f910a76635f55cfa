#include "image/gif.h"

#include "base/mem.h"

#include <gif_lib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct indexed picture(int w, int h, int colours, int transparent)
{
    struct indexed im;
    struct spr_error err;
    assert_int_equal(indexed_init(&im, w, h, &err), SPR_OK);
    im.palette.count = colours;
    for (int i = 0; i < colours; i++)
        im.palette.colour[i] = (struct rgba){ (uint8_t)i, (uint8_t)(i * 3), (uint8_t)(255 - i), 255 };
    if (transparent >= 0)
        im.palette.colour[transparent] = (struct rgba){ 0 };
    for (int i = 0; i < w * h; i++)
        im.index[i] = (uint8_t)((i * 7 + i / w) % colours);
    return im;
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    static const int rows[][2] = { { 1, -1 }, { 2, 0 }, { 3, -1 }, { 17, 5 }, { 256, 255 }, { 256, -1 } };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct indexed im = picture(33, 19, rows[i][0], rows[i][1]);
        struct image back = { 0 };
        struct buf file;
        struct spr_error err = { 0 };
        buf_init(&file, 1 << 20);
        assert_int_equal(gif_encode(&im, 1, NULL, 1, &file, &err), SPR_OK);
        if (gif_decode(file.data, file.length, NULL, &back, &err))
            fail_msg("%s", err.text);
        for (int k = 0; k < 33 * 19; k++)
            assert_true(rgba_equal(back.pixel[k], im.palette.colour[im.index[k]]));
        image_fini(&back);
        indexed_fini(&im);
        buf_fini(&file);
    }
}

struct text {
    const char *at;
    size_t left;
};

static int give(GifFileType *gif, GifByteType *to, int n)
{
    struct text *t = gif->UserData;
    size_t take = t->left < (size_t)n ? t->left : (size_t)n;
    memcpy(to, t->at, take);
    t->at += take;
    t->left -= take;
    return (int)take;
}

static void animation_keeps_delays(void **state)
{
    (void)state;
    struct indexed frame[3];
    static const int delay_ms[3] = { 100, 15, 124 }, hundredths[3] = { 10, 2, 12 };
    for (int i = 0; i < 3; i++) {
        frame[i] = picture(8, 8, 4, 0);
        frame[i].index[0] = (uint8_t)i;
    }
    struct buf file;
    struct spr_error err = { 0 };
    buf_init(&file, 1 << 20);
    assert_int_equal(gif_encode(frame, 3, delay_ms, 0, &file, &err), SPR_OK);
    struct text text = { file.data, file.length };
    int code;
    GifFileType *gif = DGifOpen(&text, give, &code);
    assert_non_null(gif);
    assert_int_equal(DGifSlurp(gif), GIF_OK);
    assert_int_equal(gif->ImageCount, 3);
    for (int i = 0; i < 3; i++) {
        GraphicsControlBlock control;
        assert_int_equal(DGifSavedExtensionToGCB(gif, i, &control), GIF_OK);
        assert_int_equal(control.DelayTime, hundredths[i]);
        assert_int_equal(control.TransparentColor, 0);
        assert_int_equal(control.DisposalMode, DISPOSE_DO_NOT); /* nothing becomes transparent */
        const GifImageDesc *d = &gif->SavedImages[i].ImageDesc;
        assert_int_equal(d->Width * d->Height, i ? 1 : 64); /* only the corner changes */
        assert_memory_equal(gif->SavedImages[i].RasterBits, frame[i].index, (size_t)(d->Width * d->Height));
    }
    DGifCloseFile(gif, &code);
    indexed_fini(&frame[2]);
    frame[2] = picture(8, 9, 4, 0);
    assert_int_equal(gif_encode(frame, 3, delay_ms, 0, &file, &err), SPR_BADARG);
    assert_string_equal(err.text, "frame 2 is 8x9, the first one 8x8");
    indexed_fini(&frame[2]);
    frame[2] = picture(8, 8, 5, 0);
    assert_int_equal(gif_encode(frame, 3, delay_ms, 0, &file, &err), SPR_BADARG);
    assert_string_equal(err.text, "frame 2 has another palette than the first one");
    for (int i = 0; i < 3; i++)
        indexed_fini(&frame[i]);
    buf_fini(&file);
}

static int take(GifFileType *gif, const GifByteType *from, int n)
{
    struct spr_error err;
    assert_int_equal(buf_add(gif->UserData, from, (size_t)n, &err), SPR_OK);
    return n;
}

/* Interlaced, on a canvas larger than the frame, with a colour table of its own. */
static void reads_interlaced_frames_in_place(void **state)
{
    (void)state;
    struct buf file;
    struct spr_error err = { 0 };
    struct image im = { 0 };
    int code;
    buf_init(&file, 1 << 20);
    GifFileType *gif = EGifOpen(&file, take, &code);
    GifColorType c[16];
    for (int i = 0; i < 16; i++)
        c[i] = (GifColorType){ (GifByteType)(i * 16), 0, 1 };
    ColorMapObject map = { .ColorCount = 16, .BitsPerPixel = 4, .Colors = c };
    assert_int_equal(EGifPutScreenDesc(gif, 10, 20, 4, 0, NULL), GIF_OK);
    assert_int_equal(EGifPutImageDesc(gif, 2, 3, 5, 13, true, &map), GIF_OK);
    static const int order[13] = { 0, 8, 4, 12, 2, 6, 10, 1, 3, 5, 7, 9, 11 };
    for (int i = 0; i < 13; i++) {
        GifByteType line[5];
        memset(line, order[i], 5);
        assert_int_equal(EGifPutLine(gif, line, 5), GIF_OK);
    }
    assert_int_equal(EGifCloseFile(gif, &code), GIF_OK);
    if (gif_decode(file.data, file.length, NULL, &im, &err))
        fail_msg("%s", err.text);
    assert_int_equal(im.width, 10);
    assert_int_equal(im.height, 20);
    for (int y = 0; y < 20; y++)
        for (int x = 0; x < 10; x++) {
            bool in = x >= 2 && x < 7 && y >= 3 && y < 16;
            struct rgba want = in ? (struct rgba){ (uint8_t)((y - 3) * 16), 0, 1, 255 } : (struct rgba){ 0 };
            assert_true(rgba_equal(*image_at(&im, x, y), want));
        }
    image_fini(&im);
    buf_fini(&file);
}

static void refuses_cut_and_large(void **state)
{
    (void)state;
    static const struct image_limits small = { 1 << 20, 100, 100 };
    struct indexed im = picture(20, 20, 16, -1);
    struct image back = { 0 };
    struct buf file;
    struct spr_error err = { 0 };
    buf_init(&file, 1 << 20);
    assert_int_equal(gif_encode(&im, 1, NULL, 1, &file, &err), SPR_OK);
    assert_int_equal(gif_decode(file.data, file.length, &small, &back, &err), SPR_LIMIT);
    assert_string_equal(err.text, "the GIF is 20 x 20 = 400 pixels; up to 100 are read");
    assert_int_equal(gif_decode(file.data, 100, NULL, &back, &err), SPR_BADDATA);
    assert_string_equal(err.text, "the GIF ends too early, after 100 bytes");
    assert_int_equal(gif_decode("GIF89a\1\0\1\0\0\0\0;", 14, NULL, &back, &err), SPR_BADDATA);
    assert_string_equal(err.text, "the GIF has no picture in it");
    mem_fail_nth(1);
    struct buf none;
    buf_init(&none, 1 << 20);
    assert_int_equal(gif_encode(&im, 1, NULL, 1, &none, &err), SPR_NOMEM);
    mem_fail_nth(0);
    assert_null(back.pixel);
    indexed_fini(&im);
    buf_fini(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(animation_keeps_delays),
        cmocka_unit_test(reads_interlaced_frames_in_place),
        cmocka_unit_test(refuses_cut_and_large),
    };
    return cmocka_run_group_tests_name("image/gif", tests, NULL, NULL);
}
