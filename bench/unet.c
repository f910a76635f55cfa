/* bench/unet - milliseconds of the bundled network's passes on one thread:
 *     forward   B=2  32x32  avx512   12.3 ms   6.1 ms/sample   138 GFLOP/s
 * Operations are the products' (425 million multiplications a sample forward, three times that with gradients).
 * The best of several rounds. Usage: bench_unet [ROUNDS] */
#include "paint/unet.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "nn/conv.h"
#include "paint/model.h"
#include <stdio.h>
#include <stdlib.h>

static const struct run {
    int batch;
    bool training;
} runs[] = { { 1, false }, { 2, false }, { 8, false }, { 8, true } };

static const double FORWARD_FLOP = 2 * 425e6;

static void fail(const struct spr_error *err)
{
    fprintf(stderr, "bench_unet: %s\n", err->text);
    exit(1);
}

static float *floats(size_t count)
{
    struct spr_error err = { .text = "no memory" };
    float *p = mem_zalloc(count, sizeof *p);
    if (!p)
        fail(&err);
    return p;
}

static void measure(const struct unet *net, const struct unet_layout *l, struct run run, int rounds,
                    enum conv_precision precision)
{
    struct spr_error err;
    struct unet_session *s;
    struct unet_session_options o = {
        .batch = run.batch, .width = 32, .height = 32, .training = run.training
    };
    if (unet_session_open(net, &o, &s, &err))
        fail(&err);
    size_t B = (size_t)run.batch, pixels = B * 32 * 32 * 4, tokens = 5 * 128;
    float *x = floats(pixels), *v = floats(pixels), *t = floats(B), *words = floats(tokens),
          *pooled = floats(B * 128), *grad = floats(l->floats), *dtokens = floats(B * tokens), *dtoken[8];
    struct unet_text text[8];
    for (int i = 0; i < run.batch; i++) {
        text[i] = (struct unet_text){ .count = 5, .token = words, .pooled = pooled };
        dtoken[i] = dtokens + (size_t)i * tokens;
        t[i] = 0.5f;
    }
    for (size_t i = 0; i < pixels; i++)
        x[i] = (float)(i % 255) / 127.0f - 1;
    double best = 1e9;
    for (int r = 0; r < rounds; r++) {
        int64_t begun = clock_steady_ns();
        unet_forward(s, run.batch, x, t, text, v);
        if (run.training)
            unet_backward(s, v, grad, dtoken, pooled);
        double ms = (double)(clock_steady_ns() - begun) / 1e6;
        best = ms < best ? ms : best;
    }
    printf("%-8s  B=%d  32x32  %-10s  %s  %7.2f ms  %6.2f ms/sample  %4.0f GFLOP/s  %6.1f MB\n",
           run.training ? "training" : "forward", run.batch, nn_kernels_name(),
           conv_precision_name(precision), best, best / run.batch,
           FORWARD_FLOP * (run.training ? 3 : 1) * run.batch / best / 1e6,
           (double)unet_session_bytes(s) / 1e6);
    unet_session_close(s);
    float *all[] = { x, v, t, words, pooled, grad, dtokens };
    for (size_t i = 0; i < SPR_COUNT(all); i++)
        mem_free(all[i]);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 20;
    struct spr_error err;
    struct model *m = NULL;
    struct unet *net;
    if (model_load(BUNDLED, &m, &err))
        fail(&err);
    for (int p = CONV_F32; p <= CONV_BF16; p++) {
        if (unet_new(&m->layout, m->params, true, (enum conv_precision)p, &net, &err))
            fail(&err);
        for (size_t i = 0; i < SPR_COUNT(runs); i++)
            measure(net, &m->layout, runs[i], rounds, (enum conv_precision)p);
        unet_free(net);
    }
    model_free(m);
    return 0;
}
