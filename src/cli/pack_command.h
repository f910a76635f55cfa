/* pack_command - what `spritery pack` says about what it did.
 * Flow:  pack/job's report -> [cli/pack_command] -> standard output
 * Threads: the main one. */
#ifndef CLI_PACK_COMMAND_H
#define CLI_PACK_COMMAND_H
#include "cli/command.h"
#include "pack/job.h"

SPR_MUST_USE enum spr_code pack_print_json(const struct cli *cli, const struct pack_report *r,
                                           struct spr_error *err);
void pack_print_text(const struct cli *cli, const struct pack_report *r);

#endif
