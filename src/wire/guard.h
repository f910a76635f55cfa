/* guard - who may come in by CURVE: answers ZeroMQ's authentication requests (ZAP, rfc.zeromq.org/spec/27) from a list.
 * Flow:  a handshake in wire/socket -> inproc://zeromq.zap.01 -> [wire/guard] -> wire/keys' list
 * Threads: one of its own, started with a handshake and stopped with a join. */
#ifndef WIRE_GUARD_H
#define WIRE_GUARD_H
#include "base/err.h"

struct guard;
/* GIVES *ret (guard_stop). BORROWS path until guard_stop. Fails: SPR_NOMEM, SPR_LIMIT, SPR_BUSY (the context has one). */
SPR_MUST_USE enum spr_code guard_start(void *zmq_context, const char *path, struct guard **ret,
                                       struct spr_error *err);
void guard_stop(struct guard *g); /* NULL is fine */

#endif
