/*
 * What the containers of a pod share, where there are several: a holder is started before the first
 * of them, adopted after a restart, replaced if it is lost, and ended with the pod.
 */
#include "runner/process/podholder.h"

#include "base/err.h"
#include "runner/process/procpod.h"
#include "runner/process/spawner.h"

/* Half of what the containers together may use; 0 if one of them has no limit. */
static uint64_t
shm_bytes(const struct podspec *s)
{
    uint64_t sum = 0;

    for (size_t i = s->init_n; i < s->containers_n; i++) {
        if (s->containers[i].resources.memory_limit <= 0)
            return 0;
        sum += (uint64_t)s->containers[i].resources.memory_limit;
    }
    return sum / 2;
}

static void
launch_waiting(struct procpod *p)
{
    for (size_t i = 0; i < p->spec->containers_n; i++) {
        struct proc_container *c = &p->containers[i];

        if (!c->awaits_holder)
            continue;
        c->awaits_holder = false;
        procpod_hold_launch(c);
    }
}

static void
on_known(void *arg)
{
    struct procpod *p = arg;

    if (!p->holder_asked) {
        launch_waiting(p);
        return;
    }
    p->holder_asked = false;
    procpod_known(p);
}

static void
on_failed(void *arg, int code, const char *text)
{
    struct procpod *p = arg;

    (void)code;
    for (size_t i = 0; i < p->spec->containers_n; i++) {
        struct proc_container *c = &p->containers[i];

        if (!c->awaits_holder)
            continue;
        c->awaits_holder = false;
        procpod_fail_launch(c, 128, "CreatePodSandboxError", text);
    }
}

static void
on_lost(void *arg)
{
    struct procpod *p = arg;
    struct runtime_event note = {
        .type = RUNTIME_NOTE,
        .warning = true,
        .reason = "SandboxChanged",
        .message = "the holder of what the pod's containers share is gone: those that start from "
                   "now on share a new /dev/shm and IPC namespace",
    };

    procpod_emit(p, &note);
}

static void
on_over(void *arg)
{
    struct procpod *p = arg;

    p->holder_over = true;
    if (p->saved)
        procpod_end(p);
}

static const struct podholder_handler handler = {on_known, on_failed, on_lost, on_over};

void
procpod_hold_init(struct procpod *p)
{
    if (p->spec->containers_n > 1)
        p->holder = podholder_new(p->runtime->config.loop, p->runtime->config.data_dir,
                                  p->plan->uid, &handler, p);
}

void
procpod_hold_launch(struct proc_container *c)
{
    struct procpod *p = c->pod;
    const struct process_runtime *r = p->runtime;
    struct podholder_spec spec = {
        .level = r->level,
        .id_base = p->plan->id_base,
        .die_with_server = r->config.die_with_server,
        .shm_bytes = shm_bytes(p->spec),
    };
    int dir = podholder_dir(p->holder);

    if (dir >= 0) {
        procpod_spawn(c, dir);
        return;
    }
    c->awaits_holder = true;
    spec.hostname = str_dup_arena(&p->arena, p->spec->hostname);
    podholder_start(p->holder, r->spawner, &spec);
}
