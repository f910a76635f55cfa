/* model_find - from a model's name to its file.
 * Flow:  cli, engine -> [paint/model_find] -> paint/model
 * Folders, the first that has the name wins:
 *   1. those in SPRITERY_MODELS, separated by colons
 *   2. $XDG_DATA_HOME/spritery/models, or ~/.local/share/spritery/models
 *   3. share/spritery/models beside the folder of the running program, wherever that was unpacked; models/ of the
 *      source tree that it was built in
 *   4. the one it was installed with
 * Threads: any, while nobody changes the environment. */
#ifndef PAINT_MODEL_FIND_H
#define PAINT_MODEL_FIND_H
#include "base/err.h"
#include <stddef.h>

#define MODEL_DEFAULT "sprite32"

/* A file's path stands for itself: anything with a slash, or that ends in ".safetensors". Otherwise NAME.safetensors
 * is looked for; NULL or "" is MODEL_DEFAULT. GIVES *ret_path (mem_free). Fails: SPR_NOTFOUND (the sentence says what
 * there is, and where was looked), SPR_NOMEM. */
SPR_MUST_USE enum spr_code model_find(const char *name, char **ret_path, struct spr_error *err);

struct model_found {
    char *name, *path;
};

/* Every model in those folders, sorted by name, each name once. GIVES *ret (model_list_free). Fails: SPR_NOMEM. */
struct model_list {
    size_t count;
    struct model_found *model;
};
SPR_MUST_USE enum spr_code model_list(struct model_list *ret, struct spr_error *err);
void model_list_free(struct model_list *l); /* fine on a zeroed one */

#endif
