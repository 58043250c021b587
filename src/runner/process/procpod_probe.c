/* Probes of the process runtime: a command inside the container, whose exit code 0 is success, or a
 * connection from here. */

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "runner/env.h"
#include "runner/process/attempt.h"
#include "runner/process/procpod.h"

enum { OUTPUT_BYTES = 400 };

static void
answer(struct proc_probe *q, bool ok, const char *text)
{
    life_probed(q->container->pod->life, q->container->spec->index, q->which, ok, text);
}

static void
on_output(void *arg, int stream, struct str bytes)
{
    struct proc_probe *q = arg;

    (void)stream;
    buf_str(&q->output, bytes);
}

static void
on_end(void *arg, int code, const char *error)
{
    struct proc_probe *q = arg;

    attempt_exec_free(TAKE(q->exec));
    answer(q, code == 0, q->output.n > 0 ? buf_cstring(&q->output) : error != NULL ? error : "");
}

static const struct attempt_exec_handler exec_handler = {.on_output = on_output, .on_end = on_end};

static void
on_net_end(void *arg, bool ok, const char *text)
{
    struct proc_probe *q = arg;

    netprobe_free(TAKE(q->net));
    answer(q, ok, text);
}

static void
on_answer(void *arg)
{
    struct proc_probe *q = arg;

    answer(q, false, buf_cstring(&q->output));
}

void
procpod_probes_init(struct proc_container *c)
{
    for (int i = LIFE_STARTUP; i <= LIFE_LIVENESS; i++) {
        struct proc_probe *q = &c->probes[i];

        q->container = c;
        q->which = (enum life_probe)i;
        q->output.max = OUTPUT_BYTES;
        task_init(&q->answer, c->pod->runtime->config.loop, on_answer, q);
    }
}

static void
run_command(struct proc_probe *q, const struct podspec_probe *probe, struct err *e)
{
    cleanup_arena struct arena a = ARENA_INIT;
    env_vars none = VEC_INIT;
    size_t n;
    const char **argv = env_expand_list(&none, probe->command, &a, &n);

    q->exec = attempt_exec_open(
        q->container->pod->runtime->config.loop, attempt_dir(q->container->attempt),
        &(struct attempt_exec_spec){.argv = argv, .timeout_us = probe->timeout_us}, &exec_handler,
        q, e);
}

void
procpod_probe(struct proc_container *c, enum life_probe which, const struct podspec_probe *probe)
{
    struct proc_probe *q = &c->probes[which];
    struct err e = ERR_INIT;
    char ip[INET_ADDRSTRLEN];

    procpod_ip(c->pod, ip);
    if (q->exec != NULL || q->net != NULL)
        return;
    buf_done(&q->output);
    q->output.max = OUTPUT_BYTES;
    if (c->attempt == NULL)
        err_set(&e, ERR_CONFLICT, "the container is not running");
    else if (probe->kind == PODSPEC_PROBE_EXEC)
        run_command(q, probe, &e);
    else
        q->net = netprobe_new(&c->pod->runtime->netprobes, probe, ip, on_net_end, q, &e);
    if (q->exec == NULL && q->net == NULL) {
        buf_cstr(&q->output, e.msg);
        task_post(&q->answer);
    }
}

void
procpod_probes_stop(struct proc_container *c)
{
    for (int i = LIFE_STARTUP; i <= LIFE_LIVENESS; i++) {
        task_cancel(&c->probes[i].answer);
        attempt_exec_free(TAKE(c->probes[i].exec));
        netprobe_free(TAKE(c->probes[i].net));
        buf_done(&c->probes[i].output);
    }
}
