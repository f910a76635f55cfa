/* fetch - requests to one HTTP server: bytes, JSON and forms, with limits, time-outs and a way to stop.
 * Flow:  engine's comfyui, daemon, cli -> [fetch] -> libcurl -> the server
 * Invariants: an answer is never longer than its limit; a request ends within its time or soon after *cancel is true.
 * Threads: a connection belongs to one thread. */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H
#include "base/buf.h"
#include "base/err.h"
#include <jansson.h>
#include <stdatomic.h>

enum { FETCH_URL_BYTES = 256 };

struct fetch;

/* url: "http://127.0.0.1:8188", https too; a final slash is taken off. GIVES *ret (fetch_close).
 * Fails: SPR_BADARG (not such an address), SPR_NOMEM. */
SPR_MUST_USE enum spr_code fetch_open(const char *url, struct fetch **ret, struct spr_error *err);
void fetch_close(struct fetch *f); /* NULL is fine */
const char *fetch_url(const struct fetch *f);
void fetch_cancel_on(struct fetch *f, const atomic_bool *cancel); /* BORROWS until the next; NULL: none */

/* GET path ("/prompt"). Fails: SPR_IO (no connection: the reason is said), SPR_TIMEOUT, SPR_CANCELLED, SPR_NOTFOUND
 * (404), SPR_LIMIT (longer than into's limit), SPR_BADDATA (another status than 200), SPR_NOMEM. */
SPR_MUST_USE enum spr_code fetch_get(struct fetch *f, const char *path, long time_ms, struct buf *into,
                                     struct spr_error *err);

/* The same, read as JSON. GIVES *ret (json_decref). */
SPR_MUST_USE enum spr_code fetch_json(struct fetch *f, const char *path, long time_ms, json_t **ret,
                                      struct spr_error *err);

/* POST a JSON text. *ret_status gets the HTTP status, and into the answer, whatever the status is. */
SPR_MUST_USE enum spr_code fetch_post(struct fetch *f, const char *path, const char *json, long time_ms,
                                      struct buf *into, long *ret_status, struct spr_error *err);

/* POST a form, as a browser sends it. Without a file name a part is a plain value. *ret_status and into as above. */
struct fetch_part {
    const char *name, *file, *type; /* "image", "knight.png", "image/png"; file and type may be NULL */
    const void *data;
    size_t size;
};
SPR_MUST_USE enum spr_code fetch_form(struct fetch *f, const char *path, const struct fetch_part *parts,
                                      size_t count, long time_ms, struct buf *into, long *ret_status,
                                      struct spr_error *err);

/* Appends text as part of a URL. */
SPR_MUST_USE enum spr_code fetch_escape(struct fetch *f, const char *text, struct buf *into,
                                        struct spr_error *err);

#endif
