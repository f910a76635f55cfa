/* score - how near what a tool made comes to the truth.
 * Flow:  SET + a tool's folder + its report -> score_run -> JSON;  JSON of several tools -> score_table -> text
 * Words:
 *   exact    the output has the truth's size; near: each side differs by at most one
 *   pix      share of sprite cells (those that are not ground) whose colour is within 32/255 in every channel, at the
 *            best shift by whole cells within +-2
 *   same     share of them with exactly the truth's colour
 *   pure     the flat ground has one colour, at most 2/255 off in the worst channel
 *   refused  nothing was written: right for a picture that is no pixel art
 * A tool's report is optional: JSON objects with "file" and, where it has them, "confidence" and "candidates", a list
 * of objects with "width" and "height", best first. */
#ifndef FIX_SCORE_H
#define FIX_SCORE_H
#include <jansson.h>
#include <stdio.h>

/* GIVES the object (json_decref). report and cpu may be NULL: paths. */
json_t *score_run(const char *set, const char *results, const char *tool, const char *report,
                  const char *cpu);

void score_table(FILE *to, json_t *const *tools, int count);

#endif
