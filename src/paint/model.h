/* model - a weights file as the program uses it: the network's numbers in memory order, its words, its papers.
 * Flow:  *.safetensors -> [paint/model] -> paint/text, paint/unet;  train -> [paint/model] -> *.safetensors
 * Form:  format "sprite-unet-1": one float tensor for each entry of the network's layout, in file order (convolutions
 *        OIHW, linear layers [out, in]), and notes: "format", "config" (JSON), "vocab" (JSON list, word 0 is padding),
 *        and what the maker adds: "data", "licence", "training", "samples_seen"... Tensors named "lexicon." or
 *        "sketch." and more are paint/lexicon.h's and paint/sketch.h's.
 * Invariants: a loaded model has every tensor of its network and no other, of the right shape, and no number that is
 *   not finite.
 * Threads: immutable once loaded; any number of readers.
 * The file is read whole, and is not looked at again: it may be replaced, overwritten or shortened.
 * Not here: where models are looked for (paint/model_find.h). */
#ifndef PAINT_MODEL_H
#define PAINT_MODEL_H
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "digest/digest.h"
#include "nn/safetensors.h"
#include "paint/unet.h"
#include <stddef.h>
#include <stdint.h>

#define MODEL_FORMAT "sprite-unet-1"

enum {
    MODEL_WORD_BYTES = 64, /* the longest word of a vocabulary, its final 0 byte included */
    MODEL_NAME_BYTES = 64
};

struct model {
    char name[MODEL_NAME_BYTES];    /* the file's name without folder and ".safetensors", cut to fit */
    struct unet_layout layout;      /* its config.vocab is how many words there are */
    float *params;                  /* (layout.floats), 64-byte aligned */
    const char **word;              /* [layout.config.vocab]; word[0] is padding */
    int size;                       /* pixels on a side that it was trained for */
    uint64_t samples_seen;          /* pictures seen in training; 0 where the file does not say */
    enum tensor_type type;          /* of the numbers in the file */
    const struct safetensors *file; /* for its notes */
    void *own;                      /* what the words live in */
};

/* GIVES *ret (model_free). Fails: as safetensors_open does; SPR_UNSUPPORTED for another format; SPR_BADDATA where
 * the configuration, the vocabulary or a tensor is wrong. The sentence begins with the path. */
SPR_MUST_USE enum spr_code model_load(const char *path, struct model **ret, struct spr_error *err);
void model_free(struct model *m); /* NULL is fine */

/* The vocabulary index of a word, >= 1; 0 where the model does not know it. */
int model_word(const struct model *m, const char *word);

/* A note of the file, as "licence"; NULL if it has none. */
const char *model_note(const struct model *m, const char *key);

/* Gives back the memory that the network's numbers had in the file's form. Before others read the model; model_sha256 is
 * no longer to be asked then. */
void model_trim(struct model *m);

/* The SHA-256 of the file's bytes in hexadecimal: reads all of it, 2 ms a megabyte. */
void model_sha256(const struct model *m, char ret[DIGEST_HEX_BYTES]);

/* What a trainer has to publish. */
struct model_content {
    const struct unet_layout *layout;
    const float *params;     /* (layout->floats) */
    const char *const *word; /* [layout->config.vocab] */
    const struct note *note; /* all but "format", "config" and "vocab" */
    size_t notes;
    enum tensor_type type; /* TENSOR_F16, or TENSOR_F32 */
    /* A file whose lexicon and sketches go along; NULL for none. Its vocabulary is the same, or the beginning of this one: words
     * that are new get no categories. */
    const struct safetensors *lexicon;
};

/* Publishes a model file. Fails: SPR_BADDATA where a number is not finite, or too large for F16; SPR_BADARG for a
 * note given twice; SPR_NOMEM; as file_write does. */
SPR_MUST_USE enum spr_code model_save(const char *path, const struct model_content *content,
                                      enum file_mode mode, struct spr_error *err);

#endif
