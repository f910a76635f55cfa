/* classes - the ways in which bench/pixelfix spoils pixel art, one letter each.
 * Flow:  struct tiles + class + number -> class_make -> struct spoiled -> files
 * Nominal pictures (the tuning and the blind split, and every second one of the held-out split) are as the class says; the others
 * have other canvases and sizes of the same kind. */
#ifndef FIX_CLASSES_H
#define FIX_CLASSES_H
#include "fix/truth.h"

enum { FRAMES_MOST = 8 };
enum keep { KEEP_PNG, KEEP_JPEG, KEEP_WEBP };

struct spoiled {
    struct truth truth[FRAMES_MOST]; /* cells.pixel NULL for what is no pixel art */
    struct image picture[FRAMES_MOST];
    int frames; /* 1, or a sequence's */
    enum keep keep;
    int quality; /* of JPEG or WebP */
};

struct class_row {
    char letter;
    int count;             /* pictures in a full run */
    const char *folder[4]; /* of tiles; NULL after the last */
    const char *title;
    void (*make)(const struct tiles *tiles, size_t *at, struct dice *dice, bool nominal, struct spoiled *ret);
};

extern const struct class_row classes[];
extern const int class_count;

/* Where a class's tiles are; NULL after the last. */
const char *const *class_folders(const struct class_row *row, enum split split);

/* photos: files to cut pictures from, or NULL, every second one for each split; number chooses the kind. */
void not_art_make(int number, char *const *photos, int photo_count, enum split split, struct dice *dice,
                  struct spoiled *ret);

void spoiled_fini(struct spoiled *s);

#endif
