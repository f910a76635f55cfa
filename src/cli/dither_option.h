/* dither_option - the meaning of --dither KIND[:STRENGTH] and --dither FILE[:STRENGTH].
 * Flow:  the option's text -> [cli/dither_option] -> pixel/dither's kind, strength, matrix
 * Threads: the caller's. */
#ifndef CLI_DITHER_OPTION_H
#define CLI_DITHER_OPTION_H
#include "pixel/dither.h"

struct dither_choice {
    enum dither_kind kind;
    float strength;              /* 0..1 */
    struct dither_matrix matrix; /* of DITHER_MATRIX */
    uint8_t *value;              /* its own */
};

/* text NULL: no dithering. A text that is no kind is a picture's name, if it has a dot or a slash. GIVES ret->value
 * (dither_choice_fini). Fails: SPR_BADARG, and as image_load does. */
SPR_MUST_USE enum spr_code dither_choose(const char *text, struct dither_choice *ret, struct spr_error *err);
void dither_choice_fini(struct dither_choice *c); /* fine on a zeroed one */

#endif
