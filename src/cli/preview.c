#include "cli/preview.h"

#include "base/str.h"

#include <string.h>

const char *const preview_words[] = { "auto", "never", "always", NULL };

enum spr_code preview_read(const struct cli *cli, const char *word, bool files, struct preview *ret,
                           struct spr_error *err)
{
    if (!word || strcmp(word, "auto") == 0) {
        *ret = (struct preview){ cli->out.tty && !cli->json && !cli->quiet, NULL };
    } else if (strcmp(word, "never") == 0 || strcmp(word, "always") == 0) {
        *ret = (struct preview){ word[0] == 'a', NULL };
    } else if (files && *word) {
        *ret = (struct preview){ false, word };
    } else {
        return args_wrong("preview", word, "auto, never or always", err);
    }
    return SPR_OK;
}
