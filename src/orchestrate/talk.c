#include "orchestrate/talk.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "digest/digest.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKSTREAMS_MAX = 1 << 30, BOOT_CHARACTERS = 32, HASH_CHARACTERS = 32 };

static const char *const order_words[] = {
    [CREW_LAUNCH] = "launch", [CREW_ADOPT] = "adopt", [CREW_CHECK] = "check", [CREW_STOP] = "stop", NULL
};
static const char *const news_words[] = { [NEWS_EXITED] = "exited",   [NEWS_LOST] = "lost",
                                          [NEWS_CHECKED] = "checked", [NEWS_PROGRESS] = "progress",
                                          [NEWS_STALL] = "stall",     [NEWS_OVERRUN] = "overrun",
                                          [NEWS_PAUSE] = "pause",     NULL };

#define AT(type, member) offsetof(struct type, member)
#define FIELD(type, m, kind, need, min, max, of, words, about)  \
    {                                                           \
#m, kind, need, min, max, AT(type, m), of, words, about \
    }
#define TEXT(type, m, need, min, max, about)  FIELD(type, m, WIRE_TEXT, need, min, max, NULL, NULL, about)
#define WORD(type, m, words, about)           FIELD(type, m, WIRE_TEXT, WIRE_NEEDED, 0, 32, NULL, words, about)
#define WHOLE(type, m, need, min, max, about) FIELD(type, m, WIRE_WHOLE, need, min, max, NULL, NULL, about)
#define COUNT(type, m, about)                 WHOLE(type, m, WIRE_NEEDED, 0, WIRE_WHOLE_MAX, about)
#define END(m, about)                         WHOLE(talk_new, m, WIRE_OPTIONAL, -WIRE_WHOLE_MAX, WIRE_WHOLE_MAX, about)
#define MAPS(type, m, schema, about) \
    FIELD(type, m, WIRE_MAPS, WIRE_NEEDED, 0, TALK_BATCH, schema, NULL, about)
#define WHO(type)                                                                                              \
    { "pid", WIRE_WHOLE, WIRE_NEEDED, 1, INT32_MAX, AT(type, who.pid), NULL, NULL, "the process" },            \
        { "ticks", WIRE_WHOLE, WIRE_NEEDED, 0, WIRE_WHOLE_MAX, AT(type, who.ticks), NULL, NULL, "its start" }, \
    {                                                                                                          \
        "boot", WIRE_TEXT, WIRE_NEEDED, BOOT_CHARACTERS, BOOT_CHARACTERS, AT(type, who.boot), NULL, NULL,      \
            "of the machine"                                                                                   \
    }
#define SCHEMA(name, word, fields, type, about) \
    const struct wire_schema name = { word, fields, SPR_COUNT(fields), sizeof(struct type), about }

/* clang-format off */
static const struct wire_field hello_fields[] = {
    TEXT(talk_hello, domain, WIRE_NEEDED, 1, 128, "whose orchestrator speaks"),
    TEXT(talk_hello, name, WIRE_NEEDED, 1, TALK_NAME_BYTES - 1, "of its connection: another one has another name"),
    TEXT(talk_hello, stamp, WIRE_NEEDED, HASH_CHARACTERS, HASH_CHARACTERS, "what it was started with"),
    WHO(talk_hello),
};
static const struct wire_field welcome_fields[] = {
    COUNT(talk_welcome, epoch, "of this meta"),
    COUNT(talk_welcome, grace_ms, "how long to stay when meta is gone"),
    WHO(talk_welcome),
};
static const struct wire_field order_fields[] = {
    WORD(talk_order, what, order_words, "launch, adopt, check, stop"),
    WHOLE(talk_order, workstream, WIRE_NEEDED, 0, WORKSTREAMS_MAX, "its index in the plan"),
    WHOLE(talk_order, attempt, WIRE_NEEDED, 0, INT32_MAX, "which attempt"),
    WHOLE(talk_order, slot, WIRE_NEEDED, 0, UINT32_MAX, "where it is written down how it ends"),
};
static const struct wire_schema order_part = { NULL, order_fields, SPR_COUNT(order_fields), sizeof(struct talk_order), "" };
static const struct wire_field orders_fields[] = {
    MAPS(talk_orders, orders, &order_part, "in order"),
};
enum { NEW_WHAT, NEW_TEXT, NEW_DATA, NEW_GAVE, NEW_WORKSTREAM, NEW_ATTEMPT, NEW_OK, NEW_PART, NEW_WHY, NEW_END = NEW_WHY + 10 };
static const struct wire_field new_fields[] = {
    [NEW_WHAT] = WORD(talk_new, what, news_words, "what happened"),
    [NEW_TEXT] = TEXT(talk_new, text, WIRE_OPTIONAL, 0, TALK_TEXT_MAX, "in words"),
    [NEW_DATA] = TEXT(talk_new, data, WIRE_OPTIONAL, 0, TALK_DATA_MAX, "checked: evidence, as JSON"),
    [NEW_GAVE] = TEXT(talk_new, gave, WIRE_OPTIONAL, HASH_CHARACTERS, HASH_CHARACTERS, "checked: of its outputs"),
    [NEW_WORKSTREAM] = WHOLE(talk_new, workstream, WIRE_NEEDED, 0, WORKSTREAMS_MAX, "its index in the plan"),
    [NEW_ATTEMPT] = WHOLE(talk_new, attempt, WIRE_NEEDED, 0, INT32_MAX, "which attempt"),
    [NEW_OK] = FIELD(talk_new, ok, WIRE_SWITCH, WIRE_OPTIONAL, 0, 0, NULL, NULL, "checked: accepted"),
    [NEW_PART] = FIELD(talk_new, part, WIRE_REAL, WIRE_OPTIONAL, -1, 1, NULL, NULL, "progress: 0 to 1"),
    [NEW_WHY] = END(why, "exited: how it came to its end"),
    END(status, "exit status"), END(signal, "that ended it"), END(error, "why it could not be started"),
    END(user_us, "of the whole tree"), END(system_us, "of the whole tree"), END(peak_kb, "of its largest process"),
    END(at_ms, "when"), END(strays, "processes that outlived it"), END(cut, "kilobytes of output that found no room"),
};
_Static_assert(SPR_COUNT(new_fields) == NEW_END, "the ten of struct task_end");
static const struct wire_schema new_part = { NULL, new_fields, SPR_COUNT(new_fields), sizeof(struct talk_new), "" };
static const struct wire_field news_fields[] = {
    COUNT(talk_news, epoch, "of the meta that it is meant for"),
    MAPS(talk_news, news, &new_part, "in order"),
};
/* clang-format on */

SCHEMA(talk_hello, "hello", hello_fields, talk_hello, "a domain's orchestrator is there");
SCHEMA(talk_welcome, "welcome", welcome_fields, talk_welcome, "it works for this meta from now on");
SCHEMA(talk_orders, "orders", orders_fields, talk_orders, "what is to be done; each is committed before");
SCHEMA(talk_news, "news", news_fields, talk_news, "what happened");

const struct wire_schema *const talk_down[] = { &talk_welcome, &talk_orders, NULL };
const struct wire_schema *const talk_up[] = { &talk_hello, &talk_news, NULL };

/* ---- sixteen bytes as text ---- */

void talk_who_put(struct talk_who *ret, const struct task_identity *who, char boot[33])
{
    str_hex(who->boot, sizeof who->boot, boot);
    *ret = (struct talk_who){ who->pid, (int64_t)who->ticks, boot };
}

bool talk_who_get(const struct talk_who *who, struct task_identity *ret)
{
    *ret = (struct task_identity){ .pid = (int32_t)who->pid, .ticks = (uint64_t)who->ticks };
    return str_unhex(who->boot, sizeof ret->boot, ret->boot);
}

void talk_stamp(const char *text, size_t length, char *const *env, char ret[33])
{
    struct digest d;
    uint8_t whole[DIGEST_BYTES];
    digest_init(&d);
    digest_add(&d, text, length);
    for (; *env; env++)
        if (strncmp(*env, "SPRITERY_FAULT=", 15) != 0 && strncmp(*env, "_=", 2) != 0)
            digest_add(&d, *env, strlen(*env) + 1);
    digest_end(&d, whole);
    str_hex(whole, 16, ret);
}

/* ---- orders ---- */

static int word_index(const char *const *words, const char *word)
{
    int i = 0;
    while (strcmp(words[i], word) != 0) /* wire_decode let in no other */
        i++;
    return i;
}

void talk_order_put(struct talk_order *ret, const struct crew_order *o)
{
    *ret = (struct talk_order){
        .what = order_words[o->kind], .workstream = o->workstream, .attempt = o->attempt, .slot = o->slot
    };
}

void talk_order_get(const struct talk_order *o, struct crew_order *ret)
{
    *ret = (struct crew_order){ .kind = (enum crew_order_kind)word_index(order_words, o->what),
                                .workstream = (int32_t)o->workstream,
                                .attempt = (int32_t)o->attempt,
                                .slot = (uint32_t)o->slot };
}

/* ---- news ---- */

/* A copy that the wire takes: UTF-8, and not too long. */
static char *clean(const char *text)
{
    size_t n = strnlen(text, TALK_TEXT_MAX), bad;
    char *copy = mem_text(text, n);
    while (copy && !utf8_valid(copy, n, &bad))
        copy[bad] = '?';
    return copy;
}

/* What is too large is replaced by a word about that: the judgement itself is not lost. */
static char *clean_data(const json_t *data)
{
    static const char large[] = "{\"accept\":\"the evidence is too large to be kept\"}";
    char *text = json_dumps(data, JSON_COMPACT);
    bool fits = text && strlen(text) <= TALK_DATA_MAX;
    char *copy = fits ? mem_text(text, strlen(text)) : mem_text(large, sizeof large - 1);
    free(text);
    return copy;
}

static void put_end(struct talk_new *x, const struct task_end *e)
{
    for (int i = NEW_WHY; i < NEW_END; i++)
        x->given |= UINT64_C(1) << i;
    x->why = e->why;
    x->status = e->status;
    x->signal = e->signal;
    x->error = e->error;
    x->user_us = e->user_us;
    x->system_us = e->system_us;
    x->peak_kb = e->peak_kb;
    x->at_ms = e->at_ms;
    x->strays = e->strays;
    x->cut = e->cut;
}

enum spr_code talk_outbox_add(struct talk_outbox *b, const struct crew_news *n, struct spr_error *err)
{
    if (b->count == b->room) {
        size_t room = b->room ? 2 * b->room : 64;
        struct talk_new *grown = mem_resize(b->news, room, sizeof *grown);
        if (!grown)
            return SPR_FAIL(err, SPR_NOMEM, "no memory for news");
        b->news = grown;
        b->room = room;
    }
    struct talk_new x = { .what = news_words[n->kind], .workstream = n->workstream, .attempt = n->attempt };
    char hex[33];
    if (n->kind == NEWS_EXITED)
        put_end(&x, &n->end);
    if (n->kind == NEWS_CHECKED) {
        x.given |= UINT64_C(1) << NEW_OK;
        x.ok = n->ok;
        str_hex(n->gave.byte, 16, hex);
        x.gave = mem_text(hex, HASH_CHARACTERS);
    }
    if (n->kind == NEWS_PROGRESS) {
        x.given |= UINT64_C(1) << NEW_PART;
        x.part = n->part;
    }
    x.text = n->text ? clean(n->text) : NULL;
    x.data = n->data ? clean_data(n->data) : NULL;
    b->news[b->count++] = x;
    b->bytes += (x.text ? strlen(x.text) : 0) + (x.data ? strlen(x.data) : 0);
    return (n->text && !x.text) || (n->data && !x.data) || (n->kind == NEWS_CHECKED && !x.gave)
               ? SPR_FAIL(err, SPR_NOMEM, "no memory for news")
               : SPR_OK;
}

void talk_outbox_clear(struct talk_outbox *b)
{
    for (size_t i = 0; i < b->count; i++) {
        mem_free((char *)b->news[i].text);
        mem_free((char *)b->news[i].data);
        mem_free((char *)b->news[i].gave);
    }
    b->count = b->bytes = 0;
}

void talk_outbox_fini(struct talk_outbox *b)
{
    talk_outbox_clear(b);
    mem_free(b->news);
    *b = (struct talk_outbox){ 0 };
}

void talk_new_get(const struct talk_new *n, struct crew_news *ret)
{
    *ret = (struct crew_news){ .kind = (enum news_kind)word_index(news_words, n->what),
                               .workstream = (int32_t)n->workstream,
                               .attempt = (int32_t)n->attempt,
                               .ok = n->ok,
                               .part = n->part,
                               .end = { .why = (int32_t)n->why,
                                        .status = (int32_t)n->status,
                                        .signal = (int32_t)n->signal,
                                        .error = (int32_t)n->error,
                                        .user_us = n->user_us,
                                        .system_us = n->system_us,
                                        .peak_kb = n->peak_kb,
                                        .at_ms = n->at_ms,
                                        .strays = (int32_t)n->strays,
                                        .cut = (int32_t)n->cut },
                               .text = n->text,
                               .data = n->data ? json_loads(n->data, 0, NULL) : NULL };
    if (n->gave)
        (void)str_unhex(n->gave, sizeof ret->gave.byte, ret->gave.byte); /* anything else: nothing known */
}
