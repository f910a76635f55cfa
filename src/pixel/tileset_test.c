#include "pixel/tileset.h"

#include "pixel/art_test.h"

enum { SIDE = 13 };

static struct image plain(struct rgba c)
{
    struct image im;
    struct spr_error err;
    assert_int_equal(image_init(&im, SIDE, SIDE, &err), SPR_OK);
    for (int i = 0; i < SIDE * SIDE; i++)
        im.pixel[i] = c;
    return im;
}

static const struct rgba low = { 0, 0, 0, 255 }, high = { 255, 255, 255, 255 };

static void numbers_are_inverse(void **state)
{
    (void)state;
    for (int k = 0; k < TILESET_KIND_COUNT; k++) {
        enum tileset_kind kind = (enum tileset_kind)k;
        bool seen[47] = { false };
        for (int i = 0; i < tileset_count(kind); i++)
            assert_int_equal(tileset_index(kind, tileset_around(kind, i)), i);
        for (unsigned around = 0; around < 256; around++) {
            int i = tileset_index(kind, around);
            assert_true(i >= 0 && i < tileset_count(kind));
            seen[i] = true;
        }
        for (int i = 0; i < tileset_count(kind); i++)
            assert_true(seen[i]);
    }
    assert_int_equal(tileset_around(TILESET_BLOB, 46), 255);
    assert_int_equal(tileset_index(TILESET_BLOB, 2 | 8 | 32 | 128), 0); /* corners alone are nothing */
}

/* The pixels of side 0 n, 1 e, 2 s, 3 w of tile i, from left to right or from above. */
static void side_of(const struct image *set, enum tileset_kind kind, int i, int side, struct rgba ret[SIDE])
{
    int left = i % tileset_columns(kind) * SIDE, top = i / tileset_columns(kind) * SIDE;
    for (int k = 0; k < SIDE; k++)
        ret[k] = *image_at(set,
                           left + (side == 1   ? SIDE - 1
                                   : side == 3 ? 0
                                               : k),
                           top + (side == 2   ? SIDE - 1
                                  : side == 0 ? 0
                                              : k));
}

/* Which bits of `around` lie at a side, from left to right or from above. */
static unsigned label(unsigned around, int side)
{
    static const unsigned bits[4][3] = { { 128, 1, 2 }, { 2, 4, 8 }, { 32, 16, 8 }, { 128, 64, 32 } };
    unsigned l = 0;
    for (int i = 0; i < 3; i++)
        l |= around & bits[side][i] ? 1u << i : 0;
    return l;
}

/* All pairs that may stand side by side have the same ground at each pixel where they meet, waves and rim included. */
static void every_pair_fits(void **state)
{
    (void)state;
    struct image lower = plain(low), upper = plain(high);
    for (int k = 0; k < TILESET_KIND_COUNT * 4; k++) {
        enum tileset_kind kind = (enum tileset_kind)(k / 4);
        struct tileset_options o = { kind, k % 2 ? 1 : 0, (uint64_t)k, k % 4 > 1, { 255, 0, 0, 255 } };
        struct image set;
        struct spr_error err = { 0 };
        int pairs = 0, count = tileset_count(kind);
        assert_int_equal(tileset_make(&lower, &upper, &o, &set, &err), SPR_OK);
        for (int i = 0; i < count; i++)
            for (int m = 0; m < count; m++)
                for (int side = 1; side < 3; side++) { /* i left of m, i above m */
                    struct rgba p[SIDE], q[SIDE];
                    int other = (side + 2) % 4;
                    if (label(tileset_around(kind, i), side) != label(tileset_around(kind, m), other))
                        continue;
                    pairs++;
                    side_of(&set, kind, i, side, p);
                    side_of(&set, kind, m, other, q);
                    if (memcmp(p, q, sizeof p) != 0)
                        fail_msg("%s: tiles %d and %d do not fit", tileset_kind_name(kind), i, m);
                }
        assert_true(pairs >= (kind == TILESET_BLOB ? 700 : 128));
        image_fini(&set);
    }
    image_fini(&upper);
    image_fini(&lower);
}

static void grounds_are_pure(void **state)
{
    (void)state;
    struct image lower = plain(low), upper = plain(high), set;
    struct spr_error err = { 0 };
    for (int k = 0; k < TILESET_KIND_COUNT; k++) {
        enum tileset_kind kind = (enum tileset_kind)k;
        struct tileset_options o = { kind, 1, 5, true, { 255, 0, 0, 255 } };
        int whites = 0, last = tileset_count(kind) - 1, columns = tileset_columns(kind);
        assert_int_equal(tileset_make(&lower, &upper, &o, &set, &err), SPR_OK);
        for (int i = 0; i < SIDE * SIDE; i++) {
            if (kind != TILESET_BLOB)
                assert_true(rgba_equal(*image_at(&set, i % SIDE, i / SIDE), low));
            whites += rgba_equal(
                *image_at(&set, last % columns * SIDE + i % SIDE, last / columns * SIDE + i / SIDE), high);
        }
        assert_true(kind == TILESET_EDGE ? whites > 20 : whites == SIDE * SIDE);
        image_fini(&set);
    }
    image_fini(&upper);
    image_fini(&lower);
}

static void planes_fit(void **state)
{
    (void)state;
    struct image lower = plain(low), upper = plain(high), set, plane;
    struct spr_error err = { 0 };
    for (int k = 0; k < TILESET_KIND_COUNT; k++) {
        struct tileset_options o = { (enum tileset_kind)k, 0.8, 3, false, { 0 } };
        int jumps = 0, whites = 0;
        assert_int_equal(tileset_make(&lower, &upper, &o, &set, &err), SPR_OK);
        assert_int_equal(tileset_plane(&set, o.kind, &lower, 9, 7, 11, &plane, &err), SPR_OK);
        for (int y = 0; y < plane.height; y++)
            for (int x = SIDE; x < plane.width; x += SIDE)
                jumps += !rgba_equal(*image_at(&plane, x - 1, y), *image_at(&plane, x, y));
        for (int y = SIDE; y < plane.height; y += SIDE)
            for (int x = 0; x < plane.width; x++)
                jumps += !rgba_equal(*image_at(&plane, x, y - 1), *image_at(&plane, x, y));
        for (int i = 0; i < plane.width * plane.height; i++)
            whites += plane.pixel[i].r == 255;
        assert_int_equal(jumps, 0);
        assert_true(whites > plane.width * plane.height / 6 && whites < plane.width * plane.height * 5 / 6);
        image_fini(&plane);
        image_fini(&set);
    }
    assert_int_equal(tileset_plane(&lower, TILESET_BLOB, NULL, 3, 3, 1, &plane, &err), SPR_BADARG);
    image_fini(&upper);
    upper = art("wwww\nwwww\nwwww\nwwww\n");
    struct tileset_options o = { .kind = TILESET_EDGE };
    assert_int_equal(tileset_make(&lower, &upper, &o, &set, &err), SPR_BADARG);
    assert_string_equal(err.text, "the tiles are 13x13 and 4x4; they must have one size");
    image_fini(&upper);
    image_fini(&lower);
}

static void tiled_reads_the_terrain(void **state)
{
    (void)state;
    struct image set = { 8 * SIDE, 6 * SIDE, NULL };
    struct buf text;
    struct spr_error err = { 0 };
    buf_init(&text, 1 << 16);
    assert_int_equal(tileset_tsx(TILESET_BLOB, &set, "a<b", "x&y.png", &text, &err), SPR_OK);
    assert_non_null(strstr(
        text.data, "name=\"a&lt;b\" tilewidth=\"13\" tileheight=\"13\" tilecount=\"48\" columns=\"8\""));
    assert_non_null(strstr(text.data, "source=\"x&amp;y.png\" width=\"104\" height=\"78\""));
    assert_non_null(strstr(text.data, "<wangtile tileid=\"0\" wangid=\"1,1,1,1,1,1,1,1\"/>"));
    assert_non_null(strstr(text.data, "<wangtile tileid=\"46\" wangid=\"2,2,2,2,2,2,2,2\"/>"));
    text.length = 0;
    set.width = 4 * SIDE;
    assert_int_equal(tileset_tsx(TILESET_CORNER, &set, "a", "b", &text, &err), SPR_OK);
    assert_non_null(strstr(text.data, "<wangtile tileid=\"15\" wangid=\"0,2,0,2,0,2,0,2\"/>"));
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(numbers_are_inverse),
                                        cmocka_unit_test(every_pair_fits), cmocka_unit_test(grounds_are_pure),
                                        cmocka_unit_test(planes_fit),
                                        cmocka_unit_test(tiled_reads_the_terrain) };
    return cmocka_run_group_tests_name("pixel/tileset", tests, NULL, NULL);
}
