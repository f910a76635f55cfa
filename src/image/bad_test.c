/* The hostile files of tests/bad/png, jpeg and image, each with the sentence that tests/bad/NAME.expect has for it:
 * lines "file: sentence", where the sentence "fine" means that it is read, and "fine, but: ..." that a text was
 * skipped. The corpus is made by tests/bad/make-pictures. */
#include "base/file.h"
#include "image/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void judge(const char *path, char *said, size_t size)
{
    struct image im = { 0 };
    struct notes notes = { 0 };
    struct buf file;
    struct spr_error err = { 0 };
    buf_init(&file, 1 << 20);
    assert_int_equal(file_read(path, &file, &err), SPR_OK);
    char *exact = malloc(file.length + 1); /* its own block, so that a sanitiser sees a step beyond the end */
    if (file.length)
        memcpy(exact, file.data, file.length);
    if (image_decode(exact, file.length, NULL, &im, &notes, &err))
        snprintf(said, size, "%s", err.text);
    else if (notes.skipped)
        snprintf(said, size, "fine, but: %s", notes.why);
    else
        snprintf(said, size, "fine");
    free(exact);
    notes_fini(&notes);
    image_fini(&im);
    buf_fini(&file);
}

static void replay(const char *name)
{
    const char *root = getenv("SPRITERY_SOURCE_ROOT");
    char path[4096], line[1024], said[600];
    int files = 0, wrong = 0;
    snprintf(path, sizeof path, "%s/tests/bad/%s.expect", root ? root : ".", name);
    FILE *expect = fopen(path, "r");
    assert_non_null(expect);
    while (fgets(line, sizeof line, expect)) {
        char *sentence = strstr(line, ": ");
        line[strcspn(line, "\n")] = '\0';
        assert_non_null(sentence);
        *sentence = '\0';
        sentence += 2;
        snprintf(path, sizeof path, "%s/tests/bad/%s/%s", root ? root : ".", name, line);
        judge(path, said, sizeof said);
        files++;
        if (strcmp(said, sentence) != 0) {
            print_error("%s: %s\n", line, said);
            wrong++;
        }
    }
    fclose(expect);
    assert_true(files > 10);
    assert_int_equal(wrong, 0);
}

static void png_files(void **state)
{
    (void)state;
    replay("png");
}

static void jpeg_files(void **state)
{
    (void)state;
    replay("jpeg");
}

static void other_files(void **state)
{
    (void)state;
    replay("image");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(png_files), cmocka_unit_test(jpeg_files),
                                        cmocka_unit_test(other_files) };
    return cmocka_run_group_tests_name("image/bad", tests, NULL, NULL);
}
