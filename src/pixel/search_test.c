#include "pixel/search.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* Against the plain loop, with coarse coordinates so that ties occur, for every hint. */
static void finds_what_the_plain_loop_finds(void **state)
{
    (void)state;
    struct random r = { 11, 0 };
    uint64_t at = 0;
    for (int count = 1; count <= SEARCH_MAX; count += 1 + count / 3)
        for (int coarse = 0; coarse < 3; coarse++) {
            float v[3][SEARCH_MAX];
            struct search s;
            float steps = coarse == 0 ? 1 : coarse == 1 ? 6 : 100000;
            for (int i = 0; i < count; i++)
                for (int k = 0; k < 3; k++)
                    v[k][i] = (float)random_below(r, at++, (uint32_t)steps) / steps;
            search_init(&s, v[0], v[1], v[2], count);
            for (int i = 0; i < 100; i++) {
                float p[3], least = 1e9f, got;
                int best = 0;
                for (int k = 0; k < 3; k++)
                    p[k] = (float)random_below(r, at++, (uint32_t)(2 * steps)) / steps - 0.5f;
                for (int k = 0; k < count; k++) {
                    float x = v[0][k] - p[0], y = v[1][k] - p[1], z = v[2][k] - p[2],
                          d = x * x + y * y + z * z;
                    if (d < least) {
                        least = d;
                        best = k;
                    }
                }
                int hint = (int)random_below(r, at++, (uint32_t)count);
                assert_int_equal(search_closest(&s, p[0], p[1], p[2], hint, &got), best);
                assert_true(got <= least && got >= least);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(finds_what_the_plain_loop_finds) };
    return cmocka_run_group_tests_name("pixel/search", tests, NULL, NULL);
}
