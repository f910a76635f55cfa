/* err - how anything that can fail says so: a code for the caller to branch on, a sentence for a person.
 * Flow:  every folder -> [base/err] -> whoever prints it (cli, a wire reply, a log line)
 * Invariants: the sentence is written once, where the cause is known, and names the offending value and
 *   what would be right. Out-parameters are untouched on failure. Bad data is a code; a bad call is an assert.
 * Threads: a struct spr_error belongs to one caller; nothing is shared. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define SPR_MUST_USE                   __attribute__((warn_unused_result))
#define SPR_PRINTF(fmt_arg, first_arg) __attribute__((format(printf, fmt_arg, first_arg)))
#define SPR_COUNT(array)               (sizeof(array) / sizeof *(array))

enum spr_code {
    SPR_OK = 0,
    SPR_BADARG,      /* a person or client asked for something that is not allowed */
    SPR_BADDATA,     /* a file or message is malformed */
    SPR_LIMIT,       /* larger than a stated limit */
    SPR_NOMEM,       /* memory ran out */
    SPR_IO,          /* the operating system said no: errno's words are in the sentence */
    SPR_NOTFOUND,    /* the named thing does not exist */
    SPR_EXISTS,      /* the named thing exists and must not be replaced */
    SPR_UNSUPPORTED, /* well-formed, but this build or file version cannot do it */
    SPR_CANCELLED,   /* somebody asked to stop */
    SPR_TIMEOUT,     /* no answer in time */
    SPR_BUSY,        /* in use by somebody else; trying again may work */
    SPR_DENIED,      /* not permitted */
    SPR_INTERNAL,    /* a defect of this program */
    SPR_CODE_COUNT
};

struct spr_error {
    enum spr_code code;
    char text[512]; /* a sentence without a final full stop; always terminated */
};

/* Fills *err (NULL is fine) and returns code, so that `return SPR_FAIL(err, SPR_IO, "read %s: %s", ...)` works.
 * A text that does not fit is cut at a UTF-8 boundary. */
enum spr_code spr_fail(struct spr_error *err, enum spr_code code, const char *format, ...) SPR_PRINTF(3, 4);
/* What analysers must see of it: the result is the code that was given, so not SPR_OK. */
static inline enum spr_code spr_known(enum spr_code said, enum spr_code code)
{
    (void)said;
    return code;
}
#define SPR_FAIL(err, code, ...) spr_known(spr_fail((err), (code), __VA_ARGS__), (code))

/* Puts "prefix: " before the sentence that is there (NULL is fine). For callers who know where it happened. */
void spr_prefix(struct spr_error *err, const char *format, ...) SPR_PRINTF(2, 3);

/* The code's fixed lower-case word for machines, as "bad_argument"; never NULL. */
const char *spr_code_name(enum spr_code code);
/* The code of such a word; `other` for NULL and for what is none. */
enum spr_code spr_code_named(const char *name, enum spr_code other);

#endif
