/* term_play - an animation in the terminal, at its own pace.
 * Flow:  struct animation -> [cli/term_play] -> cli/term_picture -> standard output
 * Frames are drawn over each other where the cursor is; the last one stays. A frame that comes too late is left out, so
 * that the time stays right. The cursor is hidden meanwhile, and back after the end and after Ctrl-C (cli/interrupt).
 * Threads: the main one. */
#ifndef CLI_TERM_PLAY_H
#define CLI_TERM_PLAY_H
#include "base/err.h"
#include "cli/terminal.h"
#include "image/animation.h"

/* plays 0: until Ctrl-C. Fails: SPR_LIMIT (taller than the terminal, or term_picture's limits), SPR_CANCELLED (Ctrl-C),
 * SPR_IO, SPR_NOMEM. */
SPR_MUST_USE enum spr_code term_play(const struct terminal *t, const struct animation *a, int plays,
                                     struct spr_error *err);

#endif
