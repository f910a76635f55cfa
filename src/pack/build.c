#include "pack/build.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static enum spr_code add_pages(struct atlas *a, const struct rect_page *page, int pages,
                               struct spr_error *err)
{
    const char *slash = strrchr(a->name, '/'), *base = slash ? slash + 1 : a->name;
    for (int i = 0; i < pages; i++) {
        char file[ATLAS_NAME_MAX];
        if (pages == 1)
            snprintf(file, sizeof file, "%.400s.png", base);
        else
            snprintf(file, sizeof file, "%.400s-%d.png", base, i);
        struct atlas_page *p = atlas_add_page(a, file, err);
        if (!p)
            return SPR_NOMEM;
        p->w = page[i].w;
        p->h = page[i].h;
    }
    return SPR_OK;
}

static enum spr_code add_frames(struct atlas *a, const struct sprites *s, const struct pack_units *u,
                                struct spr_error *err)
{
    for (int i = 0; i < s->count; i++) {
        const struct sprite *item = &s->item[i];
        const struct pack_unit *unit = &u->unit[u->of[i]];
        struct atlas_frame *f = atlas_add_frame(a, item->name, err);
        if (!f)
            return SPR_NOMEM;
        f->page = unit->place.page;
        f->x = unit->place.x;
        f->y = unit->place.y;
        f->turned = unit->place.turned;
        f->w = u->box[i].w;
        f->h = u->box[i].h;
        f->off_x = u->box[i].x;
        f->off_y = u->box[i].y;
        f->source_w = item->image.width;
        f->source_h = item->image.height;
        f->duration_ms = item->duration_ms;
        f->pivot_x = item->pivot_x;
        f->pivot_y = item->pivot_y;
        f->same_as = unit->sprite < i ? unit->sprite : -1;
    }
    return SPR_OK;
}

static enum spr_code add_names(struct atlas *a, const struct sprites *s, struct spr_error *err)
{
    for (int i = 0; i < s->names.tags; i++) {
        struct atlas_tag *t = atlas_add_tag(a, s->names.tag[i].name, err);
        if (!t)
            return SPR_NOMEM;
        char *name = t->name;
        *t = s->names.tag[i];
        t->name = name;
    }
    for (int i = 0; i < s->names.slices; i++) {
        struct atlas_slice *t = atlas_add_slice(a, s->names.slice[i].name, err);
        if (!t)
            return SPR_NOMEM;
        char *name = t->name;
        *t = s->names.slice[i];
        t->name = name;
    }
    a->wang = s->wang;
    if (s->wang == ATLAS_WANG_NONE)
        return SPR_OK;
    a->mask = mem_zalloc((size_t)s->count, sizeof *a->mask);
    for (int i = 0; a->mask && i < s->count; i++)
        a->mask[i] = s->item[i].mask;
    return a->mask ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for a tile set");
}

static void set_grid(struct atlas *a, const struct sprites *s, const struct pack_rules *rules, int columns)
{
    a->border = rules->rects.border;
    a->padding = rules->rects.padding;
    a->extrude = rules->extrude;
    a->columns = columns;
    for (int i = 0; columns && i < s->count; i++) {
        const struct image *im = &s->item[i].image;
        a->cell_w = im->width > a->cell_w ? im->width : a->cell_w;
        a->cell_h = im->height > a->cell_h ? im->height : a->cell_h;
    }
}

struct drawing {
    const struct sprites *s;
    const struct pack_units *u;
    const struct pack_rules *rules;
    const struct rect_page *size;
    struct image *page;
    atomic_bool starved; /* a worker found no memory */
};

static void draw_page(void *context, int index, int worker)
{
    struct drawing *d = context;
    (void)worker;
    if (compose_page(d->s, d->u, d->rules, index, d->size[index], &d->page[index], NULL))
        atomic_store(&d->starved, true);
}

enum spr_code pack_build(const struct sprites *s, const struct pack_rules *rules, const struct atlas *former,
                         const char *name, struct pool *pool, struct pack_result *ret, struct spr_error *err)
{
    struct pack_result r = { 0 };
    struct pack_units u = { 0 };
    struct rect_page *size = NULL;
    int pages = 0, columns = 0;
    struct spr_error own;
    err = err ? err : &own;
    enum spr_code rc = units_find(s, rules, &u, err);
    int64_t began = clock_steady_ns();
    if (!rc)
        rc = layout_find(s, &u, rules, former, pool, &size, &pages, &r.kept_pages, &columns, err);
    r.place_ms = (double)(clock_steady_ns() - began) / 1e6;
    for (int i = 0; !rc && i < pages; i++)
        r.page_px += (int64_t)size[i].w * size[i].h;
    if (!rc && r.page_px > (int64_t)IMAGE_PIXELS_MAX)
        rc = SPR_FAIL(err, SPR_LIMIT,
                      "%d pages with %lld million pixels in all; %lld are made at once: pack in parts, or "
                      "dense instead of "
                      "as a grid",
                      pages, (long long)(r.page_px >> 20), (long long)(IMAGE_PIXELS_MAX >> 20));
    if (!rc && !(r.atlas.name = mem_text(name, strlen(name))))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a name");
    if (!rc)
        rc = add_pages(&r.atlas, size, pages, err);
    if (!rc)
        rc = add_frames(&r.atlas, s, &u, err);
    if (!rc)
        rc = add_names(&r.atlas, s, err);
    if (!rc && !(r.page = mem_zalloc((size_t)pages, sizeof *r.page)))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for %d pages", pages);
    if (!rc) {
        struct drawing d = { s, &u, rules, size, r.page, false };
        set_grid(&r.atlas, s, rules, columns);
        pool_run(pool, pages, draw_page, &d);
        rc = atomic_load(&d.starved) ? SPR_FAIL(err, SPR_NOMEM, "no memory to draw %d pages", pages) : SPR_OK;
    }
    r.units = u.count;
    r.shared = s->count - u.count;
    r.empty = u.empty;
    for (int i = 0; !rc && i < u.count; i++)
        r.used_px += (int64_t)u.unit[i].box.w * u.unit[i].box.h;
    mem_free(size);
    units_fini(&u);
    if (rc)
        pack_result_fini(&r);
    else
        *ret = r;
    return rc;
}

void pack_result_fini(struct pack_result *r)
{
    for (int i = 0; r->page && i < r->atlas.pages; i++)
        image_fini(&r->page[i]);
    mem_free(r->page);
    atlas_fini(&r->atlas);
    *r = (struct pack_result){ 0 };
}
