/* notify - what systemd wants to hear, and the sockets it hands over, without its library.
 * Source: systemd's sd_notify(3) and sd_listen_fds(3): datagrams to $NOTIFY_SOCKET, descriptors from 3 on.
 * Threads: the loop's. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H
#include <stdint.h>

/* Sends "READY=1" and the like; nothing where nobody listens. */
void notify_send(const char *state);

/* How often the watchdog wants to hear "WATCHDOG=1", in milliseconds, half of its limit; 0: there is none. */
uint64_t notify_watchdog_ms(void);

/* The descriptor that was handed over under this name (FileDescriptorName=); 0 for none. */
int notify_socket(const char *name);

#endif
