#include "orchestrate/metric.h"

#include "base/str.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A number, or a word that JSON has none for. */
static struct metric of_value(const json_t *v)
{
    struct metric m = { 0 };
    const char *word = json_string_value(v);
    if (json_is_number(v))
        m = (struct metric){ .found = true, .value = json_number_value(v) };
    else if (json_is_boolean(v))
        m = (struct metric){ .found = true, .value = json_is_true(v) };
    else if (word && strcmp(word, "NaN") == 0)
        m = (struct metric){ .found = true, .value = NAN };
    return m;
}

static struct metric in_json(const json_t *v, const char *name)
{
    char key[256];
    while (v && *name) {
        size_t n = strcspn(name, ".");
        const json_t *whole = json_object_get(v, name); /* a key may have dots itself */
        if (whole)
            return of_value(whole);
        if (n >= sizeof key)
            return (struct metric){ 0 };
        memcpy(key, name, n);
        key[n] = '\0';
        uint64_t place;
        v = json_is_array(v) && str_to_u64(key, &place) ? json_array_get(v, place) : json_object_get(v, key);
        name += n + (name[n] == '.');
    }
    return of_value(v);
}

static bool prometheus_number(const char *text, double *ret)
{
    if (strcmp(text, "NaN") == 0)
        *ret = NAN;
    else if (strcmp(text, "+Inf") == 0 || strcmp(text, "Inf") == 0)
        *ret = INFINITY;
    else if (strcmp(text, "-Inf") == 0)
        *ret = -INFINITY;
    else
        return str_to_double(text, ret);
    return true;
}

/* "name value [time]" or "name{labels} value [time]". */
static struct metric in_line(const char *line, size_t length, const char *name)
{
    char rest[128], value[64];
    struct metric m = { 0 };
    size_t n = strlen(name);
    if (length <= n || memcmp(line, name, n) != 0 || (line[n] != ' ' && line[n] != '\t' && line[n] != '{'))
        return m;
    const char *at = line + n, *end = line + length;
    if (*at == '{') {
        bool quoted = false;
        for (at++; at < end && (quoted || *at != '}'); at++) {
            if (*at == '\\' && quoted && at + 1 < end)
                at++;
            else if (*at == '"')
                quoted = !quoted;
        }
        at += at < end;
    }
    size_t left = (size_t)(end - at) < sizeof rest - 1 ? (size_t)(end - at) : sizeof rest - 1;
    long long time = 0;
    memcpy(rest, at, left);
    rest[left] = '\0';
    if (sscanf(rest, " %63s %lld", value, &time) >= 1 && prometheus_number(value, &m.value)) {
        m.found = true;
        m.time_ms = time;
    }
    return m;
}

static struct metric over_lines(const char *text, size_t length, const char *name, bool largest)
{
    struct metric m = { 0 };
    for (size_t i = 0; i < length;) {
        const char *end = memchr(text + i, '\n', length - i);
        size_t n = end ? (size_t)(end - text) - i : length - i;
        if (strspn(text + i, " \t\r") < n) {
            json_t *v = json_loadb(text + i, n, 0, NULL);
            struct metric one = v ? in_json(v, name) : (struct metric){ 0 };
            json_decref(v);
            if (!one.found)
                return one;
            if (!m.found || isnan(one.value) ||
                (!isnan(m.value) && (largest ? one.value > m.value : one.value < m.value)))
                m = one;
        }
        i += n + 1;
    }
    return m;
}

struct metric metric_find(const char *text, size_t length, const char *name)
{
    size_t i = 0;
    if (strncmp(name, "max:", 4) == 0 || strncmp(name, "min:", 4) == 0)
        return over_lines(text, length, name + 4, name[1] == 'a');
    while (i < length && isspace((unsigned char)text[i]))
        i++;
    struct metric m = { 0 };
    if (i < length && (text[i] == '{' || text[i] == '[')) {
        json_t *v = json_loadb(text, length, JSON_DECODE_ANY, NULL);
        m = v ? in_json(v, name) : m;
        json_decref(v);
        return m;
    }
    while (i < length && !m.found) {
        const char *end = memchr(text + i, '\n', length - i);
        size_t n = end ? (size_t)(end - text) - i : length - i;
        m = in_line(text + i, n, name);
        i += n + 1;
    }
    return m;
}
