#include "daemon/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* What arrives at a socket of this name; '@' stands for the abstract kind. */
static void expect_arrives(const char *name)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    char got[64] = "";
    memcpy(at.sun_path, name, strlen(name));
    if (name[0] == '@')
        at.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
        0);
    setenv("NOTIFY_SOCKET", name, 1);
    notify_send("READY=1");
    assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), 7);
    assert_string_equal(got, "READY=1");
    close(fd);
}

static void states_arrive(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "/tmp/spritery-notify-%ld", (long)getpid());
    expect_arrives(name);
    notify_send("READY=1"); /* nobody is there: nothing happens */
    unlink(name);
    snprintf(name, sizeof name, "@spritery-notify-%ld", (long)getpid());
    expect_arrives(name);
    unsetenv("NOTIFY_SOCKET");
    notify_send("READY=1");
    setenv("NOTIFY_SOCKET", "relative", 1);
    notify_send("READY=1");
}

static void the_watchdog_is_for_this_process(void **state)
{
    (void)state;
    char pid[32];
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(notify_watchdog_ms(), 15000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(notify_watchdog_ms(), 0);
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(notify_watchdog_ms(), 15000);
    setenv("WATCHDOG_USEC", "soon", 1);
    assert_int_equal(notify_watchdog_ms(), 0);
}

static void sockets_are_found_by_name(void **state)
{
    (void)state;
    char pid[32];
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    setenv("LISTEN_FDS", "3", 1);
    setenv("LISTEN_FDNAMES", "requests:updates-ipc:events", 1);
    assert_int_equal(notify_socket("events"), 0); /* not said for whom */
    setenv("LISTEN_PID", pid, 1);
    assert_int_equal(notify_socket("requests"), 3);
    assert_int_equal(notify_socket("updates-ipc"), 4);
    assert_int_equal(notify_socket("events"), 5);
    assert_int_equal(notify_socket("updates"), 0);
    setenv("LISTEN_FDS", "1", 1);
    assert_int_equal(notify_socket("events"), 0);
    setenv("LISTEN_PID", "1", 1);
    assert_int_equal(notify_socket("requests"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_arrive),
        cmocka_unit_test(the_watchdog_is_for_this_process),
        cmocka_unit_test(sockets_are_found_by_name),
    };
    return cmocka_run_group_tests_name("daemon/notify", tests, NULL, NULL);
}
