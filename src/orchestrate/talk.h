/* talk - what meta and the orchestrators of domains say to each other, declared once: MessagePack maps by wire/schema.
 * Flow:  team (meta's side) -> TALK_WELCOME, TALK_ORDERS -> domain;  domain -> TALK_HELLO, TALK_NEWS -> team
 * One message carries all the orders, or news, of one turn. Both sides have read the same bytes of a plan, which the
 * stamp of a hello shows: so a workstream is its index.
 * Epoch: a number that each meta draws at its beginning. News that was meant for an earlier one is not heard.
 * Threads: plain values. */
#ifndef ORCHESTRATE_TALK_H
#define ORCHESTRATE_TALK_H
#include "orchestrate/crew.h"
#include "wire/schema.h"

enum {
    TALK_NAME_BYTES = 128,
    TALK_BATCH = 1000,        /* orders or news in a message; more follow in the next */
    TALK_TEXT_MAX = 2000,     /* characters of a sentence */
    TALK_DATA_MAX = 200000,   /* characters of evidence as JSON */
    TALK_BATCH_BYTES = 400000 /* of texts, after which a message is sent */
};

/* Who a process is (task.h), as three fields. */
struct talk_who {
    int64_t pid, ticks;
    const char *boot; /* 32 hexadecimal digits */
};

struct talk_hello {
    uint64_t given;
    const char *domain, *name, *stamp;
    struct talk_who who;
};
struct talk_welcome {
    uint64_t given;
    int64_t epoch, grace_ms;
    struct talk_who who; /* meta */
};
struct talk_order {
    uint64_t given;
    const char *what;
    int64_t workstream, attempt, slot;
};
struct talk_orders {
    uint64_t given;
    struct wire_maps orders; /* struct talk_order */
};
struct talk_new {
    uint64_t given;
    const char *what, *text, *data, *gave;
    int64_t workstream, attempt;
    bool ok;
    double part;
    int64_t why, status, signal, error, user_us, system_us, peak_kb, at_ms, strays, cut; /* struct task_end */
};
struct talk_news {
    uint64_t given;
    int64_t epoch;
    struct wire_maps news; /* struct talk_new */
};

extern const struct wire_schema talk_hello, talk_welcome, talk_orders, talk_news;
extern const struct wire_schema *const talk_down[], *const talk_up[]; /* sets, NULL at the end */

void talk_who_put(struct talk_who *ret, const struct task_identity *who, char boot[33]); /* BORROWS boot */
bool talk_who_get(const struct talk_who *who, struct task_identity *ret);

void talk_order_put(struct talk_order *ret, const struct crew_order *o);
void talk_order_get(const struct talk_order *o, struct crew_order *ret);

/* News that waits to be sent. */
struct talk_outbox {
    struct talk_new *news;
    size_t count, room, bytes;
};
/* Copies. Fails: SPR_NOMEM. */
SPR_MUST_USE enum spr_code talk_outbox_add(struct talk_outbox *b, const struct crew_news *n,
                                           struct spr_error *err);
void talk_outbox_clear(struct talk_outbox *b);
void talk_outbox_fini(struct talk_outbox *b);
/* GIVES ret->data (json_decref); ret->text belongs to n. */
void talk_new_get(const struct talk_new *n, struct crew_news *ret);

/* What a domain was started with: the plan's bytes and the environment (but SPRITERY_FAULT and the shell's "_"). Processes
 * with the same stamp can stand in for each other. */
void talk_stamp(const char *text, size_t length, char *const *env, char ret[33]);

#endif
