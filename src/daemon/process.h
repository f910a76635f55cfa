/* process - figures of this process, from /proc. Threads: any. */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

struct process_figures {
    double cpu_s, resident_bytes, virtual_bytes, open_fds, max_fds, threads,
        start_s; /* 0 where it is not known */
};
void process_figures(struct process_figures *ret);

#endif
