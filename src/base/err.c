#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Drops a UTF-8 sequence that the end of the buffer cut in two. */
static void trim_cut(char *text, size_t size, int wanted)
{
    if (wanted < 0 || (size_t)wanted < size)
        return;
    size_t n = strlen(text);
    size_t start = n;
    while (start > 0 && n - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start > 0 && ((unsigned char)text[start - 1] & 0x80))
        text[start - 1] = '\0';
}

enum spr_code spr_fail(struct spr_error *err, enum spr_code code, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        err->code = code;
        int n = vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        trim_cut(err->text, sizeof err->text, n);
    }
    return code;
}

void spr_prefix(struct spr_error *err, const char *format, ...)
{
    if (!err)
        return;
    char head[256], both[sizeof head + sizeof err->text + 2];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(head, sizeof head, format, args);
    va_end(args);
    trim_cut(head, sizeof head, n);
    snprintf(both, sizeof both, "%s: %s", head, err->text);
    snprintf(err->text, sizeof err->text, "%.*s", (int)sizeof err->text - 1, both);
    trim_cut(err->text, sizeof err->text, (int)strlen(both));
}

const char *spr_code_name(enum spr_code code)
{
    static const char *const names[SPR_CODE_COUNT] = {
        [SPR_OK] = "ok",
        [SPR_BADARG] = "bad_argument",
        [SPR_BADDATA] = "bad_data",
        [SPR_LIMIT] = "limit",
        [SPR_NOMEM] = "out_of_memory",
        [SPR_IO] = "io",
        [SPR_NOTFOUND] = "not_found",
        [SPR_EXISTS] = "exists",
        [SPR_UNSUPPORTED] = "unsupported",
        [SPR_CANCELLED] = "cancelled",
        [SPR_TIMEOUT] = "timeout",
        [SPR_BUSY] = "busy",
        [SPR_DENIED] = "denied",
        [SPR_INTERNAL] = "internal",
    };
    return (unsigned)code < SPR_CODE_COUNT ? names[code] : "internal";
}

enum spr_code spr_code_named(const char *name, enum spr_code other)
{
    for (int i = SPR_OK + 1; name && i < SPR_CODE_COUNT; i++)
        if (strcmp(spr_code_name((enum spr_code)i), name) == 0)
            return (enum spr_code)i;
    return other;
}
