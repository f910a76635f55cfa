/* gpu - what NVIDIA's driver says of its GPUs, through NVML opened at run time where there is one.
 * Flow:  libnvidia-ml.so.1 -> [daemon/gpu] -> metrics, doctor
 * Threads: one at a time. */
#ifndef DAEMON_GPU_H
#define DAEMON_GPU_H

enum { GPU_MAX = 16 };

struct gpu {
    char name[96]; /* without characters that a label or a terminal would mind */
    double busy, memory_used, memory_total, celsius,
        watts; /* ratio, bytes, bytes, degrees, watts; -1: not known */
};

/* How many there are, 0 without a driver. */
int gpu_read(struct gpu ret[GPU_MAX]);
/* The driver's version; "" without one. */
const char *gpu_driver(void);

#endif
