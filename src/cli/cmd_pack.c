#include "base/mem.h"
#include "base/str.h"
#include "cli/interrupt.h"
#include "cli/pack_command.h"
#include "cli/progress.h"

#include <string.h>

enum {
    OUT = OPTION_OWN,
    FOR,
    MAX_SIZE,
    SIZE,
    BORDER,
    PADDING,
    EXTRUDE,
    TRIM,
    ROTATE,
    NO_SHARE,
    LAYOUT,
    COLUMNS,
    BLEED,
    DURATION,
    PIVOT,
    ANIMATIONS,
    TERRAIN,
    UNITS,
    SIDECAR,
    FRESH,
    FORCE
};

static const char *const size_words[] = { "free", "square", "pot", NULL };
static const char *const trim_words[] = { "none", "frame", "animation", NULL };
static const char *const layout_words[] = { "dense", "grid", NULL };
static const char *const animation_words[] = { "names", "folders", "none", NULL };
static const char *const terrain_words[] = { "none", "corner", "edge", "mixed", NULL };
static const char *const pivot_words[] = { "center",   "bottom",    "top",         "left",         "right",
                                           "top-left", "top-right", "bottom-left", "bottom-right", NULL };

static enum spr_code whole_of(const struct args *a, int id, const char *name, int most, int *ret,
                              struct spr_error *err)
{
    int64_t value = *ret;
    enum spr_code rc = args_whole(a, id, name, 0, most, &value, err);
    *ret = (int)value;
    return rc;
}

/* "2048" or "1024x512" */
static enum spr_code max_size(const struct args *a, struct rect_rules *r, struct spr_error *err)
{
    const char *value = args_value(a, MAX_SIZE), *cross = value ? strchr(value, 'x') : NULL;
    char first[16] = "2048";
    uint64_t w = 2048, h = 2048;
    if (!value)
        return SPR_OK;
    snprintf(first, sizeof first, "%.*s", cross ? (int)(cross - value) : 15, value);
    bool good = str_to_u64(first, &w) && (!cross || str_to_u64(cross + 1, &h));
    h = cross ? h : w;
    if (!good || w < 1 || h < 1 || w > IMAGE_SIDE_MAX || h > IMAGE_SIDE_MAX)
        return SPR_FAIL(err, SPR_BADARG,
                        "--max-size is a side, as 2048, or WIDTHxHEIGHT, each 1 to %d; not \"%.40s\"",
                        IMAGE_SIDE_MAX, value);
    r->max_w = (int)w;
    r->max_h = (int)h;
    return SPR_OK;
}

/* "bottom" or "0.5,1" */
static enum spr_code read_pivot(const char *value, struct sprite_defaults *d, struct spr_error *err)
{
    char first[32];
    const char *comma = value ? strchr(value, ',') : NULL;
    if (!value || pivot_named(value, &d->pivot_x, &d->pivot_y))
        return SPR_OK;
    snprintf(first, sizeof first, "%.*s", comma ? (int)(comma - value) : 0, value);
    if (!comma || !str_to_double(first, &d->pivot_x) || !str_to_double(comma + 1, &d->pivot_y))
        return SPR_FAIL(err, SPR_BADARG,
                        "--pivot is a word as bottom, or X,Y in parts of the sprite as 0.5,1; not \"%.40s\"",
                        value);
    return SPR_OK;
}

static bool listed(const struct pack_job *j, const struct target *t)
{
    for (int i = 0; i < j->targets; i++)
        if (j->target[i] == t)
            return true;
    return false;
}

static enum spr_code add_target(struct pack_job *j, const char *name, struct spr_error *err)
{
    bool all = strcmp(name, "all") == 0;
    const struct target *t = target_named(name);
    const char *names[PACK_TARGETS_MAX];
    for (int i = 0; i < target_count; i++) {
        names[i] = targets[i].name;
        if ((all || &targets[i] == t) && !listed(j, &targets[i]))
            j->target[j->targets++] = &targets[i];
    }
    const char *near = str_nearest(name, names, (size_t)target_count);
    if (!all && !t && near)
        return SPR_FAIL(err, SPR_BADARG, "--for knows no \"%.40s\"; did you mean %s?", name, near);
    if (!all && !t)
        return SPR_FAIL(err, SPR_BADARG, "--for knows no \"%.40s\"; 'spritery help pack' lists what it knows",
                        name);
    return SPR_OK;
}

static enum spr_code read_targets(const struct args *a, struct pack_job *j, struct spr_error *err)
{
    const char *value = args_value(a, FOR);
    enum spr_code rc = SPR_OK;
    for (const char *at = value ? value : "aseprite"; at && !rc;) {
        const char *comma = strchr(at, ',');
        char name[48];
        snprintf(name, sizeof name, "%.*s", comma ? (int)(comma - at) : 47, at);
        if (strcmp(name, "none") != 0)
            rc = add_target(j, name, err);
        at = comma ? comma + 1 : NULL;
    }
    return rc;
}

static enum spr_code read_job(const struct args *a, struct pack_job *j, struct spr_error *err)
{
    int shape = RECT_FREE, trim = TRIM_FRAME, layout = 0, grouping = GROUP_BY_NAME, terrain = 0;
    struct pack_rules *p = &j->rules;
    *j = (struct pack_job){ .path = a->operand,
                            .paths = (int)a->operands,
                            .out = args_value(a, OUT),
                            .sidecar = args_value(a, SIDECAR),
                            .force = args_has(a, FORCE),
                            .fresh = args_has(a, FRESH),
                            .options = { .pixels_per_unit = 16 },
                            .defaults = {
                                .duration_ms = SPRITE_DURATION_MS, .pivot_x = 0.5, .pivot_y = 0.5 } };
    *p = (struct pack_rules){ .rects = { .max_w = 2048, .max_h = 2048, .turn = args_has(a, ROTATE) },
                              .extrude = 1,
                              .share = !args_has(a, NO_SHARE) };
    if (!j->out)
        return SPR_FAIL(err, SPR_BADARG, "say what the sheet is called: --out build/hero");
    enum spr_code rc = max_size(a, &p->rects, err);
    rc = rc ? rc : args_word(a, SIZE, "size", size_words, &shape, err);
    rc = rc ? rc : args_word(a, TRIM, "trim", trim_words, &trim, err);
    rc = rc ? rc : args_word(a, LAYOUT, "layout", layout_words, &layout, err);
    rc = rc ? rc : args_word(a, ANIMATIONS, "animations", animation_words, &grouping, err);
    rc = rc ? rc : args_word(a, TERRAIN, "terrain", terrain_words, &terrain, err);
    rc = rc ? rc : whole_of(a, BORDER, "border", 256, &p->rects.border, err);
    rc = rc ? rc : whole_of(a, PADDING, "padding", 256, &p->rects.padding, err);
    rc = rc ? rc : whole_of(a, EXTRUDE, "extrude", 64, &p->extrude, err);
    rc = rc ? rc : whole_of(a, COLUMNS, "columns", 4096, &p->columns, err);
    rc = rc ? rc : whole_of(a, BLEED, "bleed", 64, &p->bleed, err);
    rc = rc ? rc : whole_of(a, DURATION, "duration", 65535, &j->defaults.duration_ms, err);
    rc = rc ? rc : whole_of(a, UNITS, "pixels-per-unit", 10000, &j->options.pixels_per_unit, err);
    rc = rc ? rc : read_pivot(args_value(a, PIVOT), &j->defaults, err);
    rc = rc ? rc : read_targets(a, j, err);
    if (rc)
        return rc;
    p->rects.shape = (enum rect_shape)shape;
    p->trim = (enum pack_trim)trim;
    p->grid = layout == 1;
    j->defaults.grouping = (enum sprite_grouping)grouping;
    j->defaults.wang = (enum atlas_wang)terrain;
    if (j->defaults.duration_ms < 1 || j->options.pixels_per_unit < 1)
        return SPR_FAIL(err, SPR_BADARG, "--duration and --pixels-per-unit must be at least 1");
    return SPR_OK;
}

static void step(void *context, const char *stage, int done, int all)
{
    progress_step(context, stage, done, all);
}

static void print_complaints(const struct terminal *t, const char *path, const struct doc_report *r)
{
    for (int i = 0; i < r->count; i++) {
        terminal_safe(t, path);
        fprintf(t->file, ":%d:%d: ", r->complaint[i].line, r->complaint[i].column);
        terminal_safe(t, r->complaint[i].text);
        fputc('\n', t->file);
    }
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct pack_job job;
    struct pack_report report = { 0 };
    struct pool *pool = NULL;
    struct progress progress;
    struct doc_report *complaints = mem_zalloc(1, sizeof *complaints);
    enum spr_code rc = complaints ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for complaints");
    rc = rc ? rc : read_job(args, &job, err);
    rc = rc ? rc : pool_new(pool_default_threads(), &pool, err);
    if (!rc) {
        progress_begin(&progress, cli, 1);
        job.progress = step;
        job.context = &progress;
        job.stop = interrupt_watch();
        rc = pack_run(&job, pool, &report, complaints, err);
        progress_wipe(&progress);
    }
    if (rc && complaints && complaints->count) {
        print_complaints(&cli->err, job.sidecar, complaints);
        rc =
            SPR_FAIL(err, rc, "%.300s has %d mistake%s", job.sidecar, complaints->count + complaints->dropped,
                     complaints->count + complaints->dropped == 1 ? "" : "s");
    }
    if (!rc && cli->json)
        rc = pack_print_json(cli, &report, err);
    else if (!rc && !cli->quiet)
        pack_print_text(cli, &report);
    pack_report_fini(&report);
    pool_free(pool);
    mem_free(complaints);
    return rc;
}

static const char *target_name(int i)
{
    return i < target_count ? targets[i].name : NULL;
}

static const struct option options[] = {
    { OUT, 'o', "out", "NAME", "what the sheet is called, with its folder: build/hero makes build/hero.png",
      COMPLETE_FILE, NULL },
    { FOR, 0, "for", "LIST", "targets with commas between, all or none; default aseprite", COMPLETE_NOTHING,
      NULL },
    { MAX_SIZE, 0, "max-size", "SIDE", "largest page: 2048 (default) or WIDTHxHEIGHT", COMPLETE_NOTHING,
      NULL },
    { SIZE, 0, "size", "SHAPE", "of pages: free (default), square or pot (powers of two)", COMPLETE_WORDS,
      size_words },
    { BORDER, 0, "border", "N", "free pixels around a page; 0 to 256, default 0", COMPLETE_NOTHING, NULL },
    { PADDING, 0, "padding", "N", "free pixels between sprites; 0 to 256, default 0", COMPLETE_NOTHING,
      NULL },
    { EXTRUDE, 0, "extrude", "N",
      "repeat each sprite's rim, so that no neighbour bleeds in; 0 to 64, default 1", COMPLETE_NOTHING,
      NULL },
    { TRIM, 0, "trim", "HOW", "frame (default), animation (one box for all its frames) or none",
      COMPLETE_WORDS, trim_words },
    { ROTATE, 0, "rotate", NULL, "sprites may be turned; for texturepacker, phaser and pixi",
      COMPLETE_NOTHING, NULL },
    { NO_SHARE, 0, "no-share", NULL, "equal frames each get a place", COMPLETE_NOTHING, NULL },
    { LAYOUT, 0, "layout", "HOW", "dense (default) or grid (equal cells, untrimmed)", COMPLETE_WORDS,
      layout_words },
    { COLUMNS, 0, "columns", "N", "of a grid; 0 (default) makes it as square as it gets", COMPLETE_NOTHING,
      NULL },
    { BLEED, 0, "bleed", "N", "spread colours N pixels under transparent ones; 0 to 64, default 0",
      COMPLETE_NOTHING, NULL },
    { DURATION, 0, "duration", "MS", "of a frame that says none itself; default 100", COMPLETE_NOTHING,
      NULL },
    { PIVOT, 0, "pivot", "WHERE", "center (default), bottom, top-left ..., or X,Y as 0.5,1", COMPLETE_WORDS,
      pivot_words },
    { ANIMATIONS, 0, "animations", "HOW", "from names (default: walk_01, walk_02), folders or none",
      COMPLETE_WORDS, animation_words },
    { TERRAIN, 0, "terrain", "KIND", "numbers in names are terrain bits: corner, edge or mixed; default none",
      COMPLETE_WORDS, terrain_words },
    { UNITS, 0, "pixels-per-unit", "N", "for unity; default 16", COMPLETE_NOTHING, NULL },
    { SIDECAR, 0, "sidecar", "FILE", "YAML with durations, pivots, animations, slices", COMPLETE_FILE, NULL },
    { FRESH, 0, "fresh", NULL, "place everything anew instead of moving as little as possible",
      COMPLETE_NOTHING, NULL },
    { FORCE, 'f', "force", NULL, "replace files that were not packed here, or were changed since",
      COMPLETE_NOTHING, NULL },
};

static const struct example examples[] = {
    { "spritery pack sprites/ --out build/hero --for godot", "a sheet and its SpriteFrames" },
    { "spritery pack hero.aseprite -o hero --trim animation --pivot bottom", "feet stay where they are" },
    { "spritery pack tiles/ -o tiles --for tiled --terrain corner", "a tile set whose names end in 0 to 15" },
    { "spritery pack sprites/ -o game --for all", "a folder for each engine" },
};

const struct command cmd_pack = {
    .name = "pack",
    .operands = "FILE|DIR...",
    .summary = "pack sprites into sheets that engines load, with their own metadata",
    .about = "A sprite is called by its file's name, below a folder by its path there. walk_01.png, "
             "walk_02.png are the "
             "animation \"walk\"; an ending of _120ms is a frame's time. GIF, APNG, WebP and Aseprite files "
             "give all their "
             "frames, Aseprite's with tags, times and slices.\n"
             "One target: its files lie beside NAME.png. Several: each has a folder of its own, "
             "NAME/godot/... For LDtk "
             "use tiled's picture; the report says cell, margin (LDtk: padding) and spacing.\n"
             "NAME.pack.json remembers what was packed. Packing again does only what changed: pages whose "
             "sprites kept "
             "their sizes keep every place and every byte.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .min_operands = 1,
    .max_operands = -1,
    .complete = COMPLETE_FILE,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .names_title = "Targets",
    .name_at = target_name,
    .run = run,
};
