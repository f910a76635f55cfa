#include "train/tiny.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/dataset-XXXXXX";

static int make(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    return tiny_make(folder);
}

static int drop(void **state)
{
    (void)state;
    tiny_remove(folder);
    return 0;
}

static void tiles_words_and_pixels_are_read(void **state)
{
    (void)state;
    struct dataset d;
    struct rgba want[TILE_PIXELS];
    assert_int_equal(tiny_open(folder, &tiny_words, 0, &d, NULL), SPR_OK);
    assert_int_equal(d.count, TINY_TILES);
    assert_int_equal(d.helds, 0);
    tiny_draw(6, want);
    assert_memory_equal(dataset_pixels(&d, 6), want, sizeof want);
    const struct tile *t = &d.tile[6]; /* "gold disc", blue */
    assert_true(t->file_ids == 2 && t->file_id[0] == 16 && t->file_id[1] == 13);
    assert_true(t->dir_ids == 1 && t->dir_id[0] == 15);
    assert_true(t->file_tint == 1 && t->tinted && t->colour == COLOUR_BLUE && t->flip && t->hue);
    assert_false(d.tile[3].hue); /* grey: allowed, but nothing would change */
    assert_true(d.colour_id[COLOUR_RED] == 1 && d.colour_id[COLOUR_WHITE] == 12);
    dataset_close(&d);
}

static void tiles_are_picked_by_weight(void **state)
{
    (void)state;
    enum { DRAWS = 48000 };
    struct dataset d;
    int count[TINY_TILES] = { 0 };
    assert_int_equal(tiny_open(folder, &tiny_words, 2, &d, NULL), SPR_OK);
    assert_int_equal(d.helds, 2);
    for (int i = 0; i < DRAWS; i++)
        count[dataset_pick(&d, (i + 0.5) / DRAWS)]++;
    assert_true(count[d.held[0]] == 0 && count[d.held[1]] == 0);
    double sum = 0;
    for (size_t i = 0; i < d.count; i++)
        sum += i == d.held[0] || i == d.held[1] ? 0 : (double)d.tile[i].weight;
    for (size_t i = 0; i < d.count; i++)
        if (i != d.held[0] && i != d.held[1])
            assert_true(fabs(count[i] - DRAWS * (double)d.tile[i].weight / sum) < 2);
    assert_int_equal(dataset_pick(&d, 0.99999999), d.held[0] == 23 || d.held[1] == 23 ? 22 : 23);
    dataset_close(&d);
}

/* Never so many that a word has fewer than HELD_OUT_RIVALS tiles left to learn it from: 12 discs, 12 squares, 6 of
 * them gold. */
static void rare_words_are_not_held_out(void **state)
{
    (void)state;
    struct dataset d;
    assert_int_equal(tiny_open(folder, &tiny_words, 1000, &d, NULL), SPR_OK);
    int gold = 0, disc = 0, square = 0;
    for (size_t i = 0; i < d.helds; i++) {
        gold += d.held[i] % 4 == 2;
        disc += d.held[i] % 2 == 0;
        square += d.held[i] % 2 == 1;
    }
    assert_int_equal(gold, 0);
    assert_int_equal(disc, 6);
    assert_int_equal(square, 6);
    dataset_close(&d);
}

static void digest_tells_data_apart(void **state)
{
    (void)state;
    struct dataset a, b;
    char path[TINY_PATH];
    assert_int_equal(tiny_open(folder, &tiny_words, 2, &a, NULL), SPR_OK);
    struct rgba pixel[TILE_PIXELS];
    const struct image im = { TILE_SIDE, TILE_SIDE, pixel };
    tiny_draw(0, pixel);
    pixel[500].r ^= 1;
    snprintf(path, sizeof path, "%s/00.png", folder);
    assert_int_equal(png_write(path, &im, NULL, FILE_REPLACE, NULL), SPR_OK);
    assert_int_equal(tiny_open(folder, &tiny_words, 2, &b, NULL), SPR_OK);
    assert_true(a.digest != b.digest);
    dataset_close(&a);
    dataset_close(&b);
}

/* The second folder is the first again, drawn three times as often; each holds out its own tiles. */
static void folders_stand_one_after_the_other(void **state)
{
    (void)state;
    enum { DRAWS = 40000 };
    const struct dataset_source twice[] = { { folder, 1 }, { folder, 3 } };
    struct dataset one, two;
    int of_second = 0;
    assert_int_equal(tiny_open(folder, &tiny_words, 2, &one, NULL), SPR_OK);
    assert_int_equal(dataset_open(twice, 2, &tiny_words, 2, &two, NULL), SPR_OK);
    assert_true(one.parts == 1 && one.part[0].count == TINY_TILES && one.part[0].helds == 2);
    assert_true(two.parts == 2 && two.count == (size_t)2 * TINY_TILES && two.helds == 4);
    assert_true(two.part[1].first == TINY_TILES && two.part[1].held == 2 && two.part[1].helds == 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(two.held[i], one.held[i]);
        assert_int_equal(two.held[2 + i], TINY_TILES + one.held[i]);
    }
    for (int i = 0; i < DRAWS; i++)
        of_second += dataset_pick(&two, (i + 0.5) / DRAWS) >= TINY_TILES;
    assert_in_range(of_second, DRAWS * 3 / 4 - 2, DRAWS * 3 / 4 + 2);
    assert_true(one.digest != two.digest);
    dataset_close(&two);

    const struct dataset_source more = { folder, 1.5 }; /* the factor is part of the data */
    assert_int_equal(dataset_open(&more, 1, &tiny_words, 2, &two, NULL), SPR_OK);
    assert_true(one.digest != two.digest);
    dataset_close(&two);
    dataset_close(&one);

    struct dataset_source many[DATASET_FOLDERS_MAX + 1] = { { folder, 1 } };
    struct spr_error err;
    assert_int_equal(dataset_open(many, DATASET_FOLDERS_MAX + 1, &tiny_words, 2, &two, &err), SPR_LIMIT);
    assert_string_equal(err.text, "9 folders of tiles; 1 to 8 are possible");
    assert_int_equal(dataset_open(many, 0, &tiny_words, 2, &two, &err), SPR_LIMIT);
}

/* Checkpoints of before there were several folders and styles must go on. */
static void the_digest_of_one_folder_is_what_it_was(void **state)
{
    (void)state;
    struct dataset d;
    assert_int_equal(tiny_open(folder, &tiny_words, 2, &d, NULL), SPR_OK);
    if (d.digest != UINT64_C(0xbbd17617972828e1))
        fail_msg("%016llx", (unsigned long long)d.digest);
    dataset_close(&d);
}

static void bad_folders_are_explained(void **state)
{
    (void)state;
    struct dataset d = { .count = 77 };
    struct spr_error err = { 0 };
    char path[TINY_PATH], want[400];
    struct image small;
    assert_int_equal(image_init(&small, 16, 16, NULL), SPR_OK);
    snprintf(path, sizeof path, "%s/05.png", folder);
    assert_int_equal(png_write(path, &small, NULL, FILE_REPLACE, NULL), SPR_OK);
    image_fini(&small);
    assert_int_equal(tiny_open(folder, &tiny_words, 0, &d, &err), SPR_BADDATA);
    snprintf(want, sizeof want, "%s: 16 x 16 pixels are no tile (28 to 32 wide, 24 to 32 high, 20 visible)",
             path);
    assert_string_equal(err.text, want);

    unlink(path);
    assert_int_equal(tiny_open(folder, &tiny_words, 0, &d, &err), SPR_NOTFOUND);

    snprintf(path, sizeof path, "%s/captions.jsonl", folder);
    assert_int_equal(file_write(path, "", 0, FILE_REPLACE, NULL), SPR_OK);
    assert_int_equal(tiny_open(folder, &tiny_words, 0, &d, &err), SPR_BADDATA);
    snprintf(want, sizeof want, "%s: no captions in it", path);
    assert_string_equal(err.text, want);

    const struct dataset_words one = { tiny_word, 1 };
    assert_int_equal(tiny_open(folder, &one, 0, &d, &err), SPR_LIMIT);
    assert_string_equal(err.text, "a vocabulary of 1 words; 2 to 65535 are possible");
    assert_int_equal(d.count, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(folders_stand_one_after_the_other, make, drop),
        cmocka_unit_test_setup_teardown(the_digest_of_one_folder_is_what_it_was, make, drop),
        cmocka_unit_test_setup_teardown(tiles_words_and_pixels_are_read, make, drop),
        cmocka_unit_test_setup_teardown(tiles_are_picked_by_weight, make, drop),
        cmocka_unit_test_setup_teardown(rare_words_are_not_held_out, make, drop),
        cmocka_unit_test_setup_teardown(digest_tells_data_apart, make, drop),
        cmocka_unit_test_setup_teardown(bad_folders_are_explained, make, drop),
    };
    return cmocka_run_group_tests_name("train/dataset", tests, NULL, NULL);
}
