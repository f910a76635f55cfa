#include "pixel/seam.h"

#include "base/mem.h"
#include "pixel/art_test.h"

/* Blotches that do not repeat: sums of a few waves whose lengths do not divide the side, in few colours. */
static struct image ground(int width, int height, int kind)
{
    struct image im;
    struct spr_error err;
    uint32_t seed = (uint32_t)kind * 2654435761u + 1;
    assert_int_equal(image_init(&im, width, height, &err), SPR_OK);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            seed = seed * 1664525u + 1013904223u;
            int v = (x * (3 + kind) + y * (5 - kind % 4)) / 4 % 23 + (x * y * (1 + kind) / 16) % 17 +
                    (int)(seed >> 29);
            v = v / 6 * 30;
            *image_at(&im, x, y) =
                (struct rgba){ (uint8_t)(40 + v), (uint8_t)(60 + v / 2), (uint8_t)(v / 3), 255 };
        }
    return im;
}

static void measures(void **state)
{
    (void)state;
    struct image even = art("rgrg\ngrgr\nrgrg\ngrgr\n"), ramp = { 0 };
    struct seam s;
    struct spr_error err = { 0 };
    assert_int_equal(seam_measure(&even, &s, &err), SPR_OK);
    assert_true(s.x.seamless && s.y.seamless);
    assert_true(s.x.edge == s.x.inside);
    assert_int_equal(image_init(&ramp, 20, 3, &err), SPR_OK);
    for (int i = 0; i < 60; i++)
        ramp.pixel[i] =
            (struct rgba){ (uint8_t)(i % 20 * 12), (uint8_t)(i % 20 * 12), (uint8_t)(i % 20 * 12), 255 };
    assert_int_equal(seam_measure(&ramp, &s, &err), SPR_OK);
    assert_true(!s.x.seamless && s.x.edge > 5 * s.x.inside);
    assert_true(s.y.seamless && s.y.edge == 0);
    image_fini(&ramp);
    image_fini(&even);
}

static bool has(const struct image *im, struct rgba c)
{
    for (int i = 0; i < im->width * im->height; i++)
        if (rgba_equal(im->pixel[i], c))
            return true;
    return false;
}

static void mends(void **state)
{
    (void)state;
    int mended = 0;
    for (int kind = 0; kind < 24; kind++) {
        struct image im = ground(16 + kind, 40 - kind, kind), to;
        struct seam before, after;
        struct spr_error err = { 0 };
        assert_int_equal(seam_measure(&im, &before, &err), SPR_OK);
        assert_int_equal(seam_mend(&im, true, true, &to, &err), SPR_OK);
        assert_int_equal(seam_measure(&to, &after, &err), SPR_OK);
        if (!after.x.seamless || !after.y.seamless)
            fail_msg("ground %d: x %.3f of %.3f, y %.3f of %.3f", kind, after.x.edge, after.x.inside,
                     after.y.edge, after.y.inside);
        mended += !before.x.seamless || !before.y.seamless;
        assert_int_equal(to.width, im.width);
        for (int i = 0; i < to.width * to.height; i++)
            assert_true(has(&im, to.pixel[i]));
        image_fini(&to);
        image_fini(&im);
    }
    assert_true(mended > 12); /* the grounds were worth it */
}

static void leaves_what_is_good(void **state)
{
    (void)state;
    struct image im = art("rgrg\ngrgr\nrgrg\ngrgr\n"), to, small = art("rg\nbw\n");
    struct spr_error err = { 0 };
    assert_int_equal(seam_mend(&im, true, true, &to, &err), SPR_OK);
    assert_art(&to, "rgrg\ngrgr\nrgrg\ngrgr\n");
    image_fini(&to);
    assert_int_equal(seam_mend(&small, true, true, &to, &err), SPR_OK);
    assert_art(&to, "rg\nbw\n");
    image_fini(&to);
    image_fini(&small);
    image_fini(&im);
    im = ground(24, 24, 3);
    assert_int_equal(seam_mend(&im, false, false, &to, &err), SPR_OK);
    assert_memory_equal(to.pixel, im.pixel, 24 * 24 * sizeof *im.pixel);
    image_fini(&to);
    enum spr_code rc = SPR_NOMEM;
    for (uint64_t n = 1; rc; n++) {
        mem_fail_nth(n);
        rc = seam_mend(&im, true, true, &to, &err);
        mem_fail_nth(0);
        assert_true(rc == SPR_OK || rc == SPR_NOMEM);
    }
    image_fini(&to);
    image_fini(&im);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(measures), cmocka_unit_test(mends),
                                        cmocka_unit_test(leaves_what_is_good) };
    return cmocka_run_group_tests_name("pixel/seam", tests, NULL, NULL);
}
