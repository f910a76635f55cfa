/* libyaml's events become nodes in one growing array; the levels that are open are a small stack. Nothing is looked
 * up while reading but the keys of a map that closes, so time and memory stay linear in the file. */
#include "yaml/doc.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct level {
    int32_t node;    /* the open list or map */
    int32_t last;    /* its last child so far, or DOC_NONE */
    int32_t entries; /* children so far, keys and values counted apart */
};

struct loader {
    struct doc doc;
    struct level level[DOC_DEPTH_MAX];
    int depth;
    const char *bytes;
    const struct doc_about *about;
    struct doc_place *place;
    struct spr_error *err;
};

static void mark(struct loader *l, yaml_mark_t at)
{
    *l->place = (struct doc_place){ at.line < INT_MAX ? (int)at.line + 1 : INT_MAX,
                                    at.column < INT_MAX ? (int)at.column + 1 : INT_MAX };
}

static enum spr_code grow(struct loader *l)
{
    struct doc *d = &l->doc;
    if (d->count < d->room)
        return SPR_OK;
    if (d->count >= DOC_NODES_MAX)
        return SPR_FAIL(l->err, SPR_LIMIT, "more than %d values; split the file", DOC_NODES_MAX);
    int32_t room = d->room ? d->room + d->room / 2 : 256;
    struct doc_node *node = mem_resize(d->node, (size_t)room, sizeof *node);
    if (!node)
        return SPR_FAIL(l->err, SPR_NOMEM, "no memory for %d values", room);
    d->node = node;
    d->room = room;
    return SPR_OK;
}

/* Adds a node as the next child of the open level. */
static enum spr_code append(struct loader *l, struct doc_node n, yaml_mark_t at, int32_t *ret)
{
    enum spr_code rc = grow(l);
    if (rc)
        return rc;
    struct doc *d = &l->doc;
    n.line = at.line < INT32_MAX ? (int32_t)at.line + 1 : INT32_MAX;
    n.column = (uint16_t)(at.column < 65535 ? at.column + 1 : 65535);
    n.next = DOC_NONE;
    int32_t i = d->count;
    if (l->depth > 0) {
        struct level *up = &l->level[l->depth - 1];
        struct doc_node *parent = &d->node[up->node];
        if (parent->kind == DOC_MAP && up->entries % 2 == 0 && n.kind != DOC_SCALAR)
            return SPR_FAIL(l->err, SPR_BADDATA, "a key must be a word, not %s", doc_kind_name(n.kind));
        if (up->last == DOC_NONE)
            parent->first = i;
        else
            d->node[up->last].next = i;
        up->last = i;
        up->entries++;
        parent->count = parent->kind == DOC_MAP ? (up->entries + 1) / 2 : up->entries;
    }
    d->node[i] = n;
    d->count++;
    *ret = i;
    return SPR_OK;
}

static enum spr_code add_scalar(struct loader *l, const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    size_t length = e->data.scalar.length;
    struct doc *d = &l->doc;
    if (memchr(text, '\0', length))
        return SPR_FAIL(l->err, SPR_BADDATA, "a zero byte inside text; take it out");
    if (d->text_length + length + 1 > d->text_room) {
        size_t room = d->text_room * 2 + length + 4096;
        if (room > INT32_MAX)
            return SPR_FAIL(l->err, SPR_LIMIT, "more than 2 GiB of text");
        char *grown = mem_resize(d->text, room, 1);
        if (!grown)
            return SPR_FAIL(l->err, SPR_NOMEM, "no memory for %zu bytes of text", room);
        d->text = grown;
        d->text_room = room;
    }
    assert(d->text);
    memcpy(d->text + d->text_length, text, length + 1);
    struct doc_node n = { .kind = DOC_SCALAR,
                          .plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE,
                          .first = (int32_t)d->text_length,
                          .count = (int32_t)length };
    int32_t added;
    enum spr_code rc = append(l, n, e->start_mark, &added);
    if (!rc)
        d->text_length += length + 1;
    return rc;
}

static enum spr_code open_level(struct loader *l, enum doc_kind kind, yaml_mark_t at)
{
    if (l->depth == DOC_DEPTH_MAX)
        return SPR_FAIL(l->err, SPR_LIMIT, "nested more than %d deep", DOC_DEPTH_MAX);
    int32_t added;
    enum spr_code rc = append(l, (struct doc_node){ .kind = (uint8_t)kind, .first = DOC_NONE }, at, &added);
    if (!rc)
        l->level[l->depth++] = (struct level){ .node = added, .last = DOC_NONE };
    return rc;
}

struct key {
    const char *text;
    int32_t node;
};

static int by_text(const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : x->node - y->node;
}

/* Finds a repeated key of a map that has just been closed: small maps pairwise, large ones by sorting. */
static enum spr_code check_keys(struct loader *l, int32_t map)
{
    const struct doc *d = &l->doc;
    int32_t pairs = d->node[map].count;
    struct key small[32], *key = small;
    if (pairs > 32 && !(key = mem_zalloc((size_t)pairs, sizeof *key)))
        return SPR_FAIL(l->err, SPR_NOMEM, "no memory for a map of %d keys", pairs);
    int32_t n = 0;
    for (int32_t k = d->node[map].first; k != DOC_NONE; k = d->node[d->node[k].next].next)
        key[n++] = (struct key){ doc_text(d, k), k };
    if (n > 1)
        qsort(key, (size_t)n, sizeof *key, by_text);
    enum spr_code rc = SPR_OK;
    for (int32_t i = 1; i < n && !rc; i++)
        if (strcmp(key[i - 1].text, key[i].text) == 0) {
            const struct doc_node *again = &d->node[key[i].node];
            *l->place = (struct doc_place){ again->line, again->column };
            rc = SPR_FAIL(l->err, SPR_BADDATA, "key \"%.60s\" is here a second time; the first is on line %d",
                          key[i].text, d->node[key[i - 1].node].line);
        }
    if (key != small)
        mem_free(key);
    return rc;
}

static enum spr_code close_level(struct loader *l)
{
    int32_t node = l->level[--l->depth].node;
    assert(l->doc.node);
    return l->doc.node[node].kind == DOC_MAP ? check_keys(l, node) : SPR_OK;
}

static bool has_anchor_or_tag(const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return e->data.scalar.anchor || e->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return e->data.sequence_start.anchor || e->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return e->data.mapping_start.anchor || e->data.mapping_start.tag;
    default:
        return false;
    }
}

static enum spr_code take_event(struct loader *l, const yaml_event_t *e)
{
    mark(l, e->start_mark);
    if (e->type == YAML_ALIAS_EVENT || has_anchor_or_tag(e))
        return SPR_FAIL(l->err, SPR_BADDATA,
                        "anchors (&), aliases (*) and tags (!) are not used in %ss: write the "
                        "value out, quote it, or put it under \"defaults\"",
                        l->about->what);
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        return l->doc.count ? SPR_FAIL(l->err, SPR_BADDATA, "a second document begins; one file holds one %s",
                                       l->about->what)
                            : SPR_OK;
    case YAML_SCALAR_EVENT:
        return add_scalar(l, e);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(l, DOC_LIST, e->start_mark);
    case YAML_MAPPING_START_EVENT:
        return open_level(l, DOC_MAP, e->start_mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_level(l);
    default:
        return SPR_OK;
    }
}

/* Columns count code points, as libyaml does. */
static struct doc_place place_of_byte(const char *bytes, size_t at)
{
    struct doc_place place = { 1, 1 };
    for (size_t i = 0; i < at; i++)
        if (bytes[i] == '\n')
            place = (struct doc_place){ place.line + 1, 1 };
        else if (((unsigned char)bytes[i] & 0xC0) != 0x80)
            place.column++;
    return place;
}

static enum spr_code run(struct loader *l, yaml_parser_t *parser)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            if (parser->error == YAML_MEMORY_ERROR)
                return SPR_FAIL(l->err, SPR_NOMEM, "no memory to read YAML");
            mark(l, parser->problem_mark);
            if (parser->error == YAML_READER_ERROR) /* before there are marks */
                *l->place = place_of_byte(l->bytes, parser->problem_offset);
            return SPR_FAIL(l->err, SPR_BADDATA, "not YAML: %s%s%s", parser->problem,
                            parser->context ? " " : "", parser->context ? parser->context : "");
        }
        bool end = event.type == YAML_STREAM_END_EVENT;
        enum spr_code rc = take_event(l, &event);
        yaml_event_delete(&event);
        if (rc || end)
            return rc;
    }
}

enum spr_code doc_load(const char *bytes, size_t length, const struct doc_about *about, struct doc *ret,
                       struct doc_place *place, struct spr_error *err)
{
    *place = (struct doc_place){ 0 };
    size_t bad;
    if (length > DOC_BYTES_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "the file has %zu bytes; %zu are allowed", length, DOC_BYTES_MAX);
    if (!utf8_valid(bytes, length, &bad)) {
        *place = place_of_byte(bytes, bad);
        return SPR_FAIL(err, SPR_BADDATA, "not UTF-8 text at byte %zu; save the file as UTF-8", bad + 1);
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return SPR_FAIL(err, SPR_NOMEM, "no memory to read YAML");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, length);
    struct loader l = { .bytes = bytes, .about = about, .place = place, .err = err };
    enum spr_code rc = run(&l, &parser);
    yaml_parser_delete(&parser);
    if (!rc && l.doc.count == 0)
        rc = SPR_FAIL(err, SPR_BADDATA, "the file is empty; a %s begins with %s", about->what, about->begins);
    if (rc)
        doc_free(&l.doc);
    else
        *ret = l.doc;
    return rc;
}

void doc_free(struct doc *d)
{
    mem_free(d->node);
    mem_free(d->text);
    *d = (struct doc){ 0 };
}

int32_t doc_get(const struct doc *d, int32_t map, const char *key)
{
    for (int32_t k = d->node[map].first; k != DOC_NONE; k = d->node[d->node[k].next].next)
        if (strcmp(doc_text(d, k), key) == 0)
            return d->node[k].next;
    return DOC_NONE;
}

const char *doc_kind_name(enum doc_kind kind)
{
    static const char *const names[] = { "a word", "a list", "a map" };
    return names[kind];
}
