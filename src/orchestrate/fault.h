/* fault - places at which a test may kill this process or make the disk full: before and after every write and flush
 * that a run's safety rests on.
 * SPRITERY_FAULT=KIND:N in the environment: at the N-th such place of that kind (of all kinds where KIND is "any") the
 *   process ends as by kill -9. SPRITERY_FAULT=full:N: from the N-th write of the journal on, the disk is full.
 * Threads: the main one. */
#ifndef ORCHESTRATE_FAULT_H
#define ORCHESTRATE_FAULT_H
#include <stdbool.h>

/* kind: "journal", "flush", "witness", "slots", "launch", "claim", "exit", "order", "status". True: act as if full. */
bool fault_point(const char *kind);

#endif
