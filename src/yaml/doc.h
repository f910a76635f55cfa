/* doc - a YAML file as a tree of nodes that know their line and column.
 * Flow:  file bytes -> libyaml's events -> [yaml/doc] -> yaml/schema -> plan/read, pack/sidecar
 * Invariants: one document; node 0 is its root; children of a list or map are linked by `next` in file order, a map's
 *   as key, value, key, value; keys are scalars and unique within their map. All text is UTF-8 without 0 bytes.
 * Refused, with line and column: anchors and aliases (a file says what it means; nothing can explode), tags, several
 *   documents, nesting over DOC_DEPTH_MAX, more than DOC_NODES_MAX nodes, duplicate keys.
 * Why not libcyaml: it stops at the first complaint and gives positions only for syntax; see docs/adr.
 * Threads: immutable once loaded. */
#ifndef YAML_DOC_H
#define YAML_DOC_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DOC_DEPTH_MAX = 16, DOC_NODES_MAX = 16000000, DOC_NONE = -1 };
#define DOC_BYTES_MAX ((size_t)64 << 20)

enum doc_kind { DOC_SCALAR, DOC_LIST, DOC_MAP };

struct doc_node {
    uint8_t kind;    /* enum doc_kind */
    bool plain;      /* a scalar written without quotes: null, true, 12 mean what they look like */
    uint16_t column; /* from 1; 65535 stands for that and beyond */
    int32_t line;    /* from 1 */
    int32_t next;    /* the next child of the same parent, or DOC_NONE */
    int32_t first;   /* list, map: first child or DOC_NONE; scalar: offset into text */
    int32_t count;   /* list: items; map: pairs; scalar: bytes of text */
};

struct doc {
    struct doc_node *node;
    int32_t count, room;
    char *text; /* every scalar's bytes, each with a 0 byte after it */
    size_t text_length, text_room;
};

/* Where reading stopped; 0, 0 if it was not about a place. */
struct doc_place {
    int line, column;
};

/* What the file is, for the sentences about it. */
struct doc_about {
    const char *what;   /* "plan" */
    const char *begins; /* how one begins: "\"plan: NAME\"" */
};

/* Reads the whole text. BORROWS about. GIVES *ret (doc_free). Fails: SPR_BADDATA (*place says where), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code doc_load(const char *bytes, size_t length, const struct doc_about *about,
                                    struct doc *ret, struct doc_place *place, struct spr_error *err);
void doc_free(struct doc *d); /* fine on a zeroed one */

static inline const char *doc_text(const struct doc *d, int32_t n)
{
    return d->text + d->node[n].first;
}

/* The value under key in a map, or DOC_NONE. */
int32_t doc_get(const struct doc *d, int32_t map, const char *key);

/* "a word", "a list" or "a map", for messages. */
const char *doc_kind_name(enum doc_kind kind);

#endif
