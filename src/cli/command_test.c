#include "cli/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wordexp.h>

#include <cmocka.h>

static void the_table_is_sorted_and_found_in(void **state)
{
    (void)state;
    const struct command *c, *before = NULL;
    for (size_t i = 0; (c = command_at(i)); i++) {
        if (before && strcmp(before->name, c->name) >= 0)
            fail_msg("%s must not come before %s", before->name, c->name);
        assert_ptr_equal(command_find(c->name), c);
        before = c;
    }
    assert_non_null(before);
    assert_null(command_find(""));
    assert_null(command_find("zzz"));
}

static void rows_are_whole(void **state)
{
    (void)state;
    const struct command *c;
    for (size_t i = 0; (c = command_at(i)); i++) {
        assert_non_null(c->run);
        assert_true(*c->summary && *c->about && c->operands);
        assert_true(c->max_operands < 0 || c->min_operands <= c->max_operands);
        assert_true((c->max_operands == 0) == (*c->operands == '\0'));
        assert_true(strlen(c->about) > 0 && c->about[strlen(c->about) - 1] != '\n');
        struct option a, b;
        for (size_t k = 0; option_at(c, k, &a); k++) {
            assert_true(strlen(a.help) < 100 && a.help[strlen(a.help) - 1] != '.');
            assert_true((a.complete == COMPLETE_WORDS) == (a.words != NULL));
            for (size_t m = k + 1; option_at(c, m, &b); m++) {
                if (a.id == b.id || strcmp(a.name, b.name) == 0 || (a.letter && a.letter == b.letter))
                    fail_msg("%s: --%s and --%s share an id, a name or a letter", c->name, a.name, b.name);
            }
        }
    }
}

static void a_wrong_name_gets_the_nearest(void **state)
{
    (void)state;
    struct spr_error err = { 0 };
    assert_int_equal(command_unknown("hlep", &err), SPR_BADARG);
    assert_string_equal(err.text, "there is no command 'hlep'; did you mean 'help'?");
    assert_int_equal(command_unknown("qqqqqq\x1B", &err), SPR_BADARG);
    assert_string_equal(err.text, "there is no command 'qqqqqq?'; see 'spritery help'");
}

/* What help and the manual page tell people to type is read by the same rows. */
static void examples_can_be_typed(void **state)
{
    (void)state;
    const struct command *c;
    for (size_t i = 0; (c = command_at(i)); i++)
        for (size_t k = 0; k < c->example_count; k++) {
            char text[256];
            wordexp_t words = { 0 };
            struct args args;
            struct request request;
            struct spr_error err = { 0 };
            assert_true(strlen(c->examples[k].line) < sizeof text);
            strcpy(text, c->examples[k].line);
            char *line = strstr(text, "spritery ");
            assert_non_null(line);
            line[strcspn(line, "|>;")] = '\0'; /* the shell's */
            assert_int_equal(wordexp(line, &words, WRDE_NOCMD), 0);
            assert_true(words.we_wordc >= 2);
            const struct command *typed = command_find(words.we_wordv[1]);
            enum spr_code rc = typed ? args_read(typed, (int)words.we_wordc - 2,
                                                 (const char *const *)words.we_wordv + 2, &args, &err)
                                     : command_unknown(words.we_wordv[1], &err);
            if (!rc) {
                request_init(&request);
                rc = args_request(&args, &request, &err);
                if (!rc && typed->check)
                    rc = typed->check(&args, &err);
                request_fini(&request);
                args_fini(&args);
            }
            if (rc)
                fail_msg("%s: %s", c->examples[k].line, err.text);
            wordfree(&words);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sorted_and_found_in),
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(examples_can_be_typed),
        cmocka_unit_test(a_wrong_name_gets_the_nearest),
    };
    return cmocka_run_group_tests_name("cli/command", tests, NULL, NULL);
}
