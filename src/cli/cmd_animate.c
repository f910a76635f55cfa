#include "cli/command.h"
#include "cli/frames.h"
#include "cli/json_line.h"
#include "cli/preview.h"
#include "cli/result.h"
#include "cli/term_play.h"
#include "image/load.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    OUT = OPTION_OWN,
    AS,
    FORCE,
    FPS,
    DURATION,
    LOOP,
    TAG,
    REVERSE,
    PINGPONG,
    SCALE,
    COLOURS,
    CELLS,
    ANCHOR,
    LAYER,
    ONION,
    COLUMNS,
    PLAY
};

static const char *const kinds[] = { "gif", "apng", "webp", "aseprite", "sheet", NULL };
static const char *const anchors[] = { "centre",   "bottom",    "top",         "left",         "right",
                                       "top-left", "top-right", "bottom-left", "bottom-right", NULL };

struct settings {
    int64_t fps, ms, plays, scale, colours, onion, columns; /* -1: not said */
    const char *out;
    bool sheet; /* a still sheet, whatever its ending */
    enum image_kind kind;
};

/* What the result is: --as decides, else the ending of --out. */
static enum spr_code read_kind(const struct args *args, struct settings *s, struct spr_error *err)
{
    const char *as = args_value(args, AS);
    enum image_kind named;
    bool known = s->out && image_kind_of_path(s->out, &named) && named != IMAGE_JPEG;
    s->sheet = s->onion >= 0 || (as && strcmp(as, "sheet") == 0);
    if (s->sheet && known && named != IMAGE_PNG && named != IMAGE_WEBP)
        return SPR_FAIL(err, SPR_BADARG, "--out %.200s: a sheet is a .png or a .webp", s->out);
    if (s->sheet || !s->out) {
        s->kind = known ? named : IMAGE_PNG;
        return SPR_OK;
    }
    for (size_t i = 0; as && kinds[i]; i++)
        if (strcmp(kinds[i], as) == 0 && image_kind_named(as, &s->kind))
            return SPR_OK;
    if (as)
        return args_wrong("as", as, "gif, apng, webp, aseprite or sheet", err);
    if (!known)
        return SPR_FAIL(
            err, SPR_BADARG,
            "--out %.200s: what kind is that? End it with .gif, .apng, .png, .webp or .aseprite, or give "
            "--as",
            s->out);
    s->kind = named;
    return SPR_OK;
}

static enum spr_code read_settings(const struct args *args, struct settings *s, struct spr_error *err)
{
    *s = (struct settings){ -1, -1, -1, 0, -1, -1, 0, args_value(args, OUT), false, IMAGE_PNG };
    enum spr_code rc = args_whole(args, FPS, "fps", 1, 1000, &s->fps, err);
    if (!rc)
        rc = args_whole(args, DURATION, "duration", 1, ANIMATION_MS_MAX, &s->ms, err);
    if (!rc && s->fps > 0 && s->ms > 0)
        rc = SPR_FAIL(err, SPR_BADARG, "--fps and --duration say the same; give one of them");
    if (!rc)
        rc = args_whole(args, LOOP, "loop", 0, 65535, &s->plays, err);
    if (!rc)
        rc = args_whole(args, SCALE, "scale", 1, 64, &s->scale, err);
    if (!rc)
        rc = args_whole(args, COLOURS, "colors", 1, 256, &s->colours, err);
    if (!rc)
        rc = args_whole(args, ONION, "onion", 0, 8, &s->onion, err);
    if (!rc)
        rc = args_whole(args, COLUMNS, "columns", 1, IMAGE_SIDE_MAX, &s->columns, err);
    return rc ? rc : read_kind(args, s, err);
}

static enum spr_code read_anchor(const char *word, struct frames_source *s, struct spr_error *err)
{
    size_t i = 0;
    s->anchor = (struct motion_anchor){ 1, 1 };
    if (!word)
        return SPR_OK;
    while (anchors[i] && strcmp(anchors[i], word) != 0)
        i++;
    if (!anchors[i])
        return args_wrong("anchor", word, "centre, a side (bottom) or a corner (top-left)", err);
    s->anchored = true;
    s->anchor.x = strstr(word, "left") ? 0 : strstr(word, "right") ? 2 : 1;
    s->anchor.y = strstr(word, "top") ? 0 : strstr(word, "bottom") ? 2 : 1;
    return SPR_OK;
}

static enum spr_code read_source(const struct args *args, struct animation *ret, struct spr_error *err)
{
    struct frames_source s = { .path = args->operand,
                               .count = args->operands,
                               .layer = args_value(args, LAYER),
                               .tag = args_value(args, TAG) };
    const char *cells = args_value(args, CELLS);
    enum spr_code rc = read_anchor(args_value(args, ANCHOR), &s, err);
    if (!rc && cells)
        rc = frames_size(cells, "cells", &s.cell_width, &s.cell_height, err);
    return rc ? rc : frames_read(&s, ret, err);
}

/* *a becomes what `made` is. */
static enum spr_code become(enum spr_code rc, struct animation *a, struct animation *made)
{
    if (rc)
        return rc;
    animation_fini(a);
    *a = *made;
    return SPR_OK;
}

static enum spr_code pick(const struct args *args, struct animation *a, struct spr_error *err)
{
    const char *name = args_value(args, TAG);
    struct motion_order o = { NULL, args_has(args, REVERSE), args_has(args, PINGPONG) };
    struct animation made;
    if (name && !(o.tag = animation_tag(a, name))) {
        char shown[REQUEST_SHOWN_BYTES], known[200] = "";
        request_shown(name, shown);
        for (int i = 0; i < a->tags && strlen(known) < sizeof known - 50; i++) {
            char one[REQUEST_SHOWN_BYTES];
            request_shown(a->tag[i].name, one);
            size_t used = strlen(known);
            snprintf(known + used, sizeof known - used, "%s%.40s", i ? ", " : "", one);
        }
        return SPR_FAIL(err, SPR_NOTFOUND, "there is no tag \"%s\"; there are %s", shown,
                        *known ? known : "none");
    }
    if (!name && !o.reverse && !o.pingpong)
        return SPR_OK;
    return become(motion_pick(a, &o, &made, err), a, &made);
}

/* Durations from --fps or --duration; else stills that became frames get the usual 100 ms. */
static void set_times(const struct settings *s, struct animation *a)
{
    for (int i = 0; i < a->count; i++) {
        if (s->ms > 0)
            a->frame[i].ms = (int)s->ms;
        else if (s->fps > 0) /* rounded so that the sum stays right */
            a->frame[i].ms =
                (int)(((i + 1) * 2000 + s->fps) / (2 * s->fps) - (i * 2000 + s->fps) / (2 * s->fps));
        if (a->frame[i].ms == 0)
            a->frame[i].ms = ANIMATION_MS_UNSAID;
    }
    if (s->plays >= 0)
        a->plays = (int)s->plays;
}

static enum spr_code prepare(const struct cli *cli, const struct args *args, const struct settings *s,
                             struct animation *a, struct spr_error *err)
{
    struct animation made;
    enum spr_code rc = pick(args, a, err);
    if (rc)
        return rc;
    set_times(s, a);
    bool few = s->kind == IMAGE_GIF && s->out && motion_colours(a) > 256;
    if (s->colours > 0 || few) {
        if (few && s->colours < 0 && !cli->quiet)
            fprintf(cli->err.file,
                    "the frames have more than 256 colours together; a GIF gets the best 255\n");
        int colours = s->colours > 0 ? (int)s->colours : 255;
        rc = become(motion_fit_colours(a, colours, &made, err), a, &made);
    }
    if (!rc && s->scale > 1 && s->onion < 0)
        rc = become(motion_enlarge(a, SCALE_NEAREST, (int)s->scale, &made, err), a, &made);
    return rc;
}

static enum spr_code encode(const struct settings *s, const struct animation *a, struct buf *bytes,
                            struct spr_error *err)
{
    struct image im = { 0 };
    if (!s->sheet)
        return animation_encode(s->kind, a, NULL, bytes, err);
    int larger = a->width > a->height ? a->width : a->height;
    int scale = s->scale ? (int)s->scale : larger < 96 ? 96 / larger : 1;
    enum spr_code rc = s->onion >= 0 ? motion_onion(a, (int)s->onion, scale, (int)s->columns, &im, err)
                                     : motion_sheet(a, (int)s->columns, &im, err);
    if (!rc)
        rc = image_encode(s->kind, &im, NULL, bytes, err);
    image_fini(&im);
    return rc;
}

static enum spr_code report(const struct cli *cli, const struct settings *s, const struct animation *a,
                            size_t bytes, struct spr_error *err)
{
    if (!cli->json) {
        fprintf(cli->out.file, "%s\n", s->out);
        return terminal_flush(&cli->out, err);
    }
    json_t *o = json_pack("{s:s%, s:s, s:i, s:i, s:i, s:I, s:i, s:I}", "file", s->out, strlen(s->out), "kind",
                          s->onion >= 0                          ? "onion"
                          : s->sheet                             ? "sheet"
                          : s->kind == IMAGE_PNG && a->count > 1 ? "apng"
                                                                 : image_kind_name(s->kind),
                          "width", a->width, "height", a->height, "frames", a->count, "ms",
                          (json_int_t)animation_ms(a), "plays", a->plays, "bytes", (json_int_t)bytes);
    enum spr_code rc = json_line(cli, o, 0, s->out, "name", err);
    return rc ? rc : terminal_flush(&cli->out, err);
}

static enum spr_code write_out(const struct cli *cli, const struct args *args, const struct settings *s,
                               const struct animation *a, struct spr_error *err)
{
    struct buf bytes;
    buf_init(&bytes, (size_t)1 << 30);
    enum spr_code rc = encode(s, a, &bytes, err);
    if (!rc)
        rc = result_taken(file_write(s->out, bytes.data, bytes.length,
                                     args_has(args, FORCE) ? FILE_REPLACE : FILE_NEW, err),
                          s->out, err);
    if (!rc)
        rc = report(cli, s, a, bytes.length, err);
    buf_fini(&bytes);
    return rc;
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct settings s;
    struct animation a = { 0 };
    enum spr_code rc = read_settings(args, &s, err);
    if (rc)
        return rc;
    bool play = args_has(args, PLAY) || (!s.out && cli->out.tty && !cli->json && s.onion < 0);
    if (!s.out && !play)
        return SPR_FAIL(err, SPR_BADARG,
                        "where to? --out FILE writes the animation, --play shows it in a terminal");
    if (play && !cli->out.tty)
        return SPR_FAIL(err, SPR_BADARG, "--play needs a terminal, and standard output is none");
    if (s.out && !args_has(args, FORCE) && file_exists(s.out))
        return result_taken(SPR_EXISTS, s.out, err);
    rc = read_source(args, &a, err);
    if (!rc)
        rc = prepare(cli, args, &s, &a, err);
    if (!rc && s.out)
        rc = write_out(cli, args, &s, &a, err);
    if (!rc && play)
        rc = term_play(&cli->out, &a, a.plays, err);
    animation_fini(&a);
    return rc;
}

static const struct option options[] = {
    { OUT, 'o', "out", "FILE", "write it; the ending says what: .gif, .png or .apng, .webp, .aseprite",
      COMPLETE_FILE, NULL },
    { AS, 0, "as", "KIND",
      "gif, apng, webp or aseprite, whatever the ending; or sheet: all frames on one picture", COMPLETE_WORDS,
      kinds },
    { FORCE, 'f', "force", NULL, "replace the file", COMPLETE_NOTHING, NULL },
    { FPS, 0, "fps", "N", "frames a second, 1 to 1000", COMPLETE_NOTHING, NULL },
    { DURATION, 'd', "duration", "MS", "each frame's time, 1 to 65535 ms; else what the files say, or 100",
      COMPLETE_NOTHING, NULL },
    { LOOP, 0, "loop", "N", "how often it is shown; 0 is for ever, as is usual", COMPLETE_NOTHING, NULL },
    { TAG, 't', "tag", "NAME", "only the frames of this tag, in its direction", COMPLETE_NOTHING, NULL },
    { REVERSE, 0, "reverse", NULL, "last frame first", COMPLETE_NOTHING, NULL },
    { PINGPONG, 0, "pingpong", NULL, "there and back, no end twice", COMPLETE_NOTHING, NULL },
    { SCALE, 's', "scale", "N", "enlarge by a whole number, 1 to 64", COMPLETE_NOTHING, NULL },
    { COLOURS, 0, "colors", "N", "at most so many colours in all frames together, 1 to 256", COMPLETE_NOTHING,
      NULL },
    { CELLS, 0, "cells", "WxH", "cut each picture into cells of that size, row by row", COMPLETE_NOTHING,
      NULL },
    { ANCHOR, 0, "anchor", "WHERE", "files of several sizes: where smaller ones lie on the largest",
      COMPLETE_WORDS, anchors },
    { LAYER, 0, "layer", "NAME", "this layer or group of an Aseprite file alone", COMPLETE_NOTHING, NULL },
    { ONION, 0, "onion", "N",
      "an onion-skin contact sheet: N frames before (red) and after (blue) shine through", COMPLETE_NOTHING,
      NULL },
    { COLUMNS, 0, "columns", "N", "of a sheet", COMPLETE_NOTHING, NULL },
    { PLAY, 'p', "play", NULL, "show it in the terminal until Ctrl-C", COMPLETE_NOTHING, NULL },
};

static const struct example examples[] = {
    { "spritery animate walk*.png -o walk.gif --fps 12", "one GIF of several pictures, with one palette" },
    { "spritery animate walk/ idle/ -o hero.aseprite", "folders become tags" },
    { "spritery animate sheet.png --cells 16x16 -o hero.apng --pingpong", "a sheet cut into frames" },
    { "spritery animate build/hero.json --tag walk -o walk.gif", "a packed sheet, by its JSON" },
    { "spritery animate hero.aseprite --tag walk --play", "played here, at its own pace; Ctrl-C ends it" },
    { "spritery animate hero.gif --onion 2 -o onion.png", "to see whether the motion is even" },
};

const struct command cmd_animate = {
    .name = "animate",
    .operands = "FRAMES...",
    .summary = "animations from frames, sheets and other animations; played in the terminal",
    .about = "Joins pictures, folders of pictures, sheets (--cells, or their JSON) and animations (GIF, "
             "APNG, WebP, "
             "Aseprite) into one "
             "animation. Pixels are kept exactly; only a GIF of more than 256 colours gets one palette of "
             "the best 255. "
             "Frames are stored as the parts that change.\n"
             "Without --out, on a terminal, it is played. Ctrl-C ends that, and the terminal is as it was.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .min_operands = 1,
    .max_operands = -1,
    .complete = COMPLETE_FILE,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
