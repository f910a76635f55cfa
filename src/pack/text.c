#include "pack/text.h"

#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_add(struct text *t, const char *format, ...)
{
    char small[1024];
    va_list args;
    if (t->rc)
        return;
    va_start(args, format);
    int n = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof small)
        t->rc = SPR_FAIL(t->err, SPR_INTERNAL, "a line of %d bytes", n);
    else
        t->rc = buf_add(t->into, small, (size_t)n, t->err);
}

static void add(struct text *t, const char *s, size_t length)
{
    if (!t->rc)
        t->rc = buf_add(t->into, s, length, t->err);
}

void text_quoted(struct text *t, const char *s)
{
    add(t, "\"", 1);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            text_add(t, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            text_add(t, "\\u%04x", c);
        else
            add(t, s, 1);
    }
    add(t, "\"", 1);
}

void text_xml(struct text *t, const char *s)
{
    add(t, "\"", 1);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        const char *as = c == '"'   ? "&quot;"
                         : c == '&' ? "&amp;"
                         : c == '<' ? "&lt;"
                         : c == '>' ? "&gt;"
                                    : NULL;
        if (as)
            add(t, as, strlen(as));
        else if (c < 0x20)
            add(t, "\xEF\xBF\xBD", 3);
        else
            add(t, s, 1);
    }
    add(t, "\"", 1);
}

void text_number(struct text *t, double value, bool point)
{
    char number[40];
    str_from_double(value == 0 ? 0 : value, number, sizeof number); /* no -0 */
    text_add(t, "%s%s", number, point && !strpbrk(number, ".e") ? ".0" : "");
}
