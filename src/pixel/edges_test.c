#include "pixel/edges.h"

#include "base/random.h"
#include "pixel/art_test.h"

/* How much noise there is does not depend on how much of the picture is transparent. */
static void transparency_hides_no_noise(void **state)
{
    enum { SIDE = 96 };
    int least = 1530, most = 0;
    (void)state;
    for (int wide = SIDE; wide >= SIDE / 6; wide /= 2) {
        struct image im;
        struct edge_map m;
        struct spr_error err;
        assert_int_equal(image_init(&im, SIDE, SIDE, &err), SPR_OK);
        for (int i = 0; i < SIDE * SIDE; i++) {
            float noise[3];
            random_normals((struct random){ 7, 1 }, (uint64_t)i * 3, 3, noise);
            if (i % SIDE < wide)
                im.pixel[i] = (struct rgba){ (uint8_t)(120 + 5 * noise[0]), (uint8_t)(120 + 5 * noise[1]),
                                             (uint8_t)(120 + 5 * noise[2]), 255 };
        }
        assert_int_equal(edge_map_init(&m, &im, 1, &err), SPR_OK);
        least = m.noise < least ? m.noise : least;
        most = m.noise > most ? m.noise : most;
        edge_map_fini(&m);
        image_fini(&im);
    }
    assert_in_range(least, 15, 30);
    assert_in_range(most, least, least + 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(transparency_hides_no_noise) };
    return cmocka_run_group_tests_name("pixel/edges", tests, NULL, NULL);
}
