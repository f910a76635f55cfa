/* `spritery plan run` and `plan resume`. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/interrupt.h"
#include "cli/plan_command.h"
#include "cli/plan_view.h"
#include "orchestrate/meta.h"
#include "yaml/doc.h"

#include <string.h>

static enum spr_code read_options(struct cli *cli, const struct args *args, struct meta_options *o,
                                  struct spr_error *err)
{
    const char *survive = args_value(args, PLAN_SURVIVE);
    (void)cli;
    o->force = args_has(args, PLAN_FORCE);
    o->no_wait = args_has(args, PLAN_NO_WAIT);
    o->mend = args_has(args, PLAN_MEND);
    o->together = args_has(args, PLAN_TOGETHER);
    o->safety = JOURNAL_POWER;
    if (survive && strcmp(survive, "kill") == 0)
        o->safety = JOURNAL_KILL;
    else if (survive && strcmp(survive, "power") != 0)
        return SPR_FAIL(err, SPR_BADARG, "--survive is \"kill\" or \"power\", not \"%.40s\"", survive);
    return args_whole(args, PLAN_JOBS, "jobs", 1, 100000, &o->limit, err);
}

/* How it ended, in a sentence; its code is the exit status. */
static enum spr_code conclude(struct cli *cli, const struct plan_view *v, enum run_mood mood,
                              struct spr_error *err)
{
    switch (mood) {
    case RUN_FINISHED:
        if (!cli->json && !cli->quiet)
            plan_view_sum(v);
        return SPR_OK;
    case RUN_ASKS:
        return SPR_FAIL(err, SPR_BUSY, "waits for a person; 'spritery plan status' says for what");
    default:
        return SPR_FAIL(err, SPR_BADDATA,
                        "not everything could be done; 'spritery plan status' says what and why");
    }
}

static enum spr_code check_actions(struct cli *cli, const char *file, const struct plan *p,
                                   struct spr_error *err)
{
    struct doc_report *report = mem_zalloc(1, sizeof *report);
    enum spr_code rc =
        report ? plan_check_actions(p, report, err) : SPR_FAIL(err, SPR_NOMEM, "no memory for complaints");
    if (rc && report)
        plan_print_complaints(&cli->err, file, report);
    mem_free(report);
    return rc;
}

static enum spr_code go(struct cli *cli, const struct args *args, bool resume, struct spr_error *err)
{
    const char *file = args->operand[1];
    struct plan p;
    struct place at;
    struct plan_view view = { .cli = cli };
    int taken = 0;
    struct meta_options o = { .resume_only = resume, .ret_signal = &taken };
    enum run_mood mood;
    struct buf text;
    buf_init(&text, DOC_BYTES_MAX);
    enum spr_code rc = read_options(cli, args, &o, err);
    if (!rc)
        rc = plan_open_text(cli, file, &text, &p, NULL, err);
    if (rc) {
        buf_fini(&text);
        return rc;
    }
    o.text = text.data;
    o.text_length = text.length;
    rc = check_actions(cli, file, &p, err);
    if (!rc)
        rc = place_init(&at, file, &p, err);
    if (!rc)
        rc = plan_view_begin(&view, &p, &o.watcher, err);
    if (!rc)
        rc = meta_run(&p, &at, &o, &mood, err);
    plan_view_wipe(&view);
    if (taken)
        interrupt_took(taken);
    if (!rc)
        rc = conclude(cli, &view, mood, err);
    plan_view_end(&view);
    plan_free(&p);
    buf_fini(&text);
    return rc;
}

enum spr_code plan_run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return go(cli, args, false, err);
}

enum spr_code plan_resume(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return go(cli, args, true, err);
}
