/* request - what a person asks for: every field of a generation, declared once in one table.
 * Flow:  cli flags, PNG text, JSON -> [request] -> engine;  engine -> [request] -> PNG text, JSON
 * Invariants: a field's value is always inside the row's bounds; text is UTF-8 without control characters (a tab is
 *   one allowed exception); printing a field and parsing it again gives the same value, 64-bit seeds included.
 * Threads: a plain value with its own copies of texts; whoever owns it says.
 * Not here: where pictures go and how they are shown (cli), what words mean (paint/words.h). */
#ifndef REQUEST_REQUEST_H
#define REQUEST_REQUEST_H
#include "base/buf.h"
#include "base/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The order is the order of flags in help, chunks in a PNG and keys in JSON. */
enum request_field {
    REQUEST_PROMPT,
    REQUEST_NEGATIVE,
    REQUEST_BLEND,
    REQUEST_BLEND_AMOUNT,
    REQUEST_MODEL,
    REQUEST_SIZE,
    REQUEST_STEPS,
    REQUEST_GUIDANCE,
    REQUEST_SAMPLER,
    REQUEST_PRECISION,
    REQUEST_SEED,
    REQUEST_VARY,
    REQUEST_VARY_SEED,
    REQUEST_COUNT,
    REQUEST_FRAMES,
    REQUEST_GRID,
    REQUEST_INIT,
    REQUEST_STRENGTH,
    REQUEST_MASK,
    REQUEST_TILE,
    REQUEST_COLORS,
    REQUEST_PALETTE,
    REQUEST_SCALE,
    REQUEST_ENGINE,
    REQUEST_WORKFLOW,
    REQUEST_LORA,
    REQUEST_FIELD_COUNT
};

/* The sampler field's words, in the table's order. */
enum request_sampler { REQUEST_EULER, REQUEST_HEUN, REQUEST_ANCESTRAL, REQUEST_DPM };
/* And the precision field's. */
enum request_precision { REQUEST_F32, REQUEST_BF16 };

/* The engine field's words. */
enum request_engine { REQUEST_NATIVE, REQUEST_COMFYUI, REQUEST_ENGINES };

enum { REQUEST_PROMPT_MAX = 10000, REQUEST_PATH_MAX = 4000 }; /* characters */

/* Texts are the request's own copies; NULL is the empty text. Made by request_init, changed by request_set. */
struct request {
    char *prompt, *negative; /* what to draw, what to keep away from */
    char *blend;             /* a second prompt to lean towards */
    double blend_amount;     /* 0 only prompt .. 1 only blend */
    char *model;             /* name or file; empty is the default model */
    int size;                /* pixels on a side, before scale */
    int steps;
    double guidance; /* 1 is none */
    int sampler;     /* enum request_sampler */
    int precision;   /* enum request_precision */
    uint64_t seed;
    double vary;        /* 0 the seed's own noise .. 1 the vary_seed's */
    uint64_t vary_seed; /* which variation */
    int count;          /* pictures; the next one has the next seed, or with vary the next vary_seed */
    int frames;         /* of an animation of it; 1: a still picture */
    char *grid;         /* "4x3": so many variations of a tile, as columns x rows */
    struct {
        char *file;
        double strength; /* 0 keeps it .. 1 ignores it */
        char *mask;      /* white is drawn anew, black is kept */
    } init;
    struct {
        bool tile;     /* edges meet */
        int colors;    /* most colours, transparent not counted */
        char *palette; /* file or name; overrides colors */
        int scale;     /* every pixel becomes scale x scale */
    } finish;
    struct {
        int name;       /* enum request_engine */
        char *workflow; /* of a ComfyUI server: name or file */
        char *lora;     /* NAME or NAME:WEIGHT */
    } engine;
    uint32_t given; /* bit per field that somebody set */
};

enum request_type {
    REQUEST_TEXT,
    REQUEST_WHOLE,  /* int */
    REQUEST_REAL,   /* double */
    REQUEST_SEED64, /* uint64_t */
    REQUEST_SWITCH, /* bool */
    REQUEST_WORD,   /* int: index into words */
    REQUEST_CHOICE  /* int: the number that one of words is */
};

struct request_row {
    const char *name;     /* "guidance"; the CLI flag is --guidance */
    const char *wire;     /* key in JSON and in wire messages */
    const char *png;      /* key of the PNG text chunk */
    const char *argument; /* what help calls the value; NULL for a switch */
    char letter;          /* short flag, or 0 */
    enum request_type type;
    const char *standard;     /* default, as text; "" for texts and for a seed that is drawn by chance */
    double min, max;          /* numbers: bounds; texts: max is the most characters */
    const char *const *words; /* allowed words, NULL at the end; or NULL */
    const char *help;         /* one line, without bounds and default: those are added from this row */
    size_t offset;            /* in struct request */
};

const struct request_row *request_row(enum request_field field);

/* The field whose row has this name, PNG key or wire key; -1 for none. */
int request_field_named(const char *name);
int request_field_of_png(const char *key);
int request_field_of_wire(const char *key);

void request_init(struct request *r); /* all defaults, nothing given */
void request_fini(struct request *r); /* fine on a zeroed one */

/* Makes *ret an independent copy; *ret need not be initialised. GIVES it (request_fini). Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code request_copy(struct request *ret, const struct request *from,
                                        struct spr_error *err);

/* Reads text into the field. `label` names it in the sentence of failure ("--steps", "spritery:steps"). The field is
 * untouched on failure. Fails: SPR_BADARG (the sentence says what would be right), SPR_NOMEM. */
SPR_MUST_USE enum spr_code request_set(struct request *r, enum request_field field, const char *label,
                                       const char *text, struct spr_error *err);

/* Appends the field's canonical text: what request_set reads back to the same value. */
SPR_MUST_USE enum spr_code request_print(const struct request *r, enum request_field field, struct buf *out,
                                         struct spr_error *err);

/* A text field's text, never NULL. BORROWS r. */
const char *request_text(const struct request *r, enum request_field field);

/* False for a field that changes nothing while another is as it is: how far to blend where nothing is blended. */
bool request_matters(const struct request *r, enum request_field field);

bool request_given(const struct request *r, enum request_field field);
bool request_same(const struct request *a, const struct request *b); /* values only, not what was given */

/* What no single field can see: an empty prompt, a mask without a picture ... Flags are named in sentences. */
SPR_MUST_USE enum spr_code request_check(const struct request *r, struct spr_error *err);

/* What comes out as one picture of several cells of equal size: an animation's frames, row by row, or a tile's variations.
 * False for a single sprite; then all are 1. */
enum { REQUEST_CELLS_MAX = 256, REQUEST_SHEET_COLUMNS = 8, REQUEST_SHEET_SIDE_MAX = 16384 };
struct request_sheet {
    int cells, columns, rows;
};
bool request_sheet(const struct request *r, struct request_sheet *ret);

/* Appends what a field may be: "a whole number from 1 to 200", "one of euler, heun". */
SPR_MUST_USE enum spr_code request_allowed(enum request_field field, struct buf *out, struct spr_error *err);

/* Copies text for a sentence: at most 40 bytes, control and broken bytes as '?', "..." where cut. */
enum { REQUEST_SHOWN_BYTES = 48 };
void request_shown(const char *text, char ret[REQUEST_SHOWN_BYTES]);

#endif
