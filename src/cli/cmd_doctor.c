#include "cli/command.h"
#include "cli/doctor.h"
#include "cli/settings.h"

#include <jansson.h>
#include <stdlib.h>

enum { CONFIG = OPTION_OWN };

static const char *const grades[] = { "good", "note", "bad" };

static void print_json(const struct cli *cli, const char *name, const struct doctor_finding *f)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:s}", "check", name, "grade", grades[f->grade], "seen",
                               f->seen, "advice", f->advice);
    char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;
    if (line)
        fprintf(cli->out.file, "%s\n", line);
    free(line);
    json_decref(object);
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

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    static const struct settings_flags flags = { .config = CONFIG };
    struct settings s;
    int bad = 0;
    enum spr_code rc = settings_read(args, &flags, &s, err);
    if (rc)
        return rc;
    for (size_t i = 0; doctor_row(i); i++) {
        struct doctor_finding f = { 0 };
        doctor_row(i)->look(&s.config, &cli->out, &f);
        if (cli->json)
            print_json(cli, doctor_row(i)->name, &f);
        else
            print_text(&cli->out, doctor_row(i)->name, &f);
        bad += f.grade == DOCTOR_BAD;
    }
    settings_fini(&s);
    if (bad)
        return SPR_FAIL(err, SPR_BADDATA, "%d thing%s to put right", bad, bad == 1 ? "" : "s");
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
             "Changes nothing. Exit status 1 if something must be put right.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .run = run,
};
