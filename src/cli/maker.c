#include "cli/maker.h"

#include "daemon/remote.h"

#include <stdlib.h>

enum spr_code maker_init(const struct args *args, int threads, bool threads_given, struct maker *m,
                         struct spr_error *err)
{
    const char *set = getenv("SPRITERY_DAEMON");
    bool named = args_has(args, LINK_DAEMON) || (set && *set), embedded = args_has(args, MAKER_EMBEDDED);
    struct spr_error none;
    *m = (struct maker){ 0 };
    if (embedded && args_has(args, LINK_DAEMON))
        return SPR_FAIL(err, SPR_BADARG, "--embedded and --daemon exclude each other");
    if (embedded || (threads_given && !named))
        return engine_native(threads, &m->engine, err);
    enum spr_code rc = link_init(args, &m->link, named ? err : &none);
    if (rc && named)
        return rc;
    if (rc || !remote_is_up(m->link.address)) {
        if (named)
            return SPR_FAIL(err, SPR_NOTFOUND, "no daemon runs at %s; 'spritery serve' starts one",
                            m->link.address);
        link_fini(&m->link);
        return engine_native(threads, &m->engine, err);
    }
    return engine_remote(m->link.context, m->link.address, &m->link.options, 0, &m->engine, err);
}

void maker_fini(struct maker *m)
{
    engine_close(m->engine);
    link_fini(&m->link);
    *m = (struct maker){ 0 };
}
