/* picture_files - the pictures in a folder and the folders below it, as an operand that is a folder stands for them.
 * Flow:  cmd_check, pixelize_files -> [cli/picture_files] -> fts
 * Law: in the order of names, byte by byte, a folder where its name falls; links are not followed.
 * Not here: the order in which people count frames (cli/frames). */
#ifndef CLI_PICTURE_FILES_H
#define CLI_PICTURE_FILES_H

#include "base/err.h"

/* Calls each(context, path, below, err) for every file whose name ends in a kind of picture; `below` is the part of
 * path after the folder. BORROWS both for the call. The first failure of each ends it. Fails: SPR_NOTFOUND (no picture),
 * SPR_IO, and as each. */
SPR_MUST_USE enum spr_code picture_files_each(const char *folder,
                                              enum spr_code (*each)(void *context, const char *path,
                                                                    const char *below, struct spr_error *err),
                                              void *context, struct spr_error *err);

#endif
