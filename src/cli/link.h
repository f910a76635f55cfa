/* link - a command's connection to the daemon: the options that say where it is, and one question at a time.
 * Flow:  --daemon, --key, --server-key -> [cli/link] -> wire/client
 * Threads: the main one. */
#ifndef CLI_LINK_H
#define CLI_LINK_H
#include "cli/command.h"
#include "wire/client.h"

enum { LINK_DAEMON = OPTION_OWN + 50, LINK_KEY, LINK_SERVER_KEY };
/* The rows of the options, for a command's table. */
/* clang-format off */
#define LINK_OPTIONS                                                                                            \
    { LINK_DAEMON, 0, "daemon", "ADDR",                                                                         \
      "the daemon's address; default: $SPRITERY_DAEMON, else this user's own", COMPLETE_NOTHING, NULL },        \
    { LINK_KEY, 0, "key", "FILE", "my key file, for a daemon on another machine", COMPLETE_FILE, NULL },        \
    { LINK_SERVER_KEY, 0, "server-key", "FILE", "that daemon's .pub file", COMPLETE_FILE, NULL }
/* clang-format on */

struct link {
    struct wire_context *context;
    struct wire_options options;
    struct wire_keys keys;
    char server[WIRE_KEY_BYTES];
    char address[WIRE_ADDRESS_BYTES];
    struct client *client; /* after link_open */
    struct wire_pool pool; /* of the last answer */
};

/* Reads the options, and makes a context; connects to nothing. GIVES *l (link_fini). Fails: as keys.h and remote.h do. */
SPR_MUST_USE enum spr_code link_init(const struct args *args, struct link *l, struct spr_error *err);
/* And a client that can ask. */
SPR_MUST_USE enum spr_code link_open(const struct args *args, struct link *l, struct spr_error *err);
void link_fini(struct link *l);

/* Asks; an answer other than `want` is a failure: job_error and error with their own sentence. The answer lives until the
 * next question. */
SPR_MUST_USE enum spr_code link_ask(struct link *l, const struct wire_schema *schema, const void *object,
                                    const struct wire_schema *want, void *ret_answer, struct spr_error *err);

#endif
