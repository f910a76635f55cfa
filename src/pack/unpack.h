/* unpack - a sheet taken apart: every frame a file again, at its source size.
 * Flow:  sheet.json + pages -> [pack/unpack] -> NAME.png ...
 * Invariants: no file leaves the folder, whatever a frame is called; nothing is replaced without `force`, and nothing is
 *   written if one file would have to be.
 * Threads: one call uses the pool it is given. */
#ifndef PACK_UNPACK_H
#define PACK_UNPACK_H
#include "base/pool.h"
#include "pack/sheet.h"

struct unpacked {
    struct sheet_list files; /* written, in the order of the sheet */
};

/* sheet: a file that sheet_read reads, or any that 'spritery pack' wrote, with its own description beside it. folder: where frames go; made where it is missing. GIVES *ret (unpacked_fini). Fails: as sheet_read and image_load do,
 * SPR_BADDATA (a name that is no file name), SPR_EXISTS, SPR_IO, SPR_NOMEM. */
SPR_MUST_USE enum spr_code unpack_run(const char *sheet, const char *folder, bool force, struct pool *pool,
                                      struct unpacked *ret, struct spr_error *err);
void unpacked_fini(struct unpacked *u);

/* "hero/walk_01" -> FOLDER/hero/walk_01.png. Fails: SPR_BADDATA, SPR_LIMIT. */
SPR_MUST_USE enum spr_code unpack_path(const char *folder, const char *name, char *ret, size_t size,
                                       struct spr_error *err);

#endif
