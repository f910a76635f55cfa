#include "cli/option.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

static const struct option common[] = {
    { OPTION_JSON, 0, "json", NULL, "results as JSON on standard output, one object per line",
      COMPLETE_NOTHING, NULL },
    { OPTION_QUIET, 'q', "quiet", NULL, "say nothing but failures", COMPLETE_NOTHING, NULL },
    { OPTION_VERBOSE, 'v', "verbose", NULL, "say more", COMPLETE_NOTHING, NULL },
    { OPTION_HELP, 'h', "help", NULL, "this help", COMPLETE_NOTHING, NULL },
    { OPTION_VERSION, 0, "version", NULL, "the program's version", COMPLETE_NOTHING, NULL },
};

/* The prompt is an operand, so the fields that are options begin after it. */
enum { FIELDS = REQUEST_FIELD_COUNT - 1 };
_Static_assert(REQUEST_PROMPT == 0, "options of a request begin after the prompt");

static struct option option_of_field(enum request_field field)
{
    const struct request_row *row = request_row(field);
    bool file =
        field == REQUEST_INIT || field == REQUEST_MASK || field == REQUEST_MODEL || field == REQUEST_PALETTE;
    enum complete complete = row->words ? COMPLETE_WORDS : file ? COMPLETE_FILE : COMPLETE_NOTHING;
    struct option o = { (int)field, row->letter, row->name, row->argument, row->help, complete, row->words };
    return o;
}

bool option_at(const struct command *command, size_t i, struct option *ret)
{
    static const struct command none;
    const struct command *c = command ? command : &none;
    size_t fields = c->takes_request ? FIELDS : 0, more = 0;
    if (i < fields) {
        *ret = option_of_field((enum request_field)(i + 1));
        return true;
    }
    i -= fields;
    if (i < c->option_count) {
        *ret = c->options[i];
        return true;
    }
    i -= c->option_count;
    if (c->more_options) {
        if (c->more_options(i, ret))
            return true;
        while (c->more_options(more, ret))
            more++;
    }
    i -= more;
    if (i < SPR_COUNT(common))
        *ret = common[i];
    return i < SPR_COUNT(common);
}

enum spr_code option_bounds(const struct option *o, struct buf *out, struct spr_error *err)
{
    if (o->id >= REQUEST_FIELD_COUNT)
        return SPR_OK;
    const struct request_row *row = request_row((enum request_field)o->id);
    char low[32], high[32];
    enum spr_code rc = SPR_OK;
    str_from_double(row->min, low, sizeof low);
    str_from_double(row->max, high, sizeof high);
    if (row->type == REQUEST_WHOLE || row->type == REQUEST_REAL)
        return buf_addf(out, err, "; %s to %s, default %s", low, high, row->standard);
    if (row->type == REQUEST_SEED64)
        return buf_addf(out, err, "; default %s", *row->standard ? row->standard : "by chance");
    for (size_t i = 0; !rc && row->words && row->words[i]; i++)
        rc = buf_addf(out, err, "%s%s", i ? ", " : "; ", row->words[i]);
    if (!rc && row->words)
        rc = buf_addf(out, err, "; default %s", row->standard);
    return rc;
}

static bool find_name(const struct command *c, const char *name, size_t length, struct option *ret)
{
    for (size_t i = 0; option_at(c, i, ret); i++)
        if (strlen(ret->name) == length && memcmp(ret->name, name, length) == 0)
            return true;
    return false;
}

static bool find_letter(const struct command *c, char letter, struct option *ret)
{
    for (size_t i = 0; option_at(c, i, ret); i++)
        if (ret->letter == letter && letter)
            return true;
    return false;
}

static enum spr_code unknown(const struct command *c, const char *name, size_t length, struct spr_error *err)
{
    enum { NAMES_MAX = 128 };
    const char *names[NAMES_MAX];
    char word[48], shown[REQUEST_SHOWN_BYTES];
    struct option o;
    size_t count = 0;
    while (count < NAMES_MAX && option_at(c, count, &o)) {
        names[count] = o.name;
        count++;
    }
    snprintf(word, sizeof word, "%.*s", (int)(length < 40 ? length : 40), name);
    request_shown(word, shown);
    const char *near = str_nearest(word, names, count);
    return SPR_FAIL(err, SPR_BADARG, "%s has no option --%s%s%s%s", c ? c->name : "spritery", shown,
                    near ? "; did you mean --" : "", near ? near : "", near ? "?" : "");
}

/* A switch of a request may be given a value: --tile=no. */
static bool is_field_switch(const struct option *o)
{
    return o->id < REQUEST_FIELD_COUNT && !o->argument;
}

static void add(struct args *a, const struct option *o, const char *value)
{
    a->given[a->count++] = (struct arg){ o->id, value };
}

struct reader {
    const struct command *command;
    int argc, next;
    const char *const *argv;
    struct args *into;
};

static enum spr_code value_missing(const struct option *o, struct spr_error *err)
{
    return SPR_FAIL(err, SPR_BADARG, "--%s needs a value: --%s %s", o->name, o->name, o->argument);
}

static enum spr_code read_long(struct reader *r, const char *text, struct spr_error *err)
{
    struct option o;
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : strlen(text);
    if (!find_name(r->command, text, length, &o))
        return unknown(r->command, text, length, err);
    if (!o.argument && equals && !is_field_switch(&o))
        return SPR_FAIL(err, SPR_BADARG, "--%s takes no value", o.name);
    if (o.argument && !equals && r->next == r->argc)
        return value_missing(&o, err);
    add(r->into, &o, equals ? equals + 1 : o.argument ? r->argv[r->next++] : NULL);
    return SPR_OK;
}

static enum spr_code read_letters(struct reader *r, const char *text, struct spr_error *err)
{
    for (; *text; text++) {
        struct option o;
        char word[2] = { *text, 0 }, shown[REQUEST_SHOWN_BYTES];
        request_shown(word, shown);
        if (!find_letter(r->command, *text, &o))
            return SPR_FAIL(err, SPR_BADARG, "%s has no option -%s",
                            r->command ? r->command->name : "spritery", shown);
        if (!o.argument) {
            add(r->into, &o, NULL);
            continue;
        }
        if (!text[1] && r->next == r->argc)
            return value_missing(&o, err);
        add(r->into, &o, text[1] ? text + 1 : r->argv[r->next++]);
        break;
    }
    return SPR_OK;
}

static enum spr_code check_operands(const struct command *c, const struct args *a, struct spr_error *err)
{
    if (!c || args_has(a, OPTION_HELP) || args_has(a, OPTION_VERSION))
        return SPR_OK;
    if (a->operands < (size_t)c->min_operands)
        return SPR_FAIL(err, SPR_BADARG, "%s needs %s; see 'spritery help %s'", c->name, c->operands,
                        c->name);
    if (c->max_operands < 0 || a->operands <= (size_t)c->max_operands)
        return SPR_OK;
    char shown[REQUEST_SHOWN_BYTES];
    request_shown(a->operand[c->max_operands], shown);
    return SPR_FAIL(err, SPR_BADARG, "%s does not know what to do with \"%s\"; see 'spritery help %s'",
                    c->name, shown, c->name);
}

enum spr_code args_read(const struct command *command, int argc, const char *const *argv, struct args *ret,
                        struct spr_error *err)
{
    size_t letters = 0; /* every letter of a cluster may be an option */
    for (int i = 0; i < argc; i++)
        letters += argv[i][0] == '-' ? strlen(argv[i]) : 1;
    struct args a = { 0 };
    struct reader r = { command, argc, 0, argv, &a };
    a.given = mem_zalloc(letters + 1, sizeof *a.given);
    a.operand = mem_zalloc((size_t)argc + 1, sizeof *a.operand);
    if (!a.given || !a.operand) {
        args_fini(&a);
        return SPR_FAIL(err, SPR_NOMEM, "out of memory reading %d arguments", argc);
    }
    enum spr_code rc = SPR_OK;
    bool options = true;
    while (!rc && r.next < argc) {
        const char *text = argv[r.next++];
        if (options && strcmp(text, "--") == 0)
            options = false;
        else if (options && text[0] == '-' && text[1] == '-')
            rc = read_long(&r, text + 2, err);
        else if (options && text[0] == '-' && text[1])
            rc = read_letters(&r, text + 1, err);
        else
            a.operand[a.operands++] = text;
    }
    if (!rc)
        rc = check_operands(command, &a, err);
    if (rc)
        args_fini(&a);
    else
        *ret = a;
    return rc;
}

void args_fini(struct args *a)
{
    mem_free(a->given);
    mem_free(a->operand);
    *a = (struct args){ 0 };
}

bool args_has(const struct args *a, int id)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->given[i].id == id)
            return true;
    return false;
}

const char *args_value(const struct args *a, int id)
{
    const char *value = NULL;
    for (size_t i = 0; i < a->count; i++)
        if (a->given[i].id == id)
            value = a->given[i].value;
    return value;
}

enum spr_code args_wrong(const char *name, const char *value, const char *right, struct spr_error *err)
{
    char shown[REQUEST_SHOWN_BYTES];
    request_shown(value, shown);
    return SPR_FAIL(err, SPR_BADARG, "--%s is \"%s\"; it must be %s", name, shown, right);
}

enum spr_code args_word(const struct args *a, int id, const char *name, const char *const *words, int *ret,
                        struct spr_error *err)
{
    const char *value = args_value(a, id);
    char list[256] = "";
    if (!value)
        return SPR_OK;
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], value) == 0) {
            *ret = i;
            return SPR_OK;
        }
        size_t n = strlen(list);
        snprintf(list + n, sizeof list - n, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
    }
    return args_wrong(name, value, list, err);
}

enum spr_code args_number(const struct args *a, int id, const char *name, double min, double max, double *ret,
                          struct spr_error *err)
{
    const char *text = args_value(a, id);
    char right[96], low[32], high[32];
    double value;
    if (!text)
        return SPR_OK;
    if (!str_to_double(text, &value) || value < min || value > max) {
        str_from_double(min, low, sizeof low);
        str_from_double(max, high, sizeof high);
        snprintf(right, sizeof right, "a number from %s to %s", low, high);
        return args_wrong(name, text, right, err);
    }
    *ret = value;
    return SPR_OK;
}

enum spr_code args_whole(const struct args *a, int id, const char *name, int64_t min, int64_t max,
                         int64_t *ret, struct spr_error *err)
{
    const char *text = args_value(a, id);
    int64_t value;
    if (!text)
        return SPR_OK;
    if (!str_to_i64(text, &value) || value < min || value > max) {
        char right[80];
        snprintf(right, sizeof right, "a whole number from %lld to %lld", (long long)min, (long long)max);
        return args_wrong(name, text, right, err);
    }
    *ret = value;
    return SPR_OK;
}

enum spr_code args_request(const struct args *a, struct request *r, struct spr_error *err)
{
    for (size_t i = 0; i < a->count; i++) {
        if (a->given[i].id >= REQUEST_FIELD_COUNT)
            continue;
        enum request_field field = (enum request_field)a->given[i].id;
        char label[32];
        snprintf(label, sizeof label, "--%s", request_row(field)->name);
        enum spr_code rc = request_set(r, field, label, a->given[i].value ? a->given[i].value : "yes", err);
        if (rc)
            return rc;
    }
    return SPR_OK;
}
