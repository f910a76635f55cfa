/* sum - CRC-32C, which finds every flipped bit and every burst of up to 32 bits in a record.
 * Flow:  orchestrate/journal, task_record -> [orchestrate/sum]
 * Threads: any. Source: Castagnoli, Braeuer, Herrmann, "Optimization of cyclic redundancy-check codes" (1993). */
#ifndef ORCHESTRATE_SUM_H
#define ORCHESTRATE_SUM_H
#include <stddef.h>
#include <stdint.h>

/* The sum of what went before (0 for nothing) carried on over length bytes. */
uint32_t sum_more(uint32_t sum, const void *bytes, size_t length);

#endif
