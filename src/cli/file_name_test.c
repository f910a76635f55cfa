#include "base/buf.h"
#include "base/file.h"
#include "cli/file_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void prompts_become_safe_names(void **state)
{
    static const struct {
        const char *why, *prompt, *stem;
    } rows[] = {
        { "words", "Red Dragon", "red-dragon-7" },
        { "punctuation at the ends", "  (orc, wizard)! ", "orc-wizard-7" },
        { "a path stays in the folder", "../../etc/passwd", "etc-passwd-7" },
        { "no hidden file", ".bashrc", "bashrc-7" },
        { "no option", "--force", "force-7" },
        { "nothing left", "/..\\/!", "sprite-7" },
        { "other scripts are kept", "\xD0\xB4\xD1\x80\xD0\xB0\xD0\xBA\xD0\xBE\xD0\xBD 2",
          "\xD0\xB4\xD1\x80\xD0\xB0\xD0\xBA\xD0\xBE\xD0\xBD-2-7" },
        { "direction marks and blanks are not",
          "a\xE2\x80\xAE"
          "b\xC2\xA0"
          "c",
          "a-b-c-7" },
        { "broken UTF-8 is a gap",
          "a\xFF"
          "b",
          "a-b-7" },
        { "escape sequences too", "a\x1B[2Jb", "a-2jb-7" },
        { "cut at 80 bytes",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-7" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        char stem[FILE_STEM_BYTES];
        file_stem(rows[i].prompt, 7, stem);
        if (strcmp(stem, rows[i].stem) != 0)
            fail_msg("%s: %s", rows[i].why, stem);
    }
}

static void the_largest_seed_fits(void **state)
{
    (void)state;
    char prompt[200], stem[FILE_STEM_BYTES];
    memset(prompt, 'x', sizeof prompt - 1);
    prompt[sizeof prompt - 1] = '\0';
    file_stem(prompt, UINT64_MAX, stem);
    assert_string_equal(stem + strlen(stem) - 21, "-18446744073709551615");
}

static void a_taken_name_gets_a_number(void **state)
{
    (void)state;
    char folder[] = "/tmp/spritery-name-XXXXXX", path[PATH_MAX], want[PATH_MAX];
    static const char *const names[] = { "orc-7.png", "orc-7-2.png", "orc-7-3.png" };
    struct spr_error err = { 0 };
    struct buf b;
    assert_non_null(mkdtemp(folder));
    struct file_place place = { folder, "orc-7", "png", false };
    for (int i = 0; i < 3; i++) {
        snprintf(want, sizeof want, "%s/%s", folder, names[i]);
        assert_int_equal(file_publish(&place, names[i], 3, path, &err), SPR_OK);
        assert_string_equal(path, want);
    }
    place.force = true;
    assert_int_equal(file_publish(&place, "new", 3, path, &err), SPR_OK);
    snprintf(want, sizeof want, "%s/orc-7.png", folder);
    assert_string_equal(path, want);
    buf_init(&b, 10);
    assert_int_equal(file_read(path, &b, &err), SPR_OK);
    assert_string_equal(b.data, "new");
    buf_fini(&b);
    place.folder = "/nonexistent-folder";
    assert_int_equal(file_publish(&place, "new", 3, path, &err), SPR_NOTFOUND);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0); /* so nothing else was left there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prompts_become_safe_names),
        cmocka_unit_test(the_largest_seed_fits),
        cmocka_unit_test(a_taken_name_gets_a_number),
    };
    return cmocka_run_group_tests_name("cli/file_name", tests, NULL, NULL);
}
