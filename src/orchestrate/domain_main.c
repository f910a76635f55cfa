/* spritery-domain - the process of a domain's orchestrator (domain.h). It is started by `spritery plan run`, with the
 * plan's bytes on descriptor 3 and its lock on 4, and ends when it is told to or when nobody is left to work for.
 * Why a program of its own: it needs a third of the libraries of spritery, and starts in a sixth of the time (docs/adr/0017). */
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "orchestrate/domain.h"
#include "orchestrate/talk.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DOMAIN_ID = 1, PLAN_PATH, ADDRESS, PROGRAM, GRACE_MS, ARGUMENTS };

static enum spr_code read_plan(struct plan *ret, char stamp[33], struct spr_error *err)
{
    struct stat st;
    struct buf bytes;
    struct doc_report *report = mem_zalloc(1, sizeof *report);
    if (!report || fstat(DOMAIN_PLAN_FD, &st)) {
        mem_free(report);
        return SPR_FAIL(err, SPR_IO, "cannot read the plan");
    }
    buf_init(&bytes, (size_t)st.st_size + 1);
    enum spr_code rc = buf_reserve(&bytes, (size_t)st.st_size, err);
    while (!rc && bytes.length < (size_t)st.st_size) {
        ssize_t n = pread(DOMAIN_PLAN_FD, bytes.data + bytes.length, (size_t)st.st_size - bytes.length,
                          (off_t)bytes.length);
        if (n <= 0)
            rc = SPR_FAIL(err, SPR_IO, "cannot read the plan");
        else
            bytes.length += (size_t)n;
    }
    if (!rc)
        rc = plan_load(bytes.data, bytes.length, ret, report, err);
    if (!rc)
        talk_stamp(bytes.data, bytes.length, environ, stamp);
    buf_fini(&bytes);
    mem_free(report);
    return rc;
}

static enum spr_code work(char **argv, struct spr_error *err)
{
    struct plan plan;
    struct place at;
    char stamp[33];
    int64_t grace_ms = 0;
    enum spr_code rc = read_plan(&plan, stamp, err);
    if (rc)
        return rc;
    rc = place_init(&at, argv[PLAN_PATH], &plan, err);
    snprintf(at.self, sizeof at.self, "%s", argv[PROGRAM]);
    if (!rc && !str_to_i64(argv[GRACE_MS], &grace_ms))
        rc = SPR_FAIL(err, SPR_BADARG, "a grace time of \"%s\"", argv[GRACE_MS]);
    const struct domain_start start = { .plan = &plan,
                                        .at = &at,
                                        .id = argv[DOMAIN_ID],
                                        .address = argv[ADDRESS],
                                        .stamp = stamp,
                                        .grace_ms = grace_ms };
    if (!rc)
        rc = domain_run(&start, err);
    plan_free(&plan);
    return rc;
}

int main(int argc, char **argv)
{
    struct spr_error err;
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if (argc != ARGUMENTS || fcntl(DOMAIN_PLAN_FD, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(DOMAIN_LOCK_FD, F_SETFD, FD_CLOEXEC) < 0) {
        fprintf(stderr, "spritery-domain is started by spritery plan, with a plan and a lock\n");
        return 2;
    }
    if (work(argv, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    return 0;
}
