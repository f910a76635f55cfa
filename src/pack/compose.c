/* A page's picture: each unit's box, its rim repeated `extrude` times outwards, so that a sampler which blends
 * neighbouring pixels never meets another sprite. */
#include "pack/build.h"
#include "pixel/alpha.h"

/* The box in the corner of a picture that may be larger: a grid's cell is extruded as a whole. */
static enum spr_code copy_box(const struct image *from, const struct pack_box *b, int w, int h,
                              struct image *ret, struct spr_error *err)
{
    enum spr_code rc = image_init(ret, w, h, err);
    for (int y = 0; !rc && y < b->h; y++)
        for (int x = 0; x < b->w; x++)
            *image_at(ret, x, y) = *image_at(from, b->x + x, b->y + y);
    return rc;
}

static int clamp(int v, int high)
{
    return v < 0 ? 0 : v > high ? high : v;
}

/* Draws from's box. */
static void draw(struct image *page, const struct image *from, const struct pack_box *b,
                 const struct rect_place *at, int extrude)
{
    int w = at->turned ? b->h : b->w, h = at->turned ? b->w : b->h;
    for (int y = -extrude; y < h + extrude; y++)
        for (int x = -extrude; x < w + extrude; x++) {
            int u = clamp(x, w - 1), v = clamp(y, h - 1);
            *image_at(page, at->x + x, at->y + y) = at->turned
                                                        ? *image_at(from, b->x + v, b->y + b->h - 1 - u)
                                                        : *image_at(from, b->x + u, b->y + v);
        }
}

static enum spr_code draw_copy(struct image *page, const struct image *from, const struct pack_unit *unit,
                               int w, int h, const struct pack_rules *rules, struct spr_error *err)
{
    struct image copy = { 0 };
    struct pack_box whole = { 0, 0, w, h };
    enum spr_code rc = copy_box(from, &unit->box, w, h, &copy, err);
    if (!rc && rules->bleed > 0)
        rc = alpha_bleed(&copy, rules->bleed, err);
    if (!rc)
        draw(page, &copy, &whole, &unit->place, rules->extrude);
    image_fini(&copy);
    return rc;
}

enum spr_code compose_page(const struct sprites *s, const struct pack_units *u,
                           const struct pack_rules *rules, int page, struct rect_page size, struct image *ret,
                           struct spr_error *err)
{
    struct image out;
    int cell_w = 1, cell_h = 1;
    enum spr_code rc = image_init(&out, size.w, size.h, err);
    if (rc)
        return rc;
    for (int i = 0; i < u->count; i++) {
        cell_w = u->unit[i].box.w > cell_w ? u->unit[i].box.w : cell_w;
        cell_h = u->unit[i].box.h > cell_h ? u->unit[i].box.h : cell_h;
    }
    for (int i = 0; i < u->count && !rc; i++) {
        const struct pack_unit *unit = &u->unit[i];
        const struct image *from = &s->item[unit->sprite].image;
        if (unit->place.page != page)
            continue;
        if (rules->grid)
            rc = draw_copy(&out, from, unit, cell_w, cell_h, rules, err);
        else if (rules->bleed > 0)
            rc = draw_copy(&out, from, unit, unit->box.w, unit->box.h, rules, err);
        else
            draw(&out, from, &unit->box, &unit->place, rules->extrude);
    }
    if (rc)
        image_fini(&out);
    else
        *ret = out;
    return rc;
}
