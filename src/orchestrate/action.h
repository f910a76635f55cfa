/* action - what a workstream does, as a command: words, environment, folder.
 * Flow:  plan -> [action] -> crew -> executor;  plan check asks it for the words, to look at them early
 * The sprite actions (generate, pixelize, pack, train, deploy) are this program's own commands: each key of the action's
 * map is an option, but the one that names what it works on ("prompt", "from"), whose values are the operands.
 * A deploy without "from" works on the outputs of what it needs.
 * Threads: any. */
#ifndef ORCHESTRATE_ACTION_H
#define ORCHESTRATE_ACTION_H
#include "base/buf.h"
#include "orchestrate/place.h"

/* A list of words that grows; every word is owned by it. NULL at the end. */
struct words {
    char **word;
    size_t count, room;
};
SPR_MUST_USE enum spr_code words_add(struct words *w, struct spr_error *err, const char *format, ...)
    SPR_PRINTF(3, 4);
void words_fini(struct words *w); /* fine on a zeroed one */

/* The command's words. program: this program. An action without a command (manual, none) has no words.
 * Fails: SPR_NOMEM, SPR_LIMIT. */
SPR_MUST_USE enum spr_code action_words(const struct plan *p, int32_t w, int attempt, const char *program,
                                        const struct place *at, struct words *ret, struct spr_error *err);
/* The same for a criterion's command: a program and plain words run as they are, all else through the plan's shell. */
SPR_MUST_USE enum spr_code action_command(const struct plan *p, const char *command, struct words *ret,
                                          struct spr_error *err);
/* Always through the shell. */
SPR_MUST_USE enum spr_code action_shell(const struct plan *p, const char *command, struct words *ret,
                                        struct spr_error *err);

/* The environment, from scratch: PATH, HOME and the like, SPRITERY_* (SPRITERY_PROGRAM is this program), what the agent and the workstream say. A value
 * "${NAME}" is taken from the orchestrator's environment, so that secrets need not be in plans. w may be PLAN_NONE. */
SPR_MUST_USE enum spr_code action_env(const struct plan *p, int32_t w, int attempt, const struct place *at,
                                      struct words *ret, struct spr_error *err);

/* Where it runs, absolute. */
void action_folder(const struct plan *p, int32_t w, const struct place *at, char *ret, size_t size);

#endif
