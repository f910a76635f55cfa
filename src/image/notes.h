/* notes - the texts an image file carries beside its pixels: how it was made, by what, under which licence.
 * Flow:  PNG text chunks <-> [image/notes] <-> generate (writes), show and --like (read)
 * Invariants: keys and texts are UTF-8 without 0 bytes; order is file order; the same key may occur twice.
 * Threads: a plain value; whoever owns it says. */
#ifndef IMAGE_NOTES_H
#define IMAGE_NOTES_H
#include "base/err.h"
#include <stddef.h>

enum { NOTES_MAX = 256 };                 /* texts in one file */
#define NOTES_BYTES_MAX ((size_t)4 << 20) /* all keys and texts together, decompressed */

struct image_note {
    char *key;
    char *text;
};

struct notes {
    int count;
    int skipped; /* texts of a file that were damaged or over the limits: left out, the picture is still good */
    size_t bytes;            /* of all keys and texts */
    struct image_note *item; /* (count) */
    char why[160];           /* the first skipped text's reason; "" if none was */
};

/* Appends copies. BORROWS key and text. Fails: SPR_BADDATA (not UTF-8, 0 bytes, empty key), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code notes_add(struct notes *n, const char *key, size_t key_length, const char *text,
                                     size_t text_length, struct spr_error *err);
SPR_MUST_USE enum spr_code notes_put(struct notes *n, const char *key, const char *text,
                                     struct spr_error *err);

const char *notes_get(const struct notes *n, const char *key); /* the first with that key, or NULL */
void notes_fini(struct notes *n);                              /* fine on a zeroed one */

#endif
