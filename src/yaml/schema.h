/* schema - reading a YAML map by a table of keys, with a complaint for everything that is not in the table.
 * Flow:  yaml/doc -> [yaml/schema] -> plan/read, pack/sidecar
 * Invariants: reading goes on after a complaint, so that one run reports all of them.
 * Threads: one reader belongs to one thread. */
#ifndef YAML_SCHEMA_H
#define YAML_SCHEMA_H
#include "yaml/doc.h"

/* One complaint about a file. */
struct doc_complaint {
    int line, column; /* from 1 */
    char text[240];
};

enum { DOC_COMPLAINTS_MAX = 200 };

struct doc_report {
    int count;   /* complaints kept, in order of place */
    int dropped; /* more than DOC_COMPLAINTS_MAX: how many are not kept */
    struct doc_complaint complaint[DOC_COMPLAINTS_MAX];
};

struct schema {
    const struct doc *doc;
    struct doc_report *report;
    enum spr_code rc;      /* first failure that is not a complaint: no memory */
    int64_t day_s, week_s; /* what "3d" and "2w" mean */
};

/* doc_load, with an emptied report that gets the complaint where reading stopped. GIVES *ret (doc_free). Fails: as
 * doc_load does; where the report stays empty the failure is not about a place. */
SPR_MUST_USE enum spr_code schema_load(const char *bytes, size_t length, const struct doc_about *about,
                                       struct doc *ret, struct doc_report *report, struct spr_error *err);

/* Sorts the complaints by line, then column. Fails where there are any: SPR_BADDATA, "the plan has 2 mistakes". */
SPR_MUST_USE enum spr_code schema_verdict(struct doc_report *report, const char *what, struct spr_error *err);

/* Adds a complaint at the node's place. */
void schema_complain(struct schema *s, int32_t node, const char *format, ...) SPR_PRINTF(3, 4);

enum schema_type {
    SCHEMA_WORD,     /* const char *: not empty */
    SCHEMA_ID,       /* const char *: letters, digits, . _ - and not empty, at most 64 */
    SCHEMA_BOOL,     /* bool */
    SCHEMA_COUNT,    /* int64_t, 0..10^12 */
    SCHEMA_INT32,    /* int32_t, 0..10^6 */
    SCHEMA_REAL,     /* double, finite */
    SCHEMA_DURATION, /* int64_t seconds */
    SCHEMA_NODE,     /* int32_t: the value's node, whatever it is */
    SCHEMA_MAP,      /* int32_t: the value's node, a map */
    SCHEMA_LIST      /* int32_t: the value's node, a list */
};

struct schema_key {
    const char *name;
    enum schema_type type;
    size_t offset; /* of the field in the object */
};

/* Reads every key of a map into the object; complains of unknown keys (with the nearest known one), wrong kinds and
 * values. Fields whose key is absent are left as they are. Returns a bit per key of the table that was there. */
uint64_t schema_read(struct schema *s, int32_t node, const char *what, const struct schema_key *keys,
                     size_t count, void *object);

/* One value by itself; false after a complaint. */
bool schema_word(struct schema *s, int32_t node, const char *what, const char **ret);
bool schema_id(struct schema *s, int32_t node, const char *what, const char **ret);
bool schema_count(struct schema *s, int32_t node, const char *what, int64_t *ret); /* 0..10^12 */
bool schema_duration(struct schema *s, int32_t node, const char *what, int64_t *ret);
bool schema_kind(struct schema *s, int32_t node, const char *what, enum doc_kind kind);

/* "90s", "15m", "4h", "3d", "2w", "1.5h" -> seconds, of a text of that length; false otherwise. */
bool schema_parse_duration(const char *text, size_t length, int64_t day_s, int64_t week_s, int64_t *ret);

#endif
