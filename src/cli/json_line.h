/* json_line - one result as a line of JSON on standard output.
 * Flow:  cmd_*.c with --json -> [cli/json_line] -> standard output */
#ifndef CLI_JSON_LINE_H
#define CLI_JSON_LINE_H
#include "cli/command.h"
#include <jansson.h>

/* TAKES object; NULL, or one that cannot be written, is a text that is not UTF-8: the sentence says so, of which file
 * (NULL: none is named) and of what of it ("name", "path"). digits: of numbers with a fraction, at most; 0: the fewest
 * that read back as the same. Fails: SPR_BADDATA. */
SPR_MUST_USE enum spr_code json_line(const struct cli *cli, json_t *object, size_t digits, const char *file,
                                     const char *what, struct spr_error *err);

#endif
