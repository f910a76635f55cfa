#include "pixel/turn.h"

#include "pixel/art_test.h"

static const char flag[] = "#rr\n"
                           "#..\n";

static void quarters_are_exact(void **state)
{
    (void)state;
    static const struct {
        double degrees;
        bool keep;
        const char *want;
    } rows[] = {
        { 0, false, "#rr\n#..\n" },     { 90, false, "##\n.r\n.r\n" },  { 180, false, "..#\nrr#\n" },
        { 270, false, "r.\nr.\n##\n" }, { -90, false, "r.\nr.\n##\n" }, { 450, false, "##\n.r\n.r\n" },
        { 180, true, "..#\nrr#\n" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        for (int method = 0; method < TURN_METHOD_COUNT; method++) {
            struct image im = art(flag), to = { 0 };
            struct spr_error err = { 0 };
            assert_int_equal(
                turn_rotate(&im, rows[i].degrees, (enum turn_method)method, rows[i].keep, &to, &err), SPR_OK);
            assert_art(&to, rows[i].want);
            image_fini(&to);
            image_fini(&im);
        }
}

static void mirrors(void **state)
{
    (void)state;
    static const struct {
        bool x, y;
        const char *want;
    } rows[] = { { false, false, flag },
                 { true, false, "rr#\n..#\n" },
                 { false, true, "#..\n#rr\n" },
                 { true, true, "..#\nrr#\n" } };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct image im = art(flag);
        turn_mirror(&im, rows[i].x, rows[i].y);
        assert_art(&im, rows[i].want);
        image_fini(&im);
    }
}

/* A line one pixel wide stays whole when turned smartly: each of its pixels touches the next. */
static void lines_stay_whole(void **state)
{
    (void)state;
    for (int degrees = 1; degrees < 180; degrees += 7) {
        struct image im = { 0 }, to = { 0 };
        struct spr_error err = { 0 };
        assert_int_equal(image_init(&im, 33, 33, &err), SPR_OK);
        for (int x = 4; x < 29; x++)
            *image_at(&im, x, 16) = (struct rgba){ 0, 0, 0, 255 };
        assert_int_equal(turn_rotate(&im, degrees, TURN_SMART, false, &to, &err), SPR_OK);
        int pixels = 0, alone = 0;
        for (int y = 1; y < to.height - 1; y++)
            for (int x = 1; x < to.width - 1; x++) {
                int near = -1;
                for (int v = -1; v <= 1; v++)
                    for (int u = -1; u <= 1; u++)
                        near += image_at(&to, x + u, y + v)->a > 0;
                if (!image_at(&to, x, y)->a)
                    continue;
                pixels++;
                alone += near == 0;
            }
        if (alone || pixels < 17 || pixels > 42)
            fail_msg("turned by %d degrees: %d pixels, %d alone", degrees, pixels, alone);
        image_fini(&to);
        image_fini(&im);
    }
}

static void sets_have_one_size(void **state)
{
    (void)state;
    struct image im = art(flag), set[8];
    struct spr_error err = { 0 };
    assert_int_equal(turn_set(&im, 4, TURN_SMART, set, &err), SPR_OK);
    assert_art(&set[0], "#rr\n#..\n...\n");
    assert_art(&set[1], "##.\n.r.\n.r.\n");
    for (int i = 0; i < 4; i++)
        image_fini(&set[i]);
    assert_int_equal(turn_set(&im, 8, TURN_SMART, set, &err), SPR_OK);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(set[i].width, 5); /* the diagonal, odd as the picture is wide */
        assert_int_equal(set[i].height, 5);
        image_fini(&set[i]);
    }
    image_fini(&im);
}

static void large_ones_are_refused(void **state)
{
    (void)state;
    struct image im, to = { 0 };
    struct spr_error err = { 0 };
    assert_int_equal(image_init(&im, 1025, 1024, &err), SPR_OK);
    assert_int_equal(turn_rotate(&im, 45, TURN_SMART, false, &to, &err), SPR_LIMIT);
    assert_null(to.pixel);
    assert_int_equal(turn_rotate(&im, 90, TURN_SMART, false, &to, &err), SPR_OK);
    image_fini(&to);
    image_fini(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quarters_are_exact),     cmocka_unit_test(mirrors),
        cmocka_unit_test(lines_stay_whole),       cmocka_unit_test(sets_have_one_size),
        cmocka_unit_test(large_ones_are_refused),
    };
    return cmocka_run_group_tests_name("pixel/turn", tests, NULL, NULL);
}
