/* mem - every heap allocation of the program, in one place, so that tests can count them and fail any of them.
 * Flow:  every folder -> [base/mem] -> libc
 * Invariants: sizes are multiplied with overflow checks; failure is NULL, never an abort.
 * Threads: any; the counters are atomic.
 * Not here: memory with a lifetime (base/arena.h), growable bytes (base/buf.h). */
#ifndef BASE_MEM_H
#define BASE_MEM_H
#include <stddef.h>
#include <stdint.h>

/* GIVES count * size zeroed bytes (mem_free), 16-byte aligned; NULL on overflow or lack of memory. A product of 0
 * gives one byte, so NULL always means failure. */
void *mem_zalloc(size_t count, size_t size);

/* GIVES count * size bytes, 64-byte aligned for vector loads, not cleared (mem_free). NULL as above. */
void *mem_aligned(size_t count, size_t size);

/* A hint that all of a large block will be used: its pages come in at once. mem_aligned does so itself. BORROWS p (NULL
 * is fine). */
void mem_populate(void *p, size_t bytes);

/* TAKES old on success (NULL is fine) and GIVES it at count * size bytes, old bytes kept; on failure NULL, and old
 * stays the caller's. Never on memory from mem_aligned: the new place has malloc's alignment only. */
void *mem_resize(void *old, size_t count, size_t size);

/* GIVES a copy of length bytes with a 0 byte after them; NULL on lack of memory. */
char *mem_text(const char *text, size_t length);

void mem_free(void *p); /* TAKES p; NULL is fine */

/* How often memory was asked for since the program began: a hot loop asserts that this stands still. */
uint64_t mem_calls(void);

/* For tests: the n-th request from now (1 is the next) fails, and only that one; 0 turns this off. */
void mem_fail_nth(uint64_t n);

#endif
