#include "paint/unet.h"

#include "base/mem.h"
#include "nn/conv.h"
#include "paint/unet_plan.h"

#include <assert.h>
#include <stdio.h>

static const struct unet_entry *entry_of(const struct unet_layout *l, const char *step, const char *part,
                                         const char *which)
{
    char name[UNET_NAME_BYTES];
    snprintf(name, sizeof name, "%s%s%s.%s", step, *step && *part ? "." : "", part, which);
    const struct unet_entry *e = unet_layout_find(l, name);
    assert(e);
    return e;
}

static struct unet_product product_of(const struct unet_layout *l, const char *step,
                                      const struct unet_part *p)
{
    return (struct unet_product){ .kernel = p->kernel,
                                  .in = p->in,
                                  .out = p->out,
                                  .weight = entry_of(l, step, p->name, "weight")->offset,
                                  .bias = entry_of(l, step, p->name, "bias")->offset };
}

static void plan_layer(const struct unet_layout *l, struct unet_layer *layer)
{
    struct unet_part part[UNET_PARTS_MAX];
    const char *step = layer->step.name;
    int count = unet_parts(&l->config, &layer->step, part);
    for (int i = 0; i < count; i++) {
        const struct unet_part *p = &part[i];
        if (p->kind == UNET_VECTOR)
            layer->norm[p->place] =
                (struct unet_norm){ .channels = p->out,
                                    .weight = entry_of(l, step, p->name, "weight")->offset,
                                    .bias = entry_of(l, step, p->name, "bias")->offset };
        else
            layer->product[p->place] = product_of(l, step, p);
    }
}

static enum spr_code plan(struct unet *net, struct spr_error *err)
{
    const struct unet_layout *l = net->layout;
    struct unet_step step[UNET_STEPS_MAX];
    struct unet_part part[UNET_PARTS_MAX];
    int steps = unet_steps(&l->config, step);
    net->layer = mem_zalloc((size_t)steps, sizeof *net->layer);
    if (!net->layer)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for the plan of %d layers", steps);
    net->layers = steps;
    for (int i = 0; i < steps; i++) {
        net->layer[i].step = step[i];
        plan_layer(l, &net->layer[i]);
    }
    for (int i = 0, count = unet_cond_parts(&l->config, part); i < count; i++)
        net->cond[part[i].place] = product_of(l, "", &part[i]);
    return SPR_OK;
}

typedef void product_fn(struct unet *net, struct unet_product *p);

enum { COND_PRODUCTS = SPR_COUNT(((struct unet *)NULL)->cond) };

int unet_pieces(const struct unet *net)
{
    return COND_PRODUCTS + net->layers * PRODUCTS;
}

/* Some layers have fewer than PRODUCTS: their places are empty. */
static void one_product(struct unet *net, int i, product_fn *f)
{
    int at = i - COND_PRODUCTS;
    struct unet_product *p = at < 0 ? &net->cond[i] : &net->layer[at / PRODUCTS].product[at % PRODUCTS];
    if (p->kernel)
        f(net, p);
}

static void each_product(struct unet *net, product_fn *f)
{
    for (int i = 0; i < unet_pieces(net); i++)
        one_product(net, i, f);
}

/* What packing has to know of a product. */
static struct conv_shape shape_of(const struct unet *net, const struct unet_product *p)
{
    return (
        struct conv_shape){ .kernel = p->kernel, .in = p->in, .out = p->out, .precision = net->precision };
}

static void place(struct unet *net, struct unet_product *p)
{
    struct conv_shape s = shape_of(net, p);
    p->packed = arena_floats(&net->memory, conv_packed_floats(&s));
    if (net->training)
        p->back = arena_floats(&net->memory, conv_packed_backward_floats(&s));
}

static void pack(struct unet *net, struct unet_product *p)
{
    struct conv_shape s = shape_of(net, p);
    conv_pack(&s, net->params + p->weight, p->packed);
    if (net->training)
        conv_pack_backward(&s, net->params + p->weight, p->back);
}

void unet_repack_piece(struct unet *net, int piece)
{
    one_product(net, piece, pack);
}

void unet_repack(struct unet *net)
{
    each_product(net, pack);
}

enum spr_code unet_new(const struct unet_layout *layout, const float *params, bool training,
                       enum conv_precision precision, struct unet **ret, struct spr_error *err)
{
    enum spr_code rc = nn_kernels_check(err);
    if (rc)
        return rc;
    struct unet *net = mem_zalloc(1, sizeof *net);
    if (!net)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a network");
    net->layout = layout;
    net->params = params;
    net->training = training;
    net->precision = precision;
    rc = plan(net, err);
    if (rc)
        goto fail;
    each_product(net, place);
    rc = arena_open(&net->memory, err);
    if (rc)
        goto fail;
    each_product(net, place);
    unet_repack(net);
    *ret = net;
    return SPR_OK;
fail:
    unet_free(net);
    return rc;
}

void unet_free(struct unet *net)
{
    if (!net)
        return;
    arena_close(&net->memory);
    mem_free(net->layer);
    mem_free(net);
}
