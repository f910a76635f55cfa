/* prompts - the prompts of one run: those on the command line and those of a file, one a line.
 * Flow:  operands, --prompts FILE -> [cli/prompts] -> cmd_generate
 * In a file, blank lines and lines that begin with '#' are skipped, blanks at both ends are cut, CR LF is fine.
 * Threads: a plain value. */
#ifndef CLI_PROMPTS_H
#define CLI_PROMPTS_H
#include "base/buf.h"
#include "base/err.h"
#include <stddef.h>

enum { PROMPTS_MAX = 100000, PROMPTS_FILE_MAX = 16 << 20 };

struct prompts {
    size_t count;
    struct prompt {
        const char *text; /* an operand, or in `file` */
        size_t line;      /* of the file; 0 for an operand */
    } * item;
    struct buf file;
};

/* BORROWS operand[count] until prompts_fini. file NULL: none; "-": standard input. GIVES *ret. Fails: SPR_LIMIT,
 * SPR_IO, SPR_NOTFOUND, SPR_NOMEM. */
SPR_MUST_USE enum spr_code prompts_read(const char *const *operand, size_t count, const char *file,
                                        struct prompts *ret, struct spr_error *err);
void prompts_fini(struct prompts *p); /* fine on a zeroed one */

#endif
