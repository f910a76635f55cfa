/* aseprite_file - an Aseprite file taken apart, before anything is drawn. Private to aseprite*.c.
 * Flow:  bytes -> [aseprite_read.c] -> struct ase -> [aseprite_draw.c] -> struct image; tags and slices: aseprite.c
 * Invariants: cels of a frame are in file order; a cel's layer, a link's target, a tile cel's tileset exist; the bytes of
 *   cels and tilesets are exactly as long as their sizes say. */
#ifndef IMAGE_ASEPRITE_FILE_H
#define IMAGE_ASEPRITE_FILE_H
#include "base/err.h"
#include "image/image.h"

enum {
    ASE_HEADER_BYTES = 128,
    ASE_FRAME_BYTES = 16,
    ASE_MAGIC = 0xA5E0,
    ASE_FRAME_MAGIC = 0xF1FA,
    ASE_DEPTH_MAX = 64,      /* groups within groups */
    ASE_PALETTES_MAX = 1024, /* changes from frame to frame */
    ASE_WORK = 16,           /* pixels drawn for each that may be read: layers, on average */
};

enum ase_chunk_type {
    ASE_OLD_PALETTE = 0x0004,
    ASE_OLD_PALETTE_6 = 0x0011, /* 0..63 */
    ASE_LAYER = 0x2004,
    ASE_CEL = 0x2005,
    ASE_PROFILE = 0x2007,
    ASE_TAGS = 0x2018,
    ASE_PALETTE = 0x2019,
    ASE_SLICE = 0x2022,
    ASE_TILESET = 0x2023,
};

/* header.flags */
enum { ASE_LAYER_OPACITY = 1, ASE_GROUP_BLENDING = 2, ASE_LAYER_IDS = 4 };
/* layer.flags */
enum { ASE_VISIBLE = 1, ASE_BACKGROUND = 8, ASE_REFERENCE = 64 };
enum ase_layer_kind { ASE_NORMAL, ASE_GROUP, ASE_TILES };
enum ase_cel_kind { ASE_RAW, ASE_LINK, ASE_DEFLATED, ASE_TILEMAP };

struct ase_layer {
    char *name;
    int flags, kind, level, blend, opacity;
    int parent; /* an earlier layer, or -1 */
    uint32_t tileset;
};

struct ase_cel {
    int layer, x, y, z, opacity;
    int link;          /* another cel's index whose picture this one shows, or -1 */
    bool tiles;        /* bytes are 32-bit tiles, else pixels */
    int width, height; /* pixels, or tiles */
    int tileset;       /* index, of tiles */
    uint32_t id_mask, x_flip, y_flip, d_flip;
    uint8_t *bytes;
};

struct ase_tileset {
    uint32_t id;
    int count, width, height; /* tiles; pixels of one */
    bool empty_0;             /* tile 0 is empty */
    uint8_t *bytes;           /* (count * height, width) pixels */
};

struct ase_frame {
    int ms, first_cel, cels;
    int palette; /* index, or -1 */
};

struct ase {
    int width, height, depth; /* pixels; bytes of a pixel: 1, 2 or 4 */
    int transparent;          /* index, depth 1 */
    int flags;
    int frames, layers, cels, tilesets, palettes;
    struct ase_frame *frame;
    struct ase_layer *layer;
    struct ase_cel *cel;
    struct ase_tileset *tileset;
    struct palette *palette;
    int palette_of;   /* the frame that the last palette belongs to */
    bool new_palette; /* a chunk of the new kind was there: old ones say nothing */
    size_t most;      /* pixels of all frames, and of all cels and tiles */
    size_t held;      /* pixels of cels and tiles so far */
    uint64_t work;    /* pixels looked at; at most ASE_WORK * most */
};

/* Reading from a chunk: after its end everything is 0 and `over` is set. */
struct ase_bytes {
    const uint8_t *p;
    size_t left;
    bool over;
};
uint32_t ase_get(struct ase_bytes *b, int bytes); /* 1, 2 or 4, little-endian */
int ase_get_short(struct ase_bytes *b);           /* 16 bits with sign */
int32_t ase_get_long(struct ase_bytes *b);
void ase_skip(struct ase_bytes *b, size_t n);
/* GIVES *ret (mem_free); bytes that are not UTF-8 become '?'. */
SPR_MUST_USE enum spr_code ase_get_text(struct ase_bytes *b, char **ret, struct spr_error *err);

/* Calls visit for each chunk of each frame in order; stops at its first failure. */
struct ase_chunk {
    int frame;
    uint32_t type;
    size_t offset; /* from the start of the file */
    struct ase_bytes data;
};
typedef enum spr_code ase_visit(void *context, const struct ase_chunk *c, struct spr_error *err);
SPR_MUST_USE enum spr_code ase_walk(const uint8_t *data, size_t size, int frames, ase_visit *visit,
                                    void *context, struct spr_error *err);

/* frames_wanted: how many are needed, at least 1. GIVES *ret (ase_fini). */
SPR_MUST_USE enum spr_code ase_read(const uint8_t *data, size_t size, const struct image_limits *limits,
                                    int frames_wanted, struct ase *ret, struct spr_error *err);
void ase_fini(struct ase *a);

/* Counts work that the file asks for. Fails: SPR_LIMIT. */
SPR_MUST_USE enum spr_code ase_spend(struct ase *a, uint64_t pixels, struct spr_error *err);

/* One frame as it is seen; chosen: a layer or group that is shown alone, or -1. GIVES *ret (image_fini). */
SPR_MUST_USE enum spr_code ase_draw(struct ase *a, int frame, int chosen, struct image *ret,
                                    struct spr_error *err);

/* q over p with one of the 19 blend modes (unknown ones as normal); opacity 0..255. */
struct rgba ase_blend(int mode, struct rgba p, struct rgba q, int opacity);

#endif
