/* spritery-captions - writes FOLDER/captions.jsonl for the tiles of Dungeon Crawl Stone Soup.
 * Flow:  tools/fetch-tiles -> [spritery-captions] -> train/captions.h
 * Folder names say what a tile is in general, the file name says what it is in particular: both through
 * paint/words.h. Everything that is known about these folders in particular is in the tables below; each is a list
 * of beginnings of paths, and the first row that fits counts. */
#include "train/captions.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "digest/digest.h"
#include "image/png.h"
#include "kinds.h"
#include "paint/words.h"
#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TILES_MAX = 100000, JSONL_BYTES_MAX = 1 << 28 };

/* Folders (themselves, not what is below) without a picture of a thing: buttons, digits, marks laid over others. */
static const char *const skipped_folders[] = {
    "UNUSED/floor/sigils", "UNUSED/gui",   "gui",         "gui/backgrounds",    "gui/commands",
    "gui/startup",         "gui/tutorial", "misc/icons",  "item/armour/brands", "item/food/chunk_brands",
    "misc/numbers",        "player/ench",  "player/halo", "item/weapon/brands",
};

/* How often a tile is drawn in training. Creatures are what people ask for and what is hardest to draw, so theirs are
 * drawn most; items are learned sooner; overlays and effects make no sense alone, and walls have many near-equal
 * tiles, as have the dead of every kind. */
static const struct {
    const char *path;
    double weight;
} weights[] = {
    /* clang-format off */
    { "mon/animals", 5 },            { "mon/humanoids", 5 },          { "mon/dragons", 5 },
    { "mon/demihumanoids", 4 },      { "mon/aquatic", 4 },            { "mon/amorphous", 4 },
    { "mon/holy", 4 },               { "mon/demons", 3 },             { "mon/fungi_plants", 2.5 },
    { "mon/undead/zombies", 1.6 },   { "mon/undead/simulacra", 1.6 }, { "mon/undead/spectrals", 1.6 },
    { "mon/undead", 4 },             { "mon/unique", 1.6 },           { "mon/vault", 1.6 },
    { "mon/mutantbeast", 1 },        { "mon/statues", 1 },            { "mon/panlord", 0.5 },
    { "mon/tentacles", 0.06 },       { "mon/", 2 },                   { "UNUSED/monsters", 3 },
    { "item", 2.2 },                 { "UNUSED/weapons", 1.6 },       { "UNUSED/armour", 1.6 },
    { "dngn/water", 0.2 },           { "dngn/wall", 0.3 },            { "dngn/floor", 0.3 },
    { "effect", 0.2 },               { "player", 0.06 },              { "gui", 0.06 },
    { "misc", 0.06 },                { "UNUSED/spells", 0.06 },       { "UNUSED/other", 0.3 },
    { "UNUSED/player", 0.2 },        { "UNUSED/worn", 0.2 },
    /* clang-format on */
};

/* Folders whose file names are names of things, so that a word in one file name only is worth knowing. */
static const char *const naming_folders[] = {
    "mon/animals", "mon/undead",    "mon/dragons",     "item",
    "dngn",        "mon/fungi",     "mon/humanoids",   "UNUSED/monsters",
    "mon/demons",  "mon/nonliving", "mon/aberrations", "mon/mutantbeast",
};

static const char *const monster_folders[] = { "mon", "UNUSED/mon" }; /* symmetric enough to be mirrored */
static const char *const unshifted_folders[] = { "gui", "misc/num" }; /* where a colour has a meaning */

/* What folders lead with, whatever their names say. */
static const struct {
    const char *path, *first, *second;
} leads[] = {
    { "item/weapon", "item", "weapon" },
    { "UNUSED/weapons", "item", "weapon" },
    { "UNUSED/monsters", "monster", NULL },
};

static bool begins(const char *text, const char *head)
{
    return strncmp(text, head, strlen(head)) == 0;
}

static bool begins_with_any(const char *text, const char *const *heads, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (begins(text, heads[i]))
            return true;
    return false;
}

static bool is_skipped(const char *folder, const char *name)
{
    for (size_t i = 0; i < SPR_COUNT(skipped_folders); i++)
        if (strcmp(folder, skipped_folders[i]) == 0)
            return true;
    return begins(folder, "item") && begins(name, "i-"); /* the small glyphs that tell what an item does */
}

static double weight_of(const char *folder)
{
    for (size_t i = 0; i < SPR_COUNT(weights); i++)
        if (begins(folder, weights[i].path))
            return weights[i].weight;
    return 1;
}

/* What its name implies, after the name. kinds (a list of words) must live as long as the caption. */
static bool add_kinds(const char *folder, const struct words *of_name, struct words *kinds,
                      struct caption *ret)
{
    char text[WORDS_TEXT_MAX] = "";
    size_t n = 0;
    bool fits = true;
    for (int i = 0; i < of_name->count; i++) {
        const char *more = kinds_of(folder, of_name->word[i].text);
        if (more)
            n += (size_t)snprintf(text + n, sizeof text - n, " %s", more);
    }
    if (words_read(text, n, kinds, NULL))
        return false;
    for (int i = 0; i < kinds->count; i++)
        fits = caption_add_word(ret->file_word, &ret->file_words, kinds->word[i].text) && fits;
    return fits;
}

/* The words of one tile; they point into *of_folder, *of_name and *kinds. */
static enum spr_code find_words(const char *folder, const char *name, struct words *of_folder,
                                struct words *of_name, struct words *kinds, struct caption *ret,
                                struct spr_error *err)
{
    enum spr_code rc;
    bool fits = true;
    if ((rc = words_read(folder, strlen(folder), of_folder, err)) ||
        (rc = words_read(name, strlen(name) - strlen(".png"), of_name, err)))
        return rc;
    for (int i = 0; i < of_name->count; i++)
        fits = caption_add_word(ret->file_word, &ret->file_words, of_name->word[i].text) && fits;
    fits = add_kinds(folder, of_name, kinds, ret) && fits;
    if (begins(folder, "item/book") && words_find(of_name, "manual") < 0)
        fits = caption_add_word(ret->file_word, &ret->file_words, "spell") && fits;

    const char *general[CAPTION_WORDS_MAX];
    int generals = 0;
    for (size_t i = 0; i < SPR_COUNT(leads); i++)
        if (begins(folder, leads[i].path)) {
            caption_add_word(general, &generals, leads[i].first);
            if (leads[i].second)
                caption_add_word(general, &generals, leads[i].second);
            break;
        }
    for (int i = 0; i < of_folder->count; i++)
        fits = caption_add_word(general, &generals, of_folder->word[i].text) && fits;
    for (int i = 0; i < generals; i++) {
        bool said = false;
        for (int w = 0; w < ret->file_words; w++)
            said = said || strcmp(ret->file_word[w], general[i]) == 0;
        if (!said)
            caption_add_word(ret->dir_word, &ret->dir_words, general[i]);
    }
    return fits ? SPR_OK : SPR_FAIL(err, SPR_LIMIT, "more than %d words", CAPTION_WORDS_MAX);
}

struct work {
    const char *folder; /* the data's */
    struct buf out;     /* captions.jsonl */
    struct digest hash; /* over each kept tile: its path, a 0 byte, its 32 x 32 RGBA bytes */
    size_t seen, kept;
};

/* path is the file's below the data folder. */
static enum spr_code do_tile(struct work *w, const char *path, struct spr_error *err)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char folder[512], whole[1024];
    struct image im;
    struct rgba tile[TILE_SIDE * TILE_SIDE];
    struct words of_folder, of_name, kinds;
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 0, path);
    w->seen++;
    if (!slash || is_skipped(folder, name))
        return SPR_OK;
    if (snprintf(whole, sizeof whole, "%s/%s", w->folder, path) >= (int)sizeof whole)
        return SPR_FAIL(err, SPR_LIMIT, "%s: the path is too long", path);
    enum spr_code rc = png_read(whole, NULL, &im, NULL, err);
    if (rc)
        return rc;
    bool good = tile_place(&im, tile);
    image_fini(&im);
    if (!good)
        return SPR_OK;
    struct caption c = {
        .file = path,
        .colour = colour_dominant_bytes(tile, SPR_COUNT(tile)),
        .weight = (float)weight_of(folder),
        .flip = begins_with_any(folder, monster_folders, SPR_COUNT(monster_folders)),
        .hue = !begins_with_any(folder, unshifted_folders, SPR_COUNT(unshifted_folders)),
        .keep = begins_with_any(folder, naming_folders, SPR_COUNT(naming_folders)),
    };
    rc = find_words(folder, name, &of_folder, &of_name, &kinds, &c, err);
    if (rc) {
        spr_prefix(err, "%s", path);
        return rc;
    }
    digest_add(&w->hash, path, strlen(path) + 1);
    digest_add(&w->hash, tile, sizeof tile);
    w->kept++;
    return caption_write(&c, &w->out, err);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every PNG below the folder, sorted. GIVES each path and the list (mem_free). */
static enum spr_code list_files(const char *folder, char ***ret, size_t *ret_count, struct spr_error *err)
{
    char *roots[] = { (char *)folder, NULL };
    char **list = mem_zalloc(TILES_MAX, sizeof *list);
    size_t count = 0, skip = strlen(folder) + 1;
    enum spr_code rc = SPR_OK;
    if (!list)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to list %s", folder);
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!walk)
        rc = SPR_FAIL(err, SPR_IO, "cannot walk %s: %s", folder, strerror(errno));
    for (FTSENT *e; rc == SPR_OK && (e = fts_read(walk));) {
        const char *dot = strrchr(e->fts_name, '.');
        if (e->fts_info == FTS_ERR || e->fts_info == FTS_DNR || e->fts_info == FTS_NS)
            rc = SPR_FAIL(err, SPR_IO, "%s: %s", e->fts_path, strerror(e->fts_errno));
        else if (e->fts_info == FTS_F && dot && strcmp(dot, ".png") == 0 && !begins(e->fts_name, "._")) {
            list[count] =
                count < TILES_MAX - 1 ? mem_text(e->fts_path + skip, strlen(e->fts_path + skip)) : NULL;
            if (!list[count++])
                rc = SPR_FAIL(err, SPR_LIMIT, "%s has more than %d pictures", folder, TILES_MAX - 1);
        }
    }
    if (walk)
        fts_close(walk);
    if (rc == SPR_OK && count == 0)
        rc = SPR_FAIL(err, SPR_NOTFOUND, "%s has no PNG files: run tools/fetch-tiles", folder);
    qsort(list, count, sizeof *list, by_path);
    *ret = list;
    *ret_count = count;
    return rc;
}

static enum spr_code count_vocabulary(const char *path, size_t *ret, struct spr_error *err)
{
    struct captions c = { 0 };
    struct vocabulary v = { 0 };
    enum spr_code rc = captions_read(path, &c, err);
    if (rc == SPR_OK)
        rc = captions_vocabulary(&c, 1, &v, err);
    *ret = v.count;
    vocabulary_fini(&v);
    captions_fini(&c);
    return rc;
}

static enum spr_code caption_folder(struct work *w, struct spr_error *err)
{
    char **list = NULL, path[1024];
    size_t count = 0, words = 0;
    uint8_t sum[DIGEST_BYTES];
    char hex[DIGEST_HEX_BYTES];
    snprintf(path, sizeof path, "%s/captions.jsonl", w->folder);
    enum spr_code rc = list_files(w->folder, &list, &count, err);
    for (size_t i = 0; rc == SPR_OK && i < count; i++)
        rc = do_tile(w, list[i], err);
    if (rc == SPR_OK)
        rc = file_write(path, w->out.data, w->out.length, FILE_REPLACE, err);
    if (rc == SPR_OK)
        rc = count_vocabulary(path, &words, err);
    if (rc == SPR_OK) {
        digest_end(&w->hash, sum);
        str_hex(sum, sizeof sum, hex);
        printf("%zu of %zu pictures kept, %zu words in the vocabulary\nsha256:%s  %s\n", w->kept, w->seen,
               words, hex, path);
    }
    for (size_t i = 0; list && i < count; i++)
        mem_free(list[i]);
    mem_free(list);
    return rc;
}

int main(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: spritery-captions FOLDER\n");
        return 2;
    }
    struct work w = { .folder = argv[1] };
    struct spr_error err;
    size_t n = strlen(argv[1]);
    while (n > 1 && argv[1][n - 1] == '/')
        argv[1][--n] = '\0';
    buf_init(&w.out, JSONL_BYTES_MAX);
    digest_init(&w.hash);
    enum spr_code rc = caption_folder(&w, &err);
    if (rc)
        fprintf(stderr, "spritery-captions: %s\n", err.text);
    buf_fini(&w.out);
    return rc != SPR_OK;
}
