/* inbox - what people order of a run, as files: so that an order given while nobody runs the plan is not lost, and one
 * given while somebody does is taken once.
 * Flow:  plan approve, cancel, retry, gate, decide -> .spritery/PLAN/orders/ -> [inbox] -> orchestrate/meta
 * An order is {"order": "approve", "id": "gate-1", "as": "lead", "by": "ada", ...}. Its event in the journal carries the
 * file's name, so that an order whose file could not be removed is not taken twice.
 * Threads: one. */
#ifndef ORCHESTRATE_INBOX_H
#define ORCHESTRATE_INBOX_H
#include "base/buf.h"
#include "orchestrate/place.h"

struct json_t;

/* Puts an order down, whole and on disk. ret_name has room for 80 bytes: its file. Fails: SPR_IO. */
SPR_MUST_USE enum spr_code inbox_post(const struct place *at, const struct json_t *order, char ret_name[80],
                                      struct spr_error *err);

typedef enum spr_code inbox_fn(void *context, const char *name, struct json_t *order, struct spr_error *err);

/* Calls take for every order, oldest first; what is no order is put aside as NAME.bad. Files stay. Fails: SPR_IO, what
 * take says. */
SPR_MUST_USE enum spr_code inbox_read(const struct place *at, inbox_fn *take, void *context,
                                      struct spr_error *err);
/* Removes it and leaves the reason for whoever gave it. */
void inbox_refuse(const struct place *at, const char *name, const char *why);
bool inbox_refused(const struct place *at, const char *name,
                   struct buf *why);                       /* adds the reason, which is gone then */
bool inbox_has(const struct place *at, const char *name);  /* nobody has taken it yet */
void inbox_done(const struct place *at, const char *name); /* removes it */

#endif
