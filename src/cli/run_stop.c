#include "cli/run_stop.h"

#include "api/objects.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/core.h"
#include "core/message.h"
#include "data/json.h"

enum { PODS_MAX = 100000 };

struct stop {
    struct message m;
    struct objects *objects;
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
        if (ask_to_stop(s->objects, t, s->uids.at[i], e) < 0)
            return e->code;
    }
    return 0;
}

static int
stop_pods(struct message *m, struct turn *t, struct err *e)
{
    struct stop *s = CONTAINER_OF(m, struct stop, m);
    struct objects_query q = {.kind = &kind_pod, .limit = PODS_MAX};
    struct objects_delete how = {.grace_seconds = 0};
    cleanup_objects object_vec pods = VEC_INIT;

    if (objects_list(s->objects, t, &q, &pods, NULL, e) < 0)
        return e->code;
    for (size_t i = 0; i < pods.n; i++) {
        const struct object *pod = pods.at[i];

        if (!object_is_finished(pod) &&
            objects_delete(s->objects, t, &kind_pod, object_namespace(pod), object_name(pod), &how,
                           NULL, e) < 0 &&
            e->code != ERR_NOTFOUND)
            return e->code;
    }
    return 0;
}

static void
stopped(struct message *m, const struct err *why)
{
    struct stop *s = CONTAINER_OF(m, struct stop, m);

    if (why != NULL)
        log_error("run", "cannot stop: %s", why->msg);
    for (size_t i = 0; i < s->uids.n; i++)
        free(s->uids.at[i]);
    vec_done(&s->uids);
    free(s);
}

static void
post(struct core *core, struct stop *s, message_run_fn *run)
{
    struct err e = ERR_INIT;

    s->m = (struct message){.class = MESSAGE_EVENT, .run = run, .done = stopped, .name = "stop"};
    list_init(&s->m.link);
    if (core_post(core, &s->m, &e) < 0)
        stopped(&s->m, &e);
}

void
run_stop_workflows(struct core *core, struct objects *objects, const char *const *uids, size_t n)
{
    struct stop *s = NEW(struct stop);

    s->objects = objects;
    for (size_t i = 0; i < n; i++)
        vec_push(&s->uids, xstrdup(uids[i]));
    post(core, s, stop_workflows);
}

void
run_stop_pods(struct core *core, struct objects *objects)
{
    struct stop *s = NEW(struct stop);

    s->objects = objects;
    post(core, s, stop_pods);
}
