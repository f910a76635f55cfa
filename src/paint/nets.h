/* nets - a model's weights packed for use: one network for each precision, packed when it is first asked for.
 * Flow:  paint/model -> [paint/nets] -> paint/painter, any number of them
 * Invariants: a network that was handed out never changes.
 * Threads: any; who asks for a network that is being packed waits for it. */
#ifndef PAINT_NETS_H
#define PAINT_NETS_H
#include "paint/unet.h"

struct nets;

/* GIVES *ret (nets_free). BORROWS layout and params for its life. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code nets_new(const struct unet_layout *layout, const float *params, struct nets **ret,
                                    struct spr_error *err);
void nets_free(struct nets *n); /* NULL is fine */

/* *ret lives as long as n. Fails: as unet_new does. */
SPR_MUST_USE enum spr_code nets_get(struct nets *n, enum conv_precision precision, const struct unet **ret,
                                    struct spr_error *err);

const struct unet_layout *nets_layout(const struct nets *n);
const float *nets_params(const struct nets *n);

#endif
