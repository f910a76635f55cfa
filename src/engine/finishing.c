/* Cells of a sheet are finished as one tall picture with a transparent line between them, so that they share a palette
 * and nothing of one touches another; then they are laid out. */
#include "engine/finishing.h"

#include "base/mem.h"
#include "pixel/finish.h"
#include "pixel/pixelize.h"
#include "pixel/scale.h"
#include "pixel/seam.h"
#include "pixel/sheet.h"

#include <string.h>

static int opaque_colours(const struct palette *p)
{
    int n = 0;
    for (int i = 0; i < p->count; i++)
        n += p->colour[i].a != 0;
    return n;
}

/* GIVES ret->pixel. */
static enum spr_code stack(const struct image *cell, int count, struct image *ret, struct spr_error *err)
{
    struct image tall;
    size_t w = (size_t)cell->width, h = (size_t)cell->height;
    enum spr_code rc = image_init(&tall, cell->width, (cell->height + 1) * count, err);
    if (rc)
        return rc;
    memset(tall.pixel, 0, w * (h + 1) * (size_t)count * sizeof *tall.pixel);
    for (int i = 0; i < count; i++)
        memcpy(tall.pixel + (size_t)i * w * (h + 1), cell[i].pixel, w * h * sizeof *tall.pixel);
    *ret = tall;
    return SPR_OK;
}

/* The cells of a stacked picture as a sheet. GIVES ret->pixel. */
static enum spr_code lay_out(const struct image *tall, int height, int count, int columns, struct image *ret,
                             struct spr_error *err)
{
    const struct sheet_options o = { .columns = columns };
    struct image *cell = mem_zalloc((size_t)count, sizeof *cell);
    const struct image **each = mem_zalloc((size_t)count, sizeof(const struct image *));
    enum spr_code rc = cell && each ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "out of memory for a sheet");
    for (int i = 0; !rc && i < count; i++) {
        cell[i] = (struct image){ tall->width, height,
                                  tall->pixel + (size_t)i * (size_t)tall->width * (size_t)(height + 1) };
        each[i] = &cell[i];
    }
    if (!rc)
        rc = sheet_make(each, count, &o, ret, err);
    mem_free(each);
    mem_free(cell);
    return rc;
}

/* Cutting grain and specks looks at neighbours, so that what was painted alike may have come out a little different: every
 * tile gets the first one's border. */
static void share_border(struct image *tall, int height, int count)
{
    int w = tall->width, border = finishing_border(w);
    for (int i = 1; i < count; i++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < w; x++)
                if (x < border || y < border || x >= w - border || y >= height - border)
                    tall->pixel[((size_t)i * (size_t)(height + 1) + (size_t)y) * (size_t)w + (size_t)x] =
                        tall->pixel[(size_t)y * (size_t)w + (size_t)x];
}

/* All cells finished, each under the other. GIVES ret->pixel. */
static enum spr_code finish_stack(const struct image *tall, const struct request *r, const struct material *m,
                                  struct image *ret, int *ret_colors, struct spr_error *err)
{
    struct finish_options o = finish_default;
    struct indexed few;
    o.colours = r->finish.colors;
    o.palette = r->finish.palette ? &m->palette : NULL;
    enum spr_code rc = finish(tall, &o, &few, err);
    if (rc)
        return rc;
    rc = image_from_indexed(ret, &few, err);
    if (!rc)
        *ret_colors = opaque_colours(&few.palette);
    indexed_fini(&few);
    return rc;
}

enum spr_code finishing(const struct image *painted, int count, const struct request *r,
                        const struct material *m, struct engine_picture *p, struct spr_error *err)
{
    struct request_sheet s;
    struct image tall = { 0 }, small = { 0 };
    int colors = 0;
    bool many = request_sheet(r, &s);
    enum spr_code rc = many ? stack(painted, count, &tall, err) : SPR_OK;
    if (!rc)
        rc = finish_stack(many ? &tall : painted, r, m, &small, &colors, err);
    image_fini(&tall);
    if (!rc && r->grid && r->engine.name == REQUEST_NATIVE)
        share_border(&small, painted->height, count);
    if (!rc && many) {
        rc = lay_out(&small, painted->height, count, s.columns, &tall, err);
        image_fini(&small);
        small = tall;
    }
    if (!rc)
        rc = scale_nearest(&small, r->finish.scale, &p->pixels, err);
    if (!rc)
        p->colors = colors;
    image_fini(&small);
    return rc;
}

static void free_copies(struct image *copy, int count)
{
    for (int i = 0; copy && i < count; i++)
        image_fini(&copy[i]);
    mem_free(copy);
}

/* GIVES *ret (free_copies): pixelize straightens pictures in place. */
static enum spr_code copies(const struct image *made, int count, struct image **ret, struct spr_error *err)
{
    struct image *copy = mem_zalloc((size_t)count, sizeof *copy);
    enum spr_code rc = copy ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "out of memory for pictures");
    for (int i = 0; !rc && i < count; i++)
        rc = image_copy(&copy[i], &made[i], err);
    if (rc)
        free_copies(copy, count);
    else
        *ret = copy;
    return rc;
}

/* By the pictures' own grid if that has size x size cells, else by reduction to it. GIVES ret[count]. */
static enum spr_code to_cells(const struct image *made, int count, const struct request *r,
                              struct indexed *ret, struct spr_error *err)
{
    struct image *copy = NULL;
    struct pixelize_report report = { 0 };
    struct pixelize_options o = { .colours = 0, .space = COLOUR_OKLAB, .dither = DITHER_NONE };
    o.ground.kind = r->finish.tile || r->grid ? GROUND_KEEP : GROUND_FLOOD;
    enum spr_code rc = copies(made, count, &copy, err);
    if (rc)
        return rc;
    rc = pixelize(copy, count, &o, ret, &report, err);
    free_copies(copy, count);
    if (rc || (report.found && report.width == r->size && report.height == r->size))
        return rc;
    for (int i = 0; report.found && i < count; i++)
        indexed_fini(&ret[i]);
    o.to_width = o.to_height = r->size;
    o.colours = 256;
    rc = copies(made, count, &copy, err);
    if (rc)
        return rc;
    rc = pixelize(copy, count, &o, ret, &report, err);
    free_copies(copy, count);
    return rc;
}

/* Where an engine's tiles do not quite repeat. */
static enum spr_code mend(struct image *tile, struct spr_error *err)
{
    struct image mended;
    enum spr_code rc = seam_mend(tile, true, true, &mended, err);
    if (rc)
        return rc;
    image_fini(tile);
    *tile = mended;
    return SPR_OK;
}

enum spr_code finishing_found(const struct image *made, int count, const struct request *r,
                              const struct material *m, struct engine_picture *p, struct spr_error *err)
{
    struct indexed *cells = mem_zalloc((size_t)count, sizeof *cells);
    struct image *small = mem_zalloc((size_t)count, sizeof *small);
    enum spr_code rc = cells && small ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "out of memory for pictures");
    bool given = !rc && !(rc = to_cells(made, count, r, cells, err));
    for (int i = 0; !rc && i < count; i++) {
        rc = image_from_indexed(&small[i], &cells[i], err);
        if (!rc && (r->finish.tile || r->grid))
            rc = mend(&small[i], err);
    }
    if (!rc)
        rc = finishing(small, count, r, m, p, err);
    free_copies(small, count);
    for (int i = 0; given && i < count; i++)
        indexed_fini(&cells[i]);
    mem_free(cells);
    return rc;
}
