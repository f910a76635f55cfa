/* spritery-draw - draws tiles of creatures and things that the tile sets we read lack or hardly have, as data to train
 * with and as sketches to begin from.
 * Usage: spritery-draw DESCRIPTION... FOLDER [--only NAME]
 * Flow:  tools/draw/ *.txt -> [spritery-draw] -> FOLDER/drawn/red-dragon-03.png..., FOLDER/captions.jsonl -> train
 * All is drawn from descriptions and fixed seeds: the same files every time. Chests and bows come along. */
#include "base/file.h"
#include "chest.h"
#include "keep.h"
#include "script.h"

#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 1024, WORDS_BYTES = 512 };

static void join(char *text, size_t size, char words[][SCRIPT_WORD_BYTES], int count, char between)
{
    size_t n = 0;
    text[0] = '\0';
    for (int i = 0; i < count && n < size; i++)
        n += (size_t)snprintf(text + n, size - n, "%s%.1s", words[i], i + 1 < count ? &between : "");
}

static enum spr_code draw_variant(const struct script *s, int thing, int number, struct variant *v,
                                  const char *folder, struct buf *lines, struct spr_error *err)
{
    char file[PATH_BYTES], name[256], named[WORDS_BYTES], kinds[WORDS_BYTES], general[WORDS_BYTES];
    struct rgba pixel[DRAW_SIDE * DRAW_SIDE];
    const struct image im = { DRAW_SIDE, DRAW_SIDE, pixel };
    enum spr_code rc = script_draw(s, thing, number, v, err);
    if (rc)
        return rc;
    if (!drawing_make(&v->drawing, pixel))
        return SPR_FAIL(err, SPR_BADDATA, "%s, variant %d: nothing can be seen", script_thing(s, thing),
                        number);
    join(name, sizeof name, v->named, v->names, '-');
    join(named, sizeof named, v->named, v->names, ' ');
    join(kinds, sizeof kinds, v->kind, v->kinds, ' ');
    join(general, sizeof general, v->general, v->generals, ' ');
    snprintf(file, sizeof file, "drawn/%s-%02d.png", name, number);
    const struct tile_words words = {
        .general = general, .named = named, .kinds = kinds, .hue = v->hue, .flip = v->flip
    };
    return keep_tile(folder, file, &words, &im, lines, err);
}

static enum spr_code draw_all(const struct script *s, const char *folder, const char *only, struct buf *lines,
                              struct spr_error *err)
{
    static struct variant v; /* large */
    enum spr_code rc = SPR_OK;
    for (int thing = 0; thing < script_things(s); thing++) {
        if (only && strcmp(only, script_thing(s, thing)) != 0)
            continue;
        v.variants = 1;
        for (int i = 0; i < v.variants && !rc; i++)
            rc = draw_variant(s, thing, i, &v, folder, lines, err);
    }
    return rc || only ? rc : draw_chests(folder, lines, err);
}

int main(int argc, char **argv)
{
    char path[PATH_BYTES];
    struct spr_error err;
    struct buf lines;
    struct script *script = NULL;
    const char *only = NULL;
    if (argc > 4 && strcmp(argv[argc - 2], "--only") == 0) {
        only = argv[argc - 1];
        argc -= 2;
    }
    if (argc < 3 || argv[1][0] == '-') {
        fprintf(stderr, "usage: spritery-draw DESCRIPTION... FOLDER [--only NAME]\n");
        return 2;
    }
    const char *folder = argv[argc - 1];
    buf_init(&lines, 1 << 22);
    enum spr_code rc = script_read(argv + 1, argc - 2, &script, &err);
    snprintf(path, sizeof path, "%s/drawn", folder);
    if (rc == SPR_OK)
        rc = file_make_folder(path, &err);
    if (rc == SPR_OK)
        rc = draw_all(script, folder, only, &lines, &err);
    snprintf(path, sizeof path, "%s/captions.jsonl", folder);
    if (rc == SPR_OK)
        rc = file_write(path, lines.data, lines.length, FILE_REPLACE, &err);
    if (rc)
        fprintf(stderr, "spritery-draw: %s\n", err.text);
    buf_fini(&lines);
    script_free(script);
    return rc != SPR_OK;
}
