#include "pixel/finish.h"

#include "pixel/alpha.h"
#include "pixel/clean.h"
#include "pixel/outline.h"
#include "pixel/quantise.h"

enum { SOLID = 224 }; /* alpha of pixels that belong to the thing without doubt */

const struct finish_options finish_default = {
    .colours = 16,
    .alpha_from = 128,
    .speck = 2,
    .remnant = 12,
    .min_distance = 0.04f,
    .reluctance = 0.04f,
};

/* Only colours that are there already come in. */
static enum spr_code close_outline(struct indexed *few, struct spr_error *err)
{
    struct image im;
    struct indexed closed;
    enum spr_code rc = image_from_indexed(&im, few, err);
    if (rc)
        return rc;
    const struct image *one = &im;
    if (outline_close(&im) > 0 && !(rc = indexed_by_palette(&closed, &one, 1, &few->palette, err))) {
        indexed_fini(few);
        *few = closed;
    }
    image_fini(&im);
    return rc;
}

enum spr_code finish(const struct image *im, const struct finish_options *o, struct indexed *ret,
                     struct spr_error *err)
{
    struct image cut = { 0 };
    struct indexed few = { 0 };
    struct quantise_options choose = { .colours = o->colours,
                                       .space = o->space,
                                       .min_distance = o->min_distance };
    enum spr_code rc = image_copy(&cut, im, err);
    if (rc)
        return rc;
    alpha_defringe(&cut, o->alpha_from, SOLID);
    if (o->remnant > 0)
        rc = alpha_drop_remnants(&cut, o->alpha_from, SOLID, o->remnant, NULL, err);
    alpha_cut(&cut, o->alpha_from);
    if (!rc && o->speck > 0)
        rc = alpha_despeckle(&cut, o->speck, NULL, err);
    if (!rc && o->palette)
        rc = quantise_apply(&cut, o->palette, o->space, 0, &few, err);
    else if (!rc)
        rc = quantise(&cut, &choose, &few, err);
    if (!rc) {
        clean_grain(&few, &cut, o->space, o->reluctance);
        if ((rc = close_outline(&few, err)))
            indexed_fini(&few);
    }
    if (!rc) {
        indexed_compact(&few);
        indexed_sort(&few);
        *ret = few;
    }
    image_fini(&cut);
    return rc;
}
