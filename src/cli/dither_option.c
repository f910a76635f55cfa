#include "cli/dither_option.h"

#include "base/mem.h"
#include "base/str.h"
#include "cli/option.h"
#include "image/load.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* "bayer.png:0.5" -> "bayer.png", 0.5. A colon with anything else behind it belongs to the name. */
static void split(const char *text, char ret_path[PATH_MAX], float *ret_strength)
{
    double strength = 1;
    char *colon;
    snprintf(ret_path, PATH_MAX, "%s", text);
    colon = strrchr(ret_path, ':');
    if (colon && str_to_double(colon + 1, &strength) && strength >= 0 && strength <= 1) {
        *colon = '\0';
        *ret_strength = (float)strength;
    }
}

enum spr_code dither_choose(const char *text, struct dither_choice *ret, struct spr_error *err)
{
    struct dither_choice c = { .kind = DITHER_MATRIX, .strength = 1 };
    struct image im;
    char path[PATH_MAX];
    if (!text) {
        *ret = (struct dither_choice){ .kind = DITHER_NONE, .strength = 1 };
        return SPR_OK;
    }
    if (dither_read(text, &c.kind, &c.strength)) {
        *ret = c;
        return SPR_OK;
    }
    split(text, path, &c.strength);
    if (!strpbrk(path, "./"))
        return args_wrong("dither", text, dither_allowed, err);
    enum spr_code rc = image_load(path, NULL, &im, NULL, err);
    if (rc)
        return spr_prefix(err, "--dither"), rc;
    if ((rc = dither_matrix_of(&im, &c.matrix, &c.value, err)))
        spr_prefix(err, "--dither %.200s", path);
    else
        *ret = c;
    image_fini(&im);
    return rc;
}

void dither_choice_fini(struct dither_choice *c)
{
    mem_free(c->value);
    *c = (struct dither_choice){ 0 };
}
