/* plan_command - the parts of `spritery plan`: one function per word after it.
 * Flow:  cmd_plan -> [cli/plan_command] -> plan/, orchestrate/
 * Threads: the main one. */
#ifndef CLI_PLAN_COMMAND_H
#define CLI_PLAN_COMMAND_H
#include "cli/command.h"
#include "plan/plan.h"
#include "yaml/schema.h"

enum plan_option {
    PLAN_TREE = OPTION_OWN,
    PLAN_GANTT,
    PLAN_DOT,
    PLAN_SVG,
    PLAN_RUNS,
    PLAN_SEED,
    PLAN_FORCE,
    PLAN_JOBS,
    PLAN_SURVIVE,
    PLAN_NO_WAIT,
    PLAN_MEND,
    PLAN_TOGETHER,
    PLAN_AS,
    PLAN_BY,
    PLAN_FROM,
    PLAN_TEXT,
    PLAN_WEEK
};

/* Reads and checks a file; every complaint goes to standard error as FILE:LINE:COLUMN: what. GIVES *ret (plan_free).
 * report may be NULL; if not, it is filled instead of printed. */
SPR_MUST_USE enum spr_code plan_open(const struct cli *cli, const char *path, struct plan *ret,
                                     struct doc_report *report, struct spr_error *err);

/* The same; *ret_text gets the file's bytes too (its limit is the file's). */
SPR_MUST_USE enum spr_code plan_open_text(const struct cli *cli, const char *path, struct buf *ret_text,
                                          struct plan *ret, struct doc_report *report, struct spr_error *err);

/* Reads the actions of a sound plan as commands; complaints are added to an emptied report. Fails: SPR_BADDATA where
 * there is one, SPR_NOMEM. */
SPR_MUST_USE enum spr_code plan_check_actions(const struct plan *p, struct doc_report *report,
                                              struct spr_error *err);
void plan_print_complaints(const struct terminal *t, const char *path, const struct doc_report *r);

/* Each line through terminal_safe; text is cut into lines in place. */
void plan_print_lines(const struct terminal *t, char *text);

/* operand[0] is the word itself. */
command_fn plan_show, plan_simulate;
command_fn plan_run, plan_resume;                                         /* plan_run.c */
command_fn plan_watch;                                                    /* plan_watch.c */
command_fn plan_status, plan_events;                                      /* plan_status.c */
command_fn plan_report;                                                   /* plan_report.c */
command_fn plan_approve, plan_gate, plan_cancel, plan_retry, plan_decide; /* plan_order.c */

#endif
