/* For one sample and head, with L = N + words keys and d = C / heads, both products are linear layers whose weights
 * happen to be activations: scores (N, L) = q (N, d) K^T and out (N, d) = P (N, L) V. So they are packed and run by
 * nn/conv, and so are their gradients. Queries go in tiles, so that the scores of a large picture need little room;
 * the scores are worked out again going back. L is rounded up to whole vectors: keys and values there are zero, and
 * so are their weights after the softmax. */
#include "nn/attention.h"

#include "nn/clones.h"
#include "nn/conv.h"
#include "nn/exp.h"
#include "nn/kernels.h"
#include "nn/tiles.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { TILE = 64, LANES = 16 };

struct work {
    int d, L, padded; /* head width, keys, keys rounded up */
    float scale;
    float *q, *score, *o; /* (TILE, d), (TILE, padded), (TILE, d) */
    float *kt, *v;        /* (d, padded), (padded, d) */
    float *pack_kt, *pack_v;
    float *back_kt, *back_v; /* packed for the gradients of their inputs */
    float *dscore;           /* (TILE, padded) */
    float *dkt, *dv;         /* like kt, v */
    float *conv;
};

static int round_up(int n)
{
    return (n + LANES - 1) / LANES * LANES;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static struct conv_shape linear(int rows, int in, int out)
{
    return (struct conv_shape){ .batch = rows, .height = 1, .width = 1, .in = in, .out = out, .kernel = 1 };
}

/* Places the pieces from `base` on; NULL measures. Returns the floats taken. */
static size_t place(const struct attention_shape *s, int L, bool backward, float *base, struct work *w)
{
    int d = s->channels / s->heads, padded = round_up(L), rows = smaller(TILE, s->positions);
    size_t tile = (size_t)rows * (size_t)d, scores = (size_t)rows * (size_t)padded,
           keys = (size_t)padded * (size_t)d;
    struct conv_shape score = linear(rows, d, padded), value = linear(rows, padded, d);
    float **pieces[] = { &w->q,    &w->score,   &w->o,      &w->kt,     &w->v,   &w->pack_kt, &w->pack_v,
                         &w->conv, &w->back_kt, &w->back_v, &w->dscore, &w->dkt, &w->dv };
    const size_t sizes[] = { tile, scores, tile, keys, keys, conv_packed_floats(&score),
                             conv_packed_floats(&value),
                             larger(conv_scratch_floats(&score), conv_scratch_floats(&value)),
                             /* the gradients' */
                             conv_packed_backward_floats(&score), conv_packed_backward_floats(&value), scores,
                             keys, keys };
    size_t used = 0, count = backward ? sizeof sizes / sizeof *sizes : 8;
    for (size_t i = 0; i < count; i++) {
        *pieces[i] = base ? base + used : NULL;
        used += (sizes[i] + LANES - 1) / LANES * LANES;
    }
    w->d = d;
    w->L = L;
    w->padded = padded;
    w->scale = 1.0f / sqrtf((float)d);
    return used;
}

size_t attention_scratch_floats(const struct attention_shape *s, bool backward)
{
    struct work w;
    return place(s, s->positions + s->words_max, backward, NULL, &w);
}

/* One head of one sample: where its rows begin, and how far apart they are. */
struct head {
    const float *qkv, *tkv; /* the head's query in the first position; its key in the first word */
    size_t offset;          /* of the head in a row of C */
    size_t C, N;
};

static struct head head_of(const struct attention_shape *s, const struct attention_input *in, int sample,
                           size_t first_word, int j)
{
    size_t C = (size_t)s->channels, N = (size_t)s->positions, offset = (size_t)j * (C / (size_t)s->heads);
    return (struct head){ .qkv = in->qkv + (size_t)sample * N * 3 * C + offset,
                          .tkv = in->tkv + first_word * 2 * C + offset,
                          .offset = offset,
                          .C = C,
                          .N = N };
}

static void load_keys(const struct head *h, struct work *w)
{
    size_t d = (size_t)w->d, L = (size_t)w->L, P = (size_t)w->padded;
    memset(w->kt, 0, d * P * sizeof *w->kt);
    memset(w->v + L * d, 0, (P - L) * d * sizeof *w->v);
    for (size_t l = 0; l < L; l++) {
        const float *key = l < h->N ? h->qkv + l * 3 * h->C + h->C : h->tkv + (l - h->N) * 2 * h->C;
        memcpy(w->v + l * d, key + h->C, d * sizeof *key);
        for (size_t c = 0; c < d; c++)
            w->kt[c * P + l] = key[c];
    }
    struct conv_shape score = linear(1, w->d, w->padded);
    conv_pack(&score, w->kt, w->pack_kt);
}

/* rows rows of d floats, `step` apart, times factor, side by side. */
static void load_rows(const float *from, size_t step, int rows, size_t d, float factor, float *to)
{
    for (int r = 0; r < rows; r++)
        for (size_t c = 0; c < d; c++)
            to[(size_t)r * d + c] = factor * from[(size_t)r * step + c];
}

static void store_rows(const float *from, int rows, size_t d, float factor, size_t step, float *to)
{
    for (int r = 0; r < rows; r++)
        for (size_t c = 0; c < d; c++)
            to[(size_t)r * step + c] = factor * from[(size_t)r * d + c];
}

/* Softmax of each row's first L scores; zero in the rest. Lane l sums elements l, l + 16, ...; then lanes in order. */
NN_CLONES
static void softmax_plain(float *score, int rows, int L, int padded)
{
    for (int r = 0; r < rows; r++) {
        float *p = score + (size_t)r * (size_t)padded, top[LANES], lane[LANES] = { 0 }, most, sum = 0;
        for (int i = L; i < padded; i++)
            p[i] = p[0];
        for (int l = 0; l < LANES; l++)
            top[l] = p[l];
        for (int i = LANES; i < padded; i += LANES)
            for (int l = 0; l < LANES; l++)
                top[l] = top[l] > p[i + l] ? top[l] : p[i + l];
        most = top[0];
        for (int l = 1; l < LANES; l++)
            most = most > top[l] ? most : top[l];
        for (int i = 0; i < padded; i++)
            p[i] = exp_fixed(p[i] - most);
        for (int i = L; i < padded; i++)
            p[i] = 0;
        for (int i = 0; i < padded; i += LANES)
            for (int l = 0; l < LANES; l++)
                lane[l] += p[i + l];
        for (int l = 0; l < LANES; l++)
            sum += lane[l];
        float factor = 1.0f / sum;
        for (int i = 0; i < padded; i++)
            p[i] *= factor;
    }
}

static void softmax(float *score, int rows, int L, int padded)
{
    const struct pointwise *quick = nn_pointwise();
    if (quick)
        quick->softmax(score, (size_t)rows, (size_t)L, (size_t)padded);
    else
        softmax_plain(score, rows, L, padded);
}

/* dp becomes the gradient of the scores: p (dp - sum of p dp over the row). */
NN_CLONES
static void softmax_backward(const float *restrict p, int rows, int padded, float *restrict dp)
{
    for (int r = 0; r < rows; r++, p += padded, dp += padded) {
        float lane[LANES] = { 0 }, sum = 0;
        for (int i = 0; i < padded; i += LANES)
            for (int l = 0; l < LANES; l++)
                lane[l] += p[i + l] * dp[i + l];
        for (int l = 0; l < LANES; l++)
            sum += lane[l];
        for (int i = 0; i < padded; i++)
            dp[i] = p[i] * (dp[i] - sum);
    }
}

static void score_tile(const struct head *h, struct work *w, int first, int rows)
{
    struct conv_shape shape = linear(rows, w->d, w->padded);
    load_rows(h->qkv + (size_t)first * 3 * h->C, 3 * h->C, rows, (size_t)w->d, w->scale, w->q);
    conv_forward(&shape, w->q, w->pack_kt, NULL, NULL, w->score, w->conv);
    softmax(w->score, rows, w->L, w->padded);
}

void attention_forward(const struct attention_shape *s, const struct attention_input *in, float *out,
                       float *scratch)
{
    assert(s->channels % s->heads == 0);
    size_t C = (size_t)s->channels, first_word = 0;
    for (int i = 0; i < s->batch; i++) {
        assert(in->words[i] >= 0 && in->words[i] <= s->words_max);
        struct work w;
        place(s, s->positions + in->words[i], false, scratch, &w);
        for (int j = 0; j < s->heads; j++) {
            struct head h = head_of(s, in, i, first_word, j);
            load_keys(&h, &w);
            struct conv_shape value = linear(1, w.padded, w.d);
            conv_pack(&value, w.v, w.pack_v);
            for (int first = 0; first < s->positions; first += TILE) {
                int rows = smaller(TILE, s->positions - first);
                struct conv_shape shape = linear(rows, w.padded, w.d);
                score_tile(&h, &w, first, rows);
                conv_forward(&shape, w.score, w.pack_v, NULL, NULL, w.o, w.conv);
                size_t row = (size_t)i * h.N + (size_t)first;
                store_rows(w.o, rows, (size_t)w.d, 1, C, out + row * C + h.offset);
            }
        }
        first_word += (size_t)in->words[i];
    }
}

static void store_keys(const struct head *h, const struct work *w, float *dqkv, float *dtkv)
{
    size_t d = (size_t)w->d, P = (size_t)w->padded;
    for (size_t l = 0; l < (size_t)w->L; l++) {
        float *key = l < h->N ? dqkv + l * 3 * h->C + h->C : dtkv + (l - h->N) * 2 * h->C;
        memcpy(key + h->C, w->dv + l * d, d * sizeof *key);
        for (size_t c = 0; c < d; c++)
            key[c] = w->dkt[c * P + l];
    }
}

/* dqkv and dtkv are the head's first query and first word; dout its first output. */
static void backward_head(const struct head *h, struct work *w, const float *dout, float *dqkv, float *dtkv)
{
    size_t d = (size_t)w->d, keys = (size_t)w->padded * d;
    load_keys(h, w);
    struct conv_shape scores = linear(1, w->d, w->padded), values = linear(1, w->padded, w->d);
    conv_pack_backward(&scores, w->kt, w->back_kt);
    conv_pack_backward(&values, w->v, w->back_v);
    memset(w->dkt, 0, keys * sizeof(float));
    memset(w->dv, 0, keys * sizeof(float));
    for (int first = 0, N = (int)h->N; first < N; first += TILE) {
        int rows = smaller(TILE, N - first);
        struct conv_shape score = linear(rows, w->d, w->padded), value = linear(rows, w->padded, w->d);
        score_tile(h, w, first, rows);
        load_rows(dout + (size_t)first * h->C, h->C, rows, d, 1, w->o);
        conv_backward_weight(&value, w->score, w->o, w->dv, NULL, w->conv);
        conv_backward_input(&value, w->o, w->back_v, false, w->dscore, w->conv);
        softmax_backward(w->score, rows, w->padded, w->dscore);
        conv_backward_weight(&score, w->q, w->dscore, w->dkt, NULL, w->conv);
        conv_backward_input(&score, w->dscore, w->back_kt, false, w->q, w->conv);
        store_rows(w->q, rows, d, w->scale, 3 * h->C, dqkv + (size_t)first * 3 * h->C);
    }
    store_keys(h, w, dqkv, dtkv);
}

void attention_backward(const struct attention_shape *s, const struct attention_input *in, const float *dout,
                        float *dqkv, float *dtkv, float *scratch)
{
    size_t first_word = 0;
    for (int i = 0; i < s->batch; i++) {
        struct work w;
        place(s, s->positions + in->words[i], true, scratch, &w);
        for (int j = 0; j < s->heads; j++) {
            struct head h = head_of(s, in, i, first_word, j);
            size_t row = (size_t)i * h.N;
            backward_head(&h, &w, dout + row * h.C + h.offset, dqkv + row * 3 * h.C + h.offset,
                          dtkv + first_word * 2 * h.C + h.offset);
        }
        first_word += (size_t)in->words[i];
    }
}
