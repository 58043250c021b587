/*
 * A command in a container that somebody asked for (kubectl exec, the Pod's exec of the API).
 */
#include <stdlib.h>

#include "base/err.h"
#include "runner/process/attempt.h"
#include "runner/process/procpod.h"

/* It frees itself at its end. */
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

int
procpod_exec(struct proc_container *c, const struct runtime_exec_spec *spec,
             const struct runtime_exec_handler *handler, void *arg, struct err *e)
{
    struct exec_call *x = NEW(struct exec_call);

    x->handler = handler;
    x->arg = arg;
    x->exec = attempt_exec_open(
        c->pod->runtime->config.loop, attempt_dir(c->attempt),
        &(struct attempt_exec_spec){.argv = spec->argv, .timeout_us = spec->timeout_us},
        &exec_handler, x, e);
    if (x->exec == NULL) {
        free(x);
        return e->code;
    }
    return 0;
}
