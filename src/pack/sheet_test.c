#include "pack/sheet.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void make(struct sheet *s)
{
    struct spr_error err = { 0 };
    struct atlas *a = &s->atlas;
    *s = (struct sheet){ .empty = 5, .rules = mem_text("r", 1), .settings = mem_text("s \"q\"", 5) };
    *a = (struct atlas){ .name = mem_text("x", 1),
                         .border = 1,
                         .padding = 2,
                         .extrude = 3,
                         .columns = 2,
                         .cell_w = 4,
                         .cell_h = 5,
                         .wang = ATLAS_WANG_EDGE };
    struct atlas_page *p = atlas_add_page(a, "sub/x.png", &err);
    assert_non_null(p);
    p->w = p->h = 40;
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = { "a", "b\n\"", "c/\xC3\xA9" };
        struct atlas_frame *f = atlas_add_frame(a, names[i], &err);
        assert_non_null(f);
        char *name = f->name;
        *f = (struct atlas_frame){ name, 0, 1 + i, 2,      3,   4,       i == 1,         1,
                                   0,    5, 6,     70 + i, 2.5, 1.0 / 3, i == 2 ? 0 : -1 };
    }
    struct atlas_tag *t = atlas_add_tag(a, "go", &err);
    t->to = 2;
    t->direction = TAG_PINGPONG_REVERSE;
    t->repeat = 4;
    struct atlas_slice *l = atlas_add_slice(a, "box", &err);
    *l = (struct atlas_slice){ l->name, 1, -2, 3, 4, 5, true, true, { 1, 2, 3, 4 }, { -5, 6 } };
    a->mask = mem_zalloc(3, sizeof *a->mask);
    memcpy(a->mask, (int[]){ 3, -1, 15 }, 3 * sizeof *a->mask);
    assert_int_equal(sheet_list_add(&s->inputs, "in/a.png", "11", &err), SPR_OK);
    assert_int_equal(sheet_list_add(&s->outputs, "x.png", "22", &err), SPR_OK);
    assert_int_equal(sheet_list_add(&s->pixels, "", "33", &err), SPR_OK);
}

/* Written, read and written again is the same text, and nothing of it got lost on the way. */
static void our_own_form_comes_back(void **state)
{
    struct sheet s, back = { 0 };
    struct buf first, second;
    struct spr_error err = { 0 };
    (void)state;
    make(&s);
    buf_init(&first, 1 << 20);
    buf_init(&second, 1 << 20);
    assert_int_equal(sheet_encode(&s, &first, &err), SPR_OK);
    if (sheet_decode(first.data, first.length, &back, &err))
        fail_msg("%s\n%s", err.text, first.data);
    assert_true(back.ours);
    assert_int_equal(sheet_encode(&back, &second, &err), SPR_OK);
    assert_string_equal(first.data, second.data);
    static const char *const said[] = {
        "\"b\\u000a\\\"\"",   "\"turned\": true",       "\"same_as\": 0",     "\"terrain\": \"edge\"",
        "0.3333333333333333", "\"pingpong_reverse\"",   "[-2, 3, 4, 5]",      "\"center\": [1, 2, 3, 4]",
        "\"pivot\": [-5, 6]", "[\"in/a.png\", \"11\"]", "\"pixels\": \"33\"", "\"empty\": 5",
        "s \\\"q\\\""
    };
    for (size_t i = 0; i < SPR_COUNT(said); i++)
        if (!strstr(second.data, said[i]))
            fail_msg("lacks %s:\n%s", said[i], second.data);
    buf_fini(&first);
    buf_fini(&second);
    sheet_fini(&s);
    sheet_fini(&back);
}

static void what_is_no_sheet_is_refused(void **state)
{
    static const struct {
        const char *text, *says;
        enum spr_code rc;
    } rows[] = {
        { "", "line 1, column 0: not JSON", SPR_BADDATA },
        { "{\n\"frames\": [}", "line 2, column", SPR_BADDATA },
        { "[]", "not a sheet: no JSON object", SPR_BADDATA },
        { "{}", "it has neither \"frames\" nor \"textures\"", SPR_BADDATA },
        { "{\"spritery\": \"sheet\", \"version\": 2}", "a sheet of version 2; this program reads version 1",
          SPR_UNSUPPORTED },
        { "{\"frames\": {}, \"meta\": {\"image\": \"../x.png\", \"size\": {\"w\": 1, \"h\": 1}}}",
          "\"../x.png\" is not a file in the sheet's folder", SPR_BADDATA },
        { "{\"frames\": {}, \"meta\": {\"image\": \"/etc/x.png\", \"size\": {\"w\": 1, \"h\": 1}}}",
          "\"/etc/x.png\" is not a file in the sheet's folder", SPR_BADDATA },
        { "{\"frames\": {}, \"meta\": {\"image\": \"x.png\", \"size\": {\"w\": 1, \"h\": 1}}}",
          "the sheet has 0 frames", SPR_BADDATA },
        { "{\"frames\": {\"a\": {\"frame\": {\"x\": 0.5, \"y\": 0, \"w\": 1, \"h\": 1}}},"
          "\"meta\": {\"image\": \"x.png\", \"size\": {\"w\": 1, \"h\": 1}}}",
          "\"a\": \"x\" must be a whole number of pixels", SPR_BADDATA },
        { "{\"frames\": [{\"frame\": {}}], \"meta\": {\"image\": \"x.png\", \"size\": {\"w\": 1, \"h\": 1}}}",
          "has no name", SPR_BADDATA },
        { "{\"frames\": {\"a\": {\"frame\": {\"x\": 0, \"y\": 0, \"w\": 2, \"h\": 1}}},"
          "\"meta\": {\"image\": \"x.png\", \"size\": {\"w\": 1, \"h\": 1}}}",
          "frame \"a\" at 0, 0 with 2 x 1 leaves its page of 1 x 1", SPR_BADDATA },
        { "{\"frames\": {\"a\": {\"frame\": {\"x\": 0, \"y\": 0, \"w\": 1, \"h\": 1}}}, \"meta\": "
          "{\"image\": \"x.png\","
          "\"size\": {\"w\": 1, \"h\": 1}, \"related_multi_packs\": [\"../y.json\"]}}",
          "names \"../y.json\", which is no file beside the sheet", SPR_BADDATA },
        { "<tileset tilewidth=\"8\"/>", "says tilewidth, tileheight, tilecount and columns", SPR_BADDATA },
        { "<tileset tilewidth=\"8\" tileheight=\"8\" tilecount=\"4\" columns=\"2\"><image "
          "source=\"../x.png\"/>",
          "\"../x.png\" is not a file in the sheet's folder", SPR_BADDATA },
        { "<tileset tilewidth=\"8\" tileheight=\"8\" tilecount=\"4\" columns=\"2\"><image source=\"x.png\" "
          "width=\"15\" height=\"16\"/>",
          "frame \"tile_1\" at 8, 0 with 8 x 8 leaves its page of 15 x 16", SPR_BADDATA },
        { "<tileset tilewidth=\"8\" tileheight=\"8\" tilecount=\"99999\" columns=\"2\">", "99999 tiles",
          SPR_LIMIT },
        { "[gd_resource type=\"SpriteFrames\"]\n", "without AtlasTextures", SPR_BADDATA },
        { "[gd_resource]\n[sub_resource type=\"AtlasTexture\" id=\"a\"]\nregion = Rect2( 0, 0, 8.5, 8 )\n",
          "frame 0: not four whole numbers: region = Rect2( 0, 0, 8.5, 8 )", SPR_BADDATA },
        { "[gd_resource]\n[sub_resource type=\"AtlasTexture\" id=\"a\"]\nregion = Rect2( 0, 0, 8, 8 )\n",
          "the sheet has 1 frames on 0 pages", SPR_BADDATA },
    };
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct sheet s = { .related_count = 7 };
        struct spr_error err = { 0 };
        assert_int_equal(sheet_decode(rows[i].text, strlen(rows[i].text), &s, &err), rows[i].rc);
        if (!strstr(err.text, rows[i].says))
            fail_msg("%s\nsays: %s", rows[i].text, err.text);
        assert_int_equal(s.related_count, 7);
    }
}

/* As Tiled and Godot write it themselves: other spacing, fractions that are whole, names for some only. */
static void engines_files_are_sheets(void **state)
{
    static const char tsx[] =
        "<?xml version=\"1.0\"?>\n<tileset name='a > b' tilewidth='8' tileheight='6' spacing='2' "
        "margin='1' tilecount='3' columns='2'>\n <image source='x.png' width='30' height='20'/>\n"
        " <tile id='1'><properties><property name='name' value='a &amp; &#98;'/></properties></tile>\n"
        " <tile id='2'><properties><property name='cost' value='7'/></properties></tile>\n</tileset>\n";
    static const char tres[] =
        "[gd_resource type=\"SpriteFrames\" load_steps=4 format=3 uid=\"uid://x\"]\n\n"
        "[ext_resource type=\"Texture2D\" uid=\"uid://y\" path=\"res://art/x.png\" id=\"1_ab\"]\n\n"
        "[sub_resource type=\"AtlasTexture\" id=\"A_1\"]\natlas = ExtResource(\"1_ab\")\n"
        "region = Rect2(3, 4, 8.0, 6)\n\n"
        "[sub_resource type=\"AtlasTexture\" id=\"A_2\"]\natlas = ExtResource(\"1_ab\")\n"
        "region = Rect2(0, 0, 5, 5)\nmargin = Rect2(1, 2, 3, 4)\n\n[resource]\nanimations = [{\n"
        "\"frames\": [{\n\"duration\": 1.0,\n\"texture\": SubResource(\"A_1\")\n}],\n\"loop\": true,\n"
        "\"name\": &\"walk\",\n\"speed\": 5.0\n}]\n";
    struct sheet s = { 0 };
    struct spr_error err = { 0 };
    (void)state;
    assert_int_equal(sheet_decode(tsx, strlen(tsx), &s, &err), SPR_OK);
    assert_int_equal(s.atlas.frames, 3);
    assert_string_equal(s.atlas.frame[1].name, "a & b");
    assert_string_equal(s.atlas.frame[2].name, "tile_2");
    assert_int_equal(s.atlas.frame[1].x * 1000 + s.atlas.frame[1].y, 11 * 1000 + 1);
    assert_int_equal(s.atlas.frame[2].x * 1000 + s.atlas.frame[2].y, 1 * 1000 + 9);
    sheet_fini(&s);
    assert_int_equal(sheet_decode(tres, strlen(tres), &s, &err), SPR_OK);
    assert_int_equal(s.atlas.frames, 2);
    assert_string_equal(s.atlas.page[0].file, "x.png");
    assert_string_equal(s.atlas.frame[0].name, "walk");
    assert_string_equal(s.atlas.frame[1].name, "frame_1");
    assert_int_equal(s.atlas.frame[1].source_w * 1000 + s.atlas.frame[1].source_h, 8 * 1000 + 9);
    assert_int_equal(s.atlas.frame[1].off_x * 1000 + s.atlas.frame[1].off_y, 1 * 1000 + 2);
    sheet_fini(&s);
}

/* What others leave out has a meaning: no trimming, 100 ms, a pivot in the middle. */
static void little_is_enough(void **state)
{
    static const char text[] =
        "{\"frames\": {\"a\": {\"frame\": {\"x\": 0, \"y\": 0, \"w\": 2.0, \"h\": 1}}},"
        "\"meta\": {\"image\": \"x.png\", \"size\": {\"w\": 2, \"h\": 1}, \"frameTags\": null}}";
    struct sheet s = { 0 };
    struct spr_error err = { 0 };
    (void)state;
    assert_int_equal(sheet_decode(text, sizeof text - 1, &s, &err), SPR_OK);
    const struct atlas_frame *f = &s.atlas.frame[0];
    assert_true(f->source_w == 2 && f->source_h == 1 && f->off_x == 0 && f->duration_ms == 100 &&
                f->pivot_x == 1);
    sheet_fini(&s);
}

static void folders(void **state)
{
    static const char *const rows[][2] = {
        { "a/b.json", "a" }, { "b.json", "." }, { "/b.json", "/" }, { "a/b/c", "a/b" }
    };
    char folder[64];
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        sheet_folder(rows[i][0], folder, sizeof folder);
        assert_string_equal(folder, rows[i][1]);
    }
}

static void memory_may_run_out(void **state)
{
    struct sheet s;
    struct buf b;
    struct spr_error err = { 0 };
    (void)state;
    make(&s);
    buf_init(&b, 1 << 20);
    assert_int_equal(sheet_encode(&s, &b, &err), SPR_OK);
    for (uint64_t n = 1;; n++) {
        struct sheet back = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = sheet_decode(b.data, b.length, &back, &err);
        mem_fail_nth(0);
        if (!rc) {
            sheet_fini(&back);
            break;
        }
        assert_int_equal(rc, SPR_NOMEM);
        assert_null(back.atlas.frame);
    }
    buf_fini(&b);
    sheet_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_form_comes_back),
        cmocka_unit_test(what_is_no_sheet_is_refused),
        cmocka_unit_test(engines_files_are_sheets),
        cmocka_unit_test(little_is_enough),
        cmocka_unit_test(folders),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests_name("pack/sheet", tests, NULL, NULL);
}
