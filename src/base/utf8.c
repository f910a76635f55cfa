#include "base/utf8.h"

size_t utf8_decode(const char *text, size_t length, uint32_t *ret_point)
{
    const unsigned char *s = (const unsigned char *)text;
    if (length == 0)
        return 0;
    if (s[0] < 0x80) {
        *ret_point = s[0];
        return 1;
    }
    size_t n;
    uint32_t point, least;
    if (s[0] >= 0xC2 && s[0] <= 0xDF) {
        n = 2;
        point = s[0] & 0x1Fu;
        least = 0x80;
    } else if ((s[0] & 0xF0) == 0xE0) {
        n = 3;
        point = s[0] & 0x0Fu;
        least = 0x800;
    } else if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        n = 4;
        point = s[0] & 0x07u;
        least = 0x10000;
    } else {
        return 0;
    }
    if (n > length)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 0;
        point = point << 6 | (s[i] & 0x3Fu);
    }
    if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
        return 0;
    *ret_point = point;
    return n;
}

size_t utf8_encode(uint32_t p, char ret[4])
{
    if (p < 0x80) {
        ret[0] = (char)p;
        return 1;
    }
    if (p < 0x800) {
        ret[0] = (char)(0xC0 | p >> 6);
        ret[1] = (char)(0x80 | (p & 0x3F));
        return 2;
    }
    if (p < 0x10000) {
        if (p >= 0xD800 && p <= 0xDFFF)
            return 0;
        ret[0] = (char)(0xE0 | p >> 12);
        ret[1] = (char)(0x80 | (p >> 6 & 0x3F));
        ret[2] = (char)(0x80 | (p & 0x3F));
        return 3;
    }
    if (p > 0x10FFFF)
        return 0;
    ret[0] = (char)(0xF0 | p >> 18);
    ret[1] = (char)(0x80 | (p >> 12 & 0x3F));
    ret[2] = (char)(0x80 | (p >> 6 & 0x3F));
    ret[3] = (char)(0x80 | (p & 0x3F));
    return 4;
}

bool utf8_valid(const char *text, size_t length, size_t *ret_offset)
{
    uint32_t point;
    for (size_t i = 0; i < length;) {
        size_t n = utf8_decode(text + i, length - i, &point);
        if (n == 0) {
            if (ret_offset)
                *ret_offset = i;
            return false;
        }
        i += n;
    }
    return true;
}

size_t utf8_cut(const char *text, size_t length, size_t limit)
{
    if (length <= limit)
        return length;
    size_t n = limit;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        n--;
    return n;
}
