#include "nn/safetensors.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <malloc.h>

enum { ROOM = 4096 };

/* Header length, header, then `data` bytes 0, 1, 2...; returns the file's size. */
static size_t make(unsigned char file[ROOM], const char *header, size_t data)
{
    uint64_t length = strlen(header);
    memcpy(file, &length, 8);
    memcpy(file + 8, header, length);
    for (size_t i = 0; i < data; i++)
        file[8 + length + i] = (unsigned char)i;
    return 8 + length + data;
}

#define T(dtype, shape, offsets) "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void refuses_what_is_not_sound(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t data;
        enum spr_code code;
        const char *text;
    } rows[] = {
        { "", 0, SPR_BADDATA, "header is not a JSON object: it must begin with {" },
        { "[]", 0, SPR_BADDATA, "header is not a JSON object: it must begin with {" },
        { " {}", 0, SPR_BADDATA, "header is not a JSON object: it must begin with {" },
        { "{\"a\xff\":1}", 0, SPR_BADDATA, "header is not UTF-8 at its byte 3" },
        { "{\"a\":", 0, SPR_BADDATA,
          "header is not sound JSON at its byte 5: \"unexpected token near end of file\"" },
        { "{} {}", 0, SPR_BADDATA,
          "header is not sound JSON at its byte 4: \"end of file expected near '{'\"" },
        { "{\"a\":" T("F32", "[1]", "[0,4]") ",\"a\":" T("F32", "[1]", "[0,4]") "}", 4, SPR_BADDATA,
          "header is not sound JSON at its byte 57: \"duplicate object key near '\"a\"'\"" },
        { "{\"a\":[[[1]]]}", 0, SPR_LIMIT, "header nests more than 3 deep at byte 7" },
        { "{\"__metadata__\":[]}", 0, SPR_BADDATA, "__metadata__ is an array; an object is needed" },
        { "{\"__metadata__\":{\"k\":1}}", 0, SPR_BADDATA,
          "__metadata__ \"k\" is a number; a text is needed" },
        { "{\"a\":7}", 0, SPR_BADDATA, "tensor \"a\": described by a number; an object is needed" },
        { "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, SPR_BADDATA,
          "tensor \"a\": dtype is missing; a text is needed" },
        { "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, SPR_BADDATA,
          "tensor \"a\": shape is missing; an array of sizes is needed" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, SPR_BADDATA,
          "tensor \"a\": data_offsets must be two whole numbers" },
        { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4, SPR_BADDATA,
          "tensor \"a\": has \"x\"; dtype, shape and data_offsets are all there may be" },
        { "{\"a\":" T("F8", "[1]", "[0,4]") "}", 4, SPR_UNSUPPORTED,
          "tensor \"a\": dtype \"F8\" is not known; F32, F16 and BF16 are usual" },
        { "{\"a\":" T("F32", "[-1]", "[0,4]") "}", 4, SPR_BADDATA,
          "tensor \"a\": a size in its shape is negative; whole numbers from 0 are needed" },
        { "{\"a\":" T("F32", "[1.5]", "[0,4]") "}", 4, SPR_BADDATA,
          "tensor \"a\": a size in its shape is a fraction; whole numbers from 0 are needed" },
        { "{\"a\":" T("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]") "}", 4, SPR_LIMIT,
          "tensor \"a\": shape has 9 sizes; 8 are possible" },
        { "{\"a\":" T("F32", "[4294967296,4294967296]", "[0,4]") "}", 4, SPR_LIMIT,
          "tensor \"a\": its shape has more elements than memory can address" },
        { "{\"a\":" T("F64", "[4611686018427387904]", "[0,4]") "}", 4, SPR_LIMIT,
          "tensor \"a\": its shape has more elements than memory can address" },
        { "{\"a\":" T("F32", "[99999999999999999999]", "[0,4]") "}", 4, SPR_BADDATA,
          "header is not sound JSON at its byte 49: \"too big integer near '99999999999999999999'\"" },
        { "{\"a\":" T("F32", "[1]", "[0]") "}", 4, SPR_BADDATA,
          "tensor \"a\": data_offsets must be two whole numbers" },
        { "{\"a\":" T("F32", "[1]", "[0,8]") "}", 4, SPR_BADDATA,
          "tensor \"a\": data_offsets are 0 to 8; the file has data from 0 to 4 (cut short?)" },
        { "{\"a\":" T("F32", "[1]", "[4,0]") "}", 4, SPR_BADDATA,
          "tensor \"a\": data_offsets are 4 to 0; the file has data from 0 to 4 (cut short?)" },
        { "{\"a\":" T("F32", "[1]", "[-4,0]") "}", 4, SPR_BADDATA,
          "tensor \"a\": data_offsets are -4 to 0; the file has data from 0 to 4 (cut short?)" },
        { "{\"a\":" T("F16", "[2, 3]", "[0,4]") "}", 4, SPR_BADDATA,
          "tensor \"a\": 4 bytes of data; F16 [2, 3] takes 12" },
        { "{\"a\":" T("U8", "[4]", "[0,4]") ",\"b\":" T("U8", "[4]", "[2,6]") "}", 6, SPR_BADDATA,
          "tensors \"a\" and \"b\" overlap" },
        { "{\"a\":" T("U8", "[4]", "[0,4]") ",\"b\":" T("U8", "[4]", "[0,4]") "}", 4, SPR_BADDATA, NULL },
        { "{\"a\":" T("U8", "[1]", "[0,1]") ",\"b\":" T("U8", "[1]", "[3,4]") "}", 4, SPR_BADDATA,
          "2 bytes before tensor \"b\" belong to none" },
        { "{\"a\":" T("U8", "[1]", "[0,1]") "}", 4, SPR_BADDATA,
          "3 bytes after the last tensor belong to none" },
        { "{\"a\\u001b[2J\":7}", 0, SPR_BADDATA,
          "tensor \"a?[2J\": described by a number; an object is needed" },
    };
    unsigned char file[ROOM];
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct safetensors *s = (struct safetensors *)1;
        struct spr_error err = { 0 };
        enum spr_code rc = safetensors_parse(file, make(file, rows[i].header, rows[i].data), &s, &err);
        if (rc != rows[i].code || s != (struct safetensors *)1 ||
            (rows[i].text && strcmp(err.text, rows[i].text) != 0))
            fail_msg("%s\n    gives %s: %s", rows[i].header, spr_code_name(rc), err.text);
    }
}

static void refuses_wrong_lengths(void **state)
{
    (void)state;
    static const struct {
        uint64_t length;
        size_t size;
        enum spr_code code;
        const char *text;
    } rows[] = {
        { 2, 0, SPR_BADDATA, "only 0 bytes; a safetensors file begins with 8 for the header's length" },
        { 2, 7, SPR_BADDATA, "only 7 bytes; a safetensors file begins with 8 for the header's length" },
        { 2, 9, SPR_BADDATA, "cut short: the header has 2 bytes, the file goes on for only 1" },
        { 16777217, 10, SPR_LIMIT,
          "header of 16777217 bytes; 16777216 are possible (is this a safetensors file?)" },
        { UINT64_MAX, 10, SPR_LIMIT,
          "header of 18446744073709551615 bytes; 16777216 are possible (is this a safetensors file?)" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        unsigned char file[ROOM] = "........{}";
        struct safetensors *s = NULL;
        struct spr_error err = { 0 };
        memcpy(file, &rows[i].length, 8);
        enum spr_code rc = safetensors_parse(file, rows[i].size, &s, &err);
        if (rc != rows[i].code || strcmp(err.text, rows[i].text) != 0)
            fail_msg("row %zu gives %s: %s", i, spr_code_name(rc), err.text);
    }
}

/* Two hostile headers that a JSON reader alone would turn into hundreds of megabytes. */
static void refuses_headers_that_swell(void **state)
{
    (void)state;
    static const char *const pieces[] = { "0,", "{}," };
    for (size_t i = 0; i < SPR_COUNT(pieces); i++) {
        struct buf b;
        buf_init(&b, SAFETENSORS_HEADER_MAX + 8);
        uint64_t length = 4000000;
        assert_int_equal(buf_add(&b, &length, 8, NULL), SPR_OK);
        assert_int_equal(buf_addf(&b, NULL, "{\"a\":["), SPR_OK);
        while (b.length < length)
            assert_int_equal(buf_addf(&b, NULL, "%s", pieces[i]), SPR_OK);
        assert_int_equal(buf_addf(&b, NULL, "0]}      "), SPR_OK);
        struct safetensors *s = NULL;
        struct spr_error err = { 0 };
        assert_int_equal(safetensors_parse(b.data, b.length, &s, &err), SPR_LIMIT);
        assert_string_equal(err.text, "header describes too much; 65536 tensors are possible");
        buf_fini(&b);
    }
}

static void reads_every_type_and_unsorted_data(void **state)
{
    (void)state;
    static const char header[] =
        "{\"z\":" T("U8", "[3]", "[0,3]") ",\"empty\":" T("F32", "[2,0]", "[3,3]") ",\"one\":" T(
            "F16", "[]", "[3,5]") ",\"__metadata__\":{\"b\":\"2\",\"a\":\"\xc3\xa9\"}"
                                  ",\"m\":" T("I32", "[1,1]", "[5,9]") "}  ";
    unsigned char file[ROOM];
    struct safetensors *s = NULL;
    struct spr_error err = { 0 };
    size_t size = make(file, header, 9);
    if (safetensors_parse(file, size, &s, &err))
        fail_msg("%s", err.text);
    static const char *const names[] = { "empty", "m", "one", "z" };
    assert_int_equal(safetensors_count(s), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(safetensors_at(s, i)->name, names[i]);
        assert_ptr_equal(safetensors_find(s, names[i]), safetensors_at(s, i));
    }
    assert_null(safetensors_find(s, "nothing"));
    const struct tensor *one = safetensors_find(s, "one"), *m = safetensors_find(s, "m");
    assert_true(one->type == TENSOR_F16 && one->rank == 0 && one->count == 1 && one->data[0] == 3);
    assert_true(m->type == TENSOR_I32 && m->rank == 2 && m->shape[1] == 1 && m->data[3] == 8);
    assert_int_equal(safetensors_find(s, "empty")->count, 0);
    assert_int_equal(safetensors_notes(s), 2);
    assert_string_equal(safetensors_note_at(s, 0).key, "a");
    assert_string_equal(safetensors_note(s, "a"), "\xc3\xa9");
    assert_string_equal(safetensors_note(s, "b"), "2");
    assert_null(safetensors_note(s, "c"));
    assert_int_equal(safetensors_bytes(s).size, size);
    safetensors_close(s);
}

static const float VALUES[6] = { 0.0f, -1.5f, 1e-7f, 65504.0f, 0.333333f, INFINITY };
static const struct tensor_source SOURCES[] = {
    { .name = "w", .rank = 2, .shape = { 2, 3 }, .data = VALUES },
    { .name = "b", .rank = 1, .shape = { 2 }, .data = VALUES + 1 },
    { .name = "n\"\xc3\xa4", .rank = 0, .shape = { 0 }, .data = VALUES + 3 },
};
static const struct note NOTES[] = { { "style", "line\nnext" }, { "format", "test" } };

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static const float as_half[6] = { 0.0f, -1.5f, 0x1p-23f, 65504.0f, 0.333251953125f, INFINITY };
    char folder[] = "/tmp/spritery-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    for (int half = 0; half < 2; half++) {
        const struct safetensors_content c = { SOURCES, 3, NOTES, 2, half ? TENSOR_F16 : TENSOR_F32 };
        struct safetensors *s = NULL;
        struct spr_error err = { 0 };
        if (safetensors_write(path, &c, half ? FILE_REPLACE : FILE_NEW, &err) ||
            safetensors_open(path, &s, &err))
            fail_msg("%s", err.text);
        const struct tensor *w = safetensors_find(s, "w");
        float got[6];
        tensor_floats(w, 0, 6, got);
        assert_memory_equal(got, half ? as_half : VALUES, sizeof got);
        tensor_floats(w, 4, 2, got);
        assert_true(got[1] == INFINITY);
        assert_true(w->rank == 2 && w->shape[0] == 2 && w->shape[1] == 3 && w->type == c.type);
        assert_int_equal(safetensors_find(s, "n\"\xc3\xa4")->count, 1);
        assert_string_equal(safetensors_note(s, "style"), "line\nnext");
        uint64_t header;
        memcpy(&header, safetensors_bytes(s).data, 8);
        assert_int_equal(header % 8, 0);
        safetensors_close(s);
    }
    const struct safetensors_content c = { SOURCES, 3, NOTES, 2, TENSOR_F32 };
    struct spr_error err = { 0 };
    assert_int_equal(safetensors_write(path, &c, FILE_NEW, &err), SPR_EXISTS);
    unlink(path);
    rmdir(folder);
}

static void raw_tensors_keep_their_type_and_bytes(void **state)
{
    (void)state;
    static const unsigned char bytes[3] = { 1, 255, 7 };
    static const int16_t pair[2] = { -3, 300 };
    const struct tensor_source sources[] = {
        { .name = "f", .rank = 1, .shape = { 2 }, .data = VALUES },
        { .name = "p", .rank = 2, .shape = { 1, 2 }, .raw = pair, .raw_type = TENSOR_I16 },
        { .name = "u", .rank = 1, .shape = { 3 }, .raw = bytes, .raw_type = TENSOR_U8 },
    };
    const struct safetensors_content c = { .tensor = sources, .tensors = 3, .type = TENSOR_F16 };
    struct safetensors *s = NULL;
    struct buf b;
    buf_init(&b, ROOM);
    assert_int_equal(safetensors_encode(&c, &b, NULL), SPR_OK);
    assert_int_equal(safetensors_parse(b.data, b.length, &s, NULL), SPR_OK);
    assert_int_equal(safetensors_find(s, "f")->type, TENSOR_F16);
    const struct tensor *p = safetensors_find(s, "p"), *u = safetensors_find(s, "u");
    assert_true(p->type == TENSOR_I16 && p->rank == 2 && u->type == TENSOR_U8 && u->count == 3);
    assert_memory_equal(p->data, pair, sizeof pair);
    assert_memory_equal(u->data, bytes, sizeof bytes);
    safetensors_close(s);
    buf_fini(&b);
}

static void the_bytes_are_as_documented(void **state)
{
    (void)state;
    static const char want[] = "{\"__metadata__\":{\"format\":\"test\",\"style\":\"line\\nnext\"},"
                               "\"b\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]},"
                               "\"n\\\"\xc3\xa4\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[4,6]},"
                               "\"w\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[6,18]}}";
    const struct safetensors_content c = { SOURCES, 3, NOTES, 2, TENSOR_F16 };
    struct buf b;
    struct spr_error err = { 0 };
    buf_init(&b, ROOM);
    if (safetensors_encode(&c, &b, &err))
        fail_msg("%s", err.text);
    assert_memory_equal(b.data + 8, want, sizeof want - 1);
    buf_fini(&b);
}

static void refuses_to_write_nonsense(void **state)
{
    (void)state;
    static const struct tensor_source twice[] = {
        { .name = "w", .rank = 0, .shape = { 0 }, .data = VALUES },
        { .name = "w", .rank = 0, .shape = { 0 }, .data = VALUES }
    };
    static const struct tensor_source reserved[] = {
        { .name = "__metadata__", .rank = 0, .shape = { 0 }, .data = VALUES }
    };
    static const struct tensor_source bad[] = {
        { .name = "\xff", .rank = 0, .shape = { 0 }, .data = VALUES }
    };
    static const struct note notes[] = { { "k", "1" }, { "k", "2" } };
    static const struct {
        struct safetensors_content content;
        const char *text;
    } rows[] = {
        { { twice, 2, NULL, 0, TENSOR_F32 }, "tensor name \"w\" is given twice" },
        { { reserved, 1, NULL, 0, TENSOR_F32 }, "tensor name \"__metadata__\" is reserved" },
        { { bad, 1, NULL, 0, TENSOR_F32 }, "\"\xff\" cannot be written: not UTF-8, or no memory" },
        { { NULL, 0, notes, 2, TENSOR_F32 }, "metadata \"k\" is given twice" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct buf b;
        struct spr_error err = { 0 };
        buf_init(&b, ROOM);
        assert_int_equal(safetensors_encode(&rows[i].content, &b, &err), SPR_BADARG);
        assert_string_equal(err.text, rows[i].text);
        assert_int_equal(b.length, 0);
        buf_fini(&b);
    }
}

static void names_the_file(void **state)
{
    (void)state;
    struct safetensors *s = NULL;
    struct spr_error err = { 0 };
    assert_int_equal(safetensors_open("/nowhere/x.safetensors", &s, &err), SPR_NOTFOUND);
    assert_string_equal(err.text, "cannot open /nowhere/x.safetensors: No such file or directory");
    assert_int_equal(safetensors_open("/dev/null", &s, &err), SPR_IO);
    char path[] = "/tmp/spritery-test-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "abc", 3), 3);
    close(fd);
    assert_int_equal(safetensors_open(path, &s, &err), SPR_BADDATA);
    assert_memory_equal(err.text, path, strlen(path));
    assert_string_equal(err.text + strlen(path),
                        ": only 3 bytes; a safetensors file begins with 8 for the header's length");
    unlink(path);
}

/* A file of a gigabyte whose header describes twenty bytes is refused for what the header says, the rest unread. */
static void a_huge_file_is_refused_unread(void **state)
{
    (void)state;
    enum { MOST_KIB = 600 << 10 }; /* AddressSanitizer's shadow of the memory is an eighth of it */
    static const char header[] = "{\"a\":{\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[0,20]}}";
    char path[] = "/tmp/spritery-test-XXXXXX";
    uint64_t length = sizeof header - 1;
    int fd = mkstemp(path);
    assert_int_equal(write(fd, &length, sizeof length), sizeof length);
    assert_int_equal(write(fd, header, length), length);
    assert_int_equal(ftruncate(fd, 1 << 30), 0);
    close(fd);
    struct rusage before, after;
    mallopt(M_PERTURB, 0); /* it would touch what is allocated */
    struct safetensors *s = NULL;
    struct spr_error err = { 0 };
    getrusage(RUSAGE_SELF, &before);
    assert_int_equal(safetensors_open(path, &s, &err), SPR_BADDATA);
    getrusage(RUSAGE_SELF, &after);
    unlink(path);
    assert_non_null(strstr(err.text, " bytes after the last tensor belong to none"));
    assert_true(after.ru_maxrss - before.ru_maxrss < MOST_KIB);
}

static void *counted_alloc(size_t size)
{
    return mem_zalloc(size, 1);
}

/* Jansson's memory included: a failure anywhere is an error and leaks nothing (the sanitiser build sees). Where
 * Jansson's own reading runs out it may call that bad JSON. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    const struct safetensors_content c = { SOURCES, 3, NOTES, 2, TENSOR_F16 };
    struct buf whole;
    buf_init(&whole, ROOM);
    assert_int_equal(safetensors_encode(&c, &whole, NULL), SPR_OK);
    json_set_alloc_funcs(counted_alloc, mem_free);
    for (uint64_t n = 1;; n++) {
        struct safetensors *s = NULL;
        struct spr_error err = { 0 };
        mem_fail_nth(n);
        enum spr_code rc = safetensors_parse(whole.data, whole.length, &s, &err);
        mem_fail_nth(0);
        safetensors_close(s);
        if (!rc)
            break;
        if (rc != SPR_NOMEM && !strstr(err.text, "not sound JSON"))
            fail_msg("reading, allocation %d: %s", (int)n, err.text);
    }
    json_set_alloc_funcs(malloc, free);
    for (uint64_t n = 1;; n++) {
        struct buf b;
        struct spr_error err = { 0 };
        buf_init(&b, ROOM);
        mem_fail_nth(n);
        enum spr_code rc = safetensors_encode(&c, &b, &err);
        mem_fail_nth(0);
        buf_fini(&b);
        if (!rc)
            break;
        if (rc != SPR_NOMEM)
            fail_msg("writing, allocation %d: %s", (int)n, err.text);
    }
    buf_fini(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_sound),
        cmocka_unit_test(refuses_wrong_lengths),
        cmocka_unit_test(refuses_headers_that_swell),
        cmocka_unit_test(reads_every_type_and_unsorted_data),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(the_bytes_are_as_documented),
        cmocka_unit_test(raw_tensors_keep_their_type_and_bytes),
        cmocka_unit_test(refuses_to_write_nonsense),
        cmocka_unit_test(names_the_file),
        cmocka_unit_test(a_huge_file_is_refused_unread),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("nn/safetensors", tests, NULL, NULL);
}
