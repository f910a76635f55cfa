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

/* The part of a block that is whole pages of this size. */
static void *whole_pages(void *p, size_t bytes, uintptr_t page, size_t *ret_bytes)
{
    uintptr_t first = ((uintptr_t)p + page - 1) & ~(page - 1), end = ((uintptr_t)p + bytes) & ~(page - 1);
    *ret_bytes = end > first ? end - first : 0;
    return (void *)first;
}

/* Both hints cost the kernel a fraction of a fault for each page. Blocks beyond the limit come as they are touched: they
 * may be meant to stay mostly untouched. */
void mem_populate(void *p, size_t bytes)
{
    enum { PAGE = 4096, HUGE_PAGE = 2 << 20 };
    size_t length;
    if (!p || bytes < POPULATE_MIN)
        return;
    void *from = whole_pages(p, bytes, HUGE_PAGE, &length);
#ifdef MADV_HUGEPAGE
    if (length)
        (void)madvise(from, length, MADV_HUGEPAGE);
#endif
    from = whole_pages(p, bytes, PAGE, &length);
#ifdef MADV_POPULATE_WRITE
    if (length && bytes <= POPULATE_MAX)
        (void)madvise(from, length, MADV_POPULATE_WRITE);
#endif
    (void)from;
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
