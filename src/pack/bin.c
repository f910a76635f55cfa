#include "pack/bin.h"

#include "base/mem.h"

enum spr_code bin_init(struct bin *b, const struct bin_class *kind, int kinds, struct spr_error *err)
{
    *b = (struct bin){ .kind = kind, .kinds = kinds };
    for (int k = 0; k < kinds; k++)
        b->total += kind[k].count;
    b->place = mem_zalloc((size_t)b->total, sizeof *b->place);
    b->left = mem_zalloc((size_t)kinds, sizeof *b->left);
    b->next = mem_zalloc((size_t)kinds + 1, sizeof *b->next);
    if (b->place && b->left && b->next)
        return SPR_OK;
    bin_fini(b);
    return SPR_FAIL(err, SPR_NOMEM, "no memory to place rectangles");
}

void bin_fini(struct bin *b)
{
    mem_free(b->place);
    mem_free(b->left);
    mem_free(b->next);
    mem_free(b->work);
    *b = (struct bin){ 0 };
}

enum spr_code bin_work(struct bin *b, size_t bytes, struct spr_error *err)
{
    if (bytes <= b->work_bytes)
        return SPR_OK;
    void *grown = mem_resize(b->work, bytes, 1);
    if (!grown)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to place %d rectangles", b->total);
    b->work = grown;
    b->work_bytes = bytes;
    return SPR_OK;
}

enum spr_code bin_fill(struct bin *b, struct spr_error *err)
{
    int last = b->kinds;
    for (int i = 0; i < b->kinds; i++) {
        int k = b->order[i];
        b->left[k] = b->kind[k].count;
        b->next[last] = k;
        last = k;
    }
    b->next[last] = -1;
    b->placed = b->used_w = b->used_h = 0;
    b->area = 0;
    return b->method == BIN_SKYLINE ? skyline_fill(b, err) : maxrects_fill(b, err);
}
