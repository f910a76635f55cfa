/* comfy_look - what a ComfyUI server has: its version, models by kind, node classes; and what our workflows lack there.
 * Flow:  engine/comfyui, daemon, cli/doctor -> [engine/comfy_look] -> fetch -> the server
 * Threads: as the connection. */
#ifndef ENGINE_COMFY_LOOK_H
#define ENGINE_COMFY_LOOK_H
#include "engine/comfy_graph.h"
#include "fetch/fetch.h"

/* A comfy_class_fn whose context is a struct fetch. */
SPR_MUST_USE enum spr_code comfy_class(void *http, const char *class, json_t **ret, struct spr_error *err);

struct comfy_about {
    char version[32];    /* "0.3.64"; "" where it does not say */
    char device[96];     /* "cuda:0 NVIDIA GB10" */
    double memory_bytes; /* of the device; 0: not said */
};
/* Fails: as fetch_json does. */
SPR_MUST_USE enum spr_code comfy_about(struct fetch *h, struct comfy_about *ret, struct spr_error *err);

/* Whether a version, "0.3.64", is at least another; one that cannot be read is. */
bool comfy_version_from(const char *version, const char *least);

enum comfy_kind { COMFY_CHECKPOINT, COMFY_LORA, COMFY_VAE, COMFY_KINDS };
extern const char *const comfy_kind_name[COMFY_KINDS];   /* "checkpoint", "lora", "vae" */
extern const char *const comfy_kind_folder[COMFY_KINDS]; /* of the server: "checkpoints" ... */

/* GIVES *ret (json_decref): the names, as the loaders take them. What has no loader there has no names. Fails: as
 * fetch_json does. */
SPR_MUST_USE enum spr_code comfy_models(struct fetch *h, enum comfy_kind kind, json_t **ret,
                                        struct spr_error *err);

/* Visits everything that a workflow template, with its own defaults, lacks on the server: one sentence each. code: as
 * comfy_graph_check's. Fails: as comfy_graph_load and fetch_json do. */
typedef void comfy_lack_fn(void *context, const char *workflow, const struct spr_error *lack);
SPR_MUST_USE enum spr_code comfy_lacks(struct fetch *h, const char *workflow, comfy_lack_fn *visit,
                                       void *context, struct spr_error *err);

#endif
