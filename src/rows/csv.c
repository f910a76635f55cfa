/* RFC 4180: cells between commas, a cell in quotes may hold commas, line ends and doubled quotes. */
#include "rows/table.h"

#include "base/mem.h"

#include <string.h>

enum { COLUMNS_MAX = 256 };
#define CELL_MAX ((size_t)1 << 20)

struct csv {
    struct table *table;
    const char *at, *end;
    struct buf cell;
    bool last; /* the cell that was read is its line's last one */
};

static void count_line(struct csv *c, char byte)
{
    c->table->line += byte == '\n';
}

/* Reads a quoted cell; at is behind its first quote. */
static enum spr_code read_quoted(struct csv *c, struct spr_error *err)
{
    size_t begun = c->table->line;
    enum spr_code rc = SPR_OK;
    while (!rc && c->at < c->end) {
        char byte = *c->at++;
        if (byte != '"') {
            count_line(c, byte);
            rc = buf_add(&c->cell, &byte, 1, err);
        } else if (c->at < c->end && *c->at == '"') {
            rc = buf_add(&c->cell, c->at++, 1, err);
        } else {
            if (c->at < c->end && !strchr(",\r\n", *c->at))
                return SPR_FAIL(err, SPR_BADDATA,
                                "text after a closing quote; a quote within a cell is doubled: \"\"");
            return SPR_OK;
        }
    }
    if (!rc) {
        c->table->line = begun;
        rc = SPR_FAIL(err, SPR_BADDATA, "a quote is not closed");
    }
    return rc;
}

static enum spr_code read_cell(struct csv *c, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    c->cell.length = 0;
    if (c->at < c->end && *c->at == '"') {
        c->at++;
        rc = read_quoted(c, err);
    } else {
        const char *from = c->at;
        while (c->at < c->end && !strchr(",\r\n", *c->at))
            c->at++;
        rc = buf_add(&c->cell, from, (size_t)(c->at - from), err);
    }
    if (rc)
        return rc;
    c->last = c->at == c->end || *c->at != ',';
    if (c->at < c->end && *c->at == '\r')
        c->at++;
    if (c->at < c->end) /* the comma, or the line's end */
        c->at++;
    return SPR_OK;
}

static const char *cell_text(const struct csv *c)
{
    return c->cell.data ? c->cell.data : "";
}

/* The line of names. GIVES ret_names[0..*ret_count). */
static enum spr_code read_names(struct csv *c, char **ret_names, int *ret_count, struct spr_error *err)
{
    do {
        enum spr_code rc = read_cell(c, err);
        if (rc)
            return rc;
        const char *name = cell_text(c);
        if (*ret_count == COLUMNS_MAX)
            return SPR_FAIL(err, SPR_LIMIT, "more than %d columns", COLUMNS_MAX);
        for (int i = 0; i < *ret_count; i++)
            if (strcmp(ret_names[i], name) == 0)
                return SPR_FAIL(err, SPR_BADDATA, "two columns are called \"%.40s\"", name);
        if (!(ret_names[*ret_count] = mem_text(name, strlen(name))))
            return SPR_FAIL(err, SPR_NOMEM, "no memory for the names of columns");
        ++*ret_count;
    } while (!c->last);
    return SPR_OK;
}

static enum spr_code read_row(struct csv *c, char *const *names, int count, struct spr_error *err)
{
    int cells = 0;
    size_t ends = 0;
    enum spr_code rc = table_begin(c->table, err);
    do {
        if (!rc)
            rc = read_cell(c, err);
        if (!rc && cells >= count)
            rc =
                SPR_FAIL(err, SPR_BADDATA,
                         "more cells than the %d names in line 1; a comma within a cell needs quotes", count);
        ends = c->table->line;
        if (!rc)
            rc = table_set(c->table, names[cells++], cell_text(c), err);
    } while (!rc && !c->last);
    if (!rc && cells < count)
        rc = SPR_FAIL(err, SPR_BADDATA, "%d cells, but line 1 names %d", cells, count);
    if (!rc)
        rc = table_end(c->table, err);
    if (!rc)
        c->table->line = ends + 1;
    return rc;
}

enum spr_code table_read_csv(struct table *t, const char *text, size_t size, struct spr_error *err)
{
    struct csv c = { .table = t, .at = text, .end = text + size };
    char *names[COLUMNS_MAX];
    int count = 0;
    buf_init(&c.cell, CELL_MAX);
    enum spr_code rc = read_names(&c, names, &count, err);
    t->line += !rc;
    while (!rc && c.at < c.end) {
        if (*c.at == '\n' || *c.at == '\r') { /* a blank line */
            t->line += *c.at == '\n';
            c.at++;
            continue;
        }
        rc = read_row(&c, names, count, err);
    }
    for (int i = 0; i < count; i++)
        mem_free(names[i]);
    buf_fini(&c.cell);
    return rc;
}
