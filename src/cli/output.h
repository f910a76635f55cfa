/* output - where pictures go: the meaning of --out, --format and --force.
 * Flow:  --out, --format, --force -> [cli/output] -> image/load, cli/file_name -> files
 * --out FILE.png is one file, never replaced without --force; anything else is a folder, made where it is missing, in
 * which files are named by prompt and seed. An animation is a sheet as PNG, and moves as GIF and WebP.
 * Threads: the main one. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H
#include "engine/engine.h"
#include "image/load.h"
#include <limits.h>

struct output {
    char folder[PATH_MAX]; /* "." for here */
    const char *file;      /* the one file, or NULL; BORROWS argv */
    enum image_kind kind;
    bool force;
};

extern const char *const output_formats[]; /* for option rows: NULL at the end */

/* out and format may be NULL. pictures: how many will be made. Fails: SPR_BADARG, SPR_LIMIT; SPR_EXISTS where the one
 * file is there already, so that nobody waits for a picture that cannot be kept. */
SPR_MUST_USE enum spr_code output_read(const char *out, const char *format, bool force, size_t pictures,
                                       struct output *ret, struct spr_error *err);

/* Writes a finished picture, with its papers where the format can carry them (PNG). ret_path gets where. Fails: as
 * file_write does, SPR_NOMEM. */
SPR_MUST_USE enum spr_code output_picture(const struct output *o, const struct engine_picture *p,
                                          char ret_path[PATH_MAX], struct spr_error *err);

/* The same under a name of the caller's. */
SPR_MUST_USE enum spr_code output_named(const struct output *o, const char *stem,
                                        const struct engine_picture *p, char ret_path[PATH_MAX],
                                        struct spr_error *err);

/* The cells of a sheet (request_sheet) as files of their own beside it, STEM_01 and so on as `pack` takes them for an
 * animation; nothing for a single picture, or where --out's file moves by itself. path: the sheet's. *ret_count: written. */
SPR_MUST_USE enum spr_code output_cells(const struct output *o, const char *path,
                                        const struct engine_picture *p, int *ret_count,
                                        struct spr_error *err);

/* Writes any other picture as STEM.ENDING in the folder, without papers. */
SPR_MUST_USE enum spr_code output_image(const struct output *o, const char *stem, const struct image *im,
                                        char ret_path[PATH_MAX], struct spr_error *err);

#endif
