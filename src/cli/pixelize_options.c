#include "base/pool.h"
#include "base/str.h"
#include "cli/pixelize_command.h"
#include "cli/result.h"
#include "pixel/palette.h"

#include <stdio.h>
#include <string.h>

enum { SCALE_MAX = 64, BLEED_MAX = 64, SIDE_MAX = 4096 };

/* "a", "axb" or "a,b,c,d" as numbers: at most `most` of them, between the given separator. */
static int numbers(const char *text, char separator, double *ret, int most)
{
    char part[64];
    int count = 0;
    for (;;) {
        size_t n = strcspn(text, (char[]){ separator, '\0' });
        if (n == 0 || n >= sizeof part || count == most)
            return 0;
        memcpy(part, text, n);
        part[n] = '\0';
        if (!str_to_double(part, &ret[count++]))
            return 0;
        if (!text[n])
            return count;
        text += n + 1;
    }
}

static enum spr_code read_cell(const struct args *args, struct pixelize_options *o, struct spr_error *err)
{
    const char *cell = args_value(args, PIXELIZE_CELL), *grid = args_value(args, PIXELIZE_GRID);
    const char *to = args_value(args, PIXELIZE_TO);
    double v[4];
    if (!!cell + !!grid + !!to > 1)
        return SPR_FAIL(err, SPR_BADARG, "--cell, --grid and --to exclude each other: give one of them");
    if (cell) {
        int n = numbers(cell, 'x', v, 2);
        if (n == 0 || v[0] < 1 || v[n - 1] < 1)
            return args_wrong("cell", cell, "a cell's pixels, as 8, 7.3 or 8x9, at least 1", err);
        o->cell_x = v[0];
        o->cell_y = v[n - 1];
    } else if (grid) {
        if (numbers(grid, ',', v, 4) != 4 || v[2] < 1 || v[3] < 1)
            return args_wrong("grid", grid,
                              "X,Y,W,H: a corner of a cell and a cell's size in pixels, as 3,5,8,8", err);
        o->phase_x = v[0];
        o->phase_y = v[1];
        o->cell_x = v[2];
        o->cell_y = v[3];
    } else if (to) {
        if (numbers(to, 'x', v, 2) != 2 || v[0] < 1 || v[1] < 1 || v[0] > SIDE_MAX || v[1] > SIDE_MAX ||
            v[0] != (int)v[0] || v[1] != (int)v[1]) /* nolint: whole or not */
            return args_wrong("to", to, "WIDTHxHEIGHT, as 64x48, 1 to 4096 pixels", err);
        o->to_width = (int)v[0];
        o->to_height = (int)v[1];
    }
    return SPR_OK;
}

static enum spr_code read_colours(const struct args *args, struct pixelize_plan *p, struct spr_error *err)
{
    const char *colours = args_value(args, PIXELIZE_COLOURS), *palette = args_value(args, PIXELIZE_PALETTE);
    int64_t count = 0;
    if (colours && palette)
        return SPR_FAIL(err, SPR_BADARG,
                        "--colors and --palette exclude each other: a palette says how many there are");
    if (colours && strcmp(colours, "auto") != 0 && (!str_to_i64(colours, &count) || count < 1 || count > 256))
        return args_wrong("colors", colours, "auto or 1 to 256", err);
    p->how.colours = (int)count;
    if (!palette)
        return SPR_OK;
    p->how.palette = &p->palette;
    return palette_find(palette, &p->palette, NULL, err);
}

static enum spr_code read_dither(const struct args *args, struct pixelize_plan *p, struct spr_error *err)
{
    enum spr_code rc = dither_choose(args_value(args, PIXELIZE_DITHER), &p->dither, err);
    p->how.dither = p->dither.kind;
    p->how.strength = p->dither.strength;
    p->how.matrix = &p->dither.matrix;
    return rc;
}

static enum spr_code read_ground(const struct args *args, struct pixelize_plan *p, struct spr_error *err)
{
    const char *ground = args_value(args, PIXELIZE_GROUND);
    p->ground2 = args_value(args, PIXELIZE_GROUND2);
    if (p->ground2 && (ground || args->operands != 1))
        return SPR_FAIL(err, SPR_BADARG, "--ground2 goes with one FILE and without --background");
    if (ground && !ground_named(ground, &p->how.ground))
        return args_wrong("background", ground, "keep, auto, flood or color=#RRGGBB", err);
    return SPR_OK;
}

enum spr_code pixelize_plan_read(const struct cli *cli, const struct args *args, struct pixelize_plan *ret,
                                 struct spr_error *err)
{
    int64_t scale = 1, bleed = 0, threads = pool_default_threads();
    const char *format = args_value(args, PIXELIZE_FORMAT);
    *ret = (struct pixelize_plan){ .kind = IMAGE_PNG,
                                   .force = args_has(args, PIXELIZE_FORCE),
                                   .sequence = args_has(args, PIXELIZE_SEQUENCE) };
    enum spr_code rc = read_cell(args, &ret->how, err);
    if (!rc)
        rc = read_colours(args, ret, err);
    if (!rc)
        rc = read_dither(args, ret, err);
    if (!rc)
        rc = read_ground(args, ret, err);
    if (!rc)
        rc = args_whole(args, PIXELIZE_SCALE, "scale", 1, SCALE_MAX, &scale, err);
    if (!rc)
        rc = args_whole(args, PIXELIZE_BLEED, "bleed", 0, BLEED_MAX, &bleed, err);
    if (!rc)
        rc = args_whole(args, PIXELIZE_THREADS, "threads", 1, 256, &threads, err);
    if (!rc && !format && result_one(args_value(args, PIXELIZE_OUT), &ret->kind) && ret->kind == IMAGE_JPEG)
        rc = args_wrong("out", args_value(args, PIXELIZE_OUT),
                        "png, webp, gif or aseprite: JPEG blurs pixel art", err);
    if (!rc && format && (!image_kind_named(format, &ret->kind) || ret->kind == IMAGE_JPEG))
        rc = args_wrong("format", format, "png, webp, gif or aseprite", err);
    if (!rc)
        rc = preview_read(cli, args_value(args, PIXELIZE_PREVIEW), false, &ret->preview, err);
    ret->scale = (int)scale;
    ret->bleed = (int)bleed;
    ret->threads = (int)threads;
    return rc;
}

void pixelize_plan_fini(struct pixelize_plan *p)
{
    dither_choice_fini(&p->dither);
}
