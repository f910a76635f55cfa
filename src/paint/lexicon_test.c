#include "paint/lexicon.h"

#include "base/mem.h"
#include "paint/synonyms.h"
#include "paint/words.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A vocabulary small enough to read, and a lexicon for it. */
enum {
    PAD,
    RED,
    GREAT,
    SWORD,
    ITEM,
    WEAPON,
    RAT,
    MONSTER,
    ANIMAL,
    FIRE,
    DRAGON,
    BOOK,
    TORCH,
    KNIFE,
    DEAD,
    GOLD,
    WORDS
};
static const char *const WORD[WORDS] = { "<pad>", "red",     "great",  "sword", "item",   "weapon",
                                         "rat",   "monster", "animal", "fire",  "dragon", "book",
                                         "torch", "knife",   "dead",   "gold" };

static const char NEAR_WORDS[] = "burglary\nbutterknife\nseamonster\nwizard\n\n\n"; /* 4 words, filled up */
static const int16_t NEAR[4][3] = {
    { GOLD, 0, 0 }, { KNIFE, SWORD, FIRE }, { DRAGON, RAT, 0 }, { FIRE, BOOK, 0 }
};
static const uint8_t WEIGHT[4][3] = { { 77, 0, 0 }, { 255, 204, 102 }, { 230, 102, 0 }, { 128, 120, 0 } };
static const int16_t CATEGORY[WORDS][4] = {
    [SWORD] = { ITEM, WEAPON, 0, 0 }, [KNIFE] = { ITEM, WEAPON }, [RAT] = { MONSTER, ANIMAL },
    [DRAGON] = { MONSTER },           [BOOK] = { ITEM },          [FIRE] = { MONSTER, ITEM },
};
static const uint8_t SHARE[WORDS][4] = {
    [SWORD] = { 240, 220 }, [KNIFE] = { 255, 255 }, [RAT] = { 255, 190 },
    [DRAGON] = { 150 },     [BOOK] = { 255 },       [FIRE] = { 120, 60 },
};

static struct tensor_source TENSORS[5] = {
    { .name = "lexicon.words",
      .rank = 1,
      .shape = { sizeof NEAR_WORDS - 1 },
      .raw = NEAR_WORDS,
      .raw_type = TENSOR_U8 },
    { .name = "lexicon.near", .rank = 2, .shape = { 4, 3 }, .raw = NEAR, .raw_type = TENSOR_I16 },
    { .name = "lexicon.weight", .rank = 2, .shape = { 4, 3 }, .raw = WEIGHT, .raw_type = TENSOR_U8 },
    { .name = "lexicon.category", .rank = 2, .shape = { WORDS, 4 }, .raw = CATEGORY, .raw_type = TENSOR_I16 },
    { .name = "lexicon.share", .rank = 2, .shape = { WORDS, 4 }, .raw = SHARE, .raw_type = TENSOR_U8 },
};

struct fixture {
    struct buf bytes;
    struct safetensors *file;
    struct lexicon *lexicon;
};
static struct fixture f;

/* Puts the tensors, less the one numbered `without`, into a file. */
static struct safetensors *file_of(const struct tensor_source tensor[5], int without, struct buf *bytes)
{
    struct tensor_source some[5];
    struct safetensors_content c = { .tensor = some, .type = TENSOR_F32 };
    struct safetensors *file = NULL;
    for (int i = 0; i < 5; i++)
        if (i != without)
            some[c.tensors++] = tensor[i];
    buf_init(bytes, 1 << 16);
    assert_int_equal(safetensors_encode(&c, bytes, NULL), SPR_OK);
    assert_int_equal(safetensors_parse(bytes->data, bytes->length, &file, NULL), SPR_OK);
    return file;
}

static int set_up(void **state)
{
    (void)state;
    f.file = file_of(TENSORS, -1, &f.bytes);
    return lexicon_new(WORD, WORDS, f.file, &f.lexicon, NULL) != SPR_OK;
}

static int tear_down(void **state)
{
    (void)state;
    lexicon_free(f.lexicon);
    safetensors_close(f.file);
    buf_fini(&f.bytes);
    return 0;
}

/* The prompt's reading as a line, or the error's sentence. */
static void line_of(const struct lexicon *l, const char *prompt, const struct lexicon_options *o, char *ret,
                    size_t size)
{
    struct reading r;
    struct spr_error err = { 0 };
    struct buf b;
    buf_init(&b, 1 << 12);
    if (lexicon_read(l, prompt, strlen(prompt), o, &r, &err) || lexicon_describe(l, &r, &b, &err))
        snprintf(ret, size, "%s", err.text);
    else
        snprintf(ret, size, "%s", b.data);
    buf_fini(&b);
}

static void readings(void **state)
{
    (void)state;
    static const struct {
        const char *why, *prompt, *want;
    } rows[] = {
        { "known words", "a Red torch", "red torch" },
        { "a plural of a known word is that word", "torches", "torches -> torch" },
        { "a synonym of several words", "zweihander", "zweihander -> great sword; + item weapon" },
        { "of a synonym's words those that the model knows", "hellhound dinosaur-bahamut rodent",
          "bahamut -> dragon; rodent -> rat; + monster animal; not understood: hellhound, dinosaur" },
        { "near words and their weights", "butterknife",
          "butterknife -> knife, sword 0.8, fire 0.4; + item weapon" },
        { "an ending", "reddish book", "reddish -> red; book; + item" },
        { "an ending that is tried last", "deadly", "deadly -> dead" },
        { "irregular plurals", "knives", "knives -> knife; + item weapon" },
        { "two words in one", "firedragon", "firedragon -> fire dragon; + monster" },
        { "fillers say nothing", "pixel art of a cute rat, please", "rat; + monster animal" },
        { "a word and its synonym", "mouse rat", "mouse -> rat; + monster animal" },
        { "what came first stays, at full weight", "seamonster dragon",
          "seamonster -> dragon, rat 0.4; + monster" },
        { "not understood", "red frobnik", "red; not understood: frobnik" },
        { "the head decides: the last word", "fire sword", "fire sword; + item weapon" },
        { "the head decides: before of, with, a comma", "rat with a sword", "rat sword; + monster animal" },
        { "what comes after the link does not count", "dragon with zweihander",
          "dragon; zweihander -> great sword; + monster" },
        { "no category twice", "item sword", "item sword; + weapon" },
        { "a guess, where there is nothing better", "burglary", "burglary -> gold 0.3" },
        { "no guess beside what is understood", "burglary torch", "torch; not understood: burglary" },
        { "a doubled letter that is no plural", "cube", "the model does not know this word: cube" },
        { "nothing at all", "", "no word of the prompt says what to draw" },
        { "only fillers", "a sprite, please", "no word of the prompt says what to draw" },
        { "nothing known", "drangon",
          "the model does not know this word: drangon (near in spelling: dragon)" },
        { "nothing near either", "qqqqqqqq", "the model does not know this word: qqqqqqqq" },
        { "several", "qqqqqqqq swird",
          "the model knows none of these words: qqqqqqqq, swird (near in spelling: sword)" },
        { "not UTF-8", "red \xff", "the prompt is not UTF-8: byte 0xFF at offset 4" },
        { "another script", "\xD0\xBC\xD0\xB5\xD1\x87 red", "red; not understood: \xD0\xBC\xD0\xB5\xD1\x87" },
    };
    const struct lexicon_options o = { .words_max = 8, .categories = true };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        char got[512];
        line_of(f.lexicon, rows[i].prompt, &o, got, sizeof got);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s: '%s' instead of '%s'", rows[i].why, got, rows[i].want);
    }
}

static void room_goes_to_the_persons_words(void **state)
{
    (void)state;
    static const struct {
        int words_max;
        bool categories;
        const char *prompt, *want;
    } rows[] = {
        { 2, true, "zweihander red", "zweihander -> great; red" },
        { 3, true, "zweihander red", "zweihander -> great sword; red" },
        { 4, true, "zweihander red", "zweihander -> great sword; red; + item" },
        { 3, true, "butterknife red rat", "butterknife -> knife; red rat" },
        { 8, false, "rat", "rat" },
        { 1, true, "red rat", "red" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        char got[512];
        const struct lexicon_options o = { rows[i].words_max, rows[i].categories };
        line_of(f.lexicon, rows[i].prompt, &o, got, sizeof got);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("row %zu: '%s' instead of '%s'", i, got, rows[i].want);
    }
}

static void fields_of_a_reading(void **state)
{
    (void)state;
    struct reading r;
    const struct lexicon_options o = { 8, true };
    const char *prompt = "Rats, wizard!";
    assert_int_equal(lexicon_read(f.lexicon, prompt, strlen(prompt), &o, &r, NULL), SPR_OK);
    assert_int_equal(r.count, 5);
    assert_true(r.word[0].id == RAT && r.word[0].why == READING_KNOWN && r.word[0].weight == 1);
    assert_true(r.word[1].id == FIRE && r.word[1].why == READING_NEAR && r.word[1].weight < 0.51f);
    assert_string_equal(r.word[1].from, "wizard");
    assert_true(r.word[2].id == BOOK && r.word[2].why == READING_NEAR);
    assert_true(r.word[0].head && !r.word[1].head && !r.word[2].head && !r.word[3].head);
    assert_true(r.word[3].id == MONSTER && r.word[3].why == READING_CATEGORY);
    assert_int_equal(r.unknown_count, 0);
}

static void without_a_lexicon_in_the_file(void **state)
{
    (void)state;
    struct lexicon *l = NULL;
    char got[512];
    const struct lexicon_options o = { 8, true };
    assert_int_equal(lexicon_new(WORD, WORDS, NULL, &l, NULL), SPR_OK);
    assert_int_equal(lexicon_find(l, "knife"), KNIFE);
    assert_int_equal(lexicon_find(l, "<pad>"), 0);
    assert_int_equal(lexicon_find(l, "zzz"), 0);
    line_of(l, "butterknife zweihander", &o, got, sizeof got);
    assert_string_equal(got, "zweihander -> great sword; not understood: butterknife");
    lexicon_free(l);
    lexicon_free(NULL);
}

static void unsound_lexicons_are_refused(void **state)
{
    (void)state;
    static const int16_t high[4][3] = { { 0, 0, WORDS } }, minus[WORDS][4] = { { -1 } };
    static const char long_word[] = "abcdefghijklmnopqrstuvwxyzabcdefgh\nb\nc\nd\n";
    static const struct {
        int without, which;
        struct tensor_source now;
        const char *sentence;
    } rows[] = {
        { 1, -1, { 0 }, "the lexicon is incomplete: tensor lexicon.near is missing" },
        { 0, -1, { 0 }, "the lexicon is incomplete: tensor lexicon.words is missing" },
        { -1,
          0,
          { .rank = 2, .shape = { 1, 8 }, .raw = NEAR_WORDS, .raw_type = TENSOR_U8 },
          "lexicon.words is U8 of rank 2; U8 of rank 1 is needed" },
        { -1,
          0,
          { .rank = 1, .shape = { 6 }, .raw = "b\na\nd\n", .raw_type = TENSOR_U8 },
          "lexicon.words: word 1 is not in order" },
        { -1,
          0,
          { .rank = 1, .shape = { 6 }, .raw = "a\na\nd\n", .raw_type = TENSOR_U8 },
          "lexicon.words: word 1 is not in order" },
        { -1,
          0,
          { .rank = 1, .shape = { 5 }, .raw = "a\nb\nd", .raw_type = TENSOR_U8 },
          "lexicon.words does not end with a line feed" },
        { -1,
          0,
          { .rank = 1, .shape = { 6 }, .raw = "a\n\nbc\n", .raw_type = TENSOR_U8 },
          "lexicon.words: word 1 has 0 bytes, or a 0 byte; 1 to 31 are possible" },
        { -1,
          0,
          { .rank = 1, .shape = { sizeof long_word - 1 }, .raw = long_word, .raw_type = TENSOR_U8 },
          "lexicon.words: word 0 has 34 bytes, or a 0 byte; 1 to 31 are possible" },
        { -1,
          0,
          { .rank = 1, .shape = { 6 }, .raw = "a\nb\nc\n", .raw_type = TENSOR_U8 },
          "lexicon.near is [4, 3]; [3, 3] is needed" },
        { -1,
          1,
          { .rank = 2, .shape = { 4, 3 }, .raw = high, .raw_type = TENSOR_I16 },
          "lexicon.near: number 2 is 16; the vocabulary has 16 words" },
        { -1,
          3,
          { .rank = 2, .shape = { WORDS, 4 }, .raw = minus, .raw_type = TENSOR_I16 },
          "lexicon.category: number 0 is 65535; the vocabulary has 16 words" },
        { -1,
          4,
          { .rank = 2, .shape = { WORDS - 1, 4 }, .raw = SHARE, .raw_type = TENSOR_U8 },
          "lexicon.share is [15, 4]; [16, 4] is needed" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct tensor_source tensor[5];
        struct buf bytes;
        struct lexicon *l = (struct lexicon *)1;
        struct spr_error err = { 0 };
        memcpy(tensor, TENSORS, sizeof tensor);
        if (rows[i].which >= 0) {
            const char *name = tensor[rows[i].which].name;
            tensor[rows[i].which] = rows[i].now;
            tensor[rows[i].which].name = name;
        }
        struct safetensors *file = file_of(tensor, rows[i].without, &bytes);
        assert_int_equal(lexicon_new(WORD, WORDS, file, &l, &err), SPR_BADDATA);
        if (strcmp(err.text, rows[i].sentence) != 0)
            fail_msg("row %zu: %s", i, err.text);
        assert_ptr_equal(l, (struct lexicon *)1);
        safetensors_close(file);
        buf_fini(&bytes);
    }
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct lexicon *l = NULL;
        mem_fail_nth(n);
        enum spr_code rc = lexicon_new(WORD, WORDS, f.file, &l, NULL);
        mem_fail_nth(0);
        lexicon_free(l);
        if (rc == SPR_OK) {
            assert_true(n > 3);
            return;
        }
        assert_int_equal(rc, SPR_NOMEM);
    }
}

/* A word twice, or one in a form that paint/words never gives, would never be found. */
static void synonyms_are_sound(void **state)
{
    (void)state;
    for (size_t row = 0; row < synonyms_count(); row++) {
        const struct synonyms *s = synonyms_at(row);
        for (const char *at = s->from; *at;) {
            char word[WORD_BYTES];
            size_t n = strcspn(at, " ");
            assert_true(n > 0 && n < sizeof word);
            snprintf(word, sizeof word, "%.*s", (int)n, at);
            if (synonyms_of(word) != s->to)
                fail_msg("'%s' is in two rows", word);
            struct words w;
            if (words_read(word, n, &w, NULL) || w.count != 1 || strcmp(w.word[0].from, word) != 0)
                fail_msg("'%s' can never be asked for", word);
            at += n + (at[n] == ' ');
        }
    }
    assert_null(synonyms_of("zweihand"));
    assert_null(synonyms_of(""));
    assert_true(synonyms_is_filler("sprite"));
    assert_false(synonyms_is_filler("spr"));
}

/* The bundled model: every synonym leads to a word it knows, and none hides one. */
struct bundle {
    struct safetensors *file;
    json_t *list;
    const char **word;
    struct lexicon *lexicon;
};
static struct bundle bundle;

static int open_bundle(void **state)
{
    (void)state;
    const char *root = getenv("SPRITERY_SOURCE_ROOT");
    char path[512];
    snprintf(path, sizeof path, "%s/models/sprite32.safetensors", root ? root : ".");
    if (safetensors_open(path, &bundle.file, NULL))
        return -1;
    bundle.list = json_loads(safetensors_note(bundle.file, "vocab"), 0, NULL);
    size_t words = json_array_size(bundle.list);
    bundle.word = mem_zalloc(words, sizeof *bundle.word);
    for (size_t i = 0; i < words; i++)
        bundle.word[i] = json_string_value(json_array_get(bundle.list, i));
    return lexicon_new(bundle.word, (int)words, bundle.file, &bundle.lexicon, NULL) != SPR_OK;
}

static int close_bundle(void **state)
{
    (void)state;
    lexicon_free(bundle.lexicon);
    mem_free(bundle.word);
    json_decref(bundle.list);
    safetensors_close(bundle.file);
    return 0;
}

/* A word of the vocabulary may have synonyms all the same: for models that know fewer words. */
static void synonyms_lead_into_the_vocabulary(void **state)
{
    (void)state;
    for (size_t row = 0; row < synonyms_count(); row++)
        for (const char *at = synonyms_at(row)->to; *at;) {
            char word[WORD_BYTES];
            size_t n = strcspn(at, " ");
            snprintf(word, sizeof word, "%.*s", (int)n, at);
            if (lexicon_find(bundle.lexicon, word) == 0)
                fail_msg("\'%s\' is not of the vocabulary", word);
            at += n + (at[n] == ' ');
        }
}

static void the_bundled_lexicon_reads(void **state)
{
    (void)state;
    static const struct {
        const char *prompt, *want;
    } rows[] = {
        { "red dragon", "red dragon; + monster" },
        { "zweihander", "zweihander -> great sword; + item weapon" },
        { "knight with a sword", "knight sword; + monster humanoid" },
        { "healing potion", "healing -> red potion; + item" },
        { "goblin king", "goblin king; + monster humanoid" },
        { "treasure chest", "treasure chest; + item" },
        { "stone wall", "stone wall; + dungeon" },
        { "giant rats", "giant rat; + monster animal" },
        { "scarlet butterflies", "scarlet -> red; butterfly; + animal monster" },
        { "ninja", "ninja; + humanoid monster" },
        { "spellbook", "spellbook -> book; + item" },
        { "a cute wizard, pixel art", "wizard; + monster humanoid" },
        { "maroon cloak", "maroon -> dark red; cloak; + armour item" },
        { "blacksmith", "blacksmith -> human anvil; + monster item" },
        { "a medusa", "medusa -> human snake female; + monster humanoid" },
        { "lava", "lava; + dungeon floor" },
        { "salad", "salad -> cheese 1.0, bread 0.7; + food item" },
        { "happy sheep", "sheep; + monster animal; not understood: happy" },
        { "frobnik", "the model does not know this word: frobnik" },
    };
    const struct lexicon_options o = { .words_max = 8, .categories = true };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        char got[512];
        line_of(bundle.lexicon, rows[i].prompt, &o, got, sizeof got);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s: '%s' instead of '%s'", rows[i].prompt, got, rows[i].want);
    }
}

static int set_up_both(void **state)
{
    return set_up(state) || open_bundle(state);
}

static int tear_down_both(void **state)
{
    return tear_down(state) | close_bundle(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readings),
        cmocka_unit_test(room_goes_to_the_persons_words),
        cmocka_unit_test(fields_of_a_reading),
        cmocka_unit_test(without_a_lexicon_in_the_file),
        cmocka_unit_test(unsound_lexicons_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(synonyms_are_sound),
        cmocka_unit_test(synonyms_lead_into_the_vocabulary),
        cmocka_unit_test(the_bundled_lexicon_reads),
    };
    return cmocka_run_group_tests_name("paint/lexicon", tests, set_up_both, tear_down_both);
}
