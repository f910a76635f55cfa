/* spritery-task - the small program that runs tasks: a supervisor, which reads one request after another from the socket
 * on descriptor 3, runs what it asks for, says on the socket that its slot is worth a look, and ends when the socket does
 * and no task of its is left. Descriptor 4 is the file of slots.
 *
 * Why a program of its own: starting a process out of one that has the whole of spritery and its libraries mapped costs
 * more than most small tasks. This one is linked statically with libc alone (docs/adr/0010). */
#include "orchestrate/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ORDERS = 3, SLOTS = 4, WORDS_MAX = 1 << 20 };

static bool read_all(void *into, size_t length)
{
    char *at = into;
    while (length > 0) {
        ssize_t n = read(ORDERS, at, length);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return false;
        if (n > 0) {
            at += n;
            length -= (size_t)n;
        }
    }
    return true;
}

/* The texts of a request into an order; false where they are not as many as it says. words has room for all. */
static bool spread(const struct task_request *head, char *text, char **words, struct task_order *o)
{
    const char *paths[5];
    char *end = text + head->bytes;
    size_t count = 5 + (size_t)head->argc + head->envc, seen = 0;
    if (head->bytes == 0 || end[-1] != '\0' || head->argc == 0)
        return false;
    for (char *at = text; at < end && seen < count; at += strlen(at) + 1, seen++) {
        if (seen < 5)
            paths[seen] = at;
        else
            words[seen - 5 + (seen - 5 >= head->argc)] = at;
    }
    words[head->argc] = NULL;
    words[head->argc + 1 + head->envc] = NULL;
    if (seen != count)
        return false;
    *o = (struct task_order){ .head = *head,
                              .out = paths[0],
                              .err = paths[1],
                              .workdir = paths[2],
                              .cgroup = paths[3],
                              .owner = paths[4],
                              .argv = words,
                              .envp = words + head->argc + 1 };
    return true;
}

/* TAKES block; GIVES one with room for that much (free), or NULL. What was in it is gone. */
static void *room(void *block, size_t *have, size_t want)
{
    if (block && want <= *have)
        return block;
    free(block);
    *have = want;
    return malloc(want);
}

/* True: there is a request to read, or nobody orders any more. False: somebody told this process to go. */
static bool wait_for_order(const struct supervisor *s)
{
    struct pollfd fds[2] = { { s->orders, POLLIN, 0 }, { s->signals, POLLIN, 0 } };
    struct signalfd_siginfo info;
    for (;;) {
        int n = poll(fds, 2, -1);
        while (n > 0 && fds[1].revents && read(s->signals, &info, sizeof info) == (ssize_t)sizeof info)
            if (info.ssi_signo == SIGTERM)
                return false;
        if (n > 0 && fds[0].revents)
            return true;
    }
}

int main(void)
{
    struct task_request head;
    struct supervisor s;
    size_t text_room = 0, words_room = 0;
    char *text = NULL, **words = NULL;
    if (fcntl(ORDERS, F_SETFD, FD_CLOEXEC) < 0 || fcntl(SLOTS, F_SETFD, FD_CLOEXEC) < 0) {
        fprintf(stderr, "spritery-task is started by spritery plan, with a socket and slots\n");
        return 2;
    }
    if (!supervisor_init(&s, ORDERS, SLOTS)) {
        fprintf(stderr, "spritery-task needs /proc and /dev/null\n");
        return 2;
    }
    while (!s.alone && wait_for_order(&s) && read_all(&head, sizeof head) &&
           head.bytes <= TASK_REQUEST_BYTES_MAX && head.argc <= WORDS_MAX && head.envc <= WORDS_MAX) {
        const struct task_reply reply = { head.slot };
        struct task_order order;
        if (head.argc == 0 && head.bytes == 0)
            continue; /* to stop what has ended meanwhile */
        text = room(text, &text_room, head.bytes);
        words = room(words, &words_room, ((size_t)head.argc + head.envc + 2) * sizeof *words);
        if (!text || !words || !read_all(text, head.bytes) || !spread(&head, text, words, &order))
            break;
        supervise(&s, &order);
        s.alone = s.alone || send(ORDERS, &reply, sizeof reply, MSG_NOSIGNAL) != (ssize_t)sizeof reply;
    }
    /* Whoever orders makes ends durable, many at once; where nobody is left to, that is left to us. */
    if (s.alone)
        fdatasync(SLOTS);
    free(text);
    free(words);
    return 0;
}
