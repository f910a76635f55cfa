/* text - words to what the denoiser reads. One prompt's reading is a list of (vocabulary word, weight, why).
 * Flow:  prompt -> paint/words -> paint/lexicon -> [paint/text] -> paint/unet
 * See words.h for splitting and normalising, lexicon.h for words the model does not know. */
#ifndef PAINT_TEXT_H
#define PAINT_TEXT_H
#include "paint/unet.h"

enum { READING_WORDS_MAX = 16 };

enum reading_why {
    READING_KNOWN,   /* the word itself is in the vocabulary */
    READING_SYNONYM, /* by the hand-written list */
    READING_NEAR,    /* by nearness of word vectors */
    READING_CATEGORY /* added: the words that go with it in the captions ("weapon" with "sword") */
};

struct reading_word {
    int id;       /* vocabulary index, >= 1 */
    float weight; /* 0..1; 1 for a known word */
    enum reading_why why;
    bool head;     /* what the others describe: "wolf" of "dire wolf", "goblin" of "goblin with an axe" */
    char from[32]; /* what the person wrote, cut to fit */
};

struct reading {
    int count; /* 0: unconditional */
    struct reading_word word[READING_WORDS_MAX];
    int unknown_count; /* words that meant nothing at all */
    char unknown[READING_WORDS_MAX][32];
};

/* Writes the tokens and the pooled vector of a reading: token 0 is the null token, then weight * embedding of each
 * word; pooled = sum of those / sqrt(their count), or the null token for an empty reading.
 * tokens: (UNET_TOKENS_MAX, text) floats, pooled: (text) floats, both the caller's. BORROWS params (flat vector). */
void text_encode(const struct unet_layout *l, const float *params, const struct reading *r, float *tokens,
                 float *pooled, struct unet_text *ret);

/* The reverse: adds to the flat gradient what dtokens (count + 1, text) and dpooled (text), the gradients of what
 * text_encode wrote for this reading, say about emb.weight and null. */
void text_encode_backward(const struct unet_layout *l, const struct reading *r, const float *dtokens,
                          const float *dpooled, float *grad);

#endif
