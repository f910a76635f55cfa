#include "queue/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void only_the_drawn_ways_are_open(void **state)
{
    (void)state;
    static const struct {
        enum job_state from;
        enum job_event by;
        enum job_state to;
    } ways[] = {
        { JOB_QUEUED, JOB_TAKE, JOB_RUNNING },  { JOB_QUEUED, JOB_CANCEL, JOB_CANCELLED },
        { JOB_RUNNING, JOB_FINISH, JOB_DONE },  { JOB_RUNNING, JOB_FAIL, JOB_FAILED },
        { JOB_RUNNING, JOB_AGAIN, JOB_QUEUED }, { JOB_RUNNING, JOB_CANCEL, JOB_CANCELLED },
        { JOB_FAILED, JOB_RETRY, JOB_QUEUED },  { JOB_CANCELLED, JOB_RETRY, JOB_QUEUED },
    };
    int open = 0;
    for (int s = 0; s < JOB_STATE_COUNT; s++)
        for (int e = 0; e < JOB_EVENT_COUNT; e++) {
            struct spr_error err = { 0 };
            enum job_state to = (enum job_state)99;
            enum spr_code rc = state_next((enum job_state)s, (enum job_event)e, &to, &err);
            bool drawn = false;
            for (size_t i = 0; i < SPR_COUNT(ways); i++)
                drawn |= (int)ways[i].from == s && (int)ways[i].by == e && ways[i].to == to;
            assert_int_equal(rc, drawn ? SPR_OK : SPR_BADARG);
            if (rc)
                assert_non_null(strstr(err.text, state_name((enum job_state)s)));
            open += drawn;
        }
    assert_int_equal(open, SPR_COUNT(ways));
    for (int s = 0; s < JOB_STATE_COUNT; s++)
        assert_int_equal(state_named(state_name((enum job_state)s)), s);
    assert_int_equal(state_named("paused"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(only_the_drawn_ways_are_open) };
    return cmocka_run_group_tests_name("queue/state", tests, NULL, NULL);
}
