/* tiny - for the tests of train/: a folder of a few drawn tiles with captions, and a network that trains on them in
 * milliseconds. Included by tests only; each gets a copy. */
#ifndef TRAIN_TINY_H
#define TRAIN_TINY_H
#include "base/file.h"
#include "image/png.h"
#include "paint/unet.h"
#include "train/dataset.h"
#include "train/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TINY_TILES = 24, TINY_PATH = 160 };

static const char *const tiny_word[] = { "<pad>",  "red",  "orange", "yellow", "green",   "cyan",   "blue",
                                         "purple", "pink", "brown",  "black",  "grey",    "white",  "disc",
                                         "square", "item", "gold",   "big",    "monster", "scarlet" };
static const struct dataset_words tiny_words = { tiny_word, SPR_COUNT(tiny_word) };

static const struct unet_config tiny_config = { .vocab = (int)SPR_COUNT(tiny_word),
                                                .channels = { 8, 8, 8 },
                                                .blocks = { 1, 1, 1 },
                                                .cond = 16,
                                                .text = 8,
                                                .group = 4,
                                                .heads = 2,
                                                .words_max = 8,
                                                .mid = 1 };

/* Tile i: discs and squares of four colours and some sizes on nothing. */
static inline void tiny_draw(int i, struct rgba pixel[TILE_PIXELS])
{
    static const struct rgba colour[4] = {
        { 220, 30, 30, 255 }, { 30, 200, 40, 255 }, { 40, 60, 230, 255 }, { 120, 120, 120, 255 }
    };
    const int radius = 6 + i / 4, disc = i % 2 == 0;
    memset(pixel, 0, TILE_PIXELS * sizeof *pixel);
    for (int y = 0; y < TILE_SIDE; y++)
        for (int x = 0; x < TILE_SIDE; x++) {
            int dx = x - 13, dy = y - 16;
            bool inside = disc ? dx * dx + dy * dy < radius * radius : abs(dx) < radius && abs(dy) < radius;
            if (inside)
                pixel[y * TILE_SIDE + x] = colour[i % 4];
        }
}

/* folder: a template for mkdtemp. Writes the tiles and captions.jsonl; 0 when done. */
static inline int tiny_make(char *folder)
{
    char path[TINY_PATH], text[8192] = "";
    size_t length = 0;
    if (!mkdtemp(folder))
        return -1;
    for (int i = 0; i < TINY_TILES; i++) {
        static const char *const name[4] = { "\"red\"", "null", "\"blue\"", "\"grey\"" };
        struct rgba pixel[TILE_PIXELS];
        const struct image im = { TILE_SIDE, TILE_SIDE, pixel };
        tiny_draw(i, pixel);
        snprintf(path, sizeof path, "%s/%02d.png", folder, i);
        if (png_write(path, &im, NULL, FILE_REPLACE, NULL))
            return -1;
        length += (size_t)snprintf(
            text + length, sizeof text - length,
            "{\"file\":\"%02d.png\",\"dir_words\":[\"item\"],\"file_words\":[\"%s\",\"unheard\",\"%s\"],"
            "\"colour\":%s,\"weight\":%d,\"flip\":%s,\"hue\":true,\"keep\":false}\n",
            i, i % 4 == 2 ? "gold" : "big", i % 2 ? "square" : "disc", name[i % 4], i % 3 + 1,
            i % 2 ? "false" : "true");
    }
    snprintf(path, sizeof path, "%s/captions.jsonl", folder);
    return file_write(path, text, length, FILE_REPLACE, NULL) ? -1 : 0;
}

/* One folder, drawn as its captions say. */
static inline enum spr_code tiny_open(const char *folder, const struct dataset_words *words, size_t hold_out,
                                      struct dataset *ret, struct spr_error *err)
{
    return dataset_open(&(struct dataset_source){ folder, 1 }, 1, words, hold_out, ret, err);
}

static inline void tiny_remove(const char *folder)
{
    char command[TINY_PATH + 16];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command))
        fprintf(stderr, "%s stays\n", folder);
}

static inline void tiny_options(struct train_options *o)
{
    train_options_default(o);
    o->batch = 8;
    o->lanes = 4;
    o->part = 1;
    o->schedule.total = 160;
    o->schedule.warmup = 16;
    o->schedule.peak = 1e-2;
}

#endif
