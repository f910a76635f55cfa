/* file - whole files: read with a limit, whole or piece by piece, or published so that a reader sees all of it or none.
 * Flow:  image, nn, cli, train -> [base/file] -> the operating system
 * Invariants: a write goes to a temporary name in the same folder, is flushed to disk (fsync), then renamed or
 *   linked into place, and the folder is flushed; on any failure the temporary file is gone.
 * Threads: any; two writers of one name leave one whole file. */
#ifndef BASE_FILE_H
#define BASE_FILE_H
#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Appends the whole file to *into (its limit is the file's limit too). Refuses folders. "-" is standard input.
 * Fails: SPR_NOTFOUND, SPR_IO, SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code file_read(const char *path, struct buf *into, struct spr_error *err);

/* The bytes of a regular file, in memory of our own: what others do to the file afterwards does not show. GIVES it
 * (file_unload). An empty file gives size 0 and data NULL. Fails: SPR_NOTFOUND, SPR_IO, SPR_NOMEM, SPR_BUSY (it was
 * written to meanwhile, so that the bytes may be those of two files). */
struct file_bytes {
    const unsigned char *data;
    size_t size;
};
SPR_MUST_USE enum spr_code file_load(const char *path, struct file_bytes *ret, struct spr_error *err);

/* The same in steps, for a file whose beginning says how long it is: a huge one is then refused before it is read.
 *   begin: opens it; ret->bytes has its size, and memory that nothing was read into yet.  more: reads on until at least
 *   `upto` bytes (at most the size) are there.  end: closes it and GIVES the bytes.  On a failure of more or end, and where
 *   the caller has enough: file_load_drop. BORROWS path until the end. */
struct file_loading {
    struct file_bytes bytes;
    size_t have; /* bytes read */
    const char *path;
    int fd;
    struct timespec written; /* as the file said when it was opened */
};
SPR_MUST_USE enum spr_code file_load_begin(const char *path, struct file_loading *ret, struct spr_error *err);
SPR_MUST_USE enum spr_code file_load_more(struct file_loading *l, size_t upto, struct spr_error *err);
SPR_MUST_USE enum spr_code file_load_end(struct file_loading *l, struct file_bytes *ret,
                                         struct spr_error *err);
void file_load_drop(struct file_loading *l);

void file_unload(struct file_bytes *b); /* fine on a zeroed one */

/* Gives a regular file's bytes to `take`, some at a time, which BORROWS them; a failure of it ends the reading. Fails as
 * file_load does, and as `take`; but what is written meanwhile is nobody's business. */
SPR_MUST_USE enum spr_code file_stream(const char *path,
                                       enum spr_code (*take)(void *context, const void *bytes, size_t length,
                                                             struct spr_error *err),
                                       void *context, struct spr_error *err);

enum file_mode {
    FILE_NEW,    /* refuse (SPR_EXISTS) if the name is taken, even by somebody who was faster */
    FILE_REPLACE /* take the place of what is there */
};

/* Publishes length bytes under path, mode 0644 less the umask. Fails: SPR_EXISTS, SPR_IO (full disk, no
 * permission, not a folder), SPR_LIMIT (name too long). */
SPR_MUST_USE enum spr_code file_write(const char *path, const void *data, size_t length, enum file_mode mode,
                                      struct spr_error *err);

/* Removes what file_write calls of this process have not published yet. Safe in a signal handler: for programs
 * that end on SIGINT or SIGTERM. */
void file_abandon(void);

/* Removes from a folder what file_write calls of programs that are gone had not published: a kill -9 leaves it there.
 * Those of running programs stay. For whoever owns the folder, when it begins to work in it. */
void file_sweep(const char *folder);

/* Makes the folder and those above it; fine if they exist. */
SPR_MUST_USE enum spr_code file_make_folder(const char *path, struct spr_error *err);

bool file_exists(const char *path);
bool file_is_folder(const char *path); /* links are followed; false also where it cannot be asked */

#endif
