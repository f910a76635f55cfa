/* raster - a few shaded solids as a piece of pixel art.
 * Flow:  draw/script -> struct drawing (solids, then details) -> [draw/raster] -> 32 x 32 pixels
 * Coordinates: x to the right, y down, z towards the eye, in any unit: drawing_make fits the whole into the picture.
 *   x = 0 is the middle. Light comes from the upper left.
 * Invariants: alpha is 0 or 255; at most 15 colours; what is not a detail has no pixel alone in its colour.
 * Threads: a drawing belongs to one. */
#ifndef DRAW_RASTER_H
#define DRAW_RASTER_H
#include "image/image.h"

enum {
    DRAW_SIDE = 32,
    SOLIDS_MAX = 700,
    DETAILS_MAX = 512,
    CORNERS_MAX = 24,
    PARTS_MAX = 200,
    DRAW_COLOURS = 15
};

struct point {
    float x, y;
};

enum solid_kind {
    SOLID_BALL,  /* an ellipsoid: centre at[0], radius and radius_y and depth, turned by turn */
    SOLID_LIMB,  /* round, from at[0] to at[1], radius to radius_y */
    SOLID_PLATE, /* flat, corners at[0..corners): shade changes from light to dark, first corner to last */
    SOLID_LATHE, /* turned around x = middle: at[i] is the half width x at height y, from top to bottom */
};

struct solid {
    enum solid_kind kind;
    int part, ramp;
    int tone; /* steps lighter or darker than the light says */
    struct point at[CORNERS_MAX];
    int corners;
    float z[2]; /* of at[0] and, of a limb, at[1] */
    float radius, radius_y, depth, turn;
    float middle;
    float light, dark; /* of a plate: 0..1 */
};

enum texture {
    TEXTURE_NONE,
    TEXTURE_SCALES,
    TEXTURE_FUR,
    TEXTURE_STRIPES,
    TEXTURE_SPOTS,
    TEXTURE_BANDS,
    TEXTURE_BRICKS,
    TEXTURE_ROUGH,
    TEXTURES
};
extern const char *const texture_name[TEXTURES];

/* Solids of one part have no line between them. */
struct part {
    int dim; /* tones darker: what is on the far side */
    int line; /* around it, where something is behind: 0 none, 1 in that one's darkest tone, 2 as the outline */
    enum texture texture;
};

/* Pixels set last, at a place of the figure: whole pixels, whatever its scale. */
struct detail {
    struct point at;
    int dx, dy; /* pixels away from there */
    struct rgba colour;
};

struct drawing {
    int solids, parts, details;
    struct solid solid[SOLIDS_MAX];
    struct part part[PARTS_MAX];
    struct detail detail[DETAILS_MAX];
    int outline; /* the ramp it is taken from; -1: the figure's most frequent one */
    float size;  /* pixels that the longer side fills */
    bool floats; /* in the middle instead of on the ground */
    bool mirror;
    float lighter, turned; /* of all colours but details: OkLab lightness and radians of hue */
    uint64_t seed;         /* of textures */
};

/* pixel: (32, 32). False where nothing can be seen. */
bool drawing_make(const struct drawing *d, struct rgba *pixel);

#endif
