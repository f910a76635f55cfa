/* Finds places for the sizes in a file (lines of "WIDTH HEIGHT"), or prints the trimmed sizes of the pictures in a folder.
 * Usage: bench_pack SIZES | bench_pack --trim FOLDER. Without either: made sizes, so that `meson test --benchmark` runs. */
#include "base/clock.h"
#include "base/random.h"
#include "pack/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SIZES_MAX = 100000, RUNS = 5 };

static struct rect_size size[SIZES_MAX];

static double cpu_ms(void)
{
    return (double)clock() * 1000 / CLOCKS_PER_SEC;
}

static int made_sizes(void)
{
    struct random r = { 1, 1 };
    for (int i = 0; i < 1000; i++)
        size[i] = (struct rect_size){ 4 + (int)random_below(r, (uint64_t)i * 2, 29),
                                      4 + (int)random_below(r, (uint64_t)i * 2 + 1, 29) };
    return 1000;
}

static int read_sizes(const char *path)
{
    FILE *f = fopen(path, "r");
    int n = 0;
    while (f && n < SIZES_MAX && fscanf(f, "%d %d", &size[n].w, &size[n].h) == 2)
        n++;
    if (f)
        fclose(f);
    return n;
}

static int print_trimmed(const char *folder, struct pool *pool)
{
    struct sprite_files files;
    struct sprites s;
    struct pack_units u;
    static struct doc_report report;
    struct spr_error err = { 0 };
    struct sprite_defaults d = { .duration_ms = 100 };
    struct pack_rules rules = { .trim = TRIM_FRAME };
    if (sprite_files_find(&folder, 1, &files, &err) ||
        sprites_load(&files, NULL, 0, &d, pool, &s, &report, &err) || units_find(&s, &rules, &u, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    for (int i = 0; i < u.count; i++)
        printf("%d %d\n", u.unit[i].box.w, u.unit[i].box.h);
    units_fini(&u);
    sprites_fini(&s);
    sprite_files_fini(&files);
    return 0;
}

static int place(const char *name, int count, struct rect_rules rules, struct pool *pool)
{
    double best = 1e9;
    int64_t used = 0, all = 0;
    struct rect_plan p;
    struct spr_error err = { 0 };
    char pages[32] = "";
    for (int run = 0; run < RUNS; run++) {
        double begun = cpu_ms();
        if (rects_pack(size, count, &rules, pool, &p, NULL, &err)) {
            fprintf(stderr, "%s\n", err.text);
            return 1;
        }
        double spent = cpu_ms() - begun;
        best = spent < best ? spent : best;
        used = all = 0;
        for (int i = 0; i < count; i++)
            used += (int64_t)size[i].w * size[i].h;
        for (int i = 0; i < p.pages; i++)
            all += (int64_t)p.page[i].w * p.page[i].h;
        snprintf(pages, sizeof pages, "%dx%d", p.page[0].w, p.page[0].h);
        rects_free(&p);
    }
    printf("%-34s %-12s %6.2f %%  %6.0f ms\n", name, pages, 100.0 * (double)used / (double)all, best);
    return 0;
}

int main(int argc, char **argv)
{
    struct pool *pool;
    struct spr_error err = { 0 };
    if (pool_new(1, &pool, &err))
        return 1;
    if (argc > 2 && strcmp(argv[1], "--trim") == 0)
        return print_trimmed(argv[2], pool);
    int count = argc > 1 ? read_sizes(argv[1]) : made_sizes();
    int rc = place("spritery, places", count, (struct rect_rules){ .max_w = 2048, .max_h = 2048 }, pool);
    rc |= place("spritery square, places", count,
                (struct rect_rules){ .max_w = 2048, .max_h = 2048, .shape = RECT_SQUARE }, pool);
    rc |= place("spritery turned, places", count,
                (struct rect_rules){ .max_w = 2048, .max_h = 2048, .turn = true }, pool);
    pool_free(pool);
    return rc;
}
