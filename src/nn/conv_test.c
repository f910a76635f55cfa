/* Every kernel set that runs here against plain loops in double precision, and against finite differences. */
#include "base/err.h"
#include "base/mem.h"
#include "base/random.h"
#include "nn/conv.h"
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const set_names[] = { "avx512bf16", "avx512", "avx2", "neon", "cblas" };
enum { OWN_SETS = SPR_COUNT(set_names) - 1 };

/* Sizes that no tile divides, the network's own, and the smallest. */
static const struct conv_shape shapes[] = {
    { 1, 4, 4, 1, 1, 3, false, CONV_F32 },      { 2, 5, 7, 3, 4, 3, true, CONV_F32 },
    { 1, 7, 5, 17, 33, 3, false, CONV_F32 },    { 3, 9, 33, 5, 17, 3, true, CONV_F32 },
    { 2, 8, 8, 160, 160, 3, false, CONV_F32 },  { 1, 8, 8, 320, 160, 3, false, CONV_F32 },
    { 2, 32, 32, 4, 32, 3, false, CONV_F32 },   { 1, 32, 32, 32, 4, 3, true, CONV_F32 },
    { 1, 12, 12, 33, 320, 3, false, CONV_F32 }, { 1, 16, 16, 64, 64, 3, true, CONV_F32 },
    { 2, 1, 1, 4, 5, 3, false, CONV_F32 },      { 1, 2, 1, 32, 3, 3, false, CONV_F32 },
    { 1, 1, 3, 17, 32, 3, true, CONV_F32 },     { 1, 4, 4, 1, 1, 2, false, CONV_F32 },
    { 2, 6, 10, 3, 5, 2, false, CONV_F32 },     { 3, 32, 32, 32, 64, 2, false, CONV_F32 },
    { 1, 16, 16, 64, 160, 2, false, CONV_F32 }, { 1, 2, 2, 17, 33, 2, false, CONV_F32 },
    { 1, 1, 1, 1, 1, 1, false, CONV_F32 },      { 3, 1, 1, 128, 256, 1, false, CONV_F32 },
    { 9, 1, 1, 160, 320, 1, false, CONV_F32 },  { 2, 8, 8, 160, 480, 1, false, CONV_F32 },
    { 1, 33, 4, 5, 17, 1, false, CONV_F32 },    { 2, 5, 5, 33, 3, 1, true, CONV_F32 },
    { 1, 16, 16, 128, 64, 1, false, CONV_F32 }, { 1, 24, 24, 32, 32, 3, false, CONV_F32 },
    { 2, 13, 6, 64, 5, 3, false, CONV_F32 },    { 1, 6, 20, 160, 32, 3, true, CONV_F32 },
};
enum { PRECISIONS = 2 };

static struct conv_shape in_precision(const struct conv_shape *s, int precision)
{
    struct conv_shape copy = *s;
    copy.precision = (enum conv_precision)precision;
    return copy;
}

/* One shape's tensors, filled with normals; `random` is the shape's number. */
struct fixture {
    struct conv_shape s;
    size_t x_count, y_count, w_count;
    float *x, *w, *bias, *add, *dy; /* inputs */
    float *y, *dx, *dw, *dbias;     /* results, begun as normals too */
    float *packed, *packed_backward, *scratch;
};

static size_t out_pixels(const struct conv_shape *s)
{
    return (size_t)s->batch * (size_t)s->height * (size_t)s->width / (s->kernel == 2 ? 4 : 1);
}

static float *normals(size_t count, uint64_t stream)
{
    float *p = mem_aligned(count, sizeof *p);
    assert_non_null(p);
    random_normals((struct random){ 42, stream }, 0, count, p);
    return p;
}

/* "avx2 bf16", for complaints. */
static const char *set_in_use(const struct conv_shape *s)
{
    static char text[32];
    snprintf(text, sizeof text, "%s %s", nn_kernels_name(), conv_precision_name(s->precision));
    return text;
}

static void pack_all(struct fixture *f)
{
    const struct conv_shape *s = &f->s;
    mem_free(f->packed);
    mem_free(f->packed_backward);
    mem_free(f->scratch);
    f->packed = mem_aligned(conv_packed_floats(s), sizeof(float));
    f->packed_backward = mem_aligned(conv_packed_backward_floats(s), sizeof(float));
    f->scratch = mem_aligned(conv_scratch_floats(s), sizeof(float));
    assert_true(f->packed && f->packed_backward && f->scratch);
    conv_pack(s, f->w, f->packed);
    conv_pack_backward(s, f->w, f->packed_backward);
}

static struct fixture *make(const struct conv_shape *s)
{
    struct fixture *f = mem_zalloc(1, sizeof *f);
    assert_non_null(f);
    f->s = *s;
    f->x_count = (size_t)s->batch * (size_t)s->height * (size_t)s->width * (size_t)s->in;
    f->y_count = out_pixels(s) * (size_t)s->out;
    f->w_count = (size_t)(s->kernel * s->kernel) * (size_t)s->in * (size_t)s->out;
    f->x = normals(f->x_count, 1);
    f->w = normals(f->w_count, 2);
    f->bias = normals((size_t)s->out, 3);
    f->add = normals(f->y_count, 4);
    f->dy = normals(f->y_count, 5);
    f->y = normals(f->y_count, 6);
    f->dx = normals(f->x_count, 7);
    f->dw = normals(f->w_count, 8);
    f->dbias = normals((size_t)s->out, 9);
    pack_all(f);
    return f;
}

static void drop(struct fixture *f)
{
    float *all[] = {
        f->x,      f->w, f->bias, f->add, f->dy, f->y, f->dx, f->dw, f->dbias, f->packed, f->packed_backward,
        f->scratch
    };
    for (size_t i = 0; i < SPR_COUNT(all); i++)
        mem_free(all[i]);
    mem_free(f);
}

/* Calls each(f, x index, w index, y index, to) for every product of the convolution, in the order of law N3: bf16 sums
 * the second of a pair of channels before the first, and for a weight gradient (`pixels`) the second of two pixels. */
typedef void product_fn(struct fixture *f, size_t x, size_t w, size_t y, double *to);

static size_t turned(size_t i, size_t count, bool pairs)
{
    return pairs && (i ^ 1) < count ? i ^ 1 : i;
}

static void pixel_products(struct fixture *f, size_t pixel, product_fn *each, double *to)
{
    const struct conv_shape *s = &f->s;
    bool pairs = s->precision == CONV_BF16;
    int step = s->kernel == 2 ? 2 : 1, border = s->kernel == 3, taps = s->kernel * s->kernel;
    size_t across = (size_t)(s->width / step), down = (size_t)(s->height / step), out = (size_t)s->out;
    int c = (int)(pixel % across), r = (int)(pixel / across % down);
    for (size_t k = 0; k < out; k++)
        for (int t = 0; t < taps; t++) {
            int iy = r * step + t / s->kernel - border, ix = c * step + t % s->kernel - border;
            if (s->wrap && s->kernel == 3) {
                iy = (iy + s->height) % s->height;
                ix = (ix + s->width) % s->width;
            }
            if (iy < 0 || ix < 0 || iy >= s->height || ix >= s->width)
                continue;
            size_t o = turned(k, out, pairs), in = (size_t)s->in;
            size_t x =
                ((pixel / across / down * (size_t)s->height + (size_t)iy) * (size_t)s->width + (size_t)ix) *
                in;
            for (size_t j = 0; j < in; j++) {
                size_t i = turned(j, in, pairs);
                each(f, x + i, ((size_t)t * in + i) * out + o, pixel * out + o, to);
            }
        }
}

static void every_product(struct fixture *f, product_fn *each, bool pixels, double *to)
{
    size_t count = out_pixels(&f->s);
    for (size_t p = 0; p < count; p++)
        pixel_products(f, turned(p, count, pixels && f->s.precision == CONV_BF16), each, to);
}

static void to_y(struct fixture *f, size_t x, size_t w, size_t y, double *to)
{
    to[y] += (double)f->x[x] * (double)f->w[w];
}

static void to_x(struct fixture *f, size_t x, size_t w, size_t y, double *to)
{
    to[x] += (double)f->dy[y] * (double)f->w[w];
}

static void to_w(struct fixture *f, size_t x, size_t w, size_t y, double *to)
{
    to[w] += (double)f->dy[y] * (double)f->x[x];
}

/* GIVES count doubles, 0 plus what each reference adds. */
static double *reference(struct fixture *f, product_fn *each, size_t count)
{
    double *to = mem_zalloc(count, sizeof *to);
    assert_non_null(to);
    every_product(f, each, false, to);
    return to;
}

/* Those that winograd.c does in squares of 4x4 pixels. */
static bool in_large_squares(const struct conv_shape *s)
{
    return s->kernel == 3 && s->in % 32 == 0 && s->out % 32 == 0 && s->in * s->out <= 64 * 128;
}

/* `got` must be want + base within the rounding of a chain of `terms` products of standard normals; for bf16, within that
 * of the factors, to eight bits (and of Winograd's transforms of them, which is 1.7 times as much for squares of 2x2, and
 * 4.8 times, at a square's corners 8.2 times, for 4x4). */
static void compare(const struct fixture *f, const char *what, const float *got, const double *want,
                    const float *base, size_t count, size_t terms)
{
    double most = 4e-6 * sqrt((double)terms) + 4e-6;
    if (f->s.precision == CONV_BF16)
        most = (in_large_squares(&f->s) ? 0.025 : 0.005) * sqrt((double)terms) + 0.01;
    for (size_t i = 0; i < count; i++) {
        double expected = want[i] + (base ? (double)base[i] : 0.0);
        if (!(fabs((double)got[i] - expected) <= most * 4))
            fail_msg("%s, %s %dx%dx%dx%d->%d kernel %d wrap %d: [%zu] is %.9g, not %.9g", set_in_use(&f->s),
                     what, f->s.batch, f->s.height, f->s.width, f->s.in, f->s.out, f->s.kernel, f->s.wrap, i,
                     (double)got[i], expected);
    }
}

static void add_bias(const struct fixture *f, double *want)
{
    for (size_t i = 0; i < f->y_count; i++)
        want[i] += (double)f->bias[i % (size_t)f->s.out];
}

static void check_forward(struct fixture *f)
{
    double *want = reference(f, to_y, f->y_count);
    size_t terms = (size_t)f->s.kernel * (size_t)f->s.kernel * (size_t)f->s.in;
    conv_forward(&f->s, f->x, f->packed, NULL, NULL, f->y, f->scratch);
    compare(f, "forward", f->y, want, NULL, f->y_count, terms);
    add_bias(f, want);
    conv_forward(&f->s, f->x, f->packed, f->bias, NULL, f->y, f->scratch);
    compare(f, "forward with bias", f->y, want, NULL, f->y_count, terms);
    conv_forward(&f->s, f->x, f->packed, f->bias, f->add, f->y, f->scratch);
    compare(f, "forward with bias and add", f->y, want, f->add, f->y_count, terms);
    memcpy(f->y, f->add, f->y_count * sizeof *f->y);
    conv_forward(&f->s, f->x, f->packed, f->bias, f->y, f->y, f->scratch);
    compare(f, "forward, add is y", f->y, want, f->add, f->y_count, terms);
    mem_free(want);
}

static void check_backward(struct fixture *f)
{
    double *want = reference(f, to_x, f->x_count);
    size_t terms = (f->s.kernel == 3 ? 9 : 1) * (size_t)f->s.out;
    float *before = normals(f->x_count, 7);
    conv_backward_input(&f->s, f->dy, f->packed_backward, true, f->dx, f->scratch);
    compare(f, "input gradient, added", f->dx, want, before, f->x_count, terms);
    conv_backward_input(&f->s, f->dy, f->packed_backward, false, f->dx, f->scratch);
    compare(f, "input gradient", f->dx, want, NULL, f->x_count, terms);
    mem_free(before);
    mem_free(want);

    want = reference(f, to_w, f->w_count);
    before = normals(f->w_count, 8);
    float *bias_before = normals((size_t)f->s.out, 9);
    double *bias = mem_zalloc((size_t)f->s.out, sizeof *bias);
    assert_non_null(bias);
    for (size_t i = 0; i < f->y_count; i++)
        bias[i % (size_t)f->s.out] += (double)f->dy[i];
    conv_backward_weight(&f->s, f->x, f->dy, f->dw, f->dbias, f->scratch);
    compare(f, "weight gradient", f->dw, want, before, f->w_count, out_pixels(&f->s));
    compare(f, "bias gradient", f->dbias, bias, bias_before, (size_t)f->s.out, out_pixels(&f->s));
    memcpy(f->dw, before, f->w_count * sizeof *before);
    conv_backward_weight(&f->s, f->x, f->dy, f->dw, NULL, f->scratch);
    compare(f, "weight gradient alone", f->dw, want, before, f->w_count, out_pixels(&f->s));
    mem_free(bias);
    mem_free(bias_before);
    mem_free(before);
    mem_free(want);
}

static void every_set_matches_plain_loops(void **state)
{
    (void)state;
    size_t seen = 0;
    for (size_t k = 0; k < SPR_COUNT(set_names); k++) {
        if (!nn_kernels_use(set_names[k]))
            continue;
        assert_string_equal(nn_kernels_name(), set_names[k]);
        seen++;
        for (size_t i = 0; i < SPR_COUNT(shapes) * PRECISIONS; i++) {
            struct conv_shape s = in_precision(&shapes[i / PRECISIONS], i % PRECISIONS);
            struct fixture *f = make(&s);
            check_forward(f);
            check_backward(f);
            drop(f);
        }
    }
    assert_true(seen >= 1);
}

/* The loss of the finite differences: sum of y * dy. */
static double loss(struct fixture *f)
{
    pack_all(f);
    conv_forward(&f->s, f->x, f->packed, f->bias, NULL, f->y, f->scratch);
    double sum = 0;
    for (size_t i = 0; i < f->y_count; i++)
        sum += (double)f->y[i] * (double)f->dy[i];
    return sum;
}

/* The loss is linear in each of x, w and bias, so a wide step costs no accuracy. */
static void differ(struct fixture *f, const char *what, float *values, size_t count, const float *gradient)
{
    for (size_t i = 0; i < count; i += 1 + count / 23) {
        float kept = values[i];
        values[i] = kept + 1.0f;
        double up = loss(f);
        values[i] = kept - 1.0f;
        double down = loss(f);
        values[i] = kept;
        double want = (up - down) / 2;
        if (fabs(want - (double)gradient[i]) > 1e-3 * (1.0 + fabs(want)))
            fail_msg("%s, %s [%zu] is %g, differences say %g", nn_kernels_name(), what, i,
                     (double)gradient[i], want);
    }
}

static void gradients_match_finite_differences(void **state)
{
    (void)state;
    static const struct conv_shape small[] = {
        { 2, 5, 6, 5, 17, 3, false, CONV_F32 },
        { 1, 6, 5, 17, 4, 3, true, CONV_F32 },
        { 2, 6, 4, 5, 33, 2, false, CONV_F32 },
        { 2, 3, 4, 33, 5, 1, false, CONV_F32 },
    };
    for (size_t k = 0; k < SPR_COUNT(set_names); k++) {
        if (!nn_kernels_use(set_names[k]))
            continue;
        for (size_t i = 0; i < SPR_COUNT(small); i++) {
            struct fixture *f = make(&small[i]);
            memset(f->dw, 0, f->w_count * sizeof *f->dw);
            memset(f->dbias, 0, (size_t)f->s.out * sizeof *f->dbias);
            conv_backward_input(&f->s, f->dy, f->packed_backward, false, f->dx, f->scratch);
            conv_backward_weight(&f->s, f->x, f->dy, f->dw, f->dbias, f->scratch);
            differ(f, "dx", f->x, f->x_count, f->dx);
            differ(f, "dw", f->w, f->w_count, f->dw);
            differ(f, "dbias", f->bias, (size_t)f->s.out, f->dbias);
            drop(f);
        }
    }
}

/* Everything a set computes for one shape, in one piece: y, dx, dw, dbias. GIVES *ret_count floats. */
static float *results(const struct conv_shape *s, size_t *ret_count)
{
    struct fixture *f = make(s);
    size_t out = (size_t)s->out;
    conv_forward(s, f->x, f->packed, f->bias, f->add, f->y, f->scratch);
    conv_backward_input(s, f->dy, f->packed_backward, true, f->dx, f->scratch);
    conv_backward_weight(s, f->x, f->dy, f->dw, f->dbias, f->scratch);
    *ret_count = f->y_count + f->x_count + f->w_count + out;
    float *all = mem_aligned(*ret_count, sizeof *all);
    assert_non_null(all);
    memcpy(all, f->y, f->y_count * sizeof *all);
    memcpy(all + f->y_count, f->dx, f->x_count * sizeof *all);
    memcpy(all + f->y_count + f->x_count, f->dw, f->w_count * sizeof *all);
    memcpy(all + f->y_count + f->x_count + f->w_count, f->dbias, out * sizeof *all);
    drop(f);
    return all;
}

static uint32_t bits(float value)
{
    uint32_t word;
    memcpy(&word, &value, sizeof word);
    return word;
}

static void same_bits(const char *what, const struct conv_shape *s, const float *got, const float *want,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bits(got[i]) != bits(want[i]))
            fail_msg("%s: %s %dx%dx%dx%d->%d kernel %d wrap %d: [%zu] is %a, not %a", set_in_use(s), what,
                     s->batch, s->height, s->width, s->in, s->out, s->kernel, s->wrap, i, (double)got[i],
                     (double)want[i]);
}

/* Law N3. cblas is not in it: its order of sums is the library's. */
static void own_sets_give_the_same_bits(void **state)
{
    (void)state;
    for (size_t i = 0; i < SPR_COUNT(shapes) * PRECISIONS; i++) {
        struct conv_shape s = in_precision(&shapes[i / PRECISIONS], i % PRECISIONS);
        float *first = NULL;
        for (size_t k = 0; k < OWN_SETS; k++) {
            if (!nn_kernels_use(set_names[k]))
                continue;
            size_t count;
            float *now = results(&s, &count);
            if (first) {
                same_bits("other set", &s, now, first, count);
                mem_free(now);
            } else {
                first = now;
            }
        }
        mem_free(first);
    }
}

static uint64_t fingerprint(const float *values, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum = random_mix(sum ^ bits(values[i]));
    return sum;
}

/* Law N3 from machine to machine: what AVX-512, AVX2 and NEON gave when this was written. Plain loops cannot say it for
 * Winograd's sums. */
static void bits_are_those_of_every_machine(void **state)
{
    (void)state;
    static const struct {
        struct conv_shape shape;
        uint64_t fingerprint;
    } rows[] = {
        { { 2, 8, 8, 160, 64, 3, false, CONV_F32 }, 0x417bbb3eb6ddd2ed },
        { { 1, 7, 9, 32, 48, 3, true, CONV_F32 }, 0x303687f07e1f1b7d },
        { { 3, 6, 6, 64, 32, 3, false, CONV_F32 }, 0x5749f1fd5b2764a0 },
        { { 2, 8, 8, 17, 33, 1, false, CONV_F32 }, 0xa379fe3da197ddc2 },
        { { 2, 8, 8, 32, 4, 3, true, CONV_F32 }, 0x61168f80907bcec5 },
        { { 2, 8, 8, 4, 32, 2, false, CONV_F32 }, 0xa40a4f963edf7227 },
        { { 2, 8, 8, 160, 64, 3, false, CONV_BF16 }, 0x4fa8bc3b85a8b05b },
        { { 1, 7, 9, 32, 64, 3, true, CONV_BF16 }, 0xa223b6640953e66d },
        { { 3, 6, 6, 64, 32, 3, false, CONV_BF16 }, 0x7c2fbe25460d6b13 },
        { { 2, 8, 8, 17, 33, 1, false, CONV_BF16 }, 0x8d343195f62c99c7 },
        { { 2, 8, 8, 32, 4, 3, true, CONV_BF16 }, 0x1ced57da1710c74c },
        { { 2, 8, 8, 4, 32, 2, false, CONV_BF16 }, 0xf6e017445e61d57e },
    };
    for (size_t k = 0; k < OWN_SETS; k++)
        for (size_t i = 0; i < SPR_COUNT(rows) && nn_kernels_use(set_names[k]); i++) {
            size_t count;
            float *all = results(&rows[i].shape, &count);
            uint64_t got = fingerprint(all, count);
            mem_free(all);
            if (got != rows[i].fingerprint)
                fail_msg("%s: row %zu gives 0x%016" PRIx64, nn_kernels_name(), i, got);
        }
}

static void chain_y(struct fixture *f, size_t x, size_t w, size_t y, double *to)
{
    to[y] = (double)fmaf(f->x[x], f->w[w], (float)to[y]);
}

static void chain_x(struct fixture *f, size_t x, size_t w, size_t y, double *to)
{
    to[x] = (double)fmaf(f->dy[y], f->w[w], (float)to[x]);
}

static void chain_w(struct fixture *f, size_t x, size_t w, size_t y, double *to)
{
    to[w] = (double)fmaf(f->x[x], f->dy[y], (float)to[w]);
}

/* A reference whose sums are chains of fused multiply-adds: the exact bits that law N3 promises on every machine. */
static float *chained(struct fixture *f, product_fn *each, bool pixels, const float *start, size_t count)
{
    double *sums = mem_zalloc(count, sizeof *sums);
    float *ret = mem_aligned(count, sizeof *ret);
    assert_true(sums && ret);
    for (size_t i = 0; start && i < count; i++)
        sums[i] = (double)start[i];
    every_product(f, each, pixels, sums);
    for (size_t i = 0; i < count; i++)
        ret[i] = (float)sums[i];
    mem_free(sums);
    return ret;
}

/* To eight bits, ties to even. */
static void round_all(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int exponent;
        double fraction = frexp((double)values[i], &exponent);
        values[i] = (float)ldexp(nearbyint(ldexp(fraction, 8)), exponent - 8);
    }
}

static void check_chains(struct fixture *f)
{
    float *dw_before = normals(f->w_count, 8);
    conv_forward(&f->s, f->x, f->packed, f->bias, f->add, f->y, f->scratch);
    conv_backward_weight(&f->s, f->x, f->dy, f->dw, NULL, f->scratch);
    conv_backward_input(&f->s, f->dy, f->packed_backward, false, f->dx, f->scratch);
    if (f->s.precision == CONV_BF16) {
        round_all(f->x, f->x_count);
        round_all(f->w, f->w_count);
        round_all(f->dy, f->y_count);
    }
    float *want;
    bool narrow = f->s.kernel == 3 && f->s.in >= 16 && f->s.out <= 4; /* narrow.c sums in another order */
    if (!narrow) {
        want = chained(f, chain_y, false, NULL, f->y_count);
        for (size_t i = 0; i < f->y_count; i++)
            want[i] = (want[i] + f->bias[i % (size_t)f->s.out]) + f->add[i];
        same_bits("forward", &f->s, f->y, want, f->y_count);
        mem_free(want);
        want = chained(f, chain_w, true, dw_before, f->w_count);
        same_bits("weight gradient", &f->s, f->dw, want, f->w_count);
        mem_free(want);
    }
    mem_free(dw_before);

    if (f->s.wrap) /* the taps of a wrapped gradient do not come in the order of dy's pixels */
        return;
    want = chained(f, chain_x, false, NULL, f->x_count);
    same_bits("input gradient", &f->s, f->dx, want, f->x_count);
    mem_free(want);
}

static void sums_are_chains_in_one_order(void **state)
{
    (void)state;
    static const struct conv_shape some[] = {
        { 2, 8, 8, 17, 33, 3, false, CONV_F32 },  { 1, 9, 13, 33, 5, 3, true, CONV_F32 },
        { 3, 6, 10, 5, 17, 2, false, CONV_F32 },  { 2, 4, 4, 320, 3, 3, false, CONV_F32 },
        { 1, 16, 32, 4, 32, 3, false, CONV_F32 }, { 2, 5, 7, 32, 4, 3, true, CONV_F32 },
        { 7, 1, 1, 33, 160, 1, false, CONV_F32 }, { 3, 12, 12, 4, 5, 3, false, CONV_F32 },
        { 1, 20, 18, 3, 4, 2, false, CONV_F32 },  { 2, 11, 7, 17, 17, 1, false, CONV_F32 },
    };
    for (size_t k = 0; k < OWN_SETS; k++)
        for (size_t i = 0; i < SPR_COUNT(some) * PRECISIONS && nn_kernels_use(set_names[k]); i++) {
            struct conv_shape s = in_precision(&some[i / PRECISIONS], i % PRECISIONS);
            struct fixture *f = make(&s);
            check_chains(f);
            drop(f);
        }
}

/* Law N2: a sample's y and dx are the same alone and in company. */
static void company_changes_nothing(void **state)
{
    (void)state;
    static const struct conv_shape some[] = {
        { 3, 8, 8, 160, 160, 3, false, CONV_F32 }, { 3, 5, 7, 17, 33, 3, true, CONV_F32 },
        { 5, 1, 1, 128, 256, 1, false, CONV_F32 }, { 3, 3, 3, 33, 5, 1, false, CONV_F32 },
        { 3, 6, 10, 32, 64, 2, false, CONV_F32 },
    };
    for (size_t k = 0; k < OWN_SETS; k++)
        for (size_t i = 0; i < SPR_COUNT(some) * PRECISIONS && nn_kernels_use(set_names[k]); i++) {
            struct conv_shape s = in_precision(&some[i / PRECISIONS], i % PRECISIONS), one = s;
            struct fixture *f = make(&s);
            one.batch = 1;
            size_t batch = (size_t)s.batch, ys = f->y_count / batch, xs = f->x_count / batch;
            float *y = normals(ys, 20), *dx = normals(xs, 21);
            conv_forward(&f->s, f->x, f->packed, f->bias, f->add, f->y, f->scratch);
            conv_backward_input(&f->s, f->dy, f->packed_backward, false, f->dx, f->scratch);
            for (size_t b = 0; b < batch; b++) {
                conv_forward(&one, f->x + b * xs, f->packed, f->bias, f->add + b * ys, y, f->scratch);
                conv_backward_input(&one, f->dy + b * ys, f->packed_backward, false, dx, f->scratch);
                same_bits("forward alone", &one, y, f->y + b * ys, ys);
                same_bits("input gradient alone", &one, dx, f->dx + b * xs, xs);
            }
            mem_free(y);
            mem_free(dx);
            drop(f);
        }
}

/* Law N1: every scratch float beyond conv_scratch_floats stays untouched, and nothing is allocated. */
static void scratch_is_enough_and_nothing_is_allocated(void **state)
{
    (void)state;
    enum { GUARD = 64 };
    for (size_t k = 0; k < SPR_COUNT(set_names); k++)
        for (size_t i = 0; i < SPR_COUNT(shapes) * PRECISIONS && nn_kernels_use(set_names[k]); i++) {
            struct conv_shape s = in_precision(&shapes[i / PRECISIONS], i % PRECISIONS);
            struct fixture *f = make(&s);
            size_t floats = conv_scratch_floats(&f->s);
            mem_free(f->scratch);
            f->scratch = mem_aligned(floats + GUARD, sizeof(float));
            assert_non_null(f->scratch);
            memset(f->scratch, 0x5a, (floats + GUARD) * sizeof(float));
            uint64_t calls = mem_calls();
            conv_forward(&f->s, f->x, f->packed, f->bias, NULL, f->y, f->scratch);
            conv_backward_input(&f->s, f->dy, f->packed_backward, true, f->dx, f->scratch);
            conv_backward_weight(&f->s, f->x, f->dy, f->dw, f->dbias, f->scratch);
            assert_true(mem_calls() == calls);
            const unsigned char *guard = (const unsigned char *)(f->scratch + floats);
            for (size_t g = 0; g < GUARD * sizeof(float); g++)
                if (guard[g] != 0x5a)
                    fail_msg("%s: shape %zu writes %zu bytes beyond its scratch", nn_kernels_name(), i,
                             g + 1);
            drop(f);
        }
}

/* What is left of a value among zeros, by weights and gradients of 1; in each channel, for whole vectors and rests. */
static void strange_numbers_are_rounded_alike(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        float value;
        uint32_t want;
    } rows[] = {
        { "zero", 0.0f, 0 },
        { "exact", -2.5f, 0xc0200000 },
        { "tie, down to even", 0x1.01p0f, 0x3f800000 },
        { "tie, up to even", 0x1.03p0f, 0x3f820000 },
        { "above a tie", 0x1.010002p0f, 0x3f810000 },
        { "smallest normal", 0x1p-126f, 0x00800000 },
        { "too small to be normal", 0x1.fffffp-127f, 0 },
        { "largest float", 0x1.fffffep127f, 0x7f800000 },
        { "infinity", -INFINITY, 0xff800000 },
    };
    const struct conv_shape s = { 1, 1, 1, 35, 1, 1, false, CONV_BF16 };
    for (size_t k = 0; k < SPR_COUNT(set_names); k++)
        for (size_t i = 0; i <= SPR_COUNT(rows) && nn_kernels_use(set_names[k]); i++)
            for (size_t c = 0; c < (size_t)s.in; c++) {
                struct fixture *f = make(&s);
                for (size_t j = 0; j < (size_t)s.in; j++) {
                    f->x[j] = f->dw[j] = 0;
                    f->w[j] = 1;
                }
                f->dy[0] = 1;
                f->x[c] = i < SPR_COUNT(rows) ? rows[i].value : NAN;
                pack_all(f);
                conv_forward(&s, f->x, f->packed, NULL, NULL, f->y, f->scratch);
                conv_backward_weight(&s, f->x, f->dy, f->dw, NULL, f->scratch);
                if (i == SPR_COUNT(rows))
                    assert_true(isnan(f->y[0]) && isnan(f->dw[c]));
                else if (bits(f->y[0]) != rows[i].want || bits(f->dw[c]) != rows[i].want)
                    fail_msg("%s, %s in channel %zu: %a and %a, not %08" PRIx32, nn_kernels_name(),
                             rows[i].why, c, (double)f->y[0], (double)f->dw[c], rows[i].want);
                drop(f);
            }
}

static void precisions_have_names(void **state)
{
    (void)state;
    enum conv_precision p = CONV_F32;
    assert_true(conv_precision_find("bf16", &p) && p == CONV_BF16);
    assert_true(conv_precision_find("f32", &p) && p == CONV_F32);
    assert_false(conv_precision_find("f16", &p));
    assert_string_equal(conv_precision_name(CONV_BF16), "bf16");
}

static void unknown_sets_are_refused(void **state)
{
    (void)state;
    assert_true(nn_kernels_use("cblas"));
    assert_false(nn_kernels_use("abacus"));
    assert_false(nn_kernels_use(""));
    assert_string_equal(nn_kernels_name(), "cblas");
}

static void a_wish_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct spr_error err = { 0 };
    assert_int_equal(setenv("SPRITERY_KERNELS", "abacus", 1), 0);
    assert_int_equal(nn_kernels_check(&err), SPR_BADARG);
    assert_non_null(strstr(err.text, "SPRITERY_KERNELS is 'abacus'; this machine has "));
    assert_non_null(strstr(err.text, "cblas"));
    assert_int_equal(setenv("SPRITERY_KERNELS", "cblas", 1), 0);
    assert_int_equal(nn_kernels_check(&err), SPR_OK);
    assert_int_equal(setenv("SPRITERY_KERNELS", "", 1), 0);
    assert_int_equal(nn_kernels_check(&err), SPR_OK);
    assert_int_equal(unsetenv("SPRITERY_KERNELS"), 0);
    assert_int_equal(nn_kernels_check(&err), SPR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_set_matches_plain_loops),
        cmocka_unit_test(gradients_match_finite_differences),
        cmocka_unit_test(own_sets_give_the_same_bits),
        cmocka_unit_test(bits_are_those_of_every_machine),
        cmocka_unit_test(sums_are_chains_in_one_order),
        cmocka_unit_test(company_changes_nothing),
        cmocka_unit_test(scratch_is_enough_and_nothing_is_allocated),
        cmocka_unit_test(strange_numbers_are_rounded_alike),
        cmocka_unit_test(precisions_have_names),
        cmocka_unit_test(unknown_sets_are_refused),
        cmocka_unit_test(a_wish_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests_name("nn/conv", tests, NULL, NULL);
}
