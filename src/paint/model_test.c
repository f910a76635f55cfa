#include "paint/model.h"

#include "base/mem.h"
#include "paint/model_find.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A network small enough to write by hand. */
static const struct unet_config TINY = {
    .vocab = 3,
    .channels = { 2, 4, 4 },
    .blocks = { 1, 1, 1 },
    .cond = 4,
    .text = 2,
    .group = 2,
    .heads = 2,
    .words_max = 8,
    .mid = 1,
};
static const char *const WORDS[] = { "<pad>", "red", "\"dr\xc3\xa4gon\"" };
static const struct note NOTES[] = { { "licence", "CC0" }, { "samples_seen", "12" }, { "size", "16" } };

static struct unet_layout layout;
static float *params;
static char folder[64], path[96];

static struct model_content content(void)
{
    return (struct model_content){ &layout, params, WORDS, NOTES, SPR_COUNT(NOTES), TENSOR_F32, NULL };
}

static int set_up(void **state)
{
    (void)state;
    if (unet_layout_init(&layout, &TINY, NULL))
        return -1;
    params = mem_aligned(layout.floats, sizeof *params);
    for (size_t i = 0; i < layout.floats; i++)
        params[i] = (float)(i % 2048); /* exact in F16 too */
    strcpy(folder, "/tmp/spritery-test-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/tiny.safetensors", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    rmdir(folder);
    mem_free(params);
    unet_layout_fini(&layout);
    return 0;
}

static void what_is_saved_is_loaded(void **state)
{
    (void)state;
    for (int half = 0; half < 2; half++) {
        struct model_content c = content();
        struct model *m = NULL;
        struct spr_error err = { 0 };
        c.type = half ? TENSOR_F16 : TENSOR_F32;
        if (model_save(path, &c, FILE_REPLACE, &err) || model_load(path, &m, &err))
            fail_msg("%s", err.text);
        assert_string_equal(m->name, "tiny");
        assert_memory_equal(m->params, params, layout.floats * sizeof *params);
        assert_memory_equal(&m->layout.config, &TINY, sizeof TINY);
        assert_string_equal(m->word[2], WORDS[2]);
        assert_int_equal(model_word(m, "red"), 1);
        assert_int_equal(model_word(m, "<pad>"), 0);
        assert_string_equal(model_note(m, "licence"), "CC0");
        assert_null(model_note(m, "training"));
        assert_true(m->samples_seen == 12 && m->size == 16 && m->type == c.type);
        model_free(m);
    }
}

static void a_lexicon_goes_along(void **state)
{
    (void)state;
    static const struct tensor_source words = {
        .name = "lexicon.words", .rank = 1, .shape = { 4 }, .raw = "axe\n", .raw_type = TENSOR_U8
    };
    const struct safetensors_content lexicon = { .tensor = &words, .tensors = 1, .type = TENSOR_F32 };
    struct model_content c = content();
    struct model *m = NULL;
    struct spr_error err = { 0 };
    struct safetensors *from = NULL;
    struct buf b;
    buf_init(&b, 4096);
    assert_int_equal(safetensors_encode(&lexicon, &b, NULL), SPR_OK);
    assert_int_equal(safetensors_parse(b.data, b.length, &from, NULL), SPR_OK);
    c.lexicon = from;
    if (model_save(path, &c, FILE_REPLACE, &err) || model_load(path, &m, &err))
        fail_msg("%s", err.text);
    const struct tensor *t = safetensors_find(m->file, "lexicon.words");
    assert_true(t && t->type == TENSOR_U8 && t->count == 4);
    assert_memory_equal(t->data, "axe\n", 4);
    model_free(m);
    safetensors_close(from);
    buf_fini(&b);
}

/* A lexicon of two words, and a model that has learned a third since: its row is empty. */
static void a_lexicon_grows_with_the_vocabulary(void **state)
{
    (void)state;
    static const uint8_t category[2][8] = { { 1, 2, 3, 4, 5, 6, 7, 8 }, { 9, 8, 7, 6, 5, 4, 3, 2 } };
    static const uint8_t share[2][4] = { { 1, 2, 3, 4 }, { 5, 6, 7, 8 } };
    static const struct tensor_source tensors[] = {
        { .name = "lexicon.category", .rank = 2, .shape = { 2, 4 }, .raw = category, .raw_type = TENSOR_I16 },
        { .name = "lexicon.share", .rank = 2, .shape = { 2, 4 }, .raw = share, .raw_type = TENSOR_U8 },
    };
    static const uint8_t zeroes[8];
    const struct safetensors_content lexicon = { .tensor = tensors, .tensors = 2, .type = TENSOR_F32 };
    struct model_content c = content();
    struct model *m = NULL;
    struct safetensors *from = NULL;
    struct buf b;
    buf_init(&b, 4096);
    assert_int_equal(safetensors_encode(&lexicon, &b, NULL), SPR_OK);
    assert_int_equal(safetensors_parse(b.data, b.length, &from, NULL), SPR_OK);
    c.lexicon = from;
    assert_int_equal(model_save(path, &c, FILE_REPLACE, NULL), SPR_OK);
    assert_int_equal(model_load(path, &m, NULL), SPR_OK);
    const struct tensor *t = safetensors_find(m->file, "lexicon.category");
    assert_true(t && t->shape[0] == 3 && t->shape[1] == 4);
    assert_memory_equal(t->data, category, sizeof category);
    assert_memory_equal((const char *)t->data + sizeof category, zeroes, 8);
    t = safetensors_find(m->file, "lexicon.share");
    assert_true(t && t->shape[0] == 3);
    assert_memory_equal(t->data, share, sizeof share);
    assert_memory_equal((const char *)t->data + sizeof share, zeroes, 4);
    model_free(m);
    for (uint64_t n = 1;; n++) {
        struct spr_error err;
        mem_fail_nth(n);
        enum spr_code rc = model_save(path, &c, FILE_REPLACE, &err);
        mem_fail_nth(0);
        if (rc == SPR_OK)
            break;
        assert_int_equal(rc, SPR_NOMEM);
        assert_true(n < 200);
    }
    safetensors_close(from);
    buf_fini(&b);
}

/* Memory order against file order, element by element, by the definition of both. */
static void files_are_in_their_own_order(void **state)
{
    (void)state;
    struct model_content c = content();
    struct safetensors *s = NULL;
    assert_int_equal(model_save(path, &c, FILE_REPLACE, NULL), SPR_OK);
    assert_int_equal(safetensors_open(path, &s, NULL), SPR_OK);
    for (size_t n = 0; n < layout.entries; n++) {
        const struct unet_entry *e = &layout.entry[n];
        const struct tensor *t = safetensors_find(s, e->name);
        assert_non_null(t);
        assert_int_equal(t->count, e->count);
        size_t taps = e->kind == UNET_CONV ? (size_t)e->kernel * (size_t)e->kernel : 1, i = 0;
        size_t in = e->kind == UNET_VECTOR ? 1 : (size_t)e->in, out = (size_t)e->out;
        for (size_t o = 0; o < out; o++)
            for (size_t k = 0; k < in; k++)
                for (size_t p = 0; p < taps; p++, i++) {
                    bool same = e->kind == UNET_VECTOR || e->kind == UNET_EMBEDDING;
                    float got, want = params[e->offset + (same ? i : (p * in + k) * out + o)];
                    tensor_floats(t, i, 1, &got);
                    if (got != want)
                        fail_msg("%s [%zu, %zu, %zu]", e->name, o, k, p);
                }
    }
    safetensors_close(s);
}

/* Which tensor or note to spoil, and what is said about it. */
struct spoiling {
    const char *tensor;     /* renamed to "other", or given another value or shape */
    const char *note, *now; /* now NULL: left out */
    int change;             /* 'm'issing, 's'hape, 'n'an, 'x'tra, 'i'nteger type */
    enum spr_code code;
    const char *text;
};

static const struct spoiling SPOILINGS[] = {
    { "inc.weight", NULL, NULL, 'm', SPR_BADDATA, "tensor \"inc.weight\" is missing" },
    { "inc.weight", NULL, NULL, 's', SPR_BADDATA,
      "tensor \"inc.weight\" is [72]; the configuration needs [2, 4, 3, 3]" },
    { "inc.weight", NULL, NULL, 'n', SPR_BADDATA,
      "tensor \"inc.weight\" holds nan; numbers up to 3.40282e+38 are possible" },
    { "null", NULL, NULL, 'x', SPR_BADDATA, "tensor \"extra\" has no place in this network" },
    { NULL, "format", NULL, 0, SPR_BADDATA,
      "has no \"format\" in its metadata; it is not a model of this program" },
    { NULL, "format", "sprite-unet-2", 0, SPR_UNSUPPORTED,
      "format is \"sprite-unet-2\"; this program reads sprite-unet-1" },
    { NULL, "config", "[]", 0, SPR_BADDATA, "config is not a JSON object" },
    { NULL, "config", "{\"vocab\":3}", 0, SPR_BADDATA, "config: \"ch\" is missing" },
    { NULL, "config", "{\"vocab\":3,\"ch\":[1,2]}", 0, SPR_BADDATA,
      "config: \"ch\" must be a list of 3 whole numbers from 0" },
    { NULL, "config", "{\"vocab\":-3}", 0, SPR_BADDATA, "config: \"vocab\" must be a whole number from 0" },
    { NULL, "config",
      "{\"vocab\":3,\"ch\":[2,4,4],\"nb\":[1,1,1],\"ed\":4,\"td\":2,\"g\":2,\"heads\":2,\"maxw\":8,\"mid\":1,"
      "\"z\":0}",
      0, SPR_UNSUPPORTED, "config has 10 keys; this program knows 9, so it is of a newer kind" },
    { NULL, "vocab", "[\"a\"]", 0, SPR_BADDATA,
      "vocab must be a JSON list of 3 words, as config says; it has 1" },
    { NULL, "vocab", "nonsense", 0, SPR_BADDATA,
      "vocab must be a JSON list of 3 words, as config says; it has 0" },
    { NULL, "vocab", "[\"a\",\"\",\"c\"]", 0, SPR_BADDATA, "vocab: number 1 is not a word of 1 to 63 bytes" },
    { NULL, "samples_seen", "-1", 0, SPR_BADDATA, "samples_seen is \"-1\"; a whole number is needed" },
    { NULL, "size", "33", 0, SPR_BADDATA, "size is \"33\"; a multiple of 4 from 8 to 128 is needed" },
};

static void write_spoiled(const char *good, const struct spoiling *how)
{
    static const float nothing[72] = { NAN };
    struct safetensors *s = NULL;
    struct tensor_source tensor[256];
    struct note note[16];
    struct safetensors_content c = { tensor, 0, note, 0, TENSOR_F32 };
    assert_int_equal(safetensors_open(good, &s, NULL), SPR_OK);
    for (size_t i = 0; i < safetensors_count(s); i++) {
        const struct tensor *t = safetensors_at(s, i);
        struct tensor_source *to = &tensor[c.tensors++];
        *to = (struct tensor_source){ .name = t->name,
                                      .rank = t->rank,
                                      .data = (const float *)(const void *)t->data };
        memcpy(to->shape, t->shape, sizeof to->shape);
        if (!how->tensor || strcmp(how->tensor, t->name) != 0)
            continue;
        if (how->change == 'm')
            c.tensors--;
        else if (how->change == 's')
            *to =
                (struct tensor_source){ .name = t->name, .rank = 1, .shape = { t->count }, .data = to->data };
        else if (how->change == 'n')
            to->data = nothing;
        else
            tensor[c.tensors++] =
                (struct tensor_source){ .name = "extra", .rank = 1, .shape = { 1 }, .data = nothing + 1 };
    }
    for (size_t i = 0; i < safetensors_notes(s); i++) {
        struct note n = safetensors_note_at(s, i);
        bool spoil = how->note && strcmp(how->note, n.key) == 0;
        if (spoil)
            n.value = how->now;
        if (n.value)
            note[c.notes++] = n;
    }
    char other[128];
    snprintf(other, sizeof other, "%s/spoiled", folder);
    assert_int_equal(safetensors_write(other, &c, FILE_REPLACE, NULL), SPR_OK);
    safetensors_close(s);
}

static void refuses_what_is_no_sound_model(void **state)
{
    (void)state;
    struct model_content c = content();
    char spoiled[128];
    snprintf(spoiled, sizeof spoiled, "%s/spoiled", folder);
    assert_int_equal(model_save(path, &c, FILE_REPLACE, NULL), SPR_OK);
    for (size_t i = 0; i < SPR_COUNT(SPOILINGS); i++) {
        struct model *m = NULL;
        struct spr_error err = { 0 };
        char want[600];
        write_spoiled(path, &SPOILINGS[i]);
        enum spr_code rc = model_load(spoiled, &m, &err);
        snprintf(want, sizeof want, "%s: %s", spoiled, SPOILINGS[i].text);
        unlink(spoiled);
        if (rc != SPOILINGS[i].code || strcmp(err.text, want) != 0)
            fail_msg("row %zu gives %s: %s", i, spr_code_name(rc), err.text);
    }
}

static void refuses_to_save_what_could_not_be_loaded(void **state)
{
    (void)state;
    const struct unet_entry *e = unet_layout_find(&layout, "outc.bias");
    struct model_content c = content();
    struct spr_error err = { 0 };
    char want[256];
    float kept = params[e->offset + 1];
    params[e->offset + 1] = 70000;
    c.type = TENSOR_F16;
    assert_int_equal(model_save(path, &c, FILE_REPLACE, &err), SPR_BADDATA);
    snprintf(want, sizeof want,
             "cannot write %s: tensor \"outc.bias\" holds 70000; numbers up to 65504 are possible", path);
    assert_string_equal(err.text, want);
    params[e->offset + 1] = NAN;
    c.type = TENSOR_F32;
    assert_int_equal(model_save(path, &c, FILE_REPLACE, &err), SPR_BADDATA);
    params[e->offset + 1] = kept;
    static const struct note twice[] = { { "vocab", "[]" } };
    c.note = twice;
    c.notes = 1;
    assert_int_equal(model_save(path, &c, FILE_REPLACE, &err), SPR_BADARG);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct model_content c = content();
    assert_int_equal(model_save(path, &c, FILE_REPLACE, NULL), SPR_OK);
    for (int saving = 0; saving < 2; saving++)
        for (uint64_t n = 1;; n++) {
            struct model *m = NULL;
            struct spr_error err = { 0 };
            mem_fail_nth(n);
            enum spr_code rc = saving ? model_save(path, &c, FILE_REPLACE, &err) : model_load(path, &m, &err);
            mem_fail_nth(0);
            model_free(m);
            if (!rc)
                break;
            assert_int_equal(rc, SPR_NOMEM);
            assert_true(err.text[0] != '\0');
        }
}

/* The published weights: found by name in SPRITERY_MODELS, known in every tensor, saved again to the same numbers. */
static void the_bundled_model_loads(void **state)
{
    (void)state;
    char *file = NULL, sha[DIGEST_HEX_BYTES];
    struct model *m = NULL, *again = NULL;
    struct spr_error err = { 0 };
    if (data_find(&model_kind, NULL, &file, &err) || model_load(file, &m, &err))
        fail_msg("%s", err.text);
    assert_string_equal(m->name, "sprite32");
    assert_true(m->layout.config.vocab == 1653 && m->layout.floats == 5557124 && m->size == 32);
    assert_true(m->samples_seen >= 403480 && m->type == TENSOR_F16);
    assert_true(model_word(m, "dragon") > 0 && model_word(m, "zweihander") == 0);
    model_sha256(m, sha);
    assert_int_equal(strspn(sha, "0123456789abcdef"), 64);
    struct model_content c = { &m->layout, m->params, m->word, NULL, 0, TENSOR_F16, NULL };
    if (model_save(path, &c, FILE_REPLACE, &err) || model_load(path, &again, &err))
        fail_msg("%s", err.text);
    assert_memory_equal(again->params, m->params, m->layout.floats * sizeof *m->params);
    model_free(again);
    model_free(m);
    mem_free(file);
}

static void finds_models_by_name(void **state)
{
    (void)state;
    char *kept = strdup(getenv("SPRITERY_MODELS")), *file = NULL, other[96], list[200], want[600];
    struct model_content c = content();
    struct spr_error err = { 0 };
    struct data_list l = { 0 };
    snprintf(other, sizeof other, "%s/second", folder);
    assert_int_equal(mkdir(other, 0777), 0);
    assert_int_equal(model_save(path, &c, FILE_REPLACE, NULL), SPR_OK);
    char twin[128], small[128];
    snprintf(twin, sizeof twin, "%s/tiny.safetensors", other);
    snprintf(small, sizeof small, "%s/alone.safetensors", other);
    assert_int_equal(link(path, twin), 0);
    assert_int_equal(link(path, small), 0);
    snprintf(list, sizeof list, "%s::/nowhere:%s", folder, other);
    setenv("SPRITERY_MODELS", list, 1);

    assert_int_equal(data_find(&model_kind, "tiny", &file, &err), SPR_OK);
    assert_string_equal(file, path);
    mem_free(file);
    assert_int_equal(data_find(&model_kind, "alone", &file, &err), SPR_OK);
    assert_string_equal(file, small);
    mem_free(file);
    assert_int_equal(data_find(&model_kind, "./x", &file, &err), SPR_OK);
    assert_string_equal(file, "./x");
    mem_free(file);
    assert_int_equal(data_find(&model_kind, "x.safetensors", &file, &err), SPR_OK);
    mem_free(file);
    assert_int_equal(data_find(&model_kind, "knight", &file, &err), SPR_NOTFOUND);
    snprintf(want, sizeof want, "no model \"knight\"; there are alone, ");
    assert_memory_equal(err.text, want, strlen(want));

    assert_int_equal(data_list(&model_kind, &l, &err), SPR_OK);
    assert_true(l.count >= 2); /* and what is installed */
    for (size_t i = 1; i < l.count; i++)
        assert_true(strcmp(l.item[i - 1].name, l.item[i].name) < 0);
    data_list_free(&l);

    unlink(twin);
    unlink(small);
    rmdir(other);
    setenv("SPRITERY_MODELS", kept, 1);
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_loaded),
        cmocka_unit_test(a_lexicon_goes_along),
        cmocka_unit_test(a_lexicon_grows_with_the_vocabulary),
        cmocka_unit_test(files_are_in_their_own_order),
        cmocka_unit_test(refuses_what_is_no_sound_model),
        cmocka_unit_test(refuses_to_save_what_could_not_be_loaded),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(the_bundled_model_loads),
        cmocka_unit_test(finds_models_by_name),
    };
    return cmocka_run_group_tests_name("paint/model", tests, set_up, tear_down);
}
