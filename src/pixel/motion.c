#include "pixel/motion.h"

#include "base/mem.h"
#include "pixel/quantise.h"
#include "pixel/scale.h"
#include "pixel/sheet.h"

#include <assert.h>
#include <string.h>

/* Gives what was made, or takes it down. */
static enum spr_code hand_out(enum spr_code rc, struct animation *made, struct animation *ret)
{
    if (rc)
        animation_fini(made);
    else
        *ret = *made;
    return rc;
}

/* The k-th frame that the order shows. */
static int frame_at(int from, int to, bool backwards, int k)
{
    return backwards ? to - k : from + k;
}

enum spr_code motion_pick(const struct animation *a, const struct motion_order *o, struct animation *ret,
                          struct spr_error *err)
{
    struct animation made = { .plays = a->plays, .palette = a->palette };
    int from = o->tag ? o->tag->from : 0, to = o->tag ? o->tag->to : a->count - 1, count = to - from + 1;
    enum tag_direction d = o->tag ? o->tag->direction : TAG_FORWARD;
    bool backwards = (d == TAG_REVERSE || d == TAG_PINGPONG_REVERSE) != o->reverse;
    bool back = d >= TAG_PINGPONG || o->pingpong;
    enum spr_code rc = SPR_OK;
    for (int k = 0; k < count && !rc; k++) {
        const struct frame *f = &a->frame[frame_at(from, to, backwards, k)];
        rc = animation_add_copy(&made, &f->image, f->ms, err);
    }
    for (int k = count - 2; back && k > 0 && !rc; k--)
        rc = animation_add_copy(&made, &made.frame[k].image, made.frame[k].ms, err);
    if (o->tag && !rc)
        rc = animation_add_tag(&made, o->tag->name, 0, made.count - 1, TAG_FORWARD, o->tag->repeat, err);
    bool same = !o->tag && !backwards && !back;
    for (int i = 0; same && i < a->tags && !rc; i++)
        rc = animation_add_tag(&made, a->tag[i].name, a->tag[i].from, a->tag[i].to, a->tag[i].direction,
                               a->tag[i].repeat, err);
    for (int i = 0; same && i < a->slices && !rc; i++)
        rc = animation_add_slice(&made, a->slice[i].name, a->slice[i].key, a->slice[i].count, err);
    return hand_out(rc, &made, ret);
}

static struct box scaled(struct box b, int factor)
{
    return (struct box){ b.x * factor, b.y * factor, b.width * factor, b.height * factor };
}

static enum spr_code enlarge_slice(const struct slice *s, int factor, struct animation *to,
                                   struct spr_error *err)
{
    struct slice_key *key = mem_zalloc((size_t)s->count, sizeof *key);
    if (!key)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a slice");
    for (int i = 0; i < s->count; i++) {
        key[i] = s->key[i];
        key[i].bounds = scaled(key[i].bounds, factor);
        key[i].centre = scaled(key[i].centre, factor);
        key[i].pivot_x *= factor;
        key[i].pivot_y *= factor;
    }
    enum spr_code rc = animation_add_slice(to, s->name, key, s->count, err);
    mem_free(key);
    return rc;
}

/* The animation with other frames, tags and all but no slices. */
static enum spr_code map_frames(const struct animation *a, motion_change *change, void *context,
                                struct animation *made, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    *made = (struct animation){ .plays = a->plays, .palette = a->palette };
    for (int i = 0; i < a->count && !rc; i++) {
        struct image im = { 0 };
        rc = change(context, &a->frame[i].image, &im, err);
        if (!rc && (rc = animation_add(made, &im, a->frame[i].ms, err)))
            image_fini(&im);
    }
    for (int i = 0; i < a->tags && !rc; i++)
        rc = animation_add_tag(made, a->tag[i].name, a->tag[i].from, a->tag[i].to, a->tag[i].direction,
                               a->tag[i].repeat, err);
    return rc;
}

enum spr_code motion_map(const struct animation *a, motion_change *change, void *context,
                         struct animation *ret, struct spr_error *err)
{
    struct animation made;
    enum spr_code rc = map_frames(a, change, context, &made, err);
    bool same = made.width == a->width && made.height == a->height;
    for (int i = 0; i < a->slices && same && !rc; i++)
        rc = enlarge_slice(&a->slice[i], 1, &made, err);
    return hand_out(rc, &made, ret);
}

struct enlarging {
    enum scale_method method;
    int factor;
};

static enum spr_code enlarge(void *context, const struct image *from, struct image *ret,
                             struct spr_error *err)
{
    const struct enlarging *e = context;
    return scale_by(from, e->method, e->factor, ret, err);
}

enum spr_code motion_enlarge(const struct animation *a, enum scale_method method, int factor,
                             struct animation *ret, struct spr_error *err)
{
    struct enlarging e = { method, factor };
    struct animation made;
    enum spr_code rc = map_frames(a, enlarge, &e, &made, err);
    for (int i = 0; i < a->slices && !rc; i++)
        rc = enlarge_slice(&a->slice[i], factor, &made, err);
    return hand_out(rc, &made, ret);
}

/* The picture on a canvas of that size. */
static enum spr_code on_canvas(const struct image *im, int width, int height, int x, int y, struct image *ret,
                               struct spr_error *err)
{
    struct image canvas;
    enum spr_code rc = image_init(&canvas, width, height, err);
    if (rc)
        return rc;
    for (int v = 0; v < im->height; v++)
        memcpy(image_at(&canvas, x, y + v), image_at(im, 0, v), (size_t)im->width * sizeof *im->pixel);
    *ret = canvas;
    return SPR_OK;
}

/* Tags and slices of a part whose frames begin at `first`, its canvas moved by x, y. */
static enum spr_code join_words(const struct animation *part, int first, int x, int y, struct animation *to,
                                struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < part->tags && !rc; i++)
        rc = animation_add_tag(to, part->tag[i].name, first + part->tag[i].from, first + part->tag[i].to,
                               part->tag[i].direction, part->tag[i].repeat, err);
    for (int i = 0; i < part->slices && !rc; i++) {
        const struct slice *s = &part->slice[i];
        struct slice_key *key = mem_zalloc((size_t)s->count, sizeof *key);
        if (!key)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for a slice");
        for (int k = 0; k < s->count; k++) {
            key[k] = s->key[k];
            key[k].frame += first;
            key[k].bounds.x += x;
            key[k].bounds.y += y;
        }
        rc = animation_add_slice(to, s->name, key, s->count, err);
        mem_free(key);
    }
    return rc;
}

enum spr_code motion_join(const struct animation *part, int count, struct motion_anchor anchor,
                          struct animation *ret, struct spr_error *err)
{
    struct animation made = { .plays = count == 1 ? part->plays : 0 };
    int width = 0, height = 0;
    enum spr_code rc = SPR_OK;
    assert(count >= 1);
    for (int i = 0; i < count; i++) {
        width = part[i].width > width ? part[i].width : width;
        height = part[i].height > height ? part[i].height : height;
        bool same = part[i].palette.count == part->palette.count &&
                    memcmp(part[i].palette.colour, part->palette.colour,
                           (size_t)part->palette.count * sizeof(struct rgba)) == 0;
        made.palette = i == 0 ? part->palette : same ? made.palette : (struct palette){ 0 };
    }
    for (int i = 0; i < count && !rc; i++) {
        int first = made.count;
        int x = (width - part[i].width) * anchor.x / 2, y = (height - part[i].height) * anchor.y / 2;
        for (int f = 0; f < part[i].count && !rc; f++) {
            struct image im = { 0 };
            rc = on_canvas(&part[i].frame[f].image, width, height, x, y, &im, err);
            if (!rc && (rc = animation_add(&made, &im, part[i].frame[f].ms, err)))
                image_fini(&im);
        }
        if (!rc)
            rc = join_words(&part[i], first, x, y, &made, err);
    }
    return hand_out(rc, &made, ret);
}

static bool is_empty(const struct image *im)
{
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++)
        if (im->pixel[i].a)
            return false;
    return true;
}

/* The divisor of n that is nearest to `wish`. */
static int nearest_divisor(int n, int wish)
{
    for (int d = 0;; d++) {
        if (wish - d > 0 && n % (wish - d) == 0)
            return wish - d;
        if (n % (wish + d) == 0 || wish + d > n)
            return wish + d > n ? n : wish + d;
    }
}

enum spr_code motion_cut(const struct image *sheet, int width, int height, int ms, struct animation *ret,
                         struct spr_error *err)
{
    struct animation made = { 0 };
    if (sheet->width % width || sheet->height % height)
        return SPR_FAIL(err, SPR_BADARG,
                        "cells of %dx%d do not divide a sheet of %dx%d; cells of %dx%d would", width, height,
                        sheet->width, sheet->height, nearest_divisor(sheet->width, width),
                        nearest_divisor(sheet->height, height));
    enum spr_code rc = SPR_OK;
    int full = 0; /* frames up to the last one with a pixel */
    for (int y = 0; y < sheet->height && !rc; y += height)
        for (int x = 0; x < sheet->width && !rc; x += width) {
            struct image im;
            rc = image_init(&im, width, height, err);
            if (rc)
                break;
            for (int v = 0; v < height; v++)
                memcpy(image_at(&im, 0, v), image_at(sheet, x, y + v), (size_t)width * sizeof *im.pixel);
            bool empty = is_empty(&im);
            rc = animation_add(&made, &im, ms, err);
            if (rc)
                image_fini(&im);
            else if (!empty)
                full = made.count;
        }
    while (!rc && made.count > (full ? full : 1))
        image_fini(&made.frame[--made.count].image);
    return hand_out(rc, &made, ret);
}

int motion_colours(const struct animation *a)
{
    struct indexed *frame = mem_zalloc((size_t)a->count, sizeof *frame);
    struct animation plain = *a;
    plain.palette.count = 0;
    int count = 257;
    if (frame && animation_indexed(&plain, frame, NULL) == SPR_OK) {
        count = frame->palette.count;
        for (int i = 0; i < a->count; i++)
            indexed_fini(&frame[i]);
    }
    mem_free(frame);
    return count;
}

/* Whether there is nothing to do: few enough opaque colours and no soft alpha. */
static bool fits(const struct animation *a, int colours)
{
    int all = motion_colours(a);
    if (all > 256)
        return false;
    bool clear = false;
    for (int f = 0; f < a->count; f++)
        for (size_t i = 0, n = (size_t)a->width * (size_t)a->height; i < n; i++) {
            struct rgba c = a->frame[f].image.pixel[i];
            if (c.a != 255 && (c.a || c.r || c.g || c.b))
                return false;
            clear = clear || c.a == 0;
        }
    return all - clear <= colours;
}

enum spr_code motion_fit_colours(const struct animation *a, int colours, struct animation *ret,
                                 struct spr_error *err)
{
    struct animation made = { .plays = a->plays };
    struct motion_order all = { 0 };
    if (fits(a, colours))
        return motion_pick(a, &all, ret, err);
    const struct image **image = mem_zalloc((size_t)a->count, sizeof(void *));
    if (!image)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %d frames", a->count);
    for (int i = 0; i < a->count; i++)
        image[i] = &a->frame[i].image;
    struct palette p;
    struct quantise_options o = { .colours = colours, .space = COLOUR_OKLAB };
    enum spr_code rc = quantise_choose(image, a->count, &o, &p, err);
    for (int i = 0; i < a->count && !rc; i++) {
        struct indexed few = { 0 };
        struct image im = { 0 };
        rc = quantise_apply(image[i], &p, o.space, 0, &few, err);
        if (!rc)
            rc = image_from_indexed(&im, &few, err);
        if (!rc && (rc = animation_add(&made, &im, a->frame[i].ms, err)))
            image_fini(&im);
        indexed_fini(&few);
    }
    mem_free(image);
    if (!rc)
        rc = join_words(a, 0, 0, 0, &made, err);
    return hand_out(rc, &made, ret);
}

static int square_columns(int count)
{
    int n = 1;
    while (n * n < count)
        n++;
    return n;
}

enum spr_code motion_sheet(const struct animation *a, int columns, struct image *ret, struct spr_error *err)
{
    struct image sheet;
    columns = columns ? columns : square_columns(a->count);
    columns = columns > a->count ? a->count : columns;
    int lines = (a->count + columns - 1) / columns;
    if (columns > IMAGE_SIDE_MAX / a->width || lines > IMAGE_SIDE_MAX / a->height)
        return SPR_FAIL(err, SPR_LIMIT,
                        "a sheet of %d frames of %dx%d in %d columns is over %d pixels a side", a->count,
                        a->width, a->height, columns, (int)IMAGE_SIDE_MAX);
    enum spr_code rc = image_init(&sheet, columns * a->width, lines * a->height, err);
    for (int i = 0; i < a->count && !rc; i++)
        for (int y = 0; y < a->height; y++)
            memcpy(image_at(&sheet, i % columns * a->width, i / columns * a->height + y),
                   image_at(&a->frame[i].image, 0, y), (size_t)a->width * sizeof *sheet.pixel);
    if (!rc)
        *ret = sheet;
    return rc;
}

/* Draws from over to where `to` is free, half its own colour and half the tint, fainter with distance. */
static void draw_ghost(const struct image *from, struct rgba tint, int distance, const struct image *to)
{
    for (size_t i = 0, n = (size_t)to->width * (size_t)to->height; i < n; i++) {
        struct rgba c = from->pixel[i];
        if (c.a < 128 || to->pixel[i].a)
            continue;
        to->pixel[i] = (struct rgba){ (uint8_t)((c.r + tint.r) / 2), (uint8_t)((c.g + tint.g) / 2),
                                      (uint8_t)((c.b + tint.b) / 2), (uint8_t)(160 / distance) };
    }
}

static enum spr_code onion_frame(const struct animation *a, int i, int around, struct image *ret,
                                 struct spr_error *err)
{
    static const struct rgba before = { 255, 60, 60, 255 }, after = { 60, 90, 255, 255 };
    enum spr_code rc = image_copy(ret, &a->frame[i].image, err);
    for (int d = 1; d <= around && !rc; d++) {
        if (i - d >= 0)
            draw_ghost(&a->frame[i - d].image, before, d, ret);
        if (i + d < a->count)
            draw_ghost(&a->frame[i + d].image, after, d, ret);
    }
    return rc;
}

enum spr_code motion_onion(const struct animation *a, int around, int scale, int columns, struct image *ret,
                           struct spr_error *err)
{
    struct image *cell = mem_zalloc((size_t)a->count, sizeof *cell);
    const struct image **cells = mem_zalloc((size_t)a->count, sizeof(void *));
    enum spr_code rc = cell && cells ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for %d frames", a->count);
    for (int i = 0; i < a->count && !rc; i++) {
        rc = onion_frame(a, i, around, &cell[i], err);
        cells[i] = &cell[i];
    }
    struct sheet_options o = { .columns = columns, .scale = scale, .gap = 4, .checker = true };
    if (!rc)
        rc = sheet_make(cells, a->count, &o, ret, err);
    for (int i = 0; cell && i < a->count; i++)
        image_fini(&cell[i]);
    mem_free(cells);
    mem_free(cell);
    return rc;
}
