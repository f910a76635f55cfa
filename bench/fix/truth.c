#include "fix/truth.h"

#include "fix/soft.h"
#include "image/load.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
static uint64_t hash_of(const char *text)
{
    uint64_t h = 14695981039346656037u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h;
}

static bool is_png(const char *path)
{
    size_t n = strlen(path);
    return n > 4 && strcmp(path + n - 4, ".png") == 0;
}

struct found {
    char *path;
    uint64_t hash;
};

static int by_hash(const void *a, const void *b)
{
    const struct found *p = a, *q = b;
    return p->hash != q->hash ? (p->hash > q->hash) - (p->hash < q->hash) : strcmp(p->path, q->path);
}

struct tiles tiles_find(const char *root, const char *const *folders, enum split split)
{
    struct found *found = NULL;
    size_t count = 0, room = 0, prefix = strlen(root) + 1;
    for (; *folders; folders++) {
        char folder[4096], *roots[] = { folder, NULL };
        snprintf(folder, sizeof folder, "%s/%s", root, *folders);
        FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
        for (FTSENT *e; walk && (e = fts_read(walk));) {
            if (e->fts_info != FTS_F || !is_png(e->fts_path))
                continue;
            uint64_t hash = random_mix(hash_of(e->fts_path + prefix));
            if (!split_unseen(split) && hash >> 63 != (split == SPLIT_HELD))
                continue;
            if (count == room) {
                room = room ? room * 2 : 256;
                found = realloc(found, room * sizeof *found);
                if (!found)
                    exit(1);
            }
            found[count++] = (struct found){ strdup(e->fts_path), hash };
        }
        if (walk)
            fts_close(walk);
    }
    if (!count) {
        fprintf(stderr, "bench_pixelfix: no tiles under %s: run tools/fetch-tiles\n", root);
        exit(1);
    }
    qsort(found, count, sizeof *found, by_hash);
    struct tiles t = { must_alloc(count, sizeof *t.path), count, split_unseen(split) };
    for (size_t i = 0; i < count; i++)
        t.path[i] = found[i].path;
    free(found);
    return t;
}

void tiles_fini(struct tiles *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->path[i]);
    free(t->path);
    *t = (struct tiles){ 0 };
}

static bool fits(const struct image *im)
{
    struct rgba seen[33];
    int colours = 0;
    if (im->width != 32 || im->height != 32)
        return false;
    for (int i = 0; i < 32 * 32; i++) {
        struct rgba p = im->pixel[i];
        int k = 0;
        if (p.a != 0 && p.a != 255)
            return false;
        if (!p.a)
            continue;
        while (k < colours && !rgba_equal(seen[k], p))
            k++;
        if (k == colours && colours == 32)
            return false;
        if (k == colours)
            seen[colours++] = p;
    }
    return colours >= 8;
}

static bool is_large(const struct image *im)
{
    int left = im->width, right = 0, top = im->height, bottom = 0;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++)
            if (image_at(im, x, y)->a) {
                left = x < left ? x : left;
                right = x >= right ? x + 1 : right;
                top = y < top ? y : top;
                bottom = y + 1;
            }
    return right - left >= 20 && bottom - top >= 20;
}

struct image tiles_next(const struct tiles *t, size_t *at)
{
    for (size_t tries = 0; tries < t->count; tries++) {
        struct image im;
        struct spr_error err;
        if (image_load(t->path[(*at)++ % t->count], NULL, &im, NULL, &err))
            continue;
        if (fits(&im) && (!t->large || is_large(&im)))
            return im;
        image_fini(&im);
    }
    fprintf(stderr, "bench_pixelfix: no 32x32 tile with 8 to 32 colours: run tools/fetch-tiles\n");
    exit(1);
}

struct image image_flat(int width, int height, struct rgba colour)
{
    struct image im;
    struct spr_error err;
    if (image_init(&im, width, height, &err)) {
        fprintf(stderr, "bench_pixelfix: %s\n", err.text);
        exit(1);
    }
    for (size_t i = 0, n = (size_t)width * (size_t)height; i < n; i++)
        im.pixel[i] = colour;
    return im;
}

void image_draw(struct image *to, const struct image *from, int x, int y)
{
    for (int v = 0; v < from->height; v++)
        for (int u = 0; u < from->width; u++) {
            struct rgba p = *image_at(from, u, v);
            if (p.a && x + u >= 0 && y + v >= 0 && x + u < to->width && y + v < to->height)
                *image_at(to, x + u, y + v) = p;
        }
}

double dice_in(struct dice *d, double low, double high)
{
    return low + (high - low) * random_unit(d->r, d->at++);
}

int dice_below(struct dice *d, int bound)
{
    return (int)random_below(d->r, d->at++, (uint32_t)bound);
}
