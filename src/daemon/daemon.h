/* daemon - the process that everybody's clients talk to: accepts jobs, never loses one, runs them, tells how they do.
 * Flow:  wire's requests -> [daemon] -> queue -> worker -> engine -> gallery;  updates, events, /metrics
 * Threads: the loop's thread (the caller's) owns sockets, timers and the queue's file; workers are threads that get a job
 *   and give back reports (worker.h). Nothing else is shared. */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H
#include "base/log.h"
#include "daemon/config.h"

/* Runs until SIGTERM, SIGINT or a failure. SIGHUP reads the configuration again: file and sets are what config_load was
 * given. c changes then; it stays the caller's. Fails at the start: SPR_BUSY (another daemon has the data folder or an
 * address), SPR_DENIED (an address without a key), SPR_IO, SPR_NOMEM ... */
SPR_MUST_USE enum spr_code daemon_run(struct config *c, const char *file, const char *const *sets,
                                      size_t count, struct log *log, struct spr_error *err);

#endif
