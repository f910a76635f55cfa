/* atlas - what a sheet of sprites is: pages, frames with their places, animations, slices. What engines' files say.
 * Flow:  sprites -> pack/build -> [struct atlas] -> pack/write_*;  engines' files -> pack/read -> [struct atlas] -> unpack
 * Invariants: frame names differ; a frame's place lies inside its page, its trimmed box inside its source size; tags and
 *   same_as name frames that exist (atlas_check says so of what was read).
 * Words: source is the picture as it was before trimming; the box is what of it is kept.
 * Threads: a plain value. */
#ifndef PACK_ATLAS_H
#define PACK_ATLAS_H
#include "base/err.h"
#include "image/animation.h"
#include <stdbool.h>

enum { ATLAS_FRAMES_MAX = 200000, ATLAS_NAME_MAX = 512 };

struct atlas_frame {
    char *name;              /* owned; UTF-8, not empty */
    int page;                /* index */
    int x, y;                /* top left of its place on the page */
    int w, h;                /* of the box; a turned one covers h x w on the page */
    bool turned;             /* on the page by 90 degrees clockwise */
    int off_x, off_y;        /* the box's place in the source */
    int source_w, source_h;  /* before trimming */
    int duration_ms;         /* 1.. */
    double pivot_x, pivot_y; /* in source pixels from the top left */
    int same_as;             /* a frame before it whose place it shares, or -1 */
};

struct atlas_tag {
    char *name;   /* owned */
    int from, to; /* frames, both included */
    enum tag_direction direction;
    int repeat; /* how often it plays; 0: without end */
};

/* A named rectangle of the source, as Aseprite's slices: hit boxes, nine-patch centres. */
struct atlas_slice {
    char *name; /* owned */
    int frame;  /* from which frame on it holds */
    int x, y, w, h;
    bool has_center, has_pivot;
    int center[4]; /* x, y, w, h, from the slice's corner */
    int pivot[2];
};

enum atlas_wang { ATLAS_WANG_NONE, ATLAS_WANG_CORNER, ATLAS_WANG_EDGE, ATLAS_WANG_MIXED };

struct atlas_page {
    char *file; /* owned: file name without folder */
    int w, h;
};

struct atlas {
    char *name; /* owned: what the files are called, without ending */
    struct atlas_page *page;
    int pages;
    struct atlas_frame *frame;
    int frames;
    struct atlas_tag *tag;
    int tags;
    struct atlas_slice *slice;
    int slices;
    int border, padding, extrude;
    int columns, cell_w, cell_h; /* of a grid; 0 where there is none */
    enum atlas_wang wang;
    int *mask; /* (frames): bits of a tile set's terrain, or -1; NULL without one */
};

void atlas_fini(struct atlas *a); /* fine on a zeroed one */

/* Each appends a zeroed element with a copy of the name; NULL where memory runs out (then err says so) or a limit is
 * reached. */
struct atlas_frame *atlas_add_frame(struct atlas *a, const char *name, struct spr_error *err);
struct atlas_tag *atlas_add_tag(struct atlas *a, const char *name, struct spr_error *err);
struct atlas_slice *atlas_add_slice(struct atlas *a, const char *name, struct spr_error *err);
struct atlas_page *atlas_add_page(struct atlas *a, const char *file, struct spr_error *err);

/* Everything the invariants say, of an atlas that came from a file. Fails: SPR_BADDATA with the frame's name. */
SPR_MUST_USE enum spr_code atlas_check(const struct atlas *a, struct spr_error *err);

/* The frame as it was before packing, cut out of its page. BORROWS page (the whole picture). GIVES ret->pixel. Fails:
 * SPR_BADDATA (the page is smaller than its frames), SPR_NOMEM. */
SPR_MUST_USE enum spr_code atlas_cut(const struct atlas_frame *f, const struct image *page, struct image *ret,
                                     struct spr_error *err);

/* A tag played once through, pingpong there and back without repeating its ends: how many frames, and which one comes
 * at a step. */
int atlas_steps(const struct atlas_tag *t);
int atlas_step(const struct atlas_tag *t, int step);
int atlas_shortest_ms(const struct atlas *a, const struct atlas_tag *t); /* of its frames */

bool atlas_tag_on_one_page(const struct atlas *a, const struct atlas_tag *t);

/* Natural order of names: digits count as numbers, "walk_2" before "walk_10". */
int atlas_name_order(const char *a, const char *b);

#endif
