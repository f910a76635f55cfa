/* tileset - the tiles that join two grounds: 16 by corners or by edges (Wang tiles), 47 by all neighbours (blob).
 * Flow:  two tiles that repeat -> [pixel/tileset] -> one picture of all tiles, and what lies at their sides
 * Each tile is a mask over the two grounds: a value for each pixel between nine control points (the corners, the middles
 *   of the edges, the middle), with some waviness, cut at a threshold. What a mask has at an edge follows from that edge's
 *   three points alone, and the waviness repeats with the tile: so all tiles with the same edge have the same pixels there,
 *   and every pair that may stand side by side fits exactly.
 * Threads: any; nothing is shared. The same options give the same bytes on every machine. */
#ifndef PIXEL_TILESET_H
#define PIXEL_TILESET_H
#include "base/buf.h"
#include "base/err.h"
#include "image/image.h"
#include <stdbool.h>
#include <stdint.h>

enum tileset_kind {
    TILESET_CORNER, /* 16: the upper ground at each of four corners, or not */
    TILESET_EDGE,   /* 16: at each of four edges: paths, rivers */
    TILESET_BLOB,   /* 47: a cell of the upper ground by its eight neighbours */
    TILESET_KIND_COUNT
};
const char *tileset_kind_name(enum tileset_kind kind); /* "corner", "edge", "blob" */
int tileset_count(enum tileset_kind kind);             /* 16, 16, 47 */

/* What lies at the eight places around tile i, clockwise from above, as bits 0..7 (n ne e se s sw w nw): 1 for the upper
 * ground. A corner tile has only ne se sw nw, an edge tile only n e s w; a blob's corner counts only between two edges. */
unsigned tileset_around(enum tileset_kind kind, int i);
/* The tile for what lies around: bits that the kind does not look at are left out. */
int tileset_index(enum tileset_kind kind, unsigned around);

struct tileset_options {
    enum tileset_kind kind;
    double wave;        /* 0..1: how wavy the line between the grounds is */
    uint64_t seed;      /* of the waviness */
    bool border;        /* the upper ground's rim has this colour: */
    struct rgba colour; /* */
};

/* The tiles row by row, 4 columns of 16 or 8 of 47; the last places of a blob set are empty. lower and upper have one size, sides
 * 4..IMAGE_SIDE_MAX/8. GIVES ret->pixel (image_fini). Fails: SPR_BADARG (sizes), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code tileset_make(const struct image *lower, const struct image *upper,
                                        const struct tileset_options *o, struct image *ret,
                                        struct spr_error *err);
int tileset_columns(enum tileset_kind kind);

/* Appends a Tiled tileset (.tsx, format 1.8) with the set's terrain: `file` is the picture's name as the .tsx sees it, name the
 * tileset's. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code tileset_tsx(enum tileset_kind kind, const struct image *set, const char *name,
                                       const char *file, struct buf *into, struct spr_error *err);

/* A plane of columns x rows cells at random, tiles chosen so that they fit; set is a picture of tileset_make. A blob
 * plane shows cells of the lower ground as `lower` (NULL: transparent). GIVES ret->pixel. Fails: SPR_BADARG (the picture
 * is no such set), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code tileset_plane(const struct image *set, enum tileset_kind kind,
                                         const struct image *lower, int columns, int rows, uint64_t seed,
                                         struct image *ret, struct spr_error *err);

#endif
