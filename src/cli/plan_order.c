/* `spritery plan approve`, `gate`, `cancel`, `retry` and `decide`: what people want of a run. */
#include "base/buf.h"
#include "base/clock.h"
#include "cli/plan_command.h"
#include "orchestrate/inbox.h"
#include "orchestrate/past.h"

#include <jansson.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MS = 5000, LOOK_MS = 20 };

/* Who gives it: --by, or the name this account has. */
static const char *who(const struct args *args)
{
    const char *by = args_value(args, PLAN_BY);
    const struct passwd *me = by ? NULL : getpwuid(getuid());
    return by ? by : me ? me->pw_name : "somebody";
}

/* Waits until the orchestrator has taken the order: its file is gone, or it says why not. */
static enum spr_code await(struct cli *cli, const struct place *at, const char *name, struct spr_error *err)
{
    struct buf why;
    enum spr_code rc = SPR_OK;
    bool taken = false;
    buf_init(&why, 4096);
    for (int64_t end = clock_steady_ns() / 1000000 + ANSWER_MS;
         !taken && clock_steady_ns() / 1000000 < end;) {
        struct timespec pause = { 0, LOOK_MS * 1000000L };
        if (inbox_refused(at, name, &why)) {
            rc = SPR_FAIL(err, SPR_BADARG, "%.400s", why.data);
            break;
        }
        taken = !inbox_has(at, name);
        if (!taken)
            nanosleep(&pause, NULL);
    }
    if (!rc && !cli->quiet)
        fprintf(cli->err.file, taken ? "done\n" : "noted; the orchestrator has not taken it yet\n");
    buf_fini(&why);
    return rc;
}

/* TAKES order. */
static enum spr_code post(struct cli *cli, const struct args *args, json_t *order, struct spr_error *err)
{
    struct plan p;
    struct past x = { 0 };
    char name[80];
    const char *id = args->operands > 2 ? args->operand[2] : NULL;
    enum spr_code rc = order ? plan_open(cli, args->operand[1], &p, NULL, err)
                             : SPR_FAIL(err, SPR_BADARG, "a word of the order is not UTF-8");
    if (rc) {
        json_decref(order);
        return rc;
    }
    enum plan_thing thing;
    int32_t index;
    const char *on = json_string_value(json_object_get(order, "on"));
    if (on && !plan_find(&p, on, &thing, &index))
        rc = SPR_FAIL(err, SPR_NOTFOUND, "%.200s has nothing called \"%.64s\"", args->operand[1], id);
    if (!rc)
        rc = past_open(&x, args->operand[1], &p, NULL, NULL, err);
    if (!rc && x.events == 0)
        rc = SPR_FAIL(err, SPR_NOTFOUND, "this plan was never run; begin with 'spritery plan run'");
    if (!rc)
        rc = inbox_post(&x.at, order, name, err);
    if (!rc && x.runs)
        rc = await(cli, &x.at, name, err);
    else if (!rc && !cli->quiet)
        fprintf(cli->err.file, "noted: nobody runs the plan now; 'spritery plan resume' takes it up\n");
    past_close(&x);
    json_decref(order);
    plan_free(&p);
    return rc;
}

enum spr_code plan_approve(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return post(cli, args,
                json_pack("{s:s, s:s, s:s*, s:s}", "verb", "approve", "on", args->operand[2], "as",
                          args_value(args, PLAN_AS), "by", who(args)),
                err);
}

enum spr_code plan_gate(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return post(cli, args,
                json_pack("{s:s, s:s, s:s}", "verb", "gate", "on", args->operand[2], "by", who(args)), err);
}

enum spr_code plan_cancel(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return post(cli, args,
                json_pack("{s:s, s:s*, s:s}", "verb", "cancel", "on",
                          args->operands > 2 ? args->operand[2] : NULL, "by", who(args)),
                err);
}

enum spr_code plan_retry(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return post(cli, args,
                json_pack("{s:s, s:s, s:s}", "verb", "retry", "on", args->operand[2], "by", who(args)), err);
}
