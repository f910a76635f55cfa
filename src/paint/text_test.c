#include "paint/text.h"

#include "base/err.h"
#include "base/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT = 6, VOCAB = 5 };

static const struct unet_config config = { .vocab = VOCAB,
                                           .channels = { 4, 4, 4 },
                                           .blocks = { 1, 1, 1 },
                                           .cond = 4,
                                           .text = TEXT,
                                           .group = 4,
                                           .heads = 1,
                                           .words_max = 8,
                                           .mid = 0 };

static const struct reading readings[] = {
    { .count = 0 },
    { .count = 1, .word = { { .id = 3, .weight = 1 } } },
    { .count = 3,
      .word = { { .id = 1, .weight = 0.5f }, { .id = 4, .weight = 1 }, { .id = 1, .weight = 0.25f } } },
};

struct fixture {
    struct unet_layout layout;
    float *params, *grad;
    const float *null, *table;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_int_equal(unet_layout_init(&f->layout, &config, NULL), SPR_OK);
    f->params = calloc(f->layout.floats, sizeof(float));
    f->grad = calloc(f->layout.floats, sizeof(float));
    unet_init_params(&f->layout, 1, f->params);
    f->null = f->params + unet_layout_find(&f->layout, "null")->offset;
    f->table = f->params + unet_layout_find(&f->layout, "emb.weight")->offset;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    unet_layout_fini(&f->layout);
    free(f->params);
    free(f->grad);
    free(f);
    return 0;
}

static void tokens_and_their_sum(void **state)
{
    struct fixture *f = *state;
    for (size_t k = 0; k < SPR_COUNT(readings); k++) {
        const struct reading *r = &readings[k];
        float tokens[UNET_TOKENS_MAX * TEXT], pooled[TEXT];
        struct unet_text text;
        text_encode(&f->layout, f->params, r, tokens, pooled, &text);
        assert_int_equal(text.count, r->count + 1);
        assert_ptr_equal(text.token, tokens);
        assert_ptr_equal(text.pooled, pooled);
        assert_memory_equal(tokens, f->null, TEXT * sizeof *tokens);
        for (int i = 0; i < TEXT; i++) {
            double sum = 0;
            for (int w = 0; w < r->count; w++) {
                double want = (double)r->word[w].weight * f->table[r->word[w].id * TEXT + i];
                assert_true(fabs(tokens[(w + 1) * TEXT + i] - want) < 1e-7);
                sum += want / sqrt(r->count);
            }
            assert_true(fabs(pooled[i] - (r->count ? sum : (double)f->null[i])) < 1e-6);
        }
    }
}

/* The encoding is linear in the table and the null token, so <encode(params), d> = <params, backward(d)> exactly, for
 * any d; that fixes every element of the gradient, because params are arbitrary. */
static void backward_is_the_transpose(void **state)
{
    struct fixture *f = *state;
    for (size_t k = 0; k < SPR_COUNT(readings); k++) {
        const struct reading *r = &readings[k];
        float tokens[UNET_TOKENS_MAX * TEXT], pooled[TEXT], dtokens[UNET_TOKENS_MAX * TEXT], dpooled[TEXT];
        struct unet_text text;
        for (size_t i = 0; i < UNET_TOKENS_MAX * TEXT; i++)
            dtokens[i] = 2 * random_unit((struct random){ 3, k }, i) - 1;
        for (size_t i = 0; i < TEXT; i++)
            dpooled[i] = 2 * random_unit((struct random){ 4, k }, i) - 1;
        for (size_t i = 0; i < f->layout.floats; i++)
            f->grad[i] = 0;
        text_encode_backward(&f->layout, r, dtokens, dpooled, f->grad);
        for (size_t at = 0; at < TEXT * (VOCAB + 1); at++) { /* null, then the table */
            double sum = 0;
            for (size_t i = 0; i < TEXT * (VOCAB + 1); i++)
                f->params[i] = i == at;
            text_encode(&f->layout, f->params, r, tokens, pooled, &text);
            for (int i = 0; i < text.count * TEXT; i++)
                sum += (double)tokens[i] * dtokens[i];
            for (int i = 0; i < TEXT; i++)
                sum += (double)pooled[i] * dpooled[i];
            if (!(fabs(sum - f->grad[at]) < 1e-6))
                fail_msg("reading %zu: gradient of %zu is %g, not %g", k, at, (double)f->grad[at], sum);
        }
        unet_init_params(&f->layout, 1, f->params);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_and_their_sum),
        cmocka_unit_test(backward_is_the_transpose),
    };
    return cmocka_run_group_tests_name("paint/text", tests, setup, teardown);
}
