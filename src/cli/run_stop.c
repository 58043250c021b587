#include "cli/run_stop.h"

#include "api/objects.h"
#include "base/err.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/message.h"
#include "data/json.h"

enum { PODS_MAX = 100000 };

struct stop {
    struct message m;
    struct run_stop *owner;
    VEC(char *) uids;
};

static int
ask_to_stop(struct objects *os, struct turn *t, const char *uid, struct err *e)
{
    cleanup_object struct object *o = objects_find_uid(os, t, str_of(uid));
    cleanup_json struct json_doc *next = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (o == NULL || object_is_finished(o))
        return 0;
    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(o), (const char *const[]){"spec", NULL});
    json_add_object(&b, "spec");
    json_add_fields(&b, object_at(o, "spec"), (const char *const[]){"shutdown", NULL});
    json_add_cstr(&b, "shutdown", "Terminate");
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    return objects_update(os, t, &kind_workflow, object_namespace(o), json_root(next), OBJECTS_SPEC,
                          NULL, e);
}

static int
stop_workflows(struct message *m, struct turn *t, struct err *e)
{
    struct stop *s = CONTAINER_OF(m, struct stop, m);

    for (size_t i = 0; i < s->uids.n; i++) {
        if (ask_to_stop(s->owner->objects, t, s->uids.at[i], e) < 0)
            return e->code;
    }
    return 0;
}

int
run_stop_pods(struct objects *os, struct turn *t, struct err *e)
{
    struct objects_query q = {.kind = &kind_pod, .limit = PODS_MAX};
    struct objects_delete how = {.grace_seconds = 0};
    cleanup_objects object_vec pods = VEC_INIT;

    if (objects_list(os, t, &q, &pods, NULL, e) < 0)
        return e->code;
    for (size_t i = 0; i < pods.n; i++) {
        const struct object *pod = pods.at[i];

        if (!object_is_finished(pod) &&
            objects_delete(os, t, &kind_pod, object_namespace(pod), object_name(pod), &how, NULL,
                           e) < 0 &&
            e->code != ERR_NOTFOUND)
            return e->code;
    }
    return 0;
}

static int
stop_pods(struct message *m, struct turn *t, struct err *e)
{
    return run_stop_pods(CONTAINER_OF(m, struct stop, m)->owner->objects, t, e);
}

static void
stopped(struct message *m, const struct err *why)
{
    struct stop *s = CONTAINER_OF(m, struct stop, m);

    if (why != NULL)
        s->owner->on_give_up(s->owner->arg, why->msg);
    for (size_t i = 0; i < s->uids.n; i++)
        free(s->uids.at[i]);
    vec_done(&s->uids);
    free(s);
}

static struct stop *
new_stop(struct run_stop *owner, message_run_fn *run)
{
    struct stop *s = NEW(struct stop);

    s->owner = owner;
    s->m = (struct message){.class = MESSAGE_EVENT, .run = run, .done = stopped, .name = "stop"};
    list_init(&s->m.link);
    return s;
}

static void
post(struct stop *s)
{
    struct err e = ERR_INIT;

    if (core_post(s->owner->core, &s->m, &e) < 0)
        stopped(&s->m, &e);
}

static void
stop_in_order(struct run_stop *owner, const char *const *uids, size_t n)
{
    struct stop *s = new_stop(owner, stop_workflows);

    for (size_t i = 0; i < n; i++)
        vec_push(&s->uids, xstrdup(uids[i]));
    post(s);
}

static void
on_look(void *arg)
{
    struct run_stop *s = arg;
    const struct err *failure = core_failure(s->core);

    timer_after(&s->look, CLOCK_SECOND);
    s->failed_looks = failure != NULL ? s->failed_looks + 1 : 0;
    if (s->failed_looks >= RUN_STOP_LOOKS)
        s->on_give_up(s->arg, failure->msg);
}

void
run_stop_init(struct run_stop *s, struct loop *l)
{
    timer_init(&s->look, l, on_look, s);
}

void
run_stop_done(struct run_stop *s)
{
    timer_stop(&s->look);
}

void
run_stop_interrupt(struct run_stop *s, const char *const *uids, size_t n)
{
    switch (++s->interrupts) {
    case 1:
        fprintf(s->err, "stopping; once more stops at once\n");
        timer_after(&s->look, CLOCK_SECOND);
        stop_in_order(s, uids, n);
        break;
    case 2:
        post(new_stop(s, stop_pods));
        break;
    default:
        s->on_give_up(s->arg, "interrupted three times");
    }
}
