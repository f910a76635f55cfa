/* A call is cut into waves of at most WAVE_MAX pictures, which bounds memory and keeps every thread busy; law 1 makes
 * the cut invisible. Each wave: words -> tokens, seeds -> noise (mixed into the init picture where there is one), the
 * sampler from there to t = 0, floats -> pixels, kept pixels copied over. */
#include "paint/paint.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/random.h"
#include "paint/canvas.h"
#include "paint/guide.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { WAVE_MAX = 16, STREAM_NOISE = 1 }; /* sampler.c draws from stream 2 */

struct painter {
    const struct unet_layout *layout;
    const float *params;
    struct pool *pool;
    struct unet *net;
    struct unet_session **session; /* [pool_threads]; NULLs until the first picture */
    int side;                      /* what the sessions are open for */
    bool wrap;
};

enum spr_code painter_new(const struct unet_layout *layout, const float *params, struct pool *pool,
                          struct painter **ret, struct spr_error *err)
{
    struct painter *p = mem_zalloc(1, sizeof *p);
    if (!p)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for a painter");
    *p = (struct painter){ .layout = layout, .params = params, .pool = pool };
    p->session = mem_zalloc((size_t)pool_threads(pool), sizeof(struct unet_session *));
    enum spr_code rc = p->session ? unet_new(layout, params, false, &p->net, err)
                                  : SPR_FAIL(err, SPR_NOMEM, "no memory for a painter");
    if (rc)
        painter_free(p);
    else
        *ret = p;
    return rc;
}

void painter_repack(struct painter *p)
{
    unet_repack(p->net);
}

static void close_sessions(struct painter *p)
{
    for (int i = 0; p->session && i < pool_threads(p->pool); i++) {
        unet_session_close(p->session[i]);
        p->session[i] = NULL;
    }
    p->side = 0;
}

void painter_free(struct painter *p)
{
    if (!p)
        return;
    close_sessions(p);
    unet_free(p->net);
    mem_free(p->session);
    mem_free(p);
}

/* Sessions stay open from call to call while the size is the same. */
static enum spr_code open_sessions(struct painter *p, int side, bool wrap, struct spr_error *err)
{
    if (p->side == side && p->wrap == wrap)
        return SPR_OK;
    close_sessions(p);
    struct unet_session_options o = { .batch = GUIDE_BATCH, .width = side, .height = side, .wrap = wrap };
    for (int i = 0; i < pool_threads(p->pool); i++) {
        enum spr_code rc = unet_session_open(p->net, &o, &p->session[i], err);
        if (rc) {
            close_sessions(p);
            return rc;
        }
    }
    p->side = side;
    p->wrap = wrap;
    return SPR_OK;
}

static enum spr_code check_range(const char *name, double value, double low, double high,
                                 struct spr_error *err)
{
    if (value >= low && value <= high)
        return SPR_OK;
    return SPR_FAIL(err, SPR_BADARG, "%s is %g; %g to %g is possible", name, value, low, high);
}

static enum spr_code check_picture(const char *name, const struct image *im, int size, struct spr_error *err)
{
    if (!im || (im->width == size && im->height == size))
        return SPR_OK;
    return SPR_FAIL(err, SPR_BADARG, "%s is %dx%d pixels; with size %d it must be %dx%d", name, im->width,
                    im->height, size, size, size);
}

static enum spr_code check_options(const struct paint_options *o, struct spr_error *err)
{
    if (o->size < 8 || o->size > 128 || o->size % 4)
        return SPR_FAIL(err, SPR_BADARG, "size is %d", o->size);
    enum spr_code rc = check_range("steps", o->steps, 1, PAINT_STEPS_MAX, err);
    if (!rc)
        rc = check_range("guidance", o->guidance, 0, PAINT_GUIDANCE_MAX, err);
    if (!rc && (int)o->sampler >= SAMPLER_COUNT)
        rc = SPR_FAIL(err, SPR_BADARG, "sampler is number %d; 0 to %d is possible", (int)o->sampler,
                      SAMPLER_COUNT - 1);
    if (!rc && o->init)
        rc = check_range("strength", o->strength, 0, 1, err);
    if (!rc && o->mask && !o->init)
        rc = SPR_FAIL(err, SPR_BADARG, "a mask needs an init picture whose parts it keeps");
    if (!rc)
        rc = check_picture("the init picture", o->init, o->size, err);
    if (!rc)
        rc = check_picture("the mask", o->mask, o->size, err);
    return rc;
}

static enum spr_code check_sprites(const struct paint_sprite *sprite, int count, struct spr_error *err)
{
    enum spr_code rc = check_range("the number of pictures", count, 1, PAINT_COUNT_MAX, err);
    for (int i = 0; i < count && !rc; i++) {
        rc = check_range("the blend's amount", sprite[i].blend_amount, 0, 1, err);
        if (!rc)
            rc = check_range("the variation", sprite[i].vary, 0, 1, err);
    }
    return rc;
}

/* A call at work. */
struct job {
    const struct painter *painter;
    const struct paint_options *o;
    const struct paint_sprite *sprite;
    const struct paint_watch *watch;
    int steps;    /* that are walked for each wave */
    int done, of; /* steps over all waves */
    int first;    /* picture of the wave */
    struct sampler_run run;
    struct guide guide;
    size_t count; /* floats in a picture */
    struct arena memory;
    float *x, *noise, *init, *scratch; /* the wave; one picture of noise; the init picture; the sampler's */
    float *token, *pooled,
        *spare; /* [pairs] of UNET_TOKENS_MAX rows; [pairs]; one more of both, for blending */
    uint8_t *keep;
    uint64_t *seed;         /* [pictures of a wave] */
    struct unet_text *text; /* [pairs] */
    struct image so_far;    /* for previews */
};

static size_t text_width(const struct job *j)
{
    return (size_t)j->painter->layout->config.text;
}

static void place(struct job *j)
{
    struct arena *a = &j->memory;
    size_t pictures = (size_t)j->run.pictures, pairs = pictures * (size_t)j->guide.branches,
           width = text_width(j);
    j->x = arena_floats(a, pictures * j->count);
    j->noise = arena_floats(a, 2 * j->count);
    j->init = j->o->init ? arena_floats(a, j->count) : NULL;
    j->keep = j->o->mask ? arena_take(a, j->guide.pixels, 1) : NULL;
    j->scratch = arena_floats(a, sampler_scratch_floats(&j->run));
    j->token = arena_floats(a, pairs * UNET_TOKENS_MAX * width);
    j->pooled = arena_floats(a, pairs * width);
    j->spare = arena_floats(a, (UNET_TOKENS_MAX + 1) * width);
    j->text = arena_take(a, pairs, sizeof *j->text);
    j->seed = arena_take(a, pictures, sizeof *j->seed);
    j->guide.x = arena_floats(a, pairs * j->count);
    j->guide.v = arena_floats(a, pairs * j->count);
    j->guide.t = arena_floats(a, pairs);
}

/* Moves a text towards another by amount. Both are padded with null tokens to the longer one's length; words keep
 * their places, and the pooled vector goes along the arc. At 0 and 1 it is one of the two, unpadded. */
static void blend(const struct job *j, const struct reading *other, double amount, float *token,
                  float *pooled, struct unet_text *text)
{
    size_t width = text_width(j);
    struct unet_text second;
    if (amount <= 0)
        return;
    text_encode(j->painter->layout, j->painter->params, other, j->spare, j->spare + UNET_TOKENS_MAX * width,
                &second);
    int longer = second.count > text->count ? second.count : text->count;
    if (amount >= 1)
        longer = second.count;
    for (int i = text->count; i < longer; i++)
        memcpy(token + (size_t)i * width, token, width * sizeof *token);
    for (int i = second.count; i < longer; i++)
        memcpy(j->spare + (size_t)i * width, j->spare, width * sizeof *token);
    float part = (float)amount;
    for (size_t i = 0; i < (size_t)longer * width; i++)
        token[i] = (1 - part) * token[i] + part * j->spare[i];
    canvas_arc(width, pooled, second.pooled, amount, pooled);
    text->count = longer;
}

static void read_texts(struct job *j)
{
    static const struct reading nothing;
    const struct unet_layout *l = j->painter->layout;
    size_t width = text_width(j);
    for (int p = 0; p < j->run.pictures; p++) {
        const struct paint_sprite *s = &j->sprite[j->first + p];
        for (int branch = 0; branch < j->guide.branches; branch++) {
            size_t pair = (size_t)p * (size_t)j->guide.branches + (size_t)branch;
            float *token = j->token + pair * UNET_TOKENS_MAX * width, *pooled = j->pooled + pair * width;
            const struct reading *r = branch == 0 ? s->prompt : s->negative ? s->negative : &nothing;
            text_encode(l, j->painter->params, r, token, pooled, &j->text[pair]);
            if (branch == 0 && s->blend)
                blend(j, s->blend, s->blend_amount, token, pooled, &j->text[pair]);
        }
    }
}

/* The wave's x at the first time: noise, or noise mixed into the init picture. given: noise from elsewhere, or NULL. */
static void draw_noise(struct job *j, const float *given)
{
    float s = (float)j->run.from;
    for (int p = 0; p < j->run.pictures; p++) {
        const struct paint_sprite *sprite = &j->sprite[j->first + p];
        float *x = j->x + (size_t)p * j->count, *second = j->noise + j->count;
        j->seed[p] = sprite->seed;
        if (given) {
            memcpy(x, given + (size_t)p * j->count, j->count * sizeof *x);
        } else {
            random_normals((struct random){ sprite->seed, STREAM_NOISE }, 0, j->count, j->noise);
            if (sprite->vary > 0)
                random_normals((struct random){ sprite->vary_seed, STREAM_NOISE }, 0, j->count, second);
            canvas_arc(j->count, j->noise, second, sprite->vary, x);
        }
        for (size_t i = 0; j->init && i < j->count; i++)
            x[i] = (1 - s) * j->init[i] + s * x[i];
    }
}

static bool is_cancelled(const struct job *j)
{
    return j->watch && j->watch->cancel && atomic_load(j->watch->cancel);
}

static bool after_step(void *context, int done, const float *x0)
{
    struct job *j = context;
    const struct paint_watch *w = j->watch;
    j->done++;
    if (w && w->progress)
        w->progress(w->context, j->done, j->of);
    if (w && w->preview && w->preview_every > 0 && done % w->preview_every == 0 && done < j->steps)
        for (int p = 0; p < j->run.pictures; p++) {
            canvas_to_image(x0 + (size_t)p * j->count, &j->so_far);
            w->preview(w->context, j->first + p, &j->so_far);
        }
    return !is_cancelled(j);
}

static void predict(void *context, double t, const float *x, float *x0)
{
    struct job *j = context;
    guide_predict(&j->guide, t, x, x0);
}

/* The finished pixels; those that are kept come from the init picture itself. */
static void finish(const struct job *j, const float *x, const struct image *ret)
{
    canvas_to_image(x, ret);
    for (size_t i = 0; j->keep && i < j->guide.pixels; i++)
        if (j->keep[i])
            ret->pixel[i] = j->o->init->pixel[i];
}

/* Paints pictures first .. first + pictures - 1. */
static enum spr_code paint_wave(struct job *j, float *raw, const struct image *ret, struct spr_error *err)
{
    size_t at = (size_t)j->first * j->count;
    j->guide.pictures = j->run.pictures;
    read_texts(j);
    draw_noise(j, raw ? raw + at : NULL);
    if (is_cancelled(j) || (j->steps > 0 && !sampler_walk(&j->run, j->x, j->scratch)))
        return SPR_FAIL(err, SPR_CANCELLED, "cancelled after %d of %d steps", j->done, j->of);
    if (raw)
        memcpy(raw + at, j->x, (size_t)j->run.pictures * j->count * sizeof *raw);
    for (int p = 0; ret && p < j->run.pictures; p++)
        finish(j, j->x + (size_t)p * j->count, &ret[j->first + p]);
    return SPR_OK;
}

static enum spr_code job_open(struct job *j, int count, struct spr_error *err)
{
    const struct paint_options *o = j->o;
    size_t pixels = (size_t)o->size * (size_t)o->size;
    double strength = o->init ? o->strength : 1;
    j->count = pixels * CANVAS_CHANNELS;
    j->steps = (int)ceil(o->steps * strength - 1e-9);
    j->of = j->steps * ((count + WAVE_MAX - 1) / WAVE_MAX);
    j->run = (struct sampler_run){ .sampler = o->sampler,
                                   .steps = j->steps,
                                   .from = strength,
                                   .pictures = count < WAVE_MAX ? count : WAVE_MAX,
                                   .count = j->count,
                                   .context = j,
                                   .predict = predict,
                                   .stepped = after_step };
    j->guide = (struct guide){ .pool = j->painter->pool,
                               .session = j->painter->session,
                               .branches = o->guidance == 1 ? 1 : 2,
                               .pixels = pixels,
                               .guidance = o->guidance };
    place(j);
    enum spr_code rc = arena_open(&j->memory, err);
    if (!rc && j->watch && j->watch->preview)
        rc = image_init(&j->so_far, o->size, o->size, err);
    if (rc)
        return rc;
    place(j);
    j->run.seed = j->seed;
    j->guide.text = j->text;
    j->guide.known = j->init;
    j->guide.keep = j->keep;
    if (o->init)
        canvas_from_image(o->init, j->init);
    if (o->mask)
        canvas_mask(o->mask, j->keep);
    return SPR_OK;
}

static void job_close(struct job *j)
{
    image_fini(&j->so_far);
    arena_close(&j->memory);
}

static enum spr_code run(struct painter *p, struct job *j, int count, float *raw, const struct image *ret,
                         struct spr_error *err)
{
    enum spr_code rc = check_options(j->o, err);
    if (!rc)
        rc = check_sprites(j->sprite, count, err);
    if (!rc)
        rc = open_sessions(p, j->o->size, j->o->wrap, err);
    if (!rc)
        rc = job_open(j, count, err);
    for (j->first = 0; j->first < count && !rc; j->first += j->run.pictures) {
        if (count - j->first < j->run.pictures)
            j->run.pictures = count - j->first;
        rc = paint_wave(j, raw, ret, err);
    }
    job_close(j);
    return rc;
}

enum spr_code paint(struct painter *p, const struct paint_options *options, const struct paint_sprite *sprite,
                    int count, const struct paint_watch *watch, struct image *ret, struct spr_error *err)
{
    struct job j = { .painter = p, .o = options, .sprite = sprite, .watch = watch };
    struct image *pictures = NULL;
    enum spr_code rc = check_options(options, err);
    if (!rc)
        rc = check_sprites(sprite, count, err);
    if (!rc) {
        pictures = mem_zalloc((size_t)count, sizeof *pictures);
        if (!pictures)
            rc = SPR_FAIL(err, SPR_NOMEM, "no memory for %d pictures", count);
    }
    for (int i = 0; i < count && !rc; i++)
        rc = image_init(&pictures[i], options->size, options->size, err);
    if (!rc)
        rc = run(p, &j, count, NULL, pictures, err);
    for (int i = 0; pictures && i < count; i++) {
        if (rc)
            image_fini(&pictures[i]);
        else
            ret[i] = pictures[i];
    }
    mem_free(pictures);
    return rc;
}

enum spr_code paint_raw(struct painter *p, const struct paint_options *options,
                        const struct paint_sprite *sprite, int count, float *x, struct spr_error *err)
{
    struct job j = { .painter = p, .o = options, .sprite = sprite };
    return run(p, &j, count, x, NULL, err);
}
