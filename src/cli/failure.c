#include "cli/failure.h"

#include <jansson.h>
#include <stdlib.h>

void failure_print(const struct cli *cli, const struct spr_error *err)
{
    const struct terminal *t = &cli->err;
    if (!err->text[0])
        return;
    if (cli->json) {
        json_t *object = json_pack("{s:s, s:s}", "error", spr_code_name(err->code), "message", err->text);
        char *line = object ? json_dumps(object, JSON_COMPACT) : NULL;
        fprintf(t->file, "{%s\n",
                line ? line + 1 : "\"error\":\"bad_data\"}"); /* a message that is not UTF-8 */
        free(line);
        json_decref(object);
    } else {
        fprintf(t->file, "%sspritery:%s ", terminal_red(t), terminal_plain(t));
        terminal_safe(t, err->text);
        fputc('\n', t->file);
    }
}
