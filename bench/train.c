/* bench/train - whole training steps of the bundled network: samples drawn and changed, forward, backward, optimiser,
 * weights packed anew. Best step of several; processor time shows what a machine with other work would reach alone.
 *     train  2 threads  batch 64  avx512   1234 ms/step   51.9 samples/s   38.4 ms of processor time a sample   512 MB
 * Usage: bench_train [STEPS [THREADS [NAME=VALUE...]]], settings as in "spritery train settings" */
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "nn/conv.h"
#include "paint/model.h"
#include "train/options.h"
#include "train/start.h"
#include "train/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { TILES = 256 };

static void fail(const struct spr_error *err)
{
    fprintf(stderr, "bench_train: %s\n", err->text);
    exit(1);
}

static double processor_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Noise with words: how long a step takes does not depend on what is drawn. */
static struct dataset made_up(uint32_t vocabulary)
{
    struct dataset d = { .count = TILES };
    const struct random r = { 1, 1 };
    d.tile = mem_zalloc(TILES, sizeof *d.tile);
    d.pixel = mem_zalloc((size_t)TILES * TILE_PIXELS, sizeof *d.pixel);
    d.upto = mem_zalloc(TILES, sizeof *d.upto);
    if (!d.tile || !d.pixel || !d.upto)
        exit(1);
    for (uint64_t i = 0; i < TILES; i++) {
        d.upto[i] = (double)(i + 1) / TILES;
        d.tile[i] = (struct tile){ .dir_ids = 2, .file_ids = 3, .flip = true, .hue = true, .weight = 1 };
        for (uint64_t w = 0; w < 3; w++) {
            d.tile[i].dir_id[w % 2] = (uint16_t)(1 + random_below(r, i * 8 + w, vocabulary - 1));
            d.tile[i].file_id[w] = (uint16_t)(1 + random_below(r, i * 8 + 4 + w, vocabulary - 1));
        }
    }
    for (uint64_t i = 0; i < (uint64_t)TILES * TILE_PIXELS; i++) {
        uint32_t bits = random_u32((struct random){ 1, 2 }, i);
        d.pixel[i] = (struct rgba){ (uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16), 255 };
    }
    return d;
}

static void measure(struct trainer *t, int threads, const struct train_options *o, int steps)
{
    const int batch = o->batch;
    double best = 1e9, processor = 1e9;
    struct spr_error err;
    for (int i = 0; i < steps; i++) {
        struct trainer_report report;
        double wall = (double)clock_steady_ns() * 1e-9, used = processor_s();
        if (trainer_step(t, &report, &err))
            fail(&err);
        wall = (double)clock_steady_ns() * 1e-9 - wall;
        used = processor_s() - used;
        best = wall < best ? wall : best;
        processor = used < processor ? used : processor;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf(
        "train  %d thread%s  batch %d  %s  %s  %7.0f ms/step  %6.1f samples/s  %5.1f ms of processor time a "
        "sample  "
        "%ld MB\n",
        threads, threads > 1 ? "s" : "", batch, nn_kernels_name(), conv_precision_name(o->precision),
        best * 1e3, batch / best, processor * 1e3 / batch, usage.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
    const int steps = argc > 1 ? atoi(argv[1]) : 5;
    const int threads = argc > 2 ? atoi(argv[2]) : pool_default_threads();
    struct spr_error err;
    struct model *model = NULL;
    struct train_options options;
    struct pool *pool = NULL;
    struct trainer *t = NULL;
    if (model_load(BUNDLED, &model, &err))
        fail(&err);
    struct dataset data = made_up((uint32_t)model->layout.config.vocab);
    train_options_default(&options);
    for (int i = 3; i < argc; i++) {
        char name[32];
        const char *equals = strchr(argv[i], '=');
        snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - argv[i]) : 0, argv[i]);
        if (train_options_set(&options, name, equals ? equals + 1 : "", &err))
            fail(&err);
    }
    if (pool_new(threads, &pool, &err) || trainer_new(&options, &model->layout, &data, pool, &t, &err))
        fail(&err);
    start_parameters(&model->layout, 1, trainer_optimizer(t)->param);
    trainer_refresh(t);
    measure(t, threads, &options, steps);
    trainer_free(t);
    pool_free(pool);
    dataset_close(&data);
    model_free(model);
    return 0;
}
