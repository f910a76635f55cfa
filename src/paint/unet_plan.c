#include "paint/unet_plan.h"

#include <assert.h>
#include <stdio.h>

struct builder {
    struct unet_step *step;
    int count, level, channels;
    int waiting[UNET_STEPS_MAX], waiting_count; /* steps pushed and not yet popped */
};

static struct unet_step *add(struct builder *b, enum unet_step_kind kind, const char *name, int index,
                             int out)
{
    assert(b->count < UNET_STEPS_MAX);
    struct unet_step *s = &b->step[b->count++];
    *s = (struct unet_step){
        .kind = kind, .level = b->level, .level_out = b->level, .in = b->channels, .out = out, .pop = -1
    };
    snprintf(s->name, sizeof s->name, index < 0 ? "%s" : "%s.%d", name, index);
    b->channels = out;
    return s;
}

static void push(struct builder *b)
{
    b->step[b->count - 1].push = true;
    b->waiting[b->waiting_count++] = b->count - 1;
}

static void add_down(struct builder *b, const struct unet_config *c)
{
    int index = 0;
    for (int l = 0; l < UNET_LEVELS; l++) {
        for (int i = 0; i < c->blocks[l]; i++) {
            add(b, UNET_RES, "down", index++, c->channels[l]);
            if (l == UNET_LEVELS - 1)
                add(b, UNET_ATTN, "down", index++, c->channels[l]);
            push(b);
        }
        if (l < UNET_LEVELS - 1) {
            add(b, UNET_DOWN, "down", index++, c->channels[l + 1])->level_out++;
            push(b);
            b->level++;
        }
    }
}

static void add_up(struct builder *b, const struct unet_config *c)
{
    int index = 0;
    for (int l = UNET_LEVELS - 1; l >= 0; l--) {
        for (int i = 0; i <= c->blocks[l]; i++) {
            struct unet_step *s = add(b, UNET_RES, "up", index++, c->channels[l]);
            s->pop = b->waiting[--b->waiting_count];
            s->in += b->step[s->pop].out;
            if (l == UNET_LEVELS - 1 && i == 0)
                add(b, UNET_ATTN, "up", index++, c->channels[l]);
        }
        if (l > 0) {
            add(b, UNET_UP, "up", index++, c->channels[l - 1])->level_out--;
            b->level--;
        }
    }
}

int unet_steps(const struct unet_config *c, struct unet_step ret[UNET_STEPS_MAX])
{
    struct builder b = { .step = ret, .channels = UNET_IMAGE_CHANNELS };
    add(&b, UNET_IN, "inc", -1, c->channels[0]);
    push(&b);
    add_down(&b, c);
    for (int i = 0; i < c->mid; i++)
        add(&b, UNET_RES, "mid", i, b.channels);
    add_up(&b, c);
    add(&b, UNET_OUT, "", -1, UNET_IMAGE_CHANNELS);
    assert(b.waiting_count == 0);
    return b.count;
}

int unet_parts(const struct unet_config *c, const struct unet_step *s, struct unet_part ret[UNET_PARTS_MAX])
{
    int in = s->in, out = s->out, count = 0;
    switch (s->kind) {
    case UNET_IN:
        ret[count++] = (struct unet_part){ "", UNET_CONV, PRODUCT_C1, in, out, 3 };
        break;
    case UNET_DOWN:
        ret[count++] = (struct unet_part){ "", UNET_CONV, PRODUCT_C1, in, out, 2 };
        break;
    case UNET_UP:
        ret[count++] = (struct unet_part){ "c", UNET_CONV, PRODUCT_C1, in, out, 1 };
        break;
    case UNET_RES:
        ret[count++] = (struct unet_part){ "n1", UNET_VECTOR, NORM_1, in, in, 0 };
        ret[count++] = (struct unet_part){ "c1", UNET_CONV, PRODUCT_C1, in, out, 3 };
        ret[count++] = (struct unet_part){ "e", UNET_LINEAR, PRODUCT_E, c->cond, 2 * out, 1 };
        ret[count++] = (struct unet_part){ "n2", UNET_VECTOR, NORM_2, out, out, 0 };
        ret[count++] = (struct unet_part){ "c2", UNET_CONV, PRODUCT_C2, out, out, 3 };
        if (in != out)
            ret[count++] = (struct unet_part){ "sk", UNET_CONV, PRODUCT_SKIP, in, out, 1 };
        break;
    case UNET_ATTN:
        ret[count++] = (struct unet_part){ "n", UNET_VECTOR, NORM_1, in, in, 0 };
        ret[count++] = (struct unet_part){ "qkv", UNET_LINEAR, PRODUCT_QKV, in, 3 * in, 1 };
        ret[count++] = (struct unet_part){ "tkv", UNET_LINEAR, PRODUCT_TKV, c->text, 2 * in, 1 };
        ret[count++] = (struct unet_part){ "o", UNET_LINEAR, PRODUCT_O, in, in, 1 };
        break;
    case UNET_OUT:
        ret[count++] = (struct unet_part){ "no", UNET_VECTOR, NORM_1, in, in, 0 };
        ret[count++] = (struct unet_part){ "outc", UNET_CONV, PRODUCT_C1, in, out, 3 };
        break;
    }
    return count;
}

int unet_cond_parts(const struct unet_config *c, struct unet_part ret[UNET_PARTS_MAX])
{
    ret[0] = (struct unet_part){ "tx1", UNET_LINEAR, PRODUCT_X1, c->text, c->cond, 1 };
    ret[1] = (struct unet_part){ "tx2", UNET_LINEAR, PRODUCT_X2, c->cond, c->cond, 1 };
    ret[2] = (struct unet_part){ "t1", UNET_LINEAR, PRODUCT_T1, 2 * UNET_WAVES, c->cond, 1 };
    ret[3] = (struct unet_part){ "t2", UNET_LINEAR, PRODUCT_T2, c->cond, c->cond, 1 };
    return 4;
}
