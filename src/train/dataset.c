#include "train/dataset.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/random.h"
#include "image/png.h"

#include <stdlib.h>
#include <string.h>

/* Vocabulary words in alphabetical order, to find one by halving. */
struct index_row {
    const char *word;
    uint16_t id;
};

struct word_index {
    struct index_row *row;
    size_t count;
};

static int by_word(const void *a, const void *b)
{
    const struct index_row *x = a, *y = b;
    return strcmp(x->word, y->word);
}

static enum spr_code index_words(const struct dataset_words *words, struct word_index *ret,
                                 struct spr_error *err)
{
    if (words->count < 2 || words->count > UINT16_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "a vocabulary of %zu words; 2 to %d are possible", words->count,
                        UINT16_MAX);
    struct index_row *row = mem_zalloc(words->count, sizeof *row);
    if (!row)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu words", words->count);
    for (size_t i = 1; i < words->count; i++)
        row[i - 1] = (struct index_row){ words->word[i], (uint16_t)i };
    qsort(row, words->count - 1, sizeof *row, by_word);
    *ret = (struct word_index){ row, words->count - 1 };
    return SPR_OK;
}

static uint16_t find_word(const struct word_index *index, const char *word)
{
    struct index_row key = { word, 0 };
    const struct index_row *row = bsearch(&key, index->row, index->count, sizeof *row, by_word);
    return row ? row->id : 0;
}

static uint8_t number_words(const struct word_index *index, const char *const *word, int count, uint16_t *id,
                            uint32_t *tint)
{
    uint8_t kept = 0;
    for (int i = 0; i < count; i++) {
        uint16_t found = find_word(index, word[i]);
        if (!found)
            continue;
        if (colour_is_word(word[i]))
            *tint |= UINT32_C(1) << kept;
        id[kept++] = found;
    }
    return kept;
}

/* Turning the hue of grey stone shows nothing, and its new colour word would be noise. */
static bool is_vivid(const struct rgba *pixel)
{
    double sum = 0;
    int seen = 0;
    for (size_t i = 0; i < TILE_PIXELS; i++) {
        if (pixel[i].a < 26)
            continue;
        const float rgb[3] = { (float)pixel[i].r / 255, (float)pixel[i].g / 255, (float)pixel[i].b / 255 };
        struct hsv c = colour_to_hsv(rgb);
        sum += (double)(c.s * c.v);
        seen++;
    }
    return seen > 0 && sum / seen > 0.12;
}

static void read_caption(const struct caption *c, const struct word_index *index, const struct rgba *pixel,
                         struct tile *ret)
{
    struct tile t = { .colour = (int8_t)c->colour, .flip = c->flip, .weight = c->weight };
    t.dir_ids = number_words(index, c->dir_word, c->dir_words, t.dir_id, &t.dir_tint);
    t.file_ids = number_words(index, c->file_word, c->file_words, t.file_id, &t.file_tint);
    for (int i = 0; i < c->file_words; i++)
        t.tinted = t.tinted || colour_is_word(c->file_word[i]);
    t.hue = c->hue && is_vivid(pixel);
    *ret = t;
}

static enum spr_code read_picture(const char *folder, const char *file, struct rgba *ret,
                                  struct spr_error *err)
{
    struct buf path;
    struct image im = { 0 };
    buf_init(&path, 4096);
    enum spr_code rc = buf_addf(&path, err, "%s/%s", folder, file);
    if (rc == SPR_OK)
        rc = png_read(path.data, NULL, &im, NULL, err);
    if (rc == SPR_OK && !tile_place(&im, ret))
        rc = SPR_FAIL(err, SPR_BADDATA,
                      "%s: %d x %d pixels are no tile (28 to 32 wide, 24 to 32 high, 20 visible)", path.data,
                      im.width, im.height);
    image_fini(&im);
    buf_fini(&path);
    return rc;
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *p = bytes; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return hash;
}

struct candidate {
    uint64_t order;
    uint32_t tile;
};

static int by_order(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Adds `change` to the count of each word of a tile; the least count afterwards. */
static int count_words(const struct tile *t, int change, int *uses)
{
    int least = INT32_MAX;
    for (int i = 0; i < t->dir_ids + t->file_ids; i++) {
        int *n = &uses[i < t->dir_ids ? t->dir_id[i] : t->file_id[i - t->dir_ids]];
        *n += change;
        least = *n < least ? *n : least;
    }
    return least;
}

/* Tiles in an order that only their names decide; one whose words are rare elsewhere is passed over, since the model
 * would never learn them. */
static void hold_out(struct dataset *d, size_t wanted, struct candidate *list, int *uses)
{
    for (size_t i = 0; i < d->count; i++)
        count_words(&d->tile[i], 1, uses);
    qsort(list, d->count, sizeof *list, by_order);
    for (size_t i = 0; i < d->count && d->helds < wanted; i++) {
        const struct tile *t = &d->tile[list[i].tile];
        if (t->file_ids == 0 || t->weight < 1)
            continue;
        if (count_words(t, -1, uses) < HELD_OUT_RIVALS)
            count_words(t, 1, uses);
        else
            d->held[d->helds++] = list[i].tile;
    }
}

static enum spr_code weigh(struct dataset *d, struct spr_error *err)
{
    double sum = 0;
    for (size_t i = 0; i < d->count; i++)
        d->upto[i] = (double)d->tile[i].weight;
    for (size_t i = 0; i < d->helds; i++)
        d->upto[d->held[i]] = 0;
    for (size_t i = 0; i < d->count; i++)
        d->upto[i] = sum += d->upto[i];
    if (!(sum > 0))
        return SPR_FAIL(err, SPR_BADDATA, "no tile is left to train on");
    for (size_t i = 0; i < d->count; i++)
        d->upto[i] /= sum;
    return SPR_OK;
}

static enum spr_code fill(struct dataset *d, const char *folder, const struct captions *captions,
                          const struct word_index *index, struct spr_error *err)
{
    for (size_t i = 0; i < d->count; i++) {
        struct rgba *pixel = d->pixel + i * TILE_PIXELS;
        enum spr_code rc = read_picture(folder, captions->row[i].file, pixel, err);
        if (rc)
            return rc;
        read_caption(&captions->row[i], index, pixel, &d->tile[i]);
        d->digest = hash_bytes(d->digest, &d->tile[i].dir_id, sizeof d->tile[i].dir_id);
        d->digest = hash_bytes(d->digest, &d->tile[i].file_id, sizeof d->tile[i].file_id);
        d->digest = hash_bytes(d->digest, &d->tile[i].weight, sizeof d->tile[i].weight);
        d->digest = hash_bytes(d->digest, pixel, TILE_PIXELS * sizeof *pixel);
    }
    for (int c = 0; c < COLOUR_COUNT; c++)
        d->colour_id[c] = find_word(index, colour_name((enum colour)c));
    return SPR_OK;
}

static enum spr_code split(struct dataset *d, const struct captions *captions, size_t words, size_t held,
                           struct spr_error *err)
{
    struct candidate *list = mem_zalloc(d->count, sizeof *list);
    int *uses = mem_zalloc(words, sizeof *uses);
    enum spr_code rc = SPR_OK;
    if (!list || !uses) {
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to choose the tiles for validation");
        goto out;
    }
    for (size_t i = 0; i < d->count; i++) {
        const char *file = captions->row[i].file;
        list[i] = (struct candidate){ random_mix(hash_bytes(0, file, strlen(file))), (uint32_t)i };
    }
    hold_out(d, held, list, uses);
    rc = weigh(d, err);
out:
    mem_free(uses);
    mem_free(list);
    return rc;
}

static enum spr_code load(const char *folder, const struct captions *captions, const struct word_index *index,
                          size_t held, struct dataset *d, struct spr_error *err)
{
    d->count = captions->count;
    if (held > d->count)
        held = d->count;
    d->tile = mem_zalloc(d->count, sizeof *d->tile);
    d->pixel = mem_zalloc(d->count, TILE_PIXELS * sizeof *d->pixel);
    d->upto = mem_zalloc(d->count, sizeof *d->upto);
    d->held = mem_zalloc(held, sizeof *d->held);
    if (!d->tile || !d->pixel || !d->upto || !d->held)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu tiles", d->count);
    enum spr_code rc = fill(d, folder, captions, index, err);
    return rc ? rc : split(d, captions, index->count + 1, held, err);
}

enum spr_code dataset_open(const char *folder, const struct dataset_words *words, size_t hold_out_tiles,
                           struct dataset *ret, struct spr_error *err)
{
    struct dataset d = { .digest = UINT64_C(0xcbf29ce484222325) };
    struct captions captions = { 0 };
    struct word_index index = { 0 };
    struct buf path;
    buf_init(&path, 4096);
    enum spr_code rc = buf_addf(&path, err, "%s/captions.jsonl", folder);
    if (rc == SPR_OK)
        rc = index_words(words, &index, err);
    if (rc == SPR_OK)
        rc = captions_read(path.data, &captions, err);
    if (rc == SPR_OK)
        rc = load(folder, &captions, &index, hold_out_tiles, &d, err);
    if (rc == SPR_OK)
        *ret = d;
    else
        dataset_close(&d);
    captions_fini(&captions);
    mem_free(index.row);
    buf_fini(&path);
    return rc;
}

void dataset_close(struct dataset *d)
{
    mem_free(d->held);
    mem_free(d->upto);
    mem_free(d->pixel);
    mem_free(d->tile);
    *d = (struct dataset){ 0 };
}

size_t dataset_pick(const struct dataset *d, double u)
{
    size_t low = 0, high = d->count - 1;
    while (low < high) { /* the first tile whose sum is above u */
        size_t middle = low + (high - low) / 2;
        if (d->upto[middle] > u)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
