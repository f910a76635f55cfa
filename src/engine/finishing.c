#include "engine/finishing.h"

#include "pixel/finish.h"
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

enum spr_code finishing_found(const struct image *made, const struct request *r, const struct material *m,
                              struct engine_picture *p, struct spr_error *err)
{
    struct image small;
    enum spr_code rc = image_init(&small, r->size, r->size, err);
    if (rc)
        return rc;
    for (int y = 0; y < r->size; y++)
        for (int x = 0; x < r->size; x++)
            *image_at(&small, x, y) = *image_at(made, (2 * x + 1) * made->width / (2 * r->size),
                                                (2 * y + 1) * made->height / (2 * r->size));
    rc = finishing(&small, r, m, p, err);
    image_fini(&small);
    return rc;
}
