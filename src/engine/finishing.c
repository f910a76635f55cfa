#include "engine/finishing.h"

#include "pixel/quantise.h"

/* Colours closer than this in OkLab are one to the eye. */
static const float SAME_COLOUR = 0.02f;

static enum spr_code enlarge(const struct image *im, int scale, struct image *ret, struct spr_error *err)
{
    struct image large;
    enum spr_code rc = image_init(&large, im->width * scale, im->height * scale, err);
    if (rc)
        return rc;
    for (int y = 0; y < large.height; y++)
        for (int x = 0; x < large.width; x++)
            *image_at(&large, x, y) = *image_at(im, x / scale, y / scale);
    *ret = large;
    return SPR_OK;
}

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
    struct quantise_options o = { .colours = r->finish.colors, .min_distance = SAME_COLOUR };
    struct indexed few;
    struct image small = { 0 };
    enum spr_code rc = r->finish.palette ? quantise_apply(painted, &m->palette, COLOUR_OKLAB, 0, &few, err)
                                         : quantise(painted, &o, &few, err);
    if (rc)
        return rc;
    indexed_compact(&few);
    rc = image_from_indexed(&small, &few, err);
    if (!rc)
        rc = enlarge(&small, r->finish.scale, &p->pixels, err);
    if (!rc)
        p->colors = opaque_colours(&few.palette);
    image_fini(&small);
    indexed_fini(&few);
    return rc;
}
