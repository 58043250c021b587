/*
 * rig - the graph engine on a scratch store, with a pretended runtime.
 *
 * Pods that the engine creates end when the test lets them (rig_step), as a
 * function of the test decides from their manifest.  Requests are answered at the same time, as
 * their URL says (fake_requester.h).
 */
#ifndef TESTS_UNIT_FLOW_RIG_H
#define TESTS_UNIT_FLOW_RIG_H

#include "api/objects.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/yaml.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_cron.h"
#include "flow/argo/argo_nodes.h"
#include "flow/flow.h"
#include "store/store.h"
#include "tests/unit/flow/fake_requester.h"
#include "tests/unit/store/scratch.h"
#include "tests/unit/test.h"

enum { RIG_START_S = 1700000000 };

/* How a pretended pod ends. */
struct rig_end {
    int exit_code;
    const char *outputs; /* JSON of the annotation without exitCode, or NULL */
};

struct rig {
    struct scratch dir;
    struct clock_manual clock;
    struct store *store;
    struct core *core;
    struct controllers *controllers;
    struct objects *objects;
    struct flow *flow;
    struct argo_cron *cron;
    struct fake_requester requester;
    struct rig_end (*play)(const struct json *pod);
    bool (*holds)(const struct json *pod);  /* it ends only when it is told to; NULL: none does */
    bool (*serves)(const struct json *pod); /* the same, and it runs meanwhile; NULL: none does */
    struct buf order; /* displayed names of pods in the order of their ends, with spaces */
    int pods_at_once, most_at_once;
    char *name;               /* of the workflow */
    const char *artifact_key; /* for rig_reopen(); NULL: the usual one */
};

static const struct flow_language *const rig_languages[] = {&argo_language, NULL};

static inline void
rig_reopen(struct rig *r)
{
    struct err e = ERR_INIT;
    struct store_options o = {.clock = &r->clock.clock};
    struct core_options co = {.clock = &r->clock.clock};
    struct flow_options fo = {.languages = rig_languages,
                              .artifact_key = r->artifact_key,
                              .requester = &r->requester.face,
                              .expires = true};

    if (store_open(r->dir.path, &o, &r->store, &e) < 0)
        fail_msg("%s", e.msg);
    co.store = r->store;
    r->core = core_new(&co);
    r->controllers = controllers_new(r->core);
    r->objects = objects_new(r->core, r->controllers, kinds_builtin);
    r->flow = flow_new(r->core, r->controllers, r->objects, &fo);
    r->cron = argo_cron_new(r->core, r->controllers, r->objects);
    if (core_start(r->core, &e) < 0)
        fail_msg("%s", e.msg);
    core_run(r->core, 1000);
}

static inline void
rig_open_with_key(struct rig *r, const char *artifact_key)
{
    *r = (struct rig){.order = BUF_INIT, .artifact_key = artifact_key};
    fake_requester_init(&r->requester);
    log_set_level(LOG_WARN);
    r->dir = scratch_new();
    clock_manual_init(&r->clock, RIG_START_S * CLOCK_SECOND);
    rig_reopen(r);
}

static inline void
rig_open(struct rig *r)
{
    rig_open_with_key(r, NULL);
}

/* As after kill -9: nothing is told to end. */
static inline void
rig_shut(struct rig *r)
{
    core_free(r->core);
    fake_requester_die(&r->requester);
    flow_free(r->flow);
    argo_cron_free(r->cron);
    objects_free(r->objects);
    controllers_free(r->controllers);
    store_close(r->store);
}

static inline void
rig_close(struct rig *r)
{
    rig_shut(r);
    fake_requester_done(&r->requester);
    scratch_free(&r->dir);
    buf_done(&r->order);
    free(r->name);
}

struct rig_message {
    struct message m;
    struct rig *rig;
    const struct kind *kind;
    const struct json *root;
    bool (*work)(struct rig *r, struct turn *t);
    bool result;
};

static inline int
rig_run_create_(struct message *m, struct turn *t, struct err *e)
{
    struct rig_message *rm = (struct rig_message *)m;
    struct object *o = NULL;
    int rc = objects_create(rm->rig->objects, t, rm->kind, STR("default"), rm->root, &o, e);

    if (rc < 0)
        fail_msg("%s", e->msg);
    if (rm->kind == &kind_workflow) {
        free(rm->rig->name);
        rm->rig->name = str_dup(object_name(o));
    }
    object_unref(o);
    return rc;
}

static inline void
rig_create(struct rig *r, const struct kind *kind, const char *yaml)
{
    struct err e = ERR_INIT;
    struct json_doc *doc = NULL;
    struct rig_message m = {
        .m = {.class = MESSAGE_REQUEST, .run = rig_run_create_}, .rig = r, .kind = kind};

    if (yaml_parse_one(str_of(yaml), NULL, &doc, &e) < 0)
        fail_msg("%s", e.msg);
    m.root = json_root(doc);
    core_post(r->core, &m.m, &e);
    core_run(r->core, 1000);
    json_doc_unref(doc);
}

static inline struct json_doc *
rig_ended_pod_(const struct json *pod, struct rig_end end, int64_t now)
{
    struct json_build b = JSON_BUILD_INIT;
    const struct json *meta = json_get(pod, "metadata");

    json_add_object(&b, NULL);
    json_add_fields(&b, pod, (const char *const[]){"metadata", "status", NULL});
    json_add_object(&b, "metadata");
    json_add_fields(&b, meta, (const char *const[]){"annotations", NULL});
    json_add_object(&b, "annotations");
    json_add_fields(&b, json_get(meta, "annotations"), NULL);
    if (end.outputs != NULL)
        json_add_cstr(&b, "sluice.dev/outputs", end.outputs);
    json_end(&b);
    json_end(&b);
    json_add_object(&b, "status");
    json_add_cstr(&b, "phase", end.exit_code == 0 ? "Succeeded" : "Failed");
    json_add_array(&b, "containerStatuses");
    json_add_object(&b, NULL);
    json_add_cstr(&b, "name", "main");
    json_add_object(&b, "state");
    json_add_object(&b, "terminated");
    json_add_int(&b, "exitCode", end.exit_code);
    json_add_cstr(&b, "reason", end.exit_code == 0 ? "Completed" : "Error");
    json_end(&b);
    json_end(&b);
    json_end(&b);
    json_end(&b);
    json_end(&b);
    json_end(&b);
    (void)now;
    return json_build_done(&b);
}

/* The pod runs, at an address of its own. */
static inline void
rig_serve_(struct rig *r, struct turn *t, const struct object *pod)
{
    struct json_build b = JSON_BUILD_INIT;
    struct err e = ERR_INIT;
    struct json_doc *next;

    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(pod), (const char *const[]){"status", NULL});
    json_add_object(&b, "status");
    json_add_cstr(&b, "phase", "Running");
    json_add_cstr(&b, "podIP", "10.0.0.7");
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    if (objects_update(r->objects, t, &kind_pod, STR("default"), json_root(next), OBJECTS_ALL, NULL,
                       &e) < 0)
        fail_msg("%s", e.msg);
    json_doc_unref(next);
}

/* It serves, from now on or already. */
static inline bool
rig_serves_(struct rig *r, struct turn *t, const struct object *pod)
{
    if (r->serves == NULL || !r->serves(object_root(pod)) || object_is_deleting(pod))
        return false;
    if (!str_is(json_str(object_at(pod, "status.phase")), "Running"))
        rig_serve_(r, t, pod);
    return true;
}

static inline bool
rig_end_one_(struct rig *r, struct turn *t)
{
    struct objects_query q = {.kind = &kind_pod, .ns = STR("default"), .limit = 10000};
    object_vec pods = VEC_INIT;
    struct err e = ERR_INIT;
    const struct object *next = NULL;
    int open = 0;

    if (objects_list(r->objects, t, &q, &pods, NULL, &e) < 0)
        fail_msg("%s", e.msg);
    for (size_t i = 0; i < pods.n; i++) {
        if (object_is_finished(pods.at[i]))
            continue;
        open++;
        if (r->holds != NULL && r->holds(object_root(pods.at[i])) &&
            !object_is_deleting(pods.at[i]))
            continue;
        if (rig_serves_(r, t, pods.at[i]))
            continue;
        if (next == NULL || object_rv(pods.at[i]) < object_rv(next))
            next = pods.at[i];
    }
    if (open > r->most_at_once)
        r->most_at_once = open;
    if (next != NULL) {
        struct rig_end end = r->play != NULL ? r->play(object_root(next)) : (struct rig_end){0};
        struct json_doc *ended = rig_ended_pod_(object_root(next), end, turn_now_us(t));

        buf_printf(&r->order, "%s%.*s", r->order.n != 0 ? " " : "",
                   STR_ARG(object_annotation(next, "workflows.argoproj.io/node-name")));
        if (objects_update(r->objects, t, &kind_pod, STR("default"), json_root(ended), OBJECTS_ALL,
                           NULL, &e) < 0)
            fail_msg("%s", e.msg);
        json_doc_unref(ended);
    }
    object_vec_done(&pods);
    return next != NULL;
}

static inline int
rig_run_work_(struct message *m, struct turn *t, struct err *e)
{
    struct rig_message *rm = (struct rig_message *)m;

    (void)e;
    rm->result = rm->work(rm->rig, t);
    return 0;
}

/* Answers the oldest request, or else ends the oldest pod that is open and does not hold; false if
 * there is neither. */
static inline bool
rig_step(struct rig *r)
{
    const char *answered = fake_requester_answer(&r->requester);
    struct err e = ERR_INIT;
    struct rig_message m = {
        .m = {.class = MESSAGE_EVENT, .run = rig_run_work_}, .rig = r, .work = rig_end_one_};

    if (answered != NULL) {
        flow_answered(r->flow, answered);
        core_run(r->core, 1000);
        return true;
    }
    core_post(r->core, &m.m, &e);
    core_run(r->core, 1000);
    return m.result;
}

/* Until no pod is open and no timer is set; time passes from deadline to deadline. */
static inline void
rig_finish(struct rig *r)
{
    for (int i = 0; i < 100000; i++) {
        int64_t due;

        if (rig_step(r))
            continue;
        due = core_next_deadline(r->core);
        if (due == INT64_MAX)
            return;
        if (due > r->clock.wall)
            clock_manual_advance(&r->clock, due - r->clock.wall);
        core_run(r->core, 1000);
    }
    fail_msg("the workflow has no end");
}

static struct json_doc *rig_found_;

static inline bool
rig_compose_(struct rig *r, struct turn *t)
{
    struct err e = ERR_INIT;
    struct object *o = objects_find(r->objects, t, &kind_workflow, STR("default"), str_of(r->name));

    if (o == NULL)
        fail_msg("no workflow %s", r->name);
    if (argo_nodes_compose(store_db(r->store), o, &rig_found_, &e) < 0)
        fail_msg("%s", e.msg);
    object_unref(o);
    return true;
}

/* The workflow with its nodes; the caller unrefs. */
static inline struct json_doc *
rig_workflow(struct rig *r)
{
    struct err e = ERR_INIT;
    struct rig_message m = {
        .m = {.class = MESSAGE_EVENT, .run = rig_run_work_}, .rig = r, .work = rig_compose_};

    core_post(r->core, &m.m, &e);
    core_run(r->core, 1000);
    return rig_found_;
}

/* The first node with that display name, within a document of rig_workflow(). */
static inline const struct json *
rig_node(const struct json_doc *workflow, const char *display)
{
    JSON_EACH (it, json_at_path(json_root(workflow), "status.nodes")) {
        if (str_is(json_str(json_get(it.value, "displayName")), display))
            return it.value;
    }
    return NULL;
}

static inline const char *
rig_text(const struct json *node, const char *field)
{
    return json_cstr_or(json_get(node, field), "");
}

#endif
