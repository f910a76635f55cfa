/* What a plan's sprite actions say, read as the commands they are: an unknown command, option or value is a complaint at
 * its line, long before anything runs. */
#include "cli/plan_command.h"
#include "orchestrate/action.h"

#include <stdlib.h>
#include <string.h>

static enum spr_code read_words(const struct command *c, const struct words *w, struct spr_error *err)
{
    struct args args;
    struct request r;
    enum spr_code rc = args_read(c, (int)w->count - 2, (const char *const *)w->word + 2, &args, err);
    if (rc)
        return rc;
    request_init(&r);
    if (c->takes_request)
        rc = args_request(&args, &r, err);
    request_fini(&r);
    if (!rc && c->check)
        rc = c->check(&args, err);
    args_fini(&args);
    return rc;
}

static enum spr_code look_at(const struct plan *p, int32_t index, struct schema *s, struct spr_error *err)
{
    const struct plan_workstream *w = &p->workstream[index];
    const char *name = plan_action_name(w->action);
    const struct command *c = command_find(name);
    struct words words = { 0 };
    struct spr_error why;
    if (!c) {
        schema_complain(s, w->detail, "%s: this version has no such command yet", name);
        return SPR_OK;
    }
    enum spr_code rc = action_words(p, index, 1, "spritery", NULL, &words, &why);
    if (!rc && w->action == PLAN_ACTION_DEPLOY && strcmp(words.word[words.count - 1], "--") == 0)
        rc = SPR_FAIL(&why, SPR_BADARG,
                      "there is nothing to put there: say from, or need workstreams that have outputs");
    if (!rc)
        rc = read_words(c, &words, &why);
    words_fini(&words);
    if (rc == SPR_NOMEM)
        return SPR_FAIL(err, rc, "no memory to look at %s", w->id);
    if (rc)
        schema_complain(s, w->detail, "%s: %s", name, why.text);
    return SPR_OK;
}

enum spr_code plan_check_actions(const struct plan *p, struct doc_report *report, struct spr_error *err)
{
    struct schema s = { .doc = &p->doc, .report = report };
    enum spr_code rc = SPR_OK;
    for (int32_t w = 0; !rc && w < p->workstreams; w++) {
        enum plan_action a = p->workstream[w].action;
        if (a != PLAN_ACTION_NONE && a != PLAN_ACTION_RUN && a != PLAN_ACTION_AGENT &&
            a != PLAN_ACTION_MANUAL)
            rc = look_at(p, w, &s, err);
    }
    return rc ? rc : schema_verdict(report, "plan", err);
}
