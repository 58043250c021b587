/*
 * The attempts of a pod's containers: begun, or adopted from an earlier server, and what they
 * report of themselves.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "io/file.h"
#include "runner/process/attempt.h"
#include "runner/process/boxfill.h"
#include "runner/process/procpod.h"
#include "sandbox/boxrecord.h"

char *
procpod_attempt_path(const struct proc_container *c, unsigned number)
{
    return xasprintf("%s/%.*s/%u", c->pod->dir, STR_ARG(c->spec->name), number);
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

void
procpod_attempts_init(struct proc_container *c)
{
    task_init(&c->fail, c->pod->runtime->config.loop, on_fail, c);
}

/* Attempts report here. */

static void
on_started(void *arg, int64_t at_us)
{
    struct proc_container *c = arg;
    struct procpod *p = c->pod;

    if (procpod_is_main(c)) {
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
    struct runtime_exit exit = procpod_exit(c->spec, x, attempt_dir(c->attempt),
                                            loop_wall_us(p->runtime->config.loop), &a);

    if (x != NULL) {
        p->cpu_us += (int64_t)x->cpu_us;
        if ((int64_t)x->memory_peak > p->memory_peak)
            p->memory_peak = (int64_t)x->memory_peak;
    }
    if (procpod_is_main(c)) {
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

int
procpod_open_attempt(struct proc_container *c, unsigned number, struct err *e)
{
    struct procpod *p = c->pod;
    cleanup_free char *path = procpod_attempt_path(c, number);
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

/* The end of the main container is committed, the pod's is not: its outputs are still to be saved.
 */
static void
take_recorded_end(struct proc_container *c, unsigned number)
{
    struct procpod *p = c->pod;
    cleanup_free char *path = procpod_attempt_path(c, number);
    cleanup_close int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_arena struct arena a = ARENA_INIT;
    struct box_exit x;
    struct err e = ERR_INIT;

    if (!procpod_is_main(c) || life_exit(p->life, c->spec->index) == NULL || dir < 0 ||
        boxrecord_read_exit(dir, &a, &x, &e) < 0)
        return;
    outputs_take(&p->outputs, &x);
    p->started_us = x.started_us;
    p->ended_us = x.ended_us;
}

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
        if (procpod_open_attempt(c, a->number, &e) < 0)
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
