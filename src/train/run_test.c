#include "train/run.h"

#include "base/buf.h"
#include "base/mem.h"
#include "train/checkpoint.h"
#include "train/record.h"
#include "train/start.h"
#include "train/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char folder[] = "/tmp/run-XXXXXX";
static char first[TINY_PATH], second[TINY_PATH];
static struct dataset data;
static struct unet_layout layout;
static struct pool *pool;
static float *start;
static atomic_bool stop;

static int make(void **state)
{
    (void)state;
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    if (tiny_make(folder) || tiny_open(folder, &tiny_words, 4, &data, NULL) ||
        unet_layout_init(&layout, &tiny_config, NULL) || pool_new(2, &pool, NULL))
        return -1;
    snprintf(first, sizeof first, "%s/first", folder);
    snprintf(second, sizeof second, "%s/second", folder);
    start = mem_aligned(layout.floats, sizeof *start);
    start_parameters(&layout, 1, start);
    return file_make_folder(first, NULL) || file_make_folder(second, NULL);
}

static int drop(void **state)
{
    (void)state;
    mem_free(start);
    pool_free(pool);
    unet_layout_fini(&layout);
    dataset_close(&data);
    tiny_remove(folder);
    return 0;
}

/* 20 steps of 8 samples; a row of the log every 5 steps. */
static struct run run_in(const char *where)
{
    struct run run = { .folder = where,
                       .pace = { .log = 40, .validate = 80, .sheet = 160, .checkpoint_s = 1000 },
                       .layout = &layout,
                       .words = tiny_words,
                       .data = &data,
                       .pool = pool,
                       .start = start,
                       .stop = &stop };
    tiny_options(&run.options);
    atomic_store(&stop, false);
    return run;
}

static void stop_at(void *context, const struct run_progress *p)
{
    const uint64_t *samples = context;
    atomic_store(&stop, p->samples == *samples);
}

/* A checkpoint's vectors one after the other. GIVES them (mem_free). */
static float *numbers(const char *where)
{
    char path[TINY_PATH + 32];
    struct safetensors *file = NULL;
    float *all = mem_aligned(4 * layout.floats, sizeof *all);
    struct optimizer o = { .param = all,
                           .average = all + layout.floats,
                           .moment = all + 2 * layout.floats,
                           .square = all + 3 * layout.floats };
    snprintf(path, sizeof path, "%s/%s", where, RUN_CHECKPOINT);
    assert_int_equal(checkpoint_open(path, &file, NULL), SPR_OK);
    assert_int_equal(checkpoint_read(file, &layout, &o, NULL), SPR_OK);
    assert_int_equal(o.steps, 20);
    safetensors_close(file);
    return all;
}

/* The file without its third column, the seconds. */
static void read_rows(const char *where, const char *name, char *ret, size_t size)
{
    char path[TINY_PATH + 32];
    struct buf b;
    buf_init(&b, size - 1);
    snprintf(path, sizeof path, "%s/%s", where, name);
    assert_int_equal(file_read(path, &b, NULL), SPR_OK);
    int column = 0;
    for (size_t i = 0; i < b.length; i++) {
        column = b.data[i] == '\n' ? 0 : b.data[i] == ',' ? column + 1 : column;
        if (column != 2)
            *ret++ = b.data[i];
    }
    *ret = '\0';
    buf_fini(&b);
}

static void stopping_and_going_on_changes_nothing(void **state)
{
    (void)state;
    struct run whole = run_in(first), parts = run_in(second);
    struct spr_error err = { 0 };
    static const uint64_t stops[] = { 8, 56, 104 }; /* between rows of the log, too */
    assert_int_equal(run_train(&whole, NULL), SPR_OK);
    for (size_t i = 0; i < SPR_COUNT(stops); i++) {
        parts.hooks = (struct run_hooks){ (void *)&stops[i], stop_at, NULL, NULL };
        assert_int_equal(run_train(&parts, &err), SPR_CANCELLED);
        parts.start = NULL;
        atomic_store(&stop, false);
    }
    assert_string_equal(err.text, "stopped after 104 samples; --resume goes on");
    parts.hooks.progress = NULL;
    assert_int_equal(run_train(&parts, NULL), SPR_OK);

    float *a = numbers(first), *b = numbers(second);
    assert_memory_equal(a, b, 4 * layout.floats * sizeof *a);
    mem_free(a);
    mem_free(b);
    static const char *const files[] = { "loss.csv", "validation.csv" };
    for (size_t i = 0; i < SPR_COUNT(files); i++) {
        char x[4096], y[4096];
        read_rows(first, files[i], x, sizeof x);
        read_rows(second, files[i], y, sizeof y);
        assert_string_equal(x, y);
    }
    char path[TINY_PATH + 32];
    snprintf(path, sizeof path, "%s/sheet-000000160.png", second);
    assert_true(file_exists(path));
}

static void a_run_that_died_is_cut_back_to_its_checkpoint(void **state)
{
    (void)state;
    struct run run = run_in(first);
    uint64_t at = 48;
    run.hooks = (struct run_hooks){ &at, stop_at, NULL, NULL };
    assert_int_equal(run_train(&run, NULL), SPR_CANCELLED);
    char path[TINY_PATH + 32], rows[4096];
    struct record r;
    snprintf(path, sizeof path, "%s/loss.csv", first); /* what it wrote before it was killed */
    assert_int_equal(record_open(&r, path, "step,samples,seconds,rate,loss,norm\n", 6, NULL), SPR_OK);
    assert_int_equal(record_add(&r, NULL, "10,80,1.0,0.1,9,9\n15,1"), SPR_OK);
    record_close(&r);
    run.start = NULL;
    run.hooks.progress = NULL;
    atomic_store(&stop, false);
    assert_int_equal(run_train(&run, NULL), SPR_OK);
    read_rows(first, "loss.csv", rows, sizeof rows);
    assert_null(strstr(rows, ",9,9"));
    int lines = 0;
    for (const char *p = rows; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 1 + 4);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct run run = run_in(first);
    struct spr_error err = { 0 };
    char want[256];
    assert_int_equal(run_train(&run, NULL), SPR_OK);

    assert_int_equal(run_train(&run, &err), SPR_EXISTS);
    snprintf(want, sizeof want, "%s has a run already: go on with it (--resume), or use another folder",
             first);
    assert_string_equal(err.text, want);

    run.start = NULL;
    run.options.seed = 8;
    assert_int_equal(run_train(&run, &err), SPR_BADARG);
    assert_string_equal(err.text, "seed is 8, but the run was begun with 1");

    assert_int_equal(run_options(first, &run.options, NULL), SPR_OK);
    assert_int_equal(run.options.seed, 1);
    struct dataset other = data;
    other.digest = 0x1234;
    run.data = &other;
    assert_int_equal(run_train(&run, &err), SPR_BADDATA);
    snprintf(want, sizeof want, "the run was begun with other data (%016llx, this is 0000000000001234)",
             (unsigned long long)data.digest);
    assert_string_equal(err.text, want);

    run = run_in(second);
    run.start = NULL;
    assert_int_equal(run_train(&run, &err), SPR_NOTFOUND);
}

/* The end may be moved: more samples than at first; and those may be in another precision. */
static void a_longer_run_goes_on(void **state)
{
    (void)state;
    struct run run = run_in(first);
    run.options.schedule.total = 80;
    assert_int_equal(run_train(&run, NULL), SPR_OK);
    run.start = NULL;
    run.options.schedule.total = 160;
    run.options.precision = CONV_BF16;
    assert_int_equal(run_train(&run, NULL), SPR_OK);
    assert_int_equal(run_options(first, &run.options, NULL), SPR_OK);
    assert_true(run.options.precision == CONV_BF16 && run.options.schedule.total == 160);
    float *a = numbers(first);
    mem_free(a);
}

static void a_time_limit_leaves_a_checkpoint(void **state)
{
    (void)state;
    struct run run = run_in(first);
    run.pace.limit_s = 1e-9;
    assert_int_equal(run_train(&run, NULL), SPR_OK);
    char path[TINY_PATH + 32];
    struct safetensors *file = NULL;
    snprintf(path, sizeof path, "%s/%s", first, RUN_CHECKPOINT);
    assert_int_equal(checkpoint_open(path, &file, NULL), SPR_OK);
    assert_string_equal(safetensors_note(file, "steps"), "1");
    safetensors_close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stopping_and_going_on_changes_nothing, make, drop),
        cmocka_unit_test_setup_teardown(a_run_that_died_is_cut_back_to_its_checkpoint, make, drop),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, make, drop),
        cmocka_unit_test_setup_teardown(a_longer_run_goes_on, make, drop),
        cmocka_unit_test_setup_teardown(a_time_limit_leaves_a_checkpoint, make, drop),
    };
    return cmocka_run_group_tests_name("train/run", tests, NULL, NULL);
}
