#include "base/mem.h"
#include "cli/command.h"
#include "cli/json_line.h"
#include "pack/unpack.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { OUT = OPTION_OWN, FORCE };

static enum spr_code print_json(const struct cli *cli, const char *path, const struct unpacked *u,
                                struct spr_error *err)
{
    json_t *files = json_array();
    for (int i = 0; i < u->files.count; i++)
        json_array_append_new(files, json_string(u->files.item[i].path));
    json_t *object = json_pack("{s:s, s:i, s:o}", "sheet", path, "frames", u->files.count, "files", files);
    return json_line(cli, object, 0, path, "path", err);
}

static void print_text(const struct cli *cli, const char *path, const struct unpacked *u, const char *folder)
{
    terminal_safe(&cli->out, path);
    fprintf(cli->out.file, ": %d frame%s in ", u->files.count, u->files.count == 1 ? "" : "s");
    terminal_safe(&cli->out, folder);
    fputc('\n', cli->out.file);
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct pool *pool = NULL;
    const char *out = args_value(args, OUT);
    enum spr_code rc = pool_new(pool_default_threads(), &pool, err);
    for (size_t i = 0; i < args->operands && !rc; i++) {
        struct unpacked u = { 0 };
        rc = unpack_run(args->operand[i], out ? out : ".", args_has(args, FORCE), pool, &u, err);
        if (!rc && cli->json)
            rc = print_json(cli, args->operand[i], &u, err);
        else if (!rc && !cli->quiet)
            print_text(cli, args->operand[i], &u, out ? out : ".");
        unpacked_fini(&u);
    }
    pool_free(pool);
    return rc;
}

static const struct option options[] = {
    { OUT, 'o', "out", "DIR", "where frames go; made where it is missing, default here", COMPLETE_FOLDER,
      NULL },
    { FORCE, 'f', "force", NULL, "replace files that are there", COMPLETE_NOTHING, NULL },
};

static const struct example examples[] = {
    { "spritery unpack hero.json --out frames", "hero's frames as PNG files" },
    { "spritery unpack build/monsters.pack.json -o monsters", "what 'spritery pack' made, byte for byte" },
};

const struct command cmd_unpack = {
    .name = "unpack",
    .operands = "SHEET...",
    .summary = "take a sheet apart: every frame a file again, at its size before trimming",
    .about = "Reads every file that 'spritery pack' writes, by the .pack.json beside it or, of several "
             "targets, above; and from other "
             "programs the "
             "JSON of Aseprite, TexturePacker, PixiJS and Phaser, Tiled's .tsx and Godot's .tres, with the "
             "pictures "
             "beside them. A frame \"hero/walk_01\" becomes hero/walk_01.png. What was trimmed comes "
             "back as "
             "transparent pixels, what was turned is turned back.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .min_operands = 1,
    .max_operands = -1,
    .complete = COMPLETE_FILE,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
