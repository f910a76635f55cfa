/* frames - the operands of a command as one animation: files, folders of files, sheets with their JSON, sheets cut into
 * cells.
 * Flow:  operands -> [cli/frames] -> image/animation, pack/sheet, pixel/motion -> struct animation
 * A folder is its picture files in the order in which people count (walk2 before walk10), and a tag with its name.
 * Threads: the main one. */
#ifndef CLI_FRAMES_H
#define CLI_FRAMES_H
#include "base/err.h"
#include "pixel/motion.h"

struct frames_source {
    const char *const *path; /* (count); BORROWS argv */
    size_t count;
    int cell_width, cell_height; /* every picture is cut into such cells; 0: none is */
    const char *layer;           /* of Aseprite files; NULL: what is visible */
    const char *tag;             /* of sheets: only its frames are read; NULL: all */
    bool anchored;               /* pictures may have several sizes, and lie so on the largest: */
    struct motion_anchor anchor;
};

/* Still pictures last 0 ms. GIVES *ret (animation_fini). Fails: SPR_BADARG (sizes that differ, an empty folder), and as
 * animation_load, with the path before the sentence. */
SPR_MUST_USE enum spr_code frames_read(const struct frames_source *s, struct animation *ret,
                                       struct spr_error *err);

/* "16x24" to two numbers from 1 to IMAGE_SIDE_MAX. name: of the option. Fails: SPR_BADARG. */
SPR_MUST_USE enum spr_code frames_size(const char *text, const char *name, int *ret_width, int *ret_height,
                                       struct spr_error *err);

#endif
