/* `spritery plan watch`: a run that another process leads, as it goes. */
#include "base/mem.h"
#include "cli/interrupt.h"
#include "cli/plan_command.h"
#include "cli/plan_view.h"
#include "orchestrate/follow.h"

#include <string.h>

struct watching {
    struct cli *cli;
    struct plan_view view;
    struct meta_watcher watcher;
    struct past past;
    bool live; /* what was before we came has been read */
    bool ended;
};

static enum spr_code on_event(void *context, const struct run_event *e, const char *line,
                              struct spr_error *err)
{
    struct watching *w = context;
    const char *sum = strstr(line, ",\"sum\":\"");
    char *plain = NULL;
    w->ended = e->kind == EVENT_END;
    if (e->kind == EVENT_BEGIN)
        w->view.begun_ms = e->time_ms;
    if (!w->live)
        return SPR_OK;
    if (sum && !(plain = mem_text(line, (size_t)(sum - line) + 1)))
        return SPR_FAIL(err, SPR_NOMEM, "no memory for an event");
    if (plain)
        plain[sum - line] = '}';
    w->watcher.told(w->watcher.context, e, plain ? plain : line);
    mem_free(plain);
    return SPR_OK;
}

static void on_status(void *context, const char *json, size_t length)
{
    const struct watching *w = context;
    if (w->cli->json)
        fprintf(w->cli->out.file, "%.*s\n", (int)length, json);
}

static void on_turn(void *context)
{
    struct watching *w = context;
    past_settle(&w->past);
    w->watcher.changed(w->watcher.context, &w->past.run, w->past.progress);
}

static enum spr_code watch(struct watching *w, const char *file, const struct plan *p, struct spr_error *err)
{
    const struct follow_hooks hooks = { .context = w, .status = on_status, .turn = on_turn };
    enum spr_code rc = plan_view_begin(&w->view, p, &w->watcher, err);
    if (!rc)
        rc = past_open(&w->past, file, p, on_event, w, err);
    if (!rc && w->past.damage.found)
        rc = SPR_FAIL(err, SPR_BADDATA, "the journal is damaged: %s", w->past.damage.text);
    if (!rc && !w->past.runs)
        rc = SPR_FAIL(err, SPR_NOTFOUND,
                      "nobody runs the plan now; 'spritery plan status' says how it stands");
    w->live = true;
    if (!rc)
        rc = follow_run(&w->past, &hooks, interrupt_watch(), err);
    plan_view_wipe(&w->view);
    return rc;
}

/* How the run ended, in a sentence; its code is the exit status, as that of `plan run`. */
static enum spr_code conclude(const struct watching *w, struct spr_error *err)
{
    if (!w->ended)
        return SPR_FAIL(err, SPR_NOTFOUND, "the run was interrupted; 'spritery plan resume' goes on");
    if (run_mood(&w->past.run) != RUN_FINISHED)
        return SPR_FAIL(err, SPR_BADDATA,
                        "the run has ended, and not everything is done; 'spritery plan status' says "
                        "what and why");
    if (!w->cli->json && !w->cli->quiet)
        plan_view_sum(&w->view);
    return SPR_OK;
}

enum spr_code plan_watch(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct plan p;
    struct watching w = { .cli = cli, .view = { .cli = cli } };
    enum spr_code rc = plan_open(cli, args->operand[1], &p, NULL, err);
    if (rc)
        return rc;
    rc = watch(&w, args->operand[1], &p, err);
    if (!rc)
        rc = conclude(&w, err);
    plan_view_end(&w.view);
    past_close(&w.past);
    plan_free(&p);
    return rc;
}
