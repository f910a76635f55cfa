/* Any bytes as a prompt: split into words and read with a small lexicon; what is read must keep its promises. */
#include "base/utf8.h"
#include "paint/lexicon.h"
#include "paint/words.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS = 12 };
static const char *const word[WORDS] = { "<pad>", "red",     "great", "sword",  "item", "weapon",
                                         "rat",   "monster", "fire",  "dragon", "book", "torch" };
static const char near_words[] = "butterknife\nseamonster\nwizard\n";
static const int16_t near[3][3] = { { 3, 6, 8 }, { 9, 6, 0 }, { 8, 10, 0 } };
static const uint8_t weight[3][3] = { { 255, 204, 102 }, { 230, 102, 0 }, { 60, 50, 0 } };
static const int16_t category[WORDS][4] = { [3] = { 4, 5 }, [6] = { 7 }, [9] = { 7 }, [10] = { 4 } };
static const uint8_t share[WORDS][4] = { [3] = { 240, 220 }, [6] = { 255 }, [9] = { 150 }, [10] = { 255 } };

static const struct tensor_source tensors[] = {
    { .name = "lexicon.words",
      .rank = 1,
      .shape = { sizeof near_words - 1 },
      .raw = near_words,
      .raw_type = TENSOR_U8 },
    { .name = "lexicon.near", .rank = 2, .shape = { 3, 3 }, .raw = near, .raw_type = TENSOR_I16 },
    { .name = "lexicon.weight", .rank = 2, .shape = { 3, 3 }, .raw = weight, .raw_type = TENSOR_U8 },
    { .name = "lexicon.category", .rank = 2, .shape = { WORDS, 4 }, .raw = category, .raw_type = TENSOR_I16 },
    { .name = "lexicon.share", .rank = 2, .shape = { WORDS, 4 }, .raw = share, .raw_type = TENSOR_U8 },
};

/* Made once, for the life of the process. */
static const struct lexicon *lexicon(void)
{
    static struct lexicon *made;
    static struct buf bytes;
    const struct safetensors_content c = { .tensor = tensors,
                                           .tensors = SPR_COUNT(tensors),
                                           .type = TENSOR_F32 };
    static struct safetensors *file;
    if (made)
        return made;
    buf_init(&bytes, 1 << 16);
    if (safetensors_encode(&c, &bytes, NULL) || safetensors_parse(bytes.data, bytes.length, &file, NULL) ||
        lexicon_new(word, WORDS, file, &made, NULL))
        abort();
    return made;
}

static void need(bool what)
{
    if (!what)
        abort();
}

static void check_words(const char *text, size_t size)
{
    struct words w, again;
    struct spr_error err = { 0 };
    if (words_read(text, size, &w, &err)) {
        need(err.text[0] != '\0');
        return;
    }
    need(w.count >= 0 && w.count <= WORDS_MAX);
    for (int i = 0; i < w.count; i++) {
        size_t n = strlen(w.word[i].text);
        need(n > 0 && n < WORD_BYTES && utf8_valid(w.word[i].text, n, NULL));
        need(words_find(&w, w.word[i].text) == i);
        need(words_read(w.word[i].from, strlen(w.word[i].from), &again, NULL) == SPR_OK);
        need(words_find(&again, w.word[i].text) >= 0);
    }
}

static void check_reading(const char *text, size_t size, const struct lexicon_options *o)
{
    struct reading r;
    struct spr_error err = { 0 };
    struct buf line;
    if (lexicon_read(lexicon(), text, size, o, &r, &err)) {
        need(err.text[0] != '\0' && utf8_valid(err.text, strlen(err.text), NULL));
        return;
    }
    need(r.count >= 1 && r.count <= o->words_max && r.unknown_count <= READING_WORDS_MAX);
    for (int i = 0; i < r.count; i++) {
        need(r.word[i].id >= 1 && r.word[i].id < WORDS && r.word[i].weight > 0 && r.word[i].weight <= 1);
        need(o->categories || r.word[i].why != READING_CATEGORY);
        for (int j = 0; j < i; j++)
            need(r.word[j].id != r.word[i].id);
    }
    buf_init(&line, 1 << 16);
    need(lexicon_describe(lexicon(), &r, &line, &err) == SPR_OK && line.length > 0);
    need(utf8_valid(line.data, line.length, NULL));
    buf_fini(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    check_words(text, size);
    check_reading(text, size, &(struct lexicon_options){ 8, true });
    check_reading(text, size, &(struct lexicon_options){ 1, false });
    check_reading(text, size, &(struct lexicon_options){ READING_WORDS_MAX, true });
    return 0;
}
