#include "sandbox/boxgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/vec.h"
#include "sandbox/boxgroup_claim.h"
#include "sandbox/boxgroup_find.h"
#include "sandbox/oscall.h"
#include "sandbox/probe.h"

enum { CPU_PERIOD_US = 100 * 1000, NAME_SIZE = 64 };

/* One controller: the directory in its hierarchy that holds the slots (boxgroup_claim). */
struct side {
    int base; /* our own group's directory */
    int dir;  /* -1: not to be had */
    bool v2;
    bool shared; /* v2: the directory is that of an earlier controller */
    char path[BOXGROUP_PATH];
};

struct slot {
    bool taken;
    struct boxgroup_limits limits; /* as they stand in the kernel */
    int in[BOXGROUP_CONTROLLERS];  /* the slot's directory; -1: not made */
};

struct boxgroup {
    struct side sides[BOXGROUP_CONTROLLERS];
    VEC(struct slot) slots;
    char name[NAME_SIZE];
};

static const char *const controllers[] = {"memory", "pids", "cpu"};
static const enum probe_id probes[] = {PROBE_MEMORY, PROBE_PIDS, PROBE_CPU};

/* v2: hands the controller down two steps.  A group with children may have no processes of its own,
 * so server and spawner move to a leaf beside the slots. */
static int
delegate(int base, int dir, const char *controller)
{
    char enable[32], pid[16];

    snprintf(enable, sizeof enable, "+%s", controller);
    if (oscall_write_file(base, "cgroup.subtree_control", enable) < 0) {
        if (errno != EBUSY || (mkdirat(base, "sluice.server", 0755) < 0 && errno != EEXIST))
            return -1;
        snprintf(pid, sizeof pid, "%d", (int)getppid());
        if (oscall_write_file(base, "sluice.server/cgroup.procs", pid) < 0 ||
            oscall_write_file(base, "sluice.server/cgroup.procs", "0") < 0 ||
            oscall_write_file(base, "cgroup.subtree_control", enable) < 0)
            return -1;
    }
    return oscall_write_file(dir, "cgroup.subtree_control", enable);
}

/* Server and spawner stand in a leaf that an earlier delegate() made: the slots go beside it. */
static void
leave_leaf(char path[BOXGROUP_PATH])
{
    static const char leaf[] = "/sluice.server";
    size_t n = strlen(path);

    if (n > sizeof leaf && strcmp(path + n - (sizeof leaf - 1), leaf) == 0)
        path[n - (sizeof leaf - 1)] = '\0';
}

static int
open_side(struct boxgroup *g, const struct boxgroup_files *f, int which, char why[BOXGROUP_PATH])
{
    struct side *s = &g->sides[which];

    if (!boxgroup_find(f, controllers[which], s->path, &s->v2, why))
        return -1;
    leave_leaf(s->path);
    boxgroup_sweep(s->path);
    s->base = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    s->dir = s->base < 0 ? -1 : boxgroup_claim(s->base, g->name);
    if (s->dir < 0) {
        snprintf(why, BOXGROUP_PATH, "'%.400s' does not let us make groups (%s)", s->path,
                 strerror(errno));
        return -1;
    }
    if (s->v2 && delegate(s->base, s->dir, controllers[which]) < 0) {
        snprintf(why, BOXGROUP_PATH, "the controller is not delegated to '%.400s' (%s)", s->path,
                 strerror(errno));
        close(TAKE_FD(s->dir));
        return -1;
    }
    return 0;
}

static void
find_sides(struct boxgroup *g, const struct boxgroup_files *f, struct probe *p)
{
    for (int i = 0; i < BOXGROUP_CONTROLLERS; i++) {
        char why[BOXGROUP_PATH] = "taken away by SLUICE_DENY";
        bool denied = p->denied[PROBE_CGROUP] || p->denied[probes[i]];

        g->sides[i].dir = g->sides[i].base = -1;
        p->have[probes[i]] = !denied && open_side(g, f, i, why) == 0;
        if (p->have[probes[i]])
            snprintf(p->text[probes[i]], PROBE_TEXT, "limits of %s are enforced (%s)",
                     controllers[i], g->sides[i].v2 ? "unified hierarchy" : "hierarchy v1");
        else
            snprintf(p->text[probes[i]], PROBE_TEXT, "limits of %s are not enforced: %.180s",
                     controllers[i], why);
        p->have[PROBE_CGROUP] |= p->have[probes[i]];
        for (int j = 0; j < i; j++)
            g->sides[i].shared |= g->sides[i].v2 && g->sides[j].v2 && g->sides[j].dir >= 0;
    }
    snprintf(p->text[PROBE_CGROUP], PROBE_TEXT, "%s",
             p->have[PROBE_CGROUP] ? "control groups can be made"
                                   : "no control groups: only rlimits apply");
}

struct boxgroup *
boxgroup_new(struct probe *p)
{
    struct boxgroup *g = NEW(struct boxgroup);
    struct boxgroup_files files;

    boxgroup_claim_name(g->name, sizeof g->name);
    boxgroup_read(&files);
    find_sides(g, &files, p);
    return g;
}

void
boxgroup_free(struct boxgroup *g)
{
    if (g == NULL)
        return;
    for (size_t i = 0; i < g->slots.n; i++) {
        for (int c = 0; c < BOXGROUP_CONTROLLERS; c++) {
            char name[16];

            snprintf(name, sizeof name, "p%zu", i);
            if (g->slots.at[i].in[c] >= 0)
                close(g->slots.at[i].in[c]);
            if (g->sides[c].dir >= 0)
                unlinkat(g->sides[c].dir, name, AT_REMOVEDIR);
        }
    }
    for (int c = 0; c < BOXGROUP_CONTROLLERS; c++) {
        if (g->sides[c].dir >= 0) {
            close(g->sides[c].dir);
            unlinkat(g->sides[c].base, g->name, AT_REMOVEDIR);
        }
        if (g->sides[c].base >= 0)
            close(g->sides[c].base);
    }
    vec_done(&g->slots);
    free(g);
}

static int
make_in(struct boxgroup *g, struct slot *s, size_t number, int c, struct err *e)
{
    char name[16];

    if (s->in[c] >= 0 || g->sides[c].dir < 0)
        return 0;
    snprintf(name, sizeof name, "p%zu", number);
    if (mkdirat(g->sides[c].dir, name, 0755) < 0 && errno != EEXIST)
        return err_errno(e, "create a control group for %s", controllers[c]);
    s->in[c] = openat(g->sides[c].dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return s->in[c] < 0 ? err_errno(e, "open a control group for %s", controllers[c]) : 0;
}

static int
set(int dir, const char *file, uint64_t value, const char *unlimited)
{
    char text[32];

    if (value == 0)
        return oscall_write_file(dir, file, unlimited);
    snprintf(text, sizeof text, "%" PRIu64, value);
    return oscall_write_file(dir, file, text);
}

/* Swap would only put the end off; a kernel without swap accounting has no such file. */
static int
set_memory(const struct boxgroup *g, struct slot *s, uint64_t bytes)
{
    int dir = s->in[BOXGROUP_MEMORY];

    if (g->sides[BOXGROUP_MEMORY].v2) {
        (void)oscall_write_file(dir, "memory.swap.max", bytes != 0 ? "0" : "max");
        return set(dir, "memory.max", bytes, "max");
    }
    (void)oscall_write_file(dir, "memory.memsw.limit_in_bytes", "-1");
    if (set(dir, "memory.limit_in_bytes", bytes, "-1") < 0)
        return -1;
    (void)set(dir, "memory.memsw.limit_in_bytes", bytes, "-1");
    return 0;
}

static int
set_cpu(const struct boxgroup *g, struct slot *s, uint32_t milli)
{
    int dir = s->in[BOXGROUP_CPU];
    uint64_t quota = (uint64_t)milli * CPU_PERIOD_US / 1000;
    char text[48];

    if (milli != 0 && quota < 1000)
        quota = 1000; /* the kernel's least */
    if (!g->sides[BOXGROUP_CPU].v2)
        return set(dir, "cpu.cfs_quota_us", quota, "-1");
    if (milli == 0)
        return oscall_write_file(dir, "cpu.max", "max");
    snprintf(text, sizeof text, "%" PRIu64 " %d", quota, CPU_PERIOD_US);
    return oscall_write_file(dir, "cpu.max", text);
}

static int
set_limits(const struct boxgroup *g, struct slot *s, const struct boxgroup_limits *l, struct err *e)
{
    if (s->in[BOXGROUP_MEMORY] >= 0 && s->limits.memory_bytes != l->memory_bytes &&
        set_memory(g, s, l->memory_bytes) < 0)
        return err_errno(e, "limit memory to %" PRIu64 " bytes", l->memory_bytes);
    s->limits.memory_bytes = l->memory_bytes;
    if (s->in[BOXGROUP_PIDS] >= 0 && s->limits.pids != l->pids &&
        set(s->in[BOXGROUP_PIDS], "pids.max", l->pids, "max") < 0)
        return err_errno(e, "limit processes to %" PRIu32, l->pids);
    s->limits.pids = l->pids;
    if (s->in[BOXGROUP_CPU] >= 0 && s->limits.cpu_milli != l->cpu_milli &&
        set_cpu(g, s, l->cpu_milli) < 0)
        return err_errno(e, "limit CPU to %" PRIu32 " thousandths of a core", l->cpu_milli);
    s->limits.cpu_milli = l->cpu_milli;
    return 0;
}

static void
open_files(const struct boxgroup *g, const struct slot *s, struct boxgroup_slot *ret)
{
    int memory = s->in[BOXGROUP_MEMORY];
    bool v2 = g->sides[BOXGROUP_MEMORY].v2;

    for (int c = 0; c < BOXGROUP_CONTROLLERS; c++) {
        if (s->in[c] < 0 || g->sides[c].shared)
            continue;
        ret->enter[c] =
            openat(s->in[c], g->sides[c].v2 ? "cgroup.procs" : "tasks", O_WRONLY | O_CLOEXEC);
        boxgroup_hold(ret->enter[c]);
    }
    if (memory < 0)
        return;
    ret->events = openat(memory, v2 ? "memory.events" : "memory.oom_control", O_RDONLY | O_CLOEXEC);
    ret->peak = openat(memory, v2 ? "memory.peak" : "memory.max_usage_in_bytes",
                       (v2 ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    ret->usage =
        openat(memory, v2 ? "memory.current" : "memory.usage_in_bytes", O_RDONLY | O_CLOEXEC);
    if (!v2 && ret->peak >= 0)
        (void)!write(ret->peak, "0", 1); /* forget the last tenant's peak */
    ret->oom_before = boxgroup_oom_kills(ret);
}

static size_t
find_free(struct boxgroup *g)
{
    size_t i = 0;

    while (i < g->slots.n && g->slots.at[i].taken)
        i++;
    if (i == g->slots.n)
        vec_push(&g->slots, ((struct slot){.in = {-1, -1, -1}}));
    return i;
}

int
boxgroup_take(struct boxgroup *g, const struct boxgroup_limits *limits, struct boxgroup_slot *ret,
              struct err *e)
{
    size_t i;

    *ret = BOXGROUP_NONE;
    if (g->sides[0].dir < 0 && g->sides[1].dir < 0 && g->sides[2].dir < 0)
        return 0;
    i = find_free(g);
    for (int c = 0; c < BOXGROUP_CONTROLLERS; c++) {
        /* v1: a CPU group only for those that are limited, since entering one costs time. */
        bool wanted = c != BOXGROUP_CPU || g->sides[c].v2 || limits->cpu_milli != 0;

        if (wanted && make_in(g, &g->slots.at[i], i, c, e) < 0)
            return e->code;
    }
    if (set_limits(g, &g->slots.at[i], limits, e) < 0)
        return e->code;
    g->slots.at[i].taken = true;
    ret->number = (int)i;
    open_files(g, &g->slots.at[i], ret);
    if (!g->sides[BOXGROUP_CPU].v2 && limits->cpu_milli == 0 && ret->enter[BOXGROUP_CPU] >= 0)
        close(TAKE_FD(ret->enter[BOXGROUP_CPU]));
    return 0;
}

void
boxgroup_give(struct boxgroup *g, int number)
{
    if (number >= 0 && (size_t)number < g->slots.n)
        g->slots.at[number].taken = false;
}

void
boxgroup_close(struct boxgroup_slot *s)
{
    int *const fds[] = {&s->enter[0], &s->enter[1], &s->enter[2], &s->events, &s->peak, &s->usage};

    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        if (*fds[i] >= 0)
            close(TAKE_FD(*fds[i]));
    }
}

int
boxgroup_enter(const struct boxgroup_slot *s)
{
    for (int c = 0; c < BOXGROUP_CONTROLLERS; c++) {
        if (s->enter[c] >= 0 && write(s->enter[c], "0", 1) < 0)
            return -1;
    }
    return 0;
}

static uint64_t
read_number(int fd, const char *key)
{
    char text[1024], *at;
    ssize_t n = fd >= 0 ? pread(fd, text, sizeof text - 1, 0) : -1;

    if (n <= 0)
        return 0;
    text[n] = '\0';
    at = text;
    if (key != NULL) {
        at = strstr(text, key);
        if (at == NULL)
            return 0;
        at += strlen(key);
    }
    return strtoull(at, NULL, 10);
}

/* Both files have a line "oom_kill N". */
uint64_t
boxgroup_oom_kills(const struct boxgroup_slot *s)
{
    return read_number(s->events, "oom_kill ");
}

uint64_t
boxgroup_peak(const struct boxgroup_slot *s)
{
    return read_number(s->peak, NULL);
}

uint64_t
boxgroup_usage(const struct boxgroup_slot *s)
{
    return read_number(s->usage, NULL);
}
