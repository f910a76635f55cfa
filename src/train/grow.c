#include "train/grow.h"

#include "base/mem.h"
#include "base/random.h"
#include "paint/text.h"

#include <string.h>

enum { STREAM_WORD = 0x776f7264 };
static const float alone = 0.5f;  /* deviation of a word without company, as at the start of a network */
static const float chance = 0.1f; /* of one with company */

/* The words of one tile, all kinds in one list. */
static int list_words(const struct caption *c, const char *list[3 * CAPTION_WORDS_MAX])
{
    int n = 0;
    for (int i = 0; i < c->dir_words; i++)
        list[n++] = c->dir_word[i];
    for (int i = 0; i < c->file_words; i++)
        list[n++] = c->file_word[i];
    for (int i = 0; i < c->style_words; i++)
        list[n++] = c->style_word[i];
    return n;
}

/* Adds the rows of the tile's known words to sum (text), once for the word; returns how many. */
static size_t add_company(const struct model *m, const float *table, const struct caption *c,
                          const char *word, size_t text, double *sum)
{
    const char *list[3 * CAPTION_WORDS_MAX];
    int n = list_words(c, list);
    bool has = false;
    size_t known = 0;
    for (int i = 0; i < n; i++)
        has = has || strcmp(list[i], word) == 0;
    for (int i = 0; has && i < n; i++) {
        int id = model_word(m, list[i]);
        for (size_t k = 0; id > 0 && k < text; k++)
            sum[k] += (double)table[(size_t)id * text + k];
        known += id > 0;
    }
    return known;
}

static uint64_t stream_of(const char *word)
{
    uint64_t h = STREAM_WORD;
    for (; *word; word++)
        h = random_mix(h ^ (unsigned char)*word);
    return h;
}

/* sum (text) is working memory. */
static void begin_row(const struct model *m, const struct captions *captions, size_t count, const char *word,
                      uint64_t seed, double *sum, float *row)
{
    const struct unet_entry *e = unet_layout_find(&m->layout, "emb.weight");
    const size_t text = (size_t)e->in;
    size_t known = 0;
    memset(sum, 0, text * sizeof *sum);
    for (size_t i = 0; i < count; i++)
        for (size_t t = 0; t < captions[i].count; t++)
            known += add_company(m, m->params + e->offset, &captions[i].row[t], word, text, sum);
    random_normals((struct random){ seed, stream_of(word) }, 0, text, row);
    for (size_t k = 0; k < text; k++)
        row[k] = known ? (float)(sum[k] / (double)known) + chance * row[k] : alone * row[k];
}

/* word[] has the vocabulary's room; returns how many it has. */
static size_t list_vocabulary(const struct model *m, const struct vocabulary *v, const char **word)
{
    size_t n = 0;
    for (; n < (size_t)m->layout.config.vocab; n++)
        word[n] = m->word[n];
    for (size_t i = 1; i < v->count; i++)
        if (model_word(m, v->word[i]) == 0)
            word[n++] = v->word[i];
    return n;
}

static enum spr_code fill(const struct model *m, const struct captions *captions, size_t count, uint64_t seed,
                          struct grown *g, struct spr_error *err)
{
    const struct unet_layout *l = &g->layout;
    const size_t text = (size_t)l->config.text, words = (size_t)l->config.vocab;
    double *sum = mem_zalloc(text, sizeof *sum);
    g->params = mem_aligned(l->floats, sizeof *g->params);
    if (!sum || !g->params) {
        mem_free(sum);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu parameters", l->floats);
    }
    for (size_t i = 0; i < l->entries; i++) {
        const struct unet_entry *to = &l->entry[i], *from = &m->layout.entry[i];
        memcpy(g->params + to->offset, m->params + from->offset, from->count * sizeof *g->params);
        for (size_t w = words - g->added; to->kind == UNET_EMBEDDING && w < words; w++)
            begin_row(m, captions, count, g->word[w], seed, sum, g->params + to->offset + w * text);
    }
    mem_free(sum);
    return SPR_OK;
}

enum spr_code grow_vocabulary(const struct model *m, const struct captions *captions, size_t count,
                              uint64_t seed, struct grown *ret, struct spr_error *err)
{
    struct grown g = { 0 };
    struct vocabulary v = { 0 };
    struct unet_config config = m->layout.config;
    enum spr_code rc = captions_vocabulary(captions, count, &v, err);
    if (rc == SPR_OK) {
        g.word = mem_zalloc((size_t)config.vocab + v.count, sizeof *g.word);
        if (!g.word)
            rc = SPR_FAIL(err, SPR_NOMEM, "no memory for %zu words", v.count);
    }
    if (rc == SPR_OK) {
        size_t words = list_vocabulary(m, &v, g.word);
        g.added = words - (size_t)config.vocab;
        config.vocab = (int)words;
        rc = unet_layout_init(&g.layout, &config, err);
    }
    if (rc == SPR_OK)
        rc = fill(m, captions, count, seed, &g, err);
    if (rc == SPR_OK)
        *ret = g;
    else
        grown_fini(&g);
    vocabulary_fini(&v);
    return rc;
}

void grown_fini(struct grown *g)
{
    mem_free(g->params);
    mem_free(g->word);
    unet_layout_fini(&g->layout);
    *g = (struct grown){ 0 };
}
