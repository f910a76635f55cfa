/* sprites - what is to be packed: pictures with names, times, pivots; animations found in names, folders, files and the
 * sidecar.
 * Flow:  files, folders, a sidecar -> [pack/sprites] -> pack/build
 * Invariants: names differ; items stand in the order of their names (digits as numbers), frames of one animation side
 *   by side; which order the files were given in does not matter.
 * Names: a file is called by its name without ending; below a given folder by its path there, "hero/walk_01". An ending
 *   of "_120ms" is its duration and not part of the name. walk_01, walk_02 ... are the animation "walk". A file of
 *   several frames gives NAME_0, NAME_1 ... and its own tags.
 * Threads: a plain value; pictures are read on the pool that is given. */
#ifndef PACK_SPRITES_H
#define PACK_SPRITES_H
#include "base/pool.h"
#include "pack/atlas.h"
#include "yaml/schema.h"

enum { SPRITE_FILES_MAX = 100000, SPRITE_DURATION_MS = 100 };

/* A file that was named or found in a folder. */
struct sprite_file {
    char *path;      /* as it is opened */
    char *name;      /* what its frames are called */
    int duration_ms; /* said by its name, or 0 */
};

struct sprite_files {
    struct sprite_file *item; /* (count), in the order of names */
    int count;
};

enum sprite_grouping {
    GROUP_BY_NAME,   /* walk_01, walk_02: "walk" */
    GROUP_BY_FOLDER, /* hero/walk/a, hero/walk/b: "hero/walk" */
    GROUP_NONE
};

/* Names files and walks folders. Inside folders only pictures are taken, hidden files are not; other files are taken
 * as they are given. BORROWS path[count]. GIVES *ret (sprite_files_fini). Fails: SPR_NOTFOUND, SPR_IO, SPR_BADARG (two
 * have one name: both are said), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code sprite_files_find(const char *const *path, int count, struct sprite_files *ret,
                                             struct spr_error *err);
void sprite_files_fini(struct sprite_files *f);

struct sprite {
    char *name;
    struct image image;
    int file; /* where it came from: an index of sprite_files */
    int duration_ms;
    double pivot_x, pivot_y; /* pixels from the top left */
    int mask;                /* of a tile set, or -1 */
};

struct sprites {
    struct sprite *item;
    int count;
    struct atlas names; /* only tags and slices are used */
    enum atlas_wang wang;
};

struct sprite_defaults {
    int duration_ms;
    double pivot_x, pivot_y; /* 0..1 of the source */
    enum sprite_grouping grouping;
    enum atlas_wang wang; /* numbers at the ends of names are terrain bits */
};

/* Reads every file. BORROWS files, sidecar (a YAML file's bytes; length 0: none). A mistake in the sidecar is in *report.
 * GIVES *ret (sprites_fini). Fails: what image_load says, SPR_BADDATA, SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code sprites_load(const struct sprite_files *files, const char *sidecar, size_t length,
                                        const struct sprite_defaults *defaults, struct pool *pool,
                                        struct sprites *ret, struct doc_report *report,
                                        struct spr_error *err);
void sprites_fini(struct sprites *s);

/* The index of a name, or -1. */
int sprites_find(const struct sprites *s, const char *name);

/* For sidecar.c: what the sidecar says goes into s. */
SPR_MUST_USE enum spr_code sidecar_apply(struct sprites *s, const char *bytes, size_t length,
                                         struct doc_report *report, struct spr_error *err);

/* "bottom-left" -> 0, 1: parts of the source; false for other words. */
bool pivot_named(const char *name, double *ret_x, double *ret_y);

/* "walk_01" -> length of "walk" and 1; false where the name does not end in digits after something else. */
bool sprite_name_split(const char *name, size_t *ret_base, int *ret_number);

/* The order items stand in: by base, then number, then name. */
int sprite_name_order(const char *a, const char *b);

#endif
