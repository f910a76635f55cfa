/* Hardware palettes as they are commonly published, and three of our own. Those whose colours are all mixtures of a
 * few levels per channel are made by rule. */
#include "pixel/palette.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

enum rule { AS_WRITTEN, LEVELS, GREYS };

static const struct builtin {
    struct palette_about about;
    enum rule rule;
    int levels;      /* per channel, or greys */
    const char *hex; /* rrggbb, one after the other */
} builtins[] = {
    { { "1bit", "Black and white" }, GREYS, 2, NULL },
    { { "amiga-workbench", "Amiga Workbench 1" }, AS_WRITTEN, 0, "0055aaffffff000022ff8800" },
    { { "amstrad-cpc", "Amstrad CPC" }, LEVELS, 3, NULL },
    { { "apple-ii", "Apple II, low resolution" },
      AS_WRITTEN,
      0,
      "000000722640"
      "40337fe434fe"
      "0e5940808080"
      "1b9afebfb3ff"
      "404c00e46501"
      "808080f1a6bf"
      "1bcb01bfcc80"
      "8dd9bfffffff" },
    { { "bbc-micro", "BBC Micro" }, LEVELS, 2, NULL },
    { { "c64", "Commodore 64" },
      AS_WRITTEN,
      0,
      "000000ffffff"
      "68372b70a4b2"
      "6f3d86588d43"
      "352879b8c76f"
      "6f4f25433900"
      "9a67594444446c6c6c9ad284"
      "6c5eb5959595" },
    { { "cga", "CGA, all 16" },
      AS_WRITTEN,
      0,
      "0000000000aa"
      "00aa0000aaaa"
      "aa0000aa00aa"
      "aa5500aaaaaa"
      "5555555555ff"
      "55ff5555ffff"
      "ff5555ff55ff"
      "ffff55ffffff" },
    { { "cga-0", "CGA palette 0, bright" }, AS_WRITTEN, 0, "00000055ff55ff5555ffff55" },
    { { "cga-1", "CGA palette 1, bright" }, AS_WRITTEN, 0, "00000055ffffff55ffffffff" },
    { { "ega", "EGA, all 64" }, LEVELS, 4, NULL },
    { { "ember-8", "Ember (ours): from night to glow" },
      AS_WRITTEN,
      0,
      "170f1e3a1b3a"
      "6d2848a8433e"
      "d9722ff2a93b"
      "fbd96bfff6d3" },
    { { "gameboy", "Game Boy" }, AS_WRITTEN, 0, "0f380f3062308bac0f9bbc0f" },
    { { "gameboy-pocket", "Game Boy Pocket" }, AS_WRITTEN, 0, "1f1f1f4d533c8b956dc4cfa1" },
    { { "grey-16", "16 greys" }, GREYS, 16, NULL },
    { { "grey-4", "4 greys" }, GREYS, 4, NULL },
    { { "grey-8", "8 greys" }, GREYS, 8, NULL },
    { { "macintosh-16", "Macintosh II, 16 colours" },
      AS_WRITTEN,
      0,
      "fffffffcf305ff6402dd0806f208844600a50000d402abea"
      "1fb714006411562c0590713ac0c0c0808080404040000000" },
    { { "master-system", "Master System, all 64" }, LEVELS, 4, NULL },
    { { "moonlit-8", "Moonlit (ours): night blues" },
      AS_WRITTEN,
      0,
      "0c0f1f1b2440"
      "2c42683f6a93"
      "5f9cb893c9cf"
      "c8e8dcf7fff2" },
    { { "msx", "MSX (TMS9918)" },
      AS_WRITTEN,
      0,
      "0000003eb849"
      "74d07d5955e0"
      "8076f1b95e51"
      "65dbefdb6559"
      "ff897dccc35e"
      "ded0873aa241"
      "b766b5cccccc"
      "ffffff" },
    { { "nes", "NES" },
      AS_WRITTEN,
      0,
      "7c7c7c0000fc"
      "0000bc4428bc"
      "940084a80020"
      "a81000881400"
      "503000007800"
      "006800005800"
      "004058000000"
      "bcbcbc0078f8"
      "0058f86844fc"
      "d800cce40058"
      "f83800e45c10"
      "ac7c0000b800"
      "00a80000a844"
      "008888f8f8f8"
      "3cbcfc6888fc"
      "9878f8f878f8"
      "f85898f87858"
      "fca044f8b800"
      "b8f81858d854"
      "58f89800e8d8"
      "787878fcfcfc"
      "a4e4fcb8b8f8"
      "d8b8f8f8b8f8"
      "f8a4c0f0d0b0"
      "fce0a8f8d878"
      "d8f878b8f8b8"
      "b8f8d800fcfc"
      "f8d8f8" },
    { { "pico-8", "PICO-8" },
      AS_WRITTEN,
      0,
      "0000001d2b53"
      "7e2553008751"
      "ab52365f574f"
      "c2c3c7fff1e8"
      "ff004dffa300"
      "ffec2700e436"
      "29adff83769c"
      "ff77a8ffccaa" },
    { { "spritery-16", "Spritery 16 (ours): earth, leaf, sky and stone" },
      AS_WRITTEN,
      0,
      "14121f3b2b4a"
      "6d3b5eb0495a"
      "e0734ff2b263"
      "fbeaa09ec35a"
      "4f8f4e2a5a55"
      "2f4b7c4a86c5"
      "8fd0dcf4f7ee"
      "9a9aa85c5a6e" },
    { { "virtual-boy", "Virtual Boy" }, AS_WRITTEN, 0, "000000550000a40000ff0000" },
    { { "websafe", "Web safe" }, LEVELS, 6, NULL },
    { { "windows-16", "Windows, 16 colours" },
      AS_WRITTEN,
      0,
      "000000800000008000808000000080800080008080c0c0c0"
      "808080ff000000ff00ffff000000ffff00ff00ffffffffff" },
    { { "zx-spectrum", "ZX Spectrum" },
      AS_WRITTEN,
      0,
      "0000000000d7"
      "d70000d700d7"
      "00d70000d7d7"
      "d7d700d7d7d7"
      "0000ffff0000"
      "ff00ff00ff00"
      "00ffffffff00"
      "ffffff" },
};

int palette_builtin_count(void)
{
    return (int)SPR_COUNT(builtins);
}

struct palette_about palette_builtin_about(int i)
{
    return builtins[i].about;
}

static void make(const struct builtin *b, struct palette *p)
{
    int n = b->levels;
    *p = (struct palette){ 0 };
    uint8_t c[3];
    for (const char *h = b->hex; b->rule == AS_WRITTEN && str_unhex(h, sizeof c, c); h += 6)
        p->colour[p->count++] = (struct rgba){ c[0], c[1], c[2], 255 };
    for (int i = 0; b->rule == GREYS && i < n; i++) {
        uint8_t v = (uint8_t)((i * 255 + (n - 1) / 2) / (n - 1));
        p->colour[p->count++] = (struct rgba){ v, v, v, 255 };
    }
    for (int i = 0; b->rule == LEVELS && i < n * n * n; i++)
        p->colour[p->count++] =
            (struct rgba){ (uint8_t)(i / n / n * 255 / (n - 1)), (uint8_t)(i / n % n * 255 / (n - 1)),
                           (uint8_t)(i % n * 255 / (n - 1)), 255 };
}

/* Whether both are the same when case does not count, nor the difference of blank, underscore and hyphen. */
static bool same_name(const char *asked, const char *name)
{
    for (; *asked && *name; asked++, name++) {
        char c = (char)(*asked == ' ' || *asked == '_' ? '-' : tolower((unsigned char)*asked));
        if (c != *name)
            return false;
    }
    return *asked == *name;
}

bool palette_builtin(const char *name, struct palette *ret)
{
    for (size_t i = 0; i < SPR_COUNT(builtins); i++)
        if (same_name(name, builtins[i].about.name)) {
            make(&builtins[i], ret);
            return true;
        }
    return false;
}
