/* interpret - the state of reading one variant's description, and the statements that add to the figure.
 * Flow:  draw/script -> [draw/interpret] -> struct drawing
 * Threads: a run belongs to one. */
#ifndef DRAW_INTERPRET_H
#define DRAW_INTERPRET_H
#include "base/random.h"
#include "script.h"
#include <stdbool.h>

enum {
    TOKENS_MAX = 100,
    LINE_BYTES = 800,
    NAME_BYTES = 24,
    FLAGS_MAX = 48,
    VALUES_MAX = 64,
    MATERIALS_MAX = 48
};

/* Where a shape's own coordinates lie in the figure: p -> (xx x + xy y + at.x, yx x + yy y + at.y). */
struct frame {
    float xx, xy, yx, yy;
    struct point at;
    float z, scale;
};
struct frame frame_inside(const struct frame *outer, struct point at, float scale, float degrees, float z);
struct frame frame_mirrored(const struct frame *f);

struct run {
    const struct script *script;
    struct variant *variant;
    int number, chosen, colours, depth;
    struct random chance;
    uint64_t draws;
    bool bad; /* a number could not be read */
    struct {
        float lean, rise; /* pixels that points go aside by their height, and up and down by their place */
        float lean_at, rise_at; /* where in the wave the middle is, radians */
    } sway;
    struct frame frame;
    const char *token[TOKENS_MAX];
    int tokens, flags, values, materials;
    char flag[FLAGS_MAX][NAME_BYTES];
    struct {
        char name[NAME_BYTES];
        double number;
    } value[VALUES_MAX];
    struct {
        char name[NAME_BYTES];
        int ramp;
    } material[MATERIALS_MAX];
};

float run_number(struct run *r, const char *text);            /* sets r->bad where it is none */
int run_ramp(struct run *r, const char *name, int *ret_tone); /* -1 where there is none */
bool run_has(const struct run *r, const char *flag);

/* The statements; each reads r->token and says whether it was right. */
bool run_part(struct run *r);
bool run_sway(struct run *r);
bool run_ball(struct run *r);
bool run_limb(struct run *r);
bool run_curve(struct run *r);
bool run_plate(struct run *r);
bool run_lathe(struct run *r);
bool run_dot(struct run *r);
bool run_line(struct run *r);
bool run_stamp(struct run *r);

#endif
