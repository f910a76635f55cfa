/* The engine on ComfyUI servers. One prompt is handed in per picture, so that a picture's own request makes it again (a
 * picture of a batch depends on its place in it); workflows that ask for a batch themselves make all pictures at once.
 * A server that does not answer, or has forgotten a prompt, is left out for a while and another one is asked. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"
#include "engine/comfy_job.h"
#include "engine/comfy_look.h"
#include "engine/finishing.h"
#include "engine/papers.h"
#include "image/load.h"
#include "image/png.h"

#include <stdio.h>
#include <string.h>

enum {
    ASK_MS = 3000,
    SLOW_MS = 20000,
    UPLOAD_MS = 120000,
    OUT_NS_PER_S = 1000000000,
    OUT_S = 5,
    TRIES_MAX = 3,
    LOAD_MAX = 1000000, /* prompts; more is nonsense */
    PICTURE_BYTES = 128 << 20
};

struct server {
    struct fetch *http;
    int64_t out_until_ns; /* of the steady clock; 0: it answers, as far as is known */
    bool slow;            /* it did not answer in time, but there was somebody */
    char why[160];
};

struct comfyui {
    int servers;
    struct server *server;
    char client_id[COMFY_UUID_BYTES];
};

/* One request on its way. */
struct job {
    struct comfyui *engine;
    const struct request *request;
    const struct engine_watch *watch;
    struct material material;
    struct comfy_graph graph;
    char *lora; /* NAME without its weight */
    double lora_strength, cfg;
    char model[ENGINE_NAME_BYTES]; /* as the server calls it */
    char prefix[20];               /* of the names of the server's files */
    char *image, *mask;            /* as the server that has them calls them */
    const struct server *uploaded; /* that server */
    const struct server *asked;    /* whose node classes are in classes */
    json_t *classes;               /* by name: what /object_info said, so that a class is asked for once */
    int done;                      /* pictures handed out */
    int batch;                     /* for workflows that make several at once */
    double denoise;
    struct image *cell; /* a sheet's: then pictures are kept here instead of handed out */
    int cells, cells_max;
};

static bool batch_at_once(const struct job *j)
{
    return comfy_graph_uses(&j->graph, "batch");
}

static void leave_out(struct server *s, const struct spr_error *why)
{
    s->out_until_ns = clock_steady_ns() + (int64_t)OUT_S * OUT_NS_PER_S;
    snprintf(s->why, sizeof s->why, "%.150s", why->text);
}

/* How many prompts it has to do. */
static enum spr_code ask_load(struct server *s, long time_ms, int *ret, struct spr_error *err)
{
    json_t *root = NULL;
    enum spr_code rc = fetch_json(s->http, "/prompt", time_ms, &root, err);
    double left = json_number_value(json_object_get(json_object_get(root, "exec_info"), "queue_remaining"));
    if (!rc)
        *ret = left > 0 && left < LOAD_MAX ? (int)left : 0;
    json_decref(root);
    return rc;
}

/* The one with the least to do of those that answer. Those left out are asked only where there is no other; and where nobody
 * answered, those that were only slow get more time: a server that loads a model says nothing for many seconds. */
static enum spr_code choose(struct comfyui *c, const atomic_bool *cancel, struct server **ret,
                            struct spr_error *err)
{
    struct server *best = NULL;
    struct spr_error why;
    int least = 0;
    for (int pass = 0; pass < 3 && !best; pass++)
        for (int i = 0; i < c->servers; i++) {
            struct server *s = &c->server[i];
            int load = 0;
            bool out = s->out_until_ns > clock_steady_ns();
            if (pass < 2 ? out != (pass == 1) : !s->slow)
                continue;
            fetch_cancel_on(s->http, cancel);
            enum spr_code rc = ask_load(s, pass < 2 ? ASK_MS : SLOW_MS, &load, &why);
            fetch_cancel_on(s->http, NULL);
            if (rc == SPR_CANCELLED)
                return SPR_FAIL(err, SPR_CANCELLED, "stopped");
            s->slow = rc == SPR_TIMEOUT;
            if (rc) {
                leave_out(s, &why);
                continue;
            }
            s->out_until_ns = 0;
            if (!best || load < least) {
                best = s;
                least = load;
            }
        }
    if (best)
        *ret = best;
    else if (c->servers == 1)
        return SPR_FAIL(err, SPR_IO, "ComfyUI does not answer: %s; start it, or say --server URL where it is",
                        c->server[0].why);
    else
        return SPR_FAIL(err, SPR_IO, "none of %d ComfyUI servers answers; the first: %s", c->servers,
                        c->server[0].why);
    return SPR_OK;
}

/* What the server calls the file: its folder and its name. */
static enum spr_code uploaded_name(struct fetch *h, const struct buf *answer, char **ret_name,
                                   struct spr_error *err)
{
    json_t *root = json_loadb(answer->data ? answer->data : "", answer->length, 0, NULL);
    const char *name = json_string_value(json_object_get(root, "name")),
               *folder = json_string_value(json_object_get(root, "subfolder"));
    struct buf full;
    buf_init(&full, 4096);
    enum spr_code rc =
        name ? buf_addf(&full, err, "%s%s%s", folder ? folder : "", folder && *folder ? "/" : "", name)
             : SPR_FAIL(err, SPR_BADDATA, "%s/upload/image: the answer names no file", fetch_url(h));
    json_decref(root);
    if (!rc)
        *ret_name = buf_detach(&full);
    buf_fini(&full);
    return rc;
}

/* Sends a picture file's bytes under a name. GIVES *ret_name (mem_free): what LoadImage calls it. */
static enum spr_code send_png(struct fetch *h, const char *name, const struct buf *png, char **ret_name,
                              struct spr_error *err)
{
    const struct fetch_part form[] = { { "image", name, "image/png", png->data, png->length },
                                       { "overwrite", NULL, NULL, "true", 4 } };
    struct buf answer;
    long status = 0;
    buf_init(&answer, 1 << 16);
    enum spr_code rc =
        fetch_form(h, "/upload/image", form, SPR_COUNT(form), UPLOAD_MS, &answer, &status, err);
    if (!rc && status != 200)
        rc = SPR_FAIL(err, SPR_BADDATA, "%s/upload/image: status %ld: %.150s", fetch_url(h), status,
                      answer.data ? answer.data : "");
    if (!rc)
        rc = uploaded_name(h, &answer, ret_name, err);
    buf_fini(&answer);
    return rc;
}

static enum spr_code upload(struct server *s, const char *flag, const struct image *im, char **name,
                            struct spr_error *err)
{
    struct buf png;
    char file[32], hash[DIGEST_HEX_BYTES] = "";
    if (!im->pixel)
        return SPR_OK;
    buf_init(&png, PICTURE_BYTES);
    enum spr_code rc = png_encode(im, NULL, &png, err);
    mem_free(*name);
    *name = NULL;
    if (!rc)
        digest_hex(png.data, png.length, hash);
    snprintf(file, sizeof file, "spritery-%.12s.png", hash);
    if (!rc)
        rc = send_png(s->http, file, &png, name, err);
    buf_fini(&png);
    if (rc)
        spr_prefix(err, "%s", flag);
    return rc;
}

/* Init and mask travel as files; a server keeps them for the pictures that follow. */
static enum spr_code upload_material(struct job *j, struct server *s, struct spr_error *err)
{
    if (j->uploaded == s)
        return SPR_OK;
    fetch_cancel_on(s->http, j->watch->cancel);
    enum spr_code rc = upload(s, "--init", &j->material.init, &j->image, err);
    if (!rc)
        rc = upload(s, "--mask", &j->material.mask, &j->mask, err);
    fetch_cancel_on(s->http, NULL);
    if (!rc)
        j->uploaded = s;
    return rc;
}

struct asking {
    struct job *job;
    const struct server *server;
};

/* comfy_class, asked once for each class of a server. Pictures are uploaded before, so LoadImage knows them. */
static enum spr_code known_class(void *context, const char *class, json_t **ret, struct spr_error *err)
{
    const struct asking *a = context;
    struct job *j = a->job;
    if (j->asked != a->server || !j->classes) {
        json_decref(j->classes);
        j->classes = json_object();
        j->asked = a->server;
    }
    json_t *known = json_object_get(j->classes, class);
    if (known) {
        *ret = json_incref(known);
        return SPR_OK;
    }
    enum spr_code rc = comfy_class(a->server->http, class, ret, err);
    if (!rc)
        json_object_set(j->classes, class, *ret); /* where memory is short it is asked for again */
    return rc;
}

static void set_values(const struct job *j, uint64_t seed, struct comfy_values *v)
{
    static const char *const samplers[] = {
        [REQUEST_EULER] = "euler",
        [REQUEST_HEUN] = "heun",
        [REQUEST_ANCESTRAL] = "euler_ancestral",
        [REQUEST_DPM] = "dpmpp_2m",
    };
    const struct request *r = j->request;
    *v = (struct comfy_values){
        .prompt = request_text(r, REQUEST_PROMPT),
        .negative = request_text(r, REQUEST_NEGATIVE),
        .model = j->model[0] ? j->model : request_text(r, REQUEST_MODEL),
        .lora = j->lora,
        .lora_strength = j->lora_strength,
        .seed = seed,
        .steps = r->steps,
        .cfg = j->cfg,
        .sampler = samplers[r->sampler],
        .denoise = j->denoise,
        .batch = j->batch,
        .image = j->image,
        .mask = j->mask,
        .prefix = j->prefix,
    };
}

/* The checkpoint that a checked graph loads: the first input that names one. */
static void note_model(struct job *j, const json_t *nodes)
{
    static const char *const inputs[] = { "ckpt_name", "unet_name", "model_name" };
    const char *id;
    json_t *node;
    json_object_foreach((json_t *)(uintptr_t)nodes, id, node) for (size_t i = 0;
                                                                   i < SPR_COUNT(inputs) && !j->model[0]; i++)
    {
        const char *name = json_string_value(json_object_get(json_object_get(node, "inputs"), inputs[i]));
        if (name)
            snprintf(j->model, sizeof j->model, "%s", name);
    }
}

/* The prompt for one seed, checked against the server. */
static enum spr_code make_prompt(struct job *j, struct server *s, uint64_t seed, struct buf *into,
                                 struct spr_error *err)
{
    struct comfy_values values;
    struct comfy_graph filled = { .root = json_deep_copy(j->graph.root),
                                  .extra = json_incref(j->graph.extra) };
    enum spr_code rc = filled.root ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for a workflow");
    set_values(j, seed, &values);
    if (!rc)
        rc = comfy_graph_fill(&filled, &values, err);
    fetch_cancel_on(s->http, j->watch->cancel);
    struct asking asking = { j, s };
    if (!rc)
        rc = comfy_graph_check(&filled, known_class, &asking, err);
    fetch_cancel_on(s->http, NULL);
    if (rc)
        spr_prefix(err, "workflow %s", j->graph.name);
    else
        note_model(j, filled.root);
    if (!rc)
        rc = comfy_graph_print(&filled, seed, into, err);
    comfy_graph_fini(&filled);
    return rc;
}

/* One picture, or the cells of a sheet. */
static enum spr_code hand_out(struct job *j, const struct image *made, int count, double seconds,
                              struct spr_error *err)
{
    struct engine_picture p = { .seconds = seconds };
    enum spr_code rc = !j->cell && batch_at_once(j) ? request_copy(&p.made_by, j->request, err)
                                                    : engine_request_of(j->request, j->done, &p.made_by, err);
    if (!rc) {
        p.made_by.guidance = j->cfg;
        rc = finishing_found(made, count, j->request, &j->material, &p, err);
    }
    if (!rc) {
        p.papers = j->material.papers;
        snprintf(p.papers.engine, sizeof p.papers.engine, "comfyui");
        memcpy(p.papers.model, j->model, sizeof p.papers.model);
        memcpy(p.papers.workflow_hash, j->graph.hash, sizeof p.papers.workflow_hash);
        rc = j->watch->picture ? j->watch->picture(j->watch->context, &p, err) : SPR_OK;
    }
    if (!rc)
        j->done++;
    image_fini(&p.pixels);
    request_fini(&p.made_by);
    return rc;
}

static enum spr_code fetch(struct job *j, struct server *s, const struct comfy_file *file, double seconds,
                           struct spr_error *err)
{
    struct buf bytes;
    struct image im = { 0 };
    buf_init(&bytes, PICTURE_BYTES);
    fetch_cancel_on(s->http, j->watch->cancel);
    enum spr_code rc = comfy_file_get(s->http, file, &bytes, err);
    fetch_cancel_on(s->http, NULL);
    if (!rc && (rc = image_decode(bytes.data, bytes.length, NULL, &im, NULL, err)))
        spr_prefix(err, "%s sent a picture that is none", fetch_url(s->http));
    buf_fini(&bytes);
    if (!rc && j->cell && j->cells < j->cells_max) {
        j->cell[j->cells++] = im;
        return SPR_OK;
    }
    if (!rc && !j->cell)
        rc = hand_out(j, &im, 1, seconds, err);
    image_fini(&im);
    return rc;
}

/* Asks a server to free its memory before the next try. */
static void free_memory(struct server *s)
{
    struct buf answer;
    struct spr_error ignored;
    long status;
    buf_init(&answer, 1 << 16);
    if (fetch_post(s->http, "/free", "{\"unload_models\":true,\"free_memory\":true}", ASK_MS, &answer,
                   &status, &ignored))
        leave_out(s, &ignored);
    buf_fini(&answer);
}

/* One prompt on one server: one picture, or all of them. */
static enum spr_code run_on(struct job *j, struct server *s, struct spr_error *err)
{
    struct buf prompt;
    struct comfy_result result = { 0 };
    uint64_t seed, vary_seed;
    int64_t began = clock_steady_ns();
    engine_seeds_of(j->request, !j->cell && batch_at_once(j) ? 0 : j->done, &seed, &vary_seed);
    buf_init(&prompt, (size_t)8 << 20);
    enum spr_code rc = upload_material(j, s, err);
    if (!rc)
        rc = make_prompt(j, s, seed, &prompt, err);
    if (!rc)
        rc = comfy_job_run(s->http, j->engine->client_id, prompt.data, j->watch, j->done, j->request->count,
                           &result, err);
    buf_fini(&prompt);
    double seconds = (double)(clock_steady_ns() - began) / 1e9 / (result.files ? result.files : 1);
    int wanted = batch_at_once(j) ? result.files : 1;
    for (int i = 0; i < wanted && !rc; i++)
        rc = fetch(j, s, &result.file[i], seconds, err);
    comfy_result_fini(&result);
    return rc;
}

static bool worth_another_try(enum spr_code rc)
{
    return rc == SPR_IO || rc == SPR_TIMEOUT || rc == SPR_BUSY;
}

static enum spr_code make_next(struct job *j, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int tries = 1;; tries++) {
        struct server *s = NULL;
        int before = j->done + j->cells;
        rc = choose(j->engine, j->watch->cancel, &s, err);
        if (!rc)
            rc = run_on(j, s, err);
        if (!rc || !s || tries == TRIES_MAX || j->done + j->cells > before ||
            !(worth_another_try(rc) || rc == SPR_NOMEM))
            return rc;
        if (rc == SPR_NOMEM)
            free_memory(s);
        else if (rc != SPR_BUSY)
            leave_out(s, err);
        j->uploaded = j->asked = NULL; /* it may have lost them, or come back as another */
    }
}

/* "NAME:0.8": the weight is what follows the last colon, if it is a number. */
static enum spr_code read_lora(struct job *j, struct spr_error *err)
{
    const char *text = request_text(j->request, REQUEST_LORA), *colon = strrchr(text, ':');
    j->lora_strength = 1;
    size_t length = strlen(text);
    if (colon && str_to_double(colon + 1, &j->lora_strength))
        length = (size_t)(colon - text);
    if (j->lora_strength < -10 || j->lora_strength > 10)
        return SPR_FAIL(err, SPR_BADARG, "--lora %.100s: the weight must be from -10 to 10", text);
    if (length == 0)
        return SPR_OK;
    j->lora = mem_text(text, length);
    return j->lora ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for a LoRA's name");
}

static enum spr_code load_graph(struct job *j, struct spr_error *err)
{
    const struct request *r = j->request;
    const char *name = request_text(r, REQUEST_WORKFLOW);
    if (!*name)
        name = r->grid        ? (r->init.file ? "tileset-variations-sdxl" : "tileset-sdxl")
               : r->init.file ? "img2img-sdxl"
               : j->lora      ? "txt2img-sdxl-lora"
                              : "txt2img-sdxl";
    enum spr_code rc = comfy_graph_load(name, &j->graph, err);
    if (rc)
        return rc;
    j->cfg =
        request_given(r, REQUEST_GUIDANCE) ? r->guidance : comfy_graph_default(&j->graph, "cfg", r->guidance);
    if (r->init.file && !comfy_graph_uses(&j->graph, "image"))
        return SPR_FAIL(err, SPR_BADARG, "--init: the workflow %s takes no picture", j->graph.name);
    if (r->init.mask && !comfy_graph_uses(&j->graph, "mask"))
        return SPR_FAIL(err, SPR_BADARG, "--mask: the workflow %s takes no mask", j->graph.name);
    if (j->lora && !comfy_graph_uses(&j->graph, "lora"))
        return SPR_FAIL(err, SPR_BADARG, "--lora: the workflow %s takes none", j->graph.name);
    return SPR_OK;
}

/* What a ComfyUI workflow cannot be asked for. */
static enum spr_code check_request(const struct request *r, struct spr_error *err)
{
    if (r->blend || r->vary > 0)
        return SPR_FAIL(err, SPR_UNSUPPORTED, "--%s works with the native engine only",
                        r->blend ? "blend" : "vary");
    return SPR_OK;
}

/* What the sheet's cells come from. GIVES ret->pixel. */
static enum spr_code first_of_sheet(struct job *j, struct image *ret, struct spr_error *err)
{
    struct image one = { 0 };
    j->cell = &one;
    j->cells_max = 1;
    j->cells = 0;
    enum spr_code rc = make_next(j, err);
    j->cell = NULL;
    if (!rc && !one.pixel)
        rc = SPR_FAIL(err, SPR_BADDATA, "the server made no picture for the sheet");
    if (!rc)
        *ret = one;
    return rc;
}

/* All cells in one prompt, by the workflow that draws them near to the first picture: TAKES first's pixels. */
static enum spr_code draw_cells(struct job *j, struct image *first, const struct request_sheet *sheet,
                                struct spr_error *err)
{
    static const double motion = 0.35, variation = 0.5;
    struct comfy_graph graph = j->graph;
    struct image init = j->material.init;
    double denoise = j->denoise;
    bool tiles = j->request->grid != NULL;
    j->graph = (struct comfy_graph){ 0 };
    j->material.init = *first;
    j->uploaded = NULL;
    j->batch = j->cells_max = sheet->cells;
    j->cells = 0;
    j->denoise = tiles ? variation : motion;
    enum spr_code rc = comfy_graph_load(tiles ? "tileset-variations-sdxl" : "animation-sdxl", &j->graph, err);
    if (!rc)
        rc = make_next(j, err);
    if (!rc && j->cells < sheet->cells)
        rc = SPR_FAIL(err, SPR_BADDATA, "the server made %d pictures of %d for the sheet", j->cells,
                      sheet->cells);
    comfy_graph_fini(&j->graph);
    image_fini(&j->material.init);
    j->graph = graph;
    j->material.init = init;
    j->uploaded = NULL;
    j->batch = 1;
    j->denoise = denoise;
    return rc;
}

static enum spr_code make_sheet(struct job *j, const struct request_sheet *sheet, struct spr_error *err)
{
    struct image first = { 0 };
    int64_t began = clock_steady_ns();
    enum spr_code rc = first_of_sheet(j, &first, err);
    if (rc)
        return rc;
    j->cell = mem_zalloc((size_t)sheet->cells, sizeof *j->cell);
    j->cells = 0;
    if (j->cell) {
        rc = draw_cells(j, &first, sheet, err);
    } else {
        image_fini(&first);
        rc = SPR_FAIL(err, SPR_NOMEM, "out of memory for %d cells", sheet->cells);
    }
    if (!rc)
        rc = hand_out(j, j->cell, sheet->cells, (double)(clock_steady_ns() - began) / 1e9, err);
    for (int i = 0; j->cell && i < j->cells; i++)
        image_fini(&j->cell[i]);
    mem_free(j->cell);
    j->cell = NULL;
    j->cells = 0;
    return rc;
}

static enum spr_code comfyui_generate(void *self, const struct request *r, const struct engine_watch *watch,
                                      struct spr_error *err)
{
    struct job j = { .engine = self,
                     .request = r,
                     .watch = watch,
                     .batch = r->count,
                     .denoise = r->init.file ? r->init.strength : 1 };
    struct request_sheet sheet;
    bool many = request_sheet(r, &sheet);
    if (many)
        j.batch = 1;
    /* a name of its own, else a server that drew the same before saves nothing and says where the old file was */
    snprintf(j.prefix, sizeof j.prefix, "spritery-%08x", (unsigned)random_fresh_seed());
    enum spr_code rc = check_request(r, err);
    if (!rc)
        rc = material_load_whole(&j.material, r, err);
    if (!rc)
        rc = read_lora(&j, err);
    if (!rc)
        rc = load_graph(&j, err);
    while (!rc && j.done < r->count) {
        rc = many ? make_sheet(&j, &sheet, err) : make_next(&j, err);
        if (!rc && !many && batch_at_once(&j))
            break;
    }
    comfy_graph_fini(&j.graph);
    json_decref(j.classes);
    material_fini(&j.material);
    mem_free(j.lora);
    mem_free(j.image);
    mem_free(j.mask);
    return rc;
}

static void comfyui_close(void *self)
{
    struct comfyui *c = self;
    for (int i = 0; i < c->servers; i++)
        fetch_close(c->server[i].http);
    mem_free(c->server);
    mem_free(c);
}

enum spr_code engine_comfyui(const char *const *url, int urls, struct engine **ret, struct spr_error *err)
{
    static const struct engine_ops ops = { "comfyui", comfyui_generate, comfyui_close };
    if (urls < 1)
        return SPR_FAIL(err, SPR_BADARG, "no ComfyUI server is named; say --server http://127.0.0.1:8188");
    struct comfyui *c = mem_zalloc(1, sizeof *c);
    if (!c || !(c->server = mem_zalloc((size_t)urls, sizeof *c->server))) {
        mem_free(c);
        return SPR_FAIL(err, SPR_NOMEM, "out of memory opening the comfyui engine");
    }
    comfy_uuid(c->client_id);
    enum spr_code rc = SPR_OK;
    for (; c->servers < urls && !rc; c->servers += !rc)
        rc = fetch_open(url[c->servers], &c->server[c->servers].http, err);
    if (rc) {
        comfyui_close(c);
        return rc;
    }
    return engine_new(&ops, c, ret, err);
}
