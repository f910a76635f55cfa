/* attention - every position of a picture looks at every position and at the words of its prompt.
 * Flow:  paint/unet -> [nn/attention] -> nn/conv for the products
 * Layout: qkv (B, N, 3 C): query, key, value of each position. tkv (rows, 2 C): key and value of the words of all
 *   samples, one sample after the other, words[i] rows for sample i. Head j is channels j C / heads and on.
 *     score = q . k / sqrt(C / heads);  out = softmax(score over N positions and words) v
 * Invariants: products are f32, since rounding such small matrices costs what bf16 gains; no allocation; a sample's result does not depend on the batch it is in.
 * Threads: any number on different outputs and scratch.
 * Source: Vaswani et al., "Attention is all you need" (2017). */
#ifndef NN_ATTENTION_H
#define NN_ATTENTION_H
#include <stdbool.h>
#include <stddef.h>

struct attention_shape {
    int batch, positions, channels; /* B, N, C */
    int heads;                      /* divides channels */
    int words_max;                  /* most words of one sample: words[i] <= words_max */
};

struct attention_input {
    const float *qkv, *tkv;
    const int *words; /* (B) */
};

/* Scratch for either call, in floats; 64-byte aligned. `backward` false is enough for attention_forward. */
size_t attention_scratch_floats(const struct attention_shape *s, bool backward);

/* out (B, N, C) */
void attention_forward(const struct attention_shape *s, const struct attention_input *in, float *out,
                       float *scratch);

/* dqkv and dtkv, like qkv and tkv, are overwritten with the gradients from dout (B, N, C). */
void attention_backward(const struct attention_shape *s, const struct attention_input *in, const float *dout,
                        float *dqkv, float *dtkv, float *scratch);

#endif
