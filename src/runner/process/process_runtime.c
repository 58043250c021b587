#include "runner/process/process_runtime.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "io/file.h"
#include "io/job.h"
#include "runner/process/attempt.h"
#include "runner/process/eviction.h"
#include "runner/process/procpod.h"
#include "runner/process/removals.h"
#include "runner/process/spawner.h"
#include "sandbox/boxmsg.h"

enum { KUBELET_MAX_PODS = 110 };

static struct process_runtime *
self_of(struct runtime *r)
{
    return CONTAINER_OF(r, struct process_runtime, runtime);
}

static struct procpod *
find(struct process_runtime *r, const char *uid)
{
    return map_get(&r->pods, str_of(uid));
}

char *
process_log_path(const char *uid, const char *container, unsigned attempt)
{
    return xasprintf("pods/%s/%s/%u/log", uid, container, attempt);
}

char *
process_attempt_id(const char *uid, const char *container, unsigned attempt)
{
    return xasprintf("%s/%s/%u", uid, container, attempt);
}

int
process_boot_id(char **ret, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;

    if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 256, &text, e) < 0)
        return e->code;
    *ret = str_dup(str_trim(buf_view(&text)));
    return 0;
}

static void
on_admit(struct admission_pod *admitted)
{
    procpod_prepare(CONTAINER_OF(admitted, struct procpod, admission));
}

/* Pods are freed here, where no callback of theirs is on the stack. */
static void
on_sweep(void *arg)
{
    struct process_runtime *r = arg;

    for (struct list *at = list_shift(&r->refusals); at != NULL; at = list_shift(&r->refusals))
        procpod_free(LIST_ITEM(at, struct procpod, link));
}

/* A pod that cannot even be read is over before it began.  It has been read before, when its intent
 * was recorded: memory that is short only now must not make it wrong. */
static void
reject(struct process_runtime *r, struct plan *plan, const struct err *e)
{
    struct runtime_event event = {.type = RUNTIME_ENDED,
                                  .uid = plan->uid,
                                  .at_us = loop_wall_us(r->config.loop),
                                  .phase = "Failed",
                                  .reason = "InvalidSpec",
                                  .message = e->msg};

    if (e->code == ERR_UNAVAILABLE)
        mem_exhausted();
    r->config.on_event(r->config.arg, &event);
}

static struct procpod *
add(struct process_runtime *r, struct plan *plan)
{
    struct err e = ERR_INIT;
    struct procpod *p;

    if (find(r, plan->uid) != NULL)
        return NULL;
    p = procpod_new(r, plan, &e);
    if (p == NULL) {
        reject(r, plan, &e);
        return NULL;
    }
    map_put(&r->pods, str_of(plan->uid), p);
    eviction_watch(&r->eviction);
    return p;
}

static void
start(struct runtime *runtime, struct plan *plan)
{
    struct process_runtime *r = self_of(runtime);
    struct procpod *p = add(r, plan);

    if (p != NULL)
        procpod_queue(p);
}

/* One that was still waiting for its turn has no folder yet, so nothing of it can be running: it
 * waits for its turn again. */
static bool
was_prepared(const struct process_runtime *r, const char *uid)
{
    cleanup_free char *dir = xasprintf("%s/pods/%s", r->config.data_dir, uid);

    return access(dir, F_OK) == 0;
}

static void
adopt(struct runtime *runtime, struct plan *plan)
{
    struct process_runtime *r = self_of(runtime);
    struct procpod *p;

    if (!was_prepared(r, plan->uid)) {
        start(runtime, plan);
        return;
    }
    p = add(r, plan);
    if (p == NULL)
        return;
    procpod_queue_adopted(p);
    procpod_adopt(p);
}

static void
open_admission(struct process_runtime *r)
{
    if (!r->ready || !r->recovered)
        return;
    admission_open(&r->admission);
    MAP_EACH (&r->pods, it) {
        procpod_tell_queued(it.value);
    }
}

static void
recovered(struct runtime *runtime)
{
    struct process_runtime *r = self_of(runtime);

    r->recovered = true;
    open_admission(r);
}

static void
again(struct runtime *runtime, const char *uid, const char *container, unsigned attempt)
{
    struct procpod *p = find(self_of(runtime), uid);
    const struct podspec_container *c =
        p != NULL ? podspec_container(p->spec, str_of(container)) : NULL;

    if (c != NULL)
        life_again(p->life, c->index, attempt);
}

static void
stop(struct runtime *runtime, const char *uid, int64_t grace_us, const char *reason,
     const char *message)
{
    struct procpod *p = find(self_of(runtime), uid);

    if (p != NULL)
        procpod_stop(p, grace_us, reason, message);
}

static void
refresh(struct runtime *runtime, struct plan *newer)
{
    struct procpod *p = find(self_of(runtime), newer->uid);

    if (p != NULL)
        procpod_refresh(p, newer);
}

static void
release(struct runtime *runtime, const char *uid)
{
    removals_add(self_of(runtime)->removals, uid, false);
}

static void
forget(struct runtime *runtime, const char *uid)
{
    struct process_runtime *r = self_of(runtime);
    struct procpod *p = find(r, uid);

    if (p != NULL) { /* its object went without waiting for its end */
        procpod_stop(p, 0, NULL, NULL);
        return;
    }
    removals_add(r->removals, uid, true);
}

static struct proc_container *
running_container(struct process_runtime *r, const char *uid, const char *name, struct err *e)
{
    struct procpod *p = find(r, uid);
    const struct podspec_container *c = p != NULL ? podspec_container(p->spec, str_of(name)) : NULL;

    if (c == NULL || p->containers[c->index].attempt == NULL ||
        !attempt_is_running(p->containers[c->index].attempt)) {
        err_set(e, ERR_CONFLICT, "container %s is not running", name);
        return NULL;
    }
    return &p->containers[c->index];
}

static int
send_signal(struct runtime *runtime, const char *uid, const char *container, int sig, struct err *e)
{
    struct proc_container *c = running_container(self_of(runtime), uid, container, e);

    return c != NULL ? attempt_signal(c->attempt, sig, e) : e->code;
}

static int
exec(struct runtime *runtime, const struct runtime_exec_spec *spec,
     const struct runtime_exec_handler *handler, void *arg, struct err *e)
{
    struct proc_container *c = running_container(self_of(runtime), spec->uid, spec->container, e);

    return c != NULL ? procpod_exec(c, spec, handler, arg, e) : e->code;
}

static void
dump(struct runtime *runtime, struct buf *to)
{
    struct process_runtime *r = self_of(runtime);
    int64_t now = loop_wall_us(r->config.loop);

    buf_printf(to, "process runtime: level %s, %zu pods, %zu queued, %zu starting\n",
               level_name(r->level), r->pods.n, r->admission.queued, r->admission.starting);
    MAP_EACH (&r->pods, it) {
        const struct procpod *p = it.value;

        buf_printf(to, "  %s/%s %s for %.1f s, known for %.1f s:", p->plan->namespace,
                   p->plan->name, procpod_stage_name(p), (double)(now - p->stage_us) / CLOCK_SECOND,
                   (double)(now - p->queued_us) / CLOCK_SECOND);
        for (size_t i = 0; i < p->spec->containers_n; i++)
            buf_printf(to, " %.*s %s (attempt %u)", STR_ARG(p->spec->containers[i].name),
                       life_state_name(p->life, i), life_attempt(p->life, i));
        buf_char(to, '\n');
    }
}

static size_t
count(struct runtime *runtime)
{
    return self_of(runtime)->pods.n;
}

bool
process_runtime_leave(struct runtime *runtime)
{
    struct process_runtime *r = self_of(runtime);
    bool left = spawner_leave(r->spawner);

    if (left)
        removals_leave(r->removals);
    return left;
}

static void
free_runtime(struct runtime *runtime)
{
    struct process_runtime *r = self_of(runtime);

    eviction_stop(&r->eviction);
    spawner_free(TAKE(r->spawner));
    MAP_EACH (&r->pods, it) {
        struct procpod *p = it.value;

        list_append(&r->refusals, &p->link);
    }
    on_sweep(r);
    removals_free(TAKE(r->removals));
    /* Jobs that still run hold pods, which need the runtime: let them end. */
    while (job_count(r->config.loop) > 0)
        loop_turn(r->config.loop, true);
    on_sweep(r);
    task_cancel(&r->sweep);
    map_done(&r->pods);
    admission_done(&r->admission);
    netprobe_ground_done(&r->netprobes);
    free(r->boot_id);
    free(r);
}

static const struct runtime_ops process_ops = {
    .name = "process",
    .start = start,
    .adopt = adopt,
    .recovered = recovered,
    .again = again,
    .stop = stop,
    .refresh = refresh,
    .release = release,
    .forget = forget,
    .signal = send_signal,
    .exec = exec,
    .dump = dump,
    .count = count,
    .free = free_runtime,
};

static void
on_ready(void *arg, const struct boxmsg_ready *ready)
{
    struct process_runtime *r = arg;

    r->level = (enum level)ready->level;
    r->network = false;
    for (size_t i = 0; i < ready->findings_n && r->level != LEVEL_NONE; i++)
        if (strcmp(ready->findings[i].name, "network") == 0)
            r->network = ready->findings[i].have;
    if (!r->told_ready && r->config.on_ready != NULL)
        r->config.on_ready(r->config.arg, ready);
    r->told_ready = true;
    if (r->ready)
        return;
    r->ready = true;
    MAP_EACH (&r->pods, it) {
        struct procpod *p = it.value;

        procpod_claim(p);
        if (p->stage == PROC_PREPARING)
            task_post(&p->prepare);
    }
    open_admission(r);
}

static int64_t
machine_memory(void)
{
    return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

struct runtime *
process_runtime_new(const struct process_runtime_config *config, struct err *e)
{
    struct process_runtime *r = NEW(struct process_runtime);
    int64_t cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct spawner_config spawner = {
        .init_path = config->init_path,
        .data_dir = config->data_dir,
        .level = config->level,
        .shared = config->shared,
        .id_base = config->first_id_base,
        .recall = config->recall,
        .die_with_server = config->die_with_server,
        .temporary = config->temporary,
    };

    *r = (struct process_runtime){.runtime = {&process_ops}, .config = *config};
    r->machine = (struct source_machine){cores * 1000, machine_memory(), "localhost", "127.0.0.1",
                                         "127.0.0.1"};
    r->level = LEVEL_NONE;
    netprobe_ground_init(&r->netprobes, config->loop);
    list_init(&r->refusals);
    r->removals =
        removals_new(config->loop, config->data_dir, config->init_path, config->temporary);
    task_init(&r->sweep, config->loop, on_sweep, r);
    eviction_init(&r->eviction, &(struct eviction_config){.loop = config->loop,
                                                          .data_dir = config->data_dir,
                                                          .reserve_bytes = config->reserve_bytes,
                                                          .pods = &r->pods,
                                                          .admission = &r->admission,
                                                          .runtime = &r->runtime});
    admission_init(&r->admission, config->max_starts != 0 ? config->max_starts : 2 * (size_t)cores,
                   config->max_pods != 0 ? config->max_pods : KUBELET_MAX_PODS, cores * 1000,
                   r->machine.memory_bytes, on_admit);
    if (process_boot_id(&r->boot_id, e) < 0) {
        netprobe_ground_done(&r->netprobes);
        removals_free(r->removals);
        free(r);
        return NULL;
    }
    r->spawner = spawner_new(config->loop, &spawner, on_ready, r, e);
    if (r->spawner == NULL) {
        free_runtime(&r->runtime);
        return NULL;
    }
    return &r->runtime;
}
