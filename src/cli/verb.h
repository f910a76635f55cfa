/* verb - the words of commands that have several ("palette apply"): rows of a table, each with the operands and options
 * that it takes.
 * Flow:  cmd_*.c's run -> [cli/verb] -> the verb's function
 * Threads: the main one. */
#ifndef CLI_VERB_H
#define CLI_VERB_H
#include "cli/command.h"

enum { VERB_OPTIONS = 8, VERB_ANY = 1000000 };

struct verb {
    const char *name;
    const char *operands;      /* after it, as help shows them; "" for none */
    size_t min, max;           /* how many; VERB_ANY: any number */
    int options[VERB_OPTIONS]; /* which of the command's own options it takes; zeroes behind */
    command_fn *run;
};

/* The place of the verb that the first operand names, or of `standard` ("": none) where there is no operand. BORROWS
 * verbs[count]. Fails: SPR_BADARG, as verb_run. */
SPR_MUST_USE enum spr_code verb_find(const struct command *command, const struct verb *verbs, size_t count,
                                     const char *standard, const struct args *args, size_t *ret,
                                     struct spr_error *err);

/* Runs the verb that the first operand names. Fails: SPR_BADARG (no such verb: the nearest is
 * suggested; more or fewer operands; another verb's option), and as the verb does. */
SPR_MUST_USE enum spr_code verb_run(const struct command *command, const struct verb *verbs, size_t count,
                                    struct cli *cli, const struct args *args, struct spr_error *err);

#endif
