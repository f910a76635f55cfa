/* request_json - a request as one JSON object with the table's wire names, and back.
 * Flow:  [request_json] <-> --json output, wire messages, queue rows
 * Rules: every field is written except empty texts. Seeds above 2^53 - 1 are written as decimal strings, since most
 *   readers of JSON hold numbers as doubles; both forms are read. size is [width, height]. When reading, unknown keys
 *   are ignored, null means absent, 20.0 is a whole number. */
#ifndef REQUEST_REQUEST_JSON_H
#define REQUEST_REQUEST_JSON_H
#include "request/request.h"
#include <jansson.h>

/* GIVES *ret (json_decref). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code request_to_json(const struct request *r, json_t **ret, struct spr_error *err);

/* Sets in r the fields that the object has; r is untouched on failure. BORROWS object. Fails: SPR_BADDATA (not an
 * object), SPR_BADARG (a field's sentence), SPR_NOMEM. */
SPR_MUST_USE enum spr_code request_from_json(const json_t *object, struct request *r, struct spr_error *err);

/* Any JSON value on one line, each number in the fewest digits that read back as the same (0.6, where jansson alone
 * would write 0.59999999999999998). GIVES the text (free); NULL where a text is not UTF-8, or for lack of memory. */
char *request_json_line(const json_t *value);

#endif
