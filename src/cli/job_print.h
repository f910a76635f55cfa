/* job_print - jobs of the daemon on the screen: as a list, one with everything, and as they change.
 * Flow:  wire/messages -> [cli/job_print] -> standard output
 * Threads: the main one. */
#ifndef CLI_JOB_PRINT_H
#define CLI_JOB_PRINT_H
#include "cli/link.h"
#include "wire/messages.h"

SPR_MUST_USE enum spr_code job_print_list(const struct cli *cli, const struct message_job_list *m,
                                          struct spr_error *err);
SPR_MUST_USE enum spr_code job_print_info(const struct cli *cli, const struct message_job_info *m,
                                          struct spr_error *err);

/* Prints events until Ctrl-C, or until the one job `id` (NULL: all) has ended. Fails: SPR_NOTFOUND (no such job), and as
 * link_ask does. */
SPR_MUST_USE enum spr_code job_watch(const struct cli *cli, struct link *l, const char *events,
                                     const char *id, struct spr_error *err);

#endif
