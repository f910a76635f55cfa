/* Completion scripts. Each shell gets a flat list per command: what may stand after an option, which options there
 * are, what operands are. Texts are this program's own, so only the quote of the shell needs care. */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

/* Prints s inside single quotes of the shell, with every byte of `special` after a backslash. */
static void quoted(FILE *f, const char *s, const char *special)
{
    for (; *s; s++) {
        if (*s == '\'')
            fputs("'\\''", f);
        else if (strchr(special, *s))
            fprintf(f, "\\%c", *s);
        else
            fputc(*s, f);
    }
}

static void words(FILE *f, const char *const *list)
{
    for (size_t i = 0; list && list[i]; i++)
        fprintf(f, "%s%s", i ? " " : "", list[i]);
}

static void command_names(FILE *f)
{
    const struct command *c;
    const char *blank = "";
    for (size_t i = 0; (c = command_at(i)); i++) {
        if (c->hidden)
            continue;
        fprintf(f, "%s%s", blank, c->name);
        blank = " ";
    }
}

static void bash_reply(FILE *f, enum complete complete, const char *const *list)
{
    switch (complete) {
    case COMPLETE_NOTHING:
        fputs("return", f);
        break;
    case COMPLETE_FILE:
        fputs("compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")", f);
        break;
    case COMPLETE_FOLDER:
        fputs("compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")", f);
        break;
    case COMPLETE_WORDS:
    case COMPLETE_COMMAND:
        fputs("mapfile -t COMPREPLY < <(compgen -W '", f);
        if (complete == COMPLETE_WORDS)
            words(f, list);
        else
            command_names(f);
        fputs("' -- \"$cur\")", f);
        break;
    }
    fputs(" ;;\n", f);
}

static void bash_command(FILE *f, const struct command *c)
{
    struct option o;
    fprintf(f, "    %s)\n        case \"$prev\" in\n", c->name);
    for (size_t i = 0; option_at(c, i, &o); i++) {
        if (!o.argument)
            continue;
        fprintf(f, "        --%s", o.name);
        if (o.letter)
            fprintf(f, " | -%c", o.letter);
        fputs(") ", f);
        bash_reply(f, o.complete, o.words);
    }
    fputs("        *)\n            case \"$cur\" in\n            -*) mapfile -t COMPREPLY < <(compgen -W '",
          f);
    for (size_t i = 0; option_at(c, i, &o); i++)
        fprintf(f, "%s--%s", i ? " " : "", o.name);
    fputs("' -- \"$cur\") ;;\n            *) ", f);
    bash_reply(f, c->complete, c->operand_words);
    fputs("            esac ;;\n        esac ;;\n", f);
}

static void bash(FILE *f)
{
    const struct command *c;
    fputs("# bash completion of spritery\n"
          "_spritery() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' i\n"
          "    COMPREPLY=()\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        [[ ${COMP_WORDS[i]} == -* ]] || { verb=${COMP_WORDS[i]}; break; }\n"
          "    done\n"
          "    case \"$verb\" in\n",
          f);
    for (size_t i = 0; (c = command_at(i)); i++)
        if (!c->hidden)
            bash_command(f, c);
    fputs("    '') mapfile -t COMPREPLY < <(compgen -W '", f);
    command_names(f);
    struct option o;
    for (size_t i = 0; option_at(NULL, i, &o); i++)
        fprintf(f, " --%s", o.name);
    fputs("' -- \"$cur\") ;;\n    esac\n}\ncomplete -F _spritery spritery\n", f);
}

static void zsh_action(FILE *f, enum complete complete, const char *const *list)
{
    switch (complete) {
    case COMPLETE_NOTHING:
        fputs(" ", f);
        break;
    case COMPLETE_FILE:
        fputs("_files", f);
        break;
    case COMPLETE_FOLDER:
        fputs("_files -/", f);
        break;
    case COMPLETE_WORDS:
    case COMPLETE_COMMAND:
        fputc('(', f);
        if (complete == COMPLETE_WORDS)
            words(f, list);
        else
            command_names(f);
        fputc(')', f);
        break;
    }
}

static void zsh_command(FILE *f, const struct command *c)
{
    struct option o;
    fprintf(f, "    (%s)\n        _arguments -s -S \\\n", c->name);
    for (size_t i = 0; option_at(c, i, &o); i++) {
        if (o.letter)
            fprintf(f, "            '(-%c --%s)'{-%c%s,--%s%s}'[", o.letter, o.name, o.letter,
                    o.argument ? "+" : "", o.name, o.argument ? "=" : "");
        else
            fprintf(f, "            '--%s%s[", o.name, o.argument ? "=" : "");
        quoted(f, o.help, "[]:\\");
        fputc(']', f);
        if (o.argument) {
            fprintf(f, ":%s:", o.argument);
            zsh_action(f, o.complete, o.words);
        }
        fputs("' \\\n", f);
    }
    if (c->max_operands == 0)
        fputs("            && return\n        ;;\n", f);
    else {
        fputs("            '*:", f);
        quoted(f, c->operands, "[]:\\");
        fputc(':', f);
        zsh_action(f, c->complete, c->operand_words);
        fputs("'\n        ;;\n", f);
    }
}

static void zsh(FILE *f)
{
    const struct command *c;
    fputs("#compdef spritery\n# zsh completion of spritery\n_spritery() {\n    if ((CURRENT == 2)); then\n"
          "        local -a commands=(\n",
          f);
    for (size_t i = 0; (c = command_at(i)); i++) {
        if (c->hidden)
            continue;
        fprintf(f, "            '%s:", c->name);
        quoted(f, c->summary, ":\\");
        fputs("'\n", f);
    }
    fputs("        )\n        _describe command commands\n        return\n    fi\n"
          "    local verb=$words[2]\n    shift words\n    ((CURRENT--))\n    case $verb in\n",
          f);
    for (size_t i = 0; (c = command_at(i)); i++)
        if (!c->hidden)
            zsh_command(f, c);
    fputs("    esac\n}\nif [ \"$funcstack[1]\" = _spritery ]; then\n    _spritery \"$@\"\nelse\n"
          "    compdef _spritery spritery\nfi\n",
          f);
}

static void fish_description(FILE *f, const char *text)
{
    fputs(" -d '", f);
    for (; *text; text++) /* inside fish's single quotes only \\ and ' are special */
        fprintf(f, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
    fputs("'\n", f);
}

static void fish_option(FILE *f, const char *condition, const struct option *o)
{
    fprintf(f, "complete -c spritery %s -l %s", condition, o->name);
    if (o->letter)
        fprintf(f, " -s %c", o->letter);
    if (o->argument && (o->complete == COMPLETE_FILE || o->complete == COMPLETE_FOLDER)) {
        fputs(" -r -F", f);
    } else if (o->argument) {
        fputs(" -x", f);
        if (o->complete == COMPLETE_WORDS) {
            fputs(" -a '", f);
            words(f, o->words);
            fputc('\'', f);
        }
    }
    fish_description(f, o->help);
}

static void fish_operands(FILE *f, const char *condition, const struct command *c)
{
    if (c->complete == COMPLETE_FILE || c->complete == COMPLETE_FOLDER) {
        fprintf(f, "complete -c spritery %s -F\n", condition);
    } else if (c->complete != COMPLETE_NOTHING) {
        fprintf(f, "complete -c spritery %s -a '", condition);
        if (c->complete == COMPLETE_COMMAND)
            command_names(f);
        else
            words(f, c->operand_words);
        fputs("'\n", f);
    }
}

static void fish(FILE *f)
{
    const struct command *c;
    struct option o;
    fputs("# fish completion of spritery\ncomplete -c spritery -f\n", f);
    for (size_t i = 0; (c = command_at(i)); i++) {
        if (c->hidden)
            continue;
        fprintf(f, "complete -c spritery -n __fish_use_subcommand -a %s", c->name);
        fish_description(f, c->summary);
    }
    for (size_t i = 0; option_at(NULL, i, &o); i++)
        fish_option(f, "-n __fish_use_subcommand", &o);
    for (size_t i = 0; (c = command_at(i)); i++) {
        char condition[96];
        if (c->hidden)
            continue;
        snprintf(condition, sizeof condition, "-n '__fish_seen_subcommand_from %s'", c->name);
        for (size_t k = 0; option_at(c, k, &o); k++)
            fish_option(f, condition, &o);
        fish_operands(f, condition, c);
    }
}

void shell_completion(const struct terminal *t, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        bash(t->file);
    else if (strcmp(shell, "zsh") == 0)
        zsh(t->file);
    else
        fish(t->file);
}
