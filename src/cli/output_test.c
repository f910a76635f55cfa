#include "base/file.h"
#include "cli/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void out_and_format_mean(void **state)
{
    static const struct {
        const char *why, *out, *format;
        size_t pictures;
        const char *folder, *file;
        enum image_kind kind;
    } rows[] = {
        { "nothing given", NULL, NULL, 1, ".", NULL, IMAGE_PNG },
        { "a format", NULL, "gif", 1, ".", NULL, IMAGE_GIF },
        { "a folder to be made", "a/b", NULL, 5, "a/b", NULL, IMAGE_PNG },
        { "slashes at its end", "a//", "webp", 5, "a", NULL, IMAGE_WEBP },
        { "the root", "/", NULL, 1, "/", NULL, IMAGE_PNG },
        { "a folder with a dot", "v1.2", NULL, 1, "v1.2", NULL, IMAGE_PNG },
        { "a hidden folder", ".png", NULL, 1, ".png", NULL, IMAGE_PNG },
        { "a file", "x.webp", NULL, 1, ".", "x.webp", IMAGE_WEBP },
        { "a file, any case", "a/x.PNG", "png", 1, ".", "a/x.PNG", IMAGE_PNG },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct output o;
        struct spr_error err = { 0 };
        if (output_read(rows[i].out, rows[i].format, false, rows[i].pictures, &o, &err))
            fail_msg("%s: %s", rows[i].why, err.text);
        assert_string_equal(o.folder, rows[i].folder);
        assert_int_equal(o.kind, rows[i].kind);
        assert_true(!o.file == !rows[i].file);
        if (o.file)
            assert_string_equal(o.file, rows[i].file);
    }
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *out, *format;
        size_t pictures;
        const char *sentence;
    } rows[] = {
        { "", NULL, 1, "--out is empty; it must be a folder or a file" },
        { NULL, "bmp", 1, "--format is \"bmp\"; it must be png, webp or gif" },
        { NULL, "jpeg", 1, "--format is \"jpeg\"; it must be png, webp or gif" },
        { "x.jpg", NULL, 1, "--out x.jpg: JPEG blurs pixel art; use .png, .webp or .gif" },
        { "x.png", "gif", 1, "--out x.png and --format gif disagree" },
        { "x.png", NULL, 4, "--out x.png is one file, but 4 pictures are asked for; give a folder" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct output o;
        struct spr_error err = { 0 };
        assert_int_equal(output_read(rows[i].out, rows[i].format, false, rows[i].pictures, &o, &err),
                         SPR_BADARG);
        assert_string_equal(err.text, rows[i].sentence);
    }
}

static void a_file_that_is_there_is_not_waited_for(void **state)
{
    (void)state;
    char folder[] = "/tmp/spritery-output-XXXXXX", path[64];
    struct output o;
    struct spr_error err = { 0 };
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x.png", folder);
    assert_int_equal(file_write(path, "x", 1, FILE_NEW, NULL), SPR_OK);
    assert_int_equal(output_read(path, NULL, false, 1, &o, &err), SPR_EXISTS);
    assert_int_equal(output_read(path, NULL, true, 1, &o, &err), SPR_OK);
    assert_int_equal(output_read(folder, NULL, false, 9, &o, &err), SPR_OK);
    assert_string_equal(o.folder, folder);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(out_and_format_mean),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(a_file_that_is_there_is_not_waited_for),
    };
    return cmocka_run_group_tests_name("cli/output", tests, NULL, NULL);
}
