#include "rows/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int make_base(void **state)
{
    static struct request base;
    request_init(&base);
    base.seed = 100;
    *state = &base;
    return 0;
}

static int drop_base(void **state)
{
    request_fini(*state);
    return 0;
}

/* Every row as "prompt/seed/steps/{name}" with the pattern given. */
static void read_as(const struct request *base, enum rows_kind kind, const char *text, const char *pattern,
                    const char *want, const char *why)
{
    struct rows rows;
    struct spr_error err;
    struct buf out;
    buf_init(&out, 100000);
    if (rows_read(kind, text, strlen(text), base, &rows, &err))
        fail_msg("%s: %s", why, err.text);
    for (size_t i = 0; i < rows.count; i++) {
        assert_int_equal(rows.row[i].request.count, 1);
        if (rows_expand(&rows, i, pattern, &out, &err) || buf_add(&out, "\n", 1, &err))
            fail_msg("%s: %s", why, err.text);
    }
    if (strcmp(out.data, want) != 0)
        fail_msg("%s:\n%swant\n%s", why, out.data, want);
    buf_fini(&out);
    rows_fini(&rows);
}

static void every_kind_is_read(void **state)
{
    static const struct {
        const char *why;
        enum rows_kind kind;
        const char *text, *pattern, *want;
    } rows[] = {
        { "CSV, seeds counted from the base's", ROWS_CSV, "prompt,steps\nred dragon,10\naxe,\n",
          "{prompt}/{seed}/{steps}", "red dragon/100/10\naxe/101/20\n" },
        { "quotes, commas, line ends, CR LF, a mark at the beginning, blank lines", ROWS_CSV,
          "\xEF\xBB\xBFprompt,name\r\n\"a, \"\"b\"\"\",x\r\n\r\n\"c\td\",y", "{prompt}|{name}",
          "a, \"b\"|x\nc\td|y\n" },
        { "a word of the row in its prompt", ROWS_CSV, "prompt,what\na {what} of ice,axe\n", "{prompt}",
          "a axe of ice\n" },
        { "wire keys and flags' names", ROWS_CSV, "prompt,cfg_scale,negative_prompt\naxe,2,blue\n",
          "{guidance} {negative}", "2 blue\n" },
        { "a count becomes rows", ROWS_CSV, "prompt,count,seed,k\naxe,3,7,a\nsword,1,,b\n",
          "{prompt}{seed}{k}", "axe7a\naxe8a\naxe9a\nsword103b\n" },
        { "JSON lines", ROWS_JSONL,
          "{\"prompt\":\"axe\",\"steps\":5,\"tile\":true,\"size\":[16,16],\"seed\":\"18446744073709551615\","
          "\"k\":0.1}\n\n"
          "{\"prompt\":\"sword\",\"guidance\":1.5,\"lora\":null}",
          "{prompt} {steps} {tile} {size} {seed} {guidance}",
          "axe 5 yes 16 18446744073709551615 3\nsword 20 no 32 101 1.5\n" },
        { "lists to combine", ROWS_YAML,
          "defaults: {steps: 9}\nprompt: \"{color} {thing}\"\nlists:\n  color: [red, blue]\n  thing: [axe, "
          "sword]\n",
          "{index} {prompt} {color} {steps}",
          "1 red axe red 9\n2 red sword red 9\n3 blue axe blue 9\n4 blue sword blue 9\n" },
        { "lists of fields", ROWS_YAML, "prompt: axe\nlists: {seed: [1, 2], size: [16, 32]}\n",
          "{seed}x{size}", "1x16\n1x32\n2x16\n2x32\n" },
        { "rows of their own", ROWS_YAML, "rows:\n  - axe\n  - {prompt: sword, tile: true, who: me}\n",
          "{prompt} {tile}", "axe no\nsword yes\n" },
        { "only a list", ROWS_YAML, "- axe\n- {prompt: sword, seed: 5}\n", "{prompt}{seed}",
          "axe100\nsword5\n" },
        { "braces in a pattern", ROWS_CSV, "prompt\naxe\n", "{{x}-{prompt}", "{x}-axe\n" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        read_as(*state, rows[i].kind, rows[i].text, rows[i].pattern, rows[i].want, rows[i].why);
}

static void mistakes_have_their_line(void **state)
{
    static const struct {
        enum rows_kind kind;
        const char *text, *want;
    } rows[] = {
        { ROWS_CSV, "", "there is no row" },
        { ROWS_CSV, "prompt\n", "there is no row" },
        { ROWS_CSV, "prompt,stpes\naxe,3\n",
          "line 2: no field is called \"stpes\"; did you mean \"steps\"?" },
        { ROWS_CSV, "prompt,prompt\naxe,b\n", "line 1: two columns are called \"prompt\"" },
        { ROWS_CSV, "prompt,steps\naxe,3\naxe,many\n", "line 3: steps" },
        { ROWS_CSV, "prompt,steps\naxe\n", "line 2: 1 cells, but line 1 names 2" },
        { ROWS_CSV, "prompt\naxe, big\n", "line 2: more cells than the 1 names" },
        { ROWS_CSV, "prompt\n\"a\nb\n", "line 2: a quote is not closed" },
        { ROWS_CSV, "prompt\n\"a\"b\n", "line 2: text after a closing quote" },
        { ROWS_CSV, "prompt,k\n\"ok\",\"a\nb\"\n,x\n", "line 4: the prompt is empty" },
        { ROWS_CSV, "prompt\na {colour} axe\n", "line 2: nothing is called {colour}" },
        { ROWS_CSV, "prompt\na {seed\n", "line 2: a brace is not closed" },
        { ROWS_CSV, "steps\n3\n", "line 2: the prompt is empty" },
        { ROWS_JSONL, "{\"prompt\":\"a\"}\n{\n", "line 2: column" },
        { ROWS_JSONL, "[1]\n", "line 1: a row must be an object" },
        { ROWS_JSONL, "{\"prompt\":[\"a\"]}\n", "line 1: \"prompt\" must be a text" },
        { ROWS_JSONL, "{\"prompt\":\"a\",\"steps\":0}", "line 1: steps" },
        { ROWS_YAML, "prompt: a\nlist: {x: [1]}\n", "line 2: no key is called \"list\"" },
        { ROWS_YAML, "lists: {x: [1]}\n", "lists without a prompt" },
        { ROWS_YAML, "prompt: a\nlists:\n  x: []\n", "line 3: the list x is empty" },
        { ROWS_YAML, "prompt: a\nlists:\n  x: 3\n", "line 3: x must be a list" },
        { ROWS_YAML, "defaults: {color: red}\nprompt: a\n", "line 1: no field is called \"color\"" },
        { ROWS_YAML, "rows:\n  - axe\n  - {prompt: b, steps: no}\n", "line 3: steps" },
        { ROWS_YAML, "just words\n", "the file must be a map" },
        { ROWS_YAML, "rows: [a\n", "line 2:" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct rows r = { 0 };
        struct spr_error err = { 0 };
        if (rows_read(rows[i].kind, rows[i].text, strlen(rows[i].text), *state, &r, &err) == SPR_OK ||
            !strstr(err.text, rows[i].want))
            fail_msg("%s\ngot  %s\nwant %s", rows[i].text, err.text, rows[i].want);
        assert_null(r.row);
    }
    struct rows r = { 0 };
    struct spr_error err;
    static const char many[] =
        "prompt: \"{a}\"\nlists: {a: [1,2,3,4,5,6,7,8,9,0], b: [1,2,3,4,5,6,7,8,9,0], "
        "c: [1,2,3,4,5,6,7,8,9,0], d: [1,2,3,4,5,6,7,8,9,0], e: [1,2,3,4,5,6,7,8,9,0], f: [1, 2]}";
    assert_int_equal(rows_read(ROWS_YAML, many, strlen(many), *state, &r, &err), SPR_LIMIT);
    assert_int_equal(rows_read(ROWS_CSV, "prompt\n\xFF\n", 9, *state, &r, &err), SPR_BADDATA);
    assert_int_equal(rows_read(ROWS_CSV, "prompt\na\0b\n", 11, *state, &r, &err), SPR_BADDATA);
}

static void names_of_patterns_must_exist(void **state)
{
    struct rows r;
    struct spr_error err;
    struct buf out;
    buf_init(&out, 1000);
    assert_int_equal(rows_read(ROWS_CSV, "prompt,material\naxe,red\n", 24, *state, &r, &err), SPR_OK);
    assert_int_equal(rows_expand(&r, 0, "{materal}", &out, &err), SPR_BADARG);
    assert_string_equal(err.text, "nothing is called {materal}; did you mean {material}?");
    buf_fini(&out);
    rows_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(mistakes_have_their_line),
        cmocka_unit_test(names_of_patterns_must_exist),
    };
    return cmocka_run_group_tests_name("rows/table", tests, make_base, drop_base);
}
