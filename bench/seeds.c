/* bench/seeds - does training in bf16 lose as training in f32 does? From nothing, on real tiles, each seed once in either
 * precision with the same start, samples and noise:
 *     seed 1  f32 0.2345  bf16 0.2347  (mean loss of the last quarter)
 *     from seed to seed 0.0123 (5.2 %); bf16 from f32 0.0012 (0.5 %), mean -0.0003
 * The first figure is the deviation of f32's losses, the second the root mean square of the differences at one seed.
 * The network is the bundled model's. Usage: bench_seeds FOLDER... [-n SAMPLES] [-s SEEDS] */
#include "base/mem.h"
#include "paint/model.h"
#include "train/options.h"
#include "train/start.h"
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SEEDS_MAX = 64, BATCH = 32 };

static void must(enum spr_code rc, const struct spr_error *err)
{
    if (rc) {
        fprintf(stderr, "bench_seeds: %s\n", err->text);
        exit(1);
    }
}

/* The mean loss of the last quarter of the steps. */
static double train(const struct model *m, const struct dataset *data, struct pool *pool, int seed,
                    int samples, enum conv_precision precision)
{
    struct spr_error err;
    struct train_options o;
    struct trainer *t = NULL;
    int steps = samples / BATCH, last = (steps + 3) / 4;
    double sum = 0;
    train_options_default(&o);
    o.seed = (uint64_t)seed;
    o.batch = BATCH;
    o.precision = precision;
    o.schedule.total = (uint64_t)samples;
    o.schedule.warmup = (uint64_t)samples / 4;
    must(trainer_new(&o, &m->layout, data, pool, &t, &err), &err);
    start_parameters(&m->layout, o.seed, trainer_optimizer(t)->param);
    trainer_refresh(t);
    for (int i = 0; i < steps; i++) {
        struct trainer_report report;
        must(trainer_step(t, &report, &err), &err);
        if (i >= steps - last)
            sum += report.loss / last;
    }
    trainer_free(t);
    return sum;
}

static void run(const struct model *m, const struct dataset *data, struct pool *pool, int samples, int seeds)
{
    double sum = 0, squares = 0, apart = 0, shift = 0;
    for (int s = 1; s <= seeds; s++) {
        double loss[2];
        for (int p = CONV_F32; p <= CONV_BF16; p++)
            loss[p] = train(m, data, pool, s, samples, (enum conv_precision)p);
        printf("seed %d  f32 %.5f  bf16 %.5f\n", s, loss[CONV_F32], loss[CONV_BF16]);
        fflush(stdout);
        sum += loss[CONV_F32];
        squares += loss[CONV_F32] * loss[CONV_F32];
        apart += (loss[CONV_BF16] - loss[CONV_F32]) * (loss[CONV_BF16] - loss[CONV_F32]);
        shift += loss[CONV_BF16] - loss[CONV_F32];
    }
    double mean = sum / seeds, spread = seeds > 1 ? sqrt((squares - sum * mean) / (seeds - 1)) : 0;
    apart = sqrt(apart / seeds);
    shift /= seeds;
    printf(
        "%d samples, %d seeds: from seed to seed %.5f (%.2f %%); bf16 from f32 %.5f (%.2f %%), mean %+.5f\n",
        samples, seeds, spread, 100 * spread / mean, apart, 100 * apart / mean, shift);
}

int main(int argc, char **argv)
{
    struct spr_error err;
    struct model *m = NULL;
    struct dataset data;
    struct pool *pool = NULL;
    struct dataset_source source[DATASET_FOLDERS_MAX];
    size_t sources = 0;
    int samples = 2048, seeds = 4, option;
    while ((option = getopt(argc, argv, "n:s:")) != -1)
        if (option == 'n')
            samples = atoi(optarg);
        else if (option == 's')
            seeds = atoi(optarg);
        else
            return 2;
    for (; optind < argc && sources < DATASET_FOLDERS_MAX; optind++)
        source[sources++] = (struct dataset_source){ argv[optind], 1 };
    if (sources == 0 || samples < BATCH || seeds < 1 || seeds > SEEDS_MAX) {
        fprintf(stderr, "usage: bench_seeds [-n SAMPLES] [-s SEEDS] FOLDER...\n");
        return 2;
    }
    must(model_load(BUNDLED, &m, &err), &err);
    const struct dataset_words words = { m->word, (size_t)m->layout.config.vocab };
    must(dataset_open(source, sources, &words, 0, &data, &err), &err);
    must(pool_new(pool_default_threads(), &pool, &err), &err);
    run(m, &data, pool, samples, seeds);
    pool_free(pool);
    dataset_close(&data);
    model_free(m);
    return 0;
}
