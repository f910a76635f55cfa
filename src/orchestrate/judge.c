#include "orchestrate/judge.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "orchestrate/action.h"
#include "orchestrate/metric.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OUTPUT_BYTES = 400,
    METRIC_BYTES_MAX = 16 << 20,
    GRACE_MS = 5000,
    TIMEOUT_MS = 600000,
    FETCH_MS = 30000
};

struct judge {
    struct judge_case c;
    char owner[160], folder[TASK_PATH_BYTES];
    judge_fn *done;
    void *context;
    json_t *evidence;
    bool dropped, holds, waiting;
    int32_t at; /* which criterion */
    int64_t began_ms;
    char why[400];
};

void judge_tail(const char *path, char *text, size_t size)
{
    struct stat st;
    *text = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = -1;
    if (fstat(fd, &st) == 0)
        n = pread(fd, text, size - 1, st.st_size > (off_t)size - 1 ? st.st_size - (off_t)size + 1 : 0);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    size_t first = 0;
    while (first < 4 && ((unsigned char)text[first] & 0xc0) == 0x80)
        first++; /* the file was cut inside a character */
    memmove(text, text + first, strlen(text + first) + 1);
    for (char *c = text; *c; c++) {
        uint32_t point;
        size_t length = utf8_decode(c, strlen(c), &point);
        if (length > 1)
            c += length - 1;
        else if (length == 0 || ((unsigned char)*c < 32 && *c != '\n' && *c != '\t') || *c == 127)
            *c = '?';
    }
    for (size_t k = strlen(text); k > 0 && text[k - 1] == '\n';)
        text[--k] = '\0';
}

static const struct plan_criterion *current(const struct judge *j)
{
    return &j->c.plan->criterion[j->c.criteria.first + j->at];
}

static void log_path(const struct judge *j, const char *end, char *path, size_t size)
{
    snprintf(path, size, "%s/log/%s-%d.%s", j->c.at->folder, j->owner, j->at + 1, end);
}

/* Puts down what was seen of the current criterion. seen and output may be NULL. */
static void note(struct judge *j, bool holds, json_t *seen, const char *output, const char *why)
{
    static const char *const kinds[] = { "command", "file", "metric", "approval" };
    const struct plan_criterion *c = current(j);
    char time[CLOCK_ISO_BYTES];
    int64_t now = clock_wall_ms();
    clock_iso(now, time);
    json_t *o = json_pack("{s:s, s:s, s:s, s:b, s:o*, s:s*, s:s*, s:s, s:I}", "name", c->name, "kind",
                          kinds[c->kind], "subject", c->subject, "holds", holds, "seen", seen, "output",
                          output && *output ? output : NULL, "why", why, "time", time, "ms",
                          (json_int_t)(now - j->began_ms));
    if (o)
        json_array_append_new(j->evidence, o);
    if (!holds && j->holds)
        snprintf(j->why, sizeof j->why, "%.100s: %.280s", c->name, why ? why : "does not hold");
    j->holds = j->holds && holds;
}

static void full_path(const struct judge *j, const char *path, char *ret, size_t size)
{
    if (*path == '/')
        snprintf(ret, size, "%s", path);
    else
        snprintf(ret, size, "%s/%s", j->folder, path);
}

static void look_at_file(struct judge *j)
{
    const struct plan_criterion *c = current(j);
    char path[TASK_PATH_BYTES + 256], why[200];
    struct stat st;
    full_path(j, c->subject, path, sizeof path);
    if (stat(path, &st)) {
        snprintf(why, sizeof why, "%.100s: %s", c->subject, strerror(errno));
        note(j, false, NULL, NULL, why);
    } else if (st.st_size < c->min_bytes) {
        snprintf(why, sizeof why, "%.100s has %lld bytes, fewer than %lld", c->subject, (long long)st.st_size,
                 (long long)c->min_bytes);
        note(j, false, json_integer(st.st_size), NULL, why);
    } else {
        note(j, true, json_integer(st.st_size), NULL, NULL);
    }
}

static void weigh(struct judge *j, struct metric m, int64_t file_ms)
{
    const struct plan_criterion *c = current(j);
    char why[320], number[40] = "not a number", above[40], below[40];
    int64_t since = m.time_ms ? m.time_ms : file_ms, age_s = (clock_wall_ms() - since) / 1000;
    if (m.found && isfinite(m.value))
        str_from_double(m.value, number, sizeof number);
    if (isfinite(c->above))
        str_from_double(c->above, above, sizeof above);
    if (isfinite(c->below))
        str_from_double(c->below, below, sizeof below);
    json_t *seen = m.found && isfinite(m.value) ? json_real(m.value) : m.found ? json_string("NaN") : NULL;
    bool holds = m.found && m.value > c->above && m.value < c->below; /* false for NaN */
    bool stale = m.found && c->max_age_s > 0 && since > 0 && age_s > c->max_age_s;
    if (!m.found)
        snprintf(why, sizeof why, "metric %.100s is not in %.100s", c->subject,
                 c->from ? c->from : j->c.plan->metrics);
    else if (stale)
        snprintf(why, sizeof why, "metric %.100s is %lld s old, older than %lld", c->subject,
                 (long long)age_s, (long long)c->max_age_s);
    else if (!holds)
        snprintf(why, sizeof why, "metric %.100s is %s; it must be%s%s%s%s%s", c->subject, number,
                 isfinite(c->above) ? " above " : "", isfinite(c->above) ? above : "",
                 isfinite(c->above) && isfinite(c->below) ? " and" : "", isfinite(c->below) ? " below " : "",
                 isfinite(c->below) ? below : "");
    note(j, holds && !stale, seen, NULL, holds && !stale ? NULL : why);
}

static void read_metric(struct judge *j, const char *path)
{
    struct buf bytes;
    struct spr_error err;
    struct stat st = { 0 };
    buf_init(&bytes, METRIC_BYTES_MAX);
    if (stat(path, &st) || file_read(path, &bytes, &err))
        note(j, false, NULL, NULL,
             st.st_ino ? err.text : "there is no such file, or no answer, to read the metric from");
    else
        weigh(j, metric_find(bytes.data ? bytes.data : "", bytes.length, current(j)->subject),
              (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000);
    buf_fini(&bytes);
}

static const char *source(const struct judge *j)
{
    const struct plan_criterion *c = current(j);
    return c->from ? c->from : j->c.plan->metrics;
}

static bool is_page(const char *from)
{
    return strncmp(from, "http://", 7) == 0;
}

/* Runs the criterion's command, or fetches its page. */
static enum spr_code launch(struct judge *j, struct spr_error *err)
{
    const struct plan_criterion *c = current(j);
    char out[TASK_PATH_BYTES + 256], errors[TASK_PATH_BYTES + 256], owner[200];
    struct words argv = { 0 }, env = { 0 };
    bool page = c->kind == PLAN_METRIC;
    enum spr_code rc = SPR_OK;
    log_path(j, "out", out, sizeof out);
    log_path(j, "err", errors, sizeof errors);
    unlink(out); /* what an earlier look saw is in the journal */
    unlink(errors);
    snprintf(owner, sizeof owner, "%.150s-%d", j->owner, j->at + 1);
    if (page) {
        rc = words_add(&argv, err, "%s", j->c.at->self);
        rc = rc ? rc : words_add(&argv, err, "plan-fetch");
        rc = rc ? rc : words_add(&argv, err, "%s", source(j));
    } else {
        rc = action_command(j->c.plan, c->subject, &argv, err);
    }
    if (!rc)
        rc = action_env(j->c.plan, j->c.workstream, 0, j->c.at, &env, err);
    const struct executor_job job = { .slot = j->c.slot + (uint32_t)j->at,
                                      .owner = owner,
                                      .workdir = j->folder,
                                      .out = out,
                                      .err = errors,
                                      .argv = (const char *const *)argv.word,
                                      .env = (const char *const *)env.word,
                                      .timeout_ms = page ? FETCH_MS : TIMEOUT_MS,
                                      .grace_ms = GRACE_MS };
    if (!rc)
        rc = j->c.executor->launch(j->c.executor->self, &job, err);
    j->waiting = !rc;
    words_fini(&env);
    words_fini(&argv);
    return rc;
}

static void free_judge(struct judge *j)
{
    json_decref(j->evidence);
    mem_free(j);
}

/* Goes on until a command has to be waited for or the end is reached. */
static void go_on(struct judge *j)
{
    struct spr_error err;
    while (j->at < j->c.criteria.count) {
        const struct plan_criterion *c = current(j);
        j->began_ms = clock_wall_ms();
        if (c->kind == PLAN_COMMAND || (c->kind == PLAN_METRIC && source(j) && is_page(source(j)))) {
            if (launch(j, &err) == SPR_OK)
                return;
            note(j, false, NULL, NULL, err.text);
        } else if (c->kind == PLAN_FILE) {
            look_at_file(j);
        } else if (c->kind == PLAN_METRIC && source(j)) {
            char path[TASK_PATH_BYTES + 256];
            full_path(j, source(j), path, sizeof path);
            read_metric(j, path);
        } else if (c->kind == PLAN_METRIC) {
            note(j, false, NULL, NULL,
                 "the plan does not say where metrics are: give \"from\", or \"metrics\" at the top");
        } else {
            note(j, true, NULL, NULL, "a person's matter");
        }
        j->at++;
    }
    if (!j->dropped)
        j->done(j->context, j->holds, j->holds ? NULL : j->why, j->evidence);
    free_judge(j);
}

enum spr_code judge_start(const struct judge_case *c, judge_fn *done, void *context, struct judge **ret,
                          struct spr_error *err)
{
    struct judge *j = mem_zalloc(1, sizeof *j);
    if (!j)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to look at criteria");
    *j = (struct judge){ .c = *c, .done = done, .context = context, .holds = true, .evidence = json_array() };
    snprintf(j->owner, sizeof j->owner, "%s", c->owner);
    snprintf(j->folder, sizeof j->folder, "%s", c->folder);
    *ret = j;
    bool waits = false;
    for (int32_t i = 0; i < c->criteria.count; i++) {
        const struct plan_criterion *x = &c->plan->criterion[c->criteria.first + i];
        const char *from = x->from ? x->from : c->plan->metrics;
        waits = waits || x->kind == PLAN_COMMAND || (x->kind == PLAN_METRIC && from && is_page(from));
    }
    if (!waits)
        *ret = NULL; /* before `done` is called */
    go_on(j);
    return SPR_OK;
}

bool judge_has(const struct judge *j, uint32_t slot)
{
    return j->waiting && slot == j->c.slot + (uint32_t)j->at;
}

void judge_ended(struct judge *j, enum executor_fate fate, const struct task_end *end, const char *text)
{
    char out[TASK_PATH_BYTES + 256], output[OUTPUT_BYTES], why[OUTPUT_BYTES + 100];
    j->waiting = false;
    if (j->dropped) {
        free_judge(j);
        return;
    }
    log_path(j, "out", out, sizeof out);
    judge_tail(out, output, sizeof output);
    if (current(j)->kind == PLAN_METRIC && fate == FATE_ENDED && end->why == TASK_EXITED &&
        end->status == 0) {
        read_metric(j, out);
    } else {
        bool good = fate == FATE_ENDED && end->why == TASK_EXITED && end->status == 0 && end->signal == 0;
        if (!*output) {
            log_path(j, "err", out, sizeof out);
            judge_tail(out, output, sizeof output);
        }
        if (fate != FATE_ENDED)
            snprintf(why, sizeof why, "%s", text ? text : "it was lost");
        else if (end->why == TASK_UNBORN)
            snprintf(why, sizeof why, "could not be started: %s", strerror(end->error));
        else if (end->why == TASK_TIMEOUT)
            snprintf(why, sizeof why, "took longer than %d s", TIMEOUT_MS / 1000);
        else if (end->signal)
            snprintf(why, sizeof why, "ended by signal %d", end->signal);
        else
            snprintf(why, sizeof why, "exit status %d%s%.200s", end->status, *output ? ": " : "", output);
        note(j, good, fate == FATE_ENDED ? json_integer(end->signal ? 128 + end->signal : end->status) : NULL,
             output, good ? NULL : why);
    }
    j->at++;
    go_on(j);
}

void judge_drop(struct judge *j)
{
    j->dropped = true;
    if (j->waiting)
        j->c.executor->stop(j->c.executor->self, j->c.slot + (uint32_t)j->at);
    else
        free_judge(j);
}
