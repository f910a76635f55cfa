/* Lines are kept as text and read anew for each variant: a description is a small program of some fifty lines. What
 * each statement does is in the table at the end; figure.c has those that add solids and details. */
#include "script.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "interpret.h"
#include "ramp.h"
#include "train/colour.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 20, LINES_MAX = 20000, BLOCKS_MAX = 1000, DEPTH_MAX = 8 };

struct line {
    const char *text, *file;
    int number;
};

struct block {
    const char *name;
    int first, last; /* lines */
    bool thing;      /* else a shape */
};

struct script {
    char *text[32];
    int texts;
    int lines, blocks, things;
    struct line line[LINES_MAX];
    struct block block[BLOCKS_MAX];
    int thing[BLOCKS_MAX]; /* blocks */
};

static enum spr_code add_line(struct script *s, const char *file, int number, char *text,
                              struct spr_error *err)
{
    char *end = strchr(text, '#');
    end = end ? end : text + strlen(text);
    while (end > text && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    *end = '\0';
    text += strspn(text, " \t");
    if (*text == '\0')
        return SPR_OK;
    const bool thing = strncmp(text, "thing ", 6) == 0, shape = strncmp(text, "shape ", 6) == 0;
    if (s->lines == LINES_MAX || s->blocks == BLOCKS_MAX)
        return SPR_FAIL(err, SPR_LIMIT, "%s:%d: more than %d lines or %d things", file, number, LINES_MAX,
                        BLOCKS_MAX);
    if (thing || shape) {
        if (thing)
            s->thing[s->things++] = s->blocks;
        s->block[s->blocks++] = (struct block){ text + 6, s->lines, s->lines, thing };
        return SPR_OK;
    }
    if (s->blocks == 0)
        return SPR_FAIL(err, SPR_BADDATA, "%s:%d: '%.40s' stands before any thing or shape", file, number,
                        text);
    s->line[s->lines++] = (struct line){ text, file, number };
    s->block[s->blocks - 1].last = s->lines;
    return SPR_OK;
}

enum spr_code script_read(char *const *path, int files, struct script **ret, struct spr_error *err)
{
    struct script *s = mem_zalloc(1, sizeof *s);
    enum spr_code rc = s ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory for descriptions");
    if (rc == SPR_OK && files > (int)SPR_COUNT(s->text))
        rc = SPR_FAIL(err, SPR_LIMIT, "%d files; at most %zu are possible", files, SPR_COUNT(s->text));
    for (int i = 0; i < files && !rc; i++) {
        struct buf in;
        buf_init(&in, FILE_BYTES_MAX);
        rc = file_read(path[i], &in, err);
        if (rc == SPR_OK && in.length > 0) {
            int number = 1;
            char *next = s->text[s->texts++] = buf_detach(&in);
            while (next && !rc) {
                char *line = next;
                if ((next = strchr(line, '\n')))
                    *next++ = '\0';
                rc = add_line(s, path[i], number++, line, err);
            }
        }
        buf_fini(&in);
    }
    if (rc == SPR_OK && s->things == 0)
        rc = SPR_FAIL(err, SPR_BADDATA, "%s: nothing is described", files > 0 ? path[0] : "no file");
    if (rc) {
        script_free(s);
        return rc;
    }
    *ret = s;
    return SPR_OK;
}

void script_free(struct script *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->texts; i++)
        mem_free(s->text[i]);
    mem_free(s);
}

int script_things(const struct script *s)
{
    return s->things;
}

const char *script_thing(const struct script *s, int thing)
{
    return s->block[s->thing[thing]].name;
}

/* One number: 3, $name, 3~5 (by chance between). */
static double read_factor(struct run *r, const char **at)
{
    char name[NAME_BYTES];
    char *end;
    if (**at == '-') {
        ++*at;
        return -read_factor(r, at);
    }
    if (**at == '$') {
        size_t n = strcspn(++*at, "+-*~");
        snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), *at);
        *at += n;
        for (int i = r->values - 1; i >= 0; i--)
            if (strcmp(r->value[i].name, name) == 0)
                return r->value[i].number;
        r->bad = true;
        return 0;
    }
    double v = strtod(*at, &end);
    r->bad = r->bad || end == *at;
    *at = end;
    if (**at == '~') {
        const char *second = *at + 1;
        double to = strtod(second, &end);
        r->bad = r->bad || end == second;
        *at = end;
        v += (to - v) * (double)random_unit(r->chance, r->draws++);
    }
    return v;
}

float run_number(struct run *r, const char *text)
{
    const char *at = text;
    double sum = 0;
    double sign = 1;
    for (;;) {
        double product = read_factor(r, &at);
        while (*at == '*') {
            at++;
            product *= read_factor(r, &at);
        }
        sum += sign * product;
        if (*at != '+' && *at != '-')
            break;
        sign = *at++ == '-' ? -1 : 1;
    }
    r->bad = r->bad || *at || !isfinite(sum);
    return (float)sum;
}

bool run_has(const struct run *r, const char *flag)
{
    for (int i = 0; i < r->flags; i++)
        if (strcmp(r->flag[i], flag) == 0)
            return true;
    return false;
}

/* Words become parts of file names. */
static bool add_word(char list[][SCRIPT_WORD_BYTES], int *count, const char *word)
{
    if (strspn(word, "abcdefghijklmnopqrstuvwxyz") != strlen(word))
        return false;
    for (int i = 0; i < *count; i++)
        if (strcmp(list[i], word) == 0)
            return true;
    if (*count == SCRIPT_WORDS_MAX || strlen(word) >= SCRIPT_WORD_BYTES)
        return false;
    memcpy(list[(*count)++], word, strlen(word) + 1);
    return true;
}

static bool add_words(char list[][SCRIPT_WORD_BYTES], int *count, struct run *r)
{
    bool good = r->tokens > 1;
    for (int i = 1; i < r->tokens; i++)
        good = good && add_word(list, count, r->token[i]);
    return good;
}

int run_ramp(struct run *r, const char *name, int *tone)
{
    char text[NAME_BYTES];
    size_t n = strcspn(name, "<>");
    *tone = 0;
    for (const char *c = name + n; *c; c++)
        *tone += *c == '>' ? 1 : -1;
    snprintf(text, sizeof text, "%.*s", (int)(n < sizeof text ? n : sizeof text - 1), name);
    for (int i = r->materials - 1; i >= 0; i--)
        if (strcmp(r->material[i].name, text) == 0)
            return r->material[i].ramp;
    return ramp_named(text);
}

static bool set_material(struct run *r, const char *name, const char *list)
{
    char text[256];
    int tone, choices = 1;
    for (const char *c = list; *c; c++)
        choices += *c == ',';
    uint32_t take = random_below(r->chance, r->draws++, (uint32_t)choices);
    while (take--)
        list = strchr(list, ',') + 1;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(list, ","), list);
    int ramp = run_ramp(r, text, &tone);
    if (ramp < 0 || r->materials == MATERIALS_MAX || strlen(name) >= NAME_BYTES)
        return false;
    r->material[r->materials].ramp = ramp;
    snprintf(r->material[r->materials++].name, NAME_BYTES, "%s", name);
    return true;
}

/* Creatures are not all of one build: some are longer, some higher. */
static bool do_in(struct run *r)
{
    if (r->tokens > 1 && strcmp(r->token[1], "monster") == 0) {
        r->frame.xx *= 0.95f + 0.11f * random_unit(r->chance, r->draws++);
        r->frame.yy *= 0.96f + 0.09f * random_unit(r->chance, r->draws++);
        r->sway.lean = 0.8f * random_unit(r->chance, r->draws++);
        r->sway.lean_at = 6.2831853f * random_unit(r->chance, r->draws++);
    }
    return add_words(r->variant->general, &r->variant->generals, r);
}

static bool do_kinds(struct run *r)
{
    return add_words(r->variant->kind, &r->variant->kinds, r);
}

static bool do_say(struct run *r)
{
    return add_words(r->variant->named, &r->variant->names, r);
}

static bool do_count(struct run *r)
{
    r->variant->variants = r->tokens == 2 ? atoi(r->token[1]) : 0;
    return r->variant->variants > 0 && r->variant->variants <= SCRIPT_VARIANTS_MAX;
}

/* colour red:crimson/cream green: each variant takes the next; the words are for the caption, the materials are
 * @, @2, @3. */
static bool do_colour(struct run *r)
{
    static const char *const names[] = { "@", "@2", "@3" };
    char text[128], *save = NULL;
    const int colours = r->tokens - 1;
    if (colours < 1)
        return false;
    r->colours = colours;
    snprintf(text, sizeof text, "%s", r->token[1 + r->number % colours]);
    char *ramps = strchr(text, ':');
    if (ramps)
        *ramps++ = '\0';
    if (strcmp(text, "-") != 0) {
        if (!add_word(r->variant->named, &r->variant->names, text))
            return false;
    } else if (!ramps) {
        return false;
    }
    char *ramp = strtok_r(ramps ? ramps : text, "/", &save);
    for (int i = 0; i < (int)SPR_COUNT(names); i++) {
        if (!ramp || !set_material(r, names[i], ramp))
            return false;
        char *next = strtok_r(NULL, "/", &save);
        ramp = next ? next : ramp;
    }
    return true;
}

static bool do_choose(struct run *r)
{
    const int n = r->tokens - 1, every = r->colours ? r->colours : 1;
    if (n < 1 || r->flags == FLAGS_MAX)
        return false;
    const int turn = r->number * (r->chosen * 2 + 1) + r->number / every + r->chosen * 3;
    const char *take = r->token[1 + turn % n];
    r->chosen++;
    if (strcmp(take, "-") == 0)
        return true;
    if (*take == '+' && !add_word(r->variant->named, &r->variant->names, ++take))
        return false;
    snprintf(r->flag[r->flags++], NAME_BYTES, "%s", take);
    return true;
}

static bool do_set(struct run *r)
{
    for (int i = 1; i < r->tokens; i++) {
        if (r->flags == FLAGS_MAX)
            return false;
        snprintf(r->flag[r->flags++], NAME_BYTES, "%s", r->token[i]);
    }
    return r->tokens > 1;
}

static bool do_let(struct run *r)
{
    if (r->tokens != 3 || r->values == VALUES_MAX)
        return false;
    float number = run_number(r, r->token[2]);
    r->value[r->values].number = (double)number;
    snprintf(r->value[r->values++].name, NAME_BYTES, "%s", r->token[1]);
    return true;
}

static bool do_mat(struct run *r)
{
    return r->tokens == 3 && set_material(r, r->token[1], r->token[2]);
}

static bool do_size(struct run *r)
{
    float size = r->tokens == 2 ? run_number(r, r->token[1]) : 0;
    r->variant->drawing.size = size;
    return size >= 4 && size <= 30;
}

static bool do_float(struct run *r)
{
    r->variant->drawing.floats = true;
    return r->tokens == 1;
}

static bool do_outline(struct run *r)
{
    int tone;
    r->variant->drawing.outline = r->tokens == 2 ? run_ramp(r, r->token[1], &tone) : -1;
    return r->variant->drawing.outline >= 0;
}

static bool do_nohue(struct run *r)
{
    r->variant->hue = false;
    return r->tokens == 1;
}

static bool do_noflip(struct run *r)
{
    r->variant->flip = false;
    r->variant->drawing.mirror = false;
    return r->tokens == 1;
}

static enum spr_code run_block(struct run *r, const char *name, bool thing, struct spr_error *err);

/* use SHAPE [x y [scale [degrees [z]]]] */
static enum spr_code do_use(struct run *r, struct spr_error *err)
{
    const struct frame outer = r->frame;
    char name[NAME_BYTES];
    float v[5] = { 0, 0, 1, 0, 0 };
    if (r->tokens < 2 || r->tokens > 7 || r->tokens == 3)
        r->bad = true;
    for (int i = 2; i < r->tokens && i < 7; i++)
        v[i - 2] = run_number(r, r->token[i]);
    if (r->bad || v[2] <= 0 || r->depth == DEPTH_MAX)
        return SPR_FAIL(err, SPR_BADDATA, "use SHAPE [x y [scale [degrees [z]]]], at most %d deep",
                        DEPTH_MAX);
    snprintf(name, sizeof name, "%s", r->token[1]);
    r->frame = frame_inside(&outer, (struct point){ v[0], v[1] }, v[2], v[3], v[4]);
    r->depth++;
    enum spr_code rc = run_block(r, name, false, err);
    r->depth--;
    r->frame = outer;
    return rc;
}

static const struct {
    const char *word;
    bool (*act)(struct run *r);
} statements[] = {
    { "in", do_in },         { "kinds", do_kinds },   { "say", do_say },      { "count", do_count },
    { "colour", do_colour }, { "choose", do_choose }, { "set", do_set },      { "let", do_let },
    { "mat", do_mat },       { "size", do_size },     { "float", do_float },  { "outline", do_outline },
    { "nohue", do_nohue },   { "noflip", do_noflip }, { "part", run_part },   { "sway", run_sway },
    { "ball", run_ball },    { "limb", run_limb },    { "curve", run_curve }, { "plate", run_plate },
    { "lathe", run_lathe },  { "dot", run_dot },      { "line", run_line },   { "stamp", run_stamp },
};

static enum spr_code run_statement(struct run *r, const struct line *line, struct spr_error *err)
{
    for (size_t i = 0; i < SPR_COUNT(statements); i++)
        if (strcmp(r->token[0], statements[i].word) == 0) {
            if (!statements[i].act(r) || r->bad)
                return SPR_FAIL(err, SPR_BADDATA, "%s:%d: '%.60s' is not right, or too much", line->file,
                                line->number, line->text);
            return SPR_OK;
        }
    if (strcmp(r->token[0], "use") != 0)
        return SPR_FAIL(err, SPR_BADDATA, "%s:%d: no statement begins with '%.30s'", line->file, line->number,
                        r->token[0]);
    enum spr_code rc = do_use(r, err);
    if (rc)
        spr_prefix(err, "%s:%d", line->file, line->number);
    return rc;
}

static enum spr_code run_line_of(struct run *r, const struct line *line, struct spr_error *err)
{
    char text[LINE_BYTES], *save = NULL, *rest = text;
    bool pair = false;
    if (strlen(line->text) >= sizeof text)
        return SPR_FAIL(err, SPR_BADDATA, "%s:%d: longer than %d bytes", line->file, line->number,
                        LINE_BYTES - 1);
    memcpy(text, line->text, strlen(line->text) + 1);
    r->tokens = 0;
    for (char *word; (word = strtok_r(rest, " \t", &save)); rest = NULL) {
        if (r->tokens == 0 && (*word == '?' || *word == '!')) {
            if (run_has(r, word + 1) != (*word == '?'))
                return SPR_OK;
        } else if (r->tokens == 0 && strcmp(word, "pair") == 0) {
            pair = true;
        } else if (r->tokens == TOKENS_MAX) {
            return SPR_FAIL(err, SPR_BADDATA, "%s:%d: more than %d words", line->file, line->number,
                            TOKENS_MAX);
        } else {
            r->token[r->tokens++] = word;
        }
    }
    if (r->tokens == 0)
        return SPR_FAIL(err, SPR_BADDATA, "%s:%d: nothing follows", line->file, line->number);
    const uint64_t draws = r->draws;
    const struct frame outer = r->frame;
    const char *token[TOKENS_MAX];
    const int tokens = r->tokens;
    memcpy(token, r->token, sizeof token);
    enum spr_code rc = run_statement(r, line, err);
    if (rc || !pair)
        return rc;
    r->draws = draws; /* the same chances on both sides */
    r->frame = frame_mirrored(&outer);
    r->tokens = tokens;
    memcpy(r->token, token, sizeof token);
    rc = run_statement(r, line, err);
    r->frame = outer;
    return rc;
}

static enum spr_code run_block(struct run *r, const char *name, bool thing, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (int b = 0; b < r->script->blocks; b++) {
        const struct block *block = &r->script->block[b];
        if (block->thing != thing || strcmp(block->name, name) != 0)
            continue;
        for (int i = block->first; i < block->last && !rc; i++)
            rc = run_line_of(r, &r->script->line[i], err);
        return rc;
    }
    return SPR_FAIL(err, SPR_BADDATA, "there is no shape '%s'", name);
}

static uint64_t hash_of(const char *text)
{
    uint64_t h = 0;
    for (; *text; text++)
        h = random_mix(h ^ (unsigned char)*text);
    return h;
}

enum spr_code script_draw(const struct script *s, int thing, int number, struct variant *ret,
                          struct spr_error *err)
{
    const char *name = script_thing(s, thing);
    struct run r = { .script = s,
                     .variant = ret,
                     .number = number,
                     .chance = { hash_of(name), (uint64_t)number },
                     .frame = { .xx = 1, .yy = 1, .scale = 1 } };
    char text[128], *save = NULL;
    memset(ret, 0, sizeof *ret);
    ret->variants = 1;
    ret->hue = ret->flip = true;
    ret->drawing.outline = -1;
    ret->drawing.size = 28;
    ret->drawing.lighter = 0.05f * (random_unit(r.chance, r.draws++) - 0.5f);
    ret->drawing.turned = 0.24f * (random_unit(r.chance, r.draws++) - 0.5f);
    ret->drawing.seed = r.chance.seed + (uint64_t)number;
    ret->drawing.mirror = random_below(r.chance, r.draws++, 2) == 1;
    snprintf(text, sizeof text, "%s", name);
    for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save))
        if (!add_word(ret->named, &ret->names, word))
            return SPR_FAIL(err, SPR_BADDATA, "the name '%s' is too long, or not of small letters", name);
    enum spr_code rc = run_block(&r, name, true, err);
    if (rc)
        spr_prefix(err, "%s, variant %d", name, number);
    return rc;
}
