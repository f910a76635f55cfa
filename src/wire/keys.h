/* keys - CURVE key pairs in files, and lists of the public keys that are let in.
 * Flow:  `spritery keys new` -> NAME.key (secret, mode 0600) and NAME.pub -> [wire/keys] -> wire/socket
 * Form:  a .key file has the lines "public KEY" and "secret KEY"; a .pub file and a list have one key a line, and
 *        anything after a blank, and lines that begin with #, are for people. Keys are 40 characters of Z85.
 * Threads: plain values. */
#ifndef WIRE_KEYS_H
#define WIRE_KEYS_H
#include "base/err.h"
#include <stdbool.h>

enum { WIRE_KEY_BYTES = 41 };

struct wire_keys {
    char public_key[WIRE_KEY_BYTES], secret_key[WIRE_KEY_BYTES];
};

/* Fails: SPR_UNSUPPORTED (this ZeroMQ has no CURVE). */
SPR_MUST_USE enum spr_code wire_keys_make(struct wire_keys *ret, struct spr_error *err);

/* Writes folder/NAME.key and folder/NAME.pub, neither replaced. Fails: SPR_EXISTS, SPR_BADARG (a name with other than
 * letters, digits, - and _), SPR_IO. */
SPR_MUST_USE enum spr_code wire_keys_write(const char *folder, const char *name, const struct wire_keys *keys,
                                           struct spr_error *err);

/* Fails: SPR_NOTFOUND, SPR_BADDATA, SPR_DENIED (others may read the file). */
SPR_MUST_USE enum spr_code wire_keys_read(const char *path, struct wire_keys *ret, struct spr_error *err);
/* The first public key of a .pub or .key file. */
SPR_MUST_USE enum spr_code wire_public_read(const char *path, char ret[WIRE_KEY_BYTES],
                                            struct spr_error *err);

/* Whether the list holds the key; false where it cannot be read. */
bool wire_allowed(const char *path, const char public_key[WIRE_KEY_BYTES]);

#endif
