#include "digest/digest.h"

#include "base/file.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* FIPS 180-4's examples, as NIST publishes them. */
static const struct {
    const char *why, *text, *hex;
} rows[] = {
    { "nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "one block", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void published_values(void **state)
{
    (void)state;
    char hex[DIGEST_HEX_BYTES];
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        digest_hex(rows[i].text, strlen(rows[i].text), hex);
        if (strcmp(hex, rows[i].hex) != 0)
            fail_msg("%s: %s", rows[i].why, hex);
    }
    digest_hex(NULL, 0, hex);
    assert_string_equal(hex, rows[0].hex);
}

static void pieces_are_the_whole(void **state)
{
    (void)state;
    struct digest d;
    uint8_t whole[DIGEST_BYTES];
    char hex[DIGEST_HEX_BYTES];
    digest_init(&d);
    digest_add(&d, rows[2].text, 5);
    digest_add(&d, NULL, 0);
    digest_add(&d, rows[2].text + 5, strlen(rows[2].text) - 5);
    digest_end(&d, whole);
    str_hex(whole, sizeof whole, hex);
    assert_string_equal(hex, rows[2].hex);
}

static void files(void **state)
{
    (void)state;
    char folder[] = "/tmp/spritery-digest-XXXXXX", path[64], hex[DIGEST_HEX_BYTES] = "as it was";
    uint64_t length = 7;
    struct spr_error err;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    assert_int_equal(digest_file(path, hex, &length, &err), SPR_NOTFOUND);
    assert_non_null(strstr(err.text, path));
    assert_string_equal(hex, "as it was");
    assert_int_equal(length, 7);
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        assert_int_equal(file_write(path, rows[i].text, strlen(rows[i].text), FILE_REPLACE, &err), SPR_OK);
        assert_int_equal(digest_file(path, hex, &length, &err), SPR_OK);
        assert_string_equal(hex, rows[i].hex);
        assert_int_equal(length, strlen(rows[i].text));
    }
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values),
        cmocka_unit_test(pieces_are_the_whole),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests_name("digest/digest", tests, NULL, NULL);
}
