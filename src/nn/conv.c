/* conv - chooses the kernel set and checks every call once; the arithmetic is in the sets.
 *
 * The set is chosen at the first use and then stays: weights are packed for it. The choice is SPRITERY_KERNELS where
 * that names a set that can run here, else the first usable one of the list below; whoever makes a network asks
 * nn_kernels_check before. */
#include "nn/conv.h"
#include "nn/clones.h"
#include "nn/kernels.h"
#include "nn/tiles.h"
#include <assert.h>
#include <cblas.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct set {
    const char *name;
    const struct conv_ops *ops;
    const struct tiles *table[2]; /* by precision */
    bool (*usable)(void);         /* does this processor have what the set was compiled for? */
};

#ifdef HAVE_TILES_X86
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq");
}

#ifdef HAVE_TILES_BF16
static bool has_avx512bf16(void)
{
    return has_avx512() && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512bf16");
}
#endif

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

#ifdef HAVE_TILES_NEON
static bool always(void)
{
    return true;
}
#endif

/* Callers split the work among threads themselves: the library must not. */
static bool quiet_blas(void)
{
#ifdef HAVE_OPENBLAS
    openblas_set_num_threads(1);
#endif
    return true;
}

/* Fastest first; the last one runs everywhere. */
static const struct set sets[] = {
#ifdef HAVE_TILES_X86
#ifdef HAVE_TILES_BF16
    { "avx512bf16", &conv_tiles_ops, { &tiles_avx512, &pairs_avx512bf16 }, has_avx512bf16 },
#endif
    { "avx512", &conv_tiles_ops, { &tiles_avx512, &pairs_avx512 }, has_avx512 },
    { "avx2", &conv_tiles_ops, { &tiles_avx2, &pairs_avx2 }, has_avx2 },
#endif
#ifdef HAVE_TILES_NEON
    { "neon", &conv_tiles_ops, { &tiles_neon, &pairs_neon }, always },
#endif
    { "cblas", &conv_cblas_ops, { &cblas_floats, &cblas_pairs }, quiet_blas },
};
enum { SETS = sizeof sets / sizeof *sets };

static _Atomic(const struct set *) active;

static const struct set *find(const char *name)
{
    for (size_t i = 0; i < SETS; i++)
        if (strcmp(sets[i].name, name) == 0 && sets[i].usable())
            return &sets[i];
    return NULL;
}

/* Two threads that come here first at once find the same answer, so the race is harmless. */
static const struct set *current(void)
{
    const struct set *chosen = atomic_load_explicit(&active, memory_order_acquire);
    if (chosen)
        return chosen;
    const char *wish = getenv("SPRITERY_KERNELS");
    if (wish)
        chosen = find(wish);
    for (size_t i = 0; !chosen && i < SETS; i++)
        if (sets[i].usable())
            chosen = &sets[i];
    atomic_store_explicit(&active, chosen, memory_order_release);
    return chosen;
}

const char *nn_kernels_name(void)
{
    return current()->name;
}

const struct pointwise *nn_pointwise(void)
{
    return current()->table[CONV_F32]->pointwise;
}

bool nn_kernels_use(const char *name)
{
    const struct set *found = find(name);
    if (found)
        atomic_store_explicit(&active, found, memory_order_release);
    return found != NULL;
}

enum spr_code nn_kernels_check(struct spr_error *err)
{
    const char *wish = getenv("SPRITERY_KERNELS");
    if (!wish || !*wish || find(wish))
        return SPR_OK;
    char names[128] = "";
    for (size_t i = 0; i < SETS; i++)
        if (sets[i].usable())
            snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", *names ? ", " : "",
                     sets[i].name);
    return SPR_FAIL(err, SPR_BADARG, "SPRITERY_KERNELS is '%.32s'; this machine has %s", wish, names);
}

static const char *const precisions[] = { [CONV_F32] = "f32", [CONV_BF16] = "bf16" };

const char *conv_precision_name(enum conv_precision p)
{
    return precisions[p];
}

bool conv_precision_find(const char *name, enum conv_precision *ret)
{
    for (size_t i = 0; i < sizeof precisions / sizeof *precisions; i++)
        if (strcmp(precisions[i], name) == 0) {
            *ret = (enum conv_precision)i;
            return true;
        }
    return false;
}

static bool valid(const struct conv_shape *s)
{
    bool sizes = s->batch > 0 && s->height > 0 && s->width > 0 && s->in > 0 && s->out > 0;
    bool even = s->height % 2 == 0 && s->width % 2 == 0;
    return sizes && (s->kernel == 1 || s->kernel == 3 || (s->kernel == 2 && even));
}

size_t conv_packed_floats(const struct conv_shape *s)
{
    const struct set *k = current();
    return k->ops->packed_floats(k->table[s->precision], s->kernel, s->in, s->out);
}

size_t conv_packed_backward_floats(const struct conv_shape *s)
{
    const struct set *k = current();
    return k->ops->packed_floats(k->table[s->precision], s->kernel, s->out, s->in);
}

void conv_pack(const struct conv_shape *s, const float *weight, float *packed)
{
    const struct set *k = current();
    k->ops->pack(k->table[s->precision], weight, s->kernel, s->in, s->out, packed);
}

void conv_pack_backward(const struct conv_shape *s, const float *weight, float *packed)
{
    const struct set *k = current();
    k->ops->pack_backward(k->table[s->precision], weight, s->kernel, s->in, s->out, packed);
}

size_t conv_scratch_floats(const struct conv_shape *s)
{
    assert(valid(s));
    const struct set *k = current();
    return k->ops->scratch_floats(k->table[s->precision], s);
}

void conv_forward(const struct conv_shape *s, const float *x, const float *packed, const float *bias,
                  const float *add, float *y, float *scratch)
{
    assert(valid(s));
    const struct set *k = current();
    k->ops->forward(k->table[s->precision], s, x, packed, bias, add, y, scratch);
}

void conv_backward_input(const struct conv_shape *s, const float *dy, const float *packed_backward,
                         bool accumulate, float *dx, float *scratch)
{
    assert(valid(s));
    const struct set *k = current();
    k->ops->backward_input(k->table[s->precision], s, dy, packed_backward, accumulate, dx, scratch);
}

NN_CLONES
static void add_rows(const float *restrict rows, size_t count, size_t width, float *restrict sum)
{
    for (size_t r = 0; r < count; r++)
        for (size_t c = 0; c < width; c++)
            sum[c] += rows[r * width + c];
}

void conv_backward_weight(const struct conv_shape *s, const float *x, const float *dy, float *dweight,
                          float *dbias, float *scratch)
{
    assert(valid(s));
    const struct set *k = current();
    k->ops->backward_weight(k->table[s->precision], s, x, dy, dweight, scratch);
    size_t halving = s->kernel == 2 ? 4 : 1;
    if (dbias)
        add_rows(dy, (size_t)s->batch * (size_t)s->height * (size_t)s->width / halving, (size_t)s->out,
                 dbias);
}
