#include "pixel/sheet.h"

#include "base/mem.h"
#include "pixel/art_test.h"

static void places_in_cells(void **state)
{
    (void)state;
    struct image a = art("rr\nrr\n"), b = art("g\n"), c = art("b.b\nbbb\n"), to = { 0 };
    const struct image *all[] = { &a, &b, &c };
    struct spr_error err = { 0 };
    assert_int_equal(sheet_make(all, 3, &(struct sheet_options){ .gap = 1 }, &to, &err), SPR_OK);
    assert_art(&to, ".........\n"
                    ".rr...g..\n"
                    ".rr......\n"
                    ".........\n"
                    ".b.b.....\n"
                    ".bbb.....\n"
                    ".........\n");
    image_fini(&to);
    assert_int_equal(sheet_make(all, 3, &(struct sheet_options){ .columns = 3, .scale = 2 }, &to, &err),
                     SPR_OK);
    assert_art(&to, "rrrr....gg..bb..bb\n"
                    "rrrr....gg..bb..bb\n"
                    "rrrr........bbbbbb\n"
                    "rrrr........bbbbbb\n");
    image_fini(&to);
    assert_int_equal(sheet_make(all, 3, &(struct sheet_options){ .scale = 9000 }, &to, &err), SPR_LIMIT);
    assert_string_equal(err.text,
                        "a sheet of 3 sprites would be 54000 x 36000 pixels; a side may have 32768");
    mem_fail_nth(1);
    assert_int_equal(sheet_make(all, 3, &(struct sheet_options){ .columns = 9 }, &to, &err), SPR_NOMEM);
    mem_fail_nth(0);
    image_fini(&a);
    image_fini(&b);
    image_fini(&c);
}

static void a_checker_board_shows_through(void **state)
{
    (void)state;
    struct image a = art("r.\n"), to = { 0 };
    const struct image *one[] = { &a };
    struct spr_error err = { 0 };
    assert_int_equal(sheet_make(one, 1, &(struct sheet_options){ .scale = 8, .checker = true }, &to, &err),
                     SPR_OK);
    assert_true(rgba_equal(*image_at(&to, 0, 0), (struct rgba){ 220, 40, 40, 255 }));
    assert_true(rgba_equal(*image_at(&to, 8, 0), (struct rgba){ 0x66, 0x66, 0x66, 255 }));
    image_fini(&to);
    image_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_in_cells),
        cmocka_unit_test(a_checker_board_shows_through),
    };
    return cmocka_run_group_tests_name("pixel/sheet", tests, NULL, NULL);
}
