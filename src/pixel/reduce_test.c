#include "pixel/reduce.h"

#include "pixel/art_test.h"
#include "pixel/scale.h"

static void reduced(const char *picture, int width, int height, const char *want)
{
    struct image im = art(picture), small;
    struct spr_error err;
    assert_int_equal(reduce(&im, width, height, &small, &err), SPR_OK);
    assert_art(&small, want);
    image_fini(&im);
    image_fini(&small);
}

static void edges_stay_crisp_and_outlines_stay(void **state)
{
    (void)state;
    /* a border through the middle of an area: no mixture */
    reduced("rrrrrgggg\nrrrrrgggg\nrrrrrgggg\n", 3, 1, "rrg\n");
    /* an outline that covers a third of each area stays an outline */
    reduced("www#wwwww\nwww#wwwww\nwww#wwwww\n", 3, 1, "w#w\n");
    reduced("wwwwwwwww\n#########\nwwwwwwwww\n", 3, 1, "###\n");
    /* a light line on dark ground needs nearly half */
    reduced("###w#####\n###w#####\n###w#####\n", 3, 1, "###\n");
    reduced("....\n....\n..rr\n..rr\n", 2, 2, "..\n.r\n");
    reduced("rgb\nwsk\n", 3, 2, "rgb\nwsk\n");
}

static void an_enlargement_comes_back(void **state)
{
    struct image im = art("rgbw\n#yok\n.sRB\n"), large, small;
    struct spr_error err;
    (void)state;
    assert_int_equal(scale_nearest(&im, 7, &large, &err), SPR_OK);
    assert_int_equal(reduce(&large, 4, 3, &small, &err), SPR_OK);
    assert_memory_equal(small.pixel, im.pixel, 12 * sizeof *im.pixel);
    image_fini(&small);
    assert_int_equal(reduce(&im, 5, 3, &small, &err), SPR_BADARG);
    assert_int_equal(reduce(&im, 0, 3, &small, &err), SPR_BADARG);
    image_fini(&im);
    image_fini(&large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_stay_crisp_and_outlines_stay),
        cmocka_unit_test(an_enlargement_comes_back),
    };
    return cmocka_run_group_tests_name("pixel/reduce", tests, NULL, NULL);
}
