#include "base/mem.h"
#include "cli/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { OUT = OPTION_OWN, FORCE };

static const struct option own[] = {
    { OUT, 'o', "out", "DIR", "where to", COMPLETE_FOLDER, NULL },
    { FORCE, 'f', "force", NULL, "replace", COMPLETE_NOTHING, NULL },
};

static const struct command draw = {
    .name = "draw",
    .operands = "PROMPT...",
    .options = own,
    .option_count = SPR_COUNT(own),
    .takes_request = true,
    .min_operands = 1,
    .max_operands = 2,
};

enum { WORDS = 8 };

static int count_words(const char *const *argv)
{
    int n = 0;
    while (n < WORDS && argv[n])
        n++;
    return n;
}

static void every_form_is_read(void **state)
{
    static const struct {
        const char *why;
        const char *argv[WORDS];
        int id;
        const char *value;   /* of id; NULL: a switch */
        const char *operand; /* the last one */
    } rows[] = {
        { "value after", { "orc", "--out", "x" }, OUT, "x", "orc" },
        { "value with equals", { "--out=x=y", "orc" }, OUT, "x=y", "orc" },
        { "empty value", { "--out=", "orc" }, OUT, "", "orc" },
        { "letter, value after", { "-o", "x", "orc" }, OUT, "x", "orc" },
        { "letter, value joined", { "-ox", "orc" }, OUT, "x", "orc" },
        { "cluster", { "-qfo", "x", "orc" }, FORCE, NULL, "orc" },
        { "the last one counts", { "--out", "a", "--out", "b", "orc" }, OUT, "b", "orc" },
        { "a value may look like an option", { "--out", "--force", "orc" }, OUT, "--force", "orc" },
        { "after -- all are operands", { "-f", "--", "--out" }, FORCE, NULL, "--out" },
        { "a lone minus is an operand", { "-f", "-" }, FORCE, NULL, "-" },
        { "a field of the request", { "orc", "--steps", "5" }, REQUEST_STEPS, "5", "orc" },
        { "a request's switch with a value", { "orc", "--tile=no" }, REQUEST_TILE, "no", "orc" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct args a;
        struct spr_error err = { 0 };
        if (args_read(&draw, count_words(rows[i].argv), rows[i].argv, &a, &err))
            fail_msg("%s: %s", rows[i].why, err.text);
        assert_true(args_has(&a, rows[i].id));
        const char *value = args_value(&a, rows[i].id);
        if (!rows[i].value ? value != NULL : !value || strcmp(value, rows[i].value) != 0)
            fail_msg("%s: the value is %s", rows[i].why, value ? value : "missing");
        assert_string_equal(a.operand[a.operands - 1], rows[i].operand);
        args_fini(&a);
    }
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *argv[WORDS];
        const char *sentence;
    } rows[] = {
        { { NULL }, "draw needs PROMPT...; see 'spritery help draw'" },
        { { "a", "b", "c" }, "draw does not know what to do with \"c\"; see 'spritery help draw'" },
        { { "a", "--sede", "1" }, "draw has no option --sede; did you mean --seed?" },
        { { "a", "--colour=7" }, "draw has no option --colour; did you mean --colors?" },
        { { "a", "--qqqqqqqqqq" }, "draw has no option --qqqqqqqqqq" },
        { { "a", "--prompt", "b" }, "draw has no option --prompt" },
        { { "a", "-x" }, "draw has no option -x" },
        { { "a", "--out" }, "--out needs a value: --out DIR" },
        { { "a", "-fo" }, "--out needs a value: --out DIR" },
        { { "a", "--force=yes" }, "--force takes no value" },
        { { "a", "--\x1B[2J" }, "draw has no option --?[2J" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct args a = { 0 };
        struct spr_error err = { 0 };
        assert_int_equal(args_read(&draw, count_words(rows[i].argv), rows[i].argv, &a, &err), SPR_BADARG);
        assert_string_equal(err.text, rows[i].sentence);
        assert_null(a.given);
    }
}

static void help_needs_no_operand(void **state)
{
    (void)state;
    const char *const argv[] = { "--help" };
    struct args a;
    assert_int_equal(args_read(&draw, 1, argv, &a, NULL), SPR_OK);
    assert_true(args_has(&a, OPTION_HELP));
    args_fini(&a);
}

static void values_reach_the_request(void **state)
{
    (void)state;
    const char *const good[] = { "orc", "--steps=7", "--tile", "--seed", "18446744073709551615" };
    const char *const bad[] = { "orc", "--guidance", "NaN" };
    struct args a;
    struct request r;
    struct spr_error err = { 0 };
    request_init(&r);
    assert_int_equal(args_read(&draw, 5, good, &a, &err), SPR_OK);
    assert_int_equal(args_request(&a, &r, &err), SPR_OK);
    assert_int_equal(r.steps, 7);
    assert_true(r.finish.tile);
    assert_true(r.seed == UINT64_MAX);
    args_fini(&a);
    assert_int_equal(args_read(&draw, 3, bad, &a, &err), SPR_OK);
    assert_int_equal(args_request(&a, &r, &err), SPR_BADARG);
    assert_string_equal(err.text, "--guidance is \"NaN\"; it must be a number from 0 to 30");
    args_fini(&a);
    request_fini(&r);
}

static void words_and_numbers_are_checked(void **state)
{
    static const char *const words[] = { "nearest", "epx", "xbr", NULL };
    static const struct {
        const char *value;
        int word;
        double number;
        const char *sentence;
    } rows[] = {
        { "epx", 1, 0, "--o is \"epx\"; it must be a number from -1 to 0.5" },
        { "0.25", 0, 0.25, "--o is \"0.25\"; it must be nearest, epx or xbr" },
        { "EPX", 0, 0, "--o is \"EPX\"; it must be nearest, epx or xbr" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        const struct arg given = { 100, rows[i].value };
        const struct args a = { .count = 1, .given = (struct arg *)&given };
        struct spr_error err = { 0 };
        int word = 0;
        double number = 0;
        enum spr_code as_number = args_number(&a, 100, "o", -1, 0.5, &number, &err);
        bool bad_number = as_number && strcmp(err.text, rows[i].sentence) != 0;
        enum spr_code as_word = args_word(&a, 100, "o", words, &word, &err);
        assert_true(as_word || as_number);
        assert_int_equal(word, rows[i].word);
        assert_true(number == rows[i].number); /* nolint: read or untouched */
        if (as_word ? strcmp(err.text, rows[i].sentence) != 0 : bad_number)
            fail_msg("%s: %s", rows[i].value, err.text);
        assert_int_equal(args_word(&a, 101, "o", words, &word, &err), SPR_OK); /* not given */
        assert_int_equal(word, rows[i].word);
    }
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    const char *const argv[] = { "orc" };
    struct args a = { 0 };
    struct spr_error err = { 0 };
    for (uint64_t n = 1; n <= 2; n++) {
        mem_fail_nth(n);
        assert_int_equal(args_read(&draw, 1, argv, &a, &err), SPR_NOMEM);
        assert_null(a.operand);
    }
    mem_fail_nth(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(help_needs_no_operand),
        cmocka_unit_test(values_reach_the_request),
        cmocka_unit_test(words_and_numbers_are_checked),
        cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("cli/option", tests, NULL, NULL);
}
