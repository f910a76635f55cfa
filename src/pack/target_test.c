/* Each target's files, byte for byte as they were last read by a person beside the engine's own documentation:
 * tests/golden/pack. SPRITERY_UPDATE=1 writes them anew: read what changed. */
#include "pack/target.h"

#include "base/file.h"
#include "base/mem.h"
#include "pack/sheet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct atlas *a, const char *name, struct atlas_frame like)
{
    struct spr_error err;
    struct atlas_frame *f = atlas_add_frame(a, name, &err);
    assert_non_null(f);
    char *kept = f->name;
    *f = like;
    f->name = kept;
}

static void add_tag(struct atlas *a, const char *name, int from, int to, enum tag_direction way, int repeat)
{
    struct spr_error err;
    struct atlas_tag *t = atlas_add_tag(a, name, &err);
    assert_non_null(t);
    t->from = from;
    t->to = to;
    t->direction = way;
    t->repeat = repeat;
}

static void add_page(struct atlas *a, const char *file, int w, int h)
{
    struct spr_error err;
    struct atlas_page *p = atlas_add_page(a, file, &err);
    assert_non_null(p);
    p->w = w;
    p->h = h;
}

/* Two animations, a shared frame, an awkward name, a still, a slice with two keys. */
static void dense(struct atlas *a, bool pages)
{
    struct spr_error err;
    *a = (struct atlas){ .name = mem_text("hero", 4), .border = 1, .padding = 2, .extrude = 1 };
    add_page(a, pages ? "hero-0.png" : "hero.png", 64, 32);
    if (pages)
        add_page(a, "hero-1.png", 32, 16);
    add(a, "walk_0", (struct atlas_frame){ 0, 0, 2, 2, 10, 12, false, 3, 4, 16, 16, 100, 8, 16, -1 });
    add(a, "walk_1", (struct atlas_frame){ 0, 0, 16, 2, 9, 12, pages, 3, 4, 16, 16, 150, 8, 16, -1 });
    add(a, "walk_2", (struct atlas_frame){ 0, 0, 2, 2, 10, 12, false, 3, 4, 16, 16, 100, 8, 16, 0 });
    add(a, "hit_0", (struct atlas_frame){ 0, 0, 32, 2, 16, 16, false, 0, 0, 16, 16, 80, 8, 16, -1 });
    add(a, "hit_1", (struct atlas_frame){ 0, 0, 2, 17, 5, 6, false, 1, 1, 16, 16, 40, 8, 16, -1 });
    a->frame[4].page = pages;
    a->frame[4].y = pages ? 2 : 17;
    add(a, "a \"still\" & <more>/\xC3\xA9",
        (struct atlas_frame){ 0, pages, 12, pages ? 2 : 20, 7, 7, false, 0, 0, 7, 7, 100, 3.5, 3.5, -1 });
    add_tag(a, "walk", 0, 2, TAG_PINGPONG, 0);
    add_tag(a, "hit", 3, 4, TAG_REVERSE, 1);
    struct atlas_slice *s = atlas_add_slice(a, "body", &err);
    *s = (struct atlas_slice){ s->name, 0, 2, 3, 10, 12, true, true, { 1, 1, 8, 10 }, { 5, 12 } };
    s = atlas_add_slice(a, "body", &err);
    *s = (struct atlas_slice){ s->name, 3, 0, 0, 16, 16, false, false, { 0 }, { 0 } };
    assert_int_equal(atlas_check(a, &err), SPR_OK);
}

static void grid(struct atlas *a, enum atlas_wang wang)
{
    struct spr_error err;
    *a = (struct atlas){ .name = mem_text("tiles", 5),
                         .border = 1,
                         .padding = 2,
                         .extrude = 1,
                         .columns = 3,
                         .cell_w = 8,
                         .cell_h = 8,
                         .wang = wang };
    add_page(a, "tiles.png", 38, 26);
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "t_%d", i);
        add(a, name,
            (struct atlas_frame){ 0, 0, 2 + i % 3 * 12, 2 + i / 3 * 12, 8, 8, false, 0, 0, 8, 8, 100 + i, 4,
                                  4, -1 });
    }
    a->mask = mem_zalloc(5, sizeof *a->mask);
    memcpy(a->mask, (int[]){ 0, 1, 6, 15, -1 }, 5 * sizeof *a->mask);
    add_tag(a, "water", 1, 3, TAG_FORWARD, 0);
    assert_int_equal(atlas_check(a, &err), SPR_OK);
}

static void compare(const char *name, const struct buf *b)
{
    char path[512];
    struct buf want;
    struct spr_error err = { 0 };
    snprintf(path, sizeof path, "%s/tests/golden/pack/%s", getenv("SPRITERY_SOURCE_ROOT"), name);
    if (getenv("SPRITERY_UPDATE")) {
        assert_int_equal(file_write(path, b->data, b->length, FILE_REPLACE, &err), SPR_OK);
        return;
    }
    buf_init(&want, 1 << 20);
    if (file_read(path, &want, &err))
        fail_msg("%s", err.text);
    if (want.length != b->length || memcmp(want.data, b->data, b->length) != 0)
        fail_msg("%s is not what it was; SPRITERY_UPDATE=1 writes it anew. Now:\n%s", name, b->data);
    buf_fini(&want);
}

static void write_and_compare(const struct target *t, const struct atlas *a, const char *stem)
{
    const struct target_options o = { .pixels_per_unit = 16 };
    for (int i = 0; i < TARGET_FILES && t->file[i].write; i++) {
        int pages = t->file[i].per_page ? a->pages : 1;
        for (int page = 0; page < pages; page++) {
            struct buf b;
            struct spr_error err = { 0 };
            char name[128];
            buf_init(&b, 1 << 20);
            assert_int_equal(t->file[i].write(a, t->file[i].per_page ? page : -1, &o, &b, &err), SPR_OK);
            snprintf(name, sizeof name, "%s-%s%s%s", t->name, stem, pages > 1 ? (page ? "-1" : "-0") : "",
                     t->file[i].ending);
            compare(name, &b);
            buf_fini(&b);
        }
    }
}

static void one_page(void **state)
{
    struct atlas a;
    (void)state;
    dense(&a, false);
    for (int i = 0; i < target_count; i++)
        if (!targets[i].grid)
            write_and_compare(&targets[i], &a, "one");
    atlas_fini(&a);
}

static void two_pages(void **state)
{
    struct atlas a;
    (void)state;
    dense(&a, true);
    for (int i = 0; i < target_count; i++) {
        a.frame[1].turned = targets[i].turned;
        a.frame[4].page = strcmp(targets[i].name, "pixi") != 0; /* pixi plays on one page */
        if (!targets[i].grid && !targets[i].one_page)
            write_and_compare(&targets[i], &a, "two");
    }
    atlas_fini(&a);
}

static void tile_sets(void **state)
{
    static const char *const names[] = { "plain", "corner", "edge", "mixed" };
    (void)state;
    for (int wang = 0; wang < 4; wang++) {
        struct atlas a;
        grid(&a, (enum atlas_wang)wang);
        write_and_compare(target_named("tiled"), &a, names[wang]);
        atlas_fini(&a);
    }
}

static void animations_over_pages_are_refused(void **state)
{
    struct atlas a;
    struct buf b;
    struct spr_error err = { 0 };
    const struct target_options o = { .pixels_per_unit = 16 };
    (void)state;
    dense(&a, true);
    buf_init(&b, 1 << 20);
    assert_int_equal(write_pixi(&a, 0, &o, &b, &err), SPR_LIMIT);
    assert_non_null(
        strstr(err.text, "animation \"hit\" has frames on several pages, which pixi cannot play"));
    a.columns = 1;
    assert_int_equal(write_tsx(&a, 0, &o, &b, &err), SPR_LIMIT);
    buf_fini(&b);
    atlas_fini(&a);
}

static void classes_must_differ(void **state)
{
    struct atlas a;
    struct buf b;
    struct spr_error err = { 0 };
    const struct target_options o = { .pixels_per_unit = 16 };
    (void)state;
    dense(&a, false);
    add(&a, "hit/0", a.frame[3]);
    add(&a, "hit 0", a.frame[3]);
    buf_init(&b, 1 << 20);
    assert_int_equal(write_css(&a, -1, &o, &b, &err), SPR_BADARG);
    assert_non_null(strstr(err.text, "would be one class; rename one of them"));
    buf_fini(&b);
    atlas_fini(&a);
}

static void dense_is_no_tile_set(void **state)
{
    struct atlas a;
    struct buf b;
    struct spr_error err = { 0 };
    const struct target_options o = { .pixels_per_unit = 16 };
    (void)state;
    dense(&a, false);
    buf_init(&b, 1 << 20);
    assert_int_equal(write_tsx(&a, 0, &o, &b, &err), SPR_BADARG);
    buf_fini(&b);
    atlas_fini(&a);
}

static void the_table_is_sorted(void **state)
{
    (void)state;
    for (int i = 1; i < target_count; i++)
        assert_true(strcmp(targets[i - 1].name, targets[i].name) < 0);
    for (int i = 0; i < target_count; i++)
        assert_ptr_equal(target_named(targets[i].name), &targets[i]);
    assert_null(target_named("gamemaker"));
}

/* A kept GUID stands in place of the made one. */
static void guids_are_kept(void **state)
{
    struct atlas a;
    struct buf b;
    struct spr_error err = { 0 };
    const struct target_options o = { .pixels_per_unit = 16,
                                      .guid = "0123456789abcdef0123456789abcdef\nrest" };
    (void)state;
    dense(&a, false);
    buf_init(&b, 1 << 20);
    assert_int_equal(write_unity_meta(&a, 0, &o, &b, &err), SPR_OK);
    assert_non_null(strstr(b.data, "guid: 0123456789abcdef0123456789abcdef\nTextureImporter:"));
    buf_fini(&b);
    atlas_fini(&a);
}

static void assert_same_places(const struct atlas *a, const struct atlas *b, const char *name)
{
    assert_int_equal(a->frames, b->frames);
    for (int i = 0; i < a->frames; i++) {
        const struct atlas_frame *f = &a->frame[i], *g = NULL;
        for (int k = 0; k < b->frames; k++)
            if (strcmp(b->frame[k].name, f->name) == 0)
                g = &b->frame[k];
        if (!g || f->x != g->x || f->y != g->y || f->w != g->w || f->h != g->h || f->turned != g->turned ||
            f->off_x != g->off_x || f->off_y != g->off_y || f->source_w != g->source_w ||
            f->source_h != g->source_h)
            fail_msg("%s: frame %s was read as another", name, f->name);
    }
}

/* What is written as JSON is read again by our own reader. */
static void json_is_read_again(void **state)
{
    static const char *const names[] = { "aseprite", "aseprite-array", "texturepacker", "texturepacker-array",
                                         "pixi",     "phaser" };
    const struct target_options o = { .pixels_per_unit = 16 };
    struct atlas a;
    (void)state;
    dense(&a, false);
    for (size_t i = 0; i < SPR_COUNT(names); i++) {
        struct buf b;
        struct sheet s = { 0 };
        struct spr_error err = { 0 };
        buf_init(&b, 1 << 20);
        const struct target_file *f = &target_named(names[i])->file[0];
        assert_int_equal(f->write(&a, f->per_page ? 0 : -1, &o, &b, &err), SPR_OK);
        if (sheet_decode(b.data, b.length, &s, &err))
            fail_msg("%s: %s", names[i], err.text);
        assert_same_places(&a, &s.atlas, names[i]);
        assert_string_equal(s.atlas.page[0].file, "hero.png");
        if (i < 2) {
            assert_int_equal(s.atlas.tags, 2);
            assert_true(s.atlas.tag[0].direction == TAG_PINGPONG && s.atlas.tag[1].from == 3 &&
                        s.atlas.tag[1].repeat == 1);
            assert_int_equal(s.atlas.frame[1].duration_ms, 150);
        }
        sheet_fini(&s);
        buf_fini(&b);
    }
    atlas_fini(&a);
}

static void memory_may_run_out(void **state)
{
    const struct target_options o = { .pixels_per_unit = 16 };
    struct atlas a;
    (void)state;
    dense(&a, false);
    for (int i = 0; i < target_count; i++) {
        if (targets[i].grid)
            continue;
        const struct target_file *f = &targets[i].file[0];
        for (uint64_t n = 1;; n++) {
            struct buf b;
            struct spr_error err = { 0 };
            buf_init(&b, 1 << 20);
            mem_fail_nth(n);
            enum spr_code rc = f->write(&a, f->per_page ? 0 : -1, &o, &b, &err);
            mem_fail_nth(0);
            buf_fini(&b);
            if (!rc)
                break;
            assert_int_equal(rc, SPR_NOMEM);
        }
    }
    atlas_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_page),
        cmocka_unit_test(two_pages),
        cmocka_unit_test(tile_sets),
        cmocka_unit_test(classes_must_differ),
        cmocka_unit_test(dense_is_no_tile_set),
        cmocka_unit_test(animations_over_pages_are_refused),
        cmocka_unit_test(the_table_is_sorted),
        cmocka_unit_test(guids_are_kept),
        cmocka_unit_test(json_is_read_again),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("pack/target", tests, NULL, NULL);
}
