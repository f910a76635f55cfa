/* Every message of the protocol, by its table: written and read back, each field wrong in turn, each needed one left out.
 * msgpack-c builds the wrong ones, so that the decoder is tested against another writer. */
#include "base/mem.h"
#include "wire/messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <msgpack.h>

static const struct wire_schema *const *const sets[] = { message_requests, message_answers, message_updates,
                                                         message_events };

static void put(msgpack_packer *p, const char *text)
{
    msgpack_pack_str(p, strlen(text));
    msgpack_pack_str_body(p, text, strlen(text));
}

/* NOLINTNEXTLINE(misc-no-recursion): a list's maps have no lists of maps */
static void put_right(msgpack_packer *p, const struct wire_field *f)
{
    switch (f->type) {
    case WIRE_TEXT:
        put(p, f->words ? f->words[0] : "\xC3\xA4 word");
        break;
    case WIRE_WHOLE: /* a float without a fraction is one too */
        msgpack_pack_double(p, f->max);
        break;
    case WIRE_REAL: /* and a whole number is a number */
        msgpack_pack_int64(p, (int64_t)f->min);
        break;
    case WIRE_SWITCH:
        msgpack_pack_true(p);
        break;
    case WIRE_PAIR:
        msgpack_pack_array(p, 2);
        msgpack_pack_int64(p, (int64_t)f->min);
        msgpack_pack_int64(p, (int64_t)f->max);
        break;
    case WIRE_TEXTS:
        msgpack_pack_array(p, 2);
        put(p, "one");
        put(p, "");
        break;
    case WIRE_MAPS:
        msgpack_pack_array(p, 2);
        for (int i = 0; i < 2; i++) {
            msgpack_pack_map(p, f->of->count);
            for (size_t k = 0; k < f->of->count; k++) {
                put(p, f->of->field[k].name);
                put_right(p, &f->of->field[k]);
            }
        }
        break;
    case WIRE_REQUEST:
        break;
    }
}

enum wrong { RIGHT, ABSENT, NOTHING, WRONG_TYPE, WRONG_VALUE };

/* How a field can have a right type and a wrong value; false where it cannot. */
static bool put_wrong_value(msgpack_packer *p, const struct wire_field *f)
{
    if (f->type == WIRE_WHOLE)
        msgpack_pack_double(p, 0.5);
    else if (f->type == WIRE_REAL)
        msgpack_pack_double(p, f->max * 2 + 1);
    else if (f->type == WIRE_TEXT)
        put(p, f->words ? "another" : "\xFF");
    else if (f->type == WIRE_PAIR)
        msgpack_pack_array(p, 0);
    else
        return false;
    return true;
}

static void put_message(msgpack_sbuffer *out, const struct wire_schema *s, size_t which, enum wrong wrong)
{
    msgpack_packer p;
    msgpack_sbuffer_clear(out);
    msgpack_packer_init(&p, out, msgpack_sbuffer_write);
    size_t pairs = s->count + 2 + (wrong == ABSENT ? -1 : 0);
    msgpack_pack_map(&p, pairs);
    put(&p, "unknown field"); /* is ignored, whatever it is */
    msgpack_pack_array(&p, 1);
    msgpack_pack_map(&p, 0);
    for (size_t i = 0; i < s->count; i++) {
        const struct wire_field *f = &s->field[i];
        enum wrong now = i == which ? wrong : RIGHT;
        if (now == ABSENT)
            continue;
        put(&p, f->type == WIRE_REQUEST ? "prompt" : f->name);
        if (f->type == WIRE_REQUEST)
            put(&p, "a red dragon");
        else if (now == NOTHING)
            msgpack_pack_nil(&p);
        else if (now == WRONG_TYPE)
            f->type == WIRE_SWITCH ? msgpack_pack_int(&p, 1) : msgpack_pack_true(&p);
        else if (now == RIGHT || !put_wrong_value(&p, f))
            put_right(&p, f);
    }
    put(&p, "type"); /* it need not come first */
    put(&p, s->type);
}

static void each_message_is_read_and_written(void **state)
{
    (void)state;
    msgpack_sbuffer bytes;
    msgpack_sbuffer_init(&bytes);
    int seen = 0;
    for (size_t k = 0; k < SPR_COUNT(sets); k++)
        for (size_t i = 0; sets[k][i]; i++, seen++) {
            const struct wire_schema *s = sets[k][i], *got = NULL;
            struct wire_pool pool = { 0 };
            struct spr_error err = { 0 };
            struct buf first, second;
            void *object;
            buf_init(&first, WIRE_MESSAGE_MAX);
            buf_init(&second, WIRE_MESSAGE_MAX);
            put_message(&bytes, s, SIZE_MAX, RIGHT);
            if (wire_decode(sets[k], bytes.data, bytes.size, &pool, &got, &object, &err))
                fail_msg("%s: %s", s->type, err.text);
            assert_ptr_equal(got, s);
            for (size_t f = 0; f < s->count; f++)
                assert_true(s->field[f].type == WIRE_REQUEST || wire_given(object, (int)f));
            assert_int_equal(wire_encode(s, object, &first, &err), SPR_OK);
            assert_int_equal(wire_decode(sets[k], first.data, first.length, &pool, &got, &object, &err),
                             SPR_OK);
            assert_int_equal(wire_encode(s, object, &second, &err), SPR_OK);
            assert_int_equal(first.length, second.length);
            assert_memory_equal(first.data, second.data, first.length);
            buf_fini(&first);
            buf_fini(&second);
            wire_pool_reset(&pool);
        }
    assert_true(seen > 30);
    msgpack_sbuffer_destroy(&bytes);
}

static void check_wrong(const struct wire_schema *const *set, const struct wire_schema *s, size_t f,
                        enum wrong wrong, msgpack_sbuffer *bytes)
{
    const struct wire_schema *got;
    const struct wire_field *field = &s->field[f];
    struct wire_pool pool = { 0 };
    struct spr_error err = { 0 };
    void *object = &pool;
    put_message(bytes, s, f, wrong);
    enum spr_code rc = wire_decode(set, bytes->data, bytes->size, &pool, &got, &object, &err);
    bool refused = wrong == WRONG_TYPE ||
                   (wrong == WRONG_VALUE && field->type != WIRE_SWITCH && field->type != WIRE_TEXTS &&
                    field->type != WIRE_MAPS) ||
                   (wrong != WRONG_VALUE && field->need == WIRE_NEEDED);
    if (rc != (refused ? SPR_BADARG : SPR_OK))
        fail_msg("%s.%s, wrong in way %d: %s", s->type, field->name, (int)wrong, err.text);
    if (refused) {
        assert_ptr_equal(object, &pool);
        if (strncmp(err.text, field->name, strlen(field->name)) != 0)
            fail_msg("%s.%s: the sentence does not begin with it: %s", s->type, field->name, err.text);
    }
    wire_pool_reset(&pool);
}

static void each_wrong_field_is_named(void **state)
{
    (void)state;
    msgpack_sbuffer bytes;
    msgpack_sbuffer_init(&bytes);
    for (size_t k = 0; k < SPR_COUNT(sets); k++)
        for (size_t i = 0; sets[k][i]; i++)
            for (size_t f = 0; f < sets[k][i]->count; f++)
                for (int wrong = ABSENT; wrong <= WRONG_VALUE; wrong++)
                    if (sets[k][i]->field[f].type != WIRE_REQUEST)
                        check_wrong(sets[k], sets[k][i], f, (enum wrong)wrong, &bytes);
    msgpack_sbuffer_destroy(&bytes);
}

static enum spr_code generate_of(const char *key, void (*value)(msgpack_packer *), struct wire_pool *pool,
                                 struct message_generate **ret, struct spr_error *err)
{
    const struct wire_schema *got;
    msgpack_sbuffer bytes;
    msgpack_packer p;
    msgpack_sbuffer_init(&bytes);
    msgpack_packer_init(&p, &bytes, msgpack_sbuffer_write);
    msgpack_pack_map(&p, 3);
    put(&p, "type");
    put(&p, "generate");
    put(&p, "prompt");
    put(&p, "x");
    put(&p, key);
    value(&p);
    enum spr_code rc = wire_decode(message_requests, bytes.data, bytes.size, pool, &got, (void **)ret, err);
    msgpack_sbuffer_destroy(&bytes);
    return rc;
}

static void size_1024(msgpack_packer *p)
{
    msgpack_pack_array(p, 2);
    msgpack_pack_int(p, 1024);
    msgpack_pack_double(p, 1024);
}
static void size_wide(msgpack_packer *p)
{
    msgpack_pack_array(p, 2);
    msgpack_pack_int(p, 64);
    msgpack_pack_int(p, 32);
}
static void size_odd(msgpack_packer *p)
{
    msgpack_pack_array(p, 2);
    msgpack_pack_int(p, 1000);
    msgpack_pack_int(p, 1000);
}
static void seed_max(msgpack_packer *p)
{
    msgpack_pack_uint64(p, UINT64_MAX);
}
static void steps_real(msgpack_packer *p)
{
    msgpack_pack_double(p, 30.0);
}
static void guidance_whole(msgpack_packer *p)
{
    msgpack_pack_int(p, 7);
}
static void not_a_number(msgpack_packer *p)
{
    msgpack_pack_double(p, 0.0 / 0.0);
}
static void a_map(msgpack_packer *p)
{
    msgpack_pack_map(p, 0);
}
static void long_prompt(msgpack_packer *p)
{
    static char text[REQUEST_PROMPT_MAX + 2];
    memset(text, 'a', REQUEST_PROMPT_MAX + 1);
    put(p, text);
}

static void a_request_is_read_by_the_rules_of_request(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        void (*value)(msgpack_packer *);
        const char *refusal;
    } rows[] = {
        { "size", size_1024, NULL },
        { "seed", seed_max, NULL },
        { "steps", steps_real, NULL },
        { "cfg_scale", guidance_whole, NULL },
        { "size", size_wide, "size" },
        { "size", size_odd, "size" },
        { "cfg_scale", not_a_number, "cfg_scale" },
        { "seed", a_map, "seed" },
        { "negative_prompt", a_map, "negative_prompt" },
        { "prompt", long_prompt, "prompt" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        struct wire_pool pool = { 0 };
        struct spr_error err = { 0 };
        struct message_generate *g = NULL;
        enum spr_code rc = generate_of(rows[i].key, rows[i].value, &pool, &g, &err);
        if (rc != (rows[i].refusal ? SPR_BADARG : SPR_OK))
            fail_msg("row %zu: %s", i, err.text);
        if (rows[i].refusal)
            assert_memory_equal(err.text, rows[i].refusal, strlen(rows[i].refusal));
        if (i == 0)
            assert_true(g->request.size == 32 && g->request.finish.scale == 32);
        if (i == 1)
            assert_true(g->request.seed == UINT64_MAX);
        if (i == 2)
            assert_int_equal(g->request.steps, 30);
        wire_pool_reset(&pool);
    }
}

/* A full generate message, with lists and a request: any allocation may fail, and nothing is left over. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    msgpack_sbuffer bytes;
    msgpack_sbuffer_init(&bytes);
    put_message(&bytes, &message_job_info, SIZE_MAX, RIGHT);
    enum spr_code rc = SPR_NOMEM;
    for (uint64_t n = 1; rc != SPR_OK; n++) {
        const struct wire_schema *got;
        struct wire_pool pool = { 0 };
        struct buf out;
        void *object = NULL;
        buf_init(&out, WIRE_MESSAGE_MAX);
        mem_fail_nth(n);
        rc = wire_decode(message_answers, bytes.data, bytes.size, &pool, &got, &object, NULL);
        if (!rc)
            rc = wire_encode(got, object, &out, NULL);
        bool failed = rc == SPR_NOMEM;
        mem_fail_nth(0);
        assert_true(failed || rc == SPR_OK);
        buf_fini(&out);
        wire_pool_reset(&pool);
        assert_true(n < 200);
    }
    msgpack_sbuffer_destroy(&bytes);
}

static void types_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *why, *bytes;
        size_t length;
        enum spr_code code;
        const char *words;
    } rows[] = {
        { "a list", "\x90", 1, SPR_BADDATA, "must be a map" },
        { "no type", "\x80", 1, SPR_BADDATA, "no \"type\"" },
        { "a near miss", "\x81\xA4type\xA4pong", 11, SPR_UNSUPPORTED, "unknown; did you mean \"ping\"?" },
        { "a type that is a number", "\x81\xA4type\x01", 7, SPR_BADARG, "type must be a string" },
        { "a key that is a number", "\x82\xA4type\xA4ping\x01\x02", 13, SPR_BADDATA, "keys are strings" },
        { "ping", "\x81\xA4type\xA4ping", 11, SPR_OK, "" },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        const struct wire_schema *got;
        struct wire_pool pool = { 0 };
        struct spr_error err = { 0 };
        void *object;
        if (wire_decode(message_requests, rows[i].bytes, rows[i].length, &pool, &got, &object, &err) !=
                rows[i].code ||
            !strstr(err.text, rows[i].words))
            fail_msg("%s: %s", rows[i].why, err.text);
        wire_pool_reset(&pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_is_read_and_written),
        cmocka_unit_test(each_wrong_field_is_named),
        cmocka_unit_test(a_request_is_read_by_the_rules_of_request),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(types_are_checked),
    };
    return cmocka_run_group_tests_name("wire/schema", tests, NULL, NULL);
}
