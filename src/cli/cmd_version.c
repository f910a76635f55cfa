#include "cli/command.h"

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    (void)args, (void)err;
    if (cli->json)
        fprintf(cli->out.file, "{\"program\": \"spritery\", \"version\": \"%s\"}\n", SPRITERY_VERSION);
    else
        fprintf(cli->out.file, "spritery %s\n", SPRITERY_VERSION);
    return SPR_OK;
}

const struct command cmd_version = {
    .name = "version",
    .operands = "",
    .summary = "print the program's version",
    .about = "The same as --version.",
    .run = run,
};
