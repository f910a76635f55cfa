#include "orchestrate/watch.h"

#include "base/str.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void watch_init(struct watch_state *s)
{
    *s = (struct watch_state){ .progress = -1 };
    buf_init(&s->line, WATCH_LINE_MAX);
}

void watch_fini(struct watch_state *s)
{
    buf_fini(&s->line);
}

static uint64_t hash_of(const char *bytes, size_t length)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u;
    return hash;
}

static void take_progress(struct watch_state *s, const char *text)
{
    char number[32];
    int n = 0;
    double part;
    if (sscanf(text, " %31s%n", number, &n) != 1 || !str_to_double(number, &part) || part < 0 || part > 1)
        return;
    s->progress = part;
    text += n + (text[n] == ' ');
    snprintf(s->message, sizeof s->message, "%s", text);
}

/* "turns=3 tokens=1200 cost=0.05": totals so far. */
static void take_spent(struct watch_state *s, const char *text)
{
    char key[16], value[32];
    int n;
    for (; sscanf(text, " %15[a-z]=%31s%n", key, value, &n) == 2; text += n) {
        double v;
        if (!str_to_double(value, &v) || v < 0 || v > 1e15)
            continue;
        if (strcmp(key, "turns") == 0)
            s->turns = (int64_t)v;
        else if (strcmp(key, "tokens") == 0)
            s->tokens = (int64_t)v;
        else if (strcmp(key, "cost") == 0)
            s->cost = v;
    }
}

static int64_t tokens_of(const json_t *usage)
{
    static const char *const keys[] = { "input_tokens", "output_tokens", "cache_creation_input_tokens" };
    int64_t sum = 0;
    for (size_t i = 0; i < SPR_COUNT(keys); i++) {
        int64_t n = json_integer_value(json_object_get(usage, keys[i]));
        sum += n > 0 && n < (int64_t)1e15 ? n : 0;
    }
    return sum;
}

/* Lines of JSON as agents print them: a message of the assistant is a turn, "usage" has its tokens, a line of type
 * "result" or one with totals has the sum. A message of several parts comes in several lines with one id, and each has
 * the usage of all. */
static void take_json(struct watch_state *s, const char *line, size_t length)
{
    json_t *o = json_loadb(line, length, 0, NULL);
    const char *type = json_string_value(json_object_get(o, "type"));
    const json_t *message = json_object_get(o, "message"), *usage = json_object_get(message, "usage");
    const json_t *turns = json_object_get(o, "num_turns"), *cost = json_object_get(o, "total_cost_usd");
    if (!usage)
        usage = json_object_get(o, "usage");
    const char *id = json_string_value(json_object_get(message, "id"));
    int64_t tokens = tokens_of(usage), known = 0;
    uint64_t which = id ? hash_of(id, strlen(id)) : 0;
    bool total = type && strcmp(type, "result") == 0, again = id && which == s->message_id;
    if (again)
        known = s->message_tokens < tokens ? s->message_tokens : tokens;
    if (!again && type && (strcmp(type, "assistant") == 0 || strcmp(type, "turn.completed") == 0))
        s->turns++;
    if (id) {
        s->message_tokens = again && s->message_tokens > tokens ? s->message_tokens : tokens;
        s->message_id = which;
    }
    if (total)
        s->tokens = tokens > s->tokens ? tokens : s->tokens;
    else
        s->tokens += tokens - known;
    if (json_is_integer(turns))
        s->turns = json_integer_value(turns);
    if (json_is_number(cost))
        s->cost = json_number_value(cost);
    json_decref(o);
}

static void take_line(struct watch_state *s)
{
    const char *line = s->line.data;
    if (!line || s->line.length == 0)
        return;
    if (strncmp(line, "::progress", 10) == 0)
        take_progress(s, line + 10);
    else if (strncmp(line, "::spent", 7) == 0)
        take_spent(s, line + 7);
    else if (line[0] == '{')
        take_json(s, line, s->line.length);
    if (s->line.length >= 16) /* shorter ones may well repeat */
        s->ring[s->lines++ % WATCH_RING] = hash_of(line, s->line.length);
}

static void watch_take(struct watch_state *s, const char *bytes, size_t length)
{
    enum { KEPT_BYTES = 65536 }; /* of a buffer that a long line made */
    for (const char *end = bytes + length; bytes < end;) {
        const char *stop = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t n = (size_t)((stop ? stop : end) - bytes), room = WATCH_LINE_MAX - 1 - s->line.length;
        if (buf_add(&s->line, bytes, n < room ? n : room, NULL))
            return; /* without memory nothing is understood */
        bytes += n + (stop != NULL);
        if (!stop)
            continue;
        take_line(s);
        s->line.length = 0;
        if (s->line.data)
            s->line.data[0] = '\0';
        if (s->line.room > KEPT_BYTES) {
            buf_fini(&s->line);
            buf_init(&s->line, WATCH_LINE_MAX);
        }
    }
}

int64_t watch_read(struct watch_state *s, const char *path)
{
    char bytes[16384];
    int64_t before = s->offset;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    while ((n = pread(fd, bytes, sizeof bytes, s->offset)) > 0) {
        watch_take(s, bytes, (size_t)n);
        s->offset += n;
    }
    close(fd);
    return s->offset - before;
}

/* The last lines are one, two or three in turn, over and over. */
static bool in_circles(const struct watch_state *s)
{
    for (int period = 1; period <= 3 && s->lines >= WATCH_RING; period++) {
        bool same = true;
        for (int i = 0; i + period < WATCH_RING && same; i++)
            same = s->ring[(s->lines + i) % WATCH_RING] == s->ring[(s->lines + i + period) % WATCH_RING];
        if (same)
            return true;
    }
    return false;
}

const char *watch_over(const struct watch_state *s, const struct plan_budget *b, int64_t elapsed_s,
                       char *text, size_t size)
{
    if (b->time_s && elapsed_s >= b->time_s)
        snprintf(text, size, "its time is up: %lld s of %lld", (long long)elapsed_s, (long long)b->time_s);
    else if (b->turns && s->turns >= b->turns)
        snprintf(text, size, "it has had %lld turns of %lld", (long long)s->turns, (long long)b->turns);
    else if (b->tokens && s->tokens >= b->tokens)
        snprintf(text, size, "it has used %lld tokens of %lld", (long long)s->tokens, (long long)b->tokens);
    else if (b->cost > 0 && s->cost >= b->cost)
        snprintf(text, size, "it has cost %.2f of %.2f", s->cost, b->cost);
    else if (in_circles(s))
        snprintf(text, size, "it goes in circles: it has said the same %d times", WATCH_RING);
    else
        return NULL;
    return text;
}
