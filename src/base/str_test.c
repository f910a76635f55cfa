#include "base/str.h"

#include "base/utf8.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void numbers_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool u64, i64, real;
    } rows[] = {
        { "0", true, true, true },
        { "18446744073709551615", true, false, true },
        { "18446744073709551616", false, false, true },
        { "-1", false, true, true },
        { "-9223372036854775808", false, true, true },
        { "-9223372036854775809", false, false, true },
        { "", false, false, false },
        { "-", false, false, false },
        { " 1", false, false, false },
        { "1 ", false, false, false },
        { "1x", false, false, false },
        { "0x10", false, false, false },
        { "1e3", false, false, true },
        { "1e999", false, false, false },
        { "nan", false, false, false },
        { "inf", false, false, false },
        { "1,5", false, false, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t u;
        int64_t s;
        double d;
        if (str_to_u64(rows[i].text, &u) != rows[i].u64 || str_to_i64(rows[i].text, &s) != rows[i].i64 ||
            str_to_double(rows[i].text, &d) != rows[i].real)
            fail_msg("\"%s\"", rows[i].text);
    }
}

static void doubles_round_trip_shortest(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } rows[] = { { 0.1, "0.1" }, { 3, "3" }, { 1.0 / 3, "0.3333333333333333" }, { -2.5e-7, "-2.5e-07" } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[32];
        double back;
        str_from_double(rows[i].value, text, sizeof text);
        assert_string_equal(text, rows[i].text);
        assert_true(str_to_double(text, &back) && !(back < rows[i].value) && !(back > rows[i].value));
    }
}

static void nearest_finds_what_was_meant(void **state)
{
    (void)state;
    static const char *const verbs[] = { "generate", "help", "models", "show", "train" };
    static const struct {
        const char *typed, *meant;
    } rows[] = { { "genrate", "generate" }, { "hlep", "help" }, { "model", "models" },
                 { "xyzzy", NULL },         { "", NULL },       { "shwo", "show" } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = str_nearest(rows[i].typed, verbs, sizeof verbs / sizeof *verbs);
        if (!rows[i].meant)
            assert_null(got);
        else
            assert_string_equal(got, rows[i].meant);
    }
}

static void utf8_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text;
        size_t length, bad; /* bad == length: all of it is fine */
    } rows[] = {
        { "ascii", "abc", 3, 3 },
        { "two, three, four bytes", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x90\x89", 9, 9 },
        { "lone continuation", "a\x80", 2, 1 },
        { "cut short", "a\xE2\x82", 3, 1 },
        { "overlong slash", "\xC0\xAF", 2, 0 },
        { "overlong three", "\xE0\x80\xAF", 3, 0 },
        { "surrogate", "\xED\xA0\x80", 3, 0 },
        { "above the last", "\xF4\x90\x80\x80", 4, 0 },
        { "zero byte is a character", "a\0b", 3, 3 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t at = rows[i].length;
        bool ok = utf8_valid(rows[i].text, rows[i].length, &at);
        if (ok != (rows[i].bad == rows[i].length) || at != rows[i].bad)
            fail_msg("%s", rows[i].why);
    }
}

static void utf8_encodes_what_it_decodes(void **state)
{
    (void)state;
    for (uint32_t p = 0; p <= 0x110000; p += p < 0x3000 ? 1 : 37) {
        char bytes[4];
        uint32_t back = 0;
        size_t n = utf8_encode(p, bytes);
        bool valid = p <= 0x10FFFF && !(p >= 0xD800 && p <= 0xDFFF);
        assert_int_equal(n > 0, valid);
        if (valid) {
            assert_int_equal(utf8_decode(bytes, n, &back), n);
            assert_int_equal(back, p);
        }
    }
}

static void utf8_cut_keeps_characters_whole(void **state)
{
    (void)state;
    assert_int_equal(utf8_cut("a\xE2\x82\xAC", 4, 3), 1);
    assert_int_equal(utf8_cut("a\xE2\x82\xAC", 4, 4), 4);
    assert_int_equal(utf8_cut("a\xE2\x82\xAC", 4, 0), 0);
}

static void bytes_are_written_as_digits(void **state)
{
    char text[] = "........!";
    (void)state;
    str_hex("\x00\x9f\xA0\xff", 4, text);
    assert_string_equal(text, "009fa0ff");
    str_hex("", 0, text);
    assert_string_equal(text, "");
}

static void bytes_are_read_from_digits(void **state)
{
    static const struct {
        const char *why, *text;
        bool good;
    } rows[] = {
        { "both cases", "00aF", true }, { "what follows is the caller's", "00aF-rest", true },
        { "too short", "00a", false },  { "nothing", "", false },
        { "no digit", "00g0", false },  { "a sign", "+f00", false },
        { "a blank", " 000", false },   { "a prefix", "0x00", false },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        uint8_t byte[2] = { 1, 2 };
        bool good = str_unhex(rows[i].text, 2, byte);
        if (good != rows[i].good || byte[0] != (good ? 0 : 1) || byte[1] != (good ? 0xaf : 2))
            fail_msg("%s: %d, %02x%02x", rows[i].why, good, byte[0], byte[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_strictly),    cmocka_unit_test(doubles_round_trip_shortest),
        cmocka_unit_test(nearest_finds_what_was_meant), cmocka_unit_test(utf8_is_checked),
        cmocka_unit_test(utf8_encodes_what_it_decodes), cmocka_unit_test(utf8_cut_keeps_characters_whole),
        cmocka_unit_test(bytes_are_written_as_digits),  cmocka_unit_test(bytes_are_read_from_digits),
    };
    return cmocka_run_group_tests_name("base/str utf8", tests, NULL, NULL);
}
