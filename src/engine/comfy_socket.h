/* comfy_socket - the WebSocket on which a ComfyUI server says how a prompt is getting on.
 * Flow:  the server -> libwebsockets -> [engine/comfy_socket] -> engine/comfy_event -> engine/comfyui
 * A socket that is closed or was never opened is no failure of a prompt: the caller opens another with the same client
 * id and asks over HTTP meanwhile.
 * Threads: a socket belongs to one thread; callbacks come on it, inside comfy_socket_wait. */
#ifndef ENGINE_COMFY_SOCKET_H
#define ENGINE_COMFY_SOCKET_H
#include "engine/comfy_event.h"

struct comfy_socket;

/* url as fetch has it; client_id: which prompts' events to get. Begins to connect and returns at once. GIVES *ret
 * (comfy_socket_close). Fails: SPR_BADARG (url), SPR_IO (the system gives no socket), SPR_NOMEM. */
SPR_MUST_USE enum spr_code comfy_socket_open(const char *url, const char *client_id,
                                             struct comfy_socket **ret, struct spr_error *err);
void comfy_socket_close(struct comfy_socket *s); /* NULL is fine */

/* Waits at most time_ms for whole messages and hands each to on_event; returns after the first ones. Messages that are
 * not understood are passed over. Fails: SPR_IO (no connection, or it is closed: the reason is said). */
SPR_MUST_USE enum spr_code comfy_socket_wait(struct comfy_socket *s, int time_ms,
                                             void (*on_event)(void *context, const struct comfy_event *e),
                                             void *context, struct spr_error *err);

#endif
