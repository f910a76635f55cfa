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
        if (!str_to_double(value, &v) || v < 0)
            continue;
        if (strcmp(key, "turns") == 0)
            s->turns = (int64_t)v;
        else if (strcmp(key, "tokens") == 0)
            s->tokens = (int64_t)v;
        else if (strcmp(key, "cost") == 0)
            s->cost = v;
    }
}

/* Lines of JSON as agents print them: a message of the assistant is a turn, "usage" has its tokens, a line of type
 * "result" or one with totals has the sum. */
static void take_json(struct watch_state *s, const char *line)
{
    json_t *o = json_loads(line, 0, NULL);
    const char *type = json_string_value(json_object_get(o, "type"));
    const json_t *message = json_object_get(o, "message"), *usage = json_object_get(message, "usage");
    const json_t *turns = json_object_get(o, "num_turns"), *cost = json_object_get(o, "total_cost_usd");
    if (!usage)
        usage = json_object_get(o, "usage");
    int64_t tokens = json_integer_value(json_object_get(usage, "input_tokens")) +
                     json_integer_value(json_object_get(usage, "output_tokens"));
    bool total = type && strcmp(type, "result") == 0;
    if (type && (strcmp(type, "assistant") == 0 || strcmp(type, "turn.completed") == 0))
        s->turns++;
    if (tokens > 0)
        s->tokens = total ? (tokens > s->tokens ? tokens : s->tokens) : s->tokens + tokens;
    if (json_is_integer(turns))
        s->turns = json_integer_value(turns);
    if (json_is_number(cost))
        s->cost = json_number_value(cost);
    json_decref(o);
}

static void take_line(struct watch_state *s)
{
    uint64_t hash = 14695981039346656037u;
    if (strncmp(s->line, "::progress", 10) == 0)
        take_progress(s, s->line + 10);
    else if (strncmp(s->line, "::spent", 7) == 0)
        take_spent(s, s->line + 7);
    else if (s->line[0] == '{')
        take_json(s, s->line);
    if (s->length < 16) /* short lines may well repeat */
        return;
    for (size_t i = 0; i < s->length; i++)
        hash = (hash ^ (unsigned char)s->line[i]) * 1099511628211u;
    s->ring[s->lines++ % WATCH_RING] = hash;
}

static void watch_take(struct watch_state *s, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] != '\n') {
            if (s->length < sizeof s->line - 1)
                s->line[s->length++] = bytes[i];
            continue;
        }
        s->line[s->length] = '\0';
        take_line(s);
        s->length = 0;
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
