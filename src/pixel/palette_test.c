#include "pixel/palette.h"

#include "base/file.h"
#include "base/mem.h"
#include "image/png.h"
#include "pixel/art_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct rgba pico[4] = {
    { 0, 0, 0, 255 }, { 29, 43, 83, 255 }, { 126, 37, 83, 255 }, { 0, 135, 81, 255 }
};

/* A file literal with its length: "" may hold 0 bytes. */
#define BYTES(text) (text), sizeof(text) - 1

static void every_kind_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *why, *bytes;
        size_t size;
        enum palette_format format;
    } rows[] = {
        { "gpl",
          BYTES("GIMP Palette\nName: x\nColumns: 4\n# c\n  0   0   0\tblack\n 29 43 83 dark blue\n126 37 "
                "83\n\n0 135 81 g\n"),
          PALETTE_GPL },
        { "the old gpl, DOS lines, byte order mark",
          BYTES("\xef\xbb\xbfGIMP Palette\r\n#\r\n0 0 0 Untitled\r\n29 43 83\r\n126 37 83\r\n0 135 81"),
          PALETTE_GPL },
        { "gpl with alpha",
          BYTES("GIMP Palette\nChannels: RGBA\n#\n0 0 0 255 a\n29 43 83 255\n126 37 83 200\n0 135 81 255\n"),
          PALETTE_GPL },
        { "jasc", BYTES("JASC-PAL\r\n0100\r\n4\r\n0 0 0\r\n29 43 83\r\n126 37 83\r\n0 135 81\r\n"),
          PALETTE_JASC },
        { "jasc with alpha",
          BYTES("JASC-PAL\n0100\n4\n0 0 0 255\n29 43 83 255\n126 37 83 255\n0 135 81 255\n"), PALETTE_JASC },
        { "hex", BYTES("000000\n1d2b53\n7E2553\n008751\n"), PALETTE_HEX },
        { "hex with signs and comments", BYTES("# Lospec\n#000000\n\n#1d2b53 // blue\n0x7e2553\n#008751"),
          PALETTE_HEX },
        { "txt", BYTES(";paint.net Palette File\r\n;\r\nFF000000\r\nFF1D2B53\r\nFF7E2553\r\nFF008751\r\n"),
          PALETTE_TXT },
        { "riff",
          BYTES("RIFF\x24\0\0\0PAL data\x14\0\0\0\0\3\4\0\0\0\0\0\x1d\x2b\x53\0\x7e\x25\x53\0\0\x87\x51\0"),
          PALETTE_RIFF },
        { "ase",
          BYTES("ASEF\0\1\0\0\0\0\0\6"
                "\xc0\1\0\0\0\4\0\1\0\0"                                 /* a group begins */
                "\0\1\0\0\0\x16\0\1\0\0RGB \0\0\0\0\0\0\0\0\0\0\0\0\0\2" /* no name */
                "\0\1\0\0\0\x18\0\2\0a\0\0RGB \x3d\xe8\xe8\xe9\x3e\x2c\xac\xad\x3e\xa6\xa6\xa7\0\0"
                "\0\1\0\0\0\x16\0\1\0\0RGB \x3e\xfc\xfc\xfd\x3e\x14\x94\x95\x3e\xa6\xa6\xa7\0\0"
                "\0\1\0\0\0\x1a\0\1\0\0CMYK\x3f\x80\0\0\0\0\0\0\x3e\xcc\xcc\xcd\x3e\xf0\xf0\xf1\0\0"
                "\xc0\2\0\0\0\0"),
          PALETTE_ASE },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct palette p = { 0 };
        enum palette_format format = PALETTE_FORMAT_COUNT;
        struct spr_error err = { 0 };
        char *copy = malloc(rows[i].size); /* its own block, so that a sanitiser sees a step beyond the end */
        memcpy(copy, rows[i].bytes, rows[i].size);
        if (palette_decode(copy, rows[i].size, &p, &format, &err))
            fail_msg("%s: %s", rows[i].why, err.text);
        free(copy);
        assert_int_equal(format, rows[i].format);
        assert_int_equal(p.count, 4);
        for (int k = 0; k < 4; k++)
            if (!rgba_equal(p.colour[k], pico[k]))
                fail_msg("%s: colour %d is %d %d %d %d", rows[i].why, k, p.colour[k].r, p.colour[k].g,
                         p.colour[k].b, p.colour[k].a);
    }
}

static void every_kind_comes_back(void **state)
{
    (void)state;
    static const int counts[] = { 1, 2, 16, 255, 256 };
    for (int f = 0; f < PALETTE_FORMAT_COUNT; f++)
        for (size_t i = 0; i < SPR_COUNT(counts); i++)
            for (int clear = 0; clear < 2 && counts[i] > 1; clear++) {
                struct palette p = { counts[i], { { 0 } } }, back = { 0 };
                enum palette_format format = PALETTE_FORMAT_COUNT;
                struct spr_error err = { 0 };
                struct buf file;
                buf_init(&file, 1 << 20);
                for (int k = 0; k < p.count; k++)
                    p.colour[k] = (struct rgba){ (uint8_t)k, (uint8_t)(k * 3), (uint8_t)(255 - k), 255 };
                if (clear)
                    p.colour[0] = (struct rgba){ 0 };
                assert_int_equal(palette_encode((enum palette_format)f, &p, "Test\nname", &file, &err),
                                 SPR_OK);
                if (palette_decode(file.data, file.length, &back, &format, &err))
                    fail_msg("%s: %s", palette_format_name((enum palette_format)f), err.text);
                assert_int_equal(format, f);
                int left_out = clear && f != PALETTE_TXT && f != PALETTE_PNG && f != PALETTE_ASEPRITE;
                assert_int_equal(back.count, p.count - left_out);
                for (int k = 0; k < back.count; k++)
                    assert_true(rgba_equal(back.colour[k], p.colour[k + left_out]));
                buf_fini(&file);
            }
    struct palette clear = { 1, { { 0 } } };
    struct spr_error err = { 0 };
    struct buf file;
    struct palette marked = { 2, { { 1, 245, 0, 255 }, { 0, 224, 165, 255 } } }, back = { 0 };
    buf_init(&file, 1000); /* as .act it has Aseprite's mark in its place */
    assert_int_equal(palette_encode(PALETTE_ACT, &marked, "", &file, &err), SPR_OK);
    assert_int_equal(palette_decode(file.data, file.length, &back, NULL, &err), SPR_OK);
    assert_true(back.count == 2 && rgba_equal(back.colour[1], marked.colour[1]));
    buf_fini(&file);
    buf_init(&file, 100);
    assert_int_equal(palette_encode(PALETTE_GPL, &clear, "", &file, &err), SPR_BADARG);
    assert_string_equal(err.text, "the palette has no colour to write");
    clear.colour[0].a = 255;
    file.limit = 10;
    assert_int_equal(palette_encode(PALETTE_GPL, &clear, "", &file, &err), SPR_LIMIT);
    assert_int_equal(file.length, 0);
    buf_fini(&file);
}

static void refusals_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        enum spr_code code;
        const char *say;
    } rows[] = {
        { BYTES(""), SPR_BADDATA,
          "not a palette; GIMP, hex, Paint.NET, JASC, RIFF, Adobe (act, ase), PNG and Aseprite palettes can "
          "be read" },
        { BYTES("hello\n"), SPR_BADDATA,
          "not a palette; GIMP, hex, Paint.NET, JASC, RIFF, Adobe (act, ase), PNG and Aseprite palettes can "
          "be read" },
        { BYTES("GIMP Palette\nName: x\n"), SPR_BADDATA, "the palette has no colours" },
        { BYTES("GIMP Palette\n1 2 3\n1 2 x\n"), SPR_BADDATA,
          "line 3: \"1 2 x\" should be a colour, as 0..255 0..255 0..255 name" },
        { BYTES("GIMP Palette\n1 2 300 x\n"), SPR_BADDATA,
          "line 2: \"1 2 300 x\" should be a colour, as 0..255 0..255 0..255 name" },
        { BYTES("GIMP Palette\n99999999999999999999 2 3\n"), SPR_BADDATA,
          "line 2: \"99999999999999999999 2 3\" should be a colour, as 0..255 0..255 0..255 name" },
        { BYTES("JASC-PAL\n0100\n3\n1 2 3\n4 5 6\n"), SPR_BADDATA,
          "3 colours are announced, but there are 2" },
        { BYTES("JASC-PAL\n0100\n300\n1 2 3\n"), SPR_LIMIT, "300 colours; a palette has at most 256" },
        { BYTES("JASC-PAL\n0200\n"), SPR_BADDATA, "line 2: \"0200\" should be 0100, the version" },
        { BYTES("JASC-PAL\n0100\n-3\n"), SPR_BADDATA, "line 3: \"-3\" should be the number of colours" },
        { BYTES("JASC-PAL\n0100\n1\n1 2 3 4 5\n"), SPR_BADDATA,
          "line 4: \"1 2 3 4 5\" should be a colour, as 0..255 0..255 0..255" },
        { BYTES("112233\n1122\n"), SPR_BADDATA,
          "line 2: \"1122\" should be a colour of 6 or 8 hexadecimal digits" },
        { BYTES("RIFF\x24\0\0\0PAL data\x14\0\0\0\0\3\5\0\0\0\0\0\x1d\x2b\x53\0\x7e\x25\x53\0\0\x87\x51\0"),
          SPR_BADDATA, "5 colours are announced, but there are 4" },
        { BYTES("RIFF\x24\0\0\0PAL data\x14\0\0\0\0\3"), SPR_BADDATA,
          "the RIFF palette ends too early, after 22 bytes" },
        { BYTES("ASEF\0\1\0\0\xff\xff\xff\xff\0\1\0\0\0\x50"), SPR_BADDATA,
          "the swatch file ends too early, in block 1 of 4294967295" },
        { BYTES("ASEF\0\1\0\0\0\0\0\1\0\1\0\0\0\4\xff\xff\0\0"), SPR_BADDATA,
          "a swatch of 4 bytes is too short for its name" },
        { BYTES("ASEF\0\1\0\0\0\0\0\1\0\1\0\0\0\x14\0\1\0\0LAB \0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
          SPR_UNSUPPORTED, "a swatch is in Lab; RGB, CMYK and grey ones can be read" },
        { BYTES("\x89PNG\r\n\x1a\n"), SPR_BADDATA, "the PNG ends too early, after 8 bytes" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct palette p = { -5, { { 0 } } };
        struct spr_error err = { 0 };
        char *copy = malloc(rows[i].size + 1);
        memcpy(copy, rows[i].bytes, rows[i].size);
        enum spr_code rc = palette_decode(copy, rows[i].size, &p, NULL, &err);
        free(copy);
        assert_string_equal(err.text, rows[i].say);
        assert_int_equal(rc, rows[i].code);
        assert_int_equal(p.count, -5);
    }
}

static void two_hundred_and_fifty_seven_are_too_many(void **state)
{
    (void)state;
    struct buf file;
    struct palette p;
    struct spr_error err = { 0 };
    buf_init(&file, 1 << 20);
    for (int i = 0; i < 257; i++)
        assert_int_equal(buf_addf(&file, &err, "%06x\n", i), SPR_OK);
    assert_int_equal(palette_decode(file.data, file.length, &p, NULL, &err), SPR_LIMIT);
    assert_string_equal(err.text, "more than 256 colours; a palette has at most so many");
    file.length = 0;
    struct image im;
    assert_int_equal(image_init(&im, 257, 1, &err), SPR_OK);
    for (int i = 0; i < 257; i++)
        im.pixel[i] = (struct rgba){ (uint8_t)i, (uint8_t)(i >> 8), 0, 255 };
    assert_int_equal(png_encode(&im, NULL, &file, &err), SPR_OK);
    assert_int_equal(palette_decode(file.data, file.length, &p, NULL, &err), SPR_LIMIT);
    assert_string_equal(err.text, "the picture has more than 256 colours; a palette has at most so many");
    image_fini(&im);
    buf_fini(&file);
}

static void a_picture_s_colours_in_order(void **state)
{
    (void)state;
    struct image im = art("yyrr\nggbb\nrywr\n");
    struct buf file;
    struct palette p;
    struct spr_error err = { 0 };
    buf_init(&file, 1 << 20);
    assert_int_equal(png_encode(&im, NULL, &file, &err), SPR_OK);
    assert_int_equal(palette_decode(file.data, file.length, &p, NULL, &err), SPR_OK);
    assert_int_equal(p.count, 5);
    assert_int_equal(p.colour[0].r, 250);
    assert_int_equal(p.colour[4].b, 255);
    image_fini(&im);
    buf_fini(&file);
}

static void built_in_ones(void **state)
{
    (void)state;
    struct palette p;
    for (int i = 0; i < palette_builtin_count(); i++) {
        struct palette_about about = palette_builtin_about(i);
        assert_true(palette_builtin(about.name, &p));
        assert_true(p.count >= 2 && p.count <= 256);
        assert_true(i == 0 || strcmp(palette_builtin_about(i - 1).name, about.name) < 0);
        for (int k = 0; k < p.count; k++)
            for (int j = 0; j < k; j++)
                if (rgba_equal(p.colour[k], p.colour[j]) && strcmp(about.name, "apple-ii") != 0)
                    fail_msg("%s: colours %d and %d are the same", about.name, j, k);
    }
    static const struct {
        const char *name;
        int count;
        struct rgba last;
    } rows[] = {
        { "gameboy", 4, { 0x9b, 0xbc, 0x0f, 255 } },   { "PICO-8", 16, { 0xff, 0xcc, 0xaa, 255 } },
        { "pico_8", 16, { 0xff, 0xcc, 0xaa, 255 } },   { "zx spectrum", 15, { 255, 255, 255, 255 } },
        { "ega", 64, { 255, 255, 255, 255 } },         { "nes", 55, { 0xf8, 0xd8, 0xf8, 255 } },
        { "c64", 16, { 0x95, 0x95, 0x95, 255 } },      { "msx", 15, { 255, 255, 255, 255 } },
        { "amstrad-cpc", 27, { 255, 255, 255, 255 } }, { "websafe", 216, { 255, 255, 255, 255 } },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        assert_true(palette_builtin(rows[i].name, &p));
        assert_int_equal(p.count, rows[i].count);
        assert_true(rgba_equal(p.colour[p.count - 1], rows[i].last));
    }
    assert_false(palette_builtin("pico-", &p));
    assert_false(palette_builtin("pico-88", &p));
}

static void names_and_files_are_found(void **state)
{
    (void)state;
    char path[64], want[128];
    struct palette p;
    struct buf bytes;
    struct spr_error err = { 0 };
    buf_init(&bytes, 1 << 20);
    snprintf(path, sizeof path, "/tmp/spritery-palette-test-%ld", (long)getpid());
    assert_int_equal(palette_find("gameboy", &p, &bytes, &err), SPR_OK);
    assert_string_equal(bytes.data, "0f380f\n306230\n8bac0f\n9bbc0f\n");
    assert_int_equal(palette_find("gamboy", &p, NULL, &err), SPR_NOTFOUND);
    assert_string_equal(err.text, "no palette and no file is called gamboy; did you mean gameboy?");
    assert_int_equal(palette_find("/nowhere/at-all", &p, NULL, &err), SPR_NOTFOUND);
    assert_string_equal(err.text, "no palette and no file is called /nowhere/at-all");
    assert_int_equal(file_write(path, "102030\n", 7, FILE_REPLACE, &err), SPR_OK);
    bytes.length = 0;
    assert_int_equal(palette_find(path, &p, &bytes, &err), SPR_OK);
    assert_string_equal(bytes.data, "102030\n");
    assert_int_equal(p.count, 1);
    assert_int_equal(file_write(path, "102030\nxy\n", 10, FILE_REPLACE, &err), SPR_OK);
    assert_int_equal(palette_find(path, &p, NULL, &err), SPR_BADDATA);
    snprintf(want, sizeof want, "%s: line 2: \"xy\" should be a colour of 6 or 8 hexadecimal digits", path);
    assert_string_equal(err.text, want);
    unlink(path);
    buf_fini(&bytes);
}

/* Each kind cut anywhere or with a byte changed: an answer. */
static void survives_damage(void **state)
{
    (void)state;
    struct palette p = {
        5, { { 1, 2, 3, 255 }, { 250, 250, 250, 255 }, { 9, 9, 9, 255 }, { 7, 0, 0, 255 }, { 0, 1, 0, 255 } }
    };
    for (int f = 0; f < PALETTE_FORMAT_COUNT; f++) {
        struct buf file;
        struct spr_error err = { 0 };
        buf_init(&file, 1 << 20);
        assert_int_equal(palette_encode((enum palette_format)f, &p, "x", &file, &err), SPR_OK);
        for (size_t at = 0; at < 2 * file.length; at++) {
            size_t size = at < file.length ? at : file.length;
            struct palette back = { 0 };
            char *copy = malloc(size + 1);
            memcpy(copy, file.data, size);
            if (at >= file.length)
                copy[at - file.length] = (char)(copy[at - file.length] ^ 0x5b);
            enum spr_code rc = palette_decode(copy, size, &back, NULL, &err);
            assert_true(rc ? back.count == 0 : back.count >= 1 && back.count <= 256);
            free(copy);
        }
        buf_fini(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(refusals_say_where),
        cmocka_unit_test(two_hundred_and_fifty_seven_are_too_many),
        cmocka_unit_test(a_picture_s_colours_in_order),
        cmocka_unit_test(built_in_ones),
        cmocka_unit_test(names_and_files_are_found),
        cmocka_unit_test(survives_damage),
    };
    return cmocka_run_group_tests_name("pixel/palette", tests, NULL, NULL);
}
