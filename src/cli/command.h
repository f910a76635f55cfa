/* command - the table of what `spritery` can do. One row per verb, one file per row: cmd_VERB.c holds the row and the
 * function behind it, and nothing but argument reading, calling and printing.
 * Flow:  main -> [cli/command] -> cmd_*.c;  the same rows -> help, man page, completions
 * Adding one: write cmd_VERB.c with `const struct command cmd_VERB`, declare it below, name it in command.c's sorted
 *   table and in meson.build; the help and completion goldens show the rest. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H
#include "base/err.h"
#include "cli/option.h"
#include "cli/terminal.h"
#include <stdbool.h>
#include <stddef.h>

/* One run of the program. */
struct cli {
    bool json;           /* results as JSON on standard output */
    bool quiet;          /* nothing on standard error but failures */
    bool verbose;        /* more on standard error */
    struct terminal out; /* standard output */
    struct terminal err; /* standard error */
};

/* Does the work. A failure is a code and a sentence, which main prints; the exit status is 2 for SPR_BADARG, 130
 * (143 after SIGTERM) for SPR_CANCELLED, else 1. Long work calls interrupt_watch (cli/interrupt.h) first. */
typedef enum spr_code command_fn(struct cli *cli, const struct args *args, struct spr_error *err);

struct example {
    const char *line, *what;
};

struct command {
    const char *name;
    const char *operands; /* "PROMPT..."; "" for none */
    const char *summary;  /* one line */
    const char *about;    /* paragraphs with '\n' between; a line that begins with a blank is kept as it is */
    const struct option *options; /* own rows, after a request's fields and before the common ones */
    size_t option_count;
    bool (*more_options)(size_t i,
                         struct option *ret); /* further rows from another folder's table, or NULL */
    bool takes_request;                       /* every field of request/ is an option too, but the prompt */
    int min_operands, max_operands;           /* max -1: any number */
    enum complete complete;                   /* of operands */
    const char *const *operand_words;         /* COMPLETE_WORDS */
    const struct example *examples;
    size_t example_count;
    const char *names_title; /* help's last paragraph: names of another folder, as "Palettes"; or NULL */
    const char *(*name_at)(int i); /* the i-th; NULL after the last */
    bool hidden;                   /* not listed */
    /* What options must be together, beside what args_read sees; or NULL. For plans, which are read before they run. */
    enum spr_code (*check)(const struct args *args, struct spr_error *err);
    command_fn *run;
};

extern const struct command cmd_animate, cmd_batch, cmd_check, cmd_completion, cmd_config, cmd_deploy,
    cmd_doctor, cmd_generate, cmd_help, cmd_jobs, cmd_keys, cmd_man, cmd_models, cmd_pack, cmd_palette,
    cmd_pixelize, cmd_plan, cmd_plan_fetch, cmd_serve, cmd_show, cmd_status, cmd_tiles, cmd_train,
    cmd_transform, cmd_unpack, cmd_version;

/* The i-th command by name; NULL after the last. */
const struct command *command_at(size_t i);
const struct command *command_find(const char *name); /* NULL if none */

/* The sentence for a name that is no command, with the nearest one; returns SPR_BADARG. */
enum spr_code command_unknown(const char *name, struct spr_error *err);

#endif
