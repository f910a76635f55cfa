#include "train/start.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

static bool ends(const char *name, const char *tail)
{
    size_t n = strlen(name), m = strlen(tail);
    return n >= m && strcmp(name + n - m, tail) == 0;
}

static bool begins_at_zero(const struct unet_entry *e)
{
    static const char *const tails[] = { ".c2.weight", ".e.weight", ".o.weight", "outc.weight" };
    for (size_t i = 0; i < SPR_COUNT(tails); i++)
        if (ends(e->name, tails[i]))
            return true;
    return false;
}

static void fill(const struct unet_entry *e, struct random r, float *p)
{
    memset(p, 0, e->count * sizeof *p);
    if (e->kind == UNET_EMBEDDING || strcmp(e->name, "null") == 0) {
        random_normals(r, 0, e->count, p);
        for (size_t i = 0; i < e->count; i++)
            p[i] *= 0.5f;
        if (e->kind == UNET_EMBEDDING)
            memset(p, 0, (size_t)e->in * sizeof *p);
    } else if (e->kind == UNET_VECTOR) {
        for (size_t i = 0; i < e->count && ends(e->name, ".weight"); i++)
            p[i] = 1;
    } else if (!begins_at_zero(e)) {
        float bound = 1 / sqrtf((float)(e->in * e->kernel * e->kernel));
        for (size_t i = 0; i < e->count; i++)
            p[i] = (2 * random_unit(r, i) - 1) * bound;
    }
}

void start_parameters(const struct unet_layout *layout, uint64_t seed, float *param)
{
    for (size_t i = 0; i < layout->entries; i++)
        fill(&layout->entry[i], (struct random){ seed, random_mix(i) }, param + layout->entry[i].offset);
}
