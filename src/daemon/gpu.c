/* NVML's functions by their names: no header and no library of NVIDIA's is needed to build. Source: docs.nvidia.com,
 * NVML API reference. */
#include "daemon/gpu.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct nvml_device *device;
struct memory {
    unsigned long long total, free, used;
};
struct utilization {
    unsigned gpu, memory;
};

static struct {
    bool tried, ready;
    char driver[80];
    int (*count)(unsigned *);
    int (*handle)(unsigned, device *);
    int (*name)(device, char *, unsigned);
    int (*memory)(device, struct memory *);
    int (*utilization)(device, struct utilization *);
    int (*temperature)(device, int, unsigned *);
    int (*power)(device, unsigned *);
} nvml;

static bool open_library(void)
{
    void *lib = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return false;
    int (*init)(void);
    int (*driver)(char *, unsigned);
    const struct {
        void *place;
        const char *name;
    } symbols[] = {
        { &init, "nvmlInit_v2" },
        { &driver, "nvmlSystemGetDriverVersion" },
        { &nvml.count, "nvmlDeviceGetCount_v2" },
        { &nvml.handle, "nvmlDeviceGetHandleByIndex_v2" },
        { &nvml.name, "nvmlDeviceGetName" },
        { &nvml.memory, "nvmlDeviceGetMemoryInfo" },
        { &nvml.utilization, "nvmlDeviceGetUtilizationRates" },
        { &nvml.temperature, "nvmlDeviceGetTemperature" },
        { &nvml.power, "nvmlDeviceGetPowerUsage" },
    };
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *found = dlsym(lib, symbols[i].name);
        if (!found)
            return false;
        memcpy(symbols[i].place, &found, sizeof found);
    }
    if (init())
        return false;
    if (driver(nvml.driver, sizeof nvml.driver - 1))
        nvml.driver[0] = '\0';
    return true;
}

static bool ready(void)
{
    if (!nvml.tried) {
        nvml.tried = true;
        nvml.ready = open_library();
    }
    return nvml.ready;
}

const char *gpu_driver(void)
{
    return ready() ? nvml.driver : "";
}

static void read_one(device d, struct gpu *g)
{
    struct memory memory;
    struct utilization use;
    unsigned number;
    *g = (struct gpu){ .busy = -1, .memory_used = -1, .memory_total = -1, .celsius = -1, .watts = -1 };
    if (nvml.name(d, g->name, sizeof g->name - 1))
        snprintf(g->name, sizeof g->name, "GPU");
    for (char *c = g->name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(" -_.()/", *c))
            *c = '_';
    if (nvml.utilization(d, &use) == 0)
        g->busy = use.gpu / 100.0;
    if (nvml.memory(d, &memory) == 0) { /* not where CPU and GPU share it, as on Grace */
        g->memory_used = (double)memory.used;
        g->memory_total = (double)memory.total;
    }
    if (nvml.temperature(d, 0, &number) == 0)
        g->celsius = number;
    if (nvml.power(d, &number) == 0)
        g->watts = number / 1000.0;
}

int gpu_read(struct gpu ret[GPU_MAX])
{
    unsigned count = 0;
    int n = 0;
    if (!ready() || nvml.count(&count))
        return 0;
    for (unsigned i = 0; i < count && n < GPU_MAX; i++) {
        device d;
        if (nvml.handle(i, &d) == 0)
            read_one(d, &ret[n++]);
    }
    return n;
}
