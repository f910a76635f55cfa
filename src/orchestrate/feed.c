#include "orchestrate/feed.h"

#include "base/mem.h"
#include "wire/socket.h"

#include <string.h>

enum { QUEUE = 10000, STATUS_MAX = 3 << 20 };

struct feed {
    struct wire_context *wire;
    struct wire_socket *socket;
};

enum spr_code feed_open(const struct place *at, struct feed **ret, struct spr_error *err)
{
    const struct wire_options o = { .queue = QUEUE };
    char address[WIRE_ADDRESS_BYTES];
    struct feed *f = mem_zalloc(1, sizeof *f);
    if (!f)
        return SPR_FAIL(err, SPR_NOMEM, "no memory for an event socket");
    enum spr_code rc = place_socket(at, "events", address, err);
    if (!rc)
        rc = wire_context_new(&f->wire, err);
    if (!rc)
        rc = wire_bind(f->wire, WIRE_PUB, address, &o, &f->socket, err);
    if (rc)
        feed_close(f);
    else
        *ret = f;
    return rc;
}

void feed_close(struct feed *f)
{
    if (!f)
        return;
    wire_close(f->socket);
    wire_context_free(f->wire);
    mem_free(f);
}

struct wire_context *feed_wire(const struct feed *f)
{
    return f->wire;
}

void feed_event(struct feed *f, const char *line)
{
    wire_publish(f->socket, "event", line, strlen(line));
}

void feed_status(struct feed *f, const char *json)
{
    size_t length = strlen(json);
    if (length <= STATUS_MAX)
        wire_publish(f->socket, "status", json, length);
}
