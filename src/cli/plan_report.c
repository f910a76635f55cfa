/* `spritery plan report`: Markdown for people, JSON for programs. */
#include "cli/json_line.h"
#include "cli/plan_command.h"
#include "orchestrate/report.h"

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
        rc = json_line(cli, report, 9, args->operand[1], "text", err);
    } else if (!rc) {
        rc = report_markdown(report, &text, err);
        if (!rc)
            plan_print_lines(&cli->out, text.data);
        json_decref(report);
    }
    buf_fini(&text);
    plan_free(&p);
    return rc ? rc : terminal_flush(&cli->out, err);
}
