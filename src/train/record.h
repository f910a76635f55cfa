/* record - a CSV file that grows by rows, and that a resumed run cuts back to where its checkpoint was.
 * Flow:  train/run -> [train/record] -> loss.csv, validation.csv
 * Invariants: the first column of every row is the step, rising. A row is one write, so a killed run leaves at most
 *   one torn row, which going on removes. */
#ifndef TRAIN_RECORD_H
#define TRAIN_RECORD_H
#include "base/err.h"
#include <stdint.h>

struct record {
    int fd; /* -1: closed */
};

/* Creates path with this header line, or keeps what is there up to and with step `last`. (record_close).
 * Fails: SPR_IO, SPR_BADDATA (there is a file with another header), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code record_open(struct record *r, const char *path, const char *header, uint64_t last,
                                       struct spr_error *err);
void record_close(struct record *r);

/* Appends one row; format ends in a new line. Fails: SPR_IO. */
SPR_MUST_USE enum spr_code record_add(struct record *r, struct spr_error *err, const char *format, ...)
    SPR_PRINTF(3, 4);

#endif
