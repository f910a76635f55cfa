/* Cels are drawn in the order of layer + z-index, then z-index. Groups that blend as one are canvases on a stack: when
 * the next cel lies in other groups, those left are drawn onto what is below them. */
#include "base/mem.h"
#include "image/aseprite_file.h"

#include <stdlib.h>
#include <string.h>

enum { NO_TILE = 0 };

/* The colour of a pixel of the file. */
static struct rgba colour_of(const struct ase *a, const struct palette *p, bool background, const uint8_t *at)
{
    if (a->depth == 4)
        return (struct rgba){ at[0], at[1], at[2], at[3] };
    if (a->depth == 2)
        return (struct rgba){ at[0], at[0], at[0], at[1] };
    if ((*at == a->transparent && !background) || !p || *at >= p->count)
        return (struct rgba){ 0 };
    return p->colour[*at];
}

struct pen {
    struct ase *a;
    const struct palette *palette;
    const struct ase_layer *layer;
    const struct image *canvas;
    int opacity;
};

static void dot(const struct pen *p, int x, int y, const uint8_t *from)
{
    struct rgba *to = image_at(p->canvas, x, y);
    struct rgba c = colour_of(p->a, p->palette, p->layer->flags & ASE_BACKGROUND, from);
    *to = ase_blend(p->layer->blend, *to, c, p->opacity);
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

static enum spr_code draw_pixels(const struct pen *p, const struct ase_cel *cel, struct spr_error *err)
{
    int left = most(cel->x, 0), right = least(cel->x + cel->width, p->canvas->width);
    int top = most(cel->y, 0), bottom = least(cel->y + cel->height, p->canvas->height);
    if (left >= right || top >= bottom)
        return SPR_OK;
    enum spr_code rc = ase_spend(p->a, (uint64_t)(right - left) * (uint64_t)(bottom - top), err);
    for (int y = top; y < bottom && !rc; y++)
        for (int x = left; x < right; x++)
            dot(p, x, y,
                cel->bytes +
                    ((size_t)(y - cel->y) * (size_t)cel->width + (size_t)(x - cel->x)) * (size_t)p->a->depth);
    return rc;
}

/* The tile at column, row of the cel; its corner lies at x, y of the canvas. */
static void draw_tile(const struct pen *p, const struct ase_cel *cel, const struct ase_tileset *t,
                      const uint8_t *at, int64_t x, int64_t y)
{
    uint32_t tile = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    uint32_t id = tile & cel->id_mask;
    if (tile == UINT32_MAX || id >= (uint32_t)t->count || (id == NO_TILE && t->empty_0))
        return;
    for (int v = 0; v < t->height; v++)
        for (int u = 0; u < t->width; u++) {
            int from_u = tile & cel->x_flip ? t->width - 1 - u : u;
            int from_v = tile & cel->y_flip ? t->height - 1 - v : v;
            if (tile & cel->d_flip) {
                int swap = from_u;
                from_u = from_v;
                from_v = swap;
            }
            if (x + u < 0 || y + v < 0 || x + u >= p->canvas->width || y + v >= p->canvas->height ||
                from_u >= t->width || from_v >= t->height)
                continue;
            size_t row = (size_t)id * (size_t)t->height + (size_t)from_v;
            dot(p, (int)(x + u), (int)(y + v),
                t->bytes + (row * (size_t)t->width + (size_t)from_u) * (size_t)p->a->depth);
        }
}

static enum spr_code draw_tiles(const struct pen *p, const struct ase_cel *cel, struct spr_error *err)
{
    const struct ase_tileset *t = &p->a->tileset[cel->tileset];
    enum spr_code rc = SPR_OK;
    for (int row = 0; row < cel->height && !rc; row++) {
        int64_t y = cel->y + (int64_t)row * t->height;
        if (y + t->height <= 0 || y >= p->canvas->height)
            continue;
        for (int column = 0; column < cel->width && !rc; column++) {
            int64_t x = cel->x + (int64_t)column * t->width;
            if (x + t->width <= 0 || x >= p->canvas->width)
                continue;
            rc = ase_spend(p->a, (uint64_t)t->width * (uint64_t)t->height, err);
            if (!rc)
                draw_tile(p, cel, t, cel->bytes + ((size_t)row * (size_t)cel->width + (size_t)column) * 4, x,
                          y);
        }
    }
    return rc;
}

/* Whether the layer is seen, when `chosen` (or -1) is shown alone. */
static bool is_seen(const struct ase *a, int layer, int chosen)
{
    for (int i = layer; i >= 0; i = a->layer[i].parent) {
        if (i == chosen)
            return true;
        if (!(a->layer[i].flags & ASE_VISIBLE) || (a->layer[i].flags & ASE_REFERENCE))
            return false;
    }
    return chosen < 0;
}

struct group {
    int layer;
    struct image canvas;
};

/* Groups that blend as one and are open, outermost first. */
struct stack {
    struct ase *a;
    struct image *ground;
    int depth;
    struct group group[ASE_DEPTH_MAX + 1];
};

static struct image *top(struct stack *s)
{
    return s->depth ? &s->group[s->depth - 1].canvas : s->ground;
}

static void close_group(struct stack *s)
{
    struct group *g = &s->group[--s->depth];
    const struct image *to = top(s);
    const struct ase_layer *l = &s->a->layer[g->layer];
    for (size_t i = 0, n = (size_t)to->width * (size_t)to->height; i < n; i++)
        to->pixel[i] = ase_blend(l->blend, to->pixel[i], g->canvas.pixel[i], l->opacity);
    image_fini(&g->canvas);
}

/* Closes and opens until exactly the layer's groups are open. */
static enum spr_code enter(struct stack *s, int layer, struct spr_error *err)
{
    int chain[ASE_DEPTH_MAX + 1] = { 0 }, depth = 0, same = 0;
    for (int i = s->a->layer[layer].parent; i >= 0 && depth <= ASE_DEPTH_MAX; i = s->a->layer[i].parent)
        chain[depth++] = i;
    while (same < depth && same < s->depth && s->group[same].layer == chain[depth - 1 - same])
        same++;
    while (s->depth > same)
        close_group(s);
    enum spr_code rc = SPR_OK;
    for (; s->depth < depth && !rc; same++) {
        struct group *g = &s->group[s->depth];
        rc = ase_spend(s->a, (uint64_t)s->ground->width * (uint64_t)s->ground->height, err);
        if (!rc)
            rc = image_init(&g->canvas, s->ground->width, s->ground->height, err);
        if (!rc) {
            g->layer = chain[depth - 1 - same];
            s->depth++;
        }
    }
    return rc;
}

struct turn {
    int cel, order, z;
};

static int by_turn(const void *x, const void *y)
{
    const struct turn *p = x, *q = y;
    if (p->order != q->order)
        return p->order < q->order ? -1 : 1;
    if (p->z != q->z)
        return p->z < q->z ? -1 : 1;
    return p->cel < q->cel ? -1 : 1;
}

static enum spr_code draw_cel(struct stack *s, const struct ase_frame *f, const struct ase_cel *own,
                              struct spr_error *err)
{
    struct ase *a = s->a;
    const struct ase_cel *cel = own->link >= 0 ? &a->cel[own->link] : own;
    const struct ase_layer *layer = &a->layer[own->layer];
    enum spr_code rc = a->flags & ASE_GROUP_BLENDING ? enter(s, own->layer, err) : SPR_OK;
    struct pen pen = { a, f->palette >= 0 ? &a->palette[f->palette] : NULL, layer, top(s),
                       (cel->opacity * layer->opacity + 127) / 255 };
    if (rc)
        return rc;
    return cel->tiles ? draw_tiles(&pen, cel, err) : draw_pixels(&pen, cel, err);
}

enum spr_code ase_draw(struct ase *a, int frame, int chosen, struct image *ret, struct spr_error *err)
{
    const struct ase_frame *f = &a->frame[frame];
    struct image im = { 0 };
    struct turn *turn = mem_zalloc((size_t)f->cels, sizeof *turn);
    struct stack *stack = mem_zalloc(1, sizeof *stack);
    enum spr_code rc = turn && stack ? image_init(&im, a->width, a->height, err)
                                     : SPR_FAIL(err, SPR_NOMEM, "no memory for %d cels", f->cels);
    int turns = 0;
    for (int i = f->first_cel; !rc && i < f->first_cel + f->cels; i++)
        if (is_seen(a, a->cel[i].layer, chosen))
            turn[turns++] = (struct turn){ i, a->cel[i].layer + a->cel[i].z, a->cel[i].z };
    if (!rc) {
        qsort(turn, (size_t)turns, sizeof *turn, by_turn);
        stack->a = a;
        stack->ground = &im;
    }
    for (int i = 0; i < turns && !rc; i++)
        rc = draw_cel(stack, f, &a->cel[turn[i].cel], err);
    while (stack && stack->depth)
        close_group(stack);
    mem_free(stack);
    mem_free(turn);
    if (rc)
        image_fini(&im);
    else
        *ret = im;
    return rc;
}
