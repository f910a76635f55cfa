#include "cli/help.h"

#include <stdio.h>
#include <string.h>

const struct example help_statuses[] = {
    { "0", "all was done" },
    { "1", "something failed; standard error says what" },
    { "2", "the command line was wrong; nothing was done" },
    { "130", "stopped by Ctrl-C (143 by SIGTERM); no file is half" },
};
const size_t help_status_count = SPR_COUNT(help_statuses);

const struct example help_variables[] = {
    { "NO_COLOR", "no colours in messages, whatever the terminal can" },
    { "SPRITERY_MODELS", "folders with models, separated by colons, looked at first" },
    { "SPRITERY_THREADS", "how many threads to use, 1 to 256; the result never depends on it" },
    { "SPRITERY_KERNELS",
      "which arithmetic kernels to use (avx512bf16, avx512, avx2, neon, cblas) instead of the best here" },
    { "SPRITERY_WORKFLOWS", "folders with templates for ComfyUI servers, looked at first" },
    { "SPRITERY_COMFYUI", "ComfyUI servers, with commas between them" },
    { "SPRITERY_DAEMON", "the daemon's address, as --daemon has it" },
    { "SPRITERY_CONFIG", "the daemon's configuration file; any setting's own variable goes before it, as "
                         "SPRITERY_QUEUE_KEEP for queue.keep" },
    { "SPRITERY_RUNTIME_DIR", "the folder for sockets, instead of $XDG_RUNTIME_DIR/spritery" },
    { "SPRITERY_CGROUPS", "no: plans run without control groups of their own" },
    { "SPRITERY_TASK_PROGRAM", "where spritery-task is; SPRITERY_DOMAIN_PROGRAM: spritery-domain" },
    { "SPRITERY_PLAN", "given to what a plan runs: its file; likewise SPRITERY_WORKSTREAM, SPRITERY_ATTEMPT "
                       "and SPRITERY_PROGRAM, this program" },
};
const size_t help_variable_count = SPR_COUNT(help_variables);

const struct example help_places[] = {
    { "~/.local/share/spritery/models", "your own ($XDG_DATA_HOME/spritery/models)" },
    { "PREFIX/share/spritery/models", "those that came with the program, which is PREFIX/bin/spritery" },
    { "~/.local/share/spritery", "the daemon's queue and pictures; workflows/: your own templates" },
    { "~/.config/spritery/config.yaml", "the daemon's configuration; keys/ beside it" },
    { ".spritery/NAME", "the run of a plan, beside its file" },
};
const size_t help_place_count = SPR_COUNT(help_places);

enum { INDENT = 28, WIDTH_MAX = 100, WIDTH_MIN = 50 };

static int width_of(const struct terminal *t)
{
    int columns = terminal_size(t).columns;
    return columns > WIDTH_MAX ? WIDTH_MAX : columns < WIDTH_MIN ? WIDTH_MIN : columns;
}

/* How many columns text takes; every code point of this program's own texts takes one. */
static int columns_of(const char *text, size_t length)
{
    int n = 0;
    for (size_t i = 0; i < length; i++)
        n += ((unsigned char)text[i] & 0xC0) != 0x80;
    return n;
}

/* Prints words, broken at `width`; the first line begins at column `at`, the others at `indent`. */
static void wrap(FILE *f, const char *text, int at, int indent, int width)
{
    bool first = true;
    while (*text) {
        size_t n = strcspn(text, " ");
        int columns = columns_of(text, n);
        if (!first && at + 1 + columns > width) {
            fprintf(f, "\n%*s", indent, "");
            at = indent;
            first = true;
        }
        at += fprintf(f, "%s", first ? "" : " ");
        fwrite(text, 1, n, f);
        at += columns;
        first = false;
        text += n;
        text += strspn(text, " ");
    }
    fputc('\n', f);
}

/* "  left      right, wrapped" */
static void row(FILE *f, const char *left, const char *right, int indent, int width)
{
    int at = fprintf(f, "  %s", left);
    if (at + 2 > indent) {
        fputc('\n', f);
        at = 0;
    }
    fprintf(f, "%*s", indent - at, "");
    wrap(f, right, indent, indent, width);
}

static void rows(const struct terminal *t, const char *title, const struct example *e, size_t count,
                 int indent)
{
    fprintf(t->file, "\n%s%s%s\n", terminal_bold(t), title, terminal_plain(t));
    for (size_t i = 0; i < count; i++)
        row(t->file, e[i].line, e[i].what, indent, width_of(t));
}

void help_line(const struct option *o, char ret[HELP_LINE_BYTES])
{
    struct buf bounds;
    buf_init(&bounds, 160);
    bool has = option_bounds(o, &bounds, NULL) == SPR_OK && bounds.length > 0;
    snprintf(ret, HELP_LINE_BYTES, "%s%s", o->help, has ? bounds.data : "");
    buf_fini(&bounds);
}

static void option_row(const struct terminal *t, const struct option *o)
{
    char left[64], right[HELP_LINE_BYTES];
    char letter[5] = { '-', o->letter, ',', ' ', 0 };
    snprintf(left, sizeof left, "%s--%s%s%s", o->letter ? letter : "    ", o->name, o->argument ? " " : "",
             o->argument ? o->argument : "");
    help_line(o, right);
    row(t->file, left, right, INDENT, width_of(t));
}

static void option_rows(const struct terminal *t, const struct command *c)
{
    static const char *const titles[] = { "Picture", "Options", "Common" };
    int group = -1;
    struct option o;
    for (size_t i = 0; option_at(c, i, &o); i++) {
        int next = o.id < REQUEST_FIELD_COUNT ? 0 : o.id < OPTION_JSON ? 1 : 2;
        if (next != group)
            fprintf(t->file, "\n%s%s%s\n", terminal_bold(t), titles[next], terminal_plain(t));
        group = next;
        option_row(t, &o);
    }
}

static void paragraphs(const struct terminal *t, const char *about)
{
    while (*about) {
        char line[1024];
        size_t n = strcspn(about, "\n");
        snprintf(line, sizeof line, "%.*s", (int)n, about);
        if (line[0] == ' ')
            fprintf(t->file, "%s\n", line);
        else
            wrap(t->file, line, 0, 0, width_of(t));
        about += n + (about[n] == '\n');
    }
}

void help_names(const struct command *c, char ret[HELP_NAMES_BYTES])
{
    size_t n = 0;
    const char *name;
    ret[0] = '\0';
    for (int i = 0; (name = c->name_at(i)) && n < HELP_NAMES_BYTES; i++)
        n += (size_t)snprintf(ret + n, HELP_NAMES_BYTES - n, "%s%s", i ? ", " : "", name);
}

void help_command(const struct terminal *t, const struct command *c)
{
    FILE *f = t->file;
    fprintf(f, "%sspritery %s%s - %s\n\n", terminal_bold(t), c->name, terminal_plain(t), c->summary);
    fprintf(f, "Usage: spritery %s%s%s [options]\n\n", c->name, *c->operands ? " " : "", c->operands);
    paragraphs(t, c->about);
    option_rows(t, c);
    if (c->names_title) {
        char names[HELP_NAMES_BYTES];
        help_names(c, names);
        fprintf(f, "\n%s%s%s\n  ", terminal_bold(t), c->names_title, terminal_plain(t));
        wrap(f, names, 2, 2, width_of(t));
    }
    if (c->example_count)
        fprintf(f, "\n%sExamples%s\n", terminal_bold(t), terminal_plain(t));
    for (size_t i = 0; i < c->example_count; i++)
        fprintf(f, "  %s\n      %s%s%s\n", c->examples[i].line, terminal_dim(t), c->examples[i].what,
                terminal_plain(t));
}

void help_program(const struct terminal *t)
{
    fprintf(t->file, "%sspritery%s - words to game-ready pixel art, on your own machine\n\n",
            terminal_bold(t), terminal_plain(t));
    fprintf(t->file,
            "Usage: spritery COMMAND [options]\n       spritery generate \"red dragon\"\n\n%sCommands%s\n",
            terminal_bold(t), terminal_plain(t));
    const struct command *c;
    for (size_t i = 0; (c = command_at(i)); i++)
        if (!c->hidden)
            row(t->file, c->name, c->summary, 14, width_of(t));
    option_rows(t, NULL);
    rows(t, "Exit status", help_statuses, help_status_count, 8);
    rows(t, "Environment", help_variables, help_variable_count, 22);
    rows(t, "Files", help_places, help_place_count, 36);
    fprintf(t->file, "\n'spritery help COMMAND' says more.\n");
}
