#include "sandbox/level.h"

#include <string.h>

#define LEVEL_NAME_(id, name) name,
static const char *const names[] = {LEVELS(LEVEL_NAME_)};

const char *
level_name(enum level level)
{
    return (unsigned)level < LEVEL_COUNT ? names[level] : "unknown";
}

bool
level_from_name(const char *name, enum level *ret)
{
    for (unsigned i = 0; i < LEVEL_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret = (enum level)i;
            return true;
        }
    }
    return false;
}
