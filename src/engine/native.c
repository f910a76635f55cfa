/* The engine in this process. The model of the last request is kept for the next one; another takes its place. Pictures are painted in groups, so that all threads have work, and handed out
 * as soon as their group is done. */
#include "base/clock.h"
#include "base/mem.h"
#include "engine/native_inside.h"

#include <stdio.h>
#include <string.h>

enum { GROUP_PER_THREAD = 4, PREVIEW_STEPS = 4 };

static void unload(struct native *n)
{
    painter_free(n->painter);
    shelf_put(n->shelf, n->stock);
    n->painter = NULL;
    n->stock = NULL;
}

static enum spr_code load(struct native *n, const char *name, struct spr_error *err)
{
    const struct stock *stock = NULL;
    enum spr_code rc = shelf_take(n->shelf, name, &stock, err);
    if (rc)
        return rc;
    if (stock == n->stock) { /* one is enough */
        shelf_put(n->shelf, stock);
        return SPR_OK;
    }
    unload(n);
    n->stock = stock;
    if (!n->pool)
        rc = pool_new(n->threads, &n->pool, err);
    if (!rc)
        rc = painter_new(stock->nets, stock->model->size, n->pool, &n->painter, err);
    if (rc)
        unload(n);
    return rc;
}

static enum spr_code read_words(const struct job *j, const char *text, bool categories, struct reading *ret,
                                struct spr_error *err)
{
    struct lexicon_options o = { j->native->stock->model->layout.config.words_max, categories };
    return lexicon_read(j->native->stock->lexicon, text, strlen(text), &o, ret, err);
}

/* Tells the watcher what the prompt, the blend and the negative prompt became. */
static enum spr_code say_understood(const struct job *j, struct spr_error *err)
{
    const struct lexicon *l = j->native->stock->lexicon;
    struct buf line;
    buf_init(&line, 65536);
    enum spr_code rc = lexicon_describe(l, &j->prompt, &line, err);
    if (!rc && j->request->blend && !(rc = buf_addf(&line, err, " | towards: ")))
        rc = lexicon_describe(l, &j->blend, &line, err);
    if (!rc && j->request->negative && !(rc = buf_addf(&line, err, " | away from: ")))
        rc = lexicon_describe(l, &j->negative, &line, err);
    if (!rc && j->sketch.count > 0)
        rc = buf_addf(&line, err, " | begins from a sketch");
    if (!rc && line.data)
        j->watch->understood(j->watch->context, line.data);
    buf_fini(&line);
    return rc;
}

/* How much of a sketch is drawn anew where nobody says: less shows the sketch itself, more loses faces and what is in
 * hands first and then the shape. Looked at, from 0.2 to 0.75, with weights that had seen such sketches for 250,000 samples. */
static double strength_of(const struct job *j)
{
    const struct request *r = j->request;
    if (r->init.file || request_given(r, REQUEST_STRENGTH))
        return r->init.strength;
    return 0.3;
}

/* A picture to begin from, a picture without edges, or a second prompt leave no room for a sketch. */
static void choose_sketch(struct job *j)
{
    const struct request *r = j->request;
    if (j->native->stock->sketches && !r->init.file && !r->finish.tile && !r->grid && !r->blend &&
        strength_of(j) < 1)
        sketches_choose(j->native->stock->sketches, &j->prompt, &j->sketch);
    int words_max = j->native->stock->model->layout.config.words_max;
    if (j->sketch.style && j->prompt.count < words_max)
        j->prompt.word[j->prompt.count++] =
            (struct reading_word){ .id = j->sketch.style, .weight = 1, .why = READING_CATEGORY };
}

static enum spr_code understand(struct job *j, struct spr_error *err)
{
    const struct request *r = j->request;
    enum spr_code rc = read_words(j, request_text(r, REQUEST_PROMPT), true, &j->prompt, err);
    if (!rc && r->blend && (rc = read_words(j, r->blend, true, &j->blend, err)))
        spr_prefix(err, "--blend");
    else if (!rc && r->negative && (rc = read_words(j, r->negative, false, &j->negative, err)))
        spr_prefix(err, "--negative");
    if (!rc)
        choose_sketch(j);
    return !rc && j->watch->understood ? say_understood(j, err) : rc;
}

/* Where nobody asked for one: strict guidance wipes the grain out of walls and floors, which are all grain. */
static double guidance_of(const struct job *j)
{
    static const char *const surfaces[] = { "wall", "floor" };
    static const double of_surfaces = 1.5;
    for (size_t s = 0; s < SPR_COUNT(surfaces) && !request_given(j->request, REQUEST_GUIDANCE); s++) {
        int id = lexicon_find(j->native->stock->lexicon, surfaces[s]);
        for (int i = 0; i < j->prompt.count; i++)
            if (id > 0 && j->prompt.word[i].id == id)
                return of_surfaces;
    }
    return j->request->guidance;
}

static void set_options(struct job *j)
{
    static const enum sampler samplers[] = {
        [REQUEST_EULER] = SAMPLER_EULER,
        [REQUEST_HEUN] = SAMPLER_HEUN,
        [REQUEST_ANCESTRAL] = SAMPLER_ANCESTRAL,
        [REQUEST_DPM] = SAMPLER_DPM,
    };
    const struct request *r = j->request;
    j->options = (struct paint_options){
        .size = r->size,
        .steps = r->steps,
        .guidance = guidance_of(j),
        .sampler = samplers[r->sampler],
        .precision = r->precision == REQUEST_BF16 ? CONV_BF16 : CONV_F32,
        .wrap = r->finish.tile || r->grid,
        .init = r->init.file ? &j->material.init : NULL,
        .strength = strength_of(j),
        .mask = r->init.mask ? &j->material.mask : NULL,
        .sketched = j->sketch.count > 0,
    };
}

void native_progress(void *context, int done, int of)
{
    const struct job *j = context;
    struct engine_progress p = { done, of, j->done, j->request->count };
    j->watch->progress(j->watch->context, &p);
}

static void on_preview(void *context, int sprite, const struct image *so_far)
{
    const struct job *j = context;
    if (sprite == 0)
        j->watch->preview(j->watch->context, so_far);
}

/* The sketch of a picture of the group; in begin, whose pixels are the job's. */
static const struct image *draw_sketch(struct job *j, int i, uint64_t seed, struct image *begin)
{
    if (j->sketch.count == 0)
        return NULL;
    *begin = (struct image){ SKETCH_SIDE, SKETCH_SIDE, j->sketched + (size_t)i * SKETCH_SIDE * SKETCH_SIDE };
    sketches_draw(j->native->stock->sketches, &j->sketch, &j->prompt, seed, begin->pixel);
    return begin;
}

enum spr_code native_paint(struct job *j, struct image *ret, struct spr_error *err)
{
    const struct request *r = j->request;
    struct paint_watch watch = {
        .context = j,
        .cancel = j->watch->cancel,
        .progress = j->watch->progress ? native_progress : NULL,
        .preview_every = j->watch->preview ? PREVIEW_STEPS : 0,
        .preview = j->watch->preview ? on_preview : NULL,
    };
    struct paint_sprite *sprite = mem_zalloc((size_t)j->group, sizeof *sprite);
    struct image *begin = mem_zalloc((size_t)j->group, sizeof *begin);
    if (!sprite || !begin) {
        mem_free(begin);
        mem_free(sprite);
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for %d pictures", j->group);
    }
    for (int i = 0; i < j->group; i++) {
        uint64_t seed, vary_seed;
        engine_seeds_of(r, j->done + i, &seed, &vary_seed);
        sprite[i] = (struct paint_sprite){
            .prompt = &j->prompt,
            .negative = r->negative ? &j->negative : NULL,
            .blend = r->blend ? &j->blend : NULL,
            .blend_amount = r->blend_amount,
            .seed = seed,
            .vary_seed = vary_seed,
            .vary = r->vary,
            .sketch = draw_sketch(j, i, seed, &begin[i]),
        };
    }
    int64_t begun = clock_steady_ns();
    enum spr_code rc = paint(j->native->painter, &j->options, sprite, j->group, &watch, ret, err);
    j->seconds = (double)(clock_steady_ns() - begun) / 1e9 / j->group;
    mem_free(begin);
    mem_free(sprite);
    return rc;
}

static void set_papers(struct job *j, struct engine_papers *p)
{
    const struct stock *stock = j->native->stock;
    *p = j->material.papers;
    snprintf(p->engine, sizeof p->engine, "native");
    snprintf(p->model, sizeof p->model, "%s", stock->model->name);
    memcpy(p->model_hash, stock->hash, sizeof p->model_hash);
}

enum spr_code native_hand_out(struct job *j, const struct image *painted, int count, struct spr_error *err)
{
    const struct request *r = j->request;
    struct engine_picture p = { .seconds = j->seconds };
    enum spr_code rc = engine_request_of(r, j->done, &p.made_by, err);
    p.made_by.guidance = j->options.guidance;
    if (j->options.sketched)
        p.made_by.init.strength = j->options.strength;
    if (!rc)
        rc = finishing(painted, count, r, &j->material, &p, err);
    if (!rc) {
        set_papers(j, &p.papers);
        rc = j->watch->picture ? j->watch->picture(j->watch->context, &p, err) : SPR_OK;
    }
    image_fini(&p.pixels);
    request_fini(&p.made_by);
    return rc;
}

static enum spr_code make_all(struct job *j, struct spr_error *err)
{
    const int most = j->native->threads * GROUP_PER_THREAD, count = j->request->count;
    struct image *painted = mem_zalloc((size_t)most, sizeof *painted);
    j->sketched = mem_zalloc((size_t)most * SKETCH_SIDE * SKETCH_SIDE, sizeof *j->sketched);
    enum spr_code rc =
        painted && j->sketched ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "out of memory for %d pictures", most);
    while (!rc && j->done < count) {
        j->group = count - j->done < most ? count - j->done : most;
        int group = j->group;
        if ((rc = native_paint(j, painted, err)))
            break;
        for (int i = 0; i < group; i++) {
            if (!rc)
                rc = native_hand_out(j, &painted[i], 1, err);
            if (!rc)
                j->done++;
            image_fini(&painted[i]);
        }
    }
    mem_free(j->sketched);
    mem_free(painted);
    return rc;
}

static enum spr_code make_sheets(struct job *j, const struct request_sheet *sheet, struct spr_error *err)
{
    j->sketched = mem_zalloc((size_t)SKETCH_SIDE * SKETCH_SIDE, sizeof *j->sketched);
    enum spr_code rc = j->sketched ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "out of memory for a sheet");
    for (; !rc && j->done < j->request->count; j->done += !rc)
        rc = native_sequence(j, sheet, err);
    mem_free(j->sketched);
    return rc;
}

static enum spr_code native_generate(void *self, const struct request *r, const struct engine_watch *watch,
                                     struct spr_error *err)
{
    struct job j = { .native = self, .request = r, .watch = watch };
    struct request_sheet sheet;
    enum spr_code rc = material_load(&j.material, r, err);
    if (!rc)
        rc = load(self, request_text(r, REQUEST_MODEL), err);
    if (!rc)
        rc = understand(&j, err);
    if (!rc) {
        set_options(&j);
        rc = request_sheet(r, &sheet) ? make_sheets(&j, &sheet, err) : make_all(&j, err);
    }
    material_fini(&j.material);
    return rc;
}

static void native_close(void *self)
{
    struct native *n = self;
    unload(n);
    pool_free(n->pool);
    shelf_free(n->own);
    mem_free(n);
}

enum spr_code engine_native(int threads, struct shelf *shelf, struct engine **ret, struct spr_error *err)
{
    static const struct engine_ops ops = { "native", native_generate, native_close };
    struct native *n = mem_zalloc(1, sizeof *n);
    if (!n)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory opening the native engine");
    n->threads = threads;
    n->shelf = shelf;
    if (!shelf) {
        enum spr_code rc = shelf_new(&n->own, err);
        if (rc) {
            mem_free(n);
            return rc;
        }
        n->shelf = n->own;
    }
    return engine_new(&ops, n, ret, err);
}
