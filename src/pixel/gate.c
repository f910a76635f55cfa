#include "pixel/gate.h"

#include "base/mem.h"
#include "pixel/gate_view.h"
#include "pixel/grid.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    struct gate_row row;
    gate_still_fn *still;
    gate_moving_fn *moving;
} gates[GATE_COUNT] = {
    [GATE_ALPHA] = { { "alpha", "pixels that are neither opaque nor transparent", 0, false, false, true },
                     gate_alpha,
                     NULL },
    [GATE_BANDING] = { { "banding", "percent of the shape in runs that hug a run of a near shade", 15, false,
                         false, true },
                       gate_banding,
                       NULL },
    [GATE_COLOURS] = { { "colours", "different opaque colours", 32, false, false, true },
                       gate_colours,
                       NULL },
    [GATE_DRIFT] = { { "drift", "pixels between the centres of mass of the first and any other frame", 2,
                       false, true, true },
                     NULL,
                     gate_drift },
    [GATE_DUPLICATES] = { { "duplicates", "frames equal to the one before", 0, false, true, true },
                          NULL,
                          gate_duplicates },
    [GATE_EMPTY] = { { "empty", "percent of the picture that is not ground", 2, true, false, true },
                     gate_empty,
                     NULL },
    [GATE_FLICKER] = { { "flicker",
                         "percent of the shape that leaves its colour for a near one and comes back", 0.5,
                         false, true, true },
                       NULL,
                       gate_flicker },
    [GATE_GRID] = { { "grid", "pixels of the picture for each pixel drawn", 1.5, false, false, true },
                    gate_grid,
                    NULL },
    [GATE_HOLES] = { { "holes", "holes of one or two pixels", 0, false, false, false }, gate_holes, NULL },
    [GATE_JAGGIES] = { { "jaggies", "percent of the border that sticks out or is cut into", 24, false, false,
                         true },
                       gate_jaggies,
                       NULL },
    [GATE_LOOP] = { { "loop", "change from the last frame to the first, in the largest of the others", 1.5,
                      false, true, true },
                    NULL,
                    gate_loop },
    [GATE_ORPHANS] = { { "orphans", "percent of inner pixels that stand out from all their neighbours", 4.5,
                         false, false, true },
                       gate_orphans,
                       NULL },
    [GATE_OUTLINE] = { { "outline", "gaps in an outline that is otherwise closed", 0, false, false, false },
                       gate_outline,
                       NULL },
    [GATE_PALETTE] = { { "palette", "colours of all frames together, in those of the richest one", 1.5, false,
                         true, true },
                       NULL,
                       gate_palette },
    [GATE_PILLOW] = { { "pillow", "share of the shading that only the distance from the edge explains", 0.5,
                        false, false, true },
                      gate_pillow,
                      NULL },
    [GATE_SEAM] = { { "seam", "difference across the edges, in the 95th percentile inside", 1.1, false, false,
                      false },
                    gate_seam,
                    NULL },
    [GATE_SIZE] = { { "size", "different sizes of frames", 1, false, true, true }, NULL, gate_size },
    [GATE_SPECKS] = { { "specks", "islands of one or two pixels", 3, false, false, true },
                      gate_specks,
                      NULL },
};

const struct gate_row *gate_row(enum gate gate)
{
    return &gates[gate].row;
}

bool gate_named(const char *name, enum gate *ret)
{
    for (int i = 0; i < GATE_COUNT; i++)
        if (strcmp(gates[i].row.name, name) == 0) {
            *ret = (enum gate)i;
            return true;
        }
    return false;
}

int gate_usual(struct gate_choice ret[GATE_COUNT])
{
    int n = 0;
    for (int i = 0; i < GATE_COUNT; i++)
        if (gates[i].row.usual)
            ret[n++] = (struct gate_choice){ (enum gate)i, gates[i].row.bound };
    return n;
}

/* The colour of all four corners of a wholly opaque picture; false where they differ. */
static bool corner_ground(const struct image *im, struct rgba *ret)
{
    int r = im->width - 1, b = im->height - 1;
    *ret = *image_at(im, 0, 0);
    for (size_t i = 0, n = (size_t)im->width * (size_t)im->height; i < n; i++)
        if (im->pixel[i].a != 255)
            return false;
    return rgba_equal(*ret, *image_at(im, r, 0)) && rgba_equal(*ret, *image_at(im, 0, b)) &&
           rgba_equal(*ret, *image_at(im, r, b));
}

enum spr_code gate_view_init(struct gate_view *v, const struct image *im, struct spr_error *err)
{
    size_t n = (size_t)im->width * (size_t)im->height;
    struct rgba ground;
    *v = (struct gate_view){ .im = im,
                             .width = im->width,
                             .height = im->height,
                             .in = mem_zalloc(n, sizeof *v->in),
                             .lab = mem_zalloc(n, sizeof *v->lab),
                             .scratch = mem_zalloc(n, sizeof *v->scratch) };
    if (!v->in || !v->lab || !v->scratch) {
        gate_view_fini(v);
        return SPR_FAIL(err, SPR_NOMEM, "no memory to check %d x %d pixels", im->width, im->height);
    }
    bool cornered = corner_ground(im, &ground);
    for (size_t i = 0; i < n; i++) {
        struct rgba p = im->pixel[i];
        v->in[i] = p.a != 0 && !(cornered && rgba_equal(p, ground));
        v->pixels += v->in[i];
        if (p.a == 0)
            continue;
        /* Neighbours are often equal, and the way to OkLab is long. */
        v->lab[i] = i > 0 && rgba_equal(p, im->pixel[i - 1]) ? v->lab[i - 1] : oklab_from(p);
    }
    v->grounded = (size_t)v->pixels < n;
    return SPR_OK;
}

void gate_view_fini(struct gate_view *v)
{
    mem_free(v->in);
    mem_free(v->lab);
    mem_free(v->scratch);
    *v = (struct gate_view){ 0 };
}

void gate_mark(struct gate_result *r, int x, int y)
{
    if (r->places < GATE_PLACES)
        r->place[r->places] = (struct gate_place){ x, y, 0 };
    r->places++;
}

static bool worse(const struct gate_row *row, const struct gate_result *a, const struct gate_result *b)
{
    if (a->applies != b->applies)
        return a->applies;
    return row->least ? a->value < b->value : a->value > b->value;
}

static void run_still(enum gate gate, const struct gate_view *view, int frames, struct gate_result *ret)
{
    for (int i = 0; i < frames; i++) {
        struct gate_result r = { .gate = gate, .applies = true };
        gates[gate].still(&view[i], &r);
        for (int k = 0; k < r.places && k < GATE_PLACES; k++)
            r.place[k].frame = i;
        if (i == 0 || worse(&gates[gate].row, &r, ret))
            *ret = r;
    }
}

static bool one_size(const struct gate_view *view, int frames)
{
    for (int i = 1; i < frames; i++)
        if (view[i].width != view[0].width || view[i].height != view[0].height)
            return false;
    return true;
}

static void run_one(enum gate gate, const struct gate_view *view, int frames, struct gate_result *ret)
{
    if (gates[gate].still) {
        run_still(gate, view, frames, ret);
        return;
    }
    *ret = (struct gate_result){ .gate = gate, .applies = true };
    if (frames > 1 && (gate == GATE_SIZE || one_size(view, frames)))
        gates[gate].moving(view, frames, ret);
    else
        ret->applies = false;
}

/* What gate_grid cannot see: a grid under noise and soft edges. */
static enum spr_code find_soft_grid(const struct gate_view *view, int frames, struct gate_result *ret,
                                    struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int i = 0; !rc && i < frames; i++) {
        struct image copy;
        struct grid grid = { 0 };
        if (!gate_soft(&view[i]))
            continue;
        if ((rc = image_copy(&copy, view[i].im, err)))
            break;
        rc = grid_find(&copy, 1, &grid, err);
        if (!rc && grid.verdict == GRID_FOUND)
            ret->value = fmax(ret->value, fmin(grid.x.pitch, grid.y.pitch));
        grid_fini(&grid);
        image_fini(&copy);
    }
    return rc;
}

enum spr_code gate_check(const struct image *const *frame, int frames, const struct gate_choice *choice,
                         int choices, struct gate_result *ret, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    assert(frames > 0);
    if (frames > GATE_FRAMES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "%d frames are too many to check together; at most %d", frames,
                        GATE_FRAMES_MAX);
    struct gate_view *view = mem_zalloc((size_t)frames, sizeof *view);
    uint32_t *table = mem_zalloc(GATE_TABLE, sizeof *table);
    if (!view || !table)
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory to check %d frames", frames);
    for (int i = 0; !rc && i < frames; i++) {
        rc = gate_view_init(&view[i], frame[i], err);
        view[i].table = table;
    }
    for (int i = 0; !rc && i < choices; i++) {
        const struct gate_row *row = gate_row(choice[i].gate);
        run_one(choice[i].gate, view, frames, &ret[i]);
        if (choice[i].gate == GATE_GRID && (rc = find_soft_grid(view, frames, &ret[i], err)))
            break;
        ret[i].bound = choice[i].bound;
        ret[i].passed =
            !ret[i].applies || (row->least ? ret[i].value >= ret[i].bound : ret[i].value <= ret[i].bound);
    }
    for (int i = 0; view && i < frames; i++)
        gate_view_fini(&view[i]);
    mem_free(view);
    mem_free(table);
    return rc;
}
