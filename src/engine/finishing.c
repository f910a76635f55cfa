#include "engine/finishing.h"

#include "pixel/finish.h"
#include "pixel/pixelize.h"
#include "pixel/scale.h"

static int opaque_colours(const struct palette *p)
{
    int n = 0;
    for (int i = 0; i < p->count; i++)
        n += p->colour[i].a != 0;
    return n;
}

enum spr_code finishing(const struct image *painted, const struct request *r, const struct material *m,
                        struct engine_picture *p, struct spr_error *err)
{
    struct finish_options o = finish_default;
    struct indexed few;
    struct image small = { 0 };
    o.colours = r->finish.colors;
    o.palette = r->finish.palette ? &m->palette : NULL;
    enum spr_code rc = finish(painted, &o, &few, err);
    if (rc)
        return rc;
    rc = image_from_indexed(&small, &few, err);
    if (!rc)
        rc = scale_nearest(&small, r->finish.scale, &p->pixels, err);
    if (!rc)
        p->colors = opaque_colours(&few.palette);
    image_fini(&small);
    indexed_fini(&few);
    return rc;
}

/* By the picture's own grid if that has size x size cells, else by reduction to it. */
static enum spr_code to_cells(const struct image *made, const struct request *r, struct indexed *ret,
                              struct spr_error *err)
{
    struct image copy = { 0 };
    struct pixelize_report report = { 0 };
    struct pixelize_options o = { .colours = 0, .space = COLOUR_OKLAB, .dither = DITHER_NONE };
    o.ground.kind = r->finish.tile ? GROUND_KEEP : GROUND_FLOOD;
    enum spr_code rc = image_copy(&copy, made, err);
    if (!rc)
        rc = pixelize(&copy, 1, &o, ret, &report, err);
    image_fini(&copy); /* it may have been straightened */
    if (rc || (report.found && report.width == r->size && report.height == r->size))
        return rc;
    if (report.found)
        indexed_fini(ret);
    o.to_width = o.to_height = r->size;
    o.colours = 256;
    rc = image_copy(&copy, made, err);
    if (!rc)
        rc = pixelize(&copy, 1, &o, ret, &report, err);
    image_fini(&copy);
    return rc;
}

enum spr_code finishing_found(const struct image *made, const struct request *r, const struct material *m,
                              struct engine_picture *p, struct spr_error *err)
{
    struct indexed cells = { 0 };
    struct image small = { 0 };
    enum spr_code rc = to_cells(made, r, &cells, err);
    if (!rc)
        rc = image_from_indexed(&small, &cells, err);
    if (!rc)
        rc = finishing(&small, r, m, p, err);
    image_fini(&small);
    indexed_fini(&cells);
    return rc;
}
