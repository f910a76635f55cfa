#include "base/file.h"
#include "base/mem.h"
#include "base/pool.h"
#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/json_line.h"
#include "cli/pixelize_command.h"
#include "cli/progress.h"
#include "cli/term_picture.h"
#include "image/animation.h"
#include "pixel/alpha.h"
#include "pixel/scale.h"

#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#define FILE_BYTES_MAX ((size_t)256 << 20)

/* What became of one file. */
struct outcome {
    bool done;
    enum spr_code code;
    struct spr_error why;
    struct pixelize_report report;
    int width, height; /* of the picture that came in */
    int frames;
    struct image shown; /* the result, if it is to be shown */
};

struct run {
    const struct cli *cli;
    const struct pixelize_plan *plan;
    const struct pixelize_files *files;
    struct outcome *outcome; /* (files->count) */
    const atomic_bool *stop;
    pthread_mutex_t lock; /* of everything below, and of printing */
    struct progress progress;
    size_t printed, failed;
    enum spr_code code; /* of printing */
    struct spr_error why;
};

/* The folder above a path. */
static enum spr_code make_folder_of(const char *path, struct spr_error *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return SPR_OK;
    char *folder = mem_text(path, (size_t)(slash - path));
    if (!folder)
        return SPR_FAIL(err, SPR_NOMEM, "the folder of %.200s", path);
    enum spr_code rc = file_make_folder(folder, err);
    mem_free(folder);
    return rc;
}

/* TAKES im's pixels: bleeds, enlarges. GIVES ret->pixel. */
static enum spr_code dress(const struct pixelize_plan *plan, struct image *im, struct image *ret,
                           struct spr_error *err)
{
    enum spr_code rc = plan->bleed > 0 ? alpha_bleed(im, plan->bleed, err) : SPR_OK;
    if (!rc && plan->scale > 1) {
        rc = scale_nearest(im, plan->scale, ret, err);
        image_fini(im);
    } else if (!rc) {
        *ret = *im;
    } else {
        image_fini(im);
    }
    return rc;
}

/* A result as it is saved. GIVES ret->pixel. */
static enum spr_code finished(const struct pixelize_plan *plan, const struct indexed *result,
                              struct image *ret, struct spr_error *err)
{
    struct image plain;
    enum spr_code rc = image_from_indexed(&plain, result, err);
    return rc ? rc : dress(plan, &plain, ret, err);
}

static enum spr_code publish(const struct pixelize_plan *plan, const struct buf *bytes, const char *to,
                             struct spr_error *err)
{
    enum spr_code rc = make_folder_of(to, err);
    if (!rc)
        rc = file_write(to, bytes->data, bytes->length, plan->force ? FILE_REPLACE : FILE_NEW, err);
    return rc;
}

static enum spr_code save(const struct pixelize_plan *plan, const struct indexed *result, const char *to,
                          struct image *ret_shown, struct spr_error *err)
{
    struct image done;
    struct buf bytes;
    enum spr_code rc = plan->preview.shown ? image_from_indexed(ret_shown, result, err) : SPR_OK;
    if (!rc)
        rc = finished(plan, result, &done, err);
    if (rc)
        return rc;
    buf_init(&bytes, FILE_BYTES_MAX);
    rc = image_encode(plan->kind, &done, NULL, &bytes, err);
    if (!rc)
        rc = publish(plan, &bytes, to, err);
    buf_fini(&bytes);
    image_fini(&done);
    return rc;
}

/* The frames with the times and tags that they came with. */
static enum spr_code save_moving(const struct pixelize_plan *plan, const struct indexed *result,
                                 const struct animation *came, const char *to, struct image *ret_shown,
                                 struct spr_error *err)
{
    struct animation a = { .plays = came->plays };
    struct buf bytes;
    enum spr_code rc = plan->preview.shown ? image_from_indexed(ret_shown, result, err) : SPR_OK;
    for (int i = 0; !rc && i < came->count; i++) {
        struct image done = { 0 };
        rc = finished(plan, &result[i], &done, err);
        if (!rc)
            rc = animation_add(&a, &done, came->frame[i].ms, err);
        image_fini(&done);
    }
    for (int i = 0; !rc && i < came->tags; i++) {
        const struct tag *t = &came->tag[i];
        rc = animation_add_tag(&a, t->name, t->from, t->to, t->direction, t->repeat, err);
    }
    buf_init(&bytes, FILE_BYTES_MAX);
    if (!rc)
        rc = animation_encode(plan->kind, &a, NULL, &bytes, err);
    if (!rc)
        rc = publish(plan, &bytes, to, err);
    buf_fini(&bytes);
    animation_fini(&a);
    return rc;
}

/* The thing before two grounds, with its alpha. */
static enum spr_code load_two(const struct pixelize_plan *plan, const char *path, struct image *ret,
                              struct spr_error *err)
{
    struct image first = { 0 }, second = { 0 };
    enum spr_code rc = image_load(path, NULL, &first, NULL, err);
    if (!rc)
        rc = image_load(plan->ground2, NULL, &second, NULL, err);
    if (!rc)
        rc = ground_two(&first, &second, ret, err);
    image_fini(&first);
    image_fini(&second);
    return rc;
}

static enum spr_code load(const struct pixelize_plan *plan, const char *path, struct animation *ret,
                          struct spr_error *err)
{
    struct image thing;
    if (!plan->ground2)
        return animation_load(path, NULL, ret, NULL, err);
    *ret = (struct animation){ 0 };
    enum spr_code rc = load_two(plan, path, &thing, err);
    if (rc)
        return rc;
    rc = animation_add(ret, &thing, 0, err);
    image_fini(&thing);
    return rc;
}

/* All frames of one file. */
static enum spr_code work_frames(const struct run *r, size_t i, struct animation *a, struct spr_error *err)
{
    struct outcome *o = &r->outcome[i];
    const struct pixelize_file *file = &r->files->file[i];
    struct image *frame = mem_zalloc((size_t)a->count, sizeof *frame);
    struct indexed *result = mem_zalloc((size_t)a->count, sizeof *result);
    enum spr_code rc = frame && result ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "%d frames", a->count);
    for (int f = 0; !rc && f < a->count; f++) {
        frame[f] = a->frame[f].image;
        a->frame[f].image = (struct image){ 0 };
    }
    if (!rc && (rc = pixelize(frame, a->count, &r->plan->how, result, &o->report, err)))
        spr_prefix(err, "%.200s", file->from);
    for (int f = 0; frame && f < a->count; f++)
        image_fini(&frame[f]);
    if (!rc && o->report.found)
        rc = a->count == 1 ? save(r->plan, result, file->to, &o->shown, err)
                           : save_moving(r->plan, result, a, file->to, &o->shown, err);
    for (int f = 0; result && f < a->count; f++)
        indexed_fini(&result[f]);
    mem_free(frame);
    mem_free(result);
    return rc;
}

static void work_one(struct run *r, size_t i)
{
    struct outcome *o = &r->outcome[i];
    struct animation a = { 0 };
    o->code = load(r->plan, r->files->file[i].from, &a, &o->why);
    if (!o->code) {
        o->width = a.width;
        o->height = a.height;
        o->frames = a.count;
        o->code = work_frames(r, i, &a, &o->why);
    }
    animation_fini(&a);
}

/* All files are frames of one sequence. */
static void work_sequence(struct run *r)
{
    size_t count = r->files->count;
    struct image *frame = mem_zalloc(count, sizeof *frame);
    struct indexed *result = mem_zalloc(count, sizeof *result);
    struct spr_error why = { 0 };
    struct pixelize_report report = { 0 };
    enum spr_code rc = frame && result ? SPR_OK : SPR_FAIL(&why, SPR_NOMEM, "%zu frames", count);
    for (size_t i = 0; !rc && i < count; i++)
        rc = image_load(r->files->file[i].from, NULL, &frame[i], NULL, &why);
    for (size_t i = 0; frame && i < count; i++) {
        r->outcome[i].width = frame[i].width;
        r->outcome[i].height = frame[i].height;
    }
    if (!rc)
        rc = pixelize(frame, (int)count, &r->plan->how, result, &report, &why);
    for (size_t i = 0; i < count; i++) {
        struct outcome *o = &r->outcome[i];
        o->report = report;
        o->frames = 1;
        o->code = rc;
        o->why = why;
        if (!rc && report.found)
            o->code = save(r->plan, &result[i], r->files->file[i].to, &o->shown, &o->why);
        if (frame)
            image_fini(&frame[i]);
        if (result)
            indexed_fini(&result[i]);
    }
    mem_free(frame);
    mem_free(result);
}

static json_t *json_number(double v)
{
    return json_real(round(v * 10000) / 10000);
}

static json_t *json_pair(double x, double y)
{
    return json_pack("{s:o, s:o}", "x", json_number(x), "y", json_number(y));
}

static void json_grid(json_t *object, const struct grid *g)
{
    json_t *candidates = json_array();
    for (int i = 0; i < g->candidates; i++) {
        const struct grid_candidate *c = &g->candidate[i];
        json_array_append_new(candidates,
                              json_pack("{s:o, s:i, s:i, s:o}", "cell", json_pair(c->cell_x, c->cell_y),
                                        "width", c->cells_x, "height", c->cells_y, "confidence",
                                        json_number(c->confidence)));
    }
    json_object_set_new(object, "cell", json_pair(g->x.pitch, g->y.pitch));
    json_object_set_new(object, "phase", json_pair(g->x.phase, g->y.phase));
    json_object_set_new(object, "elastic", json_boolean(g->x.elastic || g->y.elastic));
    json_object_set_new(object, "rotation", json_number(g->degrees));
    json_object_set_new(object, "noise", json_number(g->noise));
    json_object_set_new(object, "confidence", json_number(g->confidence));
    json_object_set_new(object, "candidates", candidates);
}

static enum spr_code print_json(const struct run *r, size_t i, struct spr_error *err)
{
    const struct outcome *o = &r->outcome[i];
    const char *from = r->files->file[i].from, *to = r->files->file[i].to;
    json_t *object = json_pack("{s:s%, s:{s:i, s:i}}", "file", from, strlen(from), "input", "width", o->width,
                               "height", o->height);
    if (!object)
        return json_line(r->cli, NULL, 0, from, "name", err);
    if (o->code) {
        json_object_set_new(object, "error", json_string(spr_code_name(o->code)));
        json_object_set_new(object, "message", json_string(o->why.text));
    } else {
        bool found = o->report.found;
        if (r->plan->how.to_width == 0)
            json_grid(object, &o->report.grid);
        json_object_set_new(object, "refused",
                            found ? json_null() : json_string(grid_verdict_text(o->report.grid.verdict)));
        if (found) {
            json_object_set_new(object, "out", json_string(to));
            json_object_set_new(object, "width", json_integer(o->report.width));
            json_object_set_new(object, "height", json_integer(o->report.height));
            json_object_set_new(object, "frames", json_integer(o->frames));
            json_object_set_new(object, "scale", json_integer(r->plan->scale));
            json_object_set_new(object, "colors", json_integer(o->report.colours));
            json_object_set_new(object, "transparent", json_integer(o->report.transparent));
        }
    }
    return json_line(r->cli, object, 10, from, "name", err);
}

static void print_found(const struct run *r, size_t i)
{
    const struct terminal *t = &r->cli->out;
    const struct pixelize_report *p = &r->outcome[i].report;
    terminal_safe(t, r->files->file[i].to);
    fputs(": ", t->file);
    if (r->outcome[i].frames > 1)
        fprintf(t->file, "%d frames of ", r->outcome[i].frames);
    fprintf(t->file, "%d x %d pixels, %d colour%s%s", p->width, p->height, p->colours,
            p->colours == 1 ? "" : "s", p->transparent ? " and transparent" : "");
    if (r->plan->how.to_width == 0)
        fprintf(t->file, ", cells of %.4g x %.4g%s", p->grid.x.pitch, p->grid.y.pitch,
                p->grid.x.elastic || p->grid.y.elastic ? " on average" : "");
    if (fabs(p->grid.degrees) >= 0.01)
        fprintf(t->file, ", turned back by %.2f degrees", p->grid.degrees);
    if (r->plan->how.cell_x <= 0 && r->plan->how.to_width == 0)
        fprintf(t->file, ", confidence %.2f", p->grid.confidence);
    fputc('\n', t->file);
}

static void print_refused(const struct run *r, size_t i)
{
    const struct terminal *t = &r->cli->err;
    const struct grid *g = &r->outcome[i].report.grid;
    fputs("spritery: ", t->file);
    terminal_safe(t, r->files->file[i].from);
    fprintf(t->file, ": no pixel grid: %s; --to WxH reduces it all the same, --cell W[xH] says the grid",
            grid_verdict_text(g->verdict));
    if (g->candidates > 0)
        fprintf(t->file, " (nearest guess %.4g x %.4g, confidence %.2f)", g->candidate[0].cell_x,
                g->candidate[0].cell_y, g->candidate[0].confidence);
    fputc('\n', t->file);
}

static enum spr_code print_one(struct run *r, size_t i, struct spr_error *err)
{
    struct outcome *o = &r->outcome[i];
    enum spr_code rc = SPR_OK;
    progress_wipe(&r->progress);
    if (r->cli->json)
        rc = print_json(r, i, err);
    else if (o->code)
        failure_print(r->cli, &o->why);
    else if (o->report.found)
        print_found(r, i);
    else
        print_refused(r, i);
    if (!rc && o->shown.pixel)
        rc = term_picture(&r->cli->out, &o->shown, err);
    image_fini(&o->shown);
    r->failed += o->code || !o->report.found;
    progress_picture(&r->progress, r->files->file[i].from);
    return rc;
}

/* Prints what is done and comes next. Called with the lock held. */
static void print_ready(struct run *r)
{
    while (!r->code && r->printed < r->files->count && r->outcome[r->printed].done)
        r->code = print_one(r, r->printed++, &r->why);
    if (r->printed < r->files->count)
        progress_step(&r->progress, r->files->file[r->printed].from, (int)r->printed, (int)r->files->count);
}

static void task(void *context, int index, int worker)
{
    struct run *r = context;
    (void)worker;
    if (*r->stop)
        return;
    work_one(r, (size_t)index);
    pthread_mutex_lock(&r->lock);
    r->outcome[index].done = true;
    print_ready(r);
    pthread_mutex_unlock(&r->lock);
}

static enum spr_code run_all(struct run *r, struct spr_error *err)
{
    if (r->plan->sequence) {
        work_sequence(r);
        for (size_t i = 0; i < r->files->count; i++)
            r->outcome[i].done = true;
        print_ready(r);
        return SPR_OK;
    }
    struct pool *pool = NULL;
    int threads = r->plan->threads < (int)r->files->count ? r->plan->threads : (int)r->files->count;
    enum spr_code rc = pool_new(threads, &pool, err);
    if (!rc)
        pool_run(pool, (int)r->files->count, task, r);
    pool_free(pool);
    return rc;
}

enum spr_code pixelize_run(const struct cli *cli, const struct pixelize_plan *plan,
                           const struct pixelize_files *files, struct spr_error *err)
{
    struct run r = { .cli = cli, .plan = plan, .files = files, .stop = interrupt_watch() };
    r.outcome = mem_zalloc(files->count, sizeof *r.outcome);
    if (!r.outcome)
        return SPR_FAIL(err, SPR_NOMEM, "%zu files", files->count);
    pthread_mutex_init(&r.lock, NULL);
    progress_begin(&r.progress, cli, (int)files->count);
    enum spr_code rc = run_all(&r, err);
    progress_wipe(&r.progress);
    if (!rc && r.code) {
        *err = r.why;
        rc = r.code;
    }
    if (!rc && *r.stop)
        rc = SPR_FAIL(err, SPR_CANCELLED, "stopped after %zu of %zu pictures", r.printed, files->count);
    if (!rc && r.failed > 0)
        rc = SPR_FAIL(err, SPR_BADDATA, "%zu of %zu pictures could not be made pixel art", r.failed,
                      files->count);
    for (size_t i = 0; i < files->count; i++)
        image_fini(&r.outcome[i].shown);
    pthread_mutex_destroy(&r.lock);
    mem_free(r.outcome);
    return rc;
}
