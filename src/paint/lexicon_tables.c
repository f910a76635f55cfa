#include "paint/lexicon_tables.h"

#include "base/mem.h"
#include "paint/lexicon.h"
#include "paint/words.h"
#include <string.h>

enum { WORDS_BYTES_MAX = 16 << 20 };

/* A tensor of the lexicon with its type and rank; the sizes are the caller's to compare. NULL where it is not so. */
static const struct tensor *need(const struct safetensors *file, const char *name, enum tensor_type type,
                                 int rank, struct spr_error *err)
{
    const struct tensor *t = safetensors_find(file, name);
    if (!t) {
        (void)SPR_FAIL(err, SPR_BADDATA, "the lexicon is incomplete: tensor %s is missing", name);
        return NULL;
    }
    if (t->type != type || t->rank != rank) {
        (void)SPR_FAIL(err, SPR_BADDATA, "%s is %s of rank %d; %s of rank %d is needed", name,
                       tensor_type_name(t->type), t->rank, tensor_type_name(type), rank);
        return NULL;
    }
    return t;
}

static enum spr_code need_matrix(const struct safetensors *file, const char *name, enum tensor_type type,
                                 size_t rows, size_t columns, const unsigned char **ret,
                                 struct spr_error *err)
{
    const struct tensor *t = need(file, name, type, 2, err);
    if (!t)
        return SPR_BADDATA;
    if (t->shape[0] != rows || t->shape[1] != columns)
        return SPR_FAIL(err, SPR_BADDATA, "%s is [%zu, %zu]; [%zu, %zu] is needed", name, t->shape[0],
                        t->shape[1], rows, columns);
    *ret = t->data;
    return SPR_OK;
}

/* Compares a word with the line that begins at `line`. */
static int compare(const char *word, const char *line, size_t line_length)
{
    size_t n = strlen(word);
    int order = memcmp(word, line, n < line_length ? n : line_length);
    return order ? order : (n > line_length) - (n < line_length);
}

/* Finds where each word begins, and that they are in order. */
static enum spr_code index_words(struct lexicon_tables *t, const struct tensor *words, struct spr_error *err)
{
    size_t bytes = words->count, lines = 0, at = 0;
    const char *text = (const char *)words->data;
    if (bytes > WORDS_BYTES_MAX)
        return SPR_FAIL(err, SPR_BADDATA, "lexicon.words has %zu bytes; at most %d are possible", bytes,
                        WORDS_BYTES_MAX);
    while (bytes > 0 && text[bytes - 1] == '\n')
        bytes--; /* the last word's line feed, and what fills up the tensor */
    if (bytes == words->count && bytes > 0)
        return SPR_FAIL(err, SPR_BADDATA, "lexicon.words does not end with a line feed");
    for (size_t i = 0; i < bytes; i++)
        lines += text[i] == '\n';
    lines += bytes > 0;
    t->begin = mem_zalloc(lines + 1, sizeof *t->begin);
    if (!t->begin)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a lexicon of %zu words", lines);
    for (size_t line = 0; line < lines; line++) {
        const char *end = memchr(text + at, '\n', words->count - at);
        size_t length = (size_t)(end - text) - at;
        if (length == 0 || length >= WORD_BYTES || memchr(text + at, '\0', length))
            return SPR_FAIL(err, SPR_BADDATA,
                            "lexicon.words: word %zu has %zu bytes, or a 0 byte; 1 to %d are possible", line,
                            length, WORD_BYTES - 1);
        t->begin[line] = (uint32_t)at;
        if (line > 0) {
            char word[WORD_BYTES];
            memcpy(word, text + at, length);
            word[length] = '\0';
            size_t before = t->begin[line - 1];
            if (compare(word, text + before, at - 1 - before) <= 0)
                return SPR_FAIL(err, SPR_BADDATA, "lexicon.words: word %zu is not in order", line);
        }
        at += length + 1;
    }
    t->begin[lines] = (uint32_t)at;
    t->count = lines;
    t->text = text;
    return SPR_OK;
}

static int index_at(const unsigned char *table, size_t i)
{
    return table[2 * i] | table[2 * i + 1] << 8;
}

static enum spr_code check_indices(const unsigned char *table, size_t count, int words, const char *name,
                                   struct spr_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (index_at(table, i) >= words)
            return SPR_FAIL(err, SPR_BADDATA, "%s: number %zu is %d; the vocabulary has %d words", name, i,
                            index_at(table, i), words);
    return SPR_OK;
}

static enum spr_code load(struct lexicon_tables *t, const struct safetensors *file, struct spr_error *err)
{
    const struct tensor *words = need(file, "lexicon.words", TENSOR_U8, 1, err);
    size_t v = (size_t)t->words;
    if (!words)
        return SPR_BADDATA;
    enum spr_code rc = index_words(t, words, err);
    if (rc || (rc = need_matrix(file, "lexicon.near", TENSOR_I16, t->count, LEXICON_NEAR, &t->near, err)) ||
        (rc = need_matrix(file, "lexicon.weight", TENSOR_U8, t->count, LEXICON_NEAR, &t->weight, err)) ||
        (rc = need_matrix(file, "lexicon.category", TENSOR_I16, v, LEXICON_CATEGORIES, &t->category, err)) ||
        (rc = need_matrix(file, "lexicon.share", TENSOR_U8, v, LEXICON_CATEGORIES, &t->share, err)))
        return rc;
    rc = check_indices(t->near, t->count * LEXICON_NEAR, t->words, "lexicon.near", err);
    return rc ? rc : check_indices(t->category, v * LEXICON_CATEGORIES, t->words, "lexicon.category", err);
}

enum spr_code lexicon_tables_init(struct lexicon_tables *ret, const struct safetensors *file, int words,
                                  struct spr_error *err)
{
    static const char *const names[] = { "lexicon.words", "lexicon.near", "lexicon.weight",
                                         "lexicon.category", "lexicon.share" };
    struct lexicon_tables t = { .words = words };
    bool any = false;
    for (size_t i = 0; i < SPR_COUNT(names); i++)
        any = any || safetensors_find(file, names[i]);
    enum spr_code rc = any ? load(&t, file, err) : SPR_OK;
    if (rc)
        lexicon_tables_fini(&t);
    else
        *ret = t;
    return rc;
}

void lexicon_tables_fini(struct lexicon_tables *t)
{
    mem_free(t->begin);
    *t = (struct lexicon_tables){ 0 };
}

bool lexicon_tables_near(const struct lexicon_tables *t, const char *word, struct lexicon_near *ret)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2, begin = t->begin[middle];
        int order = compare(word, t->text + begin, t->begin[middle + 1] - begin - 1);
        if (order == 0) {
            ret->count = 0;
            for (size_t i = middle * LEXICON_NEAR; i < (middle + 1) * LEXICON_NEAR; i++)
                if (index_at(t->near, i) > 0 && t->weight[i] > 0) {
                    ret->id[ret->count] = index_at(t->near, i);
                    ret->weight[ret->count++] = (float)t->weight[i] / 255;
                }
            return ret->count > 0;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

int lexicon_tables_categories(const struct lexicon_tables *t, int id,
                              struct lexicon_category ret[LEXICON_CATEGORIES])
{
    int count = 0;
    if (!t->category)
        return 0;
    size_t first = (size_t)id * LEXICON_CATEGORIES;
    for (size_t i = first; i < first + LEXICON_CATEGORIES; i++)
        if (index_at(t->category, i) > 0) {
            ret[count].id = index_at(t->category, i);
            ret[count++].share = (float)t->share[i] / 255;
        }
    return count;
}

bool lexicon_tables_has_category(const struct lexicon_tables *t, int id)
{
    struct lexicon_category unused[LEXICON_CATEGORIES];
    return lexicon_tables_categories(t, id, unused) > 0;
}
