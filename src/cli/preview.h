/* preview - whether and where a picture is shown: the meaning of --preview.
 * Flow:  --preview -> [cli/preview] -> cli/term_picture, or a file
 * auto: in the terminal, when standard output is one and no JSON or silence was asked for. never. always: even into a
 * file or a pipe. Anything else is a file that gets the newest picture while it is being made. */
#ifndef CLI_PREVIEW_H
#define CLI_PREVIEW_H
#include "cli/command.h"
#include "image/image.h"

struct preview {
    bool shown;       /* on standard output */
    const char *file; /* NULL for none; BORROWS argv */
};

extern const char *const preview_words[]; /* for option rows: NULL at the end */

/* word NULL: auto. Without `files` a word that is none of the three is SPR_BADARG. */
SPR_MUST_USE enum spr_code preview_read(const struct cli *cli, const char *word, bool files,
                                        struct preview *ret, struct spr_error *err);

#endif
