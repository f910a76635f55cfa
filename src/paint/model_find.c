#include "paint/model_find.h"

const struct data_kind model_kind = { "model", "models", "SPRITERY_MODELS", ".safetensors", MODEL_DEFAULT };
