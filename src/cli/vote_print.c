#include "cli/vote_print.h"

#include "base/clock.h"
#include "cli/json_line.h"

#include <inttypes.h>
#include <string.h>

/* FNV-1a of each name; their sum does not know the order. */
void vote_name(const char *const *among, size_t count, char ret[VOTE_NAME_BYTES])
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = 0xcbf29ce484222325;
        for (const char *c = among[i]; *c; c++)
            hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
        sum += hash;
    }
    snprintf(ret, VOTE_NAME_BYTES, "cmp-%016" PRIx64, sum);
}

static void csv_text(FILE *f, const char *text, char after)
{
    bool quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (quoted)
        fputc('"', f);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', f);
        fputc(*text, f);
    }
    if (quoted)
        fputc('"', f);
    fputc(after, f);
}

static void csv_vote(FILE *f, const struct message_cast *v)
{
    const struct message_choice *c = v->among.item;
    char when[CLOCK_ISO_BYTES];
    clock_iso((int64_t)(v->voted * 1000), when);
    for (size_t i = 0; i < v->among.count; i++) {
        csv_text(f, v->comparison, ',');
        csv_text(f, v->voter, ',');
        csv_text(f, when, ',');
        csv_text(f, c[i].name, ',');
        csv_text(f, c[i].model, ',');
        csv_text(f, c[i].prompt, ',');
        fputs(*v->winner && strcmp(v->winner, c[i].name) == 0 ? "1," : "0,", f);
        csv_text(f, v->note, '\n');
    }
}

static enum spr_code json_vote(const struct cli *cli, const struct message_cast *v, struct spr_error *err)
{
    const struct message_choice *c = v->among.item;
    json_t *among = json_array();
    for (size_t i = 0; i < v->among.count; i++)
        json_array_append_new(among, json_pack("{s:s, s:s, s:s}", "name", c[i].name, "model", c[i].model,
                                               "prompt", c[i].prompt));
    return json_line(cli,
                     json_pack("{s:I, s:s, s:s, s:s, s:s, s:f, s:o}", "row", (json_int_t)v->row, "comparison",
                               v->comparison, "voter", v->voter, "winner", v->winner, "note", v->note,
                               "voted", v->voted, "among", among),
                     0, NULL, "vote", err);
}

static void text_vote(const struct terminal *t, const struct message_cast *v)
{
    const struct message_choice *c = v->among.item;
    char when[CLOCK_ISO_BYTES];
    clock_iso((int64_t)(v->voted * 1000), when);
    fprintf(t->file, "%s%6lld  %.19s%s  ", terminal_dim(t), (long long)v->row, when, terminal_plain(t));
    terminal_safe(t, v->comparison);
    if (*v->voter) {
        fputs(" by ", t->file);
        terminal_safe(t, v->voter);
    }
    fputs(*v->winner ? "" : "  none is better", t->file);
    if (*v->note) {
        fprintf(t->file, "  %s", terminal_dim(t));
        terminal_safe(t, v->note);
        fputs(terminal_plain(t), t->file);
    }
    fputc('\n', t->file);
    for (size_t i = 0; i < v->among.count; i++) {
        bool won = *v->winner && strcmp(v->winner, c[i].name) == 0;
        fprintf(t->file, "        %s%s ", won ? terminal_bold(t) : "", won ? "best" : "    ");
        terminal_safe(t, c[i].name);
        fputs(won ? terminal_plain(t) : "", t->file);
        fputs("  ", t->file);
        terminal_safe(t, c[i].model);
        fputs("  ", t->file);
        terminal_safe(t, c[i].prompt);
        fputc('\n', t->file);
    }
}

static void text_models(const struct terminal *t, const struct message_vote_list *m)
{
    const struct message_standing *s = m->models.item;
    for (size_t i = 0; i < m->models.count; i++) {
        fprintf(t->file, "  %3.0f %%  %lld of %lld  ",
                s[i].votes ? 100.0 * (double)s[i].wins / (double)s[i].votes : 0, (long long)s[i].wins,
                (long long)s[i].votes);
        terminal_safe(t, s[i].model);
        fputc('\n', t->file);
    }
}

enum spr_code vote_print(const struct cli *cli, const struct message_vote_list *m, struct vote_page *page,
                         struct spr_error *err)
{
    const struct message_cast *v = m->votes.item;
    enum spr_code rc = SPR_OK;
    if (page->first && page->csv)
        fputs("comparison,voter,voted,name,model,prompt,winner,note\n", cli->out.file);
    else if (page->first && !cli->json)
        text_models(&cli->out, m);
    page->first = false;
    for (size_t i = 0; !rc && i < m->votes.count; i++) {
        if (page->csv)
            csv_vote(cli->out.file, &v[i]);
        else if (cli->json)
            rc = json_vote(cli, &v[i], err);
        else
            text_vote(&cli->out, &v[i]);
    }
    return rc ? rc : terminal_flush(&cli->out, err);
}
