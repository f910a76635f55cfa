/* Two passes over the parameters in chunks that stay in a core's cache: add up the lanes and measure, then update.
 * The scale that clips is known only after the first, so they cannot be one. */
#include "train/optimizer.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { CHUNK_FLOATS = 16384 };

struct optimizer_chunk {
    size_t offset, count;
    double decay;  /* 0 for vectors */
    double square; /* sum of the squares of this step's gradient */
};

static enum spr_code check(const struct optimizer_options *o, struct spr_error *err)
{
    const struct {
        const char *name;
        double value, below;
    } rows[] = {
        { "beta1", o->beta1, 1 },        { "beta2", o->beta2, 1 }, { "epsilon", o->epsilon, 1 },
        { "weight decay", o->decay, 1 }, { "clip", o->clip, 1e9 }, { "average", o->average, 1 },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        if (!(rows[i].value >= 0 && rows[i].value < rows[i].below))
            return SPR_FAIL(err, SPR_BADARG, "%s %g is not at least 0 and below %g", rows[i].name,
                            rows[i].value, rows[i].below);
    return SPR_OK;
}

static size_t pieces(size_t count)
{
    return (count + CHUNK_FLOATS - 1) / CHUNK_FLOATS;
}

static void cut(struct optimizer *o, const struct unet_layout *layout)
{
    struct optimizer_chunk *c = o->chunk;
    for (size_t i = 0; i < layout->entries; i++) {
        const struct unet_entry *e = &layout->entry[i];
        for (size_t at = 0; at < e->count; at += CHUNK_FLOATS) {
            size_t left = e->count - at;
            *c++ = (struct optimizer_chunk){
                .offset = e->offset + at,
                .count = left < CHUNK_FLOATS ? left : CHUNK_FLOATS,
                .decay = e->kind == UNET_VECTOR ? 0 : o->options.decay,
            };
        }
    }
    assert(c == o->chunk + o->chunks);
}

enum spr_code optimizer_init(struct optimizer *o, const struct optimizer_options *options,
                             const struct unet_layout *layout, struct spr_error *err)
{
    *o = (struct optimizer){ .options = *options, .floats = layout->floats };
    enum spr_code rc = check(options, err);
    if (rc)
        return rc;
    size_t chunks = 0;
    for (size_t i = 0; i < layout->entries; i++)
        chunks += pieces(layout->entry[i].count);
    o->chunks = (int)chunks;
    o->chunk = mem_zalloc(chunks, sizeof *o->chunk);
    float **vectors[] = { &o->param, &o->average, &o->moment, &o->square };
    bool all = o->chunk != NULL;
    for (size_t i = 0; i < SPR_COUNT(vectors) && all; i++) {
        *vectors[i] = mem_aligned(o->floats, sizeof(float));
        all = *vectors[i] != NULL;
        if (all)
            memset(*vectors[i], 0, o->floats * sizeof(float));
    }
    if (!all) {
        optimizer_fini(o);
        return SPR_FAIL(err, SPR_NOMEM, "no memory to train %zu parameters", layout->floats);
    }
    cut(o, layout);
    return SPR_OK;
}

void optimizer_fini(struct optimizer *o)
{
    mem_free(o->square);
    mem_free(o->moment);
    mem_free(o->average);
    mem_free(o->param);
    mem_free(o->chunk);
    *o = (struct optimizer){ 0 };
}

/* What both passes read. */
struct step {
    struct optimizer *o;
    float *const *grad;
    int lanes;
    double scale;            /* of the gradient: the clip */
    double rate, keep;       /* keep: of the moving average */
    double unbias1, unbias2; /* 1 / (1 - beta^step) */
};

/* Sums the lanes into the first, clears the others, and sums the squares as four interleaved sums. */
static void gather(void *context, int index, int worker)
{
    (void)worker;
    struct step *s = context;
    struct optimizer_chunk *c = &s->o->chunk[index];
    float *restrict g = s->grad[0] + c->offset;
    for (int lane = 1; lane < s->lanes; lane++) {
        float *restrict from = s->grad[lane] + c->offset;
        for (size_t i = 0; i < c->count; i++)
            g[i] += from[i];
        memset(from, 0, c->count * sizeof *from);
    }
    double sum[4] = { 0 };
    size_t i = 0;
    for (; i + 4 <= c->count; i += 4)
        for (size_t j = 0; j < 4; j++)
            sum[j] += (double)g[i + j] * (double)g[i + j];
    for (; i < c->count; i++)
        sum[0] += (double)g[i] * (double)g[i];
    c->square = (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static void update(void *context, int index, int worker)
{
    (void)worker;
    const struct step *s = context;
    const struct optimizer *o = s->o;
    const struct optimizer_chunk *c = &o->chunk[index];
    float *restrict g = s->grad[0] + c->offset, *restrict p = o->param + c->offset;
    float *restrict m = o->moment + c->offset, *restrict v = o->square + c->offset;
    float *restrict a = o->average + c->offset;
    const float beta1 = (float)o->options.beta1, beta2 = (float)o->options.beta2;
    const float rest1 = (float)(1 - o->options.beta1), rest2 = (float)(1 - o->options.beta2);
    const float scale = (float)s->scale, shrink = (float)(1 - s->rate * c->decay);
    const float rate = (float)(s->rate * s->unbias1), root = (float)sqrt(s->unbias2);
    const float epsilon = (float)o->options.epsilon, blend = (float)(1 - s->keep);
    for (size_t i = 0; i < c->count; i++) {
        float grad = g[i] * scale;
        m[i] = beta1 * m[i] + rest1 * grad;
        v[i] = beta2 * v[i] + rest2 * grad * grad;
        p[i] = p[i] * shrink - rate * m[i] / (sqrtf(v[i]) * root + epsilon);
        a[i] += blend * (p[i] - a[i]);
    }
    memset(g, 0, c->count * sizeof *g);
}

/* The average of few values must forget its start quickly. */
static double keep_share(const struct optimizer *o)
{
    double early = (1 + (double)o->steps) / (10 + (double)o->steps);
    return early < o->options.average ? early : o->options.average;
}

enum spr_code optimizer_step(struct optimizer *o, float *const *grad, int lanes, double rate,
                             struct pool *pool, double *ret_norm, struct spr_error *err)
{
    struct step s = { .o = o, .grad = grad, .lanes = lanes, .rate = rate, .scale = 1 };
    pool_run(pool, o->chunks, gather, &s);
    double sum = 0;
    for (int i = 0; i < o->chunks; i++)
        sum += o->chunk[i].square;
    double norm = sqrt(sum);
    if (!isfinite(norm)) {
        memset(grad[0], 0, o->floats * sizeof *grad[0]);
        return SPR_FAIL(err, SPR_BADDATA,
                        "the gradient of step %llu is not finite: try a lower learning rate",
                        (unsigned long long)o->steps + 1);
    }
    if (o->options.clip > 0 && norm > o->options.clip)
        s.scale = o->options.clip / norm;
    o->steps++;
    s.keep = keep_share(o);
    s.unbias1 = 1 / (1 - pow(o->options.beta1, (double)o->steps));
    s.unbias2 = 1 / (1 - pow(o->options.beta2, (double)o->steps));
    pool_run(pool, o->chunks, update, &s);
    *ret_norm = norm;
    return SPR_OK;
}
