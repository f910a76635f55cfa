#include "train/options.h"

#include "base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define AT(field) offsetof(struct train_options, field)

const struct train_option train_option_table[] = {
    { "average", TRAIN_DOUBLE, AT(optimizer.average), 0.998, 0, 0.999999,
      "what stays of the average each step" },
    { "batch", TRAIN_INT, AT(batch), 64, 1, 65536, "samples in a step" },
    { "beta1", TRAIN_DOUBLE, AT(optimizer.beta1), 0.9, 0, 0.999999, "memory of the gradient's mean" },
    { "beta2", TRAIN_DOUBLE, AT(optimizer.beta2), 0.99, 0, 0.999999, "memory of the gradient's square" },
    { "clip", TRAIN_DOUBLE, AT(optimizer.clip), 1, 0, 1e6, "longest gradient; 0: any" },
    { "colour", TRAIN_DOUBLE, AT(augment.colour), 0.35, 0, 1, "chance to say a tile's colour" },
    { "decay", TRAIN_DOUBLE, AT(optimizer.decay), 0.01, 0, 0.5, "weight decay of matrices" },
    { "drop-all", TRAIN_DOUBLE, AT(augment.drop_all), 0.12, 0, 1, "chance to drop the whole caption" },
    { "drop-dir", TRAIN_DOUBLE, AT(augment.drop_dir), 0.35, 0, 1, "chance to drop a folder's word" },
    { "drop-file", TRAIN_DOUBLE, AT(augment.drop_file), 0.1, 0, 1, "chance to drop a file name's word" },
    { "epsilon", TRAIN_DOUBLE, AT(optimizer.epsilon), 1e-8, 0, 0.1, "added to the root of the square" },
    { "flip", TRAIN_DOUBLE, AT(augment.flip), 0.5, 0, 1, "chance to mirror a tile that may be" },
    { "hold", TRAIN_DOUBLE, AT(schedule.hold), 0.5, 0, 1, "share of the run before the rate falls" },
    { "hold-out", TRAIN_INT, AT(hold_out), 128, 0, 65536, "tiles kept from training, for validation" },
    { "hue", TRAIN_DOUBLE, AT(augment.hue), 0.2, 0, 1, "chance to turn a tile's hue" },
    { "lanes", TRAIN_INT, AT(lanes), 4, 1, 256, "shares of a batch with a gradient each" },
    { "last", TRAIN_DOUBLE, AT(schedule.last), 0.02, 0, 1, "rate at the end, as a share of --rate" },
    { "part", TRAIN_INT, AT(part), 8, 1, 256, "samples that go through the network together" },
    { "precision", TRAIN_PRECISION, AT(precision), CONV_F32, 0, 0,
      "f32, or bf16: faster where the processor has it, bits the same everywhere" },
    { "rate", TRAIN_DOUBLE, AT(schedule.peak), 5e-4, 1e-9, 1, "highest learning rate" },
    { "samples", TRAIN_U64, AT(schedule.total), 100000, 1, 1e12, "samples in the whole run" },
    { "seed", TRAIN_U64, AT(seed), 1, 0, 9007199254740991.0, "seed of every chance" },
    { "warmup", TRAIN_U64, AT(schedule.warmup), 6400, 0, 1e12, "samples until the rate is at its highest" },
};
const size_t train_option_count = SPR_COUNT(train_option_table);

static void put(struct train_options *o, const struct train_option *row, double value, uint64_t count)
{
    char *at = (char *)o + row->offset;
    if (row->kind == TRAIN_U64) {
        memcpy(at, &count, sizeof count);
    } else if (row->kind == TRAIN_PRECISION) {
        enum conv_precision precision = count ? CONV_BF16 : CONV_F32;
        memcpy(at, &precision, sizeof precision);
    } else if (row->kind == TRAIN_INT) {
        int small = (int)count;
        memcpy(at, &small, sizeof small);
    } else {
        memcpy(at, &value, sizeof value);
    }
}

void train_options_default(struct train_options *o)
{
    *o = (struct train_options){ 0 };
    for (size_t i = 0; i < train_option_count; i++)
        put(o, &train_option_table[i], train_option_table[i].standard,
            (uint64_t)train_option_table[i].standard);
}

enum spr_code train_options_set(struct train_options *o, const char *name, const char *value,
                                struct spr_error *err)
{
    const struct train_option *row = train_option_table, *end = row + train_option_count;
    while (row < end && strcmp(row->name, name))
        row++;
    if (row == end)
        return SPR_FAIL(err, SPR_NOTFOUND, "there is no training option '%.32s'", name);
    if (row->kind == TRAIN_PRECISION) {
        enum conv_precision precision;
        if (!conv_precision_find(value, &precision))
            return SPR_FAIL(err, SPR_BADARG, "%s '%.32s' is neither f32 nor bf16", name, value);
        put(o, row, 0, precision);
        return SPR_OK;
    }
    double number = 0;
    uint64_t count = 0;
    bool fine = row->kind == TRAIN_DOUBLE ? str_to_double(value, &number) : str_to_u64(value, &count);
    double size = row->kind == TRAIN_DOUBLE ? number : (double)count;
    if (!fine || !(size >= row->least && size <= row->most))
        return SPR_FAIL(err, SPR_BADARG, "%s '%.32s' is not a%s number from %.16g to %.16g", name, value,
                        row->kind == TRAIN_DOUBLE ? "" : " whole", row->least, row->most);
    put(o, row, number, count);
    return SPR_OK;
}

void train_option_text(const struct train_options *o, const struct train_option *row,
                       char text[TRAIN_OPTION_BYTES])
{
    const char *at = (const char *)o + row->offset;
    if (row->kind == TRAIN_DOUBLE) {
        double value;
        memcpy(&value, at, sizeof value);
        str_from_double(value, text, TRAIN_OPTION_BYTES);
    } else if (row->kind == TRAIN_PRECISION) {
        enum conv_precision precision;
        memcpy(&precision, at, sizeof precision);
        snprintf(text, TRAIN_OPTION_BYTES, "%s", conv_precision_name(precision));
    } else if (row->kind == TRAIN_INT) {
        int value;
        memcpy(&value, at, sizeof value);
        snprintf(text, TRAIN_OPTION_BYTES, "%d", value);
    } else {
        uint64_t value;
        memcpy(&value, at, sizeof value);
        snprintf(text, TRAIN_OPTION_BYTES, "%" PRIu64, value);
    }
}
