#include "cli/help.h"

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    (void)args, (void)err;
    man_page(&cli->out);
    return SPR_OK;
}

const struct command cmd_man = {
    .name = "man",
    .operands = "",
    .summary = "print the manual page's source",
    .about = "Prints man(7) source: spritery man | man -l -",
    .hidden = true,
    .run = run,
};
