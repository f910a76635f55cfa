/* new: start -> step, step, ... -> checkpoint (by time, stop or end)
 *                                      '-> goes on here; rows after it are cut from the CSV files */
#include "train/run.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "image/png.h"
#include "train/checkpoint.h"
#include "train/options.h"
#include "train/probe.h"
#include "train/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LOSS_HEADER       "step,samples,seconds,rate,loss,norm\n"
#define VALIDATION_HEADER "step,samples,seconds,held,seen" /* and ",held2,seen2"... for further folders */

enum { PATH_BYTES = 1024, OWN_NOTES = 4, ROW_BYTES = 64 + DATASET_FOLDERS_MAX * 48 };

const struct run_pace run_pace_default = {
    .log = 3200, .validate = 16000, .sheet = 32000, .checkpoint_s = 300
};

struct state {
    const struct run *run;
    struct trainer *trainer;
    struct optimizer *optimizer; /* the trainer's */
    struct probe *probe;
    struct record loss, validation;
    double loss_sum, norm_sum; /* of the steps since the last row */
    double seconds;            /* of training before this process */
    int64_t began_ns, saved_ns;
    double slow_loss; /* moving average, for the progress line */
    double step_s;    /* the same */
};

static enum spr_code path_in(const struct run *run, const char *name, char path[PATH_BYTES],
                             struct spr_error *err)
{
    int n = snprintf(path, PATH_BYTES, "%s/%s", run->folder, name);
    if (n < 0 || n >= PATH_BYTES)
        return SPR_FAIL(err, SPR_LIMIT, "the folder's name is too long: %.60s...", run->folder);
    return SPR_OK;
}

static double seconds(const struct state *s)
{
    return s->seconds + (double)(clock_steady_ns() - s->began_ns) * 1e-9;
}

static enum spr_code save(struct state *s, struct spr_error *err)
{
    const struct run *run = s->run;
    char path[PATH_BYTES], text[OWN_NOTES][32], value[CHECKPOINT_NOTES_MAX][TRAIN_OPTION_BYTES];
    struct note note[CHECKPOINT_NOTES_MAX] = {
        { "run.loss_sum", text[0] },
        { "run.norm_sum", text[1] },
        { "run.seconds", text[2] },
        { "data", text[3] },
    };
    enum spr_code rc = path_in(run, RUN_CHECKPOINT, path, err);
    if (rc)
        return rc;
    str_from_double(s->loss_sum, text[0], sizeof text[0]);
    str_from_double(s->norm_sum, text[1], sizeof text[1]);
    str_from_double(seconds(s), text[2], sizeof text[2]);
    snprintf(text[3], sizeof text[3], "%016" PRIx64, run->data->digest);
    for (size_t i = 0; i < train_option_count; i++) {
        train_option_text(&run->options, &train_option_table[i], value[i]);
        note[OWN_NOTES + i] = (struct note){ train_option_table[i].name, value[i] };
    }
    const struct run_hooks *h = &run->hooks;
    if (h->publish) /* first: a run that has a checkpoint has its model file too */
        rc = h->publish(h->of_publish, s->optimizer->average, trainer_samples(s->trainer), s->slow_loss, err);
    if (rc == SPR_OK)
        rc = checkpoint_write(path, run->layout, s->optimizer, note, OWN_NOTES + train_option_count, err);
    s->saved_ns = clock_steady_ns();
    return rc;
}

/* An option younger than the checkpoint has its default. */
static enum spr_code options_of(const struct safetensors *file, struct train_options *ret,
                                struct spr_error *err)
{
    struct train_options o;
    train_options_default(&o);
    for (size_t i = 0; i < train_option_count; i++) {
        const char *name = train_option_table[i].name, *value = safetensors_note(file, name);
        enum spr_code rc = value ? train_options_set(&o, name, value, err) : SPR_OK;
        if (rc)
            return rc;
    }
    *ret = o;
    return SPR_OK;
}

enum spr_code run_options(const char *folder, struct train_options *ret, struct spr_error *err)
{
    const struct run run = { .folder = folder };
    char path[PATH_BYTES];
    struct safetensors *file = NULL;
    enum spr_code rc = path_in(&run, RUN_CHECKPOINT, path, err);
    if (rc == SPR_OK)
        rc = checkpoint_open(path, &file, err);
    if (rc == SPR_OK)
        rc = options_of(file, ret, err);
    safetensors_close(file);
    return rc;
}

static bool may_change(const struct train_option *row)
{
    return row->offset == offsetof(struct train_options, schedule.total) ||
           row->offset == offsetof(struct train_options, precision);
}

/* The end of the run may be moved (and with it the fall of the rate), and the precision changed, nothing else. */
static enum spr_code check_same(const struct safetensors *file, const struct run *run, struct spr_error *err)
{
    char digest[32];
    const char *data = safetensors_note(file, "data");
    snprintf(digest, sizeof digest, "%016" PRIx64, run->data->digest);
    if (!data || strcmp(data, digest))
        return SPR_FAIL(err, SPR_BADDATA, "the run was begun with other data (%s, this is %s)",
                        data ? data : "unknown", digest);
    struct train_options before;
    enum spr_code rc = options_of(file, &before, err);
    for (size_t i = 0; rc == SPR_OK && i < train_option_count; i++) {
        const struct train_option *row = &train_option_table[i];
        char is[TRAIN_OPTION_BYTES], was[TRAIN_OPTION_BYTES];
        train_option_text(&run->options, row, is);
        train_option_text(&before, row, was);
        if (!may_change(row) && strcmp(was, is))
            rc = SPR_FAIL(err, SPR_BADARG, "%s is %s, but the run was begun with %s", row->name, is, was);
    }
    return rc;
}

static void read_note(const struct safetensors *file, const char *key, double *ret)
{
    const char *text = safetensors_note(file, key);
    if (text && !str_to_double(text, ret))
        *ret = 0;
}

static enum spr_code restore(struct state *s, const char *path, struct spr_error *err)
{
    struct safetensors *file = NULL;
    enum spr_code rc = checkpoint_open(path, &file, err);
    if (rc == SPR_OK)
        rc = check_same(file, s->run, err);
    if (rc == SPR_OK)
        rc = checkpoint_read(file, s->run->layout, s->optimizer, err);
    if (rc == SPR_OK) {
        read_note(file, "run.loss_sum", &s->loss_sum);
        read_note(file, "run.norm_sum", &s->norm_sum);
        read_note(file, "run.seconds", &s->seconds);
    }
    safetensors_close(file);
    return rc;
}

static enum spr_code begin(struct state *s, struct spr_error *err)
{
    const struct run *run = s->run;
    char path[PATH_BYTES];
    enum spr_code rc = path_in(run, RUN_CHECKPOINT, path, err);
    if (rc)
        return rc;
    if (!run->start) {
        rc = restore(s, path, err);
    } else if (file_exists(path)) {
        rc = SPR_FAIL(err, SPR_EXISTS,
                      "%s has a run already: go on with it (--resume), or use another folder", run->folder);
    } else {
        memcpy(s->optimizer->param, run->start, run->layout->floats * sizeof *run->start);
        memcpy(s->optimizer->average, run->start, run->layout->floats * sizeof *run->start);
    }
    return rc;
}

static enum spr_code open_records(struct state *s, struct spr_error *err)
{
    char path[PATH_BYTES], header[ROW_BYTES] = VALIDATION_HEADER;
    for (size_t i = 1, n = strlen(header); i < s->run->data->parts; i++)
        n += (size_t)snprintf(header + n, sizeof header - n, ",held%zu,seen%zu", i + 1, i + 1);
    header[strlen(header)] = '\n';
    enum spr_code rc = path_in(s->run, "loss.csv", path, err);
    if (rc == SPR_OK)
        rc = record_open(&s->loss, path, LOSS_HEADER, s->optimizer->steps, err);
    if (rc == SPR_OK)
        rc = path_in(s->run, "validation.csv", path, err);
    if (rc == SPR_OK)
        rc = record_open(&s->validation, path, header, s->optimizer->steps, err);
    return rc;
}

static enum spr_code validate(struct state *s, struct spr_error *err)
{
    char row[ROW_BYTES] = "";
    probe_refresh(s->probe);
    for (size_t i = 0, n = 0; i < s->run->data->parts; i++) {
        struct probe_loss loss = probe_measure(s->probe, i);
        n += (size_t)snprintf(row + n, sizeof row - n, ",%.6f,%.6f", loss.held, loss.seen);
    }
    return record_add(&s->validation, err, "%" PRIu64 ",%" PRIu64 ",%.1f%s\n", s->optimizer->steps,
                      trainer_samples(s->trainer), seconds(s), row);
}

static enum spr_code draw_sheet(struct state *s, struct spr_error *err)
{
    char name[48], path[PATH_BYTES];
    struct image sheet = { 0 };
    snprintf(name, sizeof name, "sheet-%09" PRIu64 ".png", trainer_samples(s->trainer));
    enum spr_code rc = path_in(s->run, name, path, err);
    probe_refresh(s->probe);
    if (rc == SPR_OK)
        rc = probe_sheet(s->probe, &s->run->words, &sheet, err);
    if (rc == SPR_OK)
        rc = png_write(path, &sheet, NULL, FILE_REPLACE, err);
    image_fini(&sheet);
    return rc;
}

/* Steps between two things that happen every so many samples; at least one, 0 for never. */
static uint64_t every(const struct state *s, uint64_t samples)
{
    uint64_t steps = samples / (uint64_t)s->run->options.batch;
    return samples == 0 ? 0 : steps > 0 ? steps : 1;
}

static bool due(const struct state *s, uint64_t samples)
{
    uint64_t steps = every(s, samples);
    return steps != 0 && s->optimizer->steps % steps == 0;
}

static enum spr_code note_step(struct state *s, const struct trainer_report *r, struct spr_error *err)
{
    s->loss_sum += r->loss;
    s->norm_sum += r->norm;
    if (!due(s, s->run->pace.log))
        return SPR_OK;
    double steps = (double)every(s, s->run->pace.log);
    enum spr_code rc = record_add(&s->loss, err, "%" PRIu64 ",%" PRIu64 ",%.1f,%.6g,%.6f,%.4f\n",
                                  s->optimizer->steps, trainer_samples(s->trainer), seconds(s), r->rate,
                                  s->loss_sum / steps, s->norm_sum / steps);
    s->loss_sum = s->norm_sum = 0;
    return rc;
}

static void tell(struct state *s, const struct trainer_report *r, double step_s)
{
    const struct run *run = s->run;
    s->slow_loss = s->slow_loss > 0 ? s->slow_loss * 0.98 + r->loss * 0.02 : r->loss;
    s->step_s = s->step_s > 0 ? s->step_s * 0.95 + step_s * 0.05 : step_s;
    if (!run->hooks.progress)
        return;
    struct run_progress p = { .samples = trainer_samples(s->trainer), .total = run->options.schedule.total };
    p.loss = s->slow_loss;
    p.per_second = run->options.batch / s->step_s;
    p.left_s = p.total > p.samples ? (double)(p.total - p.samples) / p.per_second : 0;
    run->hooks.progress(run->hooks.of_progress, &p);
}

/* What is due after a step: rows, sheets, a checkpoint by time. */
static enum spr_code look_around(struct state *s, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    if (due(s, s->run->pace.validate))
        rc = validate(s, err);
    if (rc == SPR_OK && due(s, s->run->pace.sheet))
        rc = draw_sheet(s, err);
    if (rc == SPR_OK && (double)(clock_steady_ns() - s->saved_ns) * 1e-9 >= s->run->pace.checkpoint_s)
        rc = save(s, err);
    return rc;
}

static bool stopped(const struct state *s)
{
    return s->run->stop && atomic_load(s->run->stop);
}

static enum spr_code loop(struct state *s, struct spr_error *err)
{
    const struct run *run = s->run;
    enum spr_code rc = SPR_OK;
    bool limit = false;
    while (trainer_samples(s->trainer) < run->options.schedule.total && !stopped(s) && !limit) {
        int64_t from = clock_steady_ns();
        struct trainer_report report = { 0 };
        if ((rc = trainer_step(s->trainer, &report, err)) || (rc = note_step(s, &report, err)))
            return rc;
        tell(s, &report, (double)(clock_steady_ns() - from) * 1e-9);
        if ((rc = look_around(s, err)))
            return rc;
        limit =
            run->pace.limit_s > 0 && (double)(clock_steady_ns() - s->began_ns) * 1e-9 >= run->pace.limit_s;
    }
    rc = save(s, err);
    if (rc == SPR_OK && stopped(s))
        rc = SPR_FAIL(err, SPR_CANCELLED, "stopped after %" PRIu64 " samples; --resume goes on",
                      trainer_samples(s->trainer));
    return rc;
}

enum spr_code run_train(const struct run *run, struct spr_error *err)
{
    struct state s = { .run = run, .loss = { -1 }, .validation = { -1 } };
    enum spr_code rc = trainer_new(&run->options, run->layout, run->data, run->pool, &s.trainer, err);
    if (rc)
        return rc;
    s.optimizer = trainer_optimizer(s.trainer);
    s.began_ns = s.saved_ns = clock_steady_ns();
    rc = begin(&s, err);
    if (rc == SPR_OK)
        rc = probe_new(run->layout, s.optimizer->average, run->data, run->pool, &s.probe, err);
    if (rc == SPR_OK)
        rc = open_records(&s, err);
    if (rc == SPR_OK) {
        trainer_refresh(s.trainer);
        if (s.optimizer->steps == 0 && run->pace.validate && (rc = validate(&s, err)) == SPR_OK &&
            run->pace.sheet)
            rc = draw_sheet(&s, err);
    }
    if (rc == SPR_OK)
        rc = loop(&s, err);
    record_close(&s.validation);
    record_close(&s.loss);
    probe_free(s.probe);
    trainer_free(s.trainer);
    return rc;
}
