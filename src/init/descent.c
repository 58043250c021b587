#include "init/descent.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/vec.h"
#include "sandbox/oscall.h"

enum { STOP_ROUNDS = 100 };

struct relative {
    pid_t pid, parent;
    bool below;
    bool runs; /* neither stopped nor dead */
};

typedef VEC(struct relative) relatives;

/* State and parent from /proc/PID/stat, behind the name in parentheses (which may hold anything).
 */
static bool
read_stat(int proc, const char *pid, struct relative *ret)
{
    char path[64], text[512], *behind;

    snprintf(path, sizeof path, "%s/stat", pid);
    if (oscall_read_file(proc, path, text, sizeof text) <= 0)
        return false;
    behind = strrchr(text, ')');
    if (behind == NULL || strlen(behind) < 5)
        return false;
    *ret = (struct relative){.pid = (pid_t)strtol(pid, NULL, 10),
                             .parent = (pid_t)strtol(behind + 4, NULL, 10),
                             .runs = strchr("TtZX", behind[2]) == NULL};
    return true;
}

static int
by_pid(const void *a, const void *b)
{
    const struct relative *x = a, *y = b;

    return (x->pid > y->pid) - (x->pid < y->pid);
}

static bool
is_below(const relatives *all, pid_t parent)
{
    struct relative key = {.pid = parent};
    const struct relative *found;

    if (parent == getpid())
        return true;
    found = bsearch(&key, all->at, all->n, sizeof *all->at, by_pid);
    return found != NULL && found->below;
}

static void
mark(relatives *all)
{
    bool more = true;

    while (more) {
        more = false;
        for (size_t i = 0; i < all->n; i++) {
            struct relative *r = &all->at[i];

            if (r->below || !is_below(all, r->parent))
                continue;
            r->below = more = true;
        }
    }
}

static void
find_all(relatives *ret)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    struct relative r;

    vec_clear(ret);
    while (proc != NULL && (entry = readdir(proc)) != NULL) {
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            read_stat(dirfd(proc), entry->d_name, &r))
            vec_push(ret, r);
    }
    if (proc != NULL)
        closedir(proc);
    if (ret->n > 0)
        qsort(ret->at, ret->n, sizeof *ret->at, by_pid);
    mark(ret);
}

/* How many of them ran. */
static size_t
signal_all(const relatives *all, int sig)
{
    size_t ran = 0;

    for (size_t i = 0; i < all->n; i++) {
        if (!all->at[i].below)
            continue;
        ran += all->at[i].runs;
        kill(all->at[i].pid, sig);
    }
    return ran;
}

void
descent_signal(int sig)
{
    relatives all = VEC_INIT;

    find_all(&all);
    signal_all(&all, sig);
    vec_done(&all);
}

void
descent_kill(void)
{
    relatives all = VEC_INIT;

    for (int round = 0; round < STOP_ROUNDS; round++) {
        find_all(&all);
        if (signal_all(&all, SIGSTOP) == 0)
            break;
    }
    signal_all(&all, SIGKILL);
    vec_done(&all);
}
