/* place - where the parts of a run lie: beside the plan file, in .spritery/NAME.
 *     run.journal, run.witness, lock   journal.h        slots           task.h
 *     log/ID.ATTEMPT.out, .err         output of tasks  status.json, status/ID.json  status.h
 *     orders/                          inbox.h          tree/ID         git worktrees of agents
 *     domain/ID, domain/ID.err         team.h           socket/         ZeroMQ: orders to domains, events to who looks
 * Threads: immutable once made. */
#ifndef ORCHESTRATE_PLACE_H
#define ORCHESTRATE_PLACE_H
#include "base/err.h"
#include "orchestrate/task.h"
#include "plan/plan.h"
#include "wire/socket.h"
#include <limits.h>

struct place {
    char plan[TASK_PATH_BYTES];   /* the plan file, absolute */
    char home[TASK_PATH_BYTES];   /* its folder: where commands run and paths begin */
    char folder[TASK_PATH_BYTES]; /* HOME/.spritery/NAME */
    char self[TASK_PATH_BYTES];   /* this program */
};

/* plan_file as the person named it. Fails: SPR_NOTFOUND, SPR_LIMIT (too long a path). */
SPR_MUST_USE enum spr_code place_init(struct place *ret, const char *plan_file, const struct plan *p,
                                      struct spr_error *err);
/* Makes the folders. Fails: SPR_IO. */
SPR_MUST_USE enum spr_code place_make(const struct place *at, struct spr_error *err);

/* Where one of our own programs is, which stands beside this one or in ../libexec/spritery: name as "spritery-task";
 * variable: of the environment, that can name another. Fails: SPR_NOTFOUND. */
SPR_MUST_USE enum spr_code place_tool(const char *name, const char *variable, char path[PATH_MAX],
                                      struct spr_error *err);

/* The ipc address of a socket of the run: in its folder, or in the user's runtime folder where a socket's name would be
 * too long. Fails: as wire_ipc_address. */
SPR_MUST_USE enum spr_code place_socket(const struct place *at, const char *name,
                                        char ret[WIRE_ADDRESS_BYTES], struct spr_error *err);

/* HOME/path, or path itself if it is absolute. */
void place_path(const struct place *at, const char *path, char *ret, size_t size);

#endif
