#include "engine/engine.h"

#include "base/mem.h"

struct engine {
    const struct engine_ops *ops;
    void *self;
};

enum spr_code engine_new(const struct engine_ops *ops, void *self, struct engine **ret, struct spr_error *err)
{
    struct engine *e = mem_zalloc(1, sizeof *e);
    if (!e) {
        ops->close(self);
        return SPR_FAIL(err, SPR_NOMEM, "out of memory opening the %s engine", ops->name);
    }
    *e = (struct engine){ ops, self };
    *ret = e;
    return SPR_OK;
}

void engine_close(struct engine *e)
{
    if (!e)
        return;
    e->ops->close(e->self);
    mem_free(e);
}

const char *engine_name(const struct engine *e)
{
    return e->ops->name;
}

enum spr_code engine_generate(struct engine *e, const struct request *request,
                              const struct engine_watch *watch, struct spr_error *err)
{
    enum spr_code rc = request_check(request, err);
    if (!rc && watch->cancel && atomic_load(watch->cancel))
        rc = SPR_FAIL(err, SPR_CANCELLED, "stopped before the first step");
    return rc ? rc : e->ops->generate(e->self, request, watch, err);
}

void engine_seeds_of(const struct request *request, int i, uint64_t *ret_seed, uint64_t *ret_vary_seed)
{
    bool vary = request->vary > 0;
    *ret_seed = request->seed + (vary ? 0 : (uint64_t)i); /* wraps: any 64 bits are a seed */
    *ret_vary_seed = request->vary_seed + (vary ? (uint64_t)i : 0);
}

enum spr_code engine_request_of(const struct request *request, int i, struct request *ret,
                                struct spr_error *err)
{
    enum spr_code rc = request_copy(ret, request, err);
    if (rc)
        return rc;
    ret->count = 1;
    engine_seeds_of(request, i, &ret->seed, &ret->vary_seed);
    return SPR_OK;
}
