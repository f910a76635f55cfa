/* doctor - what this machine has and lacks for Spritery, each with what to do about it.
 * Flow:  CPU, memory, BLAS, terminal, models, configuration, daemon, queue, ComfyUI, GPU, disk -> [cli/doctor] -> cmd_doctor
 * Threads: the main one. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H
#include "cli/terminal.h"
#include "daemon/config.h"

enum doctor_grade {
    DOCTOR_GOOD,
    DOCTOR_NOTE,
    DOCTOR_BAD
}; /* note: works, but something would be better or is absent */

struct doctor_finding {
    enum doctor_grade grade;
    char seen[512];
    char advice[320]; /* "" where there is nothing to do */
};

/* Looks at one thing. BORROWS all. */
typedef void doctor_look(const struct config *c, const struct terminal *t, struct doctor_finding *ret);

/* The same for what may be several things. */
typedef void doctor_visit(void *context, const struct doctor_finding *f);
typedef void doctor_look_each(const struct config *c, const struct terminal *t, doctor_visit *visit,
                              void *context);
doctor_look_each doctor_comfyui;

struct doctor_row {
    const char *name; /* "cpu" */
    doctor_look *look;
    doctor_look_each *each; /* where look is NULL */
};
const struct doctor_row *doctor_row(size_t i); /* NULL after the last */

#endif
