#include "pixel/palette_work.h"

#include "base/mem.h"
#include "pixel/art_test.h"

static void is_text(const struct palette *p, const char *want)
{
    struct image row = { p->count, 1, (struct rgba *)p->colour };
    assert_art(&row, want);
}

static void extracts(void **state)
{
    (void)state;
    struct image a = art("rg.\nbrr\n"), b = art("yy\nrb\n");
    const struct image *both[] = { &a, &b };
    struct palette p;
    struct spr_error err = { 0 };
    assert_int_equal(palette_extract(both, 2, 256, &p, &err), SPR_OK);
    is_text(&p, ".rgby\n");
    assert_int_equal(palette_extract(both + 1, 1, 256, &p, &err), SPR_OK);
    is_text(&p, "yrb\n");
    assert_int_equal(palette_extract(both, 2, 2, &p, &err), SPR_OK);
    assert_int_equal(p.count, 3); /* two, and the transparent one */
    assert_int_equal(p.colour[0].a, 0);
    image_fini(&a);
    a = art("..\n");
    assert_int_equal(palette_extract(both, 1, 9, &p, &err), SPR_BADARG);
    assert_string_equal(err.text, "there is not one opaque pixel");
    image_fini(&a);
    image_fini(&b);
}

static void extracts_from_many(void **state)
{
    (void)state;
    struct image im;
    const struct image *one[] = { &im };
    struct palette p;
    struct spr_error err = { 0 };
    assert_int_equal(image_init(&im, 512, 256, &err), SPR_OK); /* more colours than are counted */
    for (int i = 0; i < 512 * 256; i++)
        im.pixel[i] = (struct rgba){ (uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16), i ? 255 : 0 };
    assert_int_equal(palette_extract(one, 1, 256, &p, &err), SPR_OK);
    assert_true(p.count > 200 && p.count <= 256);
    assert_int_equal(p.colour[0].a, 0);
    assert_int_equal(palette_extract(one, 1, 7, &p, &err), SPR_OK);
    assert_true(p.count <= 8);
    image_fini(&im);
}

static void joins(void **state)
{
    (void)state;
    struct palette list[3] = { { 0 } }, p;
    struct spr_error err = { 0 };
    struct image a = art("rgb\n"), b = art("gy.\n"), c = art("#k\n");
    struct image *rows[] = { &a, &b, &c };
    for (int i = 0; i < 3; i++) {
        list[i].count = rows[i]->width;
        memcpy(list[i].colour, rows[i]->pixel, (size_t)rows[i]->width * sizeof(struct rgba));
        image_fini(rows[i]);
    }
    assert_int_equal(palette_join(list, 3, 0, 256, &p, &err), SPR_OK);
    is_text(&p, ".rgby#k\n");
    assert_int_equal(palette_join(list + 2, 1, 0.6, 256, &p, &err), SPR_OK);
    is_text(&p, "#\n"); /* the dark grey is near */
    assert_int_equal(palette_join(list, 3, 0, 4, &p, &err), SPR_OK);
    assert_true(p.count <= 5);
    assert_int_equal(p.colour[0].a, 0);
}

static void sorts(void **state)
{
    (void)state;
    struct palette p = { 7,
                         { { 255, 255, 255, 255 },
                           { 60, 90, 230, 255 },
                           { 0, 0, 0, 255 },
                           { 220, 40, 40, 255 },
                           { 60, 200, 60, 255 },
                           { 0 },
                           { 130, 20, 20, 255 } } };
    palette_sort(&p, PALETTE_AS_IS);
    is_text(&p, "wb#rg.R\n");
    palette_sort(&p, PALETTE_BY_LIGHT);
    is_text(&p, ".#Rbrgw\n");
    palette_sort(&p, PALETTE_BY_HUE);
    is_text(&p, ".#wRrgb\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(extracts), cmocka_unit_test(extracts_from_many),
                                        cmocka_unit_test(joins), cmocka_unit_test(sorts) };
    return cmocka_run_group_tests_name("pixel/palette_work", tests, NULL, NULL);
}
