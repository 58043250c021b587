/*
 * What an attempt is to run, written down for the spawner; and what may change in it while it runs:
 * names and tokens.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "runner/hosts.h"
#include "runner/process/attempt.h"
#include "runner/process/boxfill.h"
#include "runner/process/procpod.h"
#include "runner/process/spawner.h"
#include "sandbox/boxspec.h"

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
    cleanup_free char *dir = procpod_attempt_path(c, number);
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
        .main = procpod_is_main(c),
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
