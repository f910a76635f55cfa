/* The bundled network against values that the experiment recorded: outputs and what is between, for given inputs. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
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

/* A safetensors file, read whole: 8 bytes of length, a JSON header, the data. */
struct tensors {
    char *bytes, *header, *data;
};

static struct tensors read_tensors(const char *name)
{
    char path[1024];
    const char *root = getenv("SPRITERY_SOURCE_ROOT");
    snprintf(path, sizeof path, "%s/%s", root ? root : ".", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    struct tensors t = { .bytes = malloc(size + 1) };
    assert_int_equal(fread(t.bytes, 1, size, f), size);
    fclose(f);
    uint64_t length;
    memcpy(&length, t.bytes, 8);
    t.header = t.bytes + 8;
    t.data = t.header + length;
    t.data[-1] = 0; /* the header's closing brace or a space: nothing that is read here */
    return t;
}

static const void *tensor(const struct tensors *t, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":{", name);
    const char *at = strstr(t->header, key);
    if (!at)
        fail_msg("no tensor %s", name);
    at = strstr(at, "\"data_offsets\":[");
    return t->data + strtoull(at + strlen("\"data_offsets\":["), NULL, 10);
}

static float from_half(uint16_t h)
{
    int e = h >> 10 & 31, m = h & 1023;
    float x = e ? ldexpf((float)(m + 1024), e - 25) : ldexpf((float)m, -24);
    return h & 0x8000 ? -x : x;
}

static const struct unet_config published = {
    .vocab = 1303,
    .channels = {32, 64, 160},
    .blocks = { 1, 1,  2  },
    .cond = 256,
    .text = 128,
    .group = 16,
    .heads = 4,
    .words_max = 8,
    .mid = 1
};

struct fixture {
    struct tensors golden;
    struct unet_layout layout;
    float *params;
    struct unet *net;
    struct reading reading[SAMPLES];
    float tokens[SAMPLES][UNET_TOKENS_MAX * 128], pooled[SAMPLES * 128];
    struct unet_text text[SAMPLES];
    float x[SAMPLES * SIDE * SIDE * 4], v[SAMPLES * SIDE * SIDE * 4];
};

/* (out, in, k, k) halves to (k, k, in, out) floats. */
static void load(const struct tensors *t, const struct unet_entry *e, float *to)
{
    const uint16_t *from = tensor(t, e->name);
    size_t taps = (size_t)e->kernel * (size_t)e->kernel, in = (size_t)e->in, out = (size_t)e->out;
    if (e->kind == UNET_VECTOR || e->kind == UNET_EMBEDDING)
        for (size_t i = 0; i < e->count; i++)
            to[i] = from_half(from[i]);
    else
        for (size_t o = 0; o < out; o++)
            for (size_t i = 0; i < in; i++)
                for (size_t k = 0; k < taps; k++)
                    to[(k * in + i) * out + o] = from_half(from[(o * in + i) * taps + k]);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct tensors weights = read_tensors("models/sprite32.safetensors");
    f->golden = read_tensors("tests/golden/golden.safetensors");
    assert_int_equal(unet_layout_init(&f->layout, &published, NULL), SPR_OK);
    f->params = malloc(f->layout.floats * sizeof *f->params);
    for (size_t i = 0; i < f->layout.entries; i++)
        load(&weights, &f->layout.entry[i], f->params + f->layout.entry[i].offset);
    free(weights.bytes);
    assert_int_equal(unet_new(&f->layout, f->params, true, &f->net, NULL), SPR_OK);
    const int32_t *ids = tensor(&f->golden, "net.ids");
    const float *x = tensor(&f->golden, "net.x");
    for (int s = 0; s < SAMPLES; s++) {
        for (int w = 0; w < 8; w++)
            if (ids[s * 8 + w])
                f->reading[s].word[f->reading[s].count++] =
                    (struct reading_word){ .id = ids[s * 8 + w], .weight = 1 };
        text_encode(&f->layout, f->params, &f->reading[s], f->tokens[s], f->pooled + s * 128, &f->text[s]);
        for (int c = 0; c < 4; c++)
            for (int p = 0; p < SIDE * SIDE; p++)
                f->x[(s * SIDE * SIDE + p) * 4 + c] = x[(s * 4 + c) * SIDE * SIDE + p];
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    unet_free(f->net);
    unet_layout_fini(&f->layout);
    free(f->params);
    free(f->golden.bytes);
    free(f);
    return 0;
}

/* Ours is (n, positions, channels), theirs (n, channels, positions); the root mean square of the difference must be
 * below `bound` times that of the values, and no value further off than 10 times that. */
static void compare(const char *what, const float *ours, const float *theirs, int n, int positions,
                    int channels, double bound)
{
    double square = 0, total = 0, most = 0;
    for (int i = 0; i < n; i++)
        for (int p = 0; p < positions; p++)
            for (int c = 0; c < channels; c++) {
                double a = ours[(i * positions + p) * channels + c],
                       b = theirs[(i * channels + c) * positions + p];
                square += (a - b) * (a - b);
                total += b * b;
                most = fmax(most, fabs(a - b));
            }
    double count = (double)n * positions * channels, off = sqrt(square / total);
    if (getenv("VERBOSE"))
        fprintf(stderr, "# %s: relative %.2e, most %.2e of rms %.2e\n", what, off, most, sqrt(total / count));
    if (!(off < bound) || !(most < 10 * bound * sqrt(total / count)))
        fail_msg("%s: relative difference %.3g, largest %.3g", what, off, most);
}

static void network_matches(void **state)
{
    struct fixture *f = *state;
    const float *t = tensor(&f->golden, "net.t");
    struct unet_session *s;
    struct unet_session_options o = { .batch = SAMPLES, .width = SIDE, .height = SIDE, .training = true };
    assert_int_equal(unet_session_open(f->net, &o, &s, NULL), SPR_OK);
    unet_forward(s, SAMPLES, f->x, t, f->text, f->v);
    compare("pooled", f->pooled, tensor(&f->golden, "net.pooled"), SAMPLES, 1, 128, 1e-6);
    static const struct {
        const char *stage, *name;
        int positions, channels;
    } rows[] = {
        {"temb",    "net.temb",   1,    128},
        { "e",      "net.e",      1,    256},
        { "inc",    "net.inc",    1024, 32 },
        { "down.0", "net.down.0", 1024, 32 },
        { "mid.0",  "net.mid.0",  64,   160},
        { "up.0",   "net.up.0",   64,   160},
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        size_t count;
        const float *ours = unet_session_stage(s, rows[i].stage, &count);
        assert_int_equal(count, SAMPLES * rows[i].positions * rows[i].channels);
        compare(rows[i].stage, ours, tensor(&f->golden, rows[i].name), SAMPLES, rows[i].positions,
                rows[i].channels, 1e-4);
    }
    compare("y", f->v, tensor(&f->golden, "net.y"), SAMPLES, SIDE * SIDE, 4, 1e-4);
    unet_session_close(s);
}

/* The inference session shares buffers between layers, the training session does not: the same bits all the same. */
static void inference_is_the_same(void **state)
{
    struct fixture *f = *state;
    const float *t = tensor(&f->golden, "net.t");
    static float v[SAMPLES * SIDE * SIDE * 4];
    for (int training = 0; training < 2; training++) {
        struct unet_session *s;
        struct unet_session_options o = {
            .batch = SAMPLES, .width = SIDE, .height = SIDE, .training = training
        };
        assert_int_equal(unet_session_open(f->net, &o, &s, NULL), SPR_OK);
        unet_forward(s, SAMPLES, f->x, t, f->text, training ? f->v : v);
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
