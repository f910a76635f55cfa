/* The ComfyUI servers: whether they answer, what they have, and what our workflows lack there, each with what to do. */
#include "base/data_find.h"
#include "cli/doctor.h"
#include "engine/comfy_look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Before it, /interrupt stops whatever runs, also somebody else's prompt (ComfyUI's pull request 9607, August 2025). */
#define TARGETED_INTERRUPT "0.3.57"

enum { LACKS_MAX = 16 };

struct look {
    const char *url;
    doctor_visit *visit;
    void *context;
    char seen[LACKS_MAX][160]; /* lacks that were told, without their node's number */
    int lacks;
};

static void tell(const struct look *l, enum doctor_grade grade, const char *seen, const char *advice)
{
    struct doctor_finding f = { .grade = grade };
    snprintf(f.seen, sizeof f.seen, "%.200s: %.300s", l->url, seen);
    snprintf(f.advice, sizeof f.advice, "%s", advice);
    l->visit(l->context, &f);
}

/* Workflows share most nodes: each lack is told once, with the first workflow that has it. */
static void on_lack(void *context, const char *workflow, const struct spr_error *lack)
{
    struct look *l = context;
    const char *sentence = strstr(lack->text, ": "); /* after "node 3" */
    char seen[400];
    sentence = sentence ? sentence + 2 : lack->text;
    for (int i = 0; i < l->lacks; i++)
        if (strncmp(l->seen[i], sentence, sizeof l->seen[i] - 1) == 0)
            return;
    if (l->lacks == LACKS_MAX)
        return;
    snprintf(l->seen[l->lacks++], sizeof l->seen[0], "%.159s", sentence);
    snprintf(seen, sizeof seen, "workflow %.40s: %.250s", workflow, sentence);
    bool class = lack->code == SPR_UNSUPPORTED, lora = strstr(sentence, "lora_name") != NULL,
         model = strstr(sentence, "ckpt_name") != NULL;
    tell(l, model ? DOCTOR_BAD : DOCTOR_NOTE, seen,
         class   ? "install the extension that brings the node (ComfyUI-Manager finds it by this name), or "
                   "update ComfyUI"
         : lora  ? "put the file into the server's models/loras, or name one that is there with --lora"
         : model ? "put a checkpoint into the server's models/checkpoints; 'spritery models --server URL' "
                   "shows them"
                 : "update ComfyUI, or give a workflow of your own with --workflow");
}

/* False: it does not answer, and that is told. */
static bool look_at_server(struct look *l, struct fetch *h)
{
    struct comfy_about about = { 0 };
    struct spr_error err;
    char seen[400];
    size_t count[COMFY_KINDS] = { 0 };
    enum spr_code rc = comfy_about(h, &about, &err);
    for (int kind = 0; !rc && kind < COMFY_KINDS; kind++) {
        json_t *names = NULL;
        rc = comfy_models(h, (enum comfy_kind)kind, &names, &err);
        count[kind] = json_array_size(names);
        json_decref(names);
    }
    if (rc) {
        tell(l, DOCTOR_BAD, err.text, "start the server, or take its URL out of engine.comfyui");
        return false;
    }
    snprintf(seen, sizeof seen, "ComfyUI %s on %.60s; %zu checkpoints, %zu LoRAs, %zu VAEs",
             about.version[0] ? about.version : "of no known version",
             about.device[0] ? about.device : "a device it does not name", count[COMFY_CHECKPOINT],
             count[COMFY_LORA], count[COMFY_VAE]);
    bool old = !comfy_version_from(about.version, TARGETED_INTERRUPT);
    tell(l, old ? DOCTOR_NOTE : DOCTOR_GOOD, seen,
         old ? "before " TARGETED_INTERRUPT
               " cancelling may stop another user's picture there: update ComfyUI"
             : "");
    return true;
}

static void look_at(struct look *l)
{
    struct fetch *h = NULL;
    struct spr_error err;
    struct data_list workflows = { 0 };
    if (fetch_open(l->url, &h, &err)) {
        tell(l, DOCTOR_BAD, err.text, "correct engine.comfyui or SPRITERY_COMFYUI");
        return;
    }
    enum spr_code rc = SPR_OK;
    if (look_at_server(l, h))
        rc = data_list(&comfy_graph_kind, &workflows, &err);
    for (size_t i = 0; !rc && i < workflows.count; i++)
        if (comfy_lacks(h, workflows.item[i].name, on_lack, l, &err)) {
            struct spr_error lack =
                err; /* of one workflow, as a file that is none: the others are looked at */
            on_lack(l, workflows.item[i].name, &lack);
        }
    if (rc)
        tell(l, DOCTOR_BAD, err.text, "");
    data_list_free(&workflows);
    fetch_close(h);
}

void doctor_comfyui(const struct config *c, const struct terminal *t, doctor_visit *visit, void *context)
{
    const char *variable = getenv("SPRITERY_COMFYUI");
    const char *list = *c->engine.comfyui ? c->engine.comfyui : variable && *variable ? variable : NULL;
    (void)t;
    if (!list) {
        struct doctor_finding none = {
            .grade = DOCTOR_GOOD,
            .seen = "none is configured",
            .advice = "for Stable Diffusion models set engine.comfyui or SPRITERY_COMFYUI to a server's URL"
        };
        visit(context, &none);
        return;
    }
    for (const char *at = list; *at; at += strcspn(at, ", "), at += strspn(at, ", ")) {
        char url[FETCH_URL_BYTES];
        struct look l = { .url = url, .visit = visit, .context = context };
        snprintf(url, sizeof url, "%.*s", (int)strcspn(at, ", "), at);
        look_at(&l);
    }
}
