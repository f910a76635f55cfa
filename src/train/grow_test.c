#include "train/grow.h"

#include "base/mem.h"
#include "train/start.h"
#include "train/tiny.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static char folder[] = "/tmp/grow-XXXXXX";
static char path[TINY_PATH];
static struct model *model;
static struct captions captions;

/* A model of tiny.h's words, and captions with "owl" (two tiles, beside known words), "lone" (kept, alone) and a word
 * of one tile, which no vocabulary takes. */
static const char text[] =
    "{\"file\":\"a.png\",\"dir_words\":[\"monster\"],\"file_words\":[\"owl\"],\"colour\":null,\"weight\":1,"
    "\"flip\":true,\"hue\":true,\"keep\":false}\n"
    "{\"file\":\"b.png\",\"dir_words\":[\"item\"],\"file_words\":[\"owl\",\"once\"],\"colour\":null,"
    "\"weight\":1,"
    "\"flip\":true,\"hue\":true,\"keep\":false}\n"
    "{\"file\":\"c.png\",\"dir_words\":[],\"file_words\":[\"lone\"],\"colour\":null,\"weight\":1,"
    "\"flip\":true,\"hue\":true,\"keep\":true}\n";

static int make(void **state)
{
    (void)state;
    struct unet_layout layout;
    if (!mkdtemp(folder) || unet_layout_init(&layout, &tiny_config, NULL))
        return -1;
    float *params = mem_aligned(layout.floats, sizeof *params);
    start_parameters(&layout, 1, params);
    const struct model_content content = {
        .layout = &layout, .params = params, .word = tiny_word, .type = TENSOR_F32
    };
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    int failed = model_save(path, &content, FILE_REPLACE, NULL) || model_load(path, &model, NULL);
    snprintf(path, sizeof path, "%s/captions.jsonl", folder);
    failed = failed || file_write(path, text, strlen(text), FILE_REPLACE, NULL) ||
             captions_read(path, &captions, NULL);
    mem_free(params);
    unet_layout_fini(&layout);
    return failed;
}

static int drop(void **state)
{
    (void)state;
    captions_fini(&captions);
    model_free(model);
    tiny_remove(folder);
    return 0;
}

static const float *row_of(const struct grown *g, const char *word)
{
    const struct unet_entry *e = unet_layout_find(&g->layout, "emb.weight");
    for (int i = 0; i < g->layout.config.vocab; i++)
        if (strcmp(g->word[i], word) == 0)
            return g->params + e->offset + (size_t)i * (size_t)e->in;
    fail_msg("no word %s", word);
    return NULL;
}

static void what_was_known_stays(void **state)
{
    (void)state;
    struct grown g;
    assert_int_equal(grow_vocabulary(model, &captions, 1, 7, &g, NULL), SPR_OK);
    const int before = (int)tiny_words.count;
    assert_int_equal(g.added, 2);
    assert_int_equal(g.layout.config.vocab, before + 2);
    for (int i = 0; i < before; i++)
        assert_string_equal(g.word[i], tiny_word[i]);
    assert_string_equal(g.word[before], "lone");
    assert_string_equal(g.word[before + 1], "owl");
    for (size_t i = 0; i < g.layout.entries; i++) {
        const struct unet_entry *to = &g.layout.entry[i], *from = &model->layout.entry[i];
        assert_string_equal(to->name, from->name);
        assert_memory_equal(g.params + to->offset, model->params + from->offset,
                            from->count * sizeof *g.params);
    }
    grown_fini(&g);
}

/* "owl" near the mean of "monster" and "item"; "lone" as a word of a network that knows nothing. */
static void a_new_word_begins_among_its_company(void **state)
{
    (void)state;
    struct grown g, again, other;
    assert_int_equal(grow_vocabulary(model, &captions, 1, 7, &g, NULL), SPR_OK);
    assert_int_equal(grow_vocabulary(model, &captions, 1, 7, &again, NULL), SPR_OK);
    assert_int_equal(grow_vocabulary(model, &captions, 1, 8, &other, NULL), SPR_OK);
    const float *monster = row_of(&g, "monster"), *item = row_of(&g, "item"), *owl = row_of(&g, "owl");
    const size_t text_width = (size_t)tiny_config.text;
    float alone = 0;
    for (size_t k = 0; k < text_width; k++) {
        float off = fabsf(owl[k] - (monster[k] + item[k]) / 2);
        assert_true(off > 0 && off < 0.5f); /* five deviations */
        alone += fabsf(row_of(&g, "lone")[k]);
    }
    assert_true(alone / (float)text_width > 0.1f && alone / (float)text_width < 1);
    assert_memory_equal(g.params, again.params, g.layout.floats * sizeof *g.params);
    assert_memory_not_equal(owl, row_of(&other, "owl"), text_width * sizeof *owl);
    grown_fini(&g);
    grown_fini(&again);
    grown_fini(&other);
}

static void lack_of_memory(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct grown g = { .added = 77 };
        struct spr_error err;
        mem_fail_nth(n);
        enum spr_code rc = grow_vocabulary(model, &captions, 1, 7, &g, &err);
        mem_fail_nth(0);
        if (rc == SPR_OK) {
            grown_fini(&g);
            break;
        }
        assert_int_equal(rc, SPR_NOMEM);
        assert_int_equal(g.added, 77);
        assert_true(n < 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_known_stays),
        cmocka_unit_test(a_new_word_begins_among_its_company),
        cmocka_unit_test(lack_of_memory),
    };
    return cmocka_run_group_tests_name("train/grow", tests, make, drop);
}
