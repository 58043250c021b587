#include "runner/process/eviction.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/job.h"
#include "runner/runtime.h"

enum { MAX_LEVELS = 128 };

struct measure {
    struct eviction *eviction; /* of the runtime, which outlives its jobs */
    char *pods_dir;
    char *largest; /* uid; NULL: none */
    int64_t bytes;
};

static int64_t
free_bytes(const char *dir)
{
    struct statvfs s;

    return statvfs(dir, &s) < 0 ? INT64_MAX : (int64_t)s.f_bavail * (int64_t)s.f_frsize;
}

/* What stays of a pod that is over does not count: it cannot be evicted. */
static bool
is_record(const char *name, unsigned level)
{
    static const char *const records[] = {"log", "log.tail", "result", "started", "exit"};

    for (size_t i = 0; level == 2 && i < ARRAY_LEN(records); i++)
        if (strcmp(name, records[i]) == 0)
            return true;
    return false;
}

/* What a tree takes on the disk, links not followed. */
static int64_t
tree_bytes(int at, const char *name, unsigned level)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    int64_t sum = 0;

    if (d == NULL) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        struct stat st;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            is_record(entry->d_name, level) ||
            fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (!S_ISDIR(st.st_mode))
            sum += (int64_t)st.st_blocks * 512;
        if (S_ISDIR(st.st_mode) && level < MAX_LEVELS)
            sum += tree_bytes(fd, entry->d_name, level + 1);
    }
    closedir(d);
    return sum;
}

static void
work(void *arg)
{
    struct measure *m = arg;
    DIR *d = opendir(m->pods_dir);

    if (d == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        int64_t bytes;

        if (entry->d_name[0] == '.')
            continue;
        bytes = tree_bytes(dirfd(d), entry->d_name, 0);
        if (bytes <= m->bytes)
            continue;
        m->bytes = bytes;
        free(m->largest);
        m->largest = xstrdup(entry->d_name);
    }
    closedir(d);
}

static void
done(void *arg)
{
    struct measure *m = arg;
    struct eviction *v = m->eviction;
    char message[200];

    v->measuring = false;
    if (m->largest != NULL && v->runtime != NULL) {
        snprintf(message, sizeof message,
                 "The node was low on resource: ephemeral-storage. Threshold quantity: %" PRId64
                 ", available: %" PRId64 ".",
                 v->reserve_bytes, free_bytes(v->data_dir));
        log_warn(m->largest, "evicted, with %" PRId64 " bytes: %s", m->bytes, message);
        v->runtime->ops->stop(v->runtime, m->largest, 0, "Evicted", message);
    }
    free(m->largest);
    free(m->pods_dir);
    free(m);
}

static void
on_timer(void *arg)
{
    struct eviction *v = arg;
    struct measure *m;

    if (v->runtime->ops->count(v->runtime) == 0)
        return;
    timer_after(&v->timer, EVICTION_PAUSE_US);
    if (v->measuring || free_bytes(v->data_dir) >= v->reserve_bytes)
        return;
    m = NEW(struct measure);
    m->eviction = v;
    m->pods_dir = xasprintf("%s/pods", v->data_dir);
    v->measuring = true;
    job_run(v->loop, work, done, m);
}

void
eviction_init(struct eviction *v, struct loop *l, const char *data_dir, int64_t reserve_bytes,
              struct runtime *r)
{
    *v = (struct eviction){
        .loop = l, .data_dir = data_dir, .reserve_bytes = reserve_bytes, .runtime = r};
    timer_init(&v->timer, l, on_timer, v);
}

void
eviction_watch(struct eviction *v)
{
    if (v->reserve_bytes > 0 && !timer_is_armed(&v->timer))
        timer_after(&v->timer, EVICTION_PAUSE_US);
}

void
eviction_stop(struct eviction *v)
{
    timer_stop(&v->timer);
    v->runtime = NULL;
}
