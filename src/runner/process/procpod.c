#include "runner/process/procpod.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "data/json.h"
#include "io/file.h"
#include "runner/hosts.h"
#include "runner/podio.h"
#include "runner/process/attempt.h"
#include "runner/process/boxfill.h"
#include "runner/process/spawner.h"
#include "sandbox/boxrecord.h"
#include "sandbox/boxspec.h"

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

static bool
is_main(const struct procpod *p, size_t container)
{
    return container == procpod_first_main(p->spec);
}

static char *
attempt_path(const struct procpod *p, const struct proc_container *c, unsigned number)
{
    return xasprintf("%s/%.*s/%u", p->dir, STR_ARG(c->spec->name), number);
}

void
procpod_known(struct procpod *p)
{
    if (--p->adopting == 0)
        procpod_prepare(p);
}

static void
known(struct proc_container *c)
{
    if (!c->asked)
        return;
    c->asked = false;
    procpod_known(c->pod);
}

void
procpod_fail_launch(struct proc_container *c, int code, const char *reason, const char *message)
{
    free(c->fail_reason);
    free(c->fail_message);
    c->fail_code = code;
    c->fail_reason = xstrdup(reason);
    c->fail_message = xstrdup(message);
    task_post(&c->fail);
}

static void
on_fail(void *arg)
{
    struct proc_container *c = arg;
    int64_t now = loop_wall_us(c->pod->runtime->config.loop);
    struct runtime_exit exit = {.code = c->fail_code,
                                .reason = c->fail_reason,
                                .message = c->fail_message,
                                .ended_us = now};
    struct runtime_event note = {
        .type = RUNTIME_NOTE, .warning = true, .reason = "Failed", .message = c->fail_message};

    procpod_emit(c->pod, &note);
    life_exited(c->pod->life, c->spec->index, &exit);
    known(c);
}

/* Attempts report here. */

static void
on_started(void *arg, int64_t at_us)
{
    struct proc_container *c = arg;
    struct procpod *p = c->pod;

    if (is_main(p, c->spec->index)) {
        p->started_us = at_us;
        if (p->stage == PROC_RUNNING)
            admission_started(&p->runtime->admission, &p->admission);
        admission_run(&p->runtime->admission);
    }
    life_started(p->life, c->spec->index, at_us,
                 c->image.description != NULL ? c->image.description : "");
    known(c);
}

static void
on_end(void *arg, const struct box_exit *x)
{
    struct proc_container *c = arg;
    struct procpod *p = c->pod;
    cleanup_arena struct arena a = ARENA_INIT;
    struct runtime_exit exit = procpod_exit(c->spec, x, loop_wall_us(p->runtime->config.loop), &a);

    if (x != NULL) {
        p->cpu_us += (int64_t)x->cpu_us;
        if ((int64_t)x->memory_peak > p->memory_peak)
            p->memory_peak = (int64_t)x->memory_peak;
    }
    if (is_main(p, c->spec->index)) {
        outputs_done(&p->outputs);
        p->outputs = (struct outputs_work){.dir = -1};
        if (x != NULL && x->executed && p->runtime->level == LEVEL_NONE)
            boxfill_remove_outputs(p->spec);
        if (x != NULL) {
            outputs_take(&p->outputs, x);
            p->started_us = x->started_us;
        }
        p->ended_us = exit.ended_us;
    }
    if (x != NULL && x->deadline)
        life_stop(p->life, p->spec->grace_us, "DeadlineExceeded",
                  "Pod was active on the node longer than the specified deadline");
    life_exited(p->life, c->spec->index, &exit);
    known(c);
}

static void
on_fenced(void *arg)
{
    struct proc_container *c = arg;
    struct procpod *p = c->pod;

    life_fenced(p->life, c->spec->index);
    known(c);
}

static void
on_failed(void *arg, int code, const char *text)
{
    struct proc_container *c = arg;

    procpod_fail_launch(c, 128, code == ERR_NOTFOUND ? "ContainerCannotRun" : "StartError", text);
}

static const struct attempt_handler attempt_handler = {on_started, on_end, on_fenced, on_failed};

/* The directory of an attempt, made if it is missing, and the attempt in it. */
static int
open_attempt(struct proc_container *c, unsigned number, struct err *e)
{
    struct procpod *p = c->pod;
    cleanup_free char *path = attempt_path(p, c, number);
    cleanup_free char *name = str_dup(c->spec->name);
    cleanup_free char *id = process_attempt_id(p->plan->uid, name, number);
    int fd;

    procpod_probes_stop(c);
    attempt_free(TAKE(c->attempt));
    if (file_mkdirs(AT_FDCWD, path, 0700, e) < 0)
        return e->code;
    fd = file_open_dir(AT_FDCWD, path, e);
    if (fd < 0)
        return fd;
    c->attempt = attempt_new(p->runtime->config.loop, fd, id, &attempt_handler, c);
    return 0;
}

uint32_t
procpod_address(const struct procpod *p)
{
    return p->runtime->network ? p->plan->address : 0;
}

/* What pip installs is the attempt's own: in its layer, or where there is none, in an environment
 * of its own. */
static int
own_pyenv(const struct proc_container *c, const char *dir, struct arena *a, struct pyenv *ret,
          struct err *e)
{
    *ret = c->pyenv;
    if (c->image.kind != IMAGE_PYTHON || c->pod->runtime->level != LEVEL_NONE)
        return 0;
    return pyenv_make_own(&c->pyenv, arena_printf(a, "%s/none/venv", dir), a, ret, e);
}

/* The file that the pod's containers have at /etc/hosts, if its names may change; NULL: none. */
static const char *
hosts_path(const struct procpod *p, struct arena *a)
{
    return p->plan->names != NULL && p->runtime->level != LEVEL_NONE
               ? arena_printf(a, "%s/hosts", p->dir)
               : NULL;
}

static int
write_hosts(const struct procpod *p, const char *path, struct arena *a, struct err *e)
{
    const char *names = p->names != NULL ? p->names : p->plan->names;
    struct str text;

    if (hosts_text(p->spec->root, names, a, &text, e) < 0)
        return e->code;
    return hosts_write(path, text, e);
}

/* Before the first attempt has begun there is nothing to mend: it begins with what is new then. */
void
procpod_refresh(struct procpod *p, const struct plan *newer)
{
    cleanup_arena struct arena a = ARENA_INIT;
    const char *path = hosts_path(p, &a);
    struct err e = ERR_INIT;

    if (newer->names != NULL) {
        free(p->names);
        p->names = xstrdup(newer->names);
        if (path != NULL && access(path, F_OK) == 0 && write_hosts(p, path, &a, &e) < 0)
            log_warn(p->plan->name, "names: %s", e.msg);
    }
    e = ERR_INIT;
    if (newer->tokens_n > 0 && p->stage == PROC_RUNNING &&
        volumes_refresh_tokens(p->dir, newer, p->spec->volumes, &e) < 0)
        log_warn(p->plan->name, "tokens: %s", e.msg);
}

/* Writes the attempt down; the descriptor of the specification. */
static int
write_spec(struct proc_container *c, unsigned number, struct err *e)
{
    struct procpod *p = c->pod;
    const struct process_runtime *r = p->runtime;
    cleanup_arena struct arena a = ARENA_INIT;
    cleanup_free char *dir = attempt_path(p, c, number);
    cleanup_free char *name = str_dup(c->spec->name);
    cleanup_free char *id = process_attempt_id(p->plan->uid, name, number);
    int64_t began = p->plan->started_us > 0 ? p->plan->started_us : p->queued_us;
    struct source_machine machine = procpod_machine(p);
    struct boxspec spec;
    struct pyenv pyenv;
    struct boxfill f = {
        .plan = p->plan,
        .spec = p->spec,
        .container = c->spec,
        .id = id,
        .attempt_dir = dir,
        .hosts = hosts_path(p, &a),
        .level = r->level,
        .die_with_server = r->config.die_with_server,
        .main = is_main(p, c->spec->index),
        .volumes = &p->volumes,
        .inputs = p->inputs,
        .inputs_n = p->inputs_n,
        .image = &c->image,
        .image_config = &c->image_config,
        .pyenv = c->image.kind == IMAGE_PYTHON ? &pyenv : NULL,
        .machine = &machine,
        .address = procpod_address(p),
        .loopback_ports = r->config.loopback_ports,
        .loopback_ports_n = r->config.loopback_ports_n,
        .python_env = r->config.python_env,
        .python_files = r->config.python_files,
        .log_bytes = r->config.log_bytes,
        .deadline_us = p->spec->deadline_us > 0 ? began + p->spec->deadline_us : 0,
    };

    if (f.hosts != NULL && write_hosts(p, f.hosts, &a, e) < 0)
        return e->code;
    if (own_pyenv(c, dir, &a, &pyenv, e) < 0)
        return e->code;
    if (boxfill_spec(&f, &a, &spec, e) < 0)
        return e->code;
    return boxspec_memfd(&spec, e);
}

void
procpod_spawn(struct proc_container *c, int holder_dir)
{
    struct procpod *p = c->pod;
    struct err e = ERR_INIT;
    cleanup_close int fd = write_spec(c, life_attempt(p->life, c->spec->index), &e);

    if (fd < 0)
        procpod_fail_launch(c, 128, "CreateContainerConfigError", e.msg);
    else
        attempt_spawn(c->attempt, p->runtime->spawner, fd, holder_dir);
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

    if (open_attempt(c, number, &e) < 0)
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
        task_init(&c->fail, r->config.loop, on_fail, c);
        procpod_probes_init(c);
    }
    procpod_hold_init(p);
    p->life = life_new(r->config.loop, p->spec, p->plan, &life_driver, p);
    return p;
}

/* The end of the main container is committed, the pod's is not: its outputs are still to be saved.
 */
static void
take_recorded_end(struct proc_container *c, unsigned number)
{
    struct procpod *p = c->pod;
    cleanup_free char *path = attempt_path(p, c, number);
    cleanup_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_arena struct arena a = ARENA_INIT;
    struct box_exit x;
    struct err e = ERR_INIT;

    if (!is_main(p, c->spec->index) || life_exit(p->life, c->spec->index) == NULL || dir < 0 ||
        boxrecord_read_exit(dir, &a, &x, &e) < 0)
        return;
    outputs_take(&p->outputs, &x);
    p->started_us = x.started_us;
    p->ended_us = x.ended_us;
}

/* Asks each recorded attempt what became of it. */
void
procpod_adopt(struct procpod *p)
{
    bool same_boot = p->plan->boot_id != NULL && p->runtime->boot_id != NULL &&
                     strcmp(p->plan->boot_id, p->runtime->boot_id) == 0;
    struct err e = ERR_INIT;

    procpod_enter(p, PROC_ADOPTING);
    for (size_t i = 0; i < p->plan->attempts_n; i++) {
        const struct plan_attempt *a = &p->plan->attempts[i];
        const struct podspec_container *spec = podspec_container(p->spec, str_of(a->container));

        if (spec == NULL)
            continue;

        struct proc_container *c = &p->containers[spec->index];

        if (a->ended) {
            take_recorded_end(c, a->number);
            continue;
        }
        p->adopting++;
        c->asked = true;
        if (open_attempt(c, a->number, &e) < 0)
            procpod_fail_launch(c, 137, "ContainerStatusUnknown", e.msg);
        else
            attempt_adopt(c->attempt, same_boot);
    }
    if (p->holder != NULL && podholder_adopt(p->holder, same_boot)) {
        p->adopting++;
        p->holder_asked = true;
    }
    if (p->adopting == 0)
        procpod_prepare(p);
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
