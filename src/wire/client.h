/* client - asking a daemon: one question, one answer, a time limit, and no way to get stuck.
 * Flow:  cli, tui, mcp, orchestrate -> [wire/client] -> wire/socket -> a daemon (ours, or version 1.0's REP server)
 * Every question carries a number in its envelope that comes back with the answer; a late answer to a question that was
 * given up is dropped. A connection that breaks is made again by itself; after a timeout what was not sent is forgotten.
 * Threads: one client belongs to one thread at a time. */
#ifndef WIRE_CLIENT_H
#define WIRE_CLIENT_H
#include "wire/schema.h"
#include "wire/socket.h"
#include <stdatomic.h>

struct client;

enum { CLIENT_TIMEOUT_MS = 5000 };

struct client_options {
    struct wire_options wire;
    int timeout_ms;            /* for an answer; 0: CLIENT_TIMEOUT_MS */
    const atomic_bool *cancel; /* looked at while waiting; NULL for none */
};

/* GIVES *ret (client_close). BORROWS c and what options point to. Nobody needs to listen there yet. */
SPR_MUST_USE enum spr_code client_open(struct wire_context *c, const char *address,
                                       const struct client_options *options, struct client **ret,
                                       struct spr_error *err);
void client_close(struct client *c); /* NULL is fine */

/* Asks and waits. The answer is one of the set, read into the pool. Fails: SPR_TIMEOUT (nobody answered: the sentence
 * says how to start a daemon), SPR_CANCELLED, and what wire_encode and wire_decode say. */
SPR_MUST_USE enum spr_code client_ask(struct client *c, const struct wire_schema *schema, const void *object,
                                      const struct wire_schema *const *answers, struct wire_pool *pool,
                                      const struct wire_schema **ret_schema, void **ret,
                                      struct spr_error *err);

#endif
