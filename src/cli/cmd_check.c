#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/failure.h"
#include "cli/json_line.h"
#include "cli/picture_files.h"
#include "image/animation.h"
#include "pixel/gate.h"

#include <jansson.h>
#include <string.h>

enum { GATES = OPTION_OWN, GATE, SEQUENCE };

struct wanted {
    int count;
    struct gate_choice choice[GATE_COUNT];
};

static void want(struct wanted *w, enum gate gate, double bound)
{
    for (int i = 0; i < w->count; i++)
        if (w->choice[i].gate == gate) {
            w->choice[i].bound = bound;
            return;
        }
    w->choice[w->count++] = (struct gate_choice){ gate, bound };
}

static enum spr_code find_gate(const char *name, enum gate *ret, struct spr_error *err)
{
    const char *names[GATE_COUNT];
    if (gate_named(name, ret))
        return SPR_OK;
    for (int i = 0; i < GATE_COUNT; i++)
        names[i] = gate_row((enum gate)i)->name;
    const char *near = str_nearest(name, names, GATE_COUNT);
    return SPR_FAIL(err, SPR_BADARG, "there is no gate \"%.40s\"%s%s%s; see 'spritery help check'", name,
                    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* "NAME" or "NAME=BOUND". */
static enum spr_code read_gate(const char *text, struct wanted *w, struct spr_error *err)
{
    char name[64];
    size_t length = strcspn(text, "=");
    enum gate gate;
    if (length >= sizeof name)
        return args_wrong("gate", text, "NAME or NAME=BOUND", err);
    memcpy(name, text, length);
    name[length] = '\0';
    enum spr_code rc = find_gate(name, &gate, err);
    if (rc)
        return rc;
    double bound = gate_row(gate)->bound;
    if (text[length] && (!str_to_double(text + length + 1, &bound) || bound < 0))
        return args_wrong("gate", text, "NAME=BOUND with a number from 0 on", err);
    want(w, gate, bound);
    return SPR_OK;
}

/* "usual", "all" or names with commas between. */
static enum spr_code read_gates(const char *text, struct wanted *w, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    if (strcmp(text, "usual") == 0) {
        w->count = gate_usual(w->choice);
        return SPR_OK;
    }
    for (int i = 0; strcmp(text, "all") == 0 && i < GATE_COUNT; i++)
        want(w, (enum gate)i, gate_row((enum gate)i)->bound);
    if (w->count)
        return SPR_OK;
    while (!rc) {
        char name[64];
        size_t length = strcspn(text, ",");
        enum gate gate;
        snprintf(name, sizeof name, "%.*s", length < sizeof name ? (int)length : 63, text);
        if (!(rc = find_gate(name, &gate, err)))
            want(w, gate, gate_row(gate)->bound);
        if (!text[length])
            break;
        text += length + 1;
    }
    return rc;
}

static enum spr_code read_wanted(const struct args *args, struct wanted *w, struct spr_error *err)
{
    const char *gates = args_value(args, GATES);
    *w = (struct wanted){ 0 };
    enum spr_code rc = SPR_OK;
    if (gates || !args_has(args, GATE))
        rc = read_gates(gates ? gates : "usual", w, err);
    for (size_t i = 0; !rc && i < args->count; i++)
        if (args->given[i].id == GATE)
            rc = read_gate(args->given[i].value, w, err);
    return rc;
}

static json_t *result_json(const struct gate_result *r, bool moving)
{
    const struct gate_row *row = gate_row(r->gate);
    json_t *where = json_array();
    for (int i = 0; i < r->places && i < GATE_PLACES; i++)
        json_array_append_new(where,
                              moving ? json_pack("[i, i, i]", r->place[i].x, r->place[i].y, r->place[i].frame)
                                     : json_pack("[i, i]", r->place[i].x, r->place[i].y));
    return json_pack("{s:s, s:f, s:s, s:f, s:b, s:b, s:i, s:o}", "gate", row->name, "value", r->value, "at",
                     row->least ? "least" : "most", "bound", r->bound, "passed", r->passed, "applies",
                     r->applies, "places", r->places, "where", where);
}

static enum spr_code print_json(const struct cli *cli, const char *name, const struct image *const *frame,
                                int frames, const struct gate_result *r, int count, bool passed,
                                struct spr_error *err)
{
    json_t *gates = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(gates, result_json(&r[i], frames > 1));
    json_t *o =
        json_pack("{s:s%, s:i, s:i, s:i, s:b, s:o}", "file", name, strlen(name), "width", frame[0]->width,
                  "height", frame[0]->height, "frames", frames, "passed", passed, "gates", gates);
    return json_line(cli, o, 6, name, "name", err);
}

static void print_row(const struct terminal *t, const struct gate_result *r, bool moving)
{
    enum { SHOWN = 4 };
    const struct gate_row *row = gate_row(r->gate);
    fprintf(t->file, "  %-11s %s%-6s%s ", row->name, r->passed ? terminal_dim(t) : terminal_bold(t),
            !r->applies ? "-"
            : r->passed ? "passed"
                        : "failed",
            terminal_plain(t));
    if (r->applies)
        fprintf(t->file, "%.4g, at %s %.4g: ", r->value, row->least ? "least" : "most", r->bound);
    fputs(row->measure, t->file);
    for (int i = 0; !r->passed && i < r->places && i < SHOWN; i++) {
        fprintf(t->file, "%s%d,%d", i ? "  " : "; at ", r->place[i].x, r->place[i].y);
        if (moving)
            fprintf(t->file, " in frame %d", r->place[i].frame);
    }
    if (!r->passed && r->places > SHOWN)
        fprintf(t->file, "  and %d more", r->places - SHOWN);
    fputc('\n', t->file);
}

static void print_text(const struct cli *cli, const char *name, const struct gate_result *r, int count,
                       int failed, bool moving)
{
    const struct terminal *t = &cli->out;
    terminal_safe(t, name);
    if (failed)
        fprintf(t->file, ": %d of %d gates failed\n", failed, count);
    else
        fprintf(t->file, ": passed %d gates\n", count);
    for (int i = 0; i < count; i++)
        if (!r[i].passed || cli->verbose)
            print_row(t, &r[i], moving);
}

/* *ret_failed: a gate failed. */
static enum spr_code check(const struct cli *cli, const struct wanted *w, const char *name,
                           const struct image *const *frame, int frames, bool *ret_failed,
                           struct spr_error *err)
{
    struct gate_result r[GATE_COUNT];
    int failed = 0;
    enum spr_code rc = gate_check(frame, frames, w->choice, w->count, r, err);
    if (rc)
        return rc;
    for (int i = 0; i < w->count; i++)
        failed += !r[i].passed;
    *ret_failed = failed > 0;
    if (cli->json)
        return print_json(cli, name, frame, frames, r, w->count, failed == 0, err);
    if (!cli->quiet || failed)
        print_text(cli, name, r, w->count, failed, frames > 1);
    return SPR_OK;
}

/* Every frame of an animation's file, or of a still one its picture. */
static enum spr_code check_file(const struct cli *cli, const struct wanted *w, const char *path,
                                bool *ret_failed, struct spr_error *err)
{
    struct animation a = { 0 };
    enum spr_code rc = animation_load(path, NULL, &a, NULL, err);
    if (rc)
        return rc;
    const struct image **frame = mem_zalloc((size_t)a.count, sizeof(void *));
    if (!frame)
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for %d frames", a.count);
    for (int i = 0; !rc && i < a.count; i++)
        frame[i] = &a.frame[i].image;
    if (!rc)
        rc = check(cli, w, path, frame, a.count, ret_failed, err);
    mem_free(frame);
    animation_fini(&a);
    return rc;
}

/* A walk over pictures, each by itself. */
struct round {
    struct cli *cli;
    const struct wanted *wanted;
    size_t seen, failed, unread;
};

/* What goes wrong with one is said, and the next one's turn. */
static enum spr_code check_each(void *context, const char *path, const char *below, struct spr_error *err)
{
    struct round *r = context;
    bool bad = false;
    (void)below;
    r->seen++;
    if (check_file(r->cli, r->wanted, path, &bad, err)) {
        failure_print(r->cli, err);
        r->unread++;
    }
    r->failed += bad;
    return SPR_OK;
}

static enum spr_code check_files(struct cli *cli, const struct wanted *w, const struct args *args,
                                 struct spr_error *err)
{
    struct round r = { cli, w, 0, 0, 0 };
    enum spr_code rc = SPR_OK;
    for (size_t i = 0; !rc && i < args->operands; i++) {
        const char *path = args->operand[i];
        rc = file_is_folder(path) ? picture_files_each(path, check_each, &r, err)
                                  : check_each(&r, path, path, err);
    }
    if (rc)
        return rc;
    if (r.unread)
        return SPR_FAIL(err, SPR_BADDATA, "%zu of %zu files could not be checked", r.unread, r.seen);
    if (r.failed)
        return SPR_FAIL(err, SPR_BADDATA, "%zu of %zu %s not pass", r.failed, r.seen,
                        r.seen == 1 ? "picture did" : "pictures did");
    return SPR_OK;
}

/* The files are frames of one animation, by the first one's name. */
static enum spr_code check_sequence(struct cli *cli, const struct wanted *w, const struct args *args,
                                    struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    bool failed = false;
    size_t n = args->operands, loaded = 0;
    struct image *picture = mem_zalloc(n, sizeof *picture);
    const struct image **frame = mem_zalloc(n, sizeof(void *));
    if (!picture || !frame)
        rc = SPR_FAIL(err, SPR_NOMEM, "no memory for %zu frames", n);
    if (!rc && n > GATE_FRAMES_MAX)
        rc = SPR_FAIL(err, SPR_LIMIT, "%zu frames are too many; at most %d", n, GATE_FRAMES_MAX);
    for (; !rc && loaded < n; loaded++) {
        rc = image_load(args->operand[loaded], NULL, &picture[loaded], NULL, err);
        frame[loaded] = &picture[loaded];
        if (rc)
            break;
    }
    if (!rc)
        rc = check(cli, w, args->operand[0], frame, (int)n, &failed, err);
    for (size_t i = 0; i < loaded; i++)
        image_fini(&picture[i]);
    mem_free(picture);
    mem_free(frame);
    return !rc && failed ? SPR_FAIL(err, SPR_BADDATA, "the sequence did not pass") : rc;
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct wanted wanted;
    enum spr_code rc = read_wanted(args, &wanted, err);
    if (rc)
        return rc;
    return args_has(args, SEQUENCE) ? check_sequence(cli, &wanted, args, err)
                                    : check_files(cli, &wanted, args, err);
}

static const char *gate_name_at(int i)
{
    return i < GATE_COUNT ? gate_row((enum gate)i)->name : NULL;
}

static const char *const gates_words[] = { "usual", "all", NULL };

static const struct option options[] = {
    { GATES, 0, "gates", "usual|all|LIST", "these gates: the usual ones (default), all, or names with commas",
      COMPLETE_WORDS, gates_words },
    { GATE, 'g', "gate", "NAME[=BOUND]", "this gate, with a bound of your own; may be repeated",
      COMPLETE_NOTHING, NULL },
    { SEQUENCE, 0, "sequence", NULL, "the files are the frames of one animation", COMPLETE_NOTHING, NULL },
};

static const struct example examples[] = {
    { "spritery check knight.png", "what is wrong with it, where, and exit status 1 if anything is" },
    { "spritery check --quiet sprites/", "only those of a folder that fail" },
    { "spritery check --verbose walk.gif", "every gate's figure for an animation" },
    { "spritery check tile.png --gate seam --gate colours=16",
      "only these two, one with a bound of your own" },
    { "spritery check --sequence walk-*.png --json | jq '.gates[] | select(.passed | not)'",
      "what a script reads" },
};

const struct command cmd_check = {
    .name = "check",
    .operands = "FILE...",
    .summary = "measure what is wrong with pixel art",
    .about =
        "Each gate measures one thing (alpha, colours, grid, orphans, jaggies, banding, flicker and others) "
        "and "
        "passes or fails by its bound. The usual gates are all but holes, outline and seam, which are for "
        "things that are solid, have a closed outline or repeat. Frames of a GIF, APNG, WebP or Aseprite "
        "file "
        "are checked together. A FILE that is a folder stands for every picture in it and below.\n"
        "--verbose shows every figure, --quiet only pictures that fail. The exit status is 1 if any gate "
        "failed "
        "or a file could not be read, so that a plan can use a check as a criterion.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .min_operands = 1,
    .max_operands = -1,
    .complete = COMPLETE_FILE,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .names_title = "Gates",
    .name_at = gate_name_at,
    .run = run,
};
