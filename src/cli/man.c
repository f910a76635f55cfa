/* man(7) source: https://man7.org/linux/man-pages/man7/man.7.html. '-' is written \- where it is to be typed, a line
 * that begins with '.' or ''' would be a request and gets \& before it. No date, so that the same program always
 * gives the same page. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

static void text(FILE *f, const char *s)
{
    if (*s == '.' || *s == '\'')
        fputs("\\&", f);
    for (; *s; s++) {
        if (*s == '\\')
            fputs("\\e", f);
        else if (*s == '-')
            fputs("\\-", f);
        else if (*s == '\n')
            fputs("\n.PP\n", f);
        else
            fputc(*s, f);
    }
}

static void line(FILE *f, const char *s)
{
    text(f, s);
    fputc('\n', f);
}

static void option(FILE *f, const struct option *o)
{
    char words[HELP_LINE_BYTES];
    fputs(".TP\n", f);
    if (o->letter)
        fprintf(f, "\\fB\\-%c\\fR, ", o->letter);
    fputs("\\fB\\-\\-", f);
    text(f, o->name);
    fputs("\\fR", f);
    if (o->argument)
        fprintf(f, " \\fI%s\\fR", o->argument);
    fputc('\n', f);
    help_line(o, words);
    line(f, words);
}

static void pairs(FILE *f, const char *title, const struct example *e, size_t count)
{
    fprintf(f, ".SH %s\n", title);
    for (size_t i = 0; i < count; i++) {
        fputs(".TP\n.B ", f);
        line(f, e[i].line);
        line(f, e[i].what);
    }
}

static void command(FILE *f, const struct command *c)
{
    fprintf(f, ".SS spritery %s %s\n", c->name, c->operands);
    line(f, c->about);
    struct option o;
    for (size_t i = 0; option_at(c, i, &o) && o.id < OPTION_JSON; i++)
        option(f, &o);
    if (c->names_title) {
        char names[HELP_NAMES_BYTES];
        help_names(c, names);
        fprintf(f, ".PP\n%s: ", c->names_title);
        line(f, names);
    }
    for (size_t i = 0; i < c->example_count; i++) {
        fputs(".PP\n", f);
        line(f, c->examples[i].what);
        fputs(".RS\n.nf\n", f);
        line(f, c->examples[i].line);
        fputs(".fi\n.RE\n", f);
    }
}

void man_page(const struct terminal *t)
{
    FILE *f = t->file;
    const struct command *c;
    struct option o;
    fprintf(f, ".TH SPRITERY 1 \"\" \"spritery %s\" \"User Commands\"\n", SPRITERY_VERSION);
    fputs(".SH NAME\nspritery \\- words to game\\-ready pixel art, on your own machine\n", f);
    fputs(".SH SYNOPSIS\n.B spritery\n.I COMMAND\n[options]\n.SH DESCRIPTION\n", f);
    fputs("Makes small sprites from words with a model that comes with it: no server, no download, no GPU.\n",
          f);
    fputs(".SH COMMANDS\n", f);
    for (size_t i = 0; (c = command_at(i)); i++)
        if (!c->hidden)
            command(f, c);
    fputs(".SH COMMON OPTIONS\n", f);
    for (size_t i = 0; option_at(NULL, i, &o); i++)
        option(f, &o);
    pairs(f, "EXIT STATUS", help_statuses, help_status_count);
    pairs(f, "ENVIRONMENT", help_variables, help_variable_count);
    pairs(f, "FILES", help_places, help_place_count);
}
