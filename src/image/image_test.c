#include "image/image.h"

#include "base/mem.h"
#include "image/notes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void limits_name_the_size(void **state)
{
    (void)state;
    static const struct image_limits small = { 1000, 100, 20 };
    static const struct {
        uint64_t w, h;
        enum spr_code code;
        const char *text;
    } rows[] = {
        { 20, 5, SPR_OK, "" },
        { 0, 5, SPR_BADDATA, "the PNG says it is 0 x 5 pixels" },
        { 21, 1, SPR_LIMIT, "the PNG is 21 x 1 pixels; sides up to 20 are read" },
        { 20, 6, SPR_LIMIT, "the PNG is 20 x 6 = 120 pixels; up to 100 are read" },
        { 4294967295, 4294967295, SPR_LIMIT,
          "the PNG is 4294967295 x 4294967295 pixels; sides up to 20 are read" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct spr_error err = { 0 };
        assert_int_equal(image_limits_check(&small, "PNG", rows[i].w, rows[i].h, &err), rows[i].code);
        assert_string_equal(err.text, rows[i].text);
    }
}

static void indexing_keeps_every_pixel(void **state)
{
    (void)state;
    for (int colours = 1; colours <= 257; colours += colours == 1 ? 1 : 5) {
        struct image im = { 0 }, back = { 0 };
        struct indexed few = { 0 };
        struct spr_error err = { 0 };
        assert_int_equal(image_init(&im, 23, 31, &err), SPR_OK);
        for (int i = 0; i < 23 * 31; i++) {
            int c = i % colours;
            im.pixel[i] = (struct rgba){ (uint8_t)(c * 7), (uint8_t)c, (uint8_t)(c >> 8), c % 3 ? 255 : 17 };
        }
        enum spr_code rc = indexed_from_image(&few, &im, &err);
        if (colours == 257) {
            assert_int_equal(rc, SPR_LIMIT);
            assert_null(few.index);
        } else {
            assert_int_equal(rc, SPR_OK);
            assert_int_equal(few.palette.count, colours);
            for (int i = 1; i < colours; i++) /* those with transparency first */
                assert_false(few.palette.colour[i].a != 255 && few.palette.colour[i - 1].a == 255);
            assert_int_equal(image_from_indexed(&back, &few, &err), SPR_OK);
            assert_memory_equal(back.pixel, im.pixel, 23 * 31 * sizeof *im.pixel);
        }
        image_fini(&im);
        image_fini(&back);
        indexed_fini(&few);
    }
}

static void sizes_are_checked(void **state)
{
    (void)state;
    struct image im = { 0 };
    struct indexed few = { 0 };
    struct spr_error err = { 0 };
    assert_int_equal(image_init(&im, 0, 4, &err), SPR_LIMIT);
    assert_int_equal(image_init(&im, 32768, 32768, &err), SPR_LIMIT);
    assert_int_equal(indexed_init(&few, 32769, 1, &err), SPR_LIMIT);
    mem_fail_nth(1);
    assert_int_equal(image_init(&im, 4, 4, &err), SPR_NOMEM);
    assert_string_equal(err.text, "no memory for a picture of 4x4 pixels");
    mem_fail_nth(0);
    assert_null(im.pixel);
}

static void notes_refuse_bad_text(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text;
        size_t length;
        enum spr_code code;
        const char *say;
    } rows[] = {
        { "Prompt", "red dragon", 10, SPR_OK, "" },
        { "", "x", 1, SPR_BADDATA, "a text without a key" },
        { "Prompt", "a\xff", 2, SPR_BADDATA, "the text \"Prompt\" is not UTF-8 at byte 1" },
        { "Prompt", "a\0b", 3, SPR_BADDATA, "the text \"Prompt\" has a 0 byte in it" },
        { "P\xc3", "a", 1, SPR_BADDATA, "a text's key is not UTF-8" },
    };
    struct notes n = { 0 };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct spr_error err = { 0 };
        assert_int_equal(notes_add(&n, rows[i].key, strlen(rows[i].key), rows[i].text, rows[i].length, &err),
                         rows[i].code);
        assert_string_equal(err.text, rows[i].say);
    }
    assert_int_equal(n.count, 1);
    assert_string_equal(notes_get(&n, "Prompt"), "red dragon");
    assert_null(notes_get(&n, "prompt"));
    for (uint64_t nth = 1; nth <= 3; nth++) {
        struct spr_error err = { 0 };
        mem_fail_nth(nth);
        assert_int_equal(notes_put(&n, "Seed", "7", &err), SPR_NOMEM);
        assert_int_equal(n.count, 1);
    }
    mem_fail_nth(0);
    notes_fini(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_name_the_size),
        cmocka_unit_test(indexing_keeps_every_pixel),
        cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(notes_refuse_bad_text),
    };
    return cmocka_run_group_tests_name("image/image", tests, NULL, NULL);
}
