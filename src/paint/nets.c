#include "paint/nets.h"

#include "base/mem.h"

#include <pthread.h>

enum { PRECISIONS = CONV_BF16 + 1 };

struct nets {
    const struct unet_layout *layout;
    const float *params;
    pthread_mutex_t lock;
    struct unet *net[PRECISIONS]; /* under the lock; NULL until it is asked for */
};

enum spr_code nets_new(const struct unet_layout *layout, const float *params, struct nets **ret,
                       struct spr_error *err)
{
    struct nets *n = mem_zalloc(1, sizeof *n);
    if (!n)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for packed weights");
    n->layout = layout;
    n->params = params;
    pthread_mutex_init(&n->lock, NULL);
    *ret = n;
    return SPR_OK;
}

void nets_free(struct nets *n)
{
    if (!n)
        return;
    for (int i = 0; i < PRECISIONS; i++)
        unet_free(n->net[i]);
    pthread_mutex_destroy(&n->lock);
    mem_free(n);
}

enum spr_code nets_get(struct nets *n, enum conv_precision precision, const struct unet **ret,
                       struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    pthread_mutex_lock(&n->lock);
    if (!n->net[precision])
        rc = unet_new(n->layout, n->params, false, precision, &n->net[precision], err);
    if (!rc)
        *ret = n->net[precision];
    pthread_mutex_unlock(&n->lock);
    return rc;
}

const struct unet_layout *nets_layout(const struct nets *n)
{
    return n->layout;
}

const float *nets_params(const struct nets *n)
{
    return n->params;
}
