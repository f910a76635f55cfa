/* vote_print - votes of the daemon on the screen, as JSON lines, and as a table for spreadsheets.
 * Flow:  wire/message_votes -> [cli/vote_print] -> standard output
 * Threads: the main one. */
#ifndef CLI_VOTE_PRINT_H
#define CLI_VOTE_PRINT_H
#include "cli/command.h"
#include "wire/message_votes.h"

enum { VOTE_NAME_BYTES = 24 };

/* "cmp-0123456789abcdef": the same for the same names in whatever order. */
void vote_name(const char *const *among, size_t count, char ret[VOTE_NAME_BYTES]);

/* What goes on from page to page. */
struct vote_page {
    bool csv;   /* comma separated values (RFC 4180), a row for each thing that was compared */
    bool first; /* true before the first page: headings, and which model wins how often, come once */
};
SPR_MUST_USE enum spr_code vote_print(const struct cli *cli, const struct message_vote_list *m,
                                      struct vote_page *page, struct spr_error *err);

#endif
