/* feed - what a run says to whoever listens: its event socket.
 * Flow:  meta, status -> [feed] -- ZeroMQ PUB, ipc://.spritery/PLAN/socket/events --> plan watch, other programs
 * Messages have two frames: "event" and a line as `plan events --json` prints it, after it is committed; or "status" and
 * a domain's status as in status/DOMAIN.json, whenever that is written; one over 3 MiB is in its file alone.
 * Nobody is waited for: who reads too slowly misses messages, sees it by the events' numbers, and finds them in the
 * journal.
 * Threads: one, beside ZeroMQ's. */
#ifndef ORCHESTRATE_FEED_H
#define ORCHESTRATE_FEED_H
#include "orchestrate/place.h"

struct feed;

/* GIVES *ret (feed_close). Fails: SPR_IO, SPR_BUSY, SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code feed_open(const struct place *at, struct feed **ret, struct spr_error *err);
void feed_close(struct feed *f);                      /* NULL is fine */
struct wire_context *feed_wire(const struct feed *f); /* for other sockets; lives as long as the feed */

void feed_event(struct feed *f, const char *line);
void feed_status(struct feed *f, const char *json);

#endif
