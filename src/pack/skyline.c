/* The upper edge of what is placed is a list of level pieces. The lowest piece is a gap between two walls; the class that
 * fits it best goes there, beside one of the walls; if none fits, the gap is filled up to the lower wall and lost.
 *
 *     ____             ___        wall left of the gap: `left` above it; right of it: `right`
 *         |      _____|           gap: the lowest piece, `w` wide
 *         |_____|
 *
 * Best is what fills the whole width, then what ends level with a wall (the edge stays smooth), then what leaves a rest
 * that something still fits into; among equals the first of `order`, which is what pack/rects searches over.
 * Sources: Burke, Kendall, Whitwell, "A new placement heuristic for the orthogonal stock-cutting problem" (2004); Leung,
 * Zhang, "A fast layer-based heuristic for non-guillotine strip packing" (2011). */
#include "pack/bin.h"

#include <string.h>

struct piece {
    int x, y, w;
};

struct edge {
    struct piece *piece;
    int count;
};

struct gap {
    int at;          /* piece */
    int left, right; /* how much higher the walls are; BIN_ENDLESS at the page's sides */
};

struct choice {
    int score; /* below 0: none */
    int kind;
    int before; /* the class before it in the list */
    bool turned;
};

static struct gap lowest(const struct edge *e)
{
    int at = 0;
    for (int i = 1; i < e->count; i++)
        if (e->piece[i].y < e->piece[at].y)
            at = i;
    const struct piece *p = &e->piece[at];
    return (struct gap){ at, at > 0 ? p[-1].y - p->y : BIN_ENDLESS,
                         at + 1 < e->count ? p[1].y - p->y : BIN_ENDLESS };
}

static int fitness(int w, int h, int gap, const struct gap *g, int narrowest)
{
    int score = w == gap ? 4 : gap - w < narrowest ? 0 : 1;
    if (h == g->left)
        score += 2;
    if (h == g->right)
        score += w == gap ? 2 : 1;
    return score;
}

enum { BEST_SCORE = 8 };

/* The narrowest side that is left, so that a rest below it is known to be lost. */
static int narrowest_left(const struct bin *b)
{
    int w = BIN_ENDLESS;
    for (int k = b->next[b->kinds]; k >= 0; k = b->next[k]) {
        if (b->kind[k].w < w)
            w = b->kind[k].w;
        if (b->turn && b->kind[k].h < w)
            w = b->kind[k].h;
    }
    return w;
}

static struct choice choose(const struct bin *b, int gap, int room, const struct gap *g, int narrowest)
{
    struct choice best = { .score = -1 };
    for (int before = b->kinds, k = b->next[before]; k >= 0; before = k, k = b->next[k]) {
        const struct bin_class *c = &b->kind[k];
        for (int turned = 0; turned <= (b->turn && c->w != c->h); turned++) {
            int w = turned ? c->h : c->w, h = turned ? c->w : c->h;
            if (w > gap || h > room)
                continue;
            int score = fitness(w, h, gap, g, narrowest);
            if (score <= best.score)
                continue;
            best = (struct choice){ score, k, before, turned != 0 };
            if (score == BEST_SCORE)
                return best;
        }
    }
    return best;
}

/* Joins the piece with neighbours of its height. */
static void join(struct edge *e, int at)
{
    struct piece *p = e->piece;
    if (at + 1 < e->count && p[at + 1].y == p[at].y) {
        p[at].w += p[at + 1].w;
        memmove(&p[at + 1], &p[at + 2], (size_t)(e->count - at - 2) * sizeof *p);
        e->count--;
    }
    if (at > 0 && p[at - 1].y == p[at].y) {
        p[at - 1].w += p[at].w;
        memmove(&p[at], &p[at + 1], (size_t)(e->count - at - 1) * sizeof *p);
        e->count--;
    }
}

static void raise_gap(struct edge *e, const struct gap *g)
{
    e->piece[g->at].y += g->left < g->right ? g->left : g->right;
    join(e, g->at);
}

static void put(struct bin *b, struct edge *e, const struct gap *g, const struct choice *c)
{
    const struct bin_class *k = &b->kind[c->kind];
    int w = c->turned ? k->h : k->w, h = c->turned ? k->w : k->h;
    struct piece *p = &e->piece[g->at];
    bool right = h == g->right ? h != g->left : h != g->left && g->right > g->left;
    int x = right ? p->x + p->w - w : p->x, y = p->y;
    b->place[b->placed++] = (struct bin_place){ c->kind, x, y, c->turned };
    b->area += (int64_t)w * h;
    if (x + w > b->used_w)
        b->used_w = x + w;
    if (y + h > b->used_h)
        b->used_h = y + h;
    if (--b->left[c->kind] == 0)
        b->next[c->before] = b->next[c->kind];
    if (w == p->w) {
        p->y += h;
        join(e, g->at);
        return;
    }
    memmove(p + 1, p, (size_t)(e->count - g->at) * sizeof *p);
    e->count++;
    p[right ? 1 : 0] = (struct piece){ x, y + h, w };
    struct piece *rest = &p[right ? 0 : 1];
    rest->w -= w;
    if (!right)
        rest->x += w;
    join(e, right ? g->at + 1 : g->at);
}

enum spr_code skyline_fill(struct bin *b, struct spr_error *err)
{
    enum spr_code rc = bin_work(b, ((size_t)b->total + 2) * sizeof(struct piece), err);
    if (rc)
        return rc;
    struct edge e = { b->work, 1 };
    e.piece[0] = (struct piece){ 0, 0, b->w };
    int narrowest = narrowest_left(b);
    while (b->placed < b->total) {
        struct gap g = lowest(&e);
        struct choice c = choose(b, e.piece[g.at].w, b->h - e.piece[g.at].y, &g, narrowest);
        if (c.score >= 0) {
            put(b, &e, &g, &c);
            if (b->left[c.kind] == 0 &&
                (b->kind[c.kind].w == narrowest || (b->turn && b->kind[c.kind].h == narrowest)))
                narrowest = narrowest_left(b);
        } else if (e.count == 1) {
            break;
        } else {
            raise_gap(&e, &g);
        }
    }
    return SPR_OK;
}
