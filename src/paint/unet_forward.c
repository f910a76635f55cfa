#include "nn/act.h"
#include "nn/embed.h"
#include "nn/reshape.h"
#include "paint/unet_session.h"

#include <assert.h>
#include <string.h>

/* y = product(x) + bias + add, over pictures of a level. */
static void run_conv(const struct unet_session *s, const struct unet_product *p, int level, const float *x,
                     const float *add, float *y, float *scratch)
{
    struct conv_shape shape = unet_conv_shape(s, p, s->n, level);
    conv_forward(&shape, x, p->packed, s->net->params + p->bias, add, y, scratch);
}

/* The same over rows of one vector each. */
static void run_rows(const struct unet_session *s, const struct unet_product *p, int rows, const float *x,
                     const float *add, float *y, float *scratch)
{
    struct conv_shape shape = unet_rows_shape(s, p, rows);
    conv_forward(&shape, x, p->packed, s->net->params + p->bias, add, y, scratch);
}

static void run_norm(const struct unet_session *s, const struct unet_norm *p, int level, bool silu,
                     const float *x, const float *adapt, float *state, float *y)
{
    struct norm_shape shape = unet_norm_shape(s, p, s->n, level, silu);
    struct norm_params params = { s->net->params + p->weight, s->net->params + p->bias, adapt };
    norm_forward(&shape, x, &params, state, y);
}

static void run_cond(struct unet_session *s, const float *t, const struct unet_text *text)
{
    const struct unet_product *p = s->net->cond;
    struct unet_cond *c = &s->cond;
    size_t width = (size_t)s->net->layout->config.text, count = (size_t)s->n * (size_t)p[PRODUCT_T1].out;
    s->rows = 0;
    for (int i = 0; i < s->n; i++) {
        assert(text[i].count >= 1 && text[i].count <= UNET_TOKENS_MAX);
        embed_time(t[i], UNET_WAVES, c->wave + (size_t)i * 2 * UNET_WAVES);
        memcpy(c->pooled + (size_t)i * width, text[i].pooled, width * sizeof *c->pooled);
        memcpy(s->tokens + (size_t)s->rows * width, text[i].token,
               (size_t)text[i].count * width * sizeof *s->tokens);
        s->words[i] = text[i].count;
        s->rows += text[i].count;
    }
    run_rows(s, &p[PRODUCT_T1], s->n, c->wave, NULL, c->t1, s->scratch);
    act_silu(c->t1, count, c->t1s);
    run_rows(s, &p[PRODUCT_T2], s->n, c->t1s, NULL, c->sum, s->scratch);
    run_rows(s, &p[PRODUCT_X1], s->n, c->pooled, NULL, c->x1, s->scratch);
    act_silu(c->x1, count, c->x1s);
    run_rows(s, &p[PRODUCT_X2], s->n, c->x1s, c->sum, c->sum, s->scratch);
    act_silu(c->sum, count, c->e);
}

static void run_res(struct unet_session *s, const struct unet_layer *l, struct unet_slot *t)
{
    const struct unet_product *p = l->product;
    int level = l->step.level;
    const float *skip = t->in;
    run_norm(s, &l->norm[NORM_1], level, true, t->in, NULL, t->state[NORM_1], t->normed);
    run_conv(s, &p[PRODUCT_C1], level, t->normed, NULL, t->hidden, t->scratch);
    run_rows(s, &p[PRODUCT_E], s->n, s->cond.e, NULL, t->adapt, t->scratch);
    run_norm(s, &l->norm[NORM_2], level, true, t->hidden, t->adapt, t->state[NORM_2], t->normed);
    if (p[PRODUCT_SKIP].kernel) {
        run_conv(s, &p[PRODUCT_SKIP], level, t->in, NULL, t->out, t->scratch);
        skip = t->out;
    }
    run_conv(s, &p[PRODUCT_C2], level, t->normed, skip, t->out, t->scratch);
}

static void run_attn(struct unet_session *s, const struct unet_layer *l, struct unet_slot *t)
{
    const struct unet_product *p = l->product;
    int level = l->step.level;
    struct attention_shape shape = unet_attention_shape(s, &l->step, s->n);
    struct attention_input in = { t->qkv, t->tkv, s->words };
    run_norm(s, &l->norm[NORM_1], level, false, t->in, NULL, t->state[NORM_1], t->normed);
    run_conv(s, &p[PRODUCT_QKV], level, t->normed, NULL, t->qkv, t->scratch);
    run_rows(s, &p[PRODUCT_TKV], s->rows, s->tokens, NULL, t->tkv, t->scratch);
    attention_forward(&shape, &in, t->hidden, t->scratch);
    run_conv(s, &p[PRODUCT_O], level, t->hidden, t->in, t->out, t->scratch);
}

static void run_up(struct unet_session *s, const struct unet_layer *l, struct unet_slot *t)
{
    int level = l->step.level;
    struct reshape_image low = { s->n, s->o.height >> level, s->o.width >> level, l->step.out };
    run_conv(s, &l->product[PRODUCT_C1], level, t->in, NULL, t->hidden, t->scratch);
    reshape_double(&low, t->hidden, t->out);
}

static void run_layer(struct unet_session *s, int index, float *v)
{
    const struct unet_layer *l = &s->net->layer[index];
    struct unet_slot *t = &s->slot[index];
    int level = l->step.level;
    if (l->step.pop >= 0) {
        size_t popped = (size_t)s->net->layer[l->step.pop].step.out;
        size_t rows = (size_t)s->n * (size_t)unet_positions(s, level);
        reshape_join(rows, s->slot[index - 1].out, (size_t)l->step.in - popped, s->slot[l->step.pop].out,
                     popped, t->in);
    }
    switch (l->step.kind) {
    case UNET_IN:
    case UNET_DOWN:
        run_conv(s, &l->product[PRODUCT_C1], level, t->in, NULL, t->out, t->scratch);
        break;
    case UNET_RES:
        run_res(s, l, t);
        break;
    case UNET_ATTN:
        run_attn(s, l, t);
        break;
    case UNET_UP:
        run_up(s, l, t);
        break;
    case UNET_OUT:
        run_norm(s, &l->norm[NORM_1], level, true, t->in, NULL, t->state[NORM_1], t->normed);
        run_conv(s, &l->product[PRODUCT_C1], level, t->normed, NULL, v, t->scratch);
        break;
    }
}

void unet_forward(struct unet_session *s, int n, const float *x, const float *t, const struct unet_text *text,
                  float *v)
{
    assert(n >= 1 && n <= s->o.batch);
    s->n = n;
    run_cond(s, t, text);
    if (s->o.training)
        memcpy(s->pixels, x, (size_t)n * (size_t)unet_positions(s, 0) * UNET_IMAGE_CHANNELS * sizeof *x);
    else
        s->slot[0].in = (float *)x;
    for (int i = 0; i < s->net->layers; i++)
        run_layer(s, i, v);
}
