#include "train/base.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "paint/model.h"
#include "train/grow.h"
#include "train/options.h"
#include "train/start.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 1024, NOTES_MAX = 64 };

/* The published network for a vocabulary of that size. */
static struct unet_config published(size_t words)
{
    return (struct unet_config){ .vocab = (int)words,
                                 .channels = { 32, 64, 160 },
                                 .blocks = { 1, 1, 2 },
                                 .cond = 256,
                                 .text = 128,
                                 .group = 16,
                                 .heads = 4,
                                 .words_max = 8,
                                 .mid = 1 };
}

/* What a model file says of itself when there is none to begin with. */
static const struct note plain_notes[] = {
    { "channels", "premultiplied rgba -1..1" },
    { "objective", "rectified flow, velocity = noise - image" },
    { "size", "32" },
};

/* One training run's network, words and data, wherever they came from. */
struct work {
    const struct base_job *job;
    struct model *model; /* what it begins or goes on with; NULL: from nothing */
    struct captions captions[DATASET_FOLDERS_MAX];
    struct vocabulary vocabulary; /* from nothing: of the captions */
    struct grown grown;           /* the model with the captions' words */
    struct unet_layout own_layout;
    const struct unet_layout *layout;
    struct dataset_words words;
    struct dataset data;
    struct pool *pool;
    const float *params; /* the model's, grown; NULL from nothing */
    float *start;
    uint64_t seen_before; /* samples that the model had seen when the run began */
};

void base_defaults(struct base_job *job)
{
    *job = (struct base_job){ .pace = run_pace_default, .threads = pool_default_threads() };
    train_options_default(&job->options);
}

static enum spr_code path_in(const char *folder, const char *name, char path[PATH_BYTES],
                             struct spr_error *err)
{
    int n = snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    if (n < 0 || n >= PATH_BYTES)
        return SPR_FAIL(err, SPR_LIMIT, "the folder's name is too long: %.60s...", folder);
    return SPR_OK;
}

static enum spr_code from_model(struct work *w, const char *path, struct spr_error *err)
{
    enum spr_code rc = model_load(path, &w->model, err);
    if (rc)
        return rc;
    w->layout = &w->model->layout;
    w->words = (struct dataset_words){ w->model->word, (size_t)w->layout->config.vocab };
    w->params = w->model->params;
    const char *before = model_note(w->model, "samples_before");
    if (!w->job->resume)
        w->seen_before = w->model->samples_seen;
    else if (!before || !str_to_u64(before, &w->seen_before))
        w->seen_before = 0;
    return SPR_OK;
}

static enum spr_code read_captions(struct work *w, struct spr_error *err)
{
    char path[PATH_BYTES];
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; i < w->job->datas && !rc; i++) {
        rc = path_in(w->job->data[i].folder, "captions.jsonl", path, err);
        if (rc == SPR_OK)
            rc = captions_read(path, &w->captions[i], err);
    }
    return rc;
}

/* A new run from a model: its words and the data's. */
static enum spr_code from_init(struct work *w, struct spr_error *err)
{
    const struct base_job *job = w->job;
    enum spr_code rc = from_model(w, job->init, err);
    if (rc == SPR_OK)
        rc = read_captions(w, err);
    if (rc == SPR_OK)
        rc = grow_vocabulary(w->model, w->captions, job->datas, job->options.seed, &w->grown, err);
    if (rc)
        return rc;
    const size_t before = w->words.count;
    w->layout = &w->grown.layout;
    w->words = (struct dataset_words){ w->grown.word, before + w->grown.added };
    w->params = w->grown.params;
    if (w->grown.added && job->learns)
        job->learns(job->context, w->grown.word + before, w->grown.added);
    return SPR_OK;
}

static enum spr_code from_nothing(struct work *w, struct spr_error *err)
{
    enum spr_code rc = read_captions(w, err);
    if (rc == SPR_OK)
        rc = captions_vocabulary(w->captions, w->job->datas, &w->vocabulary, err);
    if (rc)
        return rc;
    const struct unet_config config = published(w->vocabulary.count);
    w->words = (struct dataset_words){ w->vocabulary.word, w->vocabulary.count };
    w->layout = &w->own_layout;
    return unet_layout_init(&w->own_layout, &config, err);
}

static enum spr_code choose_start(struct work *w, struct spr_error *err)
{
    const struct base_job *job = w->job;
    if (job->resume)
        return SPR_OK;
    w->start = mem_aligned(w->layout->floats, sizeof *w->start);
    if (!w->start)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu parameters", w->layout->floats);
    if (w->params)
        memcpy(w->start, w->params, w->layout->floats * sizeof *w->start);
    else
        start_parameters(w->layout, job->options.seed, w->start);
    return SPR_OK;
}

static enum spr_code prepare(struct work *w, struct spr_error *err)
{
    const struct base_job *job = w->job;
    char path[PATH_BYTES];
    enum spr_code rc = file_make_folder(job->folder, err);
    if (rc == SPR_OK)
        rc = path_in(job->folder, BASE_MODEL, path, err);
    if (rc == SPR_OK)
        rc = job->resume ? from_model(w, path, err) : job->init ? from_init(w, err) : from_nothing(w, err);
    if (rc == SPR_OK)
        rc = dataset_open(job->data, job->datas, &w->words, (size_t)job->options.hold_out, &w->data, err);
    if (rc == SPR_OK)
        rc = pool_new(job->threads, &w->pool, err);
    return rc ? rc : choose_start(w, err);
}

static void fini(struct work *w)
{
    mem_free(w->start);
    pool_free(w->pool);
    dataset_close(&w->data);
    unet_layout_fini(&w->own_layout);
    grown_fini(&w->grown);
    vocabulary_fini(&w->vocabulary);
    for (size_t i = 0; i < w->job->datas; i++)
        captions_fini(&w->captions[i]);
    model_free(w->model);
}

/* "batch 64, beta1 0.9, ...": every option, so that the file says how it was made. */
static enum spr_code describe(const struct work *w, uint64_t samples, double loss, struct buf *b,
                              struct spr_error *err)
{
    enum spr_code rc =
        buf_addf(b, err, "%" PRIu64 " samples, loss %.4f, data %016" PRIx64, samples, loss, w->data.digest);
    for (size_t i = 0; rc == SPR_OK && i < train_option_count; i++) {
        char value[TRAIN_OPTION_BYTES];
        train_option_text(&w->job->options, &train_option_table[i], value);
        rc = buf_addf(b, err, ", %s %s", train_option_table[i].name, value);
    }
    return rc;
}

/* Notes this run writes itself, and those model_save writes. */
static bool is_own(const char *key)
{
    static const char *const own[] = { "format",         "config",   "vocab",  "samples_seen",
                                       "samples_before", "training", "weights" };
    for (size_t i = 0; i < SPR_COUNT(own); i++)
        if (strcmp(key, own[i]) == 0)
            return true;
    return false;
}

static size_t inherit_notes(const struct work *w, struct note *note, size_t count)
{
    if (!w->model) {
        memcpy(note + count, plain_notes, sizeof plain_notes);
        return count + SPR_COUNT(plain_notes);
    }
    for (size_t i = 0; i < safetensors_notes(w->model->file) && count < NOTES_MAX; i++) {
        struct note n = safetensors_note_at(w->model->file, i);
        if (!is_own(n.key))
            note[count++] = n;
    }
    return count;
}

static enum spr_code publish(void *context, const float *average, uint64_t samples, double loss,
                             struct spr_error *err)
{
    const struct work *w = context;
    char path[PATH_BYTES], seen[24], before[24];
    struct buf training;
    buf_init(&training, 4096);
    enum spr_code rc = path_in(w->job->folder, BASE_MODEL, path, err);
    if (rc == SPR_OK)
        rc = describe(w, samples, loss, &training, err);
    if (rc == SPR_OK) {
        snprintf(seen, sizeof seen, "%" PRIu64, w->seen_before + samples);
        snprintf(before, sizeof before, "%" PRIu64, w->seen_before);
        struct note note[NOTES_MAX] = { { "samples_seen", seen },
                                        { "samples_before", before },
                                        { "training", training.data },
                                        { "weights", "EMA" } };
        const struct model_content content = { .layout = w->layout,
                                               .params = average,
                                               .word = w->words.word,
                                               .note = note,
                                               .notes = inherit_notes(w, note, 4),
                                               .type = TENSOR_F16,
                                               .lexicon = w->model ? w->model->file : NULL };
        rc = model_save(path, &content, FILE_REPLACE, err);
    }
    buf_fini(&training);
    return rc;
}

enum spr_code base_train(const struct base_job *job, struct spr_error *err)
{
    struct work w = { .job = job };
    enum spr_code rc = prepare(&w, err);
    if (rc == SPR_OK) {
        const struct run run = { .folder = job->folder,
                                 .options = job->options,
                                 .pace = job->pace,
                                 .layout = w.layout,
                                 .words = w.words,
                                 .data = &w.data,
                                 .pool = w.pool,
                                 .start = w.start,
                                 .stop = job->stop,
                                 .hooks = { job->context, job->progress, &w, publish } };
        rc = run_train(&run, err);
    }
    fini(&w);
    return rc;
}
