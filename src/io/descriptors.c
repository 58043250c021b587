#include "io/descriptors.h"

#include <sys/resource.h>

static struct rlimit given; /* rlim_max 0: nothing was raised */

void
descriptors_raise(void)
{
    struct rlimit now, wanted;

    if (getrlimit(RLIMIT_NOFILE, &now) < 0 || now.rlim_cur >= now.rlim_max)
        return;
    wanted = (struct rlimit){now.rlim_max, now.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &wanted) == 0)
        given = now;
}

void
descriptors_restore(pid_t child)
{
    if (given.rlim_max != 0)
        (void)prlimit(child, RLIMIT_NOFILE, &given, NULL); /* one that has ended needs none */
}

/* What connections may have in all. */
static size_t
for_connections(void)
{
    struct rlimit r = {.rlim_cur = 1024};
    size_t rest;

    (void)getrlimit(RLIMIT_NOFILE, &r);
    rest = r.rlim_cur / 8 > DESCRIPTORS_REST ? r.rlim_cur / 8 : DESCRIPTORS_REST;
    return r.rlim_cur - (rest < r.rlim_cur / 2 ? rest : r.rlim_cur / 2);
}

size_t
descriptors_for_served(void)
{
    return for_connections() / 4 * 3;
}

size_t
descriptors_for_passed_on(void)
{
    return for_connections() / 4;
}
