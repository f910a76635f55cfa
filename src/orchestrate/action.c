#include "orchestrate/action.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORD_BYTES_MAX = 1 << 20 };

enum spr_code words_add(struct words *w, struct spr_error *err, const char *format, ...)
{
    va_list ap;
    if (w->count + 1 >= w->room) {
        size_t room = w->room ? 2 * w->room : 16;
        char **grown = mem_resize(w->word, room, sizeof *grown);
        if (!grown)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for a command");
        w->word = grown;
        w->room = room;
    }
    va_start(ap, format);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    char *word = n >= 0 && n < WORD_BYTES_MAX ? mem_zalloc((size_t)n + 1, 1) : NULL;
    if (!word)
        return SPR_FAIL(err, n < 0 || n >= WORD_BYTES_MAX ? SPR_LIMIT : SPR_NOMEM,
                        "a word of a command is too long");
    va_start(ap, format);
    vsnprintf(word, (size_t)n + 1, format, ap);
    va_end(ap);
    w->word[w->count++] = word;
    w->word[w->count] = NULL;
    return SPR_OK;
}

void words_fini(struct words *w)
{
    for (size_t i = 0; i < w->count; i++)
        mem_free(w->word[i]);
    mem_free(w->word);
    *w = (struct words){ 0 };
}

enum spr_code action_shell(const struct plan *p, const char *command, struct words *ret,
                           struct spr_error *err)
{
    enum spr_code rc = words_add(ret, err, "%s", p->shell ? p->shell : "/bin/sh");
    if (!rc)
        rc = words_add(ret, err, "-c");
    return rc ? rc : words_add(ret, err, "%s", command);
}

/* What a shell does itself, or reads as grammar. Not here: true and false, which are programs too and the same. */
static bool is_shells_own(const char *word, size_t length)
{
    static const char *const names[] = {
        ".",       ":",       "alias",  "bg",       "bind",    "break",    "builtin",   "caller",
        "case",    "cd",      "chdir",  "command",  "compgen", "complete", "compopt",   "continue",
        "coproc",  "declare", "dirs",   "disown",   "do",      "done",     "echo",      "elif",
        "else",    "enable",  "esac",   "eval",     "exec",    "exit",     "export",    "fc",
        "fg",      "fi",      "for",    "function", "getopts", "hash",     "help",      "history",
        "if",      "in",      "jobs",   "kill",     "let",     "local",    "logout",    "mapfile",
        "newgrp",  "popd",    "printf", "pushd",    "pwd",     "read",     "readarray", "readonly",
        "return",  "select",  "set",    "shift",    "shopt",   "source",   "suspend",   "test",
        "then",    "time",    "times",  "trap",     "type",    "typeset",  "ulimit",    "umask",
        "unalias", "unset",   "until",  "wait",     "while",
    };
    for (size_t i = 0; i < SPR_COUNT(names); i++)
        if (strlen(names[i]) == length && memcmp(names[i], word, length) == 0)
            return true;
    return false;
}

/* A program and plain words, which need no shell: starting one costs as much as a small program does. */
static bool is_simple(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:@%+";
    size_t program = strspn(text, plain);
    const char *at = text + program;
    if (program == 0 || *at == '=' || is_shells_own(text, program))
        return false;
    while (*at && (*at == ' ' || *at == '=' || strchr(plain, *at)))
        at++;
    return *at == '\0';
}

enum spr_code action_command(const struct plan *p, const char *command, struct words *ret,
                             struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    if (p->shell || !is_simple(command))
        return action_shell(p, command, ret, err);
    for (const char *at = command; !rc && *at;) {
        int n = (int)strcspn(at, " ");
        if (n > 0)
            rc = words_add(ret, err, "%.*s", n, at);
        at += n + (at[n] == ' ');
    }
    return rc;
}

static enum spr_code run_words(const struct plan *p, const struct plan_workstream *w, struct words *ret,
                               struct spr_error *err)
{
    const struct doc *d = &p->doc;
    enum spr_code rc = SPR_OK;
    if (d->node[w->detail].kind == DOC_SCALAR)
        return action_command(p, doc_text(d, w->detail), ret, err);
    for (int32_t n = d->node[w->detail].first; !rc && n != DOC_NONE; n = d->node[n].next)
        rc = words_add(ret, err, "%s", doc_text(d, n));
    return rc;
}

/* The value as a shell word: in single quotes. */
static enum spr_code add_quoted(struct buf *b, const char *text, struct spr_error *err)
{
    enum spr_code rc = buf_add(b, "'", 1, err);
    for (const char *at = text; !rc && *at; at++)
        rc = *at == '\'' ? buf_add(b, "'\\''", 4, err) : buf_add(b, at, 1, err);
    return rc ? rc : buf_add(b, "'", 1, err);
}

/* An agent's command with what stands in braces filled in. */
static enum spr_code agent_words(const struct plan *p, int32_t index, int attempt, const struct place *at,
                                 struct words *ret, struct spr_error *err)
{
    const struct plan_workstream *w = &p->workstream[index];
    char number[16], folder[TASK_PATH_BYTES], spec[TASK_PATH_BYTES] = "";
    struct buf b;
    enum spr_code rc = SPR_OK;
    snprintf(number, sizeof number, "%d", attempt);
    action_folder(p, index, at, folder, sizeof folder);
    if (w->spec)
        place_path(at, w->spec, spec, sizeof spec);
    const struct {
        const char *name, *value;
    } slots[] = { { "{spec}", spec },
                  { "{workstream}", w->id },
                  { "{workdir}", folder },
                  { "{attempt}", number },
                  { "{task}", w->task } };
    buf_init(&b, WORD_BYTES_MAX);
    for (const char *c = p->agent[w->agent].command; !rc && *c;) {
        size_t i = 0;
        while (i < SPR_COUNT(slots) && strncmp(c, slots[i].name, strlen(slots[i].name)) != 0)
            i++;
        if (i < SPR_COUNT(slots)) {
            rc = add_quoted(&b, slots[i].value ? slots[i].value : "", err);
            c += strlen(slots[i].name);
        } else {
            rc = buf_add(&b, c++, 1, err);
        }
    }
    if (!rc)
        rc = action_shell(p, b.data ? b.data : "", ret, err);
    buf_fini(&b);
    return rc;
}

static bool is_plain(const struct doc *d, int32_t n, const char *word)
{
    return d->node[n].kind == DOC_SCALAR && d->node[n].plain && strcmp(doc_text(d, n), word) == 0;
}

/* --key=value, once for each value of a list; a switch for true. */
static enum spr_code add_option(const struct doc *d, const char *key, int32_t value, struct words *ret,
                                struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    if (d->node[value].kind == DOC_LIST) {
        for (int32_t n = d->node[value].first; !rc && n != DOC_NONE; n = d->node[n].next)
            rc = add_option(d, key, n, ret, err);
        return rc;
    }
    if (d->node[value].kind == DOC_MAP)
        return SPR_FAIL(err, SPR_BADARG, "%.60s must be a word or a list of words, not a map", key);
    if (is_plain(d, value, "true"))
        return words_add(ret, err, "--%s", key);
    if (is_plain(d, value, "false"))
        return SPR_OK;
    return words_add(ret, err, "--%s=%s", key, doc_text(d, value));
}

static enum spr_code add_operands(const struct doc *d, int32_t value, struct words *ret,
                                  struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    if (d->node[value].kind == DOC_SCALAR)
        return words_add(ret, err, "%s", doc_text(d, value));
    if (d->node[value].kind == DOC_MAP)
        return SPR_FAIL(err, SPR_BADARG, "what it works on must be a word or a list of words, not a map");
    for (int32_t n = d->node[value].first; !rc && n != DOC_NONE; n = d->node[n].next)
        rc = add_operands(d, n, ret, err);
    return rc;
}

/* The outputs of what it needs; by their whole path where that works in another folder. at may be NULL. */
static enum spr_code add_needed(const struct plan *p, int32_t index, const struct place *at,
                                struct words *ret, struct spr_error *err)
{
    const struct plan_workstream *w = &p->workstream[index];
    char here[TASK_PATH_BYTES + 128] = "", there[TASK_PATH_BYTES + 128] = "";
    enum spr_code rc = SPR_OK;
    if (at)
        action_folder(p, index, at, here, sizeof here);
    for (int32_t i = 0; i < w->needs.count; i++) {
        int32_t needed = p->ref[w->needs.first + i].index;
        const struct plan_workstream *n = &p->workstream[needed];
        if (at)
            action_folder(p, needed, at, there, sizeof there);
        for (int32_t k = 0; !rc && k < n->outputs.count; k++) {
            const char *path = p->path[n->outputs.first + k];
            bool same = *path == '/' || strcmp(here, there) == 0;
            rc = words_add(ret, err, "%s%s%s", same ? "" : there, same ? "" : "/", path);
        }
    }
    return rc;
}

static enum spr_code sprite_words(const struct plan *p, int32_t index, const char *program,
                                  const struct place *at, struct words *ret, struct spr_error *err)
{
    const struct plan_workstream *w = &p->workstream[index];
    const struct doc *d = &p->doc;
    const char *operands = w->action == PLAN_ACTION_GENERATE ? "prompt" : "from";
    int32_t on = DOC_NONE;
    enum spr_code rc = words_add(ret, err, "%s", program);
    if (!rc)
        rc = words_add(ret, err, "%s", plan_action_name(w->action));
    for (int32_t k = d->node[w->detail].first; !rc && k != DOC_NONE; k = d->node[d->node[k].next].next) {
        if (strcmp(doc_text(d, k), operands) == 0)
            on = d->node[k].next;
        else
            rc = add_option(d, doc_text(d, k), d->node[k].next, ret, err);
    }
    if (!rc)
        rc = words_add(ret, err, "--");
    if (!rc && on == DOC_NONE && w->action == PLAN_ACTION_DEPLOY)
        return add_needed(p, index, at, ret, err);
    return rc || on == DOC_NONE ? rc : add_operands(d, on, ret, err);
}

enum spr_code action_words(const struct plan *p, int32_t index, int attempt, const char *program,
                           const struct place *at, struct words *ret, struct spr_error *err)
{
    const struct plan_workstream *w = &p->workstream[index];
    switch (w->action) {
    case PLAN_ACTION_NONE:
    case PLAN_ACTION_MANUAL:
    case PLAN_ACTION_COUNT:
        return SPR_OK;
    case PLAN_ACTION_RUN:
        return run_words(p, w, ret, err);
    case PLAN_ACTION_AGENT:
        return agent_words(p, index, attempt, at, ret, err);
    default:
        return sprite_words(p, index, program, at, ret, err);
    }
}

static bool passes(const char *entry)
{
    static const char *const names[] = { "PATH=", "HOME=", "USER=", "LOGNAME=", "LANG=", "TMPDIR=", "TZ=" };
    static const char *const beginnings[] = { "LC_", "XDG_", "SPRITERY_" };
    for (size_t i = 0; i < SPR_COUNT(names); i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    for (size_t i = 0; i < SPR_COUNT(beginnings); i++)
        if (strncmp(entry, beginnings[i], strlen(beginnings[i])) == 0)
            return strncmp(entry, "SPRITERY_FAULT=", 15) != 0 && strncmp(entry, "SPRITERY_TASK=", 14) != 0;
    return false;
}

/* NAME=VALUE in place of an earlier one of that name. */
static enum spr_code put(struct words *w, const char *name, const char *value, struct spr_error *err)
{
    size_t n = strlen(name);
    enum spr_code rc = words_add(w, err, "%s=%s", name, value);
    if (rc)
        return rc;
    for (size_t i = 0; i + 1 < w->count; i++)
        if (strncmp(w->word[i], name, n) == 0 && w->word[i][n] == '=') {
            mem_free(w->word[i]);
            w->word[i] = w->word[--w->count];
            w->word[w->count] = NULL;
        }
    return SPR_OK;
}

static enum spr_code put_map(const struct plan *p, int32_t map, struct words *w, struct spr_error *err)
{
    const struct doc *d = &p->doc;
    enum spr_code rc = SPR_OK;
    for (int32_t k = map == DOC_NONE ? DOC_NONE : d->node[map].first; !rc && k != DOC_NONE;
         k = d->node[d->node[k].next].next) {
        int32_t v = d->node[k].next;
        const char *value = d->node[v].kind == DOC_SCALAR ? doc_text(d, v) : "";
        size_t n = strlen(value);
        char name[256];
        if (n > 3 && n < sizeof name && strncmp(value, "${", 2) == 0 && value[n - 1] == '}') {
            snprintf(name, sizeof name, "%.*s", (int)n - 3, value + 2);
            const char *ours = getenv(name);
            value = ours ? ours : "";
        }
        rc = put(w, doc_text(d, k), value, err);
    }
    return rc;
}

enum spr_code action_env(const struct plan *p, int32_t index, int attempt, const struct place *at,
                         struct words *ret, struct spr_error *err)
{
    char number[16], folder[TASK_PATH_BYTES + 128];
    enum spr_code rc = SPR_OK;
    snprintf(number, sizeof number, "%d", attempt);
    for (char **e = environ; !rc && *e; e++)
        if (passes(*e))
            rc = words_add(ret, err, "%s", *e);
    if (!rc && !getenv("PATH"))
        rc = put(ret, "PATH", "/usr/local/bin:/usr/bin:/bin", err);
    if (!rc)
        rc = put(ret, "SPRITERY_PLAN", at->plan, err);
    if (!rc)
        rc = put(ret, "SPRITERY_PROGRAM", at->self, err);
    if (!rc && index != PLAN_NONE)
        action_folder(p, index, at, folder, sizeof folder);
    if (!rc)
        rc = put(ret, "PWD", index == PLAN_NONE ? at->home : folder, err);
    if (rc || index == PLAN_NONE)
        return rc;
    const struct plan_workstream *w = &p->workstream[index];
    rc = put(ret, "SPRITERY_WORKSTREAM", w->id, err);
    if (!rc)
        rc = put(ret, "SPRITERY_ATTEMPT", number, err);
    if (!rc && w->agent != PLAN_NONE)
        rc = put_map(p, p->agent[w->agent].env, ret, err);
    return rc ? rc : put_map(p, w->env, ret, err);
}

void action_folder(const struct plan *p, int32_t w, const struct place *at, char *ret, size_t size)
{
    const struct plan_workstream *x = &p->workstream[w];
    if (x->branch)
        snprintf(ret, size, "%s/tree/%s", at->folder, x->id);
    else if (x->workdir)
        place_path(at, x->workdir, ret, size);
    else
        snprintf(ret, size, "%s", at->home);
}
