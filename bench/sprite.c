/* bench/sprite - milliseconds per sprite: 20 Euler steps with guidance, as 40 passes of 425 million multiply-adds.
 *     sprite  1 thread   avx512   214.0 ms (median 220.1)   159 GFLOP/s   1.32 of sgemm   first step after 31 ms
 * The operations are the direct convolutions'; Winograd does fewer, so the share of sgemm may be over 1. sgemm is one
 * thread's best on 1024 x 1024, times the threads. The first step's time counts from loading the model file.
 * Usage: bench_sprite MODEL [THREADS [REPEATS]]; without THREADS: 1 and 2. */
#include "base/clock.h"
#include "base/mem.h"
#include "nn/conv.h"
#include "paint/lexicon.h"
#include "paint/model.h"
#include "paint/paint.h"

#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { STEPS = 20, SIDE = 1024, REPEATS_MAX = 100 };
static const double SPRITE_FLOP = 2.0 * 425e6 * 2 * STEPS;

static void must(enum spr_code rc, const struct spr_error *err)
{
    if (rc) {
        fprintf(stderr, "bench_sprite: %s\n", err->text);
        exit(1);
    }
}

static double seconds_since(int64_t start_ns)
{
    return (double)(clock_steady_ns() - start_ns) * 1e-9;
}

static double sgemm_flops(void)
{
    size_t n = (size_t)SIDE * SIDE;
    float *m = mem_zalloc(3 * n, sizeof *m);
    double best = 1e9;
    for (size_t i = 0; m && i < 2 * n; i++)
        m[i] = (float)(i % 7) - 3;
    for (int i = 0; m && i < 5; i++) {
        int64_t start = clock_steady_ns();
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIDE, SIDE, SIDE, 1.0f, m, SIDE, m + n, SIDE,
                    0.0f, m + 2 * n, SIDE);
        double s = seconds_since(start);
        best = s < best ? s : best;
    }
    mem_free(m);
    return 2.0 * SIDE * SIDE * SIDE / best;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void first_step(void *context, int done, int of)
{
    (void)of;
    int64_t *at = context;
    if (done == 1 && *at == 0)
        *at = clock_steady_ns();
}

static void measure(const char *path, int threads, int repeats)
{
    struct spr_error err;
    struct model *model;
    struct pool *pool;
    struct painter *painter;
    int64_t start = clock_steady_ns(), first = 0;
    must(model_load(path, &model, &err), &err);
    must(pool_new(threads, &pool, &err), &err);
    must(painter_new(&model->layout, model->params, model->size, pool, &painter, &err), &err);
    const struct reading prompt = { .count = 2,
                                    .word = { { .id = 100, .weight = 1 }, { .id = 5, .weight = 1 } } };
    const struct paint_options options = {
        .size = model->size, .steps = STEPS, .guidance = 3, .sampler = SAMPLER_EULER
    };
    const struct paint_watch watch = { .context = &first, .progress = first_step };
    double took[REPEATS_MAX];
    for (int i = -1; i < repeats; i++) {
        const struct paint_sprite sprite = { .prompt = &prompt, .seed = (uint64_t)(i + 1) };
        struct image im;
        int64_t begin = clock_steady_ns();
        must(paint(painter, &options, &sprite, 1, &watch, &im, &err), &err);
        if (i >= 0)
            took[i] = seconds_since(begin);
        image_fini(&im);
    }
    qsort(took, (size_t)repeats, sizeof *took, by_size);
    printf("sprite  %d thread%s  %-6s %7.1f ms (median %.1f)  %5.0f GFLOP/s  %4.2f of sgemm  first step "
           "after %.0f ms\n",
           threads, threads == 1 ? " " : "s", nn_kernels_name(), took[0] * 1e3, took[repeats / 2] * 1e3,
           SPRITE_FLOP / took[0] * 1e-9, SPRITE_FLOP / took[0] / (sgemm_flops() * threads),
           (double)(first - start) * 1e-6);
    painter_free(painter);
    pool_free(pool);
    model_free(model);
}

int main(int argc, char **argv)
{
    int threads = argc > 2 ? atoi(argv[2]) : 0, repeats = argc > 3 ? atoi(argv[3]) : 5;
    if (argc < 2 || threads < 0 || repeats < 1 || repeats > REPEATS_MAX) {
        fprintf(stderr, "usage: bench_sprite MODEL [THREADS [REPEATS]]\n");
        return 2;
    }
    for (int t = 1; t <= 2; t++)
        if (threads == 0 || threads == t)
            measure(argv[1], t, repeats);
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("sprite  peak memory %.0f MB (sgemm's matrices, 12 MB, among them)\n",
           (double)use.ru_maxrss / 1024);
    return 0;
}
