#include "cli/maker.h"

#include "base/mem.h"
#include "daemon/remote.h"

#include <stdlib.h>
#include <string.h>

enum { SERVERS_MAX = 32 };

static const char *servers_named(const struct args *args)
{
    const char *said = args_value(args, MAKER_SERVER), *variable = getenv("SPRITERY_COMFYUI");
    return said ? said : variable && *variable ? variable : NULL;
}

static enum spr_code open_comfyui(const struct args *args, struct engine **ret, struct spr_error *err)
{
    const char *url[SERVERS_MAX], *said = servers_named(args);
    int urls = 0;
    if (!said)
        said = "http://127.0.0.1:8188";
    char *list = mem_text(said, strlen(said)), *rest = list;
    if (!list)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a list of servers");
    for (char *one; urls < SERVERS_MAX && (one = strsep(&rest, ","));)
        if (*one)
            url[urls++] = one;
    enum spr_code rc = engine_comfyui(url, urls, ret, err);
    mem_free(list);
    return rc;
}

static enum spr_code open_here(const struct args *args, bool comfyui, int threads, struct engine **ret,
                               struct spr_error *err)
{
    return comfyui ? open_comfyui(args, ret, err) : engine_native(threads, NULL, ret, err);
}

enum spr_code maker_init(const struct args *args, bool comfyui, int threads, bool threads_given,
                         struct maker *m, struct spr_error *err)
{
    const char *set = getenv("SPRITERY_DAEMON");
    bool named = args_has(args, LINK_DAEMON) || (set && *set), embedded = args_has(args, MAKER_EMBEDDED);
    struct spr_error none;
    *m = (struct maker){ 0 };
    if (embedded && args_has(args, LINK_DAEMON))
        return SPR_FAIL(err, SPR_BADARG, "--embedded and --daemon exclude each other");
    bool here = embedded || (!named && (threads_given || (comfyui && servers_named(args))));
    if (here)
        return open_here(args, comfyui, threads, &m->engine, err);
    enum spr_code rc = link_init(args, &m->link, named ? err : &none);
    if (rc && named)
        return rc;
    if (rc || !remote_is_up(m->link.address)) {
        if (named)
            return SPR_FAIL(err, SPR_NOTFOUND, "no daemon runs at %s; 'spritery serve' starts one",
                            m->link.address);
        link_fini(&m->link);
        return open_here(args, comfyui, threads, &m->engine, err);
    }
    return engine_remote(m->link.context, m->link.address, &m->link.options, 0, &m->engine, err);
}

void maker_fini(struct maker *m)
{
    engine_close(m->engine);
    link_fini(&m->link);
    *m = (struct maker){ 0 };
}
