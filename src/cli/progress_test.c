#include "cli/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void the_bar_says_how_far(void **state)
{
    static const struct {
        const char *why, *label;
        int step, steps, done, pictures;
        double seconds;
        int columns;
        const char *text;
    } rows[] = {
        { "one picture, half way", "red dragon", 10, 20, 0, 1, 2, 80,
          "red dragon  [##########----------] 10/20  2.0 s left" },
        { "too early to guess", "orc", 0, 20, 0, 1, 1, 80, "orc  [--------------------] 0/20" },
        { "a batch", "orc", 5, 20, 3, 4, 30, 80, "orc  [################----] 5/20  4 of 4  6.9 s left" },
        { "all done", "orc", 20, 20, 3, 4, 30, 80, "orc  [####################] 20/20  4 of 4" },
        { "a narrow terminal", "orc", 10, 20, 0, 1, 2, 12, "orc  [#####" },
        { "cut between letters",
          "\xD0\xB4\xD1\x80\xD0\xB4\xD1\x80\xD0\xB4\xD1\x80\xD0\xB4\xD1\x80\xD0\xB4\xD1\x80\xD0\xB4\xD1\x80"
          "\xD0\xB4\xD1\x80\xD0\xB4\xD1\x80",
          0, 1, 0, 1, 0, 5, "\xD0\xB4\xD1\x80" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        char text[PROGRESS_BYTES];
        progress_text(rows[i].label, rows[i].step, rows[i].steps, rows[i].done, rows[i].pictures,
                      rows[i].seconds, rows[i].columns, text);
        if (strcmp(text, rows[i].text) != 0)
            fail_msg("%s: %s", rows[i].why, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(the_bar_says_how_far) };
    return cmocka_run_group_tests_name("cli/progress", tests, NULL, NULL);
}
