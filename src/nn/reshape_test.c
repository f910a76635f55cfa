#include "nn/reshape.h"

#include "base/err.h"
#include "base/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 8192 };

static const struct reshape_image shapes[] = {
    { 1, 1, 1, 1 }, { 2, 3, 2, 5 }, { 1, 4, 6, 16 }, { 3, 2, 2, 33 }
};

static void fill(struct random r, size_t count, float *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = 2 * random_unit(r, i) - 1;
}

static void doubling_repeats_pixels(void **state)
{
    (void)state;
    static float x[MOST], y[MOST];
    for (size_t k = 0; k < SPR_COUNT(shapes); k++) {
        const struct reshape_image s = shapes[k];
        fill((struct random){ 1, k }, MOST, x);
        reshape_double(&s, x, y);
        for (int b = 0; b < s.batch; b++)
            for (int h = 0; h < 2 * s.height; h++)
                for (int w = 0; w < 2 * s.width; w++)
                    for (int c = 0; c < s.channels; c++)
                        assert_true(y[((b * 2 * s.height + h) * 2 * s.width + w) * s.channels + c] ==
                                    x[((b * s.height + h / 2) * s.width + w / 2) * s.channels + c]);
    }
}

/* Doubling is linear, so its gradient is its transpose: <double(x), dy> = <x, backward(dy)> for every x. Taking x one
 * element at a time gives each element of the gradient by itself. */
static void doubling_backward_sums(void **state)
{
    (void)state;
    static float x[MOST], y[MOST], dy[MOST], dx[MOST];
    for (size_t k = 0; k < SPR_COUNT(shapes); k++) {
        const struct reshape_image s = shapes[k];
        size_t count = (size_t)s.batch * (size_t)s.height * (size_t)s.width * (size_t)s.channels;
        fill((struct random){ 2, k }, 4 * count, dy);
        reshape_double_backward(&s, dy, dx);
        for (size_t i = 0; i < count; i++) {
            double sum = 0;
            x[i] = 1;
            reshape_double(&s, x, y);
            x[i] = 0;
            for (size_t j = 0; j < 4 * count; j++)
                sum += (double)y[j] * dy[j];
            assert_true(fabs(sum - dx[i]) < 1e-6);
        }
    }
}

static void join_and_split(void **state)
{
    (void)state;
    static const size_t rows[][3] = { { 1, 1, 1 }, { 7, 3, 5 }, { 64, 16, 32 } };
    static float a[MOST], b[MOST], y[MOST], a2[MOST], b2[MOST];
    for (size_t k = 0; k < SPR_COUNT(rows); k++) {
        size_t N = rows[k][0], A = rows[k][1], B = rows[k][2];
        fill((struct random){ 3, k }, N * A, a);
        fill((struct random){ 4, k }, N * B, b);
        reshape_join(N, a, A, b, B, y);
        for (size_t n = 0; n < N; n++)
            for (size_t c = 0; c < A + B; c++)
                assert_true(y[n * (A + B) + c] == (c < A ? a[n * A + c] : b[n * B + c - A]));
        reshape_split(N, y, A, a2, B, b2);
        assert_memory_equal(a, a2, N * A * sizeof *a);
        assert_memory_equal(b, b2, N * B * sizeof *b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doubling_repeats_pixels),
        cmocka_unit_test(doubling_backward_sums),
        cmocka_unit_test(join_and_split),
    };
    return cmocka_run_group_tests_name("nn/reshape", tests, NULL, NULL);
}
