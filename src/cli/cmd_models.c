#include "base/mem.h"
#include "cli/failure.h"
#include "cli/json_line.h"
#include "engine/comfy_look.h"
#include "paint/model.h"
#include "paint/model_find.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { VERIFY = OPTION_OWN, SERVER, KIND };

static const char *const kinds[] = { "checkpoint", "lora", "vae", NULL };

static const char *note_or(const struct model *m, const char *key, const char *otherwise)
{
    const char *text = model_note(m, key);
    return text && *text ? text : otherwise;
}

static enum spr_code print_json(const struct cli *cli, const struct model *m, const char *path,
                                const char *hash, struct spr_error *err)
{
    json_t *object = json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:i, s:i, s:I, s:I}", "name", m->name, "path",
                               path, "bytes", (json_int_t)safetensors_bytes(m->file).size, "sha256", hash,
                               "licence", note_or(m, "licence", ""), "numbers", tensor_type_name(m->type),
                               "size", m->size, "words", m->layout.config.vocab, "parameters",
                               (json_int_t)m->layout.floats, "samples_seen", (json_int_t)m->samples_seen);
    return json_line(cli, object, 0, path, "path", err);
}

static void row(const struct terminal *t, const char *name, const char *text)
{
    fprintf(t->file, "  %s%-11s%s ", terminal_dim(t), name, terminal_plain(t));
    terminal_safe(t, text);
    fputc('\n', t->file);
}

static void print_text(const struct cli *cli, const struct model *m, const char *path, const char *hash,
                       bool verified)
{
    const struct terminal *t = &cli->out;
    char text[160];
    fputs(terminal_bold(t), t->file);
    terminal_safe(t, m->name);
    fprintf(t->file, "%s%s\n", terminal_plain(t), verified ? ": sound" : "");
    snprintf(text, sizeof text, "%.1f MB, %zu %s numbers", (double)safetensors_bytes(m->file).size / 1e6,
             m->layout.floats, tensor_type_name(m->type));
    row(t, "file", path);
    row(t, "size", text);
    snprintf(text, sizeof text, "%d x %d pixels, %d words", m->size, m->size, m->layout.config.vocab - 1);
    row(t, "draws", text);
    if (note_or(m, "sketches", NULL))
        row(t, "sketches", note_or(m, "sketches", ""));
    row(t, "data", note_or(m, "data", "not said"));
    row(t, "licence", note_or(m, "licence", "not said"));
    row(t, "sha256", hash);
}

/* Loading looks at every tensor and every number: a model that loads is sound. */
static enum spr_code show(const struct cli *cli, const char *path, bool verified, struct spr_error *err)
{
    struct model *m = NULL;
    char hash[DIGEST_HEX_BYTES];
    enum spr_code rc = model_load(path, &m, err);
    if (rc)
        return rc;
    model_sha256(m, hash);
    if (cli->json)
        rc = print_json(cli, m, path, hash, err);
    else
        print_text(cli, m, path, hash, verified);
    model_free(m);
    return rc;
}

/* One damaged model must not hide the others. */
static enum spr_code show_all(const struct cli *cli, bool verified, struct spr_error *err)
{
    struct data_list list;
    size_t bad = 0;
    enum spr_code rc = data_list(&model_kind, &list, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < list.count; i++) {
        struct spr_error why = { 0 };
        if (show(cli, list.item[i].path, verified, &why) == SPR_OK)
            continue;
        bad++;
        failure_print(cli, &why);
    }
    if (list.count == 0)
        rc = SPR_FAIL(err, SPR_NOTFOUND, "there is no model; 'spritery help' says where they are looked for");
    else if (bad)
        rc = SPR_FAIL(err, SPR_BADDATA, "%zu of %zu models cannot be used", bad, list.count);
    data_list_free(&list);
    return rc;
}

static enum spr_code show_names(const struct cli *cli, const char *url, const char *kind, const json_t *names,
                                struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    json_t *name;
    size_t i;
    json_array_foreach(names, i, name)
    {
        if (rc || !json_is_string(name))
            continue;
        if (cli->json) {
            rc = json_line(cli, json_pack("{s:O, s:s, s:s}", "name", name, "kind", kind, "server", url), 0,
                           NULL, "name", err);
            continue;
        }
        fprintf(cli->out.file, "%s%-10s%s  ", terminal_dim(&cli->out), kind, terminal_plain(&cli->out));
        terminal_safe(&cli->out, json_string_value(name));
        fputc('\n', cli->out.file);
    }
    return rc;
}

/* What ComfyUI servers have to choose from: the names that --model and --lora take with --engine comfyui. */
static enum spr_code show_servers(const struct cli *cli, const char *list, const char *only,
                                  struct spr_error *err)
{
    enum spr_code rc = SPR_OK;
    for (const char *at = list; !rc && *at; at += strcspn(at, ", "), at += strspn(at, ", ")) {
        char url[FETCH_URL_BYTES];
        struct fetch *h = NULL;
        snprintf(url, sizeof url, "%.*s", (int)strcspn(at, ", "), at);
        rc = fetch_open(url, &h, err);
        if (!rc && !cli->json && strchr(list, ','))
            fprintf(cli->out.file, "%s%s%s\n", terminal_bold(&cli->out), url, terminal_plain(&cli->out));
        for (int kind = 0; !rc && kind < COMFY_KINDS; kind++) {
            json_t *names = NULL;
            if (only && strcmp(only, comfy_kind_name[kind]) != 0)
                continue;
            rc = comfy_models(h, (enum comfy_kind)kind, &names, err);
            if (!rc)
                rc = show_names(cli, url, comfy_kind_name[kind], names, err);
            json_decref(names);
        }
        fetch_close(h);
    }
    return rc ? rc : terminal_flush(&cli->out, err);
}

static enum spr_code run(struct cli *cli, const struct args *args, struct spr_error *err)
{
    const char *variable = getenv("SPRITERY_COMFYUI"), *kind = args_value(args, KIND),
               *server = args_has(args, SERVER) ? args_value(args, SERVER)
                         : kind                 ? variable
                                                : NULL;
    int known;
    enum spr_code rc = args_word(args, KIND, "kind", kinds, &known, err);
    if (rc)
        return rc;
    if (kind && (!server || !*server))
        return SPR_FAIL(err, SPR_BADARG,
                        "--kind is of ComfyUI servers: say --server URL, or set SPRITERY_COMFYUI");
    if (server && args->operands)
        return SPR_FAIL(err, SPR_BADARG, "--server lists what servers have; it takes no names");
    if (server)
        return show_servers(cli, server, kind, err);
    bool verify = args_has(args, VERIFY);
    if (args->operands == 0)
        return show_all(cli, verify, err);
    for (size_t i = 0; !rc && i < args->operands; i++) {
        char *path = NULL;
        rc = data_find(&model_kind, args->operand[i], &path, err);
        if (!rc)
            rc = show(cli, path, verify, err);
        mem_free(path);
    }
    return rc;
}

static const struct option options[] = {
    { VERIFY, 0, "verify", NULL, "say of each model that it is sound", COMPLETE_NOTHING, NULL },
    { SERVER, 0, "server", "URL[,URL]", "list what ComfyUI servers have instead: checkpoints, LoRAs, VAEs",
      COMPLETE_NOTHING, NULL },
    { KIND, 0, "kind", "KIND", "of servers only: checkpoint, lora or vae", COMPLETE_WORDS, kinds },
};

static const struct example examples[] = {
    { "spritery models --verify", "every model that is installed, checked" },
    { "spritery models --server http://127.0.0.1:8188 --kind lora", "the LoRAs that a ComfyUI server has" },
};

const struct command cmd_models = {
    .name = "models",
    .operands = "[MODEL...]",
    .summary = "list models: size, words, licence, checksum; verify them",
    .about = "Without a name: every model in the folders that 'spritery help' lists. Each is read whole, and "
             "every "
             "tensor and number in it is checked; a damaged one is named, and the exit status is 1.",
    .options = options,
    .option_count = SPR_COUNT(options),
    .max_operands = -1,
    .complete = COMPLETE_FILE,
    .examples = examples,
    .example_count = SPR_COUNT(examples),
    .run = run,
};
