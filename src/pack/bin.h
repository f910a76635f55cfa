/* bin - one page filled by one method: the part that pack/rects tries many times.
 * Flow:  pack/rects -> [pack/bin: skyline, maxrects] -> places
 * Invariants: what is placed lies inside w x h and overlaps nothing; the same input gives the same places on every
 *   machine (integers only).
 * Threads: any number; each call has a struct bin of its own. */
#ifndef PACK_BIN_H
#define PACK_BIN_H
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rectangles of one size, which are interchangeable. */
struct bin_class {
    int w, h;
    int count; /* 1.. */
};

/* Where one rectangle lies. */
struct bin_place {
    int kind; /* class */
    int x, y;
    bool turned; /* h wide and w high */
};

enum bin_method {
    BIN_SKYLINE, /* lowest gap first, the best class for it */
    BIN_MAXRECTS /* classes in order, each at the best place */
};

/* BIN_MAXRECTS: what makes a place good. */
enum bin_rule { BIN_SHORT_SIDE, BIN_AREA, BIN_BOTTOM_LEFT, BIN_RULE_COUNT };

struct bin {
    /* In */
    const struct bin_class *kind; /* (kinds) */
    const int *order;             /* (kinds): indices of classes, the most wanted first */
    int kinds, total;             /* total: sum of counts */
    int w, h;                     /* of the page; h may be BIN_ENDLESS */
    bool turn;
    enum bin_method method;
    enum bin_rule rule;
    /* Out */
    struct bin_place *place; /* (total) */
    int placed;              /* rectangles that found a place */
    int used_w, used_h;      /* what they cover */
    int64_t area;
    /* Work */
    int *left; /* (kinds) */
    int *next; /* (kinds + 1) */
    void *work;
    size_t work_bytes;
};

enum { BIN_ENDLESS = 1 << 28 };

/* Takes memory for place, left and next. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code bin_init(struct bin *b, const struct bin_class *kind, int kinds,
                                    struct spr_error *err);
void bin_fini(struct bin *b); /* fine on a zeroed one */

/* Places what fits; afterwards placed < total if not all did. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code bin_fill(struct bin *b, struct spr_error *err);

/* For the methods: makes b->work at least so large, contents kept. */
SPR_MUST_USE enum spr_code bin_work(struct bin *b, size_t bytes, struct spr_error *err);

/* The methods, for bin_fill. */
enum spr_code skyline_fill(struct bin *b, struct spr_error *err);
enum spr_code maxrects_fill(struct bin *b, struct spr_error *err);

#endif
