/* bench/conv - how fast the convolutions of the 32x32 network run, beside the same machine's matrix product.
 * One line for each operation, batch, layer and kernel set:
 *     forward  B=2  8x8 320->160 k3 x3  avx512  170.1 GFLOP/s  1.70 of sgemm
 * x3 is how often the network has the layer; the lines named "network" weigh by that. Operations are counted as if the
 * zero border were multiplied too, as everybody counts; a set that leaves it out shows more than it computes.
 * Processor time, the best of several rounds, all layers once a round, so that other load on the machine hurts all
 * alike. Usage: bench_conv [SET...] (default: every set that runs here; NAME.bf16 is the set NAME in bf16) */
#include "nn/conv.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/random.h"
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 7, PEAK_SIZE = 768 };

enum operation { FORWARD, INPUT_GRADIENT, WEIGHT_GRADIENT, OPERATIONS };
static const char *const operation_names[OPERATIONS] = { "forward", "dinput", "dweight" };

static const struct layer {
    int size, in, out, kernel; /* of the input picture, size x size */
    int count;                 /* in the network */
} layers[] = {
    { 32, 4, 32, 3, 1 },   { 32, 32, 32, 3, 4 },  { 32, 64, 32, 3, 2 },  { 32, 32, 4, 3, 1 },
    { 32, 64, 32, 1, 2 },  { 32, 32, 64, 2, 1 },  { 16, 64, 64, 3, 4 },  { 16, 128, 64, 3, 2 },
    { 16, 128, 64, 1, 2 }, { 16, 64, 160, 2, 1 }, { 16, 64, 32, 1, 1 },  { 8, 160, 160, 3, 9 },
    { 8, 320, 160, 3, 3 }, { 8, 320, 160, 1, 3 }, { 8, 160, 480, 1, 3 }, { 8, 160, 160, 1, 3 },
    { 8, 160, 64, 1, 1 },
};

/* The rows of the table: inference runs a pair, training a shard of eight. */
static const struct run {
    enum operation operation;
    int batch;
} runs[] = { { FORWARD, 2 }, { FORWARD, 8 }, { INPUT_GRADIENT, 8 }, { WEIGHT_GRADIENT, 8 } };

enum { LAYERS = SPR_COUNT(layers), RUNS = SPR_COUNT(runs) };

static void *need(void *p)
{
    if (!p) {
        fputs("bench_conv: not enough memory\n", stderr);
        exit(1);
    }
    return p;
}

static float *normals(size_t count)
{
    float *p = need(mem_aligned(count, sizeof *p));
    random_normals((struct random){ 1, 1 }, 0, count, p);
    return p;
}

static double flops(const struct layer *l, int batch)
{
    double pixels = (double)batch * l->size * l->size / (l->kernel == 2 ? 4 : 1);
    return 2.0 * pixels * l->kernel * l->kernel * l->in * l->out;
}

/* What this thread has used of a processor, so that other programs' turns do not count. */
static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of one product of two square matrices, on one thread. */
static double peak_seconds(const float *a, const float *b, float *c)
{
    double start = cpu_seconds();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, PEAK_SIZE, PEAK_SIZE, PEAK_SIZE, 1.0f, a,
                PEAK_SIZE, b, PEAK_SIZE, 0.0f, c, PEAK_SIZE);
    return (cpu_seconds() - start);
}

struct tensors {
    float *x, *y, *w, *packed, *packed_backward, *scratch;
};

static double layer_seconds(const struct run *r, const struct conv_shape *s, const struct tensors *t)
{
    int repeat = 1 + (int)(2e6 / (double)(s->batch * s->height * s->width) / (s->kernel * s->kernel) / s->in);
    double start = cpu_seconds();
    for (int i = 0; i < repeat; i++)
        if (r->operation == FORWARD)
            conv_forward(s, t->x, t->packed, t->w, NULL, t->y, t->scratch);
        else if (r->operation == INPUT_GRADIENT)
            conv_backward_input(s, t->y, t->packed_backward, false, t->x, t->scratch);
        else
            conv_backward_weight(s, t->x, t->y, t->w, NULL, t->scratch);
    return (cpu_seconds() - start) / repeat;
}

static double measure(const struct run *r, const struct layer *l, enum conv_precision precision)
{
    struct conv_shape s = { r->batch, l->size, l->size, l->in, l->out, l->kernel, false, precision };
    size_t pixels = (size_t)s.batch * (size_t)s.height * (size_t)s.width;
    struct tensors t = {
        .x = normals(pixels * (size_t)s.in),
        .y = normals(pixels * (size_t)s.out),
        .w = normals((size_t)s.kernel * (size_t)s.kernel * (size_t)s.in * (size_t)s.out),
        .packed = need(mem_aligned(conv_packed_floats(&s), sizeof(float))),
        .packed_backward = need(mem_aligned(conv_packed_backward_floats(&s), sizeof(float))),
        .scratch = need(mem_aligned(conv_scratch_floats(&s), sizeof(float))),
    };
    conv_pack(&s, t.w, t.packed);
    conv_pack_backward(&s, t.w, t.packed_backward);
    layer_seconds(r, &s, &t); /* brings pages and caches in */
    double seconds = layer_seconds(r, &s, &t);
    float *all[] = { t.x, t.y, t.w, t.packed, t.packed_backward, t.scratch };
    for (size_t i = 0; i < SPR_COUNT(all); i++)
        mem_free(all[i]);
    return seconds;
}

static void report(const char *set, double best[RUNS][LAYERS], double peak)
{
    for (size_t r = 0; r < RUNS; r++) {
        double work = 0, time = 0;
        const char *name = operation_names[runs[r].operation];
        for (size_t i = 0; i < LAYERS; i++) {
            const struct layer *l = &layers[i];
            double gflops = flops(l, runs[r].batch) / best[r][i] * 1e-9;
            printf("%-8s B=%d %2dx%-2d %3d->%-3d k%d x%d  %-15s %6.1f GFLOP/s  %4.2f of sgemm\n", name,
                   runs[r].batch, l->size, l->size, l->in, l->out, l->kernel, l->count, set, gflops,
                   gflops / peak);
            work += l->count * flops(l, runs[r].batch);
            time += l->count * best[r][i];
        }
        printf("%-8s B=%d network %14s  %-15s %6.1f GFLOP/s  %4.2f of sgemm  %.2f ms\n", name, runs[r].batch,
               "", set, work / time * 1e-9, work / time * 1e-9 / peak, time * 1e3);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name, *set;
        enum conv_precision precision;
    } all[] = {
        { "avx512", "avx512", CONV_F32 },       { "avx512bf16.bf16", "avx512bf16", CONV_BF16 },
        { "avx512.bf16", "avx512", CONV_BF16 }, { "avx2", "avx2", CONV_F32 },
        { "avx2.bf16", "avx2", CONV_BF16 },     { "neon", "neon", CONV_F32 },
        { "neon.bf16", "neon", CONV_BF16 },     { "cblas", "cblas", CONV_F32 },
    };
    static double best[SPR_COUNT(all)][RUNS][LAYERS];
    size_t square = (size_t)PEAK_SIZE * PEAK_SIZE;
    float *a = normals(square), *b = normals(square), *c = normals(square);
    double peak = 1e9;
    for (int round = 0; round < ROUNDS; round++)
        for (size_t k = 0; k < SPR_COUNT(all); k++) {
            bool wanted = argc < 2;
            for (int i = 1; i < argc; i++)
                wanted |= strcmp(argv[i], all[k].name) == 0;
            if (!wanted || !nn_kernels_use(all[k].set))
                continue;
            for (size_t r = 0; r < RUNS; r++)
                for (size_t l = 0; l < LAYERS; l++) {
                    double seconds = measure(&runs[r], &layers[l], all[k].precision);
                    if (round == 0 || seconds < best[k][r][l])
                        best[k][r][l] = seconds;
                }
            for (int i = 0; i < 3; i++) {
                double seconds = peak_seconds(a, b, c);
                peak = seconds < peak ? seconds : peak;
            }
        }
    double gflops = 2.0 * PEAK_SIZE * PEAK_SIZE * PEAK_SIZE / peak * 1e-9;
    printf("sgemm %dx%d, one thread: %.1f GFLOP/s\n", PEAK_SIZE, PEAK_SIZE, gflops);
    for (size_t k = 0; k < SPR_COUNT(all); k++)
        if (best[k][0][0] > 0)
            report(all[k].name, best[k], gflops);
    mem_free(a);
    mem_free(b);
    mem_free(c);
    return 0;
}
