/* A call is cut into waves of at most WAVE_MAX pictures, which bounds memory and keeps every thread busy; law 1 makes
 * the cut invisible. Each wave: words -> tokens; then for each of one or two stages (paint.h, "Sizes") seeds -> noise,
 * mixed into the init picture or the stage before where there is one, and the sampler from there to t = 0; at the end
 * floats -> pixels, kept pixels copied over.
 *
 * Kept pixels need no rule of their own in the samplers: the predictor's x0 is the init picture there, so that x stays
 * on the straight line between it and the noise at every t, which is what replacing it after each step by the init
 * picture noised to that t would give (Lugmayr et al., "RePaint", 2022, arXiv 2201.09865, for diffusion). */
#include "paint/paint.h"

#include "base/arena.h"
#include "base/mem.h"
#include "paint/canvas.h"
#include "paint/painter.h"
#include "paint/stage.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { WAVE_MAX = 16, STAGES_MAX = 2 };

/* Streams of base/random.h. A stage draws from its own two: first noise, ancestral noise. */
enum { STREAM_NOISE = 1, STREAMS_PER_STAGE = 2 };

static const struct paint_size sizes[PAINT_SIZES] = {
    { 1, 2, 0.15 }, { 3, 4, 0.2 }, { 1, 1, 0 }, { 3, 2, 0.2 }, { 2, 1, 0.25 },
};

const struct paint_size *paint_size_at(int i)
{
    assert(i >= 0 && i < PAINT_SIZES);
    return &sizes[i];
}

static const struct paint_size *find_size(int base, int size)
{
    for (int i = 0; i < PAINT_SIZES; i++)
        if (base * sizes[i].numerator == size * sizes[i].denominator)
            return &sizes[i];
    return NULL;
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

static enum spr_code check_options(const struct painter *p, const struct paint_options *o,
                                   struct spr_error *err)
{
    if (!find_size(p->base, o->size)) {
        int n[PAINT_SIZES];
        for (int i = 0; i < PAINT_SIZES; i++)
            n[i] = p->base * sizes[i].numerator / sizes[i].denominator;
        return SPR_FAIL(err, SPR_BADARG, "size is %d; this model paints %d, %d, %d, %d or %d", o->size, n[0],
                        n[1], n[2], n[3], n[4]);
    }
    enum spr_code rc = check_range("steps", o->steps, 1, PAINT_STEPS_MAX, err);
    if (!rc)
        rc = check_range("guidance", o->guidance, 0, PAINT_GUIDANCE_MAX, err);
    if (!rc && (int)o->sampler >= SAMPLER_COUNT)
        rc = SPR_FAIL(err, SPR_BADARG, "sampler is number %d; 0 to %d is possible", (int)o->sampler,
                      SAMPLER_COUNT - 1);
    if (!rc && (o->init || o->sketched))
        rc = check_range("strength", o->strength, 0, 1, err);
    if (!rc && o->init && o->sketched)
        rc = SPR_FAIL(err, SPR_BADARG, "an init picture and sketches exclude each other");
    if (!rc && o->mask && !o->init)
        rc = SPR_FAIL(err, SPR_BADARG, "a mask needs an init picture whose parts it keeps");
    if (!rc)
        rc = check_picture("the init picture", o->init, o->size, err);
    if (!rc)
        rc = check_picture("the mask", o->mask, o->size, err);
    return rc;
}

static enum spr_code check_sprites(const struct painter *p, const struct paint_options *o,
                                   const struct paint_sprite *sprite, int count, struct spr_error *err)
{
    enum spr_code rc = check_range("the number of pictures", count, 1, PAINT_COUNT_MAX, err);
    for (int i = 0; i < count && !rc; i++) {
        if (o->sketched && !sprite[i].sketch)
            rc = SPR_FAIL(err, SPR_BADARG, "picture %d has no sketch", i);
        else if (o->sketched)
            rc = check_picture("a sketch", sprite[i].sketch, p->base, err);
        if (rc)
            break;
        rc = check_range("the blend's amount", sprite[i].blend_amount, 0, 1, err);
        if (!rc)
            rc = check_range("the variation", sprite[i].vary, 0, 1, err);
    }
    return rc;
}

/* A call at work. */
struct job {
    struct painter *painter;
    const struct paint_options *o;
    const struct paint_sprite *sprite;
    const struct paint_watch *watch;
    int pictures; /* in this wave */
    int branches;
    int first;    /* picture of the wave */
    int done, of; /* steps over all waves */
    int stages, current;
    struct stage stage[STAGES_MAX];
    struct arena memory;
    float *noise, *wide, *spare;        /* two pictures; one at its own size; as canvas_scale takes it */
    float *token, *pooled, *token_room; /* [pairs] of UNET_TOKENS_MAX rows; [pairs]; one more of both */
    struct unet_text *text; /* [pairs]: pair = picture * branches + branch; branch 0 is the prompt's */
    uint64_t *seed;         /* [pictures] */
};

static size_t text_width(const struct job *j)
{
    return (size_t)j->painter->layout->config.text;
}

/* Moves a text towards another by amount. Both are padded with null tokens to the longer one's length; words keep
 * their places, and the pooled vector goes along the arc. At 0 and 1 it is one of the two, unpadded. */
static void blend(const struct job *j, const struct reading *other, double amount, float *token,
                  float *pooled, struct unet_text *text)
{
    size_t width = text_width(j);
    float *room = j->token_room;
    struct unet_text second;
    if (amount <= 0)
        return;
    text_encode(j->painter->layout, j->painter->params, other, room, room + UNET_TOKENS_MAX * width, &second);
    int longer = second.count > text->count ? second.count : text->count;
    if (amount >= 1)
        longer = second.count;
    for (int i = text->count; i < longer; i++)
        memcpy(token + (size_t)i * width, token, width * sizeof *token);
    for (int i = second.count; i < longer; i++)
        memcpy(room + (size_t)i * width, room, width * sizeof *token);
    float part = (float)amount;
    for (size_t i = 0; i < (size_t)longer * width; i++)
        token[i] = (1 - part) * token[i] + part * room[i];
    canvas_arc(width, pooled, second.pooled, amount, pooled);
    text->count = longer;
}

static void read_texts(struct job *j)
{
    static const struct reading nothing;
    size_t width = text_width(j);
    for (int p = 0; p < j->pictures; p++) {
        const struct paint_sprite *s = &j->sprite[j->first + p];
        j->seed[p] = s->seed;
        for (int branch = 0; branch < j->branches; branch++) {
            size_t pair = (size_t)p * (size_t)j->branches + (size_t)branch;
            float *token = j->token + pair * UNET_TOKENS_MAX * width, *pooled = j->pooled + pair * width;
            const struct reading *r = branch == 0 ? s->prompt : s->negative ? s->negative : &nothing;
            text_encode(j->painter->layout, j->painter->params, r, token, pooled, &j->text[pair]);
            if (branch == 0 && s->blend)
                blend(j, s->blend, s->blend_amount, token, pooled, &j->text[pair]);
        }
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
    struct stage *s = &j->stage[j->current];
    bool last = j->current + 1 == j->stages && done == s->steps;
    j->done++;
    if (w && w->progress)
        w->progress(w->context, j->done, j->of);
    if (w && w->preview && w->preview_every > 0 && done % w->preview_every == 0 && !last)
        for (int p = 0; p < j->pictures; p++) {
            canvas_to_image(x0 + (size_t)p * s->count, &s->shown);
            w->preview(w->context, j->first + p, &s->shown);
        }
    return !is_cancelled(j);
}

static void predict(void *context, double t, const float *x, float *x0)
{
    struct job *j = context;
    guide_predict(&j->stage[j->current].guide, t, x, x0);
}

/* What the noise of picture p is mixed into: the init picture, or the stage before, scaled, with what is kept laid
 * over it; NULL for nothing. */
static const float *under(struct job *j, struct stage *s, int p)
{
    if (j->current == 0 && j->o->sketched) {
        canvas_from_image(j->sprite[j->first + p].sketch, s->begin);
        return s->begin;
    }
    if (j->current == 0)
        return s->init;
    const struct stage *before = s - 1;
    canvas_scale(before->x + (size_t)p * before->count, before->side, j->o->wrap, s->begin, s->side,
                 j->spare);
    for (size_t i = 0; s->keep && i < s->guide.pixels; i++)
        if (s->keep[i])
            memcpy(s->begin + i * CANVAS_CHANNELS, s->init + i * CANVAS_CHANNELS,
                   CANVAS_CHANNELS * sizeof *s->begin);
    return s->begin;
}

/* given: noise from elsewhere for the wave, or NULL. */
static enum spr_code walk_stage(struct job *j, const float *given, struct spr_error *err)
{
    struct stage *s = &j->stage[j->current];
    s->run.pictures = s->guide.pictures = j->pictures;
    for (int p = 0; p < j->pictures && !given; p++)
        stage_begin(s, p, &j->sprite[j->first + p], under(j, s, p), j->noise);
    if (given)
        memcpy(s->x, given, (size_t)j->pictures * s->count * sizeof *given);
    if (is_cancelled(j) || (s->steps > 0 && !sampler_walk(&s->run, s->x, s->scratch)))
        return SPR_FAIL(err, SPR_CANCELLED, "cancelled after %d of %d steps", j->done, j->of);
    return SPR_OK;
}

/* The finished pixels; those that are kept come from the init picture itself. */
static void finish(const struct job *j, const struct stage *s, int p, const struct image *ret)
{
    canvas_to_image(s->x + (size_t)p * s->count, ret);
    for (size_t i = 0; s->keep && i < s->guide.pixels; i++)
        if (s->keep[i])
            ret->pixel[i] = j->o->init->pixel[i];
}

static enum spr_code paint_wave(struct job *j, float *raw, const struct image *ret, struct spr_error *err)
{
    const struct stage *last = &j->stage[j->stages - 1];
    float *wave = raw ? raw + (size_t)j->first * last->count : NULL;
    enum spr_code rc = SPR_OK;
    read_texts(j);
    for (j->current = 0; j->current < j->stages && !rc; j->current++)
        rc = walk_stage(j, wave, err);
    if (!rc && wave)
        memcpy(wave, last->x, (size_t)j->pictures * last->count * sizeof *wave);
    for (int p = 0; ret && !rc && p < j->pictures; p++)
        finish(j, last, p, &ret[j->first + p]);
    return rc;
}

static enum spr_code add_stage(struct job *j, int side, double from, struct spr_error *err)
{
    struct painter_seat *seat = NULL;
    enum spr_code rc = painter_sit(j->painter, side, j->o->wrap, j->o->precision, &seat, err);
    if (rc)
        return rc;
    struct stage *s = &j->stage[j->stages];
    uint64_t stream = STREAM_NOISE + STREAMS_PER_STAGE * (uint64_t)(side != j->painter->base);
    s->side = side;
    s->from = from;
    s->steps = (int)ceil(j->o->steps * from - 1e-9);
    s->noise_stream = stream;
    s->guide = (struct guide){ .pool = j->painter->pool,
                               .session = seat->session,
                               .branches = j->branches,
                               .pixels = (size_t)side * (size_t)side,
                               .guidance = j->o->guidance };
    s->count = s->guide.pixels * CANVAS_CHANNELS;
    s->run = (struct sampler_run){ .sampler = j->o->sampler,
                                   .steps = s->steps,
                                   .from = from,
                                   .pictures = j->pictures,
                                   .count = s->count,
                                   .stream = stream + 1,
                                   .context = j,
                                   .predict = predict,
                                   .stepped = after_step };
    if (j->watch && j->watch->preview)
        rc = image_init(&s->shown, side, side, err);
    j->stages++;
    return rc;
}

/* Which stages there are: paint.h, "Sizes". */
static enum spr_code plan(struct job *j, struct spr_error *err)
{
    const struct paint_size *size = find_size(j->painter->base, j->o->size);
    double strength = j->o->init || j->o->sketched ? j->o->strength : 1;
    if (j->o->size == j->painter->base || (j->o->init && strength <= size->refine))
        return add_stage(j, j->o->size, strength, err);
    enum spr_code rc = add_stage(j, j->painter->base, strength, err);
    return rc ? rc : add_stage(j, j->o->size, size->refine, err);
}

static void place(struct job *j)
{
    struct arena *a = &j->memory;
    size_t pictures = (size_t)j->pictures, pairs = pictures * (size_t)j->branches, width = text_width(j);
    size_t largest = 0;
    for (int i = 0; i < j->stages; i++) {
        stage_place(&j->stage[i], a, j->o->init, j->o->mask);
        largest = j->stage[i].count > largest ? j->stage[i].count : largest;
    }
    j->noise = arena_floats(a, 2 * largest);
    j->wide = arena_floats(a, (size_t)j->o->size * (size_t)j->o->size * CANVAS_CHANNELS);
    j->spare = arena_floats(a, 4 * largest);
    j->token = arena_floats(a, pairs * UNET_TOKENS_MAX * width);
    j->pooled = arena_floats(a, pairs * width);
    j->token_room = arena_floats(a, (UNET_TOKENS_MAX + 1) * width);
    j->text = arena_take(a, pairs, sizeof *j->text);
    j->seed = arena_take(a, pictures, sizeof *j->seed);
}

static enum spr_code job_open(struct job *j, int count, struct spr_error *err)
{
    j->branches = j->o->guidance == 1 ? 1 : 2;
    j->pictures = count < WAVE_MAX ? count : WAVE_MAX;
    enum spr_code rc = plan(j, err);
    if (rc)
        return rc;
    place(j);
    if ((rc = arena_open(&j->memory, err)))
        return rc;
    place(j);
    int waves = (count + WAVE_MAX - 1) / WAVE_MAX;
    for (int i = 0; i < j->stages; i++) {
        struct stage *s = &j->stage[i];
        s->run.seed = j->seed;
        s->guide.text = j->text;
        stage_take_init(s, j->o->init, j->o->mask, j->o->wrap, j->wide, j->spare);
        j->of += waves * s->steps;
    }
    return SPR_OK;
}

static void job_close(struct job *j)
{
    for (int i = 0; i < j->stages; i++)
        image_fini(&j->stage[i].shown);
    arena_close(&j->memory);
}

static enum spr_code run(struct job *j, int count, float *raw, const struct image *ret, struct spr_error *err)
{
    enum spr_code rc = job_open(j, count, err);
    for (j->first = 0; j->first < count && !rc; j->first += j->pictures) {
        if (count - j->first < j->pictures)
            j->pictures = count - j->first;
        rc = paint_wave(j, raw, ret, err);
    }
    job_close(j);
    return rc;
}

enum spr_code paint(struct painter *p, const struct paint_options *options, const struct paint_sprite *sprite,
                    int count, const struct paint_watch *watch, struct image *ret, struct spr_error *err)
{
    struct job j = { .painter = p, .o = options, .sprite = sprite, .watch = watch };
    enum spr_code rc = check_options(p, options, err);
    if (!rc)
        rc = check_sprites(p, options, sprite, count, err);
    if (rc)
        return rc;
    struct image *pictures = mem_zalloc((size_t)count, sizeof *pictures);
    if (!pictures)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %d pictures", count);
    for (int i = 0; i < count && !rc; i++)
        rc = image_init(&pictures[i], options->size, options->size, err);
    if (!rc)
        rc = run(&j, count, NULL, pictures, err);
    for (int i = 0; i < count; i++) {
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
    enum spr_code rc = check_options(p, options, err);
    if (!rc)
        rc = check_sprites(p, options, sprite, count, err);
    if (!rc && (options->size != p->base || options->init || options->sketched))
        rc = SPR_FAIL(err, SPR_BADARG, "given noise is for the base size, %d, and no init picture", p->base);
    return rc ? rc : run(&j, count, x, NULL, err);
}
