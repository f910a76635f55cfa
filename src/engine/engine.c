#include "engine/engine.h"

#include "base/mem.h"

#include <string.h>

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

enum spr_code engine_cell(const struct engine_picture *p, int i, struct image *ret, struct spr_error *err)
{
    struct request_sheet s;
    const struct image *from = &p->pixels;
    request_sheet(&p->made_by, &s);
    int width = from->width / s.columns, height = from->height / s.rows;
    if (i < 0 || i >= s.cells || width * s.columns != from->width || height * s.rows != from->height)
        return SPR_FAIL(err, SPR_BADARG, "a picture of %dx%d has no cell %d of %dx%d", from->width,
                        from->height, i, s.columns, s.rows);
    struct image cell;
    enum spr_code rc = image_init(&cell, width, height, err);
    if (rc)
        return rc;
    const struct rgba *at = from->pixel + (size_t)(i / s.columns * height) * (size_t)from->width +
                            (size_t)(i % s.columns * width);
    for (int y = 0; y < height; y++)
        memcpy(cell.pixel + (size_t)y * (size_t)width, at + (size_t)y * (size_t)from->width,
               (size_t)width * sizeof *at);
    *ret = cell;
    return SPR_OK;
}
