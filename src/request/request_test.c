#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "request/request_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int make(void **state)
{
    static struct request r;
    request_init(&r);
    *state = &r;
    return 0;
}

static int drop(void **state)
{
    request_fini(*state);
    return 0;
}

static void printed_is(const struct request *r, enum request_field f, const char *want)
{
    struct buf b;
    struct spr_error err = { 0 };
    buf_init(&b, 65536);
    assert_int_equal(request_print(r, f, &b, &err), SPR_OK);
    assert_string_equal(b.data ? b.data : "", want);
    buf_fini(&b);
}

static void rows_are_whole(void **state)
{
    const struct request *r = *state;
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++) {
        const struct request_row *row = request_row((enum request_field)f);
        assert_true(*row->name && *row->wire && *row->help);
        assert_int_equal(request_field_named(row->name), f); /* so names differ from each other */
        assert_int_equal(request_field_of_png(row->png), f);
        assert_int_equal(request_field_of_wire(row->wire), f);
        char png[64];
        snprintf(png, sizeof png, "spritery:%s", row->name);
        assert_string_equal(row->png, png);
        assert_true((row->argument == NULL) == (row->type == REQUEST_SWITCH));
        assert_true(row->min <= row->max);
        if (row->type != REQUEST_TEXT && *row->standard)
            printed_is(r, (enum request_field)f, row->standard);
    }
    assert_int_equal(request_field_named("nothing"), -1);
    assert_int_equal(r->given, 0);
}

static void good_values_round_trip(void **state)
{
    static const struct {
        const char *why;
        enum request_field field;
        const char *text, *printed;
    } rows[] = {
        { "plain words", REQUEST_PROMPT, "red dragon", "red dragon" },
        { "any language, tab kept", REQUEST_PROMPT, "\xD0\xB4\xD1\x80\tx", "\xD0\xB4\xD1\x80\tx" },
        { "emptied again", REQUEST_NEGATIVE, "", "" },
        { "lowest", REQUEST_STEPS, "1", "1" },
        { "highest", REQUEST_STEPS, "200", "200" },
        { "leading zeros are only zeros", REQUEST_STEPS, "007", "7" },
        { "fraction", REQUEST_GUIDANCE, "2.50", "2.5" },
        { "exponent", REQUEST_GUIDANCE, "1e-3", "0.001" },
        { "minus zero is zero", REQUEST_GUIDANCE, "-0", "0" },
        { "shortest that reads back", REQUEST_STRENGTH, "0.1", "0.1" },
        { "all digits of a double", REQUEST_STRENGTH, "0.30000000000000004", "0.30000000000000004" },
        { "largest seed", REQUEST_SEED, "18446744073709551615", "18446744073709551615" },
        { "above what doubles hold", REQUEST_SEED, "9007199254740993", "9007199254740993" },
        { "a word", REQUEST_SAMPLER, "heun", "heun" },
        { "another word", REQUEST_PRECISION, "bf16", "bf16" },
        { "a choice", REQUEST_SIZE, "64", "64" },
        { "switch words", REQUEST_TILE, "on", "yes" },
        { "switch words", REQUEST_TILE, "0", "no" },
    };
    struct request *r = *state;
    struct spr_error err = { 0 };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        if (request_set(r, rows[i].field, "--x", rows[i].text, &err))
            fail_msg("%s: %s", rows[i].why, err.text);
        printed_is(r, rows[i].field, rows[i].printed);
        assert_true(request_given(r, rows[i].field));
    }
}

static void bad_values_say_what_would_be_right(void **state)
{
    static const struct {
        enum request_field field;
        const char *label, *text, *sentence;
    } rows[] = {
        { REQUEST_STEPS, "--steps", "0", "--steps is \"0\"; it must be a whole number from 1 to 200" },
        { REQUEST_STEPS, "--steps", "", "--steps is \"\"; it must be a whole number from 1 to 200" },
        { REQUEST_STEPS, "--steps", "1.5", "--steps is \"1.5\"; it must be a whole number from 1 to 200" },
        { REQUEST_STEPS, "--steps", " 5", "--steps is \" 5\"; it must be a whole number from 1 to 200" },
        { REQUEST_STEPS, "--steps", "99999999999999999999",
          "--steps is \"99999999999999999999\"; it must be a whole number from 1 to 200" },
        { REQUEST_GUIDANCE, "--guidance", "nan", "--guidance is \"nan\"; it must be a number from 0 to 30" },
        { REQUEST_GUIDANCE, "--guidance", "inf", "--guidance is \"inf\"; it must be a number from 0 to 30" },
        { REQUEST_GUIDANCE, "--guidance", "-1", "--guidance is \"-1\"; it must be a number from 0 to 30" },
        { REQUEST_GUIDANCE, "--guidance", "0x10",
          "--guidance is \"0x10\"; it must be a number from 0 to 30" },
        { REQUEST_SIZE, "--size", "100000", "--size is \"100000\"; it must be one of 16, 32, 48, 64" },
        { REQUEST_SIZE, "--size", "0", "--size is \"0\"; it must be one of 16, 32, 48, 64" },
        { REQUEST_SAMPLER, "--sampler", "eular",
          "--sampler is \"eular\"; it must be one of euler, heun, ancestral, dpm: did you mean euler?" },
        { REQUEST_SAMPLER, "--sampler", "zzzzzz",
          "--sampler is \"zzzzzz\"; it must be one of euler, heun, ancestral, dpm" },
        { REQUEST_SEED, "--seed", "-1",
          "--seed is \"-1\"; it must be a whole number from 0 to 18446744073709551615" },
        { REQUEST_SEED, "spritery:seed", "18446744073709551616",
          "spritery:seed is \"18446744073709551616\"; it must be a whole number from 0 to "
          "18446744073709551615" },
        { REQUEST_TILE, "--tile", "maybe", "--tile is \"maybe\"; it must be yes or no" },
        { REQUEST_PROMPT, "prompt", "a\xFF", "prompt is not UTF-8: byte 0xFF at offset 1" },
        { REQUEST_PROMPT, "prompt", "a\x1B[2J", "prompt has a control character (0x1B) at offset 1" },
        { REQUEST_STEPS, "--steps", "\x1B[2J\xFF",
          "--steps is \"?[2J?\"; it must be a whole number from 1 to 200" },
        { REQUEST_STEPS, "--steps", "123456789012345678901234567890123456789012345678901234567890",
          "--steps is \"1234567890123456789012345678901234567890...\"; it must be a whole number from 1 to "
          "200" },
    };
    struct request *r = *state, before = *r;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct spr_error err = { 0 };
        assert_int_equal(request_set(r, rows[i].field, rows[i].label, rows[i].text, &err), SPR_BADARG);
        assert_string_equal(err.text, rows[i].sentence);
        assert_memory_equal(r, &before, sizeof before);
    }
}

static void a_prompt_has_a_limit(void **state)
{
    struct request *r = *state;
    struct spr_error err = { 0 };
    char *text = mem_zalloc(102401, 1);
    assert_non_null(text);
    memset(text, 'a', 102400);
    assert_int_equal(request_set(r, REQUEST_PROMPT, "prompt", text, &err), SPR_BADARG);
    assert_string_equal(err.text, "prompt is 102400 characters long; at most 10000 are allowed");
    text[10000] = '\0';
    assert_int_equal(request_set(r, REQUEST_PROMPT, "prompt", text, &err), SPR_OK);
    mem_free(text);
}

static void check_sees_what_one_field_cannot(void **state)
{
    static const struct {
        enum request_field field;
        const char *text, *sentence;
    } rows[] = {
        { REQUEST_PROMPT, " \t", "the prompt is empty; say what to draw, for example \"red dragon\"" },
        { REQUEST_MASK, "m.png", "--mask needs --init: the picture whose parts are drawn anew" },
        { REQUEST_BLEND_AMOUNT, "0.5", "--blend-amount needs --blend: the second prompt" },
        { REQUEST_VARY_SEED, "5", "--vary-seed needs --vary: how far to vary, for example 0.2" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct request r;
        struct spr_error err = { 0 };
        request_init(&r);
        assert_int_equal(request_set(&r, REQUEST_PROMPT, "prompt", "orc", &err), SPR_OK);
        assert_int_equal(request_check(&r, &err), SPR_OK);
        assert_int_equal(request_set(&r, rows[i].field, "x", rows[i].text, &err), SPR_OK);
        assert_int_equal(request_check(&r, &err), SPR_BADARG);
        assert_string_equal(err.text, rows[i].sentence);
        request_fini(&r);
    }
    struct request r; /* the native engine has sketches that strength is of */
    struct spr_error err = { 0 };
    request_init(&r);
    assert_int_equal(request_set(&r, REQUEST_PROMPT, "prompt", "orc", &err), SPR_OK);
    assert_int_equal(request_set(&r, REQUEST_STRENGTH, "strength", "0.5", &err), SPR_OK);
    assert_int_equal(request_check(&r, &err), SPR_OK);
    assert_int_equal(request_set(&r, REQUEST_ENGINE, "engine", "comfyui", &err), SPR_OK);
    assert_int_equal(request_check(&r, &err), SPR_BADARG);
    assert_string_equal(err.text, "--strength needs --init: the picture to change");
    request_fini(&r);
}

static void sheets(void **state)
{
    (void)state;
    static const struct {
        const char *frames, *grid, *size, *scale;
        int cells, columns, rows; /* cells 0: request_check refuses it */
        const char *sentence;
    } rows[] = {
        { "1", "", "32", "1", 1, 1, 1, "" },
        { "5", "", "32", "1", 5, 5, 1, "" },
        { "8", "", "32", "1", 8, 8, 1, "" },
        { "9", "", "32", "1", 9, 8, 2, "" },
        { "256", "", "64", "1", 256, 8, 32, "" },
        { "1", "4x3", "32", "1", 12, 4, 3, "" },
        { "1", "1x1", "32", "1", 1, 1, 1, "" },
        { "1", "256x1", "32", "2", 256, 256, 1, "" },
        { "1", "257x1", "32", "1", 0, 0, 0, "--grid is \"257x1\"" },
        { "1", "16x17", "32", "1", 0, 0, 0, "at most 256 tiles" },
        { "1", "4x", "32", "1", 0, 0, 0, "COLUMNSxROWS" },
        { "1", "x4", "32", "1", 0, 0, 0, "COLUMNSxROWS" },
        { "1", "4x3x2", "32", "1", 0, 0, 0, "COLUMNSxROWS" },
        { "1", "0x3", "32", "1", 0, 0, 0, "COLUMNSxROWS" },
        { "1", "-1x3", "32", "1", 0, 0, 0, "COLUMNSxROWS" },
        { "2", "2x2", "32", "1", 0, 0, 0, "exclude each other" },
        { "256", "", "64", "32", 0, 0, 0, "larger than 16384" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct request r;
        struct request_sheet s;
        struct spr_error err = { 0 };
        request_init(&r);
        assert_int_equal(request_set(&r, REQUEST_PROMPT, "prompt", "orc", &err), SPR_OK);
        assert_int_equal(request_set(&r, REQUEST_FRAMES, "frames", rows[i].frames, &err), SPR_OK);
        assert_int_equal(request_set(&r, REQUEST_GRID, "grid", rows[i].grid, &err), SPR_OK);
        assert_int_equal(request_set(&r, REQUEST_SIZE, "size", rows[i].size, &err), SPR_OK);
        assert_int_equal(request_set(&r, REQUEST_SCALE, "scale", rows[i].scale, &err), SPR_OK);
        assert_int_equal(request_check(&r, &err), rows[i].cells ? SPR_OK : SPR_BADARG);
        assert_int_equal(request_sheet(&r, &s), *rows[i].grid || strcmp(rows[i].frames, "1") != 0);
        if (!rows[i].cells && !strstr(err.text, rows[i].sentence))
            fail_msg("%s", err.text);
        if (rows[i].cells)
            assert_true(s.cells == rows[i].cells && s.columns == rows[i].columns && s.rows == rows[i].rows);
        request_fini(&r);
    }
}

/* A request with every field drawn by chance. */
static void scramble(struct request *r, uint64_t seed)
{
    struct random source = { seed, 1 };
    struct spr_error err = { 0 };
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++) {
        const struct request_row *row = request_row((enum request_field)f);
        char text[64];
        uint64_t at = (uint64_t)f * 4;
        double unit = (double)random_unit(source, at);
        int words = 0;
        while (row->words && row->words[words])
            words++;
        if (row->type == REQUEST_TEXT && row->max < 20)
            snprintf(text, sizeof text, "%u", random_below(source, at, 1000));
        else if (row->type == REQUEST_TEXT)
            snprintf(text, sizeof text, "w%u \"\\ \xE2\x99\x9E", random_u32(source, at));
        else if (row->type == REQUEST_WHOLE)
            snprintf(text, sizeof text, "%d", (int)(row->min + unit * (row->max - row->min)));
        else if (row->type == REQUEST_REAL)
            str_from_double(row->min + unit * (row->max - row->min), text, sizeof text);
        else if (row->type == REQUEST_SEED64)
            snprintf(text, sizeof text, "%llu", (unsigned long long)random_mix(seed + at));
        else if (row->type == REQUEST_SWITCH)
            snprintf(text, sizeof text, "%s", unit < 0.5 ? "yes" : "no");
        else
            snprintf(text, sizeof text, "%s", row->words[random_below(source, at, (uint32_t)words)]);
        assert_int_equal(request_set(r, (enum request_field)f, row->name, text, &err), SPR_OK);
    }
}

static void any_request_survives_text_and_json(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct request a, b, c, copy;
        struct spr_error err = { 0 };
        struct buf text;
        request_init(&a);
        request_init(&b);
        request_init(&c);
        buf_init(&text, 65536);
        scramble(&a, seed);
        for (int f = 0; f < REQUEST_FIELD_COUNT; f++) {
            text.length = 0;
            assert_int_equal(request_print(&a, (enum request_field)f, &text, &err), SPR_OK);
            assert_int_equal(request_set(&b, (enum request_field)f, "x", text.data, &err), SPR_OK);
        }
        assert_true(request_same(&a, &b));
        json_t *object = NULL;
        assert_int_equal(request_to_json(&a, &object, &err), SPR_OK);
        char *line = json_dumps(object, JSON_COMPACT);
        json_decref(object);
        object = json_loads(line, 0, NULL);
        assert_non_null(object);
        if (request_from_json(object, &c, &err))
            fail_msg("%s", err.text);
        assert_true(request_same(&a, &c));
        assert_int_equal(request_copy(&copy, &a, &err), SPR_OK);
        assert_true(request_same(&a, &copy));
        assert_ptr_not_equal(copy.prompt, a.prompt);
        json_decref(object);
        free(line);
        buf_fini(&text);
        request_fini(&copy);
        request_fini(&c);
        request_fini(&b);
        request_fini(&a);
    }
}

static void numbers_are_as_short_as_they_can_be(void **state)
{
    static const struct {
        const char *json, *want;
    } rows[] = {
        { "[0.6]", "[0.6]" },
        { "{\"a\":0.1,\"b\":[3.0,-2.50]}", "{\"a\":0.1,\"b\":[3.0,-2.5]}" },
        { "[0.30000000000000004]", "[0.30000000000000004]" },
        { "[9007199254740991,-7,0]", "[9007199254740991,-7,0]" },
        { "[1e-7,1e300,-1.5e-300]", "[1e-07,1e+300,-1.5e-300]" },
        { "{\"0.59999999999999998\":\"\\\" 0.59999999999999998 \\\\\"}",
          "{\"0.59999999999999998\":\"\\\" 0.59999999999999998 \\\\\"}" },
        { "[true,null,\"e\"]", "[true,null,\"e\"]" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        json_t *value = json_loads(rows[i].json, 0, NULL), *again;
        char *line = request_json_line(value);
        assert_string_equal(line, rows[i].want);
        again = json_loads(line, 0, NULL);
        assert_true(json_equal(value, again));
        json_decref(again);
        json_decref(value);
        free(line);
    }
    assert_null(request_json_line(NULL));
}

static void json_mistakes_name_the_key(void **state)
{
    static const struct {
        const char *json, *sentence;
    } rows[] = {
        { "[]", "a request must be a JSON object" },
        { "{\"prompt\": 7}", "prompt must be a string" },
        { "{\"steps\": \"20\"}", "steps must be a number" },
        { "{\"steps\": 20.5}", "steps is \"20.5\"; it must be a whole number from 1 to 200" },
        { "{\"steps\": 1e300}", "steps is \"1e+300\"; it must be a whole number from 1 to 200" },
        { "{\"size\": [32, 64]}", "size must be [side, side] with two equal numbers" },
        { "{\"size\": [32]}", "size must be [side, side] with two equal numbers" },
        { "{\"size\": [33, 33]}", "size is \"33\"; it must be one of 16, 32, 48, 64" },
        { "{\"tile\": 1}", "tile must be true or false" },
        { "{\"seed\": true}", "seed must be a whole number, or a string of one" },
        { "{\"seed\": -1}", "seed is \"-1\"; it must be a whole number from 0 to 18446744073709551615" },
        { "{\"prompt\": \"a\\u0000b\"}", "prompt has a control character (0x00) at offset 1" },
    };
    struct request *r = *state;
    struct spr_error err = { 0 };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        json_t *object = json_loads(rows[i].json, JSON_ALLOW_NUL, NULL);
        assert_non_null(object);
        assert_int_not_equal(request_from_json(object, r, &err), SPR_OK);
        assert_string_equal(err.text, rows[i].sentence);
        json_decref(object);
    }
    assert_int_equal(r->given, 0);
    json_t *object = json_loads("{\"steps\": 7.0, \"size\": 16, \"unknown\": 1, \"sampler\": null}", 0, NULL);
    assert_int_equal(request_from_json(object, r, &err), SPR_OK);
    assert_int_equal(r->steps, 7);
    assert_int_equal(r->size, 16);
    json_decref(object);
}

static void no_memory_is_an_error_and_no_leak(void **state)
{
    struct request *r = *state, copy;
    struct spr_error err = { 0 };
    assert_int_equal(request_set(r, REQUEST_PROMPT, "prompt", "orc", &err), SPR_OK);
    assert_int_equal(request_set(r, REQUEST_MODEL, "--model", "m", &err), SPR_OK);
    for (uint64_t n = 1; n <= 2; n++) {
        mem_fail_nth(n);
        assert_int_equal(request_copy(&copy, r, &err), SPR_NOMEM);
    }
    mem_fail_nth(1);
    assert_int_equal(request_set(r, REQUEST_PROMPT, "prompt", "elf", &err), SPR_NOMEM);
    assert_string_equal(r->prompt, "orc");
    mem_fail_nth(0);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(rows_are_whole),
        WITH(good_values_round_trip),
        WITH(bad_values_say_what_would_be_right),
        WITH(a_prompt_has_a_limit),
        WITH(check_sees_what_one_field_cannot),
        WITH(sheets),
        WITH(any_request_survives_text_and_json),
        WITH(numbers_are_as_short_as_they_can_be),
        WITH(json_mistakes_name_the_key),
        WITH(no_memory_is_an_error_and_no_leak),
    };
    return cmocka_run_group_tests_name("request/request", tests, NULL, NULL);
}
