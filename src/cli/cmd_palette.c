#include "base/mem.h"
#include "cli/dither_option.h"
#include "cli/frames.h"
#include "cli/json_line.h"
#include "cli/result.h"
#include "cli/verb.h"
#include "pixel/dither.h"
#include "pixel/motion.h"
#include "pixel/palette.h"
#include "pixel/palette_work.h"
#include "pixel/quantise.h"

#include <jansson.h>
#include <string.h>

enum { OUT = OPTION_OWN, AS, FORCE, COLOURS, SORT, NEAR, DITHER, SPACE, NAME };

static const char *const formats[] = { "gpl", "hex", "txt", "jasc",     "riff",
                                       "act", "ase", "png", "aseprite", NULL };
static const char *const orders[] = { "as-is", "light", "hue", NULL };
static const char *const spaces[] = { "oklab", "srgb", NULL };

static enum spr_code read_order(const struct args *args, enum palette_order *ret, struct spr_error *err)
{
    int order = PALETTE_AS_IS;
    enum spr_code rc = args_word(args, SORT, "sort", orders, &order, err);
    *ret = (enum palette_order)order;
    return rc;
}

static enum spr_code read_colours(const struct args *args, int otherwise, int *ret, struct spr_error *err)
{
    int64_t n = otherwise;
    enum spr_code rc = args_whole(args, COLOURS, "colors", 1, 256, &n, err);
    *ret = (int)n;
    return rc;
}

/* One character a colour: a block of it where the terminal shows colours. */
static void print_swatches(const struct terminal *t, const struct palette *p)
{
    for (int i = 0; i < p->count; i++) {
        struct rgba c = p->colour[i];
        if (t->colour && c.a)
            fprintf(t->file, "\x1B[48;2;%d;%d;%dm  ", c.r, c.g, c.b);
        else if (t->colour)
            fputs("\x1B[0m..", t->file);
        if (t->colour && (i % 16 == 15 || i == p->count - 1))
            fputs("\x1B[0m\n", t->file);
    }
    for (int i = 0; i < p->count; i++) {
        struct rgba c = p->colour[i];
        const char *end = i % 8 == 7 || i == p->count - 1 ? "\n" : " ";
        if (c.a)
            fprintf(t->file, "%02x%02x%02x%s", c.r, c.g, c.b, end);
        else
            fprintf(t->file, "------%s", end);
    }
}

static enum spr_code print_json(const struct cli *cli, json_t *object, const struct palette *p,
                                struct spr_error *err)
{
    json_t *colours = json_array();
    for (int i = 0; i < p->count; i++) {
        char hex[16];
        struct rgba c = p->colour[i];
        if (c.a)
            snprintf(hex, sizeof hex, "#%02x%02x%02x", c.r, c.g, c.b);
        else
            snprintf(hex, sizeof hex, "transparent");
        json_array_append_new(colours, json_string(hex));
    }
    if (json_object_set_new(object, "count", json_integer(p->count)) ||
        json_object_set_new(object, "colours", colours)) {
        json_decref(object);
        object = NULL;
    }
    return json_line(cli, object, 0, NULL, "name", err);
}

/* Writes the palette to --out, or prints it. */
static enum spr_code give(const struct cli *cli, const struct args *args, struct palette *p,
                          struct spr_error *err)
{
    const char *out = args_value(args, OUT), *as = args_value(args, AS), *name = args_value(args, NAME);
    enum palette_format format = PALETTE_HEX;
    enum palette_order order;
    enum spr_code rc = read_order(args, &order, err);
    if (rc)
        return rc;
    palette_sort(p, order);
    if (as && !palette_format_named(as, &format))
        return args_wrong("as", as, "gpl, hex, txt, jasc, riff, act, ase (Adobe), png or aseprite", err);
    if (!as && out && !palette_format_of_path(out, &format))
        return SPR_FAIL(
            err, SPR_BADARG,
            "--out %.200s: what kind is that? End it with .gpl, .hex, .txt, .pal, .act, .ase, .png or "
            ".aseprite, or give --as",
            out);
    if (!out && !as) {
        if (cli->json)
            return print_json(cli, json_object(), p, err);
        print_swatches(&cli->out, p);
        return SPR_OK;
    }
    struct buf bytes;
    buf_init(&bytes, (size_t)1 << 20);
    rc = palette_encode(format, p, name ? name : "Palette", &bytes, err);
    if (!rc && !out)
        fwrite(bytes.data, 1, bytes.length, cli->out.file);
    else if (!rc)
        rc = file_write(out, bytes.data, bytes.length, args_has(args, FORCE) ? FILE_REPLACE : FILE_NEW, err);
    rc = result_taken(rc, out, err);
    buf_fini(&bytes);
    if (!rc && out && cli->json)
        return print_json(cli, json_pack("{s:s, s:s}", "file", out, "kind", palette_format_name(format)), p,
                          err);
    if (!rc && out)
        fprintf(cli->out.file, "%s\n", out);
    return rc;
}

static enum spr_code extract(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct frames_source s = { .path = args->operand + 1, .count = args->operands - 1, .anchored = true };
    struct animation a = { 0 };
    struct palette p;
    int colours;
    enum spr_code rc = read_colours(args, 256, &colours, err);
    if (!rc)
        rc = frames_read(&s, &a, err);
    const struct image **picture = rc ? NULL : mem_zalloc((size_t)a.count, sizeof(void *));
    if (!rc && !picture)
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for %d pictures", a.count);
    for (int i = 0; i < a.count && !rc; i++)
        picture[i] = &a.frame[i].image;
    if (!rc)
        rc = palette_extract(picture, a.count, colours, &p, err);
    mem_free(picture);
    animation_fini(&a);
    return rc ? rc : give(cli, args, &p, err);
}

static enum spr_code convert(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct palette p;
    enum spr_code rc = palette_find(args->operand[1], &p, NULL, err);
    return rc ? rc : give(cli, args, &p, err);
}

static enum spr_code merge(struct cli *cli, const struct args *args, struct spr_error *err)
{
    size_t count = args->operands - 1;
    double near = 0;
    struct palette p, *list = mem_zalloc(count, sizeof *list);
    int colours;
    enum spr_code rc = list ? read_colours(args, 256, &colours, err)
                            : SPR_FAIL(err, SPR_NOMEM, "no memory for %zu palettes", count);
    if (!rc)
        rc = args_number(args, NEAR, "near", 0, 1, &near, err);
    for (size_t i = 0; i < count && !rc; i++)
        rc = palette_find(args->operand[i + 1], &list[i], NULL, err);
    if (!rc)
        rc = palette_join(list, (int)count, near, colours, &p, err);
    mem_free(list);
    return rc ? rc : give(cli, args, &p, err);
}

static enum spr_code show(struct cli *cli, const struct args *args, struct spr_error *err)
{
    enum palette_order order;
    enum spr_code rc = read_order(args, &order, err);
    for (size_t i = 1; i < args->operands && !rc; i++) {
        struct palette p;
        rc = palette_find(args->operand[i], &p, NULL, err);
        if (rc)
            break;
        palette_sort(&p, order);
        if (cli->json) {
            rc = print_json(cli, json_pack("{s:s}", "name", args->operand[i]), &p, err);
            continue;
        }
        fputs(terminal_bold(&cli->out), cli->out.file);
        terminal_safe(&cli->out, args->operand[i]);
        fprintf(cli->out.file, "%s: %d colours\n", terminal_plain(&cli->out), p.count);
        print_swatches(&cli->out, &p);
    }
    return rc;
}

static enum spr_code list(struct cli *cli, const struct args *args, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    (void)args;
    for (int i = 0; i < palette_builtin_count() && !rc; i++) {
        struct palette_about about = palette_builtin_about(i);
        struct palette p;
        palette_builtin(about.name, &p);
        if (cli->json)
            rc = print_json(cli, json_pack("{s:s, s:s}", "name", about.name, "title", about.title), &p, err);
        else
            fprintf(cli->out.file, "%-16s %3d  %s\n", about.name, p.count, about.title);
    }
    return rc;
}

/* How the pictures of `apply` get their colours. */
struct dyeing {
    struct palette palette;
    struct dither_options how;
    struct dither_choice dither;
    const struct image *before; /* the frame before, whose pattern goes on */
};

static enum spr_code dye(void *context, const struct image *from, struct image *ret, struct spr_error *err)
{
    struct dyeing *d = context;
    struct indexed few = { 0 };
    if (d->before)
        dither_follow(d->before, from, &d->how);
    d->before = from;
    enum spr_code rc = dither_apply(from, &d->palette, &d->how, &few, err);
    if (!rc)
        rc = image_from_indexed(ret, &few, err);
    indexed_fini(&few);
    return rc;
}

static enum spr_code read_dyeing(const struct args *args, struct dyeing *d, struct spr_error *err)
{
    int space = 0;
    enum spr_code rc = args_word(args, SPACE, "space", spaces, &space, err);
    *d = (struct dyeing){ .how = { .space = space ? COLOUR_SRGB : COLOUR_OKLAB } };
    if (rc)
        return rc;
    if ((rc = dither_choose(args_value(args, DITHER), &d->dither, err)))
        return rc;
    d->how.kind = d->dither.kind;
    d->how.strength = d->dither.strength;
    d->how.matrix = &d->dither.matrix;
    return palette_find(args->operand[1], &d->palette, NULL, err);
}

static bool has_clear(const struct palette *p)
{
    for (int i = 0; i < p->count; i++)
        if (p->colour[i].a == 0)
            return true;
    return false;
}

static enum spr_code apply_one(const struct cli *cli, const struct result *where, struct dyeing *d,
                               const char *path, struct spr_error *err)
{
    struct animation a = { 0 }, dyed = { 0 };
    char to[PATH_MAX];
    enum image_kind kind = result_kind(where, path);
    d->before = NULL;
    d->how.origin_x = d->how.origin_y = 0;
    enum spr_code rc = result_path(where, result_name(path), "", kind, to, err);
    if (!rc)
        rc = animation_load(path, NULL, &a, NULL, err);
    if (!rc && (rc = motion_map(&a, dye, d, &dyed, err)))
        spr_prefix(err, "%.200s", path);
    if (!rc) {
        dyed.palette = d->palette;
        if (!has_clear(&dyed.palette) && dyed.palette.count < 256)
            dyed.palette.colour[dyed.palette.count++] = (struct rgba){ 0 };
        rc = result_taken(animation_save(to, kind, &dyed, NULL, result_mode(where), err), to, err);
    }
    if (!rc && cli->json)
        rc = print_json(cli, json_pack("{s:s, s:s, s:i}", "file", to, "from", path, "frames", dyed.count),
                        &d->palette, err);
    else if (!rc)
        fprintf(cli->out.file, "%s\n", to);
    animation_fini(&dyed);
    animation_fini(&a);
    return rc;
}

static enum spr_code apply(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct dyeing d;
    struct result where;
    enum spr_code rc = read_dyeing(args, &d, err);
    if (!rc)
        rc = result_read(args_value(args, OUT), args->operands - 2, args_has(args, FORCE), "-palette", &where,
                         err);
    if (!rc)
        rc = result_folder(&where, err);
    for (size_t i = 2; i < args->operands && !rc; i++)
        rc = apply_one(cli, &where, &d, args->operand[i], err);
    dither_choice_fini(&d.dither);
    return rc;
}

static const struct verb verbs[] = {
    { "apply", "PALETTE FILE...", 2, VERB_ANY, { OUT, FORCE, DITHER, SPACE }, apply },
    { "convert", "PALETTE", 1, 1, { OUT, AS, FORCE, SORT, NAME }, convert },
    { "extract", "FILE...", 1, VERB_ANY, { OUT, AS, FORCE, COLOURS, SORT, NAME }, extract },
    { "list", "", 0, 0, { 0 }, list },
    { "merge", "PALETTE...", 1, VERB_ANY, { OUT, AS, FORCE, COLOURS, SORT, NEAR, NAME }, merge },
    { "show", "PALETTE...", 1, VERB_ANY, { SORT }, show },
};

static const struct option options[] = {
    { OUT, 'o', "out", "FILE|DIR", "where to; the ending says what; without it the palette is printed",
      COMPLETE_FILE, NULL },
    { AS, 0, "as", "KIND", "kind of palette file, whatever the ending; without --out to standard output",
      COMPLETE_WORDS, formats },
    { FORCE, 'f', "force", NULL, "replace files that exist", COMPLETE_NOTHING, NULL },
    { COLOURS, 'c', "colors", "N", "extract, merge: at most so many, 1 to 256", COMPLETE_NOTHING, NULL },
    { SORT, 0, "sort", "ORDER", "as-is (default), light (dark to light) or hue", COMPLETE_WORDS, orders },
    { NEAR, 0, "near", "D", "merge: leave out colours nearer than that to one before; 0.02 is hard to see",
      COMPLETE_NOTHING, NULL },
    { DITHER, 'd', "dither", "KIND|FILE[:STRENGTH]",
      "apply: mix the colours in a pattern, as bayer4:0.5; FILE: a picture of it", COMPLETE_NOTHING, NULL },
    { SPACE, 0, "space", "SPACE", "apply: how the nearest colour is found: oklab (default) or srgb",
      COMPLETE_WORDS, spaces },
    { NAME, 0, "name", "TEXT", "the palette's name, in kinds that have one", COMPLETE_NOTHING, NULL },
};

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return verb_run(&cmd_palette, verbs, SPR_COUNT(verbs), cli, args, err);
}

static const char *palette_name(int i)
{
    return i < palette_builtin_count() ? palette_builtin_about(i).name : NULL;
}

static const struct example examples[] = {
    { "spritery palette extract hero.png -o hero.gpl", "every colour, for GIMP, Aseprite, Krita" },
    { "spritery palette extract photo.jpg --colors 16 --sort light", "the sixteen that say most, printed" },
    { "spritery palette convert pico-8 -o pico-8.aseprite", "from any kind, or a known one, to any kind" },
    { "spritery palette apply gameboy *.png -o dmg/ --dither bayer2:0.4", "pictures in these colours only" },
    { "spritery palette merge a.hex b.pal --near 0.02 -o both.gpl", "one palette of several" },
};

const struct command cmd_palette = {
    .name = "palette",
    .operands = "apply|convert|extract|list|merge|show ...",
    .summary = "palettes: from pictures, to pictures, between nine kinds of file",
    .about = "A PALETTE is a name below or a file: GIMP .gpl, .hex, Paint.NET .txt, JASC and RIFF .pal, "
             "Adobe .act and "
             ".ase, PNG, Aseprite; known by what is in it. A .ase that is written is Adobe's.\n"
             "  extract FILE...         the colours of pictures and animations, exactly where they are 256 "
             "or fewer\n"
             "  convert PALETTE         to another kind of file (--out, --as)\n"
             "  show PALETTE...         swatches and values\n"
             "  apply PALETTE FILE...   pictures in the nearest colours; animations too, and dithered\n"
             "  merge PALETTE...        each colour once\n"
             "  list                    the names",
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
