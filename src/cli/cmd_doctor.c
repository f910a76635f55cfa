#include "cli/command.h"
#include "cli/doctor.h"
#include "cli/json_line.h"
#include "cli/settings.h"

#include <jansson.h>

enum { CONFIG = OPTION_OWN };

static const char *const grades[] = { "good", "note", "bad" };

static enum spr_code print_json(const struct cli *cli, const char *name, const struct doctor_finding *f,
                                struct spr_error *err)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "check", name, "grade", grades[f->grade], "seen",
                               f->seen, "advice", f->advice);
    return json_line(cli, object, 0, NULL, "finding", err);
}

static void print_text(const struct terminal *t, const char *name, const struct doctor_finding *f)
{
    const char *mark = f->grade == DOCTOR_BAD ? "!!" : f->grade == DOCTOR_NOTE ? " -" : "ok";
    fprintf(t->file, "%s%s%s %-9s ", f->grade == DOCTOR_BAD ? terminal_red(t) : "", mark, terminal_plain(t),
            name);
    terminal_safe(t, f->seen);
    if (f->advice[0]) {
        fprintf(t->file, "\n             %s", terminal_dim(t));
        terminal_safe(t, f->advice);
        fputs(terminal_plain(t), t->file);
    }
    fputc('\n', t->file);
}

/* Findings as they come. */
struct report {
    struct cli *cli;
    const char *name;
    int bad;
    enum spr_code rc; /* of the first line that could not be printed, and why */
    struct spr_error why;
};

static void print(void *context, const struct doctor_finding *f)
{
    struct report *r = context;
    if (r->cli->json && !r->rc)
        r->rc = print_json(r->cli, r->name, f, &r->why);
    else if (!r->cli->json)
        print_text(&r->cli->out, r->name, f);
    r->bad += f->grade == DOCTOR_BAD;
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    static const struct settings_flags flags = { .config = CONFIG };
    struct settings s;
    struct report r = { .cli = cli };
    enum spr_code rc = settings_read(args, &flags, &s, err);
    if (rc)
        return rc;
    for (size_t i = 0; doctor_row(i); i++) {
        const struct doctor_row *row = doctor_row(i);
        struct doctor_finding f = { 0 };
        r.name = row->name;
        if (row->each) {
            row->each(&s.config, &cli->out, print, &r);
            continue;
        }
        row->look(&s.config, &cli->out, &f);
        print(&r, &f);
    }
    settings_fini(&s);
    if (r.rc)
        *err = r.why;
    if (r.rc)
        return r.rc;
    if (r.bad)
        return SPR_FAIL(err, SPR_BADDATA, "%d thing%s to put right", r.bad, r.bad == 1 ? "" : "s");
    return SPR_OK;
}

static const struct option options[] = {
    { CONFIG, 0, "config", "FILE", "the daemon's configuration", COMPLETE_FILE, NULL },
};

const struct command cmd_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "what this machine has and lacks, and what to do about it",
    .about = "Looks at CPU, memory, BLAS, terminal, models, configuration, daemon, queue, ComfyUI servers, "
             "GPU and disk. "
             "Of each ComfyUI server it says its version and models, and what the workflows lack there. "
             "Changes nothing. Exit status 1 if something must be put right.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .run = run,
};
