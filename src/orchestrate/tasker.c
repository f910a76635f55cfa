/* spritery-task - the small program that starts tasks: reads requests from the socket on descriptor 3, forks a
 * supervisor for each, answers with its pid and a pidfd, and ends when the socket does. Supervisors live on. Descriptor 4
 * is the file of slots.
 *
 * Why a program of its own: forking a process that has the whole of spritery and its libraries mapped, or starting one,
 * costs more than most small tasks. This one is linked statically with libc alone (docs/adr/0010). */
#include "orchestrate/fault.h"
#include "orchestrate/supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
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

static bool answer(struct task_reply reply, int pidfd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = { 0 };
    struct iovec part = { &reply, sizeof reply };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (pidfd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof pidfd);
        memcpy(CMSG_DATA(c), &pidfd, sizeof pidfd);
    }
    ssize_t n;
    do
        n = sendmsg(ORDERS, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof reply;
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
                              .envp = words + head->argc + 1,
                              .slots = SLOTS };
    return true;
}

static bool serve(const struct task_request *head, char *text, char **words)
{
    struct task_order order;
    int pidfd = -1;
    if (!spread(head, text, words, &order))
        return answer((struct task_reply){ .error = EBADMSG }, -1);
    struct clone_args args = { .flags = CLONE_PIDFD,
                               .exit_signal = SIGCHLD,
                               .pidfd = (uint64_t)(uintptr_t)&pidfd };
    int32_t self = (int32_t)getpid();
    fault_point("launch");
    long pid = syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) {
        close(ORDERS);
        supervise(&order, self);
    }
    struct task_reply reply = { .pid = pid > 0 ? (int32_t)pid : 0, .error = pid < 0 ? errno : 0 };
    bool told = answer(reply, pidfd);
    if (pidfd >= 0)
        close(pidfd);
    return told;
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

int main(void)
{
    struct task_request head;
    size_t text_room = 0, words_room = 0;
    char *text = NULL, **words = NULL;
    struct sigaction nobody_waits = { .sa_handler = SIG_IGN, .sa_flags = SA_NOCLDWAIT };
    sigaction(SIGCHLD, &nobody_waits, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    if (fcntl(ORDERS, F_SETFD, FD_CLOEXEC) < 0 || fcntl(SLOTS, F_SETFD, FD_CLOEXEC) < 0) {
        fprintf(stderr, "spritery-task is started by spritery plan, with a socket and slots\n");
        return 2;
    }
    struct task_identity me;
    if (!task_identify((int32_t)getpid(), &me)) {
        fprintf(stderr, "spritery-task needs /proc\n");
        return 2;
    }
    while (read_all(&head, sizeof head) && head.bytes <= TASK_REQUEST_BYTES_MAX && head.argc <= WORDS_MAX &&
           head.envc <= WORDS_MAX) {
        size_t count = (size_t)head.argc + head.envc + 2;
        text = room(text, &text_room, head.bytes);
        words = room(words, &words_room, count * sizeof *words);
        if (!text || !words || !read_all(text, head.bytes) || !serve(&head, text, words))
            break;
    }
    free(text);
    free(words);
    return 0;
}
