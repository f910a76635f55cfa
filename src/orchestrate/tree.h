/* tree - a git worktree and branch for an agent's workstream, and the way back.
 * tree_make: .spritery/PLAN/tree/ID on branch spritery/PLAN/ID, from the HEAD of the repository that the plan lies in;
 *   one that is there is used again. Merging is left to a command of the run: what conflicts is a person's matter.
 * Threads: any. Runs git and waits for it. */
#ifndef ORCHESTRATE_TREE_H
#define ORCHESTRATE_TREE_H
#include "orchestrate/place.h"

SPR_MUST_USE enum spr_code tree_make(const struct place *at, const char *id, struct spr_error *err);
/* Commits what was changed in the worktree, if anything was. */
SPR_MUST_USE enum spr_code tree_commit(const struct place *at, const char *id, int attempt,
                                       struct spr_error *err);
/* Merges the branch into the branch that the plan's folder is on. SPR_BUSY: it conflicts, and nothing was changed; the
 * sentence names the files, and that 'spritery plan AGAIN' goes on. One without a branch is merged. */
SPR_MUST_USE enum spr_code tree_merge(const struct place *at, const char *id, const char *again,
                                      struct spr_error *err);

#endif
