#include "orchestrate/fault.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool fault_point(const char *kind)
{
    static const char *wanted;
    static unsigned long at, seen;
    static size_t length;
    static bool full;
    if (!wanted) {
        const char *text = getenv("SPRITERY_FAULT"), *colon = text ? strchr(text, ':') : NULL;
        wanted = colon ? text : "";
        length = colon ? (size_t)(colon - text) : 0;
        at = colon ? strtoul(colon + 1, NULL, 10) : 0;
        full = length == 4 && memcmp(wanted, "full", 4) == 0;
    }
    if (length == 0)
        return false;
    bool same = full ? strcmp(kind, "journal") == 0
                     : (length == 3 && memcmp(wanted, "any", 3) == 0) ||
                           (strlen(kind) == length && memcmp(wanted, kind, length) == 0);
    if (!same || ++seen < at)
        return false;
    if (!full)
        kill(getpid(), SIGKILL);
    return full;
}
