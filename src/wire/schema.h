/* schema - what a message is: a table of fields. The same rows write it, read it, check it and describe it.
 * Flow:  struct of the caller -> encode -> bytes of one frame;  bytes -> decode -> struct
 * Words: a message is one MessagePack map with the key "type" and the row's fields. A set is an array of pointers to
 *   schemas, NULL at the end: the types that may come in at one place.
 * Invariants: the struct's first member is `uint64_t given`: bit i says that the i-th field was there. Absent fields are
 *   0, NULL or empty. An optional text is written when it is not NULL, an optional list when it is not empty, any other
 *   optional field when its bit is set; required ones always.
 *   Reading: null is absent, unknown fields are ignored, a float without fraction is a whole number and the reverse.
 * Threads: tables are constant; a pool belongs to one thread.
 *
 *     struct ready { uint64_t given; const char *name; int64_t pid; };
 *     static const struct wire_field ready_fields[] = {
 *         { "name", WIRE_TEXT, WIRE_NEEDED, 1, 64, offsetof(struct ready, name), .about = "who" },
 *         { "pid", WIRE_WHOLE, WIRE_NEEDED, 1, 1e9, offsetof(struct ready, pid), .about = "its process" },
 *     };
 *     static const struct wire_schema ready = { "ready", ready_fields, SPR_COUNT(ready_fields), sizeof(struct ready), "..." }; */
#ifndef WIRE_SCHEMA_H
#define WIRE_SCHEMA_H
#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_MESSAGE_MAX ((size_t)1 << 20)  /* bytes of one message */
#define WIRE_WHOLE_MAX   9007199254740992.0 /* 2^53: what every reader keeps */

enum wire_type {
    WIRE_TEXT,   /* const char *: UTF-8 without 0 bytes; min..max characters; with words: one of them */
    WIRE_WHOLE,  /* int64_t, min..max */
    WIRE_REAL,   /* double, min..max, finite */
    WIRE_SWITCH, /* bool */
    WIRE_PAIR,   /* int64_t[2], each min..max: [width, height] */
    WIRE_TEXTS,  /* struct wire_texts: at most max, of 256 characters each */
    WIRE_MAPS,   /* struct wire_maps: at most max maps of the schema `of`, which have no "type" */
    WIRE_REQUEST /* struct request: the map's keys that are rows of request/, beside the fields */
};

enum wire_need { WIRE_NEEDED, WIRE_OPTIONAL };

struct wire_schema;

struct wire_field {
    const char *name;
    enum wire_type type;
    enum wire_need need;
    double min, max;
    size_t offset;                /* in the caller's struct */
    const struct wire_schema *of; /* WIRE_MAPS */
    const char *const *words;     /* WIRE_TEXT: NULL at the end; or NULL */
    const char *about;            /* one line */
};

struct wire_schema {
    const char *type; /* "job_accepted"; NULL for the maps inside a list */
    const struct wire_field *field;
    size_t count;
    size_t size; /* of the caller's struct */
    const char *about;
};

struct wire_texts {
    const char *const *item;
    size_t count;
};
struct wire_maps {
    const void *item; /* (count) structs of the schema's size */
    size_t count;
};

/* Memory for what decode makes; taken back all at once. */
struct wire_pool {
    struct wire_block *first;
    size_t used;                   /* bytes in all blocks */
    struct made_request *requests; /* those that decode made: they own their texts */
};
void wire_pool_reset(struct wire_pool *p); /* also the fini; fine on a zeroed one */
void *wire_pool_take(struct wire_pool *p, size_t count, size_t size); /* zeroed; NULL: no memory */
/* A copy of the text's first `most` bytes at most, whole characters; NULL: no memory. */
const char *wire_pool_text(struct wire_pool *p, const char *text, size_t most);

/* Appends the message. BORROWS object. Fails: SPR_LIMIT (over WIRE_MESSAGE_MAX), SPR_NOMEM. */
SPR_MUST_USE enum spr_code wire_encode(const struct wire_schema *schema, const void *object, struct buf *out,
                                       struct spr_error *err);

/* Reads one message of the set. *ret and what it points to live in the pool. Nothing is kept of bytes.
 * Fails: SPR_BADDATA (not such a message), SPR_BADARG (a field: the sentence begins with its name), SPR_UNSUPPORTED (an
 * unknown type: the sentence names the nearest), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code wire_decode(const struct wire_schema *const *set, const void *bytes, size_t length,
                                       struct wire_pool *pool, const struct wire_schema **ret_schema,
                                       void **ret, struct spr_error *err);

/* Whether an optional field was there. `field` is its place in the table. */
static inline bool wire_given(const void *object, int field)
{
    return *(const uint64_t *)object >> field & 1;
}

/* Appends what the set's messages are, as Markdown tables: docs/protocol.md is made of this, and a test compares. */
SPR_MUST_USE enum spr_code wire_describe(const struct wire_schema *const *set, struct buf *out,
                                         struct spr_error *err);

#endif
