#include "pack/build.h"

#include "base/mem.h"
#include "base/random.h"
#include "pixel/art_test.h"

#include <math.h>
#include <stdio.h>

static struct pool *pool;

static int start(void **state)
{
    struct spr_error err;
    (void)state;
    return pool_new(2, &pool, &err);
}

static int stop(void **state)
{
    (void)state;
    pool_free(pool);
    return 0;
}

static void add_sprite(struct sprites *s, const char *name, struct image im)
{
    s->item = mem_resize(s->item, (size_t)s->count + 1, sizeof *s->item);
    assert_non_null(s->item);
    s->item[s->count++] = (struct sprite){ .name = mem_text(name, strlen(name)),
                                           .image = im,
                                           .duration_ms = 100,
                                           .pivot_x = im.width / 2.0,
                                           .pivot_y = im.height,
                                           .mask = -1 };
}

/* A blot of 1 to 24 pixels a side in a source that is larger by up to 12: trimmed differently each time; some are
 * empty, some the same as an earlier one. Everything in it depends on (seed, i). */
static struct image blot(uint64_t seed, int i)
{
    struct random r = { seed, (uint64_t)i };
    struct spr_error err;
    struct image im;
    int w = 1 + (int)random_below(r, 0, 24), h = 1 + (int)random_below(r, 1, 24);
    int x0 = (int)random_below(r, 2, 12), y0 = (int)random_below(r, 3, 12);
    bool empty = random_below(r, 4, 40) == 0;
    assert_int_equal(
        image_init(&im, w + x0 + (int)random_below(r, 5, 6), h + y0 + (int)random_below(r, 6, 6), &err),
        SPR_OK);
    for (int y = 0; y < h && !empty; y++)
        for (int x = 0; x < w; x++) {
            uint32_t v = random_u32(r, 100 + (uint64_t)(y * 64 + x));
            if (v % 4)
                *image_at(&im, x0 + x, y0 + y) = (struct rgba){ (uint8_t)(v >> 8), (uint8_t)(v >> 16),
                                                                (uint8_t)(v >> 24), v % 8 ? 255 : 128 };
        }
    return im;
}

static void make_sprites(struct sprites *s, int count, uint64_t seed)
{
    *s = (struct sprites){ 0 };
    for (int i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "s%04d", i);
        add_sprite(s, name, blot(seed, i % 17 == 16 ? i - 5 : i));
    }
}

static void assert_same(const struct image *a, const struct image *b, const char *name)
{
    if (a->width != b->width || a->height != b->height ||
        memcmp(a->pixel, b->pixel, (size_t)a->width * (size_t)a->height * sizeof *a->pixel) != 0)
        fail_msg("%s does not come back", name);
}

static void assert_round_trip(const struct sprites *s, const struct pack_result *r)
{
    struct spr_error err = { 0 };
    if (atlas_check(&r->atlas, &err))
        fail_msg("%s", err.text);
    assert_int_equal(r->atlas.frames, s->count);
    for (int i = 0; i < s->count; i++) {
        struct image out;
        const struct atlas_frame *f = &r->atlas.frame[i];
        assert_string_equal(f->name, s->item[i].name);
        assert_int_equal(atlas_cut(f, &r->page[f->page], &out, &err), SPR_OK);
        assert_same(&out, &s->item[i].image, f->name);
        image_fini(&out);
    }
}

/* Every sprite comes back byte for byte, whatever the rules are. */
static void sprites_come_back(void **state)
{
    struct sprites s;
    int tried = 0;
    (void)state;
    make_sprites(&s, 1000, 1);
    for (int extrude = 0; extrude <= 4; extrude++)
        for (int mode = 0; mode < 8; mode++, tried++) {
            struct pack_rules rules = { .rects = { .max_w = 700,
                                                   .max_h = 500,
                                                   .padding = (extrude * 3 + mode) % 9,
                                                   .border = mode % 3,
                                                   .turn = mode & 1,
                                                   .shape = mode == 5 ? RECT_POT : RECT_FREE },
                                        .extrude = extrude,
                                        .share = mode & 2,
                                        .trim = mode & 4 ? TRIM_FRAME : (mode & 1 ? TRIM_NONE : TRIM_TAG) };
            struct pack_result r;
            struct spr_error err = { 0 };
            if (pack_build(&s, &rules, NULL, "x", pool, &r, &err))
                fail_msg("extrude %d, mode %d: %s", extrude, mode, err.text);
            assert_round_trip(&s, &r);
            if (rules.share)
                assert_true(r.shared >= 1000 / 17);
            else
                assert_int_equal(r.shared, 0);
            pack_result_fini(&r);
        }
    assert_int_equal(tried, 40);
    sprites_fini(&s);
}

/* As GPUs do it: the colours of the four nearest texels, mixed. */
static struct rgba bilinear(const struct image *im, double x, double y)
{
    double fx = floor(x - 0.5), fy = floor(y - 0.5), u = x - 0.5 - fx, v = y - 0.5 - fy, sum[4] = { 0 };
    for (int k = 0; k < 4; k++) {
        int px = (int)fx + k % 2, py = (int)fy + k / 2;
        px = px < 0 ? 0 : px >= im->width ? im->width - 1 : px;
        py = py < 0 ? 0 : py >= im->height ? im->height - 1 : py;
        const struct rgba *p = image_at(im, px, py);
        double weight = (k % 2 ? u : 1 - u) * (k / 2 ? v : 1 - v);
        sum[0] += weight * p->r;
        sum[1] += weight * p->g;
        sum[2] += weight * p->b;
        sum[3] += weight * p->a;
    }
    return (struct rgba){ (uint8_t)lround(sum[0]), (uint8_t)lround(sum[1]), (uint8_t)lround(sum[2]),
                          (uint8_t)lround(sum[3]) };
}

static int contaminated(int extrude)
{
    struct sprites s = { 0 };
    struct pack_rules rules = { .rects = { .max_w = 512, .max_h = 512 }, .extrude = extrude };
    struct pack_result r;
    struct spr_error err;
    struct random rnd = { 4, 4 };
    int bad = 0;
    for (int i = 0; i < 60; i++) { /* each of one colour: anything else in a sample came from a neighbour */
        struct image im;
        char name[16];
        assert_int_equal(image_init(&im, 5 + i % 9, 5 + i % 7, &err), SPR_OK);
        for (int k = 0; k < im.width * im.height; k++)
            im.pixel[k] =
                (struct rgba){ (uint8_t)(i * 4), (uint8_t)(255 - i * 4), (uint8_t)(i % 2 * 255), 255 };
        snprintf(name, sizeof name, "c%02d", i);
        add_sprite(&s, name, im);
    }
    assert_int_equal(pack_build(&s, &rules, NULL, "x", pool, &r, &err), SPR_OK);
    for (uint64_t n = 0; n < 10000; n++) {
        const struct atlas_frame *f = &r.atlas.frame[random_below(rnd, n * 4, 60)];
        double scale = 0.37 + 3.33 * random_unit(rnd, n * 4 + 1);
        /* The middle of a screen pixel of the sprite drawn at that scale. */
        double x = f->x + (floor((double)random_unit(rnd, n * 4 + 2) * f->w * scale) + 0.5) / scale;
        double y = f->y + (floor((double)random_unit(rnd, n * 4 + 3) * f->h * scale) + 0.5) / scale;
        x = x > f->x + f->w ? f->x + f->w : x;
        y = y > f->y + f->h ? f->y + f->h : y;
        bad += !rgba_equal(bilinear(&r.page[0], x, y), *image_at(&r.page[0], f->x, f->y));
    }
    pack_result_fini(&r);
    sprites_fini(&s);
    return bad;
}

static void extruded_sprites_do_not_bleed(void **state)
{
    (void)state;
    assert_true(contaminated(0) > 500); /* the test sees what it looks for */
    assert_int_equal(contaminated(1), 0);
}

static void rims_are_repeated(void **state)
{
    struct sprites s = { 0 };
    struct pack_rules rules = { .rects = { .max_w = 64, .max_h = 64, .border = 1 },
                                .extrude = 2,
                                .trim = TRIM_FRAME };
    struct pack_result r;
    struct spr_error err;
    (void)state;
    add_sprite(&s, "a",
               art("....\n"
                   ".rg.\n"
                   ".by.\n"));
    assert_int_equal(pack_build(&s, &rules, NULL, "x", pool, &r, &err), SPR_OK);
    assert_art(&r.page[0], "........\n"
                           ".rrrggg.\n"
                           ".rrrggg.\n"
                           ".rrrggg.\n"
                           ".bbbyyy.\n"
                           ".bbbyyy.\n"
                           ".bbbyyy.\n"
                           "........\n");
    pack_result_fini(&r);
    sprites_fini(&s);
}

/* A smaller frame's rim must not show inside its cell. */
static void cells_are_extruded_as_a_whole(void **state)
{
    struct sprites s = { 0 };
    struct pack_rules rules = { .rects = { .max_w = 64, .max_h = 64, .padding = 1 },
                                .extrude = 1,
                                .grid = true };
    struct pack_result r;
    struct spr_error err;
    (void)state;
    add_sprite(&s, "a", art("rg\nby\n"));
    add_sprite(&s, "b", art("w\n"));
    assert_int_equal(pack_build(&s, &rules, NULL, "x", pool, &r, &err), SPR_OK);
    assert_art(&r.page[0], "rrgg.ww..\n"
                           "rrgg.ww..\n"
                           "bbyy.....\n"
                           "bbyy.....\n");
    assert_round_trip(&s, &r);
    pack_result_fini(&r);
    sprites_fini(&s);
}

static void feet_stay_still(void **state)
{
    struct sprites s = { 0 };
    struct pack_rules rules = { .rects = { .max_w = 64, .max_h = 64 }, .trim = TRIM_TAG };
    struct pack_result r;
    struct spr_error err;
    (void)state;
    add_sprite(&s, "walk_0", art("......\n..rr..\n..rr..\n..r...\n......\n"));
    add_sprite(&s, "walk_1", art("......\n...rr.\n..rr..\n...r..\n......\n"));
    add_sprite(&s, "z", art("......\n......\n......\n......\n.r....\n"));
    struct atlas_tag *t = atlas_add_tag(&s.names, "walk", &err);
    t->to = 1;
    assert_int_equal(pack_build(&s, &rules, NULL, "x", pool, &r, &err), SPR_OK);
    for (int i = 0; i < 2; i++) {
        const struct atlas_frame *f = &r.atlas.frame[i];
        assert_true(f->off_x == 2 && f->off_y == 1 && f->w == 3 && f->h == 3);
    }
    assert_true(r.atlas.frame[2].w == 1 && r.atlas.frame[2].off_y == 4);
    assert_round_trip(&s, &r);
    pack_result_fini(&r);
    sprites_fini(&s);
}

static void empty_frames_keep_their_number(void **state)
{
    struct sprites s = { 0 };
    struct pack_rules rules = { .rects = { .max_w = 64, .max_h = 64 }, .trim = TRIM_FRAME, .share = true };
    struct pack_result r;
    struct spr_error err;
    (void)state;
    add_sprite(&s, "a", art("rr\n"));
    add_sprite(&s, "b", art("...\n...\n"));
    add_sprite(&s, "c", art("..\n"));
    add_sprite(&s, "d", art("rr\n"));
    assert_int_equal(pack_build(&s, &rules, NULL, "x", pool, &r, &err), SPR_OK);
    assert_int_equal(r.atlas.frames, 4);
    assert_int_equal(r.empty, 2);
    assert_true(r.atlas.frame[2].same_as == 1 && r.atlas.frame[3].same_as == 0);
    assert_round_trip(&s, &r);
    pack_result_fini(&r);
    sprites_fini(&s);
}

/* --- A former sheet ----------------------------------------------------------------------------------------------- */

static bool same_page(const struct pack_result *a, const struct pack_result *b, int page)
{
    const struct image *p = &a->page[page], *q = &b->page[page];
    return p->width == q->width && p->height == q->height &&
           memcmp(p->pixel, q->pixel, (size_t)p->width * (size_t)p->height * sizeof *p->pixel) == 0;
}

static void one_change_touches_one_page(void **state)
{
    static const struct {
        const char *why;
        int w, h; /* of the changed sprite */
    } rows[] = { { "same size", 0, 0 }, { "smaller", 3, 2 }, { "larger", 40, 30 } };
    struct pack_rules rules = {
        .rects = { .max_w = 100, .max_h = 100 }, .extrude = 1, .trim = TRIM_FRAME, .share = true
    };
    struct sprites s;
    struct pack_result first;
    struct spr_error err = { 0 };
    (void)state;
    make_sprites(&s, 220, 7);
    assert_int_equal(pack_build(&s, &rules, NULL, "x", pool, &first, &err), SPR_OK);
    assert_true(first.atlas.pages >= 4);
    for (size_t k = 0; k < SPR_COUNT(rows); k++) {
        struct pack_result next;
        struct image kept = s.item[50].image, changed;
        int page = first.atlas.frame[50].page, touched = 0;
        int w = rows[k].w ? rows[k].w : kept.width, h = rows[k].h ? rows[k].h : kept.height;
        assert_int_equal(image_init(&changed, w, h, &err), SPR_OK);
        for (int i = 0; i < w * h; i++)
            changed.pixel[i] = rows[k].w ? (struct rgba){ 1, 2, (uint8_t)i, 255 } : kept.pixel[i];
        for (int i = 0; i < w * h; i++)
            changed.pixel[i].r ^= changed.pixel[i].a ? 1 : 0;
        s.item[50].image = changed;
        if (pack_build(&s, &rules, &first.atlas, "x", pool, &next, &err))
            fail_msg("%s: %s", rows[k].why, err.text);
        assert_round_trip(&s, &next);
        assert_true(next.atlas.pages >= first.atlas.pages);
        for (int p = 0; p < first.atlas.pages; p++)
            touched += !same_page(&first, &next, p);
        if (touched != 1 || same_page(&first, &next, page))
            fail_msg("%s: %d pages touched", rows[k].why, touched);
        pack_result_fini(&next);
        image_fini(&changed);
        s.item[50].image = kept;
    }
    pack_result_fini(&first);
    sprites_fini(&s);
}

static void nothing_changed_changes_nothing(void **state)
{
    struct pack_rules rules = { .rects = { .max_w = 128, .max_h = 128, .turn = true },
                                .trim = TRIM_FRAME,
                                .share = true };
    struct sprites s;
    struct pack_result first, next;
    struct spr_error err = { 0 };
    (void)state;
    make_sprites(&s, 150, 3);
    assert_int_equal(pack_build(&s, &rules, NULL, "x", pool, &first, &err), SPR_OK);
    assert_int_equal(pack_build(&s, &rules, &first.atlas, "x", pool, &next, &err), SPR_OK);
    assert_int_equal(next.kept_pages, first.atlas.pages);
    for (int p = 0; p < first.atlas.pages; p++)
        assert_true(same_page(&first, &next, p));
    pack_result_fini(&next);
    pack_result_fini(&first);
    sprites_fini(&s);
}

/* Sprites come and go at random; what is there always comes back, and duplicates that part find places of their own. */
static void comings_and_goings(void **state)
{
    struct pack_rules rules = { .rects = { .max_w = 96, .max_h = 96 }, .trim = TRIM_FRAME, .share = true };
    struct atlas former = { 0 };
    struct random r = { 8, 8 };
    struct spr_error err = { 0 };
    (void)state;
    for (int round = 0; round < 12; round++) {
        struct sprites s = { 0 };
        struct pack_result made;
        for (int i = 0; i < 120; i++) {
            char name[16];
            if (random_below(r, (uint64_t)(round * 1000 + i), 10) == 0)
                continue;
            bool other = random_below(r, (uint64_t)(round * 1000 + 500 + i), 12) == 0;
            snprintf(name, sizeof name, "n%03d", i);
            add_sprite(&s, name, blot(other ? (uint64_t)round : 77, i / 2));
        }
        if (pack_build(&s, &rules, round ? &former : NULL, "x", pool, &made, &err))
            fail_msg("round %d: %s", round, err.text);
        assert_round_trip(&s, &made);
        atlas_fini(&former);
        former = made.atlas;
        made.atlas = (struct atlas){ .pages = former.pages };
        for (int p = 0; p < former.pages; p++)
            image_fini(&made.page[p]);
        mem_free(made.page);
        sprites_fini(&s);
    }
    atlas_fini(&former);
}

static void too_large_a_sprite_is_named(void **state)
{
    struct pack_rules rules = { .rects = { .max_w = 20, .max_h = 20, .border = 2 }, .extrude = 1 };
    struct sprites s = { 0 };
    struct pack_result r = { .units = 5 };
    struct spr_error err = { 0 };
    struct image im;
    (void)state;
    add_sprite(&s, "small", art("rr\n"));
    assert_int_equal(image_init(&im, 30, 4, &err), SPR_OK);
    im.pixel[0].a = 255;
    add_sprite(&s, "wide", im);
    assert_int_equal(pack_build(&s, &rules, NULL, "x", pool, &r, &err), SPR_LIMIT);
    assert_non_null(strstr(err.text, "\"wide\" has 30 x 4 pixels"));
    assert_int_equal(r.units, 5);
    sprites_fini(&s);
}

/* A grid with one huge cell must not take all memory. */
static void too_many_pixels_are_refused(void **state)
{
    struct pack_rules rules = { .rects = { .max_w = 4096, .max_h = 4096 }, .grid = true };
    struct sprites s = { 0 };
    struct pack_result r;
    struct spr_error err = { 0 };
    struct image im;
    (void)state;
    assert_int_equal(image_init(&im, 2048, 2048, &err), SPR_OK);
    add_sprite(&s, "huge", im);
    for (int i = 0; i < 70; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        add_sprite(&s, name, art("r\n"));
    }
    assert_int_equal(pack_build(&s, &rules, NULL, "x", pool, &r, &err), SPR_LIMIT);
    assert_non_null(strstr(err.text, "million pixels in all; 256 are made at once"));
    sprites_fini(&s);
}

static void memory_may_run_out(void **state)
{
    struct pack_rules rules = {
        .rects = { .max_w = 64, .max_h = 64 }, .trim = TRIM_FRAME, .share = true, .bleed = 1
    };
    struct sprites s;
    struct pool *alone;
    struct spr_error err = { 0 };
    (void)state;
    make_sprites(&s, 30, 2);
    assert_non_null(atlas_add_tag(&s.names, "t", &err));
    assert_int_equal(pool_new(1, &alone, &err), SPR_OK);
    for (uint64_t n = 1;; n++) {
        struct pack_result r = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = pack_build(&s, &rules, NULL, "x", alone, &r, &err);
        mem_fail_nth(0);
        if (!rc) {
            pack_result_fini(&r);
            break;
        }
        assert_int_equal(rc, SPR_NOMEM);
        assert_true(n < 5000);
    }
    pool_free(alone);
    sprites_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sprites_come_back),
        cmocka_unit_test(extruded_sprites_do_not_bleed),
        cmocka_unit_test(rims_are_repeated),
        cmocka_unit_test(cells_are_extruded_as_a_whole),
        cmocka_unit_test(feet_stay_still),
        cmocka_unit_test(empty_frames_keep_their_number),
        cmocka_unit_test(one_change_touches_one_page),
        cmocka_unit_test(nothing_changed_changes_nothing),
        cmocka_unit_test(comings_and_goings),
        cmocka_unit_test(too_large_a_sprite_is_named),
        cmocka_unit_test(too_many_pixels_are_refused),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("pack/build", tests, start, stop);
}
