#include "base/clock.h"
#include "cli/json_line.h"
#include "cli/link.h"
#include "wire/messages.h"

#include <jansson.h>

static enum spr_code print_json(const struct cli *cli, const struct message_server *m, struct spr_error *err)
{
    const struct message_count *count = m->states.item;
    const struct message_engine *engine = m->engines.item;
    json_t *states = json_object(), *engines = json_array();
    for (size_t i = 0; i < m->states.count; i++)
        json_object_set_new(states, count[i].name, json_integer(count[i].count));
    for (size_t i = 0; i < m->engines.count; i++)
        json_array_append_new(engines,
                              json_pack("{s:s, s:s, s:s*, s:I, s:I}", "name", engine[i].name, "state",
                                        engine[i].state, "job_id", engine[i].job_id, "threads",
                                        (json_int_t)engine[i].threads, "done", (json_int_t)engine[i].done));
    json_t *object = json_pack("{s:s, s:I, s:I, s:b, s:o, s:o, s:s, s:s, s:s*, s:s*, s:s*}", "software",
                               m->software, "pid", (json_int_t)m->pid, "uptime_s", (json_int_t)m->uptime_s,
                               "paused", m->paused, "jobs", states, "engines", engines, "model", m->model,
                               "data", m->data, "updates", m->updates, "events", m->events, "http", m->http);
    return json_line(cli, object, 0, NULL, "name", err);
}

static void row(const struct terminal *t, const char *name, const char *text)
{
    if (!text)
        return;
    fprintf(t->file, "  %s%-9s%s ", terminal_dim(t), name, terminal_plain(t));
    terminal_safe(t, text);
    fputc('\n', t->file);
}

static void print_text(const struct cli *cli, const struct message_server *m)
{
    const struct terminal *t = &cli->out;
    const struct message_count *count = m->states.item;
    const struct message_engine *engine = m->engines.item;
    char span[32];
    clock_span((double)m->uptime_s, span, sizeof span);
    fputs(terminal_bold(t), t->file);
    terminal_safe(t, m->software);
    fprintf(t->file, "%s, process %lld, up %s%s\n", terminal_plain(t), (long long)m->pid, span,
            m->paused ? "; the queue is paused: 'spritery jobs resume'" : "");
    fprintf(t->file, "  %sjobs%s     ", terminal_dim(t), terminal_plain(t));
    for (size_t i = 0; i < m->states.count; i++)
        fprintf(t->file, "%s %lld %s", i ? "," : "", (long long)count[i].count, count[i].name);
    fputc('\n', t->file);
    for (size_t i = 0; i < m->engines.count; i++) {
        fprintf(t->file, "  %sworker%s    ", terminal_dim(t), terminal_plain(t));
        terminal_safe(t, engine[i].name);
        fprintf(t->file, " with %lld threads: %s", (long long)engine[i].threads, engine[i].state);
        if (engine[i].job_id) {
            fputc(' ', t->file);
            terminal_safe(t, engine[i].job_id);
        }
        fprintf(t->file, ", %lld done\n", (long long)engine[i].done);
    }
    row(t, "model", m->model);
    row(t, "data", m->data);
    row(t, "updates", m->updates);
    row(t, "events", m->events);
    row(t, "http", m->http);
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct link l;
    struct message_empty ask = { 0 };
    struct message_server *m;
    enum spr_code rc = link_open(args, &l, err);
    if (!rc)
        rc = link_ask(&l, &message_server, &ask, &message_server_info, &m, err);
    if (!rc && cli->json)
        rc = print_json(cli, m, err);
    else if (!rc)
        print_text(cli, m);
    link_fini(&l);
    return rc;
}

static const struct option options[] = { LINK_OPTIONS };

const struct command cmd_status = {
    .name = "status",
    .operands = "",
    .summary = "what the daemon is at",
    .about = "Asks the daemon for its jobs, workers and addresses; exit status 1 where none answers.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .run = run,
};
