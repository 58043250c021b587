#include "tests/sim/sim_vfs.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/vec.h"

enum { SECTOR = 512 };

struct file {
    char *name;
    char *seen, *kept; /* what processes see; what the platter has */
    size_t n, cap;     /* of seen */
    size_t kept_n;
    bool exists, kept_exists;
    VEC(bool) dirty; /* per sector of seen */
    int open;
};

struct sim_disk {
    sqlite3_vfs vfs; /* registered */
    char name[32];
    uint64_t random;
    VEC(struct file *) files;
    int64_t capacity, writes, syncs;
    int fail_write, fail_sync;
    bool failed, frozen;
};

struct handle {
    sqlite3_file base;
    struct sim_disk *disk;
    struct file *file;
    bool remove_on_close;
};

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t
next_random(struct sim_disk *d)
{
    uint64_t z = d->random += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* Files. */

static struct file *
find(const struct sim_disk *d, const char *name)
{
    for (size_t i = 0; i < d->files.n; i++) {
        if (strcmp(d->files.at[i]->name, name) == 0)
            return d->files.at[i];
    }
    return NULL;
}

static struct file *
find_or_add(struct sim_disk *d, const char *name)
{
    struct file *f = find(d, name);

    if (f == NULL) {
        f = NEW(struct file);
        f->name = xstrdup(name);
        vec_push(&d->files, f);
    }
    return f;
}

int64_t
sim_disk_bytes(const struct sim_disk *d)
{
    int64_t sum = 0;

    for (size_t i = 0; i < d->files.n; i++)
        sum += d->files.at[i]->exists ? (int64_t)d->files.at[i]->n : 0;
    return sum;
}

static void
resize(struct file *f, size_t n)
{
    if (n > f->cap) {
        f->cap = n * 2;
        f->seen = xrealloc(f->seen, f->cap, 1);
    }
    if (n > f->n)
        memset(f->seen + f->n, 0, n - f->n);
    f->n = n;
    while (f->dirty.n < (n + SECTOR - 1) / SECTOR)
        vec_push(&f->dirty, true);
    f->dirty.n = (n + SECTOR - 1) / SECTOR;
}

static void
sync_file(struct file *f)
{
    f->kept = xrealloc(f->kept, f->n, 1);
    if (f->n > 0)
        memcpy(f->kept, f->seen, f->n);
    f->kept_n = f->n;
    f->kept_exists = f->exists;
    for (size_t i = 0; i < f->dirty.n; i++)
        f->dirty.at[i] = false;
}

static bool
has_room(const struct sim_disk *d, const struct file *f, size_t end)
{
    return d->capacity == 0 || end <= f->n ||
           sim_disk_bytes(d) + (int64_t)(end - f->n) <= d->capacity;
}

static void
write_file(struct file *f, const void *p, size_t n, size_t at)
{
    if (at + n > f->n)
        resize(f, at + n);
    memcpy(f->seen + at, p, n);
    for (size_t s = at / SECTOR; s < (at + n + SECTOR - 1) / SECTOR; s++)
        f->dirty.at[s] = true;
}

/* Power loss: a coin for each sector, and one for the length.  Where the file had been cut but the
 * cut was lost, the old content is back. */
static void
lose(struct sim_disk *d, struct file *f)
{
    size_t n = f->kept_n, cut = f->n;

    if (f->exists != f->kept_exists && (next_random(d) & 1) != 0)
        f->exists = f->kept_exists;
    if (f->n > n && (next_random(d) & 1) != 0)
        n += (size_t)(next_random(d) % (f->n - f->kept_n + 1));
    else if (f->n < n && (next_random(d) & 1) != 0)
        n = f->n;
    if (n > f->n)
        resize(f, n);
    for (size_t s = 0; s * SECTOR < n; s++) {
        size_t from = s * SECTOR, size = n - from < SECTOR ? n - from : SECTOR;
        size_t old = from < f->kept_n ? f->kept_n - from : 0;

        if (from < cut && (!f->dirty.at[s] || (next_random(d) & 1) == 0))
            continue;
        memset(f->seen + from, 0, size);
        if (old > 0)
            memcpy(f->seen + from, f->kept + from, old < size ? old : size);
    }
    resize(f, n);
    sync_file(f);
}

void
sim_disk_freeze(struct sim_disk *d, bool frozen)
{
    d->frozen = frozen;
}

void
sim_disk_power_loss(struct sim_disk *d)
{
    for (size_t i = 0; i < d->files.n; i++) {
        CHECK(d->files.at[i]->open == 0);
        lose(d, d->files.at[i]);
    }
}

/* The methods of a file. */

static struct handle *
of(sqlite3_file *f)
{
    return (struct handle *)(void *)f;
}

static int
x_close(sqlite3_file *sf)
{
    struct handle *h = of(sf);

    h->file->open--;
    if (h->remove_on_close && !h->disk->frozen)
        h->file->exists = false;
    return SQLITE_OK;
}

static int
x_read(sqlite3_file *sf, void *to, int n, sqlite3_int64 at)
{
    const struct file *f = of(sf)->file;
    size_t want = (size_t)n, from = (size_t)at;
    size_t have = from < f->n ? f->n - from : 0;

    if (have >= want) {
        memcpy(to, f->seen + from, want);
        return SQLITE_OK;
    }
    memset(to, 0, want);
    if (have > 0)
        memcpy(to, f->seen + from, have);
    return SQLITE_IOERR_SHORT_READ;
}

static int
x_write(sqlite3_file *sf, const void *p, int n, sqlite3_int64 at)
{
    struct handle *h = of(sf);
    struct sim_disk *d = h->disk;

    if (d->frozen)
        return SQLITE_OK;
    d->writes++;
    if (d->fail_write > 0 && --d->fail_write == 0) {
        d->failed = true;
        return SQLITE_IOERR_WRITE;
    }
    if (!has_room(d, h->file, (size_t)at + (size_t)n))
        return SQLITE_FULL;
    write_file(h->file, p, (size_t)n, (size_t)at);
    return SQLITE_OK;
}

static int
x_truncate(sqlite3_file *sf, sqlite3_int64 size)
{
    if (!of(sf)->disk->frozen)
        resize(of(sf)->file, (size_t)size);
    return SQLITE_OK;
}

static int
x_sync(sqlite3_file *sf, int flags)
{
    struct handle *h = of(sf);
    struct sim_disk *d = h->disk;

    (void)flags;
    if (d->frozen)
        return SQLITE_OK;
    d->syncs++;
    if (d->fail_sync > 0 && --d->fail_sync == 0) {
        d->failed = true;
        return SQLITE_IOERR_FSYNC;
    }
    sync_file(h->file);
    return SQLITE_OK;
}

static int
x_size(sqlite3_file *sf, sqlite3_int64 *ret)
{
    *ret = (sqlite3_int64)of(sf)->file->n;
    return SQLITE_OK;
}

static int
x_lock(sqlite3_file *sf, int level)
{
    (void)sf, (void)level;
    return SQLITE_OK;
}

static int
x_check_lock(sqlite3_file *sf, int *ret)
{
    (void)sf;
    *ret = 0;
    return SQLITE_OK;
}

static int
x_control(sqlite3_file *sf, int op, void *arg)
{
    (void)sf, (void)op, (void)arg;
    return SQLITE_NOTFOUND;
}

static int
x_sector(sqlite3_file *sf)
{
    (void)sf;
    return SECTOR;
}

/* What the system's own VFS promises: bytes beside a write do not change. */
static int
x_traits(sqlite3_file *sf)
{
    (void)sf;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_size,
    .xLock = x_lock,
    .xUnlock = x_lock,
    .xCheckReservedLock = x_check_lock,
    .xFileControl = x_control,
    .xSectorSize = x_sector,
    .xDeviceCharacteristics = x_traits,
};

/* The methods of the disk. */

static struct sim_disk *
disk_of(sqlite3_vfs *v)
{
    return v->pAppData;
}

static int
v_open(sqlite3_vfs *v, const char *name, sqlite3_file *sf, int flags, int *ret_flags)
{
    struct sim_disk *d = disk_of(v);
    struct handle *h = of(sf);
    char unnamed[32];
    struct file *f;

    sf->pMethods = NULL;
    if (name == NULL) {
        snprintf(unnamed, sizeof unnamed, "temp-%zu", d->files.n);
        name = unnamed;
    }
    f = find(d, name);
    if ((f == NULL || !f->exists) && (flags & SQLITE_OPEN_CREATE) == 0)
        return SQLITE_CANTOPEN;
    f = find_or_add(d, name);
    if (!f->exists) {
        f->exists = true;
        resize(f, 0);
    }
    f->open++;
    *h = (struct handle){.base = {.pMethods = &methods},
                         .disk = d,
                         .file = f,
                         .remove_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0};
    if (ret_flags != NULL)
        *ret_flags = flags;
    return SQLITE_OK;
}

static int
v_delete(sqlite3_vfs *v, const char *name, int sync)
{
    struct file *f = find(disk_of(v), name);

    if (disk_of(v)->frozen)
        return SQLITE_OK;
    if (f == NULL || !f->exists)
        return SQLITE_IOERR_DELETE_NOENT;
    f->exists = false;
    resize(f, 0);
    if (sync)
        sync_file(f);
    return SQLITE_OK;
}

static int
v_access(sqlite3_vfs *v, const char *name, int flags, int *ret)
{
    const struct file *f = find(disk_of(v), name);

    (void)flags;
    *ret = f != NULL && f->exists;
    return SQLITE_OK;
}

static int
v_full_path(sqlite3_vfs *v, const char *name, int size, char *to)
{
    (void)v;
    snprintf(to, (size_t)size, "%s", name);
    return SQLITE_OK;
}

static int
v_random(sqlite3_vfs *v, int n, char *to)
{
    for (int i = 0; i < n; i++)
        to[i] = (char)next_random(disk_of(v));
    return n;
}

static int
v_sleep(sqlite3_vfs *v, int us)
{
    (void)v;
    return us;
}

static int
v_time(sqlite3_vfs *v, double *ret)
{
    (void)v;
    *ret = 2460000.5;
    return SQLITE_OK;
}

static int
v_error(sqlite3_vfs *v, int size, char *to)
{
    (void)v, (void)size, (void)to;
    return 0;
}

struct sim_disk *
sim_disk_new(uint64_t seed)
{
    struct sim_disk *d = NEW(struct sim_disk);

    d->random = seed;
    snprintf(d->name, sizeof d->name, "sim-%p", (void *)d);
    d->vfs = (sqlite3_vfs){.iVersion = 1,
                           .szOsFile = sizeof(struct handle),
                           .mxPathname = 512,
                           .zName = d->name,
                           .pAppData = d,
                           .xOpen = v_open,
                           .xDelete = v_delete,
                           .xAccess = v_access,
                           .xFullPathname = v_full_path,
                           .xRandomness = v_random,
                           .xSleep = v_sleep,
                           .xCurrentTime = v_time,
                           .xGetLastError = v_error};
    CHECK(sqlite3_vfs_register(&d->vfs, 0) == SQLITE_OK);
    return d;
}

void
sim_disk_free(struct sim_disk *d)
{
    sqlite3_vfs_unregister(&d->vfs);
    for (size_t i = 0; i < d->files.n; i++) {
        struct file *f = d->files.at[i];

        CHECK(f->open == 0);
        free(f->name);
        free(f->seen);
        free(f->kept);
        vec_done(&f->dirty);
        free(f);
    }
    vec_done(&d->files);
    free(d);
}

const char *
sim_disk_vfs(const struct sim_disk *d)
{
    return d->name;
}

void
sim_disk_fail_write(struct sim_disk *d, int nth)
{
    d->fail_write = nth;
    d->failed = false;
}

void
sim_disk_fail_sync(struct sim_disk *d, int nth)
{
    d->fail_sync = nth;
    d->failed = false;
}

void
sim_disk_set_capacity(struct sim_disk *d, int64_t bytes)
{
    d->capacity = bytes;
}

int64_t
sim_disk_writes(const struct sim_disk *d)
{
    return d->writes;
}

int64_t
sim_disk_syncs(const struct sim_disk *d)
{
    return d->syncs;
}

bool
sim_disk_has_failed(const struct sim_disk *d)
{
    return d->failed;
}

bool
sim_disk_put(struct sim_disk *d, const char *name, struct str bytes, bool sync)
{
    struct file *f = find_or_add(d, name);

    if (f->exists)
        return false;
    f->exists = true;
    resize(f, 0);
    write_file(f, bytes.p, bytes.n, 0);
    if (sync)
        sync_file(f);
    return true;
}

struct str
sim_disk_get(const struct sim_disk *d, const char *name)
{
    const struct file *f = find(d, name);

    return f != NULL && f->exists ? str_make(f->seen != NULL ? f->seen : "", f->n) : STR_NULL;
}

bool
sim_disk_remove(struct sim_disk *d, const char *name)
{
    return v_delete(&d->vfs, name, 0) == SQLITE_OK;
}
