#include "base/file.h"
#include "base/pool.h"
#include "cli/maker.h"
#include "cli/row_batch.h"

#include <stdio.h>
#include <string.h>

enum { OUT = OPTION_OWN, NAME, AS, FORMAT, FORCE, DRY, THREADS };

static const char *const kinds[] = { "csv", "jsonl", "yaml", NULL };

static enum spr_code find_kind(const char *path, const char *as, enum rows_kind *ret, struct spr_error *err)
{
    for (int i = 0; as && kinds[i]; i++)
        if (strcmp(as, kinds[i]) == 0) {
            *ret = (enum rows_kind)i;
            return SPR_OK;
        }
    if (as)
        return args_wrong("as", as, "csv, jsonl or yaml", err);
    if (rows_kind_of(path, ret))
        return SPR_OK;
    return SPR_FAIL(err, SPR_BADARG, "%.200s: say what it is with --as csv, jsonl or yaml", path);
}

static enum spr_code load(const struct args *args, const struct request *base, struct rows *ret,
                          struct spr_error *err)
{
    const char *path = args->operand[0];
    struct buf text;
    enum rows_kind kind = ROWS_CSV;
    buf_init(&text, ROWS_FILE_MAX);
    enum spr_code rc = find_kind(path, args_value(args, AS), &kind, err);
    if (!rc)
        rc = file_read(path, &text, err);
    if (!rc && (rc = rows_read(kind, text.data ? text.data : "", text.length, base, ret, err)))
        spr_prefix(err, "%.200s", path);
    buf_fini(&text);
    return rc;
}

/* The folder of --out, else the file's name without its ending. */
static enum spr_code find_output(const struct args *args, const struct rows *rows, struct output *ret,
                                 struct spr_error *err)
{
    const char *out = args_value(args, OUT), *path = args->operand[0], *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    const char *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    snprintf(folder, sizeof folder, "%.*s", dot && dot > name ? (int)(dot - name) : 200, name);
    if (!out && strcmp(path, "-") == 0)
        return SPR_FAIL(err, SPR_BADARG, "rows from standard input need a folder: --out DIR");
    enum spr_code rc =
        output_read(out ? out : folder, args_value(args, FORMAT), false, rows->count + 1, ret, err);
    return rc;
}

/* A maker for each engine that a row asks for. GIVES maker[REQUEST_ENGINES] (maker_fini), even on failure. */
static enum spr_code open_makers(const struct args *args, const struct rows *rows, int threads,
                                 struct maker *maker, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && i < rows->count; i++) {
        int name = rows->row[i].request.engine.name;
        if (!maker[name].engine)
            rc = maker_init(args, name == REQUEST_COMFYUI, threads, args_has(args, THREADS), &maker[name],
                            err);
    }
    return rc;
}

static enum spr_code run_rows(struct cli *cli, const struct args *args, const struct rows *rows,
                              struct spr_error *err)
{
    struct output output;
    struct maker maker[REQUEST_ENGINES] = { 0 };
    char path[PATH_MAX];
    const char *pattern = args_value(args, NAME);
    struct row_batch b = {
        cli, { NULL }, rows, NULL, &output, pattern ? pattern : "{prompt}-{seed}", args_has(args, FORCE)
    };
    int64_t threads = pool_default_threads();
    bool dry = args_has(args, DRY);
    enum spr_code rc = args_whole(args, THREADS, "threads", 1, 256, &threads, err);
    if (!rc)
        rc = find_output(args, rows, &output, err);
    if (!rc && !dry)
        rc = file_make_folder(output.folder, err);
    if (!rc && !dry) {
        snprintf(path, sizeof path, "%.4000s/manifest.jsonl", output.folder);
        rc = manifest_open(path, &b.manifest, err);
    }
    if (!rc && !dry)
        rc = open_makers(args, rows, (int)threads, maker, err);
    for (int i = 0; i < REQUEST_ENGINES; i++)
        b.engine[i] = maker[i].engine;
    if (!rc)
        rc = row_batch_run(&b, err);
    for (int i = 0; i < REQUEST_ENGINES; i++)
        maker_fini(&maker[i]);
    manifest_close(b.manifest);
    return rc;
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct request base;
    struct rows rows = { 0 };
    request_init(&base);
    base.seed = 1;
    enum spr_code rc = args_request(args, &base, err);
    if (!rc)
        rc = load(args, &base, &rows, err);
    if (!rc)
        rc = run_rows(cli, args, &rows, err);
    rows_fini(&rows);
    request_fini(&base);
    return rc;
}

static const struct option options[] = {
    { OUT, 'o', "out", "DIR",
      "the folder of the pictures and of manifest.jsonl (default: FILE without its ending)", COMPLETE_FOLDER,
      NULL },
    { NAME, 0, "name", "PATTERN", "what files are called (default: {prompt}-{seed}); '/' makes folders",
      COMPLETE_NOTHING, NULL },
    { AS, 0, "as", "KIND", "what FILE is, where its name does not say: csv, jsonl or yaml", COMPLETE_WORDS,
      kinds },
    { FORMAT, 0, "format", "KIND", "png (default; carries every parameter), webp or gif", COMPLETE_WORDS,
      output_formats },
    { FORCE, 'f', "force", NULL, "draw every row again, and replace files", COMPLETE_NOTHING, NULL },
    { DRY, 0, "dry-run", NULL, "draw nothing; print what would be made", COMPLETE_NOTHING, NULL },
    MAKER_OPTIONS,
    { THREADS, 't', "threads", "N", "threads to use; the picture never depends on it", COMPLETE_NOTHING,
      NULL },
};

static const struct example examples[] = {
    { "spritery batch items.csv", "a sprite per row: a column 'prompt', others by the names of the options" },
    { "spritery batch weapons.yaml --name \"{thing}/{color}-{seed}\" --dry-run",
      "the combinations of lists, and where each would go" },
    { "spritery batch items.csv --steps 10 --palette pico-8",
      "what a row does not say comes from the command line" },
    { "printf 'prompt,seed\\naxe,7\\n' | spritery batch - --as csv --out axes", "rows from another program" },
};

const struct command cmd_batch = {
    .name = "batch",
    .operands = "FILE",
    .summary = "make a sprite for each row of a file",
    .about = "FILE has a row per picture: CSV with a line of names, JSON lines, or YAML:\n"
             "  prompt: \"{color} {thing}\"\n"
             "  lists: {color: [red, blue], thing: [sword, axe]}\n"
             "  defaults: {steps: 20}\n"
             "  rows: [{prompt: knight, seed: 7}]\n"
             "Names are those of the options ('steps', 'negative'); any other is a word that {word} stands "
             "for in prompts "
             "and in --name, beside {index} and the options. A row without a seed gets --seed (1 if there is "
             "none) plus "
             "the number of rows before it.\n"
             "What is made is kept in manifest.jsonl beside the pictures: after Ctrl-C, a crash or a change "
             "of some rows "
             "the same command makes only what is missing.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .takes_request = true,
    .min_operands = 1,
    .max_operands = 1,
    .complete = COMPLETE_FILE,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
