#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void str_hex(const void *bytes, size_t n, char *ret)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *from = bytes;
    for (size_t i = 0; i < n; i++) {
        *ret++ = digits[from[i] >> 4];
        *ret++ = digits[from[i] & 15];
    }
    *ret = '\0';
}

static int digit_value(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

bool str_unhex(const char *text, size_t n, void *ret)
{
    uint8_t *to = ret;
    for (size_t i = 0; i < 2 * n; i++)
        if (!isxdigit((unsigned char)text[i]))
            return false;
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(digit_value(text[2 * i]) << 4 | digit_value(text[2 * i + 1]));
    return true;
}

bool str_to_u64(const char *text, uint64_t *ret)
{
    uint64_t value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *ret = value;
    return true;
}

bool str_to_i64(const char *text, int64_t *ret)
{
    bool minus = *text == '-';
    uint64_t magnitude;
    if (!str_to_u64(text + minus, &magnitude) || magnitude > (uint64_t)INT64_MAX + minus)
        return false;
    *ret = minus ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

static pthread_once_t c_once = PTHREAD_ONCE_INIT;
static locale_t c_locale;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

bool str_to_double(const char *text, double *ret)
{
    for (const char *p = text; *p; p++)
        if (!isdigit((unsigned char)*p) && !strchr("+-.eE", *p))
            return false;
    pthread_once(&c_once, make_c_locale);
    char *end;
    errno = 0;
    double value = c_locale ? strtod_l(text, &end, c_locale) : strtod(text, &end);
    if (end == text || *end || !isfinite(value))
        return false;
    *ret = value;
    return true;
}

void str_from_double(double value, char *text, size_t size)
{
    for (int digits = 1; digits <= 17; digits++) {
        double back;
        snprintf(text, size, "%.*g", digits, value);
        for (char *p = text; *p; p++) /* a locale's decimal comma */
            if (*p == ',')
                *p = '.';
        bool plain = !strchr(text, 'e') || fabs(value) >= 1e15 || fabs(value) < 1e-4; /* 30, not 3e+01 */
        if (plain && str_to_double(text, &back) && back == value)
            return;
    }
}

enum { NEAREST_MAX = 40 };

/* Optimal string alignment distance. */
static size_t distance(const char *a, size_t m, const char *b, size_t n)
{
    size_t d[NEAREST_MAX + 1][NEAREST_MAX + 1];
    for (size_t i = 0; i <= m; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= n; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= m; i++)
        for (size_t j = 1; j <= n; j++) {
            size_t best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    return d[m][n];
}

const char *str_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t m = strlen(word), best = m / 3 + 1;
    const char *found = NULL;
    if (m == 0 || m > NEAREST_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(candidates[i]);
        if (n > NEAREST_MAX)
            continue;
        size_t d = distance(word, m, candidates[i], n);
        if (d < best || (d == best && !found && d <= (m + 2) / 3)) {
            best = d;
            found = candidates[i];
        }
    }
    return found;
}
