#include "pack/atlas.h"

#include "pixel/art_test.h"

#include <stdio.h>

static void add(struct atlas *a, const char *name, struct atlas_frame like)
{
    struct spr_error err;
    struct atlas_frame *f = atlas_add_frame(a, name, &err);
    assert_non_null(f);
    char *kept = f->name;
    *f = like;
    f->name = kept;
}

static const struct atlas_frame GOOD = {
    .w = 3, .h = 2, .off_x = 1, .off_y = 1, .source_w = 5, .source_h = 4, .duration_ms = 100, .same_as = -1
};

static void frames_come_back(void **state)
{
    struct image page = art("rgb..\n"
                            "yow..\n"
                            "#kr..\n"
                            "#kg..\n"
                            "#kb..\n");
    struct atlas_frame f = GOOD;
    struct image out;
    struct spr_error err;
    (void)state;
    assert_int_equal(atlas_cut(&f, &page, &out, &err), SPR_OK);
    assert_art(&out, ".....\n"
                     ".rgb.\n"
                     ".yow.\n"
                     ".....\n");
    image_fini(&out);
    f.turned = true; /* clockwise: what lies on its side reads downwards in the right column */
    f.x = 1;
    f.y = 2;
    assert_int_equal(atlas_cut(&f, &page, &out, &err), SPR_OK);
    assert_art(&out, ".....\n"
                     ".rgb.\n"
                     ".kkk.\n"
                     ".....\n");
    image_fini(&out);
    f.x = 4;
    assert_int_equal(atlas_cut(&f, &page, &out, &err), SPR_BADDATA);
    assert_string_equal(err.text, "frame \"(null)\" at 4, 2 with 2 x 3 leaves its picture of 5 x 5");
    image_fini(&page);
}

static void what_cannot_be_is_refused(void **state)
{
    static const struct {
        const char *why, *says;
        struct atlas_frame change;
    } rows[] = {
        { "page",
          "is on page 2 of 1",
          { .page = 2, .w = 3, .h = 2, .source_w = 5, .source_h = 4, .duration_ms = 1 } },
        { "leaves the page",
          "leaves its page",
          { .x = 8, .w = 3, .h = 2, .source_w = 5, .source_h = 4, .duration_ms = 1 } },
        { "before the page",
          "leaves its page",
          { .y = -1, .w = 3, .h = 2, .source_w = 5, .source_h = 4, .duration_ms = 1 } },
        { "leaves its source",
          "leave its source",
          { .off_x = 3, .w = 3, .h = 2, .source_w = 5, .source_h = 4, .duration_ms = 1 } },
        { "no width", "is 0 x 2", { .w = 0, .h = 2, .source_w = 5, .source_h = 4, .duration_ms = 1 } },
        { "no time", "duration of 0 ms", { .w = 3, .h = 2, .source_w = 5, .source_h = 4 } },
        { "a huge source",
          "cut from",
          { .w = 3, .h = 2, .source_w = 1 << 30, .source_h = 4, .duration_ms = 1 } },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct atlas a = { 0 };
        struct spr_error err = { 0 };
        struct atlas_page *p = atlas_add_page(&a, "p.png", &err);
        struct atlas_frame f = rows[i].change;
        assert_non_null(p);
        p->w = p->h = 10;
        add(&a, "first", GOOD);
        assert_int_equal(atlas_check(&a, &err), SPR_OK);
        f.same_as = -1;
        add(&a, "second", f);
        assert_int_equal(atlas_check(&a, &err), SPR_BADDATA);
        if (!strstr(err.text, rows[i].says) || !strstr(err.text, "second"))
            fail_msg("%s: %s", rows[i].why, err.text);
        atlas_fini(&a);
    }
}

static void names_and_references_are_checked(void **state)
{
    struct atlas a = { 0 };
    struct spr_error err = { 0 };
    struct atlas_page *p = atlas_add_page(&a, "p.png", &err);
    (void)state;
    p->w = p->h = 10;
    add(&a, "a", GOOD);
    add(&a, "a", GOOD);
    assert_int_equal(atlas_check(&a, &err), SPR_BADDATA);
    assert_string_equal(err.text, "two frames are called \"a\"");
    a.frame[1].name[0] = 'b';
    a.frame[1].same_as = 1;
    assert_int_equal(atlas_check(&a, &err), SPR_BADDATA);
    a.frame[1].same_as = 0;
    struct atlas_tag *t = atlas_add_tag(&a, "walk", &err);
    t->to = 2;
    assert_int_equal(atlas_check(&a, &err), SPR_BADDATA);
    assert_string_equal(err.text, "animation \"walk\" goes from 0 to 2 of 2 frames");
    t->to = 1;
    assert_int_equal(atlas_check(&a, &err), SPR_OK);
    atlas_fini(&a);
}

static void animations_play(void **state)
{
    static const struct {
        enum tag_direction direction;
        int from, to;
        const char *plays;
    } rows[] = {
        { TAG_FORWARD, 2, 5, "2345" },        { TAG_REVERSE, 2, 5, "5432" },
        { TAG_PINGPONG, 2, 5, "234543" },     { TAG_PINGPONG_REVERSE, 2, 5, "543234" },
        { TAG_PINGPONG, 3, 4, "34" },         { TAG_PINGPONG, 3, 3, "3" },
        { TAG_PINGPONG_REVERSE, 3, 4, "43" }, { TAG_REVERSE, 0, 0, "0" },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct atlas_tag t = { .from = rows[i].from, .to = rows[i].to, .direction = rows[i].direction };
        char text[16] = "";
        for (int k = 0; k < atlas_steps(&t); k++)
            snprintf(text + k, sizeof text - (size_t)k, "%d", atlas_step(&t, k));
        assert_string_equal(text, rows[i].plays);
    }
}

static void names_have_an_order(void **state)
{
    static const char *const rising[] = { "a",
                                          "a1",
                                          "a2",
                                          "a02",
                                          "a10",
                                          "a10b",
                                          "b",
                                          "b1/x",
                                          "b2/a",
                                          "b10/a",
                                          "z99999999999999999999",
                                          "z100000000000000000000" };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rising); i++)
        for (size_t j = 0; j < SPR_COUNT(rising); j++) {
            int order = atlas_name_order(rising[i], rising[j]);
            if ((order < 0) != (i < j) && strcmp(rising[i], "a02") && strcmp(rising[j], "a02"))
                fail_msg("%s and %s: %d", rising[i], rising[j], order);
            assert_int_equal(order == 0, i == j);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_back),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(names_and_references_are_checked),
        cmocka_unit_test(animations_play),
        cmocka_unit_test(names_have_an_order),
    };
    return cmocka_run_group_tests_name("pack/atlas", tests, NULL, NULL);
}
