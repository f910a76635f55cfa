#include "base/pen.h"

#include <stdarg.h>
#include <string.h>

const char *const pen_quoted[128] = { ['"'] = "\\\"", ['\\'] = "\\\\" };
const char *const pen_xml[128] = { ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;" };
const char *const pen_json[128] = { ['"'] = "\\\"", ['\\'] = "\\\\", ['\n'] = "\\n", ['\t'] = "\\t" };

void pen_put(struct pen *pen, const char *format, ...)
{
    va_list args;
    if (pen->rc)
        return;
    va_start(args, format);
    pen->rc = buf_addv(pen->out, pen->err, format, args);
    va_end(args);
}

void pen_add(struct pen *pen, const void *bytes, size_t length)
{
    if (!pen->rc)
        pen->rc = buf_add(pen->out, bytes, length, pen->err);
}

void pen_text(struct pen *pen, const char *text, const char *const names[128])
{
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        const char *name = c < 128 ? names[c] : NULL;
        if (name)
            pen_add(pen, name, strlen(name));
        else
            pen_add(pen, c < 32 || c == 127 ? " " : p, 1);
    }
}
