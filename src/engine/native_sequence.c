/* An animation or a tile set begins from one painted picture; each cell walks only the last part of the way anew, with
 * noise of its own, so that it stays the same thing.
 *   animation  The noise goes around a ring: three anchors, and the arc from each to the next. Neighbouring frames have
 *              neighbouring noise, and the last one is next to the first. What differs too little from the picture to be
 *              meant is taken from the picture, so that only what moves moves.
 *   tile set   The picture is a seamless tile. Its border is kept and its inside drawn anew, so that every tile fits
 *              beside every other, and beside itself. */
#include "base/mem.h"
#include "base/random.h"
#include "engine/native_inside.h"
#include "image/colour.h"

#include <math.h>
#include <string.h>

enum { ANCHORS = 3 };

#define STILL 0.08F /* of OkLab: four times what an eye tells apart */

static const double motion = 0.4, variation = 0.4; /* the strength of each; looked at */

/* Seeds of the anchors and of the tiles follow from the picture's own, and from nothing else. */
static uint64_t seed_of(uint64_t seed, uint64_t which)
{
    uint64_t z = seed + (which + 1) * 0x9E3779B97F4A7C15; /* splitmix64 */
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

static void set_frame(struct paint_sprite *s, uint64_t seed, int i, int frames)
{
    int around = i * ANCHORS, anchor = around / frames;
    s->seed = seed_of(seed, (uint64_t)anchor);
    s->vary_seed = seed_of(seed, (uint64_t)(anchor + 1) % ANCHORS);
    s->vary = (double)(around % frames) / frames;
}

/* White inside, black where a tile meets its neighbours. GIVES ret->pixel. */
static enum spr_code inside_mask(int side, struct image *ret, struct spr_error *err)
{
    enum spr_code rc = image_init(ret, side, side, err);
    int border = finishing_border(side);
    for (int y = 0; !rc && y < side; y++)
        for (int x = 0; x < side; x++) {
            bool inside = x >= border && y >= border && x < side - border && y < side - border;
            uint8_t v = inside ? 255 : 0;
            ret->pixel[y * side + x] = (struct rgba){ v, v, v, 255 };
        }
    return rc;
}

static bool looks_as(struct rgba a, struct rgba b)
{
    bool solid = a.a >= 128;
    if (solid != (b.a >= 128))
        return false;
    return !solid || oklab_distance2(oklab_from(a), oklab_from(b)) < STILL * STILL;
}

/* What differs too little from the first picture to be seen as a movement does not move. */
static void hold_still(const struct image *first, struct image *frame, int frames)
{
    size_t pixels = (size_t)first->width * (size_t)first->height;
    for (int f = 0; f < frames; f++)
        for (size_t i = 0; i < pixels; i++)
            if (looks_as(first->pixel[i], frame[f].pixel[i]))
                frame[f].pixel[i] = first->pixel[i];
}

/* Paints the cells in groups. GIVES ret[cells]; on failure none. */
static enum spr_code paint_cells(struct job *j, const struct image *first, const struct request_sheet *sheet,
                                 struct image *ret, struct spr_error *err)
{
    uint64_t seed, vary_seed;
    struct image mask = { 0 };
    struct paint_options o = j->options;
    struct paint_watch watch = { .context = j,
                                 .cancel = j->watch->cancel,
                                 .progress = j->watch->progress ? native_progress : NULL };
    struct paint_sprite *sprite = mem_zalloc((size_t)sheet->cells, sizeof *sprite);
    enum spr_code rc = sprite ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "out of memory for %d cells", sheet->cells);
    engine_seeds_of(j->request, j->done, &seed, &vary_seed);
    if (!rc && j->request->grid)
        rc = inside_mask(first->width, &mask, err);
    o.sketched = false;
    if (o.sampler == SAMPLER_ANCESTRAL) /* its noise of every step would jump from anchor to anchor */
        o.sampler = SAMPLER_EULER;
    o.init = first;
    o.mask = mask.pixel ? &mask : NULL;
    o.strength = mask.pixel ? variation : motion;
    for (int i = 0; !rc && i < sheet->cells; i++) {
        sprite[i] = (struct paint_sprite){ .prompt = &j->prompt,
                                           .negative = j->request->negative ? &j->negative : NULL,
                                           .blend = j->request->blend ? &j->blend : NULL,
                                           .blend_amount = j->request->blend_amount };
        if (mask.pixel)
            sprite[i].seed = seed_of(seed, (uint64_t)i);
        else
            set_frame(&sprite[i], seed, i, sheet->cells);
    }
    if (!rc)
        rc = paint(j->native->painter, &o, sprite, sheet->cells, &watch, ret, err);
    if (!rc && !mask.pixel)
        hold_still(first, ret, sheet->cells);
    image_fini(&mask);
    mem_free(sprite);
    return rc;
}

enum spr_code native_sequence(struct job *j, const struct request_sheet *sheet, struct spr_error *err)
{
    struct image first = { 0 }, *cell = mem_zalloc((size_t)sheet->cells, sizeof *cell);
    enum spr_code rc = cell ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "out of memory for %d cells", sheet->cells);
    j->group = 1;
    if (!rc)
        rc = native_paint(j, &first, err);
    if (!rc)
        rc = paint_cells(j, &first, sheet, cell, err);
    if (!rc)
        rc = native_hand_out(j, cell, sheet->cells, err);
    for (int i = 0; cell && i < sheet->cells; i++)
        image_fini(&cell[i]);
    image_fini(&first);
    mem_free(cell);
    return rc;
}
