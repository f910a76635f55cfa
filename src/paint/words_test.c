#include "paint/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The words of w, joined by blanks. */
static void join(const struct words *w, char *ret, size_t size)
{
    size_t used = 0;
    ret[0] = '\0';
    for (int i = 0; i < w->count; i++)
        used += (size_t)snprintf(ret + used, size - used, "%s%s", i ? " " : "", w->word[i].text);
}

static void rules(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text, *want;
    } rows[] = {
        { "nothing", "", "" },
        { "only separators", " ,.-_/!\t\n", "" },
        { "lower case", "Red DRAGON", "red dragon" },
        { "any separator", "red,dragon/old_fire-big", "red dragon old fire big" },
        { "no word twice", "red dragon red Dragons", "red dragon" },
        { "order kept", "dragon red", "dragon red" },
        { "digits at the ends go", "12rat34 2", "rat" },
        { "inner digits stay", "lair0b", "lair0b" },
        { "plural", "potions rats", "potion rat" },
        { "plural in -ies", "batteries", "battery" },
        { "short in -ies", "dies pies", "die pie" },
        { "short words keep their s", "gas bus", "gas bus" },
        { "no plural: -ss -us -is", "grass cactus iris", "grass cactus iris" },
        { "kept in s", "stairs bones chaos", "stairs bones chaos" },
        { "irregular plurals", "wolves elves zombies", "wolf elf zombie" },
        { "abbreviations of files", "mon dngn", "monster dungeon" },
        { "compounds", "greatsword chainmail battleaxes", "great sword chain mail battle axe" },
        { "one part already there", "axe battleaxe", "axe battle" },
        { "spelling", "armor gray", "armour grey" },
        { "adjectives", "golden fiery icy magical", "gold fire ice magic" },
        { "words that say nothing", "unrand artefact misc", "" },
        { "stop words", "the sword of a king in s", "sword king" },
        { "rewriting comes before stopping", "the art", "" },
        { "possessive", "dragon's wolfs' o'brien", "dragon wolf obrien" },
        { "possessive with a typographic apostrophe", "dragon\xE2\x80\x99s egg", "dragon egg" },
        { "quotes around a word", "'sword' 'axe'", "sword axe" },
        { "accents fold",
          "\xC3\xA9p\xC3\xA9"
          "e \xC3\x86ther na\xC3\xAFve Stra\xC3\x9F"
          "e",
          "epee aether naive strasse" },
        { "an accent of its own",
          "e\xCC\x81p\xC3\xA9"
          "e",
          "epee" },
        { "a sign between Latin letters separates",
          "a\xC3\x97"
          "axe",
          "axe" },
        { "dashes and spaces outside ASCII separate",
          "red\xE2\x80\x94"
          "axe\xC2\xA0old\xE3\x80\x80orc",
          "red axe old orc" },
        { "another script stays", "\xD0\xBC\xD0\xB5\xD1\x87 axe", "\xD0\xBC\xD0\xB5\xD1\x87 axe" },
        { "a word is cut to fit", "abcdefghijklmnopqrstuvwxyzabcdefghijk axe",
          "abcdefghijklmnopqrstuvwxyzabcde axe" },
        { "a cut falls between code points",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xD0\xBC"
          "b",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct words w;
        struct spr_error err = { 0 };
        char got[WORDS_MAX * WORD_BYTES];
        if (words_read(rows[i].text, strlen(rows[i].text), &w, &err))
            fail_msg("%s: %s", rows[i].why, err.text);
        join(&w, got, sizeof got);
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s: '%s' instead of '%s'", rows[i].why, got, rows[i].want);
    }
}

static void what_was_written_is_kept(void **state)
{
    (void)state;
    struct words w;
    const char *text = "Battleaxes Dragon's";
    assert_int_equal(words_read(text, strlen(text), &w, NULL), SPR_OK);
    assert_int_equal(w.count, 3);
    assert_string_equal(w.word[0].from, "battleaxes");
    assert_string_equal(w.word[1].from, "battleaxes");
    assert_string_equal(w.word[2].from, "dragon");
    assert_int_equal(words_find(&w, "axe"), 1);
    assert_int_equal(words_find(&w, "ax"), -1);
}

static void bad_text_is_refused(void **state)
{
    (void)state;
    static char big[WORDS_TEXT_MAX + 1];
    memset(big, 'a', sizeof big);
    static const struct {
        const char *text;
        size_t length;
        enum spr_code code;
        const char *sentence;
    } rows[] = {
        { big, sizeof big, SPR_LIMIT, "the prompt is 4097 bytes long; at most 4096 are allowed" },
        { "red \xFF", 5, SPR_BADARG, "the prompt is not UTF-8: byte 0xFF at offset 4" },
        { "\xC3", 1, SPR_BADARG, "the prompt is not UTF-8: byte 0xC3 at offset 0" },
        { "a\xED\xA0\x80", 4, SPR_BADARG, "the prompt is not UTF-8: byte 0xED at offset 1" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct words w = { .count = -7 };
        struct spr_error err = { 0 };
        assert_int_equal(words_read(rows[i].text, rows[i].length, &w, &err), rows[i].code);
        assert_string_equal(err.text, rows[i].sentence);
        assert_int_equal(w.count, -7);
    }
    struct words w;
    assert_int_equal(words_read(big, sizeof big - 1, &w, NULL), SPR_OK);
    assert_int_equal(w.count, 1);
}

static void more_words_than_kept(void **state)
{
    (void)state;
    char text[WORDS_TEXT_MAX];
    size_t used = 0;
    struct words w;
    for (int i = 0; i < WORDS_MAX + 1; i++) {
        assert_int_equal(words_read(text, used, &w, NULL), SPR_OK);
        assert_false(w.more);
        used += (size_t)snprintf(text + used, sizeof text - used, "q%c%cq ", 'a' + i / 26, 'a' + i % 26);
    }
    assert_int_equal(words_read(text, used, &w, NULL), SPR_OK);
    assert_true(w.more);
    assert_int_equal(w.count, WORDS_MAX);
    assert_string_equal(w.word[WORDS_MAX - 1].text, "qclq");
}

/* The tables are searched by halves: each of their words must be found, or the order is wrong. */
static void every_row_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int count;
    } rows[] = {
        { "armor", 1 },     { "art", 0 },        { "artefact", 0 },   { "zombies", 1 },    { "battleaxe", 2 },
        { "bluish", 1 },    { "bplate", 1 },     { "broadsword", 2 }, { "chainmail", 2 },  { "darkgray", 2 },
        { "darkgreen", 2 }, { "demonblade", 2 }, { "dngn", 1 },       { "draco", 1 },      { "dragonarm", 2 },
        { "drchead", 2 },   { "drcwing", 2 },    { "elves", 1 },      { "ench", 1 },       { "fem", 1 },
        { "fiery", 1 },     { "golden", 1 },     { "gray", 1 },       { "greatsword", 2 }, { "icy", 1 },
        { "lightblue", 2 }, { "lightgreen", 2 }, { "longsword", 2 },  { "lorc", 0 },       { "magical", 1 },
        { "misc", 0 },      { "mon", 1 },        { "other", 0 },      { "randarts", 0 },   { "ru", 0 },
        { "simulacra", 1 }, { "skeletal", 1 },   { "spwpn", 0 },      { "tab", 0 },        { "unrand", 0 },
        { "unused", 0 },    { "urand", 0 },      { "wolves", 1 },     { "bars", 1 },       { "a", 0 },
        { "and", 0 },       { "y", 0 },          { "with", 0 },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct words w;
        assert_int_equal(words_read(rows[i].text, strlen(rows[i].text), &w, NULL), SPR_OK);
        if (w.count != rows[i].count)
            fail_msg("%s: %d words instead of %d", rows[i].text, w.count, rows[i].count);
        if (strcmp(rows[i].text, "bars") != 0 && w.count == 1)
            assert_string_not_equal(w.word[0].text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules),
        cmocka_unit_test(what_was_written_is_kept),
        cmocka_unit_test(bad_text_is_refused),
        cmocka_unit_test(more_words_than_kept),
        cmocka_unit_test(every_row_is_found),
    };
    return cmocka_run_group_tests_name("paint/words", tests, NULL, NULL);
}
