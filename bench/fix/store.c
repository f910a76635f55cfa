#include "fix/store.h"

#include "base/file.h"
#include "fix/jpeg_bytes.h"
#include "fix/soft.h"
#include "image/load.h"
#include "image/png.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <webp/encode.h>
/* libpng's header; the folder of ours is "image/". */
#include <png.h>

static _Noreturn void stop(const char *path, const char *why)
{
    fprintf(stderr, "bench_pixelfix: %s: %s\n", path, why);
    exit(1);
}

/* Fast rather than small. */
static void write_png(const char *path, const struct image *im)
{
    png_image head = { .version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)im->width,
                       .height = (png_uint_32)im->height,
                       .format = PNG_FORMAT_RGBA,
                       .flags = PNG_IMAGE_FLAG_FAST };
    if (!png_image_write_to_file(&head, path, 0, im->pixel, 0, NULL))
        stop(path, head.message);
}

static void write_bytes(const char *path, const unsigned char *bytes, size_t size)
{
    FILE *f = size ? fopen(path, "wb") : NULL;
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f))
        stop(path, "cannot be written");
}

static void write_jpeg(const char *path, const struct image *im, int quality)
{
    size_t size;
    unsigned char *bytes = jpeg_bytes(im, quality, &size);
    write_bytes(path, bytes, size);
    free(bytes);
}

static void write_webp(const char *path, const struct image *im, int quality)
{
    uint8_t *bytes = NULL;
    size_t size =
        WebPEncodeRGBA(&im->pixel[0].r, im->width, im->height, im->width * 4, (float)quality, &bytes);
    write_bytes(path, bytes, size);
    WebPFree(bytes);
}

void store_add(const char *set, FILE *manifest, char letter, int number, const struct spoiled *s)
{
    static const char *const ending[] = { "png", "jpg", "webp" };
    char path[4096];
    for (int i = 0; i < s->frames; i++) {
        struct entry e = { .letter = letter };
        if (s->frames > 1)
            snprintf(e.name, sizeof e.name, "%c-%03d-%d", letter, number, i);
        else
            snprintf(e.name, sizeof e.name, "%c-%03d", letter, number);
        snprintf(path, sizeof path, "%s/%c", set, letter);
        mkdir(path, 0777);
        snprintf(e.input, sizeof e.input, "%c/%s.%s", letter, e.name, ending[s->keep]);
        snprintf(path, sizeof path, "%s/%s", set, e.input);
        if (s->keep == KEEP_JPEG)
            write_jpeg(path, &s->picture[i], s->quality);
        else if (s->keep == KEEP_WEBP)
            write_webp(path, &s->picture[i], s->quality);
        else
            write_png(path, &s->picture[i]);
        const struct truth *t = &s->truth[i];
        if (t->cells.pixel) {
            snprintf(path, sizeof path, "%s/truth/%s.png", set, e.name);
            write_png(path, &t->cells);
        }
        fprintf(manifest, "%c\t%s\t%s\t%d\t%u,%u,%u,%u\t%d\t%d\n", letter, e.name, e.input,
                t->cells.pixel != NULL, t->ground.r, t->ground.g, t->ground.b, t->ground.a, number,
                s->frames > 1 ? i : -1);
    }
}

struct entry *store_read(const char *set, size_t *ret_count)
{
    char path[4096], line[512];
    struct entry *all = NULL;
    size_t count = 0;
    snprintf(path, sizeof path, "%s/manifest.tsv", set);
    FILE *f = fopen(path, "r");
    if (!f)
        stop(path, "is missing: make the set first");
    while (fgets(line, sizeof line, f)) {
        struct entry e;
        int art;
        unsigned c[4];
        if (sscanf(line, "%c\t%31[^\t]\t%63[^\t]\t%d\t%u,%u,%u,%u\t%d\t%d", &e.letter, e.name, e.input, &art,
                   &c[0], &c[1], &c[2], &c[3], &e.number, &e.frame) != 10)
            stop(path, "has a damaged line");
        e.art = art != 0;
        e.ground = (struct rgba){ (uint8_t)c[0], (uint8_t)c[1], (uint8_t)c[2], (uint8_t)c[3] };
        all = realloc(all, (count + 1) * sizeof *all);
        if (!all)
            stop(path, "is too long");
        all[count++] = e;
    }
    fclose(f);
    *ret_count = count;
    return all;
}

bool store_load(const char *path, struct image *ret)
{
    struct spr_error err;
    return file_exists(path) && image_load(path, NULL, ret, NULL, &err) == SPR_OK;
}
