/* gallery - where the daemon's pictures lie: GALLERY/AB/ID-NUMBER.png, AB made from the id so that no folder grows huge.
 * Flow:  engine's pictures -> [daemon/gallery] -> PNG files with their papers
 * Invariants: a file appears whole or not at all; a job that is run again writes the same names. A sheet's cells lie
 *   beside it as ID-NUMBER_01.png and so on. An id that is no safe
 *   file name is replaced by its hash in them.
 * Threads: any. */
#ifndef DAEMON_GALLERY_H
#define DAEMON_GALLERY_H
#include "engine/engine.h"

/* ret_path is PATH_MAX bytes. Fails: as file_write does. */
SPR_MUST_USE enum spr_code gallery_picture(const char *gallery, const char *id, int number,
                                           const struct engine_picture *p, char *ret_path,
                                           struct spr_error *err);
SPR_MUST_USE enum spr_code gallery_preview(const char *folder, const char *id, const struct image *im,
                                           char *ret_path, struct spr_error *err);
void gallery_drop_preview(const char *folder, const char *id);

/* Removes what a killed daemon left half-made. Only for whoever holds the folder's lock. */
void gallery_sweep(const char *gallery, const char *previews);

#endif
