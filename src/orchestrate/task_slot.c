#include "orchestrate/task.h"

#include "orchestrate/fault.h"
#include "orchestrate/sum.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct task_slot *task_map(int file, uint32_t slot)
{
    off_t page = sysconf(_SC_PAGESIZE), at = (off_t)slot * TASK_SLOT_BYTES, first = at / page * page;
    char *base = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE, MAP_SHARED, file, first);
    return base == MAP_FAILED ? NULL : (struct task_slot *)(void *)(base + (at - first));
}

void task_unmap(struct task_slot *slot)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    if (slot)
        munmap((void *)((uintptr_t)slot / page * page), page);
}

static uint32_t start_sum(const struct task_slot *s)
{
    size_t first = offsetof(struct task_slot, supervisor), last = offsetof(struct task_slot, end);
    return sum_more(0, (const char *)s + first, last - first);
}

bool task_claim(struct task_slot *s, const struct task_identity *me, int64_t now_ms, uint32_t cgroup,
                const char *owner)
{
    uint32_t empty = TASK_EMPTY;
    if (atomic_load(&s->state) != TASK_EMPTY)
        return false;
    s->supervisor = *me;
    s->start_ms = now_ms;
    s->cgroup = cgroup;
    snprintf(s->owner, sizeof s->owner, "%s", owner);
    s->start_sum = start_sum(s);
    fault_point("claim");
    bool won = atomic_compare_exchange_strong(&s->state, &empty, TASK_STARTED);
    fault_point("claim");
    return won;
}

bool task_abandon(struct task_slot *s)
{
    uint32_t empty = TASK_EMPTY;
    return atomic_compare_exchange_strong(&s->state, &empty, TASK_ABANDONED);
}

void task_finish(struct task_slot *s, const struct task_end *end)
{
    s->end = *end;
    s->end_sum = sum_more(0, end, sizeof *end);
    fault_point("exit");
    atomic_store(&s->state, TASK_ENDED);
    fault_point("exit");
}

bool task_sound(const struct task_slot *s)
{
    switch (atomic_load(&s->state)) {
    case TASK_EMPTY:
    case TASK_ABANDONED:
        return true;
    case TASK_STARTED:
        return s->start_sum == start_sum(s);
    case TASK_ENDED:
        return s->start_sum == start_sum(s) && s->end_sum == sum_more(0, &s->end, sizeof s->end);
    default:
        return false;
    }
}
