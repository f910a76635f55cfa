/* data_find - from the name of a data file (a model, a workflow) to the file.
 * Flow:  paint/model_find, engine/comfy_graph -> [base/data_find] -> folders
 * Folders of a kind, the first that has the name wins:
 *   1. those in the kind's variable, separated by colons
 *   2. $XDG_DATA_HOME/spritery/FOLDER, or ~/.local/share/spritery/FOLDER
 *   3. share/spritery/FOLDER beside the folder of the running program, wherever that was unpacked; FOLDER/ of the
 *      source tree that it was built in
 *   4. the one it was installed with
 * Threads: any, while nobody changes the environment. */
#ifndef BASE_DATA_FIND_H
#define BASE_DATA_FIND_H
#include "base/err.h"
#include <stddef.h>

struct data_kind {
    const char *word;     /* what a person calls one: "model" */
    const char *folder;   /* "models" */
    const char *variable; /* "SPRITERY_MODELS" */
    const char *ending;   /* ".safetensors" */
    const char *standard; /* the name that is meant by none */
};

/* A file's path stands for itself: anything with a slash, or with the kind's ending. NULL or "" is the standard.
 * GIVES *ret_path (mem_free). Fails: SPR_NOTFOUND (the sentence says what there is, or where was looked), SPR_NOMEM. */
SPR_MUST_USE enum spr_code data_find(const struct data_kind *kind, const char *name, char **ret_path,
                                     struct spr_error *err);

struct data_found {
    char *name, *path;
};

/* Every one in those folders, sorted by name, each name once. GIVES *ret (data_list_free). Fails: SPR_NOMEM. */
struct data_list {
    size_t count;
    struct data_found *item;
};
SPR_MUST_USE enum spr_code data_list(const struct data_kind *kind, struct data_list *ret,
                                     struct spr_error *err);
void data_list_free(struct data_list *l); /* fine on a zeroed one */

#endif
