/* Words are looked up by bisection in two sorted lists: the vocabulary (an index sorted by name) and the near words
 * (their text with an index of where each begins). What is found gathers in a draft, ranked; the reading takes from
 * it by rank until it is full, so that a long prompt loses second meanings before it loses words. */
#include "paint/lexicon.h"

#include "base/mem.h"
#include "base/str.h"
#include "paint/lexicon_tables.h"
#include "paint/synonyms.h"
#include "paint/words.h"
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lexicon {
    const char *const *word; /* [words] */
    int words;
    int *sorted; /* [words - 1]: indices 1.., by their words */
    struct lexicon_tables tables;
};

static int by_word(const void *a, const void *b, void *context)
{
    const char *const *word = context;
    return strcmp(word[*(const int *)a], word[*(const int *)b]);
}

enum spr_code lexicon_new(const char *const *word, int words, const struct safetensors *file,
                          struct lexicon **ret, struct spr_error *err)
{
    assert(words >= 1);
    struct lexicon *l = mem_zalloc(1, sizeof *l);
    if (l)
        l->sorted = mem_zalloc((size_t)words, sizeof *l->sorted);
    if (!l || !l->sorted) {
        lexicon_free(l);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a lexicon of %d words", words);
    }
    l->word = word;
    l->words = words;
    for (int i = 1; i < words; i++)
        l->sorted[i - 1] = i;
    qsort_r(l->sorted, (size_t)words - 1, sizeof *l->sorted, by_word, (void *)word);
    enum spr_code rc = file ? lexicon_tables_init(&l->tables, file, words, err) : SPR_OK;
    if (rc) {
        lexicon_free(l);
        return rc;
    }
    *ret = l;
    return SPR_OK;
}

void lexicon_free(struct lexicon *l)
{
    if (!l)
        return;
    lexicon_tables_fini(&l->tables);
    mem_free(l->sorted);
    mem_free(l);
}

int lexicon_find(const struct lexicon *l, const char *word)
{
    int low = 0, high = l->words - 1;
    while (low < high) {
        int middle = low + (high - low) / 2, order = strcmp(word, l->word[l->sorted[middle]]);
        if (order == 0)
            return l->sorted[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}

/* Near words below this are guesses: taken only where nothing else of the prompt is understood. */
static const float guess_weight = 0.35f;

/* What goes into the reading first: the first meaning of each word, then further ones. */
enum rank { RANK_FIRST, RANK_SYNONYM, RANK_NEAR, RANK_GUESS };

/* What a word of the prompt may become. */
struct candidate {
    int id;
    float weight;
    enum reading_why why;
    enum rank rank;
    int source; /* which word of the prompt */
    bool taken;
};

struct draft {
    const struct words *words;
    int count;
    struct candidate item[WORDS_MAX * LEXICON_NEAR];
};

static void propose(struct draft *d, int source, int id, float weight, enum reading_why why, enum rank rank)
{
    for (int i = 0; i < d->count; i++)
        if (d->item[i].id == id) { /* "dragon wyrm": the word itself, at full weight */
            if (weight > d->item[i].weight)
                d->item[i].weight = weight;
            if (rank < d->item[i].rank)
                d->item[i].rank = rank;
            return;
        }
    if (d->count < (int)SPR_COUNT(d->item))
        d->item[d->count++] = (struct candidate){ id, weight, why, rank, source, false };
}

static bool propose_list(const struct lexicon *l, struct draft *d, int source, const char *list)
{
    int found = 0;
    while (list && *list) {
        char word[WORD_BYTES];
        size_t n = strcspn(list, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, list);
        int id = lexicon_find(l, word);
        if (id > 0)
            propose(d, source, id, 1, READING_SYNONYM, found++ ? RANK_SYNONYM : RANK_FIRST);
        list += n + (list[n] == ' ');
    }
    return found > 0;
}

static bool try_direct(const struct lexicon *l, struct draft *d, int source, const char *word)
{
    int id = lexicon_find(l, word);
    if (id > 0)
        propose(d, source, id, 1, READING_KNOWN, RANK_FIRST);
    return id > 0;
}

static bool try_synonyms(const struct lexicon *l, struct draft *d, int source, const char *word)
{
    return propose_list(l, d, source, synonyms_of(word));
}

/* Endings, and what takes their place. The first ones change the form of a word, the others rather its meaning. */
static const struct ending {
    const char *from, *to;
    size_t stem_min; /* letters before it */
} close_endings[] = {
    { "ve", "f", 2 },   { "ve", "fe", 2 }, { "xe", "x", 2 }, { "se", "s", 2 }, { "ze", "z", 2 }, { "oe", "o", 3 },
    { "che", "ch", 2 }, { "she", "sh", 2 }, { "ish", "", 3 }, { "ish", "e", 3 }, { "ed", "", 3 }, { "ed", "e", 3 },
    { "en", "", 4 },
}, loose_endings[] = {
    { "y", "", 3 },  { "y", "e", 3 },   { "ing", "", 3 }, { "ing", "e", 3 },
    { "ly", "", 3 }, { "like", "", 3 }, { "er", "", 4 },
};

static bool try_stem(const struct lexicon *l, struct draft *d, int source, const char *stem)
{
    int id = lexicon_find(l, stem);
    if (id > 0)
        propose(d, source, id, 1, READING_SYNONYM, RANK_FIRST);
    return id > 0 || try_synonyms(l, d, source, stem);
}

static bool try_endings(const struct lexicon *l, struct draft *d, int source, const char *word,
                        const struct ending *endings, size_t count)
{
    size_t length = strlen(word);
    for (size_t i = 0; i < count; i++) {
        const struct ending *e = &endings[i];
        size_t tail = strlen(e->from);
        char stem[WORD_BYTES + 2];
        if (length < tail + e->stem_min || strcmp(word + length - tail, e->from) != 0)
            continue;
        size_t n = length - tail;
        snprintf(stem, sizeof stem, "%.*s%s", (int)n, word, e->to);
        if (try_stem(l, d, source, stem))
            return true;
        if (!*e->to && stem[n - 1] == stem[n - 2]) { /* "reddish", "studded" */
            stem[n - 1] = '\0';
            if (try_stem(l, d, source, stem))
                return true;
        }
    }
    return false;
}

static bool try_near(const struct lexicon *l, struct draft *d, int source, const char *word)
{
    struct lexicon_near near;
    if (!lexicon_tables_near(&l->tables, word, &near))
        return false;
    for (int i = 0; i < near.count; i++)
        propose(d, source, near.id[i], near.weight[i], READING_NEAR,
                near.weight[0] < guess_weight ? RANK_GUESS
                : i > 0                       ? RANK_NEAR
                                              : RANK_FIRST);
    return true;
}

/* "firedragon": the two parts that are known, each of at least `least` letters, the second as long as can be. */
static bool try_compound(const struct lexicon *l, struct draft *d, int source, const char *word, size_t least)
{
    size_t length = strlen(word);
    for (size_t at = least; at + least <= length; at++) {
        char first[WORD_BYTES];
        snprintf(first, sizeof first, "%.*s", (int)at, word);
        bool a = lexicon_find(l, first) > 0 || synonyms_of(first);
        bool b = lexicon_find(l, word + at) > 0 || synonyms_of(word + at);
        if (a && b) { /* both are added, whatever became of the first */
            bool one = try_stem(l, d, source, first), other = try_stem(l, d, source, word + at);
            return one && other;
        }
    }
    return false;
}

/* False where the word means nothing to the model. */
static bool understand(const struct lexicon *l, struct draft *d, int source)
{
    const char *text = d->words->word[source].text, *from = d->words->word[source].from;
    return synonyms_is_filler(text) || synonyms_is_filler(from) || try_direct(l, d, source, text) ||
           try_synonyms(l, d, source, text) || try_synonyms(l, d, source, from) ||
           try_endings(l, d, source, text, close_endings, SPR_COUNT(close_endings)) ||
           try_compound(l, d, source, text, 4) || try_near(l, d, source, text) ||
           try_near(l, d, source, from) ||
           try_endings(l, d, source, text, loose_endings, SPR_COUNT(loose_endings)) ||
           try_compound(l, d, source, text, 3);
}

static void add_unknown(struct reading *r, const char *word)
{
    if (r->unknown_count < READING_WORDS_MAX)
        snprintf(r->unknown[r->unknown_count++], sizeof r->unknown[0], "%s", word);
}

static bool only_guesses(const struct draft *d)
{
    for (int i = 0; i < d->count; i++)
        if (d->item[i].rank != RANK_GUESS)
            return false;
    return true;
}

/* Which word of the prompt the others describe: the last that has a category before the first link ("of", "with",
 * a comma), or after it if there is none before. What follows that link says what the thing has, not what it is. */
struct head {
    int word; /* -1 if no word has a category */
    int end;  /* the first word after the link */
};

static struct head find_head(const struct lexicon *l, const struct draft *d)
{
    struct head h = { -1, d->words->count };
    for (int i = 0; i < d->count; i++) {
        int source = d->item[i].source;
        for (int w = h.word + 1; h.word >= 0 && w <= source; w++)
            if (d->words->word[w].linked) {
                h.end = w;
                return h;
            }
        if (d->item[i].taken && lexicon_tables_has_category(&l->tables, d->item[i].id))
            h.word = source;
    }
    return h;
}

/* Takes candidates by rank into what room there is; the reading then has them in the order of the prompt. */
static void choose(const struct lexicon *l, struct draft *d, int words_max, struct reading *r)
{
    int taken = 0;
    bool guess = only_guesses(d);
    for (enum rank rank = RANK_FIRST; rank <= RANK_GUESS; rank++)
        for (int i = 0; i < d->count && taken < words_max && (rank < RANK_GUESS || guess); i++)
            if (d->item[i].rank == rank) {
                d->item[i].taken = true;
                taken++;
            }
    const struct head head = find_head(l, d);
    for (int i = 0; i < d->count; i++) {
        const struct candidate *c = &d->item[i];
        if (!c->taken)
            continue;
        struct reading_word *w = &r->word[r->count++];
        *w = (struct reading_word){
            .id = c->id, .weight = c->weight, .why = c->why, .head = c->source == head.word
        };
        const struct word *of = &d->words->word[c->source];
        bool same = c->why == READING_KNOWN;
        snprintf(w->from, sizeof w->from, "%s", same ? l->word[c->id] : of->from);
    }
}

/* Words that only guesses were found for, and the guesses were not taken. */
static void report_guesses(const struct draft *d, struct reading *r)
{
    for (int i = 0; i < d->count; i++)
        if (d->item[i].rank == RANK_GUESS && !d->item[i].taken &&
            (i == 0 || d->item[i - 1].source != d->item[i].source))
            add_unknown(r, d->words->word[d->item[i].source].from);
}

enum { HEAD_WEIGHT = 3, CATEGORIES_MAX = 3 };
static const float category_least = 0.5f; /* share of the tiles that have these words */

struct tally {
    int count;
    struct {
        int id;
        float sum;
    } item[READING_WORDS_MAX * LEXICON_CATEGORIES];
    float all;
};

static void count_categories(const struct lexicon *l, int id, float weight, struct tally *t)
{
    struct lexicon_category c[LEXICON_CATEGORIES];
    int count = lexicon_tables_categories(&l->tables, id, c);
    if (count > 0)
        t->all += weight;
    for (int i = 0; i < count; i++) {
        int at = 0;
        while (at < t->count && t->item[at].id != c[i].id)
            at++;
        if (at == t->count) {
            t->item[at].id = c[i].id;
            t->item[at].sum = 0;
            t->count++;
        }
        t->item[at].sum += weight * c[i].share;
    }
}

static bool has_id(const struct reading *r, int id)
{
    for (int i = 0; i < r->count; i++)
        if (r->word[i].id == id)
            return true;
    return false;
}

/* Adds the folder words that most tiles with these words have. */
static void add_categories(const struct lexicon *l, const struct draft *d, int words_max, struct reading *r)
{
    struct tally t = { 0 };
    struct head head = find_head(l, d);
    for (int i = 0; i < d->count; i++) {
        const struct candidate *c = &d->item[i];
        if (c->taken && c->source < head.end)
            count_categories(l, c->id, c->weight * (c->source == head.word ? (float)HEAD_WEIGHT : 1), &t);
    }
    for (int added = 0; added < CATEGORIES_MAX && r->count < words_max; added++) {
        int best = -1;
        for (int i = 0; i < t.count; i++)
            if (t.item[i].sum >= category_least * t.all && !has_id(r, t.item[i].id) &&
                (best < 0 || t.item[i].sum > t.item[best].sum))
                best = i;
        if (best < 0)
            return;
        r->word[r->count++] =
            (struct reading_word){ .id = t.item[best].id, .weight = 1, .why = READING_CATEGORY };
    }
}

/* "the model knows none of these words: frobnik, blorg (near in spelling: blork)". */
static enum spr_code nothing_understood(const struct lexicon *l, const struct reading *r,
                                        struct spr_error *err)
{
    char text[256], hints[128] = "";
    size_t used = 0, hinted = 0;
    if (r->unknown_count == 0)
        return SPR_FAIL(err, SPR_BADARG, "no word of the prompt says what to draw");
    for (int i = 0; i < r->unknown_count; i++) {
        const char *near = str_nearest(r->unknown[i], l->word + 1, (size_t)l->words - 1);
        if (used + sizeof r->unknown[0] + 2 < sizeof text)
            used +=
                (size_t)snprintf(text + used, sizeof text - used, "%s%s", used ? ", " : "", r->unknown[i]);
        if (near && !strstr(hints, near) && hinted + strlen(near) + 2 < sizeof hints)
            hinted +=
                (size_t)snprintf(hints + hinted, sizeof hints - hinted, "%s%s", hinted ? ", " : "", near);
    }
    const char *what =
        r->unknown_count == 1 ? "the model does not know this word" : "the model knows none of these words";
    if (hinted)
        return SPR_FAIL(err, SPR_BADARG, "%s: %s (near in spelling: %s)", what, text, hints);
    return SPR_FAIL(err, SPR_BADARG, "%s: %s", what, text);
}

enum spr_code lexicon_read(const struct lexicon *l, const char *prompt, size_t length,
                           const struct lexicon_options *o, struct reading *ret, struct spr_error *err)
{
    assert(o->words_max >= 1 && o->words_max <= READING_WORDS_MAX);
    struct words words;
    struct draft draft = { .words = &words };
    struct reading r = { 0 };
    enum spr_code rc = words_read(prompt, length, &words, err);
    if (rc)
        return rc;
    for (int i = 0; i < words.count; i++)
        if (!understand(l, &draft, i))
            add_unknown(&r, words.word[i].from);
    choose(l, &draft, o->words_max, &r);
    if (r.count == 0)
        return nothing_understood(l, &r, err);
    report_guesses(&draft, &r);
    if (o->categories)
        add_categories(l, &draft, o->words_max, &r);
    *ret = r;
    return SPR_OK;
}

/* Adds one word of the reading, with what stands between it and the one before. */
static enum spr_code describe_word(const struct lexicon *l, const struct reading *r, int i, struct buf *into,
                                   struct spr_error *err)
{
    const struct reading_word *w = &r->word[i], *before = i > 0 ? &r->word[i - 1] : NULL;
    bool plain = w->why == READING_KNOWN, category = w->why == READING_CATEGORY;
    bool follows =
        before && before->why == w->why && (plain || category || strcmp(before->from, w->from) == 0);
    enum spr_code rc = SPR_OK;
    if (before)
        rc = buf_addf(into, err, !follows ? "; " : w->why == READING_NEAR ? ", " : " ");
    if (!rc && !follows && category)
        rc = buf_addf(into, err, "+ ");
    else if (!rc && !follows && !plain)
        rc = buf_addf(into, err, "%s -> ", w->from);
    if (!rc)
        rc = buf_addf(into, err, "%s", l->word[w->id]);
    if (!rc && w->weight < 0.995f)
        rc = buf_addf(into, err, " %.1f", (double)w->weight);
    return rc;
}

enum spr_code lexicon_describe(const struct lexicon *l, const struct reading *r, struct buf *into,
                               struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < r->count && !rc; i++)
        rc = describe_word(l, r, i, into, err);
    for (int i = 0; i < r->unknown_count && !rc; i++)
        rc = buf_addf(into, err, "%s%s",
                      i          ? ", "
                      : r->count ? "; not understood: "
                                 : "not understood: ",
                      r->unknown[i]);
    return rc;
}
