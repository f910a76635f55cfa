#include "daemon/config.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "yaml/schema.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 64, TEXT_MAX = 4000, FILE_MAX = 1 << 20, DAY_S = 86400, WEEK_S = 7 * DAY_S };

static const char *const durable_words[] = { "kill", "power", NULL };
static const char *const level_words[] = { "error", "warn", "info", "debug", NULL };

#define AT(member) offsetof(struct config, member)

/* clang-format off */
static const struct config_row rows[] = {
    { "listen.requests", CONFIG_TEXT, false, "tcp://127.0.0.1:5555", 0, 0, NULL, "where clients ask; empty is off", AT(listen.requests) },
    { "listen.updates", CONFIG_TEXT, false, "tcp://127.0.0.1:5556", 0, 0, NULL, "where version 1.0's updates are published; empty is off", AT(listen.updates) },
    { "listen.events", CONFIG_TEXT, false, "tcp://127.0.0.1:5557", 0, 0, NULL, "where events are published; empty is off", AT(listen.events) },
    { "listen.ipc", CONFIG_SWITCH, false, "yes", 0, 0, NULL, "the same three as sockets in the runtime folder, for this user only", AT(listen.ipc) },
    { "listen.http", CONFIG_TEXT, false, "127.0.0.1:5558", 0, 0, NULL, "where /metrics, /healthz and /readyz are; empty is off", AT(listen.http) },
    { "keys.server", CONFIG_PATH, false, "", 0, 0, NULL, "this daemon's key file, for addresses that other machines reach", AT(keys.server) },
    { "keys.allowed", CONFIG_PATH, false, "", 0, 0, NULL, "the public keys that are let in, one a line; default: keys/allowed beside config.yaml", AT(keys.allowed) },
    { "data.folder", CONFIG_PATH, false, "", 0, 0, NULL, "where the queue is; default: ~/.local/share/spritery", AT(data.folder) },
    { "data.gallery", CONFIG_PATH, false, "", 0, 0, NULL, "where pictures go; default: gallery in data.folder", AT(data.gallery) },
    { "engine.workers", CONFIG_WHOLE, false, "0", 0, 64, NULL, "jobs at a time; 0: one for every two threads, at most 8", AT(engine.workers) },
    { "engine.threads", CONFIG_WHOLE, false, "0", 0, 256, NULL, "threads for all of them together; 0: the CPUs there are", AT(engine.threads) },
    { "engine.model", CONFIG_TEXT, true, "", 0, 0, NULL, "the model of requests that name none; empty: the bundled one", AT(engine.model) },
    { "engine.comfyui", CONFIG_TEXT, false, "", 0, 0, NULL, "ComfyUI servers for requests with engine comfyui: URLs with commas between; a job at a time for each", AT(engine.comfyui) },
    { "queue.most", CONFIG_WHOLE, true, "100000", 1, 100000000, NULL, "jobs that may wait; more are refused", AT(queue.most) },
    { "queue.tries", CONFIG_WHOLE, false, "3", 1, 100, NULL, "how often a job is begun before it has failed", AT(queue.tries) },
    { "queue.retry", CONFIG_SPAN, true, "5s", 1, DAY_S, NULL, "wait before the second try; each further one waits twice as long", AT(queue.retry_s) },
    { "queue.lease", CONFIG_SPAN, false, "60s", 5, DAY_S, NULL, "a running job is held for so long; the daemon, while it lives, holds it on", AT(queue.lease_s) },
    { "queue.keep", CONFIG_SPAN, true, "90d", 60, 36500LL * DAY_S, NULL, "finished jobs are remembered for so long; pictures stay for ever", AT(queue.keep_s) },
    { "queue.keep_jobs", CONFIG_WHOLE, true, "200000", 1, 1000000000, NULL, "and at most so many", AT(queue.keep_jobs) },
    { "queue.durable", CONFIG_WORD, false, "kill", 0, 0, durable_words, "what an accepted job survives: kill (-9), or power cuts too, which waits for the disk", AT(queue.durable) },
    { "log.level", CONFIG_WORD, true, "info", 0, 0, level_words, "error, warn, info or debug", AT(log.level) },
    { "log.json", CONFIG_SWITCH, true, "no", 0, 0, NULL, "a JSON object a line", AT(log.json) },
    { "stop_after", CONFIG_SPAN, true, "10s", 0, DAY_S, NULL, "a stop waits so long for running jobs; then they are queued again", AT(stop_s) },
};
/* clang-format on */

const struct config_row *config_row(size_t i)
{
    return i < SPR_COUNT(rows) ? &rows[i] : NULL;
}

const char *config_from_name(enum config_from from)
{
    static const char *const names[] = { "default", "file", "environment", "flag" };
    return names[from];
}

enum spr_code config_folder(const char *base, char *ret, struct spr_error *err)
{
    static const struct {
        const char *base, *variable, *below_home;
    } bases[] = {
        { "config", "XDG_CONFIG_HOME", ".config" },
        { "data", "XDG_DATA_HOME", ".local/share" },
        { "state", "XDG_STATE_HOME", ".local/state" },
    };
    for (size_t i = 0; i < SPR_COUNT(bases); i++) {
        if (strcmp(bases[i].base, base) != 0)
            continue;
        const char *set = getenv(bases[i].variable), *home = getenv("HOME");
        int n = set && *set == '/' ? snprintf(ret, PATH_MAX, "%s/spritery", set)
                : home && *home    ? snprintf(ret, PATH_MAX, "%s/%s/spritery", home, bases[i].below_home)
                                   : -1;
        if (n < 0 || n >= PATH_MAX)
            return SPR_FAIL(err, SPR_NOTFOUND, "there is no folder for %s: set HOME or %s", base,
                            bases[i].variable);
        return SPR_OK;
    }
    return SPR_FAIL(err, SPR_INTERNAL, "no folder is called %s", base);
}

static void *value_of(const struct config *c, const struct config_row *row)
{
    return (char *)c + row->offset;
}

static bool is_text(const struct config_row *row)
{
    return row->type == CONFIG_TEXT || row->type == CONFIG_PATH || row->type == CONFIG_WORD;
}

static enum spr_code no_memory(struct spr_error *err)
{
    return SPR_FAIL(err, SPR_NOMEM, "out of memory reading settings");
}

static enum spr_code set_text(char **value, const char *text, struct spr_error *err)
{
    char *copy = mem_text(text, strlen(text));
    if (!copy)
        return no_memory(err);
    mem_free(*value);
    *value = copy;
    return SPR_OK;
}

/* "~/x" is below HOME; other paths must be whole, for a daemon has no folder of its own. */
static enum spr_code set_path(char **value, const struct config_row *row, const char *text,
                              struct spr_error *err)
{
    char path[PATH_MAX];
    const char *home = getenv("HOME");
    bool below_home = text[0] == '~' && text[1] == '/' && home;
    if (*text && !below_home && *text != '/')
        return SPR_FAIL(err, SPR_BADARG, "%s is \"%.200s\"; it must begin with / or ~/", row->name, text);
    if (snprintf(path, sizeof path, "%s%s", below_home ? home : "", below_home ? text + 1 : text) >=
        (int)sizeof path)
        return SPR_FAIL(err, SPR_LIMIT, "%s is too long: %.80s...", row->name, text);
    return set_text(value, path, err);
}

static enum spr_code set_word(char **value, const struct config_row *row, const char *text,
                              struct spr_error *err)
{
    struct buf words;
    buf_init(&words, 400);
    enum spr_code rc = SPR_OK;
    for (int i = 0; !rc && row->words[i]; i++) {
        if (strcmp(row->words[i], text) == 0) {
            buf_fini(&words);
            return set_text(value, text, err);
        }
        rc = buf_addf(&words, err, "%s%s", i ? ", " : "", row->words[i]);
    }
    if (!rc)
        rc = SPR_FAIL(err, SPR_BADARG, "%s is \"%.40s\"; it must be one of %s", row->name, text, words.data);
    buf_fini(&words);
    return rc;
}

static enum spr_code set_switch(bool *value, const struct config_row *row, const char *text,
                                struct spr_error *err)
{
    bool yes = !strcmp(text, "yes") || !strcmp(text, "true") || !strcmp(text, "on") || !strcmp(text, "1");
    bool no = !strcmp(text, "no") || !strcmp(text, "false") || !strcmp(text, "off") || !strcmp(text, "0");
    if (!yes && !no)
        return SPR_FAIL(err, SPR_BADARG, "%s is \"%.40s\"; it must be yes or no", row->name, text);
    *value = yes;
    return SPR_OK;
}

static enum spr_code set(struct config *c, size_t i, const char *text, enum config_from from,
                         struct spr_error *err)
{
    const struct config_row *row = &rows[i];
    void *value = value_of(c, row);
    int64_t number = 0;
    enum spr_code rc = SPR_OK;
    if (strlen(text) > TEXT_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "%s is longer than %d bytes", row->name, TEXT_MAX);
    if (row->type == CONFIG_TEXT)
        rc = set_text(value, text, err);
    else if (row->type == CONFIG_PATH)
        rc = set_path(value, row, text, err);
    else if (row->type == CONFIG_WORD)
        rc = set_word(value, row, text, err);
    else if (row->type == CONFIG_SWITCH)
        rc = set_switch(value, row, text, err);
    else if (row->type == CONFIG_WHOLE &&
             (!str_to_i64(text, &number) || number < row->min || number > row->max))
        rc = SPR_FAIL(err, SPR_BADARG, "%s is \"%.40s\"; it must be a whole number from %lld to %lld",
                      row->name, text, (long long)row->min, (long long)row->max);
    else if (row->type == CONFIG_SPAN &&
             (!schema_parse_duration(text, strlen(text), DAY_S, WEEK_S, &number) || number < row->min ||
              number > row->max))
        rc = SPR_FAIL(err, SPR_BADARG,
                      "%s is \"%.40s\"; it must be a time such as 90s, 15m, 4h or 3d, from %llds to %llds",
                      row->name, text, (long long)row->min, (long long)row->max);
    else
        *(int64_t *)value = number;
    if (!rc)
        c->from[i] = (unsigned char)from;
    return rc;
}

static int row_named(const char *name)
{
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return (int)i;
    return -1;
}

static const char *nearest(const char *name)
{
    const char *names[NAMES_MAX];
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        names[i] = rows[i].name;
    return str_nearest(name, names, SPR_COUNT(rows));
}

/* One setting of the file, `name` with its section. */
static void read_setting(struct config *c, struct schema *s, const char *name, int32_t key, int32_t value)
{
    struct spr_error why;
    int i = row_named(name);
    const char *near = i < 0 ? nearest(name) : NULL;
    if (i < 0)
        schema_complain(s, key, "there is no setting %.80s%s%s%s", name, near ? "; did you mean " : "",
                        near ? near : "", near ? "?" : "");
    else if (s->doc->node[value].kind != DOC_SCALAR)
        schema_complain(s, value, "%s must be one value", name);
    else if (set(c, (size_t)i, doc_text(s->doc, value), CONFIG_FILE, &why))
        schema_complain(s, value, "%s", why.text);
}

static bool is_section(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        if (strncmp(rows[i].name, name, n) == 0 && rows[i].name[n] == '.')
            return true;
    return false;
}

static void read_tree(struct config *c, struct schema *s)
{
    const struct doc_node *node = s->doc->node;
    char name[160];
    if (node[0].kind != DOC_MAP) {
        schema_complain(s, 0, "settings are a map: listen, data, engine, queue, log ...");
        return;
    }
    for (int32_t k = node[0].first; k != DOC_NONE; k = node[node[k].next].next) {
        int32_t v = node[k].next;
        const char *section = doc_text(s->doc, k);
        if (!is_section(section)) {
            read_setting(c, s, section, k, v);
        } else if (node[v].kind != DOC_MAP) {
            schema_complain(s, v, "%s must be a map of settings", section);
        } else {
            for (int32_t p = node[v].first; p != DOC_NONE; p = node[node[p].next].next) {
                snprintf(name, sizeof name, "%.60s.%.90s", section, doc_text(s->doc, p));
                read_setting(c, s, name, p, node[p].next);
            }
        }
    }
}

static enum spr_code read_file(struct config *c, bool named, struct doc_report *report, struct spr_error *err)
{
    static const struct doc_about about = { "configuration", "\"listen:\"" };
    struct buf text;
    struct doc doc = { 0 };
    if (!named && !file_exists(c->file))
        return SPR_OK;
    buf_init(&text, FILE_MAX);
    enum spr_code rc = file_read(c->file, &text, err);
    bool empty = !rc && text.length == 0;
    if (!rc && !empty)
        rc = schema_load(text.data, text.length, &about, &doc, report, err);
    if (!rc && !empty) {
        struct schema s = { &doc, report, SPR_OK, DAY_S, WEEK_S };
        read_tree(c, &s);
        rc = s.rc ? s.rc : schema_verdict(report, about.what, err);
    }
    if (rc == SPR_BADDATA && report->count > 0)
        rc = SPR_FAIL(err, rc, "%.200s:%d:%d: %s%s", c->file, report->complaint[0].line,
                      report->complaint[0].column, report->complaint[0].text,
                      report->count > 1 ? " (and more: 'spritery config check' lists them)" : "");
    doc_free(&doc);
    buf_fini(&text);
    return rc;
}

static enum spr_code read_environment(struct config *c, struct spr_error *err)
{
    char name[96];
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && i < SPR_COUNT(rows); i++) {
        int n = snprintf(name, sizeof name, "SPRITERY_%s", rows[i].name);
        for (int k = 0; k < n; k++)
            name[k] = name[k] == '.' ? '_' : (char)toupper((unsigned char)name[k]);
        const char *text = getenv(name);
        if (text && (rc = set(c, i, text, CONFIG_ENVIRONMENT, err)))
            spr_prefix(err, "%s", name);
    }
    return rc;
}

static enum spr_code read_flag(struct config *c, const char *text, struct spr_error *err)
{
    char name[96];
    const char *equals = strchr(text, '=');
    if (!equals || (size_t)(equals - text) >= sizeof name)
        return SPR_FAIL(err, SPR_BADARG, "\"%.80s\" is no setting: write NAME=VALUE, as queue.keep=30d",
                        text);
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    int i = row_named(name);
    const char *near = i < 0 ? nearest(name) : NULL;
    if (i < 0)
        return SPR_FAIL(err, SPR_BADARG, "there is no setting %s%s%s%s", name, near ? "; did you mean " : "",
                        near ? near : "", near ? "?" : "; 'spritery config show' lists them");
    return set(c, (size_t)i, equals + 1, CONFIG_FLAG, err);
}

/* The paths that are worked out from others. */
static enum spr_code fill(struct config *c, struct spr_error *err)
{
    char folder[PATH_MAX], path[PATH_MAX + 32];
    enum spr_code rc = SPR_OK;
    if (!*c->data.folder && !(rc = config_folder("data", folder, err)))
        rc = set_text(&c->data.folder, folder, err);
    if (!rc && !*c->data.gallery) {
        snprintf(path, sizeof path, "%s/gallery", c->data.folder);
        rc = set_text(&c->data.gallery, path, err);
    }
    if (!rc && !*c->keys.allowed && !(rc = config_folder("config", folder, err))) {
        snprintf(path, sizeof path, "%s/keys/allowed", folder);
        rc = set_text(&c->keys.allowed, path, err);
    }
    return rc;
}

static enum spr_code find_file(struct config *c, const char *file, struct spr_error *err)
{
    char folder[PATH_MAX], path[PATH_MAX + 32];
    if (file)
        return set_text(&c->file, file, err);
    enum spr_code rc = config_folder("config", folder, err);
    if (rc)
        return rc;
    snprintf(path, sizeof path, "%s/config.yaml", folder);
    return set_text(&c->file, path, err);
}

enum spr_code config_load(const char *file, const char *const *sets, size_t count, struct config *ret,
                          struct doc_report *ret_report, struct spr_error *err)
{
    struct config c = { 0 };
    struct doc_report *report = ret_report ? ret_report : mem_zalloc(1, sizeof *report);
    const char *named = file ? file : getenv("SPRITERY_CONFIG");
    c.from = mem_zalloc(SPR_COUNT(rows), 1);
    enum spr_code rc = report && c.from ? SPR_OK : no_memory(err);
    if (!rc)
        *report = (struct doc_report){ 0 };
    for (size_t i = 0; !rc && i < SPR_COUNT(rows); i++)
        rc = set(&c, i, rows[i].standard, CONFIG_DEFAULT, err);
    if (!rc)
        rc = find_file(&c, named, err);
    if (!rc)
        rc = read_file(&c, named != NULL, report, err);
    if (!rc)
        rc = read_environment(&c, err);
    for (size_t i = 0; !rc && i < count; i++)
        rc = read_flag(&c, sets[i], err);
    if (!rc)
        rc = fill(&c, err);
    if (report != ret_report)
        mem_free(report);
    if (rc)
        config_fini(&c);
    else
        *ret = c;
    return rc;
}

void config_fini(struct config *c)
{
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        if (is_text(&rows[i]))
            mem_free(*(char **)value_of(c, &rows[i]));
    mem_free(c->file);
    mem_free(c->from);
    *c = (struct config){ 0 };
}

static bool same(const struct config_row *row, const void *a, const void *b)
{
    if (is_text(row))
        return strcmp(*(char *const *)a, *(char *const *)b) == 0;
    return row->type == CONFIG_SWITCH ? *(const bool *)a == *(const bool *)b
                                      : *(const int64_t *)a == *(const int64_t *)b;
}

static void swap(void *a, void *b, size_t size)
{
    char t[16];
    memcpy(t, a, size);
    memcpy(a, b, size);
    memcpy(b, t, size);
}

void config_reload(struct config *c, struct config *from, int *ret_later)
{
    *ret_later = 0;
    for (size_t i = 0; i < SPR_COUNT(rows); i++) {
        void *mine = value_of(c, &rows[i]), *other = value_of(from, &rows[i]);
        if (same(&rows[i], mine, other))
            continue;
        if (rows[i].live)
            swap(mine, other,
                 is_text(&rows[i])               ? sizeof(char *)
                 : rows[i].type == CONFIG_SWITCH ? sizeof(bool)
                                                 : sizeof(int64_t));
        else
            ++*ret_later;
    }
    config_fini(from);
}

enum spr_code config_print(const struct config *c, size_t i, struct buf *out, struct spr_error *err)
{
    const void *value = value_of(c, &rows[i]);
    if (is_text(&rows[i]))
        return buf_addf(out, err, "%s", *(char *const *)value);
    if (rows[i].type == CONFIG_SWITCH)
        return buf_addf(out, err, "%s", *(const bool *)value ? "yes" : "no");
    int64_t n = *(const int64_t *)value;
    if (rows[i].type != CONFIG_SPAN)
        return buf_addf(out, err, "%lld", (long long)n);
    return n && n % DAY_S == 0  ? buf_addf(out, err, "%lldd", (long long)n / DAY_S)
           : n && n % 3600 == 0 ? buf_addf(out, err, "%lldh", (long long)n / 3600)
           : n && n % 60 == 0   ? buf_addf(out, err, "%lldm", (long long)n / 60)
                                : buf_addf(out, err, "%llds", (long long)n);
}
