#include "runner/process/process_runtime.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/json.h"
#include "io/file.h"
#include "io/job.h"
#include "runner/podio.h"
#include "runner/process/attempt.h"
#include "runner/process/eviction.h"
#include "runner/process/procpod.h"
#include "runner/process/reclaim.h"
#include "runner/process/spawner.h"
#include "sandbox/boxmsg.h"
#include "sandbox/boxrecord.h"

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

/* Without isolation, paths that a spec fixes are the machine's: pods that have some run one after
 * another.  Each asks for the whole machine. */
static void
make_exclusive(struct process_runtime *r, struct procpod *p)
{
    const struct podio *io = p->spec->io;
    size_t own = p->plan->api_volume != NULL; /* not to be had without isolation */
    bool fixed = json_count(p->spec->volumes) > own || io->parameters_n > 0 || io->artifacts_n > 0;

    for (size_t i = 0; i < io->inputs_n; i++)
        fixed |= !io->inputs[i].anywhere;
    if (r->level == LEVEL_NONE && fixed && p->admission.state == ADMISSION_QUEUED)
        p->admission.cpu_milli = r->admission.cpu_milli;
}

/* A pod without an address of its own has the ports of its containers on the machine. */
static void
claim_ports(struct process_runtime *r, struct procpod *p)
{
    struct admission_port *ports;
    size_t n = 0, room = 0;

    if (procpod_address(p) != 0 || p->admission.ports != NULL)
        return;
    for (size_t i = 0; i < p->spec->containers_n; i++)
        room += json_count(json_get(p->spec->containers[i].root, "ports"));
    ports = ARENA_ARRAY(&p->arena, struct admission_port, room + 1);
    for (size_t i = 0; i < p->spec->containers_n; i++) {
        if (p->spec->containers[i].role == CONTAINER_INIT)
            continue; /* it has ended before the others listen */
        JSON_EACH (it, json_get(p->spec->containers[i].root, "ports")) {
            struct str protocol = json_str(json_get(it.value, "protocol"));
            int64_t port;

            if (json_int(json_get(it.value, "containerPort"), &port) && !str_is(protocol, "SCTP"))
                ports[n++] = (struct admission_port){(uint16_t)port, str_is(protocol, "UDP")};
        }
    }
    admission_claim(&r->admission, &p->admission, ports, n);
}

static void
tell_queued(struct procpod *p)
{
    cleanup_buf struct buf reason = BUF_INIT;
    struct runtime_event event = {.type = RUNTIME_QUEUED};

    if (p->admission.state != ADMISSION_QUEUED)
        return;
    admission_reason(&p->runtime->admission, &p->admission, &reason);
    event.message = buf_cstring(&reason);
    procpod_emit(p, &event);
}

/* A device that this machine does not have, or with strict requests more than its size: the pod
 * waits as it would on a cluster without such a node, until it is deleted. */
static bool
refuse_unschedulable(struct procpod *p, const struct podspec_resources *requests)
{
    const struct process_runtime *r = p->runtime;
    bool strict = r->config.strict_requests;
    bool cpu = strict && requests->cpu_request > r->machine.cpu_milli;
    bool memory = strict && requests->memory_request > r->machine.memory_bytes;
    struct str device = p->spec->device;
    char message[160];
    struct runtime_event event = {
        .type = RUNTIME_QUEUED, .reason = "Unschedulable", .message = message};

    if (!cpu && !memory && device.n == 0)
        return false;
    if (device.n > 0)
        snprintf(message, sizeof message, "0/1 nodes are available: 1 Insufficient %.*s.",
                 device.n < 100 ? (int)device.n : 100, device.p);
    else
        snprintf(message, sizeof message, "0/1 nodes are available: 1 %s%s%s.",
                 cpu ? "Insufficient cpu" : "", cpu && memory ? ", 1 " : "",
                 memory ? "Insufficient memory" : "");
    procpod_emit(p, &event);
    return true;
}

static void
note_clamped(struct procpod *p)
{
    struct runtime_event event = {.type = RUNTIME_NOTE,
                                  .warning = true,
                                  .reason = "RequestsClamped",
                                  .message = "the pod requests more than this machine has; it "
                                             "runs with what there is"};

    procpod_emit(p, &event);
}

static void
start(struct runtime *runtime, struct plan *plan)
{
    struct process_runtime *r = self_of(runtime);
    struct procpod *p = add(r, plan);
    struct podspec_resources requests;

    if (p == NULL)
        return;
    requests = podspec_requests(p->spec);
    if (refuse_unschedulable(p, &requests))
        return;
    if (admission_queue(&r->admission, &p->admission, p->plan->namespace, p->plan->name,
                        requests.cpu_request, requests.memory_request))
        note_clamped(p);
    if (!r->ready)
        return; /* on_ready() goes on with those that wait */
    make_exclusive(r, p);
    claim_ports(r, p);
    admission_run(&r->admission);
    tell_queued(p);
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
    struct podspec_resources requests;
    struct procpod *p;

    if (!was_prepared(r, plan->uid)) {
        start(runtime, plan);
        return;
    }
    p = add(r, plan);
    if (p == NULL)
        return;
    requests = podspec_requests(p->spec);
    admission_adopt(&r->admission, &p->admission, p->plan->namespace, p->plan->name,
                    requests.cpu_request, requests.memory_request);
    if (r->ready)
        claim_ports(r, p);
    procpod_adopt(p);
}

static void
open_admission(struct process_runtime *r)
{
    if (!r->ready || !r->recovered)
        return;
    admission_open(&r->admission);
    MAP_EACH (&r->pods, it) {
        tell_queued(it.value);
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

/* Removing trees takes its time: a job with a copy of what it needs. */
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

static void
remove_pod(struct process_runtime *r, const char *uid, bool all)
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

static void
release(struct runtime *runtime, const char *uid)
{
    remove_pod(self_of(runtime), uid, false);
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
    remove_pod(r, uid, true);
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

/* A command that somebody asked for; it frees itself at its end. */
struct exec_call {
    struct attempt_exec *exec;
    const struct runtime_exec_handler *handler;
    void *arg;
};

static void
on_exec_output(void *arg, int stream, struct str bytes)
{
    struct exec_call *x = arg;

    x->handler->on_output(x->arg, stream, bytes.p, bytes.n);
}

static void
on_exec_end(void *arg, int code, const char *error)
{
    struct exec_call *x = arg;

    x->handler->on_exit(x->arg, code, error);
    attempt_exec_free(x->exec);
    free(x);
}

static const struct attempt_exec_handler exec_handler = {.on_output = on_exec_output,
                                                         .on_end = on_exec_end};

static int
exec(struct runtime *runtime, const struct runtime_exec_spec *spec,
     const struct runtime_exec_handler *handler, void *arg, struct err *e)
{
    struct process_runtime *r = self_of(runtime);
    struct proc_container *c = running_container(r, spec->uid, spec->container, e);
    struct exec_call *x;

    if (c == NULL)
        return e->code;
    x = NEW(struct exec_call);
    x->handler = handler;
    x->arg = arg;
    x->exec = attempt_exec_open(
        r->config.loop, attempt_dir(c->attempt),
        &(struct attempt_exec_spec){.argv = spec->argv, .timeout_us = spec->timeout_us},
        &exec_handler, x, e);
    if (x->exec == NULL) {
        free(x);
        return e->code;
    }
    return 0;
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
    return spawner_leave(self_of(runtime)->spawner);
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

        make_exclusive(r, p);
        claim_ports(r, p);
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
