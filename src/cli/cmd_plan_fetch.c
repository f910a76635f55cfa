/* `spritery plan-fetch URL`: what a gate's look runs to get a page of metrics (orchestrate/judge.c), under the same
 * supervision as any other criterion. */
#include "cli/command.h"
#include "fetch/fetch.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_MS = 20000, PAGE_BYTES_MAX = 16 << 20 };

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    const char *url = args->operand[0], *host = strstr(url, "://"),
               *path = host ? strchr(host + 3, '/') : NULL;
    char server[FETCH_URL_BYTES];
    struct fetch *http = NULL;
    struct buf page;
    int length = path ? (int)(path - url) : (int)strlen(url);
    if (length >= (int)sizeof server)
        return SPR_FAIL(err, SPR_LIMIT, "an address of %zu characters", strlen(url));
    snprintf(server, sizeof server, "%.*s", length, url);
    buf_init(&page, PAGE_BYTES_MAX);
    enum spr_code rc = fetch_open(server, &http, err);
    if (!rc)
        rc = fetch_get(http, path ? path : "/", PAGE_MS, &page, err);
    if (!rc)
        fwrite(page.data ? page.data : "", 1, page.length, cli->out.file);
    fetch_close(http);
    buf_fini(&page);
    return rc ? rc : terminal_flush(&cli->out, err);
}

const struct command cmd_plan_fetch = {
    .name = "plan-fetch",
    .operands = "URL",
    .summary = "print a page of metrics",
    .about = "What a gate's criterion runs when its metric comes from an address.",
    .hidden = true,
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
