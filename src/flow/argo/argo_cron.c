#include "flow/argo/argo_cron.h"

#include <inttypes.h>
#include <stdlib.h>

#include "api/objects.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/core_timer.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "flow/argo/argo_cron_int.h"
#include "flow/argo/argo_time.h"

#define LABEL(name) "workflows.argoproj.io/" name

static const char resource[] = "cronworkflows.argoproj.io";

struct argo_cron {
    struct core *core;
    struct controllers *controllers;
    struct objects *objects;
    struct map jobs; /* uid -> struct job */
};

/* What is planned for one object. */
struct job {
    struct argo_cron *cron;
    char *uid;
    char *schedules; /* as they are written; NULL: not looked at since the start */
    int64_t next_us; /* 0: nothing is planned */
    struct core_timer timer;
};

/* One pass over one object. */
struct pass {
    struct argo_cron *cron;
    struct turn *turn;
    const struct object *o;
    struct job *job;
    struct argo_cron_children children;
    char *schedules;
    char *last; /* lastScheduledTime, if it changes */
    bool stopped;
    struct err wrong_spec, wrong_child; /* code 0: nothing is */
    bool tried;                         /* a child was to be made */
};

/* Jobs. */

static int
due(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct job *job = CONTAINER_OF(timer, struct job, timer);

    (void)t;
    (void)e;
    controllers_wake(job->cron->controllers, resource, str_of(job->uid));
    return 0;
}

static struct job *
job_of(struct argo_cron *c, struct str uid)
{
    struct job *job = map_get(&c->jobs, uid);

    if (job != NULL)
        return job;
    job = NEW(struct job);
    job->cron = c;
    job->uid = str_dup(uid);
    core_timer_init(&job->timer, due);
    map_put(&c->jobs, uid, job);
    return job;
}

static void
job_free(struct job *job)
{
    core_timer_stop(&job->timer);
    free(job->uid);
    free(job->schedules);
    free(job);
}

/* The plan as it was, in case that the message fails. */
struct before {
    struct argo_cron *cron;
    const char *uid, *schedules;
    int64_t next_us;
};

static void
plan_again(void *arg)
{
    const struct before *b = arg;
    struct job *job = map_get(&b->cron->jobs, str_of(b->uid));

    if (job == NULL)
        return;
    free(job->schedules);
    job->schedules = b->schedules != NULL ? xstrdup(b->schedules) : NULL;
    job->next_us = b->next_us;
}

static void
set_plan(struct pass *p, int64_t next_us)
{
    struct job *job = p->job;
    struct before *b = ARENA_NEW(turn_arena(p->turn), struct before);

    *b = (struct before){p->cron, arena_strdup(turn_arena(p->turn), job->uid),
                         job->schedules != NULL ? arena_strdup(turn_arena(p->turn), job->schedules)
                                                : NULL,
                         job->next_us};
    turn_undo(p->turn, plan_again, b);
    free(job->schedules);
    job->schedules = xstrdup(p->schedules);
    job->next_us = next_us;
    if (next_us != 0)
        core_timer_set(p->cron->core, &job->timer, next_us);
    else
        core_timer_stop(&job->timer);
}

/* Missed times. */

/* The last time that passed while nobody was there, if it is not too late for it; else 0. */
static int
missed_time(struct pass *p, int64_t *ret, struct err *e)
{
    struct str last = json_str(object_at(p->o, "status.lastScheduledTime"));
    struct str used = object_annotation(p->o, ARGO_CRON_LABEL("last-used-schedule"));
    int64_t now = turn_now_us(p->turn), deadline = 0, from, at;
    struct err ignored = ERR_INIT;

    *ret = 0;
    (void)json_int(object_at(p->o, "spec.startingDeadlineSeconds"), &deadline);
    if (last.n == 0) /* it never ran */
        last = json_str(object_at(p->o, "metadata.creationTimestamp"));
    if (deadline <= 0 || timestamp_parse(last, &from, &ignored) < 0 || !str_is(used, p->schedules))
        return 0;
    if (from < now - deadline * CLOCK_SECOND)
        from = now - deadline * CLOCK_SECOND;
    for (;;) {
        if (argo_cron_next(object_at(p->o, "spec"), from, &at, e) < 0)
            return e->code;
        if (at == 0 || at > now)
            return 0;
        *ret = from = at;
    }
}

/* Children. */

static void
add_owner(struct json_build *b, const struct object *o)
{
    json_add_array(b, "ownerReferences");
    json_add_object(b, NULL);
    json_add_cstr(b, "apiVersion", "argoproj.io/v1alpha1");
    json_add_cstr(b, "kind", "CronWorkflow");
    json_add_str(b, "name", object_name(o));
    json_add_str(b, "uid", object_uid(o));
    json_add_bool(b, "controller", true);
    json_add_bool(b, "blockOwnerDeletion", true);
    json_end(b);
    json_end(b);
}

struct json_doc *
argo_cron_child(const struct object *o, int64_t at_us, bool by_hand)
{
    const struct json *metadata = object_at(o, "spec.workflowMetadata");
    cleanup_free char *time = argo_time_text(at_us);
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_object(&b, "metadata");
    if (by_hand)
        json_add_printf(&b, "generateName", "%.*s-", STR_ARG(object_name(o)));
    else
        json_add_printf(&b, "name", "%.*s-%" PRId64, STR_ARG(object_name(o)), at_us / CLOCK_SECOND);
    json_add_object(&b, "labels");
    json_add_fields(&b, json_get(metadata, "labels"), NULL);
    json_add_str(&b, LABEL("cron-workflow"), object_name(o));
    json_end(&b);
    json_add_object(&b, "annotations");
    json_add_fields(&b, json_get(metadata, "annotations"), NULL);
    json_add_cstr(&b, LABEL("scheduled-time"), time);
    json_end(&b);
    add_owner(&b, o);
    json_end(&b);
    json_add_value(&b, "spec", object_at(o, "spec.workflowSpec"));
    json_end(&b);
    return json_build_done(&b);
}

static int
terminate(struct pass *p, const struct object *child, struct err *e)
{
    cleanup_json struct json_doc *next = NULL;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(child), (const char *const[]){"spec", NULL});
    json_add_object(&b, "spec");
    json_add_fields(&b, object_at(child, "spec"), (const char *const[]){"shutdown", NULL});
    json_add_cstr(&b, "shutdown", "Terminate");
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    return objects_update(p->cron->objects, p->turn, &kind_workflow, object_namespace(child),
                          json_root(next), OBJECTS_SPEC, NULL, e);
}

/* Whether those that run leave room: 1, 0, or an error. */
static int
make_room(struct pass *p, struct err *e)
{
    struct str policy = json_str(object_at(p->o, "spec.concurrencyPolicy"));

    if (p->children.active.n == 0 || policy.n == 0 || str_is(policy, "Allow"))
        return 1;
    if (str_is(policy, "Forbid"))
        return 0;
    for (size_t i = 0; i < p->children.active.n; i++) {
        if (terminate(p, p->children.active.at[i], e) < 0)
            return e->code;
    }
    return 1;
}

static bool
is_stores(int code)
{
    return code == ERR_IO || code == ERR_FULL;
}

static int
make_child(struct pass *p, int64_t at_us, struct err *e)
{
    cleanup_json struct json_doc *child = argo_cron_child(p->o, at_us, false);
    struct object *made = NULL;
    struct err why = ERR_INIT;
    int rc = objects_create(p->cron->objects, p->turn, &kind_workflow, object_namespace(p->o),
                            json_root(child), &made, &why);

    if (rc == ERR_EXISTS) /* this time was run before */
        return 0;
    if (is_stores(rc)) {
        *e = why;
        return rc;
    }
    if (rc < 0) {
        p->wrong_child = why;
        return 0;
    }
    vec_push(&p->children.all, made);
    vec_push(&p->children.active, made);
    free(p->last);
    p->last = argo_time_text(at_us);
    log_info("cron", "%.*s starts %.*s", STR_ARG(object_name(p->o)), STR_ARG(object_name(made)));
    return 0;
}

static int
run(struct pass *p, int64_t at_us, struct err *e)
{
    bool wanted;
    int room;

    p->tried = true;
    if (argo_cron_when(p->turn, p->o, &p->children, &wanted, &p->wrong_child) < 0 || !wanted)
        return 0;
    room = make_room(p, e);
    return room > 0 ? make_child(p, at_us, e) : room;
}

/* What is due is run, and the next time planned. */
static int
keep_time(struct pass *p, struct err *e)
{
    int64_t now = turn_now_us(p->turn), at = 0, next;
    bool fresh = p->job->schedules == NULL;

    if (argo_cron_next(object_at(p->o, "spec"), now, &next, &p->wrong_spec) < 0) {
        set_plan(p, 0);
        return 0;
    }
    if (fresh) {
        if (missed_time(p, &at, e) < 0)
            return e->code;
    } else if (p->job->next_us != 0 && p->job->next_us <= now &&
               str_is(str_of(p->schedules), p->job->schedules)) {
        at = p->job->next_us;
    }
    set_plan(p, next);
    return at != 0 ? run(p, at, e) : 0;
}

static bool
was_stopped(const struct object *o)
{
    return str_is(json_str(object_at(o, "status.phase")), "Stopped");
}

static int
write_news(struct pass *p, struct err *e)
{
    struct argo_cron_news news = {.children = &p->children,
                                  .schedules = p->schedules,
                                  .last = p->last,
                                  .stopped = p->stopped,
                                  .tried = p->tried,
                                  .wrong_spec = p->wrong_spec.code != 0 ? &p->wrong_spec : NULL,
                                  .wrong_child = p->wrong_child.code != 0 ? &p->wrong_child : NULL};

    return argo_cron_write(p->cron->objects, p->turn, p->o, &news, e);
}

static int
work(struct pass *p, struct err *e)
{
    bool suspended = json_bool_or(object_at(p->o, "spec.suspend"), false);

    if (argo_cron_find_children(p->cron->objects, p->turn, p->o, &p->children, e) < 0)
        return e->code;
    p->stopped = was_stopped(p->o);
    if (!p->stopped &&
        argo_cron_is_enough(p->turn, p->o, &p->children, &p->stopped, &p->wrong_spec) < 0)
        p->stopped = false;
    if (suspended || p->stopped)
        set_plan(p, 0);
    else if (keep_time(p, e) < 0)
        return e->code;
    if (argo_cron_prune(p->cron->objects, p->turn, p->o, &p->children, e) < 0)
        return e->code;
    return write_news(p, e);
}

static int
reconcile(void *self, struct turn *t, struct controller_pass *cp, struct err *e)
{
    struct argo_cron *c = self;
    cleanup_object struct object *o = objects_find_uid(c->objects, t, cp->uid);
    struct pass p = {.cron = c, .turn = t, .o = o};
    int rc;

    if (o == NULL || object_is_deleting(o))
        return 0;
    p.job = job_of(c, cp->uid);
    p.schedules = argo_cron_schedules(o);
    rc = work(&p, e);
    argo_cron_children_done(&p.children);
    free(p.schedules);
    free(p.last);
    return rc;
}

static int
gone(void *self, struct turn *t, struct str uid, struct err *e)
{
    struct argo_cron *c = self;
    struct job *job = map_remove(&c->jobs, uid);

    (void)e;
    if (job == NULL)
        return 0;
    core_timer_stop(&job->timer);
    turn_finally(t, (void (*)(void *))job_free, job);
    return 0;
}

static void
forget(void *self)
{
    struct argo_cron *c = self;

    MAP_EACH (&c->jobs, it) {
        job_free(it.value);
    }
    map_done(&c->jobs);
    c->jobs = MAP_INIT;
}

static const char *const watches[] = {"workflows.argoproj.io", NULL};

static const struct controller_row cron_row = {
    .name = "cron-workflow",
    .resource = resource,
    .watches = watches,
    .forget = forget,
    .reconcile = reconcile,
    .gone = gone,
};

struct argo_cron *
argo_cron_new(struct core *core, struct controllers *controllers, struct objects *objects)
{
    struct argo_cron *c = NEW(struct argo_cron);

    c->core = core;
    c->controllers = controllers;
    c->objects = objects;
    controllers_add(controllers, &cron_row, c);
    return c;
}

void
argo_cron_free(struct argo_cron *c)
{
    if (c == NULL)
        return;
    forget(c);
    free(c);
}
