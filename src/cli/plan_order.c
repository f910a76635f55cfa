/* `spritery plan approve`, `gate`, `cancel`, `retry` and `decide`: what people want of a run. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/plan_command.h"
#include "orchestrate/inbox.h"
#include "orchestrate/past.h"

#include <glob.h>
#include <jansson.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_MS = 5000, LOOK_MS = 20 };

/* Who gives it: --by, or the name this account has. */
static const char *who(const struct args *args)
{
    const char *by = args_value(args, PLAN_BY);
    const struct passwd *me = by ? NULL : getpwuid(getuid());
    return by ? by : me ? me->pw_name : "somebody";
}

/* Waits until the orchestrator has taken the order: its file is gone, or it says why not. */
static enum spr_code await(struct cli *cli, const struct place *at, const char *name, struct spr_error *err)
{
    struct buf why;
    enum spr_code rc = SPR_OK;
    bool taken = false;
    buf_init(&why, 4096);
    for (int64_t end = clock_steady_ns() / 1000000 + ANSWER_MS;
         !taken && clock_steady_ns() / 1000000 < end;) {
        struct timespec pause = { 0, LOOK_MS * 1000000L };
        if (inbox_refused(at, name, &why)) {
            rc = SPR_FAIL(err, SPR_BADARG, "%.400s", why.data);
            break;
        }
        taken = !inbox_has(at, name);
        if (!taken)
            nanosleep(&pause, NULL);
    }
    if (!rc && !cli->quiet)
        fprintf(cli->err.file, taken ? "done\n" : "noted; the orchestrator has not taken it yet\n");
    buf_fini(&why);
    return rc;
}

/* TAKES order. */
static enum spr_code post(struct cli *cli, const struct args *args, json_t *order, struct spr_error *err)
{
    struct plan p;
    struct past x = { 0 };
    char name[80];
    const char *id = args->operands > 2 ? args->operand[2] : NULL;
    enum spr_code rc = order ? plan_open(cli, args->operand[1], &p, NULL, err)
                             : SPR_FAIL(err, SPR_BADARG, "a word of the order is not UTF-8");
    if (rc) {
        json_decref(order);
        return rc;
    }
    enum plan_thing thing;
    int32_t index;
    const char *on = json_string_value(json_object_get(order, "on"));
    if (on && !plan_find(&p, on, &thing, &index))
        rc = SPR_FAIL(err, SPR_NOTFOUND, "%.200s has nothing called \"%.64s\"", args->operand[1], id);
    if (!rc)
        rc = past_open(&x, args->operand[1], &p, NULL, NULL, err);
    if (!rc && x.events == 0)
        rc = SPR_FAIL(err, SPR_NOTFOUND, "this plan was never run; begin with 'spritery plan run'");
    if (!rc)
        rc = inbox_post(&x.at, order, name, err);
    if (!rc && x.runs)
        rc = await(cli, &x.at, name, err);
    else if (!rc && !cli->quiet)
        fprintf(cli->err.file, "noted: nobody runs the plan now; 'spritery plan resume' takes it up\n");
    past_close(&x);
    json_decref(order);
    plan_free(&p);
    return rc;
}

enum spr_code plan_approve(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return post(cli, args,
                json_pack("{s:s, s:s, s:s*, s:s}", "verb", "approve", "on", args->operand[2], "as",
                          args_value(args, PLAN_AS), "by", who(args)),
                err);
}

enum spr_code plan_gate(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return post(cli, args,
                json_pack("{s:s, s:s, s:s}", "verb", "gate", "on", args->operand[2], "by", who(args)), err);
}

enum spr_code plan_cancel(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return post(cli, args,
                json_pack("{s:s, s:s*, s:s}", "verb", "cancel", "on",
                          args->operands > 2 ? args->operand[2] : NULL, "by", who(args)),
                err);
}

enum spr_code plan_retry(struct cli *cli, const struct args *args, struct spr_error *err)
{
    return post(cli, args,
                json_pack("{s:s, s:s, s:s}", "verb", "retry", "on", args->operand[2], "by", who(args)), err);
}

/* "Use 16 colours" -> "use-16-colours". */
static void file_word(const char *title, char *word, size_t size)
{
    size_t n = 0;
    for (const char *c = title; *c && n + 2 < size && n < 60; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9');
        char low = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
        if (plain || low != *c)
            word[n++] = low;
        else if (n > 0 && word[n - 1] != '-')
            word[n++] = '-';
    }
    while (n > 0 && word[n - 1] == '-')
        n--;
    word[n] = '\0';
}

/* Writes decisions/NNNN-title.md beside the plan, with the next free number. */
static enum spr_code write_decision(const struct args *args, const struct place *at, int *ret_number,
                                    char *path, size_t size, struct spr_error *err)
{
    const char *title = args->operand[2], *text = args_value(args, PLAN_TEXT);
    char word[64], folder[TASK_PATH_BYTES + 16], day[CLOCK_ISO_BYTES];
    struct buf b;
    file_word(title, word, sizeof word);
    clock_iso(clock_wall_ms(), day);
    snprintf(folder, sizeof folder, "%s/decisions", at->home);
    enum spr_code rc = file_make_folder(folder, err);
    buf_init(&b, 1 << 20);
    for (int n = 1; !rc && n < 10000; n++) {
        char pattern[TASK_PATH_BYTES + 32];
        glob_t found;
        snprintf(pattern, sizeof pattern, "%s/%04d-*.md", folder, n);
        bool taken = glob(pattern, 0, NULL, &found) == 0;
        globfree(&found);
        if (taken)
            continue;
        b.length = 0;
        snprintf(path, size, "%s/%04d-%s.md", folder, n, *word ? word : "decision");
        rc = buf_addf(&b, err, "# %04d: %s\n\n%.10s, %s\n\n%s%s", n, title, day, who(args), text ? text : "",
                      text ? "\n" : "");
        if (!rc)
            rc = file_write(path, b.data, b.length, FILE_NEW, err);
        if (rc == SPR_EXISTS) { /* somebody was faster */
            rc = SPR_OK;
            continue;
        }
        *ret_number = n;
        break;
    }
    buf_fini(&b);
    return rc;
}

enum spr_code plan_decide(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct plan p;
    struct place at;
    char path[TASK_PATH_BYTES + 128] = "";
    int number = 0;
    enum spr_code rc = plan_open(cli, args->operand[1], &p, NULL, err);
    if (rc)
        return rc;
    rc = place_init(&at, args->operand[1], &p, err);
    plan_free(&p);
    if (!rc)
        rc = write_decision(args, &at, &number, path, sizeof path, err);
    if (rc)
        return rc;
    if (!cli->quiet) {
        terminal_safe(&cli->out, path);
        fputc('\n', cli->out.file);
    }
    struct args plan_only = *args;
    plan_only.operands = 2;
    return post(cli, &plan_only,
                json_pack("{s:s, s:i, s:s, s:s, s:s}", "verb", "decide", "number", number, "title",
                          args->operand[2], "file", path, "by", who(args)),
                err);
}
