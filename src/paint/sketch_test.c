#include "paint/sketch.h"

#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { N = 8, BYTES = SKETCH_SIDE * SKETCH_SIDE / 2 };
enum { RED = 1, GREEN, RAT, FIRE, OWL, EMOJI, ZOMBIE, ARMOUR, MONSTER, ITEM, BEAST, WORDS };
static const char *const word[WORDS] = { "<pad>", "red",    "green",  "rat",     "fire", "owl",
                                         "emoji", "zombie", "armour", "monster", "item", "beast" };

/* Sketch i has its number as the red of colour 1, and that colour in its first pixel only. */
static uint8_t palette[N][SKETCH_COLOURS][4], pixels[N][BYTES];
static int16_t has[N][SKETCH_WORDS] = { { RAT },        { FIRE, RAT },  { GREEN, RAT }, { ZOMBIE, RAT },
                                        { EMOJI, RAT }, { EMOJI, OWL }, { RAT },        { -BEAST } };
static int16_t rule[N][4] = { { 0 },     { 0, 0, MONSTER }, { 0 },         { ZOMBIE },
                              { EMOJI }, { 0, EMOJI },      { 0, 0, 0, 1 } };

static struct tensor_source tensors[4];
static struct buf bytes;
static struct safetensors *file;
static struct sketches *sketches;

static void encode(size_t tensor_count)
{
    const struct safetensors_content c = { .tensor = tensors, .tensors = tensor_count, .type = TENSOR_F32 };
    safetensors_close(file);
    bytes.length = 0;
    assert_int_equal(safetensors_encode(&c, &bytes, NULL), SPR_OK);
    assert_int_equal(safetensors_parse(bytes.data, bytes.length, &file, NULL), SPR_OK);
}

static int make(void **state)
{
    (void)state;
    buf_init(&bytes, 1 << 20);
    for (int i = 0; i < N; i++) {
        const uint8_t colour[4] = { (uint8_t)(100 + i), 100, 100, 255 };
        memcpy(palette[i][1], colour, 4);
        pixels[i][0] = 1;
    }
    tensors[0] = (struct tensor_source){
        .name = "sketch.palette", .rank = 3, .shape = { N, 16, 4 }, .raw = palette, .raw_type = TENSOR_U8
    };
    tensors[1] = (struct tensor_source){
        .name = "sketch.index", .rank = 2, .shape = { N, BYTES }, .raw = pixels, .raw_type = TENSOR_U8
    };
    tensors[2] = (struct tensor_source){
        .name = "sketch.word", .rank = 2, .shape = { N, SKETCH_WORDS }, .raw = has, .raw_type = TENSOR_I16
    };
    tensors[3] = (struct tensor_source){
        .name = "sketch.rule", .rank = 2, .shape = { N, 4 }, .raw = rule, .raw_type = TENSOR_I16
    };
    encode(4);
    return sketches_new(word, WORDS, file, &sketches, NULL);
}

static int drop(void **state)
{
    (void)state;
    sketches_free(sketches);
    safetensors_close(file);
    file = NULL;
    buf_fini(&bytes);
    return 0;
}

/* ids: those of the reading, ended by 0. */
static struct reading reading(const int *ids)
{
    struct reading r = { 0 };
    for (; *ids; ids++)
        r.word[r.count++] = (struct reading_word){
            .id = *ids, .weight = 1, .why = *ids == MONSTER || *ids == ITEM ? READING_CATEGORY : READING_KNOWN
        };
    return r;
}

static void what_fits_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int ids[5];
        unsigned want; /* bit i: sketch i */
        int style;
    } rows[] = {
        { "a rat in any colour, not one of fire, and no dead one",
          { RAT, MONSTER },
          1 << 0 | 1 << 2 | 1 << 6,
          0 },
        { "the words that are there", { FIRE, RAT, MONSTER }, 1 << 1, 0 },
        { "colours are not what is drawn", { RED, RAT }, 1 << 0 | 1 << 2 | 1 << 6, 0 },
        { "the colour that was asked for, where there is one", { GREEN, RAT }, 1 << 2, 0 },
        { "a dead one for who says so", { ZOMBIE, RAT }, 1 << 3, 0 },
        { "another style for who says so", { EMOJI, RAT }, 1 << 4, 0 },
        { "a thing of one style only brings it along", { OWL }, 1 << 5, EMOJI },
        { "what no sketch is weighs most", { RAT, ARMOUR }, 0, 0 },
        { "what is no item, for an item", { FIRE, RAT, ITEM }, 0, 0 },
        { "a kind, where nothing is named so", { BEAST, MONSTER }, 1 << 7, 0 },
        { "a category alone is nothing", { MONSTER }, 0, 0 },
        { "a colour alone is nothing", { RED }, 0, 0 },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct reading r = reading(rows[i].ids);
        struct sketch_choice c;
        unsigned got = 0;
        sketches_choose(sketches, &r, &c);
        for (int k = 0; k < c.count; k++)
            got |= 1u << c.at[k];
        if (got != rows[i].want || c.style != rows[i].style)
            fail_msg("%s: %x with style %d", rows[i].why, got, c.style);
    }
}

/* A rat of whatever kind is a rat, an armour of rats is none. */
static void what_others_describe_needs_less(void **state)
{
    (void)state;
    struct reading r = reading((int[]){ ARMOUR, RAT, MONSTER, 0 });
    struct sketch_choice c;
    sketches_choose(sketches, &r, &c);
    assert_int_equal(c.count, 0);
    r.word[1].head = true;
    sketches_choose(sketches, &r, &c);
    assert_int_equal(c.count, 3);
    r.word[1].head = false;
    r.word[0].head = true;
    sketches_choose(sketches, &r, &c);
    assert_int_equal(c.count, 0);
}

static void seeds_choose_and_mirror(void **state)
{
    (void)state;
    struct reading r = reading((int[]){ RAT, 0 });
    struct sketch_choice c;
    struct rgba pixel[SKETCH_SIDE * SKETCH_SIDE], again[SKETCH_SIDE * SKETCH_SIDE];
    int drawn[N] = { 0 }, mirrored = 0;
    sketches_choose(sketches, &r, &c);
    for (uint64_t seed = 0; seed < 200; seed++) {
        int at = sketches_draw(sketches, &c, &r, seed, pixel);
        assert_int_equal(sketches_draw(sketches, &c, &r, seed, again), at);
        assert_memory_equal(pixel, again, sizeof pixel);
        bool right = pixel[SKETCH_SIDE - 1].a == 255;
        assert_true(right != (pixel[0].a == 255));
        assert_int_equal(pixel[right ? SKETCH_SIDE - 1 : 0].r, 100 + at);
        drawn[at]++;
        mirrored += right;
        assert_true(!right || at == 6); /* the only one that may be */
    }
    assert_in_range(drawn[0], 45, 90);
    assert_in_range(mirrored, 18, 52);
}

static void a_colour_turns_it(void **state)
{
    (void)state;
    struct sketch_choice c;
    struct rgba red[SKETCH_SIDE * SKETCH_SIDE], own[SKETCH_SIDE * SKETCH_SIDE];
    struct reading r = reading((int[]){ RED, OWL, 0 });
    sketches_choose(sketches, &r, &c);
    sketches_draw(sketches, &c, &r, 1, red);
    assert_true(red[0].r > red[0].g + 50 && red[0].r > red[0].b + 50 && red[0].a == 255);
    assert_int_equal(red[1].a, 0);
    r = reading((int[]){ GREEN, RAT, 0 });
    c = (struct sketch_choice){ .count = 1, .at = { 2 } }; /* green already */
    sketches_draw(sketches, &c, &r, 1, own);
    assert_int_equal(own[0].r, 102);
}

static void bad_tensors_are_refused(void **state)
{
    (void)state;
    static int16_t far[N][SKETCH_WORDS] = { { WORDS } };
    struct sketches *s = (void *)1;
    struct spr_error err;
    struct tensor_source good[4];
    memcpy(good, tensors, sizeof good);
    encode(3);
    assert_int_equal(sketches_new(word, WORDS, file, &s, &err), SPR_BADDATA);
    assert_string_equal(err.text, "the sketches are incomplete: tensor sketch.rule is missing");
    tensors[2].raw = far;
    encode(4);
    assert_int_equal(sketches_new(word, WORDS, file, &s, &err), SPR_BADDATA);
    assert_string_equal(err.text, "sketch.word: number 0 is 12; -11 to 11 is possible");
    tensors[2] = good[2];
    tensors[1].shape[0] = N - 1;
    encode(4);
    assert_int_equal(sketches_new(word, WORDS, file, &s, &err), SPR_BADDATA);
    assert_string_equal(err.text, "sketch.index is not U8 of 8 rows of 512");
    tensors[0] = tensors[1] = good[3];
    tensors[0].name = "other";
    tensors[1].name = "more";
    encode(2);
    assert_int_equal(sketches_new(word, WORDS, file, &s, &err), SPR_OK); /* a file without sketches */
    assert_null(s);
    assert_int_equal(sketches_count(s), 0);
    memcpy(tensors, good, sizeof good);
    encode(4);
    for (uint64_t n = 1;; n++) {
        mem_fail_nth(n);
        enum spr_code rc = sketches_new(word, WORDS, file, &s, &err);
        mem_fail_nth(0);
        if (rc == SPR_OK)
            break;
        assert_int_equal(rc, SPR_NOMEM);
        assert_true(n < 20);
    }
    assert_int_equal(sketches_count(s), N);
    sketches_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_fits_is_chosen, make, drop),
        cmocka_unit_test_setup_teardown(what_others_describe_needs_less, make, drop),
        cmocka_unit_test_setup_teardown(seeds_choose_and_mirror, make, drop),
        cmocka_unit_test_setup_teardown(a_colour_turns_it, make, drop),
        cmocka_unit_test_setup_teardown(bad_tensors_are_refused, make, drop),
    };
    return cmocka_run_group_tests_name("paint/sketch", tests, NULL, NULL);
}
