/* bench/paint - a sprite as a person waits for it, with the bundled model (or MODEL): the time from nothing to the
 * first step; 20 Euler steps with guidance on one thread and two, alone and in a batch; the other sizes; peak memory.
 * "ms" is the clock on the wall, "cpu" the processor time of all threads: on a busy machine look at that.
 * Usage: bench_paint [ROUNDS [MODEL]] */
#include "paint/paint.h"
#include "base/clock.h"
#include "base/mem.h"
#include "nn/conv.h"
#include "paint/model.h"
#include "paint/model_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { BATCH = 8, STEPS = 20 };
static const double SPRITE_FLOP =
    STEPS * 2 * 2 * 425e6; /* steps, branches, two operations a multiplication */

static void check(enum spr_code rc, const struct spr_error *err)
{
    if (!rc)
        return;
    fprintf(stderr, "bench_paint: %s\n", err->text);
    exit(1);
}

static double peak_mb(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)use.ru_maxrss / 1024;
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int64_t first_step;
static double first_cpu;

static void note_first(void *context, int done, int of)
{
    (void)context;
    (void)of;
    if (done == 1 && !first_step) {
        first_step = clock_steady_ns();
        first_cpu = cpu_ms();
    }
}

/* Milliseconds for one picture. */
struct cost {
    double ms, cpu;
};

/* The least of the rounds. */
static struct cost best_of(struct painter *p, int size, int count, int rounds, const struct reading *words)
{
    struct paint_options o = { .size = size, .steps = STEPS, .guidance = 3, .sampler = SAMPLER_EULER };
    struct paint_watch watch = { .progress = note_first };
    struct paint_sprite sprite[BATCH];
    struct image im[BATCH];
    struct spr_error err = { 0 };
    struct cost best = { 0 };
    for (int r = 0; r < rounds; r++) {
        for (int i = 0; i < count; i++)
            sprite[i] = (struct paint_sprite){ .prompt = words, .seed = (uint64_t)i };
        int64_t begun = clock_steady_ns();
        double cpu = cpu_ms();
        check(paint(p, &o, sprite, count, &watch, im, &err), &err);
        double ms = (double)(clock_steady_ns() - begun) / 1e6 / count;
        cpu = (cpu_ms() - cpu) / count;
        best.ms = r == 0 || ms < best.ms ? ms : best.ms;
        best.cpu = r == 0 || cpu < best.cpu ? cpu : best.cpu;
        for (int i = 0; i < count; i++)
            image_fini(&im[i]);
    }
    return best;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 5;
    struct spr_error err = { 0 };
    struct reading words = { .count = 2, .word = { { .id = 1, .weight = 1 }, { .id = 2, .weight = 1 } } };
    int64_t begun = clock_steady_ns();
    char *path = NULL;
    struct model *m = NULL;
    check(data_find(&model_kind, argc > 2 ? argv[2] : NULL, &path, &err), &err);
    check(model_load(path, &m, &err), &err);
    double loaded_ms = (double)(clock_steady_ns() - begun) / 1e6;
    for (int threads = 1; threads <= 2; threads++) {
        struct pool *pool = NULL;
        struct nets *nets = NULL;
        struct painter *p = NULL;
        check(pool_new(threads, &pool, &err), &err);
        check(nets_new(&m->layout, m->params, &nets, &err), &err);
        check(painter_new(nets, m->size, pool, &p, &err), &err);
        if (threads == 1) {
            best_of(p, m->size, 1, 1, &words);
            printf("paint   start: weights read %.1f ms, first step done %.1f ms (cpu %.1f) after the "
                   "beginning; peak %.0f MB\n",
                   loaded_ms, (double)(first_step - begun) / 1e6, first_cpu, peak_mb());
        }
        struct cost one = best_of(p, m->size, 1, rounds, &words);
        struct cost many = best_of(p, m->size, BATCH, 1 + rounds / 3, &words);
        printf("paint   %d thread%s %d steps, guidance 3, %s: %.1f ms, cpu %.1f ms a sprite (best of %d), "
               "%.0f GFLOP/s; "
               "in a batch of %d: %.1f ms, cpu %.1f\n",
               threads, threads > 1 ? "s," : ", ", STEPS, nn_kernels_name(), one.ms, one.cpu, rounds,
               SPRITE_FLOP / one.ms / 1e6, BATCH, many.ms, many.cpu);
        for (int i = 0; i < PAINT_SIZES && threads == 1; i++) {
            int size = m->size * paint_size_at(i)->numerator / paint_size_at(i)->denominator;
            struct cost c = best_of(p, size, 1, 1 + rounds / 3, &words);
            printf("paint   size %d: %.1f ms, cpu %.1f, %.2f of size %d\n", size, c.ms, c.cpu,
                   c.cpu / one.cpu, m->size);
        }
        painter_free(p);
        nets_free(nets);
        pool_free(pool);
    }
    printf("paint   peak %.0f MB\n", peak_mb());
    model_free(m);
    mem_free(path);
    return 0;
}
