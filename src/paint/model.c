/* Loading checks every tensor against the layout before it allocates the flat vector, so that a small hostile file
 * cannot ask for much memory. Turning a tensor from file order (out, in, k, k) into memory order (k, k, in, out) is
 * the transposition of a matrix (out, in * k * k) whose columns are renumbered; it goes over BAND rows at a time, so
 * that what is read and written lies close together. */
#include "paint/model.h"

#include "base/mem.h"
#include "base/str.h"
#include "nn/half.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { BAND = 16, WORDS_BYTES_MAX = 64 << 20, STANDARD_NOTES = 3, SIZE_DEFAULT = 32 };

static size_t inputs(const struct unet_entry *e)
{
    if (e->kind == UNET_CONV)
        return (size_t)e->in * (size_t)e->kernel * (size_t)e->kernel;
    return e->kind == UNET_LINEAR ? (size_t)e->in : 1;
}

static bool is_transposed(const struct unet_entry *e)
{
    return e->kind == UNET_CONV || e->kind == UNET_LINEAR;
}

/* The column of memory order for column i = (in, ky, kx) of file order. */
static size_t column_of(const struct unet_entry *e, size_t i)
{
    size_t taps = (size_t)e->kernel * (size_t)e->kernel;
    return e->kind == UNET_CONV ? i % taps * (size_t)e->in + i / taps : i;
}

static int file_shape(const struct unet_entry *e, size_t shape[SAFETENSORS_RANK_MAX])
{
    const size_t conv[4] = { (size_t)e->out, (size_t)e->in, (size_t)e->kernel, (size_t)e->kernel };
    memcpy(shape, conv, sizeof conv);
    return e->kind == UNET_CONV ? 4 : e->kind == UNET_VECTOR ? 1 : 2;
}

/* Writes the tensor at its place in the flat vector. band: BAND * inputs(e) floats. */
static void read_entry(const struct unet_entry *e, const struct tensor *t, float *band, float *params)
{
    float *to = params + e->offset;
    if (!is_transposed(e)) {
        tensor_floats(t, 0, e->count, to);
        return;
    }
    size_t out = (size_t)e->out, columns = inputs(e);
    for (size_t first = 0; first < out; first += BAND) {
        size_t rows = out - first < BAND ? out - first : BAND;
        tensor_floats(t, first * columns, rows * columns, band);
        for (size_t i = 0; i < columns; i++) {
            float *line = to + column_of(e, i) * out + first;
            for (size_t r = 0; r < rows; r++)
                line[r] = band[r * columns + i];
        }
    }
}

/* The other way: from the flat vector to file order. */
static void write_entry(const struct unet_entry *e, const float *params, float *to)
{
    const float *from = params + e->offset;
    if (!is_transposed(e)) {
        memcpy(to, from, e->count * sizeof *to);
        return;
    }
    size_t out = (size_t)e->out, columns = inputs(e);
    for (size_t first = 0; first < out; first += BAND)
        for (size_t i = 0; i < columns; i++) {
            const float *line = from + column_of(e, i) * out;
            for (size_t r = first; r < out && r < first + BAND; r++)
                to[r * columns + i] = line[r];
        }
}

static const struct {
    const char *key;
    int numbers; /* 1, or how many there are in a list */
    size_t offset;
} config_rows[] = {
    { "vocab", 1, offsetof(struct unet_config, vocab) },
    { "ch", UNET_LEVELS, offsetof(struct unet_config, channels) },
    { "nb", UNET_LEVELS, offsetof(struct unet_config, blocks) },
    { "ed", 1, offsetof(struct unet_config, cond) },
    { "td", 1, offsetof(struct unet_config, text) },
    { "g", 1, offsetof(struct unet_config, group) },
    { "heads", 1, offsetof(struct unet_config, heads) },
    { "maxw", 1, offsetof(struct unet_config, words_max) },
    { "mid", 1, offsetof(struct unet_config, mid) },
};

static bool read_int(const json_t *value, int *ret)
{
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || n > 1 << 30)
        return false;
    *ret = (int)n;
    return true;
}

static enum spr_code read_config_row(size_t row, const json_t *value, struct unet_config *ret,
                                     struct spr_error *err)
{
    const char *key = config_rows[row].key;
    int numbers = config_rows[row].numbers, *to = (int *)(void *)((char *)ret + config_rows[row].offset);
    if (!value)
        return SPR_FAIL(err, SPR_BADDATA, "config: \"%s\" is missing", key);
    if (numbers == 1 && !read_int(value, to))
        return SPR_FAIL(err, SPR_BADDATA, "config: \"%s\" must be a whole number from 0", key);
    for (int i = 0; i < numbers && numbers > 1; i++)
        if (json_array_size(value) != (size_t)numbers || !read_int(json_array_get(value, (size_t)i), to + i))
            return SPR_FAIL(err, SPR_BADDATA, "config: \"%s\" must be a list of %d whole numbers from 0", key,
                            numbers);
    return SPR_OK;
}

static enum spr_code read_config_object(const json_t *config, struct unet_config *ret, struct spr_error *err)
{
    if (!json_is_object(config))
        return SPR_FAIL(err, SPR_BADDATA, "config is not a JSON object");
    size_t found = 0;
    for (size_t i = 0; i < SPR_COUNT(config_rows); i++) {
        const json_t *value = json_object_get(config, config_rows[i].key);
        enum spr_code rc = read_config_row(i, value, ret, err);
        if (rc)
            return rc;
        found++;
    }
    if (json_object_size(config) != found)
        return SPR_FAIL(err, SPR_UNSUPPORTED,
                        "config has %zu keys; this program knows %zu, so it is of a newer kind",
                        json_object_size(config), found);
    return SPR_OK;
}

/* The "config" note: {"vocab":1614,"ch":[32,64,160],"nb":[1,1,2],"ed":256,...}. Whether a network can be so is
 * unet_layout_init's to say. */
static enum spr_code config_read(const char *json, struct unet_config *ret, struct spr_error *err)
{
    struct unet_config config = { 0 };
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    enum spr_code rc = read_config_object(root, &config, err);
    json_decref(root);
    if (!rc)
        *ret = config;
    return rc;
}

static enum spr_code config_write(const struct unet_config *config, struct buf *into, struct spr_error *err)
{
    size_t before = into->length;
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; i < SPR_COUNT(config_rows) && !rc; i++) {
        const int *from = (const int *)(const void *)((const char *)config + config_rows[i].offset);
        rc = buf_addf(into, err, "%s\"%s\":", i ? "," : "{", config_rows[i].key);
        if (!rc && config_rows[i].numbers == 1)
            rc = buf_addf(into, err, "%d", from[0]);
        for (int j = 0; j < config_rows[i].numbers && config_rows[i].numbers > 1 && !rc; j++)
            rc = buf_addf(into, err, "%s%d%s", j ? "," : "[", from[j],
                          j + 1 == config_rows[i].numbers ? "]" : "");
    }
    if (!rc)
        rc = buf_addf(into, err, "}");
    if (rc && into->data) {
        into->length = before;
        into->data[before] = '\0';
    }
    return rc;
}

/* Copies the words into one block behind their pointers. */
static enum spr_code read_words(struct model *m, const json_t *list, struct spr_error *err)
{
    size_t count = json_array_size(list), bytes = 0, vocab = (size_t)m->layout.config.vocab;
    if (!json_is_array(list) || count != vocab)
        return SPR_FAIL(err, SPR_BADDATA,
                        "vocab must be a JSON list of %zu words, as config says; it has %zu", vocab, count);
    for (size_t i = 0; i < count; i++) {
        const char *word = json_string_value(json_array_get(list, i));
        if (!word || !*word || strlen(word) >= MODEL_WORD_BYTES)
            return SPR_FAIL(err, SPR_BADDATA, "vocab: number %zu is not a word of 1 to %d bytes", i,
                            MODEL_WORD_BYTES - 1);
        bytes += strlen(word) + 1;
    }
    char *text = mem_zalloc(1, count * sizeof *m->word + bytes);
    if (!text)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu words", count);
    m->own = text;
    m->word = (const char **)(void *)text;
    text += count * sizeof *m->word;
    for (size_t i = 0; i < count; i++) {
        const char *word = json_string_value(json_array_get(list, i));
        size_t length = strlen(word) + 1;
        memcpy(text, word, length);
        m->word[i] = text;
        text += length;
    }
    return SPR_OK;
}

static enum spr_code need_note(const struct model *m, const char *key, const char **ret,
                               struct spr_error *err)
{
    const char *note = safetensors_note(m->file, key);
    if (!note)
        return SPR_FAIL(err, SPR_BADDATA, "has no \"%s\" in its metadata; it is not a model of this program",
                        key);
    *ret = note;
    return SPR_OK;
}

static enum spr_code read_papers(struct model *m, struct spr_error *err)
{
    const char *format = "", *config = "", *vocab = "";
    enum spr_code rc = need_note(m, "format", &format, err);
    if (!rc && strcmp(format, MODEL_FORMAT) != 0)
        rc = SPR_FAIL(err, SPR_UNSUPPORTED, "format is \"%.40s\"; this program reads " MODEL_FORMAT, format);
    if (!rc)
        rc = need_note(m, "config", &config, err);
    if (!rc)
        rc = need_note(m, "vocab", &vocab, err);
    struct unet_config c;
    if (!rc)
        rc = config_read(config, &c, err);
    if (!rc)
        rc = unet_layout_init(&m->layout, &c, err);
    if (rc)
        return rc;
    json_t *list = json_loads(vocab, 0, NULL);
    rc = read_words(m, list, err);
    json_decref(list);
    const char *samples = safetensors_note(m->file, "samples_seen"),
               *size = safetensors_note(m->file, "size");
    uint64_t pixels = SIZE_DEFAULT;
    if (!rc && samples && !str_to_u64(samples, &m->samples_seen))
        rc = SPR_FAIL(err, SPR_BADDATA, "samples_seen is \"%.40s\"; a whole number is needed", samples);
    if (!rc && size && (!str_to_u64(size, &pixels) || pixels < 8 || pixels > 128 || pixels % 4))
        rc = SPR_FAIL(err, SPR_BADDATA, "size is \"%.40s\"; a multiple of 4 from 8 to 128 is needed", size);
    m->size = (int)pixels;
    return rc;
}

static enum spr_code check_entry(const struct unet_entry *e, const struct tensor *t, struct spr_error *err)
{
    size_t shape[SAFETENSORS_RANK_MAX] = { 0 };
    int rank = file_shape(e, shape);
    if (!t)
        return SPR_FAIL(err, SPR_BADDATA, "tensor \"%s\" is missing", e->name);
    if (!tensor_type_is_float(t->type))
        return SPR_FAIL(err, SPR_BADDATA, "tensor \"%s\" is %s; F32, F16 or BF16 is needed", e->name,
                        tensor_type_name(t->type));
    if (t->rank != rank || memcmp(t->shape, shape, (size_t)rank * sizeof *shape) != 0) {
        char is[96], should[96];
        tensor_shape_text(t->rank, t->shape, is, sizeof is);
        tensor_shape_text(rank, shape, should, sizeof should);
        return SPR_FAIL(err, SPR_BADDATA, "tensor \"%s\" is %s; the configuration needs %s", e->name, is,
                        should);
    }
    return SPR_OK;
}

static bool is_beside(const struct tensor *t) /* paint/lexicon.h and paint/sketch.h check their own */
{
    return strncmp(t->name, "lexicon.", 8) == 0 || strncmp(t->name, "sketch.", 7) == 0;
}

static enum spr_code check_tensors(const struct model *m, struct spr_error *err)
{
    for (size_t i = 0; i < m->layout.entries; i++) {
        const struct unet_entry *e = &m->layout.entry[i];
        enum spr_code rc = check_entry(e, safetensors_find(m->file, e->name), err);
        if (rc)
            return rc;
    }
    for (size_t i = 0; i < safetensors_count(m->file); i++) {
        const struct tensor *t = safetensors_at(m->file, i);
        if (!is_beside(t) && !unet_layout_find(&m->layout, t->name))
            return SPR_FAIL(err, SPR_BADDATA, "tensor \"%.60s\" has no place in this network", t->name);
    }
    return SPR_OK;
}

/* Whether all numbers are finite and at most `limit` in size. The loop without an exit is the fast one. */
static bool all_within(const float *value, size_t count, float limit)
{
    int bad = 0;
    for (size_t i = 0; i < count; i++)
        bad |= !(fabsf(value[i]) <= limit);
    return !bad;
}

static enum spr_code check_numbers(const struct unet_entry *e, const float *params, float limit,
                                   struct spr_error *err)
{
    const float *value = params + e->offset;
    if (all_within(value, e->count, limit))
        return SPR_OK;
    size_t i = 0;
    while (fabsf(value[i]) <= limit)
        i++;
    return SPR_FAIL(err, SPR_BADDATA, "tensor \"%s\" holds %g; numbers up to %g are possible", e->name,
                    (double)value[i], (double)limit);
}

static enum spr_code read_numbers(struct model *m, struct spr_error *err)
{
    size_t band_floats = 0;
    for (size_t i = 0; i < m->layout.entries; i++)
        if (inputs(&m->layout.entry[i]) > band_floats)
            band_floats = inputs(&m->layout.entry[i]);
    float *band = mem_aligned(band_floats * BAND, sizeof *band);
    m->params = mem_aligned(m->layout.floats, sizeof *m->params);
    enum spr_code rc = SPR_OK;
    if (!band || !m->params) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for %zu parameters", m->layout.floats);
    } else {
        for (size_t i = 0; i < m->layout.entries && !rc; i++) {
            const struct unet_entry *e = &m->layout.entry[i];
            const struct tensor *t = safetensors_find(m->file, e->name);
            read_entry(e, t, band, m->params);
            rc = check_numbers(e, m->params, FLT_MAX, err);
            m->type = t->type;
        }
    }
    mem_free(band);
    return rc;
}

/* "/a/b/knights.safetensors" -> "knights" */
static void name_from(const char *path, char name[MODEL_NAME_BYTES])
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    size_t length = dot && dot > base ? (size_t)(dot - base) : strlen(base);
    if (length >= MODEL_NAME_BYTES)
        length = MODEL_NAME_BYTES - 1;
    memcpy(name, base, length);
    name[length] = '\0';
}

enum spr_code model_load(const char *path, struct model **ret, struct spr_error *err)
{
    struct safetensors *file = NULL;
    enum spr_code rc = safetensors_open(path, &file, err);
    if (rc)
        return rc;
    struct model *m = mem_zalloc(1, sizeof *m);
    if (!m) {
        safetensors_close(file);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a model");
    }
    m->file = file;
    name_from(path, m->name);
    rc = read_papers(m, err);
    if (!rc)
        rc = check_tensors(m, err);
    if (!rc)
        rc = read_numbers(m, err);
    if (rc) {
        model_free(m);
        spr_prefix(err, "%.200s", path);
        return rc;
    }
    *ret = m;
    return SPR_OK;
}

void model_free(struct model *m)
{
    if (!m)
        return;
    mem_free(m->params);
    mem_free(m->own);
    unet_layout_fini(&m->layout);
    safetensors_close((struct safetensors *)m->file);
    mem_free(m);
}

void model_trim(struct model *m)
{
    safetensors_trim((struct safetensors *)m->file, is_beside);
}

int model_word(const struct model *m, const char *word)
{
    for (int i = 1; i < m->layout.config.vocab; i++)
        if (strcmp(m->word[i], word) == 0)
            return i;
    return 0;
}

const char *model_note(const struct model *m, const char *key)
{
    return safetensors_note(m->file, key);
}

void model_sha256(const struct model *m, char ret[DIGEST_HEX_BYTES])
{
    struct file_bytes bytes = safetensors_bytes(m->file);
    digest_hex(bytes.data, bytes.size, ret);
}

static enum spr_code write_words(const char *const *word, int count, struct buf *into, struct spr_error *err)
{
    json_t *list = json_array();
    for (int i = 0; i < count && list; i++)
        if (json_array_append_new(list, json_string(word[i]))) {
            json_decref(list);
            return SPR_FAIL(err, SPR_BADDATA,
                            "word %d, \"%.40s\", cannot be written: not UTF-8, or no memory", i, word[i]);
        }
    char *json = list ? json_dumps(list, JSON_COMPACT) : NULL;
    enum spr_code rc = json ? buf_add(into, json, strlen(json), err)
                            : SPR_FAIL(err, SPR_NOMEM, "no memory to write %d words", count);
    free(json);
    json_decref(list);
    return rc;
}

/* Everything that model_save makes on the way. */
struct saving {
    struct buf config, vocab;
    struct note *note;
    struct tensor_source *tensor;
    size_t tensors;
    float *numbers; /* the flat vector in file order */
    void *grown[2]; /* tensors of the lexicon with rows for new words */
    size_t growns;
};

/* Of the tensors with a row for each word: zeroes for the new ones. */
static enum spr_code grow(struct saving *s, struct tensor_source *t, size_t words, struct spr_error *err)
{
    const size_t row = t->shape[1] * (t->raw_type == TENSOR_I16 ? 2 : 1);
    void *rows = s->growns < SPR_COUNT(s->grown) ? mem_zalloc(words, row) : NULL;
    if (!rows)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for the lexicon of %zu words", words);
    memcpy(rows, t->raw, t->shape[0] * row);
    s->grown[s->growns++] = rows;
    t->raw = rows;
    t->shape[0] = words;
    return SPR_OK;
}

static enum spr_code add_lexicon(struct saving *s, const struct safetensors *from, size_t words,
                                 struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; from && i < safetensors_count(from); i++) {
        const struct tensor *t = safetensors_at(from, i);
        if (!is_beside(t))
            continue;
        struct tensor_source *to = &s->tensor[s->tensors++];
        *to = (struct tensor_source){ .name = t->name, .rank = t->rank, .raw = t->data, .raw_type = t->type };
        memcpy(to->shape, t->shape, sizeof to->shape);
        bool by_word = strcmp(t->name, "lexicon.category") == 0 || strcmp(t->name, "lexicon.share") == 0;
        if (by_word && t->shape[0] < words && (rc = grow(s, to, words, err)))
            return rc;
    }
    return rc;
}

static enum spr_code prepare(struct saving *s, const struct model_content *c, struct spr_error *err)
{
    const struct unet_layout *l = c->layout;
    enum spr_code rc = config_write(&l->config, &s->config, err);
    if (!rc)
        rc = write_words(c->word, l->config.vocab, &s->vocab, err);
    if (rc)
        return rc;
    s->note = mem_zalloc(c->notes + STANDARD_NOTES, sizeof *s->note);
    s->tensor = mem_zalloc(l->entries + (c->lexicon ? safetensors_count(c->lexicon) : 0), sizeof *s->tensor);
    s->numbers = mem_aligned(l->floats, sizeof *s->numbers);
    if (!s->note || !s->tensor || !s->numbers)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to write %zu parameters", l->floats);
    s->note[0] = (struct note){ "format", MODEL_FORMAT };
    s->note[1] = (struct note){ "config", s->config.data };
    s->note[2] = (struct note){ "vocab", s->vocab.data };
    for (size_t i = 0; i < c->notes; i++)
        s->note[STANDARD_NOTES + i] = c->note[i];
    for (size_t i = 0; i < l->entries; i++) {
        const struct unet_entry *e = &l->entry[i];
        struct tensor_source *t = &s->tensor[i];
        t->name = e->name;
        t->rank = file_shape(e, t->shape);
        t->data = s->numbers + e->offset;
        write_entry(e, c->params, s->numbers + e->offset);
    }
    s->tensors = l->entries;
    return add_lexicon(s, c->lexicon, (size_t)l->config.vocab, err);
}

enum spr_code model_save(const char *path, const struct model_content *c, enum file_mode mode,
                         struct spr_error *err)
{
    struct saving s = { 0 };
    buf_init(&s.config, WORDS_BYTES_MAX);
    buf_init(&s.vocab, WORDS_BYTES_MAX);
    float limit = c->type == TENSOR_F16 ? HALF_MAX : FLT_MAX;
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; i < c->layout->entries && !rc; i++)
        rc = check_numbers(&c->layout->entry[i], c->params, limit, err);
    if (rc)
        spr_prefix(err, "cannot write %.200s", path);
    if (!rc)
        rc = prepare(&s, c, err);
    if (!rc) {
        struct safetensors_content file = { s.tensor, s.tensors, s.note, c->notes + STANDARD_NOTES, c->type };
        rc = safetensors_write(path, &file, mode, err);
    }
    for (size_t i = 0; i < s.growns; i++)
        mem_free(s.grown[i]);
    mem_free(s.numbers);
    mem_free(s.tensor);
    mem_free(s.note);
    buf_fini(&s.vocab);
    buf_fini(&s.config);
    return rc;
}
