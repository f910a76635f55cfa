#include "cli/frames.h"
#include "cli/json_line.h"
#include "cli/result.h"
#include "cli/verb.h"
#include "image/colour.h"
#include "pixel/seam.h"
#include "pixel/tileset.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { OUT = OPTION_OWN, FORCE, AXIS, KIND, WAVE, BORDER, SEED, TSX, SIZE, LOWER };

static const char *const axes[] = { "x", "y", "xy", NULL };
static const char *const kinds[] = { "corner", "edge", "blob", NULL };
static const char *const wang_kinds[] = { "corner", "edge", NULL };
static const char *const preview_kinds[] = { "plain", "corner", "edge", "blob", NULL };

/* Prints the object as a line of JSON. TAKES it. */
static enum spr_code print_json(const struct cli *cli, json_t *object, struct spr_error *err)
{
    return json_line(cli, object, 0, NULL, "name", err);
}

/* Where the result of a file goes, and as what. what: "-seamless". */
static enum spr_code place(const struct args *args, const char *path, const char *what, struct result *ret,
                           char ret_path[PATH_MAX], struct spr_error *err)
{
    enum spr_code rc = result_read(args_value(args, OUT), 1, args_has(args, FORCE), what, ret, err);
    if (rc)
        return rc;
    if (!ret->one)
        ret->kind = IMAGE_PNG;
    rc = result_path(ret, result_name(path), what, ret->kind, ret_path, err);
    if (!rc && !ret->force && file_exists(ret_path))
        rc = result_taken(SPR_EXISTS, ret_path, err);
    return rc ? rc : result_folder(ret, err);
}

static json_t *axis_json(const struct seam_axis *a)
{
    return json_pack("{s:f, s:f, s:b}", "edge", a->edge, "inside", a->inside, "seamless", (int)a->seamless);
}

static void print_axis(const struct cli *cli, const char *name, const struct seam_axis *a)
{
    fprintf(cli->out.file, "  %s  edge %.3f, inside (95th percentile) %.3f: %s\n", name, a->edge, a->inside,
            a->seamless ? "seamless" : "a seam");
}

static enum spr_code report_seam(const struct cli *cli, const char *path, const char *to,
                                 const struct seam *s, struct spr_error *err)
{
    if (cli->json)
        return print_json(cli,
                          json_pack("{s:s, s:s*, s:o, s:o, s:b}", "file", path, "to", to, "x",
                                    axis_json(&s->x), "y", axis_json(&s->y), "seamless",
                                    s->x.seamless && s->y.seamless),
                          err);
    terminal_safe(&cli->out, to ? to : path);
    fputs(":\n", cli->out.file);
    print_axis(cli, "x", &s->x);
    print_axis(cli, "y", &s->y);
    return SPR_OK;
}

static enum spr_code measure(struct cli *cli, const struct args *args, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    size_t seams = 0;
    for (size_t i = 1; i < args->operands && !rc; i++) {
        struct image im;
        struct seam s;
        rc = image_load(args->operand[i], NULL, &im, NULL, err);
        if (rc)
            break;
        rc = seam_measure(&im, &s, err);
        if (!rc)
            rc = report_seam(cli, args->operand[i], NULL, &s, err);
        seams += !rc && !(s.x.seamless && s.y.seamless);
        image_fini(&im);
    }
    if (!rc && seams)
        rc = SPR_FAIL(err, SPR_BADDATA, "%zu of %zu tiles have a seam", seams, args->operands - 1);
    return rc;
}

static enum spr_code seamless(struct cli *cli, const struct args *args, struct spr_error *err)
{
    const char *path = args->operand[1], *axis = args_value(args, AXIS);
    struct image im = { 0 }, to = { 0 };
    char out[PATH_MAX];
    struct result where;
    struct seam s;
    bool x = !axis || strchr(axis, 'x'), y = !axis || strchr(axis, 'y');
    int known;
    enum spr_code rc = args_word(args, AXIS, "axis", axes, &known, err);
    if (!rc)
        rc = place(args, path, "-seamless", &where, out, err);
    if (!rc)
        rc = image_load(path, NULL, &im, NULL, err);
    if (!rc)
        rc = seam_mend(&im, x, y, &to, err);
    if (!rc)
        rc = seam_measure(&to, &s, err);
    if (!rc)
        rc = image_save(out, where.kind, &to, NULL, result_mode(&where), err);
    if (!rc)
        rc = report_seam(cli, path, out, &s, err);
    image_fini(&to);
    image_fini(&im);
    return rc;
}

static enum spr_code read_set(const struct args *args, struct tileset_options *o, struct spr_error *err)
{
    const char *border = args_value(args, BORDER);
    int64_t seed = 1;
    int kind = 0;
    o->wave = 0.5;
    enum spr_code rc =
        o->kind == TILESET_BLOB ? SPR_OK : args_word(args, KIND, "kind", wang_kinds, &kind, err);
    if (kind)
        o->kind = TILESET_EDGE;
    if (!rc)
        rc = args_number(args, WAVE, "wave", 0, 1, &o->wave, err);
    if (!rc && border && !rgba_from_hex(border, &o->colour))
        rc = args_wrong("border", border, "a colour as #RRGGBB", err);
    o->border = border;
    if (!rc)
        rc = args_whole(args, SEED, "seed", 0, INT32_MAX, &seed, err);
    o->seed = (uint64_t)seed;
    return rc;
}

/* Writes OUT's neighbour with the ending .tsx. */
static enum spr_code write_tsx(enum file_mode mode, const char *out, enum tileset_kind kind,
                               const struct image *set, struct spr_error *err)
{
    char path[PATH_MAX + 8], name[NAME_MAX + 1];
    const char *slash = strrchr(out, '/'), *file = slash ? slash + 1 : out, *dot = strrchr(file, '.');
    struct buf text;
    snprintf(name, sizeof name, "%.*s", (int)(dot - file), file);
    snprintf(path, sizeof path, "%.*s.tsx", (int)(dot - out), out);
    buf_init(&text, (size_t)1 << 20);
    enum spr_code rc = tileset_tsx(kind, set, name, file, &text, err);
    if (!rc)
        rc = result_taken(file_write(path, text.data, text.length, mode, err), path, err);
    buf_fini(&text);
    return rc;
}

static enum spr_code make_set(struct cli *cli, const struct args *args, struct tileset_options *o,
                              struct spr_error *err)
{
    struct image lower = { 0 }, upper = { 0 }, set = { 0 };
    struct seam s[2];
    char out[PATH_MAX], what[32];
    struct result where;
    snprintf(what, sizeof what, "-%s", tileset_kind_name(o->kind));
    enum spr_code rc = place(args, args->operand[2], what, &where, out, err);
    if (!rc)
        rc = image_load(args->operand[1], NULL, &lower, NULL, err);
    if (!rc)
        rc = image_load(args->operand[2], NULL, &upper, NULL, err);
    if (!rc)
        rc = seam_measure(&lower, &s[0], err);
    if (!rc)
        rc = seam_measure(&upper, &s[1], err);
    for (int i = 0; i < 2 && !rc && !cli->quiet; i++)
        if (!s[i].x.seamless || !s[i].y.seamless)
            fprintf(cli->err.file, "%s has a seam of its own; 'spritery tiles seamless' mends it\n",
                    args->operand[i + 1]);
    if (!rc)
        rc = tileset_make(&lower, &upper, o, &set, err);
    if (!rc)
        rc = image_save(out, where.kind, &set, NULL, result_mode(&where), err);
    if (!rc && args_has(args, TSX))
        rc = write_tsx(result_mode(&where), out, o->kind, &set, err);
    if (!rc && cli->json)
        rc = print_json(cli,
                        json_pack("{s:s, s:s, s:i, s:i, s:i, s:i}", "file", out, "kind",
                                  tileset_kind_name(o->kind), "tiles", tileset_count(o->kind), "columns",
                                  tileset_columns(o->kind), "width", lower.width, "height", lower.height),
                        err);
    else if (!rc)
        fprintf(cli->out.file, "%s\n", out);
    image_fini(&set);
    image_fini(&upper);
    image_fini(&lower);
    return rc;
}

static enum spr_code wang(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct tileset_options o = { .kind = TILESET_CORNER };
    enum spr_code rc = read_set(args, &o, err);
    return rc ? rc : make_set(cli, args, &o, err);
}

static enum spr_code blob(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct tileset_options o = { .kind = TILESET_BLOB };
    enum spr_code rc = read_set(args, &o, err);
    return rc ? rc : make_set(cli, args, &o, err);
}

/* The tile beside itself so often. GIVES *ret. */
static enum spr_code repeat(const struct image *im, int columns, int rows, struct image *ret,
                            struct spr_error *err)
{
    struct image to;
    if (columns > IMAGE_SIDE_MAX / im->width || rows > IMAGE_SIDE_MAX / im->height)
        return SPR_FAIL(err, SPR_LIMIT, "a plane of %dx%d tiles of %dx%d is over %d pixels a side", columns,
                        rows, im->width, im->height, (int)IMAGE_SIDE_MAX);
    enum spr_code rc = image_init(&to, im->width * columns, im->height * rows, err);
    for (int y = 0; !rc && y < to.height; y++)
        for (int x = 0; x < to.width; x++)
            *image_at(&to, x, y) = *image_at(im, x % im->width, y % im->height);
    if (!rc)
        *ret = to;
    return rc;
}

static enum spr_code preview(struct cli *cli, const struct args *args, struct spr_error *err)
{
    const char *path = args->operand[1], *size = args_value(args, SIZE), *low = args_value(args, LOWER);
    struct image im = { 0 }, lower = { 0 }, to = { 0 };
    int columns = 8, rows = 6, which = 0;
    int64_t seed = 1;
    char out[PATH_MAX];
    struct result where;
    enum spr_code rc = args_word(args, KIND, "kind", preview_kinds, &which, err);
    if (!rc && size)
        rc = frames_size(size, "size", &columns, &rows, err);
    if (!rc)
        rc = args_whole(args, SEED, "seed", 0, INT32_MAX, &seed, err);
    if (!rc)
        rc = place(args, path, "-plane", &where, out, err);
    if (!rc)
        rc = image_load(path, NULL, &im, NULL, err);
    if (!rc && low)
        rc = image_load(low, NULL, &lower, NULL, err);
    if (!rc)
        rc = which == 0 ? repeat(&im, columns, rows, &to, err)
                        : tileset_plane(&im, (enum tileset_kind)(which - 1), low ? &lower : NULL, columns,
                                        rows, (uint64_t)seed, &to, err);
    if (!rc)
        rc = image_save(out, where.kind, &to, NULL, result_mode(&where), err);
    if (!rc && cli->json)
        rc = print_json(
            cli, json_pack("{s:s, s:i, s:i}", "file", out, "width", to.width, "height", to.height), err);
    else if (!rc)
        fprintf(cli->out.file, "%s\n", out);
    image_fini(&to);
    image_fini(&lower);
    image_fini(&im);
    return rc;
}

static const struct verb verbs[] = {
    { "blob", "LOWER UPPER", 2, 2, { OUT, FORCE, WAVE, BORDER, SEED, TSX }, blob },
    { "measure", "FILE...", 1, VERB_ANY, { 0 }, measure },
    { "preview", "FILE", 1, 1, { OUT, FORCE, KIND, SIZE, SEED, LOWER }, preview },
    { "seamless", "FILE", 1, 1, { OUT, FORCE, AXIS }, seamless },
    { "wang", "LOWER UPPER", 2, 2, { OUT, FORCE, KIND, WAVE, BORDER, SEED, TSX }, wang },
};

static const struct option options[] = {
    { OUT, 'o', "out", "FILE", "where to (default: here, as NAME-WHAT.png)", COMPLETE_FILE, NULL },
    { FORCE, 'f', "force", NULL, "replace files that exist", COMPLETE_NOTHING, NULL },
    { AXIS, 0, "axis", "AXIS", "seamless: x, y or xy (default)", COMPLETE_WORDS, axes },
    { KIND, 'k', "kind", "KIND",
      "wang: corner (default) or edge; preview: plain (default), corner, edge or blob", COMPLETE_WORDS,
      kinds },
    { WAVE, 0, "wave", "W", "wang, blob: how wavy the line between the grounds is, 0 to 1; default 0.5",
      COMPLETE_NOTHING, NULL },
    { BORDER, 0, "border", "COLOUR", "wang, blob: a rim of the upper ground, as #RRGGBB", COMPLETE_NOTHING,
      NULL },
    { SEED, 0, "seed", "N", "of the waves, or of the plane; default 1", COMPLETE_NOTHING, NULL },
    { TSX, 0, "tsx", NULL, "wang, blob: also a Tiled tileset with its terrain, beside the picture",
      COMPLETE_NOTHING, NULL },
    { SIZE, 0, "size", "WxH", "preview: so many tiles; default 8x6", COMPLETE_NOTHING, NULL },
    { LOWER, 0, "lower", "FILE", "preview: the tile under a blob set", COMPLETE_FILE, NULL },
};

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return verb_run(&cmd_tiles, verbs, SPR_COUNT(verbs), cli, args, err);
}

static const struct example examples[] = {
    { "spritery tiles seamless grass.png -o grass-tile.png", "a tile that repeats, and how well" },
    { "spritery tiles wang water.png sand.png -o shore.png --tsx",
      "16 tiles by corners, and Tiled's terrain" },
    { "spritery tiles blob grass.png path.png --border #443322 -o path47.png", "47 tiles by all neighbours" },
    { "spritery tiles preview path47.png --kind blob --lower grass.png", "how it looks in use" },
    { "spritery tiles measure *.png", "exit status 1 if one has a seam" },
};

const struct command cmd_tiles = {
    .name = "tiles",
    .operands = "blob|measure|preview|seamless|wang FILE...",
    .summary = "tiles that repeat, and sets that join two grounds (Wang 16, blob 47)",
    .about = "  seamless FILE      made to repeat, in its own size and colours\n"
             "  measure FILE...    how well they repeat; exit status 1 if one has a seam\n"
             "  wang LOWER UPPER   16 tiles for all ways in which two grounds meet\n"
             "  blob LOWER UPPER   47 tiles by all eight neighbours\n"
             "  preview FILE       a plane of the tile or of the set\n"
             "Tiles of a set fit exactly: two that may stand side by side have the same ground at every "
             "pixel where they "
             "meet. Tiles are counted row by row; --tsx says what lies around each, as Tiled reads it.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .min_operands = 1,
    .max_operands = -1,
    .complete = COMPLETE_FILE,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
