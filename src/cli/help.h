/* help - the command table as text: for a terminal, as a manual page, as completions for three shells.
 * Flow:  command table -> [cli/help, cli/man, cli/shells] -> standard output
 * Invariants: nothing is said about an option here; every word about one comes from its row. */
#ifndef CLI_HELP_H
#define CLI_HELP_H
#include "cli/command.h"
#include "cli/terminal.h"

void help_program(const struct terminal *t);
void help_command(const struct terminal *t, const struct command *c);

/* What `help` and the manual page say beside the commands. */
extern const struct example help_statuses[], help_variables[], help_places[];
extern const size_t help_status_count, help_variable_count, help_place_count;

/* An option's one line, bounds included: "at most so many colours; 2 to 256, default 16". */
enum { HELP_LINE_BYTES = 256 };
void help_line(const struct option *o, char ret[HELP_LINE_BYTES]);

/* The command's names_title list on one line. */
enum { HELP_NAMES_BYTES = 1024 };
void help_names(const struct command *c, char ret[HELP_NAMES_BYTES]);

void man_page(const struct terminal *t); /* man(7) source */

/* shell: "bash", "zsh" or "fish". */
void shell_completion(const struct terminal *t, const char *shell);

#endif
