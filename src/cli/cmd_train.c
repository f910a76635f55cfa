#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "paint/model_find.h"
#include "train/base.h"
#include "train/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DATA = OPTION_OWN, OUT, INIT, RESUME, SAMPLES, BATCH, RATE, SEED, SET, THREADS, MINUTES };

/* The line that tells how far a run is: redrawn on a terminal, else one a minute. */
struct teller {
    const struct cli *cli;
    int64_t told_ns;
    struct run_progress last;
};

static void tell(void *context, const struct run_progress *p)
{
    struct teller *t = context;
    const struct terminal *to = &t->cli->err;
    const int64_t now = clock_steady_ns(), pause = to->tty ? 500000000LL : 60000000000LL;
    t->last = *p;
    if (t->cli->quiet || (t->told_ns && now - t->told_ns < pause))
        return;
    char left[40];
    t->told_ns = now;
    clock_span(p->left_s, left, sizeof left);
    fprintf(to->file, "%s%" PRIu64 " of %" PRIu64 " samples  %.1f a second  loss %.4f  %s left%s",
            to->tty ? "\r\x1B[K" : "", p->samples, p->total, p->per_second, p->loss, left,
            to->tty ? "" : "\n");
    fflush(to->file);
}

/* "name=value" */
static enum spr_code set_pair(struct train_options *o, const char *pair, struct spr_error *err)
{
    char name[32];
    const char *equals = strchr(pair, '=');
    size_t length = equals ? (size_t)(equals - pair) : 0;
    if (length == 0 || length >= sizeof name)
        return SPR_FAIL(err, SPR_BADARG, "--set '%.60s' is not NAME=VALUE; see 'spritery train settings'",
                        pair);
    memcpy(name, pair, length);
    name[length] = '\0';
    enum spr_code rc = train_options_set(o, name, equals + 1, err);
    return rc == SPR_NOTFOUND
               ? SPR_FAIL(err, SPR_BADARG, "--set: there is no '%s'; see 'spritery train settings'", name)
               : rc;
}

static enum spr_code read_settings(const struct args *args, struct train_options *o, struct spr_error *err)
{
    static const struct {
        int id;
        const char *name;
    } rows[] = { { SAMPLES, "samples" }, { BATCH, "batch" }, { RATE, "rate" }, { SEED, "seed" } };
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; i < SPR_COUNT(rows) && !rc; i++)
        if (args_has(args, rows[i].id))
            rc = train_options_set(o, rows[i].name, args_value(args, rows[i].id), err);
    for (size_t i = 0; i < args->count && !rc; i++)
        if (args->given[i].id == SET)
            rc = set_pair(o, args->given[i].value, err);
    return rc;
}

/* "DIR", or "DIR=FACTOR" where there is no folder of that whole name. The folder's name is cut off in text. */
static enum spr_code read_source(char *text, struct dataset_source *ret, struct spr_error *err)
{
    char *equals = strrchr(text, '=');
    double factor = 1;
    if (equals && !file_exists(text)) {
        if (!str_to_double(equals + 1, &factor) || !(factor > 0 && factor <= 1e6))
            return SPR_FAIL(err, SPR_BADARG,
                            "--data '%.200s': after '=' stands how often tiles are drawn, more than 0", text);
        *equals = '\0';
    }
    *ret = (struct dataset_source){ text, factor };
    return SPR_OK;
}

/* GIVES copies of the folders' names (mem_free) in job->data. */
static enum spr_code read_sources(const struct args *args, struct base_job *job, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; i < args->count && !rc; i++) {
        const char *value = args->given[i].value;
        if (args->given[i].id != DATA)
            continue;
        if (job->datas == DATASET_FOLDERS_MAX)
            return SPR_FAIL(err, SPR_LIMIT, "more than %d folders of --data", DATASET_FOLDERS_MAX);
        char *text = mem_text(value, strlen(value));
        if (!text)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for a folder's name");
        job->data[job->datas++].folder = text;
        rc = read_source(text, &job->data[job->datas - 1], err);
    }
    return rc;
}

static enum spr_code read_job(const struct args *args, struct base_job *job, struct spr_error *err)
{
    int64_t threads = job->threads;
    double minutes = 0;
    job->folder = args_value(args, OUT);
    job->resume = args_has(args, RESUME);
    if (!args_has(args, DATA) || !job->folder)
        return SPR_FAIL(err, SPR_BADARG, "train base needs --data FOLDER and --out FOLDER");
    if (job->resume && args_has(args, INIT))
        return SPR_FAIL(err, SPR_BADARG, "--resume goes on with the run in %.200s; --init begins another",
                        job->folder);
    if (args_has(args, MINUTES) && (!str_to_double(args_value(args, MINUTES), &minutes) || minutes <= 0))
        return SPR_FAIL(err, SPR_BADARG, "--minutes '%.40s' is not a number above 0",
                        args_value(args, MINUTES));
    job->pace.limit_s = minutes * 60;
    enum spr_code rc = read_sources(args, job, err);
    if (!rc)
        rc = args_whole(args, THREADS, "threads", 1, 256, &threads, err);
    job->threads = (int)threads;
    if (!rc && job->resume)
        rc = run_options(job->folder, &job->options, err);
    return rc ? rc : read_settings(args, &job->options, err);
}

static void report(const struct cli *cli, const struct base_job *job, const struct run_progress *last)
{
    if (cli->err.tty && !cli->quiet)
        fputc('\n', cli->err.file);
    if (cli->json)
        fprintf(cli->out.file, "{\"samples\":%" PRIu64 ",\"total\":%" PRIu64 ",\"loss\":%.6f}\n",
                last->samples, last->total, last->loss);
    else
        fprintf(cli->out.file, "%s/" BASE_MODEL "\n", job->folder);
}

/* "12 new words: owl penguin ..." */
static void tell_words(void *context, const char *const *word, size_t words)
{
    const struct teller *t = context;
    if (t->cli->quiet)
        return;
    fprintf(t->cli->err.file, "%zu new words:", words);
    for (size_t i = 0; i < words; i++)
        fprintf(t->cli->err.file, " %s", word[i]);
    fprintf(t->cli->err.file, "\n");
}

static enum spr_code train_base(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct teller teller = { .cli = cli };
    struct base_job job;
    char *init = NULL;
    base_defaults(&job);
    enum spr_code rc = read_job(args, &job, err);
    if (!rc && args_has(args, INIT))
        rc = data_find(&model_kind, args_value(args, INIT), &init, err);
    if (!rc) {
        job.init = init;
        job.stop = interrupt_watch();
        job.context = &teller;
        job.progress = tell;
        job.learns = tell_words;
        rc = base_train(&job, err);
        if (!rc)
            report(cli, &job, &teller.last);
        else if (teller.told_ns && cli->err.tty)
            fputc('\n', cli->err.file);
    }
    for (size_t i = 0; i < job.datas; i++)
        mem_free((char *)job.data[i].folder);
    mem_free(init);
    return rc;
}

static enum spr_code list_settings(const struct cli *cli)
{
    struct train_options o;
    train_options_default(&o);
    for (size_t i = 0; i < train_option_count; i++) {
        const struct train_option *row = &train_option_table[i];
        char value[TRAIN_OPTION_BYTES];
        train_option_text(&o, row, value);
        if (cli->json && row->kind == TRAIN_PRECISION)
            fprintf(cli->out.file, "{\"name\":\"%s\",\"default\":\"%s\",\"help\":\"%s\"}\n", row->name, value,
                    row->help);
        else if (cli->json)
            fprintf(cli->out.file,
                    "{\"name\":\"%s\",\"default\":%s,\"least\":%.16g,\"most\":%.16g,\"help\":\"%s\"}\n",
                    row->name, value, row->least, row->most, row->help);
        else
            fprintf(cli->out.file, "  %-10s %8s  %s\n", row->name, value, row->help);
    }
    return SPR_OK;
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    const char *what = args->operand[0];
    if (strcmp(what, "settings") == 0)
        return list_settings(cli);
    if (strcmp(what, "base") == 0)
        return train_base(cli, args, err);
    char shown[REQUEST_SHOWN_BYTES];
    request_shown(what, shown);
    return SPR_FAIL(err, SPR_BADARG, "train cannot train '%s'; it must be base or settings", shown);
}

static const char *const kinds[] = { "base", "settings", NULL };

/* clang-format off */
static const struct option options[] = {
    { DATA, 'd', "data", "DIR[=X]", "tiles and captions.jsonl; several times for several; DIR=0.3: those 0.3 times as often", COMPLETE_FOLDER, NULL },
    { OUT, 'o', "out", "DIR", "where the run is kept: checkpoint, logs, sheets, model", COMPLETE_FOLDER, NULL },
    { INIT, 'i', "init", "MODEL", "begin with a model's weights, and learn the data's new words; without it from nothing", COMPLETE_FILE, NULL },
    { RESUME, 'r', "resume", NULL, "go on with the run in --out, as if it had never stopped", COMPLETE_NOTHING, NULL },
    { SAMPLES, 'n', "samples", "N", "length of the whole run; may be changed with --resume", COMPLETE_NOTHING, NULL },
    { BATCH, 'b', "batch", "N", "samples in a step", COMPLETE_NOTHING, NULL },
    { RATE, 0, "lr", "X", "highest learning rate", COMPLETE_NOTHING, NULL },
    { SEED, 's', "seed", "N", "seed of every chance", COMPLETE_NOTHING, NULL },
    { SET, 0, "set", "NAME=VALUE", "any other setting, as often as you like; 'train settings' lists them",
      COMPLETE_NOTHING, NULL },
    { THREADS, 't', "threads", "N", "threads to use; the result never depends on it", COMPLETE_NOTHING, NULL },
    { MINUTES, 'm', "minutes", "X", "stop after so long, with a checkpoint", COMPLETE_NOTHING, NULL },
};

static const struct example examples[] = {
    { "spritery train base --data work/tiles --init sprite32 --out run -n 200000",
      "train the bundled model further" },
    { "spritery train base --data work/tiles --out run --resume", "go on after Ctrl-C, a crash or the end of a day" },
    { "spritery generate \"red dragon\" --model run/model.safetensors", "see what it has learned so far" },
};
/* clang-format on */

const struct command cmd_train = {
    .name = "train",
    .operands = "base|settings",
    .summary = "train a model on captioned tiles",
    .about =
        "Trains on all threads until the samples are used up, and keeps in the folder of --out: a checkpoint "
        "(every five minutes, and on Ctrl-C), loss.csv, validation.csv, sheets of samples for fixed prompts, "
        "and "
        "model.safetensors, which every other command can use at any time. A run that was stopped, even by a "
        "power cut, goes on with --resume from its last checkpoint, and ends with the same bits.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .min_operands = 1,
    .max_operands = 1,
    .complete = COMPLETE_WORDS,
    .operand_words = kinds,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
