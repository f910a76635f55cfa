/* Peers are counted in a table that their names are hashed into. Two that share a place count as one, which only matters
 * while much is unread, and then delays an answer; so nothing is locked and no name is kept. */
#include "wire/ledger.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

enum { PLACES = 1024 };

struct ledger {
    atomic_size_t bytes;
    atomic_uint unread[PLACES]; /* messages */
};

/* What a message's memory begins with. `sent` is stored last and read first: so what one thread wrote the other sees,
 * whatever of ZeroMQ's lies between them. */
struct entry {
    atomic_bool sent;
    struct ledger *ledger;
    size_t length;
    unsigned place;
    unsigned char bytes[];
};

struct ledger *ledger_new(void)
{
    return mem_zalloc(1, sizeof(struct ledger));
}

void ledger_free(struct ledger *l)
{
    mem_free(l);
}

size_t ledger_bytes(struct ledger *l)
{
    return atomic_load(&l->bytes);
}

static void settle(struct entry *e)
{
    atomic_fetch_sub(&e->ledger->unread[e->place], 1);
    atomic_fetch_sub(&e->ledger->bytes, e->length);
    mem_free(e);
}

/* In whichever thread drops the message last. */
static void on_gone(void *bytes, void *hint)
{
    struct entry *e = hint;
    (void)bytes;
    if (atomic_load(&e->sent))
        settle(e);
}

static unsigned place_of(const unsigned char *name, size_t length)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ name[i]) * 16777619u;
    return (hash ^ hash >> 16) % PLACES;
}

bool ledger_message(struct ledger *l, const void *peer, size_t peer_length, const void *bytes, size_t length,
                    zmq_msg_t *ret)
{
    if (length < LEDGER_LEAST) {
        if (zmq_msg_init_size(ret, length))
            return false;
        memcpy(zmq_msg_data(ret), bytes, length);
        return true;
    }
    unsigned place = place_of(peer, peer_length);
    size_t most = atomic_load(&l->unread[place]) > 0 ? LEDGER_SHARED : LEDGER_MOST;
    struct entry *e = NULL;
    if (length > most || atomic_fetch_add(&l->bytes, length) > most - length) {
        if (length <= most)
            atomic_fetch_sub(&l->bytes, length);
        return false;
    }
    atomic_fetch_add(&l->unread[place], 1);
    if (!(e = mem_zalloc(1, sizeof *e + length))) {
        atomic_fetch_sub(&l->unread[place], 1);
        atomic_fetch_sub(&l->bytes, length);
        return false;
    }
    e->ledger = l;
    e->length = length;
    e->place = place;
    memcpy(e->bytes, bytes, length);
    atomic_store(&e->sent, true);
    if (zmq_msg_init_data(ret, e->bytes, length, on_gone, e)) {
        settle(e);
        return false;
    }
    return true;
}
