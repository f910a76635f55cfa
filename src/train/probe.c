#include "train/probe.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/random.h"
#include "paint/text.h"
#include "paint/words.h"
#include "train/augment.h"

#include <math.h>
#include <string.h>

enum {
    PART = 8,        /* samples a session takes at once */
    TIMES = 4,       /* looks at each tile */
    TILES_MAX = 256, /* of each set */
    LOOKS_MAX = TILES_MAX * TIMES,
    SHEET_COLUMNS = 8,
    SHEET_SCALE = 3,
    SHEET_GAP = 4,    /* pixels */
    SHEET_STEPS = 10, /* enough to judge; more would cost training time */
    STREAM_LOOK = 1,
    STREAM_SHEET = 2
};
static const uint64_t SEED = 20260101;
static const float GUIDANCE = 3;

static const char *const prompts[] = {
    "item weapon long sword",
    "item weapon battle axe",
    "item weapon bow",
    "item weapon staff magic",
    "item armour shield",
    "item armour helmet",
    "item potion blue",
    "item potion red",
    "item ring gold",
    "item amulet",
    "item book spell",
    "item scroll",
    "item wand",
    "item gem purple",
    "item food bread",
    "item key",
    "monster dragon fire",
    "monster dragon ice",
    "monster undead skeleton",
    "monster undead zombie",
    "monster undead ghost",
    "monster animal rat",
    "monster animal wolf",
    "monster animal frog",
    "monster humanoid knight",
    "monster humanoid orc wizard",
    "monster humanoid goblin",
    "monster humanoid elf mage",
    "monster demon red",
    "monster slime green",
    "dungeon wall stone brick",
    "dungeon floor grass",
};
enum { PROMPTS = SPR_COUNT(prompts) };

/* One thread's working memory. */
struct bench {
    struct unet_session *session;
    float *x, *noise, *v; /* (PART, 32, 32, 4) */
    float *token, *pooled;
    struct unet_text text[PART];
    struct reading reading[PART];
};

struct probe {
    const struct unet_layout *layout;
    const float *params;
    const struct dataset *data;
    struct pool *pool;
    struct unet *net;
    struct arena arena;
    struct bench *bench;  /* (threads) */
    double *loss;         /* (LOOKS_MAX) */
    const uint32_t *tile; /* the set being measured */
    size_t tiles;
    uint32_t *seen; /* (TILES_MAX) of a folder */
    size_t seens;
    struct reading *prompt; /* (PROMPTS) of a sheet being made */
    struct image *sheet;
};

static void place(struct arena *a, struct probe *p)
{
    const size_t threads = (size_t)pool_threads(p->pool), text = (size_t)p->layout->config.text;
    struct bench *bench = arena_take(a, threads, sizeof *bench);
    p->loss = arena_take(a, LOOKS_MAX, sizeof *p->loss);
    p->seen = arena_take(a, TILES_MAX, sizeof *p->seen);
    p->prompt = arena_take(a, PROMPTS, sizeof *p->prompt);
    for (size_t i = 0; i < threads; i++) {
        struct bench b = { 0 };
        b.x = arena_floats(a, (size_t)PART * SAMPLE_FLOATS);
        b.noise = arena_floats(a, (size_t)PART * SAMPLE_FLOATS);
        b.v = arena_floats(a, (size_t)PART * SAMPLE_FLOATS);
        b.token = arena_floats(a, (size_t)PART * UNET_TOKENS_MAX * text);
        b.pooled = arena_floats(a, PART * text);
        if (bench)
            bench[i] = b;
    }
    p->bench = bench;
}

/* Tiles of a folder that are trained on, spread evenly over their weights. */
static void choose_seen(struct probe *p, const struct dataset_part *part)
{
    const double *upto = p->data->upto;
    const double from = part->first ? upto[part->first - 1] : 0;
    const double share = upto[part->first + part->count - 1] - from;
    p->seens = part->helds < TILES_MAX ? part->helds : TILES_MAX;
    for (size_t i = 0; i < p->seens; i++)
        p->seen[i] = (uint32_t)dataset_pick(p->data, from + share * (((double)i + 0.5) / (double)p->seens));
}

enum spr_code probe_new(const struct unet_layout *layout, const float *params, const struct dataset *data,
                        struct pool *pool, struct probe **ret, struct spr_error *err)
{
    struct probe *p = mem_zalloc(1, sizeof *p);
    if (!p)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for validation");
    p->layout = layout;
    p->params = params;
    p->data = data;
    p->pool = pool;
    enum spr_code rc = unet_new(layout, params, false, CONV_F32, &p->net, err);
    place(&p->arena, p);
    if (rc == SPR_OK && (rc = arena_open(&p->arena, err)) == SPR_OK)
        place(&p->arena, p);
    const struct unet_session_options o = { .batch = PART, .width = TILE_SIDE, .height = TILE_SIDE };
    for (int i = 0; rc == SPR_OK && i < pool_threads(pool); i++)
        rc = unet_session_open(p->net, &o, &p->bench[i].session, err);
    if (rc) {
        probe_free(p);
        return rc;
    }
    *ret = p;
    return SPR_OK;
}

void probe_free(struct probe *p)
{
    if (!p)
        return;
    for (int i = 0; p->bench && i < pool_threads(p->pool); i++)
        unet_session_close(p->bench[i].session);
    arena_close(&p->arena);
    unet_free(p->net);
    mem_free(p);
}

void probe_refresh(struct probe *p)
{
    unet_repack(p->net);
}

static void encode(const struct probe *p, struct bench *b, int at)
{
    const size_t text = (size_t)p->layout->config.text;
    text_encode(p->layout, p->params, &b->reading[at], b->token + (size_t)at * UNET_TOKENS_MAX * text,
                b->pooled + (size_t)at * text, &b->text[at]);
}

/* Looks PART * index onwards; look k is at tile k / TIMES. */
static void measure_part(void *context, int index, int worker)
{
    struct probe *p = context;
    struct bench *b = &p->bench[worker];
    const size_t first = (size_t)index * PART, looks = p->tiles * TIMES;
    const int n = looks - first < PART ? (int)(looks - first) : PART;
    float t[PART] = { 0 };
    for (int i = 0; i < n; i++) {
        const size_t look = first + (size_t)i;
        float *x = b->x + i * SAMPLE_FLOATS, *noise = b->noise + i * SAMPLE_FLOATS;
        struct sample s;
        augment_plain(p->data, p->tile[look / TIMES], p->layout->config.words_max, &s, x);
        sample_reading(&s, &b->reading[i]);
        encode(p, b, i);
        t[i] = augment_time(SEED, look);
        random_normals((struct random){ SEED, STREAM_LOOK }, look * SAMPLE_FLOATS, SAMPLE_FLOATS, noise);
        for (size_t j = 0; j < SAMPLE_FLOATS; j++) {
            float clean = x[j];
            x[j] = (1 - t[i]) * clean + t[i] * noise[j];
            noise[j] -= clean;
        }
    }
    unet_forward(b->session, n, b->x, t, b->text, b->v);
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (size_t j = 0; j < SAMPLE_FLOATS; j++) {
            float miss = b->v[(size_t)i * SAMPLE_FLOATS + j] - b->noise[(size_t)i * SAMPLE_FLOATS + j];
            sum += (double)(miss * miss);
        }
        p->loss[first + (size_t)i] = sum / SAMPLE_FLOATS;
    }
}

static double measure(struct probe *p, const uint32_t *tile, size_t tiles)
{
    p->tile = tile;
    p->tiles = tiles < TILES_MAX ? tiles : TILES_MAX;
    const size_t looks = p->tiles * TIMES;
    if (looks == 0)
        return 0;
    pool_run(p->pool, (int)((looks + PART - 1) / PART), measure_part, p);
    double sum = 0;
    for (size_t i = 0; i < looks; i++)
        sum += p->loss[i];
    return sum / (double)looks;
}

struct probe_loss probe_measure(struct probe *p, size_t number)
{
    const struct dataset_part *part = &p->data->part[number];
    struct probe_loss loss;
    choose_seen(p, part);
    loss.held = measure(p, p->data->held + part->held, part->helds);
    loss.seen = measure(p, p->seen, p->seens);
    return loss;
}

static void read_prompt(const char *text, const struct dataset_words *words, struct reading *ret)
{
    struct words split = { 0 };
    *ret = (struct reading){ 0 };
    if (words_read(text, strlen(text), &split, NULL))
        return;
    for (int i = 0; i < split.count; i++)
        for (size_t id = 1; id < words->count && ret->count < READING_WORDS_MAX; id++)
            if (strcmp(words->word[id], split.word[i].text) == 0)
                ret->word[ret->count++] = (struct reading_word){ .id = (int)id, .weight = 1 };
}

static uint8_t to_byte(float v)
{
    float x = v * 255 + 0.5f;
    return x <= 0 ? 0 : x >= 255 ? 255 : (uint8_t)x;
}

/* Premultiplied -1..1 onto the sheet's grey; half-covered pixels become all or nothing, as in a finished sprite. */
static void paste(const float *x, struct image *sheet, int number)
{
    const int cell = TILE_SIDE * SHEET_SCALE + SHEET_GAP;
    const int left = number % SHEET_COLUMNS * cell + SHEET_GAP,
              top = number / SHEET_COLUMNS * cell + SHEET_GAP;
    for (int i = 0; i < TILE_SIDE * SHEET_SCALE; i++) {
        for (int j = 0; j < TILE_SIDE * SHEET_SCALE; j++) {
            const float *p = x + (i / SHEET_SCALE * TILE_SIDE + j / SHEET_SCALE) * 4;
            float alpha = (p[3] + 1) / 2;
            if (alpha < 0.5f)
                continue;
            *image_at(sheet, left + j, top + i) =
                (struct rgba){ to_byte((p[0] + 1) / 2 / alpha), to_byte((p[1] + 1) / 2 / alpha),
                               to_byte((p[2] + 1) / 2 / alpha), 255 };
        }
    }
}

/* x (SAMPLE_FLOATS) one Euler step from t to next, with the velocities with and without words. */
static void euler(float *x, const float *with, const float *without, float t, float next)
{
    for (size_t i = 0; i < SAMPLE_FLOATS; i++) {
        float v = without[i] + GUIDANCE * (with[i] - without[i]);
        float clean = x[i] - t * v;
        clean = clean < -1 ? -1 : clean > 1 ? 1 : clean;
        x[i] += (next - t) * ((x[i] - clean) / t);
    }
}

/* Prompts index * PART / 2 onwards; places 0 to PART / 2 - 1 of the session have words, the others none. */
static void sheet_part(void *context, int index, int worker)
{
    enum { HALF = PART / 2 };
    struct probe *p = context;
    struct bench *b = &p->bench[worker];
    float t[PART] = { 0 };
    for (int i = 0; i < PART; i++) {
        const int number = index * HALF + i % HALF;
        b->reading[i].count = 0;
        if (i < HALF)
            b->reading[i] = p->prompt[number];
        encode(p, b, i);
        random_normals((struct random){ SEED, STREAM_SHEET }, (uint64_t)number * SAMPLE_FLOATS, SAMPLE_FLOATS,
                       b->x + i * SAMPLE_FLOATS);
    }
    for (int step = 0; step < SHEET_STEPS; step++) {
        const float now = 1 - (float)step / SHEET_STEPS, next = 1 - (float)(step + 1) / SHEET_STEPS;
        for (int i = 0; i < PART; i++)
            t[i] = now;
        unet_forward(b->session, PART, b->x, t, b->text, b->v);
        for (int i = 0; i < HALF; i++) {
            float *x = b->x + i * SAMPLE_FLOATS;
            euler(x, b->v + i * SAMPLE_FLOATS, b->v + (i + HALF) * SAMPLE_FLOATS, now, next);
            memcpy(x + HALF * SAMPLE_FLOATS, x, SAMPLE_FLOATS * sizeof *x);
        }
    }
    for (int i = 0; i < HALF; i++)
        paste(b->x + i * SAMPLE_FLOATS, p->sheet, index * HALF + i);
}

enum spr_code probe_sheet(struct probe *p, const struct dataset_words *words, struct image *ret,
                          struct spr_error *err)
{
    _Static_assert(PROMPTS % (PART / 2) == 0, "every part of a sheet is full");
    const int cell = TILE_SIDE * SHEET_SCALE + SHEET_GAP;
    const int rows = (PROMPTS + SHEET_COLUMNS - 1) / SHEET_COLUMNS;
    struct image sheet;
    enum spr_code rc = image_init(&sheet, SHEET_COLUMNS * cell + SHEET_GAP, rows * cell + SHEET_GAP, err);
    if (rc)
        return rc;
    for (int i = 0; i < sheet.width * sheet.height; i++)
        sheet.pixel[i] = (struct rgba){ 72, 72, 80, 255 };
    for (size_t i = 0; i < PROMPTS; i++)
        read_prompt(prompts[i], words, &p->prompt[i]);
    p->sheet = &sheet;
    pool_run(p->pool, PROMPTS / (PART / 2), sheet_part, p);
    p->sheet = NULL;
    *ret = sheet;
    return SPR_OK;
}
