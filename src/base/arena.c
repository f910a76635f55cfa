#include "base/arena.h"

#include "base/mem.h"

#include <assert.h>
#include <stdint.h>

enum { ALIGNMENT = 64 };

enum spr_code arena_open(struct arena *a, struct spr_error *err)
{
    assert(!a->base);
    if (a->overflow)
        return SPR_FAIL(err, SPR_LIMIT, "working memory does not fit in the address space");
    /* Fresh pages are zero: clearing them again would take as long as all else here. */
    a->block = a->size <= SIZE_MAX - ALIGNMENT ? mem_zalloc(a->size + ALIGNMENT - 1, 1) : NULL;
    if (!a->block)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for %zu bytes of working space", a->size);
    mem_populate(a->block, a->size);
    a->base = a->block + (ALIGNMENT - (uintptr_t)a->block % ALIGNMENT) % ALIGNMENT;
    a->used = 0;
    return SPR_OK;
}

void arena_close(struct arena *a)
{
    mem_free(a->block);
    *a = (struct arena){ 0 };
}

void *arena_take(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - (ALIGNMENT - 1) - a->used) {
        assert(!a->base);
        a->overflow = true;
        return NULL;
    }
    bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    size_t at = a->used;
    a->used += bytes;
    if (!a->base) {
        if (a->used > a->size)
            a->size = a->used;
        return NULL;
    }
    assert(a->used <= a->size);
    return a->base + at;
}

float *arena_floats(struct arena *a, size_t count)
{
    return arena_take(a, count, sizeof(float));
}

size_t arena_mark(const struct arena *a)
{
    return a->used;
}

void arena_reset(struct arena *a, size_t mark)
{
    assert(mark <= a->used);
    a->used = mark;
}
