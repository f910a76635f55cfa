/* What tasks and agents print, in pieces as it comes from a file. */
#include "orchestrate/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/spritery-watch.XXXXXX";

static int make_file(void **state)
{
    (void)state;
    strcpy(path + sizeof path - 7, "XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 || close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void say(const char *text)
{
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void progress_is_read_as_it_comes(void **state)
{
    static const struct {
        const char *why, *text, *message;
        double part;
    } rows[] = {
        { "nothing yet", "", "", -1 },
        { "half a line is none", "::progress 0.", "", -1 },
        { "its other half", "25 a quarter\n", "a quarter", 0.25 },
        { "more than all is not heard", "::progress 1.5 wrong\n", "a quarter", 0.25 },
        { "no number is not heard", "::progress nan no\n::progress -1\n", "a quarter", 0.25 },
        { "other lines say nothing", "hello ::progress 0.9\n", "a quarter", 0.25 },
        { "the last of several", "::progress 0.5\n::progress 1 done\n", "done", 1 },
    };
    struct watch_state s;
    (void)state;
    watch_init(&s);
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        say(rows[i].text);
        assert_int_equal(watch_read(&s, path), strlen(rows[i].text));
        if (s.progress < rows[i].part || s.progress > rows[i].part || strcmp(s.message, rows[i].message) != 0)
            fail_msg("%s: %g \"%s\"", rows[i].why, s.progress, s.message);
    }
    watch_fini(&s);
}

static void what_is_spent_is_counted(void **state)
{
    static const struct {
        const char *why, *text;
        int64_t turns, tokens;
        double cost;
    } rows[] = {
        { "totals so far", "::spent turns=3 tokens=1200 cost=0.05\n::spent tokens=1500\n", 3, 1500, 0.05 },
        { "what is no count", "::spent turns=-3 tokens=1e300 cost=x\n::spent turns\n", 0, 0, 0 },
        { "turns of a conversation",
          "{\"type\":\"assistant\",\"message\":{\"id\":\"a\",\"usage\":{\"input_tokens\":10,\"output_"
          "tokens\":5}}}\n"
          "{\"type\":\"user\",\"message\":{}}\n"
          "{\"type\":\"assistant\",\"message\":{\"id\":\"b\",\"usage\":{\"input_tokens\":20,\"output_"
          "tokens\":7}}}\n",
          2, 42, 0 },
        { "a turn in two lines counts once, with the larger figures",
          "{\"type\":\"assistant\",\"message\":{\"id\":\"a\",\"usage\":{\"input_tokens\":10,\"output_"
          "tokens\":1}}}\n"
          "{\"type\":\"assistant\",\"message\":{\"id\":\"a\",\"usage\":{\"input_tokens\":10,\"output_"
          "tokens\":5}}}\n",
          1, 15, 0 },
        { "what is put into a cache is paid for",
          "{\"type\":\"assistant\",\"message\":{\"id\":\"a\",\"usage\":{\"input_tokens\":1,\"output_tokens\":"
          "2,"
          "\"cache_creation_input_tokens\":100,\"cache_read_input_tokens\":5000}}}\n",
          1, 103, 0 },
        { "the sum at the end counts",
          "{\"type\":\"assistant\",\"message\":{}}\n"
          "{\"type\":\"result\",\"num_turns\":9,\"total_cost_usd\":1.25,"
          "\"usage\":{\"input_tokens\":700,\"output_tokens\":300}}\n",
          9, 1000, 1.25 },
        { "another kind of agent",
          "{\"type\":\"turn.completed\",\"usage\":{\"input_tokens\":30,\"output_tokens\":4}}\n", 1, 34, 0 },
        { "JSON that is none", "{\"type\":\"assistant\"\n{[\n", 0, 0, 0 },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct watch_state s;
        watch_init(&s);
        assert_int_equal(truncate(path, 0), 0);
        say(rows[i].text);
        watch_read(&s, path);
        if (s.turns != rows[i].turns || s.tokens != rows[i].tokens || s.cost < rows[i].cost - 1e-9 ||
            s.cost > rows[i].cost + 1e-9)
            fail_msg("%s: %lld turns, %lld tokens, %g", rows[i].why, (long long)s.turns, (long long)s.tokens,
                     s.cost);
        watch_fini(&s);
    }
}

/* Agents print what their tools gave them, on one line. */
static void long_lines_are_whole(void **state)
{
    struct watch_state s;
    char *filler = malloc(300001);
    (void)state;
    assert_non_null(filler);
    memset(filler, 'x', 300000);
    filler[300000] = '\0';
    watch_init(&s);
    say("{\"type\":\"assistant\",\"message\":{\"id\":\"a\",\"text\":\"");
    say(filler);
    say("\",\"usage\":{\"input_tokens\":10,\"output_tokens\":5}}}\n::progress 0.5\n");
    watch_read(&s, path);
    assert_int_equal(s.tokens, 15);
    assert_true(s.progress > 0.4);
    watch_fini(&s);
    /* One without an end is not kept for ever. */
    watch_init(&s);
    assert_int_equal(truncate(path, 0), 0);
    for (int i = 0; i < WATCH_LINE_MAX / 300000 + 2; i++)
        say(filler);
    say("\n::progress 0.75\n");
    watch_read(&s, path);
    assert_true(s.progress > 0.7);
    watch_fini(&s);
    free(filler);
}

static void over(const struct watch_state *s, struct plan_budget b, int64_t elapsed_s, const char *want)
{
    char text[160];
    const char *why = watch_over(s, &b, elapsed_s, text, sizeof text);
    assert_string_equal(why ? why : "", want);
}

static void budgets_end_at_their_bound(void **state)
{
    struct watch_state s;
    (void)state;
    watch_init(&s);
    say("::spent turns=5 tokens=900 cost=0.5\n");
    watch_read(&s, path);
    over(&s, (struct plan_budget){ 0 }, 1000000, "");
    over(&s, (struct plan_budget){ .time_s = 10 }, 9, "");
    over(&s, (struct plan_budget){ .time_s = 10 }, 10, "its time is up: 10 s of 10");
    over(&s, (struct plan_budget){ .turns = 6 }, 0, "");
    over(&s, (struct plan_budget){ .turns = 5 }, 0, "it has had 5 turns of 5");
    over(&s, (struct plan_budget){ .tokens = 901 }, 0, "");
    over(&s, (struct plan_budget){ .tokens = 900 }, 0, "it has used 900 tokens of 900");
    over(&s, (struct plan_budget){ .cost = 0.51 }, 0, "");
    over(&s, (struct plan_budget){ .cost = 0.5 }, 0, "it has cost 0.50 of 0.50");
    watch_fini(&s);
}

static void circles_are_seen(void **state)
{
    static const struct {
        const char *why, *line[4];
        int times;
        bool circles;
    } rows[] = {
        { "one line, over and over", { "let me look at that file again" }, 12, true },
        { "not often enough", { "let me look at that file again" }, 11, false },
        { "two in turn", { "I shall read the file now", "I shall write the file now" }, 6, true },
        { "three in turn",
          { "first I look at the file", "then I change the file", "then I run all tests" },
          4,
          true },
        { "four in turn are work",
          { "first I look at the file", "then I change the file", "then I run all tests",
            "and now the next" },
          5,
          false },
        { "short lines may repeat", { "ok" }, 40, false },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct watch_state s;
        char text[160];
        watch_init(&s);
        assert_int_equal(truncate(path, 0), 0);
        for (int t = 0; t < rows[i].times; t++)
            for (int l = 0; l < 4 && rows[i].line[l]; l++) {
                say(rows[i].line[l]);
                say("\n");
            }
        watch_read(&s, path);
        const struct plan_budget none = { 0 };
        if ((watch_over(&s, &none, 0, text, sizeof text) != NULL) != rows[i].circles)
            fail_msg("%s", rows[i].why);
        watch_fini(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(progress_is_read_as_it_comes, make_file, remove_file),
        cmocka_unit_test_setup_teardown(what_is_spent_is_counted, make_file, remove_file),
        cmocka_unit_test_setup_teardown(long_lines_are_whole, make_file, remove_file),
        cmocka_unit_test_setup_teardown(budgets_end_at_their_bound, make_file, remove_file),
        cmocka_unit_test_setup_teardown(circles_are_seen, make_file, remove_file),
    };
    return cmocka_run_group_tests_name("orchestrate/watch", tests, NULL, NULL);
}
