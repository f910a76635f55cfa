#include "keep.h"

#include "image/png.h"
#include "paint/words.h"
#include "train/captions.h"

#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 1024 };
static const float weight = 1.5f;
static const char style[] = "drawn"; /* whose hand it is by: what begins from our sketches is drawn on so */

static void add_all(const char **list, int *count, const struct words *words)
{
    for (int i = 0; i < words->count; i++)
        caption_add_word(list, count, words->word[i].text);
}

enum spr_code keep_tile(const char *folder, const char *file, const struct tile_words *words,
                        const struct image *im, struct buf *lines, struct spr_error *err)
{
    char path[PATH_BYTES];
    struct words named, general, kinds = { 0 };
    struct caption c = {
        .file = file, .weight = weight, .hue = words->hue, .flip = words->flip, .keep = true
    };
    snprintf(path, sizeof path, "%s/%s", folder, file);
    enum spr_code rc = words_read(words->named, strlen(words->named), &named, err);
    if (rc == SPR_OK)
        rc = words_read(words->general, strlen(words->general), &general, err);
    if (rc == SPR_OK && words->kinds && *words->kinds)
        rc = words_read(words->kinds, strlen(words->kinds), &kinds, err);
    if (rc == SPR_OK)
        rc = png_write(path, im, NULL, FILE_REPLACE, err);
    if (rc)
        return rc;
    add_all(c.file_word, &c.file_words, &named);
    add_all(c.file_word, &c.file_words, &kinds);
    for (int i = 0; i < general.count; i++) { /* no word is both */
        bool named_so = false;
        for (int k = 0; k < c.file_words; k++)
            named_so = named_so || strcmp(c.file_word[k], general.word[i].text) == 0;
        if (!named_so)
            caption_add_word(c.dir_word, &c.dir_words, general.word[i].text);
    }
    c.style_word[c.style_words++] = style;
    c.colour = colour_dominant_bytes(im->pixel, (size_t)im->width * (size_t)im->height);
    return caption_write(&c, lines, err);
}
