/* target - which engines and tools a sheet can be written for, and what each wants beside the pictures.
 * Flow:  struct atlas -> [pack/target: write_*] -> the bytes of metadata files
 * Invariants: bytes depend on the atlas and the options alone; a row of the table in target.c is all that a target is.
 * Threads: any.
 * Adding one: write_NAME.c with its functions, their rows in target.c, a golden in tests/golden/pack. */
#ifndef PACK_TARGET_H
#define PACK_TARGET_H
#include "base/buf.h"
#include "pack/atlas.h"

struct target_options {
    int pixels_per_unit; /* Unity */
    const char *guid;    /* Unity: 32 hex digits to be kept, or NULL */
};

/* page: the page it is about; -1 for a file about all. */
typedef enum spr_code target_write_fn(const struct atlas *a, int page, const struct target_options *o,
                                      struct buf *into, struct spr_error *err);

struct target_file {
    const char *ending; /* after the page's or the sheet's name: ".json", ".png.meta" */
    bool per_page;
    target_write_fn *write;
};

enum { TARGET_FILES = 3 };

struct target {
    const char *name;  /* "godot" */
    const char *about; /* one line */
    bool turned;       /* knows turned frames */
    bool one_page;     /* knows one picture only */
    bool grid;         /* wants equal cells */
    struct target_file file[TARGET_FILES];
};

/* Sorted by name. */
extern const struct target targets[];
extern const int target_count;
const struct target *target_named(const char *name); /* NULL if none */

target_write_fn write_aseprite_hash, write_aseprite_array, write_texturepacker_hash,
    write_texturepacker_array, write_pixi, write_phaser, write_phaser_animations, write_godot4,
    write_godot4_import, write_godot3, write_godot3_import, write_unity_meta, write_bevy_meta,
    write_bevy_layout, write_bevy_sprites, write_tsx, write_css;

#endif
