#include "pixel/palette_work.h"

#include "base/mem.h"
#include "image/colour.h"
#include "pixel/quantise.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { KNOWN_SLOTS = 1 << 17, KNOWN_MAX = KNOWN_SLOTS / 2 };

/* The different opaque colours seen so far, in order; open addressing. */
struct known {
    uint32_t *slot; /* (KNOWN_SLOTS) index + 1, 0 where free */
    struct rgba *colour;
    int count;
    bool clear, full;
};

static enum spr_code known_init(struct known *k, struct spr_error *err)
{
    *k = (struct known){ .slot = mem_zalloc(KNOWN_SLOTS, sizeof *k->slot),
                         .colour = mem_zalloc(KNOWN_MAX, sizeof *k->colour) };
    return k->slot && k->colour ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory to count colours");
}

static void known_fini(struct known *k)
{
    mem_free(k->slot);
    mem_free(k->colour);
}

static void known_add(struct known *k, struct rgba c)
{
    if (c.a < 128) {
        k->clear = true;
        return;
    }
    c.a = 255;
    uint32_t key = (uint32_t)c.r | (uint32_t)c.g << 8 | (uint32_t)c.b << 16;
    for (uint32_t i = key * 2654435761u >> 15;; i = (i + 1) & (KNOWN_SLOTS - 1)) {
        if (k->slot[i] && rgba_equal(k->colour[k->slot[i] - 1], c))
            return;
        if (k->slot[i])
            continue;
        k->full = k->full || k->count == KNOWN_MAX;
        if (k->full)
            return;
        k->colour[k->count] = c;
        k->slot[i] = (uint32_t)++k->count;
        return;
    }
}

/* Chooses from the pictures; the transparent colour, if any, comes first. */
static enum spr_code choose(const struct image *const *pictures, int count, int colours, struct palette *ret,
                            struct spr_error *err)
{
    struct quantise_options o = { .colours = colours, .space = COLOUR_OKLAB };
    return quantise_choose(pictures, count, &o, ret, err);
}

enum spr_code palette_extract(const struct image *const *pictures, int count, int colours,
                              struct palette *ret, struct spr_error *err)
{
    struct known k;
    assert(count >= 1 && colours >= 1 && colours <= 256);
    enum spr_code rc = known_init(&k, err);
    for (int i = 0; i < count && !rc && !k.full; i++)
        for (size_t n = (size_t)pictures[i]->width * (size_t)pictures[i]->height, at = 0; at < n && !k.full;
             at++)
            if (at == 0 || !rgba_equal(pictures[i]->pixel[at], pictures[i]->pixel[at - 1]))
                known_add(&k, pictures[i]->pixel[at]);
    if (!rc && k.count == 0)
        rc = SPR_FAIL(err, SPR_BADARG, "there is not one opaque pixel");
    if (!rc && (k.full || k.count > colours || k.count + k.clear > 256)) {
        rc = choose(pictures, count, colours - (colours == 256 && k.clear), ret, err);
    } else if (!rc) {
        struct palette p = { 0 };
        if (k.clear)
            p.colour[p.count++] = (struct rgba){ 0 };
        memcpy(p.colour + p.count, k.colour, (size_t)k.count * sizeof *k.colour);
        p.count += k.count;
        *ret = p;
    }
    known_fini(&k);
    return rc;
}

/* Whether some colour of list[count] is nearer to c than `near`. */
static bool is_near(const struct rgba *list, int count, struct rgba c, double near)
{
    struct oklab lab = oklab_from(c);
    for (int i = 0; i < count; i++)
        if (rgba_equal(list[i], c) || (double)oklab_distance2(oklab_from(list[i]), lab) < near * near)
            return true;
    return false;
}

enum spr_code palette_join(const struct palette *palettes, int count, double near, int colours,
                           struct palette *ret, struct spr_error *err)
{
    struct image row;
    int all = 0, kept = 0;
    bool clear = false;
    for (int i = 0; i < count; i++)
        all += palettes[i].count;
    enum spr_code rc = image_init(&row, all > 0 && all < IMAGE_SIDE_MAX ? all : 1, 1, err);
    if (rc)
        return rc;
    for (int i = 0; i < count; i++)
        for (int c = 0; c < palettes[i].count && kept < row.width; c++) {
            struct rgba colour = palettes[i].colour[c];
            clear = clear || colour.a < 128;
            colour.a = colour.a < 128 ? 0 : 255;
            if (colour.a && !is_near(row.pixel, kept, colour, near))
                row.pixel[kept++] = colour;
        }
    struct palette p = { 0 };
    if (kept > colours || kept + clear > 256) {
        const struct image *rows[] = { &row };
        row.width = kept;
        rc = choose(rows, 1, colours - (colours == 256 && clear), &p, err);
    } else {
        memcpy(p.colour, row.pixel, (size_t)kept * sizeof *row.pixel);
        p.count = kept;
    }
    bool has = p.count && p.colour[0].a == 0;
    if (!rc && clear && !has) {
        memmove(p.colour + 1, p.colour, (size_t)p.count * sizeof *p.colour);
        p.colour[0] = (struct rgba){ 0 };
        p.count++;
    }
    image_fini(&row);
    if (!rc)
        *ret = p;
    return rc;
}

struct ranked {
    struct rgba colour;
    int place, hue;
    float light;
};

/* Which twelfth of the circle the colour's direction lies in, from red on; 0 for greys. By comparing products, not by
 * an arc tangent, so that every machine agrees. */
static int hue_of(struct oklab c)
{
    static const float steps[12][2] = {
        { 0.9962f, 0.0872f },   { 0.9063f, 0.4226f },   { 0.5736f, 0.8192f },   { 0.0872f, 0.9962f },
        { -0.4226f, 0.9063f },  { -0.8192f, 0.5736f },  { -0.9962f, -0.0872f }, { -0.9063f, -0.4226f },
        { -0.5736f, -0.8192f }, { -0.0872f, -0.9962f }, { 0.4226f, -0.9063f },  { 0.8192f, -0.5736f }
    };
    int best = 0;
    float most = -1;
    if (c.a * c.a + c.b * c.b < 0.02f * 0.02f)
        return 0;
    for (int i = 0; i < 12; i++) {
        float along = c.a * steps[i][0] + c.b * steps[i][1];
        if (along > most) {
            most = along;
            best = i;
        }
    }
    return best + 1;
}

static int by_rank(const void *x, const void *y)
{
    const struct ranked *p = x, *q = y;
    if (p->hue != q->hue)
        return p->hue < q->hue ? -1 : 1;
    if (p->light != q->light)
        return p->light < q->light ? -1 : 1;
    return p->place < q->place ? -1 : 1;
}

void palette_sort(struct palette *p, enum palette_order order)
{
    struct ranked list[256];
    if (order == PALETTE_AS_IS)
        return;
    for (int i = 0; i < p->count; i++) {
        struct oklab lab = oklab_from(p->colour[i]);
        bool clear = p->colour[i].a < 128;
        list[i] = (struct ranked){ p->colour[i], i,
                                   clear                     ? -1
                                   : order == PALETTE_BY_HUE ? hue_of(lab)
                                                             : 0,
                                   lab.L };
    }
    qsort(list, (size_t)p->count, sizeof *list, by_rank);
    for (int i = 0; i < p->count; i++)
        p->colour[i] = list[i].colour;
}
