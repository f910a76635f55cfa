#include "cli/link.h"

#include "cli/interrupt.h"
#include "daemon/remote.h"
#include "wire/messages.h"

#include <stdio.h>
#include <string.h>

static enum spr_code read_keys(const struct args *args, struct link *l, struct spr_error *err)
{
    const char *key = args_value(args, LINK_KEY), *server = args_value(args, LINK_SERVER_KEY);
    if (!key && !server)
        return SPR_OK;
    if (!key || !server)
        return SPR_FAIL(err, SPR_BADARG, "--key and --server-key belong together; see 'spritery help keys'");
    enum spr_code rc = wire_keys_read(key, &l->keys, err);
    if (!rc)
        rc = wire_public_read(server, l->server, err);
    l->options.keys = &l->keys;
    l->options.server = l->server;
    return rc;
}

enum spr_code link_init(const struct args *args, struct link *l, struct spr_error *err)
{
    const char *daemon = args_value(args, LINK_DAEMON);
    *l = (struct link){ 0 };
    enum spr_code rc = SPR_OK;
    if (daemon && strlen(daemon) >= sizeof l->address)
        rc = SPR_FAIL(err, SPR_BADARG, "--daemon is too long: %.80s...", daemon);
    else if (daemon)
        snprintf(l->address, sizeof l->address, "%s", daemon);
    else
        rc = remote_address(l->address, err);
    if (!rc)
        rc = read_keys(args, l, err);
    return rc ? rc : wire_context_new(&l->context, err);
}

enum spr_code link_open(const struct args *args, struct link *l, struct spr_error *err)
{
    enum spr_code rc = link_init(args, l, err);
    if (!rc && !remote_is_up(l->address))
        rc = SPR_FAIL(err, SPR_NOTFOUND, "no daemon runs at %s; 'spritery serve' starts one", l->address);
    struct client_options o = { .wire = l->options, .cancel = interrupt_watch() };
    return rc ? rc : client_open(l->context, l->address, &o, &l->client, err);
}

void link_fini(struct link *l)
{
    client_close(l->client);
    wire_context_free(l->context);
    wire_pool_reset(&l->pool);
    explicit_bzero(&l->keys, sizeof l->keys);
    *l = (struct link){ 0 };
}

enum spr_code link_ask(struct link *l, const struct wire_schema *schema, const void *object,
                       const struct wire_schema *want, void *ret_answer, struct spr_error *err)
{
    const struct wire_schema *got = NULL;
    void *answer = NULL;
    wire_pool_reset(&l->pool);
    enum spr_code rc = client_ask(l->client, schema, object, message_answers, &l->pool, &got, &answer, err);
    if (rc)
        return rc;
    if (got == &message_job_error && want != got)
        return SPR_FAIL(err, SPR_BADDATA, "%s", ((struct message_job_error *)answer)->error);
    if (got == &message_error)
        return SPR_FAIL(err, SPR_BADDATA, "%s", ((struct message_error *)answer)->message);
    if (got != want)
        return SPR_FAIL(err, SPR_BADDATA, "the daemon answered %s with %s", schema->type, got->type);
    *(void **)ret_answer = answer;
    return SPR_OK;
}
