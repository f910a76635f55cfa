#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { POPULATE_MIN = 1 << 20, POPULATE_MAX = 64 << 20 };

static atomic_uint_fast64_t calls;
static atomic_uint_fast64_t fail_at; /* the value of calls that fails; 0 is never */

/* Counts the request and works out its bytes; false where it must fail. */
static bool admit(size_t count, size_t size, size_t *ret_bytes)
{
    uint64_t n = atomic_fetch_add(&calls, 1) + 1;
    if (n == atomic_load(&fail_at))
        return false;
    if (__builtin_mul_overflow(count, size, ret_bytes))
        return false;
    if (*ret_bytes == 0)
        *ret_bytes = 1;
    return true;
}

/* Costs the kernel a quarter of a fault for each page. Blocks beyond the limit may be meant to stay mostly untouched. No
 * huge pages: where memory is in pieces, making them takes longer than all that they save. */
void mem_populate(void *p, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    enum { PAGE = 4096 };
    if (!p || bytes < POPULATE_MIN || bytes > POPULATE_MAX)
        return;
    uintptr_t first = ((uintptr_t)p + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    (void)madvise((void *)first, ((uintptr_t)p + bytes - first) & ~(size_t)(PAGE - 1), MADV_POPULATE_WRITE);
#else
    (void)p;
    (void)bytes;
#endif
}

void *mem_zalloc(size_t count, size_t size)
{
    size_t bytes;
    return admit(count, size, &bytes) ? calloc(1, bytes) : NULL;
}

void *mem_aligned(size_t count, size_t size)
{
    size_t bytes;
    if (!admit(count, size, &bytes) || bytes > SIZE_MAX - 63)
        return NULL;
    void *p = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
    mem_populate(p, bytes);
    return p;
}

void *mem_resize(void *old, size_t count, size_t size)
{
    size_t bytes;
    return admit(count, size, &bytes) ? realloc(old, bytes) : NULL;
}

char *mem_text(const char *text, size_t length)
{
    if (length == SIZE_MAX)
        return NULL;
    char *copy = mem_zalloc(length + 1, 1);
    if (copy && length > 0)
        memcpy(copy, text, length);
    return copy;
}

void mem_free(void *p)
{
    free(p);
}

uint64_t mem_calls(void)
{
    return atomic_load(&calls);
}

void mem_fail_nth(uint64_t n)
{
    atomic_store(&fail_at, n ? atomic_load(&calls) + n : 0);
}
