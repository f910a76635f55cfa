/* The layers in reverse. The gradient in work is in one of two buffers; each layer takes the one it came in and says
 * which one holds its input's. What a norm gave the layer behind it was not kept: it is worked out again. */
#include "nn/act.h"
#include "nn/reshape.h"
#include "paint/unet_session.h"

#include <assert.h>
#include <string.h>

/* One backward pass: what every layer needs. */
struct pass {
    struct unet_session *s;
    float *grad;    /* the flat gradient */
    float *scratch; /* of the layer in work */
};

/* A product y = p(x): its weights' gradient from dy. */
static void back_weight(const struct pass *b, const struct unet_product *p, const struct conv_shape *shape,
                        const float *x, const float *dy)
{
    conv_backward_weight(shape, x, dy, b->grad + p->weight, b->grad + p->bias, b->scratch);
}

static void back_input(const struct pass *b, const struct unet_product *p, const struct conv_shape *shape,
                       const float *dy, bool add, float *dx)
{
    conv_backward_input(shape, dy, p->back, add, dx, b->scratch);
}

static void back_norm(const struct pass *b, const struct unet_norm *p, const struct norm_shape *shape,
                      const float *x, const float *adapt, float *state, float *dy, struct norm_grads to)
{
    const float *params = b->s->net->params;
    struct norm_params q = { params + p->weight, params + p->bias, adapt };
    to.weight = b->grad + p->weight;
    to.bias = b->grad + p->bias;
    norm_backward(shape, x, &q, state, dy, &to);
}

static float *other(const struct unet_session *s, const float *d)
{
    return s->dturn[d == s->dturn[0]];
}

static float *back_conv(const struct pass *b, const struct unet_layer *l, const struct unet_slot *t,
                        float *dy)
{
    const struct unet_product *p = &l->product[PRODUCT_C1];
    struct conv_shape shape = unet_conv_shape(b->s, p, b->s->n, l->step.level);
    float *dx = other(b->s, dy);
    back_weight(b, p, &shape, t->in, dy);
    if (l->step.kind != UNET_IN)
        back_input(b, p, &shape, dy, false, dx);
    return dx;
}

static float *back_up(const struct pass *b, const struct unet_layer *l, const struct unet_slot *t, float *dy)
{
    const struct unet_product *p = &l->product[PRODUCT_C1];
    struct conv_shape shape = unet_conv_shape(b->s, p, b->s->n, l->step.level);
    struct reshape_image low = { shape.batch, shape.height, shape.width, shape.out };
    float *dx = other(b->s, dy);
    reshape_double_backward(&low, dy, t->dhidden);
    back_weight(b, p, &shape, t->in, t->dhidden);
    back_input(b, p, &shape, t->dhidden, false, dx);
    return dx;
}

/* out = skip(in) + c2(norm 2(c1(norm 1(in)), e)) */
static float *back_res(const struct pass *b, const struct unet_layer *l, const struct unet_slot *t, float *dy)
{
    struct unet_session *s = b->s;
    const struct unet_product *p = l->product;
    int level = l->step.level;
    struct norm_shape n1 = unet_norm_shape(s, &l->norm[NORM_1], s->n, level, true),
                      n2 = unet_norm_shape(s, &l->norm[NORM_2], s->n, level, true);
    struct conv_shape c1 = unet_conv_shape(s, &p[PRODUCT_C1], s->n, level),
                      c2 = unet_conv_shape(s, &p[PRODUCT_C2], s->n, level),
                      e = unet_rows_shape(s, &p[PRODUCT_E], s->n);
    norm_again(&n2, t->hidden, t->state[NORM_2], t->normed);
    back_weight(b, &p[PRODUCT_C2], &c2, t->normed, dy);
    back_input(b, &p[PRODUCT_C2], &c2, dy, false, t->dnormed);
    back_norm(b, &l->norm[NORM_2], &n2, t->hidden, t->adapt, t->state[NORM_2], t->dnormed,
              (struct norm_grads){ .x = t->dhidden, .adapt = t->dadapt });
    back_weight(b, &p[PRODUCT_E], &e, s->cond.e, t->dadapt);
    back_input(b, &p[PRODUCT_E], &e, t->dadapt, true, s->dcond.e);
    norm_again(&n1, t->in, t->state[NORM_1], t->normed);
    back_weight(b, &p[PRODUCT_C1], &c1, t->normed, t->dhidden);
    back_input(b, &p[PRODUCT_C1], &c1, t->dhidden, false, t->dnormed);
    float *dx = dy; /* the identity skip: what comes in goes through */
    if (p[PRODUCT_SKIP].kernel) {
        struct conv_shape skip = unet_conv_shape(s, &p[PRODUCT_SKIP], s->n, level);
        dx = other(s, dy);
        back_weight(b, &p[PRODUCT_SKIP], &skip, t->in, dy);
        back_input(b, &p[PRODUCT_SKIP], &skip, dy, false, dx);
    }
    back_norm(b, &l->norm[NORM_1], &n1, t->in, NULL, t->state[NORM_1], t->dnormed,
              (struct norm_grads){ .x = dx, .add_x = true });
    return dx;
}

/* out = in + o(attention(qkv(norm(in)), tkv(tokens))) */
static float *back_attn(const struct pass *b, const struct unet_layer *l, const struct unet_slot *t,
                        float *dy)
{
    struct unet_session *s = b->s;
    const struct unet_product *p = l->product;
    int level = l->step.level;
    struct norm_shape norm = unet_norm_shape(s, &l->norm[NORM_1], s->n, level, false);
    struct conv_shape o = unet_conv_shape(s, &p[PRODUCT_O], s->n, level),
                      qkv = unet_conv_shape(s, &p[PRODUCT_QKV], s->n, level),
                      tkv = unet_rows_shape(s, &p[PRODUCT_TKV], s->rows);
    struct attention_shape shape = unet_attention_shape(s, &l->step, s->n);
    struct attention_input in = { t->qkv, t->tkv, s->words };
    back_weight(b, &p[PRODUCT_O], &o, t->hidden, dy);
    back_input(b, &p[PRODUCT_O], &o, dy, false, t->dhidden);
    attention_backward(&shape, &in, t->dhidden, t->dqkv, t->dtkv, b->scratch);
    back_weight(b, &p[PRODUCT_TKV], &tkv, s->tokens, t->dtkv);
    back_input(b, &p[PRODUCT_TKV], &tkv, t->dtkv, true, s->dtokens);
    norm_again(&norm, t->in, t->state[NORM_1], t->normed);
    back_weight(b, &p[PRODUCT_QKV], &qkv, t->normed, t->dqkv);
    back_input(b, &p[PRODUCT_QKV], &qkv, t->dqkv, false, t->dnormed);
    back_norm(b, &l->norm[NORM_1], &norm, t->in, NULL, t->state[NORM_1], t->dnormed,
              (struct norm_grads){ .x = dy, .add_x = true });
    return dy;
}

static float *back_out(const struct pass *b, const struct unet_layer *l, const struct unet_slot *t,
                       const float *dv)
{
    struct unet_session *s = b->s;
    const struct unet_product *p = &l->product[PRODUCT_C1];
    int level = l->step.level;
    struct norm_shape norm = unet_norm_shape(s, &l->norm[NORM_1], s->n, level, true);
    struct conv_shape shape = unet_conv_shape(s, p, s->n, level);
    norm_again(&norm, t->in, t->state[NORM_1], t->normed);
    back_weight(b, p, &shape, t->normed, dv);
    back_input(b, p, &shape, dv, false, t->dnormed);
    back_norm(b, &l->norm[NORM_1], &norm, t->in, NULL, t->state[NORM_1], t->dnormed,
              (struct norm_grads){ .x = s->dturn[0] });
    return s->dturn[0];
}

/* dy is the gradient of the layer's output; returns that of the previous layer's. */
static float *back_layer(struct pass *b, int index, float *dy, const float *dv)
{
    struct unet_session *s = b->s;
    const struct unet_layer *l = &s->net->layer[index];
    struct unet_slot *t = &s->slot[index];
    size_t rows = (size_t)s->n * (size_t)unet_positions(s, l->step.level);
    b->scratch = t->scratch;
    if (l->step.push)
        act_add(t->dskip, (size_t)s->n * (size_t)unet_positions(s, l->step.level_out) * (size_t)l->step.out,
                dy);
    switch (l->step.kind) {
    case UNET_IN:
    case UNET_DOWN:
        dy = back_conv(b, l, t, dy);
        break;
    case UNET_UP:
        dy = back_up(b, l, t, dy);
        break;
    case UNET_RES:
        dy = back_res(b, l, t, dy);
        break;
    case UNET_ATTN:
        dy = back_attn(b, l, t, dy);
        break;
    case UNET_OUT:
        dy = back_out(b, l, t, dv);
        break;
    }
    if (l->step.pop >= 0) {
        size_t popped = (size_t)s->net->layer[l->step.pop].step.out;
        float *own = other(s, dy);
        reshape_split(rows, dy, (size_t)l->step.in - popped, own, popped, s->slot[l->step.pop].dskip);
        dy = own;
    }
    return dy;
}

/* e = silu(t2(silu(t1(wave))) + x2(silu(x1(pooled)))) */
static void back_cond(struct pass *b)
{
    struct unet_session *s = b->s;
    const struct unet_product *p = s->net->cond;
    const struct unet_cond *c = &s->cond, *d = &s->dcond;
    size_t count = (size_t)s->n * (size_t)p[PRODUCT_T1].out;
    struct conv_shape t1 = unet_rows_shape(s, &p[PRODUCT_T1], s->n),
                      t2 = unet_rows_shape(s, &p[PRODUCT_T2], s->n),
                      x1 = unet_rows_shape(s, &p[PRODUCT_X1], s->n),
                      x2 = unet_rows_shape(s, &p[PRODUCT_X2], s->n);
    b->scratch = s->scratch;
    act_silu_backward(c->sum, d->e, count, d->sum);
    back_weight(b, &p[PRODUCT_T2], &t2, c->t1s, d->sum);
    back_input(b, &p[PRODUCT_T2], &t2, d->sum, false, d->t1s);
    act_silu_backward(c->t1, d->t1s, count, d->t1);
    back_weight(b, &p[PRODUCT_T1], &t1, c->wave, d->t1);
    back_weight(b, &p[PRODUCT_X2], &x2, c->x1s, d->sum);
    back_input(b, &p[PRODUCT_X2], &x2, d->sum, false, d->x1s);
    act_silu_backward(c->x1, d->x1s, count, d->x1);
    back_weight(b, &p[PRODUCT_X1], &x1, c->pooled, d->x1);
    back_input(b, &p[PRODUCT_X1], &x1, d->x1, false, d->pooled);
}

void unet_backward(struct unet_session *s, const float *dv, float *grad, float *const *dtoken, float *dpooled)
{
    assert(s->o.training && s->n > 0);
    const struct unet_config *c = &s->net->layout->config;
    size_t text = (size_t)c->text, n = (size_t)s->n;
    struct pass b = { .s = s, .grad = grad };
    float *dy = NULL;
    memset(s->dcond.e, 0, n * (size_t)c->cond * sizeof(float));
    memset(s->dtokens, 0, (size_t)s->rows * text * sizeof(float));
    for (int i = s->net->layers - 1; i >= 0; i--)
        dy = back_layer(&b, i, dy, dv);
    back_cond(&b);
    memcpy(dpooled, s->dcond.pooled, n * text * sizeof(float));
    const float *from = s->dtokens;
    for (size_t i = 0; i < n; i++) {
        size_t count = (size_t)s->words[i] * text;
        memcpy(dtoken[i], from, count * sizeof(float));
        from += count;
    }
}
