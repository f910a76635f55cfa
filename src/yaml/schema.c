#include "yaml/schema.h"

#include "base/str.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words of the file are cut by bytes in formats like %.40s: what is left of a code point becomes "?". */
static void repair(char *text)
{
    size_t bad;
    while (!utf8_valid(text, strlen(text), &bad)) {
        text[bad++] = '?';
        size_t rest = bad;
        while (((unsigned char)text[rest] & 0xC0) == 0x80)
            rest++;
        memmove(text + bad, text + rest, strlen(text + rest) + 1);
    }
}

void schema_complain(struct schema *s, int32_t node, const char *format, ...)
{
    struct doc_report *r = s->report;
    if (r->count == DOC_COMPLAINTS_MAX) {
        r->dropped++;
        return;
    }
    struct doc_complaint *c = &r->complaint[r->count++];
    c->line = s->doc->node[node].line;
    c->column = s->doc->node[node].column;
    va_list args;
    va_start(args, format);
    vsnprintf(c->text, sizeof c->text, format, args);
    va_end(args);
    repair(c->text);
}

static int by_place(const void *a, const void *b)
{
    const struct doc_complaint *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return strcmp(x->text, y->text);
}

enum spr_code schema_load(const char *bytes, size_t length, const struct doc_about *about, struct doc *ret,
                          struct doc_report *report, struct spr_error *err)
{
    struct doc_place place;
    struct spr_error why = { 0 };
    *report = (struct doc_report){ 0 };
    enum spr_code rc = doc_load(bytes, length, about, ret, &place, &why);
    repair(why.text);
    if (rc == SPR_BADDATA || (rc == SPR_LIMIT && place.line > 0)) {
        struct doc_complaint *c = &report->complaint[report->count++];
        *c = (struct doc_complaint){ .line = place.line, .column = place.column };
        snprintf(c->text, sizeof c->text, "%.*s", (int)sizeof c->text - 1, why.text);
    }
    return rc ? SPR_FAIL(err, rc, "%s", why.text) : SPR_OK;
}

enum spr_code schema_verdict(struct doc_report *r, const char *what, struct spr_error *err)
{
    if (r->count == 0)
        return SPR_OK;
    qsort(r->complaint, (size_t)r->count, sizeof *r->complaint, by_place);
    return SPR_FAIL(err, SPR_BADDATA, "the %s has %d mistake%s", what, r->count + r->dropped,
                    r->count + r->dropped == 1 ? "" : "s");
}

bool schema_kind(struct schema *s, int32_t node, const char *what, enum doc_kind kind)
{
    enum doc_kind is = s->doc->node[node].kind;
    if (is == kind)
        return true;
    schema_complain(s, node, "%s must be %s, not %s", what, doc_kind_name(kind), doc_kind_name(is));
    return false;
}

static bool is_null(const struct doc *d, int32_t node)
{
    const struct doc_node *n = &d->node[node];
    if (n->kind != DOC_SCALAR || !n->plain)
        return false;
    const char *text = doc_text(d, node);
    return n->count == 0 || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

bool schema_word(struct schema *s, int32_t node, const char *what, const char **ret)
{
    if (!schema_kind(s, node, what, DOC_SCALAR))
        return false;
    if (is_null(s->doc, node) || s->doc->node[node].count == 0) {
        schema_complain(s, node, "%s is empty; give it a value or leave it out", what);
        return false;
    }
    *ret = doc_text(s->doc, node);
    return true;
}

bool schema_id(struct schema *s, int32_t node, const char *what, const char **ret)
{
    const char *text;
    if (!schema_word(s, node, what, &text))
        return false;
    size_t n = strlen(text);
    bool good = n <= 64 && text[0] != '.' && text[0] != '-';
    for (const char *p = text; *p && good; p++)
        good = isalnum((unsigned char)*p) || strchr("._-", *p);
    if (!good) {
        schema_complain(
            s, node,
            "%s \"%.40s\" is not an id: letters, digits, '.', '_' and '-', at most 64, not beginning with "
            "'.' or '-'",
            what, text);
        return false;
    }
    *ret = text;
    return true;
}

bool schema_parse_duration(const char *text, size_t length, int64_t day_s, int64_t week_s, int64_t *ret)
{
    char number[24];
    if (length < 2 || length > sizeof number)
        return false;
    memcpy(number, text, length - 1);
    number[length - 1] = '\0';
    double value, unit;
    if (!str_to_double(number, &value) || value < 0 || number[0] == '+' || number[0] == '-')
        return false;
    switch (text[length - 1]) {
    case 's':
        unit = 1;
        break;
    case 'm':
        unit = 60;
        break;
    case 'h':
        unit = 3600;
        break;
    case 'd':
        unit = (double)day_s;
        break;
    case 'w':
        unit = (double)week_s;
        break;
    default:
        return false;
    }
    value *= unit;
    if (value > 3e9) /* a hundred years */
        return false;
    *ret = (int64_t)(value + 0.5);
    return true;
}

bool schema_duration(struct schema *s, int32_t node, const char *what, int64_t *ret)
{
    const char *text;
    if (!schema_word(s, node, what, &text))
        return false;
    if (schema_parse_duration(text, strlen(text), s->day_s, s->week_s, ret))
        return true;
    schema_complain(s, node, "%s \"%.40s\" is not a duration: write 90s, 15m, 4h, 3d or 2w", what, text);
    return false;
}

/* A whole number of at most `most`. */
static bool whole(struct schema *s, int32_t node, const char *what, uint64_t most, int64_t *ret)
{
    const char *text;
    uint64_t value;
    if (!schema_word(s, node, what, &text))
        return false;
    if (!str_to_u64(text, &value) || value > most) {
        schema_complain(s, node, "%s \"%.40s\" must be a whole number from 0 to %llu", what, text,
                        (unsigned long long)most);
        return false;
    }
    *ret = (int64_t)value;
    return true;
}

bool schema_count(struct schema *s, int32_t node, const char *what, int64_t *ret)
{
    return whole(s, node, what, 1000000000000, ret);
}

static void read_int32(struct schema *s, int32_t node, const char *what, int32_t *field)
{
    int64_t value;
    if (whole(s, node, what, 1000000, &value))
        *field = (int32_t)value;
}

static void read_real(struct schema *s, int32_t node, const char *what, double *field)
{
    const char *text;
    if (schema_word(s, node, what, &text) && !str_to_double(text, field))
        schema_complain(s, node, "%s \"%.40s\" is not a number", what, text);
}

static void read_bool(struct schema *s, int32_t node, const char *what, bool *field)
{
    const char *text;
    if (!schema_word(s, node, what, &text))
        return;
    if (strcmp(text, "true") == 0)
        *field = true;
    else if (strcmp(text, "false") == 0)
        *field = false;
    else
        schema_complain(s, node, "%s \"%.40s\" must be true or false", what, text);
}

static void read_value(struct schema *s, int32_t node, const struct schema_key *key, void *field)
{
    switch (key->type) {
    case SCHEMA_WORD:
        schema_word(s, node, key->name, field);
        break;
    case SCHEMA_ID:
        schema_id(s, node, key->name, field);
        break;
    case SCHEMA_BOOL:
        read_bool(s, node, key->name, field);
        break;
    case SCHEMA_COUNT:
        schema_count(s, node, key->name, field);
        break;
    case SCHEMA_INT32:
        read_int32(s, node, key->name, field);
        break;
    case SCHEMA_REAL:
        read_real(s, node, key->name, field);
        break;
    case SCHEMA_DURATION:
        schema_duration(s, node, key->name, field);
        break;
    case SCHEMA_NODE:
        *(int32_t *)field = node;
        break;
    case SCHEMA_MAP:
    case SCHEMA_LIST:
        if (schema_kind(s, node, key->name, key->type == SCHEMA_MAP ? DOC_MAP : DOC_LIST))
            *(int32_t *)field = node;
        break;
    }
}

static void complain_unknown(struct schema *s, int32_t node, const char *what, const struct schema_key *keys,
                             size_t count)
{
    const char *names[64] = { 0 };
    for (size_t i = 0; i < count; i++)
        names[i] = keys[i].name;
    const char *text = doc_text(s->doc, node), *near = str_nearest(text, names, count);
    if (near) {
        schema_complain(s, node, "%s has no key \"%.40s\"; did you mean \"%s\"?", what, text, near);
        return;
    }
    char list[160];
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        bool fits = n + strlen(names[i]) + 8 < sizeof list;
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", fits ? names[i] : "...");
        if (!fits)
            break;
    }
    schema_complain(s, node, "%s has no key \"%.40s\"; it has %s", what, text, list);
}

uint64_t schema_read(struct schema *s, int32_t node, const char *what, const struct schema_key *keys,
                     size_t count, void *object)
{
    uint64_t seen = 0;
    if (!schema_kind(s, node, what, DOC_MAP))
        return 0;
    const struct doc *d = s->doc;
    for (int32_t k = d->node[node].first; k != DOC_NONE; k = d->node[d->node[k].next].next) {
        const char *name = doc_text(d, k);
        size_t i = 0;
        while (i < count && strcmp(keys[i].name, name) != 0)
            i++;
        if (i == count) {
            complain_unknown(s, k, what, keys, count);
            continue;
        }
        seen |= UINT64_C(1) << i;
        read_value(s, d->node[k].next, &keys[i], (char *)object + keys[i].offset);
    }
    return seen;
}
