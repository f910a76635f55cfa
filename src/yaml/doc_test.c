#include "yaml/doc.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char text[] = "# comment\n"
                           "name: plain\n"
                           "quoted: \"12\"\n"
                           "list: [a, b,\n"
                           "  {c: d}]\n"
                           "folded: >\n"
                           "  one\n"
                           "  two\n"
                           "\xC3\xBC: end\n";

static const struct doc_about about = { "plan", "\"plan: NAME\"" };

static int make(void **state)
{
    static struct doc d;
    struct doc_place place;
    struct spr_error err;
    *state = &d;
    return doc_load(text, sizeof text - 1, &about, &d, &place, &err);
}

static int drop(void **state)
{
    doc_free(*state);
    return 0;
}

static void every_value_has_its_place(void **state)
{
    const struct doc *d = *state;
    static const struct {
        const char *key, *text;
        int line, column;
        bool plain;
    } rows[] = {
        { "name", "plain", 2, 7, true },
        { "quoted", "12", 3, 9, false },
        { "folded", "one two\n", 6, 9, false },
        { "\xC3\xBC", "end", 9, 4, true },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        int32_t n = doc_get(d, 0, rows[i].key);
        assert_int_not_equal(n, DOC_NONE);
        assert_string_equal(doc_text(d, n), rows[i].text);
        assert_int_equal(d->node[n].line, rows[i].line);
        assert_int_equal(d->node[n].column, rows[i].column);
        assert_int_equal(d->node[n].plain, rows[i].plain);
    }
    assert_int_equal(doc_get(d, 0, "none"), DOC_NONE);
}

static void children_are_linked_in_file_order(void **state)
{
    const struct doc *d = *state;
    int32_t list = doc_get(d, 0, "list"), n = d->node[list].first;
    assert_int_equal(d->node[0].count, 5);
    assert_int_equal(d->node[list].count, 3);
    assert_string_equal(doc_text(d, n), "a");
    n = d->node[n].next;
    assert_string_equal(doc_text(d, n), "b");
    n = d->node[n].next;
    assert_int_equal(d->node[n].kind, DOC_MAP);
    assert_int_equal(d->node[n].line, 5);
    assert_string_equal(doc_text(d, doc_get(d, n, "c")), "d");
    assert_int_equal(d->node[n].next, DOC_NONE);
}

static void a_repeated_key_is_found_in_small_and_large_maps(void **state)
{
    (void)state;
    static const int sizes[] = { 2, 31, 33, 5000 };
    for (size_t i = 0; i < SPR_COUNT(sizes); i++) {
        static char yaml[100000];
        size_t n = 0;
        for (int k = 0; k < sizes[i]; k++)
            n += (size_t)snprintf(yaml + n, sizeof yaml - n, "key%d: %d\n", k, k);
        struct doc d;
        struct doc_place place;
        struct spr_error err;
        assert_int_equal(doc_load(yaml, n, &about, &d, &place, &err), SPR_OK);
        doc_free(&d);
        n += (size_t)snprintf(yaml + n, sizeof yaml - n, "key1: again\n");
        assert_int_equal(doc_load(yaml, n, &about, &d, &place, &err), SPR_BADDATA);
        assert_string_equal(err.text, "key \"key1\" is here a second time; the first is on line 2");
        assert_int_equal(place.line, sizes[i] + 1);
    }
}

/* Cut anywhere, a file is read or refused with a place; nothing is left (under the address sanitizer). */
static void every_beginning_is_read_or_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof text; n++) {
        struct doc d;
        struct doc_place place;
        struct spr_error err = { 0 };
        enum spr_code rc = doc_load(text, n, &about, &d, &place, &err);
        if (rc == SPR_OK)
            doc_free(&d);
        else
            assert_true(rc == SPR_BADDATA && place.line >= 1 && place.column >= 1 && err.text[0]);
    }
}

static void lack_of_memory_is_said(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 2; n++) {
        struct doc d = { .count = 77 };
        struct doc_place place;
        struct spr_error err;
        mem_fail_nth(n);
        enum spr_code rc = doc_load(text, sizeof text - 1, &about, &d, &place, &err);
        mem_fail_nth(0);
        assert_int_equal(rc, SPR_NOMEM);
        assert_int_equal(d.count, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_value_has_its_place, make, drop),
        cmocka_unit_test_setup_teardown(children_are_linked_in_file_order, make, drop),
        cmocka_unit_test(a_repeated_key_is_found_in_small_and_large_maps),
        cmocka_unit_test(every_beginning_is_read_or_refused),
        cmocka_unit_test(lack_of_memory_is_said),
    };
    return cmocka_run_group_tests_name("plan/doc", tests, NULL, NULL);
}
