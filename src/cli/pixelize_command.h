/* pixelize_command - what the files of `spritery pixelize` share: its options, its list of files, its runs.
 * Flow:  cmd_pixelize -> pixelize_options, pixelize_files -> pixelize_run -> pixel/pixelize -> files, standard output */
#ifndef CLI_PIXELIZE_COMMAND_H
#define CLI_PIXELIZE_COMMAND_H
#include "cli/command.h"
#include "cli/dither_option.h"
#include "cli/preview.h"
#include "image/load.h"
#include "pixel/pixelize.h"

enum pixelize_option {
    PIXELIZE_CELL = OPTION_OWN,
    PIXELIZE_GRID,
    PIXELIZE_TO,
    PIXELIZE_COLOURS,
    PIXELIZE_PALETTE,
    PIXELIZE_DITHER,
    PIXELIZE_GROUND,
    PIXELIZE_GROUND2,
    PIXELIZE_BLEED,
    PIXELIZE_SCALE,
    PIXELIZE_OUT,
    PIXELIZE_FORMAT,
    PIXELIZE_FORCE,
    PIXELIZE_SEQUENCE,
    PIXELIZE_PREVIEW,
    PIXELIZE_THREADS
};

struct pixelize_plan {
    struct pixelize_options how;
    struct palette palette; /* how.palette points here, if one was given */
    struct dither_choice dither;
    const char *ground2; /* the same thing on another ground; NULL for none */
    int bleed;           /* pixels; 0: none */
    int scale;           /* 1..64 */
    enum image_kind kind;
    bool force;
    bool sequence; /* all files are the frames of one */
    int threads;
    struct preview preview;
};

/* pixelize_options.c: every option's meaning but that of --out. Fails: SPR_BADARG, and as palette_find does. The plan must not be
 * moved afterwards. GIVES ret->dither (pixelize_plan_fini), on failure too. */
SPR_MUST_USE enum spr_code pixelize_plan_read(const struct cli *cli, const struct args *args,
                                              struct pixelize_plan *ret, struct spr_error *err);

void pixelize_plan_fini(struct pixelize_plan *p);

struct pixelize_file {
    char *from, *to; /* paths */
};

struct pixelize_files {
    struct pixelize_file *file; /* (count), in the order of the operands, folders sorted */
    size_t count;
};

/* pixelize_files.c: the files that the operands name (folders: all pictures in and below them) and where each goes.
 * Without out: here, as NAME-pixel.ENDING. GIVES *ret (pixelize_files_fini). Fails: SPR_BADARG (two results of one
 * name, a folder without --out), SPR_EXISTS (a result is there already, and no force), SPR_NOTFOUND, SPR_IO, SPR_LIMIT,
 * SPR_NOMEM. */
SPR_MUST_USE enum spr_code pixelize_files_find(const struct args *args, const char *out, enum image_kind kind,
                                               bool force, struct pixelize_files *ret, struct spr_error *err);
void pixelize_files_fini(struct pixelize_files *f); /* fine on a zeroed one */

/* pixelize_run.c: every file, on all threads; what is printed is in the order of the files. Fails: SPR_BADDATA where a
 * file had no grid or could not be read (each is told), SPR_CANCELLED, SPR_NOMEM. */
SPR_MUST_USE enum spr_code pixelize_run(const struct cli *cli, const struct pixelize_plan *plan,
                                        const struct pixelize_files *files, struct spr_error *err);

#endif
