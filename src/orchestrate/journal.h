/* journal - what happened in a run, line after line, so that nothing that was written can go missing unnoticed.
 * Flow:  orchestrate/run decides -> [orchestrate/journal] -> only then is it acted on, and people told
 *
 * One file of JSON lines, each ending in  ,"sum":"XXXXXXXX"}  where the sum is carried on from the line before: a line
 * that is changed, missing, doubled or out of place does not fit. A cut between two lines would fit, so a second file,
 * the witness, says how far the journal had come and with which sum; it is written after the journal, in two places in
 * turn, and may be behind but never ahead.
 *
 * Group commit: lines are gathered by journal_add and written by one journal_commit.
 * Laws: J1 After a failed commit the journal is as before and no further one succeeds. J2 journal_open reads every line
 *   and says of the first that is not sound where and why; nothing is skipped. J3 One writer at a time (a lock).
 * Threads: one. */
#ifndef ORCHESTRATE_JOURNAL_H
#define ORCHESTRATE_JOURNAL_H
#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

enum journal_safety {
    JOURNAL_KILL, /* survives the end of the program at any instant */
    JOURNAL_POWER /* survives the end of the machine: flushed to disk at every commit */
};

struct journal {
    int file, witness, lock;
    enum journal_safety safety;
    uint64_t lines; /* written */
    uint32_t sum;   /* of the last of them */
    int64_t bytes;
    uint64_t pending_lines;
    uint32_t pending_sum;
    struct buf pending;
    bool broken;
    int64_t taken_back; /* journal_open: bytes of an unfinished last line that nobody was told of */
};

/* What is wrong with a journal; all zero if nothing is. */
struct journal_damage {
    bool found;
    uint64_t line;       /* from 1: the first line that is not sound, or the first that is missing */
    int64_t sound_bytes; /* up to there it is */
    char text[240];
};

/* Called for each sound line, in order, without its newline; text is only lent, and may be changed. */
typedef enum spr_code journal_line_fn(void *context, char *text, size_t length, struct spr_error *err);

/* Reads a journal and its witness without a lock, as `status` and `events` do. A last line that is still being written
 * is not there yet and no damage, unless the witness has it. A file that is not there has no lines.
 * Fails: SPR_IO, SPR_NOMEM, what the callback says. */
SPR_MUST_USE enum spr_code journal_read(const char *folder, journal_line_fn *each, void *context,
                                        struct journal_damage *damage, struct spr_error *err);

/* Locks and reads, then stands ready to write. Damage: SPR_BADDATA and *damage; an unfinished last line that nobody was
 * told of is cut off. Fails also: SPR_BUSY (another one has the lock), SPR_IO, SPR_NOMEM. GIVES *ret (journal_close). */
SPR_MUST_USE enum spr_code journal_open(const char *folder, enum journal_safety safety, journal_line_fn *each,
                                        void *context, struct journal *ret, struct journal_damage *damage,
                                        struct spr_error *err);
void journal_close(struct journal *j); /* fine on a zeroed one; what was not committed is gone */

/* Puts a damaged journal aside as run.journal.damaged-N and writes its sound part anew: for a person who has read what
 * is missing. Fails: SPR_IO, SPR_BUSY. */
SPR_MUST_USE enum spr_code journal_mend(const char *folder, const struct journal_damage *damage,
                                        struct spr_error *err);

/* Gathers one line: a JSON object without "sum", as {"seq":12,...}. Fails: SPR_NOMEM, SPR_LIMIT. */
SPR_MUST_USE enum spr_code journal_add(struct journal *j, const char *object, size_t length,
                                       struct spr_error *err);
/* Writes what was gathered. Fails: SPR_IO (law J1). */
SPR_MUST_USE enum spr_code journal_commit(struct journal *j, struct spr_error *err);

#endif
