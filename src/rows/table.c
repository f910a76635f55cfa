#include "rows/table.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

static struct row *in_hand(const struct table *t)
{
    return &t->rows.row[t->rows.count];
}

static void row_fini(struct row *row)
{
    request_fini(&row->request);
    for (int i = 0; i < row->words; i++) {
        mem_free(row->word[i].name);
        mem_free(row->word[i].value);
    }
    mem_free(row->word);
}

void rows_fini(struct rows *r)
{
    for (size_t i = 0; i < r->count; i++)
        row_fini(&r->row[i]);
    mem_free(r->row);
    *r = (struct rows){ 0 };
}

enum spr_code table_begin(struct table *t, struct spr_error *err)
{
    if (t->rows.count >= ROWS_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d rows", ROWS_MAX);
    /* room is doubled: at a power of two there is none left */
    if ((t->rows.count & (t->rows.count - 1)) == 0) {
        struct row *more = mem_resize(t->rows.row, t->rows.count ? 2 * t->rows.count : 1, sizeof *more);
        if (!more)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu rows", t->rows.count);
        t->rows.row = more;
    }
    *in_hand(t) = (struct row){ .line = t->line };
    t->seeded = false;
    enum spr_code rc = request_copy(&in_hand(t)->request, t->base, err);
    t->open = !rc;
    return rc;
}

static int field_of(const char *name)
{
    int field = request_field_named(name);
    return field >= 0 ? field : request_field_of_wire(name);
}

static enum spr_code add_word(struct row *row, const char *name, const char *value, struct spr_error *err)
{
    if (row->words == ROWS_WORDS_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "more than %d words", ROWS_WORDS_MAX);
    if (strlen(name) >= ROWS_NAME_BYTES)
        return SPR_FAIL(err, SPR_LIMIT, "a name of %zu bytes: %.40s...", strlen(name), name);
    struct row_word *more = mem_resize(row->word, (size_t)row->words + 1, sizeof *more);
    if (more)
        row->word = more;
    if (!more || !(row->word[row->words].name = mem_text(name, strlen(name))))
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a row");
    row->word[row->words++].value = mem_text(value, strlen(value));
    return row->word[row->words - 1].value ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for a row");
}

enum spr_code table_set(struct table *t, const char *name, const char *value, struct spr_error *err)
{
    int field = field_of(name);
    if (field < 0) {
        char shown[REQUEST_SHOWN_BYTES];
        request_shown(name, shown);
        if (!*name || name[strcspn(name, "{}")])
            return SPR_FAIL(err, SPR_BADARG, "\"%s\" is no name for a column", shown);
        return add_word(in_hand(t), name, value, err);
    }
    if (!*value) /* an empty cell says nothing */
        return SPR_OK;
    t->seeded = t->seeded || field == REQUEST_SEED;
    return request_set(&in_hand(t)->request, (enum request_field)field, name, value, err);
}

/* The value of a name in a row; NULL for none. Words come first: they are the file's own. */
static const char *value_of(const struct row *row, const char *name, size_t length, struct buf *scratch)
{
    char text[ROWS_NAME_BYTES];
    for (int i = 0; i < row->words; i++)
        if (strlen(row->word[i].name) == length && memcmp(row->word[i].name, name, length) == 0)
            return row->word[i].value;
    if (length >= sizeof text)
        return NULL;
    snprintf(text, sizeof text, "%.*s", (int)length, name);
    int field = field_of(text);
    scratch->length = 0;
    if (field < 0 || request_print(&row->request, (enum request_field)field, scratch, NULL))
        return NULL;
    return scratch->length ? scratch->data : "";
}

static enum spr_code fail_name(const struct row *row, const char *name, size_t length, struct spr_error *err)
{
    const char *known[ROWS_WORDS_MAX + REQUEST_FIELD_COUNT];
    char text[ROWS_NAME_BYTES];
    size_t count = 0;
    for (; count < (size_t)row->words; count++)
        known[count] = row->word[count].name;
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++)
        known[count++] = request_row((enum request_field)f)->name;
    snprintf(text, sizeof text, "%.*s", length < 40 ? (int)length : 40, name);
    const char *near = str_nearest(text, known, count);
    return SPR_FAIL(err, SPR_BADARG, "nothing is called {%s}%s%s%s", text, near ? "; did you mean {" : "",
                    near ? near : "", near ? "}?" : "");
}

/* index: text for {index}, or NULL where there is none. */
static enum spr_code expand(const struct row *row, const char *pattern, const char *index, struct buf *into,
                            struct spr_error *err)
{
    struct buf scratch;
    enum spr_code rc = SPR_OK;
    buf_init(&scratch, (size_t)REQUEST_PROMPT_MAX * 4 + 1);
    for (const char *at = pattern; !rc && *at;) {
        size_t plain = strcspn(at, "{");
        const char *open = at + plain, *close = *open ? strchr(open, '}') : NULL;
        rc = buf_add(into, at, plain, err);
        if (rc || !*open)
            break;
        if (open[1] == '{') {
            rc = buf_add(into, "{", 1, err);
            at = open + 2;
            continue;
        }
        if (!close) {
            rc = SPR_FAIL(err, SPR_BADARG, "a brace is not closed: %.40s", open);
            break;
        }
        size_t length = (size_t)(close - open - 1);
        const char *value = index && length == 5 && memcmp(open + 1, "index", 5) == 0
                                ? index
                                : value_of(row, open + 1, length, &scratch);
        rc = value ? buf_add(into, value, strlen(value), err) : fail_name(row, open + 1, length, err);
        at = close + 1;
    }
    buf_fini(&scratch);
    return rc;
}

enum spr_code rows_expand(const struct rows *rows, size_t index, const char *pattern, struct buf *into,
                          struct spr_error *err)
{
    char number[24];
    int digits = snprintf(number, sizeof number, "%zu", rows->count);
    snprintf(number, sizeof number, "%0*zu", digits, index + 1);
    return expand(&rows->row[index], pattern, number, into, err);
}

/* A word that is nearly a field's name, and that no prompt asks for, is a field misspelt. */
static enum spr_code check_words(const struct row *row, struct spr_error *err)
{
    const char *fields[REQUEST_FIELD_COUNT];
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++)
        fields[f] = request_row((enum request_field)f)->name;
    for (int i = 0; i < row->words; i++) {
        char braced[ROWS_NAME_BYTES + 2];
        const char *near = str_nearest(row->word[i].name, fields, REQUEST_FIELD_COUNT);
        snprintf(braced, sizeof braced, "{%s}", row->word[i].name);
        if (near && !strstr(request_text(&row->request, REQUEST_PROMPT), braced) &&
            !strstr(request_text(&row->request, REQUEST_NEGATIVE), braced) &&
            !strstr(request_text(&row->request, REQUEST_BLEND), braced))
            return SPR_FAIL(err, SPR_BADARG, "no field is called \"%s\"; did you mean \"%s\"?",
                            row->word[i].name, near);
    }
    return SPR_OK;
}

/* Words in braces, in those texts that are prompts; no brace, no work. */
static enum spr_code fill_prompts(struct row *row, struct spr_error *err)
{
    static const enum request_field fields[] = { REQUEST_PROMPT, REQUEST_NEGATIVE, REQUEST_BLEND };
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && i < SPR_COUNT(fields); i++) {
        struct buf text;
        const char *pattern = request_text(&row->request, fields[i]);
        if (!strchr(pattern, '{'))
            continue;
        buf_init(&text, (size_t)REQUEST_PROMPT_MAX * 8);
        rc = expand(row, pattern, NULL, &text, err);
        if (!rc)
            rc = request_set(&row->request, fields[i], request_row(fields[i])->name,
                             text.data ? text.data : "", err);
        buf_fini(&text);
    }
    return rc;
}

/* The row in hand again, one seed further (with vary: one vary seed). */
static enum spr_code repeat(struct table *t, const struct row *first, int i, struct spr_error *err)
{
    struct request again;
    enum spr_code rc = request_copy(&again, &first->request, err);
    if (rc)
        return rc;
    const struct row kept = *first; /* rows may move */
    const struct request *base = t->base;
    t->base = &again;
    rc = table_begin(t, err);
    t->base = base;
    request_fini(&again);
    struct row *row = rc ? NULL : in_hand(t);
    for (int w = 0; !rc && w < kept.words; w++)
        rc = add_word(row, kept.word[w].name, kept.word[w].value, err);
    if (row) {
        row->line = kept.line;
        if (row->request.vary > 0)
            row->request.vary_seed += (uint64_t)i;
        else
            row->request.seed += (uint64_t)i;
        t->rows.count++;
        t->open = false;
    }
    return rc;
}

enum spr_code table_end(struct table *t, struct spr_error *err)
{
    struct row *row = in_hand(t);
    size_t first = t->rows.count;
    enum spr_code rc = check_words(row, err);
    if (!rc)
        rc = fill_prompts(row, err);
    if (!rc)
        rc = request_check(&row->request, err);
    if (!rc && !t->seeded)
        row->request.seed = t->base->seed + first;
    int count = row->request.count;
    row->request.count = 1;
    if (rc)
        return rc;
    t->rows.count++;
    t->open = false;
    for (int i = 1; !rc && i < count; i++)
        rc = repeat(t, &t->rows.row[first], i, err);
    return rc;
}

bool rows_kind_of(const char *path, enum rows_kind *ret)
{
    static const struct {
        const char *ending;
        enum rows_kind kind;
    } rows[] = { { ".csv", ROWS_CSV },
                 { ".jsonl", ROWS_JSONL },
                 { ".ndjson", ROWS_JSONL },
                 { ".yaml", ROWS_YAML },
                 { ".yml", ROWS_YAML } };
    size_t length = strlen(path);
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        size_t ending = strlen(rows[i].ending);
        if (length > ending && strcmp(path + length - ending, rows[i].ending) == 0) {
            *ret = rows[i].kind;
            return true;
        }
    }
    return false;
}

enum spr_code rows_read(enum rows_kind kind, const char *text, size_t size, const struct request *base,
                        struct rows *ret, struct spr_error *err)
{
    struct table t = { .base = base, .line = 1 };
    enum spr_code rc = SPR_OK;
    if (size > ROWS_FILE_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "a file of %zu bytes; at most %zu", size, ROWS_FILE_MAX);
    if (!utf8_valid(text, size, NULL) || memchr(text, '\0', size))
        return SPR_FAIL(err, SPR_BADDATA, "the file is not UTF-8 text");
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        size -= 3;
    }
    rc = kind == ROWS_CSV     ? table_read_csv(&t, text, size, err)
         : kind == ROWS_JSONL ? table_read_jsonl(&t, text, size, err)
                              : table_read_yaml(&t, text, size, err);
    if (rc && t.line)
        spr_prefix(err, "line %zu", t.line);
    if (!rc && t.rows.count == 0)
        rc = SPR_FAIL(err, SPR_BADDATA, "there is no row in it");
    if (rc && t.open)
        row_fini(in_hand(&t));
    if (rc)
        rows_fini(&t.rows);
    else
        *ret = t.rows;
    return rc;
}
