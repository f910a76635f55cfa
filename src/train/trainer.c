#include "train/trainer.h"

#include "base/arena.h"
#include "base/mem.h"
#include "nn/act.h"
#include "paint/text.h"

#include <assert.h>
#include <string.h>

/* One of the fixed shares of a batch. */
struct lane {
    struct unet_session *session;
    float *grad;          /* (floats) */
    float *x, *noise, *v; /* (part, 32, 32, 4); x becomes the noisy picture, noise the target, v its error */
    float *t;             /* (part) */
    struct reading *reading;  /* (part) */
    struct unet_text *text;   /* (part) */
    float *token, *pooled;    /* (part, UNET_TOKENS_MAX, text), (part, text) */
    float **dtoken;           /* (part) into dtokens */
    float *dtokens, *dpooled; /* as token and pooled */
    double loss;              /* sum over the lane's samples */
};

struct trainer {
    struct train_options options;
    const struct unet_layout *layout;
    const struct dataset *data;
    struct pool *pool;
    struct optimizer optimizer;
    struct unet *net;
    struct arena arena; /* the lanes' buffers */
    struct lane *lane;  /* (lanes) */
    float **grad;       /* (lanes) */
};

static enum spr_code check(const struct train_options *o, struct spr_error *err)
{
    if (o->lanes < 1 || o->lanes > 256)
        return SPR_FAIL(err, SPR_BADARG, "%d lanes; 1 to 256 are possible", o->lanes);
    if (o->batch < 1 || o->batch > 65536 || o->batch % o->lanes)
        return SPR_FAIL(err, SPR_BADARG, "a batch of %d is not a multiple of %d lanes from 1 to 65536",
                        o->batch, o->lanes);
    if (o->part < 1 || o->part > 256)
        return SPR_FAIL(err, SPR_BADARG, "parts of %d samples; 1 to 256 are possible", o->part);
    return schedule_check(&o->schedule, err);
}

/* The measuring and the placing pass. */
static void place(struct arena *a, struct trainer *t)
{
    const size_t part = (size_t)t->options.part, text = (size_t)t->layout->config.text;
    const size_t lanes = (size_t)t->options.lanes;
    struct lane *lane = arena_take(a, lanes, sizeof *lane);
    float **grad = arena_take(a, lanes, sizeof *grad);
    for (size_t i = 0; i < lanes; i++) {
        struct lane l = { 0 };
        l.grad = arena_floats(a, t->layout->floats);
        l.x = arena_floats(a, part * SAMPLE_FLOATS);
        l.noise = arena_floats(a, part * SAMPLE_FLOATS);
        l.v = arena_floats(a, part * SAMPLE_FLOATS);
        l.t = arena_floats(a, part);
        l.reading = arena_take(a, part, sizeof *l.reading);
        l.text = arena_take(a, part, sizeof *l.text);
        l.token = arena_floats(a, part * UNET_TOKENS_MAX * text);
        l.pooled = arena_floats(a, part * text);
        l.dtoken = arena_take(a, part, sizeof *l.dtoken);
        l.dtokens = arena_floats(a, part * UNET_TOKENS_MAX * text);
        l.dpooled = arena_floats(a, part * text);
        if (!lane)
            continue;
        for (size_t p = 0; p < part; p++)
            l.dtoken[p] = l.dtokens + p * UNET_TOKENS_MAX * text;
        lane[i] = l;
        grad[i] = l.grad;
    }
    t->lane = lane;
    t->grad = grad;
}

static enum spr_code open_lanes(struct trainer *t, struct spr_error *err)
{
    place(&t->arena, t);
    enum spr_code rc = arena_open(&t->arena, err);
    if (rc)
        return rc;
    place(&t->arena, t);
    const struct unet_session_options o = {
        .batch = t->options.part, .width = TILE_SIDE, .height = TILE_SIDE, .training = true
    };
    for (int i = 0; i < t->options.lanes && rc == SPR_OK; i++)
        rc = unet_session_open(t->net, &o, &t->lane[i].session, err);
    return rc;
}

enum spr_code trainer_new(const struct train_options *options, const struct unet_layout *layout,
                          const struct dataset *data, struct pool *pool, struct trainer **ret,
                          struct spr_error *err)
{
    enum spr_code rc = check(options, err);
    if (rc)
        return rc;
    struct trainer *t = mem_zalloc(1, sizeof *t);
    if (!t)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a trainer");
    t->options = *options;
    t->layout = layout;
    t->data = data;
    t->pool = pool;
    if ((rc = optimizer_init(&t->optimizer, &options->optimizer, layout, err)) == SPR_OK &&
        (rc = unet_new(layout, t->optimizer.param, true, options->precision, &t->net, err)) == SPR_OK)
        rc = open_lanes(t, err);
    if (rc == SPR_OK)
        *ret = t;
    else
        trainer_free(t);
    return rc;
}

void trainer_free(struct trainer *t)
{
    if (!t)
        return;
    for (int i = 0; t->lane && i < t->options.lanes; i++)
        unet_session_close(t->lane[i].session);
    arena_close(&t->arena);
    unet_free(t->net);
    optimizer_fini(&t->optimizer);
    mem_free(t);
}

struct optimizer *trainer_optimizer(struct trainer *t)
{
    return &t->optimizer;
}

static void repack(void *context, int index, int worker)
{
    (void)worker;
    struct trainer *t = context;
    unet_repack_piece(t->net, index);
}

void trainer_refresh(struct trainer *t)
{
    pool_run(t->pool, unet_pieces(t->net), repack, t);
}

uint64_t trainer_samples(const struct trainer *t)
{
    return t->optimizer.steps * (uint64_t)t->options.batch;
}

/* Sample `number` into place p of the lane: the noisy picture in x, the velocity that is wanted in noise. */
static void draw(const struct trainer *t, struct lane *l, int p, uint64_t number)
{
    const struct unet_config *c = &t->layout->config;
    float *x = l->x + (size_t)p * SAMPLE_FLOATS, *noise = l->noise + (size_t)p * SAMPLE_FLOATS;
    struct sample s;
    augment_draw(t->data, &t->options.augment, t->options.seed, number, c->words_max, &s, x, noise);
    for (size_t i = 0; i < SAMPLE_FLOATS; i++) {
        float clean = x[i];
        x[i] = (1 - s.t) * clean + s.t * noise[i];
        noise[i] -= clean;
    }
    l->t[p] = s.t;
    sample_reading(&s, &l->reading[p]);
    text_encode(t->layout, t->optimizer.param, &l->reading[p],
                l->token + (size_t)p * UNET_TOKENS_MAX * (size_t)c->text,
                l->pooled + (size_t)p * (size_t)c->text, &l->text[p]);
}

/* Squared error of n velocities, and in v its gradient for a mean over the whole batch. */
static double error_of(const struct trainer *t, struct lane *l, int n)
{
    double sum = 0;
    for (size_t at = 0; at < (size_t)n * SAMPLE_FLOATS; at += SAMPLE_FLOATS)
        sum += act_mse(l->v + at, l->noise + at, SAMPLE_FLOATS, 1.0f / (float)t->options.batch, l->v + at);
    return sum;
}

static void run_lane(void *context, int index, int worker)
{
    (void)worker;
    struct trainer *t = context;
    struct lane *l = &t->lane[index];
    const int share = t->options.batch / t->options.lanes;
    const uint64_t first = trainer_samples(t) + (uint64_t)index * (uint64_t)share;
    const size_t text = (size_t)t->layout->config.text;
    l->loss = 0;
    for (int done = 0, n; done < share; done += n) {
        n = share - done < t->options.part ? share - done : t->options.part;
        for (int p = 0; p < n; p++)
            draw(t, l, p, first + (uint64_t)done + (uint64_t)p);
        unet_forward(l->session, n, l->x, l->t, l->text, l->v);
        l->loss += error_of(t, l, n);
        unet_backward(l->session, l->v, l->grad, l->dtoken, l->dpooled);
        for (int p = 0; p < n; p++)
            text_encode_backward(t->layout, &l->reading[p], l->dtoken[p], l->dpooled + (size_t)p * text,
                                 l->grad);
    }
}

enum spr_code trainer_step(struct trainer *t, struct trainer_report *ret, struct spr_error *err)
{
    struct trainer_report report = { 0 };
    const uint64_t calls = mem_calls();
    pool_run(t->pool, t->options.lanes, run_lane, t);
    for (int i = 0; i < t->options.lanes; i++)
        report.loss += t->lane[i].loss;
    report.loss /= t->options.batch;
    report.rate = schedule_rate(&t->options.schedule, trainer_samples(t), (uint64_t)t->options.batch);
    enum spr_code rc =
        optimizer_step(&t->optimizer, t->grad, t->options.lanes, report.rate, t->pool, &report.norm, err);
    if (rc)
        return rc;
    trainer_refresh(t);
    assert(mem_calls() == calls);
    (void)calls;
    *ret = report;
    return SPR_OK;
}
