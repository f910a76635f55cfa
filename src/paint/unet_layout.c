/* The flat vector: null, emb.weight, the conditioning's layers, then each step's parts in the order of execution.
 * Two walks over the same list: the first counts, the second writes. */
#include "base/mem.h"
#include "base/random.h"
#include "paint/unet_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct walk {
    struct unet_entry *entry; /* NULL while counting */
    size_t entries, floats;
};

static void add(struct walk *w, const char *name, enum unet_kind kind, int out, int in, int kernel)
{
    size_t count = (size_t)out;
    if (kind != UNET_VECTOR)
        count *= (size_t)in;
    if (kind == UNET_CONV)
        count *= (size_t)kernel * (size_t)kernel;
    if (w->entry) {
        struct unet_entry *e = &w->entry[w->entries];
        *e = (struct unet_entry){
            .kind = kind, .out = out, .in = in, .kernel = kernel, .offset = w->floats, .count = count
        };
        snprintf(e->name, sizeof e->name, "%s", name);
    }
    w->entries++;
    w->floats += count;
}

static void add_part(struct walk *w, const char *step, const struct unet_part *p)
{
    char name[UNET_NAME_BYTES];
    const char *dot = *step && *p->name ? "." : "";
    bool vector = p->kind == UNET_VECTOR;
    snprintf(name, sizeof name, "%s%s%s.weight", step, dot, p->name);
    add(w, name, p->kind, p->out, vector ? 0 : p->in, vector ? 0 : p->kernel);
    snprintf(name, sizeof name, "%s%s%s.bias", step, dot, p->name);
    add(w, name, UNET_VECTOR, p->out, 0, 0);
}

static void walk(struct walk *w, const struct unet_config *c)
{
    struct unet_step step[UNET_STEPS_MAX];
    struct unet_part part[UNET_PARTS_MAX];
    add(w, "null", UNET_VECTOR, c->text, 0, 0);
    add(w, "emb.weight", UNET_EMBEDDING, c->vocab, c->text, 0);
    for (int i = 0, count = unet_cond_parts(c, part); i < count; i++)
        add_part(w, "", &part[i]);
    for (int s = 0, steps = unet_steps(c, step); s < steps; s++)
        for (int i = 0, count = unet_parts(c, &step[s], part); i < count; i++)
            add_part(w, step[s].name, &part[i]);
}

static enum spr_code check(const struct unet_config *c, struct spr_error *err)
{
    const struct {
        const char *name;
        int value, low, high;
    } rows[] = {
        { "vocab", c->vocab, 1, 1 << 20 },
        { "group", c->group, 1, 1024 },
        { "channels[0]", c->channels[0], c->group, 1024 },
        { "channels[1]", c->channels[1], c->group, 1024 },
        { "channels[2]", c->channels[2], c->group, 1024 },
        { "blocks[0]", c->blocks[0], 1, UNET_BLOCKS_MAX },
        { "blocks[1]", c->blocks[1], 1, UNET_BLOCKS_MAX },
        { "blocks[2]", c->blocks[2], 1, UNET_BLOCKS_MAX },
        { "cond", c->cond, 1, 4096 },
        { "text", c->text, 1, 4096 },
        { "heads", c->heads, 1, 64 },
        { "words_max", c->words_max, 1, UNET_TOKENS_MAX - 1 },
        { "mid", c->mid, 0, UNET_BLOCKS_MAX },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        if (rows[i].value < rows[i].low || rows[i].value > rows[i].high)
            return SPR_FAIL(err, SPR_BADDATA, "network configuration: %s is %d; %d..%d allowed", rows[i].name,
                            rows[i].value, rows[i].low, rows[i].high);
    for (int l = 0; l < UNET_LEVELS; l++)
        if (c->channels[l] % c->group)
            return SPR_FAIL(err, SPR_BADDATA,
                            "network configuration: channels[%d] is %d; multiples of group %d allowed", l,
                            c->channels[l], c->group);
    if (c->channels[UNET_LEVELS - 1] % c->heads)
        return SPR_FAIL(err, SPR_BADDATA,
                        "network configuration: heads is %d; divisors of channels[%d], %d, allowed", c->heads,
                        UNET_LEVELS - 1, c->channels[UNET_LEVELS - 1]);
    return SPR_OK;
}

enum spr_code unet_layout_init(struct unet_layout *ret, const struct unet_config *config,
                               struct spr_error *err)
{
    enum spr_code rc = check(config, err);
    if (rc)
        return rc;
    struct walk count = { 0 };
    walk(&count, config);
    struct walk w = { .entry = mem_zalloc(count.entries, sizeof *w.entry) };
    if (!w.entry)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for the names of %zu tensors", count.entries);
    walk(&w, config);
    *ret =
        (struct unet_layout){ .config = *config, .entries = w.entries, .floats = w.floats, .entry = w.entry };
    return SPR_OK;
}

void unet_layout_fini(struct unet_layout *l)
{
    mem_free(l->entry);
    *l = (struct unet_layout){ 0 };
}

const struct unet_entry *unet_layout_find(const struct unet_layout *l, const char *name)
{
    for (size_t i = 0; i < l->entries; i++)
        if (strcmp(l->entry[i].name, name) == 0)
            return &l->entry[i];
    return NULL;
}

/* The layers that begin at zero, so that each block begins as the identity and the network as zero. */
static bool begins_at_zero(const char *name)
{
    static const char *const parts[] = { "c2", "e", "o", "outc" };
    const char *end = strrchr(name, '.'), *begin = end;
    while (begin > name && begin[-1] != '.')
        begin--;
    for (size_t i = 0; i < SPR_COUNT(parts); i++)
        if ((size_t)(end - begin) == strlen(parts[i]) && strncmp(begin, parts[i], strlen(parts[i])) == 0)
            return true;
    return false;
}

static void init_uniform(struct random r, float bound, size_t count, float *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = bound * (2 * random_unit(r, i) - 1);
}

static void init_normal(struct random r, size_t count, float *to)
{
    random_normals(r, 0, count, to);
    for (size_t i = 0; i < count; i++)
        to[i] *= 0.5f;
}

/* A product's weight and bias: uniform within 1 / sqrt(inputs of one output). */
static void init_product(struct random r, const struct unet_entry *e, float *params)
{
    const struct unet_entry *bias = e + 1;
    size_t inputs = e->count / (size_t)e->out;
    float bound = begins_at_zero(e->name) ? 0 : 1.0f / sqrtf((float)inputs);
    init_uniform(r, bound, e->count, params + e->offset);
    r.stream = ~r.stream;
    init_uniform(r, bound, bias->count, params + bias->offset);
}

void unet_init_params(const struct unet_layout *l, uint64_t seed, float *params)
{
    for (size_t i = 0; i < l->entries; i++) {
        const struct unet_entry *e = &l->entry[i];
        struct random r = { .seed = seed, .stream = i };
        float *to = params + e->offset;
        if (e->kind == UNET_EMBEDDING) {
            init_normal(r, e->count, to);
            memset(to, 0, (size_t)e->in * sizeof *to); /* word 0 pads */
        } else if (e->kind != UNET_VECTOR) {
            init_product(r, e++, params);
            i++;
        } else if (strcmp(e->name, "null") == 0) {
            init_normal(r, e->count, to);
        } else { /* a norm: weight 1, bias 0 */
            for (size_t c = 0; c < e->count; c++) {
                to[c] = 1;
                params[e[1].offset + c] = 0;
            }
            i++;
        }
    }
}
