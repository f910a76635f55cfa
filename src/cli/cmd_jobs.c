#include "base/clock.h"
#include "base/str.h"
#include "cli/interrupt.h"
#include "cli/job_print.h"
#include "cli/link.h"
#include "cli/verb.h"
#include "cli/vote_print.h"

#include <string.h>

enum { STATE = OPTION_OWN, LIMIT, BEFORE, FIND, TO, OLDER, COMPARISON, VOTER, NOTE, CSV };

static const char *const places[] = { "top", "up", "down", "bottom", NULL };

struct call {
    struct cli *cli;
    const struct args *args;
    struct link link;
};

static enum spr_code list(struct call *c, struct spr_error *err)
{
    struct message_jobs ask = { .state = args_value(c->args, STATE), .text = args_value(c->args, FIND) };
    struct message_job_list *m;
    int64_t limit = 20, before = 0;
    enum spr_code rc = args_whole(c->args, LIMIT, "limit", 1, MESSAGE_JOBS_MAX, &limit, err);
    if (!rc)
        rc = args_whole(c->args, BEFORE, "before", 1, INT64_MAX, &before, err);
    ask.limit = limit;
    ask.before = before;
    ask.given = (uint64_t)1 << JOBS_LIMIT | (uint64_t)(before > 0) << JOBS_BEFORE;
    if (!rc)
        rc = link_ask(&c->link, &message_jobs, &ask, &message_job_list, &m, err);
    return rc ? rc : job_print_list(c->cli, m, err);
}

static enum spr_code show(struct call *c, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (size_t i = 1; !rc && i < c->args->operands; i++) {
        struct message_job_id ask = { .job_id = c->args->operand[i] };
        struct message_job_info *m;
        rc = link_ask(&c->link, &message_job, &ask, &message_job_info, &m, err);
        if (!rc)
            rc = job_print_info(c->cli, m, err);
    }
    return rc;
}

static enum spr_code watch(struct call *c, struct spr_error *err)
{
    struct message_empty ask = { 0 };
    struct message_server *m;
    enum spr_code rc = link_ask(&c->link, &message_server, &ask, &message_server_info, &m, err);
    if (!rc && !m->events)
        rc = SPR_FAIL(err, SPR_UNSUPPORTED, "this daemon publishes no events (listen.events)");
    return rc ? rc
              : job_watch(c->cli, &c->link, m->events, c->args->operands > 1 ? c->args->operand[1] : NULL,
                          err);
}

/* One question for each id; the answers are said to have been given. */
static enum spr_code each(struct call *c, const struct wire_schema *schema, const struct wire_schema *want,
                          const char *done, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (size_t i = 1; !rc && i < c->args->operands; i++) {
        struct message_job_id ask = { .job_id = c->args->operand[i] };
        void *answer;
        rc = link_ask(&c->link, schema, &ask, want, &answer, err);
        if (rc)
            spr_prefix(err, "%.60s", c->args->operand[i]);
        else if (!c->cli->quiet) {
            terminal_safe(&c->cli->out, c->args->operand[i]);
            fprintf(c->cli->out.file, " %s\n", done);
        }
    }
    return rc;
}

static enum spr_code cancel(struct call *c, struct spr_error *err)
{
    return each(c, &message_cancel, &message_job_cancelled, "cancelled", err);
}

static enum spr_code retry(struct call *c, struct spr_error *err)
{
    return each(c, &message_retry, &message_job_accepted, "queued again", err);
}

static enum spr_code pause_or_resume(struct call *c, bool pause, struct spr_error *err)
{
    const struct wire_schema *schema = pause ? &message_pause : &message_resume;
    const char *done = pause ? "paused" : "resumed";
    struct message_job_id all = { 0 };
    void *answer;
    if (c->args->operands > 1)
        return each(c, schema, &message_done, done, err);
    enum spr_code rc = link_ask(&c->link, schema, &all, &message_done, &answer, err);
    if (!rc && !c->cli->quiet)
        fprintf(c->cli->out.file, "the queue is %s\n", done);
    return rc;
}

static enum spr_code hold(struct call *c, struct spr_error *err)
{
    return pause_or_resume(c, true, err);
}

static enum spr_code resume(struct call *c, struct spr_error *err)
{
    return pause_or_resume(c, false, err);
}

static enum spr_code move(struct call *c, struct spr_error *err)
{
    struct message_move ask = { .job_id = c->args->operand[1], .to = args_value(c->args, TO) };
    void *answer;
    if (!ask.to)
        return SPR_FAIL(err, SPR_BADARG, "say where to: --to top, up, down or bottom");
    enum spr_code rc = link_ask(&c->link, &message_move, &ask, &message_done, &answer, err);
    if (!rc && !c->cli->quiet)
        fprintf(c->cli->out.file, "moved %s\n", ask.to);
    return rc;
}

static enum spr_code clear(struct call *c, struct spr_error *err)
{
    struct message_clear ask = { .state = args_value(c->args, STATE) };
    struct message_done *m;
    enum spr_code rc = args_number(c->args, OLDER, "older", 0, 36500, &ask.older_s, err);
    if (rc)
        return rc;
    ask.older_s *= 86400;
    ask.given = (uint64_t)1 << 1;
    rc = link_ask(&c->link, &message_clear, &ask, &message_done, &m, err);
    if (!rc && !c->cli->quiet)
        fprintf(c->cli->out.file, "%lld jobs forgotten; their pictures stay\n", (long long)m->count);
    return rc;
}

/* The first operand won. A comparison without a name is the same for the same jobs, in whatever order. */
static enum spr_code vote(struct call *c, struct spr_error *err)
{
    char name[VOTE_NAME_BYTES];
    const char *const *among = (const char *const *)c->args->operand + 1;
    size_t count = c->args->operands - 1;
    struct message_vote ask = { .comparison = args_value(c->args, COMPARISON),
                                .winner = among[0],
                                .voter = args_value(c->args, VOTER),
                                .note = args_value(c->args, NOTE),
                                .among = { among, count } };
    void *answer;
    if (count < 2 && !ask.comparison)
        return SPR_FAIL(err, SPR_BADARG,
                        "say what else was compared, the best one first, or --comparison with its name");
    if (!ask.comparison) {
        vote_name(among, count, name);
        ask.comparison = name;
    }
    if (count < 2) /* the daemon knows from an earlier vote, or from tags */
        ask.among.count = 0;
    enum spr_code rc = link_ask(&c->link, &message_vote, &ask, &message_done, &answer, err);
    if (!rc && !c->cli->quiet) {
        terminal_safe(&c->cli->out, among[0]);
        fprintf(c->cli->out.file, " it is, in ");
        terminal_safe(&c->cli->out, ask.comparison);
        fputc('\n', c->cli->out.file);
    }
    return rc;
}

static enum spr_code votes(struct call *c, struct spr_error *err)
{
    struct message_votes ask = { .comparison = args_value(c->args, COMPARISON),
                                 .job_id = c->args->operands > 1 ? c->args->operand[1] : NULL };
    int64_t limit = args_has(c->args, CSV) || c->cli->json ? INT64_MAX : 20, before = 0;
    bool asked = args_has(c->args, LIMIT);
    enum spr_code rc = asked ? args_whole(c->args, LIMIT, "limit", 1, INT64_MAX, &limit, err) : SPR_OK;
    if (!rc)
        rc = args_whole(c->args, BEFORE, "before", 1, INT64_MAX, &before, err);
    ask.before = before;
    struct vote_page page = { .csv = args_has(c->args, CSV), .first = true };
    while (!rc && limit > 0) { /* page by page */
        struct message_vote_list *m;
        ask.limit = limit < MESSAGE_VOTES_MAX ? limit : MESSAGE_VOTES_MAX;
        ask.given = (uint64_t)1 << VOTES_LIMIT | (uint64_t)(ask.before > 0) << VOTES_BEFORE;
        rc = link_ask(&c->link, &message_votes, &ask, &message_vote_list, &m, err);
        if (!rc)
            rc = vote_print(c->cli, m, &page, err);
        if (rc || m->votes.count == 0)
            break;
        limit -= (int64_t)m->votes.count;
        ask.before = ((const struct message_cast *)m->votes.item)[m->votes.count - 1].row;
    }
    return rc;
}

/* Each begins with link_open, and so may take what says where the daemon is. */
#define WHERE LINK_DAEMON, LINK_KEY, LINK_SERVER_KEY

enum { CANCEL, CLEAR, LIST, MOVE, PAUSE, RESUME, RETRY, SHOW, VOTE, VOTES, WATCH, VERBS };

static const struct verb verbs[VERBS] = {
    [CANCEL] = { "cancel", "ID...", 1, 1000, { WHERE }, NULL },
    [CLEAR] = { "clear", "", 0, 0, { STATE, OLDER, WHERE }, NULL },
    [LIST] = { "list", "", 0, 0, { STATE, FIND, LIMIT, BEFORE, WHERE }, NULL },
    [MOVE] = { "move", "ID --to PLACE", 1, 1, { TO, WHERE }, NULL },
    [PAUSE] = { "pause", "[ID...]", 0, 1000, { WHERE }, NULL },
    [RESUME] = { "resume", "[ID...]", 0, 1000, { WHERE }, NULL },
    [RETRY] = { "retry", "ID...", 1, 1000, { WHERE }, NULL },
    [SHOW] = { "show", "ID...", 1, 1000, { WHERE }, NULL },
    [VOTE] = { "vote", "BEST [OTHER...]", 1, MESSAGE_AMONG_MAX, { COMPARISON, VOTER, NOTE, WHERE }, NULL },
    [VOTES] = { "votes", "[ID]", 0, 1, { COMPARISON, LIMIT, BEFORE, CSV, WHERE }, NULL },
    [WATCH] = { "watch", "[ID]", 0, 1, { WHERE }, NULL },
};
static enum spr_code (*const calls[VERBS])(struct call *c, struct spr_error *err) = {
    [CANCEL] = cancel, [CLEAR] = clear, [LIST] = list, [MOVE] = move,   [PAUSE] = hold,  [RESUME] = resume,
    [RETRY] = retry,   [SHOW] = show,   [VOTE] = vote, [VOTES] = votes, [WATCH] = watch,
};
static const char *const verb_words[] = { "cancel", "clear", "list", "move",  "pause", "resume",
                                          "retry",  "show",  "vote", "votes", "watch", NULL };

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct call c = { .cli = cli, .args = args };
    size_t verb = 0;
    enum spr_code rc = verb_find(&cmd_jobs, verbs, VERBS, "list", args, &verb, err);
    if (rc)
        return rc;
    rc = link_open(args, &c.link, err);
    if (!rc)
        rc = calls[verb](&c, err);
    link_fini(&c.link);
    return rc;
}

static const struct option options[] = {
    { STATE, 0, "state", "STATE", "list, clear: only queued, running, done, failed or cancelled",
      COMPLETE_WORDS, message_states },
    { FIND, 0, "find", "WORDS", "list: only those with all the words in prompt, id or tags", COMPLETE_NOTHING,
      NULL },
    { LIMIT, 0, "limit", "N", "list, votes: at most so many; default 20", COMPLETE_NOTHING, NULL },
    { BEFORE, 0, "before", "ROW", "list, votes: the page before this row", COMPLETE_NOTHING, NULL },
    { TO, 0, "to", "PLACE", "move: top, up, down or bottom", COMPLETE_WORDS, places },
    { OLDER, 0, "older", "DAYS", "clear: only those that ended so many days ago", COMPLETE_NOTHING, NULL },
    { COMPARISON, 0, "comparison", "NAME", "vote, votes: its name; default: one that follows from the jobs",
      COMPLETE_NOTHING, NULL },
    { VOTER, 0, "voter", "NAME", "vote: who says so; each has one vote in a comparison", COMPLETE_NOTHING,
      NULL },
    { NOTE, 0, "note", "TEXT", "vote: why", COMPLETE_NOTHING, NULL },
    { CSV, 0, "csv", NULL, "votes: all of them, for a spreadsheet: a row for each thing that was compared",
      COMPLETE_NOTHING, NULL },
    LINK_OPTIONS,
};

static const struct example examples[] = {
    { "spritery jobs", "the newest twenty" },
    { "spritery jobs list --state failed --find dragon", "failed ones about dragons" },
    { "spritery jobs watch", "everything that happens, as it does; Ctrl-C ends it" },
    { "spritery jobs move ID --to top", "that one next" },
    { "spritery jobs clear --older 30", "forget what ended a month ago" },
    { "spritery jobs vote ID1 ID2 ID3", "of three pictures the first is best" },
    { "spritery jobs votes --csv >votes.csv", "every vote, and with which model each picture was made" },
};

const struct command cmd_jobs = {
    .name = "jobs",
    .operands = "[VERB [ID...]]",
    .summary = "the daemon's queue and history: list, show, watch, change",
    .about = "Needs a daemon ('spritery serve').\n"
             "  list             newest first (this is what no verb means)\n"
             "  show ID...       all that is known of a job\n"
             "  watch [ID]       events as they happen, of one job until it ends, or of all\n"
             "  cancel ID...     stop a queued or running job\n"
             "  retry ID...      queue a failed or cancelled one again\n"
             "  move ID --to X   another place in the queue\n"
             "  pause [ID...]    take no more jobs, or not these; resume undoes it\n"
             "  clear            forget finished jobs; pictures stay\n"
             "  vote ID ID...    which of these pictures is best: the first\n"
             "  votes [ID]       votes, newest first, and which model wins how often",
    .options = options,
    .option_count = SPR_COUNT(options),
    .max_operands = -1,
    .complete = COMPLETE_WORDS,
    .operand_words = verb_words,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
