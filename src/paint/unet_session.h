/* unet_session - the working memory of the denoiser, and the shapes in it.
 * Flow:  paint/unet_plan -> [paint/unet_session] -> unet_forward.c, unet_backward.c
 * Layout: every tensor is (n, H, W, C), rows of samples first; n <= the batch the session was opened for.
 * Threads: a session belongs to one thread.
 * Not for use outside paint/unet*.c. */
#ifndef PAINT_UNET_SESSION_H
#define PAINT_UNET_SESSION_H
#include "nn/attention.h"
#include "nn/conv.h"
#include "nn/norm.h"
#include "paint/unet_plan.h"

/* One layer's tensors. In a training session the first group is each layer's own; otherwise layers share. */
struct unet_slot {
    float *in; /* the previous layer's out, or joined with what was pushed */
    float *out;
    float *hidden; /* RES: after c1; ATTN: heads' output; UP: before doubling */
    float *adapt;  /* RES: (n, 2 out), scale and shift */
    float *state[NORMS];
    float *qkv, *tkv; /* ATTN */

    float *normed;  /* a norm's output; not kept */
    float *scratch; /* of the layers below */

    /* training: gradients */
    float *dskip; /* of a pushed out, from the layer that popped it */
    float *dnormed, *dhidden, *dadapt, *dqkv, *dtkv;
};

/* The conditioning vector's tensors, (n, width); the same for their gradients. */
struct unet_cond {
    float *wave;     /* (n, 2 UNET_WAVES): the time */
    float *t1, *t1s; /* before and after SiLU */
    float *pooled;   /* (n, text) */
    float *x1, *x1s;
    float *sum, *e; /* before and after SiLU */
};

struct unet_session {
    const struct unet *net;
    struct unet_session_options o;
    struct arena memory;
    struct unet_slot *slot; /* one per layer */
    struct unet_cond cond, dcond;
    float *scratch;          /* of the conditioning's layers */
    float *tokens, *dtokens; /* (sum of words, text) */
    float *pixels;           /* training: the input, kept */
    float *turn[2];          /* inference: outs that are not pushed, in turn */
    float *dturn[2];         /* training: the gradient of the layer in work, and of its input */
    int n;                   /* samples of the last forward; 0: none yet */
    int *words;              /* (batch) tokens of each sample */
    int rows;                /* their sum */
};

int unet_positions(const struct unet_session *s, int level);

struct conv_shape unet_conv_shape(const struct unet_session *s, const struct unet_product *p, int n,
                                  int level);
struct conv_shape unet_rows_shape(const struct unet_session *s, const struct unet_product *p, int rows);
struct norm_shape unet_norm_shape(const struct unet_session *s, const struct unet_norm *p, int n, int level,
                                  bool silu);
struct attention_shape unet_attention_shape(const struct unet_session *s, const struct unet_step *step,
                                            int n);

#endif
