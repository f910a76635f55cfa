#include "pixel/pitch.h"

#include "base/random.h"
#include "pixel/art_test.h"

#include <math.h>

enum { LENGTH = 468 };

/* Noise on every line; more on those between a codec's blocks, all over; cells of `size` pixels in the middle half. */
static void draw(float profile[LENGTH + 1], int size, float blocks, uint64_t seed)
{
    struct random r = { seed, 1 };
    for (int x = 1; x < LENGTH; x++) {
        float shake = random_unit(r, (uint64_t)x), height = random_unit(r, (uint64_t)x + 1000);
        profile[x] = 1000 + 200 * shake;
        if (x % 8 == 0)
            profile[x] += blocks * (0.9f + 0.2f * shake);
        if (x % size == 0 && x > LENGTH / 4 && x < LENGTH * 3 / 4)
            profile[x] += 4000 + 20000 * height;
    }
    profile[0] = profile[LENGTH] = 0;
}

static void blocks_are_no_cells(void **state)
{
    (void)state;
    for (int size = 6; size <= 18; size += 3)
        for (int codec = 0; codec < 2; codec++)
            for (uint64_t seed = 1; seed <= 5; seed++) {
                float profile[LENGTH + 1];
                struct fits fits;
                struct spr_error err;
                draw(profile, size, codec ? 2000 : 0, seed);
                assert_int_equal(fits_init(&fits, profile, LENGTH, 0, 0, &err), SPR_OK);
                assert_true(fits.count > 0);
                if (fabs(fits.fit[0].pitch - size) > 0.05)
                    fail_msg("cells of %d pixels, codec %d, seed %d: %.3f", size, codec, (int)seed,
                             fits.fit[0].pitch);
                fits_fini(&fits);
            }
}

/* Cells of 8 pixels lie where a codec's blocks do, and are not lost among them. */
static void cells_may_lie_on_blocks(void **state)
{
    (void)state;
    for (int codec = 0; codec < 2; codec++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            float profile[LENGTH + 1];
            struct fits fits;
            struct spr_error err;
            draw(profile, 8, codec ? 2000 : 0, seed);
            assert_int_equal(fits_init(&fits, profile, LENGTH, 0, 0, &err), SPR_OK);
            assert_true(fits.count > 0 && fabs(fits.fit[0].pitch - 8) < 0.05);
            fits_fini(&fits);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_no_cells),
        cmocka_unit_test(cells_may_lie_on_blocks),
    };
    return cmocka_run_group_tests_name("pixel/pitch", tests, NULL, NULL);
}
