/* run_inner - what the files of run share. Each keeps the counts true.
 * Threads: one. */
#ifndef ORCHESTRATE_RUN_INNER_H
#define ORCHESTRATE_RUN_INNER_H
#include "orchestrate/run.h"

/* Of now or of the past: the state it makes. */
void run_apply(struct run *r, const struct run_event *e);

void run_set_state(struct run *r, int32_t w, enum work_state s);
void run_set_asks(struct run *r, int32_t w, bool asks);
void run_set_gate(struct run *r, int32_t g, enum gate_state s);
/* Copies text over what is there; without memory there is no why. */
void run_keep_text(char **at, const char *text);

#endif
