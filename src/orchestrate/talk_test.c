/* Messages between meta and domains: what goes out comes in. */
#include "orchestrate/talk.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void *round_trip(const struct wire_schema *schema, const void *object,
                        const struct wire_schema *const *set, struct wire_pool *pool)
{
    struct buf bytes;
    struct spr_error err;
    const struct wire_schema *got;
    void *ret = NULL;
    buf_init(&bytes, WIRE_MESSAGE_MAX);
    assert_int_equal(wire_encode(schema, object, &bytes, &err), SPR_OK);
    assert_int_equal(wire_decode(set, bytes.data, bytes.length, pool, &got, &ret, &err), SPR_OK);
    assert_ptr_equal(got, schema);
    buf_fini(&bytes);
    return ret;
}

static void orders_arrive(void **state)
{
    static const struct crew_order rows[] = { { CREW_LAUNCH, 0, 1, 0 },
                                              { CREW_ADOPT, 7, 2, UINT32_MAX },
                                              { CREW_CHECK, 100000, INT32_MAX, 3 },
                                              { CREW_STOP, 1, 1, 4 } };
    struct talk_order list[4];
    struct wire_pool pool = { 0 };
    (void)state;
    for (size_t i = 0; i < 4; i++)
        talk_order_put(&list[i], &rows[i]);
    const struct talk_orders message = { .orders = { list, 4 } };
    const struct talk_orders *got = round_trip(&talk_orders, &message, talk_down, &pool);
    assert_int_equal(got->orders.count, 4);
    for (size_t i = 0; i < 4; i++) {
        struct crew_order o;
        talk_order_get((const struct talk_order *)got->orders.item + i, &o);
        assert_int_equal(o.kind, rows[i].kind);
        assert_int_equal(o.workstream, rows[i].workstream);
        assert_int_equal(o.attempt, rows[i].attempt);
        assert_int_equal(o.slot, rows[i].slot);
    }
    wire_pool_reset(&pool);
}

static void news_arrive(void **state)
{
    struct spr_error err;
    struct talk_outbox box = { 0 };
    struct wire_pool pool = { 0 };
    json_t *evidence = json_pack("{s:[{s:s, s:b}]}", "accept", "name", "line", "holds", 1);
    const struct task_end end = { TASK_TIMEOUT, 3, 9, 0, 123456, 7890, 1 << 20, 1700000000000, 2, 5 };
    const struct crew_news exited = {
        .kind = NEWS_EXITED, .workstream = 3, .attempt = 2, .end = end, .text = "no such colour"
    };
    const struct crew_news checked = { .kind = NEWS_CHECKED,
                                       .workstream = 4,
                                       .attempt = 1,
                                       .ok = true,
                                       .gave = { "0123456789abcde" },
                                       .data = evidence };
    const struct crew_news progress = {
        .kind = NEWS_PROGRESS, .workstream = 5, .attempt = 1, .part = 0.65, .text = "\xff tiles"
    };
    (void)state;
    assert_int_equal(talk_outbox_add(&box, &exited, &err), SPR_OK);
    assert_int_equal(talk_outbox_add(&box, &checked, &err), SPR_OK);
    assert_int_equal(talk_outbox_add(&box, &progress, &err), SPR_OK);
    const struct talk_news message = { .epoch = (INT64_C(1) << 53) - 1, .news = { box.news, box.count } };
    const struct talk_news *got = round_trip(&talk_news, &message, talk_up, &pool);
    assert_int_equal(got->epoch, message.epoch);
    assert_int_equal(got->news.count, 3);
    const struct talk_new *list = got->news.item;
    struct crew_news n;
    talk_new_get(&list[0], &n);
    assert_int_equal(n.kind, NEWS_EXITED);
    assert_memory_equal(&n.end, &end, sizeof end);
    assert_string_equal(n.text, "no such colour");
    assert_null(n.data);
    talk_new_get(&list[1], &n);
    assert_true(n.kind == NEWS_CHECKED && n.ok && n.workstream == 4);
    assert_memory_equal(&n.gave, &checked.gave, sizeof n.gave);
    assert_true(json_equal(n.data, evidence));
    json_decref(n.data);
    talk_new_get(&list[2], &n);
    assert_true(n.kind == NEWS_PROGRESS && n.part > 0.64 && n.part < 0.66);
    assert_string_equal(n.text, "? tiles"); /* a message is UTF-8, whatever a task prints */
    json_decref(evidence);
    talk_outbox_fini(&box);
    wire_pool_reset(&pool);
}

/* The judgement is kept where its evidence cannot be. */
static void large_evidence(void **state)
{
    struct spr_error err;
    struct talk_outbox box = { 0 };
    struct wire_pool pool = { 0 };
    struct crew_news n;
    (void)state;
    char *text = calloc(1, TALK_DATA_MAX + 1);
    memset(text, 'x', TALK_DATA_MAX);
    json_t *data = json_pack("{s:s}", "accept", text);
    const struct crew_news checked = { .kind = NEWS_CHECKED, .ok = true, .data = data, .text = text };
    assert_int_equal(talk_outbox_add(&box, &checked, &err), SPR_OK);
    const struct talk_news message = { .news = { box.news, 1 } };
    const struct talk_news *got = round_trip(&talk_news, &message, talk_up, &pool);
    talk_new_get(got->news.item, &n);
    assert_true(n.ok);
    assert_int_equal(strlen(n.text), TALK_TEXT_MAX);
    assert_string_equal(json_string_value(json_object_get(n.data, "accept")),
                        "the evidence is too large to be kept");
    json_decref(n.data);
    json_decref(data);
    free(text);
    talk_outbox_fini(&box);
    wire_pool_reset(&pool);
}

static void a_whole_batch_fits(void **state)
{
    struct spr_error err;
    struct talk_outbox box = { 0 };
    struct wire_pool pool = { 0 };
    char text[TALK_BATCH_BYTES / TALK_BATCH];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    const struct task_end end = { .user_us = INT64_C(1) << 50,
                                  .at_ms = INT64_C(1) << 50,
                                  .peak_kb = INT64_C(1) << 50 };
    for (int i = 0; i < TALK_BATCH; i++)
        assert_int_equal(
            talk_outbox_add(
                &box, &(struct crew_news){ .kind = NEWS_EXITED, .workstream = i, .end = end, .text = text },
                &err),
            SPR_OK);
    const struct talk_news message = { .news = { box.news, box.count } };
    const struct talk_news *got = round_trip(&talk_news, &message, talk_up, &pool);
    assert_int_equal(got->news.count, TALK_BATCH);
    talk_outbox_fini(&box);
    wire_pool_reset(&pool);
}

static void what_makes_no_sense_is_refused(void **state)
{
    struct wire_pool pool = { 0 };
    struct spr_error err;
    struct buf bytes;
    const struct wire_schema *got;
    void *ret;
    const struct talk_order bad = { .what = "dance" };
    const struct talk_orders message = { .orders = { &bad, 1 } };
    (void)state;
    buf_init(&bytes, WIRE_MESSAGE_MAX);
    assert_int_equal(wire_encode(&talk_orders, &message, &bytes, &err), SPR_OK);
    assert_int_equal(wire_decode(talk_down, bytes.data, bytes.length, &pool, &got, &ret, &err), SPR_BADARG);
    assert_int_equal(wire_decode(talk_up, bytes.data, bytes.length, &pool, &got, &ret, &err),
                     SPR_UNSUPPORTED);
    for (size_t cut = 0; cut < bytes.length; cut++)
        assert_int_not_equal(wire_decode(talk_down, bytes.data, cut, &pool, &got, &ret, &err), SPR_OK);
    wire_pool_reset(&pool);
    buf_fini(&bytes);
}

static void a_hello_arrives(void **state)
{
    struct wire_pool pool = { 0 };
    char boot[33];
    struct task_identity me;
    struct talk_hello hello = { .domain = "a",
                                .name = "a.12.1",
                                .stamp = "0123456789abcdef0123456789abcdef" };
    (void)state;
    assert_true(task_identify(1, &me));
    talk_who_put(&hello.who, &me, boot);
    const struct talk_hello *got = round_trip(&talk_hello, &hello, talk_up, &pool);
    assert_string_equal(got->domain, "a");
    assert_string_equal(got->name, "a.12.1");
    assert_int_equal(got->who.pid, 1);
    wire_pool_reset(&pool);
}

static void who_a_process_is(void **state)
{
    struct task_identity me, back;
    struct talk_who who;
    char boot[33], stamp[33], other[33];
    char a1[] = "A=1", a2[] = "A=2", shell[] = "_=/bin/sh", fault[] = "SPRITERY_FAULT=any:1";
    char *const env[] = { a1, shell, NULL }, *const same[] = { a1, fault, NULL },
                *const differs[] = { a2, NULL };
    (void)state;
    assert_true(task_identify(1, &me));
    me.ticks = (UINT64_C(1) << 52) + 1;
    talk_who_put(&who, &me, boot);
    assert_true(talk_who_get(&who, &back));
    assert_memory_equal(&me, &back, sizeof me);
    talk_stamp("plan: a", 7, env, stamp);
    talk_stamp("plan: a", 7, same, other);
    assert_string_equal(stamp, other);
    talk_stamp("plan: a", 7, differs, other);
    assert_string_not_equal(stamp, other);
    talk_stamp("plan: b", 7, env, other);
    assert_string_not_equal(stamp, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_arrive),
        cmocka_unit_test(news_arrive),
        cmocka_unit_test(large_evidence),
        cmocka_unit_test(a_whole_batch_fits),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_hello_arrives),
        cmocka_unit_test(who_a_process_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
