/* papers - the notes in a picture's file that say how it was made, and reading them back.
 * Flow:  struct engine_picture -> [engine/papers] -> image/notes -> PNG text;  PNG text -> [engine/papers] -> request
 * Form:  one note per field of the request, "spritery:NAME" (request/README.md), then "spritery:engine",
 *        "spritery:model-name", "spritery:model-sha256", the hashes of files that went in, and "Software". No time and
 *        no machine: the same request gives the same bytes.
 * Threads: any. */
#ifndef ENGINE_PAPERS_H
#define ENGINE_PAPERS_H
#include "base/buf.h"
#include "engine/engine.h"
#include "image/notes.h"

/* Appends the notes. Fails: SPR_NOMEM, SPR_LIMIT. */
SPR_MUST_USE enum spr_code papers_write(const struct engine_picture *p, struct notes *into,
                                        struct spr_error *err);

/* Reads what papers_write wrote. r is initialised here and GIVEN (request_fini); unknown notes are ignored, fields
 * that are missing keep their defaults. What differs from its default counts as given. ret_software: "spritery 0.1.0", "" if it is not said.
 * Fails: SPR_NOTFOUND (no note of ours), SPR_BADARG (a note's value is out of bounds: the key is named), SPR_NOMEM. */
SPR_MUST_USE enum spr_code papers_read(const struct notes *notes, struct request *r,
                                       struct engine_papers *ret, char ret_software[ENGINE_NAME_BYTES],
                                       struct spr_error *err);

#endif
