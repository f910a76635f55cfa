#include "cli/pixelize_command.h"
#include "pixel/palette.h"

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct pixelize_plan plan;
    struct pixelize_files files = { 0 };
    enum spr_code rc = pixelize_plan_read(cli, args, &plan, err);
    if (!rc)
        rc = pixelize_files_find(args, args_value(args, PIXELIZE_OUT), plan.kind, plan.force, &files, err);
    if (!rc)
        rc = pixelize_run(cli, &plan, &files, err);
    pixelize_files_fini(&files);
    pixelize_plan_fini(&plan);
    return rc;
}

static const char *palette_name(int i)
{
    return i < palette_builtin_count() ? palette_builtin_about(i).name : NULL;
}

static const char *const format_words[] = { "png", "webp", "gif", "aseprite", NULL };
static const char *const ground_words[] = { "keep", "auto", "flood", "color=#", NULL };
static const char *const dither_words[] = { "none",       "bayer2",          "bayer4",   "bayer8",
                                            "blue-noise", "floyd-steinberg", "atkinson", NULL };

static const struct option options[] = {
    { PIXELIZE_CELL, 0, "cell", "W[xH]", "the cells are so many pixels, as 8, 7.3 or 8x9 (default: found)",
      COMPLETE_NOTHING, NULL },
    { PIXELIZE_GRID, 0, "grid", "X,Y,W,H", "a cell has its corner at X,Y and is W x H pixels",
      COMPLETE_NOTHING, NULL },
    { PIXELIZE_TO, 0, "to", "WxH", "look for no grid and reduce to so many pixels: for photos and paintings",
      COMPLETE_NOTHING, NULL },
    { PIXELIZE_COLOURS, 'c', "colors", "N|auto",
      "at most so many colours; auto: all that noise did not make; with --to 32", COMPLETE_NOTHING, NULL },
    { PIXELIZE_PALETTE, 0, "palette", "NAME|FILE", "only the colours of this palette", COMPLETE_FILE, NULL },
    { PIXELIZE_DITHER, 0, "dither", "KIND|FILE[:STRENGTH]",
      "mix the palette's colours in a pattern, as bayer4:0.5; FILE: a picture of it, dark first",
      COMPLETE_WORDS, dither_words },
    { PIXELIZE_GROUND, 0, "background", "WHAT",
      "keep; auto: away if most of the border is one colour; flood: from the border only; color=#RRGGBB",
      COMPLETE_WORDS, ground_words },
    { PIXELIZE_GROUND2, 0, "ground2", "FILE",
      "the same picture on another ground, which shows what is transparent", COMPLETE_FILE, NULL },
    { PIXELIZE_BLEED, 0, "bleed", "N",
      "colour under N transparent pixels around the opaque ones, for filtering in games", COMPLETE_NOTHING,
      NULL },
    { PIXELIZE_SCALE, 0, "scale", "N", "every pixel of the result as N x N", COMPLETE_NOTHING, NULL },
    { PIXELIZE_OUT, 'o', "out", "DIR|FILE", "where to (default: here, as NAME-pixel.png)", COMPLETE_FILE,
      NULL },
    { PIXELIZE_FORMAT, 0, "format", "KIND", "png (default; an APNG if it moves), webp, gif or aseprite",
      COMPLETE_WORDS, format_words },
    { PIXELIZE_FORCE, 'f', "force", NULL, "replace files that exist", COMPLETE_NOTHING, NULL },
    { PIXELIZE_SEQUENCE, 0, "sequence", NULL, "the files are the frames of one animation", COMPLETE_NOTHING,
      NULL },
    { PIXELIZE_PREVIEW, 'p', "preview", "WHEN", "show the result: auto (on a terminal), never or always",
      COMPLETE_WORDS, preview_words },
    { PIXELIZE_THREADS, 't', "threads", "N", "threads to use; the results never depend on it",
      COMPLETE_NOTHING, NULL },
};

static const struct example examples[] = {
    { "spritery pixelize knight.png", "the grid found, one pixel for each cell: knight-pixel.png" },
    { "spritery pixelize shots/ -o sprites --background auto",
      "a whole folder, the ground made transparent" },
    { "spritery pixelize photo.jpg --to 96x64 --palette pico-8 --dither bayer4:0.6",
      "a photo, which has no grid" },
    { "spritery pixelize walk-*.png --sequence -o walk", "the frames of an animation" },
    { "spritery pixelize scan.png --cell 7.3 --json", "a cell size by hand, and a report" },
};

const struct command cmd_pixelize = {
    .name = "pixelize",
    .operands = "FILE...",
    .summary = "make true pixel art of any picture",
    .about = "Finds the grid of enlarged, blurred, noisy, uneven or slightly turned pixel art and writes one "
             "pixel for each "
             "cell, with few colours and alpha 0 or 255. A FILE that is a folder stands for every picture in "
             "and below "
             "it. An animation (GIF, APNG, WebP, Aseprite) stays one: its frames get one grid and one "
             "palette, and what does not move does not flicker. A picture without a grid is refused, with "
             "the reason; --to reduces it all the same.\n"
             "With --json each file gives one object: size, cell, phase, rotation, confidence, other "
             "candidates, colours, "
             "or why it was refused. The exit status is 1 if any file was refused or could not be read.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .min_operands = 1,
    .max_operands = -1,
    .complete = COMPLETE_FILE,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .names_title = "Palettes",
    .name_at = palette_name,
    .run = run,
};
