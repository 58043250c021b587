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

enum { SLOTS = 4, SUFFIX_SIZE = 32 };

struct slot {
    int mount; /* -1: empty */
    uint32_t base;
};

struct spareroots {
    int dir;
    struct slot slots[SLOTS];
    size_t next; /* the slot that gives way when a further range is asked for */
    uint64_t taken;
    uint32_t wanted_base;
    bool wanted;
};

/* Of a slot's two directories. */
static void
name_slot(const struct spareroots *s, const struct slot *slot, char suffix[SUFFIX_SIZE])
{
    snprintf(suffix, SUFFIX_SIZE, ".%d.%d", (int)getpid(), (int)(slot - s->slots));
}

/* A reused number only puts the removal off. */
static bool
is_orphan(const char *suffix)
{
    long pid = strtol(suffix + 1, NULL, 10);

    return pid == getpid() || (pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH);
}

static void
sweep(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;

    if (d == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        const char *suffix = strchr(entry->d_name, '.');

        if (suffix != NULL && strlen(suffix) < SUFFIX_SIZE && is_orphan(suffix))
            rootlayer_remove_unused(dir, suffix);
    }
    closedir(d);
}

struct spareroots *
spareroots_new(int dir)
{
    struct spareroots *s = NEW(struct spareroots);

    *s = (struct spareroots){.dir = dir};
    for (size_t i = 0; i < SLOTS; i++)
        s->slots[i].mount = -1;
    sweep(dir);
    return s;
}

static void
empty(struct spareroots *s, struct slot *slot)
{
    char suffix[SUFFIX_SIZE];

    if (slot->mount < 0)
        return;
    close(TAKE_FD(slot->mount));
    name_slot(s, slot, suffix);
    rootlayer_remove_unused(s->dir, suffix);
}

void
spareroots_free(struct spareroots *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < SLOTS; i++)
        empty(s, &s->slots[i]);
    close(s->dir);
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
    char suffix[SUFFIX_SIZE], work[2 * SUFFIX_SIZE], upper[2 * SUFFIX_SIZE];

    /* Who comes once may be the only one, and should not pay for a second. */
    s->wanted = s->taken++ > 0;
    s->wanted_base = base;
    if (slot == NULL)
        return -1;
    name_slot(s, slot, suffix);
    snprintf(work, sizeof work, BOX_WORK "%s", suffix);
    snprintf(upper, sizeof upper, BOX_UPPER "%s", suffix);
    /* The work directory is the one that is in the way if the attempt had a root before. */
    if (renameat(s->dir, work, dir, BOX_WORK) < 0 || renameat(s->dir, upper, dir, BOX_UPPER) < 0) {
        empty(s, slot);
        return -1;
    }
    return TAKE_FD(slot->mount);
}

bool
spareroot_is_wanted(const struct hostroot *h)
{
    return h != NULL && h->spares->wanted;
}

static struct slot *
choose(struct spareroots *s)
{
    for (size_t i = 0; i < SLOTS; i++)
        if (s->slots[i].mount < 0)
            return &s->slots[i];
    return &s->slots[s->next++ % SLOTS];
}

void
spareroot_make(struct hostroot *h)
{
    struct spareroots *s = h->spares;
    struct hostroot_range *range;
    struct err ignored = ERR_INIT;
    char suffix[SUFFIX_SIZE];
    struct slot *slot;

    s->wanted = false;
    if (h->kind == HOSTROOT_BINDS || find(s, s->wanted_base) != NULL ||
        hostroot_range(h, s->wanted_base, &range, &ignored) < 0)
        return;
    slot = choose(s);
    empty(s, slot);
    name_slot(s, slot, suffix);
    slot->base = s->wanted_base;
    slot->mount = rootlayer_root(h, range, s->dir, suffix, &ignored);
    if (slot->mount < 0)
        rootlayer_remove_unused(s->dir, suffix);
}

void
spareroot_begin(struct hostroot *h, uint32_t base)
{
    h->spares->wanted_base = base;
    spareroot_make(h);
}
