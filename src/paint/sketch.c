/* Which sketch fits: words weigh by how few sketches have them, as in text retrieval (inverse document frequency;
 * Spaerck Jones, 1972). What counts is the person's words without colours. A sketch must have at least half of their
 * weight, so "dragon armour" does not become a dragon: no sketch is an armour, and that word weighs most. Words of the
 * sketch that nobody asked for count against it, so "rat" is a rat before it is a rat of fire. What the other words
 * describe weighs more, and who has it needs less of the rest: "dire wolf" is a wolf. Of sketches that fit
 * about equally well those in the colour that was asked for are taken; where there are none, one is turned to it. */
#include "paint/sketch.h"

#include "base/mem.h"
#include "base/random.h"
#include "image/colour.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_SKETCH = 0x736b65, PIXELS = SKETCH_SIDE * SKETCH_SIDE };
enum rule { MUST_HAVE, STYLE, CATEGORY, MIRROR, RULES };
static const float fit_least = 0.5f;  /* of the words' weight */
static const float head_least = 0.2f; /* of it, for a sketch of what the others describe */
static const float head_times = 2.0f; /* its weight */
static const float unasked = 0.15f;   /* of a word's weight, where only the sketch has it */
static const float kind_of = 0.85f;   /* of a word's weight, where the sketch is only a kind of that */
static const float near_best = 0.9f;  /* of the best score: as good as it */
static const float in_colour = 1.1f;  /* times the score, where the sketch has a colour that was asked for */

/* Colours that turn a sketch: the OkLab hue to take on, the least chroma, what becomes of its own chroma and of its
 * lightness (times, plus). */
static const struct tint {
    const char *word;
    float a, b; /* direction; 0, 0 keeps no hue */
    float chroma, times, plus;
} tints[] = {
    { "red", 0.88f, 0.48f, 0.17f, 0.9f, 0 },
    { "orange", 0.55f, 0.83f, 0.15f, 0.95f, 0.05f },
    { "yellow", -0.2f, 0.98f, 0.15f, 0.8f, 0.2f },
    { "green", -0.75f, 0.66f, 0.14f, 0.95f, 0 },
    { "cyan", -0.93f, -0.36f, 0.1f, 0.9f, 0.1f },
    { "blue", -0.1f, -0.99f, 0.15f, 0.9f, 0 },
    { "purple", 0.6f, -0.8f, 0.16f, 0.9f, 0 },
    { "pink", 0.99f, -0.05f, 0.12f, 0.8f, 0.2f },
    { "brown", 0.45f, 0.89f, 0.07f, 0.8f, 0 },
    { "black", 0, 0, 0.01f, 0.45f, 0 },
    { "grey", 0, 0, 0.005f, 0.9f, 0 },
    { "white", 0, 0, 0.01f, 0.5f, 0.5f },
};

struct sketches {
    const char *const *word; /* [words] */
    int words;
    size_t count;
    const uint8_t *palette, *index; /* the file's */
    int16_t *has;                   /* [count][SKETCH_WORDS] */
    int16_t *rule;                  /* [count][RULES] */
    float *weight;                  /* [words]: of a word that sketches have; 0 for others */
    float rare;                     /* of a word that none has */
};

static enum spr_code need(const struct safetensors *file, const char *name, enum tensor_type type,
                          size_t rows, size_t row, const struct tensor **ret, struct spr_error *err)
{
    const struct tensor *t = safetensors_find(file, name);
    if (!t)
        return SPR_FAIL(err, SPR_BADDATA, "the sketches are incomplete: tensor %s is missing", name);
    if (t->type != type || t->rank < 2 || t->shape[0] != rows || t->count != rows * row)
        return SPR_FAIL(err, SPR_BADDATA, "%s is not %s of %zu rows of %zu", name, tensor_type_name(type),
                        rows, row);
    *ret = t;
    return SPR_OK;
}

/* A table of indices, least <= index < words; the file's bytes may stand anywhere. */
static enum spr_code copy_words(const struct tensor *t, int least, int words, int16_t *ret,
                                struct spr_error *err)
{
    memcpy(ret, t->data, t->count * sizeof *ret);
    for (size_t i = 0; i < t->count; i++)
        if (ret[i] < least || ret[i] >= words)
            return SPR_FAIL(err, SPR_BADDATA, "%s: number %zu is %d; %d to %d is possible", t->name, i,
                            ret[i], least, words - 1);
    return SPR_OK;
}

static enum spr_code read_tensors(struct sketches *s, const struct safetensors *file, struct spr_error *err)
{
    const struct tensor *palette = safetensors_find(file, "sketch.palette"), *index, *word, *rule;
    enum spr_code rc;
    s->count = palette && palette->rank == 3 ? palette->shape[0] : 0;
    if (s->count == 0 || s->count > INT16_MAX)
        return SPR_FAIL(err, SPR_BADDATA, "sketch.palette has %zu rows; 1 to %d are possible", s->count,
                        INT16_MAX);
    if ((rc = need(file, "sketch.palette", TENSOR_U8, s->count, SKETCH_COLOURS * 4, &palette, err)) ||
        (rc = need(file, "sketch.index", TENSOR_U8, s->count, PIXELS / 2, &index, err)) ||
        (rc = need(file, "sketch.word", TENSOR_I16, s->count, SKETCH_WORDS, &word, err)) ||
        (rc = need(file, "sketch.rule", TENSOR_I16, s->count, RULES, &rule, err)))
        return rc;
    s->palette = palette->data;
    s->index = index->data;
    s->has = mem_zalloc(s->count * SKETCH_WORDS, sizeof *s->has);
    s->rule = mem_zalloc(s->count * RULES, sizeof *s->rule);
    s->weight = mem_zalloc((size_t)s->words, sizeof *s->weight);
    if (!s->has || !s->rule || !s->weight)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu sketches", s->count);
    rc = copy_words(word, 1 - s->words, s->words, s->has, err);
    return rc ? rc : copy_words(rule, 0, s->words, s->rule, err);
}

static void weigh_words(struct sketches *s)
{
    for (size_t i = 0; i < s->count * SKETCH_WORDS; i++)
        s->weight[abs(s->has[i])]++;
    s->weight[0] = 0;
    s->rare = logf(1 + (float)s->count / 0.5f);
    for (int i = 0; i < s->words; i++)
        if (s->weight[i] > 0)
            s->weight[i] = logf(1 + (float)s->count / s->weight[i]);
}

enum spr_code sketches_new(const char *const *word, int words, const struct safetensors *file,
                           struct sketches **ret, struct spr_error *err)
{
    *ret = NULL;
    if (!safetensors_find(file, "sketch.palette"))
        return SPR_OK;
    struct sketches *s = mem_zalloc(1, sizeof *s);
    if (!s)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for sketches");
    s->word = word;
    s->words = words;
    enum spr_code rc = read_tensors(s, file, err);
    if (rc) {
        sketches_free(s);
        return rc;
    }
    weigh_words(s);
    *ret = s;
    return SPR_OK;
}

void sketches_free(struct sketches *s)
{
    if (!s)
        return;
    mem_free(s->weight);
    mem_free(s->rule);
    mem_free(s->has);
    mem_free(s);
}

size_t sketches_count(const struct sketches *s)
{
    return s ? s->count : 0;
}

static const struct tint *tint_of(const struct sketches *s, int id)
{
    for (size_t i = 0; i < SPR_COUNT(tints); i++)
        if (strcmp(tints[i].word, s->word[id]) == 0)
            return &tints[i];
    return NULL;
}

/* 1 if the sketch is named so, kind_of if it is a kind of that, else 0. */
static float has(const struct sketches *s, size_t at, int id)
{
    for (int i = 0; i < SKETCH_WORDS; i++) {
        int word = s->has[at * SKETCH_WORDS + (size_t)i];
        if (word == id)
            return 1;
        if (word == -id)
            return kind_of;
    }
    return 0;
}

static bool asked(const struct reading *r, int id)
{
    for (int i = 0; i < r->count; i++)
        if (r->word[i].id == id)
            return true;
    return false;
}

/* Whether it has a colour that the reading asks for. */
static bool has_colour(const struct sketches *s, size_t at, const struct reading *r)
{
    for (int i = 0; i < r->count; i++)
        if (tint_of(s, r->word[i].id) && has(s, at, r->word[i].id) > 0)
            return true;
    return false;
}

static bool counts(const struct sketches *s, const struct reading_word *w)
{
    return w->why != READING_CATEGORY && !tint_of(s, w->id);
}

static float weight_of(const struct sketches *s, const struct reading_word *w)
{
    return w->weight * (s->weight[w->id] > 0 ? s->weight[w->id] : s->rare) * (w->head ? head_times : 1);
}

static bool has_category(const struct reading *r)
{
    for (int i = 0; i < r->count; i++)
        if (r->word[i].why == READING_CATEGORY)
            return true;
    return false;
}

/* How well a sketch fits; 0 where it does not. all: the weight of the reading's words. */
static float score(const struct sketches *s, size_t at, const struct reading *r, float all)
{
    float matched = 0, extra = 0, least = fit_least;
    int must = s->rule[at * RULES + MUST_HAVE], category = s->rule[at * RULES + CATEGORY];
    if ((must && !asked(r, must)) || (category && has_category(r) && !asked(r, category)))
        return 0;
    for (int i = 0; i < r->count; i++)
        if (counts(s, &r->word[i]) && has(s, at, r->word[i].id) > 0) {
            matched += has(s, at, r->word[i].id) * weight_of(s, &r->word[i]);
            least = r->word[i].head ? head_least : least;
        }
    for (int i = 0; i < SKETCH_WORDS; i++) {
        int id = s->has[at * SKETCH_WORDS + (size_t)i];
        if (id > 0 && !asked(r, id) && !tint_of(s, id))
            extra += s->weight[id];
    }
    if (matched <= least * all)
        return 0;
    return (matched - unasked * extra) * (has_colour(s, at, r) ? in_colour : 1);
}

static void insert(struct sketch_choice *c, float scores[SKETCH_CHOICES], int at, float value)
{
    int i = c->count < SKETCH_CHOICES ? c->count++ : SKETCH_CHOICES;
    while (i > 0 && scores[i - 1] < value) { /* of equal ones the first stays first */
        if (i < SKETCH_CHOICES) {
            scores[i] = scores[i - 1];
            c->at[i] = c->at[i - 1];
        }
        i--;
    }
    if (i < SKETCH_CHOICES) {
        scores[i] = value;
        c->at[i] = at;
    }
}

void sketches_choose(const struct sketches *s, const struct reading *r, struct sketch_choice *ret)
{
    float all = 0, scores[SKETCH_CHOICES];
    struct sketch_choice c = { 0 };
    for (int i = 0; i < r->count; i++)
        all += counts(s, &r->word[i]) ? weight_of(s, &r->word[i]) : 0;
    for (size_t i = 0; i < s->count && all > 0; i++) {
        float fit = score(s, i, r, all);
        if (fit > 0)
            insert(&c, scores, (int)i, fit);
    }
    int good = 0;
    const bool coloured = c.count && has_colour(s, (size_t)c.at[0], r);
    c.style = c.count ? s->rule[c.at[0] * RULES + STYLE] : 0;
    for (int i = 0; i < c.count; i++)
        if (scores[i] >= near_best * scores[0] && s->rule[c.at[i] * RULES + STYLE] == c.style &&
            (!coloured || has_colour(s, (size_t)c.at[i], r)))
            c.at[good++] = c.at[i];
    c.count = good;
    *ret = c;
}

static struct rgba turn(struct rgba p, const struct tint *t)
{
    struct oklab c = oklab_from(p);
    float chroma = fmaxf(t->chroma, t->chroma > 0.05f ? 0.8f * sqrtf(c.a * c.a + c.b * c.b) : 0);
    chroma *= fminf(1, 2.5f * c.L); /* the darkest lines stay dark, not coloured */
    c.L = c.L * t->times + t->plus * fminf(1, 2 * c.L);
    c.a = t->a * chroma;
    c.b = t->b * chroma;
    return oklab_to(c);
}

int sketches_draw(const struct sketches *s, const struct sketch_choice *choice, const struct reading *r,
                  uint64_t seed, struct rgba *pixel)
{
    const struct random chance = { seed, STREAM_SKETCH };
    assert(choice->count > 0);
    const int at = choice->at[random_below(chance, 0, (uint32_t)choice->count)];
    const uint8_t *index = s->index + (size_t)at * (PIXELS / 2);
    const uint8_t *palette = s->palette + (size_t)at * SKETCH_COLOURS * 4;
    const bool mirror = s->rule[at * RULES + MIRROR] && random_below(chance, 1, 2);
    const struct tint *tint = NULL;
    struct rgba colour[SKETCH_COLOURS];
    for (int i = 0; i < r->count && !tint; i++)
        if (!(has(s, (size_t)at, r->word[i].id) > 0))
            tint = tint_of(s, r->word[i].id);
    for (int i = 0; i < SKETCH_COLOURS; i++) {
        memcpy(&colour[i], palette + (size_t)i * 4, sizeof colour[i]);
        if (tint && colour[i].a)
            colour[i] = turn(colour[i], tint);
    }
    for (int y = 0; y < SKETCH_SIDE; y++)
        for (int x = 0; x < SKETCH_SIDE; x++) {
            int from = y * SKETCH_SIDE + (mirror ? SKETCH_SIDE - 1 - x : x);
            pixel[y * SKETCH_SIDE + x] = colour[index[from / 2] >> (from % 2 * 4) & 15];
        }
    return at;
}
