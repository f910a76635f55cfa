/* Which commands run as they are, and which through a shell. */
#include "orchestrate/action.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void plain_commands_need_no_shell(void **state)
{
    static const struct {
        const char *text, *shell, *want;
    } rows[] = {
        { "true", NULL, "true" },
        { "make -j2 all", NULL, "make|-j2|all" },
        { "./tool  a=b --out=x/y.png", NULL, "./tool|a=b|--out=x/y.png" },
        { "/bin/x %s @1,2:3+4 ", NULL, "/bin/x|%s|@1,2:3+4" },
        { "true", "/bin/bash", "/bin/bash|-c|true" }, /* whoever names a shell gets it */
        { "echo -e x", NULL, "/bin/sh|-c|echo -e x" },
        { "exit 3", NULL, "/bin/sh|-c|exit 3" },
        { "test -s x", NULL, "/bin/sh|-c|test -s x" },
        { "cd x", NULL, "/bin/sh|-c|cd x" },
        { "A=b make", NULL, "/bin/sh|-c|A=b make" },
        { "ls *.png", NULL, "/bin/sh|-c|ls *.png" },
        { "ls ~", NULL, "/bin/sh|-c|ls ~" },
        { "a; b", NULL, "/bin/sh|-c|a; b" },
        { "a 'b c'", NULL, "/bin/sh|-c|a 'b c'" },
        { "a $B", NULL, "/bin/sh|-c|a $B" },
        { "a\nb", NULL, "/bin/sh|-c|a\nb" },
        { "a # b", NULL, "/bin/sh|-c|a # b" },
        { " a", NULL, "/bin/sh|-c| a" },
        { "", NULL, "/bin/sh|-c|" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        const struct plan p = { .shell = rows[i].shell };
        struct words w = { 0 };
        struct spr_error err;
        char got[200] = "";
        assert_int_equal(action_command(&p, rows[i].text, &w, &err), SPR_OK);
        for (size_t k = 0; k < w.count; k++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", k ? "|" : "", w.word[k]);
        assert_string_equal(got, rows[i].want);
        words_fini(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(plain_commands_need_no_shell) };
    return cmocka_run_group_tests_name("orchestrate/action", tests, NULL, NULL);
}
