/* The bundled network against values that the experiment recorded: outputs and what is between, for given inputs. */
#include "nn/safetensors.h"
#include "paint/model.h"
#include "paint/text.h"
#include "paint/unet.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 3, SIDE = 32 };

struct fixture {
    struct safetensors *golden;
    struct model *model;
    struct unet *net;
    struct reading reading[SAMPLES];
    float tokens[SAMPLES][UNET_TOKENS_MAX * 128], pooled[SAMPLES * 128];
    struct unet_text text[SAMPLES];
    float t[SAMPLES], x[SAMPLES * SIDE * SIDE * 4], v[SAMPLES * SIDE * SIDE * 4];
};

static void path_of(const char *name, char path[1024])
{
    const char *root = getenv("SPRITERY_SOURCE_ROOT");
    snprintf(path, 1024, "%s/%s", root ? root : ".", name);
}

static const struct tensor *golden(const struct fixture *f, const char *name)
{
    const struct tensor *t = safetensors_find(f->golden, name);
    if (!t)
        fail_msg("no tensor %s", name);
    return t;
}

/* Pixels are (n, channels, positions) in the file and (n, positions, channels) here. */
static void load_pixels(struct fixture *f)
{
    static float x[SAMPLES * SIDE * SIDE * 4];
    tensor_floats(golden(f, "net.x"), 0, SPR_COUNT(x), x);
    for (int s = 0; s < SAMPLES; s++)
        for (int c = 0; c < 4; c++)
            for (int p = 0; p < SIDE * SIDE; p++)
                f->x[(s * SIDE * SIDE + p) * 4 + c] = x[(s * 4 + c) * SIDE * SIDE + p];
}

static void load_text(struct fixture *f)
{
    const unsigned char *ids = golden(f, "net.ids")->data;
    for (int s = 0; s < SAMPLES; s++) {
        for (int w = 0; w < 8; w++) {
            int32_t id;
            memcpy(&id, ids + (s * 8 + w) * 4, 4);
            if (id)
                f->reading[s].word[f->reading[s].count++] = (struct reading_word){ .id = id, .weight = 1 };
        }
        text_encode(&f->model->layout, f->model->params, &f->reading[s], f->tokens[s], f->pooled + s * 128,
                    &f->text[s]);
    }
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char path[1024];
    path_of("tests/golden/sprite32-403k.safetensors", path);
    assert_int_equal(model_load(path, &f->model, NULL), SPR_OK);
    path_of("tests/golden/golden.safetensors", path);
    assert_int_equal(safetensors_open(path, &f->golden, NULL), SPR_OK);
    assert_int_equal(unet_new(&f->model->layout, f->model->params, true, CONV_F32, &f->net, NULL), SPR_OK);
    tensor_floats(golden(f, "net.t"), 0, SAMPLES, f->t);
    load_pixels(f);
    load_text(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    unet_free(f->net);
    model_free(f->model);
    safetensors_close(f->golden);
    free(f);
    return 0;
}

/* The root mean square of the difference must be below `bound` times that of the values, and no value further off
 * than 10 times that. */
static void compare(const struct fixture *f, const char *name, const float *ours, int positions, int channels,
                    double bound)
{
    static float theirs[SAMPLES * SIDE * SIDE * 32];
    const struct tensor *t = golden(f, name);
    double square = 0, total = 0, most = 0, count = (double)t->count;
    assert_int_equal(t->count, SAMPLES * positions * channels);
    tensor_floats(t, 0, t->count, theirs);
    for (int i = 0; i < SAMPLES; i++)
        for (int p = 0; p < positions; p++)
            for (int c = 0; c < channels; c++) {
                double a = ours[(i * positions + p) * channels + c],
                       b = theirs[(i * channels + c) * positions + p];
                square += (a - b) * (a - b);
                total += b * b;
                most = fmax(most, fabs(a - b));
            }
    double off = sqrt(square / total);
    if (getenv("VERBOSE"))
        fprintf(stderr, "# %s: relative %.2e, most %.2e of rms %.2e\n", name, off, most, sqrt(total / count));
    if (!(off < bound) || !(most < 10 * bound * sqrt(total / count)))
        fail_msg("%s: relative difference %.3g, largest %.3g", name, off, most);
}

static void network_matches(void **state)
{
    struct fixture *f = *state;
    struct unet_session *s;
    struct unet_session_options o = { .batch = SAMPLES, .width = SIDE, .height = SIDE, .training = true };
    assert_int_equal(unet_session_open(f->net, &o, &s, NULL), SPR_OK);
    unet_forward(s, SAMPLES, f->x, f->t, f->text, f->v);
    compare(f, "net.pooled", f->pooled, 1, 128, 1e-6);
    static const struct {
        const char *stage, *name;
        int positions, channels;
    } rows[] = {
        { "temb", "net.temb", 1, 128 },    { "e", "net.e", 1, 256 },
        { "inc", "net.inc", 1024, 32 },    { "down.0", "net.down.0", 1024, 32 },
        { "mid.0", "net.mid.0", 64, 160 }, { "up.0", "net.up.0", 64, 160 },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        size_t count;
        const float *ours = unet_session_stage(s, rows[i].stage, &count);
        assert_int_equal(count, SAMPLES * rows[i].positions * rows[i].channels);
        compare(f, rows[i].name, ours, rows[i].positions, rows[i].channels, 1e-4);
    }
    compare(f, "net.y", f->v, SIDE * SIDE, 4, 1e-4);
    unet_session_close(s);
}

/* The inference session shares buffers between layers, the training session does not: the same bits all the same. */
static void inference_is_the_same(void **state)
{
    struct fixture *f = *state;
    static float v[SAMPLES * SIDE * SIDE * 4];
    for (int training = 0; training < 2; training++) {
        struct unet_session *s;
        struct unet_session_options o = {
            .batch = SAMPLES, .width = SIDE, .height = SIDE, .training = training
        };
        assert_int_equal(unet_session_open(f->net, &o, &s, NULL), SPR_OK);
        unet_forward(s, SAMPLES, f->x, f->t, f->text, training ? f->v : v);
        unet_session_close(s);
    }
    assert_memory_equal(v, f->v, sizeof v);
}

static void two_samples_take_little_memory(void **state)
{
    struct fixture *f = *state;
    struct unet_session *s;
    struct unet_session_options o = { .batch = 2, .width = SIDE, .height = SIDE };
    assert_int_equal(unet_session_open(f->net, &o, &s, NULL), SPR_OK);
    if (getenv("VERBOSE"))
        fprintf(stderr, "# session of 2 at 32x32: %.1f MB\n", (double)unet_session_bytes(s) / 1e6);
    assert_true(unet_session_bytes(s) < 16 << 20);
    unet_session_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_matches),
        cmocka_unit_test(inference_is_the_same),
        cmocka_unit_test(two_samples_take_little_memory),
    };
    return cmocka_run_group_tests_name("paint/unet_golden", tests, setup, teardown);
}
