/* First a hash table of exact colours. When it is full, its colours go into 2^18 bins of 6 bits per channel, and the
 * rest of the pixels goes there directly. */
#include "pixel/histogram.h"

#include "base/mem.h"

#include <string.h>

enum { SLOTS = 4 * HISTOGRAM_EXACT, BINS = 1 << 18 };

struct bin {
    uint64_t r, g, b, count;
};

struct counter {
    uint32_t *slot;  /* (SLOTS) entry + 1, or 0 */
    struct bin *bin; /* (BINS), NULL while exact */
    struct histogram h;
};

static void add_to_bin(struct bin *bins, struct rgba c, uint64_t count)
{
    struct bin *b = &bins[(size_t)(c.r >> 2) << 12 | (size_t)(c.g >> 2) << 6 | (size_t)(c.b >> 2)];
    b->r += c.r * count;
    b->g += c.g * count;
    b->b += c.b * count;
    b->count += count;
}

/* False when the table is full and c is not in it. */
static bool add_exact(struct counter *k, struct rgba c, uint32_t count)
{
    uint32_t key = (uint32_t)c.r << 16 | (uint32_t)c.g << 8 | c.b;
    for (uint32_t i = (key * 2654435761u) >> 15;; i = (i + 1) & (SLOTS - 1)) {
        uint32_t at = k->slot[i];
        if (at == 0) {
            if (k->h.count == HISTOGRAM_EXACT)
                return false;
            k->h.entry[k->h.count] = (struct histogram_entry){ c, count };
            k->slot[i] = (uint32_t)++k->h.count;
            return true;
        }
        if (rgba_equal(k->h.entry[at - 1].colour, c)) {
            k->h.entry[at - 1].count += count;
            return true;
        }
    }
}

static enum spr_code add_run(struct counter *k, struct rgba c, uint32_t count, struct spr_error *err)
{
    c.a = 255;
    if (!k->bin && add_exact(k, c, count))
        return SPR_OK;
    if (!k->bin) {
        k->bin = mem_zalloc(BINS, sizeof *k->bin);
        if (!k->bin)
            return SPR_FAIL(err, SPR_NOMEM, "no memory to count colours");
        for (size_t i = 0; i < k->h.count; i++)
            add_to_bin(k->bin, k->h.entry[i].colour, k->h.entry[i].count);
    }
    add_to_bin(k->bin, c, count);
    return SPR_OK;
}

static enum spr_code add_picture(struct counter *k, const struct image *im, int alpha_from,
                                 struct spr_error *err)
{
    size_t count = (size_t)im->width * (size_t)im->height;
    enum spr_code rc = SPR_OK;
    for (size_t i = 0, next; i < count && !rc; i = next) {
        for (next = i + 1; next < count && rgba_equal(im->pixel[next], im->pixel[i]);)
            next++;
        if (im->pixel[i].a < alpha_from)
            k->h.transparent += next - i;
        else
            rc = add_run(k, im->pixel[i], (uint32_t)(next - i), err);
    }
    return rc;
}

static enum spr_code collect_bins(struct counter *k, struct spr_error *err)
{
    size_t used = 0;
    for (size_t i = 0; i < BINS; i++)
        used += k->bin[i].count > 0;
    struct histogram_entry *entry = mem_resize(k->h.entry, used, sizeof *entry);
    if (!entry)
        return SPR_FAIL(err, SPR_NOMEM, "no memory to count colours");
    k->h.entry = entry;
    k->h.count = used;
    for (size_t i = 0; i < BINS; i++) {
        const struct bin *b = &k->bin[i];
        uint64_t n = b->count;
        if (n)
            *entry++ =
                (struct histogram_entry){ { (uint8_t)((b->r + n / 2) / n), (uint8_t)((b->g + n / 2) / n),
                                            (uint8_t)((b->b + n / 2) / n), 255 },
                                          n > UINT32_MAX ? UINT32_MAX : (uint32_t)n };
    }
    return SPR_OK;
}

enum spr_code histogram_init(struct histogram *ret, const struct image *const *pictures, int count,
                             int alpha_from, struct spr_error *err)
{
    struct counter k = { .slot = mem_zalloc(SLOTS, sizeof *k.slot) };
    k.h.entry = k.slot ? mem_zalloc(HISTOGRAM_EXACT, sizeof *k.h.entry) : NULL;
    enum spr_code rc = k.h.entry ? SPR_OK : SPR_FAIL(err, SPR_NOMEM, "no memory to count colours");
    for (int i = 0; i < count && !rc; i++)
        rc = add_picture(&k, pictures[i], alpha_from, err);
    k.h.exact = !k.bin;
    if (!rc && k.bin)
        rc = collect_bins(&k, err);
    mem_free(k.slot);
    mem_free(k.bin);
    if (rc)
        histogram_fini(&k.h);
    else
        *ret = k.h;
    return rc;
}

void histogram_fini(struct histogram *h)
{
    mem_free(h->entry);
    *h = (struct histogram){ 0 };
}
