/* unet - the denoiser: noisy pixels, a time and words in, a velocity out; and the gradients for training.
 * Flow:  paint/text -> [paint/unet] -> paint/sampler;  train -> [paint/unet] forward + backward
 * Invariants: struct unet_layout and struct unet are immutable once built and shared by threads; a session belongs
 *   to one thread and allocates nothing after it is opened. A sample's result does not depend on the batch it is in.
 * Source: docs/model-card.md describes the network layer by layer. */
#ifndef PAINT_UNET_H
#define PAINT_UNET_H
#include "base/err.h"
#include "nn/conv.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UNET_LEVELS = 3,
    UNET_IMAGE_CHANNELS = 4,
    UNET_TOKENS_MAX = 17,
    UNET_NAME_BYTES = 24,
    UNET_BATCH_MAX = 1024
};

/* The published model: vocab 1614, channels 32 64 160, blocks 1 1 2, cond 256, text 128, group 16, heads 4,
 * words_max 8, mid 1. */
struct unet_config {
    int vocab;                 /* words, the padding word 0 included */
    int channels[UNET_LEVELS]; /* at full, half and quarter resolution */
    int blocks[UNET_LEVELS];   /* residual blocks on the way down, per level */
    int cond;                  /* width of the conditioning vector */
    int text;                  /* width of a word's embedding */
    int group;                 /* channels in one normalisation group */
    int heads;
    int words_max; /* most words in one prompt */
    int mid;       /* residual blocks at the bottom */
};

enum unet_kind { UNET_CONV, UNET_LINEAR, UNET_VECTOR, UNET_EMBEDDING };

/* One parameter tensor in the flat vector. In memory a conv is (k, k, in, out), a linear (in, out); in files
 * (out, in, k, k) and (out, in). An embedding is (vocab, text) in both. */
struct unet_entry {
    char name[UNET_NAME_BYTES]; /* "down.0.c1.weight", as in the file */
    enum unet_kind kind;
    int out, in, kernel; /* vector: out only; linear: kernel is 1; embedding: out = vocab, in = text */
    size_t offset;       /* first float in the flat vector */
    size_t count;        /* floats */
};

struct unet_layout {
    struct unet_config config;
    size_t entries, floats;
    struct unet_entry *entry;
};

/* Works out every tensor of a network. GIVES ret->entry (unet_layout_fini). Fails: SPR_BADDATA for a configuration
 * that is impossible (each field is named with its bounds), SPR_NOMEM. */
SPR_MUST_USE enum spr_code unet_layout_init(struct unet_layout *ret, const struct unet_config *config,
                                            struct spr_error *err);
void unet_layout_fini(struct unet_layout *l);
const struct unet_entry *unet_layout_find(const struct unet_layout *l, const char *name); /* NULL if none */

/* Fills the flat vector for training from nothing: convolutions and linear layers uniform within 1/sqrt(fan in), the
 * last layer of each block and of the network zero, norms 1 and 0, words and null token normal with deviation 0.5. */
void unet_init_params(const struct unet_layout *l, uint64_t seed, float *params);

/* Ready-to-run weights: packed copies of the flat vector. GIVES *ret (unet_free). BORROWS layout and params for the
 * life of the unet. training also packs what backward needs; precision is that of all products. Fails: SPR_NOMEM,
 * SPR_BADARG (nn_kernels_check). */
struct unet;
SPR_MUST_USE enum spr_code unet_new(const struct unet_layout *layout, const float *params, bool training,
                                    enum conv_precision precision, struct unet **ret, struct spr_error *err);
void unet_repack(struct unet *net); /* after the flat vector changed; no session may be running */
/* The same in pieces 0..unet_pieces - 1, for threads to share out. */
int unet_pieces(const struct unet *net);
void unet_repack_piece(struct unet *net, int piece);
void unet_free(struct unet *net);

/* What a prompt became. tokens[0] is always the learned null token; the rest are words, in any order. */
struct unet_text {
    int count;           /* tokens in use, 1..UNET_TOKENS_MAX */
    const float *token;  /* (count, text) */
    const float *pooled; /* (text) */
};

/* Working memory for up to `batch` samples of width x height (multiples of 4, 8..128). GIVES *ret
 * (unet_session_close). BORROWS net. Fails: SPR_BADARG (size, batch), SPR_NOMEM. */
struct unet_session;
struct unet_session_options {
    int batch, width, height;
    bool wrap;     /* seamless: convolutions wrap around the edges */
    bool training; /* keep what backward needs */
};
SPR_MUST_USE enum spr_code unet_session_open(const struct unet *net, const struct unet_session_options *o,
                                             struct unet_session **ret, struct spr_error *err);
void unet_session_close(struct unet_session *s);
size_t unet_session_bytes(const struct unet_session *s);

/* v (n, H, W, 4) = velocity at x (n, H, W, 4), times t[n] in 0..1, texts text[n]; n <= batch. */
void unet_forward(struct unet_session *s, int n, const float *x, const float *t, const struct unet_text *text,
                  float *v);

/* After unet_forward of the same n samples in a training session: adds to the flat gradient `grad` (layout->floats;
 * everything but emb.weight and null) and overwrites dtoken[i] (text[i].count, text) and dpooled (n, text) with the
 * gradients of the text inputs. dv (n, H, W, 4) is the loss's gradient. */
void unet_backward(struct unet_session *s, const float *dv, float *grad, float *const *dtoken,
                   float *dpooled);

/* For tests: the activation after a named stage ("temb", "e", "inc", "down.0", "mid.0", "up.0") of the last forward
 * of a training session; NULL where there is none. *ret_count is its floats. */
const float *unet_session_stage(const struct unet_session *s, const char *name, size_t *ret_count);

#endif
