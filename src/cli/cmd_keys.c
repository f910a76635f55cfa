#include "cli/command.h"
#include "daemon/config.h"
#include "wire/keys.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { FOLDER = OPTION_OWN };

static const char *const verbs[] = { "new", NULL };

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct wire_keys keys;
    char folder[PATH_MAX];
    if (strcmp(args->operand[0], "new") != 0)
        return SPR_FAIL(err, SPR_BADARG, "it is 'spritery keys new NAME'; see 'spritery help keys'");
    const char *name = args->operand[1];
    enum spr_code rc = config_folder("config", folder, err);
    if (args_has(args, FOLDER)) {
        rc = SPR_OK;
        snprintf(folder, sizeof folder, "%s", args_value(args, FOLDER));
    } else if (!rc) {
        strncat(folder, "/keys", sizeof folder - strlen(folder) - 1);
    }
    if (!rc)
        rc = wire_keys_make(&keys, err);
    if (!rc)
        rc = wire_keys_write(folder, name, &keys, err);
    if (!rc) {
        terminal_safe(&cli->out, folder);
        fprintf(cli->out.file, "/%s.pub\n", name);
    }
    if (!rc && !cli->quiet)
        fprintf(cli->err.file, "the secret is in %s.key beside it; the public key is\n%s\n", name,
                keys.public_key);
    explicit_bzero(&keys, sizeof keys);
    return rc;
}

static const struct option options[] = {
    { FOLDER, 0, "folder", "DIR", "where to; default: ~/.config/spritery/keys", COMPLETE_FOLDER, NULL },
};

static const struct example examples[] = {
    { "spritery keys new server",
      "on the daemon's machine; then keys.server: ~/.config/spritery/keys/server.key" },
    { "spritery keys new laptop",
      "on the client's; its line in laptop.pub goes into keys/allowed at the daemon" },
    { "spritery serve --set listen.requests=tcp://0.0.0.0:5555 --set "
      "keys.server=$HOME/.config/spritery/keys/server.key",
      "open to those who are in keys/allowed, and to nobody else" },
    { "spritery status --daemon tcp://studio:5555 --key laptop.key --server-key server.pub",
      "from the laptop" },
};

const struct command cmd_keys = {
    .name = "keys",
    .operands = "new NAME",
    .summary = "make keys, for a daemon that other machines may reach",
    .about = "The daemon listens on its own machine only, unless it has a key (CURVE); then it is encrypted, "
             "and lets in "
             "whoever is in the list keys.allowed: the lines of clients' .pub files. A key that is taken out "
             "of the list is "
             "refused from its next connection on.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .min_operands = 2,
    .max_operands = 2,
    .complete = COMPLETE_WORDS,
    .operand_words = verbs,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
