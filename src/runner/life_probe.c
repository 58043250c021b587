/*
 * Probes of a container.  The startup probe runs first and alone; when it has passed (or there is
 * none), readiness and liveness begin.  A liveness or startup probe that fails too often stops the
 * container, and its restart policy decides the rest.
 *
 *   idle -- container started --> waiting -- timer --> asked -- life_probed --> waiting
 *   any  -- container ended --> idle
 */
#include "base/log.h"
#include "runner/life_int.h"

static void
tell_readiness(struct life_container *c)
{
    struct runtime_event event = {
        .type = RUNTIME_READINESS, .ready = c->ready, .probed_started = c->probed_started};

    life_emit(c, &event);
}

static void
on_probe_due(void *arg)
{
    struct probe_run *p = arg;
    struct life *l = p->container->life;

    p->asked = true;
    l->driver->probe(l->arg, p->container->spec->index, p->which, p->spec);
}

void
life_probes_init(struct life_container *c)
{
    const struct podspec_probe *const specs[] = {c->spec->startup, c->spec->readiness,
                                                 c->spec->liveness};

    for (int i = LIFE_STARTUP; i <= LIFE_LIVENESS; i++) {
        struct probe_run *p = &c->probes[i];

        *p = (struct probe_run){.container = c, .which = (enum life_probe)i, .spec = specs[i]};
        timer_init(&p->timer, c->life->loop, on_probe_due, p);
    }
}

static void
begin_one(struct probe_run *p)
{
    p->successes = p->failures = 0;
    p->passed = p->asked = false;
    if (p->spec != NULL)
        timer_after(&p->timer, p->spec->delay_us);
}

/* The container counts as started: the other probes begin, and without one it is ready. */
static void
begin_others(struct life_container *c)
{
    c->probed_started = true;
    begin_one(&c->probes[LIFE_READINESS]);
    begin_one(&c->probes[LIFE_LIVENESS]);
    c->ready = c->spec->readiness == NULL;
    tell_readiness(c);
    task_post(&c->life->advance);
}

void
life_probes_begin(struct life_container *c)
{
    c->probed_started = c->ready = false;
    begin_one(&c->probes[LIFE_STARTUP]);
    if (c->spec->startup == NULL)
        begin_others(c);
}

void
life_probes_end(struct life_container *c)
{
    for (int i = LIFE_STARTUP; i <= LIFE_LIVENESS; i++) {
        timer_stop(&c->probes[i].timer);
        c->probes[i].asked = false;
    }
}

static void
note_failure(struct probe_run *p, const char *output)
{
    static const char *const names[] = {"Startup", "Readiness", "Liveness"};
    char message[600];
    struct runtime_event event = {
        .type = RUNTIME_NOTE, .warning = true, .reason = "Unhealthy", .message = message};

    snprintf(message, sizeof message, "%s probe failed: %.500s", names[p->which], output);
    life_emit(p->container, &event);
}

/* Too many in a row. */
static void
failed(struct probe_run *p)
{
    struct life_container *c = p->container;
    char message[200];
    struct runtime_event event = {.type = RUNTIME_NOTE, .reason = "Killing", .message = message};

    if (p->which == LIFE_READINESS) {
        if (c->ready) {
            c->ready = false;
            tell_readiness(c);
        }
        return;
    }
    if (c->terminating)
        return;
    snprintf(message, sizeof message, "Container %.*s failed %s probe, will be restarted",
             STR_ARG(c->spec->name), p->which == LIFE_LIVENESS ? "liveness" : "startup");
    life_emit(c, &event);
    life_terminate(c, c->life->spec->grace_us);
}

static void
passed(struct probe_run *p)
{
    struct life_container *c = p->container;

    if (p->which == LIFE_STARTUP) {
        p->passed = true;
        begin_others(c);
    } else if (p->which == LIFE_READINESS && !c->ready) {
        c->ready = true;
        tell_readiness(c);
    }
}

void
life_probed(struct life *l, size_t container, enum life_probe which, bool ok, const char *output)
{
    struct life_container *c = &l->containers[container];
    struct probe_run *p = &c->probes[which];

    if (c->state != RUNNING || !p->asked)
        return;
    p->asked = false;
    if (ok) {
        p->failures = 0;
        if (++p->successes >= p->spec->success)
            passed(p);
    } else {
        p->successes = 0;
        note_failure(p, output);
        if (++p->failures >= p->spec->failure)
            failed(p);
    }
    if (!p->passed && c->state == RUNNING)
        timer_after(&p->timer, p->spec->period_us);
}
