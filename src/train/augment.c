/* Each decision has a fixed place in the sample's part of a random stream, so that adding one later disturbs no
 * other. Times are not independent: they step through the golden ratio's multiples, so that every batch has easy and
 * hard ones in the same proportion and the gradient is less noisy. */
#include "train/augment.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

enum { STREAM_CHOICE = 0x617567, STREAM_NOISE = 0x6e6f69, STREAM_TIME = 0x74696d };

enum place {
    AT_TILE,
    AT_FLIP,
    AT_HUE,
    AT_TURN,
    AT_COLOUR,
    AT_DROP_ALL,
    AT_DROP_DIR = 16,
    AT_DROP_FILE = AT_DROP_DIR + CAPTION_WORDS_MAX,
    AT_SHUFFLE = AT_DROP_FILE + CAPTION_WORDS_MAX,
    PLACES = 128
};

struct draw {
    struct random r;
    uint64_t first;
};

static double unit(const struct draw *w, int place)
{
    return (double)random_unit(w->r, w->first + (uint64_t)place);
}

float augment_time(uint64_t seed, uint64_t number)
{
    uint64_t at = random_mix(seed ^ STREAM_TIME) + number * UINT64_C(0x9E3779B97F4A7C15);
    double p = ((double)(at >> 32) + 0.5) * 0x1p-32;
    return (float)(1 / (1 + exp(-random_quantile(p))));
}

/* Straight 0..1 (32, 32, 4) to premultiplied -1..1, in place. */
static void premultiply(float *x)
{
    for (size_t i = 0; i < TILE_PIXELS; i++, x += 4) {
        for (int c = 0; c < 3; c++)
            x[c] = x[c] * x[3] * 2 - 1;
        x[3] = x[3] * 2 - 1;
    }
}

static void to_floats(const struct rgba *pixel, bool flip, float *x)
{
    for (int row = 0; row < TILE_SIDE; row++) {
        for (int column = 0; column < TILE_SIDE; column++) {
            struct rgba p = pixel[row * TILE_SIDE + (flip ? TILE_SIDE - 1 - column : column)];
            *x++ = (float)p.r / 255;
            *x++ = (float)p.g / 255;
            *x++ = (float)p.b / 255;
            *x++ = (float)p.a / 255;
        }
    }
}

static void turn_hue(float *x, float turn)
{
    for (size_t i = 0; i < TILE_PIXELS; i++, x += 4) {
        struct hsv c = colour_to_hsv(x);
        c.h += turn;
        c.h -= c.h >= 1 ? 1 : 0;
        colour_from_hsv(c, x);
    }
}

static void add_word(struct sample *s, int words_max, uint16_t id)
{
    if (id != 0 && s->words < words_max)
        s->id[s->words++] = id;
}

static uint16_t colour_word(const struct dataset *d, enum colour c)
{
    return c == COLOUR_NONE ? 0 : d->colour_id[c];
}

/* The style comes first and is never left out alone, so that no caption without it means a tile of that style. Name
 * words come next, so that a long caption loses folder words. turned: the hue is new, so old colours are wrong and
 * every word left of the name matters. */
static void choose_words(const struct tile *t, const struct augment_options *o, const struct draw *w,
                         bool turned, int words_max, struct sample *ret)
{
    for (int i = 0; i < t->style_ids; i++)
        add_word(ret, words_max, t->style_id[i]);
    for (int i = 0; i < t->file_ids; i++) {
        bool tint = t->file_tint >> i & 1;
        bool drop = t->file_ids > 1 && !turned && unit(w, AT_DROP_FILE + i) < o->drop_file;
        if (!drop && !(turned && tint))
            add_word(ret, words_max, t->file_id[i]);
    }
    for (int i = 0; i < t->dir_ids; i++) {
        bool tint = t->dir_tint >> i & 1;
        if (!(unit(w, AT_DROP_DIR + i) < o->drop_dir) && !(turned && tint))
            add_word(ret, words_max, t->dir_id[i]);
    }
}

static void shuffle(struct sample *s, const struct draw *w)
{
    for (int i = s->words - 1; i > 0; i--) {
        int j = (int)random_below(w->r, w->first + AT_SHUFFLE + (uint64_t)i, (uint32_t)i + 1);
        uint16_t id = s->id[i];
        s->id[i] = s->id[j];
        s->id[j] = id;
    }
}

void sample_reading(const struct sample *s, struct reading *ret)
{
    ret->count = s->words;
    ret->unknown_count = 0;
    for (int i = 0; i < s->words; i++)
        ret->word[i] = (struct reading_word){ .id = s->id[i], .weight = 1, .why = READING_KNOWN };
}

void augment_draw(const struct dataset *d, const struct augment_options *o, uint64_t seed, uint64_t number,
                  int words_max, struct sample *ret, float *x, float *noise)
{
    const struct draw w = { { seed, STREAM_CHOICE }, number * PLACES };
    size_t pick = dataset_pick(d, (double)random_u32(w.r, w.first + AT_TILE) * 0x1p-32);
    const struct tile *t = &d->tile[pick];
    *ret = (struct sample){ .t = augment_time(seed, number) };
    to_floats(dataset_pixels(d, pick), t->flip && unit(&w, AT_FLIP) < o->flip, x);
    bool turned = t->hue && unit(&w, AT_HUE) < o->hue;
    enum colour colour = COLOUR_NONE;
    if (turned) {
        turn_hue(x, (float)unit(&w, AT_TURN));
        colour = colour_dominant(x, TILE_PIXELS);
    } else if (!t->tinted && unit(&w, AT_COLOUR) < o->colour) {
        colour = (enum colour)t->colour;
    }
    premultiply(x);
    if (!(unit(&w, AT_DROP_ALL) < o->drop_all)) {
        add_word(ret, words_max, colour_word(d, colour));
        choose_words(t, o, &w, turned, words_max, ret);
        shuffle(ret, &w);
    }
    random_normals((struct random){ seed, STREAM_NOISE }, number * SAMPLE_FLOATS, SAMPLE_FLOATS, noise);
}

void augment_plain(const struct dataset *d, size_t tile, int words_max, struct sample *ret, float *x)
{
    const struct tile *t = &d->tile[tile];
    static const struct augment_options none = { 0 };
    const struct draw unused = { 0 };
    *ret = (struct sample){ 0 };
    to_floats(dataset_pixels(d, tile), false, x);
    premultiply(x);
    if (!t->tinted)
        add_word(ret, words_max, colour_word(d, (enum colour)t->colour));
    choose_words(t, &none, &unused, false, words_max, ret);
}
