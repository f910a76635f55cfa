/* comfy_http - requests to one ComfyUI server: JSON and files, with limits, time-outs and a way to stop.
 * Flow:  engine/comfyui -> [engine/comfy_http] -> libcurl -> the server
 * Invariants: an answer is never longer than its limit; a request ends within its time or soon after *cancel is true.
 * Threads: a connection belongs to one thread. */
#ifndef ENGINE_COMFY_HTTP_H
#define ENGINE_COMFY_HTTP_H
#include "base/buf.h"
#include "base/err.h"
#include <jansson.h>
#include <stdatomic.h>

enum { COMFY_URL_BYTES = 256 };

struct comfy_http;

/* url: "http://127.0.0.1:8188", https too; a final slash is taken off. GIVES *ret (comfy_http_close).
 * Fails: SPR_BADARG (not such an address), SPR_NOMEM. */
SPR_MUST_USE enum spr_code comfy_http_open(const char *url, struct comfy_http **ret, struct spr_error *err);
void comfy_http_close(struct comfy_http *h); /* NULL is fine */
const char *comfy_http_url(const struct comfy_http *h);
void comfy_http_cancel_on(struct comfy_http *h,
                          const atomic_bool *cancel); /* BORROWS until the next; NULL: none */

/* GET path ("/prompt"). Fails: SPR_IO (no connection: the reason is said), SPR_TIMEOUT, SPR_CANCELLED, SPR_NOTFOUND
 * (404), SPR_LIMIT (longer than into's limit), SPR_BADDATA (another status than 200), SPR_NOMEM. */
SPR_MUST_USE enum spr_code comfy_get(struct comfy_http *h, const char *path, long time_ms, struct buf *into,
                                     struct spr_error *err);

/* The same, read as JSON. GIVES *ret (json_decref). */
SPR_MUST_USE enum spr_code comfy_get_json(struct comfy_http *h, const char *path, long time_ms, json_t **ret,
                                          struct spr_error *err);

/* POST a JSON text. *ret_status gets the HTTP status, and into the answer, whatever the status is. */
SPR_MUST_USE enum spr_code comfy_post(struct comfy_http *h, const char *path, const char *json, long time_ms,
                                      struct buf *into, long *ret_status, struct spr_error *err);

/* Uploads a picture file's bytes under a name. GIVES *ret_name (mem_free): what LoadImage calls it. */
SPR_MUST_USE enum spr_code comfy_upload(struct comfy_http *h, const char *name, const void *data, size_t size,
                                        char **ret_name, struct spr_error *err);

/* Appends text as part of a URL. */
SPR_MUST_USE enum spr_code comfy_escape(struct comfy_http *h, const char *text, struct buf *into,
                                        struct spr_error *err);

#endif
