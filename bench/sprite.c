/* bench/sprite - milliseconds per sprite: 20 Euler steps with guidance, as 40 passes of 425 million multiply-adds.
 *     sprite  1 thread  avx512bf16 f32   214.0 ms, 212.0 of processor   159 GFLOP/s  1.32 of sgemm  first step after 31 ms, ...
 * Best of several. Operations are the direct convolutions', a second is one of processor time, so that other work on the
 * machine hurts little; Winograd does fewer, so the share of sgemm may be over 1. sgemm is one thread's best on
 * 1024 x 1024, measured in between. The first step counts from loading the model file to the end of the step.
 * Usage: bench_sprite MODEL [THREADS [REPEATS [f32|bf16]]]; THREADS 0: 1 and 2. */
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
#include <time.h>

enum { STEPS = 20, SIDE = 1024 };
static const double SPRITE_FLOP = 2.0 * 425e6 * 2 * STEPS;

static void must(enum spr_code rc, const struct spr_error *err)
{
    if (rc) {
        fprintf(stderr, "bench_sprite: %s\n", err->text);
        exit(1);
    }
}

/* Wall and processor time. */
struct moment {
    double wall, used;
};

static struct moment now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (struct moment){ (double)clock_steady_ns() * 1e-9, (double)t.tv_sec + (double)t.tv_nsec * 1e-9 };
}

static struct moment since(struct moment start)
{
    struct moment end = now();
    return (struct moment){ end.wall - start.wall, end.used - start.used };
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* The best seconds of a product so far. */
static double sgemm_best(double best)
{
    size_t n = (size_t)SIDE * SIDE;
    float *m = mem_zalloc(3 * n, sizeof *m);
    for (size_t i = 0; m && i < 2 * n; i++)
        m[i] = (float)(i % 7) - 3;
    for (int i = 0; m && i < 2; i++) {
        struct moment start = now();
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SIDE, SIDE, SIDE, 1.0f, m, SIDE, m + n, SIDE,
                    0.0f, m + 2 * n, SIDE);
        best = least(best, since(start).used);
    }
    mem_free(m);
    return best;
}

static void first_step(void *context, int done, int of)
{
    (void)of;
    struct moment *at = context;
    if (done == 1 && at->wall == 0)
        *at = now();
}

static void measure(const char *path, int threads, int repeats, enum conv_precision precision)
{
    struct spr_error err;
    struct model *model;
    struct pool *pool;
    struct nets *nets;
    struct painter *painter;
    struct moment start = now(), first = { 0 };
    must(model_load(path, &model, &err), &err);
    must(pool_new(threads, &pool, &err), &err);
    must(nets_new(&model->layout, model->params, &nets, &err), &err);
    must(painter_new(nets, model->size, pool, &painter, &err), &err);
    const struct reading prompt = { .count = 2,
                                    .word = { { .id = 100, .weight = 1 }, { .id = 5, .weight = 1 } } };
    const struct paint_options options = {
        .size = model->size, .steps = STEPS, .guidance = 3, .sampler = SAMPLER_EULER, .precision = precision
    };
    const struct paint_watch watch = { .context = &first, .progress = first_step };
    struct moment best = { 1e9, 1e9 };
    double sgemm = 1e9;
    for (int i = 0; i <= repeats; i++) {
        const struct paint_sprite sprite = { .prompt = &prompt, .seed = (uint64_t)i };
        struct image im;
        struct moment begin = now();
        must(paint(painter, &options, &sprite, 1, &watch, &im, &err), &err);
        struct moment took = since(begin);
        if (i > 0)
            best = (struct moment){ least(best.wall, took.wall), least(best.used, took.used) };
        sgemm = sgemm_best(sgemm);
        image_fini(&im);
    }
    double flops = SPRITE_FLOP / best.used, peak = 2.0 * SIDE * SIDE * SIDE / sgemm;
    printf("sprite  %d thread%s  %s %-4s  %6.1f ms, %6.1f of processor  %4.0f GFLOP/s  %4.2f of sgemm  "
           "first step after %.0f ms, %.0f of processor\n",
           threads, threads == 1 ? " " : "s", nn_kernels_name(), conv_precision_name(precision),
           best.wall * 1e3, best.used * 1e3, flops * 1e-9, flops / peak, (first.wall - start.wall) * 1e3,
           (first.used - start.used) * 1e3);
    painter_free(painter);
    nets_free(nets);
    pool_free(pool);
    model_free(model);
}

int main(int argc, char **argv)
{
    int threads = argc > 2 ? atoi(argv[2]) : 0, repeats = argc > 3 ? atoi(argv[3]) : 5;
    enum conv_precision precision = CONV_F32;
    if (argc < 2 || threads < 0 || repeats < 1 || (argc > 4 && !conv_precision_find(argv[4], &precision))) {
        fprintf(stderr, "usage: bench_sprite MODEL [THREADS [REPEATS [f32|bf16]]]\n");
        return 2;
    }
    for (int t = 1; t <= 2; t++)
        if (threads == 0 || threads == t)
            measure(argv[1], t, repeats, precision);
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    printf("sprite  peak memory %.0f MB (sgemm's matrices, 12 MB, among them)\n",
           (double)use.ru_maxrss / 1024);
    return 0;
}
