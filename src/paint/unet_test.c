/* The denoiser on a tiny configuration: gradients against finite differences, batches, sizes, memory. What the
 * published weights give is in unet_golden_test.c. */
#include "paint/unet.h"

#include "base/mem.h"
#include "base/random.h"
#include "nn/conv.h"
#include "paint/text.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 3, WIDTH = 12, HEIGHT = 8, PIXELS = WIDTH * HEIGHT * 4, TEXT = 10 };

static const struct unet_config tiny = { .vocab = 11,
                                         .channels = { 8, 12, 16 },
                                         .blocks = { 1, 2, 1 },
                                         .cond = 12,
                                         .text = TEXT,
                                         .group = 4,
                                         .heads = 2,
                                         .words_max = 8,
                                         .mid = 1 };

static const struct reading readings[BATCH] = {
    { .count = 3,
      .word = { { .id = 4, .weight = 1 }, { .id = 7, .weight = 0.5f }, { .id = 1, .weight = 1 } } },
    { .count = 0 },
    { .count = 2, .word = { { .id = 10, .weight = 1 }, { .id = 7, .weight = 0.25f } } },
};

/* Everything a forward and backward pass of the batch reads and writes. */
struct fixture {
    struct unet_layout layout;
    float *params, *grad;
    struct unet *net;
    struct unet_session *session;
    float x[BATCH * PIXELS], t[BATCH], dv[BATCH * PIXELS], v[BATCH * PIXELS];
    float tokens[BATCH][UNET_TOKENS_MAX * TEXT], pooled[BATCH * TEXT];
    float dtokens[BATCH][UNET_TOKENS_MAX * TEXT], dpooled[BATCH * TEXT];
    struct unet_text text[BATCH];
};

static void fill(uint64_t stream, float low, float high, size_t count, float *to)
{
    for (size_t i = 0; i < count; i++)
        to[i] = low + (high - low) * random_unit((struct random){ 9, stream }, i);
}

/* Weights that no layer is blind to: none is zero, norms are not the identity. */
static void make_params(struct fixture *f)
{
    for (size_t i = 0; i < f->layout.entries; i++) {
        const struct unet_entry *e = &f->layout.entry[i];
        bool product = e->kind == UNET_CONV || e->kind == UNET_LINEAR;
        float bound = product ? 1.5f / sqrtf((float)(e->count / (size_t)e->out)) : 0.5f;
        fill(100 + i, -bound, bound, e->count, f->params + e->offset);
        if (e->kind == UNET_VECTOR && strstr(e->name, ".weight")) /* a norm's */
            fill(100 + i, 0.5f, 1.5f, e->count, f->params + e->offset);
    }
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct unet_session_options o = { .batch = BATCH, .width = WIDTH, .height = HEIGHT, .training = true };
    assert_int_equal(unet_layout_init(&f->layout, &tiny, NULL), SPR_OK);
    f->params = calloc(f->layout.floats, sizeof(float));
    f->grad = calloc(f->layout.floats, sizeof(float));
    make_params(f);
    fill(1, -1, 1, BATCH * PIXELS, f->x);
    fill(2, -1, 1, BATCH * PIXELS, f->dv);
    fill(3, 0, 1, BATCH, f->t);
    assert_int_equal(unet_new(&f->layout, f->params, true, CONV_F32, &f->net, NULL), SPR_OK);
    assert_int_equal(unet_session_open(f->net, &o, &f->session, NULL), SPR_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    unet_session_close(f->session);
    unet_free(f->net);
    unet_layout_fini(&f->layout);
    free(f->params);
    free(f->grad);
    free(f);
    return 0;
}

static void encode(struct fixture *f)
{
    for (int i = 0; i < BATCH; i++)
        text_encode(&f->layout, f->params, &readings[i], f->tokens[i], f->pooled + i * TEXT, &f->text[i]);
}

/* sum of dv v: what the gradients are of. */
static double loss(struct fixture *f)
{
    double sum = 0;
    unet_forward(f->session, BATCH, f->x, f->t, f->text, f->v);
    for (int i = 0; i < BATCH * PIXELS; i++)
        sum += (double)f->dv[i] * f->v[i];
    return sum;
}

static double loss_of_params(struct fixture *f)
{
    unet_repack(f->net);
    encode(f);
    return loss(f);
}

static void backward(struct fixture *f)
{
    float *dtoken[BATCH] = { f->dtokens[0], f->dtokens[1], f->dtokens[2] };
    memset(f->grad, 0, f->layout.floats * sizeof(float));
    loss_of_params(f);
    unet_backward(f->session, f->dv, f->grad, dtoken, f->dpooled);
    for (int i = 0; i < BATCH; i++)
        text_encode_backward(&f->layout, &readings[i], f->dtokens[i], f->dpooled + i * TEXT, f->grad);
}

typedef double loss_fn(struct fixture *f);

/* The slope of the loss along two directions in `of`, by differences and by our gradient: along the gradient itself,
 * where a wrong size shows, and along a random direction, where a wrong element does. Floats carry some 7 digits, so
 * the step is chosen for a change that is well above their rounding. */
static void check_slopes(struct fixture *f, loss_fn *of_loss, float *of, const float *grad, size_t count,
                         const char *name)
{
    float *kept = malloc(count * sizeof *kept);
    memcpy(kept, of, count * sizeof *kept);
    for (int random = 0; random < 2; random++) {
        double length = 0, slope = 0, gradient = 0;
        for (size_t i = 0; i < count; i++)
            gradient += (double)grad[i] * grad[i];
        float *along = malloc(count * sizeof *along);
        fill(7, -1, 1, count, along);
        for (size_t i = 0; i < count; i++) {
            along[i] = random ? along[i] : grad[i];
            length += (double)along[i] * along[i];
        }
        if (length > 0) {
            double h = 4e-3, difference = 0;
            for (int sign = 1; sign >= -1; sign -= 2) {
                for (size_t i = 0; i < count; i++)
                    of[i] = kept[i] + (float)(sign * h * along[i] / sqrt(length));
                difference += sign * of_loss(f);
            }
            for (size_t i = 0; i < count; i++)
                slope += (double)grad[i] * along[i] / sqrt(length);
            double got = difference / (2 * h), off = fabs(got - slope);
            if (getenv("VERBOSE"))
                fprintf(stderr, "# %s %d: %.6g, differences %.6g\n", name, random, slope, got);
            if (!(off < 4e-3 * sqrt(gradient) + 1e-3))
                fail_msg("%s: slope along %s is %.7g, differences say %.7g", name,
                         random ? "a random direction" : "the gradient", slope, got);
        }
        free(along);
        memcpy(of, kept, count * sizeof *kept);
    }
    free(kept);
}

static void gradients_match_differences(void **state)
{
    struct fixture *f = *state;
    backward(f);
    for (size_t i = 0; i < f->layout.entries; i++) {
        const struct unet_entry *e = &f->layout.entry[i];
        double sum = 0;
        for (size_t k = 0; k < e->count; k++)
            sum += fabs(f->grad[e->offset + k]);
        if (!(sum > 0))
            fail_msg("%s has no gradient", e->name);
        check_slopes(f, loss_of_params, f->params + e->offset, f->grad + e->offset, e->count, e->name);
    }
}

static void text_gradients_match_differences(void **state)
{
    struct fixture *f = *state;
    backward(f);
    check_slopes(f, loss, f->pooled, f->dpooled, BATCH * TEXT, "pooled");
    for (int i = 0; i < BATCH; i++)
        check_slopes(f, loss, f->tokens[i], f->dtokens[i], (size_t)f->text[i].count * TEXT, "tokens");
}

static void gradients_add_up(void **state)
{
    struct fixture *f = *state;
    float *dtoken[BATCH] = { f->dtokens[0], f->dtokens[1], f->dtokens[2] };
    backward(f);
    const struct unet_entry *e = unet_layout_find(&f->layout, "down.0.c1.weight");
    float *once = malloc(e->count * sizeof *once);
    memcpy(once, f->grad + e->offset, e->count * sizeof *once);
    loss(f);
    unet_backward(f->session, f->dv, f->grad, dtoken, f->dpooled);
    for (size_t i = 0; i < e->count; i++)
        assert_true(fabsf(f->grad[e->offset + i] - 2 * once[i]) <= 1e-5f * (1 + fabsf(once[i])));
    free(once);
}

static const char *const kernels[] = { "cblas", "avx2", "avx512", "avx512bf16", "neon" };

/* For each set of kernels that this machine has: a sample alone gives the same bits as in company, in a session with
 * room for more, in a training session and in one that shares its buffers. */
static void company_does_not_matter(void **state)
{
    struct fixture *f = *state;
    char before[16];
    int tried = 0;
    snprintf(before, sizeof before, "%s", nn_kernels_name());
    for (size_t k = 0; k < 2 * SPR_COUNT(kernels); k++) {
        if (!nn_kernels_use(kernels[k / 2]))
            continue;
        struct unet *net;
        struct unet_session *s, *small;
        struct unet_session_options o = { .batch = BATCH, .width = WIDTH, .height = HEIGHT };
        float v[PIXELS];
        tried++;
        assert_int_equal(unet_new(&f->layout, f->params, true, k % 2 ? CONV_BF16 : CONV_F32, &net, NULL),
                         SPR_OK);
        assert_int_equal(unet_session_open(net, &o, &s, NULL), SPR_OK);
        o = (struct unet_session_options){ .batch = 1, .width = WIDTH, .height = HEIGHT, .training = true };
        assert_int_equal(unet_session_open(net, &o, &small, NULL), SPR_OK);
        encode(f);
        unet_forward(s, BATCH, f->x, f->t, f->text, f->v);
        for (int i = 0; i < BATCH; i++) {
            unet_forward(s, 1, f->x + i * PIXELS, f->t + i, f->text + i, v);
            assert_memory_equal(v, f->v + i * PIXELS, sizeof v);
            unet_forward(small, 1, f->x + i * PIXELS, f->t + i, f->text + i, v);
            assert_memory_equal(v, f->v + i * PIXELS, sizeof v);
        }
        unet_session_close(small);
        unet_session_close(s);
        unet_free(net);
    }
    assert_true(tried > 0 && nn_kernels_use(before));
}

/* |a - b| / |b| */
static double apart(const float *a, const float *b, size_t count)
{
    double off = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        off += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        size += (double)b[i] * b[i];
    }
    return sqrt(off / size);
}

/* Of a network whose every layer rounds to eight bits, and every weight's gradient. */
static void bf16_is_near(void **state)
{
    struct fixture *f = *state, half = *f;
    struct unet_session_options o = { .batch = BATCH, .width = WIDTH, .height = HEIGHT, .training = true };
    assert_int_equal(unet_new(&f->layout, f->params, true, CONV_BF16, &half.net, NULL), SPR_OK);
    assert_int_equal(unet_session_open(half.net, &o, &half.session, NULL), SPR_OK);
    half.grad = calloc(f->layout.floats, sizeof(float));
    backward(f);
    backward(&half);
    double off = apart(half.v, f->v, BATCH * PIXELS);
    if (!(off > 0 && off < 0.02))
        fail_msg("output: %g apart", off);
    for (size_t i = 0; i < f->layout.entries; i++) {
        const struct unet_entry *e = &f->layout.entry[i];
        off = apart(half.grad + e->offset, f->grad + e->offset, e->count);
        if (!(off < 0.06))
            fail_msg("gradient of %s: %g apart", e->name, off);
    }
    unet_session_close(half.session);
    unet_free(half.net);
    free(half.grad);
}

static void words_have_no_order(void **state)
{
    struct fixture *f = *state;
    float v[PIXELS];
    encode(f);
    unet_forward(f->session, 1, f->x, f->t, f->text, f->v);
    float *a = f->tokens[0] + TEXT, *b = f->tokens[0] + 2 * TEXT;
    for (int i = 0; i < TEXT; i++) {
        float kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
    unet_forward(f->session, 1, f->x, f->t, f->text, v);
    for (int i = 0; i < PIXELS; i++)
        assert_true(fabsf(v[i] - f->v[i]) < 1e-4f);
}

/* With wrapped convolutions a picture moved by a multiple of 4 pixels, around the edge, gives the same moved; without,
 * the edges show. */
static void wrapped_pictures_move(void **state)
{
    struct fixture *f = *state;
    float moved[PIXELS], v[PIXELS];
    for (int wrap = 0; wrap < 2; wrap++) {
        struct unet_session *s;
        struct unet_session_options o = { .batch = 1, .width = WIDTH, .height = HEIGHT, .wrap = wrap };
        assert_int_equal(unet_session_open(f->net, &o, &s, NULL), SPR_OK);
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                memcpy(moved + ((y + 4) % HEIGHT * WIDTH + (x + 8) % WIDTH) * 4, f->x + (y * WIDTH + x) * 4,
                       4 * sizeof *moved);
        encode(f);
        unet_forward(s, 1, f->x, f->t, f->text, f->v);
        unet_forward(s, 1, moved, f->t, f->text, v);
        double most = 0;
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                for (int c = 0; c < 4; c++)
                    most = fmax(most, fabsf(v[((y + 4) % HEIGHT * WIDTH + (x + 8) % WIDTH) * 4 + c] -
                                            f->v[(y * WIDTH + x) * 4 + c]));
        assert_true(wrap ? most < 1e-4 : most > 1e-2);
        unet_session_close(s);
    }
}

static void hot_path_asks_for_no_memory(void **state)
{
    struct fixture *f = *state;
    backward(f);
    uint64_t calls = mem_calls();
    backward(f);
    assert_int_equal(mem_calls(), calls);
}

static void sizes_are_checked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int batch, width, height;
        const char *says;
    } rows[] = {
        { 1, 0, 8, "picture size 0x8: multiples of 4 from 8 to 128 allowed" },
        { 1, 8, 10, "picture size 8x10: multiples of 4 from 8 to 128 allowed" },
        { 1, 132, 8, "picture size 132x8: multiples of 4 from 8 to 128 allowed" },
        { 1, 8, -8, "picture size 8x-8: multiples of 4 from 8 to 128 allowed" },
        { 0, 8, 8, "batch of 0 pictures: 1..1024 allowed" },
        { 1025, 8, 8, "batch of 1025 pictures: 1..1024 allowed" },
        { 1, 8, 128, NULL },
        { 1, 128, 128, NULL },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct spr_error err = { 0 };
        struct unet_session *s = NULL;
        struct unet_session_options o = { .batch = rows[i].batch,
                                          .width = rows[i].width,
                                          .height = rows[i].height };
        enum spr_code rc = unet_session_open(f->net, &o, &s, &err);
        assert_int_equal(rc, rows[i].says ? SPR_BADARG : SPR_OK);
        if (rows[i].says)
            assert_string_equal(err.text, rows[i].says);
        if (!rc) { /* every size that opens must run */
            float *x = calloc((size_t)(o.width * o.height) * 8, sizeof *x), *v = x + o.width * o.height * 4;
            encode(f);
            unet_forward(s, 1, x, f->t, f->text, v);
            assert_true(isfinite(v[0]) && isfinite(v[o.width * o.height * 4 - 1]));
            free(x);
        }
        unet_session_close(s);
    }
}

static void configurations_are_checked(void **state)
{
    (void)state;
    static const struct {
        size_t field; /* of the config, in ints */
        int value;
        const char *says;
    } rows[] = {
        { 0, 0, "network configuration: vocab is 0; 1..1048576 allowed" },
        { 1, 2, "network configuration: channels[0] is 2; 4..1024 allowed" },
        { 2, 14, "network configuration: channels[1] is 14; multiples of group 4 allowed" },
        { 4, 9, "network configuration: blocks[0] is 9; 1..8 allowed" },
        { 6, 0, "network configuration: blocks[2] is 0; 1..8 allowed" },
        { 7, -1, "network configuration: cond is -1; 1..4096 allowed" },
        { 9, 0, "network configuration: group is 0; 1..1024 allowed" },
        { 10, 5, "network configuration: heads is 5; divisors of channels[2], 16, allowed" },
        { 11, 17, "network configuration: words_max is 17; 1..16 allowed" },
        { 12, 9, "network configuration: mid is 9; 0..8 allowed" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        int fields[sizeof(struct unet_config) / sizeof(int)];
        struct unet_config c = tiny;
        struct unet_layout l = { .entries = 7 };
        struct spr_error err = { 0 };
        memcpy(fields, &c, sizeof c);
        fields[rows[i].field] = rows[i].value;
        memcpy(&c, fields, sizeof c);
        assert_int_equal(unet_layout_init(&l, &c, &err), SPR_BADDATA);
        assert_string_equal(err.text, rows[i].says);
        assert_int_equal(l.entries, 7);
    }
}

static void layout_covers_the_vector(void **state)
{
    struct fixture *f = *state;
    size_t at = 0;
    for (size_t i = 0; i < f->layout.entries; i++) {
        assert_int_equal(f->layout.entry[i].offset, at);
        assert_ptr_equal(unet_layout_find(&f->layout, f->layout.entry[i].name), &f->layout.entry[i]);
        at += f->layout.entry[i].count;
    }
    assert_int_equal(at, f->layout.floats);
    assert_null(unet_layout_find(&f->layout, "down.0"));
}

static void largest_configuration_fits(void **state)
{
    (void)state;
    struct unet_config c = tiny;
    struct unet_layout l;
    c.blocks[0] = c.blocks[1] = c.blocks[2] = c.mid = 8;
    assert_int_equal(unet_layout_init(&l, &c, NULL), SPR_OK);
    assert_non_null(unet_layout_find(&l, "up.29.sk.weight"));
    unet_layout_fini(&l);
}

/* A new network does nothing yet: its last layer is zero, and so is what each block adds. */
static void new_networks_begin_at_zero(void **state)
{
    struct fixture *f = *state;
    float *kept = malloc(f->layout.floats * sizeof *kept);
    unet_init_params(&f->layout, 5, f->params);
    for (size_t i = 0; i < f->layout.entries; i++) {
        const struct unet_entry *e = &f->layout.entry[i];
        double sum = 0, square = 0;
        for (size_t k = 0; k < e->count; k++) {
            sum += f->params[e->offset + k];
            square += (double)f->params[e->offset + k] * f->params[e->offset + k];
        }
        double mean = sum / (double)e->count, deviation = sqrt(square / (double)e->count - mean * mean);
        if (strcmp(e->name, "down.0.n1.weight") == 0)
            assert_true(mean == 1 && deviation == 0);
        if (strcmp(e->name, "down.0.c2.weight") == 0 || strcmp(e->name, "down.0.e.bias") == 0 ||
            strcmp(e->name, "outc.weight") == 0 || strcmp(e->name, "up.1.o.weight") == 0)
            assert_true(square == 0);
        if (strcmp(e->name, "down.0.c1.weight") == 0) /* uniform within 1 / sqrt(72) */
            assert_true(fabs(deviation - 1 / sqrt(72 * 3)) < 0.1 / sqrt(72 * 3) && fabs(mean) < 0.02);
        if (strcmp(e->name, "emb.weight") == 0)
            assert_true(fabs(deviation - 0.5) < 0.1 && f->params[e->offset] == 0);
    }
    loss_of_params(f);
    for (int i = 0; i < BATCH * PIXELS; i++)
        assert_true(f->v[i] == 0);
    memcpy(kept, f->params, f->layout.floats * sizeof *kept);
    unet_init_params(&f->layout, 5, f->params);
    assert_memory_equal(kept, f->params, f->layout.floats * sizeof *kept);
    unet_init_params(&f->layout, 6, f->params);
    assert_memory_not_equal(kept, f->params, f->layout.floats * sizeof *kept);
    free(kept);
    make_params(f);
    unet_repack(f->net);
}

static void any_allocation_may_fail(void **state)
{
    struct fixture *f = *state;
    struct unet_session_options o = { .batch = 2, .width = 8, .height = 8, .training = true };
    for (uint64_t n = 1;; n++) {
        struct unet_layout l = { 0 };
        struct unet *net = NULL;
        struct unet_session *s = NULL;
        struct spr_error err = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = unet_layout_init(&l, &tiny, &err);
        if (!rc)
            rc = unet_new(&l, f->params, true, CONV_F32, &net, &err);
        if (!rc)
            rc = unet_session_open(net, &o, &s, &err);
        mem_fail_nth(0);
        unet_session_close(s);
        unet_free(net);
        unet_layout_fini(&l);
        if (!rc) {
            assert_int_equal(n, 8); /* all 7 were tried */
            return;
        }
        assert_int_equal(rc, SPR_NOMEM);
        assert_true(strncmp(err.text, "no memory for ", 14) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_match_differences),
        cmocka_unit_test(text_gradients_match_differences),
        cmocka_unit_test(gradients_add_up),
        cmocka_unit_test(company_does_not_matter),
        cmocka_unit_test(bf16_is_near),
        cmocka_unit_test(words_have_no_order),
        cmocka_unit_test(wrapped_pictures_move),
        cmocka_unit_test(hot_path_asks_for_no_memory),
        cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(configurations_are_checked),
        cmocka_unit_test(layout_covers_the_vector),
        cmocka_unit_test(largest_configuration_fits),
        cmocka_unit_test(new_networks_begin_at_zero),
        cmocka_unit_test(any_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("paint/unet", tests, setup, teardown);
}
