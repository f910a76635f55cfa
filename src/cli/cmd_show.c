#include "base/mem.h"
#include "cli/command.h"
#include "cli/json_line.h"
#include "cli/preview.h"
#include "cli/term_picture.h"
#include "cli/term_play.h"
#include "engine/papers.h"
#include "image/animation.h"
#include "request/request_json.h"

#include <jansson.h>
#include <string.h>

enum { PREVIEW = OPTION_OWN };

/* A picture's file as it was read. */
struct shown {
    const char *path;
    struct animation motion; /* a still has one frame */
    struct notes notes;
    bool made; /* request, papers and software say how */
    struct request request;
    struct engine_papers papers;
    char software[ENGINE_NAME_BYTES];
};

static enum spr_code read_file(const char *path, struct shown *ret, struct spr_error *err)
{
    struct spr_error why = { 0 };
    *ret = (struct shown){ .path = path };
    enum spr_code rc = animation_load(path, NULL, &ret->motion, &ret->notes, err);
    if (rc)
        return rc;
    rc = papers_read(&ret->notes, &ret->request, &ret->papers, ret->software, &why);
    ret->made = rc == SPR_OK;
    if (rc && rc != SPR_NOTFOUND)
        rc = SPR_FAIL(err, rc, "%.200s: %s", path, why.text);
    return rc == SPR_NOTFOUND ? SPR_OK : rc;
}

static void fini(struct shown *s)
{
    if (s->made)
        request_fini(&s->request);
    notes_fini(&s->notes);
    animation_fini(&s->motion);
}

/* Adds what moves to the object. A name that JSON cannot have is left out: readers make names UTF-8. */
static void add_motion(const struct animation *a, json_t *object)
{
    json_t *ms = json_array(), *tags = json_array();
    for (int i = 0; i < a->count; i++)
        json_array_append_new(ms, json_integer(a->frame[i].ms));
    for (int i = 0; i < a->tags; i++)
        json_array_append_new(tags,
                              json_pack("{s:s, s:i, s:i, s:s, s:i}", "name", a->tag[i].name, "from",
                                        a->tag[i].from, "to", a->tag[i].to, "direction",
                                        tag_direction_name(a->tag[i].direction), "repeat", a->tag[i].repeat));
    json_object_set_new(object, "frames", json_integer(a->count));
    json_object_set_new(object, "durations_ms", ms);
    json_object_set_new(object, "plays", json_integer(a->plays));
    json_object_set_new(object, "tags", tags);
}

static enum spr_code print_json(const struct cli *cli, const struct shown *s, struct spr_error *err)
{
    json_t *object = json_pack("{s:s%, s:i, s:i}", "file", s->path, strlen(s->path), "width", s->motion.width,
                               "height", s->motion.height);
    json_t *request = NULL;
    enum spr_code rc =
        object ? SPR_OK : SPR_FAIL(err, SPR_BADDATA, "%.200s: a name that is not UTF-8 has no JSON", s->path);
    if (!rc && s->motion.count > 1)
        add_motion(&s->motion, object);
    if (!rc && s->made && !(rc = request_to_json(&s->request, &request, err))) {
        json_object_set_new(object, "request", request);
        json_object_set_new(object, "model",
                            json_pack("{s:s, s:s}", "name", s->papers.model, "sha256", s->papers.model_hash));
        json_object_set_new(object, "software", json_string(s->software));
    }
    if (!rc)
        return json_line(cli, object, 0, s->path, "text", err);
    json_decref(object);
    return rc;
}

static void print_row(const struct terminal *t, const char *name, const char *text)
{
    if (!*text)
        return;
    fprintf(t->file, "  %s%-13s%s ", terminal_dim(t), name, terminal_plain(t));
    terminal_safe(t, text);
    fputc('\n', t->file);
}

static void print_motion(const struct terminal *t, const struct animation *a)
{
    char text[160];
    int least = a->frame->ms, most = least;
    for (int i = 1; i < a->count; i++) {
        least = a->frame[i].ms < least ? a->frame[i].ms : least;
        most = a->frame[i].ms > most ? a->frame[i].ms : most;
    }
    if (least == most)
        snprintf(text, sizeof text, "%d of %d ms, %.2f s in all", a->count, most,
                 (double)animation_ms(a) / 1000);
    else
        snprintf(text, sizeof text, "%d of %d to %d ms, %.2f s in all", a->count, least, most,
                 (double)animation_ms(a) / 1000);
    print_row(t, "frames", text);
    if (a->plays) {
        snprintf(text, sizeof text, "%d", a->plays);
        print_row(t, "plays", text);
    }
    for (int i = 0; i < a->tags; i++) {
        snprintf(text, sizeof text, "frames %d to %d, %s", a->tag[i].from, a->tag[i].to,
                 tag_direction_name(a->tag[i].direction));
        fprintf(t->file, "  %stag%s ", terminal_dim(t), terminal_plain(t));
        terminal_safe(t, a->tag[i].name);
        fprintf(t->file, ": %s\n", text);
    }
    for (int i = 0; i < a->slices; i++) {
        const struct slice_key *k = a->slice[i].key;
        fprintf(t->file, "  %sslice%s ", terminal_dim(t), terminal_plain(t));
        terminal_safe(t, a->slice[i].name);
        if (a->slice[i].count)
            fprintf(t->file, ": %dx%d at %d,%d", k->bounds.width, k->bounds.height, k->bounds.x, k->bounds.y);
        fputc('\n', t->file);
    }
}

static enum spr_code print_text(const struct cli *cli, const struct shown *s, struct spr_error *err)
{
    const struct terminal *t = &cli->out;
    struct buf text;
    enum spr_code rc = SPR_OK;
    fputs(terminal_bold(t), t->file);
    terminal_safe(t, s->path);
    bool moves = s->motion.count > 1 || s->motion.tags || s->motion.slices;
    fprintf(t->file, "%s: %d x %d pixels%s\n", terminal_plain(t), s->motion.width, s->motion.height,
            s->made || moves ? "" : ", and nothing in it says how it was made");
    if (moves)
        print_motion(t, &s->motion);
    buf_init(&text, (size_t)REQUEST_PROMPT_MAX * 4 + 1);
    for (int f = 0; s->made && !rc && f < REQUEST_FIELD_COUNT; f++) {
        if (!request_matters(&s->request, (enum request_field)f))
            continue;
        text.length = 0;
        rc = request_print(&s->request, (enum request_field)f, &text, err);
        print_row(t, request_row((enum request_field)f)->name, text.length ? text.data : "");
    }
    buf_fini(&text);
    print_row(t, "model name", s->papers.model);
    print_row(t, "model sha256", s->papers.model_hash);
    print_row(t, "made by", s->software);
    return rc;
}

/* What moves is played once where that can be; else its first frame stands for it. */
static enum spr_code draw(const struct cli *cli, const struct animation *a, struct spr_error *err)
{
    const struct image *first = &a->frame->image;
    if (a->count > 1 && cli->out.tty && term_picture_rows(&cli->out, first) < terminal_size(&cli->out).rows)
        return term_play(&cli->out, a, 1, err);
    return term_picture(&cli->out, first, err);
}

static enum spr_code show(const struct cli *cli, const struct preview *preview, const char *path,
                          struct spr_error *err)
{
    struct shown s;
    enum spr_code rc = read_file(path, &s, err);
    if (!rc)
        rc = cli->json ? print_json(cli, &s, err) : print_text(cli, &s, err);
    if (!rc && preview->shown)
        rc = draw(cli, &s.motion, err);
    fini(&s);
    return rc;
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct preview preview;
    enum spr_code rc = preview_read(cli, args_value(args, PREVIEW), false, &preview, err);
    for (size_t i = 0; !rc && i < args->operands; i++)
        rc = show(cli, &preview, args->operand[i], err);
    return rc;
}

static const struct option options[] = {
    { PREVIEW, 'p', "preview", "WHEN", "show the picture: auto (on a terminal), never or always",
      COMPLETE_WORDS, preview_words },
};

static const struct example examples[] = {
    { "spritery show red-dragon-7.png", "the picture, and every parameter it was made with" },
    { "spritery show hero.aseprite", "frames, tags and slices; played once" },
    { "spritery show --json *.png | jq .request.seed", "the seeds of many" },
};

const struct command cmd_show = {
    .name = "show",
    .operands = "FILE...",
    .summary = "show a picture and how it was made",
    .about = "Prints the parameters that a PNG of 'spritery generate' carries, and shows the picture where "
             "standard "
             "output is a terminal. Other pictures (PNG, JPEG, WebP, GIF, Aseprite) are shown too; they say "
             "nothing.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .min_operands = 1,
    .max_operands = -1,
    .complete = COMPLETE_FILE,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
