#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The known-answer vectors published with Random123 for philox4x32-10. */
static void philox_matches_known_answers(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        uint64_t block, stream, seed;
        uint32_t want[4];
    } rows[] = {
        { "all zero", 0, 0, 0, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { "all ones",
          UINT64_MAX,
          UINT64_MAX,
          UINT64_MAX,
          { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { "digits of pi",
          0x85a308d3243f6a88,
          0x0370734413198a2e,
          0x299f31d0a4093822,
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t got[4];
        random_block((struct random){ rows[i].seed, rows[i].stream }, rows[i].block, got);
        if (memcmp(got, rows[i].want, sizeof got) != 0)
            fail_msg("%s: %08x %08x %08x %08x", rows[i].why, got[0], got[1], got[2], got[3]);
    }
}

static void normals_do_not_depend_on_how_they_are_asked_for(void **state)
{
    (void)state;
    const struct random r = { 7, 1 };
    float all[100], part[100];
    random_normals(r, 5, 100, all);
    for (size_t i = 0; i < 100; i += 3)
        random_normals(r, 5 + i, i + 3 <= 100 ? 3 : 100 - i, part + i);
    assert_memory_equal(all, part, sizeof all);
}

/* The exact bits: a change here changes everybody's pictures. */
static void normals_are_the_same_bits_everywhere(void **state)
{
    (void)state;
    static const uint32_t want[8] = { 0xbe82fa50, 0x3f96bb4f, 0x3f2153b7, 0x3e88fdeb,
                                      0x3ff51846, 0xbeb4ac05, 0x3f01cc4f, 0xbfe489aa };
    float got[8];
    uint32_t bits[8];
    random_normals((struct random){ 0, 0 }, 0, 8, got);
    memcpy(bits, got, sizeof bits);
    assert_memory_equal(bits, want, sizeof want);
}

static void normals_are_normal(void **state)
{
    (void)state;
    enum { N = 200000 };
    static float x[N];
    random_normals((struct random){ 42, 3 }, 0, N, x);
    double mean = 0, var = 0, kurt = 0;
    int beyond2 = 0;
    for (int i = 0; i < N; i++)
        mean += (double)x[i] / N;
    for (int i = 0; i < N; i++) {
        double d = (double)x[i] - mean;
        var += d * d / N;
        kurt += d * d * d * d / N;
        beyond2 += fabs((double)x[i]) > 2;
    }
    assert_true(fabs(mean) < 0.01);
    assert_true(fabs(var - 1) < 0.02);
    assert_true(fabs(kurt / (var * var) - 3) < 0.08);
    assert_true(fabs(beyond2 / (double)N - 0.0455) < 0.002);
}

static void bounded_numbers_stay_in_bounds(void **state)
{
    (void)state;
    const struct random r = { 1, 2 };
    int seen[7] = { 0 };
    for (uint64_t i = 0; i < 7000; i++) {
        seen[random_below(r, i, 7)]++;
        float u = random_unit(r, i);
        assert_true(u >= 0 && u < 1);
    }
    for (int i = 0; i < 7; i++)
        assert_true(seen[i] > 850 && seen[i] < 1150);
}

static void fresh_seeds_fit_in_a_json_number(void **state)
{
    (void)state;
    uint64_t a = random_fresh_seed(), b = random_fresh_seed();
    assert_true(a < UINT64_C(1) << 53 && b < UINT64_C(1) << 53);
    assert_true(a != b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_matches_known_answers),
        cmocka_unit_test(normals_do_not_depend_on_how_they_are_asked_for),
        cmocka_unit_test(normals_are_the_same_bits_everywhere),
        cmocka_unit_test(normals_are_normal),
        cmocka_unit_test(bounded_numbers_stay_in_bounds),
        cmocka_unit_test(fresh_seeds_fit_in_a_json_number),
    };
    return cmocka_run_group_tests_name("base/random", tests, NULL, NULL);
}
