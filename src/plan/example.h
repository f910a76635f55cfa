/* example - the commented plan that a person begins with.
 * Threads: any. */
#ifndef PLAN_EXAMPLE_H
#define PLAN_EXAMPLE_H
#include "base/buf.h"

/* Appends the example, named after a file's name. Fails: SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code plan_example(const char *path, struct buf *out, struct spr_error *err);

#endif
