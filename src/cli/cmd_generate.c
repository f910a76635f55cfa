#include "base/mem.h"
#include "base/pool.h"
#include "base/random.h"
#include "cli/batch.h"
#include "cli/maker.h"
#include "engine/papers.h"
#include "pixel/palette.h"

#include <stdlib.h>
#include <string.h>

enum { PROMPTS = OPTION_OWN, OUT, FORMAT, FORCE, PREVIEW, NO_SHEET, LIKE, THREADS };

/* Begins from the parameters that a picture carries. r is the caller's and initialised. */
static enum spr_code begin_like(const struct cli *cli, const char *path, struct request *r,
                                struct engine_papers *ret_papers, struct spr_error *err)
{
    struct image pixels = { 0 };
    struct notes notes = { 0 };
    char software[ENGINE_NAME_BYTES];
    struct request made_by;
    enum spr_code rc = image_load(path, NULL, &pixels, &notes, err);
    image_fini(&pixels);
    if (rc)
        return rc;
    rc = papers_read(&notes, &made_by, ret_papers, software, err);
    notes_fini(&notes);
    if (rc) {
        spr_prefix(err, "--like %.200s", path);
        return rc;
    }
    request_fini(r);
    *r = made_by;
    if (strcmp(software, "spritery " SPRITERY_VERSION) != 0 && !cli->quiet) {
        fprintf(cli->err.file, "made by ");
        terminal_safe(&cli->err, software);
        fprintf(cli->err.file, "; this is spritery %s, and the picture may differ\n", SPRITERY_VERSION);
    }
    return SPR_OK;
}

static enum spr_code read_request(const struct cli *cli, const struct args *args, struct request *r,
                                  struct engine_papers *ret_papers, struct spr_error *err)
{
    const char *like = args_value(args, LIKE);
    enum spr_code rc = like ? begin_like(cli, like, r, ret_papers, err) : SPR_OK;
    if (!rc)
        rc = args_request(args, r, err);
    if (!rc && !like && !request_given(r, REQUEST_SEED))
        r->seed = random_fresh_seed();
    return rc;
}

static enum spr_code read_prompts(const struct args *args, const struct request *r, struct prompts *ret,
                                  struct spr_error *err)
{
    const char *file = args_value(args, PROMPTS), *liked = request_text(r, REQUEST_PROMPT);
    bool none = args->operands == 0 && !file;
    if (none && !*liked)
        return SPR_FAIL(err, SPR_BADARG, "say what to draw, for example: spritery generate \"red dragon\"");
    return prompts_read(none ? &liked : args->operand, none ? 1 : args->operands, file, ret, err);
}

/* `generate red dragon` asks for two pictures, and often one was meant. */
static void hint_quotes(const struct cli *cli, const struct args *args)
{
    bool single = args->operands > 1 && !cli->quiet && !cli->json;
    for (size_t i = 0; single && i < args->operands; i++)
        single = !strchr(args->operand[i], ' ');
    if (single)
        fprintf(cli->err.file,
                "%zu prompts, a picture of each; words that belong together need quotes: \"red dragon\"\n",
                args->operands);
}

static enum spr_code run_batch(struct cli *cli, const struct args *args, const struct request *r,
                               const struct prompts *prompts, const struct engine_papers *like,
                               struct spr_error *err)
{
    struct output output;
    struct maker maker = { 0 };
    struct batch batch = { cli, NULL, r, prompts, &output, { 0 }, !args_has(args, NO_SHEET), like };
    int64_t threads = pool_default_threads();
    size_t pictures = prompts->count * (size_t)r->count;
    enum spr_code rc = args_whole(args, THREADS, "threads", 1, 256, &threads, err);
    if (!rc)
        rc = preview_read(cli, args_value(args, PREVIEW), true, &batch.preview, err);
    if (!rc)
        rc = output_read(args_value(args, OUT), args_value(args, FORMAT), args_has(args, FORCE), pictures,
                         &output, err);
    if (!rc)
        rc = maker_init(args, r->engine.name == REQUEST_COMFYUI, (int)threads, args_has(args, THREADS),
                        &maker, err);
    batch.engine = maker.engine;
    if (!rc)
        rc = batch_run(&batch, err);
    maker_fini(&maker);
    return rc;
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct request r;
    struct prompts prompts = { 0 };
    struct engine_papers like = { 0 };
    request_init(&r);
    enum spr_code rc = read_request(cli, args, &r, &like, err);
    if (!rc)
        rc = read_prompts(args, &r, &prompts, err);
    if (!rc) {
        hint_quotes(cli, args);
        rc = run_batch(cli, args, &r, &prompts, &like, err);
    }
    prompts_fini(&prompts);
    request_fini(&r);
    return rc;
}

static const char *palette_name(int i)
{
    return i < palette_builtin_count() ? palette_builtin_about(i).name : NULL;
}

static const struct option options[] = {
    { PROMPTS, 0, "prompts", "FILE", "more prompts, one a line; - is standard input", COMPLETE_FILE, NULL },
    { OUT, 'o', "out", "DIR|FILE", "where to: a folder (default: here), or one .png, .webp or .gif",
      COMPLETE_FILE, NULL },
    { FORMAT, 0, "format", "KIND", "png (default; carries every parameter), webp or gif", COMPLETE_WORDS,
      output_formats },
    { FORCE, 'f', "force", NULL, "replace files; else a taken name gets a number", COMPLETE_NOTHING, NULL },
    { PREVIEW, 'p', "preview", "WHEN|FILE",
      "show: auto (on a terminal), never, always; or keep a FILE at the newest state", COMPLETE_WORDS,
      preview_words },
    { NO_SHEET, 0, "no-sheet", NULL, "no contact sheet of a batch", COMPLETE_NOTHING, NULL },
    { LIKE, 'l', "like", "FILE", "begin from the parameters in this PNG: alone it makes the same bytes again",
      COMPLETE_FILE, NULL },
    MAKER_OPTIONS,
    { THREADS, 't', "threads", "N", "threads to use; the picture never depends on it", COMPLETE_NOTHING,
      NULL },
};

static const struct example examples[] = {
    { "spritery generate \"red dragon\"", "one sprite, named red-dragon-SEED.png" },
    { "spritery generate \"blue potion\" -n 8 -s 1 -o potions",
      "eight of them and a contact sheet, always the same ones" },
    { "spritery generate --like potions/blue-potion-3.png --vary 0.2 -n 4",
      "four close relatives of the third" },
    { "spritery generate --prompts list.txt --out sprites --json",
      "a whole list, one JSON object per picture" },
    { "spritery generate \"stone wall\" --tile --guidance 1.5 --scale 8", "a seamless tile, enlarged" },
    { "spritery generate \"torch fire\" --frames 8 -o torch.gif", "a small animation that loops" },
    { "spritery generate \"grass floor\" --grid 4x3",
      "twelve tiles that fit beside each other, in one sheet" },
    { "spritery generate \"blue potion\" --palette pico-8", "in the colours of a console that never was" },
    { "spritery generate \"ice sword\" --engine comfyui --server http://gpu:8188 --workflow "
      "txt2img-sdxl-lora",
      "by a ComfyUI server, then made true pixel art here" },
    { "spritery generate \"ice sword\" --init sword.png --strength 0.5",
      "another sword in the place of this one" },
};

const struct command cmd_generate = {
    .name = "generate",
    .operands = "PROMPT...",
    .summary = "make sprites from words",
    .about =
        "Draws each PROMPT and saves it as a PNG that carries everything needed to make it again. "
        "Standard output gets "
        "the files' names, and the pictures too if it is a terminal; standard error says how the words "
        "were understood.\n"
        "The same prompt, seed and options give the same file on every machine.\n"
        "Where a daemon of yours is up ('spritery serve') it does the drawing; Ctrl-C cancels the job there.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .takes_request = true,
    .max_operands = -1,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .names_title = "Palettes",
    .name_at = palette_name,
    .run = run,
};
