#include "wire/ledger.h"

#include "base/mem.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BIG = 1 << 20, HELD = 80, THREADS = 4, ROUNDS = 20000 };

static char big[BIG];
static struct ledger *ledger;

static int set_up(void **state)
{
    (void)state;
    memset(big, 'b', sizeof big);
    ledger = ledger_new();
    return ledger ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ledger_free(ledger);
    return 0;
}

static bool make(const char *peer, size_t length, zmq_msg_t *ret)
{
    return ledger_message(ledger, peer, strlen(peer), big, length, ret);
}

static void a_message_has_the_bytes_and_gives_them_back(void **state)
{
    (void)state;
    zmq_msg_t m, copy;
    assert_true(make("a", LEDGER_LEAST - 1, &m));
    assert_int_equal(ledger_bytes(ledger), 0); /* a short one is not counted */
    zmq_msg_close(&m);
    assert_true(make("a", LEDGER_LEAST, &m));
    assert_int_equal(zmq_msg_size(&m), LEDGER_LEAST);
    assert_memory_equal(zmq_msg_data(&m), big, LEDGER_LEAST);
    assert_int_equal(ledger_bytes(ledger), LEDGER_LEAST);
    zmq_msg_init(&copy);
    assert_int_equal(zmq_msg_copy(&copy, &m), 0);
    zmq_msg_close(&m);
    assert_int_equal(ledger_bytes(ledger), LEDGER_LEAST); /* the copy still has them */
    zmq_msg_close(&copy);
    assert_int_equal(ledger_bytes(ledger), 0);
}

/* One that never reads, then others that each have one unread answer: the reader is refused last. */
static void who_has_read_all_is_refused_last(void **state)
{
    (void)state;
    zmq_msg_t held[HELD], m;
    char name[8];
    int count = 0;
    while (make("hog", BIG, &held[count]))
        count++;
    assert_int_equal(count, LEDGER_SHARED / BIG);
    assert_false(make("hog", LEDGER_LEAST, &m));
    assert_true(make("reader", BIG, &m));
    zmq_msg_close(&m);
    assert_true(make("reader", BIG, &m));
    assert_false(make("reader", BIG, &held[count])); /* it, too, has one unread now */
    zmq_msg_close(&m);
    for (int i = 0; count < HELD; i++) {
        snprintf(name, sizeof name, "p%d", i);
        if (!make(name, BIG, &held[count]))
            break;
        count++;
        assert_true(ledger_bytes(ledger) <= LEDGER_MOST);
    }
    assert_true(count > 60 && count <= LEDGER_MOST / BIG);
    assert_true(make("short", LEDGER_LEAST - 1, &m)); /* a pong always goes */
    zmq_msg_close(&m);
    while (count > 0)
        zmq_msg_close(&held[--count]);
    assert_int_equal(ledger_bytes(ledger), 0);
    assert_true(make("hog", BIG, &m)); /* it has read all now */
    zmq_msg_close(&m);
}

static void lack_of_memory_counts_nothing(void **state)
{
    (void)state;
    zmq_msg_t m;
    mem_fail_nth(1);
    assert_false(make("a", BIG, &m));
    mem_fail_nth(0);
    assert_int_equal(ledger_bytes(ledger), 0);
    for (int i = 0; i < 2 * LEDGER_SHARED / BIG; i++) { /* nor is the peer thought to have some */
        assert_true(make("a", BIG, &m));
        zmq_msg_close(&m);
    }
}

static void *send_and_drop(void *context)
{
    zmq_msg_t m;
    for (int i = 0; i < ROUNDS; i++)
        if (make(context, LEDGER_LEAST + (size_t)i, &m))
            zmq_msg_close(&m);
    return NULL;
}

static void threads_may_share_it(void **state)
{
    (void)state;
    static char name[THREADS][2] = { "a", "b", "c", "c" };
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, send_and_drop, name[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(ledger_bytes(ledger), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_has_the_bytes_and_gives_them_back),
        cmocka_unit_test(who_has_read_all_is_refused_last),
        cmocka_unit_test(lack_of_memory_counts_nothing),
        cmocka_unit_test(threads_may_share_it),
    };
    return cmocka_run_group_tests_name("wire/ledger", tests, set_up, tear_down);
}
