/* comfy_graph - a ComfyUI workflow with named slots: loaded, filled from a request, checked against a server.
 * Flow:  workflows/NAME.json + struct comfy_values -> [engine/comfy_graph] -> the JSON text of POST /prompt
 * A template is a workflow in API format. A text that is a slot's name in braces, "{{seed}}", becomes that value, with
 *   the type it has; within a longer text, "pixel art, {{prompt}}", it becomes text. Beside the nodes stands
 *   "_spritery": {"about": "...", "defaults": {"steps": 25, ...}}.
 * Slots: prompt negative model lora lora_strength seed steps cfg sampler scheduler denoise width height batch image mask
 *   prefix. Seeds keep all of their 64 bits.
 * Threads: a plain value; whoever owns it says. */
#ifndef ENGINE_COMFY_GRAPH_H
#define ENGINE_COMFY_GRAPH_H
#include "base/buf.h"
#include "base/data_find.h"
#include "base/err.h"
#include "engine/engine.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct comfy_values {
    const char *prompt, *negative;
    const char *model; /* "": the template's default, else the server's first */
    const char *lora;
    double lora_strength;
    uint64_t seed;
    int steps;
    double cfg;
    const char *sampler, *scheduler; /* scheduler NULL: the template's default */
    double denoise;
    int width, height; /* 0: the template's default */
    int batch;
    const char *image, *mask; /* as the server calls them */
    const char *prefix;
};

struct comfy_graph {
    char name[64];               /* "txt2img-sdxl" */
    char hash[DIGEST_HEX_BYTES]; /* SHA-256 of the template's bytes, in hexadecimal */
    json_t *root;                /* the nodes */
    json_t *extra;               /* "_spritery", or NULL */
};

extern const struct data_kind comfy_graph_kind; /* NAME.json in workflows/ or SPRITERY_WORKFLOWS */

/* name: a template's name, or a file. GIVES *ret (comfy_graph_fini). Fails: SPR_NOTFOUND (what there is is said), SPR_BADDATA (not API format, an unknown slot), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code comfy_graph_load(const char *name, struct comfy_graph *ret, struct spr_error *err);

/* The same from a text; name and hash are the caller's to set. */
SPR_MUST_USE enum spr_code comfy_graph_parse(const char *text, size_t size, struct comfy_graph *ret,
                                             struct spr_error *err);
void comfy_graph_fini(struct comfy_graph *g); /* fine on a zeroed one */

bool comfy_graph_uses(const struct comfy_graph *g, const char *slot);
/* A number of "defaults", or what the caller has. */
double comfy_graph_default(const struct comfy_graph *g, const char *slot, double otherwise);

/* Fills every slot, in place: once. Fails: SPR_NOMEM, SPR_BADARG (a slot that needs a value has none: which flag). */
SPR_MUST_USE enum spr_code comfy_graph_fill(struct comfy_graph *g, const struct comfy_values *v,
                                            struct spr_error *err);

/* Asks what a node class is: GIVES *ret (json_decref), the class's object of /object_info; an empty object where the
 * server does not have it. */
typedef enum spr_code comfy_class_fn(void *context, const char *class, json_t **ret, struct spr_error *err);

/* After filling: whether a server can run it: its classes, the inputs they require, and every choice (models, LoRAs,
 * samplers) among those it offers. A model that was left open ("") becomes the first offered. Fails: SPR_UNSUPPORTED (a
 * node class it lacks), SPR_NOTFOUND (a choice: the nearest is said), SPR_BADDATA (a required input is missing). */
SPR_MUST_USE enum spr_code comfy_graph_check(struct comfy_graph *g, comfy_class_fn *class_of, void *context,
                                             struct spr_error *err);

/* The same, but visits everything that is lacking. Fails: only as class_of does. */
SPR_MUST_USE enum spr_code comfy_graph_lacks(struct comfy_graph *g, comfy_class_fn *class_of, void *context,
                                             void (*visit)(void *context, const struct spr_error *lack),
                                             void *visit_context, struct spr_error *err);

/* The choices that an input of a class offers, ["a", "b"] or ["COMBO", {"options": [...]}]: the list within it; NULL where
 * it is no choice. */
const json_t *comfy_choices(const json_t *input);

/* Appends the nodes as JSON, the seed with all its digits. */
SPR_MUST_USE enum spr_code comfy_graph_print(const struct comfy_graph *g, uint64_t seed, struct buf *into,
                                             struct spr_error *err);

#endif
