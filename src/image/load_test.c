#include "image/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct image picture(void)
{
    struct image im;
    struct spr_error err;
    assert_int_equal(image_init(&im, 21, 14, &err), SPR_OK);
    for (int i = 0; i < 21 * 14; i++)
        im.pixel[i] =
            i % 6 ? (struct rgba){ (uint8_t)(i % 6 * 40), 9, (uint8_t)(i % 6), 255 } : (struct rgba){ 0 };
    return im;
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    static const enum image_kind written[] = { IMAGE_PNG, IMAGE_WEBP, IMAGE_GIF, IMAGE_ASEPRITE };
    struct image im = picture();
    char path[64];
    snprintf(path, sizeof path, "/tmp/spritery-load-test-%ld.txt",
             (long)getpid()); /* the name says nothing */
    for (size_t i = 0; i < SPR_COUNT(written); i++) {
        struct image back = { 0 };
        struct notes notes = { 0 };
        struct spr_error err = { 0 };
        assert_int_equal(image_save(path, written[i], &im, NULL, FILE_REPLACE, &err), SPR_OK);
        if (image_load(path, NULL, &back, &notes, &err))
            fail_msg("%s", err.text);
        assert_memory_equal(back.pixel, im.pixel, 21 * 14 * sizeof *im.pixel);
        image_fini(&back);
        notes_fini(&notes);
    }
    unlink(path);
    struct spr_error err = { 0 };
    struct buf none;
    buf_init(&none, 100);
    assert_int_equal(image_encode(IMAGE_JPEG, &im, NULL, &none, &err), SPR_UNSUPPORTED);
    assert_string_equal(err.text, "jpeg is not written; PNG, WebP, GIF and Aseprite are");
    image_fini(&im);
}

static void refusals_name_the_kind(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        enum spr_code code;
        const char *say;
    } rows[] = {
        { "", 0, SPR_BADDATA, "empty; not a picture" },
        { "hello", 5, SPR_BADDATA, "not a picture; PNG, JPEG, WebP, GIF and Aseprite can be read" },
        { "BM12345678", 10, SPR_UNSUPPORTED, "a BMP picture; PNG, JPEG, WebP, GIF and Aseprite can be read" },
        { "\0\0\0\0\xe0\xa5\1\0", 8, SPR_BADDATA, "the Aseprite file ends too early, in its header" },
        { "\x89PNG\r\n\x1a\n", 8, SPR_BADDATA, "the PNG ends too early, after 8 bytes" },
        { "RIFF\4\0\0\0WEBP", 12, SPR_BADDATA, "broken WebP" },
        { "GIF89a", 6, SPR_BADDATA, "the GIF ends too early, after 6 bytes" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = { 0 };
        struct spr_error err = { 0 };
        assert_int_equal(image_decode(rows[i].bytes, rows[i].size, NULL, &im, NULL, &err), rows[i].code);
        assert_string_equal(err.text, rows[i].say);
        assert_null(im.pixel);
    }
}

static void names_are_known(void **state)
{
    (void)state;
    enum image_kind kind;
    assert_true(image_kind_named("JPG", &kind) && kind == IMAGE_JPEG);
    assert_true(image_kind_named("WebP", &kind) && kind == IMAGE_WEBP);
    assert_false(image_kind_named("bmp", &kind));
    assert_string_equal(image_kind_name(IMAGE_GIF), "gif");
}

/* Cut anywhere or with any byte changed: an answer, nothing read beyond the end, nothing given on failure. */
static void survives_damage(void **state)
{
    (void)state;
    static const enum image_kind written[] = { IMAGE_PNG, IMAGE_WEBP, IMAGE_GIF, IMAGE_ASEPRITE };
    static const struct image_limits small = { 1 << 20, 1 << 20, 4000 };
    struct image im = picture();
    for (size_t i = 0; i < SPR_COUNT(written); i++) {
        struct buf file;
        struct spr_error err = { 0 };
        buf_init(&file, 1 << 20);
        assert_int_equal(image_encode(written[i], &im, NULL, &file, &err), SPR_OK);
        for (size_t at = 0; at < file.length * 2; at++) {
            size_t size = at < file.length ? at : file.length;
            char *copy = malloc(size + 1);
            memcpy(copy, file.data, size);
            if (at >= file.length)
                copy[at - file.length] = (char)(copy[at - file.length] ^ 0x91);
            struct image back = { 0 };
            enum spr_code rc = image_decode(copy, size, &small, &back, NULL, &err);
            assert_true(rc == SPR_OK ? back.pixel != NULL : back.pixel == NULL && err.text[0]);
            image_fini(&back);
            free(copy);
        }
        buf_fini(&file);
    }
    image_fini(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(refusals_name_the_kind),
        cmocka_unit_test(names_are_known),
        cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests_name("image/load", tests, NULL, NULL);
}
