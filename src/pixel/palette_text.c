/* The palette files that are text: lines, ended by \n or \r\n, perhaps after a UTF-8 byte order mark.
 *
 *     GIMP Palette              JASC-PAL        1d2b53           ; comment
 *     Name: x                   0100            #7e2553          FF1D2B53
 *     Columns: 4                16              // comment       FF7E2553
 *     # comment                 0 0 0           hex              txt (Paint.NET: alpha first)
 *     29  43  83 a name         29 43 83
 *     gpl                       jasc                                                                          */
#include "pixel/palette_formats.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

struct lines {
    const char *at, *end;
    int number; /* of the line last read, from 1 */
};

struct line {
    const char *text; /* without blanks at either end; not terminated */
    int length;
};

static struct lines open_lines(const uint8_t *data, size_t size)
{
    bool mark = size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0;
    return (struct lines){ (const char *)data + (mark ? 3 : 0), (const char *)data + size, 0 };
}

static bool next_line(struct lines *l, struct line *ret)
{
    if (l->at >= l->end)
        return false;
    const char *stop = memchr(l->at, '\n', (size_t)(l->end - l->at)), *from = l->at;
    if (!stop)
        stop = l->end;
    l->at = stop < l->end ? stop + 1 : stop;
    l->number++;
    while (stop > from && isspace((unsigned char)stop[-1]))
        stop--;
    while (from < stop && isspace((unsigned char)*from))
        from++;
    *ret = (struct line){ from, stop - from > 4096 ? 4096 : (int)(stop - from) };
    return true;
}

static bool begins(struct line l, const char *with)
{
    size_t n = strlen(with);
    return (size_t)l.length >= n && memcmp(l.text, with, n) == 0;
}

static bool first_line_is(const uint8_t *data, size_t size, const char *text)
{
    struct lines l = open_lines(data, size);
    struct line line;
    return next_line(&l, &line) && begins(line, text) && (size_t)line.length == strlen(text);
}

bool gpl_is(const uint8_t *data, size_t size)
{
    return first_line_is(data, size, "GIMP Palette");
}

bool jasc_is(const uint8_t *data, size_t size)
{
    return first_line_is(data, size, "JASC-PAL");
}

static enum spr_code bad_line(const struct lines *l, struct line line, const char *want,
                              struct spr_error *err)
{
    return SPR_FAIL(err, SPR_BADDATA, "line %d: \"%.*s\" should be %s", l->number,
                    line.length > 40 ? 40 : line.length, line.text, want);
}

/* Up to `most` numbers 0..255 from the line's beginning; how many there are, or -1 where one is larger. *rest is what
 * follows them. */
static int numbers(struct line line, int most, int value[], struct line *rest)
{
    int count = 0, at = 0;
    while (count < most) {
        int v = 0, from = at;
        while (at < line.length && isdigit((unsigned char)line.text[at]) && v <= 255)
            v = v * 10 + (line.text[at++] - '0');
        if (v > 255)
            return -1;
        if (at == from || (at < line.length && !isspace((unsigned char)line.text[at])))
            break;
        value[count++] = v;
        while (at < line.length && isspace((unsigned char)line.text[at]))
            at++;
    }
    *rest = (struct line){ line.text + at, line.length - at };
    return count;
}

static struct rgba colour_of(const int v[4], int count)
{
    return (struct rgba){ (uint8_t)v[0], (uint8_t)v[1], (uint8_t)v[2], count == 4 ? (uint8_t)v[3] : 255 };
}

enum spr_code gpl_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err)
{
    struct lines l = open_lines(data, size);
    struct line line, name;
    int parts = 3, v[4];
    (void)next_line(&l, &line);
    while (next_line(&l, &line)) {
        if (begins(line, "Channels: RGBA")) /* as Aseprite writes */
            parts = 4;
        if (line.length == 0 || line.text[0] == '#' || begins(line, "Name:") || begins(line, "Columns:") ||
            begins(line, "Channels:"))
            continue;
        if (numbers(line, parts, v, &name) != parts)
            return bad_line(&l, line,
                            parts == 3 ? "a colour, as 0..255 0..255 0..255 name"
                                       : "a colour, as 0..255 0..255 0..255 0..255 name",
                            err);
        enum spr_code rc = palette_add(ret, colour_of(v, parts), err);
        if (rc)
            return rc;
    }
    return SPR_OK;
}

enum spr_code jasc_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err)
{
    struct lines l = open_lines(data, size);
    struct line line = { "", 0 }, rest;
    int v[4], count = 0;
    (void)next_line(&l, &line);
    if (!next_line(&l, &line) || !begins(line, "0100"))
        return bad_line(&l, line, "0100, the version", err);
    if (!next_line(&l, &line) || line.length == 0 || line.length > 5)
        return bad_line(&l, line, "the number of colours", err);
    for (int i = 0; i < line.length; i++) {
        if (!isdigit((unsigned char)line.text[i]))
            return bad_line(&l, line, "the number of colours", err);
        count = count * 10 + (line.text[i] - '0');
    }
    if (count > 256)
        return SPR_FAIL(err, SPR_LIMIT, "%d colours; a palette has at most 256", count);
    while (ret->count < count && next_line(&l, &line)) {
        int n = numbers(line, 4, v, &rest);
        if (line.length == 0)
            continue;
        if (n < 3 || rest.length > 0)
            return bad_line(&l, line, "a colour, as 0..255 0..255 0..255", err);
        enum spr_code rc = palette_add(ret, colour_of(v, n), err);
        if (rc)
            return rc;
    }
    if (ret->count < count)
        return SPR_FAIL(err, SPR_BADDATA, "%d colours are announced, but there are %d", count, ret->count);
    return SPR_OK;
}

/* The bytes of a line of 6 or 8 hex digits, perhaps after '#' or "0x", perhaps with a comment behind; how many digits,
 * or 0. */
static int hex_digits(struct line line, uint8_t byte[4])
{
    int at = begins(line, "#") ? 1 : begins(line, "0x") || begins(line, "0X") ? 2 : 0, digits = 0;
    while (at + digits < line.length && isxdigit((unsigned char)line.text[at + digits]))
        digits++;
    if ((digits != 6 && digits != 8) || !str_unhex(line.text + at, (size_t)digits / 2, byte))
        return 0;
    at += digits;
    while (at < line.length && isspace((unsigned char)line.text[at]))
        at++;
    bool comment = at == line.length || line.text[at] == ';' || line.text[at] == '/';
    return comment ? digits : 0;
}

static bool is_comment(struct line line)
{
    uint8_t byte[4];
    return line.length == 0 || begins(line, ";") || begins(line, "//") ||
           (begins(line, "#") && hex_digits(line, byte) == 0);
}

/* Digits of the first line that is a colour. */
static int first_digits(const uint8_t *data, size_t size)
{
    struct lines l = open_lines(data, size);
    struct line line;
    uint8_t byte[4];
    while (next_line(&l, &line))
        if (!is_comment(line))
            return hex_digits(line, byte);
    return 0;
}

bool hex_is(const uint8_t *data, size_t size)
{
    return first_digits(data, size) == 6;
}

bool txt_is(const uint8_t *data, size_t size)
{
    return first_digits(data, size) == 8;
}

enum spr_code hex_decode(const uint8_t *data, size_t size, struct palette *ret, struct spr_error *err)
{
    struct lines l = open_lines(data, size);
    struct line line;
    while (next_line(&l, &line)) {
        uint8_t v[4];
        if (is_comment(line))
            continue;
        int digits = hex_digits(line, v);
        if (!digits)
            return bad_line(&l, line, "a colour of 6 or 8 hexadecimal digits", err);
        struct rgba c =
            digits == 8 ? (struct rgba){ v[1], v[2], v[3], v[0] } : (struct rgba){ v[0], v[1], v[2], 255 };
        enum spr_code rc = palette_add(ret, c, err);
        if (rc)
            return rc;
    }
    return SPR_OK;
}

enum spr_code gpl_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err)
{
    enum spr_code rc =
        buf_addf(into, err, "GIMP Palette\nName: %.*s\nColumns: 0\n#\n", (int)strcspn(name, "\r\n"), name);
    for (int i = 0; i < p->count && !rc; i++)
        rc = buf_addf(into, err, "%3d %3d %3d\t%02x%02x%02x\n", p->colour[i].r, p->colour[i].g,
                      p->colour[i].b, p->colour[i].r, p->colour[i].g, p->colour[i].b);
    return rc;
}

enum spr_code jasc_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err)
{
    (void)name;
    enum spr_code rc = buf_addf(into, err, "JASC-PAL\r\n0100\r\n%d\r\n", p->count);
    for (int i = 0; i < p->count && !rc; i++)
        rc = buf_addf(into, err, "%d %d %d\r\n", p->colour[i].r, p->colour[i].g, p->colour[i].b);
    return rc;
}

enum spr_code hex_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    (void)name;
    for (int i = 0; i < p->count && !rc; i++)
        rc = buf_addf(into, err, "%02x%02x%02x\n", p->colour[i].r, p->colour[i].g, p->colour[i].b);
    return rc;
}

enum spr_code txt_encode(const struct palette *p, const char *name, struct buf *into, struct spr_error *err)
{
    enum spr_code rc = buf_addf(into, err, ";%.*s\r\n", (int)strcspn(name, "\r\n"), name);
    for (int i = 0; i < p->count && !rc; i++)
        rc = buf_addf(into, err, "%02X%02X%02X%02X\r\n", p->colour[i].a, p->colour[i].r, p->colour[i].g,
                      p->colour[i].b);
    return rc;
}
