/* Where each unit goes: afresh, or so that as little as possible of a former sheet moves.
 *
 * Keeping: a unit whose first frame had a place of the same size keeps it. A page that lost a unit, or had one that
 * changed its size, is open: it is placed again, with what changed there and with new units. Without an open page the
 * last one is opened for new units. What finds no room begins pages of its own. */
#include "base/mem.h"
#include "pack/build.h"

#include <stdlib.h>
#include <string.h>

enum { NOWHERE = -1 };

struct layout {
    const struct sprites *s;
    struct pack_units *u;
    const struct pack_rules *rules;
    const struct atlas *former;
    struct pool *pool;
    struct rect_page *page;
    int pages;
    bool *open;             /* (former pages) */
    int *home;              /* (units): the former page it stays on or comes from; NOWHERE for new ones */
    struct rect_size *size; /* (units): scratch */
    int *index;             /* (units): scratch */
    struct spr_error *err;
};

static struct rect_size outer_size(const struct layout *l, int unit)
{
    const struct pack_box *b = &l->u->unit[unit].box;
    return (struct rect_size){ b->w + 2 * l->rules->extrude, b->h + 2 * l->rules->extrude };
}

static void set_place(struct layout *l, int unit, const struct rect_place *p, int page)
{
    l->u->unit[unit].place =
        (struct rect_place){ page, p->x + l->rules->extrude, p->y + l->rules->extrude, p->turned };
}

static enum spr_code too_large(const struct layout *l, int unit)
{
    const struct pack_unit *u = &l->u->unit[unit];
    const struct rect_rules *r = &l->rules->rects;
    return SPR_FAIL(
        l->err, SPR_LIMIT,
        "\"%.100s\" has %d x %d pixels; with a border of %d and extruded by %d it does not fit into a page "
        "of %d x %d: allow larger pages (--max-size) or split it",
        l->s->item[u->sprite].name, u->box.w, u->box.h, r->border, l->rules->extrude, r->max_w, r->max_h);
}

static enum spr_code grow_pages(struct layout *l, int more)
{
    struct rect_page *grown = mem_resize(l->page, (size_t)l->pages + (size_t)more, sizeof *grown);
    if (!grown)
        return SPR_FAIL(l->err, SPR_NOMEM, "no memory for %d pages", l->pages + more);
    l->page = grown;
    return SPR_OK;
}

/* Places index[count] on new pages. */
static enum spr_code place_afresh(struct layout *l, int count)
{
    struct rect_plan plan = { 0 };
    int large = 0;
    if (count == 0)
        return SPR_OK;
    for (int i = 0; i < count; i++)
        l->size[i] = outer_size(l, l->index[i]);
    enum spr_code rc = rects_pack(l->size, count, &l->rules->rects, l->pool, &plan, &large, l->err);
    if (rc)
        return rc == SPR_LIMIT ? too_large(l, l->index[large]) : rc;
    rc = grow_pages(l, plan.pages);
    for (int i = 0; !rc && i < count; i++)
        set_place(l, l->index[i], &plan.place[i], l->pages + plan.place[i].page);
    for (int i = 0; !rc && i < plan.pages; i++)
        l->page[l->pages + i] = plan.page[i];
    l->pages += rc ? 0 : plan.pages;
    rects_free(&plan);
    return rc;
}

/* Open page p again: its own units, those that come from it, and (from: first new one) new ones. */
static enum spr_code place_open(struct layout *l, int p)
{
    struct rect_plan plan = { 0 };
    int count = 0;
    for (int u = 0; u < l->u->count; u++)
        if (l->home[u] == p || (l->home[u] == NOWHERE && l->u->unit[u].place.page == NOWHERE))
            l->index[count++] = u;
    for (int i = 0; i < count; i++)
        l->size[i] = outer_size(l, l->index[i]);
    if (count == 0) {
        l->page[p] = (struct rect_page){ 1 + 2 * l->rules->rects.border, 1 + 2 * l->rules->rects.border };
        return SPR_OK;
    }
    enum spr_code rc = rects_pack_page(l->size, count, &l->rules->rects, l->pool, &plan, l->err);
    if (rc == SPR_LIMIT)
        for (int i = 0; i < count; i++)
            if (l->size[i].w + 2 * l->rules->rects.border > l->rules->rects.max_w ||
                l->size[i].h + 2 * l->rules->rects.border > l->rules->rects.max_h)
                return too_large(l, l->index[i]);
    if (rc)
        return rc;
    for (int i = 0; i < count; i++) {
        int u = l->index[i];
        l->home[u] = plan.place[i].page < 0 ? NOWHERE : p;
        l->u->unit[u].place.page = NOWHERE;
        if (plan.place[i].page >= 0)
            set_place(l, u, &plan.place[i], p);
    }
    l->page[p] = plan.page[0];
    rects_free(&plan);
    return SPR_OK;
}

struct former_name {
    const char *name;
    int frame;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct former_name *)a)->name, ((const struct former_name *)b)->name);
}

/* Finds which units stay. claimed: (former frames), true where a place is taken. */
static void find_stayers(struct layout *l, const struct former_name *names, bool *claimed)
{
    const struct atlas *f = l->former;
    for (int u = 0; u < l->u->count; u++) {
        struct former_name key = { l->s->item[l->u->unit[u].sprite].name, 0 };
        const struct former_name *hit = bsearch(&key, names, (size_t)f->frames, sizeof key, by_name);
        l->home[u] = NOWHERE;
        l->u->unit[u].place.page = NOWHERE;
        if (!hit)
            continue;
        int owner = f->frame[hit->frame].same_as >= 0 ? f->frame[hit->frame].same_as : hit->frame;
        const struct atlas_frame *was = &f->frame[owner];
        const struct pack_box *b = &l->u->unit[u].box;
        l->home[u] = was->page;
        if (claimed[owner] || was->w != b->w || was->h != b->h) {
            l->open[was->page] = true;
            continue;
        }
        claimed[owner] = true;
        l->u->unit[u].place = (struct rect_place){ was->page, was->x, was->y, was->turned };
    }
    for (int i = 0; i < f->frames; i++)
        if (f->frame[i].same_as < 0 && !claimed[i])
            l->open[f->frame[i].page] = true;
}

static enum spr_code place_beside_former(struct layout *l, int *ret_kept)
{
    const struct atlas *f = l->former;
    struct former_name *names = mem_zalloc((size_t)f->frames, sizeof *names);
    bool *claimed = mem_zalloc((size_t)f->frames, sizeof *claimed), fresh = false, any_open = false;
    enum spr_code rc = names && claimed
                           ? grow_pages(l, f->pages)
                           : SPR_FAIL(l->err, SPR_NOMEM, "no memory to compare with the former sheet");
    if (!rc) {
        for (int i = 0; i < f->frames; i++)
            names[i] = (struct former_name){ f->frame[i].name, i };
        qsort(names, (size_t)f->frames, sizeof *names, by_name);
        find_stayers(l, names, claimed);
        for (; l->pages < f->pages; l->pages++)
            l->page[l->pages] = (struct rect_page){ f->page[l->pages].w, f->page[l->pages].h };
        for (int u = 0; u < l->u->count; u++)
            fresh = fresh || l->home[u] == NOWHERE;
        for (int p = 0; p < f->pages; p++)
            any_open = any_open || l->open[p];
        if (fresh && !any_open)
            l->open[f->pages - 1] = true;
    }
    for (int p = 0; p < f->pages && !rc; p++) {
        if (l->open[p])
            rc = place_open(l, p);
        else
            ++*ret_kept;
    }
    int count = 0;
    for (int u = 0; !rc && u < l->u->count; u++)
        if (l->u->unit[u].place.page == NOWHERE)
            l->index[count++] = u;
    if (!rc)
        rc = place_afresh(l, count);
    mem_free(names);
    mem_free(claimed);
    return rc;
}

static enum spr_code place_grid(struct layout *l, int *ret_columns)
{
    struct rect_size cell = { 1, 1 };
    struct rect_plan plan;
    for (int i = 0; i < l->s->count; i++) {
        const struct image *im = &l->s->item[i].image;
        cell.w = im->width > cell.w ? im->width : cell.w;
        cell.h = im->height > cell.h ? im->height : cell.h;
    }
    cell.w += 2 * l->rules->extrude;
    cell.h += 2 * l->rules->extrude;
    enum spr_code rc = rects_grid(l->u->count, cell, l->rules->columns, &l->rules->rects, &plan, l->err);
    if (rc)
        return rc;
    for (int u = 0; u < l->u->count; u++)
        set_place(l, u, &plan.place[u], plan.place[u].page);
    int columns = 0;
    while (columns < plan.count && plan.place[columns].page == 0 && plan.place[columns].y == plan.place[0].y)
        columns++;
    *ret_columns = columns;
    l->page = plan.page;
    l->pages = plan.pages;
    mem_free(plan.place);
    return SPR_OK;
}

enum spr_code layout_find(const struct sprites *s, struct pack_units *u, const struct pack_rules *rules,
                          const struct atlas *former, struct pool *pool, struct rect_page **ret_page,
                          int *ret_pages, int *ret_kept, int *ret_columns, struct spr_error *err)
{
    struct layout l = { .s = s, .u = u, .rules = rules, .former = former, .pool = pool, .err = err };
    size_t n = (size_t)u->count;
    *ret_kept = *ret_columns = 0;
    l.open = mem_zalloc(former ? (size_t)former->pages : 1, sizeof *l.open);
    l.home = mem_zalloc(n, sizeof *l.home);
    l.size = mem_zalloc(n, sizeof *l.size);
    l.index = mem_zalloc(n, sizeof *l.index);
    enum spr_code rc = l.open && l.home && l.size && l.index
                           ? SPR_OK
                           : SPR_FAIL(err, SPR_NOMEM, "no memory to place %d sprites", u->count);
    for (int i = 0; !rc && i < u->count; i++)
        l.index[i] = i;
    if (!rc && rules->grid)
        rc = place_grid(&l, ret_columns);
    else if (!rc && former)
        rc = place_beside_former(&l, ret_kept);
    else if (!rc)
        rc = place_afresh(&l, u->count);
    mem_free(l.open);
    mem_free(l.home);
    mem_free(l.size);
    mem_free(l.index);
    if (rc) {
        mem_free(l.page);
        return rc;
    }
    *ret_page = l.page;
    *ret_pages = l.pages;
    return SPR_OK;
}
