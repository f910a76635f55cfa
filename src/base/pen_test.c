#include "base/pen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void pieces_make_a_page(void **state)
{
    char large[5000];
    struct buf out;
    struct spr_error err = { 0 };
    struct pen pen = { .out = &out, .err = &err };
    (void)state;
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    buf_init(&out, 1 << 16);
    pen_put(&pen, "%s=%d\n", "a", 1);
    pen_text(&pen, "<a \"b\">\n\x7F\xC3\xA9", pen_xml);
    pen_text(&pen, "\"\\\n\t\r", pen_json);
    pen_add(&pen, "|", 1);
    assert_string_equal(out.data, "a=1\n&lt;a &quot;b&quot;&gt;  \xC3\xA9\\\"\\\\\\n\\t |");
    size_t before = out.length;
    pen_put(&pen, "[%s]", large); /* nothing is cut */
    assert_int_equal(out.length, before + 2 + strlen(large));
    assert_int_equal(out.data[out.length - 1], ']');
    assert_int_equal(pen.rc, SPR_OK);
    buf_fini(&out);
}

static void the_first_failure_stays(void **state)
{
    struct buf out;
    struct spr_error err = { 0 };
    struct pen pen = { .out = &out, .err = &err };
    (void)state;
    buf_init(&out, 8);
    pen_put(&pen, "%s", "12345");
    pen_put(&pen, "%s", "6789");
    assert_int_equal(pen.rc, SPR_LIMIT);
    assert_string_equal(err.text, "9 bytes are over the limit of 8");
    pen_put(&pen, "6");
    pen_add(&pen, "7", 1);
    pen_text(&pen, "8", pen_json);
    assert_string_equal(out.data, "12345");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_make_a_page),
        cmocka_unit_test(the_first_failure_stays),
    };
    return cmocka_run_group_tests_name("base/pen", tests, NULL, NULL);
}
