/* Memory is measured and placed by one walk, run twice (base/arena.h). An inference session keeps what is pushed until
 * it is popped, two buffers that the other layers' outputs take in turn, and one region that every layer uses afresh
 * for the rest. A training session keeps what backward reads; only what can be had again (a norm's output, which is
 * one pass over its input) and the gradients share. */
#include "paint/unet_session.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

int unet_positions(const struct unet_session *s, int level)
{
    return (s->o.height >> level) * (s->o.width >> level);
}

struct conv_shape unet_conv_shape(const struct unet_session *s, const struct unet_product *p, int n,
                                  int level)
{
    return (struct conv_shape){ .batch = n,
                                .height = s->o.height >> level,
                                .width = s->o.width >> level,
                                .in = p->in,
                                .out = p->out,
                                .kernel = p->kernel,
                                .wrap = s->o.wrap,
                                .precision = s->net->precision };
}

struct conv_shape unet_rows_shape(const struct unet_session *s, const struct unet_product *p, int rows)
{
    return (struct conv_shape){ .batch = rows,
                                .height = 1,
                                .width = 1,
                                .in = p->in,
                                .out = p->out,
                                .kernel = 1,
                                .precision = s->net->precision };
}

struct norm_shape unet_norm_shape(const struct unet_session *s, const struct unet_norm *p, int n, int level,
                                  bool silu)
{
    return (struct norm_shape){ .batch = n,
                                .positions = unet_positions(s, level),
                                .channels = p->channels,
                                .group = s->net->layout->config.group,
                                .silu = silu };
}

struct attention_shape unet_attention_shape(const struct unet_session *s, const struct unet_step *step, int n)
{
    return (struct attention_shape){ .batch = n,
                                     .positions = unet_positions(s, step->level),
                                     .channels = step->in,
                                     .heads = s->net->layout->config.heads,
                                     .words_max = UNET_TOKENS_MAX };
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Floats of a tensor of the whole batch. */
static size_t volume(const struct unet_session *s, int level, int channels)
{
    return (size_t)s->o.batch * (size_t)unet_positions(s, level) * (size_t)channels;
}

static size_t word_rows(const struct unet_session *s)
{
    return (size_t)s->o.batch * UNET_TOKENS_MAX;
}

static float *floats(struct unet_session *s, size_t count)
{
    return arena_floats(&s->memory, count);
}

static void place_cond(struct unet_session *s, struct unet_cond *c)
{
    size_t B = (size_t)s->o.batch, cond = (size_t)s->net->layout->config.cond;
    c->wave = floats(s, B * 2 * UNET_WAVES);
    c->t1 = floats(s, B * cond);
    c->t1s = floats(s, B * cond);
    c->pooled = floats(s, B * (size_t)s->net->layout->config.text);
    c->x1 = floats(s, B * cond);
    c->x1s = floats(s, B * cond);
    c->sum = floats(s, B * cond);
    c->e = floats(s, B * cond);
}

/* The most scratch of any of the layer's products, and of its attention. */
static size_t scratch_floats(const struct unet_session *s, const struct unet_layer *l)
{
    size_t most = 0;
    for (int i = 0; i < PRODUCTS; i++) {
        const struct unet_product *p = &l->product[i];
        if (!p->kernel)
            continue;
        struct conv_shape shape = unet_conv_shape(s, p, s->o.batch, l->step.level);
        if (l->step.kind == UNET_RES && i == PRODUCT_E)
            shape = unet_rows_shape(s, p, s->o.batch);
        if (l->step.kind == UNET_ATTN && i == PRODUCT_TKV)
            shape = unet_rows_shape(s, p, (int)word_rows(s));
        most = larger(most, conv_scratch_floats(&shape));
    }
    if (l->step.kind == UNET_ATTN) {
        struct attention_shape shape = unet_attention_shape(s, &l->step, s->o.batch);
        most = larger(most, attention_scratch_floats(&shape, s->o.training));
    }
    return most;
}

/* What backward reads. */
static void place_kept(struct unet_session *s, const struct unet_layer *l, struct unet_slot *t)
{
    const struct unet_step *step = &l->step;
    if (step->pop >= 0)
        t->in = floats(s, volume(s, step->level, step->in));
    if (step->kind == UNET_RES || step->kind == UNET_ATTN || step->kind == UNET_UP)
        t->hidden = floats(s, volume(s, step->level, step->out));
    if (step->kind == UNET_RES)
        t->adapt = floats(s, (size_t)s->o.batch * 2 * (size_t)step->out);
    if (step->kind == UNET_ATTN) {
        t->qkv = floats(s, volume(s, step->level, 3 * step->in));
        t->tkv = floats(s, word_rows(s) * 2 * (size_t)step->in);
    }
    for (int i = 0; i < NORMS; i++)
        if (l->norm[i].channels) {
            struct norm_shape shape = unet_norm_shape(s, &l->norm[i], s->o.batch, step->level, true);
            t->state[i] = floats(s, norm_state_floats(&shape));
        }
}

static void place_passing(struct unet_session *s, const struct unet_layer *l, struct unet_slot *t)
{
    const struct unet_step *step = &l->step;
    bool hidden = step->kind == UNET_RES || step->kind == UNET_ATTN || step->kind == UNET_UP;
    size_t normed = volume(s, step->level, step->in > step->out ? step->in : step->out);
    if (l->norm[0].channels)
        t->normed = floats(s, normed);
    t->scratch = floats(s, scratch_floats(s, l));
    if (!s->o.training)
        return;
    t->dnormed = floats(s, normed);
    if (hidden)
        t->dhidden = floats(s, volume(s, step->level, step->out));
    if (step->kind == UNET_RES)
        t->dadapt = floats(s, (size_t)s->o.batch * 2 * (size_t)step->out);
    if (step->kind == UNET_ATTN) {
        t->dqkv = floats(s, volume(s, step->level, 3 * step->in));
        t->dtkv = floats(s, word_rows(s) * 2 * (size_t)step->in);
    }
}

static size_t out_floats(const struct unet_session *s, const struct unet_layer *l)
{
    return volume(s, l->step.level_out, l->step.out);
}

/* What lives longer than one layer's run. */
static void place_common(struct unet_session *s)
{
    const struct unet *net = s->net;
    size_t turn = 0, dturn = 0;
    for (int i = 0; i < net->layers; i++) {
        const struct unet_layer *l = &net->layer[i];
        if (!l->step.push)
            turn = larger(turn, out_floats(s, l));
        dturn = larger(dturn, larger(volume(s, l->step.level, l->step.in), out_floats(s, l)));
    }
    size_t text = word_rows(s) * (size_t)net->layout->config.text;
    place_cond(s, &s->cond);
    s->tokens = floats(s, text);
    s->words = arena_take(&s->memory, (size_t)s->o.batch, sizeof *s->words);
    for (int i = 0; i < 2; i++)
        if (s->o.training)
            s->dturn[i] = floats(s, dturn);
        else
            s->turn[i] = floats(s, turn);
    if (s->o.training) {
        place_cond(s, &s->dcond);
        s->dtokens = floats(s, text);
        s->pixels = floats(s, volume(s, 0, UNET_IMAGE_CHANNELS));
    }
    size_t most = 0;
    for (size_t i = 0; i < SPR_COUNT(net->cond); i++) {
        struct conv_shape shape = unet_rows_shape(s, &net->cond[i], s->o.batch);
        most = larger(most, conv_scratch_floats(&shape));
    }
    s->scratch = floats(s, most);
}

static void place_outs(struct unet_session *s)
{
    for (int i = 0, turn = 0; i < s->net->layers - 1; i++) {
        const struct unet_layer *l = &s->net->layer[i];
        if (l->step.push || s->o.training)
            s->slot[i].out = floats(s, out_floats(s, l));
        else
            s->slot[i].out = s->turn[turn++ % 2];
        if (l->step.push && s->o.training)
            s->slot[i].dskip = floats(s, out_floats(s, l));
    }
}

static void place(struct unet_session *s)
{
    place_common(s);
    place_outs(s);
    for (int i = 0; i < s->net->layers; i++) {
        const struct unet_layer *l = &s->net->layer[i];
        struct unet_slot *t = &s->slot[i];
        size_t mark = arena_mark(&s->memory);
        place_kept(s, l, t);
        if (l->step.pop < 0)
            t->in = i > 0 ? s->slot[i - 1].out : s->pixels;
        if (s->o.training)
            mark = arena_mark(&s->memory);
        place_passing(s, l, t);
        arena_reset(&s->memory, mark);
    }
}

static enum spr_code check(const struct unet *net, const struct unet_session_options *o,
                           struct spr_error *err)
{
    if (o->width < 8 || o->width > 128 || o->width % 4 || o->height < 8 || o->height > 128 || o->height % 4)
        return SPR_FAIL(err, SPR_BADARG, "picture size %dx%d: multiples of 4 from 8 to 128 allowed", o->width,
                        o->height);
    if (o->batch < 1 || o->batch > UNET_BATCH_MAX)
        return SPR_FAIL(err, SPR_BADARG, "batch of %d pictures: 1..%d allowed", o->batch, UNET_BATCH_MAX);
    assert(net->training || !o->training);
    return SPR_OK;
}

enum spr_code unet_session_open(const struct unet *net, const struct unet_session_options *o,
                                struct unet_session **ret, struct spr_error *err)
{
    enum spr_code rc = check(net, o, err);
    if (rc)
        return rc;
    struct unet_session *s = mem_zalloc(1, sizeof *s);
    if (!s)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a session");
    s->net = net;
    s->o = *o;
    s->slot = mem_zalloc((size_t)net->layers, sizeof *s->slot);
    if (!s->slot) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a session of %d layers", net->layers);
        goto fail;
    }
    place(s);
    rc = arena_open(&s->memory, err);
    if (rc)
        goto fail;
    place(s);
    *ret = s;
    return SPR_OK;
fail:
    unet_session_close(s);
    return rc;
}

void unet_session_close(struct unet_session *s)
{
    if (!s)
        return;
    arena_close(&s->memory);
    mem_free(s->slot);
    mem_free(s);
}

size_t unet_session_bytes(const struct unet_session *s)
{
    return s->memory.size;
}

const float *unet_session_stage(const struct unet_session *s, const char *name, size_t *ret_count)
{
    if (!s->o.training || s->n == 0)
        return NULL;
    size_t n = (size_t)s->n;
    if (strcmp(name, "temb") == 0) {
        *ret_count = n * 2 * UNET_WAVES;
        return s->cond.wave;
    }
    if (strcmp(name, "e") == 0) {
        *ret_count = n * (size_t)s->net->layout->config.cond;
        return s->cond.e;
    }
    for (int i = 0; i < s->net->layers - 1; i++) {
        const struct unet_step *step = &s->net->layer[i].step;
        if (strcmp(step->name, name) == 0) {
            *ret_count = n * (size_t)unet_positions(s, step->level_out) * (size_t)step->out;
            return s->slot[i].out;
        }
    }
    return NULL;
}
