/* spritery-model-sketches - gives a model file its sketches (paint/sketch.h): tiles to begin creatures from.
 * Usage: spritery-model-sketches MODEL OUT DATA...
 * Flow:  models/x.safetensors + folders with captions.jsonl -> [spritery-model-sketches] -> models/x.safetensors
 * The network's tensors are copied bit by bit; only tensors named "sketch." and the note "sketches" change.
 *
 * Taken are tiles of whole creatures, and of things that the trainer's tiles show too seldom to be learned. A tile of
 * another style than the usual is taken for its style word only, unless the usual tiles do not have the thing. */
#include "base/buf.h"
#include "base/mem.h"
#include "image/png.h"
#include "nn/safetensors.h"
#include "paint/sketch.h"
#include "pixel/quantise.h"
#include "train/captions.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDERS_MAX = 8, SKETCHES_MAX = 8192, TENSORS_MAX = 4096, FILE_NOTES_MAX = 64, USUAL_MIN = 3 };

/* Folders of whole creatures, and of files without a folder (those that spritery-draw makes); the first that fits a
 * path decides. */
static const struct {
    const char *path;
    bool taken;
} folders[] = {
    { "mon/statues", false },
    { "mon/tentacles", false },
    { "mon/panlord", false },
    { "mon/mutantbeast", false },
    { "mon/undead/simulacra", false },
    { "mon/undead/spectrals", false },
    { "mon/undead/bound_souls", false },
    { "mon/player", false },
    { "mon/vault", false },
    { "mon/eyes", true },
    { "mon/draco/draco-job", false },
    { "mon/nonliving/spectral", false },
    { "mon/", true },
    { "UNUSED/monsters/fox", false },     /* of flames */
    { "UNUSED/monsters/kitsune", false }, /* with nine tails */
    { "UNUSED/monsters/plants", false },
    { "UNUSED/monsters", true },
    { "noto/", true },
    { "fluent/", true },
    { "drawn/", true },
    { "chest-", true },
    { "bow-", true },
};

/* Words without which their tiles are not taken: nobody who says "bat" wants a dead one, who says
 * "anvil" a smith ("human anvil"), who says "armour" one that walks. */
static const char *const musts[] = { "zombie", "skeleton", "mimic", "statue",   "head",    "portrait",
                                     "human",  "animated", "hell",  "guardian", "fishing", "stalker" };

struct maker {
    struct safetensors *model;
    json_t *vocabulary;
    struct captions captions[FOLDERS_MAX];
    size_t folders;
    size_t count;
    uint8_t palette[SKETCHES_MAX][SKETCH_COLOURS][4], index[SKETCHES_MAX][SKETCH_SIDE * SKETCH_SIDE / 2];
    int16_t word[SKETCHES_MAX][SKETCH_WORDS], rule[SKETCHES_MAX][4];
};

static int find_word(const struct maker *m, const char *word)
{
    for (size_t i = 1; i < json_array_size(m->vocabulary); i++)
        if (strcmp(json_string_value(json_array_get(m->vocabulary, i)), word) == 0)
            return (int)i;
    return 0;
}

static bool is_taken(const char *file)
{
    for (size_t i = 0; i < SPR_COUNT(folders); i++)
        if (strncmp(file, folders[i].path, strlen(folders[i].path)) == 0)
            return folders[i].taken;
    return false;
}

static bool has_word(const struct caption *c, const char *word)
{
    for (int i = 0; i < c->file_words; i++)
        if (strcmp(c->file_word[i], word) == 0)
            return true;
    return false;
}

static bool has_dir_word(const struct caption *c, const char *word)
{
    for (int i = 0; i < c->dir_words; i++)
        if (strcmp(c->dir_word[i], word) == 0)
            return true;
    return false;
}

/* In the file's name, so not only a kind that its caption says; emoji's captions say no kinds. */
static bool is_named(const struct caption *c, const char *word)
{
    const bool emoji = c->style_words && strcmp(c->style_word[0], "emoji") == 0;
    return has_word(c, word) && (emoji || !strchr(c->file, '/') || strstr(c->file, word));
}

/* Tiles of the usual style that have the word in their names or folders, overlays left out. */
static int count_usual(const struct maker *m, const char *word)
{
    int n = 0;
    for (size_t f = 0; f < m->folders; f++)
        for (size_t i = 0; i < m->captions[f].count; i++) {
            const struct caption *c = &m->captions[f].row[i];
            n += c->style_words == 0 && c->weight >= 1 && (is_named(c, word) || has_dir_word(c, word));
        }
    return n;
}

/* Whether another tile shows the same without `word`: the whole animal where this is its head. */
static bool is_elsewhere(const struct maker *m, const struct caption *c, const char *word)
{
    for (size_t f = 0; f < m->folders; f++)
        for (size_t i = 0; i < m->captions[f].count; i++) {
            const struct caption *o = &m->captions[f].row[i];
            if (is_taken(o->file) && is_named(o, c->file_word[0]) && !has_word(o, word) &&
                !has_dir_word(o, word))
                return true;
        }
    return false;
}

/* Words that many things have: they do not say what the thing is. */
static bool says_how(const char *word)
{
    static const char *const how[] = { "head",   "portrait", "female", "old",   "magic", "open",  "closed",
                                       "broken", "wooden",   "animal", "stone", "fire",  "water", "snow" };
    for (size_t i = 0; i < SPR_COUNT(how); i++)
        if (strcmp(how[i], word) == 0)
            return true;
    return colour_is_word(word);
}

/* The word a tile is taken for only; NULL for none. */
static const char *find_must(const struct maker *m, const struct caption *c)
{
    bool seldom = true;
    for (size_t i = 0; i < SPR_COUNT(musts); i++)
        if ((is_named(c, musts[i]) || has_dir_word(c, musts[i])) &&
            (strcmp(c->file_word[0], musts[i]) == 0 || is_elsewhere(m, c, musts[i])))
            return musts[i];
    for (int i = 0; i < c->file_words && c->style_words; i++)
        seldom = seldom && (says_how(c->file_word[i]) || count_usual(m, c->file_word[i]) < USUAL_MIN);
    return seldom || !c->style_words ? NULL : c->style_word[0];
}

/* Half people half animals, and persons with a name: what they are a kind of (train's captions say it, for the
 * network) is not what they look like. */
static bool is_named_only(const struct caption *c)
{
    return strncmp(c->file, "mon/demihumanoids", 17) == 0 ||
           (strncmp(c->file, "mon/unique", 10) == 0 && !has_word(c, "human"));
}

static void add_words(struct maker *m, const struct caption *c, int16_t *ret)
{
    int n = 0;
    memset(ret, 0, SKETCH_WORDS * sizeof *ret);
    for (int i = 0; i < c->style_words && n < SKETCH_WORDS; i++)
        if ((ret[n] = (int16_t)find_word(m, c->style_word[i])))
            n++;
    for (int i = 0; i < c->file_words && n < SKETCH_WORDS; i++) {
        bool named = is_named(c, c->file_word[i]);
        int id = named || !is_named_only(c) ? find_word(m, c->file_word[i]) : 0;
        if (id)
            ret[n++] = (int16_t)(named ? id : -id);
    }
}

/* What must be asked for where kinds of things are: a dragon, not an armour of its skin. The tiles' other folders say too
 * little to hold anything to them. */
static int find_category(const struct maker *m, const struct caption *c)
{
    return has_dir_word(c, "monster")  ? find_word(m, "monster")
           : has_dir_word(c, "item")   ? find_word(m, "item")
           : has_dir_word(c, "effect") ? find_word(m, "effect")
                                       : 0;
}

static enum spr_code add_pixels(struct maker *m, const struct rgba *tile, struct spr_error *err)
{
    static const struct quantise_options options = { .colours = SKETCH_COLOURS - 1 };
    struct rgba copy[SKETCH_SIDE * SKETCH_SIDE];
    struct indexed few;
    memcpy(copy, tile, sizeof copy);
    const struct image im = { SKETCH_SIDE, SKETCH_SIDE, copy };
    enum spr_code rc = quantise(&im, &options, &few, err);
    if (rc)
        return rc;
    uint8_t *index = m->index[m->count];
    memset(index, 0, sizeof m->index[0]);
    for (int i = 0; i < few.palette.count && i < SKETCH_COLOURS; i++)
        memcpy(m->palette[m->count][i], &few.palette.colour[i], 4);
    for (int i = 0; i < SKETCH_SIDE * SKETCH_SIDE; i++)
        index[i / 2] = (uint8_t)(index[i / 2] | few.index[i] << (i % 2 * 4));
    indexed_fini(&few);
    return SPR_OK;
}

static enum spr_code add_tile(struct maker *m, const char *folder, const struct caption *c,
                              struct spr_error *err)
{
    char path[4096];
    struct image im;
    struct rgba tile[SKETCH_SIDE * SKETCH_SIDE];
    snprintf(path, sizeof path, "%s/%s", folder, c->file);
    if (m->count == SKETCHES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d sketches", SKETCHES_MAX);
    enum spr_code rc = png_read(path, NULL, &im, NULL, err);
    if (rc)
        return rc;
    bool good = tile_place(&im, tile);
    image_fini(&im);
    if (!good || (rc = add_pixels(m, tile, err)))
        return rc;
    const char *must = find_must(m, c);
    add_words(m, c, m->word[m->count]);
    m->rule[m->count][0] = must ? (int16_t)find_word(m, must) : 0;
    m->rule[m->count][1] =
        c->style_words && must != c->style_word[0] ? (int16_t)find_word(m, c->style_word[0]) : 0;
    m->rule[m->count][2] = (int16_t)find_category(m, c);
    m->rule[m->count][3] = c->flip;
    m->count += m->word[m->count][0] != 0;
    return SPR_OK;
}

static enum spr_code read_model(struct maker *m, const char *path, struct spr_error *err)
{
    enum spr_code rc = safetensors_open(path, &m->model, err);
    if (rc)
        return rc;
    const char *note = safetensors_note(m->model, "vocab");
    m->vocabulary = note ? json_loads(note, 0, NULL) : NULL;
    if (!json_is_array(m->vocabulary) || json_array_size(m->vocabulary) > INT16_MAX)
        return SPR_FAIL(err, SPR_BADDATA, "%s: its note \"vocab\" is not a list of at most %d words", path,
                        INT16_MAX);
    for (size_t i = 0; i < json_array_size(m->vocabulary); i++)
        if (!json_is_string(json_array_get(m->vocabulary, i)))
            return SPR_FAIL(err, SPR_BADDATA, "%s: word %zu of its note \"vocab\" is no text", path, i);
    return SPR_OK;
}

static enum spr_code write_model(const struct maker *m, const char *path, struct spr_error *err)
{
    static struct tensor_source tensor[TENSORS_MAX];
    static struct note note[FILE_NOTES_MAX];
    struct safetensors_content c = { .tensor = tensor, .note = note, .type = TENSOR_F32 };
    char told[160];
    const size_t n = m->count;
    const struct tensor_source ours[] = {
        { .name = "sketch.palette",
          .rank = 3,
          .shape = { n, SKETCH_COLOURS, 4 },
          .raw = m->palette,
          .raw_type = TENSOR_U8 },
        { .name = "sketch.index",
          .rank = 2,
          .shape = { n, SKETCH_SIDE * SKETCH_SIDE / 2 },
          .raw = m->index,
          .raw_type = TENSOR_U8 },
        { .name = "sketch.word",
          .rank = 2,
          .shape = { n, SKETCH_WORDS },
          .raw = m->word,
          .raw_type = TENSOR_I16 },
        { .name = "sketch.rule", .rank = 2, .shape = { n, 4 }, .raw = m->rule, .raw_type = TENSOR_I16 },
    };
    if (safetensors_count(m->model) + SPR_COUNT(ours) > TENSORS_MAX ||
        safetensors_notes(m->model) + 1 > FILE_NOTES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d tensors or %d notes", TENSORS_MAX, FILE_NOTES_MAX);
    for (size_t i = 0; i < safetensors_count(m->model); i++) {
        const struct tensor *t = safetensors_at(m->model, i);
        if (strncmp(t->name, "sketch.", 7) == 0)
            continue;
        struct tensor_source *to = &tensor[c.tensors++];
        *to = (struct tensor_source){ .name = t->name, .rank = t->rank, .raw = t->data, .raw_type = t->type };
        memcpy(to->shape, t->shape, sizeof to->shape);
    }
    for (size_t i = 0; i < SPR_COUNT(ours); i++)
        tensor[c.tensors++] = ours[i];
    for (size_t i = 0; i < safetensors_notes(m->model); i++)
        if (strcmp(safetensors_note_at(m->model, i).key, "sketches") != 0)
            note[c.notes++] = safetensors_note_at(m->model, i);
    snprintf(told, sizeof told, "%zu pictures in 15 colours to begin from", n);
    note[c.notes++] = (struct note){ "sketches", told };
    return safetensors_write(path, &c, FILE_REPLACE, err);
}

static enum spr_code make(struct maker *m, char **argument, size_t data, struct spr_error *err)
{
    char path[4096];
    enum spr_code rc = read_model(m, argument[0], err);
    for (size_t f = 0; f < data && !rc; f++) {
        snprintf(path, sizeof path, "%s/captions.jsonl", argument[2 + f]);
        rc = captions_read(path, &m->captions[f], err);
        m->folders += rc == SPR_OK;
    }
    for (size_t f = 0; f < m->folders && !rc; f++)
        for (size_t i = 0; i < m->captions[f].count && !rc; i++)
            if (is_taken(m->captions[f].row[i].file))
                rc = add_tile(m, argument[2 + f], &m->captions[f].row[i], err);
    if (rc == SPR_OK && m->count == 0)
        rc = SPR_FAIL(err, SPR_BADDATA, "no tile of these folders can be a sketch");
    if (rc == SPR_OK)
        rc = write_model(m, argument[1], err);
    if (rc == SPR_OK)
        fprintf(stderr, "%zu sketches\n", m->count);
    return rc;
}

int main(int argc, char **argv)
{
    static struct maker m;
    struct spr_error err;
    if (argc < 4 || argc > 3 + FOLDERS_MAX || argv[1][0] == '-') {
        fprintf(stderr, "usage: spritery-model-sketches MODEL OUT DATA...\n");
        return 2;
    }
    enum spr_code rc = make(&m, argv + 1, (size_t)argc - 3, &err);
    if (rc)
        fprintf(stderr, "spritery-model-sketches: %s\n", err.text);
    for (size_t i = 0; i < m.folders; i++)
        captions_fini(&m.captions[i]);
    json_decref(m.vocabulary);
    safetensors_close(m.model);
    return rc != SPR_OK;
}
