/* Finds the command, reads its arguments, runs it, and turns what it says into a message and an exit status. */
#include "cli/command.h"
#include "cli/failure.h"
#include "cli/help.h"
#include "cli/interrupt.h"

#include <stdio.h>

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

static void take_common(struct cli *cli, const struct args *args)
{
    cli->json = cli->json || args_has(args, OPTION_JSON);
    cli->quiet = cli->quiet || args_has(args, OPTION_QUIET);
    cli->verbose = cli->verbose || args_has(args, OPTION_VERBOSE);
}

static int report(const struct cli *cli, enum spr_code rc, const struct spr_error *err)
{
    if (rc == SPR_OK)
        return EXIT_DONE;
    failure_print(cli, err);
    return rc == SPR_CANCELLED ? interrupt_status() : rc == SPR_BADARG ? EXIT_USAGE : EXIT_FAILED;
}

/* What common options before the command ask for. */
static enum spr_code run_bare(struct cli *cli, const struct args *args, struct spr_error *err)
{
    if (args_has(args, OPTION_VERSION))
        return cmd_version.run(cli, args, err);
    if (args_has(args, OPTION_HELP)) {
        help_program(&cli->out);
        return SPR_OK;
    }
    return SPR_FAIL(err, SPR_BADARG,
                    "what is to be done? For example: spritery generate \"red dragon\"; see 'spritery help'");
}

static enum spr_code run_command(struct cli *cli, const struct command *command, int argc,
                                 const char *const *argv, struct spr_error *err)
{
    struct args args;
    enum spr_code rc = args_read(command, argc, argv, &args, err);
    if (rc)
        return rc;
    take_common(cli, &args);
    if (args_has(&args, OPTION_HELP))
        help_command(&cli->out, command);
    else if (args_has(&args, OPTION_VERSION))
        rc = cmd_version.run(cli, &args, err);
    else
        rc = command->run(cli, &args, err);
    args_fini(&args);
    return rc;
}

static enum spr_code run(struct cli *cli, int argc, const char *const *argv, struct spr_error *err)
{
    int first = 1; /* the command's place: options before it are common ones, which take no values */
    while (first < argc && argv[first][0] == '-' && argv[first][1])
        first++;
    struct args bare;
    enum spr_code rc = args_read(NULL, first - 1, argv + 1, &bare, err);
    if (rc)
        return rc;
    take_common(cli, &bare);
    if (first == argc || args_has(&bare, OPTION_HELP) || args_has(&bare, OPTION_VERSION)) {
        rc = run_bare(cli, &bare, err);
    } else {
        const struct command *command = command_find(argv[first]);
        rc = command ? run_command(cli, command, argc - first - 1, argv + first + 1, err)
                     : command_unknown(argv[first], err);
    }
    args_fini(&bare);
    return rc;
}

int main(int argc, char **argv)
{
    struct cli cli = { .out = terminal_of(stdout), .err = terminal_of(stderr) };
    struct spr_error err = { 0 }, last = { 0 };
    interrupt_install();
    enum spr_code rc = argc > 0 ? run(&cli, argc, (const char *const *)argv, &err) : SPR_BADARG;
    enum spr_code flushed = terminal_flush(&cli.out, &last);
    return rc ? report(&cli, rc, &err) : report(&cli, flushed, &last);
}
