#include "runner/life.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/json.h"
#include "runner/life_int.h"
#include "runner/podio.h"

static const char *const state_names[] = {"blocked", "wanted", "starting",
                                          "running", "paused", "ended"};

void
life_enter(struct life_container *c, enum container_state next)
{
    log_debug(c->life->plan->name, "container %.*s attempt %u: %s -> %s", STR_ARG(c->spec->name),
              c->attempt, state_names[c->state], state_names[next]);
    c->state = next;
}

void
life_emit(struct life_container *c, struct runtime_event *event)
{
    struct life *l = c->life;
    char name[64];

    snprintf(name, sizeof name, "%.*s", STR_ARG(c->spec->name));
    event->uid = l->plan->uid;
    event->container = name;
    event->attempt = c->attempt;
    if (event->at_us == 0)
        event->at_us = loop_wall_us(l->loop);
    l->driver->emit(l->arg, event);
}

void
life_terminate(struct life_container *c, int64_t grace_us)
{
    if (c->state != STARTING && c->state != RUNNING)
        return;
    c->terminating = true;
    c->life->driver->terminate(c->life->arg, c->spec->index, grace_us);
}

/* May a container that ended run again? */
static bool
runs_again(const struct life_container *c)
{
    const struct life *l = c->life;

    if (l->state == POD_STOPPING || l->state == POD_OVER)
        return false;
    switch (c->spec->role) {
    case CONTAINER_INIT:
        return c->exit.code != 0 && l->spec->restart != RESTART_NEVER;
    case CONTAINER_SIDECAR_INIT:
        return l->state != POD_FINISHING;
    case CONTAINER_SIDECAR:
        if (l->state == POD_FINISHING)
            return false;
        break;
    case CONTAINER_MAIN:
        if (c->exit.code != 0 && (int64_t)c->attempt < l->spec->io->retries)
            return true;
        break;
    }
    return l->spec->restart == RESTART_ALWAYS ||
           (l->spec->restart == RESTART_ON_FAILURE && c->exit.code != 0);
}

static void
want(struct life_container *c)
{
    struct runtime_event event = {.type = RUNTIME_ATTEMPT, .fenced = c->fenced};

    life_enter(c, WANTED);
    life_emit(c, &event);
}

static void
launch(struct life_container *c)
{
    c->terminating = c->ready = c->probed_started = false;
    life_enter(c, STARTING);
    c->life->driver->launch(c->life->arg, c->spec->index, c->attempt);
}

void
life_begin(struct life_container *c)
{
    if (c->state != BLOCKED)
        return;
    if (c->committed)
        launch(c);
    else
        want(c);
}

static void
on_pause_over(void *arg)
{
    struct life_container *c = arg;

    c->attempt++;
    c->committed = c->fenced = false;
    want(c);
}

static void
pause_container(struct life_container *c)
{
    int64_t ran = c->exit.started_us > 0 ? c->exit.ended_us - c->exit.started_us : 0;
    bool retried = c->life->spec->restart == RESTART_NEVER && c->spec->role == CONTAINER_MAIN;
    int64_t pause = retried ? c->life->spec->io->retry_pause_us : backoff_pause(&c->backoff, ran);

    life_enter(c, PAUSED);
    timer_after(&c->pause, pause);
    if (pause == 0 || retried)
        return;

    const struct plan *p = c->life->plan;
    char message[512], note[512];
    struct runtime_event event = {
        .type = RUNTIME_WAITING, .reason = "CrashLoopBackOff", .message = message};

    snprintf(message, sizeof message,
             "back-off %" PRId64 "s restarting failed container=%.*s pod=%s_%s(%s)",
             pause / CLOCK_SECOND, STR_ARG(c->spec->name), p->name, p->namespace, p->uid);
    life_emit(c, &event);
    snprintf(note, sizeof note, "Back-off restarting failed container %.*s in pod %s_%s(%s)",
             STR_ARG(c->spec->name), p->name, p->namespace, p->uid);
    event = (struct runtime_event){
        .type = RUNTIME_NOTE, .warning = true, .reason = "BackOff", .message = note};
    life_emit(c, &event);
}

void
life_again(struct life *l, size_t container, unsigned attempt)
{
    struct life_container *c = &l->containers[container];

    if (c->state != WANTED || c->attempt != attempt)
        return;
    c->committed = true;
    launch(c);
}

void
life_started(struct life *l, size_t container, int64_t at_us, const char *image_id)
{
    struct life_container *c = &l->containers[container];
    struct runtime_event event = {.type = RUNTIME_STARTED, .at_us = at_us, .image_id = image_id};

    if (c->state == RUNNING || c->state == ENDED)
        return;
    c->ran = true;
    c->started_us = at_us;
    life_enter(c, RUNNING);
    life_emit(c, &event);
    life_probes_begin(c);
    task_post(&l->advance);
}

static void
keep_exit(struct life_container *c, const struct runtime_exit *exit)
{
    free(c->exit_reason);
    free(c->exit_message);
    c->exit = *exit;
    c->exit.reason = c->exit_reason = xstrdup(exit->reason != NULL ? exit->reason : "Error");
    c->exit.message = c->exit_message = xstrdup(exit->message != NULL ? exit->message : "");
}

void
life_exited(struct life *l, size_t container, const struct runtime_exit *exit)
{
    struct life_container *c = &l->containers[container];
    struct runtime_event event = {.type = RUNTIME_EXITED, .at_us = exit->ended_us};

    if (c->state == ENDED)
        return;
    life_probes_end(c);
    c->ran = true;
    c->ready = false;
    keep_exit(c, exit);
    event.exit = c->exit;
    life_enter(c, ENDED);
    life_emit(c, &event);
    if (runs_again(c))
        pause_container(c);
    task_post(&l->advance);
}

void
life_fenced(struct life *l, size_t container)
{
    struct life_container *c = &l->containers[container];

    c->attempt++;
    c->committed = false;
    c->fenced = true;
    if (c->state == STARTING && l->state != POD_STOPPING)
        want(c);
    else if (c->state == STARTING)
        life_enter(c, ENDED);
    task_post(&l->advance);
}

static void
restore(struct life_container *c, const struct plan_attempt *a)
{
    c->attempt = a->number;
    c->committed = true;
    if (!a->ended)
        return;
    c->ran = true;
    keep_exit(c, &(struct runtime_exit){.code = a->exit_code,
                                        .reason = a->reason,
                                        .started_us = a->started_us,
                                        .ended_us = a->ended_us});
    /* If it has to run again, the one that recorded its end did not get to ask for it. */
    c->state = ENDED;
    if (runs_again(c)) {
        c->attempt++;
        c->committed = false;
        c->state = BLOCKED;
    }
}

struct life *
life_new(struct loop *loop, const struct podspec *spec, const struct plan *plan,
         const struct life_driver *driver, void *arg)
{
    struct life *l = NEW(struct life);

    *l = (struct life){.loop = loop, .spec = spec, .plan = plan, .driver = driver, .arg = arg};
    l->n = spec->containers_n;
    l->containers = NEW_ARRAY(struct life_container, l->n);
    task_init(&l->advance, loop, life_advance, l);
    timer_init(&l->deadline, loop, life_on_deadline, l);
    for (size_t i = 0; i < l->n; i++) {
        struct life_container *c = &l->containers[i];

        c->life = l;
        c->spec = &spec->containers[i];
        timer_init(&c->pause, loop, on_pause_over, c);
        life_probes_init(c);
        for (size_t k = 0; k < plan->attempts_n; k++)
            if (str_is(c->spec->name, plan->attempts[k].container))
                restore(c, &plan->attempts[k]);
    }
    if (spec->deadline_us > 0)
        timer_at(&l->deadline, (plan->started_us > 0 ? plan->started_us : loop_wall_us(loop)) +
                                   spec->deadline_us);
    return l;
}

void
life_free(struct life *l)
{
    if (l == NULL)
        return;
    task_cancel(&l->advance);
    timer_stop(&l->deadline);
    for (size_t i = 0; i < l->n; i++) {
        struct life_container *c = &l->containers[i];

        timer_stop(&c->pause);
        life_probes_end(c);
        free(c->exit_reason);
        free(c->exit_message);
    }
    free(l->containers);
    free(l->reason);
    free(l->message);
    free(l);
}

size_t
life_running(const struct life *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n; i++)
        n += l->containers[i].state == STARTING || l->containers[i].state == RUNNING;
    return n;
}

/* A sidecar that was told to end does so with 143 or 137: that is no failure. */
static bool
container_failed(const struct life_container *c)
{
    switch (c->spec->role) {
    case CONTAINER_SIDECAR_INIT:
        return false;
    case CONTAINER_SIDECAR:
        return c->ran && c->exit.code != 0 && c->exit.code != 143 && c->exit.code != 137;
    case CONTAINER_INIT:
    case CONTAINER_MAIN:
        break;
    }
    return !c->ran || c->exit.code != 0;
}

struct life_verdict
life_verdict(const struct life *l)
{
    struct life_verdict v = {!l->failed, l->reason, l->message};

    for (size_t i = 0; i < l->n; i++)
        if (container_failed(&l->containers[i]))
            v.succeeded = false;
    return v;
}

unsigned
life_attempt(const struct life *l, size_t container)
{
    return l->containers[container].attempt;
}

const struct runtime_exit *
life_exit(const struct life *l, size_t container)
{
    const struct life_container *c = &l->containers[container];

    return c->state == ENDED && c->ran ? &c->exit : NULL;
}

const char *
life_state_name(const struct life *l, size_t container)
{
    return state_names[l->containers[container].state];
}
