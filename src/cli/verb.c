#include "cli/verb.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { VERBS_MAX = 32 };

static enum spr_code unknown(const struct command *c, const struct verb *verbs, size_t count,
                             const char *word, struct spr_error *err)
{
    const char *names[VERBS_MAX];
    char shown[REQUEST_SHOWN_BYTES], list[256] = "";
    size_t n = 0;
    for (; n < count && n < VERBS_MAX; n++) {
        size_t used = strlen(list);
        names[n] = verbs[n].name;
        snprintf(list + used, sizeof list - used, "%s%s",
                 n == 0          ? ""
                 : n + 1 < count ? ", "
                                 : " or ",
                 names[n]);
    }
    const char *near = str_nearest(word, names, n);
    request_shown(word, shown);
    if (near)
        return SPR_FAIL(err, SPR_BADARG, "there is no '%s %s'; did you mean '%s %s'?", c->name, shown,
                        c->name, near);
    return SPR_FAIL(err, SPR_BADARG, "there is no '%s %s'; it can be %s", c->name, shown, list);
}

static enum spr_code check_options(const struct command *c, const struct verb *v, const struct args *args,
                                   struct spr_error *err)
{
    for (size_t i = 0; i < c->option_count; i++) {
        bool taken = false;
        for (size_t k = 0; k < VERB_OPTIONS; k++)
            taken = taken || v->options[k] == c->options[i].id;
        if (!taken && args_has(args, c->options[i].id))
            return SPR_FAIL(err, SPR_BADARG, "--%s does not belong to '%s %s'; see 'spritery help %s'",
                            c->options[i].name, c->name, v->name, c->name);
    }
    return SPR_OK;
}

enum spr_code verb_find(const struct command *command, const struct verb *verbs, size_t count,
                        const char *standard, const struct args *args, size_t *ret, struct spr_error *err)
{
    const char *word = args->operands ? args->operand[0] : standard;
    size_t i = 0, given = args->operands ? args->operands - 1 : 0;
    while (i < count && strcmp(word, verbs[i].name) != 0)
        i++;
    if (i == count)
        return unknown(command, verbs, count, word, err);
    const struct verb *v = &verbs[i];
    if (given < v->min || given > v->max)
        return SPR_FAIL(err, SPR_BADARG, "it is 'spritery %s %s%s%s'; see 'spritery help %s'", command->name,
                        v->name, *v->operands ? " " : "", v->operands, command->name);
    enum spr_code rc = check_options(command, v, args, err);
    if (!rc)
        *ret = i;
    return rc;
}

enum spr_code verb_run(const struct command *command, const struct verb *verbs, size_t count, struct cli *cli,
                       const struct args *args, struct spr_error *err)
{
    size_t i = 0;
    enum spr_code rc = verb_find(command, verbs, count, "", args, &i, err);
    return rc ? rc : verbs[i].run(cli, args, err);
}
