/* spritery-emoji - makes tiles and captions.jsonl out of two sets of emoji.
 * Usage: spritery-emoji LIST FOLDER          (tools/fetch-emoji calls it)
 * Flow:  tools/emoji.txt, FOLDER/source/ (emoji.json, noto/1f400.png, fluent/1f400.webp...) -> [spritery-emoji]
 *        -> FOLDER/noto/rat.png, FOLDER/fluent/rat.png, FOLDER/captions.jsonl -> train
 * A picture is cut to what can be seen of it, reduced to at most FIT pixels a side by averaging areas in linear light,
 * made a little crisper (averaging takes the dark lines that hold a small picture together), and finished as every
 * sprite is: alpha 0 or 255, few colours, no grain. */
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "digest/digest.h"
#include "image/colour.h"
#include "image/load.h"
#include "image/png.h"
#include "paint/words.h"
#include "pixel/finish.h"
#include "train/captions.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIT = 30, TILES_MAX = 4096, NAME_BYTES = 64, PATH_BYTES = 1024, LIST_BYTES_MAX = 1 << 20 };
static const float crispness = 0.5f; /* of what a pixel differs from its neighbours' mean, added */

/* How often a tile is drawn in training, by the beginning of its group. Creatures are what the other tiles lack. */
static const struct {
    const char *group;
    float weight;
} weights[] = {
    { "monster", 1.6f }, { "item food", 0.6f }, { "item drink", 0.6f }, { "item music", 0.6f },
    { "item", 1 },       { "plant", 0.8f },     { "", 0.6f },
};

static const struct {
    const char *name, *ending;
} sets[] = { { "noto", "png" }, { "fluent", "webp" } };

struct maker {
    const char *folder;
    json_t *emoji;          /* short name -> "1f400" */
    char group[NAME_BYTES]; /* the words that the group's pictures share */
    bool flip;              /* the group's pictures may be mirrored */
    char *line[TILES_MAX];  /* of captions.jsonl; each begins with the tile's file */
    size_t tiles, missing;
    struct digest hash; /* over each tile in the list's order: its file, a 0 byte, its 32 x 32 RGBA bytes */
};

/* Where something can be seen. */
struct box {
    int left, top, right, bottom; /* the last two are outside */
};

static struct box find_box(const struct image *im)
{
    struct box b = { im->width, im->height, 0, 0 };
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++)
            if (image_at(im, x, y)->a >= 64) {
                b.left = x < b.left ? x : b.left;
                b.top = y < b.top ? y : b.top;
                b.right = x >= b.right ? x + 1 : b.right;
                b.bottom = y >= b.bottom ? y + 1 : b.bottom;
            }
    return b;
}

/* Light of premultiplied red, green and blue, and alpha; all 0..1. */
struct light {
    float v[4];
};

/* The mean of the area (x0, y0)..(x1, y1) of the picture. */
static struct light mean(const struct image *im, float x0, float y0, float x1, float y1)
{
    struct light sum = { { 0 } };
    float area = 0;
    for (int y = (int)y0; y < im->height && (float)y < y1; y++)
        for (int x = (int)x0; x < im->width && (float)x < x1; x++) {
            const struct rgba *p = image_at(im, x, y);
            float w = fminf((float)x + 1, x1) - fmaxf((float)x, x0);
            w *= fminf((float)y + 1, y1) - fmaxf((float)y, y0);
            float a = (float)p->a / 255 * w;
            sum.v[0] += srgb_linear[p->r] * a;
            sum.v[1] += srgb_linear[p->g] * a;
            sum.v[2] += srgb_linear[p->b] * a;
            sum.v[3] += a;
            area += w;
        }
    for (int c = 0; c < 4 && area > 0; c++)
        sum.v[c] /= area;
    return sum;
}

static struct rgba to_rgba(const struct light *l)
{
    if (!(l->v[3] > 0))
        return (struct rgba){ 0 };
    return (struct rgba){ srgb_from_linear(l->v[0] / l->v[3]), srgb_from_linear(l->v[1] / l->v[3]),
                          srgb_from_linear(l->v[2] / l->v[3]), byte_from_unit(l->v[3]) };
}

static enum spr_code reduce(const struct image *im, struct image *ret, struct spr_error *err)
{
    struct box b = find_box(im);
    int width = b.right - b.left, height = b.bottom - b.top, side = width > height ? width : height;
    if (side < FIT / 2)
        return SPR_FAIL(err, SPR_BADDATA, "%d x %d pixels can be seen", width, height);
    float step = (float)side / FIT;
    int w = (int)ceilf((float)width / step - 0.01f), h = (int)ceilf((float)height / step - 0.01f);
    enum spr_code rc = image_init(ret, w, h, err);
    if (rc)
        return rc;
    float left = (float)b.left - ((float)w * step - (float)width) / 2;
    float top = (float)b.bottom - (float)h * step;
    left = left < 0 ? 0 : left;
    top = top < 0 ? 0 : top;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            struct light l = mean(im, left + (float)x * step, top + (float)y * step,
                                  left + (float)(x + 1) * step, top + (float)(y + 1) * step);
            *image_at(ret, x, y) = to_rgba(&l);
        }
    return SPR_OK;
}

/* Adds to each pixel's lightness a part of its distance from the mean of the pixels beside it. */
static enum spr_code make_crisp(struct image *im, struct spr_error *err)
{
    struct image was;
    enum spr_code rc = image_copy(&was, im, err);
    if (rc)
        return rc;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++) {
            struct rgba *p = image_at(im, x, y);
            float sum = 0;
            int n = 0;
            for (int v = y - 1; v <= y + 1; v++)
                for (int u = x - 1; u <= x + 1; u++)
                    if (u >= 0 && v >= 0 && u < im->width && v < im->height &&
                        image_at(&was, u, v)->a >= 128) {
                        sum += oklab_from(*image_at(&was, u, v)).L;
                        n++;
                    }
            if (n == 0 || p->a == 0)
                continue;
            struct oklab c = oklab_from(*p);
            c.L += crispness * (c.L - sum / (float)n);
            c.L = c.L < 0 ? 0 : c.L > 1 ? 1 : c.L;
            struct rgba sharp = oklab_to(c);
            sharp.a = p->a;
            *p = sharp;
        }
    image_fini(&was);
    return SPR_OK;
}

/* On the ground, in the middle. */
static void place(const struct image *im, struct image *tile)
{
    int left = (TILE_SIDE - im->width) / 2, top = TILE_SIDE - 1 - im->height;
    if (im->height < FIT - 4) /* flat things float: a fish, a cloud, a sword lying */
        top = (TILE_SIDE - im->height) / 2 + (TILE_SIDE - im->height) / 4;
    for (int y = 0; y < im->height; y++)
        for (int x = 0; x < im->width; x++)
            *image_at(tile, left + x, top + y) = *image_at(im, x, y);
}

static enum spr_code to_tile(const struct image *im, struct indexed *ret, struct spr_error *err)
{
    static const struct finish_options options = {
        .colours = 24, .alpha_from = 128, .speck = 1, .remnant = 4, .min_distance = 0.03f, .reluctance = 0.03f
    };
    struct image small = { 0 }, tile = { 0 };
    enum spr_code rc = reduce(im, &small, err);
    if (rc == SPR_OK)
        rc = make_crisp(&small, err);
    if (rc == SPR_OK)
        rc = image_init(&tile, TILE_SIDE, TILE_SIDE, err);
    if (rc == SPR_OK) {
        place(&small, &tile);
        rc = finish(&tile, &options, ret, err);
    }
    image_fini(&tile);
    image_fini(&small);
    return rc;
}

/* Finds the picture of an emoji in a set; the file's name is its code points, with or without a last "-fe0f". */
static enum spr_code load(const struct maker *m, size_t set, const char *code, struct image *ret,
                          struct spr_error *err)
{
    static const char *const tails[] = { "", "-fe0f" };
    char path[PATH_BYTES];
    int length = (int)strlen(code);
    if (length > 5 && strcmp(code + length - 5, "-fe0f") == 0)
        length -= 5;
    for (size_t i = 0; i < SPR_COUNT(tails); i++) {
        snprintf(path, sizeof path, "%s/source/%s/%.*s%s.%s", m->folder, sets[set].name, length, code,
                 tails[i], sets[set].ending);
        if (file_exists(path))
            return image_load(path, NULL, ret, NULL, err);
    }
    return SPR_FAIL(err, SPR_NOTFOUND, "%s has no picture of %s", sets[set].name, code);
}

static float weight_of(const char *group)
{
    size_t i = 0;
    while (strncmp(group, weights[i].group, strlen(weights[i].group)) != 0)
        i++; /* the last row fits all */
    return weights[i].weight;
}

/* file: "noto/rat.png". */
static enum spr_code add_caption(struct maker *m, const char *file, const struct indexed *tile,
                                 const char *names, struct spr_error *err)
{
    struct words of_group, of_name;
    struct image im = { 0 };
    struct buf line;
    buf_init(&line, PATH_BYTES);
    struct caption c = {
        .file = file, .weight = weight_of(m->group), .flip = m->flip, .hue = true, .keep = true
    };
    c.style_word[c.style_words++] = "emoji";
    enum spr_code rc = image_from_indexed(&im, tile, err);
    if (rc || (rc = words_read(m->group, strlen(m->group), &of_group, err)) ||
        (rc = words_read(names, strlen(names), &of_name, err)))
        goto out;
    for (int i = 0; i < of_name.count; i++)
        caption_add_word(c.file_word, &c.file_words, of_name.word[i].text);
    for (int i = 0; i < of_group.count; i++)
        if (words_find(&of_name, of_group.word[i].text) < 0)
            caption_add_word(c.dir_word, &c.dir_words, of_group.word[i].text);
    c.colour = colour_dominant_bytes(im.pixel, (size_t)im.width * (size_t)im.height);
    digest_add(&m->hash, file, strlen(file) + 1);
    digest_add(&m->hash, im.pixel, (size_t)im.width * (size_t)im.height * sizeof *im.pixel);
    rc = caption_write(&c, &line, err);
    if (rc == SPR_OK)
        m->line[m->tiles++] = buf_detach(&line);
out:
    buf_fini(&line);
    image_fini(&im);
    return rc;
}

/* One emoji of one set: a tile on disk and a line. */
static enum spr_code make_tile(struct maker *m, size_t set, const char *name, const char *names,
                               struct spr_error *err)
{
    char file[2 * NAME_BYTES], path[PATH_BYTES];
    const char *code = json_string_value(json_object_get(m->emoji, name));
    struct image im = { 0 };
    struct indexed tile = { 0 };
    if (!code)
        return SPR_FAIL(err, SPR_NOTFOUND, "there is no emoji '%s'", name);
    if (m->tiles == TILES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d tiles", TILES_MAX);
    enum spr_code rc = load(m, set, code, &im, err);
    if (rc == SPR_NOTFOUND) { /* a set that is older than the other */
        m->missing++;
        return SPR_OK;
    }
    snprintf(file, sizeof file, "%s/%s.png", sets[set].name, name);
    snprintf(path, sizeof path, "%s/%s", m->folder, file);
    if (rc == SPR_OK)
        rc = to_tile(&im, &tile, err);
    if (rc == SPR_OK)
        rc = png_write_indexed(path, &tile, NULL, FILE_REPLACE, err);
    if (rc == SPR_OK)
        rc = add_caption(m, file, &tile, names, err);
    indexed_fini(&tile);
    image_fini(&im);
    return rc;
}

/* "rat=mouse,rat" or "rat@noto=mouse,rat": the name, the set if only one is meant, and the words. */
static enum spr_code make_entry(struct maker *m, char *entry, struct spr_error *err)
{
    char *names = strchr(entry, '=');
    enum spr_code rc = SPR_OK;
    if (names)
        *names++ = '\0';
    char *only = strchr(entry, '@');
    if (only)
        *only++ = '\0';
    for (size_t set = 0; set < SPR_COUNT(sets) && !rc; set++)
        if (!only || strcmp(only, sets[set].name) == 0)
            rc = make_tile(m, set, entry, names ? names : entry, err);
    if (rc)
        spr_prefix(err, "%s", entry);
    return rc;
}

static enum spr_code read_group(struct maker *m, char *line, struct spr_error *err)
{
    char *end = strchr(line, ']');
    if (!end || end - line >= NAME_BYTES)
        return SPR_FAIL(err, SPR_BADDATA, "'%.40s' is no group of words", line);
    *end = '\0';
    m->flip = line[1] != '-';
    snprintf(m->group, sizeof m->group, "%s", line + (m->flip ? 1 : 2));
    return SPR_OK;
}

/* TAKES nothing; writes 0 bytes into text. */
static enum spr_code read_list(struct maker *m, char *text, struct spr_error *err)
{
    char *lines = NULL, *words = NULL;
    enum spr_code rc = SPR_OK;
    for (char *line = strtok_r(text, "\n", &lines); line && !rc; line = strtok_r(NULL, "\n", &lines)) {
        if (*line == '#')
            continue;
        if (*line == '[')
            rc = read_group(m, line, err);
        else
            for (char *e = strtok_r(line, " ", &words); e && !rc; e = strtok_r(NULL, " ", &words))
                rc = make_entry(m, e, err);
    }
    return rc;
}

/* Short names and code points out of emoji.json. */
static enum spr_code read_names(struct maker *m, struct spr_error *err)
{
    char path[PATH_BYTES];
    json_error_t bad;
    snprintf(path, sizeof path, "%s/source/emoji.json", m->folder);
    json_t *all = json_load_file(path, 0, &bad);
    m->emoji = json_object();
    if (!json_is_array(all))
        return SPR_FAIL(err, SPR_BADDATA, "%s: %s", path, all ? "no list" : bad.text);
    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *row = json_array_get(all, i);
        const char *name = json_string_value(json_object_get(row, "short_name"));
        const char *image = json_string_value(json_object_get(row, "image"));
        const char *dot = image ? strrchr(image, '.') : NULL;
        if (name && dot)
            json_object_set_new(m->emoji, name, json_stringn(image, (size_t)(dot - image)));
    }
    json_decref(all);
    return SPR_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum spr_code write_captions(struct maker *m, struct spr_error *err)
{
    char path[PATH_BYTES];
    struct buf all;
    enum spr_code rc = SPR_OK;
    buf_init(&all, (size_t)1 << 26);
    qsort(m->line, m->tiles, sizeof *m->line, by_text);
    for (size_t i = 0; i < m->tiles && !rc; i++)
        rc = buf_add(&all, m->line[i], strlen(m->line[i]), err);
    snprintf(path, sizeof path, "%s/captions.jsonl", m->folder);
    if (rc == SPR_OK)
        rc = file_write(path, all.data, all.length, FILE_REPLACE, err);
    buf_fini(&all);
    return rc;
}

static enum spr_code make(struct maker *m, const char *list, struct spr_error *err)
{
    char path[PATH_BYTES];
    struct buf text;
    buf_init(&text, LIST_BYTES_MAX);
    enum spr_code rc = file_read(list, &text, err);
    if (rc == SPR_OK)
        rc = read_names(m, err);
    for (size_t i = 0; i < SPR_COUNT(sets) && !rc; i++) {
        snprintf(path, sizeof path, "%s/%s", m->folder, sets[i].name);
        rc = file_make_folder(path, err);
    }
    if (rc == SPR_OK)
        rc = read_list(m, text.data, err);
    if (rc == SPR_OK)
        rc = write_captions(m, err);
    buf_fini(&text);
    return rc;
}

int main(int argc, char **argv)
{
    static struct maker m;
    struct spr_error err;
    uint8_t sum[DIGEST_BYTES];
    char hex[DIGEST_HEX_BYTES];
    if (argc != 3 || argv[1][0] == '-') {
        fprintf(stderr, "usage: spritery-emoji LIST FOLDER\n");
        return 2;
    }
    m.folder = argv[2];
    digest_init(&m.hash);
    enum spr_code rc = make(&m, argv[1], &err);
    if (rc == SPR_OK) {
        digest_end(&m.hash, sum);
        str_hex(sum, sizeof sum, hex);
        printf("%zu tiles, %zu that a set does not have\nsha256:%s  %s/captions.jsonl\n", m.tiles, m.missing,
               hex, m.folder);
    } else {
        fprintf(stderr, "spritery-emoji: %s\n", err.text);
    }
    for (size_t i = 0; i < m.tiles; i++)
        mem_free(m.line[i]);
    json_decref(m.emoji);
    return rc != SPR_OK;
}
