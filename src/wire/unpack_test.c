/* The cursor beside msgpack-c's reader, and what it refuses. */
#include "wire/unpack.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>

static void limits_hold(void **state)
{
    (void)state;
    unsigned char deep[64], many[3 + 65537];
    static const struct {
        const char *why, *bytes;
        size_t length;
        enum spr_code code;
    } rows[] = {
        { "nothing", "", 0, SPR_BADDATA },
        { "a reserved byte", "\xC1", 1, SPR_BADDATA },
        { "a string cut off",
          "\xA3"
          "ab",
          3, SPR_BADDATA },
        { "a number cut off", "\xCF\0\0\0", 4, SPR_BADDATA },
        { "a list of 2^32-1 items that are not there", "\xDD\xFF\xFF\xFF\xFF", 5, SPR_BADDATA },
        { "a map of 2^32-1 pairs that are not there", "\xDF\xFF\xFF\xFF\xFF\xC0", 6, SPR_BADDATA },
        { "bin of 4 GiB that is not there", "\xC6\xFF\xFF\xFF\xFF", 5, SPR_BADDATA },
        { "something after the end", "\xC0\xC0", 2, SPR_BADDATA },
        { "nil", "\xC0", 1, SPR_OK },
        { "an ext", "\xD4\x01\x02", 3, SPR_OK },
        { "an empty map", "\x80", 1, SPR_OK },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct spr_error err = { 0 };
        if (unpack_scan(rows[i].bytes, rows[i].length, &err) != rows[i].code)
            fail_msg("%s: %s", rows[i].why, err.text);
    }
    memset(deep, 0x91, sizeof deep);
    deep[UNPACK_DEPTH_MAX] = 0xC0;
    assert_int_equal(unpack_scan(deep, UNPACK_DEPTH_MAX + 1, NULL), SPR_OK);
    deep[UNPACK_DEPTH_MAX] = 0x91;
    deep[UNPACK_DEPTH_MAX + 1] = 0xC0;
    assert_int_equal(unpack_scan(deep, UNPACK_DEPTH_MAX + 2, NULL), SPR_LIMIT);
    memset(many, 0xC0, sizeof many);
    memcpy(many, "\xDC\xFF\xFF", 3);
    assert_int_equal(unpack_scan(many, 3 + 65535, NULL), SPR_OK);
    unsigned char nest[8 + 65540];
    memset(nest, 0xC0, sizeof nest);
    memcpy(nest, "\xDD\x00\x01\x00\x00", 5);
    assert_int_equal(unpack_scan(nest, 5 + 65536, NULL), SPR_LIMIT);
}

static void same_number(const struct unpack_value *v, const msgpack_object *o)
{
    if (v->kind == UNPACK_UINT)
        assert_true(o->type == MSGPACK_OBJECT_POSITIVE_INTEGER && o->via.u64 == v->as.count);
    else if (v->kind == UNPACK_INT)
        assert_true(o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER && o->via.i64 == v->as.whole);
    else if (v->kind == UNPACK_REAL)
        assert_memory_equal(&o->via.f64, &v->as.real, sizeof(double));
    else if (v->kind == UNPACK_BOOL)
        assert_int_equal(o->via.boolean, v->as.yes);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as unpack_scan allows */
static void same(struct unpack *u, const msgpack_object *o)
{
    struct unpack_value v;
    assert_true(unpack_next(u, &v));
    same_number(&v, o);
    if (v.kind == UNPACK_TEXT) {
        assert_int_equal(o->type, MSGPACK_OBJECT_STR);
        assert_int_equal(o->via.str.size, v.length);
        assert_memory_equal(o->via.str.ptr, v.bytes, v.length);
    } else if (v.kind == UNPACK_LIST) {
        assert_int_equal(o->type, MSGPACK_OBJECT_ARRAY);
        for (uint32_t i = 0; i < v.length; i++)
            same(u, &o->via.array.ptr[i]);
    } else if (v.kind == UNPACK_MAP) {
        assert_int_equal(o->type, MSGPACK_OBJECT_MAP);
        for (uint32_t i = 0; i < v.length; i++) {
            same(u, &o->via.map.ptr[i].key);
            same(u, &o->via.map.ptr[i].val);
        }
    }
}

/* Short random bytes, with heads more often than chance: what we take, msgpack-c reads as the same values. */
static void reads_what_msgpack_c_reads(void **state)
{
    (void)state;
    struct random r = { .seed = 7 };
    int taken = 0;
    for (uint64_t trial = 0; trial < 200000; trial++) {
        unsigned char bytes[12];
        size_t length = 1 + random_below(r, trial * 16, sizeof bytes);
        for (size_t i = 0; i < length; i++) {
            uint32_t x = random_u32(r, trial * 16 + 1 + i);
            bytes[i] = (unsigned char)(x & 0x300 ? x : 0x80 | (x & 0x1F) | (x & 0x400 ? 0x40 : 0));
        }
        bool mine = unpack_scan(bytes, length, NULL) == SPR_OK;
        if (!mine)
            continue;
        msgpack_unpacked theirs;
        msgpack_unpacked_init(&theirs);
        size_t at = 0;
        assert_int_equal(msgpack_unpack_next(&theirs, (const char *)bytes, length, &at),
                         MSGPACK_UNPACK_SUCCESS);
        assert_int_equal(at, length);
        struct unpack u = { bytes, bytes + length };
        same(&u, &theirs.data);
        assert_ptr_equal(u.at, u.end);
        msgpack_unpacked_destroy(&theirs);
        taken++;
    }
    assert_true(taken > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(reads_what_msgpack_c_reads),
    };
    return cmocka_run_group_tests_name("wire/unpack", tests, NULL, NULL);
}
