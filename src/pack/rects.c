#include "pack/rects.h"

#include "base/mem.h"
#include "base/random.h"
#include "pack/bin.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { ORDERS = 5, WIDTHS_MAX = 24, BATCH = 16, SWAPS_MAX = 96, MAXRECTS_MAX = 4000 };

/* How much looking one call may do, in classes looked at: some 40 ms on one thread. */
#define WORK_BUDGET ((int64_t)24000000)

/* One fill that is tried. */
struct attempt {
    int w, h;         /* of the page, inside */
    const int *order; /* (kinds) */
    enum bin_method method;
    enum bin_rule rule;
    int placed, used_w, used_h; /* what came of it */
    int64_t area;
};

struct search {
    const struct rect_rules *rules;
    struct pool *pool;
    int max_w, max_h; /* of a page, inside */
    int extra;        /* outside less inside: what borders add and the last padding saves */
    struct bin_class *kind;
    int kinds, total;
    int64_t area;
    int *order[ORDERS];
    int *swapped;    /* (BATCH, kinds) */
    struct bin *bin; /* (threads): one for each worker */
    struct attempt batch[ORDERS * WIDTHS_MAX];
    atomic_bool starved; /* a worker found no memory */
};

/* --- Orders of classes -------------------------------------------------------------------------------------------- */

struct keyed {
    int64_t key;
    int index;
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? 1 : -1;
    return x->index - y->index;
}

static int64_t key_of(const struct bin_class *c, int order)
{
    int64_t w = c->w, h = c->h, longer = w > h ? w : h;
    switch (order) {
    case 0:
        return h << 20 | w;
    case 1:
        return w << 20 | h;
    case 2:
        return (w * h) << 20 | longer;
    case 3:
        return (w + h) << 20 | longer;
    default:
        return longer << 40 | (w * h);
    }
}

static enum spr_code make_orders(struct search *s, struct spr_error *err)
{
    struct keyed *keyed = mem_zalloc((size_t)s->kinds, sizeof *keyed);
    bool fits = keyed != NULL;
    for (int o = 0; o < ORDERS && fits; o++) {
        fits = (s->order[o] = mem_zalloc((size_t)s->kinds, sizeof(int))) != NULL;
        for (int k = 0; fits && k < s->kinds; k++)
            keyed[k] = (struct keyed){ key_of(&s->kind[k], o), k };
        if (fits)
            qsort(keyed, (size_t)s->kinds, sizeof *keyed, by_key);
        for (int k = 0; fits && k < s->kinds; k++)
            s->order[o][k] = keyed[k].index;
    }
    mem_free(keyed);
    return fits ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory to order %d sizes", s->kinds);
}

/* --- Trying ------------------------------------------------------------------------------------------------------- */

static enum spr_code fill(struct search *s, struct bin *b, struct attempt *a, struct spr_error *err)
{
    b->w = a->w;
    b->h = a->h;
    b->order = a->order;
    b->method = a->method;
    b->rule = a->rule;
    b->turn = s->rules->turn;
    enum spr_code rc = bin_fill(b, err);
    a->placed = b->placed;
    a->used_w = b->used_w;
    a->used_h = b->used_h;
    a->area = b->area;
    return rc;
}

static void try_one(void *context, int index, int worker)
{
    struct search *s = context;
    if (fill(s, &s->bin[worker], &s->batch[index], NULL))
        atomic_store(&s->starved, true);
}

static enum spr_code try_batch(struct search *s, int count, struct spr_error *err)
{
    pool_run(s->pool, count, try_one, s);
    return atomic_load(&s->starved) ? SPR_FAIL(err, SPR_NOMEM, "no memory to place %d rectangles", s->total)
                                    : SPR_OK;
}

static int64_t outside(const struct search *s, const struct attempt *a)
{
    return (int64_t)(a->used_w + s->extra) * (a->used_h + s->extra);
}

/* All placed on a smaller page; among equal ones the squarer. */
static bool improves(const struct search *s, const struct attempt *a, const struct attempt *best)
{
    if (a->placed < s->total || a->used_h > s->max_h)
        return false;
    if (best->placed < s->total)
        return true;
    int64_t area = outside(s, a), least = outside(s, best);
    if (area != least)
        return area < least;
    return abs(a->used_w - a->used_h) < abs(best->used_w - best->used_h);
}

/* True where one of the batch is better. */
static bool keep_best(struct search *s, int count, struct attempt *best)
{
    bool found = false;
    for (int i = 0; i < count; i++)
        if (improves(s, &s->batch[i], best)) {
            *best = s->batch[i];
            found = true;
        }
    return found;
}

static int64_t fill_work(const struct search *s)
{
    return (int64_t)(s->total + 16) * (s->kinds + 16) * (s->rules->turn ? 2 : 1) * 3 / 2;
}

static int64_t root(int64_t n)
{
    int64_t r = 0;
    for (int64_t bit = (int64_t)1 << 20; bit; bit >>= 1)
        if ((r + bit) * (r + bit) <= n)
            r += bit;
    return r;
}

/* The widest rectangle that must find room. */
static int widest(const struct search *s)
{
    int most = 1;
    for (int k = 0; k < s->kinds; k++) {
        int w = s->kind[k].w, h = s->kind[k].h, least = s->rules->turn && h < w ? h : w;
        most = least > most ? least : most;
    }
    return most;
}

/* Page widths from 0.71 to 1.41 times the side of a square, evenly; narrower than the tallest page allows is no use. */
static int page_widths(const struct search *s, int64_t wanted, int ret[WIDTHS_MAX])
{
    int side = (int)root(s->area), count = 0;
    int low = side * 71 / 100, high = side * 141 / 100;
    int least = (int)((s->area + s->max_h - 1) / s->max_h), wide = widest(s);
    low = low < least ? least : low;
    low = low < wide ? wide : low;
    high = high < low ? low : high;
    int steps = wanted < 3 ? 3 : wanted > WIDTHS_MAX ? WIDTHS_MAX : (int)wanted;
    for (int i = 0; i < steps; i++) {
        int w = low + (int)((int64_t)(high - low) * i / (steps - 1));
        w = w > s->max_w ? s->max_w : w;
        if (count == 0 || ret[count - 1] != w)
            ret[count++] = w;
    }
    return count;
}

static enum spr_code try_widths(struct search *s, struct attempt *best, struct spr_error *err)
{
    int width[WIDTHS_MAX], widths = page_widths(s, WORK_BUDGET / 2 / (fill_work(s) * ORDERS), width),
                           count = 0;
    for (int i = 0; i < widths; i++)
        for (int o = 0; o < ORDERS; o++)
            s->batch[count++] = (struct attempt){ .w = width[i], .h = s->max_h, .order = s->order[o] };
    enum spr_code rc = try_batch(s, count, err);
    if (!rc)
        keep_best(s, count, best);
    return rc;
}

/* A class or two of the best order change places, and the page becomes a little wider or narrower; what is better is
 * kept and gone on from. */
static enum spr_code try_swaps(struct search *s, struct attempt *best, int *keep_order, struct spr_error *err)
{
    struct random r = { .seed = 0x7061636b, .stream = (uint64_t)s->total };
    int64_t rounds = WORK_BUDGET / 2 / (fill_work(s) * BATCH);
    uint64_t at = 0;
    rounds = rounds > SWAPS_MAX ? SWAPS_MAX : rounds;
    for (int64_t round = 0; round < rounds && s->kinds > 1; round++) {
        for (int i = 0; i < BATCH; i++) {
            int *order = s->swapped + (size_t)i * (size_t)s->kinds;
            memcpy(order, best->order, (size_t)s->kinds * sizeof *order);
            for (int n = 1 + i % 3; n > 0; n--) {
                uint32_t p = random_below(r, at++, (uint32_t)s->kinds),
                         q = random_below(r, at++, (uint32_t)s->kinds);
                int k = order[p];
                order[p] = order[q];
                order[q] = k;
            }
            int w = best->w + (int)random_below(r, at++, 9) - 4;
            w = w > s->max_w ? s->max_w : w < 1 ? 1 : w;
            s->batch[i] = (struct attempt){ .w = w, .h = s->max_h, .order = order };
        }
        enum spr_code rc = try_batch(s, BATCH, err);
        if (rc)
            return rc;
        keep_best(s, BATCH, best);
        if (best->order >= s->swapped && best->order < s->swapped + (size_t)BATCH * (size_t)s->kinds) {
            memcpy(keep_order, best->order, (size_t)s->kinds * sizeof *keep_order);
            best->order = keep_order;
        }
    }
    return SPR_OK;
}

/* MaxRects has to beat what the skyline found: pages of the same widths that are a row lower. */
static enum spr_code try_maxrects(struct search *s, struct attempt *best, struct spr_error *err)
{
    if (s->total > MAXRECTS_MAX)
        return SPR_OK;
    for (bool found = true; found;) {
        int count = 0;
        bool any = best->placed == s->total;
        int w = any ? best->w : s->max_w, h = any ? best->used_h - 1 : s->max_h;
        if (h < 1)
            return SPR_OK;
        for (int o = 0; o < ORDERS; o++)
            for (int rule = 0; rule < BIN_RULE_COUNT; rule++)
                s->batch[count++] = (struct attempt){
                    .w = w, .h = h, .order = s->order[o], .method = BIN_MAXRECTS, .rule = (enum bin_rule)rule
                };
        enum spr_code rc = try_batch(s, count, err);
        if (rc)
            return rc;
        found = keep_best(s, count, best);
    }
    return SPR_OK;
}

/* --- Shapes of a page --------------------------------------------------------------------------------------------- */

/* Every order and method in a page of fixed size. *best is the one that places most. */
static enum spr_code try_fixed(struct search *s, int w, int h, bool maxrects, struct attempt *best,
                               struct spr_error *err)
{
    int count = 0;
    for (int o = 0; o < ORDERS; o++)
        s->batch[count++] = (struct attempt){ .w = w, .h = h, .order = s->order[o] };
    for (int o = 1; maxrects && s->total <= MAXRECTS_MAX && o < ORDERS; o++)
        for (int rule = 0; rule < BIN_AREA + 1; rule++)
            s->batch[count++] = (struct attempt){
                .w = w, .h = h, .order = s->order[o], .method = BIN_MAXRECTS, .rule = (enum bin_rule)rule
            };
    enum spr_code rc = try_batch(s, count, err);
    if (rc)
        return rc;
    *best = s->batch[0];
    for (int i = 1; i < count; i++)
        if (s->batch[i].placed == s->total ? best->placed < s->total : s->batch[i].area > best->area)
            *best = s->batch[i];
    return SPR_OK;
}

static enum spr_code try_pot(struct search *s, struct attempt *best, struct spr_error *err)
{
    for (int bits = 0; bits <= 32; bits++)
        for (int lean = bits % 2; lean <= bits; lean += 2)
            for (int flip = 0; flip <= (lean > 0); flip++) {
                int wide = (bits + (flip ? -lean : lean)) / 2, high = bits - wide;
                int w = wide > 16 ? 0 : (1 << wide) - s->extra, h = high > 16 ? 0 : (1 << high) - s->extra;
                if (w < 1 || h < 1 || w > s->max_w || h > s->max_h || (int64_t)w * h < s->area)
                    continue;
                enum spr_code rc = try_fixed(s, w, h, true, best, err);
                if (rc || best->placed == s->total)
                    return rc;
            }
    return SPR_OK;
}

static enum spr_code try_square(struct search *s, struct attempt *best, struct spr_error *err)
{
    int most = s->max_w < s->max_h ? s->max_w : s->max_h;
    for (int side = (int)root(s->area); side <= most;) {
        enum spr_code rc = try_fixed(s, side, side, side == most, best, err);
        if (rc || best->placed == s->total)
            return rc;
        int step = 1 + side / 512;
        side = side < most && side + step > most ? most : side + step;
    }
    return SPR_OK;
}

/* The smallest page of the wanted shape that holds all; best->placed < total if none does. */
static enum spr_code try_one_page(struct search *s, struct attempt *best, int *keep_order,
                                  struct spr_error *err)
{
    *best = (struct attempt){ 0 };
    if (s->area > (int64_t)s->max_w * s->max_h)
        return SPR_OK;
    if (s->rules->shape == RECT_POT)
        return try_pot(s, best, err);
    if (s->rules->shape == RECT_SQUARE)
        return try_square(s, best, err);
    enum spr_code rc = try_widths(s, best, err);
    if (!rc && best->placed == s->total)
        rc = try_swaps(s, best, keep_order, err);
    if (!rc)
        rc = try_maxrects(s, best, err);
    return rc;
}

/* --- One page after the other ------------------------------------------------------------------------------------- */

struct member {
    int w, h, index;
};

static int by_size(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->h != y->h)
        return y->h - x->h;
    if (x->w != y->w)
        return y->w - x->w;
    return x->index - y->index;
}

static void search_fini(struct search *s)
{
    for (int i = 0; s->bin && i < pool_threads(s->pool); i++)
        bin_fini(&s->bin[i]);
    for (int o = 0; o < ORDERS; o++)
        mem_free(s->order[o]);
    mem_free(s->bin);
    mem_free(s->kind);
    mem_free(s->swapped);
}

/* BORROWS member[count], which is sorted by size. */
static enum spr_code search_init(struct search *s, const struct member *member, int count,
                                 const struct rect_rules *rules, struct pool *pool, struct spr_error *err)
{
    *s = (struct search){
        .rules = rules, .pool = pool, .total = count, .extra = 2 * rules->border - rules->padding
    };
    s->max_w = rules->max_w - s->extra;
    s->max_h = rules->max_h - s->extra;
    s->kind = mem_zalloc((size_t)count, sizeof *s->kind);
    s->bin = mem_zalloc((size_t)pool_threads(pool), sizeof *s->bin);
    for (int i = 0; s->kind && i < count; i++) {
        if (i == 0 || member[i].w != member[i - 1].w || member[i].h != member[i - 1].h)
            s->kind[s->kinds++] = (struct bin_class){ member[i].w, member[i].h, 0 };
        s->kind[s->kinds - 1].count++;
        s->area += (int64_t)member[i].w * member[i].h;
    }
    if (s->kinds > 0)
        s->swapped = mem_zalloc((size_t)s->kinds * (BATCH + 1), sizeof *s->swapped);
    enum spr_code rc = s->swapped && s->bin
                           ? make_orders(s, err)
                           : SPR_FAIL(err, SPR_NOMEM, "no memory to place %d rectangles", count);
    for (int i = 0; !rc && i < pool_threads(pool); i++)
        rc = bin_init(&s->bin[i], s->kind, s->kinds, err);
    if (rc)
        search_fini(s);
    return rc;
}

static int up_to_pot(int n)
{
    int p = 1;
    while (p < n)
        p *= 2;
    return p;
}

static struct rect_page page_size(const struct search *s, const struct attempt *a)
{
    int w = a->used_w + s->extra, h = a->used_h + s->extra;
    if (s->rules->shape == RECT_POT)
        return (struct rect_page){ up_to_pot(w), up_to_pot(h) };
    if (s->rules->shape == RECT_SQUARE)
        w = h = w > h ? w : h;
    return (struct rect_page){ w, h };
}

/* Fills one page from member[*count]; the placed ones leave the list, the rest keep their order. */
static enum spr_code fill_page(const struct rect_rules *rules, struct pool *pool, struct member *member,
                               int *count, struct rect_plan *p, struct spr_error *err)
{
    struct search s;
    struct attempt best;
    enum spr_code rc = search_init(&s, member, *count, rules, pool, err);
    if (rc)
        return rc;
    rc = try_one_page(&s, &best, s.swapped + (size_t)BATCH * (size_t)s.kinds, err);
    if (!rc && best.placed < s.total)
        rc = try_fixed(&s, s.max_w, s.max_h, true, &best, err);
    if (!rc)
        rc = fill(&s, &s.bin[0], &best, err);
    int *first = s.swapped; /* of each class, the first member not yet placed */
    for (int k = 0, i = 0; !rc && k < s.kinds; i += s.kind[k++].count)
        first[k] = i;
    for (int i = 0; !rc && i < best.placed; i++) {
        const struct bin_place *b = &s.bin[0].place[i];
        struct member *m = &member[first[b->kind]++];
        p->place[m->index] =
            (struct rect_place){ p->pages, b->x + rules->border, b->y + rules->border, b->turned };
        m->index = -1;
    }
    if (!rc)
        p->page[p->pages++] = page_size(&s, &best);
    search_fini(&s);
    int left = 0;
    for (int i = 0; !rc && i < *count; i++)
        if (member[i].index >= 0)
            member[left++] = member[i];
    *count = left;
    return rc;
}

static enum spr_code too_large(const struct rect_size *size, int i, const struct rect_rules *rules,
                               int *ret_index, struct spr_error *err)
{
    if (ret_index)
        *ret_index = i;
    return SPR_FAIL(err, SPR_LIMIT, "%d x %d with a border of %d does not fit into a page of %d x %d",
                    size[i].w, size[i].h, rules->border, rules->max_w, rules->max_h);
}

static bool fits(struct rect_size z, const struct rect_rules *r)
{
    int w = r->max_w - 2 * r->border, h = r->max_h - 2 * r->border;
    return (z.w <= w && z.h <= h) || (r->turn && z.h <= w && z.w <= h);
}

static int down_to_pot(int n)
{
    int p = 1;
    while (p <= n / 2)
        p *= 2;
    return p;
}

static enum spr_code pack(const struct rect_size *size, int count, const struct rect_rules *given,
                          struct pool *pool, int most_pages, struct rect_plan *ret, int *ret_index,
                          struct spr_error *err)
{
    struct rect_rules rules = *given;
    if (rules.shape == RECT_POT) {
        rules.max_w = down_to_pot(rules.max_w);
        rules.max_h = down_to_pot(rules.max_h);
    } else if (rules.shape == RECT_SQUARE) {
        rules.max_w = rules.max_h = rules.max_w < rules.max_h ? rules.max_w : rules.max_h;
    }
    for (int i = 0; i < count; i++)
        if (!fits(size[i], &rules))
            return too_large(size, i, &rules, ret_index, err);
    struct rect_plan p = { .count = count };
    struct member *member = mem_zalloc((size_t)count, sizeof *member);
    p.place = mem_zalloc((size_t)count, sizeof *p.place);
    p.page = mem_zalloc(RECT_PAGES_MAX, sizeof *p.page);
    enum spr_code rc = member && p.place && p.page
                           ? SPR_OK
                           : SPR_FAIL(err, SPR_NOMEM, "no memory to place %d rectangles", count);
    for (int i = 0; !rc && i < count; i++) {
        member[i] = (struct member){ size[i].w + rules.padding, size[i].h + rules.padding, i };
        p.place[i].page = -1;
    }
    if (!rc)
        qsort(member, (size_t)count, sizeof *member, by_size);
    while (!rc && count > 0 && p.pages < most_pages)
        rc = fill_page(&rules, pool, member, &count, &p, err);
    if (!rc && count > 0 && most_pages == RECT_PAGES_MAX)
        rc = SPR_FAIL(err, SPR_LIMIT, "more than %d pages; allow larger ones", RECT_PAGES_MAX);
    mem_free(member);
    if (rc)
        rects_free(&p);
    else
        *ret = p;
    return rc;
}

enum spr_code rects_pack(const struct rect_size *size, int count, const struct rect_rules *rules,
                         struct pool *pool, struct rect_plan *ret, int *ret_index, struct spr_error *err)
{
    return pack(size, count, rules, pool, RECT_PAGES_MAX, ret, ret_index, err);
}

enum spr_code rects_pack_page(const struct rect_size *size, int count, const struct rect_rules *rules,
                              struct pool *pool, struct rect_plan *ret, struct spr_error *err)
{
    return pack(size, count, rules, pool, 1, ret, NULL, err);
}

enum spr_code rects_grid(int count, struct rect_size cell, int columns, const struct rect_rules *rules,
                         struct rect_plan *ret, struct spr_error *err)
{
    int extra = 2 * rules->border - rules->padding, w = cell.w + rules->padding, h = cell.h + rules->padding;
    if (cell.w + 2 * rules->border > rules->max_w || cell.h + 2 * rules->border > rules->max_h)
        return too_large(&cell, 0, rules, NULL, err);
    int most = (rules->max_w - extra) / w, rows_most = (rules->max_h - extra) / h;
    if (columns > most)
        return SPR_FAIL(err, SPR_LIMIT, "%d columns of %d pixels are wider than a page of %d; %d fit",
                        columns, w, rules->max_w, most);
    if (columns == 0) { /* the first with at least as many columns as rows, measured in pixels */
        columns = 1;
        while (columns < most && columns * w < ((count + columns - 1) / columns) * h)
            columns++;
    }
    columns = columns > count ? count : columns;
    int per_page = columns * rows_most, pages = (count + per_page - 1) / per_page;
    if (pages > RECT_PAGES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "%d pages; at most %d are made: allow larger ones", pages,
                        RECT_PAGES_MAX);
    struct rect_plan p = { .count = count, .pages = pages };
    p.place = mem_zalloc((size_t)count, sizeof *p.place);
    p.page = mem_zalloc((size_t)pages, sizeof *p.page);
    if (!p.place || !p.page) {
        rects_free(&p);
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a grid of %d", count);
    }
    for (int i = 0; i < count; i++) {
        int page = i / per_page, at = i % per_page;
        p.place[i] = (struct rect_place){ .page = page,
                                          .x = rules->border + at % columns * w,
                                          .y = rules->border + at / columns * h };
        struct rect_page *g = &p.page[page];
        *g = (struct rect_page){ columns * w + extra, (at / columns + 1) * h + extra };
        if (rules->shape == RECT_POT)
            *g = (struct rect_page){ up_to_pot(g->w), up_to_pot(g->h) };
    }
    *ret = p;
    return SPR_OK;
}

void rects_free(struct rect_plan *p)
{
    mem_free(p->place);
    mem_free(p->page);
    *p = (struct rect_plan){ 0 };
}
