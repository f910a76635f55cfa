#include "queue/state.h"

#include <string.h>

#define NO (-1)

/* clang-format off */
static const signed char next[JOB_STATE_COUNT][JOB_EVENT_COUNT] = {
    /*                  take         finish    fail        again       cancel         retry      */
    [JOB_QUEUED]    = { JOB_RUNNING, NO,       NO,         NO,         JOB_CANCELLED, NO         },
    [JOB_RUNNING]   = { NO,          JOB_DONE, JOB_FAILED, JOB_QUEUED, JOB_CANCELLED, NO         },
    [JOB_DONE]      = { NO,          NO,       NO,         NO,         NO,            NO         },
    [JOB_FAILED]    = { NO,          NO,       NO,         NO,         NO,            JOB_QUEUED },
    [JOB_CANCELLED] = { NO,          NO,       NO,         NO,         NO,            JOB_QUEUED },
};
/* clang-format on */

static const char *const names[JOB_STATE_COUNT] = { "queued", "running", "done", "failed", "cancelled" };

enum spr_code state_next(enum job_state state, enum job_event event, enum job_state *ret,
                         struct spr_error *err)
{
    static const char *const done[JOB_EVENT_COUNT] = { "begun",        "finished",  "failed",
                                                       "queued again", "cancelled", "retried" };
    if (next[state][event] == NO)
        return SPR_FAIL(err, SPR_BADARG, "the job is %s: it cannot be %s", names[state], done[event]);
    *ret = (enum job_state)next[state][event];
    return SPR_OK;
}

const char *state_name(enum job_state state)
{
    return names[state];
}

int state_named(const char *name)
{
    for (int i = 0; i < JOB_STATE_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}
