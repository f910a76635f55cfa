#include "plan/pen.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const pen_quoted[128] = { ['"'] = "\\\"", ['\\'] = "\\\\" };
const char *const pen_xml[128] = { ['<'] = "&lt;", ['>'] = "&gt;", ['&'] = "&amp;", ['"'] = "&quot;" };
const char *const pen_json[128] = { ['"'] = "\\\"", ['\\'] = "\\\\", ['\n'] = "\\n", ['\t'] = "\\t" };

void pen_put(struct pen *pen, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (!pen->rc && n > 0)
        pen->rc = buf_add(pen->out, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1, pen->err);
}

void pen_text(struct pen *pen, const char *text, const char *const names[128])
{
    for (const char *p = text; *p && !pen->rc; p++) {
        unsigned char c = (unsigned char)*p;
        const char *name = c < 128 ? names[c] : NULL;
        if (name)
            pen->rc = buf_add(pen->out, name, strlen(name), pen->err);
        else
            pen->rc = buf_add(pen->out, c < 32 || c == 127 ? " " : p, 1, pen->err);
    }
}
