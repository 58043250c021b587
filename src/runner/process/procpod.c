#include "runner/process/procpod.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "data/json.h"
#include "io/file.h"
#include "runner/podio.h"
#include "runner/process/attempt.h"

static const char *const stage_names[] = {"queued",  "adopting", "preparing",
                                          "running", "saving",   "over"};

const char *
procpod_stage_name(const struct procpod *p)
{
    return stage_names[p->stage];
}

void
procpod_enter(struct procpod *p, enum procpod_stage next)
{
    log_debug(p->plan->name, "process: %s -> %s", stage_names[p->stage], stage_names[next]);
    p->stage = next;
    p->stage_us = loop_wall_us(p->runtime->config.loop);
}

void
procpod_emit(struct procpod *p, struct runtime_event *event)
{
    const struct process_runtime_config *c = &p->runtime->config;

    event->uid = p->plan->uid;
    if (event->at_us == 0)
        event->at_us = loop_wall_us(c->loop);
    c->on_event(c->arg, event);
}

size_t
procpod_first_main(const struct podspec *s)
{
    for (size_t i = s->init_n; i < s->containers_n; i++)
        if (s->containers[i].role == CONTAINER_MAIN)
            return i;
    return s->init_n;
}

bool
procpod_is_main(const struct proc_container *c)
{
    return c->spec->index == procpod_first_main(c->pod->spec);
}

uint32_t
procpod_address(const struct procpod *p)
{
    return p->runtime->network ? p->plan->address : 0;
}

void
procpod_ip(const struct procpod *p, char ret[INET_ADDRSTRLEN])
{
    struct in_addr a = {htonl(procpod_address(p))};

    if (a.s_addr == 0)
        snprintf(ret, INET_ADDRSTRLEN, "%s", p->runtime->machine.pod_ip);
    else
        (void)inet_ntop(AF_INET, &a, ret, INET_ADDRSTRLEN);
}

struct source_machine
procpod_machine(struct procpod *p)
{
    struct source_machine m = p->runtime->machine;
    char ip[INET_ADDRSTRLEN];

    procpod_ip(p, ip);
    m.pod_ip = arena_printf(&p->arena, "%s", ip);
    return m;
}

/* Life asks here. */

static void
do_launch(void *driver, size_t container, unsigned number)
{
    struct procpod *p = driver;
    struct proc_container *c = &p->containers[container];
    struct err e = ERR_INIT;

    if (procpod_open_attempt(c, number, &e) < 0)
        procpod_fail_launch(c, 128, "StartError", e.msg);
    else if (p->holder != NULL && p->runtime->level != LEVEL_NONE)
        procpod_hold_launch(c);
    else
        procpod_spawn(c, -1);
}

static void
do_terminate(void *driver, size_t container, int64_t grace_us)
{
    struct procpod *p = driver;

    if (p->containers[container].attempt != NULL)
        attempt_stop(p->containers[container].attempt, grace_us);
}

static void
do_probe(void *driver, size_t container, enum life_probe which, const struct podspec_probe *probe)
{
    struct procpod *p = driver;

    procpod_probe(&p->containers[container], which, probe);
}

static void
do_emit(void *driver, const struct runtime_event *event)
{
    struct procpod *p = driver;
    struct runtime_event copy = *event;

    copy.host_network =
        event->type == RUNTIME_STARTED && p->runtime->ready && procpod_address(p) == 0;
    procpod_emit(p, &copy);
}

static void
do_over(void *driver)
{
    struct procpod *p = driver;

    p->is_over = true;
    if (p->holder != NULL)
        podholder_stop(p->holder);
    if (!p->job)
        procpod_save(p);
}

static const struct life_driver life_driver = {do_launch, do_terminate, do_probe, do_emit, do_over};

static void
on_prepare(void *arg)
{
    procpod_prepare(arg);
}

struct procpod *
procpod_new(struct process_runtime *r, struct plan *plan, struct err *e)
{
    struct procpod *p = NEW(struct procpod);

    p->runtime = r;
    p->plan = plan_ref(plan);
    p->dir = xasprintf("%s/pods/%s", r->config.data_dir, plan->uid);
    p->queued_us = p->stage_us = loop_wall_us(r->config.loop);
    p->outputs.dir = -1;
    task_init(&p->prepare, r->config.loop, on_prepare, p);
    list_init(&p->link);
    list_init(&p->admission.link);
    if (!file_is_plain_path(str_of(plan->uid)) || strchr(plan->uid, '/') != NULL) {
        err_set(e, ERR_INVALID, "metadata.uid: '%s' is no uid", plan->uid);
        procpod_free(p);
        return NULL;
    }
    if (podspec_parse(json_root(plan->pod), &p->arena, &p->spec, e) < 0) {
        p->spec = NULL;
        procpod_free(p);
        return NULL;
    }
    p->containers = NEW_ARRAY(struct proc_container, p->spec->containers_n);
    for (size_t i = 0; i < p->spec->containers_n; i++) {
        struct proc_container *c = &p->containers[i];

        c->pod = p;
        c->spec = &p->spec->containers[i];
        procpod_attempts_init(c);
        procpod_probes_init(c);
    }
    procpod_hold_init(p);
    p->life = life_new(r->config.loop, p->spec, p->plan, &life_driver, p);
    return p;
}

void
procpod_stop(struct procpod *p, int64_t grace_us, const char *reason, const char *message)
{
    life_stop(p->life, grace_us, reason, message);
}

void
procpod_free_later(struct procpod *p)
{
    struct process_runtime *r = p->runtime;

    map_remove(&r->pods, str_of(p->plan->uid));
    admission_leave(&r->admission, &p->admission);
    list_remove(&p->link);
    list_append(&r->refusals, &p->link);
    task_post(&r->sweep);
    admission_run(&r->admission);
}

void
procpod_free(struct procpod *p)
{
    list_remove(&p->link);
    if (p->job) {
        p->freed = true; /* the job's end frees it */
        return;
    }
    task_cancel(&p->prepare);
    life_free(p->life);
    podholder_free(p->holder);
    for (size_t i = 0; p->containers != NULL && i < p->spec->containers_n; i++) {
        struct proc_container *c = &p->containers[i];

        task_cancel(&c->fail);
        procpod_probes_stop(c);
        attempt_free(c->attempt);
        free(c->fail_reason);
        free(c->fail_message);
    }
    free(p->containers);
    outputs_done(&p->outputs);
    if (p->spec != NULL)
        json_doc_unref(p->spec->io->doc);
    arena_done(&p->arena);
    plan_unref(p->plan);
    free(p->names);
    free(p->trouble_text);
    free(p->dir);
    free(p);
}
