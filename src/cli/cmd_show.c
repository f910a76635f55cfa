#include "base/mem.h"
#include "cli/command.h"
#include "cli/preview.h"
#include "cli/term_picture.h"
#include "engine/papers.h"
#include "image/load.h"
#include "request/request_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { PREVIEW = OPTION_OWN };

/* A picture's file as it was read. */
struct shown {
    const char *path;
    struct image pixels;
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
    enum spr_code rc = image_load(path, NULL, &ret->pixels, &ret->notes, err);
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
    image_fini(&s->pixels);
}

static enum spr_code print_json(const struct cli *cli, const struct shown *s, struct spr_error *err)
{
    json_t *object = json_pack("{s:s%, s:i, s:i}", "file", s->path, strlen(s->path), "width", s->pixels.width,
                               "height", s->pixels.height);
    json_t *request = NULL;
    enum spr_code rc =
        object ? SPR_OK : SPR_FAIL(err, SPR_BADDATA, "%.200s: a name that is not UTF-8 has no JSON", s->path);
    if (!rc && s->made && !(rc = request_to_json(&s->request, &request, err))) {
        json_object_set_new(object, "request", request);
        json_object_set_new(object, "model",
                            json_pack("{s:s, s:s}", "name", s->papers.model, "sha256", s->papers.model_hash));
        json_object_set_new(object, "software", json_string(s->software));
    }
    char *line = rc ? NULL : json_dumps(object, JSON_COMPACT);
    if (line)
        fprintf(cli->out.file, "%s\n", line);
    free(line);
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

static enum spr_code print_text(const struct cli *cli, const struct shown *s, struct spr_error *err)
{
    const struct terminal *t = &cli->out;
    struct buf text;
    enum spr_code rc = SPR_OK;
    fputs(terminal_bold(t), t->file);
    terminal_safe(t, s->path);
    fprintf(t->file, "%s: %d x %d pixels%s\n", terminal_plain(t), s->pixels.width, s->pixels.height,
            s->made ? "" : ", and nothing in it says how it was made");
    buf_init(&text, (size_t)REQUEST_PROMPT_MAX * 4 + 1);
    for (int f = 0; s->made && !rc && f < REQUEST_FIELD_COUNT; f++) {
        text.length = 0;
        rc = request_print(&s->request, (enum request_field)f, &text, err);
        print_row(t, request_row((enum request_field)f)->name, text.length ? text.data : "");
    }
    buf_fini(&text);
    print_row(t, "model name", s->papers.model);
    print_row(t, "model sha256", s->papers.model_hash);
    print_row(t, "engine", s->papers.engine);
    print_row(t, "made by", s->software);
    return rc;
}

static enum spr_code show(const struct cli *cli, const struct preview *preview, const char *path,
                          struct spr_error *err)
{
    struct shown s;
    enum spr_code rc = read_file(path, &s, err);
    if (!rc)
        rc = cli->json ? print_json(cli, &s, err) : print_text(cli, &s, err);
    if (!rc && preview->shown)
        rc = term_picture(&cli->out, &s.pixels, err);
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
