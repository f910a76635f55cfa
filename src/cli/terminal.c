#include "cli/terminal.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct terminal terminal_of(FILE *file)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool tty = isatty(fileno(file));
    bool dumb = !term || strcmp(term, "dumb") == 0;
    return (struct terminal){ file, tty, tty && !dumb && !(no_color && *no_color) };
}

struct terminal_size terminal_size(const struct terminal *t)
{
    struct winsize w = { 0 };
    struct terminal_size s = { 80, 24, 0, 0 };
    if (!t->tty || ioctl(fileno(t->file), TIOCGWINSZ, &w) || w.ws_col == 0 || w.ws_row == 0)
        return s;
    s.columns = w.ws_col;
    s.rows = w.ws_row;
    s.cell_width = w.ws_xpixel / w.ws_col;
    s.cell_height = w.ws_ypixel / w.ws_row;
    return s;
}

const char *terminal_bold(const struct terminal *t)
{
    return t->colour ? "\x1B[1m" : "";
}

const char *terminal_dim(const struct terminal *t)
{
    return t->colour ? "\x1B[2m" : "";
}

const char *terminal_red(const struct terminal *t)
{
    return t->colour ? "\x1B[1;31m" : "";
}

const char *terminal_plain(const struct terminal *t)
{
    return t->colour ? "\x1B[0m" : "";
}

void terminal_safe(const struct terminal *t, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length;) {
        uint32_t point;
        size_t took = utf8_decode(text + i, length - i, &point);
        bool control =
            took && (point < 0x20 || (point >= 0x7F && point < 0xA0)) && point != '\n' && point != '\t';
        if (took && !control)
            fwrite(text + i, 1, took, t->file);
        else
            fputs("\xEF\xBF\xBD", t->file);
        i += took ? took : 1;
    }
}

enum spr_code terminal_flush(const struct terminal *t, struct spr_error *err)
{
    errno = 0;
    if (fflush(t->file) == 0 && !ferror(t->file))
        return SPR_OK;
    if (errno == EPIPE || errno == 0)
        return SPR_FAIL(err, SPR_IO, "%s", "");
    return SPR_FAIL(err, SPR_IO, "cannot write to standard output: %s", strerror(errno));
}
