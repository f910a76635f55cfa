/* unpack - reading MessagePack in place: a cursor over bytes that were looked through once and found whole.
 * Flow:  a frame -> unpack_scan -> [wire/unpack] -> wire/decode
 * Invariants: nothing is allocated, whatever the bytes claim; after unpack_scan a cursor cannot run past the end.
 * Why not msgpack-c's reader: it allocates what an array's header claims before it looks at the bytes (docs/adr/0007).
 * Threads: plain values.  Source: the MessagePack specification (github.com/msgpack/msgpack/blob/master/spec.md). */
#ifndef WIRE_UNPACK_H
#define WIRE_UNPACK_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNPACK_DEPTH_MAX = 16, UNPACK_VALUES_MAX = 65536 };

enum unpack_kind {
    UNPACK_NIL,
    UNPACK_BOOL,
    UNPACK_INT,   /* below 0 */
    UNPACK_UINT,  /* 0 and above */
    UNPACK_REAL,  /* float 32 and 64 */
    UNPACK_TEXT,  /* str */
    UNPACK_BYTES, /* bin, ext */
    UNPACK_LIST,
    UNPACK_MAP
};

struct unpack_value {
    enum unpack_kind kind;
    union {
        bool yes;
        int64_t whole;
        uint64_t count; /* UNPACK_UINT */
        double real;
    } as;
    const char *bytes; /* TEXT, BYTES: inside the frame, no 0 byte after them */
    uint32_t length;   /* TEXT, BYTES: bytes; LIST: items; MAP: pairs */
};

struct unpack {
    const unsigned char *at, *end;
};

/* True if the bytes are one whole value and nothing more, within the limits. Fails: SPR_BADDATA (cut off, reserved
 * byte, something after the end), SPR_LIMIT (nesting, number of values). */
SPR_MUST_USE enum spr_code unpack_scan(const void *bytes, size_t length, struct spr_error *err);

/* The next value's head; a list's items and a map's keys and values follow. False at the end or where cut off. */
bool unpack_next(struct unpack *u, struct unpack_value *ret);
/* Passes over what belongs to a value whose head was just read. */
bool unpack_skip(struct unpack *u, const struct unpack_value *v);

/* "a number", "a string" ...: what it is, for a sentence. */
const char *unpack_kind_name(enum unpack_kind kind);

#endif
