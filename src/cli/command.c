#include "cli/command.h"

#include "base/str.h"

#include <string.h>

/* clang-format off */
static const struct {
    const struct command *row;
} commands[] = { /* sorted by name: a test checks */
    { &cmd_animate },
    { &cmd_batch },
    { &cmd_check },
    { &cmd_completion },
    { &cmd_config },
    { &cmd_deploy },
    { &cmd_doctor },
    { &cmd_generate },
    { &cmd_help },
    { &cmd_jobs },
    { &cmd_keys },
    { &cmd_man },
    { &cmd_models },
    { &cmd_pack },
    { &cmd_palette },
    { &cmd_pixelize },
    { &cmd_plan },
    { &cmd_plan_fetch },
    { &cmd_serve },
    { &cmd_show },
    { &cmd_status },
    { &cmd_tiles },
    { &cmd_train },
    { &cmd_transform },
    { &cmd_unpack },
    { &cmd_version },
};
/* clang-format on */

const struct command *command_at(size_t i)
{
    return i < SPR_COUNT(commands) ? commands[i].row : NULL;
}

const struct command *command_find(const char *name)
{
    size_t low = 0, high = SPR_COUNT(commands);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, commands[middle].row->name);
        if (order == 0)
            return commands[middle].row;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

enum spr_code command_unknown(const char *name, struct spr_error *err)
{
    const char *names[SPR_COUNT(commands)];
    char shown[REQUEST_SHOWN_BYTES];
    size_t count = 0;
    for (size_t i = 0; i < SPR_COUNT(commands); i++)
        if (!commands[i].row->hidden)
            names[count++] = commands[i].row->name;
    request_shown(name, shown);
    const char *near = str_nearest(name, names, count);
    if (near)
        return SPR_FAIL(err, SPR_BADARG, "there is no command '%s'; did you mean '%s'?", shown, near);
    return SPR_FAIL(err, SPR_BADARG, "there is no command '%s'; see 'spritery help'", shown);
}
