#include "train/checkpoint.h"

#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MATRIX = 1000, VECTOR = 7, FLOATS = MATRIX + VECTOR };

struct fixture {
    char folder[32], path[64];
    struct unet_entry entry[2];
    struct unet_layout layout;
    struct pool *pool;
};

static const struct optimizer_options OPTIONS = {
    .beta1 = 0.9, .beta2 = 0.99, .epsilon = 1e-8, .decay = 0.01, .clip = 1, .average = 0.99
};

static int make(void **state)
{
    static struct fixture f;
    strcpy(f.folder, "/tmp/checkpoint-XXXXXX");
    if (!mkdtemp(f.folder))
        return -1;
    snprintf(f.path, sizeof f.path, "%s/run.checkpoint", f.folder);
    f.entry[0] = (struct unet_entry){ .name = "w", .kind = UNET_LINEAR, .count = MATRIX };
    f.entry[1] = (struct unet_entry){ .name = "b", .kind = UNET_VECTOR, .offset = MATRIX, .count = VECTOR };
    f.layout = (struct unet_layout){ .entries = 2, .floats = FLOATS, .entry = f.entry };
    *state = &f;
    return pool_new(1, &f.pool, NULL) ? -1 : 0;
}

static int drop(void **state)
{
    struct fixture *f = *state;
    pool_free(f->pool);
    unlink(f->path);
    return rmdir(f->folder);
}

static void advance(struct optimizer *o, struct pool *pool, uint64_t from, uint64_t to)
{
    float grad[FLOATS], *lane[] = { grad };
    for (uint64_t step = from; step < to; step++) {
        random_normals((struct random){ 3, step }, 0, FLOATS, grad);
        double norm;
        assert_int_equal(optimizer_step(o, lane, 1, 1e-3, pool, &norm, NULL), SPR_OK);
    }
}

static void begin(struct optimizer *o, const struct fixture *f)
{
    assert_int_equal(optimizer_init(o, &OPTIONS, &f->layout, NULL), SPR_OK);
    random_normals((struct random){ 1, 0 }, 0, FLOATS, o->param);
    memcpy(o->average, o->param, FLOATS * sizeof *o->param);
}

static void going_on_equals_never_stopping(void **state)
{
    struct fixture *f = *state;
    struct optimizer whole, first, second;
    begin(&whole, f);
    begin(&first, f);
    advance(&whole, f->pool, 0, 12);
    advance(&first, f->pool, 0, 5);
    const struct note note = { "seed", "7" };
    assert_int_equal(checkpoint_write(f->path, &f->layout, &first, &note, 1, NULL), SPR_OK);
    optimizer_fini(&first);

    struct safetensors *file = NULL;
    assert_int_equal(checkpoint_open(f->path, &file, NULL), SPR_OK);
    assert_string_equal(safetensors_note(file, "seed"), "7");
    assert_int_equal(optimizer_init(&second, &OPTIONS, &f->layout, NULL), SPR_OK);
    assert_int_equal(checkpoint_read(file, &f->layout, &second, NULL), SPR_OK);
    safetensors_close(file);
    assert_int_equal(second.steps, 5);
    advance(&second, f->pool, 5, 12);

    float *a[] = { whole.param, whole.average, whole.moment, whole.square };
    float *b[] = { second.param, second.average, second.moment, second.square };
    for (size_t i = 0; i < SPR_COUNT(a); i++)
        assert_memory_equal(a[i], b[i], FLOATS * sizeof *a[i]);
    optimizer_fini(&second);
    optimizer_fini(&whole);
}

static void another_network_is_refused(void **state)
{
    struct fixture *f = *state;
    struct optimizer o;
    begin(&o, f);
    assert_int_equal(checkpoint_write(f->path, &f->layout, &o, NULL, 0, NULL), SPR_OK);
    struct safetensors *file = NULL;
    assert_int_equal(checkpoint_open(f->path, &file, NULL), SPR_OK);
    struct unet_entry other[2];
    memcpy(other, f->entry, sizeof other);
    other[1].count--;
    const struct unet_layout layout = { .entries = 2, .floats = FLOATS, .entry = other };
    struct spr_error err = { 0 };
    float before = o.param[0];
    assert_int_equal(checkpoint_read(file, &layout, &o, &err), SPR_BADDATA);
    assert_string_equal(err.text, "the checkpoint has no tensor param/b of 6 numbers");
    assert_true(o.param[0] == before);
    safetensors_close(file);
    optimizer_fini(&o);
}

static void other_files_are_refused(void **state)
{
    struct fixture *f = *state;
    const float one = 1;
    const struct tensor_source tensor = { .name = "w", .rank = 1, .shape = { 1 }, .data = &one };
    const struct safetensors_content content = { .tensor = &tensor, .tensors = 1, .type = TENSOR_F32 };
    assert_int_equal(safetensors_write(f->path, &content, FILE_REPLACE, NULL), SPR_OK);
    struct safetensors *file = (void *)1;
    struct spr_error err = { 0 };
    assert_int_equal(checkpoint_open(f->path, &file, &err), SPR_BADDATA);
    assert_ptr_equal(file, (void *)1);
    char text[128];
    snprintf(text, sizeof text, "%s is no checkpoint of a training run", f->path);
    assert_string_equal(err.text, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(going_on_equals_never_stopping, make, drop),
        cmocka_unit_test_setup_teardown(another_network_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(other_files_are_refused, make, drop),
    };
    return cmocka_run_group_tests_name("train/checkpoint", tests, NULL, NULL);
}
