/* batch - one run of `generate`: every prompt through the engine, every picture saved, shown and reported, one progress
 * bar and one contact sheet for all of them.
 * Flow:  cmd_generate -> [cli/batch] -> engine; its pictures -> cli/output, cli/term_picture, standard output
 * Invariants: a picture is on disk before it is reported; after a failure or Ctrl-C those that were reported stay.
 * Threads: the main one. */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H
#include "cli/command.h"
#include "cli/output.h"
#include "cli/preview.h"
#include "cli/prompts.h"
#include "engine/engine.h"

struct batch {
    const struct cli *cli;
    struct engine *engine;
    const struct request *base; /* all but the prompt */
    const struct prompts *prompts;
    const struct output *output;
    struct preview preview;
    bool sheet; /* one picture of all, if there is more than one */
    const struct engine_papers
        *like; /* what --like was made from: differences are said; empty texts for none */
};

/* Every prompt is checked before the first is drawn. A prompt that means nothing to the model is reported, and the
 * others are drawn all the same. BORROWS all of b. Fails: what the engine and the files say; SPR_CANCELLED after
 * Ctrl-C; SPR_BADDATA where one of several prompts was refused. */
SPR_MUST_USE enum spr_code batch_run(const struct batch *b, struct spr_error *err);

#endif
