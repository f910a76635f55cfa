#include "pixel/pixelize.h"

#include "base/mem.h"
#include "pixel/alpha.h"
#include "pixel/cells.h"
#include "pixel/histogram.h"
#include "pixel/join.h"
#include "pixel/quantise.h"
#include "pixel/reduce.h"

#include <string.h>

enum { NATIVE_SIDE = 160, NATIVE_COLOURS = 64, TINY_SIDE = 64 };

static void images_fini(struct image *im, int count)
{
    for (int i = 0; im && i < count; i++)
        image_fini(&im[i]);
    mem_free(im);
}

static enum spr_code count_colours(const struct image *im, int count, size_t *ret, struct spr_error *err)
{
    struct histogram h;
    const struct image **all = mem_zalloc((size_t)count, sizeof(const struct image *));
    if (!all)
        return SPR_FAIL(err, SPR_NOMEM, "%d frames", count);
    for (int i = 0; i < count; i++)
        all[i] = &im[i];
    enum spr_code rc = histogram_init(&h, all, count, 128, err);
    mem_free(all);
    if (rc)
        return rc;
    *ret = h.count;
    histogram_fini(&h);
    return SPR_OK;
}

/* How many colours a small picture may have and be pixel art. Shaded sprites of 32 x 32 have up to 200; photos as small as that
 * have nearly as many as pixels. */
static size_t native_most(const struct image *im)
{
    size_t part = (size_t)im->width * (size_t)im->height / 4;
    if (im->width > TINY_SIDE || im->height > TINY_SIDE || part < NATIVE_COLOURS)
        return NATIVE_COLOURS;
    return part < 256 ? part : 256;
}

/* A small picture of few colours that is no enlargement is pixel art already: its cells are its pixels. */
static enum spr_code take_native(const struct image *frame, int count, struct grid *g, struct spr_error *err)
{
    size_t colours = 0;
    if (frame->width > NATIVE_SIDE || frame->height > NATIVE_SIDE)
        return SPR_OK;
    enum spr_code rc = count_colours(frame, count, &colours, err);
    if (rc || colours < 2 || colours > native_most(frame))
        return rc;
    struct grid native;
    rc = grid_given(frame, 1, 1, 0, 0, &native, err);
    if (!rc) {
        grid_fini(g);
        *g = native;
    }
    return rc;
}

static enum spr_code find_grid(struct image *frame, int count, const struct pixelize_options *o,
                               struct grid *ret, struct spr_error *err)
{
    if (o->cell_x > 0)
        return grid_given(frame, o->cell_x, o->cell_y, o->phase_x, o->phase_y, ret, err);
    enum spr_code rc = grid_find(frame, count, ret, err);
    if (!rc && ret->verdict != GRID_FOUND)
        rc = take_native(frame, count, ret, err);
    return rc;
}

static enum spr_code take_cells(struct image *frame, int count, const struct grid *g, struct image *cells,
                                struct spr_error *err)
{
    struct cells *taken = mem_zalloc((size_t)count, sizeof *taken);
    enum spr_code rc = taken ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "%d frames", count);
    for (int i = 0; !rc && i < count; i++)
        rc = cells_take(&frame[i], g, &taken[i], err);
    if (!rc)
        rc = join_noise(taken, count, err);
    for (int i = 0; taken && i < count; i++) {
        if (!rc) {
            cells[i] = taken[i].colour;
            taken[i].colour = (struct image){ 0 };
            alpha_cut(&cells[i], 128);
        }
        cells_fini(&taken[i]);
    }
    mem_free(taken);
    return rc;
}

static enum spr_code remove_ground(struct image *cells, int count, const struct ground *g,
                                   struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; !rc && g->kind != GROUND_KEEP && i < count; i++)
        rc = ground_remove(&cells[i], g, NULL, err);
    return rc;
}

static enum spr_code choose_palette(const struct image *cells, int count, const struct pixelize_options *o,
                                    struct palette *ret, struct spr_error *err)
{
    if (o->palette) {
        *ret = *o->palette;
        return SPR_OK;
    }
    int automatic = o->to_width > 0 ? PIXELIZE_REDUCED_COLOURS : 256;
    struct quantise_options choose = { .colours = o->colours > 0 ? o->colours : automatic,
                                       .space = o->space };
    const struct image **all = mem_zalloc((size_t)count, sizeof(const struct image *));
    if (!all)
        return SPR_FAIL(err, SPR_NOMEM, "%d frames", count);
    for (int i = 0; i < count; i++)
        all[i] = &cells[i];
    enum spr_code rc = quantise_choose(all, count, &choose, ret, err);
    mem_free(all);
    return rc;
}

static enum spr_code colour(const struct image *cells, int count, const struct pixelize_options *o,
                            struct indexed *ret, struct spr_error *err)
{
    struct palette p;
    struct dither_options how = {
        .kind = o->dither, .strength = o->strength, .space = o->space, .matrix = o->matrix
    };
    enum spr_code rc = choose_palette(cells, count, o, &p, err);
    int done = 0;
    while (!rc && done < count) {
        if (done > 0 && o->dither != DITHER_NONE)
            dither_follow(&cells[done - 1], &cells[done], &how);
        rc = o->dither == DITHER_NONE ? quantise_apply(&cells[done], &p, o->space, 0, &ret[done], err)
                                      : dither_apply(&cells[done], &p, &how, &ret[done], err);
        done += !rc;
    }
    for (int i = 0; rc && i < done; i++)
        indexed_fini(&ret[i]);
    return rc;
}

static void count_result(const struct indexed *result, int count, struct pixelize_report *r)
{
    bool used[257] = { false };
    r->width = result->width;
    r->height = result->height;
    for (int i = 0; i < count; i++)
        for (size_t k = 0, n = (size_t)r->width * (size_t)r->height; k < n; k++) {
            uint8_t index = result[i].index[k];
            if (result[i].palette.colour[index].a < 128)
                r->transparent++;
            else
                used[index] = true;
        }
    for (int k = 0; k < 256; k++)
        r->colours += used[k];
}

enum spr_code pixelize(struct image *frame, int count, const struct pixelize_options *o, struct indexed *ret,
                       struct pixelize_report *ret_report, struct spr_error *err)
{
    struct pixelize_report report = { .found = true };
    struct grid grid = { 0 };
    for (int i = 1; i < count; i++)
        if (frame[i].width != frame->width || frame[i].height != frame->height)
            return SPR_FAIL(err, SPR_BADARG,
                            "frame %d is %d x %d pixels, the first one %d x %d: a sequence has one size",
                            i + 1, frame[i].width, frame[i].height, frame->width, frame->height);
    struct image *cells = mem_zalloc((size_t)count, sizeof *cells);
    enum spr_code rc = cells ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "%d frames", count);
    if (!rc && o->to_width > 0) {
        for (int i = 0; !rc && i < count; i++)
            rc = reduce(&frame[i], o->to_width, o->to_height, &cells[i], err);
    } else if (!rc) {
        rc = find_grid(frame, count, o, &grid, err);
        report.found = !rc && grid.verdict == GRID_FOUND;
        if (report.found)
            rc = take_cells(frame, count, &grid, cells, err);
    }
    if (!rc && report.found)
        rc = remove_ground(cells, count, &o->ground, err);
    if (!rc && report.found)
        rc = colour(cells, count, o, ret, err);
    if (!rc) {
        if (report.found)
            count_result(ret, count, &report);
        report.grid = grid;
        report.grid.x.line = report.grid.y.line = NULL;
        *ret_report = report;
    }
    grid_fini(&grid);
    images_fini(cells, count);
    return rc;
}
