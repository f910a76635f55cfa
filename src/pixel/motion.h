/* motion - what is done with whole animations: frames picked and put in order, fitted to one size, enlarged, cut from a
 * sheet, given one palette; an onion-skin sheet to look at.
 * Flow:  struct animation -> [pixel/motion] -> struct animation, struct image
 * Everything that goes out is whole and the caller's; what comes in stays as it is. Tags and slices are kept where frames
 *   keep their numbers, else left out.
 * Threads: any; nothing is shared. */
#ifndef PIXEL_MOTION_H
#define PIXEL_MOTION_H
#include "base/err.h"
#include "image/animation.h"
#include "pixel/scale.h"

/* The frames of a tag in the order in which it plays them (once); or of all frames where tag is NULL. reverse turns that
 * order round, pingpong appends the way back without repeating either end. A picked tag is kept, over all frames. GIVES *ret (animation_fini).
 * Fails: SPR_LIMIT, SPR_NOMEM. */
struct motion_order {
    const struct tag *tag; /* BORROWED; NULL: all frames */
    bool reverse, pingpong;
};
SPR_MUST_USE enum spr_code motion_pick(const struct animation *a, const struct motion_order *o,
                                       struct animation *ret, struct spr_error *err);

/* Every frame `factor` times as large; slices too. GIVES *ret. Fails: as scale_by. */
SPR_MUST_USE enum spr_code motion_enlarge(const struct animation *a, enum scale_method method, int factor,
                                          struct animation *ret, struct spr_error *err);

/* Every frame as `change` makes it, all of one size; tags are kept, slices where the size stays. change GIVES its picture
 * and fails as it likes. GIVES *ret. */
typedef enum spr_code motion_change(void *context, const struct image *from, struct image *ret,
                                    struct spr_error *err);
SPR_MUST_USE enum spr_code motion_map(const struct animation *a, motion_change *change, void *context,
                                      struct animation *ret, struct spr_error *err);

/* Where smaller pictures lie on a canvas as large as the largest: halves of the free space at the left and above. */
struct motion_anchor {
    int x, y; /* 0: left or top, 1: middle, 2: right or bottom */
};
/* One animation from pictures of several sizes. BORROWS part[count], each with frames; times and order are kept, tags
 * and slices move along, and so do they if only one part has any. GIVES *ret. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code motion_join(const struct animation *part, int count, struct motion_anchor anchor,
                                       struct animation *ret, struct spr_error *err);

/* A sheet of equal cells (width, height >= 1), row by row; cells after the last one with a pixel are none. GIVES *ret,
 * whose frames last ms. Fails: SPR_BADARG (cells that leave a rest), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code motion_cut(const struct image *sheet, int width, int height, int ms,
                                      struct animation *ret, struct spr_error *err);

/* All frames with one palette of at most `colours` opaque colours, alpha 0 or 255; unchanged where it fits already.
 * GIVES *ret. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code motion_fit_colours(const struct animation *a, int colours, struct animation *ret,
                                              struct spr_error *err);
/* How many colours the frames have together; 257 for more than 256. */
int motion_colours(const struct animation *a);

/* Frames side by side without a gap, row by row. columns 0: as square as it gets. GIVES ret->pixel. */
SPR_MUST_USE enum spr_code motion_sheet(const struct animation *a, int columns, struct image *ret,
                                        struct spr_error *err);

/* A contact sheet to look at: each frame over faint copies of the `around` frames before it (towards red) and after it
 * (towards blue), on grey squares. GIVES ret->pixel. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code motion_onion(const struct animation *a, int around, int scale, int columns,
                                        struct image *ret, struct spr_error *err);

#endif
