/* http - a small server on the loop, for machines that watch: GET only, loopback only, slow clients wait for themselves.
 * Flow:  GET /path -> [daemon/http] -> answer callback -> text
 * Threads: the loop's; libmicrohttpd runs on its descriptors, without a thread of its own. */
#ifndef DAEMON_HTTP_H
#define DAEMON_HTTP_H
#include "base/buf.h"
#include "base/err.h"
#include <uv.h>

struct http;

/* Fills the body and returns the status (200, 404, 503 ...). */
typedef unsigned http_answer(void *context, const char *path, struct buf *body);

/* address: "127.0.0.1:5558", "[::1]:0". GIVES *ret (http_stop). Fails: SPR_DENIED (not loopback), SPR_BUSY, SPR_BADARG,
 * SPR_NOMEM. */
SPR_MUST_USE enum spr_code http_start(uv_loop_t *loop, const char *address, http_answer *answer,
                                      void *context, struct http **ret, struct spr_error *err);
const char *http_address(const struct http *h); /* with the real port */
void http_stop(struct http *h);                 /* before the loop's last turn; NULL is fine */

#endif
