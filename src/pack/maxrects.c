/* All free rectangles that cannot be made larger are kept, overlapping as they may. A rectangle goes into the corner of
 * the free one that suits it best; each free one it cuts is replaced by up to four pieces, and pieces inside others go.
 * Good where sizes differ much, so that small ones fill what lies below large ones; the skyline forgets that room.
 * Source: J. Jylanki, "A thousand ways to pack the bin" (2010). */
#include "pack/bin.h"

struct free_rect {
    int x, y, w, h;
};

struct free_list {
    struct bin *bin;
    struct free_rect *rect;
    int count, room;
};

struct spot {
    int64_t first, second; /* smaller is better */
    int x, y;
    bool turned;
};

static struct spot judge(const struct bin *b, const struct free_rect *f, int w, int h, bool turned)
{
    int side = f->w - w < f->h - h ? f->w - w : f->h - h, other = f->w - w + f->h - h - side;
    struct spot s = { .x = f->x, .y = f->y, .turned = turned };
    switch (b->rule) {
    case BIN_AREA:
        s.first = (int64_t)f->w * f->h - (int64_t)w * h;
        s.second = side;
        break;
    case BIN_BOTTOM_LEFT:
        s.first = f->y + h;
        s.second = f->x;
        break;
    default:
        s.first = side;
        s.second = other;
        break;
    }
    return s;
}

static bool better(const struct spot *a, const struct spot *b)
{
    if (a->first != b->first)
        return a->first < b->first;
    if (a->second != b->second)
        return a->second < b->second;
    return a->y != b->y ? a->y < b->y : a->x < b->x;
}

static bool find_spot(const struct free_list *l, const struct bin_class *c, struct spot *ret)
{
    const struct bin *b = l->bin;
    bool found = false;
    for (int i = 0; i < l->count; i++)
        for (int turned = 0; turned <= (b->turn && c->w != c->h); turned++) {
            int w = turned ? c->h : c->w, h = turned ? c->w : c->h;
            const struct free_rect *f = &l->rect[i];
            if (w > f->w || h > f->h)
                continue;
            struct spot s = judge(b, f, w, h, turned != 0);
            if (!found || better(&s, ret))
                *ret = s;
            found = true;
        }
    return found;
}

static enum spr_code reserve(struct free_list *l, int more, struct spr_error *err)
{
    struct bin *b = l->bin;
    size_t need = (size_t)(l->count + more) * sizeof *l->rect;
    enum spr_code rc = need > b->work_bytes ? bin_work(b, need * 2, err) : SPR_OK;
    l->rect = b->work;
    l->room = (int)(b->work_bytes / sizeof *l->rect);
    return rc;
}

static bool inside(const struct free_rect *a, const struct free_rect *b)
{
    return a->x >= b->x && a->y >= b->y && a->x + a->w <= b->x + b->w && a->y + a->h <= b->y + b->h;
}

/* Adds a piece unless another holds it; drops those from `fresh` on that it holds. (Older ones it cannot hold: it was
 * cut from one of their kind.) */
static void add_piece(struct free_list *l, int fresh, struct free_rect f)
{
    if (f.w <= 0 || f.h <= 0)
        return;
    for (int i = 0; i < l->count; i++)
        if (inside(&f, &l->rect[i]))
            return;
    for (int i = fresh; i < l->count;)
        if (inside(&l->rect[i], &f))
            l->rect[i] = l->rect[--l->count];
        else
            i++;
    l->rect[l->count++] = f;
}

static enum spr_code cut(struct free_list *l, struct free_rect used, struct spr_error *err)
{
    int hit = 0, kept = 0;
    enum spr_code rc = reserve(l, l->count * 5 + 4, err);
    if (rc)
        return rc;
    /* Those that are cut move to the end of the room, so that what is kept stays together. */
    struct free_rect *cut_ones = l->rect + l->room - l->count;
    for (int i = 0; i < l->count; i++) {
        struct free_rect f = l->rect[i];
        if (used.x >= f.x + f.w || used.x + used.w <= f.x || used.y >= f.y + f.h || used.y + used.h <= f.y)
            l->rect[kept++] = f;
        else
            cut_ones[hit++] = f;
    }
    l->count = kept;
    for (int i = 0; i < hit; i++) {
        struct free_rect f = cut_ones[i];
        int right = used.x + used.w, top = used.y + used.h;
        add_piece(l, kept, (struct free_rect){ f.x, f.y, used.x - f.x, f.h });
        add_piece(l, kept, (struct free_rect){ right, f.y, f.x + f.w - right, f.h });
        add_piece(l, kept, (struct free_rect){ f.x, f.y, f.w, used.y - f.y });
        add_piece(l, kept, (struct free_rect){ f.x, top, f.w, f.y + f.h - top });
    }
    return SPR_OK;
}

enum spr_code maxrects_fill(struct bin *b, struct spr_error *err)
{
    struct free_list l = { .bin = b, .rect = b->work };
    enum spr_code rc = reserve(&l, 1, err);
    if (rc)
        return rc;
    l.rect[l.count++] = (struct free_rect){ 0, 0, b->w, b->h };
    for (int i = 0; i < b->kinds; i++) {
        int k = b->order[i];
        const struct bin_class *c = &b->kind[k];
        struct spot s = { 0 };
        for (; b->left[k] > 0 && find_spot(&l, c, &s); b->left[k]--) {
            int w = s.turned ? c->h : c->w, h = s.turned ? c->w : c->h;
            b->place[b->placed++] = (struct bin_place){ k, s.x, s.y, s.turned };
            b->area += (int64_t)w * h;
            b->used_w = s.x + w > b->used_w ? s.x + w : b->used_w;
            b->used_h = s.y + h > b->used_h ? s.y + h : b->used_h;
            rc = cut(&l, (struct free_rect){ s.x, s.y, w, h }, err);
            if (rc)
                return rc;
        }
    }
    return SPR_OK;
}
