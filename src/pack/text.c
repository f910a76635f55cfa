#include "pack/text.h"

#include "base/str.h"

#include <string.h>

void text_quoted(struct pen *t, const char *s)
{
    pen_add(t, "\"", 1);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\')
            pen_put(t, "\\%c", c);
        else if (c < 0x20 || c == 0x7F)
            pen_put(t, "\\u%04x", c);
        else
            pen_add(t, s, 1);
    }
    pen_add(t, "\"", 1);
}

void text_xml(struct pen *t, const char *s)
{
    pen_add(t, "\"", 1);
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        const char *as = c == '"'   ? "&quot;"
                         : c == '&' ? "&amp;"
                         : c == '<' ? "&lt;"
                         : c == '>' ? "&gt;"
                                    : NULL;
        if (as)
            pen_add(t, as, strlen(as));
        else if (c < 0x20)
            pen_add(t, "\xEF\xBF\xBD", 3);
        else
            pen_add(t, s, 1);
    }
    pen_add(t, "\"", 1);
}

void text_number(struct pen *t, double value, bool point)
{
    char number[40];
    str_from_double(value == 0 ? 0 : value, number, sizeof number); /* no -0 */
    pen_put(t, "%s%s", number, point && !strpbrk(number, ".e") ? ".0" : "");
}
