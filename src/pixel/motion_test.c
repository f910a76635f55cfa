#include "pixel/motion.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An animation of 1x1 frames that show the letters, as reds; 10 ms, 20 ms ... */
static struct animation letters(const char *text)
{
    struct animation a = { 0 };
    struct spr_error err;
    for (int i = 0; text[i]; i++) {
        struct image im;
        assert_int_equal(image_init(&im, 1, 1, &err), SPR_OK);
        *im.pixel = (struct rgba){ (uint8_t)text[i], 0, 0, 255 };
        assert_int_equal(animation_add(&a, &im, 10 * (i + 1), &err), SPR_OK);
    }
    return a;
}

static void reads(const char *why, const struct animation *a, const char *want)
{
    char got[64] = "";
    assert_true((size_t)a->count < sizeof got);
    for (int i = 0; i < a->count; i++)
        got[i] = (char)a->frame[i].image.pixel->r;
    if (strcmp(got, want) != 0)
        fail_msg("%s: %s, not %s", why, got, want);
}

static void picks_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int tag; /* -1: none */
        bool reverse, pingpong;
        const char *want;
    } rows[] = {
        { "all", -1, false, false, "abcde" },
        { "backwards", -1, true, false, "edcba" },
        { "there and back", -1, false, true, "abcdedcb" },
        { "back and there", -1, true, true, "edcbabcd" },
        { "a tag", 0, false, false, "bcd" },
        { "a tag backwards", 0, true, false, "dcb" },
        { "a reverse tag", 1, false, false, "edc" },
        { "a reverse tag backwards", 1, true, false, "cde" },
        { "a ping-pong tag", 2, false, false, "abcb" },
        { "a ping-pong tag stays one", 2, false, true, "abcb" },
        { "a ping-pong from the end", 3, false, false, "ba" },
        { "one frame", 4, false, true, "c" },
    };
    struct animation a = letters("abcde");
    struct spr_error err = { 0 };
    assert_int_equal(animation_add_tag(&a, "f", 1, 3, TAG_FORWARD, 0, &err), SPR_OK);
    assert_int_equal(animation_add_tag(&a, "r", 2, 4, TAG_REVERSE, 0, &err), SPR_OK);
    assert_int_equal(animation_add_tag(&a, "p", 0, 2, TAG_PINGPONG, 0, &err), SPR_OK);
    assert_int_equal(animation_add_tag(&a, "q", 0, 1, TAG_PINGPONG_REVERSE, 0, &err), SPR_OK);
    assert_int_equal(animation_add_tag(&a, "1", 2, 2, TAG_PINGPONG, 0, &err), SPR_OK);
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct motion_order o = { rows[i].tag < 0 ? NULL : &a.tag[rows[i].tag], rows[i].reverse,
                                  rows[i].pingpong };
        struct animation made;
        assert_int_equal(motion_pick(&a, &o, &made, &err), SPR_OK);
        reads(rows[i].why, &made, rows[i].want);
        if (i == 0)
            assert_int_equal(made.tags, 5);
        if (i == 1) {
            assert_int_equal(made.tags, 0);
            assert_int_equal(made.frame[0].ms, 50);
        }
        if (i == 4) {
            assert_string_equal(made.tag->name, "f");
            assert_int_equal(made.tag->to, 2);
        }
        animation_fini(&made);
    }
    animation_fini(&a);
}

static void joins_sizes(void **state)
{
    (void)state;
    struct animation part[2] = { letters("x"), { 0 } }, made;
    struct spr_error err = { 0 };
    struct image large;
    static const struct slice_key key = { .bounds = { 0, 0, 1, 1 } };
    static const struct motion_anchor anchors[] = { { 0, 0 }, { 1, 2 }, { 2, 1 } };
    static const int at[][2] = { { 0, 0 }, { 1, 4 }, { 2, 2 } };
    assert_int_equal(image_init(&large, 3, 5, &err), SPR_OK);
    assert_int_equal(animation_add(&part[1], &large, 70, &err), SPR_OK);
    assert_int_equal(animation_add_tag(&part[0], "small", 0, 0, TAG_FORWARD, 0, &err), SPR_OK);
    assert_int_equal(animation_add_slice(&part[0], "dot", &key, 1, &err), SPR_OK);
    assert_int_equal(animation_add_tag(&part[1], "large", 0, 0, TAG_FORWARD, 0, &err), SPR_OK);
    for (size_t i = 0; i < SPR_COUNT(anchors); i++) {
        assert_int_equal(motion_join(part, 2, anchors[i], &made, &err), SPR_OK);
        assert_int_equal(made.width, 3);
        assert_int_equal(made.height, 5);
        assert_int_equal(image_at(&made.frame->image, at[i][0], at[i][1])->r, 'x');
        assert_int_equal(made.slice->key->bounds.x, at[i][0]);
        assert_int_equal(made.slice->key->bounds.y, at[i][1]);
        assert_int_equal(made.tag[1].from, 1);
        assert_int_equal(made.frame[1].ms, 70);
        animation_fini(&made);
    }
    animation_fini(&part[0]);
    animation_fini(&part[1]);
}

static void sheet_and_cells_are_inverse(void **state)
{
    (void)state;
    struct animation a = letters("abcdefg"), big, back;
    struct image sheet;
    struct spr_error err = { 0 };
    assert_int_equal(motion_enlarge(&a, SCALE_NEAREST, 3, &big, &err), SPR_OK);
    for (int columns = 0; columns < 9; columns++) {
        assert_int_equal(motion_sheet(&big, columns, &sheet, &err), SPR_OK);
        assert_int_equal(motion_cut(&sheet, 3, 3, 40, &back, &err), SPR_OK);
        reads("cells", &back, "abcdefg");
        assert_int_equal(back.frame[6].ms, 40);
        animation_fini(&back);
        image_fini(&sheet);
    }
    assert_int_equal(motion_sheet(&big, 4, &sheet, &err), SPR_OK);
    assert_int_equal(motion_cut(&sheet, 5, 4, 40, &back, &err), SPR_BADARG);
    assert_string_equal(err.text, "cells of 5x4 do not divide a sheet of 12x6; cells of 4x3 would");
    image_fini(&sheet);
    animation_fini(&big);
    animation_fini(&a);
}

static void fits_colours(void **state)
{
    (void)state;
    struct animation a = { 0 }, made;
    struct spr_error err = { 0 };
    for (int f = 0; f < 3; f++) {
        struct image im;
        assert_int_equal(image_init(&im, 20, 20, &err), SPR_OK);
        for (int i = 0; i < 400; i++)
            im.pixel[i] =
                (struct rgba){ (uint8_t)(i % 250), (uint8_t)(f * 80), (uint8_t)(i / 2), i % 7 ? 255 : 90 };
        assert_int_equal(animation_add(&a, &im, 50, &err), SPR_OK);
    }
    assert_int_equal(motion_colours(&a), 257);
    assert_int_equal(motion_fit_colours(&a, 20, &made, &err), SPR_OK);
    int colours = motion_colours(&made);
    assert_true(colours > 10 && colours <= 21); /* and the transparent one */
    for (int i = 0; i < 400; i++)
        assert_int_equal(made.frame[1].image.pixel[i].a, i % 7 ? 255 : 0);
    struct animation again;
    assert_int_equal(motion_fit_colours(&made, 20, &again, &err), SPR_OK);
    struct box box;
    assert_false(image_difference(&again.frame[2].image, &made.frame[2].image, &box));
    animation_fini(&again);
    animation_fini(&made);
    animation_fini(&a);
}

static void onion_shows_neighbours(void **state)
{
    (void)state;
    struct animation a = { 0 };
    struct spr_error err = { 0 };
    struct image sheet;
    for (int f = 0; f < 3; f++) {
        struct image im;
        assert_int_equal(image_init(&im, 3, 1, &err), SPR_OK);
        im.pixel[f] = (struct rgba){ 255, 255, 255, 255 };
        assert_int_equal(animation_add(&a, &im, 50, &err), SPR_OK);
    }
    assert_int_equal(motion_onion(&a, 1, 1, 3, &sheet, &err), SPR_OK);
    const struct rgba *middle = image_at(&sheet, 4 + 3 + 4, 4); /* the second cell */
    assert_int_equal(middle[1].g, 255);
    assert_true(middle[0].r > middle[0].b + 20); /* before: red */
    assert_true(middle[2].b > middle[2].r + 20); /* after: blue */
    const struct rgba *first = image_at(&sheet, 4, 4);
    assert_int_equal(first[2].r, first[2].b); /* two frames away: not shown */
    image_fini(&sheet);
    animation_fini(&a);
}

static void survives_lack_of_memory(void **state)
{
    (void)state;
    struct animation a = letters("abcdefg"), made = { 0 };
    struct motion_order o = { NULL, true, true };
    struct spr_error err = { 0 };
    assert_int_equal(animation_add_tag(&a, "t", 1, 3, TAG_FORWARD, 0, &err), SPR_OK);
    for (int what = 0; what < 4; what++) {
        enum spr_code rc = SPR_NOMEM;
        struct image im = { 0 };
        for (uint64_t n = 1; rc; n++) {
            mem_fail_nth(n);
            rc = what == 0   ? motion_pick(&a, &o, &made, &err)
                 : what == 1 ? motion_join(&a, 1, (struct motion_anchor){ 1, 1 }, &made, &err)
                 : what == 2 ? motion_fit_colours(&a, 3, &made, &err)
                             : motion_onion(&a, 2, 2, 0, &im, &err);
            mem_fail_nth(0);
            assert_true(rc == SPR_OK || (rc == SPR_NOMEM && !made.frame && !im.pixel));
        }
        image_fini(&im);
        animation_fini(&made);
    }
    animation_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(picks_in_order),
        cmocka_unit_test(joins_sizes),
        cmocka_unit_test(sheet_and_cells_are_inverse),
        cmocka_unit_test(fits_colours),
        cmocka_unit_test(onion_shows_neighbours),
        cmocka_unit_test(survives_lack_of_memory),
    };
    return cmocka_run_group_tests_name("pixel/motion", tests, NULL, NULL);
}
