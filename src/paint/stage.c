#include "paint/stage.h"

#include "base/random.h"
#include "paint/canvas.h"

#include <string.h>

void stage_place(struct stage *s, struct arena *a, bool has_init, bool has_mask)
{
    size_t pictures = (size_t)s->run.pictures, pairs = pictures * (size_t)s->guide.branches;
    s->x = arena_floats(a, pictures * s->count);
    s->begin = arena_floats(a, s->count);
    s->init = has_init ? arena_floats(a, s->count) : NULL;
    s->keep = has_mask ? arena_take(a, s->guide.pixels, 1) : NULL;
    s->scratch = arena_floats(a, sampler_scratch_floats(&s->run));
    s->guide.x = arena_floats(a, pairs * s->count);
    s->guide.v = arena_floats(a, pairs * s->count);
    s->guide.t = arena_floats(a, pairs);
    s->guide.known = s->init;
    s->guide.keep = s->keep;
}

void stage_take_init(struct stage *s, const struct image *init, const struct image *mask, bool wrap,
                     float *wide, float *spare)
{
    if (!init)
        return;
    if (init->width == s->side) {
        canvas_from_image(init, s->init);
    } else {
        canvas_from_image(init, wide);
        canvas_scale(wide, init->width, wrap, s->init, s->side, spare);
    }
    if (!mask)
        return;
    if (mask->width == s->side) {
        canvas_mask(mask, s->keep);
    } else {
        uint8_t *keep = (uint8_t *)wide;
        canvas_mask(mask, keep);
        canvas_scale_mask(keep, mask->width, s->keep, s->side);
    }
}

void stage_begin(struct stage *s, int p, const struct paint_sprite *sprite, const float *under, float *noise)
{
    float *x = s->x + (size_t)p * s->count, *second = noise + s->count;
    float from = (float)s->from;
    random_normals((struct random){ sprite->seed, s->noise_stream }, 0, s->count, noise);
    if (sprite->vary > 0)
        random_normals((struct random){ sprite->vary_seed, s->noise_stream }, 0, s->count, second);
    canvas_arc(s->count, noise, second, sprite->vary, x);
    for (size_t i = 0; under && i < s->count; i++)
        x[i] = (1 - from) * under[i] + from * x[i];
}
