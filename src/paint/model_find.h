/* model_find - where models are (base/data_find.h says in which folders).
 * Flow:  cli, engine -> [paint/model_find] -> base/data_find -> paint/model */
#ifndef PAINT_MODEL_FIND_H
#define PAINT_MODEL_FIND_H
#include "base/data_find.h"

#define MODEL_DEFAULT "sprite32"

extern const struct data_kind model_kind; /* NAME.safetensors in models/ or SPRITERY_MODELS */

#endif
