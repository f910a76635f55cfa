/* Text is read code point by code point. Letters gather in a token, an apostrophe stays inside it, everything else
 * ends it. Each token then goes through the rules in this order:
 *   1. possessives and apostrophes go: "dragon's" -> "dragon"
 *   2. digits at both ends go: "rat3" -> "rat"
 *   3. the rewrite table: an abbreviation or a closed compound becomes its words, or nothing
 *   4. stop words go
 *   5. a plural becomes its singular, unless it is kept or does not look like one
 *   6. the rewrite table again
 * Models are trained on these rules' results: a change of any table here needs a model trained with it. */
#include "paint/words.h"

#include "base/utf8.h"
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* U+00C0..U+017F in ASCII. An empty text is a separator (the multiplication and division signs). */
enum { FOLD_FIRST = 0xC0, FOLD_LAST = 0x17F };
static const char fold[FOLD_LAST - FOLD_FIRST + 1][3] = {
    "a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",  /* U+00C0 */
    "d", "n", "o",  "o",  "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "ss", /* U+00D0 */
    "a", "a", "a",  "a",  "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i",  "i",  /* U+00E0 */
    "d", "n", "o",  "o",  "o", "o", "o",  "",  "o", "u", "u", "u", "u", "y", "th", "y",  /* U+00F0 */
    "a", "a", "a",  "a",  "a", "a", "c",  "c", "c", "c", "c", "c", "c", "c", "d",  "d",  /* U+0100 */
    "d", "d", "e",  "e",  "e", "e", "e",  "e", "e", "e", "e", "e", "g", "g", "g",  "g",  /* U+0110 */
    "g", "g", "g",  "g",  "h", "h", "h",  "h", "i", "i", "i", "i", "i", "i", "i",  "i",  /* U+0120 */
    "i", "i", "ij", "ij", "j", "j", "k",  "k", "k", "l", "l", "l", "l", "l", "l",  "l",  /* U+0130 */
    "l", "l", "l",  "n",  "n", "n", "n",  "n", "n", "n", "n", "n", "o", "o", "o",  "o",  /* U+0140 */
    "o", "o", "oe", "oe", "r", "r", "r",  "r", "r", "r", "s", "s", "s", "s", "s",  "s",  /* U+0150 */
    "s", "s", "t",  "t",  "t", "t", "t",  "t", "u", "u", "u", "u", "u", "u", "u",  "u",  /* U+0160 */
    "u", "u", "u",  "u",  "w", "w", "y",  "y", "y", "z", "z", "z", "z", "z", "z",  "s",  /* U+0170 */
};

/* Sorted. What stands for what: words separated by blanks, or none where the word says nothing of the picture. */
struct rewrite {
    const char *from, *to;
};
static const struct rewrite rewrites[] = {
    { "armor", "armour" },
    { "art", "" },
    { "artefact", "" },
    { "battleaxe", "battle axe" },
    { "bluish", "blue" },
    { "bplate", "breastplate" },
    { "broadsword", "broad sword" },
    { "chainmail", "chain mail" },
    { "darkgray", "dark grey" },
    { "darkgreen", "dark green" },
    { "demonblade", "demon blade" },
    { "dngn", "dungeon" },
    { "draco", "draconian" },
    { "dragonarm", "dragon armour" },
    { "drchead", "draconian head" },
    { "drcwing", "draconian wing" },
    { "elves", "elf" },
    { "ench", "enchantment" },
    { "fem", "female" },
    { "fiery", "fire" },
    { "golden", "gold" },
    { "gray", "grey" },
    { "greatsword", "great sword" },
    { "icy", "ice" },
    { "lightblue", "light blue" },
    { "lightgreen", "light green" },
    { "longsword", "long sword" },
    { "lorc", "" },
    { "magical", "magic" },
    { "misc", "" },
    { "mon", "monster" },
    { "other", "" },
    { "randarts", "" },
    { "ru", "" },
    { "simulacra", "simulacrum" },
    { "skeletal", "skeleton" },
    { "spwpn", "" },
    { "tab", "" },
    { "unrand", "" },
    { "unused", "" },
    { "urand", "" },
    { "wolves", "wolf" },
    { "zombies", "zombie" },
};

/* Sorted. Too short or too common to say anything: articles, directions, letters that number variants. */
static const char *const stop_words[] = {
    "a",  "and", "b", "c", "d",  "e",  "f", "g",   "i",  "in", "m", "n",    "ne", "nw", "of",
    "on", "p",   "r", "s", "se", "sw", "t", "the", "to", "v",  "w", "with", "x",  "y",
};

/* Sorted. What comes after them tells more about what came before them: "ring of fire", "knight with a sword". */
static const char *const link_words[] = {
    "at", "behind", "beside", "by",     "for", "from",  "holding", "in",      "near", "of",
    "on", "onto",   "over",   "riding", "to",  "under", "using",   "wearing", "with", "without",
};

/* Sorted. They end in a single s and are no plurals, or are drawn as what their plural names. */
static const char *const not_plurals[] = {
    "bars", "bones", "canvas", "chaos", "cyclops", "hippogriffs", "lens", "lycos", "stairs",
};

static int by_text(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static int by_from(const void *key, const void *item)
{
    return strcmp(key, ((const struct rewrite *)item)->from);
}

static bool listed(const char *text, const char *const *list, size_t count)
{
    return bsearch(text, list, count, sizeof *list, by_text) != NULL;
}

static const char *rewritten(const char *text)
{
    const struct rewrite *r = bsearch(text, rewrites, SPR_COUNT(rewrites), sizeof *rewrites, by_from);
    return r ? r->to : NULL;
}

int words_find(const struct words *w, const char *text)
{
    for (int i = 0; i < w->count; i++)
        if (strcmp(w->word[i].text, text) == 0)
            return i;
    return -1;
}

/* The token being put together. */
struct token {
    char text[WORD_BYTES];
    size_t used;
    bool full;   /* a letter did not fit; what follows it must not close the gap */
    bool linked; /* for the next word that is added */
};

static void add(struct words *w, const char *text, size_t length, const char *from, bool linked)
{
    char word[WORD_BYTES];
    assert(length < sizeof word);
    memcpy(word, text, length);
    word[length] = '\0';
    if (words_find(w, word) >= 0)
        return;
    if (w->count == WORDS_MAX) {
        w->more = true;
        return;
    }
    struct word *new = &w->word[w->count++];
    memcpy(new->text, word, length + 1);
    memcpy(new->from, from, strlen(from) + 1);
    new->linked = linked;
}

static void add_each(struct words *w, const char *list, const char *from, bool linked)
{
    while (*list) {
        size_t n = strcspn(list, " ");
        add(w, list, n, from, linked);
        linked = false;
        list += n + (list[n] == ' ');
    }
}

static bool ends_with(const char *text, size_t length, const char *tail)
{
    size_t n = strlen(tail);
    return length >= n && memcmp(text + length - n, tail, n) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void strip_apostrophes(char *token)
{
    size_t n = strlen(token);
    while (n > 0 && token[n - 1] == '\'')
        n--;
    if (ends_with(token, n, "'s"))
        n -= 2;
    char *to = token;
    for (size_t i = 0; i < n; i++)
        if (token[i] != '\'')
            *to++ = token[i];
    *to = '\0';
}

static void strip_digits(char *token)
{
    size_t first = 0, end = strlen(token);
    while (is_digit(token[first]))
        first++;
    while (end > first && is_digit(token[end - 1]))
        end--;
    memmove(token, token + first, end - first);
    token[end - first] = '\0';
}

static void make_singular(char *token)
{
    size_t n = strlen(token);
    if (n > 4 && ends_with(token, n, "ies")) {
        memcpy(token + n - 3, "y", 2);
    } else if (n > 3 && token[n - 1] == 's') {
        bool other = ends_with(token, n, "ss") || ends_with(token, n, "us") || ends_with(token, n, "is");
        if (!other && !listed(token, not_plurals, SPR_COUNT(not_plurals)))
            token[n - 1] = '\0';
    }
}

static void end_token(struct words *w, struct token *t)
{
    char from[WORD_BYTES], *token = t->text;
    token[t->used] = '\0';
    t->used = 0;
    t->full = false;
    strip_apostrophes(token);
    memcpy(from, token, strlen(token) + 1);
    strip_digits(token);
    if (!*token)
        return;
    bool linked = t->linked && w->count > 0;
    t->linked = listed(token, link_words, SPR_COUNT(link_words));
    const char *to = rewritten(token);
    if (!to && listed(token, stop_words, SPR_COUNT(stop_words))) {
        t->linked = t->linked || linked; /* "with a sword": the article changes nothing */
        return;
    }
    if (!to) {
        make_singular(token);
        to = rewritten(token);
    }
    if (to)
        add_each(w, to, from, linked);
    else
        add(w, token, strlen(token), from, linked);
}

/* Spaces and punctuation outside ASCII, by blocks. */
static bool separates(uint32_t p)
{
    return (p >= 0x80 && p < 0xC0) || (p >= 0x2000 && p <= 0x206F) || (p >= 0x3000 && p <= 0x303F) ||
           p == 0xFEFF || p == 0xFFFD;
}

/* What a code point adds to a token: up to 4 bytes; 0 where it ends the token, -1 where it is skipped. */
static int letters_of(uint32_t p, char ret[4])
{
    if (p < 0x80) {
        char c = (char)p;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        ret[0] = c;
        return (c >= 'a' && c <= 'z') || is_digit(c) || c == '\'';
    }
    if (p >= 0x300 && p <= 0x36F) /* an accent written after its letter */
        return -1;
    if (p == 0x2019) {
        ret[0] = '\'';
        return 1;
    }
    if (separates(p))
        return 0;
    if (p >= FOLD_FIRST && p <= FOLD_LAST) {
        int n = (int)strlen(fold[p - FOLD_FIRST]);
        memcpy(ret, fold[p - FOLD_FIRST], (size_t)n);
        return n;
    }
    return (int)utf8_encode(p, ret);
}

enum spr_code words_read(const char *text, size_t length, struct words *ret, struct spr_error *err)
{
    size_t bad;
    if (length > WORDS_TEXT_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "the prompt is %zu bytes long; at most %d are allowed", length,
                        WORDS_TEXT_MAX);
    if (!utf8_valid(text, length, &bad))
        return SPR_FAIL(err, SPR_BADARG, "the prompt is not UTF-8: byte 0x%02X at offset %zu",
                        (unsigned)(unsigned char)text[bad], bad);
    *ret = (struct words){ 0 };
    struct token token = { .used = 0 };
    for (size_t i = 0; i < length;) {
        uint32_t point = 0;
        char letters[4];
        i += utf8_decode(text + i, length - i, &point);
        int n = letters_of(point, letters);
        if (n > 0 && !token.full && token.used + (size_t)n < sizeof token.text) {
            memcpy(token.text + token.used, letters, (size_t)n);
            token.used += (size_t)n;
        } else if (n > 0) {
            token.full = true;
        } else if (n == 0) {
            end_token(ret, &token);
            token.linked = token.linked || point == ',' || point == ';' || point == '\n';
        }
    }
    end_token(ret, &token);
    return SPR_OK;
}
