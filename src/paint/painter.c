#include "paint/painter.h"

#include "base/mem.h"
#include "paint/guide.h"

enum spr_code painter_new(struct nets *nets, int base_size, struct pool *pool, struct painter **ret,
                          struct spr_error *err)
{
    struct painter *p = mem_zalloc(1, sizeof *p);
    if (!p)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a painter");
    *p = (struct painter){ .nets = nets,
                           .layout = nets_layout(nets),
                           .params = nets_params(nets),
                           .base = base_size,
                           .pool = pool };
    enum spr_code rc = SPR_OK;
    for (int i = 0; i < PAINTER_SEATS && !rc; i++) {
        p->seat[i].session = mem_zalloc((size_t)pool_threads(pool), sizeof(struct unet_session *));
        if (!p->seat[i].session)
            rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a painter");
    }
    if (rc)
        painter_free(p);
    else
        *ret = p;
    return rc;
}

static void stand_up(struct painter *p, struct painter_seat *seat)
{
    for (int i = 0; seat->session && i < pool_threads(p->pool); i++) {
        unet_session_close(seat->session[i]);
        seat->session[i] = NULL;
    }
    seat->side = 0;
}

void painter_free(struct painter *p)
{
    if (!p)
        return;
    for (int i = 0; i < PAINTER_SEATS; i++) {
        stand_up(p, &p->seat[i]);
        mem_free(p->seat[i].session);
    }
    mem_free(p);
}

enum spr_code painter_sit(struct painter *p, int side, bool wrap, enum conv_precision precision,
                          struct painter_seat **ret, struct spr_error *err)
{
    struct painter_seat *seat = &p->seat[side != p->base];
    struct unet_session_options o = { .batch = GUIDE_BATCH, .width = side, .height = side, .wrap = wrap };
    const struct unet *net = NULL;
    enum spr_code rc = nets_get(p->nets, precision, &net, err);
    if (rc)
        return rc;
    if (seat->side != side || seat->wrap != wrap || seat->precision != precision) {
        stand_up(p, seat);
        for (int i = 0; i < pool_threads(p->pool); i++) {
            rc = unet_session_open(net, &o, &seat->session[i], err);
            if (rc) {
                stand_up(p, seat);
                return rc;
            }
        }
        seat->side = side;
        seat->wrap = wrap;
        seat->precision = precision;
    }
    *ret = seat;
    return SPR_OK;
}
