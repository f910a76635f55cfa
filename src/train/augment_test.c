#include "train/augment.h"

#include "train/tiny.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char folder[] = "/tmp/augment-XXXXXX";
static struct dataset data;
static float x[SAMPLE_FLOATS], noise[SAMPLE_FLOATS];

static int make(void **state)
{
    (void)state;
    return tiny_make(folder) || tiny_open(folder, &tiny_words, 0, &data, NULL);
}

static int drop(void **state)
{
    (void)state;
    dataset_close(&data);
    tiny_remove(folder);
    return 0;
}

static bool has(const struct sample *s, int id)
{
    for (int i = 0; i < s->words; i++)
        if (s->id[i] == id)
            return true;
    return false;
}

static void nothing_by_chance_gives_the_tile(void **state)
{
    (void)state;
    static const struct augment_options none = { 0 };
    float plain[SAMPLE_FLOATS];
    for (uint64_t k = 0; k < 50; k++) {
        struct sample s, p;
        augment_draw(&data, &none, 5, k, 8, &s, x, noise);
        size_t tile = 0;
        for (; tile < data.count; tile++) {
            augment_plain(&data, tile, 8, &p, plain);
            if (memcmp(plain, x, sizeof x) == 0)
                break;
        }
        assert_true(tile < data.count);
        assert_true(s.words == data.tile[tile].file_ids + data.tile[tile].dir_ids);
        assert_true(has(&s, 15) && has(&s, tile % 2 ? 14 : 13));
    }
    for (size_t i = 0; i < SAMPLE_FLOATS; i += 4) /* what cannot be seen is -1 in every channel */
        assert_true(x[i + 3] == 1 || (x[i] == -1 && x[i + 1] == -1 && x[i + 2] == -1 && x[i + 3] == -1));
}

static void each_chance_does_what_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct augment_options o;
        int words_least, words_most;
    } rows[] = {
        { "no caption", { .drop_all = 1 }, 0, 0 },
        { "no folder words", { .drop_dir = 1 }, 2, 2 },
        { "no words of the name", { .drop_file = 1 }, 1, 1 },
        { "the colour of tiles whose name has none", { .colour = 1 }, 3, 4 },
        { "hue turned: the new colour is said", { .hue = 1 }, 2, 4 },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        for (uint64_t k = 0; k < 60; k++) {
            struct sample s;
            augment_draw(&data, &rows[i].o, 1, k, 8, &s, x, noise);
            if (s.words < rows[i].words_least || s.words > rows[i].words_most)
                fail_msg("%s: sample %d has %d words", rows[i].why, (int)k, s.words);
        }
}

/* Whatever else is dropped: without the word, a picture of that style would teach what the others look like. */
static void a_style_is_dropped_with_everything_only(void **state)
{
    (void)state;
    struct train_options o;
    tiny_options(&o);
    o.augment.drop_dir = o.augment.drop_file = 0.9;
    o.augment.drop_all = 0.25;
    int empty = 0;
    for (size_t i = 0; i < data.count; i++) {
        data.tile[i].style_id[0] = 18;
        data.tile[i].style_ids = 1;
    }
    for (uint64_t k = 0; k < 200; k++) {
        struct sample s;
        augment_draw(&data, &o.augment, 1, k, 2, &s, x, noise);
        empty += s.words == 0;
        assert_true(s.words == 0 || has(&s, 18));
    }
    assert_in_range(empty, 30, 70);
    for (size_t i = 0; i < data.count; i++)
        data.tile[i].style_ids = 0;
}

static void turned_tiles_lose_their_old_colour(void **state)
{
    (void)state;
    static const struct augment_options hue = { .hue = 1 };
    int turned = 0;
    for (uint64_t k = 0; k < 100; k++) {
        struct sample s;
        augment_draw(&data, &hue, 1, k, 8, &s, x, noise);
        for (int c = 1; c <= COLOUR_COUNT; c++)
            turned += has(&s, c);
        assert_false(has(&s, 16)); /* every gold tile is vivid, so "gold" is always wrong afterwards */
    }
    assert_true(turned > 40);
}

static void flips_only_where_allowed(void **state)
{
    (void)state;
    static const struct augment_options flip = { .flip = 1 };
    for (uint64_t k = 0; k < 40; k++) {
        struct sample s;
        float right = 0, left = 0;
        augment_draw(&data, &flip, 1, k, 8, &s, x, noise);
        for (int i = 0; i < TILE_SIDE; i++) { /* the figures stand left of the middle */
            left += x[(i * TILE_SIDE + 8) * 4 + 3];
            right += x[(i * TILE_SIDE + TILE_SIDE - 1 - 8) * 4 + 3];
        }
        assert_true(has(&s, 14) ? left >= right : left <= right);
    }
}

static void a_sample_is_its_number(void **state)
{
    (void)state;
    struct train_options o;
    struct sample a, b;
    float x2[SAMPLE_FLOATS], noise2[SAMPLE_FLOATS];
    tiny_options(&o);
    augment_draw(&data, &o.augment, 9, 1000000007, 8, &a, x, noise);
    augment_draw(&data, &o.augment, 9, 3, 8, &b, x2, noise2);
    assert_memory_not_equal(noise, noise2, sizeof noise);
    augment_draw(&data, &o.augment, 9, 1000000007, 8, &b, x2, noise2);
    assert_memory_equal(x, x2, sizeof x);
    assert_memory_equal(noise, noise2, sizeof noise);
    assert_true(a.words == b.words && memcmp(a.id, b.id, sizeof a.id) == 0 && a.t == b.t);
    augment_draw(&data, &o.augment, 10, 1000000007, 8, &b, x2, noise2);
    assert_memory_not_equal(noise, noise2, sizeof noise);
}

static void long_captions_are_cut(void **state)
{
    (void)state;
    static const struct augment_options colour = { .colour = 1 };
    for (uint64_t k = 0; k < 20; k++) {
        struct sample s;
        augment_draw(&data, &colour, 1, k, 2, &s, x, noise);
        assert_int_equal(s.words, 2);
    }
}

/* Of any 64 in a row, each eighth of the distribution gets 6 to 10; independent draws would give 2 to 14. */
static void times_are_spread_evenly(void **state)
{
    (void)state;
    for (uint64_t first = 0; first < 6400; first += 64) {
        int count[8] = { 0 };
        for (uint64_t k = first; k < first + 64; k++) {
            double t = (double)augment_time(3, k);
            assert_true(t > 0 && t < 1);
            double below = 0.5 * erfc(-log(t / (1 - t)) / sqrt(2));
            count[(int)(below * 8)]++;
        }
        for (int i = 0; i < 8; i++)
            assert_in_range(count[i], 6, 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_by_chance_gives_the_tile),
        cmocka_unit_test(each_chance_does_what_it_says),
        cmocka_unit_test(a_style_is_dropped_with_everything_only),
        cmocka_unit_test(turned_tiles_lose_their_old_colour),
        cmocka_unit_test(flips_only_where_allowed),
        cmocka_unit_test(a_sample_is_its_number),
        cmocka_unit_test(long_captions_are_cut),
        cmocka_unit_test(times_are_spread_evenly),
    };
    return cmocka_run_group_tests_name("train/augment", tests, make, drop);
}
