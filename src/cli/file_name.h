/* file_name - what a picture's file is called, and publishing it without ever replacing another by accident.
 * Flow:  prompt + seed -> [cli/file_name] -> base/file
 * Invariants: a name is one path component: no '/', no leading dot, no control or invisible characters; so nothing a
 *   prompt says can leave the folder.
 * Threads: any; two programs that want one name get two names. */
#ifndef CLI_FILE_NAME_H
#define CLI_FILE_NAME_H
#include "base/err.h"
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILE_STEM_BYTES = 128 };

/* "Red Dragon!" and 7 -> "red-dragon-7". A prompt without a letter or digit is called "sprite". */
void file_stem(const char *prompt, uint64_t seed, char ret[FILE_STEM_BYTES]);
void file_stem_words(const char *prompt, char ret[FILE_STEM_BYTES]); /* without the seed */

struct file_place {
    const char *folder; /* "." for here */
    const char *stem;
    const char *ending; /* "png" */
    bool force;         /* replace; else STEM-2.png, STEM-3.png ... where the name is taken */
};

/* Publishes the bytes. ret_path gets the path that was used. Fails: as file_write does, SPR_EXISTS after 9999 names. */
SPR_MUST_USE enum spr_code file_publish(const struct file_place *place, const void *data, size_t length,
                                        char ret_path[PATH_MAX], struct spr_error *err);

#endif
