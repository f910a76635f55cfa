#include "base/str.h"
#include "cli/help.h"

#include <string.h>

static const char *const shells[] = { "bash", "fish", "zsh", NULL };

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    for (size_t i = 0; shells[i]; i++) {
        if (strcmp(args->operand[0], shells[i]) != 0)
            continue;
        shell_completion(&cli->out, shells[i]);
        return SPR_OK;
    }
    char shown[REQUEST_SHOWN_BYTES];
    request_shown(args->operand[0], shown);
    return SPR_FAIL(err, SPR_BADARG, "the shell is \"%s\"; it must be one of bash, fish, zsh", shown);
}

const struct command cmd_completion = {
    .name = "completion",
    .operands = "bash|fish|zsh",
    .summary = "print a completion script for a shell",
    .about = "For bash: put 'source <(spritery completion bash)' into ~/.bashrc.",
    .min_operands = 1,
    .max_operands = 1,
    .complete = COMPLETE_WORDS,
    .operand_words = shells,
    .hidden = true,
    .run = run,
};
