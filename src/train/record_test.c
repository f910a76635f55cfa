#include "train/record.h"

#include "base/buf.h"
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

#define HEADER "step,loss\n"

static char folder[32], path[64];

static int make(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/record-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/loss.csv", folder);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void resuming_cuts_back(void **state)
{
    (void)state;
    static const struct {
        const char *why, *before, *after;
        uint64_t last;
    } rows[] = {
        { "new file", NULL, HEADER "9,x\n", 0 },
        { "all rows kept", HEADER "1,a\n2,b\n", HEADER "1,a\n2,b\n9,x\n", 2 },
        { "rows past the checkpoint go", HEADER "1,a\n2,b\n3,c\n", HEADER "1,a\n9,x\n", 1 },
        { "a torn row goes", HEADER "1,a\n2,", HEADER "1,a\n9,x\n", 5 },
        { "from the beginning", HEADER "1,a\n", HEADER "9,x\n", 0 },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct record r;
        struct buf b;
        unlink(path);
        if (rows[i].before)
            assert_int_equal(file_write(path, rows[i].before, strlen(rows[i].before), FILE_NEW, NULL),
                             SPR_OK);
        assert_int_equal(record_open(&r, path, HEADER, rows[i].last, NULL), SPR_OK);
        assert_int_equal(record_add(&r, NULL, "%d,%s\n", 9, "x"), SPR_OK);
        record_close(&r);
        buf_init(&b, 1000);
        assert_int_equal(file_read(path, &b, NULL), SPR_OK);
        if (strcmp(b.data, rows[i].after))
            fail_msg("%s: %s", rows[i].why, b.data);
        buf_fini(&b);
    }
}

static void another_file_is_left_alone(void **state)
{
    (void)state;
    struct record r;
    struct spr_error err = { 0 };
    assert_int_equal(file_write(path, "dear diary\n", 11, FILE_NEW, NULL), SPR_OK);
    assert_int_equal(record_open(&r, path, HEADER, 0, &err), SPR_BADDATA);
    char text[128];
    snprintf(text, sizeof text, "%s does not begin with 'step,loss'", path);
    assert_string_equal(err.text, text);
    assert_int_equal(r.fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(resuming_cuts_back, make, drop),
        cmocka_unit_test_setup_teardown(another_file_is_left_alone, make, drop),
    };
    return cmocka_run_group_tests_name("train/record", tests, NULL, NULL);
}
