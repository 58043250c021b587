/*
 * What is left of a pod on the disk goes: all of it, or what only a running pod needs.  That takes
 * its time, so it is a job, with a copy of what it needs.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "io/file.h"
#include "io/job.h"
#include "runner/process/procpod.h"
#include "runner/process/reclaim.h"
#include "sandbox/boxrecord.h"

struct removal {
    char *data_dir, *uid, *init_path;
    bool all;
};

static void
remove_work(void *arg)
{
    struct removal *m = arg;
    cleanup_free char *dir = xasprintf("%s/pods/%s", m->data_dir, m->uid);
    cleanup_free char *holder = xasprintf("%s/" BOX_HOLDERS "/%s", m->data_dir, m->uid);
    struct err e = ERR_INIT;

    volumes_remove_tmpfs(m->uid);
    if (file_remove_tree(AT_FDCWD, holder, &e) < 0)
        log_warn(m->uid, "%s", e.msg);
    e = ERR_INIT;
    if (m->all)
        (void)reclaim_and_remove(m->init_path, dir, &e);
    else
        procpod_remove_layers(dir, &e);
    if (e.code < 0 && !m->all && geteuid() != 0) {
        e = ERR_INIT;
        if (reclaim_directory(m->init_path, dir, &e) == 0)
            procpod_remove_layers(dir, &e);
    }
    if (e.code < 0)
        log_warn(m->uid, "%s", e.msg);
}

static void
remove_done(void *arg)
{
    struct removal *m = arg;

    free(m->data_dir);
    free(m->uid);
    free(m->init_path);
    free(m);
}

void
procpod_remove(struct process_runtime *r, const char *uid, bool all)
{
    struct removal *m = NEW(struct removal);

    if (!file_is_plain_path(str_of(uid))) {
        free(m);
        return;
    }
    *m = (struct removal){xstrdup(r->config.data_dir), xstrdup(uid), xstrdup(r->config.init_path),
                          all};
    job_run(r->config.loop, remove_work, remove_done, m);
}
