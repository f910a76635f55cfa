#include "pack/sprites.h"

#include "base/mem.h"
#include "image/png.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static struct pool *pool;

static void put(const char *name, int w, int h)
{
    struct image im;
    struct spr_error err;
    assert_int_equal(image_init(&im, w, h, &err), SPR_OK);
    im.pixel[0] = (struct rgba){ 9, 8, 7, 255 };
    assert_int_equal(png_write(name, &im, NULL, FILE_REPLACE, &err), SPR_OK);
    image_fini(&im);
}

static int start(void **state)
{
    struct spr_error err;
    (void)state;
    strcpy(folder, "/tmp/spritery-sprites.XXXXXX");
    if (!mkdtemp(folder) || chdir(folder) || mkdir("in", 0755) || mkdir("in/hero", 0755) ||
        mkdir("other", 0755))
        return 1;
    static const char *const names[] = { "in/hero/walk_10.png", "in/hero/walk_2_150ms.png",
                                         "in/hero/walk_1.png",  "in/hero/walk_1b.png",
                                         "in/tree.png",         "in/.hidden.png",
                                         "other/tree.png",      "in/x7.png" };
    for (size_t i = 0; i < SPR_COUNT(names); i++)
        put(names[i], 8, 4);
    FILE *f = fopen("in/notes.txt", "w");
    if (!f)
        return 1;
    fputs("no picture", f);
    fclose(f);
    return pool_new(1, &pool, &err);
}

static int stop(void **state)
{
    char command[128];
    (void)state;
    pool_free(pool);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") || system(command);
}

static void files_have_names_and_an_order(void **state)
{
    static const char *const given[][2] = { { "in", NULL }, { "in/", "in" } };
    static const char *const want[] = { "hero/walk_1",  "hero/walk_2", "hero/walk_10",
                                        "hero/walk_1b", "tree",        "x7" };
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct sprite_files f;
        struct spr_error err = { 0 };
        if (sprite_files_find(given[i], i + 1, &f, &err))
            fail_msg("%s", err.text);
        assert_int_equal(f.count, SPR_COUNT(want));
        for (int k = 0; k < f.count; k++)
            assert_string_equal(f.item[k].name, want[k]);
        assert_int_equal(f.item[1].duration_ms, 150);
        sprite_files_fini(&f);
    }
}

static void names_must_differ(void **state)
{
    static const char *const given[] = { "other/tree.png", "in/tree.png" };
    struct sprite_files f = { 0 };
    struct spr_error err = { 0 };
    (void)state;
    assert_int_equal(sprite_files_find(given, 2, &f, &err), SPR_BADARG);
    assert_non_null(strstr(err.text, "in/tree.png and other/tree.png would both be called \"tree\""));
    assert_int_equal(sprite_files_find((const char *[]){ "nothing" }, 1, &f, &err), SPR_NOTFOUND);
    assert_string_equal(err.text, "cannot open nothing: No such file or directory");
}

static void load(const char *sidecar, struct sprite_defaults d, struct sprites *ret)
{
    struct sprite_files f;
    static struct doc_report report;
    struct spr_error err = { 0 };
    assert_int_equal(sprite_files_find((const char *[]){ "in" }, 1, &f, &err), SPR_OK);
    if (sprites_load(&f, sidecar, strlen(sidecar), &d, pool, ret, &report, &err))
        fail_msg("%s: line %d: %s", err.text, report.complaint[0].line, report.complaint[0].text);
    sprite_files_fini(&f);
}

static const struct sprite_defaults DEFAULTS = { 100, 0.5, 1, GROUP_BY_NAME, ATLAS_WANG_NONE };

static void names_make_animations(void **state)
{
    struct sprites s;
    (void)state;
    load("", DEFAULTS, &s);
    assert_int_equal(s.count, 6);
    assert_int_equal(s.names.tags, 1);
    assert_string_equal(s.names.tag[0].name, "hero/walk");
    assert_true(s.names.tag[0].from == 0 && s.names.tag[0].to == 2);
    assert_true(s.item[0].duration_ms == 100 && s.item[1].duration_ms == 150);
    assert_true(s.item[0].pivot_x == 4 && s.item[0].pivot_y == 4);
    for (int i = 0; i < s.count; i++)
        assert_int_equal(sprites_find(&s, s.item[i].name), i);
    assert_int_equal(sprites_find(&s, "hero"), -1);
    sprites_fini(&s);
    struct sprite_defaults d = DEFAULTS;
    d.grouping = GROUP_BY_FOLDER;
    load("", d, &s);
    assert_int_equal(s.names.tags, 1);
    assert_true(strcmp(s.names.tag[0].name, "hero") == 0 && s.names.tag[0].to == 3);
    sprites_fini(&s);
    d.grouping = GROUP_NONE;
    d.wang = ATLAS_WANG_CORNER;
    load("", d, &s);
    assert_int_equal(s.names.tags, 0);
    assert_true(s.item[5].mask == 7 && s.item[4].mask == -1);
    sprites_fini(&s);
}

static void a_sidecar_says_more(void **state)
{
    struct sprites s;
    (void)state;
    load("defaults: {duration: 70, pivot: top-left}\n"
         "sprites:\n"
         "  tree: {duration: 300, pivot: [2, 3.5], terrain: 9}\n"
         "  'hero/walk_1?': {pivot: bottom}\n"
         "animations:\n"
         "  hero/walk: {frames: 'hero/walk_[0-9]*', direction: pingpong, repeat: 2, duration: 55}\n"
         "  back: {frames: [tree, x7, tree]}\n"
         "slices:\n"
         "  body: {frame: tree, bounds: [1, 1, 4, 2], center: [1, 0, 2, 2], pivot: [2, 2]}\n"
         "terrain: edge\n",
         DEFAULTS, &s);
    int tree = sprites_find(&s, "tree");
    assert_true(s.item[tree].duration_ms == 300 && s.item[tree].pivot_y == 3.5 && s.item[tree].mask == 9);
    assert_true(s.item[2].pivot_x == 4 && s.item[2].pivot_y == 4 && s.item[0].pivot_x == 0);
    assert_int_equal(s.names.tags, 2);
    const struct atlas_tag *walk = &s.names.tag[0], *back = &s.names.tag[1];
    assert_true(walk->from == 0 && walk->to == 3 && walk->direction == TAG_PINGPONG && walk->repeat == 2);
    assert_int_equal(s.item[1].duration_ms, 55);
    assert_true(back->from == 6 && back->to == 8);
    assert_string_equal(s.item[7].name, "back#1");
    assert_int_equal(s.item[6].duration_ms, 300);
    assert_int_equal(s.names.slices, 1);
    assert_true(s.names.slice[0].frame == tree && s.names.slice[0].center[2] == 2 &&
                s.names.slice[0].pivot[1] == 2);
    assert_int_equal(s.wang, ATLAS_WANG_EDGE);
    sprites_fini(&s);
}

static void numbers_end_names(void **state)
{
    static const struct {
        const char *name;
        int base, number; /* base 0: none */
    } rows[] = { { "walk_01", 4, 1 }, { "walk12", 4, 12 }, { "a - 3", 1, 3 },
                 { "7", 0, 0 },       { "x/7", 0, 0 },     { "walk", 0, 0 },
                 { "a1b2", 3, 2 },    { "_5", 0, 0 },      { "a/b.009", 3, 9 } };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        size_t base = 0;
        int number = 0;
        if (sprite_name_split(rows[i].name, &base, &number) != (rows[i].base > 0) ||
            (int)base != rows[i].base || number != rows[i].number)
            fail_msg("%s: %zu, %d", rows[i].name, base, number);
    }
}

static void memory_may_run_out(void **state)
{
    struct sprite_files f;
    struct spr_error err = { 0 };
    static struct doc_report report;
    static const char sidecar[] =
        "animations: {b: {frames: [tree, x7, tree]}}\nslices: {c: {bounds: [0, 0, 1, 1]}}\n";
    (void)state;
    assert_int_equal(sprite_files_find((const char *[]){ "in" }, 1, &f, &err), SPR_OK);
    for (uint64_t n = 1;; n++) {
        struct sprites s = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = sprites_load(&f, sidecar, sizeof sidecar - 1, &DEFAULTS, pool, &s, &report, &err);
        mem_fail_nth(0);
        if (!rc) {
            sprites_fini(&s);
            break;
        }
        if (rc != SPR_NOMEM)
            fail_msg("%d: %s", rc, err.text);
        assert_null(s.item);
    }
    sprite_files_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_have_names_and_an_order),
        cmocka_unit_test(names_must_differ),
        cmocka_unit_test(names_make_animations),
        cmocka_unit_test(a_sidecar_says_more),
        cmocka_unit_test(numbers_end_names),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("pack/sprites", tests, start, stop);
}
