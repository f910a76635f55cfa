/* maker - who draws: this process, or the daemon where one is up.
 * Flow:  --embedded, --daemon, --threads -> [cli/maker] -> engine/native or daemon/remote -> cli/batch
 * Threads: the main one. */
#ifndef CLI_MAKER_H
#define CLI_MAKER_H
#include "cli/link.h"
#include "engine/engine.h"

enum { MAKER_EMBEDDED = OPTION_OWN + 60 };
/* The rows of the options, for a command's table. */
#define MAKER_OPTIONS                                                           \
    { MAKER_EMBEDDED,                                                           \
      0,                                                                        \
      "embedded",                                                               \
      NULL,                                                                     \
      "draw in this process even where a daemon is up; the bytes are the same", \
      COMPLETE_NOTHING,                                                         \
      NULL },                                                                   \
        LINK_OPTIONS

struct maker {
    struct link link; /* of a daemon */
    struct engine *engine;
};

/* With `threads` given on the command line it is this process. GIVES *m (maker_fini). Fails: as engine_native and
 * engine_remote do; a daemon that was named must answer. */
SPR_MUST_USE enum spr_code maker_init(const struct args *args, int threads, bool threads_given,
                                      struct maker *m, struct spr_error *err);
void maker_fini(struct maker *m); /* fine on a zeroed one */

#endif
