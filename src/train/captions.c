/* A line is parsed by jansson and copied into one block of text; the rows point into it. Since the block moves while
 * it grows, rows hold offsets (as if it began at address 0) until the whole file is read. */
#include "train/captions.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 28, ROWS_MAX = 1 << 22 };

static enum spr_code keep_text(struct buf *text, const json_t *value, const char **ret, struct spr_error *err)
{
    size_t at = text->length;
    enum spr_code rc = buf_add(text, json_string_value(value), json_string_length(value) + 1, err);
    if (rc == SPR_OK)
        *ret = (const char *)(uintptr_t)at;
    return rc;
}

static enum spr_code read_list(const json_t *o, const char *key, struct buf *text, const char **ret, int most,
                               int *ret_count, struct spr_error *err)
{
    const json_t *list = json_object_get(o, key);
    if (!json_is_array(list) || json_array_size(list) > (size_t)most)
        return SPR_FAIL(err, SPR_BADDATA, "\"%s\" is not a list of at most %d words", key, most);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *word = json_array_get(list, i);
        if (!json_is_string(word) || json_string_length(word) == 0)
            return SPR_FAIL(err, SPR_BADDATA, "\"%s\"[%zu] is not a word", key, i);
        enum spr_code rc = keep_text(text, word, &ret[i], err);
        if (rc)
            return rc;
    }
    *ret_count = (int)json_array_size(list);
    return SPR_OK;
}

static enum spr_code read_flag(const json_t *o, const char *key, bool *ret, struct spr_error *err)
{
    const json_t *value = json_object_get(o, key);
    if (!json_is_boolean(value))
        return SPR_FAIL(err, SPR_BADDATA, "\"%s\" is neither true nor false", key);
    *ret = json_is_true(value);
    return SPR_OK;
}

/* A path that stays below the data folder. */
static bool is_inside(const char *path)
{
    if (*path == '/' || *path == '\0')
        return false;
    for (const char *p = path; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == '\0'))
            return false;
    }
    return true;
}

static enum spr_code read_row(const json_t *o, struct buf *text, struct caption *ret, struct spr_error *err)
{
    struct caption c = { .colour = COLOUR_NONE };
    enum spr_code rc;
    const json_t *file = json_object_get(o, "file"), *colour = json_object_get(o, "colour");
    const json_t *weight = json_object_get(o, "weight");
    if (!json_is_string(file) || strlen(json_string_value(file)) != json_string_length(file) ||
        !is_inside(json_string_value(file)))
        return SPR_FAIL(err, SPR_BADDATA, "\"file\" is not a path below the folder of the captions");
    if (json_is_string(colour))
        c.colour = colour_named(json_string_value(colour));
    if (c.colour == COLOUR_NONE && !json_is_null(colour))
        return SPR_FAIL(err, SPR_BADDATA, "\"colour\" is neither null nor one of the %d colour words",
                        COLOUR_COUNT);
    c.weight = (float)json_number_value(weight);
    if (!(c.weight > 0 && c.weight <= 1e6f))
        return SPR_FAIL(err, SPR_BADDATA, "\"weight\" is not a number above 0 and up to 1000000");
    if ((rc = keep_text(text, file, &c.file, err)) ||
        (rc = read_list(o, "dir_words", text, c.dir_word, CAPTION_WORDS_MAX, &c.dir_words, err)) ||
        (rc = read_list(o, "file_words", text, c.file_word, CAPTION_WORDS_MAX, &c.file_words, err)) ||
        (rc = read_flag(o, "flip", &c.flip, err)) || (rc = read_flag(o, "hue", &c.hue, err)) ||
        (rc = read_flag(o, "keep", &c.keep, err)))
        return rc;
    if (json_object_get(o, "style_words"))
        rc = read_list(o, "style_words", text, c.style_word, CAPTION_STYLES_MAX, &c.style_words, err);
    if (rc == SPR_OK)
        *ret = c;
    return rc;
}

static enum spr_code add_row(struct captions *c, size_t *room, const struct caption *row,
                             struct spr_error *err)
{
    if (c->count == ROWS_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d captions", ROWS_MAX);
    if (c->count == *room) {
        size_t more = *room ? *room * 2 : 1024;
        struct caption *grown = mem_resize(c->row, more, sizeof *grown);
        if (!grown)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu captions", more);
        c->row = grown;
        *room = more;
    }
    c->row[c->count++] = *row;
    return SPR_OK;
}

static enum spr_code read_lines(const struct buf *in, struct captions *c, struct buf *text,
                                struct spr_error *err)
{
    size_t room = 0, number = 0;
    for (const char *line = in->data, *end = in->data + in->length; line < end; number++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)((stop ? stop : end) - line);
        json_error_t bad;
        struct caption row;
        enum spr_code rc;
        json_t *o = json_loadb(line, length, JSON_REJECT_DUPLICATES, &bad);
        if (o)
            rc = read_row(o, text, &row, err);
        else
            rc = SPR_FAIL(err, SPR_BADDATA, "%s", bad.text);
        json_decref(o);
        if (rc == SPR_OK)
            rc = add_row(c, &room, &row, err);
        if (rc) {
            spr_prefix(err, "line %zu", number + 1);
            return rc;
        }
        line += length + 1;
    }
    return SPR_OK;
}

static void to_pointers(struct captions *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct caption *row = &c->row[i];
        row->file = c->text + (uintptr_t)row->file;
        for (int w = 0; w < row->dir_words; w++)
            row->dir_word[w] = c->text + (uintptr_t)row->dir_word[w];
        for (int w = 0; w < row->file_words; w++)
            row->file_word[w] = c->text + (uintptr_t)row->file_word[w];
        for (int w = 0; w < row->style_words; w++)
            row->style_word[w] = c->text + (uintptr_t)row->style_word[w];
    }
}

enum spr_code captions_read(const char *path, struct captions *ret, struct spr_error *err)
{
    struct captions c = { 0 };
    struct buf in, text;
    buf_init(&in, FILE_BYTES_MAX);
    buf_init(&text, FILE_BYTES_MAX);
    enum spr_code rc = file_read(path, &in, err);
    if (rc == SPR_OK) {
        rc = read_lines(&in, &c, &text, err);
        if (rc == SPR_OK && c.count == 0)
            rc = SPR_FAIL(err, SPR_BADDATA, "no captions in it");
        if (rc)
            spr_prefix(err, "%s", path);
    }
    if (rc == SPR_OK) {
        c.text = buf_detach(&text);
        to_pointers(&c);
        *ret = c;
    } else {
        captions_fini(&c);
    }
    buf_fini(&in);
    buf_fini(&text);
    return rc;
}

void captions_fini(struct captions *c)
{
    mem_free(c->row);
    mem_free(c->text);
    *c = (struct captions){ 0 };
}

bool caption_add_word(const char *list[CAPTION_WORDS_MAX], int *count, const char *word)
{
    for (int i = 0; i < *count; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    if (*count == CAPTION_WORDS_MAX)
        return false;
    list[(*count)++] = word;
    return true;
}

static json_t *list_of(const char *const *words, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(list, json_string(words[i]));
    return list;
}

enum spr_code caption_write(const struct caption *c, struct buf *into, struct spr_error *err)
{
    json_t *o = json_pack("{ss so so ss? sf sb sb sb}", "file", c->file, "dir_words",
                          list_of(c->dir_word, c->dir_words), "file_words",
                          list_of(c->file_word, c->file_words), "colour", colour_name(c->colour), "weight",
                          (double)c->weight, "flip", c->flip, "hue", c->hue, "keep", c->keep);
    if (o && c->style_words)
        json_object_set_new(o, "style_words", list_of(c->style_word, c->style_words));
    char *text = o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(3)) : NULL;
    enum spr_code rc =
        text ? buf_addf(into, err, "%s\n", text) : SPR_FAIL(err, SPR_NOMEM, "no memory for a caption");
    free(text);
    json_decref(o);
    return rc;
}

/* One word of one tile, for counting. */
struct seen {
    const char *word;
    bool keep;
};

static int by_word(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    return strcmp(x->word, y->word);
}

static size_t collect(const struct captions *c, struct seen *seen)
{
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct caption *row = &c->row[i];
        for (int w = 0; w < row->dir_words; w++)
            seen[n++] = (struct seen){ row->dir_word[w], false };
        for (int w = 0; w < row->file_words; w++)
            seen[n++] = (struct seen){ row->file_word[w], row->keep && strlen(row->file_word[w]) > 2 };
        for (int w = 0; w < row->style_words; w++)
            seen[n++] = (struct seen){ row->style_word[w], true };
    }
    return n;
}

static size_t count_words(const struct captions *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++)
        n += (size_t)(c->row[i].dir_words + c->row[i].file_words + c->row[i].style_words);
    return n;
}

enum spr_code captions_vocabulary(const struct captions *c, size_t count, struct vocabulary *ret,
                                  struct spr_error *err)
{
    size_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += count_words(&c[i]);
    struct seen *seen = mem_zalloc(all, sizeof *seen);
    struct vocabulary v = { .word = mem_zalloc(all + 1 + COLOUR_COUNT, sizeof *v.word) };
    if (!seen || !v.word) {
        mem_free(seen);
        vocabulary_fini(&v);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a vocabulary of %zu words", all);
    }
    v.word[v.count++] = "<pad>";
    for (int i = 0; i < COLOUR_COUNT; i++)
        v.word[v.count++] = colour_name((enum colour)i);
    for (size_t i = 0, n = 0; i < count; i++)
        n += collect(&c[i], seen + n);
    qsort(seen, all, sizeof *seen, by_word);
    for (size_t i = 0, end; i < all; i = end) {
        bool keep = false;
        for (end = i; end < all && strcmp(seen[end].word, seen[i].word) == 0; end++)
            keep = keep || seen[end].keep;
        if ((end - i >= 2 || keep) && colour_named(seen[i].word) == COLOUR_NONE)
            v.word[v.count++] = seen[i].word;
    }
    mem_free(seen);
    *ret = v;
    return SPR_OK;
}

void vocabulary_fini(struct vocabulary *v)
{
    mem_free(v->word);
    *v = (struct vocabulary){ 0 };
}

bool tile_place(const struct image *im, struct rgba ret[TILE_SIDE * TILE_SIDE])
{
    int visible = 0;
    if (im->width < 28 || im->width > TILE_SIDE || im->height < 24 || im->height > TILE_SIDE)
        return false;
    memset(ret, 0, sizeof *ret * TILE_SIDE * TILE_SIDE);
    int left = (TILE_SIDE - im->width) / 2, top = TILE_SIDE - im->height;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            struct rgba p = *image_at(im, x, y);
            ret[(top + y) * TILE_SIDE + left + x] = p;
            visible += p.a > 0;
        }
    return visible >= 20;
}
