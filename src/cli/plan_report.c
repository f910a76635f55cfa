/* `spritery plan report`: Markdown for people, JSON for programs. */
#include "cli/plan_command.h"
#include "orchestrate/report.h"

#include <stdlib.h>

enum { WEEKS_MAX = 10000 };

enum spr_code plan_report(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct plan p;
    struct buf text;
    json_t *report = NULL;
    int64_t week = 0;
    enum spr_code rc = args_whole(args, PLAN_WEEK, "week", 1, WEEKS_MAX, &week, err);
    if (!rc)
        rc = plan_open(cli, args->operand[1], &p, NULL, err);
    if (rc)
        return rc;
    buf_init(&text, (size_t)1 << 28);
    rc = report_make(args->operand[1], &p, (int)week, &report, err);
    if (!rc && cli->json) {
        char *line = json_dumps(report, JSON_COMPACT | JSON_REAL_PRECISION(9));
        rc = line ? buf_addf(&text, err, "%s\n", line) : SPR_FAIL(err, SPR_NOMEM, "no memory for a report");
        free(line);
    } else if (!rc) {
        rc = report_markdown(report, &text, err);
    }
    if (!rc && cli->json)
        fwrite(text.data, 1, text.length, cli->out.file);
    else if (!rc)
        plan_print_lines(&cli->out, text.data);
    json_decref(report);
    buf_fini(&text);
    plan_free(&p);
    return rc ? rc : terminal_flush(&cli->out, err);
}
