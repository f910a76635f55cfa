#include "pixel/ground.h"

#include "pixel/art_test.h"

static void removed(const char *picture, const char *how, const char *want)
{
    struct image im = art(picture);
    struct ground g;
    struct spr_error err;
    assert_true(ground_named(how, &g));
    assert_int_equal(ground_remove(&im, &g, NULL, &err), SPR_OK);
    assert_art(&im, want);
    image_fini(&im);
}

static void each_kind_takes_what_it_says(void **state)
{
    static const char ring[] = "ssssss\n"
                               "s####s\n"
                               "s#ss#s\n"
                               "s####s\n"
                               "sswwss\n";
    (void)state;
    removed(ring, "keep", ring);
    removed(ring, "flood", "......\n.####.\n.#ss#.\n.####.\n..ww..\n");
    removed(ring, "auto", "......\n.####.\n.#..#.\n.####.\n..ww..\n");
    removed(ring, "color=#ffffff", "ssssss\ns####s\ns#ss#s\ns####s\nss..ss\n");
    removed(ring, "COLOR=000000", "ssssss\ns....s\ns.ss.s\ns....s\nsswwss\n");
    /* no colour has half of the border: nothing is sure to be ground */
    removed("rrg\nb#y\nkwo\n", "auto", "rrg\nb#y\nkwo\n");
    removed("r\n", "flood", ".\n");
}

static void names_are_read_strictly(void **state)
{
    static const char *const wrong[] = {
        "", "color", "color=", "color=#12345", "color=#1234567", "color=#12345g", "flod"
    };
    struct ground g;
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(wrong); i++)
        assert_false(ground_named(wrong[i], &g));
    assert_true(ground_named("color=#0aFf10", &g));
    assert_int_equal(g.colour.r * 65536 + g.colour.g * 256 + g.colour.b, 0x0aff10);
}

static void over(struct image *im, const struct image *thing, struct rgba ground)
{
    for (int i = 0; i < thing->width * thing->height; i++) {
        struct rgba p = thing->pixel[i];
        im->pixel[i] = (struct rgba){ (uint8_t)((p.r * p.a + ground.r * (255 - p.a) + 127) / 255),
                                      (uint8_t)((p.g * p.a + ground.g * (255 - p.a) + 127) / 255),
                                      (uint8_t)((p.b * p.a + ground.b * (255 - p.a) + 127) / 255), 255 };
    }
}

static void two_grounds_give_alpha_back(void **state)
{
    struct image thing = art("......\n.##4..\n.ry7..\n.gb2..\n......\n"), a, b, got;
    struct spr_error err;
    (void)state;
    assert_int_equal(image_copy(&a, &thing, &err), SPR_OK);
    assert_int_equal(image_copy(&b, &thing, &err), SPR_OK);
    over(&a, &thing, (struct rgba){ 0, 255, 0, 255 });
    over(&b, &thing, (struct rgba){ 255, 0, 255, 255 });
    assert_int_equal(ground_two(&a, &b, &got, &err), SPR_OK);
    for (int i = 0; i < thing.width * thing.height; i++) {
        struct rgba p = thing.pixel[i], q = got.pixel[i];
        assert_in_range(q.a + 2, p.a, p.a + 4);
        if (p.a == 255)
            assert_true(rgba_equal(p, q));
    }
    image_fini(&got);
    assert_int_equal(ground_two(&a, &a, &got, &err), SPR_BADDATA);
    struct image other = art("..\n");
    assert_int_equal(ground_two(&a, &other, &got, &err), SPR_BADARG);
    image_fini(&other);
    image_fini(&thing);
    image_fini(&a);
    image_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_takes_what_it_says),
        cmocka_unit_test(names_are_read_strictly),
        cmocka_unit_test(two_grounds_give_alpha_back),
    };
    return cmocka_run_group_tests_name("pixel/ground", tests, NULL, NULL);
}
