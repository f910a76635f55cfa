/* row_batch - one run of `batch`: every row of a file through the engine, what was made before left alone.
 * Flow:  cmd_batch -> [cli/row_batch] -> engine; pictures -> cli/output; what was done -> rows/manifest
 * Invariants: a picture is on disk and in the manifest before it is reported. A row whose request has a picture in the
 *   manifest, and whose file is still there, is not drawn again. A file that the manifest does not know is not replaced.
 * Threads: the main one. */
#ifndef CLI_ROW_BATCH_H
#define CLI_ROW_BATCH_H
#include "cli/command.h"
#include "cli/output.h"
#include "rows/manifest.h"
#include "rows/rows.h"

struct row_batch {
    const struct cli *cli;
    struct engine *engine[REQUEST_ENGINES]; /* by enum request_engine: those that rows ask for */
    const struct rows *rows;
    struct manifest *manifest; /* NULL: nothing is drawn, the names are printed */
    const struct output *output;
    const char *pattern; /* of names, with '/' between folders: rows/rows.h */
    bool again;          /* draw what is in the manifest too, and replace files */
};

/* Fails: SPR_BADARG (the pattern), SPR_BADDATA where rows failed, SPR_CANCELLED after Ctrl-C, SPR_IO, SPR_NOMEM. */
SPR_MUST_USE enum spr_code row_batch_run(const struct row_batch *b, struct spr_error *err);

#endif
