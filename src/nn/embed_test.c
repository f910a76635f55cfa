#include "nn/embed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void time_is_waves(void **state)
{
    (void)state;
    float y[128];
    for (int i = 0; i <= 1000; i++) {
        float t = (float)i / 1000;
        embed_time(t, 64, y);
        for (int k = 0; k < 64; k++) {
            double angle = (t * 1000.0f) * (float)exp(-log(10000) * k / 64);
            if (!(fabs(y[k] - cos(angle)) < 1e-4 && fabs(y[64 + k] - sin(angle)) < 1e-4))
                fail_msg("t %g, wave %d: %.7g %.7g, not %.7g %.7g", (double)t, k, (double)y[k],
                         (double)y[64 + k], cos(angle), sin(angle));
            /* a frequency rounded the other way moves the angle by one part in 2^24, not the circle */
            assert_true(fabs((double)y[k] * y[k] + (double)y[64 + k] * y[64 + k] - 1) < 2e-7);
        }
        assert_true(fabs(y[0] - cos(t * 1000.0f)) < 1e-7); /* wave 0 has frequency 1 exactly */
        assert_true(fabs(y[64] - sin(t * 1000.0f)) < 1e-7);
    }
}

static void rows_come_and_go(void **state)
{
    (void)state;
    float table[3][4] = { { 0 }, { 1, 2, 3, 4 }, { 5, 6, 7, 8 } }, y[4], grad[3][4] = { { 0 } };
    embed_row(table[0], 4, 2, 0.5f, y);
    for (int i = 0; i < 4; i++)
        assert_true(y[i] == 0.5f * (float)(5 + i));
    const float dy[4] = { 1, -1, 2, 4 };
    embed_row_backward(dy, 4, 1, 0.5f, grad[0]);
    embed_row_backward(dy, 4, 1, 1, grad[0]);
    for (int i = 0; i < 4; i++)
        assert_true(grad[0][i] == 0 && grad[1][i] == 1.5f * dy[i] && grad[2][i] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_waves),
        cmocka_unit_test(rows_come_and_go),
    };
    return cmocka_run_group_tests_name("nn/embed", tests, NULL, NULL);
}
