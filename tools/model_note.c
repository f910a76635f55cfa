/* model_note - reads and writes what a weights file says of itself; its tensors stay as they are, byte for byte.
 * Usage: spritery-model-note FILE              prints every note but the long ones' ends
 *        spritery-model-note FILE KEY=TEXT...  sets notes, an empty TEXT takes one away, and publishes the file anew */
#include "base/mem.h"
#include "nn/safetensors.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int fail(const struct spr_error *err)
{
    fprintf(stderr, "spritery-model-note: %s\n", err->text);
    return 1;
}

static void print_notes(const struct safetensors *s)
{
    for (size_t i = 0; i < safetensors_notes(s); i++) {
        struct note n = safetensors_note_at(s, i);
        printf("%s: %.200s%s\n", n.key, n.value, strlen(n.value) > 200 ? "..." : "");
    }
}

/* Whether one of the arguments sets or takes away the key. */
static bool is_given(const char *key, int count, char **given)
{
    for (int i = 0; i < count; i++)
        if (strncmp(given[i], key, strlen(key)) == 0 && given[i][strlen(key)] == '=')
            return true;
    return false;
}

static void fill(const struct safetensors *s, int count, char **given, struct tensor_source *tensor,
                 struct note *note, struct safetensors_content *c)
{
    for (size_t i = 0; i < safetensors_count(s); i++) {
        const struct tensor *t = safetensors_at(s, i);
        struct tensor_source *to = &tensor[c->tensors++];
        *to = (struct tensor_source){ .name = t->name, .rank = t->rank, .raw = t->data, .raw_type = t->type };
        memcpy(to->shape, t->shape, sizeof to->shape);
    }
    for (size_t i = 0; i < safetensors_notes(s); i++)
        if (!is_given(safetensors_note_at(s, i).key, count, given))
            note[c->notes++] = safetensors_note_at(s, i);
    for (int i = 0; i < count; i++) {
        char *equals = strchr(given[i], '=');
        *equals = '\0';
        if (equals[1] != '\0')
            note[c->notes++] = (struct note){ given[i], equals + 1 };
    }
}

static enum spr_code rewrite(const char *path, const struct safetensors *s, int count, char **given,
                             struct spr_error *err)
{
    struct tensor_source *tensor = mem_zalloc(safetensors_count(s), sizeof *tensor);
    struct note *note = mem_zalloc(safetensors_notes(s) + (size_t)count, sizeof *note);
    struct safetensors_content c = { .tensor = tensor, .note = note, .type = TENSOR_F16 };
    enum spr_code rc =
        SPR_FAIL(err, SPR_NOMEM, "no memory for the names of %zu tensors", safetensors_count(s));
    if (tensor && note) {
        fill(s, count, given, tensor, note, &c);
        rc = safetensors_write(path, &c, FILE_REPLACE, err);
    }
    mem_free(note);
    mem_free(tensor);
    return rc;
}

int main(int argc, char **argv)
{
    struct safetensors *s = NULL;
    struct spr_error err = { 0 };
    for (int i = 2; i < argc; i++)
        if (!strchr(argv[i], '=')) {
            fprintf(stderr, "spritery-model-note: \"%s\" is not KEY=TEXT\n", argv[i]);
            return 2;
        }
    if (argc < 2) {
        fprintf(stderr, "usage: spritery-model-note FILE [KEY=TEXT...]\n");
        return 2;
    }
    if (safetensors_open(argv[1], &s, &err))
        return fail(&err);
    enum spr_code rc = SPR_OK;
    if (argc == 2)
        print_notes(s);
    else
        rc = rewrite(argv[1], s, argc - 2, argv + 2, &err);
    safetensors_close(s);
    return rc ? fail(&err) : 0;
}
