#include "image/jpeg.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
/* after stdio.h */
#include <jpeglib.h>

enum { W = 24, H = 16 };

/* Four flat quarters: red, green / blue, white; so that every turn looks different. */
static struct rgba quarter(int x, int y)
{
    static const struct rgba c[4] = {
        { 250, 10, 10, 255 }, { 10, 250, 10, 255 }, { 10, 10, 250, 255 }, { 250, 250, 250, 255 }
    };
    return c[(y >= H / 2) * 2 + (x >= W / 2)];
}

static void make(struct buf *file, J_COLOR_SPACE space, bool progressive, const char *exif,
                 size_t exif_length)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *out = NULL;
    unsigned long size = 0;
    struct spr_error err;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &out, &size);
    jpeg.image_width = W;
    jpeg.image_height = H;
    jpeg.input_components = space == JCS_GRAYSCALE ? 1 : space == JCS_CMYK ? 4 : 3;
    jpeg.in_color_space = space;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 98, TRUE);
    if (progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    if (exif)
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, (const JOCTET *)exif, (unsigned)exif_length);
    for (int y = 0; y < H; y++) {
        uint8_t row[W * 4], *p = row;
        for (int x = 0; x < W; x++) {
            struct rgba c = quarter(x, y);
            if (space == JCS_GRAYSCALE) {
                *p++ = c.g;
            } else if (space == JCS_CMYK) { /* with Adobe's marker: inverted ink, no black */
                *p++ = c.r, *p++ = c.g, *p++ = c.b, *p++ = 255;
            } else {
                *p++ = c.r, *p++ = c.g, *p++ = c.b;
            }
        }
        JSAMPROW r = row;
        jpeg_write_scanlines(&jpeg, &r, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    buf_init(file, 1 << 20);
    assert_int_equal(buf_add(file, out, size, &err), SPR_OK);
    free(out);
}

static bool near(struct rgba a, struct rgba b)
{
    return abs(a.r - b.r) < 12 && abs(a.g - b.g) < 12 && abs(a.b - b.b) < 12 && a.a == 255;
}

static void reads_each_colour_space(void **state)
{
    (void)state;
    static const struct {
        J_COLOR_SPACE space;
        bool progressive;
    } rows[] = { { JCS_RGB, false }, { JCS_RGB, true }, { JCS_CMYK, false }, { JCS_GRAYSCALE, true } };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct buf file;
        struct image im = { 0 };
        struct spr_error err = { 0 };
        make(&file, rows[i].space, rows[i].progressive, NULL, 0);
        assert_int_equal(jpeg_decode(file.data, file.length, NULL, &im, &err), SPR_OK);
        assert_int_equal(im.width, W);
        assert_int_equal(im.height, H);
        static const int places[4][2] = { { 3, 2 }, { 20, 2 }, { 3, 13 }, { 20, 13 } };
        for (int k = 0; k < 4; k++) {
            struct rgba want = quarter(places[k][0], places[k][1]);
            if (rows[i].space == JCS_GRAYSCALE)
                want.r = want.b = want.g;
            assert_true(near(*image_at(&im, places[k][0], places[k][1]), want));
        }
        image_fini(&im);
        buf_fini(&file);
    }
}

static void turns_as_exif_says(void **state)
{
    (void)state;
    /* which quarter (0 red, 1 green, 2 blue, 3 white) is seen at the four corners, for each orientation */
    static const uint8_t seen[9][4] = { [0] = { 0, 1, 2, 3 }, [1] = { 0, 1, 2, 3 }, [2] = { 1, 0, 3, 2 },
                                        [3] = { 3, 2, 1, 0 }, [4] = { 2, 3, 0, 1 }, [5] = { 0, 2, 1, 3 },
                                        [6] = { 2, 0, 3, 1 }, [7] = { 3, 1, 2, 0 }, [8] = { 1, 3, 0, 2 } };
    for (int way = 0; way <= 8; way++)
        for (int big = 0; big < 2; big++) {
            char exif[] = "Exif\0\0II*\0\10\0\0\0\1\0\x12\1\3\0\1\0\0\0\0\0\0\0";
            char exif_big[] = "Exif\0\0MM\0*\0\0\0\10\0\1\1\x12\0\3\0\0\0\1\0\0\0\0";
            exif[6 + 18] = (char)way;
            exif_big[6 + 19] = (char)way;
            struct buf file;
            struct image im = { 0 };
            struct spr_error err = { 0 };
            make(&file, JCS_RGB, false, big ? exif_big : exif, sizeof exif - 1);
            assert_int_equal(jpeg_decode(file.data, file.length, NULL, &im, &err), SPR_OK);
            assert_int_equal(im.width, way >= 5 ? H : W);
            for (int k = 0; k < 4; k++) {
                struct rgba got = *image_at(&im, k & 1 ? im.width - 3 : 2, k & 2 ? im.height - 3 : 2);
                int q = seen[way][k];
                if (!near(got, quarter(q & 1 ? W - 1 : 0, q & 2 ? H - 1 : 0)))
                    fail_msg("orientation %d, corner %d: %d %d %d", way, k, got.r, got.g, got.b);
            }
            image_fini(&im);
            buf_fini(&file);
        }
}

static void refuses_cut_and_large(void **state)
{
    (void)state;
    struct buf file;
    struct image im = { 0 };
    struct spr_error err = { 0 };
    static const struct image_limits small = { 1 << 20, 100, 100 };
    make(&file, JCS_RGB, false, NULL, 0);
    assert_int_equal(jpeg_decode(file.data, file.length, &small, &im, &err), SPR_LIMIT);
    assert_string_equal(err.text, "the JPEG is 24 x 16 = 384 pixels; up to 100 are read");
    assert_int_equal(jpeg_decode(file.data, file.length - 20, NULL, &im, &err), SPR_BADDATA);
    assert_string_equal(err.text, "the JPEG ends too early or is damaged");
    assert_int_equal(jpeg_decode("GIF89a", 6, NULL, &im, &err), SPR_BADDATA);
    assert_string_equal(err.text, "not a JPEG file");
    assert_null(im.pixel);
    buf_fini(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_colour_space),
        cmocka_unit_test(turns_as_exif_says),
        cmocka_unit_test(refuses_cut_and_large),
    };
    return cmocka_run_group_tests_name("image/jpeg", tests, NULL, NULL);
}
