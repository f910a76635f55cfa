#include "cli/json_line.h"

#include "request/request_json.h"

#include <stdio.h>
#include <stdlib.h>

enum spr_code json_line(const struct cli *cli, json_t *object, size_t digits, const char *file,
                        const char *what, struct spr_error *err)
{
    char *line = !object  ? NULL
                 : digits ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(digits))
                          : request_json_line(object);
    json_decref(object);
    if (!line)
        return SPR_FAIL(err, SPR_BADDATA, "%.200s%sa %s that is not UTF-8 has no JSON", file ? file : "",
                        file ? ": " : "", what);
    fprintf(cli->out.file, "%s\n", line);
    free(line);
    return SPR_OK;
}
