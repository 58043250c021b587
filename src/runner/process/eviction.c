#include "runner/process/eviction.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "io/job.h"
#include "runner/admission.h"
#include "runner/runtime.h"

enum { MAX_LEVELS = 128, LEAST_BYTES = 1024 * 1024, REST_LOOKS = 10 };

struct measure {
    struct eviction *eviction; /* of the runtime, which outlives its jobs */
    char *pods_dir;
    VEC(char *) uids;
    size_t largest; /* index; uids.n: none */
    int64_t bytes;
};

static int64_t
free_bytes(const char *dir)
{
    struct statvfs s;

    return statvfs(dir, &s) < 0 ? INT64_MAX : (int64_t)s.f_bavail * (int64_t)s.f_frsize;
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
    cleanup_close int pods = open(m->pods_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (size_t i = 0; pods >= 0 && i < m->uids.n; i++) {
        int64_t bytes = tree_bytes(pods, m->uids.at[i], 0);

        if (bytes < LEAST_BYTES || bytes <= m->bytes)
            continue;
        m->bytes = bytes;
        m->largest = i;
    }
}

static void
evict(struct eviction *v, const char *uid, int64_t bytes)
{
    const struct eviction_config *c = &v->config;
    char message[200];

    snprintf(message, sizeof message,
             "The node was low on resource: ephemeral-storage. Threshold quantity: %" PRId64
             ", available: %" PRId64 ".",
             c->reserve_bytes, free_bytes(c->data_dir));
    log_warn(uid, "evicted, with %" PRId64 " bytes: %s", bytes, message);
    free(v->evicted);
    v->evicted = xstrdup(uid);
    c->runtime->ops->stop(c->runtime, uid, 0, "Evicted", message);
}

static void
done(void *arg)
{
    struct measure *m = arg;
    struct eviction *v = m->eviction;

    v->measuring = false;
    if (m->largest == m->uids.n)
        v->rest = REST_LOOKS;
    else if (!v->stopped)
        evict(v, m->uids.at[m->largest], m->bytes);
    for (size_t i = 0; i < m->uids.n; i++)
        free(m->uids.at[i]);
    vec_done(&m->uids);
    free(m->pods_dir);
    free(m);
}

static void
measure(struct eviction *v)
{
    struct measure *m = NEW(struct measure);

    m->eviction = v;
    m->pods_dir = xasprintf("%s/pods", v->config.data_dir);
    MAP_EACH (v->config.pods, it) {
        vec_push(&m->uids, str_dup(it.key));
    }
    m->largest = m->uids.n;
    v->measuring = true;
    job_run(v->config.loop, work, done, m);
}

static bool
is_ending(const struct eviction *v)
{
    return v->evicted != NULL && map_get(v->config.pods, str_of(v->evicted)) != NULL;
}

static void
on_timer(void *arg)
{
    struct eviction *v = arg;
    const struct eviction_config *c = &v->config;
    bool low = free_bytes(c->data_dir) < c->reserve_bytes;

    admission_alone(c->admission, low);
    if (c->pods->n == 0)
        return;
    timer_after(&v->timer, EVICTION_PAUSE_US);
    if (v->rest > 0)
        v->rest--;
    else if (low && !v->measuring && !is_ending(v))
        measure(v);
}

void
eviction_init(struct eviction *v, const struct eviction_config *config)
{
    *v = (struct eviction){.config = *config};
    timer_init(&v->timer, config->loop, on_timer, v);
}

void
eviction_watch(struct eviction *v)
{
    if (v->config.reserve_bytes > 0 && !timer_is_armed(&v->timer))
        timer_after(&v->timer, EVICTION_PAUSE_US);
}

void
eviction_stop(struct eviction *v)
{
    timer_stop(&v->timer);
    free(TAKE(v->evicted));
    v->stopped = true;
}
