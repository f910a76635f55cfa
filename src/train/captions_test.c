#include "train/captions.h"

#include "base/file.h"
#include "base/mem.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define AXE                                                                                             \
    "{\"file\":\"item/axe.png\",\"dir_words\":[\"item\"],\"file_words\":[\"axe\"],\"colour\":\"grey\"," \
    "\"weight\":2.2,\"flip\":false,\"hue\":true,\"keep\":true}\n"
#define RAT                                                                                          \
    "{\"file\":\"mon/rat.png\",\"dir_words\":[\"monster\"],\"file_words\":[\"rat\",\"red\",\"zz\"]," \
    "\"colour\":null,\"weight\":1.6,\"flip\":true,\"hue\":true,\"keep\":false}\n"
#define RATS                                                                                    \
    "{\"file\":\"mon/rats.png\",\"dir_words\":[\"monster\"],\"file_words\":[\"rat\",\"once\"]," \
    "\"colour\":\"brown\",\"weight\":1,\"flip\":true,\"hue\":true,\"keep\":false}"

static char path[] = "/tmp/spritery-captions-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 || close(fd);
}

static int drop_file(void **state)
{
    (void)state;
    return unlink(path);
}

static enum spr_code read_text(const char *text, struct captions *ret, struct spr_error *err)
{
    assert_int_equal(file_write(path, text, strlen(text), FILE_REPLACE, err), SPR_OK);
    return captions_read(path, ret, err);
}

static void rows_are_read(void **state)
{
    (void)state;
    struct captions c;
    struct spr_error err = { 0 };
    assert_int_equal(read_text(AXE RAT RATS, &c, &err), SPR_OK);
    assert_int_equal(c.count, 3);
    assert_string_equal(c.row[0].file, "item/axe.png");
    assert_string_equal(c.row[0].dir_word[0], "item");
    assert_int_equal(c.row[0].colour, COLOUR_GREY);
    assert_true(c.row[0].weight == 2.2f && !c.row[0].flip && c.row[0].hue && c.row[0].keep);
    assert_int_equal(c.row[1].colour, COLOUR_NONE);
    assert_int_equal(c.row[1].file_words, 3);
    assert_string_equal(c.row[1].file_word[2], "zz");
    captions_fini(&c);
}

static void a_line_is_written_as_it_was_read(void **state)
{
    (void)state;
    static const char styled[] =
        "{\"file\":\"a.png\",\"dir_words\":[\"x\"],\"file_words\":[],\"colour\":null,\"weight\":0.6,"
        "\"flip\":true,\"hue\":false,\"keep\":false,\"style_words\":[\"emoji\",\"flat\"]}\n";
    struct captions c;
    struct buf b;
    buf_init(&b, 4096);
    assert_int_equal(read_text(styled, &c, NULL), SPR_OK);
    assert_int_equal(c.row[0].style_words, 2);
    assert_string_equal(c.row[0].style_word[1], "flat");
    assert_int_equal(caption_write(&c.row[0], &b, NULL), SPR_OK);
    assert_string_equal(b.data, styled);
    captions_fini(&c);
    assert_int_equal(read_text(AXE, &c, NULL), SPR_OK);
    assert_int_equal(caption_write(&c.row[0], &b, NULL), SPR_OK);
    assert_string_equal(b.data + strlen(styled), AXE);
    captions_fini(&c);
    buf_fini(&b);
}

static void a_word_is_listed_once(void **state)
{
    (void)state;
    const char *list[CAPTION_WORDS_MAX];
    static const char *const letters[] = { "a", "b", "c", "d", "e", "f", "g", "h",
                                           "i", "j", "k", "l", "m", "n", "o", "p" };
    int count = 0;
    for (size_t i = 0; i < SPR_COUNT(letters); i++)
        assert_true(caption_add_word(list, &count, letters[i]) && caption_add_word(list, &count, letters[i]));
    assert_int_equal(count, CAPTION_WORDS_MAX);
    assert_true(caption_add_word(list, &count, "p"));
    assert_false(caption_add_word(list, &count, "q"));
}

static void words_of_several_folders_count_together(void **state)
{
    (void)state;
    struct captions c[2];
    struct vocabulary v;
    assert_int_equal(read_text(RATS, &c[0], NULL), SPR_OK);
    assert_int_equal(read_text(RATS, &c[1], NULL), SPR_OK);
    assert_int_equal(captions_vocabulary(c, 2, &v, NULL), SPR_OK);
    assert_int_equal(v.count, 1 + COLOUR_COUNT + 3);
    assert_string_equal(v.word[1 + COLOUR_COUNT + 1], "once"); /* once in each */
    vocabulary_fini(&v);
    captions_fini(&c[0]);
    captions_fini(&c[1]);
}

static void vocabulary_rules(void **state)
{
    (void)state;
    static const char *const want[] = { "axe", "monster", "rat" }; /* not "item", "once", "zz": seen once */
    struct captions c;
    struct vocabulary v;
    assert_int_equal(read_text(AXE RAT RATS, &c, NULL), SPR_OK);
    assert_int_equal(captions_vocabulary(&c, 1, &v, NULL), SPR_OK);
    assert_int_equal(v.count, 1 + COLOUR_COUNT + SPR_COUNT(want));
    assert_string_equal(v.word[0], "<pad>");
    assert_string_equal(v.word[1], "red");
    assert_string_equal(v.word[COLOUR_COUNT], "white");
    for (size_t i = 0; i < SPR_COUNT(want); i++)
        assert_string_equal(v.word[1 + COLOUR_COUNT + i], want[i]);
    vocabulary_fini(&v);
    captions_fini(&c);
}

static void bad_lines_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        { "", "no captions in it" },
        { AXE "{\"file\"", "line 2: ':' expected" },
        { AXE "[]", "line 2: \"file\" is not a path below the folder of the captions" },
        { "{\"file\":\"../axe.png\"}", "line 1: \"file\" is not a path below the folder of the captions" },
        { "{\"file\":\"a/../../axe.png\"}",
          "line 1: \"file\" is not a path below the folder of the captions" },
        { "{\"file\":\"/axe.png\"}", "line 1: \"file\" is not a path below the folder of the captions" },
        { "{\"file\":\"a.png\",\"colour\":\"gold\"}",
          "line 1: \"colour\" is neither null nor one of the 12 colour words" },
        { "{\"file\":\"a.png\",\"colour\":null,\"weight\":0}",
          "line 1: \"weight\" is not a number above 0 and up to 1000000" },
        { "{\"file\":\"a.png\",\"colour\":null,\"weight\":1,\"dir_words\":[1]}",
          "line 1: \"dir_words\"[0] is not a word" },
        { "{\"file\":\"a.png\",\"colour\":null,\"weight\":1,\"dir_words\":[],\"file_words\":"
          "[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
          "\"a\"]}",
          "line 1: \"file_words\" is not a list of at most 16 words" },
        { "{\"file\":\"a.png\",\"colour\":null,\"weight\":1,\"dir_words\":[],\"file_words\":[],\"flip\":1}",
          "line 1: \"flip\" is neither true nor false" },
        { "{\"file\":\"a.png\",\"colour\":null,\"weight\":1,\"dir_words\":[],\"file_words\":[],\"flip\":true,"
          "\"hue\":true,\"keep\":true,\"style_words\":[\"a\",\"b\",\"c\"]}",
          "line 1: \"style_words\" is not a list of at most 2 words" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct captions c = { .count = 77 };
        struct spr_error err = { 0 };
        assert_int_equal(read_text(rows[i].text, &c, &err), SPR_BADDATA);
        if (!strstr(err.text, rows[i].sentence))
            fail_msg("row %zu: %s", i, err.text);
        assert_int_equal(c.count, 77);
    }
    struct captions c;
    assert_int_equal(captions_read("/nowhere/captions.jsonl", &c, NULL), SPR_NOTFOUND);
}

static void lack_of_memory(void **state)
{
    (void)state;
    struct captions c;
    struct vocabulary v;
    struct spr_error err;
    assert_int_equal(read_text(AXE RAT RATS, &c, &err), SPR_OK);
    for (uint64_t n = 1;; n++) {
        struct captions again = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = captions_read(path, &again, &err);
        if (rc == SPR_OK) {
            rc = captions_vocabulary(&again, 1, &v, &err);
            if (rc == SPR_OK)
                vocabulary_fini(&v);
            captions_fini(&again);
        }
        mem_fail_nth(0);
        if (rc == SPR_OK)
            break;
        assert_int_equal(rc, SPR_NOMEM);
        assert_true(n < 100);
    }
    captions_fini(&c);
}

static void tiles_are_placed(void **state)
{
    (void)state;
    static const struct {
        int width, height, visible;
        bool want;
    } rows[] = {
        { 32, 32, 20, true },  { 32, 32, 19, false }, { 28, 24, 20, true },  { 27, 32, 99, false },
        { 32, 23, 99, false }, { 33, 32, 99, false }, { 32, 33, 99, false }, { 30, 30, 99, true },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im;
        struct rgba tile[TILE_SIDE * TILE_SIDE];
        assert_int_equal(image_init(&im, rows[i].width, rows[i].height, NULL), SPR_OK);
        for (int p = 0; p < rows[i].visible; p++)
            im.pixel[p].a = 1;
        bool got = tile_place(&im, tile);
        image_fini(&im);
        if (got != rows[i].want)
            fail_msg("row %zu", i);
        if (got)
            assert_int_equal(
                tile[(TILE_SIDE - rows[i].height) * TILE_SIDE + (TILE_SIDE - rows[i].width) / 2].a, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read),
        cmocka_unit_test(a_line_is_written_as_it_was_read),
        cmocka_unit_test(a_word_is_listed_once),
        cmocka_unit_test(vocabulary_rules),
        cmocka_unit_test(words_of_several_folders_count_together),
        cmocka_unit_test(bad_lines_are_named),
        cmocka_unit_test(lack_of_memory),
        cmocka_unit_test(tiles_are_placed),
    };
    return cmocka_run_group_tests_name("train/captions", tests, make_file, drop_file);
}
