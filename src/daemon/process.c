#include "daemon/process.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static double boot_s(void)
{
    char line[256];
    double boot = 0;
    FILE *f = fopen("/proc/stat", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "btime %lf", &boot) == 1)
            break;
    if (f)
        fclose(f);
    return boot;
}

void process_figures(struct process_figures *ret)
{
    struct rlimit limit;
    char text[1024] = "";
    double ticks = (double)sysconf(_SC_CLK_TCK), user = 0, system = 0, threads = 0, start = 0, size = 0,
           resident = 0;
    *ret = (struct process_figures){ 0 };
    FILE *f = fopen("/proc/self/stat", "r");
    const char *rest =
        f && fgets(text, sizeof text, f) ? strrchr(text, ')') : NULL; /* the name may hold anything */
    if (rest &&
        sscanf(rest + 1,
               " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %lf %lf %*s %*s %*s %*s %lf %*s %lf %lf %lf",
               &user, &system, &threads, &start, &size, &resident) == 6) {
        ret->cpu_s = (user + system) / ticks;
        ret->threads = threads;
        ret->start_s = boot_s() + start / ticks;
        ret->virtual_bytes = size;
        ret->resident_bytes = resident * (double)sysconf(_SC_PAGESIZE);
    }
    if (f)
        fclose(f);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        ret->max_fds = (double)limit.rlim_cur;
    DIR *d = opendir("/proc/self/fd");
    while (d && readdir(d))
        ret->open_fds++;
    if (d) {
        ret->open_fds -= 3; /* . and .. and the folder itself */
        closedir(d);
    }
}
