/* Any bytes as a file of rows; the first byte says of which kind. What is read must keep its promises. */
#include "rows/rows.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request base;
    struct rows rows;
    struct spr_error err;
    if (size == 0)
        return 0;
    request_init(&base);
    enum spr_code rc =
        rows_read((enum rows_kind)(data[0] % 3), (const char *)data + 1, size - 1, &base, &rows, &err);
    for (size_t i = 0; !rc && i < rows.count && i < 50; i++) {
        struct buf name;
        buf_init(&name, 1 << 20);
        if (rows.row[i].request.count != 1 || request_check(&rows.row[i].request, &err))
            abort();
        if (rows_expand(&rows, i, "{index}-{prompt}-{seed}", &name, &err))
            abort();
        buf_fini(&name);
    }
    if (!rc)
        rows_fini(&rows);
    request_fini(&base);
    return 0;
}
