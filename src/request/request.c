/* One row per field; everything else walks the rows. A value lives in struct request at the row's offset, with the C
 * type that the row's type names. */
#include "request/request.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

#include <assert.h>
#include <string.h>

static const char *const samplers[] = { "euler", "heun", "ancestral", "dpm", NULL };
static const char *const engines[] = { "native", "comfyui", NULL };
static const char *const precisions[] = { "f32", "bf16", NULL };
static const char *const sizes[] = { "16", "32", "48", "64", NULL };

#define AT(member) offsetof(struct request, member)

/* clang-format off */
static const struct request_row rows[REQUEST_FIELD_COUNT] = {
    [REQUEST_PROMPT] = { "prompt", "prompt", "spritery:prompt", "WORDS", 0, REQUEST_TEXT, "", 0, REQUEST_PROMPT_MAX, NULL,
        "what to draw", AT(prompt) },
    [REQUEST_NEGATIVE] = { "negative", "negative_prompt", "spritery:negative", "WORDS", 0, REQUEST_TEXT, "", 0, REQUEST_PROMPT_MAX, NULL,
        "what to keep away from", AT(negative) },
    [REQUEST_BLEND] = { "blend", "blend_prompt", "spritery:blend", "WORDS", 0, REQUEST_TEXT, "", 0, REQUEST_PROMPT_MAX, NULL,
        "a second prompt to lean towards", AT(blend) },
    [REQUEST_BLEND_AMOUNT] = { "blend-amount", "blend_amount", "spritery:blend-amount", "X", 0, REQUEST_REAL, "0.5", 0, 1, NULL,
        "how far to lean: 0 is the prompt, 1 the blend", AT(blend_amount) },
    [REQUEST_MODEL] = { "model", "model", "spritery:model", "MODEL", 'm', REQUEST_TEXT, "", 0, REQUEST_PATH_MAX, NULL,
        "a name from 'spritery models', or a file", AT(model) },
    [REQUEST_SIZE] = { "size", "size", "spritery:size", "N", 0, REQUEST_CHOICE, "32", 0, 0, sizes,
        "pixels on a side; 32 is what the bundled model knows best", AT(size) },
    [REQUEST_STEPS] = { "steps", "steps", "spritery:steps", "N", 0, REQUEST_WHOLE, "20", 1, 200, NULL,
        "denoising steps: 10 is a draft, more than 30 rarely shows", AT(steps) },
    [REQUEST_GUIDANCE] = { "guidance", "cfg_scale", "spritery:guidance", "X", 'g', REQUEST_REAL, "3", 0, 30, NULL,
        "how strictly to follow the words: 1 is loosely; walls and floors have 1.5 if none is given", AT(guidance) },
    [REQUEST_SAMPLER] = { "sampler", "sampler", "spritery:sampler", "NAME", 0, REQUEST_WORD, "ancestral", 0, 0, samplers,
        "how to walk from noise to picture", AT(sampler) },
    [REQUEST_PRECISION] = { "precision", "precision", "spritery:precision", "NAME", 0, REQUEST_WORD, "f32", 0, 0, precisions,
        "bf16 is faster where the processor has it, and another picture of the same seed", AT(precision) },
    [REQUEST_SEED] = { "seed", "seed", "spritery:seed", "N", 's', REQUEST_SEED64, "", 0, 0, NULL,
        "the same seed gives the same picture", AT(seed) },
    [REQUEST_VARY] = { "vary", "vary", "spritery:vary", "X", 0, REQUEST_REAL, "0", 0, 1, NULL,
        "mix the seed's noise with another's: 0.2 is a close relative", AT(vary) },
    [REQUEST_VARY_SEED] = { "vary-seed", "vary_seed", "spritery:vary-seed", "N", 0, REQUEST_SEED64, "0", 0, 0, NULL,
        "which relative", AT(vary_seed) },
    [REQUEST_COUNT] = { "count", "batch_size", "spritery:count", "N", 'n', REQUEST_WHOLE, "1", 1, 1000, NULL,
        "pictures per prompt, each with the next seed (with --vary: the next vary seed)", AT(count) },
    [REQUEST_FRAMES] = { "frames", "animation_frames", "spritery:frames", "N", 0, REQUEST_WHOLE, "1", 1, REQUEST_CELLS_MAX, NULL,
        "a small animation that loops: frames of the same sprite, as a sheet and a file each", AT(frames) },
    [REQUEST_GRID] = { "grid", "grid", "spritery:grid", "CxR", 0, REQUEST_TEXT, "", 0, 9, NULL,
        "a tile set: variations of one seamless tile that fit beside each other, as C columns and R rows", AT(grid) },
    [REQUEST_INIT] = { "init", "init_image", "spritery:init", "FILE", 'i', REQUEST_TEXT, "", 0, REQUEST_PATH_MAX, NULL,
        "start from this picture instead of from noise", AT(init.file) },
    [REQUEST_STRENGTH] = { "strength", "strength", "spritery:strength", "X", 0, REQUEST_REAL, "0.6", 0, 1, NULL,
        "how much to change --init, or the sketch that a model begins with: 0 nothing, 1 everything",
        AT(init.strength) },
    [REQUEST_MASK] = { "mask", "mask_image", "spritery:mask", "FILE", 0, REQUEST_TEXT, "", 0, REQUEST_PATH_MAX, NULL,
        "with --init: draw anew only where this picture is white", AT(init.mask) },
    [REQUEST_TILE] = { "tile", "tile", "spritery:tile", NULL, 0, REQUEST_SWITCH, "no", 0, 0, NULL,
        "make a seamless tile", AT(finish.tile) },
    [REQUEST_COLORS] = { "colors", "colors", "spritery:colors", "N", 'c', REQUEST_WHOLE, "16", 1, 256, NULL,
        "at most so many colours, transparent not counted", AT(finish.colors) },
    [REQUEST_PALETTE] = { "palette", "palette", "spritery:palette", "NAME|FILE", 0, REQUEST_TEXT, "", 0, REQUEST_PATH_MAX, NULL,
        "only the colours of a palette: a name from below, or a file of any usual kind", AT(finish.palette) },
    [REQUEST_SCALE] = { "scale", "scale", "spritery:scale", "N", 0, REQUEST_WHOLE, "1", 1, 32, NULL,
        "enlarge: every pixel becomes N x N", AT(finish.scale) },
    [REQUEST_ENGINE] = { "engine", "engine", "spritery:engine", "NAME", 0, REQUEST_WORD, "native", 0, 0, engines,
        "who makes it: this program, or a ComfyUI server", AT(engine.name) },
    [REQUEST_WORKFLOW] = { "workflow", "workflow", "spritery:workflow", "NAME|FILE", 0, REQUEST_TEXT, "", 0, REQUEST_PATH_MAX, NULL,
        "with --engine comfyui: a template's name, or a file in API format", AT(engine.workflow) },
    [REQUEST_LORA] = { "lora", "lora", "spritery:lora", "NAME[:WEIGHT]", 0, REQUEST_TEXT, "", 0, REQUEST_PATH_MAX, NULL,
        "with --engine comfyui: a LoRA that the server has", AT(engine.lora) },
};
/* clang-format on */

_Static_assert(REQUEST_FIELD_COUNT <= 32, "struct request's `given` has a bit per field");

static void *value_of(const struct request *r, const struct request_row *row)
{
    return (char *)r + row->offset;
}

const struct request_row *request_row(enum request_field field)
{
    assert((unsigned)field < REQUEST_FIELD_COUNT);
    return &rows[field];
}

int request_field_named(const char *name)
{
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++)
        if (strcmp(rows[f].name, name) == 0)
            return f;
    return -1;
}

int request_field_of_png(const char *key)
{
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++)
        if (strcmp(rows[f].png, key) == 0)
            return f;
    return -1;
}

int request_field_of_wire(const char *key)
{
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++)
        if (strcmp(rows[f].wire, key) == 0)
            return f;
    return -1;
}

void request_shown(const char *text, char ret[REQUEST_SHOWN_BYTES])
{
    enum { ROOM = REQUEST_SHOWN_BYTES - 8 };
    size_t length = strnlen(text, 4 * REQUEST_SHOWN_BYTES), n = 0, i = 0;
    while (i < length) {
        uint32_t point;
        size_t took = utf8_decode(text + i, length - i, &point);
        if (n + (took ? took : 1) > ROOM)
            break;
        if (took == 0 || point < 0x20 || (point >= 0x7F && point < 0xA0)) {
            ret[n++] = '?';
            i += took ? took : 1;
            continue;
        }
        memcpy(ret + n, text + i, took);
        n += took;
        i += took;
    }
    memcpy(ret + n, i < length ? "..." : "\0\0\0", 4);
}

enum spr_code request_allowed(enum request_field field, struct buf *out, struct spr_error *err)
{
    const struct request_row *row = request_row(field);
    char low[32], high[32];
    str_from_double(row->min, low, sizeof low);
    str_from_double(row->max, high, sizeof high);
    switch (row->type) {
    case REQUEST_TEXT:
        return buf_addf(out, err, "a text of at most %s characters", high);
    case REQUEST_WHOLE:
        return buf_addf(out, err, "a whole number from %d to %d", (int)row->min, (int)row->max);
    case REQUEST_REAL:
        return buf_addf(out, err, "a number from %s to %s", low, high);
    case REQUEST_SEED64:
        return buf_addf(out, err, "a whole number from 0 to 18446744073709551615");
    case REQUEST_SWITCH:
        return buf_addf(out, err, "yes or no");
    case REQUEST_WORD:
    case REQUEST_CHOICE:
        break;
    }
    for (size_t i = 0; row->words[i]; i++) {
        enum spr_code rc = buf_addf(out, err, "%s%s", i ? ", " : "one of ", row->words[i]);
        if (rc)
            return rc;
    }
    return SPR_OK;
}

static enum spr_code refuse(enum request_field field, const char *label, const char *text,
                            struct spr_error *err)
{
    const struct request_row *row = &rows[field];
    char shown[REQUEST_SHOWN_BYTES];
    request_shown(text, shown);
    struct buf allowed;
    buf_init(&allowed, 400);
    if (request_allowed(field, &allowed, err)) {
        buf_fini(&allowed);
        return SPR_NOMEM;
    }
    size_t count = 0;
    while (row->words && row->words[count])
        count++;
    const char *near = row->type == REQUEST_WORD ? str_nearest(text, row->words, count) : NULL;
    enum spr_code rc =
        SPR_FAIL(err, SPR_BADARG, "%s is \"%s\"; it must be %s%s%s%s", label, shown, allowed.data,
                 near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
    buf_fini(&allowed);
    return rc;
}

static enum spr_code set_text(char **value, const struct request_row *row, const char *label,
                              const char *text, struct spr_error *err)
{
    size_t length = strlen(text), bad, characters = 0;
    if (!utf8_valid(text, length, &bad))
        return SPR_FAIL(err, SPR_BADARG, "%s is not UTF-8: byte 0x%02X at offset %zu", label,
                        (unsigned)(unsigned char)text[bad], bad);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return SPR_FAIL(err, SPR_BADARG, "%s has a control character (0x%02X) at offset %zu", label,
                            (unsigned)c, i);
        characters += (c & 0xC0) != 0x80;
    }
    if ((double)characters > row->max)
        return SPR_FAIL(err, SPR_BADARG, "%s is %zu characters long; at most %d are allowed", label,
                        characters, (int)row->max);
    char *copy = length ? mem_text(text, length) : NULL;
    if (length && !copy)
        return SPR_FAIL(err, SPR_NOMEM, "%s: out of memory", label);
    mem_free(*value);
    *value = copy;
    return SPR_OK;
}

static bool set_switch(bool *value, const char *text)
{
    static const char *const yes[] = { "yes", "true", "on", "1" }, *const no[] = { "no", "false", "off",
                                                                                   "0" };
    for (size_t i = 0; i < SPR_COUNT(yes); i++) {
        if (strcmp(text, yes[i]) != 0 && strcmp(text, no[i]) != 0)
            continue;
        *value = strcmp(text, yes[i]) == 0;
        return true;
    }
    return false;
}

static bool set_number(void *value, const struct request_row *row, const char *text)
{
    int64_t whole;
    double real;
    switch (row->type) {
    case REQUEST_WHOLE:
        if (!str_to_i64(text, &whole) || (double)whole < row->min || (double)whole > row->max)
            return false;
        *(int *)value = (int)whole;
        return true;
    case REQUEST_REAL:
        if (!str_to_double(text, &real) || real < row->min || real > row->max)
            return false;
        *(double *)value = real + 0.0; /* -0 becomes 0 */
        return true;
    case REQUEST_SEED64:
        return str_to_u64(text, value);
    case REQUEST_SWITCH:
        return set_switch(value, text);
    case REQUEST_WORD:
    case REQUEST_CHOICE:
        for (int i = 0; row->words[i]; i++) {
            if (strcmp(row->words[i], text) != 0)
                continue;
            *(int *)value = row->type == REQUEST_WORD ? i : (str_to_i64(text, &whole) ? (int)whole : 0);
            return true;
        }
        return false;
    case REQUEST_TEXT:
        break;
    }
    return false;
}

enum spr_code request_set(struct request *r, enum request_field field, const char *label, const char *text,
                          struct spr_error *err)
{
    const struct request_row *row = request_row(field);
    void *value = value_of(r, row);
    enum spr_code rc = SPR_OK;
    if (row->type == REQUEST_TEXT)
        rc = set_text(value, row, label, text, err);
    else if (!set_number(value, row, text))
        rc = refuse(field, label, text, err);
    if (!rc)
        r->given |= (uint32_t)1 << field;
    return rc;
}

const char *request_text(const struct request *r, enum request_field field)
{
    const struct request_row *row = request_row(field);
    assert(row->type == REQUEST_TEXT);
    const char *text = *(char **)value_of(r, row);
    return text ? text : "";
}

enum spr_code request_print(const struct request *r, enum request_field field, struct buf *out,
                            struct spr_error *err)
{
    const struct request_row *row = request_row(field);
    const void *value = value_of(r, row);
    char number[32];
    switch (row->type) {
    case REQUEST_TEXT: {
        const char *text = request_text(r, field);
        return buf_add(out, text, strlen(text), err);
    }
    case REQUEST_WHOLE:
    case REQUEST_CHOICE:
        return buf_addf(out, err, "%d", *(const int *)value);
    case REQUEST_REAL:
        str_from_double(*(const double *)value, number, sizeof number);
        return buf_addf(out, err, "%s", number);
    case REQUEST_SEED64:
        return buf_addf(out, err, "%llu", (unsigned long long)*(const uint64_t *)value);
    case REQUEST_SWITCH:
        return buf_addf(out, err, "%s", *(const bool *)value ? "yes" : "no");
    case REQUEST_WORD:
        return buf_addf(out, err, "%s", row->words[*(const int *)value]);
    }
    return SPR_FAIL(err, SPR_INTERNAL, "request field %d has no type", (int)field);
}

void request_init(struct request *r)
{
    *r = (struct request){ 0 };
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++) {
        bool fits = rows[f].type == REQUEST_TEXT || !*rows[f].standard ||
                    set_number(value_of(r, &rows[f]), &rows[f], rows[f].standard);
        assert(fits); /* a default outside its own bounds; a test walks them too */
        (void)fits;
    }
}

void request_fini(struct request *r)
{
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++)
        if (rows[f].type == REQUEST_TEXT)
            mem_free(*(char **)value_of(r, &rows[f]));
    *r = (struct request){ 0 };
}

enum spr_code request_copy(struct request *ret, const struct request *from, struct spr_error *err)
{
    struct request copy = *from;
    bool whole = true;
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++) {
        if (rows[f].type != REQUEST_TEXT)
            continue;
        char **text = value_of(&copy, &rows[f]);
        if (*text) /* keeps going after a failure, so that no pointer of *from stays in the copy */
            whole = (*text = mem_text(*text, strlen(*text))) && whole;
    }
    if (!whole) {
        request_fini(&copy);
        return SPR_FAIL(err, SPR_NOMEM, "out of memory copying a request");
    }
    *ret = copy;
    return SPR_OK;
}

bool request_given(const struct request *r, enum request_field field)
{
    return r->given >> field & 1;
}

static bool same_value(const struct request_row *row, const void *a, const void *b)
{
    switch (row->type) {
    case REQUEST_TEXT: {
        const char *s = *(char *const *)a, *t = *(char *const *)b;
        return strcmp(s ? s : "", t ? t : "") == 0;
    }
    case REQUEST_REAL:
        return memcmp(a, b, sizeof(double)) == 0;
    case REQUEST_SEED64:
        return *(const uint64_t *)a == *(const uint64_t *)b;
    case REQUEST_SWITCH:
        return *(const bool *)a == *(const bool *)b;
    case REQUEST_WHOLE:
    case REQUEST_WORD:
    case REQUEST_CHOICE:
        break;
    }
    return *(const int *)a == *(const int *)b;
}

bool request_same(const struct request *a, const struct request *b)
{
    for (int f = 0; f < REQUEST_FIELD_COUNT; f++)
        if (!same_value(&rows[f], value_of(a, &rows[f]), value_of(b, &rows[f])))
            return false;
    return true;
}

/* "4x3"; false for anything else. */
static bool read_grid(const char *text, int *columns, int *rows_)
{
    int *to[2] = { columns, rows_ };
    for (int i = 0; i < 2; i++, text++) {
        int n = 0, digits = 0;
        for (; *text >= '0' && *text <= '9' && digits < 4; text++, digits++)
            n = n * 10 + (*text - '0');
        if (!digits || n < 1 || n > REQUEST_CELLS_MAX || *text != (i ? '\0' : 'x'))
            return false;
        *to[i] = n;
    }
    return true;
}

bool request_sheet(const struct request *r, struct request_sheet *ret)
{
    struct request_sheet s = { 1, 1, 1 };
    if (r->grid && !read_grid(r->grid, &s.columns, &s.rows))
        s.columns = s.rows = 1;
    if (r->grid) {
        s.cells = s.columns * s.rows;
    } else if (r->frames > 1) {
        s.cells = r->frames;
        s.columns = s.cells < REQUEST_SHEET_COLUMNS ? s.cells : REQUEST_SHEET_COLUMNS;
        s.rows = (s.cells + s.columns - 1) / s.columns;
    }
    *ret = s;
    return r->frames > 1 || r->grid;
}

static enum spr_code check_sheet(const struct request *r, struct spr_error *err)
{
    struct request_sheet s;
    int columns, rows_;
    char shown[REQUEST_SHOWN_BYTES];
    if (!request_sheet(r, &s))
        return SPR_OK;
    request_shown(request_text(r, REQUEST_GRID), shown);
    if (r->grid && (!read_grid(r->grid, &columns, &rows_) || s.cells > REQUEST_CELLS_MAX))
        return SPR_FAIL(err, SPR_BADARG,
                        "--grid is \"%s\"; it must be COLUMNSxROWS, as 4x3, with at most %d tiles", shown,
                        REQUEST_CELLS_MAX);
    if (r->grid && r->frames > 1)
        return SPR_FAIL(err, SPR_BADARG, "--frames and --grid exclude each other");
    if (r->init.mask)
        return SPR_FAIL(err, SPR_BADARG, "--mask is for single pictures, not for --%s",
                        r->grid ? "grid" : "frames");
    if (s.columns * r->size * r->finish.scale > REQUEST_SHEET_SIDE_MAX ||
        s.rows * r->size * r->finish.scale > REQUEST_SHEET_SIDE_MAX)
        return SPR_FAIL(err, SPR_BADARG,
                        "a sheet of %dx%d pictures of %d pixels is larger than %d on a side: take "
                        "less of --scale, or fewer",
                        s.columns, s.rows, r->size * r->finish.scale, REQUEST_SHEET_SIDE_MAX);
    return SPR_OK;
}

bool request_matters(const struct request *r, enum request_field field)
{
    switch (field) {
    case REQUEST_BLEND_AMOUNT:
        return r->blend;
    case REQUEST_VARY_SEED:
        return r->vary > 0;
    case REQUEST_STRENGTH: /* the native engine may begin from a sketch of its own */
        return r->init.file || r->engine.name == REQUEST_NATIVE;
    case REQUEST_COLORS:
        return !r->finish.palette;
    default:
        return true;
    }
}

enum spr_code request_check(const struct request *r, struct spr_error *err)
{
    const char *prompt = request_text(r, REQUEST_PROMPT);
    if (prompt[strspn(prompt, " \t")] == '\0')
        return SPR_FAIL(err, SPR_BADARG, "the prompt is empty; say what to draw, for example \"red dragon\"");
    if (r->init.mask && !r->init.file)
        return SPR_FAIL(err, SPR_BADARG, "--mask needs --init: the picture whose parts are drawn anew");
    if (request_given(r, REQUEST_STRENGTH) && !request_matters(r, REQUEST_STRENGTH))
        return SPR_FAIL(err, SPR_BADARG, "--strength needs --init: the picture to change");
    if (request_given(r, REQUEST_BLEND_AMOUNT) && !request_matters(r, REQUEST_BLEND_AMOUNT))
        return SPR_FAIL(err, SPR_BADARG, "--blend-amount needs --blend: the second prompt");
    if (request_given(r, REQUEST_VARY_SEED) && !request_matters(r, REQUEST_VARY_SEED))
        return SPR_FAIL(err, SPR_BADARG, "--vary-seed needs --vary: how far to vary, for example 0.2");
    if (request_given(r, REQUEST_COLORS) && !request_matters(r, REQUEST_COLORS))
        return SPR_FAIL(err, SPR_BADARG,
                        "--colors and --palette exclude each other: a palette has its own colours");
    if (r->engine.name == REQUEST_NATIVE && (r->engine.workflow || r->engine.lora))
        return SPR_FAIL(err, SPR_BADARG, "--%s needs --engine comfyui", r->engine.lora ? "lora" : "workflow");
    return check_sheet(r, err);
}
