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
    uint32_t unused = 0; /* no style is a colour */
    t.dir_ids = number_words(index, c->dir_word, c->dir_words, t.dir_id, &t.dir_tint);
    t.file_ids = number_words(index, c->file_word, c->file_words, t.file_id, &t.file_tint);
    t.style_ids = number_words(index, c->style_word, c->style_words, t.style_id, &unused);
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
static void hold_out(struct dataset *d, struct dataset_part *p, size_t wanted, struct candidate *list,
                     int *uses)
{
    for (size_t i = 0; i < p->count; i++)
        count_words(&d->tile[p->first + i], 1, uses);
    qsort(list, p->count, sizeof *list, by_order);
    p->held = d->helds;
    for (size_t i = 0; i < p->count && p->helds < wanted; i++) {
        const struct tile *t = &d->tile[list[i].tile];
        if (t->file_ids == 0 || t->weight < 1)
            continue;
        if (count_words(t, -1, uses) < HELD_OUT_RIVALS) {
            count_words(t, 1, uses);
        } else {
            d->held[d->helds++] = list[i].tile;
            p->helds++;
        }
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

/* A folder's words without any style hash as they did before there were styles: old checkpoints go on. */
static void digest_tile(struct dataset *d, size_t i)
{
    const struct tile *t = &d->tile[i];
    d->digest = hash_bytes(d->digest, &t->dir_id, sizeof t->dir_id);
    d->digest = hash_bytes(d->digest, &t->file_id, sizeof t->file_id);
    if (t->style_ids)
        d->digest = hash_bytes(d->digest, &t->style_id, sizeof t->style_id);
    d->digest = hash_bytes(d->digest, &t->weight, sizeof t->weight);
    d->digest = hash_bytes(d->digest, dataset_pixels(d, i), TILE_PIXELS * sizeof *d->pixel);
}

/* Tiles first .. first + captions->count - 1, and which of them are held out. */
static enum spr_code fill(struct dataset *d, const struct dataset_source *source,
                          const struct captions *captions, const struct word_index *index, size_t held,
                          struct spr_error *err)
{
    struct dataset_part *p = &d->part[d->parts];
    const size_t first = d->parts ? p[-1].first + p[-1].count : 0;
    enum spr_code rc = SPR_OK;
    *p = (struct dataset_part){ .first = first, .count = captions->count };
    struct candidate *list = mem_zalloc(p->count, sizeof *list);
    int *uses = mem_zalloc(index->count + 1, sizeof *uses);
    if (!list || !uses)
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to choose the tiles for validation");
    for (size_t i = 0; i < p->count && !rc; i++) {
        const char *file = captions->row[i].file;
        list[i] = (struct candidate){ random_mix(hash_bytes(0, file, strlen(file))), (uint32_t)(first + i) };
        rc = read_picture(source->folder, file, d->pixel + (first + i) * TILE_PIXELS, err);
        if (rc == SPR_OK)
            read_caption(&captions->row[i], index, dataset_pixels(d, first + i), &d->tile[first + i]);
    }
    if (rc == SPR_OK) {
        hold_out(d, p, held, list, uses);
        for (size_t i = first; i < first + p->count; i++) {
            d->tile[i].weight *= (float)source->factor;
            digest_tile(d, i);
        }
        d->parts++;
    }
    mem_free(uses);
    mem_free(list);
    return rc;
}

static enum spr_code take_room(struct dataset *d, size_t held, struct spr_error *err)
{
    d->tile = mem_zalloc(d->count, sizeof *d->tile);
    d->pixel = mem_zalloc(d->count, TILE_PIXELS * sizeof *d->pixel);
    d->upto = mem_zalloc(d->count, sizeof *d->upto);
    d->held = mem_zalloc(held < d->count ? held : d->count, sizeof *d->held);
    if (!d->tile || !d->pixel || !d->upto || !d->held)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu tiles", d->count);
    return SPR_OK;
}

static enum spr_code load(const struct dataset_source *source, size_t sources,
                          const struct captions *captions, const struct word_index *index, size_t held,
                          struct dataset *d, struct spr_error *err)
{
    for (size_t i = 0; i < sources; i++)
        d->count += captions[i].count;
    enum spr_code rc = take_room(d, held > d->count ? d->count : held * sources, err);
    for (size_t i = 0; i < sources && !rc; i++)
        rc = fill(d, &source[i], &captions[i], index, held, err);
    for (int c = 0; c < COLOUR_COUNT; c++)
        d->colour_id[c] = find_word(index, colour_name((enum colour)c));
    return rc ? rc : weigh(d, err);
}

static enum spr_code read_captions(const char *folder, struct captions *ret, struct spr_error *err)
{
    struct buf path;
    buf_init(&path, 4096);
    enum spr_code rc = buf_addf(&path, err, "%s/captions.jsonl", folder);
    if (rc == SPR_OK)
        rc = captions_read(path.data, ret, err);
    buf_fini(&path);
    return rc;
}

enum spr_code dataset_open(const struct dataset_source *source, size_t sources,
                           const struct dataset_words *words, size_t hold_out_tiles, struct dataset *ret,
                           struct spr_error *err)
{
    struct dataset d = { .digest = UINT64_C(0xcbf29ce484222325) };
    struct captions captions[DATASET_FOLDERS_MAX] = { 0 };
    struct word_index index = { 0 };
    if (sources == 0 || sources > DATASET_FOLDERS_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "%zu folders of tiles; 1 to %d are possible", sources,
                        DATASET_FOLDERS_MAX);
    enum spr_code rc = index_words(words, &index, err);
    for (size_t i = 0; i < sources && !rc; i++)
        rc = read_captions(source[i].folder, &captions[i], err);
    if (rc == SPR_OK)
        rc = load(source, sources, captions, &index, hold_out_tiles, &d, err);
    if (rc == SPR_OK)
        *ret = d;
    else
        dataset_close(&d);
    for (size_t i = 0; i < sources; i++)
        captions_fini(&captions[i]);
    mem_free(index.row);
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
