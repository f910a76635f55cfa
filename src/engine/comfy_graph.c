/* Slots are found in the texts of the nodes' inputs. A slot that is the whole text becomes a JSON value of its own type;
 * only a seed stays a text until the workflow is printed, because JSON libraries keep 63 bits of a whole number: then
 * "{{seed}}" with its quotes becomes digits. No other text can hold that: quotes inside texts are escaped. */
#include "engine/comfy_graph.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "engine/papers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEMPLATE_BYTES_MAX = 4 << 20, TEXT_BYTES_MAX = 1 << 20, CHOICES_MAX = 4096 };

const struct data_kind comfy_graph_kind = { "workflow", "workflows", "SPRITERY_WORKFLOWS", ".json",
                                            "txt2img-sdxl" };

enum slot_type { SLOT_TEXT, SLOT_WHOLE, SLOT_REAL, SLOT_SEED };

static const char SEED_SLOT[] = "{{seed}}";

/* Where each slot's value is in struct comfy_values, and what to say where a text is missing. */
static const struct slot {
    const char *name;
    enum slot_type type;
    size_t offset;
    const char *missing; /* NULL: an empty text will do */
} slots[] = {
#define SLOT(name, type, member, missing)                          \
    {                                                              \
        name, type, offsetof(struct comfy_values, member), missing \
    }
    SLOT("prompt", SLOT_TEXT, prompt, NULL),
    SLOT("negative", SLOT_TEXT, negative, NULL),
    SLOT("model", SLOT_TEXT, model, NULL),
    SLOT("lora", SLOT_TEXT, lora, "this workflow needs a LoRA: --lora NAME[:WEIGHT]"),
    SLOT("lora_strength", SLOT_REAL, lora_strength, NULL),
    SLOT("seed", SLOT_SEED, seed, NULL),
    SLOT("steps", SLOT_WHOLE, steps, NULL),
    SLOT("cfg", SLOT_REAL, cfg, NULL),
    SLOT("sampler", SLOT_TEXT, sampler, NULL),
    SLOT("scheduler", SLOT_TEXT, scheduler, NULL),
    SLOT("denoise", SLOT_REAL, denoise, NULL),
    SLOT("width", SLOT_WHOLE, width, NULL),
    SLOT("height", SLOT_WHOLE, height, NULL),
    SLOT("batch", SLOT_WHOLE, batch, NULL),
    SLOT("image", SLOT_TEXT, image, "this workflow needs a picture to begin from: --init FILE"),
    SLOT("mask", SLOT_TEXT, mask, "this workflow needs a mask: --mask FILE"),
    SLOT("prefix", SLOT_TEXT, prefix, NULL),
#undef SLOT
};

static const struct slot *slot_named(const char *name, size_t length)
{
    for (size_t i = 0; i < SPR_COUNT(slots); i++)
        if (strlen(slots[i].name) == length && memcmp(slots[i].name, name, length) == 0)
            return &slots[i];
    return NULL;
}

/* The next "{{...}}" from `text` on: its whole extent, and the name within. NULL: none. */
static const char *next_slot(const char *text, const char **name, size_t *name_length, const char **end)
{
    const char *begin = strstr(text, "{{"), *close = begin ? strstr(begin + 2, "}}") : NULL;
    if (!close)
        return NULL;
    *name = begin + 2;
    *name_length = (size_t)(close - begin - 2);
    *end = close + 2;
    return begin;
}

/* Calls visit for every text among the nodes' inputs, lists included; it may replace the value. */
typedef enum spr_code visit_fn(void *context, const char *text, json_t **replace, struct spr_error *err);

static enum spr_code walk(json_t *value, visit_fn *visit, void *context, struct spr_error *err)
{
    const char *key;
    json_t *item, *next;
    size_t i;
    void *safe;
    enum spr_code rc = SPR_OK;
    json_object_foreach_safe(value, safe, key, item)
    {
        next = NULL;
        rc = json_is_string(item) ? visit(context, json_string_value(item), &next, err)
                                  : walk(item, visit, context, err);
        if (!rc && next && json_object_set_new(value, key, next))
            rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a workflow");
        if (rc)
            return rc;
    }
    json_array_foreach(value, i, item)
    {
        next = NULL;
        rc = json_is_string(item) ? visit(context, json_string_value(item), &next, err)
                                  : walk(item, visit, context, err);
        if (!rc && next && json_array_set_new(value, i, next))
            rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a workflow");
        if (rc)
            return rc;
    }
    return rc;
}

static enum spr_code walk_inputs(const struct comfy_graph *g, visit_fn *visit, void *context,
                                 struct spr_error *err)
{
    const char *id;
    json_t *node;
    enum spr_code rc = SPR_OK;
    json_object_foreach(g->root, id, node)
    {
        rc = walk(json_object_get(node, "inputs"), visit, context, err);
        if (rc) {
            spr_prefix(err, "node %.30s", id);
            break;
        }
    }
    return rc;
}

static enum spr_code check_slot(void *context, const char *text, json_t **replace, struct spr_error *err)
{
    (void)context, (void)replace;
    const char *name, *end;
    size_t length;
    for (const char *at = text; next_slot(at, &name, &length, &end); at = end)
        if (!slot_named(name, length))
            return SPR_FAIL(
                err, SPR_BADDATA,
                "no slot is called {{%.*s}}; there are prompt, negative, model, lora, lora_strength, "
                "seed, steps, cfg, sampler, scheduler, denoise, width, height, batch, image, mask, prefix",
                length < 40 ? (int)length : 40, name);
    return SPR_OK;
}

static enum spr_code check_form(const struct comfy_graph *g, struct spr_error *err)
{
    const char *id;
    json_t *node;
    if (json_is_array(json_object_get(g->root, "nodes")))
        return SPR_FAIL(err, SPR_BADDATA,
                        "this is a workflow as ComfyUI's editor saves it; save it with \"Export "
                        "(API)\" from its menu instead");
    if (json_object_size(g->root) == 0)
        return SPR_FAIL(err, SPR_BADDATA, "no nodes: {\"1\": {\"class_type\": ..., \"inputs\": {...}}, ...}");
    json_object_foreach(
        g->root, id,
        node) if (!json_is_string(json_object_get(node, "class_type")) ||
                  !json_is_object(json_object_get(
                      node, "inputs"))) return SPR_FAIL(err, SPR_BADDATA,
                                                        "node %.30s has no class_type with inputs", id);
    return walk_inputs(g, check_slot, NULL, err);
}

enum spr_code comfy_graph_parse(const char *text, size_t size, struct comfy_graph *ret, struct spr_error *err)
{
    json_error_t at;
    struct comfy_graph g = { .root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &at) };
    if (!g.root)
        return SPR_FAIL(err, SPR_BADDATA, "line %d, column %d: %.200s", at.line, at.column, at.text);
    if (!json_is_object(g.root)) {
        json_decref(g.root);
        return SPR_FAIL(err, SPR_BADDATA, "not a workflow: an object of nodes");
    }
    g.extra = json_incref(json_object_get(g.root, "_spritery"));
    json_object_del(g.root, "_spritery");
    enum spr_code rc = check_form(&g, err);
    if (rc)
        comfy_graph_fini(&g);
    else
        *ret = g;
    return rc;
}

static void set_name_and_hash(struct comfy_graph *g, const char *path, const struct buf *text)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    snprintf(g->name, sizeof g->name, "%.*s", dot ? (int)(dot - name) : 63, name);
    digest_hex(text->data, text->length, g->hash);
}

enum spr_code comfy_graph_load(const char *name, struct comfy_graph *ret, struct spr_error *err)
{
    char *path = NULL;
    struct buf text;
    enum spr_code rc = data_find(&comfy_graph_kind, name, &path, err);
    if (rc)
        return rc;
    buf_init(&text, TEMPLATE_BYTES_MAX);
    rc = file_read(path, &text, err);
    if (!rc) {
        rc = comfy_graph_parse(text.data ? text.data : "", text.length, ret, err);
        if (rc)
            spr_prefix(err, "%.200s", path);
        else
            set_name_and_hash(ret, path, &text);
    }
    buf_fini(&text);
    mem_free(path);
    return rc;
}

void comfy_graph_fini(struct comfy_graph *g)
{
    json_decref(g->root);
    json_decref(g->extra);
    *g = (struct comfy_graph){ 0 };
}

struct finding {
    const char *slot;
    bool found;
};

static enum spr_code find_slot(void *context, const char *text, json_t **replace, struct spr_error *err)
{
    (void)replace, (void)err;
    struct finding *f = context;
    const char *name, *end;
    size_t length;
    for (const char *at = text; next_slot(at, &name, &length, &end); at = end)
        f->found = f->found || (strlen(f->slot) == length && memcmp(name, f->slot, length) == 0);
    return SPR_OK;
}

bool comfy_graph_uses(const struct comfy_graph *g, const char *slot)
{
    struct finding f = { slot, false };
    return walk_inputs(g, find_slot, &f, NULL) == SPR_OK && f.found;
}

double comfy_graph_default(const struct comfy_graph *g, const char *slot, double otherwise)
{
    const json_t *value = json_object_get(json_object_get(g->extra, "defaults"), slot);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

/* A text's value, or the template's default for it. */
static const char *text_value(const struct comfy_graph *g, const struct comfy_values *v, const struct slot *s)
{
    const char *text = *(const char *const *)((const char *)v + s->offset);
    const json_t *standard = json_object_get(json_object_get(g->extra, "defaults"), s->name);
    if ((!text || !*text) && json_is_string(standard))
        text = json_string_value(standard);
    return text ? text : "";
}

struct filling {
    const struct comfy_graph *g;
    const struct comfy_values *v;
};

static double number_value(const struct filling *f, const struct slot *s)
{
    const char *at = (const char *)f->v + s->offset;
    if (s->type == SLOT_REAL)
        return *(const double *)(const void *)at;
    int whole = *(const int *)(const void *)at;
    return whole ? whole : comfy_graph_default(f->g, s->name, 1024);
}

static json_t *typed_value(const struct filling *f, const struct slot *s)
{
    switch (s->type) {
    case SLOT_WHOLE:
        return json_integer((json_int_t)number_value(f, s));
    case SLOT_REAL:
        return json_real(number_value(f, s));
    case SLOT_SEED:
        return json_string(SEED_SLOT);
    case SLOT_TEXT:
        break;
    }
    return json_string(text_value(f->g, f->v, s));
}

static enum spr_code add_value(const struct filling *f, const struct slot *s, struct buf *into,
                               struct spr_error *err)
{
    char number[32];
    const char *text = number;
    if (s->type == SLOT_SEED)
        snprintf(number, sizeof number, "%llu", (unsigned long long)f->v->seed);
    else if (s->type == SLOT_TEXT)
        text = text_value(f->g, f->v, s);
    else
        str_from_double(number_value(f, s), number, sizeof number);
    return buf_add(into, text, strlen(text), err);
}

static enum spr_code fill_text(void *context, const char *text, json_t **replace, struct spr_error *err)
{
    const struct filling *f = context;
    const char *name, *end, *at = strstr(text, "{{");
    size_t length;
    struct buf out;
    enum spr_code rc = SPR_OK;
    if (!at)
        return SPR_OK;
    buf_init(&out, TEXT_BYTES_MAX);
    for (const char *from = text; !rc; from = end) {
        at = next_slot(from, &name, &length, &end);
        if (!at) {
            rc = buf_add(&out, from, strlen(from), err);
            break;
        }
        const struct slot *s = slot_named(name, length);
        if (s->missing && !*text_value(f->g, f->v, s)) {
            rc = SPR_FAIL(err, SPR_BADARG, "%s", s->missing);
            break;
        }
        if (at == text && !*end) { /* nothing else: the value keeps its type */
            *replace = typed_value(f, s);
            buf_fini(&out);
            return *replace ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for a workflow");
        }
        rc = buf_add(&out, from, (size_t)(at - from), err);
        if (!rc)
            rc = add_value(f, s, &out, err);
    }
    if (!rc && !(*replace = json_string(out.data ? out.data : "")))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a workflow");
    buf_fini(&out);
    return rc;
}

enum spr_code comfy_graph_fill(struct comfy_graph *g, const struct comfy_values *v, struct spr_error *err)
{
    struct filling f = { g, v };
    return walk_inputs(g, fill_text, &f, err);
}

const json_t *comfy_choices(const json_t *input)
{
    const json_t *first = json_array_get(input, 0);
    if (json_is_array(first))
        return first;
    if (json_is_string(first) && strcmp(json_string_value(first), "COMBO") == 0)
        return json_object_get(json_array_get(input, 1), "options");
    return NULL;
}

static bool offers(const json_t *choices, const json_t *value)
{
    size_t i;
    json_t *choice;
    json_array_foreach(choices, i, choice) if (json_equal(choice, value)) return true;
    return false;
}

static enum spr_code fail_choice(const char *class, const char *input, const char *value,
                                 const json_t *choices, struct spr_error *err)
{
    const char *word[CHOICES_MAX];
    size_t words = 0, i;
    json_t *choice;
    json_array_foreach(choices, i, choice) if (json_is_string(choice) && words < CHOICES_MAX) word[words++] =
        json_string_value(choice);
    const char *near = str_nearest(value, word, words);
    if (words == 0)
        return SPR_FAIL(err, SPR_NOTFOUND, "%.60s: the server has nothing to choose for %.60s", class, input);
    if (near)
        return SPR_FAIL(err, SPR_NOTFOUND,
                        "%.60s: the server has no %.60s \"%.80s\"; did you mean \"%.80s\"?", class, input,
                        value, near);
    return SPR_FAIL(err, SPR_NOTFOUND, "%.60s: the server has no %.60s \"%.80s\"; it has %zu, as \"%.80s\"",
                    class, input, value, words, word[0]);
}

/* One input of a filled node against what the class says of it. */
static enum spr_code check_input(json_t *inputs, const char *class, const char *name, const json_t *about,
                                 bool required, struct spr_error *err)
{
    const json_t *value = json_object_get(inputs, name), *choices = comfy_choices(about);
    if (!value)
        return required ? SPR_FAIL(err, SPR_BADDATA, "%.60s lacks the input %.60s that the server requires",
                                   class, name)
                        : SPR_OK;
    if (!choices || !json_is_string(value))
        return SPR_OK;
    if (!*json_string_value(value) && json_array_size(choices) > 0)
        return json_object_set(inputs, name, json_array_get(choices, 0))
                   ? SPR_FAIL(err, SPR_NOMEM, "no memory for a workflow")
                   : SPR_OK;
    return offers(choices, value) ? SPR_OK : fail_choice(class, name, json_string_value(value), choices, err);
}

static enum spr_code check_node(json_t *node, const json_t *about, struct spr_error *err)
{
    const char *class = json_string_value(json_object_get(node, "class_type")), *name;
    json_t *inputs = json_object_get(node, "inputs"), *row;
    const json_t *kinds = json_object_get(about, "input");
    enum spr_code rc = SPR_OK;
    json_object_foreach(json_object_get(kinds, "required"), name, row) if (!rc) rc =
        check_input(inputs, class, name, row, true, err);
    json_object_foreach(json_object_get(kinds, "optional"), name, row) if (!rc) rc =
        check_input(inputs, class, name, row, false, err);
    return rc;
}

/* Of one node: *ret_lack is what it lacks, SPR_OK for nothing. Fails where the server cannot be asked. */
static enum spr_code look_at_node(const char *id, json_t *node, comfy_class_fn *class_of, void *context,
                                  struct spr_error *ret_lack, struct spr_error *err)
{
    const char *class = json_string_value(json_object_get(node, "class_type"));
    json_t *about = NULL;
    enum spr_code rc = class_of(context, class, &about, err), lack;
    if (rc)
        return rc;
    *ret_lack = (struct spr_error){ 0 };
    if (json_object_size(about) == 0)
        lack = SPR_FAIL(ret_lack, SPR_UNSUPPORTED,
                        "the server has no node class \"%.80s\": install the extension that "
                        "brings it, or use another workflow",
                        class);
    else
        lack = check_node(node, about, ret_lack);
    json_decref(about);
    if (lack)
        spr_prefix(ret_lack, "node %.30s", id);
    return SPR_OK;
}

enum spr_code comfy_graph_lacks(struct comfy_graph *g, comfy_class_fn *class_of, void *context,
                                void (*visit)(void *context, const struct spr_error *lack),
                                void *visit_context, struct spr_error *err)
{
    const char *id;
    json_t *node;
    json_object_foreach(g->root, id, node)
    {
        struct spr_error lack;
        enum spr_code rc = look_at_node(id, node, class_of, context, &lack, err);
        if (rc)
            return rc;
        if (lack.code)
            visit(visit_context, &lack);
    }
    return SPR_OK;
}

static void keep_first(void *context, const struct spr_error *lack)
{
    struct spr_error *first = context;
    if (!first->code)
        *first = *lack;
}

enum spr_code comfy_graph_check(struct comfy_graph *g, comfy_class_fn *class_of, void *context,
                                struct spr_error *err)
{
    struct spr_error first = { 0 };
    enum spr_code rc = comfy_graph_lacks(g, class_of, context, keep_first, &first, err);
    if (rc || !first.code)
        return rc;
    if (err)
        *err = first;
    return first.code;
}

enum spr_code comfy_graph_print(const struct comfy_graph *g, uint64_t seed, struct buf *into,
                                struct spr_error *err)
{
    static const char quoted[] = "\"{{seed}}\"";
    char *text = json_dumps(g->root, JSON_COMPACT | JSON_PRESERVE_ORDER);
    if (!text)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a workflow");
    enum spr_code rc = SPR_OK;
    const char *from = text, *at;
    while (!rc && (at = strstr(from, quoted))) {
        rc = buf_add(into, from, (size_t)(at - from), err);
        if (!rc)
            rc = buf_addf(into, err, "%llu", (unsigned long long)seed);
        from = at + sizeof quoted - 1;
    }
    if (!rc)
        rc = buf_add(into, from, strlen(from), err);
    free(text);
    return rc;
}
