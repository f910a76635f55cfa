#include "base/mem.h"
#include "cli/command.h"
#include "cli/json_line.h"
#include "cli/settings.h"
#include "yaml/schema.h"

#include <jansson.h>
#include <string.h>

enum { CONFIG = OPTION_OWN, SET };

static const struct settings_flags flags = { CONFIG, SET, { { 0, NULL } } };
static const char *const verbs[] = { "check", "path", "show", NULL };

static enum spr_code show_json(const struct cli *cli, const struct config_row *row, const char *value,
                               enum config_from from, struct spr_error *err)
{
    json_t *object =
        json_pack("{s:s, s:s, s:s}", "name", row->name, "value", value, "from", config_from_name(from));
    return json_line(cli, object, 0, row->name, "value", err);
}

static enum spr_code show(const struct cli *cli, const struct settings *s, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    struct buf value;
    buf_init(&value, 1 << 16);
    for (size_t i = 0; !rc && config_row(i); i++) {
        const struct config_row *row = config_row(i);
        enum config_from from = (enum config_from)s->config.from[i];
        const struct terminal *t = &cli->out;
        value.length = 0;
        if ((rc = config_print(&s->config, i, &value, err)))
            break;
        if (cli->json) {
            rc = show_json(cli, row, value.data ? value.data : "", from, err);
            continue;
        }
        fprintf(t->file, "%-16s ", row->name);
        terminal_safe(t, value.length ? value.data : "\"\"");
        fprintf(t->file, "  %s# %s%s%s%s\n", terminal_dim(t),
                from == CONFIG_DEFAULT ? "" : config_from_name(from), from == CONFIG_DEFAULT ? "" : "; ",
                row->help, terminal_plain(t));
    }
    buf_fini(&value);
    return rc;
}

static enum spr_code check(const struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct settings s = { 0 };
    struct doc_report *report = mem_zalloc(1, sizeof *report);
    if (!report)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory checking the configuration");
    enum spr_code rc = settings_report(args, &flags, &s, report, err);
    for (int i = 0; rc == SPR_BADDATA && i < report->count; i++) {
        terminal_safe(&cli->out, args_has(args, CONFIG) ? args_value(args, CONFIG) : "config.yaml");
        fprintf(cli->out.file, ":%d:%d: ", report->complaint[i].line, report->complaint[i].column);
        terminal_safe(&cli->out, report->complaint[i].text);
        fputc('\n', cli->out.file);
    }
    if (rc == SPR_BADDATA && report->count)
        rc = SPR_FAIL(err, rc, "the configuration has %d mistake%s", report->count,
                      report->count == 1 ? "" : "s");
    else if (!rc && !cli->quiet)
        fputs("no mistakes\n", cli->out.file);
    mem_free(report);
    settings_fini(&s);
    return rc;
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    const char *verb = args->operands ? args->operand[0] : "show";
    struct settings s;
    if (strcmp(verb, "check") == 0)
        return check(cli, args, err);
    if (strcmp(verb, "show") != 0 && strcmp(verb, "path") != 0)
        return SPR_FAIL(err, SPR_BADARG, "config can check, path or show, not \"%.40s\"", verb);
    enum spr_code rc = settings_read(args, &flags, &s, err);
    if (rc)
        return rc;
    if (strcmp(verb, "path") == 0) {
        terminal_safe(&cli->out, s.config.file);
        fputc('\n', cli->out.file);
    } else {
        rc = show(cli, &s, err);
    }
    settings_fini(&s);
    return rc;
}

static const struct option options[] = {
    { CONFIG, 0, "config", "FILE", "the file; default: $SPRITERY_CONFIG, else ~/.config/spritery/config.yaml",
      COMPLETE_FILE, NULL },
    { SET, 0, "set", "NAME=VALUE", "as if 'serve' had been given it", COMPLETE_NOTHING, NULL },
};

static const struct example examples[] = {
    { "spritery config show", "every setting, its value and where that comes from" },
    { "spritery config check", "every mistake in the file, with its line" },
};

const struct command cmd_config = {
    .name = "config",
    .operands = "[show|check|path]",
    .summary = "the daemon's settings: show, check, where the file is",
    .about = "A setting such as queue.keep is the key `keep` under `queue` in config.yaml, the variable "
             "SPRITERY_QUEUE_KEEP, "
             "and --set queue.keep=VALUE of 'serve'. The flag wins over the variable, that over the file.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .max_operands = 1,
    .complete = COMPLETE_WORDS,
    .operand_words = verbs,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
