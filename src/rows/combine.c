/* YAML: defaults, a prompt with lists to combine, and rows of their own. */
#include "base/mem.h"
#include "rows/table.h"
#include "yaml/doc.h"

#include <string.h>

enum { LISTS_MAX = 16 };

static const struct doc_about about = { "batch", "\"prompt: ...\" or \"rows:\"" };

static const char *scalar(const struct doc *d, int32_t n)
{
    const char *text = doc_text(d, n);
    if (d->node[n].plain && strcmp(text, "true") == 0)
        return "yes";
    if (d->node[n].plain && strcmp(text, "false") == 0)
        return "no";
    return d->node[n].plain && (strcmp(text, "null") == 0 || strcmp(text, "~") == 0) ? "" : text;
}

static enum spr_code want(struct table *t, const struct doc *d, int32_t n, enum doc_kind kind,
                          const char *what, struct spr_error *err)
{
    t->line = (size_t)d->node[n].line;
    if (d->node[n].kind == kind)
        return SPR_OK;
    return SPR_FAIL(err, SPR_BADDATA, "%s must be %s, and is %s", what, doc_kind_name(kind),
                    doc_kind_name((enum doc_kind)d->node[n].kind));
}

/* The pairs of a map into the row in hand. */
static enum spr_code set_pairs(struct table *t, const struct doc *d, int32_t map, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int32_t key = d->node[map].first; !rc && key != DOC_NONE; key = d->node[d->node[key].next].next) {
        int32_t value = d->node[key].next;
        rc = want(t, d, value, DOC_SCALAR, doc_text(d, key), err);
        if (!rc)
            rc = table_set(t, doc_text(d, key), scalar(d, value), err);
    }
    return rc;
}

static enum spr_code read_rows(struct table *t, const struct doc *d, int32_t list, struct spr_error *err)
{
    enum spr_code rc = want(t, d, list, DOC_LIST, "rows", err);
    for (int32_t n = rc ? DOC_NONE : d->node[list].first; !rc && n != DOC_NONE; n = d->node[n].next) {
        t->line = (size_t)d->node[n].line;
        if (d->node[n].kind == DOC_SCALAR) { /* only a prompt */
            rc = table_begin(t, err);
            if (!rc)
                rc = table_set(t, "prompt", doc_text(d, n), err);
        } else {
            rc = want(t, d, n, DOC_MAP, "a row", err);
            if (!rc)
                rc = table_begin(t, err);
            if (!rc)
                rc = set_pairs(t, d, n, err);
        }
        size_t line = (size_t)d->node[n].line;
        t->line = rc ? t->line : line;
        if (!rc)
            rc = table_end(t, err);
    }
    return rc;
}

struct lists {
    int count;
    const char *name[LISTS_MAX];
    int32_t list[LISTS_MAX], at[LISTS_MAX]; /* at: the item in hand */
};

static enum spr_code find_lists(struct table *t, const struct doc *d, int32_t map, struct lists *l,
                                struct spr_error *err)
{
    double rows = 1;
    enum spr_code rc = want(t, d, map, DOC_MAP, "lists", err);
    for (int32_t key = rc ? DOC_NONE : d->node[map].first; !rc && key != DOC_NONE;
         key = d->node[d->node[key].next].next) {
        int32_t list = d->node[key].next;
        rc = want(t, d, list, DOC_LIST, doc_text(d, key), err);
        if (!rc && l->count == LISTS_MAX)
            rc = SPR_FAIL(err, SPR_LIMIT, "more than %d lists", LISTS_MAX);
        if (!rc && d->node[list].count == 0)
            rc = SPR_FAIL(err, SPR_BADDATA, "the list %.40s is empty", doc_text(d, key));
        if (rc)
            break;
        l->name[l->count] = doc_text(d, key);
        l->list[l->count] = list;
        l->at[l->count++] = d->node[list].first;
        rows *= d->node[list].count;
    }
    if (!rc && rows > ROWS_MAX)
        rc = SPR_FAIL(err, SPR_LIMIT, "the lists have %.0f combinations; at most %d rows", rows, ROWS_MAX);
    return rc;
}

/* The next combination, the last list changing fastest; false after the last. */
static bool next_combination(const struct doc *d, struct lists *l)
{
    for (int i = l->count - 1; i >= 0; i--) {
        l->at[i] = d->node[l->at[i]].next;
        if (l->at[i] != DOC_NONE)
            return true;
        l->at[i] = d->node[l->list[i]].first;
    }
    return false;
}

static enum spr_code read_combinations(struct table *t, const struct doc *d, int32_t prompt, int32_t lists,
                                       struct spr_error *err)
{
    struct lists l = { 0 };
    enum spr_code rc = want(t, d, prompt, DOC_SCALAR, "prompt", err);
    if (!rc && lists != DOC_NONE)
        rc = find_lists(t, d, lists, &l, err);
    do {
        t->line = rc ? t->line : (size_t)d->node[prompt].line;
        if (!rc)
            rc = table_begin(t, err);
        if (!rc)
            rc = table_set(t, "prompt", doc_text(d, prompt), err);
        for (int i = 0; !rc && i < l.count; i++) {
            rc = want(t, d, l.at[i], DOC_SCALAR, l.name[i], err);
            if (!rc)
                rc = table_set(t, l.name[i], scalar(d, l.at[i]), err);
        }
        t->line = rc ? t->line : (size_t)d->node[prompt].line;
        if (!rc)
            rc = table_end(t, err);
    } while (!rc && next_combination(d, &l));
    return rc;
}

/* Defaults are fields only: a word that every row has says nothing. */
static enum spr_code read_defaults(struct table *t, const struct doc *d, int32_t map, struct request *base,
                                   struct spr_error *err)
{
    enum spr_code rc = want(t, d, map, DOC_MAP, "defaults", err);
    for (int32_t key = rc ? DOC_NONE : d->node[map].first; !rc && key != DOC_NONE;
         key = d->node[d->node[key].next].next) {
        int32_t value = d->node[key].next;
        int field = request_field_named(doc_text(d, key));
        field = field < 0 ? request_field_of_wire(doc_text(d, key)) : field;
        rc = want(t, d, value, DOC_SCALAR, doc_text(d, key), err);
        if (!rc && field < 0)
            rc = SPR_FAIL(err, SPR_BADARG, "no field is called \"%.40s\"", doc_text(d, key));
        if (!rc)
            rc = request_set(base, (enum request_field)field, doc_text(d, key), scalar(d, value), err);
    }
    return rc;
}

static enum spr_code read_map(struct table *t, const struct doc *d, struct spr_error *err)
{
    static const char *const keys[] = { "defaults", "prompt", "lists", "rows" };
    struct request base;
    int32_t value[SPR_COUNT(keys)];
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; i < SPR_COUNT(keys); i++)
        value[i] = doc_get(d, 0, keys[i]);
    for (int32_t key = d->node[0].first; !rc && key != DOC_NONE; key = d->node[d->node[key].next].next) {
        bool known = false;
        for (size_t i = 0; i < SPR_COUNT(keys); i++)
            known = known || strcmp(keys[i], doc_text(d, key)) == 0;
        t->line = (size_t)d->node[key].line;
        if (!known)
            rc = SPR_FAIL(err, SPR_BADDATA,
                          "no key is called \"%.40s\"; there are defaults, prompt, lists and rows",
                          doc_text(d, key));
    }
    if (!rc && value[2] != DOC_NONE && value[1] == DOC_NONE)
        rc = SPR_FAIL(err, SPR_BADDATA, "lists without a prompt to combine them in");
    if (rc || (rc = request_copy(&base, t->base, err)))
        return rc;
    const struct request *given = t->base;
    t->base = &base;
    if (value[0] != DOC_NONE)
        rc = read_defaults(t, d, value[0], &base, err);
    if (!rc && value[1] != DOC_NONE)
        rc = read_combinations(t, d, value[1], value[2], err);
    if (!rc && value[3] != DOC_NONE)
        rc = read_rows(t, d, value[3], err);
    t->base = given;
    request_fini(&base);
    return rc;
}

enum spr_code table_read_yaml(struct table *t, const char *text, size_t size, struct spr_error *err)
{
    struct doc d;
    struct doc_place place = { 0, 0 };
    enum spr_code rc = doc_load(text, size, &about, &d, &place, err);
    t->line = (size_t)place.line;
    if (rc)
        return rc;
    rc = d.node[0].kind == DOC_LIST                 ? read_rows(t, &d, 0, err)
         : want(t, &d, 0, DOC_MAP, "the file", err) ? SPR_BADDATA
                                                    : read_map(t, &d, err);
    doc_free(&d);
    return rc;
}
