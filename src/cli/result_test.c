#include "cli/result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void places(void **state)
{
    static const struct {
        const char *out, *name, *member, *path;
    } rows[] = {
        { NULL, "art/hero.png", "", "hero-what.png" },
        { NULL, "art/hero.png", "-left", "hero-left.png" },
        { NULL, "art.old/hero", "", "hero-what.png" },
        { NULL, ".png", "", ".png-what.png" },
        { NULL, "photo.jpg", "", "photo-what.png" },
        { NULL, "walk.GIF", "", "walk-what.gif" },
        { "new", "hero.tar.webp", "", "new/hero.tar.webp" },
        { "new/", "deep/hero.png", "-45", "new/deep/hero-45.png" },
        { "/", "hero.png", "", "//hero.png" },
        { "out.aseprite", "art/hero.png", "-left", "out.aseprite" },
        { "/tmp", "hero.png", "", "/tmp/hero.png" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct result r;
        struct spr_error err = { 0 };
        char path[PATH_MAX] = "";
        if (result_read(rows[i].out, 1, false, "-what", &r, &err) ||
            result_path(&r, rows[i].name, rows[i].member, result_kind(&r, rows[i].name), path, &err) ||
            strcmp(path, rows[i].path) != 0)
            fail_msg("%s: \"%s\" %s", rows[i].path, path, err.text);
    }
}

static void refusals(void **state)
{
    static const struct {
        const char *out;
        size_t results;
        const char *sentence;
    } rows[] = {
        { "", 1, "--out is empty; it must be a folder or a file" },
        { "x.jpg", 1, "--out x.jpg: JPEG blurs pixel art; use .png, .webp, .gif or .aseprite" },
        { "x.png", 2, "--out x.png is one file, but there will be several; give a folder" },
        { "x.bmp", 1, "--out x.bmp: end it with .png, .webp, .gif or .aseprite, or a folder with /" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct result r = { .what = "untouched" };
        struct spr_error err = { 0 };
        assert_int_equal(result_read(rows[i].out, rows[i].results, false, "-what", &r, &err), SPR_BADARG);
        assert_string_equal(err.text, rows[i].sentence);
        assert_string_equal(r.what, "untouched");
    }
}

static void a_folder_that_is_there_is_one_whatever_its_name(void **state)
{
    char base[] = "/tmp/spritery-result-XXXXXX", folder[64], path[PATH_MAX];
    struct result r;
    struct spr_error err;
    (void)state;
    assert_non_null(mkdtemp(base));
    snprintf(folder, sizeof folder, "%s/set.png", base);
    assert_int_equal(file_make_folder(folder, &err), SPR_OK);
    assert_int_equal(result_read(folder, 1, true, "-what", &r, &err), SPR_OK);
    assert_false(r.one);
    assert_int_equal(result_mode(&r), FILE_REPLACE);
    assert_int_equal(result_folder(&r, &err), SPR_OK);
    assert_int_equal(result_path(&r, "a.gif", "", IMAGE_GIF, path, &err), SPR_OK);
    assert_memory_equal(path, folder, strlen(folder));
    assert_string_equal(path + strlen(folder), "/a.gif");
    rmdir(folder);
    rmdir(base);
}

static void taken_says_what_helps(void **state)
{
    struct spr_error err = { 0 };
    (void)state;
    assert_int_equal(result_taken(SPR_IO, "a.png", &err), SPR_IO);
    assert_string_equal(err.text, "");
    assert_int_equal(result_taken(SPR_EXISTS, "a.png", &err), SPR_EXISTS);
    assert_string_equal(err.text, "a.png exists already; --force replaces it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(refusals),
        cmocka_unit_test(a_folder_that_is_there_is_one_whatever_its_name),
        cmocka_unit_test(taken_says_what_helps),
    };
    return cmocka_run_group_tests_name("cli/result", tests, NULL, NULL);
}
