#include "base/mem.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/json_line.h"
#include "cli/progress.h"
#include "deploy/deploy.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { INTO = OPTION_OWN, PATTERN, NAME, DRY_RUN, FORCE };

static enum spr_code check(const struct args *args, struct spr_error *err)
{
    const char *into = args_value(args, INTO), *name = args_value(args, NAME);
    if (!into || !*into)
        return SPR_FAIL(err, SPR_BADARG, "say where to: --into FOLDER");
    if (name && !deploy_name_good(name))
        return SPR_FAIL(err, SPR_BADARG,
                        "--name has letters, digits, '.', '_' and '-', at most %d; not \"%.60s\"",
                        DEPLOY_NAME_MAX, name);
    return SPR_OK;
}

static void progress(void *context, const char *what, size_t done, size_t all)
{
    progress_step(context, what, (int)done, (int)all);
}

static enum spr_code print_json(const struct cli *cli, const struct deploy_job *job,
                                const struct deploy_files *files, struct spr_error *err)
{
    json_t *list = json_array(), *object;
    bool bad = false;
    for (size_t i = 0; i < files->count; i++) {
        const struct deploy_file *f = &files->item[i];
        const char *hash = f->change == DEPLOY_REMOVED || f->change == DEPLOY_KEPT ? f->there : f->hash;
        json_t *o =
            json_pack("{s:s, s:s, s:s, s:s, s:I}", "file", f->path, "change", deploy_change_name(f->change),
                      "from", f->from, "sha256", hash, "bytes", (json_int_t)f->bytes);
        bad = bad || json_array_append_new(list, o);
    }
    object = json_pack("{s:s, s:s, s:b, s:o}", "into", job->into, "name", job->name, "dry_run", job->dry_run,
                       "files", list);
    if (bad) {
        json_decref(object);
        object = NULL;
    }
    return json_line(cli, object, 0, job->into, "name", err);
}

/* A line for each file that changed, and one for all. */
static void print_text(const struct cli *cli, const struct deploy_job *job, const struct deploy_files *files)
{
    static const char marks[DEPLOY_CHANGES] = { ' ', '+', '~', '-', '!' };
    size_t count[DEPLOY_CHANGES] = { 0 };
    FILE *out = cli->out.file;
    for (size_t i = 0; i < files->count; i++) {
        const struct deploy_file *f = &files->item[i];
        count[f->change]++;
        if (f->change == DEPLOY_SAME)
            continue;
        fprintf(out, "%c ", marks[f->change]);
        terminal_safe(&cli->out, f->path);
        fprintf(out, "%s\n", f->change == DEPLOY_KEPT ? "  was changed there, so it stays" : "");
    }
    terminal_safe(&cli->out, job->into);
    if (count[DEPLOY_SAME] == files->count)
        fprintf(out, ": %zu file%s up to date\n", files->count, files->count == 1 ? "" : "s");
    else
        fprintf(out, ": %zu new, %zu replaced, %zu removed, %zu as they were%s\n", count[DEPLOY_NEW],
                count[DEPLOY_REPLACED], count[DEPLOY_REMOVED], count[DEPLOY_SAME],
                job->dry_run ? " (nothing was done)" : "");
}

static const char *base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct progress bar;
    struct deploy_files files = { 0 };
    const char *workstream = getenv("SPRITERY_WORKSTREAM"), *name = args_value(args, NAME);
    enum spr_code rc = check(args, err);
    const char **pattern = rc ? NULL : mem_zalloc(args->count, sizeof *pattern);
    if (rc)
        return rc;
    if (!pattern)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to deploy");
    struct deploy_job job = { .from = args->operand,
                              .froms = args->operands,
                              .pattern = pattern,
                              .into = args_value(args, INTO),
                              .name = name         ? name
                                      : workstream ? workstream
                                                   : "deploy",
                              .workstream = workstream,
                              .plan = base_name(getenv("SPRITERY_PLAN")),
                              .force = args_has(args, FORCE),
                              .dry_run = args_has(args, DRY_RUN),
                              .cancel = interrupt_watch(),
                              .progress = progress,
                              .context = &bar };
    for (size_t i = 0; i < args->count; i++)
        if (args->given[i].id == PATTERN)
            pattern[job.patterns++] = args->given[i].value;
    progress_begin(&bar, cli, 1);
    rc = deploy_run(&job, &files, err);
    progress_wipe(&bar);
    if (!rc && cli->json)
        rc = print_json(cli, &job, &files, err);
    else if (!rc && !cli->quiet)
        print_text(cli, &job, &files);
    deploy_files_fini(&files);
    mem_free(pattern);
    return rc;
}

static const struct option options[] = {
    { INTO, 'i', "into", "FOLDER", "where to; made where it is missing", COMPLETE_FOLDER, NULL },
    { PATTERN, 'p', "pattern", "GLOB",
      "only files of such names, as '*.png', or paths, as 'tiles/*.png'; may be repeated", COMPLETE_NOTHING,
      NULL },
    { NAME, 0, "name", "WORD", "tells several deploys into one folder apart, default the workstream's id",
      COMPLETE_NOTHING, NULL },
    { DRY_RUN, 'n', "dry-run", NULL, "only say what would change", COMPLETE_NOTHING, NULL },
    { FORCE, 'f', "force", NULL, "replace files that somebody else put or changed there", COMPLETE_NOTHING,
      NULL },
};

static const struct example examples[] = {
    { "spritery deploy art/tiles build/sprites/godot/ --into mygame/assets",
      "a folder, and the content of another" },
    { "spritery deploy art --into mygame/assets --pattern '*.png' --dry-run", "what would change" },
};

const struct command cmd_deploy = {
    .name = "deploy",
    .operands = "FILE|FOLDER...",
    .summary = "put finished files into a game's folder: all or nothing, and only over its own",
    .about = "A folder comes with its name; with a '/' at the end its content does. Names that begin with a "
             "dot stay behind. "
             "Files are made beside the target and moved into place when all of them are whole. "
             "FOLDER/.spritery-deploy/NAME.json lists each with its SHA-256 and where it came from; by that "
             "the next deploy "
             "knows what it may replace, and removes what is not made any more.\n"
             "Lines begin with + for new, ~ for replaced, - for removed, ! for what is not made any more but "
             "was changed "
             "there and stays. A plan's workstream does the same: deploy: {from: [art/tiles], into: "
             "mygame/assets}; without "
             "from, the outputs of what it needs.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .min_operands = 1,
    .max_operands = -1,
    .complete = COMPLETE_FILE,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .check = check,
    .run = run,
};
