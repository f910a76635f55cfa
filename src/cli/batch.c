#include "cli/batch.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cli/failure.h"
#include "cli/file_name.h"
#include "cli/interrupt.h"
#include "cli/json_line.h"
#include "cli/progress.h"
#include "cli/term_picture.h"
#include "image/png.h"
#include "pixel/sheet.h"
#include "request/request_json.h"

#include <jansson.h>
#include <string.h>

enum { SHEET_MAX = 1024 };     /* pictures on a contact sheet, and kept in memory for it */
#define PREVIEW_NS 100000000LL /* a preview file is written ten times a second at most */

/* A batch that is running: what the engine's callbacks need. */
struct running {
    const struct batch *batch;
    struct progress progress;
    struct image *kept; /* (SHEET_MAX) for the sheet, and for rows in the terminal */
    int kept_count;
    int row_begin; /* the first kept picture that is not shown yet */
    const char *prompt;
    char *understood; /* of this prompt */
    int64_t preview_ns;
    size_t done, of;
};

static void say(const struct batch *b, const char *sentence)
{
    const struct terminal *t = &b->cli->err;
    if (b->cli->quiet)
        return;
    if (b->prompts->count > 1)
        fputs(terminal_dim(t), t->file);
    terminal_safe(t, sentence);
    fprintf(t->file, "%s\n", terminal_plain(t));
}

static void on_understood(void *context, const char *sentence)
{
    struct running *r = context;
    struct buf line;
    buf_init(&line, 65536);
    progress_wipe(&r->progress);
    mem_free(r->understood);
    r->understood = mem_text(sentence, strlen(sentence));
    if (r->batch->prompts->count == 1 || buf_addf(&line, NULL, "%.60s: %s", r->prompt, sentence))
        say(r->batch, sentence);
    else
        say(r->batch, line.data);
    buf_fini(&line);
}

static void on_progress(void *context, const struct engine_progress *p)
{
    struct running *r = context;
    r->progress.done = (int)r->done;
    progress_step(&r->progress, r->prompt, p->step, p->steps);
}

static enum spr_code write_preview(const struct batch *b, const struct image *im, struct spr_error *err)
{
    return png_write(b->preview.file, im, NULL, FILE_REPLACE, err);
}

static void on_preview(void *context, const struct image *im)
{
    struct running *r = context;
    int64_t now = clock_steady_ns();
    struct spr_error ignored; /* the finished picture is written there too, and then a failure counts */
    if (!r->batch->preview.file || now - r->preview_ns < PREVIEW_NS)
        return;
    r->preview_ns = now;
    if (write_preview(r->batch, im, &ignored) != SPR_OK)
        r->preview_ns = INT64_MAX;
}

static enum spr_code print_json(const struct running *r, const struct engine_picture *p, const char *path,
                                int cells, struct spr_error *err)
{
    json_t *request = NULL;
    enum spr_code rc = request_to_json(&p->made_by, &request, err);
    if (rc)
        return rc;
    json_t *object = json_pack("{s:s, s:i, s:i, s:i, s:f, s:s, s:{s:s, s:s}, s:s, s:i, s:o}", "file", path,
                               "width", p->pixels.width, "height", p->pixels.height, "colors", p->colors,
                               "seconds", p->seconds, "understood", r->understood ? r->understood : "",
                               "model", "name", p->papers.model, "sha256", p->papers.model_hash, "software",
                               "spritery " SPRITERY_VERSION, "cells", cells, "request", request);
    return json_line(r->batch->cli, object, 0, path, "name", err);
}

/* The same request with other files gives another picture: better to say so than to let somebody wonder. */
static void compare_papers(struct running *r, const struct engine_papers *now)
{
    const struct batch *b = r->batch;
    if (b->cli->quiet || r->done > 0)
        return;
    const struct {
        const char *what, *then, *now;
    } rows[] = {
        { "model file", b->like->model_hash, now->model_hash },
        { "--init file", b->like->init_hash, now->init_hash },
        { "--mask file", b->like->mask_hash, now->mask_hash },
        { "--palette file", b->like->palette_hash, now->palette_hash },
    };
    for (size_t i = 0; i < SPR_COUNT(rows); i++)
        if (*rows[i].then && *rows[i].now && strcmp(rows[i].then, rows[i].now) != 0) {
            fprintf(b->cli->err.file, "the %s is not the one that --like was made with (sha256 ",
                    rows[i].what);
            terminal_safe(&b->cli->err, rows[i].then);
            fputs("), so the picture differs\n", b->cli->err.file);
        }
}

static enum spr_code sheet_of(const struct image *im, int count, int columns, int gap, struct image *ret,
                              struct spr_error *err)
{
    const struct image *each[SHEET_MAX];
    const struct sheet_options o = { .columns = columns, .gap = gap };
    for (int i = 0; i < count; i++)
        each[i] = &im[i];
    return sheet_make(each, count, &o, ret, err);
}

/* Shows the pictures that wait for it beside each other; with `all` even an unfilled row. */
static enum spr_code show_row(struct running *r, bool all, struct spr_error *err)
{
    const struct terminal *t = &r->batch->cli->out;
    int waiting = r->kept_count - r->row_begin;
    if (!r->batch->preview.shown || waiting == 0)
        return SPR_OK;
    int columns = term_picture_columns(t, r->kept[r->row_begin].width);
    if (!all && waiting < columns)
        return SPR_OK;
    struct image row;
    enum spr_code rc = sheet_of(r->kept + r->row_begin, waiting, waiting, 1, &row, err);
    if (rc)
        return rc;
    rc = term_picture(t, &row, err);
    image_fini(&row);
    r->row_begin = r->kept_count;
    return rc ? rc : terminal_flush(t, err);
}

static enum spr_code keep(struct running *r, const struct image *im, struct spr_error *err)
{
    if (r->kept_count == SHEET_MAX)
        return SPR_OK;
    enum spr_code rc = image_copy(&r->kept[r->kept_count], im, err);
    if (!rc)
        r->kept_count++;
    return rc;
}

static enum spr_code on_picture(void *context, const struct engine_picture *p, struct spr_error *err)
{
    struct running *r = context;
    const struct batch *b = r->batch;
    char path[PATH_MAX];
    enum spr_code rc = output_picture(b->output, p, path, err);
    int cells = 0;
    if (!rc)
        rc = output_cells(b->output, path, p, &cells, err);
    if (!rc && b->preview.file)
        rc = write_preview(b, &p->pixels, err);
    if (rc)
        return rc;
    progress_wipe(&r->progress);
    compare_papers(r, &p->papers);
    r->done++;
    if (b->cli->json)
        rc = print_json(r, p, path, cells, err);
    else if (!b->cli->quiet) {
        terminal_safe(&b->cli->out, path);
        fputc('\n', b->cli->out.file);
        if (cells)
            fprintf(b->cli->err.file, "and its %d %s beside it\n", cells,
                    p->made_by.grid ? "tiles" : "frames");
    }
    if (!rc)
        rc = keep(r, &p->pixels, err);
    if (!rc)
        rc = show_row(r, r->done == r->of, err);
    progress_picture(&r->progress, r->prompt);
    return rc ? rc : terminal_flush(&b->cli->out, err);
}

/* The request of one prompt. The sentence of a failure names the file's line. */
static enum spr_code request_for(const struct batch *b, size_t i, struct request *ret, struct spr_error *err)
{
    const struct prompt *p = &b->prompts->item[i];
    enum spr_code rc = request_copy(ret, b->base, err);
    if (rc)
        return rc;
    rc = request_set(ret, REQUEST_PROMPT, "the prompt", p->text, err);
    if (!rc)
        rc = request_check(ret, err);
    if (rc)
        request_fini(ret);
    if (rc && p->line)
        spr_prefix(err, "line %zu of the prompts", p->line);
    return rc;
}

static enum spr_code check_all(const struct batch *b, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && i < b->prompts->count; i++) {
        struct request one;
        rc = request_for(b, i, &one, err);
        if (!rc)
            request_fini(&one);
    }
    return rc;
}

static enum spr_code draw(struct running *r, size_t i, struct spr_error *err)
{
    const struct batch *b = r->batch;
    struct request one;
    enum spr_code rc = request_for(b, i, &one, err);
    if (rc)
        return rc;
    struct engine_watch watch = {
        r, interrupt_watch(), on_understood, on_progress, b->preview.file ? on_preview : NULL, on_picture
    };
    r->prompt = request_text(&one, REQUEST_PROMPT);
    rc = engine_generate(b->engine, &one, &watch, err);
    request_fini(&one);
    return rc;
}

static enum spr_code draw_all(struct running *r, struct spr_error *err)
{
    const struct batch *b = r->batch;
    size_t refused = 0;
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && i < b->prompts->count; i++) {
        rc = draw(r, i, err);
        progress_wipe(&r->progress);
        if (rc != SPR_BADARG || b->prompts->count == 1)
            continue;
        refused++;
        failure_print(b->cli, err);
        rc = SPR_OK;
    }
    if (!rc && refused)
        rc = SPR_FAIL(err, SPR_BADDATA, "%zu of %zu prompts were not drawn", refused, b->prompts->count);
    else if (rc == SPR_CANCELLED)
        SPR_FAIL(err, rc, "stopped; %zu of %zu pictures are done", r->done, r->of);
    return rc;
}

static enum spr_code write_sheet(struct running *r, struct spr_error *err)
{
    const struct batch *b = r->batch;
    char stem[FILE_STEM_BYTES], path[PATH_MAX];
    struct image sheet;
    if (!b->sheet || r->kept_count < 2)
        return SPR_OK;
    enum spr_code rc = sheet_of(r->kept, r->kept_count, 0, 2, &sheet, err);
    if (rc)
        return rc;
    file_stem_words(b->prompts->item[0].text, stem);
    size_t n = strlen(stem);
    snprintf(stem + n, sizeof stem - n, "-sheet");
    rc = output_image(b->output, stem, &sheet, path, err);
    image_fini(&sheet);
    if (!rc && !b->cli->quiet) {
        fputs("contact sheet: ", b->cli->err.file);
        terminal_safe(&b->cli->err, path);
        fputc('\n', b->cli->err.file);
    }
    return rc;
}

enum spr_code batch_run(const struct batch *b, struct spr_error *err)
{
    struct running r = { .batch = b, .of = b->prompts->count * (size_t)b->base->count };
    struct spr_error sheet_err = { 0 };
    enum spr_code rc = check_all(b, err);
    if (rc)
        return rc;
    r.kept = mem_zalloc(SHEET_MAX, sizeof *r.kept);
    if (!r.kept)
        return SPR_FAIL(err, SPR_NOMEM, "out of memory for a batch");
    progress_begin(&r.progress, b->cli, (int)r.of);
    rc = draw_all(&r, err);
    progress_wipe(&r.progress);
    enum spr_code last = show_row(&r, true, &sheet_err);
    if (!last)
        last = write_sheet(&r, &sheet_err);
    if (!rc && last) {
        rc = last;
        *err = sheet_err;
    }
    for (int i = 0; i < r.kept_count; i++)
        image_fini(&r.kept[i]);
    mem_free(r.kept);
    mem_free(r.understood);
    return rc;
}
