/* socket - ZeroMQ sockets as this program uses them: four kinds, one message a time, safe by default.
 * Flow:  schema's bytes -> [wire/socket] -> tcp, ipc -> [wire/socket] -> schema's bytes
 * Words: a packet is one message with its envelope: the frames before the empty delimiter that say where an answer goes.
 *   A ROUTER answers plain REQ clients and our own DEALER clients alike: what came before the delimiter goes back.
 *   PUB and SUB have no envelope; a topic is an extra first frame, or none.
 * Invariants: sending never waits: what a peer does not take within its queue is dropped for that peer, and what all
 *   together do not read is bounded (wire/ledger.h). A socket that is
 *   bound where other machines reach it has a CURVE key or is refused. ipc sockets have mode 0600.
 * Threads: a context is shared; a socket belongs to one thread at a time. */
#ifndef WIRE_SOCKET_H
#define WIRE_SOCKET_H
#include "base/err.h"
#include "wire/keys.h"
#include <stdbool.h>
#include <stddef.h>
#include <zmq.h>

enum wire_kind { WIRE_ROUTER, WIRE_DEALER, WIRE_PUB, WIRE_SUB };
enum { WIRE_FRAMES_MAX = 8 };

struct wire_context;
/* GIVES *ret (wire_context_free, after its sockets). Fails: SPR_NOMEM, SPR_LIMIT. */
SPR_MUST_USE enum spr_code wire_context_new(struct wire_context **ret, struct spr_error *err);
void wire_context_free(struct wire_context *c); /* NULL is fine */

/* From now on CURVE servers of this context let in the public keys of the file, one a line, and nobody else. The file is
 * read at every handshake, so a key that is taken out is refused from then on. BORROWS path until wire_context_free. */
SPR_MUST_USE enum spr_code wire_context_guard(struct wire_context *c, const char *path,
                                              struct spr_error *err);

struct wire_options {
    const struct wire_keys *keys; /* own pair; NULL: no encryption */
    const char *server;           /* connecting with keys: the server's public key */
    int queue;                    /* messages kept per peer in each direction; 0: 1000 */
    int fd;                       /* binding: an open listening socket to use; 0: none */
    const char *topic;            /* SUB: what to subscribe to; NULL: everything */
    int retry_ms;                 /* connecting: at most so long between two attempts; 0: a second */
    const char *identity;         /* DEALER: the name that wire_send_to finds it by; NULL: a made one */
};

struct wire_socket;

/* GIVES *ret (wire_close). options may be NULL. Addresses: tcp://HOST:PORT, ipc://PATH, inproc://NAME.
 * Fails: SPR_DENIED (reachable from elsewhere without a key: says what to do), SPR_BUSY (address in use), SPR_BADARG
 * (no such address), SPR_LIMIT, SPR_NOMEM. */
SPR_MUST_USE enum spr_code wire_bind(struct wire_context *c, enum wire_kind kind, const char *address,
                                     const struct wire_options *options, struct wire_socket **ret,
                                     struct spr_error *err);
SPR_MUST_USE enum spr_code wire_connect(struct wire_context *c, enum wire_kind kind, const char *address,
                                        const struct wire_options *options, struct wire_socket **ret,
                                        struct spr_error *err);
void wire_close(struct wire_socket *s); /* what was not sent yet is dropped after 100 ms; NULL is fine */

const char *wire_address(const struct wire_socket *s); /* the real one: a port for tcp://HOST:* */
/* For poll: ZMQ_FD; edge-triggered: ask wire_readable after every use. */
int wire_fd(const struct wire_socket *s);
bool wire_readable(struct wire_socket *s);

struct wire_packet {
    zmq_msg_t frame[WIRE_FRAMES_MAX];
    int count;
    int envelope; /* ROUTER, DEALER: frames up to and with the delimiter; SUB: 1 if there is a topic */
};

/* Waits at most timeout_ms (-1: for ever). GIVES *ret (wire_packet_fini) on SPR_OK only. Fails: SPR_TIMEOUT, SPR_BADDATA
 * (more than WIRE_FRAMES_MAX frames, no delimiter or several bodies: dropped whole), SPR_CANCELLED (a signal), SPR_IO. */
SPR_MUST_USE enum spr_code wire_receive(struct wire_socket *s, int timeout_ms, struct wire_packet *ret,
                                        struct spr_error *err);
void wire_packet_fini(struct wire_packet *p);
const void *wire_packet_body(const struct wire_packet *p, size_t *ret_length); /* BORROWS p */

/* Sends an answer to where the packet came from. False: dropped, since the peer is gone or does not read, or since the
 * answers that nobody reads are too many in all (wire/ledger.h). */
bool wire_answer(struct wire_socket *s, const struct wire_packet *to, const void *bytes, size_t length);

/* ROUTER -> a peer by the identity it gave itself. False where it is not there or does not read. */
bool wire_send_to(struct wire_socket *s, const char *identity, const void *bytes, size_t length);
/* DEALER: envelope is one frame that comes back with the answer (a request's number), or NULL. False: queue full. */
bool wire_send(struct wire_socket *s, const void *envelope, size_t envelope_length, const void *bytes,
               size_t length);
/* PUB: topic may be NULL. */
void wire_publish(struct wire_socket *s, const char *topic, const void *bytes, size_t length);

/* True for addresses that only this machine reaches. */
bool wire_address_local(const char *address);

/* The ipc address of a name in the user's runtime folder ($SPRITERY_RUNTIME_DIR, else $XDG_RUNTIME_DIR/spritery, else
 * /tmp/spritery-UID), which is made with mode 0700 where it is missing. Fails: SPR_DENIED (the folder is somebody
 * else's or open to others), SPR_LIMIT (longer than a socket's name may be), SPR_IO. */
enum { WIRE_ADDRESS_BYTES = 128, WIRE_SOCKET_NAME_MAX = 107 };
SPR_MUST_USE enum spr_code wire_ipc_address(const char *name, char ret[WIRE_ADDRESS_BYTES],
                                            struct spr_error *err);

#endif
