/* spritery-copies - does a model copy what it learned from? How near sprites are to the nearest tile of its data.
 * Usage: spritery-copies DATA... -- SPRITE.png...
 * Flow:  folders with captions.jsonl, sprites of 32 x 32 -> [spritery-copies] -> a table
 * Distance is the root mean square over 32 x 32 premultiplied RGBA in 0..1; a tile's mirror image counts as the tile.
 * For comparison the same is told of tiles themselves, each against all others. */
#include "base/buf.h"
#include "base/mem.h"
#include "image/png.h"
#include "train/captions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES = TILE_SIDE * TILE_SIDE * 4, FOLDERS_MAX = 8, TILES_ASKED = 300 };
static const double copied = 0.05; /* nearer than that is the tile itself, or as good as */
static const double singled = 0.6; /* so much nearer than the second nearest: nothing else explains it */

/* One picture: premultiplied bytes. */
struct picture {
    uint8_t byte[BYTES];
};

struct nearest {
    double first, second;
    size_t at;
};

static void premultiply(const struct rgba *pixel, bool mirror, struct picture *ret)
{
    uint8_t *to = ret->byte;
    for (int y = 0; y < TILE_SIDE; y++)
        for (int x = 0; x < TILE_SIDE; x++) {
            struct rgba p = pixel[y * TILE_SIDE + (mirror ? TILE_SIDE - 1 - x : x)];
            *to++ = (uint8_t)((p.r * p.a + 127) / 255);
            *to++ = (uint8_t)((p.g * p.a + 127) / 255);
            *to++ = (uint8_t)((p.b * p.a + 127) / 255);
            *to++ = p.a;
        }
}

static double distance(const struct picture *a, const struct picture *b)
{
    uint32_t sum = 0; /* at most 4096 * 255^2 */
    for (int i = 0; i < BYTES; i++) {
        int d = a->byte[i] - b->byte[i];
        sum += (uint32_t)(d * d);
    }
    return sqrt((double)sum / BYTES) / 255;
}

/* plain, mirrored: [count] each. leave_out: a tile not to compare with; count for none. */
static struct nearest find(const struct picture *of, const struct picture *plain,
                           const struct picture *mirrored, size_t count, size_t leave_out)
{
    struct nearest n = { 1e9, 1e9, 0 };
    for (size_t i = 0; i < count; i++) {
        if (i == leave_out)
            continue;
        double d = fmin(distance(of, &plain[i]), distance(of, &mirrored[i]));
        if (d < n.first) {
            n.second = n.first;
            n.first = d;
            n.at = i;
        } else if (d < n.second) {
            n.second = d;
        }
    }
    return n;
}

static int by_first(const void *a, const void *b)
{
    const struct nearest *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

static void print_row(const char *what, struct nearest *list, size_t count)
{
    size_t near = 0, single = 0;
    for (size_t i = 0; i < count; i++) {
        near += list[i].first < copied;
        single += list[i].first < singled * list[i].second;
    }
    qsort(list, count, sizeof *list, by_first);
    printf("| %s (%zu) | %.3f | %.3f | %.1f %% | %.1f %% |\n", what, count, list[count / 2].first,
           list[count / 20].first, 100 * (double)near / (double)count, 100 * (double)single / (double)count);
}

struct data {
    struct captions captions[FOLDERS_MAX];
    size_t folders, count;
    struct picture *plain, *mirrored; /* [count] */
    const char **file;                /* [count] */
};

static enum spr_code read_picture(const char *folder, const char *file, struct rgba *tile,
                                  struct spr_error *err)
{
    char path[4096];
    struct image im;
    if (snprintf(path, sizeof path, "%s%s%s", folder, *folder ? "/" : "", file) >= (int)sizeof path)
        return SPR_FAIL(err, SPR_LIMIT, "%.60s...: the path is too long", file);
    enum spr_code rc = png_read(path, NULL, &im, NULL, err);
    if (rc)
        return rc;
    if (!tile_place(&im, tile))
        rc = SPR_FAIL(err, SPR_BADDATA, "%s: %d x %d pixels are no sprite of 32 x 32", path, im.width,
                      im.height);
    image_fini(&im);
    return rc;
}

static enum spr_code read_data(char **folder, size_t folders, struct data *d, struct spr_error *err)
{
    char path[4096];
    enum spr_code rc = SPR_OK;
    size_t all = 0;
    for (; d->folders < folders && !rc; d->folders++) {
        snprintf(path, sizeof path, "%s/captions.jsonl", folder[d->folders]);
        rc = captions_read(path, &d->captions[d->folders], err);
        all += d->captions[d->folders].count;
    }
    if (rc)
        return rc;
    d->plain = mem_zalloc(all, sizeof *d->plain);
    d->mirrored = mem_zalloc(all, sizeof *d->mirrored);
    d->file = mem_zalloc(all, sizeof *d->file);
    if (!d->plain || !d->mirrored || !d->file)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu tiles", all);
    for (size_t f = 0; f < folders; f++)
        for (size_t i = 0; i < d->captions[f].count && !rc; i++, d->count++) {
            struct rgba tile[TILE_SIDE * TILE_SIDE];
            d->file[d->count] = d->captions[f].row[i].file;
            rc = read_picture(folder[f], d->file[d->count], tile, err);
            if (rc == SPR_OK) {
                premultiply(tile, false, &d->plain[d->count]);
                premultiply(tile, true, &d->mirrored[d->count]);
            }
        }
    return rc;
}

static enum spr_code compare(const struct data *d, char **sprite, size_t sprites, struct spr_error *err)
{
    size_t asked = d->count < TILES_ASKED ? d->count : TILES_ASKED;
    struct nearest *of_sprite = mem_zalloc(sprites, sizeof *of_sprite);
    struct nearest *of_tile = mem_zalloc(asked, sizeof *of_tile);
    enum spr_code rc = SPR_OK;
    if (!of_sprite || !of_tile)
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for %zu sprites", sprites);
    size_t seen = 0;
    for (size_t i = 0; i < sprites && !rc; i++) {
        struct rgba tile[TILE_SIDE * TILE_SIDE];
        struct spr_error empty;
        struct picture p;
        rc = read_picture("", sprite[i], tile, &empty);
        if (rc == SPR_BADDATA) { /* nearly empty: of overlays, for example */
            fprintf(stderr, "left out: %s\n", empty.text);
            rc = SPR_OK;
            continue;
        }
        if (rc) {
            if (err)
                *err = empty;
            break;
        }
        premultiply(tile, false, &p);
        of_sprite[seen] = find(&p, d->plain, d->mirrored, d->count, d->count);
        if (of_sprite[seen].first < copied)
            fprintf(stderr, "%s: %.3f to %s\n", sprite[i], of_sprite[seen].first,
                    d->file[of_sprite[seen].at]);
        seen++;
    }
    if (rc == SPR_OK && seen == 0)
        rc = SPR_FAIL(err, SPR_BADDATA, "no sprite of 32 x 32 with anything to see");
    for (size_t i = 0; i < asked && !rc; i++) {
        size_t at = i * d->count / asked;
        of_tile[i] = find(&d->plain[at], d->plain, d->mirrored, d->count, at);
    }
    if (rc == SPR_OK) {
        printf("| | median | 5th percentile | under %.2f | nearest less than %.1f of second nearest |\n",
               copied, singled);
        printf("|---|---|---|---|---|\n");
        print_row("sprite to nearest tile", of_sprite, seen);
        print_row("tile to nearest other tile", of_tile, asked);
    }
    mem_free(of_tile);
    mem_free(of_sprite);
    return rc;
}

int main(int argc, char **argv)
{
    struct data d = { 0 };
    struct spr_error err;
    int dash = 1;
    while (dash < argc && strcmp(argv[dash], "--") != 0)
        dash++;
    if (dash == 1 || dash > FOLDERS_MAX + 1 || dash + 1 >= argc) {
        fprintf(stderr, "usage: spritery-copies DATA... -- SPRITE.png...\n");
        return 2;
    }
    enum spr_code rc = read_data(argv + 1, (size_t)dash - 1, &d, &err);
    if (rc == SPR_OK)
        rc = compare(&d, argv + dash + 1, (size_t)(argc - dash - 1), &err);
    if (rc)
        fprintf(stderr, "spritery-copies: %s\n", err.text);
    mem_free(d.file);
    mem_free(d.mirrored);
    mem_free(d.plain);
    for (size_t i = 0; i < d.folders; i++)
        captions_fini(&d.captions[i]);
    return rc != SPR_OK;
}
