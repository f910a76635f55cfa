/* unet_plan - the denoiser as a list of steps, each with its parts: what unet_layout, unet and unet_session share.
 * Flow:  a configuration -> [paint/unet_plan] -> layout of the weights, packed weights, working memory, execution
 * Invariants: steps are in the order of execution; a part's parameters are NAME.weight, then NAME.bias.
 * Threads: a plan is immutable once built.
 * Not for use outside paint/unet*.c. */
#ifndef PAINT_UNET_PLAN_H
#define PAINT_UNET_PLAN_H
#include "base/arena.h"
#include "paint/unet.h"

enum { UNET_BLOCKS_MAX = 8, UNET_STEPS_MAX = 80, UNET_PARTS_MAX = 6, UNET_WAVES = 64 };

enum unet_step_kind {
    UNET_IN,   /* conv 3x3 from pixels */
    UNET_RES,  /* residual block, conditioned */
    UNET_ATTN, /* attention over positions and words */
    UNET_DOWN, /* conv 2x2, stride 2 */
    UNET_UP,   /* conv 1x1, then nearest x2 */
    UNET_OUT   /* norm, SiLU, conv 3x3 to pixels */
};

struct unet_step {
    enum unet_step_kind kind;
    char name[16]; /* "down.0"; "" for the last step, whose parts have whole names */
    int level;     /* of the input: its size is the picture's >> level */
    int level_out; /* of the output */
    int in, out;   /* channels; in counts the joined ones */
    bool push;     /* a later step joins this output to its input */
    int pop;       /* the step whose output is joined behind the previous step's, or -1 */
};

/* Writes the steps of a network whose configuration unet_layout_init accepts; returns how many. */
int unet_steps(const struct unet_config *c, struct unet_step ret[UNET_STEPS_MAX]);

/* Where a part goes in a struct unet_layer: a product's place in .product, or a norm's in .norm. */
enum { PRODUCT_C1 = 0, PRODUCT_C2, PRODUCT_E, PRODUCT_SKIP, PRODUCTS };
enum { PRODUCT_QKV = 0, PRODUCT_TKV, PRODUCT_O };
enum { PRODUCT_T1 = 0, PRODUCT_T2, PRODUCT_X1, PRODUCT_X2 };
enum { NORM_1 = 0, NORM_2, NORMS };

struct unet_part {
    const char *name;    /* "c1"; "" where the step's own name is the part's */
    enum unet_kind kind; /* UNET_VECTOR: a norm */
    int place, in, out, kernel;
};

/* Writes a step's parts in the file's order; returns how many. */
int unet_parts(const struct unet_config *c, const struct unet_step *s, struct unet_part ret[UNET_PARTS_MAX]);
int unet_cond_parts(const struct unet_config *c, struct unet_part ret[UNET_PARTS_MAX]);

/* A convolution or linear layer: out = product(in) + bias. */
struct unet_product {
    int kernel, in, out;  /* kernel 0: there is none */
    size_t weight, bias;  /* first float in the flat vector */
    float *packed, *back; /* conv_pack, conv_pack_backward (training only) */
};

struct unet_norm {
    int channels;
    size_t weight, bias;
};

struct unet_layer {
    struct unet_step step;
    struct unet_product product[PRODUCTS];
    struct unet_norm norm[NORMS];
};

struct unet {
    const struct unet_layout *layout;
    const float *params;
    bool training;
    enum conv_precision precision;
    int layers;
    struct unet_layer *layer;
    struct unet_product cond[4]; /* PRODUCT_T1.. */
    struct arena memory;         /* the packed weights */
};

#endif
