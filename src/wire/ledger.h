/* ledger - how much memory the answers hold that were sent and that nobody has read yet, all peers together.
 * Flow:  an answer's bytes -> [wire/ledger] -> a ZeroMQ message, which gives them back when it is gone
 * Each peer's queue is bounded by ZeroMQ as a number of messages; this bounds the bytes of all of them. A peer that has
 *   read everything is refused last, so that those who never read do not take the answers of those who do.
 * Invariants: unread bytes never exceed LEDGER_MOST.
 * Threads: any; ZeroMQ's own threads give messages back. */
#ifndef WIRE_LEDGER_H
#define WIRE_LEDGER_H
#include <stdbool.h>
#include <stddef.h>
#include <zmq.h>

enum {
    LEDGER_LEAST = 1 << 10,   /* bytes; shorter answers are not counted: a peer's queue holds 32 of them */
    LEDGER_SHARED = 16 << 20, /* above this, who has an answer unread gets no other */
    LEDGER_MOST = 64 << 20    /* above this, nobody does */
};

struct ledger;

struct ledger *ledger_new(void);       /* GIVES it (ledger_free); NULL: no memory */
void ledger_free(struct ledger *l);    /* after ZeroMQ gave every message back; NULL is fine */
size_t ledger_bytes(struct ledger *l); /* that are unread */

/* A message with these bytes for the peer of that name. False: it is to be dropped, or there is no memory for it. */
bool ledger_message(struct ledger *l, const void *peer, size_t peer_length, const void *bytes, size_t length,
                    zmq_msg_t *ret);

#endif
