#include "rows/manifest.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/spritery-manifest-XXXXXX", path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/manifest.jsonl", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static int begin_anew(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static void ask(struct request *r, const char *prompt, const char *seed)
{
    request_init(r);
    assert_int_equal(request_set(r, REQUEST_PROMPT, "prompt", prompt, NULL), SPR_OK);
    assert_int_equal(request_set(r, REQUEST_SEED, "seed", seed, NULL), SPR_OK);
}

static const char *file_for(struct manifest *m, const struct request *r)
{
    const char *file = NULL;
    assert_int_equal(manifest_file(m, r, &file, NULL), SPR_OK);
    return file;
}

static void what_is_done_is_found_again(void **state)
{
    (void)state;
    struct manifest *m;
    struct request a, b, c;
    ask(&a, "axe \"of\" \xE2\x99\x9E", "18446744073709551615");
    ask(&b, "axe", "2");
    ask(&c, "axe", "3");
    assert_int_equal(manifest_open(path, &m, NULL), SPR_OK);
    assert_int_equal(manifest_begin(m, "a.png", NULL), SPR_OK);
    assert_int_equal(manifest_done(m, "a.png", &a, json_pack("{s:i}", "row", 1), NULL), SPR_OK);
    assert_int_equal(manifest_failed(m, &b, "no such word", NULL, NULL), SPR_OK);
    assert_int_equal(manifest_begin(m, "c.png", NULL), SPR_OK);
    for (int again = 0; again < 2; again++) {
        assert_string_equal(file_for(m, &a), "a.png");
        assert_null(file_for(m, &b));
        assert_null(file_for(m, &c));
        assert_true(manifest_making(m, "c.png") && !manifest_making(m, "a.png"));
        manifest_close(m);
        assert_int_equal(manifest_open(path, &m, NULL), SPR_OK);
    }
    manifest_close(m);
    request_fini(&a);
    request_fini(&b);
    request_fini(&c);
}

static void a_line_cut_short_is_taken_off(void **state)
{
    (void)state;
    struct manifest *m;
    struct request a;
    struct buf whole;
    struct spr_error err;
    ask(&a, "axe", "1");
    assert_int_equal(manifest_open(path, &m, NULL), SPR_OK);
    assert_int_equal(manifest_done(m, "a.png", &a, NULL, NULL), SPR_OK);
    assert_int_equal(manifest_done(m, "b.png", &a, NULL, NULL), SPR_OK);
    manifest_close(m);
    buf_init(&whole, 100000);
    assert_int_equal(file_read(path, &whole, &err), SPR_OK);
    size_t first = (size_t)(strchr(whole.data, '\n') - whole.data) + 1;
    for (size_t cut = first; cut < whole.length; cut++) {
        assert_int_equal(file_write(path, whole.data, cut, FILE_REPLACE, &err), SPR_OK);
        assert_int_equal(manifest_open(path, &m, &err), SPR_OK);
        assert_string_equal(file_for(m, &a), "a.png");
        assert_int_equal(manifest_done(m, "c.png", &a, NULL, NULL), SPR_OK);
        manifest_close(m);
        assert_int_equal(manifest_open(path, &m, &err), SPR_OK);
        assert_string_equal(file_for(m, &a), "c.png");
        manifest_close(m);
    }
    buf_fini(&whole);
    request_fini(&a);
}

static void foreign_files_and_a_second_batch_are_refused(void **state)
{
    (void)state;
    struct manifest *m, *second;
    struct spr_error err;
    assert_int_equal(manifest_open(path, &m, NULL), SPR_OK);
    assert_int_equal(manifest_open(path, &second, &err), SPR_BUSY);
    assert_non_null(strstr(err.text, "another batch"));
    manifest_close(m);
    static const char *const foreign[] = { "my notes\n", "{\"file\":\"a\"}\n", "{\"state\":\"done\"}\n",
                                           "[]\n" };
    for (size_t i = 0; i < SPR_COUNT(foreign); i++) {
        assert_int_equal(file_write(path, foreign[i], strlen(foreign[i]), FILE_REPLACE, &err), SPR_OK);
        assert_int_equal(manifest_open(path, &m, &err), SPR_BADDATA);
        assert_non_null(strstr(err.text, "line 1 is no line of a manifest"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_done_is_found_again, begin_anew),
        cmocka_unit_test_setup(a_line_cut_short_is_taken_off, begin_anew),
        cmocka_unit_test_setup(foreign_files_and_a_second_batch_are_refused, begin_anew),
    };
    return cmocka_run_group_tests_name("rows/manifest", tests, make_folder, remove_folder);
}
