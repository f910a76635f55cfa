/* bench_pixelfix - makes, scores and times what bench/pixelfix runs. Not for calling by hand: see bench/pixelfix.
 *   make SET TILES SPLIT SEED CLASSES COUNT [PHOTO...]   COUNT 0: as many as a full run has
 *   score SET RESULTS TOOL REPORT CPU                   prints JSON
 *   table TOOL.json...                                  prints the tables
 *   time LETTER FILE COMMAND...                         runs it, appends "LETTER cpu_seconds max_rss_kb" to FILE
 *   centres SET LETTER RESULTS                          baseline that is told the size: the pixel at each cell's centre
 *   inputs SET LETTER                                   paths of a class's pictures, sequences one after another */
#include "fix/score.h"
#include "fix/soft.h"
#include "fix/store.h"
#include "image/png.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void make_class(const char *set, FILE *manifest, const char *root, enum split split, uint64_t seed,
                       const struct class_row *row, int count, char *const *photos, int photo_count)
{
    struct tiles tiles = { 0 };
    size_t at = 0;
    if (row->make)
        tiles = tiles_find(root, class_folders(row, split), split);
    at = tiles.count ? (size_t)(random_mix(seed + (uint64_t)row->letter) % tiles.count) : 0;
    for (int i = 0; i < (count ? count : row->count); i++) {
        struct spoiled s = { 0 };
        struct dice dice = { { seed, random_mix((uint64_t)row->letter << 32 | (uint32_t)i) },
                             0,
                             split == SPLIT_FRESH };
        if (row->make)
            row->make(&tiles, &at, &dice,
                      split == SPLIT_TUNE || split == SPLIT_BLIND || (split == SPLIT_HELD && i % 2 == 0), &s);
        else
            not_art_make(i, photos, photo_count, split, &dice, &s);
        store_add(set, manifest, row->letter, i, &s);
        spoiled_fini(&s);
    }
    tiles_fini(&tiles);
}

static int make(int argc, char **argv)
{
    if (argc < 6)
        return 2;
    const char *set = argv[0];
    static const char *const splits[] = { "tune", "held", "wide", "fresh", "blind" };
    enum split split = SPLIT_TUNE;
    for (int k = 0; k < (int)SPR_COUNT(splits); k++)
        if (strcmp(argv[2], splits[k]) == 0)
            split = (enum split)k;
    char path[4096];
    snprintf(path, sizeof path, "%s/truth", set);
    mkdir(set, 0777);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/manifest.tsv", set);
    FILE *manifest = fopen(path, "w");
    if (!manifest) {
        fprintf(stderr, "bench_pixelfix: %s: %s\n", path, strerror(errno));
        return 1;
    }
    for (int i = 0; i < class_count; i++)
        if (strchr(argv[4], classes[i].letter))
            make_class(set, manifest, argv[1], split, strtoull(argv[3], NULL, 10), &classes[i], atoi(argv[5]),
                       argv + 6, argc - 6);
    return fclose(manifest) != 0;
}

static int score(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    json_t *o = score_run(argv[0], argv[1], argv[2], argv[3], argv[4]);
    int bad = json_dumpf(o, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    json_decref(o);
    return bad != 0;
}

static int table(int argc, char **argv)
{
    json_t **tools = must_alloc((size_t)argc, sizeof(json_t *));
    int count = 0;
    for (int i = 0; i < argc; i++) {
        tools[count] = json_load_file(argv[i], 0, NULL);
        count += tools[count] != NULL;
    }
    score_table(stdout, tools, count);
    for (int i = 0; i < count; i++)
        json_decref(tools[i]);
    free(tools);
    return 0;
}

static int time_command(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        fprintf(stderr, "bench_pixelfix: %s: %s\n", argv[2], strerror(errno));
        _exit(127);
    }
    int status;
    struct rusage use;
    if (child < 0 || wait4(child, &status, 0, &use) < 0)
        return 1;
    FILE *f = fopen(argv[1], "a");
    if (!f)
        return 1;
    fprintf(f, "%s %.4f %ld\n", argv[0],
            (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec),
            use.ru_maxrss);
    fclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Calls `each` for every picture of the class that can be read. */
static int with_each(int argc, char **argv,
                     void (*each)(char **argv, const struct entry *e, const struct image *in))
{
    size_t count;
    if (argc != 3)
        return 2;
    struct entry *all = store_read(argv[0], &count);
    for (size_t i = 0; i < count; i++) {
        char path[4096];
        struct image in;
        snprintf(path, sizeof path, "%s/%s", argv[0], all[i].input);
        if (all[i].letter != argv[1][0] || !store_load(path, &in))
            continue;
        each(argv, &all[i], &in);
        image_fini(&in);
    }
    free(all);
    return 0;
}

static void keep(const char *results, const char *name, const struct image *im)
{
    char path[4096];
    struct spr_error err;
    snprintf(path, sizeof path, "%s/%s.png", results, name);
    if (png_write(path, im, NULL, FILE_REPLACE, &err)) {
        fprintf(stderr, "bench_pixelfix: %s\n", err.text);
        exit(1);
    }
}

static void centre(char **argv, const struct entry *e, const struct image *in)
{
    char path[4096];
    struct image truth;
    snprintf(path, sizeof path, "%s/truth/%s.png", argv[0], e->name);
    if (!e->art || !store_load(path, &truth))
        return;
    struct image out = image_flat(truth.width, truth.height, (struct rgba){ 0, 0, 0, 0 });
    for (int y = 0; y < out.height; y++)
        for (int x = 0; x < out.width; x++)
            *image_at(&out, x, y) = *image_at(in, (2 * x + 1) * in->width / (2 * out.width),
                                              (2 * y + 1) * in->height / (2 * out.height));
    keep(argv[2], e->name, &out);
    image_fini(&truth);
    image_fini(&out);
}

static int centres(int argc, char **argv)
{
    return with_each(argc, argv, centre);
}

static int inputs(int argc, char **argv)
{
    size_t count;
    if (argc != 2)
        return 2;
    struct entry *all = store_read(argv[0], &count);
    for (size_t i = 0; i < count; i++)
        if (all[i].letter == argv[1][0])
            printf("%s/%s\n", argv[0], all[i].input);
    free(all);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = { { "make", make },         { "score", score },     { "table", table },
                     { "time", time_command }, { "centres", centres }, { "inputs", inputs } };
    for (size_t i = 0; argc > 1 && i < SPR_COUNT(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            int rc = commands[i].run(argc - 2, argv + 2);
            if (rc != 2)
                return rc;
        }
    fprintf(stderr, "usage: see bench/pixelfix --help\n");
    return 2;
}
