#include "base/mem.h"

#include "base/arena.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void sizes_that_overflow_are_refused(void **state)
{
    (void)state;
    assert_null(mem_zalloc(SIZE_MAX / 2, 3));
    assert_null(mem_aligned(SIZE_MAX, 1));
    assert_null(mem_resize(NULL, SIZE_MAX / 8, 9));
    assert_null(mem_text("x", SIZE_MAX));
}

static void aligned_is_aligned_and_nothing_is_something(void **state)
{
    (void)state;
    for (size_t n = 0; n < 200; n += 7) {
        void *p = mem_aligned(n, 1);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 64, 0);
        mem_free(p);
    }
}

static void nth_request_fails_once(void **state)
{
    (void)state;
    uint64_t before = mem_calls();
    mem_fail_nth(2);
    void *a = mem_zalloc(1, 1), *b = mem_zalloc(1, 1), *c = mem_zalloc(1, 1);
    mem_fail_nth(0);
    assert_non_null(a);
    assert_null(b);
    assert_non_null(c);
    assert_int_equal(mem_calls() - before, 3);
    mem_free(a);
    mem_free(c);
}

struct places {
    float *a, *b, *scratch1, *scratch2;
};

static void place(struct arena *a, struct places *p)
{
    p->a = arena_floats(a, 3);
    size_t mark = arena_mark(a);
    p->scratch1 = arena_floats(a, 1000);
    arena_reset(a, mark);
    p->scratch2 = arena_floats(a, 10);
    arena_reset(a, mark);
    p->b = arena_floats(a, 5);
}

static void arena_measures_then_places(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct places p;
    place(&a, &p);
    assert_null(p.a);
    assert_int_equal(arena_open(&a, NULL), SPR_OK);
    assert_int_equal(a.size, 64 + 4032); /* the high-water mark: 3 floats, then 1000, each rounded up to 64 */
    place(&a, &p);
    assert_int_equal((uintptr_t)p.a % 64, 0);
    assert_ptr_equal(p.scratch1, p.scratch2);
    assert_ptr_equal(p.b, p.scratch1);
    assert_true(p.b == p.a + 16);
    arena_close(&a);
}

static void arena_refuses_what_does_not_fit(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct spr_error err = { 0 };
    arena_take(&a, SIZE_MAX / 2, 3);
    assert_int_equal(arena_open(&a, &err), SPR_LIMIT);
    a = (struct arena){ 0 };
    arena_floats(&a, 8);
    mem_fail_nth(1);
    assert_int_equal(arena_open(&a, &err), SPR_NOMEM);
    mem_fail_nth(0);
    assert_string_equal(err.text, "no memory for 64 bytes of working space");
}

static void buffer_grows_to_its_limit(void **state)
{
    (void)state;
    struct buf b;
    struct spr_error err = { 0 };
    buf_init(&b, 100);
    for (int i = 0; i < 10; i++)
        assert_int_equal(buf_addf(&b, &err, "%09d,", i), SPR_OK);
    assert_int_equal(b.length, 100);
    assert_int_equal(buf_add(&b, "x", 1, &err), SPR_LIMIT);
    assert_string_equal(err.text, "101 bytes are over the limit of 100");
    assert_int_equal(b.length, 100);
    assert_int_equal(b.data[100], '\0');
    char *text = buf_detach(&b);
    assert_memory_equal(text, "000000000,000000001,", 20);
    assert_null(b.data);
    mem_free(text);
}

static void buffer_survives_lack_of_memory(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    assert_int_equal(buf_add(&b, "kept", 4, NULL), SPR_OK);
    mem_fail_nth(1);
    assert_int_equal(buf_reserve(&b, 5000, NULL), SPR_NOMEM);
    mem_fail_nth(0);
    assert_string_equal(b.data, "kept");
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(aligned_is_aligned_and_nothing_is_something),
        cmocka_unit_test(nth_request_fails_once),
        cmocka_unit_test(arena_measures_then_places),
        cmocka_unit_test(arena_refuses_what_does_not_fit),
        cmocka_unit_test(buffer_grows_to_its_limit),
        cmocka_unit_test(buffer_survives_lack_of_memory),
    };
    return cmocka_run_group_tests_name("base/mem arena buf", tests, NULL, NULL);
}
