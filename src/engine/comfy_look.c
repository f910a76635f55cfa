#include "engine/comfy_look.h"

#include <stdio.h>
#include <string.h>

enum { ASK_MS = 3000 };

const char *const comfy_kind_name[COMFY_KINDS] = { "checkpoint", "lora", "vae" };
const char *const comfy_kind_folder[COMFY_KINDS] = { "checkpoints", "loras", "vae" };

/* The node that loads each kind, and the input that names one. */
static const struct {
    const char *class, *input;
} loaders[COMFY_KINDS] = {
    { "CheckpointLoaderSimple", "ckpt_name" },
    { "LoraLoader", "lora_name" },
    { "VAELoader", "vae_name" },
};

enum spr_code comfy_class(void *http, const char *class, json_t **ret, struct spr_error *err)
{
    struct fetch *h = http;
    struct buf path;
    json_t *root = NULL;
    buf_init(&path, 1024);
    enum spr_code rc = buf_addf(&path, err, "/object_info/");
    if (!rc && !(rc = fetch_escape(h, class, &path, err)))
        rc = fetch_json(h, path.data, ASK_MS, &root, err);
    buf_fini(&path);
    if (rc == SPR_NOTFOUND) {
        root = json_object();
        rc = root ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for a node class");
    }
    if (!rc)
        *ret = json_is_object(json_object_get(root, class)) ? json_incref(json_object_get(root, class))
                                                            : json_object();
    json_decref(root);
    return rc;
}

enum spr_code comfy_about(struct fetch *h, struct comfy_about *ret, struct spr_error *err)
{
    json_t *root = NULL;
    enum spr_code rc = fetch_json(h, "/system_stats", ASK_MS, &root, err);
    if (rc)
        return rc;
    const json_t *device = json_array_get(json_object_get(root, "devices"), 0);
    const char *version =
        json_string_value(json_object_get(json_object_get(root, "system"), "comfyui_version"));
    const char *name = json_string_value(json_object_get(device, "name"));
    *ret = (struct comfy_about){ .memory_bytes = json_number_value(json_object_get(device, "vram_total")) };
    snprintf(ret->version, sizeof ret->version, "%s", version ? version : "");
    snprintf(ret->device, sizeof ret->device, "%s", name ? name : "");
    json_decref(root);
    return SPR_OK;
}

bool comfy_version_from(const char *version, const char *least)
{
    int is[3] = { 0 }, should[3] = { 0 };
    if (sscanf(version, "%d.%d.%d", &is[0], &is[1], &is[2]) < 2)
        return true;
    if (sscanf(least, "%d.%d.%d", &should[0], &should[1], &should[2]) < 2)
        return true;
    for (int i = 0; i < 3; i++)
        if (is[i] != should[i])
            return is[i] > should[i];
    return true;
}

enum spr_code comfy_models(struct fetch *h, enum comfy_kind kind, json_t **ret, struct spr_error *err)
{
    json_t *about = NULL;
    enum spr_code rc = comfy_class(h, loaders[kind].class, &about, err);
    if (rc)
        return rc;
    const json_t *input =
        json_object_get(json_object_get(json_object_get(about, "input"), "required"), loaders[kind].input);
    json_t *choices = (json_t *)(uintptr_t)comfy_choices(input);
    *ret = json_is_array(choices) ? json_incref(choices) : json_array();
    json_decref(about);
    return *ret ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for a list of models");
}

/* LoadImage offers what was uploaded; ours would be by then. */
static enum spr_code class_with_any_image(void *http, const char *class, json_t **ret, struct spr_error *err)
{
    enum spr_code rc = comfy_class(http, class, ret, err);
    json_t *required = rc ? NULL : json_object_get(json_object_get(*ret, "input"), "required");
    if (json_object_get(required, "image") && comfy_choices(json_object_get(required, "image")) &&
        json_object_set_new(required, "image", json_pack("[s]", "STRING")))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a node class");
    return rc;
}

struct visit {
    comfy_lack_fn *visit;
    void *context;
    const char *workflow;
};

static void on_lack(void *context, const struct spr_error *lack)
{
    const struct visit *v = context;
    v->visit(v->context, v->workflow, lack);
}

enum spr_code comfy_lacks(struct fetch *h, const char *workflow, comfy_lack_fn *visit, void *context,
                          struct spr_error *err)
{
    static const struct comfy_values any = { .prompt = "gem",
                                             .negative = "",
                                             .model = "",
                                             .lora = "",
                                             .lora_strength = 1,
                                             .steps = 20,
                                             .cfg = 7,
                                             .sampler = "euler",
                                             .denoise = 1,
                                             .batch = 1,
                                             .image = "init.png",
                                             .mask = "mask.png",
                                             .prefix = "spritery" };
    struct comfy_graph g = { 0 };
    struct visit v = { visit, context, workflow };
    enum spr_code rc = comfy_graph_load(workflow, &g, err);
    if (!rc)
        rc = comfy_graph_fill(&g, &any, err);
    if (!rc)
        rc = comfy_graph_lacks(&g, class_with_any_image, h, on_lack, &v, err);
    comfy_graph_fini(&g);
    return rc;
}
