/* comfy_job - one prompt on one ComfyUI server: handed in, followed, and what came of it.
 * Flow:  engine/comfyui -> [engine/comfy_job] -> fetch, comfy_socket -> files on the server
 *
 *   POST /prompt -> followed on the socket -> "executing: null" --------> GET /history -> files
 *                      | closed or silent: GET /history and /queue every second, the socket is opened anew
 *                      '-- in neither of them: the server has forgotten it (SPR_BUSY: hand it in again)
 *
 * The prompt's id is our own, so no event can come before we know it.
 * Threads: one at a time; callbacks of the watch come on it. */
#ifndef ENGINE_COMFY_JOB_H
#define ENGINE_COMFY_JOB_H
#include "engine/comfy_event.h"
#include "engine/engine.h"
#include "fetch/fetch.h"

enum { COMFY_FILES_MAX = 1000 };

struct comfy_file {
    char *name, *folder, *type;
};

struct comfy_result {
    int files;
    struct comfy_file *file; /* "output" files if there are any, else what there is; in the nodes' order */
};

/* graph: the nodes as JSON. picture, pictures: for progress only. GIVES *ret (comfy_result_fini).
 * Fails: SPR_BADARG (the server refuses the workflow: its words), SPR_CANCELLED (the server is told), SPR_NOMEM (of the
 * server's device too), SPR_IO and SPR_TIMEOUT (it does not answer), SPR_BUSY (it has forgotten the prompt: it was
 * started anew), SPR_BADDATA (a node failed: its words; or the prompt was interrupted by somebody else). */
SPR_MUST_USE enum spr_code comfy_job_run(struct fetch *server, const char *client_id, const char *graph,
                                         const struct engine_watch *watch, int picture, int pictures,
                                         struct comfy_result *ret, struct spr_error *err);
void comfy_result_fini(struct comfy_result *r); /* fine on a zeroed one */

/* Appends the file's bytes. Fails: as fetch_get. */
SPR_MUST_USE enum spr_code comfy_file_get(struct fetch *server, const struct comfy_file *f, struct buf *into,
                                          struct spr_error *err);

/* A random id in the form of a UUID. */
enum { COMFY_UUID_BYTES = 37 };
void comfy_uuid(char ret[COMFY_UUID_BYTES]);

#endif
