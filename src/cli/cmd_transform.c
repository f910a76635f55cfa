#include "cli/json_line.h"
#include "cli/result.h"
#include "image/colour.h"
#include "pixel/motion.h"
#include "pixel/outline.h"
#include "pixel/turn.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
    OUT = OPTION_OWN,
    FORCE,
    SCALE,
    METHOD,
    MIRROR,
    ROTATE,
    SMOOTH,
    KEEP_SIZE,
    SET,
    FACING,
    OUTLINE,
    CLEAN,
    CLOSE
};

static const char *const methods[] = { "nearest", "epx", "mmpx", "xbr", NULL };
static const char *const mirrors[] = { "x", "y", "xy", NULL };
static const char *const rotations[] = { "smart", "nearest", NULL };
static const char *const sets[] = { "2", "4", "8", NULL };
static const char *const winds[] = { "n", "ne", "e", "se", "s", "sw", "w", "nw", NULL };

enum { SET_MAX = 8 };

struct settings {
    bool clean, close, mirror_x, mirror_y, keep_size, outlined;
    double degrees;
    enum turn_method turn;
    int set, facing; /* facing -1: not said */
    struct outline_options outline;
    int factor;
    enum scale_method method;
    struct result where;
};

/* "outer", "inner:#rrggbb", "outer:shade". */
static enum spr_code read_outline(const char *text, struct settings *s, struct spr_error *err)
{
    const char *colon = strchr(text, ':'), *how = colon ? colon + 1 : "#000000";
    size_t length = colon ? (size_t)(colon - text) : strlen(text);
    s->outlined = true;
    s->outline = (struct outline_options){ .place = OUTLINE_OUTER };
    bool outer = length == 5 && memcmp(text, "outer", 5) == 0,
         round = length == 7 && memcmp(text, "corners", 7) == 0;
    bool inner = length == 5 && memcmp(text, "inner", 5) == 0;
    s->outline.corners = round;
    if (inner)
        s->outline.place = OUTLINE_INNER;
    s->outline.selective = strcmp(how, "shade") == 0;
    bool colour = rgba_from_hex(how, &s->outline.colour);
    if ((outer || inner || round) && (colour || s->outline.selective))
        return SPR_OK;
    return args_wrong(
        "outline", text,
        "outer, inner or corners (outer, round corners too), and may go on with :#RRGGBB or :shade", err);
}

static enum spr_code read_words(const struct args *args, struct settings *s, struct spr_error *err)
{
    const char *mirror = args_value(args, MIRROR), *set = args_value(args, SET),
               *outline = args_value(args, OUTLINE);
    int method = SCALE_NEAREST, turn = 0, known;
    enum spr_code rc = args_word(args, METHOD, "method", methods, &method, err);
    if (!rc)
        rc = args_word(args, MIRROR, "mirror", mirrors, &known, err);
    if (!rc)
        rc = args_word(args, SMOOTH, "by", rotations, &turn, err);
    if (!rc)
        rc = args_word(args, SET, "set", sets, &known, err);
    if (!rc)
        rc = args_word(args, FACING, "facing", winds, &s->facing, err);
    if (rc)
        return rc;
    s->method = (enum scale_method)method;
    s->mirror_x = mirror && strchr(mirror, 'x');
    s->mirror_y = mirror && strchr(mirror, 'y');
    s->turn = turn == 0 ? TURN_SMART : TURN_NEAREST;
    s->set = set ? set[0] - '0' : 0;
    return outline ? read_outline(outline, s, err) : SPR_OK;
}

static enum spr_code read_settings(const struct args *args, struct settings *s, struct spr_error *err)
{
    int64_t factor = 1;
    *s = (struct settings){ .turn = TURN_SMART,
                            .facing = -1,
                            .method = SCALE_NEAREST,
                            .clean = args_has(args, CLEAN),
                            .close = args_has(args, CLOSE),
                            .keep_size = args_has(args, KEEP_SIZE) };
    enum spr_code rc = read_words(args, s, err);
    if (!rc)
        rc = args_whole(args, SCALE, "scale", 1, 64, &factor, err);
    s->factor = (int)factor;
    if (!rc && args_number(args, ROTATE, "rotate", -36000, 36000, &s->degrees, NULL))
        rc = args_wrong("rotate", args_value(args, ROTATE), "degrees, clockwise, as 30 or -22.5", err);
    if (!rc && s->method != SCALE_NEAREST && (factor & (factor - 1)))
        rc = SPR_FAIL(err, SPR_BADARG,
                      "--method %s enlarges by 2, 4, 8 ..., not by --scale %d; nearest does any",
                      scale_method_name(s->method), (int)factor);
    if (!rc && s->facing >= 0 && s->set < 4)
        rc = SPR_FAIL(err, SPR_BADARG, "--facing names the pictures of --set 4 or 8");
    if (!rc && s->facing >= 0 && s->set == 4 && s->facing % 2)
        rc = SPR_FAIL(err, SPR_BADARG, "--set 4 faces n, e, s and w, not %s", winds[s->facing]);
    if (!rc)
        rc = result_read(args_value(args, OUT), args->operands * (size_t)(s->set ? s->set : 1),
                         args_has(args, FORCE), "-transform", &s->where, err);
    return rc;
}

/* One picture, before its outline. */
struct work {
    const struct settings *s;
    int member;        /* of the set */
    int jaggies, gaps; /* pixels changed */
};

static enum spr_code change(void *context, const struct image *from, struct image *ret, struct spr_error *err)
{
    struct work *w = context;
    const struct settings *s = w->s;
    struct image now;
    enum spr_code rc = image_copy(&now, from, err);
    if (rc)
        return rc;
    if (s->clean)
        w->jaggies += outline_clean(&now);
    if (s->close)
        w->gaps += outline_close(&now);
    turn_mirror(&now, s->mirror_x != (s->set == 2 && w->member == 1), s->mirror_y);
    if (s->degrees != 0) {
        struct image turned;
        rc = turn_rotate(&now, s->degrees, s->turn, s->keep_size, &turned, err);
        if (!rc) {
            image_fini(&now);
            now = turned;
        }
    }
    if (!rc && s->set > 2) {
        struct image set[SET_MAX];
        rc = turn_set(&now, s->set, s->turn, set, err);
        image_fini(&now);
        for (int i = 0; i < s->set && !rc; i++)
            if (i == w->member)
                now = set[i];
            else
                image_fini(&set[i]);
    }
    if (rc)
        image_fini(&now);
    else
        *ret = now;
    return rc;
}

static enum spr_code draw_outline(void *context, const struct image *from, struct image *ret,
                                  struct spr_error *err)
{
    struct image now;
    enum spr_code rc = image_copy(&now, from, err);
    if (!rc && (rc = outline_draw(&now, context, err)))
        image_fini(&now);
    if (!rc)
        *ret = now;
    return rc;
}

/* Outlines every frame; all of them get a larger canvas if one needs it. */
static enum spr_code outline_all(const struct settings *s, struct animation *a, struct spr_error *err)
{
    struct outline_options o = s->outline;
    struct animation made;
    for (int i = 0; i < a->count; i++)
        o.grow = o.grow || outline_needs_room(&a->frame[i].image);
    enum spr_code rc = motion_map(a, draw_outline, &o, &made, err);
    if (rc)
        return rc;
    animation_fini(a);
    *a = made;
    return SPR_OK;
}

/* The end of the name of a set's member: "-left", "-ne", "-45". */
static void member_name(const struct settings *s, int member, char ret[16])
{
    ret[0] = '\0';
    if (s->set == 2)
        snprintf(ret, 16, "%s", member ? "-mirrored" : "-plain");
    else if (s->set > 2 && s->facing >= 0)
        snprintf(ret, 16, "-%s", winds[(s->facing + member * 8 / s->set) % 8]);
    else if (s->set > 2)
        snprintf(ret, 16, "-%d", member * 360 / s->set);
}

static enum spr_code report(const struct cli *cli, const char *from, const char *to,
                            const struct animation *a, const struct work *w, struct spr_error *err)
{
    if (!cli->json) {
        fprintf(cli->out.file, "%s\n", to);
        return SPR_OK;
    }
    json_t *o = json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:i}", "file", to, "from", from, "width", a->width,
                          "height", a->height, "frames", a->count, "jaggies", w->jaggies, "gaps", w->gaps);
    return json_line(cli, o, 0, from, "name", err);
}

static enum spr_code make(const struct cli *cli, const struct settings *s, const char *path,
                          const struct animation *from, int member, struct spr_error *err)
{
    char to[PATH_MAX], end[16];
    enum image_kind kind = result_kind(&s->where, path);
    struct animation changed = { 0 }, large = { 0 };
    struct work w = { .s = s, .member = member };
    member_name(s, member, end);
    enum spr_code rc = result_path(&s->where, result_name(path), end, kind, to, err);
    if (!rc)
        rc = motion_map(from, change, &w, &changed, err);
    if (!rc && s->outlined)
        rc = outline_all(s, &changed, err);
    if (!rc)
        rc = motion_enlarge(&changed, s->method, s->factor, &large, err);
    if (rc)
        spr_prefix(err, "%.200s", path);
    if (!rc)
        rc = result_taken(animation_save(to, kind, &large, NULL, result_mode(&s->where), err), to, err);
    if (!rc)
        rc = report(cli, path, to, &large, &w, err);
    animation_fini(&large);
    animation_fini(&changed);
    return rc;
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    struct settings s;
    enum spr_code rc = read_settings(args, &s, err);
    if (!rc)
        rc = result_folder(&s.where, err);
    for (size_t i = 0; !rc && i < args->operands; i++) {
        struct animation a = { 0 };
        rc = animation_load(args->operand[i], NULL, &a, NULL, err);
        for (int member = 0; !rc && member < (s.set ? s.set : 1); member++)
            rc = make(cli, &s, args->operand[i], &a, member, err);
        animation_fini(&a);
    }
    return rc ? rc : terminal_flush(&cli->out, err);
}

static const struct option options[] = {
    { OUT, 'o', "out", "DIR|FILE", "where to (default: here, as NAME-transform)", COMPLETE_FILE, NULL },
    { FORCE, 'f', "force", NULL, "replace files that exist", COMPLETE_NOTHING, NULL },
    { SCALE, 's', "scale", "N", "enlarge by a whole number, 1 to 64", COMPLETE_NOTHING, NULL },
    { METHOD, 'm', "method", "KIND",
      "how: nearest; or by 2, 4, 8 ...: epx, mmpx (best for sprites), xbr (shaded art)", COMPLETE_WORDS,
      methods },
    { MIRROR, 0, "mirror", "AXIS", "x: left and right change places; y: top and bottom; xy: both",
      COMPLETE_WORDS, mirrors },
    { ROTATE, 'r', "rotate", "DEGREES", "clockwise; quarters of a turn are exact", COMPLETE_NOTHING, NULL },
    { SMOOTH, 0, "by", "KIND", "how to rotate: smart (lines stay whole, as RotSprite) or nearest",
      COMPLETE_WORDS, rotations },
    { KEEP_SIZE, 0, "keep-size", NULL, "rotate on the same canvas; else it grows to hold everything",
      COMPLETE_NOTHING, NULL },
    { SET, 0, "set", "N", "2: as it is and mirrored; 4 or 8: rotated into so many directions", COMPLETE_WORDS,
      sets },
    { FACING, 0, "facing", "WIND",
      "where the sprite looks; the set's files are named by the wind, not by degrees", COMPLETE_WORDS,
      winds },
    { OUTLINE, 0, "outline", "KIND", "outer, inner or corners; then :#RRGGBB (default black) or :shade",
      COMPLETE_NOTHING, NULL },
    { CLEAN, 0, "clean", NULL, "take the corner pixels out of freehand lines (jaggies)", COMPLETE_NOTHING,
      NULL },
    { CLOSE, 0, "close", NULL, "close gaps of one or two pixels in a dark outline", COMPLETE_NOTHING, NULL },
};

static const struct example examples[] = {
    { "spritery transform hero.png --scale 4 --method mmpx", "four times as large, in the same colours" },
    { "spritery transform sword.png --rotate 30 -o turned.png", "no broken lines" },
    { "spritery transform tank.png --set 8 --facing n -o tank/", "tank/tank-n.png, tank-ne.png ..." },
    { "spritery transform hero.aseprite --mirror x -o left.aseprite", "every frame, with its tags" },
    { "spritery transform hero.png --outline outer:shade",
      "each outline pixel a darker shade of what it borders" },
};

const struct command cmd_transform = {
    .name = "transform",
    .operands = "FILE...",
    .summary = "enlarge, rotate, mirror, outline; sets of directions",
    .about = "Changes sprites and animations (every frame alike), in this order: --clean, --close, --mirror, "
             "--rotate "
             "or --set, "
             "--outline, --scale. Enlarging, mirroring and rotating never make a colour that was not there.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .min_operands = 1,
    .max_operands = -1,
    .complete = COMPLETE_FILE,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
