#include "paint/text.h"

#include "nn/embed.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Where a vector of the text is in the flat vector. */
static size_t offset_of(const struct unet_layout *l, const char *name)
{
    const struct unet_entry *e = unet_layout_find(l, name);
    assert(e);
    return e->offset;
}

void text_encode(const struct unet_layout *l, const float *params, const struct reading *r, float *tokens,
                 float *pooled, struct unet_text *ret)
{
    size_t width = (size_t)l->config.text;
    const float *null = params + offset_of(l, "null"), *table = params + offset_of(l, "emb.weight");
    assert(r->count >= 0 && r->count <= READING_WORDS_MAX);
    memcpy(tokens, null, width * sizeof *tokens);
    memset(pooled, 0, width * sizeof *pooled);
    for (int w = 0; w < r->count; w++) {
        float *token = tokens + (size_t)(w + 1) * width;
        assert(r->word[w].id >= 1 && r->word[w].id < l->config.vocab);
        embed_row(table, width, r->word[w].id, r->word[w].weight, token);
        for (size_t i = 0; i < width; i++)
            pooled[i] += token[i];
    }
    if (r->count == 0)
        memcpy(pooled, null, width * sizeof *pooled);
    else
        for (size_t i = 0; i < width; i++)
            pooled[i] /= sqrtf((float)r->count);
    *ret = (struct unet_text){ .count = r->count + 1, .token = tokens, .pooled = pooled };
}

void text_encode_backward(const struct unet_layout *l, const struct reading *r, const float *dtokens,
                          const float *dpooled, float *grad)
{
    size_t width = (size_t)l->config.text;
    float *dnull = grad + offset_of(l, "null"), *dtable = grad + offset_of(l, "emb.weight");
    embed_row_backward(dtokens, width, 0, 1, dnull);
    if (r->count == 0)
        embed_row_backward(dpooled, width, 0, 1, dnull);
    for (int w = 0; w < r->count; w++) {
        int id = r->word[w].id;
        float weight = r->word[w].weight;
        embed_row_backward(dtokens + (size_t)(w + 1) * width, width, id, weight, dtable);
        embed_row_backward(dpooled, width, id, weight / sqrtf((float)r->count), dtable);
    }
}
