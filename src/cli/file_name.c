#include "cli/file_name.h"

#include "base/file.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { WORDS_BYTES = 80, TRIES = 9999 };

/* Beyond ASCII everything is kept but what is invisible, a blank, a direction mark or no character at all. */
static bool visible(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        { 0x80, 0xA0 },     { 0xAD, 0xAD },        { 0x034F, 0x034F }, { 0x061C, 0x061C }, { 0x115F, 0x1160 },
        { 0x1680, 0x1680 }, { 0x17B4, 0x17B5 },    { 0x180B, 0x180F }, { 0x2000, 0x206F }, { 0x3000, 0x3000 },
        { 0x3164, 0x3164 }, { 0xE000, 0xF8FF },    { 0xFE00, 0xFE0F }, { 0xFEFF, 0xFEFF }, { 0xFFA0, 0xFFA0 },
        { 0xFFF0, 0xFFFF }, { 0xE0000, 0x10FFFF },
    };
    for (size_t i = 0; i < SPR_COUNT(hidden); i++)
        if (c >= hidden[i].first && c <= hidden[i].last)
            return false;
    return true;
}

void file_stem_words(const char *prompt, char ret[FILE_STEM_BYTES])
{
    size_t length = strlen(prompt), n = 0;
    bool gap = false;
    for (size_t i = 0; i < length;) {
        uint32_t c;
        size_t took = utf8_decode(prompt + i, length - i, &c);
        const char *at = prompt + i;
        i += took ? took : 1;
        char lower = c >= 'A' && c <= 'Z' ? (char)(c + 32) : (char)c;
        bool kept =
            took > 1 ? visible(c) : took && ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9'));
        if (!kept) {
            gap = true;
            continue;
        }
        if (n + took + 1 > WORDS_BYTES)
            break;
        if (gap && n > 0)
            ret[n++] = '-';
        gap = false;
        if (took == 1)
            ret[n++] = lower;
        else
            memcpy(ret + n, at, took), n += took;
    }
    if (n == 0)
        n = (size_t)snprintf(ret, FILE_STEM_BYTES, "sprite");
    ret[n] = '\0';
}

void file_stem(const char *prompt, uint64_t seed, char ret[FILE_STEM_BYTES])
{
    file_stem_words(prompt, ret);
    size_t n = strlen(ret);
    snprintf(ret + n, FILE_STEM_BYTES - n, "-%llu", (unsigned long long)seed);
}

enum spr_code file_publish(const struct file_place *place, const void *data, size_t length,
                           char ret_path[PATH_MAX], struct spr_error *err)
{
    enum spr_code rc = SPR_EXISTS;
    for (int i = 1; rc == SPR_EXISTS && i <= TRIES; i++) {
        char path[PATH_MAX], number[16] = "";
        if (i > 1)
            snprintf(number, sizeof number, "-%d", i);
        bool here = strcmp(place->folder, ".") == 0;
        int n = snprintf(path, sizeof path, "%s%s%s%s.%s", here ? "" : place->folder, here ? "" : "/",
                         place->stem, number, place->ending);
        if (n < 0 || (size_t)n >= sizeof path)
            return SPR_FAIL(err, SPR_LIMIT, "the folder's name is too long: %.80s...", place->folder);
        rc = file_write(path, data, length, place->force ? FILE_REPLACE : FILE_NEW, err);
        if (!rc)
            memcpy(ret_path, path, (size_t)n + 1);
    }
    return rc;
}
