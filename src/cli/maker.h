/* maker - who draws: the daemon where one is up, this process, or ComfyUI servers that this process talks to.
 * Flow:  --embedded, --daemon, --threads, --server -> [cli/maker] -> engine/native, engine/comfyui or daemon/remote -> cli/batch,
 *        cli/row_batch
 * Threads: the main one. */
#ifndef CLI_MAKER_H
#define CLI_MAKER_H
#include "cli/link.h"
#include "engine/engine.h"

enum { MAKER_EMBEDDED = OPTION_OWN + 60, MAKER_SERVER };
/* The rows of the options, for a command's table. */
/* clang-format off */
#define MAKER_OPTIONS                                                                                           \
    { MAKER_EMBEDDED, 0, "embedded", NULL,                                                                      \
      "draw in this process even where a daemon is up; the bytes are the same", COMPLETE_NOTHING, NULL },       \
    { MAKER_SERVER, 0, "server", "URL,...",                                                                     \
      "ComfyUI servers for --engine comfyui (default: $SPRITERY_COMFYUI, or 127.0.0.1:8188)", COMPLETE_NOTHING, NULL }, \
    LINK_OPTIONS
/* clang-format on */

struct maker {
    struct link link; /* of a daemon */
    struct engine *engine;
};

/* comfyui: the request is for ComfyUI servers; they are asked from here where --server or SPRITERY_COMFYUI names them, or
 * no daemon is up. With `threads` given on the command line it is this process. GIVES *m (maker_fini). Fails: as engine_native and
 * engine_remote do; a daemon that was named must answer. */
SPR_MUST_USE enum spr_code maker_init(const struct args *args, bool comfyui, int threads, bool threads_given,
                                      struct maker *m, struct spr_error *err);
void maker_fini(struct maker *m); /* fine on a zeroed one */

#endif
