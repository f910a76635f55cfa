/* bench/finish - what pixel/finish makes of a network's pictures, beside the plain way: alpha cut at 128, then 16 colours in sRGB.
 * The same pictures go in, painted as `generate PROMPT --seed N` paints them with the bundled model; what comes out on the right
 * is that command's own file (finish_default).
 * Usage: bench_finish SHEET.png [KEPT]
 *   SHEET.png: written; of every prompt the first seed, plain on the left, finished on the right
 *   KEPT: a folder for what was painted, made where it is missing; with it the next run paints nothing
 * Prints, for both: how many pass each gate of `spritery check` and all usual ones, each gate's mean, and what was changed
 * most: the mean distance in OkLab to the painted colours. Deterministic, on any number of threads. */
#include "pixel/finish.h"
#include "base/mem.h"
#include "engine/shelf.h"
#include "image/png.h"
#include "paint/paint.h"
#include "pixel/alpha.h"
#include "pixel/gate.h"
#include "pixel/quantise.h"
#include "pixel/scale.h"
#include "pixel/sheet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEEDS = 8, FIRST_SEED = 100, SCALE = 3, PAIRS_A_ROW = 5 };

static const char *const prompts[] = {
    "amulet",      "battle axe", "blue potion", "boots",        "bow",    "crown",     "demon",
    "fire dragon", "flail",      "ghost",       "giant spider", "goblin", "gold ring", "green slime",
    "knight",      "long sword", "magic staff", "manticore",    "scroll", "shield",    "skeleton",
    "spear",       "stone wall", "tree",        "zombie",
};
enum { PROMPTS = (int)SPR_COUNT(prompts), PICTURES = PROMPTS * SEEDS };

static void must(enum spr_code rc, const struct spr_error *err)
{
    if (rc) {
        fprintf(stderr, "bench_finish: %s\n", err->text);
        exit(1);
    }
}

/* Where the i-th painted picture is kept. */
static void name_kept(const char *folder, int i, char ret[4096])
{
    snprintf(ret, 4096, "%s/%s-%d.png", folder, prompts[i / SEEDS], FIRST_SEED + i % SEEDS);
}

/* As engine/native.c paints without an option. GIVES ret[SEEDS]. */
static void paint_prompt(const struct stock *stock, struct painter *p, const char *prompt, struct image *ret)
{
    static struct rgba sketched[SEEDS][SKETCH_SIDE * SKETCH_SIDE];
    struct image begin[SEEDS];
    struct paint_sprite sprite[SEEDS];
    struct reading words;
    struct sketch_choice sketch = { 0 };
    struct spr_error err;
    const int words_max = stock->model->layout.config.words_max, wall = lexicon_find(stock->lexicon, "wall");
    const struct lexicon_options how = { words_max, true };
    must(lexicon_read(stock->lexicon, prompt, strlen(prompt), &how, &words, &err), &err);
    if (stock->sketches)
        sketches_choose(stock->sketches, &words, &sketch);
    if (sketch.style && words.count < words_max)
        words.word[words.count++] =
            (struct reading_word){ .id = sketch.style, .weight = 1, .why = READING_CATEGORY };
    struct paint_options o = { .size = 32,
                               .steps = 20,
                               .guidance = 3,
                               .sampler = SAMPLER_ANCESTRAL,
                               .strength = 0.3,
                               .sketched = sketch.count > 0 };
    for (int i = 0; i < words.count; i++)
        o.guidance = words.word[i].id == wall ? 1.5 : o.guidance;
    for (int i = 0; i < SEEDS; i++) {
        sprite[i] = (struct paint_sprite){ .prompt = &words, .seed = (uint64_t)(FIRST_SEED + i) };
        begin[i] = (struct image){ SKETCH_SIDE, SKETCH_SIDE, sketched[i] };
        if (o.sketched)
            sketches_draw(stock->sketches, &sketch, &words, sprite[i].seed, sketched[i]);
        sprite[i].sketch = o.sketched ? &begin[i] : NULL;
    }
    must(paint(p, &o, sprite, SEEDS, NULL, ret, &err), &err);
}

static void paint_all(const char *kept, struct image *ret)
{
    struct spr_error err;
    struct shelf *shelf = NULL;
    const struct stock *stock = NULL;
    struct pool *pool = NULL;
    struct painter *p = NULL;
    char path[4096];
    must(shelf_new(&shelf, &err), &err);
    must(shelf_take(shelf, BUNDLED, &stock, &err), &err);
    must(pool_new(pool_default_threads(), &pool, &err), &err);
    must(painter_new(stock->nets, stock->model->size, pool, &p, &err), &err);
    for (int k = 0; k < PROMPTS; k++) {
        paint_prompt(stock, p, prompts[k], ret + (ptrdiff_t)k * SEEDS);
        for (int i = k * SEEDS; kept && i < (k + 1) * SEEDS; i++) {
            name_kept(kept, i, path);
            must(png_write(path, &ret[i], NULL, FILE_REPLACE, &err), &err);
        }
    }
    painter_free(p);
    pool_free(pool);
    shelf_put(shelf, stock);
    shelf_free(shelf);
}

/* False where one is missing. */
static bool read_kept(const char *folder, struct image *ret)
{
    struct spr_error err;
    char path[4096];
    for (int i = 0; i < PICTURES; i++) {
        name_kept(folder, i, path);
        if (access(path, R_OK))
            return false;
    }
    for (int i = 0; i < PICTURES; i++) {
        name_kept(folder, i, path);
        must(png_read(path, NULL, &ret[i], NULL, &err), &err);
    }
    return true;
}

static void plain(const struct image *painted, struct indexed *ret)
{
    struct spr_error err;
    struct image cut;
    const struct quantise_options o = { .colours = finish_default.colours, .space = COLOUR_SRGB };
    must(image_copy(&cut, painted, &err), &err);
    alpha_cut(&cut, 128);
    must(quantise(&cut, &o, ret, &err), &err);
    image_fini(&cut);
}

static void finished(const struct image *painted, struct indexed *ret)
{
    struct spr_error err;
    must(finish(painted, &finish_default, ret, &err), &err);
}

struct score {
    int passed[GATE_COUNT], applied[GATE_COUNT], usual;
    double sum[GATE_COUNT], apart;
};

/* Mean distance to what was painted, of pixels that both have, as a screen shows it: near black less of a and b counts. */
static double distance(const struct image *painted, const struct image *made)
{
    double sum = 0;
    int n = 0;
    for (size_t i = 0; i < (size_t)made->width * (size_t)made->height; i++) {
        const struct rgba both[2] = { painted->pixel[i], made->pixel[i] };
        float x[2], y[2], z[2];
        if (both[1].a == 0 || both[0].a < 128)
            continue;
        colour_space_map(COLOUR_OKLAB, both, 2, x, y, z);
        float dim = colour_space_dim((x[0] + x[1]) / 2), dx = x[0] - x[1], dy = y[0] - y[1], dz = z[0] - z[1];
        sum += sqrt((double)(dx * dx + dim * dim * (dy * dy + dz * dz)));
        n++;
    }
    return n ? sum / n : 0;
}

static void look(const struct image *painted, const struct image *made, struct score *s)
{
    struct spr_error err;
    struct gate_choice choice[GATE_COUNT];
    struct gate_result r[GATE_COUNT];
    bool usual = true;
    for (int g = 0; g < GATE_COUNT; g++)
        choice[g] = (struct gate_choice){ (enum gate)g, gate_row((enum gate)g)->bound };
    must(gate_check(&made, 1, choice, GATE_COUNT, r, &err), &err);
    for (int g = 0; g < GATE_COUNT; g++) {
        s->applied[g] += r[g].applies;
        s->passed[g] += r[g].passed;
        s->sum[g] += r[g].applies ? r[g].value : 0;
        usual = usual && (r[g].passed || !gate_row((enum gate)g)->usual);
    }
    s->usual += usual;
    s->apart += distance(painted, made);
}

static void print(const struct score *before, const struct score *after)
{
    printf("%-11s %8s %24s %24s\n", "gate", "of", "plain: failed, mean", "finished: failed, mean");
    for (int g = 0; g < GATE_COUNT; g++) {
        const struct gate_row *row = gate_row((enum gate)g);
        int of = before->applied[g], of_after = after->applied[g];
        if (row->moving || of + of_after == 0)
            continue;
        printf("%-11s %3d, %3d %13d, %9.3f %13d, %9.3f\n", row->name, of, of_after,
               PICTURES - before->passed[g], of ? before->sum[g] / of : 0, PICTURES - after->passed[g],
               of_after ? after->sum[g] / of_after : 0);
    }
    printf("%-11s      %3d %24d %24d\n", "usual pass", PICTURES, before->usual, after->usual);
    printf("distance to what was painted, thousandths in OkLab: plain %.2f, finished %.2f\n",
           1e3 * before->apart / PICTURES, 1e3 * after->apart / PICTURES);
}

/* Both of a pair side by side on one canvas, so that the sheet keeps them together. */
static void pair(const struct image *left, const struct image *right, struct image *ret)
{
    struct spr_error err;
    const struct image *both[2] = { left, right };
    const struct sheet_options o = { .columns = 2, .scale = SCALE };
    must(sheet_make(both, 2, &o, ret, &err), &err);
}

int main(int argc, char **argv)
{
    static struct image painted[PICTURES], shown[PROMPTS];
    static struct score score[2];
    const struct image *cell[PROMPTS];
    const struct sheet_options o = { .columns = PAIRS_A_ROW, .gap = 6, .checker = true };
    struct spr_error err;
    struct image sheet;
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: bench_finish SHEET.png [KEPT]\n");
        return 2;
    }
    if (argc == 3)
        must(file_make_folder(argv[2], &err), &err);
    if (argc == 2 || !read_kept(argv[2], painted))
        paint_all(argc == 3 ? argv[2] : NULL, painted);
    for (int i = 0; i < PICTURES; i++) {
        void (*const ways[2])(const struct image *, struct indexed *) = { plain, finished };
        struct image made[2];
        for (int k = 0; k < 2; k++) {
            struct indexed few;
            ways[k](&painted[i], &few);
            must(image_from_indexed(&made[k], &few, &err), &err);
            look(&painted[i], &made[k], &score[k]);
            indexed_fini(&few);
        }
        if (i % SEEDS == 0)
            pair(&made[0], &made[1], &shown[i / SEEDS]);
        image_fini(&made[0]);
        image_fini(&made[1]);
    }
    print(&score[0], &score[1]);
    for (int k = 0; k < PROMPTS; k++)
        cell[k] = &shown[k];
    must(sheet_make(cell, PROMPTS, &o, &sheet, &err), &err);
    must(png_write(argv[1], &sheet, NULL, FILE_REPLACE, &err), &err);
    image_fini(&sheet);
    for (int k = 0; k < PROMPTS; k++)
        image_fini(&shown[k]);
    for (int i = 0; i < PICTURES; i++)
        image_fini(&painted[i]);
    return 0;
}
