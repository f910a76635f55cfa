/* option - the flags of a command as rows of a table, and the reading of an argument list by them.
 * Flow:  argv -> [cli/option] -> cmd_*.c;  the same rows -> help, man page, completions
 * Words: an operand is an argument that is no option and no option's value ("red dragon").
 * Invariants: a command's options are, in this order, the fields of a request (if it takes them), its own rows and
 *   the common rows; names and letters differ from each other (a test checks).
 * Threads: a plain value. */
#ifndef CLI_OPTION_H
#define CLI_OPTION_H
#include "base/err.h"
#include "request/request.h"
#include <stdbool.h>
#include <stddef.h>

/* What a shell offers where a value or an operand is due. */
enum complete { COMPLETE_NOTHING, COMPLETE_FILE, COMPLETE_FOLDER, COMPLETE_WORDS, COMPLETE_COMMAND };

struct option {
    int id;                   /* a request field, or OPTION_OWN + n, or an enum option_common */
    char letter;              /* 'o' for -o; 0 for none */
    const char *name;         /* "out" for --out */
    const char *argument;     /* "DIR|FILE"; NULL for a switch */
    const char *help;         /* one line, lower case, no full stop */
    enum complete complete;   /* of the value */
    const char *const *words; /* COMPLETE_WORDS: NULL at the end */
};

enum { OPTION_OWN = 100 };
enum option_common { OPTION_JSON = 900, OPTION_QUIET, OPTION_VERBOSE, OPTION_HELP, OPTION_VERSION };

struct command;

/* The i-th option of the command; false after the last. command NULL: only the common ones. */
bool option_at(const struct command *command, size_t i, struct option *ret);

/* Appends "; 1 to 200, default 20" for a request field, nothing for other options. */
SPR_MUST_USE enum spr_code option_bounds(const struct option *o, struct buf *out, struct spr_error *err);

struct args {
    size_t count; /* options that were given, in the order of the command line */
    struct arg {
        int id;
        const char *value; /* NULL for a switch; BORROWS argv */
    } * given;
    size_t operands;
    const char **operand; /* (operands); BORROWS argv */
};

/* Reads argv[0..argc), which begins after the command's name. Options and operands may be mixed; "--" ends options;
 * "--name=value", "--name value", "-n value", "-nvalue" and clusters of switches ("-qv") are read. GIVES *ret
 * (args_fini). Fails: SPR_BADARG (unknown option: the nearest is suggested; a value missing or too many; the number
 * of operands), SPR_NOMEM. */
SPR_MUST_USE enum spr_code args_read(const struct command *command, int argc, const char *const *argv,
                                     struct args *ret, struct spr_error *err);
void args_fini(struct args *a);

bool args_has(const struct args *a, int id);
const char *args_value(const struct args *a, int id); /* of the last one given; NULL if none */

/* The sentence for a value that cannot be: --name is "value"; it must be `right`. Returns SPR_BADARG. */
enum spr_code args_wrong(const char *name, const char *value, const char *right, struct spr_error *err);

/* What option id named `name` gives; *ret stays as it is when the option was not given. Each fails with SPR_BADARG.
 * A word's place in words, NULL at the end; a number from min to max; a whole one. */
SPR_MUST_USE enum spr_code args_word(const struct args *a, int id, const char *name, const char *const *words,
                                     int *ret, struct spr_error *err);
SPR_MUST_USE enum spr_code args_number(const struct args *a, int id, const char *name, double min, double max,
                                       double *ret, struct spr_error *err);
SPR_MUST_USE enum spr_code args_whole(const struct args *a, int id, const char *name, int64_t min,
                                      int64_t max, int64_t *ret, struct spr_error *err);

/* Sets every request field that was given. */
SPR_MUST_USE enum spr_code args_request(const struct args *a, struct request *r, struct spr_error *err);

#endif
