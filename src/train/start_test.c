#include "train/start.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct unet_config config = { .vocab = 50,
                                           .channels = { 16, 16, 32 },
                                           .blocks = { 1, 1, 1 },
                                           .cond = 32,
                                           .text = 16,
                                           .group = 8,
                                           .heads = 2,
                                           .words_max = 8,
                                           .mid = 1 };

static void every_tensor_begins_as_it_should(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double mean, deviation, most; /* most: of the size of any number */
    } rows[] = {
        { "down.0.n1.weight", 1, 0, 1 },
        { "down.0.n1.bias", 0, 0, 0 },
        { "down.0.c1.weight", 0, 0.0481, 0.0834 }, /* uniform within 1 / sqrt(9 * 16) */
        { "down.0.c1.bias", 0, 0, 0 },
        { "down.0.c2.weight", 0, 0, 0 },
        { "down.0.e.weight", 0, 0, 0 },
        { "outc.weight", 0, 0, 0 },
        { "t2.weight", 0, 0.1021, 0.1768 }, /* within 1 / sqrt(32) */
        { "emb.weight", 0, 0.49, 2.5 },     /* normal, one of 50 rows zero */
        { "null", 0, 0.5, 2.5 },
    };
    struct unet_layout layout;
    assert_int_equal(unet_layout_init(&layout, &config, NULL), SPR_OK);
    float *p = mem_aligned(layout.floats, sizeof *p), *q = mem_aligned(layout.floats, sizeof *q);
    start_parameters(&layout, 7, p);
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        const struct unet_entry *e = unet_layout_find(&layout, rows[i].name);
        assert_non_null(e);
        double sum = 0, square = 0, most = 0, n = (double)e->count;
        for (size_t j = e->offset; j < e->offset + e->count; j++) {
            sum += (double)p[j];
            square += (double)p[j] * (double)p[j];
            most = fmax(most, fabs((double)p[j]));
        }
        double deviation = sqrt(fmax(0, square / n - sum / n * sum / n)),
               near = 4 * rows[i].deviation / sqrt(n);
        if (fabs(sum / n - rows[i].mean) > near || fabs(deviation - rows[i].deviation) > near ||
            most > rows[i].most)
            fail_msg("%s: mean %g, deviation %g, largest %g", rows[i].name, sum / n, deviation, most);
    }
    const struct unet_entry *e = unet_layout_find(&layout, "emb.weight");
    for (int i = 0; i < e->in; i++)
        assert_true(p[e->offset + (size_t)i] == 0);
    start_parameters(&layout, 7, q);
    assert_memory_equal(p, q, layout.floats * sizeof *p);
    start_parameters(&layout, 8, q);
    assert_memory_not_equal(p, q, layout.floats * sizeof *p);
    mem_free(p);
    mem_free(q);
    unet_layout_fini(&layout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tensor_begins_as_it_should),
    };
    return cmocka_run_group_tests_name("train/start", tests, NULL, NULL);
}
