#include "cli/help.h"

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    if (args->operands == 0) {
        help_program(&cli->out);
        return SPR_OK;
    }
    const struct command *c = command_find(args->operand[0]);
    if (!c)
        return command_unknown(args->operand[0], err);
    help_command(&cli->out, c);
    return SPR_OK;
}

const struct command cmd_help = {
    .name = "help",
    .operands = "[COMMAND]",
    .summary = "say what there is, or what a command does",
    .about = "Without a command: the commands, the exit status, the environment. With one: its options and "
             "examples.",
    .max_operands = 1,
    .complete = COMPLETE_COMMAND,
    .run = run,
};
