/* What of each sprite is kept (its box), and which of them look the same. */
#include "base/mem.h"
#include "pack/build.h"

#include <stdlib.h>
#include <string.h>

static bool visible(const struct image *im, int x, int y)
{
    return image_at(im, x, y)->a != 0;
}

static bool row_empty(const struct image *im, int y)
{
    for (int x = 0; x < im->width; x++)
        if (visible(im, x, y))
            return false;
    return true;
}

static bool column_empty(const struct image *im, int x, int y0, int y1)
{
    for (int y = y0; y < y1; y++)
        if (visible(im, x, y))
            return false;
    return true;
}

/* The visible pixels' box; w 0 where there is none. */
static struct pack_box box_of(const struct image *im)
{
    int y0 = 0, y1 = im->height, x0 = 0, x1 = im->width;
    while (y0 < y1 && row_empty(im, y0))
        y0++;
    if (y0 == y1)
        return (struct pack_box){ 0 };
    while (row_empty(im, y1 - 1))
        y1--;
    while (column_empty(im, x0, y0, y1))
        x0++;
    while (column_empty(im, x1 - 1, y0, y1))
        x1--;
    return (struct pack_box){ x0, y0, x1 - x0, y1 - y0 };
}

static struct pack_box both(struct pack_box a, struct pack_box b)
{
    if (a.w == 0 || b.w == 0)
        return a.w ? a : b;
    int x = a.x < b.x ? a.x : b.x, y = a.y < b.y ? a.y : b.y;
    int right = a.x + a.w > b.x + b.w ? a.x + a.w : b.x + b.w;
    int bottom = a.y + a.h > b.y + b.h ? a.y + a.h : b.y + b.h;
    return (struct pack_box){ x, y, right - x, bottom - y };
}

static struct pack_box within(struct pack_box b, const struct image *im)
{
    int right = b.x + b.w > im->width ? im->width : b.x + b.w;
    int bottom = b.y + b.h > im->height ? im->height : b.y + b.h;
    if (b.x >= right || b.y >= bottom)
        return (struct pack_box){ 0 };
    return (struct pack_box){ b.x, b.y, right - b.x, bottom - b.y };
}

/* Frames of one animation, and of animations that share frames, get one box. */
static void join_tags(const struct sprites *s, struct pack_box *box)
{
    for (bool changed = true; changed;) {
        changed = false;
        for (int t = 0; t < s->names.tags; t++) {
            struct pack_box all = { 0 };
            for (int i = s->names.tag[t].from; i <= s->names.tag[t].to; i++)
                all = both(all, box[i]);
            for (int i = s->names.tag[t].from; i <= s->names.tag[t].to; i++) {
                struct pack_box mine = within(all, &s->item[i].image);
                changed = changed || memcmp(&mine, &box[i], sizeof mine) != 0;
                box[i] = mine;
            }
        }
    }
}

static void find_boxes(const struct sprites *s, const struct pack_rules *rules, struct pack_units *u)
{
    bool whole = rules->grid || rules->trim == TRIM_NONE;
    for (int i = 0; i < s->count; i++) {
        const struct image *im = &s->item[i].image;
        u->box[i] = box_of(im);
        u->empty += u->box[i].w == 0;
        if (whole)
            u->box[i] = (struct pack_box){ 0, 0, im->width, im->height };
    }
    if (!whole && rules->trim == TRIM_TAG)
        join_tags(s, u->box);
    for (int i = 0; i < s->count; i++)
        if (u->box[i].w == 0)
            u->box[i] = (struct pack_box){ 0, 0, 1, 1 };
}

/* --- What looks the same ------------------------------------------------------------------------------------------ */

static uint64_t hash_box(const struct image *im, const struct pack_box *b)
{
    uint64_t h = (uint64_t)b->w << 32 ^ (uint64_t)b->h;
    for (int y = 0; y < b->h; y++) {
        const struct rgba *row = image_at(im, b->x, b->y + y);
        for (int x = 0; x < b->w; x++) {
            uint32_t p;
            memcpy(&p, &row[x], sizeof p);
            h = (h ^ p) * UINT64_C(0x9E3779B97F4A7C15);
            h ^= h >> 29;
        }
    }
    return h;
}

static bool same_pixels(const struct sprites *s, const struct pack_units *u, int i, int j)
{
    const struct pack_box *a = &u->box[i], *b = &u->box[j];
    if (a->w != b->w || a->h != b->h)
        return false;
    for (int y = 0; y < a->h; y++)
        if (memcmp(image_at(&s->item[i].image, a->x, a->y + y), image_at(&s->item[j].image, b->x, b->y + y),
                   (size_t)a->w * sizeof(struct rgba)) != 0)
            return false;
    return true;
}

enum spr_code units_find(const struct sprites *s, const struct pack_rules *rules, struct pack_units *ret,
                         struct spr_error *err)
{
    struct pack_units u = { 0 };
    size_t slots = 16;
    while (slots < (size_t)s->count * 2)
        slots *= 2;
    int *slot = mem_zalloc(slots, sizeof *slot); /* unit + 1 */
    u.unit = mem_zalloc((size_t)s->count, sizeof *u.unit);
    u.of = mem_zalloc((size_t)s->count, sizeof *u.of);
    u.box = mem_zalloc((size_t)s->count, sizeof *u.box);
    if (!slot || !u.unit || !u.of || !u.box) {
        mem_free(slot);
        units_fini(&u);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %d sprites", s->count);
    }
    find_boxes(s, rules, &u);
    bool share = rules->share && !rules->grid;
    for (int i = 0; i < s->count; i++) {
        size_t at = share ? (size_t)hash_box(&s->item[i].image, &u.box[i]) & (slots - 1) : 0;
        while (share && slot[at] && !same_pixels(s, &u, i, u.unit[slot[at] - 1].sprite))
            at = (at + 1) & (slots - 1);
        if (share && slot[at]) {
            u.of[i] = slot[at] - 1;
            continue;
        }
        u.of[i] = u.count;
        u.unit[u.count++] = (struct pack_unit){ .sprite = i, .box = u.box[i] };
        slot[at] = u.count;
    }
    mem_free(slot);
    *ret = u;
    return SPR_OK;
}

void units_fini(struct pack_units *u)
{
    mem_free(u->unit);
    mem_free(u->of);
    mem_free(u->box);
    *u = (struct pack_units){ 0 };
}
