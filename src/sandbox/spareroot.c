#include "sandbox/spareroot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "sandbox/boxrecord.h"
#include "sandbox/hostroot.h"
#include "sandbox/rootlayer.h"

enum { SLOTS = 4 };
#define PREFIX "spare."

struct slot {
    int dir;   /* -1: not made */
    int mount; /* -1: empty */
    uint32_t base;
};

struct spareroots {
    char *path;
    int dir; /* -1: not made */
    struct slot slots[SLOTS];
    size_t next; /* the slot that gives way when a further range is asked for */
    uint64_t taken;
    uint32_t wanted_base;
    bool wanted;
};

/* `dir` holds slots, each with what rootlayer_root() makes. */
static void
remove_slots(int dir)
{
    for (int i = 0; i < SLOTS; i++) {
        cleanup_close int slot = -1;
        char name[16];

        snprintf(name, sizeof name, "%d", i);
        slot = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (slot < 0)
            continue;
        rootlayer_remove_unused(slot);
        unlinkat(dir, name, AT_REMOVEDIR);
    }
}

/* The name ends in its spawner's pid; a reused number only puts the removal off. */
static bool
is_orphan(const char *name)
{
    long pid;

    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
        return false;
    pid = strtol(name + strlen(PREFIX), NULL, 10);
    return pid == getpid() || (pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH);
}

static void
sweep(const char *data_dir)
{
    DIR *d = opendir(data_dir);

    if (d == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        cleanup_close int old = -1;

        if (!is_orphan(entry->d_name))
            continue;
        old = openat(dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (old < 0)
            continue;
        remove_slots(old);
        unlinkat(dirfd(d), entry->d_name, AT_REMOVEDIR);
    }
    closedir(d);
}

struct spareroots *
spareroots_new(const char *data_dir)
{
    struct spareroots *s = NEW(struct spareroots);

    *s = (struct spareroots){.path = xasprintf("%s/" PREFIX "%d", data_dir, (int)getpid()),
                             .dir = -1};
    for (size_t i = 0; i < SLOTS; i++)
        s->slots[i] = (struct slot){.dir = -1, .mount = -1};
    sweep(data_dir);
    return s;
}

static void
empty(struct slot *slot)
{
    if (slot->mount < 0)
        return;
    close(TAKE_FD(slot->mount));
    rootlayer_remove_unused(slot->dir);
}

void
spareroots_free(struct spareroots *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < SLOTS; i++) {
        empty(&s->slots[i]);
        if (s->slots[i].dir >= 0)
            close(s->slots[i].dir);
    }
    if (s->dir >= 0) {
        remove_slots(s->dir);
        close(s->dir);
        rmdir(s->path);
    }
    free(s->path);
    free(s);
}

static struct slot *
find(struct spareroots *s, uint32_t base)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (s->slots[i].mount >= 0 && s->slots[i].base == base)
            return &s->slots[i];
    return NULL;
}

int
spareroot_take(struct hostroot *h, uint32_t base, int dir)
{
    struct spareroots *s = h->spares;
    struct slot *slot = find(s, base);

    /* Who comes once may be the only one, and should not pay for a second. */
    s->wanted = s->taken++ > 0;
    s->wanted_base = base;
    if (slot == NULL)
        return -1;
    /* The work directory is the one that is in the way if the attempt had a root before. */
    if (renameat(slot->dir, BOX_WORK, dir, BOX_WORK) < 0 ||
        renameat(slot->dir, BOX_UPPER, dir, BOX_UPPER) < 0) {
        empty(slot);
        return -1;
    }
    return TAKE_FD(slot->mount);
}

bool
spareroot_is_wanted(const struct hostroot *h)
{
    return h != NULL && h->spares->wanted;
}

static int
open_slot(struct spareroots *s, size_t number)
{
    struct slot *slot = &s->slots[number];
    char name[16];

    if (s->dir < 0) {
        if (mkdir(s->path, 0700) < 0)
            return -1;
        s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    snprintf(name, sizeof name, "%zu", number);
    if (slot->dir < 0 && mkdirat(s->dir, name, 0700) == 0)
        slot->dir = openat(s->dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return slot->dir < 0 ? -1 : 0;
}

static size_t
choose(struct spareroots *s)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (s->slots[i].mount < 0)
            return i;
    return s->next++ % SLOTS;
}

void
spareroot_make(struct hostroot *h)
{
    struct spareroots *s = h->spares;
    struct hostroot_range *range;
    struct err ignored = ERR_INIT;
    size_t number;

    s->wanted = false;
    if (h->kind == HOSTROOT_BINDS || find(s, s->wanted_base) != NULL ||
        hostroot_range(h, s->wanted_base, &range, &ignored) < 0)
        return;
    number = choose(s);
    empty(&s->slots[number]);
    if (open_slot(s, number) < 0)
        return;
    s->slots[number].base = s->wanted_base;
    s->slots[number].mount = rootlayer_root(h, range, s->slots[number].dir, &ignored);
    if (s->slots[number].mount < 0)
        rootlayer_remove_unused(s->slots[number].dir);
}

void
spareroot_begin(struct hostroot *h, uint32_t base)
{
    h->spares->wanted_base = base;
    spareroot_make(h);
}
