/* truth - the pixel art that bench/pixelfix spoils and expects back: CC0 tiles on canvases.
 * Flow:  folder of tools/fetch-tiles -> tiles_find -> truth_make -> classes
 * Splits: a tile belongs to the tuning or to the held-out split by the hash of its name, so no sprite is in both. The
 *   held-out split also has other seeds, and every second picture other canvases, grounds and sizes; the wide split has
 *   those in every picture, with the tuning's tiles. The fresh split takes tiles of folders that no other one looks
 *   into, and grounds of any colour; the blind split takes those tiles, too, and spoils them as the classes say. */
#ifndef FIX_TRUTH_H
#define FIX_TRUTH_H
#include "base/random.h"
#include "image/image.h"
#include <stdbool.h>

enum split { SPLIT_TUNE, SPLIT_HELD, SPLIT_WIDE, SPLIT_FRESH, SPLIT_BLIND };

/* Whether its tiles are those of folders that no other split looks into. */
static inline bool split_unseen(enum split s)
{
    return s == SPLIT_FRESH || s == SPLIT_BLIND;
}

/* Names of tiles of a split, in an order that looks random. */
struct tiles {
    char **path;
    size_t count;
    bool large; /* only those that fill 20 x 20 pixels: elsewhere monsters, which do, are the greatest part */
};

/* Every PNG of the split under root/FOLDER for the folders of the list that ends with NULL. */
struct tiles tiles_find(const char *root, const char *const *folders, enum split split);
void tiles_fini(struct tiles *t);

/* The next tile from *at on that has a size of 32x32, alpha 0 or 255 only and 8 to 32 opaque colours; *at moves past
 * it and round. Stops the program where there is none. */
struct image tiles_next(const struct tiles *t, size_t *at);

/* What a picture was before: the ground's alpha is 0 on a transparent one. */
struct truth {
    struct image cells;
    struct rgba ground;
};

struct image image_flat(int width, int height, struct rgba colour);
/* Draws what is opaque of from. */
void image_draw(struct image *to, const struct image *from, int x, int y);

/* Random numbers of one picture: each call takes the next. */
struct dice {
    struct random r;
    uint64_t at;
    bool fresh; /* for the fresh split: grounds of any colour */
};
double dice_in(struct dice *d, double low, double high);
int dice_below(struct dice *d, int bound);

#endif
