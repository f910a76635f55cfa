#include "cli/interrupt.h"

#include "base/file.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

static atomic_bool watched, raised;
static atomic_int number = SIGINT;

static void on_signal(int signal_number)
{
    atomic_store(&number, signal_number);
    if (atomic_load(&watched) && !atomic_exchange(&raised, true))
        return;
    file_abandon();
    _exit(128 + signal_number);
}

void interrupt_install(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    action.sa_handler =
        SIG_IGN; /* a reader that went away is an error of write, not the end of a half-made file */
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL); /* the same for a file size limit */
}

const atomic_bool *interrupt_watch(void)
{
    atomic_store(&watched, true);
    return &raised;
}

void interrupt_took(int signal_number)
{
    atomic_store(&number, signal_number);
}

int interrupt_status(void)
{
    return 128 + atomic_load(&number);
}
