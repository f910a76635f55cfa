/* failure - how a failure is told: one line on standard error, or one JSON object with --json.
 * Flow:  struct spr_error -> [cli/failure] -> standard error */
#ifndef CLI_FAILURE_H
#define CLI_FAILURE_H
#include "cli/command.h"

/* "spritery: SENTENCE", or {"error":"not_found","message":"..."}. An empty sentence says nothing. */
void failure_print(const struct cli *cli, const struct spr_error *err);

#endif
