#include "runner/life.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/json.h"
#include "runner/life_int.h"
#include "runner/podio.h"

static const char *const state_names[] = {"blocked", "wanted", "starting",
                                          "running", "paused", "ended"};

/* The only writer of a container's state. */
static void
enter(struct life_container *c, enum container_state next)
{
    log_debug(c->life->plan->name, "container %.*s attempt %u: %s -> %s", STR_ARG(c->spec->name),
              c->attempt, state_names[c->state], state_names[next]);
    c->state = next;
}

static void
enter_pod(struct life *l, enum pod_state next)
{
    static const char *const names[] = {"waiting", "running", "finishing", "stopping", "over"};

    log_debug(l->plan->name, "pod: %s -> %s", names[l->state], names[next]);
    l->state = next;
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

static bool
is_stopping(const struct life *l)
{
    return l->state == POD_STOPPING || l->state == POD_FINISHING;
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

    enter(c, WANTED);
    life_emit(c, &event);
}

static void
launch(struct life_container *c)
{
    c->terminating = c->ready = c->probed_started = false;
    enter(c, STARTING);
    c->life->driver->launch(c->life->arg, c->spec->index, c->attempt);
}

/* Its turn has come. */
static void
begin(struct life_container *c)
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

    enter(c, PAUSED);
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

static void
set_reason(struct life *l, const char *reason, const char *message)
{
    if (l->reason != NULL || reason == NULL)
        return;
    l->reason = xstrdup(reason);
    l->message = message != NULL ? xstrdup(message) : NULL;
    l->failed = true;
}

/* Containers that have not begun never will. */
static void
end_idle(struct life_container *c)
{
    timer_stop(&c->pause);
    if (c->state == BLOCKED || c->state == WANTED || c->state == PAUSED)
        enter(c, ENDED);
}

static void
stop_all(struct life *l)
{
    for (size_t i = l->n; i-- > 0;) {
        end_idle(&l->containers[i]);
        life_terminate(&l->containers[i], l->grace_us);
    }
}

/* Sidecars go when those that they served are gone. */
static void
finish_sidecars(struct life *l)
{
    enter_pod(l, POD_FINISHING);
    for (size_t i = l->n; i-- > 0;) {
        struct life_container *c = &l->containers[i];

        end_idle(c);
        life_terminate(c, c->spec->role == CONTAINER_SIDECAR ? LIFE_SIDECAR_GRACE_US
                                                             : l->spec->grace_us);
    }
}

/* Moves on through the init containers; true when all others may run. */
static bool
init_done(struct life *l)
{
    for (size_t i = 0; i < l->spec->init_n; i++) {
        struct life_container *c = &l->containers[i];

        begin(c);
        if (c->spec->role == CONTAINER_SIDECAR_INIT) {
            if (c->state == RUNNING && c->probed_started)
                continue;
            if (c->ran && c->state != STARTING && c->state != RUNNING)
                continue; /* it crashed later on; the others do not wait for it */
            return false;
        }
        if (c->state != ENDED)
            return false;
        if (c->exit.code != 0 || !c->ran) {
            l->failed = true;
            l->grace_us = l->spec->grace_us;
            enter_pod(l, POD_STOPPING);
            stop_all(l);
            return false;
        }
    }
    return true;
}

static const struct life_container *
container_named(const struct life *l, struct str name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->containers[i].spec->name, name))
            return &l->containers[i];
    }
    return NULL;
}

/* Begins when those that it comes after have ended well; never if one of them has not. */
static void
begin_in_turn(struct life_container *c)
{
    struct life *l = c->life;

    if (c->state != BLOCKED)
        return;
    JSON_EACH (it, json_get_str(l->spec->io->after, c->spec->name)) {
        const struct life_container *before = container_named(l, json_str(it.value));

        if (before == NULL)
            continue;
        if (before->state != ENDED)
            return;
        if (!before->ran || before->exit.code != 0) {
            end_idle(c);
            task_post(&l->advance); /* others may have waited for this one */
            return;
        }
    }
    begin(c);
}

static bool
all_ended(const struct life *l, bool main_only)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->containers[i].state != ENDED &&
            (!main_only || l->containers[i].spec->role == CONTAINER_MAIN))
            return false;
    return true;
}

/* Level-triggered: looks at all containers and does what is due. */
static void
advance(void *arg)
{
    struct life *l = arg;

    if (l->state == POD_RUNNING && init_done(l)) {
        for (size_t i = l->spec->init_n; i < l->n; i++)
            begin_in_turn(&l->containers[i]);
        if (all_ended(l, true))
            finish_sidecars(l);
    }
    if (is_stopping(l) && all_ended(l, false)) {
        timer_stop(&l->deadline);
        enter_pod(l, POD_OVER);
        l->driver->over(l->arg);
    }
}

static void
on_deadline(void *arg)
{
    struct life *l = arg;

    life_stop(l, l->spec->grace_us, "DeadlineExceeded",
              "Pod was active on the node longer than the specified deadline");
}

void
life_go(struct life *l)
{
    if (l->state != POD_WAITING)
        return;
    enter_pod(l, POD_RUNNING);
    task_post(&l->advance);
}

void
life_stop(struct life *l, int64_t grace_us, const char *reason, const char *message)
{
    if (l->state == POD_OVER)
        return;
    set_reason(l, reason, message);
    if (l->state == POD_STOPPING && grace_us >= l->grace_us)
        return;
    l->grace_us = grace_us;
    if (l->state != POD_STOPPING)
        enter_pod(l, POD_STOPPING);
    stop_all(l);
    task_post(&l->advance);
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
    enter(c, RUNNING);
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
    enter(c, ENDED);
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
        enter(c, ENDED);
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
    task_init(&l->advance, loop, advance, l);
    timer_init(&l->deadline, loop, on_deadline, l);
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
