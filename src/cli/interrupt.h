/* interrupt - Ctrl-C and SIGTERM: long work is asked to stop between steps, everything else ends at once.
 * Flow:  the operating system -> [cli/interrupt] -> cmd_*.c, engine
 * Rules: before interrupt_watch a signal removes unpublished files and ends the program; after it, the first signal
 *   raises the flag, and a second one ends the program the same way.
 * Threads: the flag may be read by any. */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H
#include <stdatomic.h>

void interrupt_install(void); /* handlers for SIGINT and SIGTERM; SIGPIPE is ignored */

/* From now on the program asks this flag. Lives as long as the process. */
const atomic_bool *interrupt_watch(void);

/* A signal that was taken in another way than by the handlers. */
void interrupt_took(int signal_number);

int interrupt_status(void); /* exit status after a cancelled run: 128 + the signal */

#endif
