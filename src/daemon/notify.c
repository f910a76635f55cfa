#include "daemon/notify.h"

#include "base/str.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_FD = 3, FDS_MAX = 64 };

void notify_send(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    size_t n = path ? strlen(path) : 0;
    if (n < 2 || n >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(to.sun_path, path, n);
    if (path[0] == '@')
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    close(fd);
}

/* Whether a variable that names a process names this one; without it everybody is meant. */
static int for_us(const char *variable)
{
    const char *text = getenv(variable);
    int64_t pid;
    return !text || (str_to_i64(text, &pid) && pid == (int64_t)getpid());
}

uint64_t notify_watchdog_ms(void)
{
    const char *text = getenv("WATCHDOG_USEC");
    uint64_t us;
    return text && str_to_u64(text, &us) && us >= 2000 && for_us("WATCHDOG_PID") ? us / 2000 : 0;
}

int notify_socket(const char *name)
{
    const char *text = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
    int64_t count;
    if (!text || !names || !getenv("LISTEN_PID") || !for_us("LISTEN_PID") || !str_to_i64(text, &count) ||
        count > FDS_MAX)
        return 0;
    size_t length = strlen(name);
    for (int fd = FIRST_FD; fd < FIRST_FD + count; fd++) {
        size_t n = strcspn(names, ":");
        if (n == length && memcmp(names, name, n) == 0) {
            fcntl(fd, F_SETFD, FD_CLOEXEC);
            return fd;
        }
        names += n + (names[n] == ':');
    }
    return 0;
}
