#include "cli/row_batch.h"

#include "base/mem.h"
#include "cli/failure.h"
#include "cli/file_name.h"
#include "cli/interrupt.h"
#include "cli/json_line.h"
#include "cli/progress.h"
#include "request/request_json.h"

#include <string.h>

enum { NAME_BYTES = 1024 };

struct running {
    const struct row_batch *batch;
    struct progress progress;
    char **name; /* (rows) without ending, within the folder */
    size_t i;    /* the row in hand */
    size_t made, kept, failed;
};

/* Expands one folder's or file's part of the pattern; values cannot bring folders of their own. */
static enum spr_code add_part(const struct row_batch *b, size_t i, const char *part, size_t length,
                              struct buf *name, struct spr_error *err)
{
    struct buf text;
    char stem[FILE_STEM_BYTES], *pattern = mem_text(part, length);
    buf_init(&text, (size_t)REQUEST_PROMPT_MAX * 8);
    enum spr_code rc = pattern ? rows_expand(b->rows, i, pattern, &text, err)
                               : SPR_FAIL(err, SPR_NOMEM, "no memory for a file's name");
    if (!rc) {
        file_stem_words(text.data ? text.data : "", stem);
        rc = buf_addf(name, err, "%s%s", name->length ? "/" : "", stem);
    }
    buf_fini(&text);
    mem_free(pattern);
    return rc;
}

/* taken: how often each name was used so far; the second gets "-2". */
static enum spr_code name_row(struct running *r, size_t i, json_t *taken, struct spr_error *err)
{
    struct buf name;
    enum spr_code rc = SPR_OK;
    buf_init(&name, NAME_BYTES);
    for (const char *part = r->batch->pattern; !rc && *part;) {
        size_t length = strcspn(part, "/");
        if (length > 0)
            rc = add_part(r->batch, i, part, length, &name, err);
        part += length + (part[length] == '/');
    }
    if (!rc && name.length == 0)
        rc = SPR_FAIL(err, SPR_BADARG, "--name is empty; for example \"{index}-{prompt}\"");
    while (!rc && json_object_get(taken, name.data)) {
        json_int_t n = json_integer_value(json_object_get(taken, name.data)) + 1;
        if (json_object_set_new(taken, name.data, json_integer(n)))
            rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a file's name");
        if (!rc)
            rc = buf_addf(&name, err, "-%lld", (long long)n);
    }
    if (!rc && json_object_set_new(taken, name.data, json_integer(1)))
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for a file's name");
    if (!rc)
        r->name[i] = buf_detach(&name);
    buf_fini(&name);
    if (rc)
        spr_prefix(err, "--name");
    return rc;
}

static enum spr_code name_rows(struct running *r, struct spr_error *err)
{
    json_t *taken = json_object();
    enum spr_code rc = SPR_OK;
    r->name = mem_zalloc(r->batch->rows->count, sizeof *r->name);
    if (!taken || !r->name)
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for the names of %zu files", r->batch->rows->count);
    for (size_t i = 0; !rc && i < r->batch->rows->count; i++)
        rc = name_row(r, i, taken, err);
    json_decref(taken);
    return rc;
}

static const struct row *row_in_hand(const struct running *r)
{
    return &r->batch->rows->row[r->i];
}

/* state: "done", "kept", "failed", "planned". */
static enum spr_code report(const struct running *r, const char *state, const char *file, const char *why,
                            struct spr_error *err)
{
    const struct row_batch *b = r->batch;
    const struct terminal *t = &b->cli->out;
    if (!b->cli->json) {
        if (!why && !b->cli->quiet) {
            terminal_safe(t, file);
            fputc('\n', t->file);
        }
        return terminal_flush(t, err);
    }
    json_t *request = NULL;
    enum spr_code rc = request_to_json(&row_in_hand(r)->request, &request, err);
    if (rc)
        return rc;
    json_t *object =
        json_pack("{s:s, s:I, s:I, s:s, s:s*, s:o}", "state", state, "row", (json_int_t)r->i + 1, "line",
                  (json_int_t)row_in_hand(r)->line, "file", file, "error", why, "request", request);
    rc = json_line(b->cli, object, 0, file, "name", err);
    return rc ? rc : terminal_flush(t, err);
}

/* Where the row's file goes: the folder with the folders of its name, and what it is called there. */
static enum spr_code place_of(const struct running *r, struct output *ret, const char **ret_stem,
                              char file[PATH_MAX], struct spr_error *err)
{
    const struct output *o = r->batch->output;
    const char *name = r->name[r->i], *slash = strrchr(name, '/');
    *ret = *o;
    ret->force = true; /* whether it may be replaced was decided before */
    *ret_stem = slash ? slash + 1 : name;
    int length = slash ? snprintf(ret->folder, sizeof ret->folder, "%.3000s/%.*s", o->folder,
                                  (int)(slash - name), name)
                       : 0;
    int whole = snprintf(file, PATH_MAX, "%.3000s/%s.%s", o->folder, name, image_kind_name(o->kind));
    if (length < 0 || whole < 0 || whole >= PATH_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "a path of %d bytes", whole);
    return SPR_OK;
}

static enum spr_code on_picture(void *context, const struct engine_picture *p, struct spr_error *err)
{
    struct running *r = context;
    struct output place;
    const char *stem;
    char file[PATH_MAX], path[PATH_MAX];
    int cells;
    enum spr_code rc = place_of(r, &place, &stem, file, err);
    if (!rc)
        rc = output_named(&place, stem, p, path, err);
    if (!rc)
        rc = output_cells(&place, path, p, &cells, err);
    if (rc)
        return rc;
    json_t *about =
        json_pack("{s:I, s:I, s:i, s:f, s:s, s:s, s:s}", "row", (json_int_t)r->i + 1, "line",
                  (json_int_t)row_in_hand(r)->line, "colors", p->colors, "seconds", p->seconds, "engine",
                  p->papers.engine, "model", p->papers.model, "model_sha256", p->papers.model_hash);
    rc = manifest_done(r->batch->manifest, file + strlen(r->batch->output->folder) + 1,
                       &row_in_hand(r)->request, about, err);
    progress_wipe(&r->progress);
    if (!rc)
        rc = report(r, "done", file, NULL, err);
    r->made += !rc;
    progress_picture(&r->progress, request_text(&row_in_hand(r)->request, REQUEST_PROMPT));
    return rc;
}

static void on_progress(void *context, const struct engine_progress *p)
{
    struct running *r = context;
    r->progress.done = (int)(r->made + r->kept + r->failed);
    progress_step(&r->progress, request_text(&row_in_hand(r)->request, REQUEST_PROMPT), p->step, p->steps);
}

/* Whether the row's picture is there already. */
static enum spr_code is_made(struct running *r, bool *ret, struct spr_error *err)
{
    const struct row_batch *b = r->batch;
    const char *made = NULL;
    char path[PATH_MAX];
    enum spr_code rc = manifest_file(b->manifest, &row_in_hand(r)->request, &made, err);
    if (rc)
        return rc;
    if (made)
        snprintf(path, sizeof path, "%.3000s/%.1000s", b->output->folder, made);
    *ret = made && !b->again && file_exists(path);
    return *ret ? report(r, "kept", path, NULL, err) : SPR_OK;
}

static enum spr_code draw(struct running *r, struct spr_error *err)
{
    const struct row_batch *b = r->batch;
    struct output place;
    const char *stem, *relative;
    char file[PATH_MAX];
    struct engine_watch watch = { r, interrupt_watch(), NULL, on_progress, NULL, on_picture };
    enum spr_code rc = place_of(r, &place, &stem, file, err);
    if (rc)
        return rc;
    relative = file + strlen(b->output->folder) + 1;
    if (!b->again && file_exists(file) && !manifest_making(b->manifest, relative))
        return SPR_FAIL(err, SPR_EXISTS,
                        "%.200s is there already, and no row of this batch made it; --force replaces it",
                        file);
    rc = manifest_begin(b->manifest, relative, err);
    return rc ? rc
              : engine_generate(b->engine[row_in_hand(r)->request.engine.name], &row_in_hand(r)->request,
                                &watch, err);
}

/* A failure of this row alone; others end the batch. */
static bool of_the_row(enum spr_code rc)
{
    return rc == SPR_BADARG || rc == SPR_NOTFOUND || rc == SPR_BADDATA || rc == SPR_EXISTS ||
           rc == SPR_UNSUPPORTED || rc == SPR_LIMIT;
}

static enum spr_code note_failure(struct running *r, struct spr_error *why, struct spr_error *err)
{
    json_t *about =
        json_pack("{s:I, s:I}", "row", (json_int_t)r->i + 1, "line", (json_int_t)row_in_hand(r)->line);
    r->failed++;
    enum spr_code rc = manifest_failed(r->batch->manifest, &row_in_hand(r)->request, why->text, about, err);
    if (!rc)
        rc = report(r, "failed", r->name[r->i], why->text, err);
    spr_prefix(why, "line %zu", row_in_hand(r)->line);
    progress_wipe(&r->progress);
    if (!r->batch->cli->json)
        failure_print(r->batch->cli, why);
    return rc;
}

static enum spr_code draw_all(struct running *r, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (r->i = 0; !rc && r->i < r->batch->rows->count; r->i++) {
        bool made = false;
        struct spr_error why;
        rc = is_made(r, &made, err);
        r->kept += made;
        if (rc || made)
            continue;
        rc = draw(r, err);
        why = *err;
        if (of_the_row(rc))
            rc = note_failure(r, &why, err);
    }
    progress_wipe(&r->progress);
    if (rc == SPR_CANCELLED)
        SPR_FAIL(err, rc, "stopped; %zu of %zu rows are done; the same command goes on", r->made + r->kept,
                 r->batch->rows->count);
    return rc;
}

/* Takes away what a batch that was killed had half written, in every folder that rows go to. */
static void sweep_folders(struct running *r)
{
    char last[PATH_MAX] = "";
    for (r->i = 0; r->i < r->batch->rows->count; r->i++) {
        struct output place;
        const char *stem;
        char file[PATH_MAX];
        struct spr_error ignored;
        if (place_of(r, &place, &stem, file, &ignored) || strcmp(place.folder, last) == 0)
            continue;
        file_sweep(place.folder);
        memcpy(last, place.folder, sizeof last);
    }
}

static enum spr_code print_plan(struct running *r, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (r->i = 0; !rc && r->i < r->batch->rows->count; r->i++) {
        struct output place;
        const char *stem;
        char file[PATH_MAX];
        rc = place_of(r, &place, &stem, file, err);
        if (!rc)
            rc = report(r, "planned", file, NULL, err);
    }
    return rc;
}

enum spr_code row_batch_run(const struct row_batch *b, struct spr_error *err)
{
    struct running r = { .batch = b };
    enum spr_code rc = name_rows(&r, err);
    if (!rc && !b->manifest)
        rc = print_plan(&r, err);
    else if (!rc) {
        sweep_folders(&r);
        progress_begin(&r.progress, b->cli, (int)b->rows->count);
        rc = draw_all(&r, err);
        if (!rc && !b->cli->quiet)
            fprintf(b->cli->err.file, "%zu made, %zu already there, %zu failed\n", r.made, r.kept, r.failed);
        if (!rc && r.failed)
            rc = SPR_FAIL(err, SPR_BADDATA, "%zu of %zu rows failed; the same command tries them again",
                          r.failed, b->rows->count);
    }
    for (size_t i = 0; r.name && i < b->rows->count; i++)
        mem_free(r.name[i]);
    mem_free(r.name);
    return rc;
}
