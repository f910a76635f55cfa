/* remote - an engine whose work a daemon does: the same interface, the same pictures, the same bytes.
 * Flow:  cli -> engine_generate -> [daemon/remote] -> wire/client -> a daemon;  its events -> the watch's callbacks
 * The files that a request names must be readable by the daemon, so they are sent as whole paths. What is published may
 * be missed (a subscriber that connects late), so the job is asked for too: nothing here depends on an event.
 * Threads: as every engine: one at a time. */
#ifndef DAEMON_REMOTE_H
#define DAEMON_REMOTE_H
#include "engine/engine.h"
#include "wire/client.h"

/* Where the daemon of this user is: SPRITERY_DAEMON, else its ipc socket. Fails: as wire_ipc_address does. */
SPR_MUST_USE enum spr_code remote_address(char ret[WIRE_ADDRESS_BYTES], struct spr_error *err);

/* Whether anybody listens at an ipc or tcp address on this machine, without a message being sent. */
bool remote_is_up(const char *address);

/* GIVES *ret (engine_close). BORROWS context and options' keys for its life. priority: -100..100. Fails: SPR_TIMEOUT
 * (nobody answers there), SPR_NOMEM. */
SPR_MUST_USE enum spr_code engine_remote(struct wire_context *context, const char *address,
                                         const struct wire_options *options, int priority,
                                         struct engine **ret, struct spr_error *err);

#endif
