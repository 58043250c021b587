#include "tests/bench/engine.h"
#include "sandbox/droptree.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "api/objects.h"
#include "base/err.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/yaml.h"
#include "flow/argo/argo.h"
#include "flow/flow.h"
#include "store/store.h"

static const struct flow_language *const languages[] = {&argo_language, NULL};
static const struct flow_options flow_options = {.languages = languages};

static void
must(int rc, const struct err *e)
{
    if (rc >= 0)
        return;
    fprintf(stderr, "%s\n", e->msg);
    exit(1);
}

double
engine_cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The pretended runtime. */

static struct json_doc *
ended(const struct object *pod)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(pod), (const char *const[]){"status", NULL});
    json_add_object(&b, "status");
    json_add_cstr(&b, "phase", "Succeeded");
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

/* An exit: a message, as from a process. */
struct leaving {
    struct message m;
    struct engine *engine;
    char *uid;
};

static int
run_exit(struct message *m, struct turn *t, struct err *e)
{
    struct leaving *x = CONTAINER_OF(m, struct leaving, m);
    struct engine *g = x->engine;
    cleanup_object struct object *pod = objects_find_uid(g->objects, t, str_of(x->uid));
    cleanup_json struct json_doc *next = ended(pod);

    vec_push(&g->ends, engine_cpu_us() - g->begin_us);
    return objects_update(g->objects, t, &kind_pod, object_namespace(pod), json_root(next),
                          OBJECTS_ALL, NULL, e);
}

static void
exit_done(struct message *m, const struct err *why)
{
    struct leaving *x = CONTAINER_OF(m, struct leaving, m);

    (void)why;
    free(x->uid);
    free(x);
}

static void
post_exit(void *arg)
{
    struct leaving *x = arg;
    struct err e = ERR_INIT;

    must(core_post(x->engine->core, &x->m, &e), &e);
}

static int
reconcile(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct engine *g = self;
    cleanup_object struct object *pod = objects_find_uid(g->objects, t, p->uid);
    struct leaving *x;

    (void)e;
    if (pod == NULL || object_is_finished(pod))
        return 0;
    if (g->first_us == 0)
        g->first_us = engine_cpu_us() - g->begin_us;
    x = NEW(struct leaving);
    x->m = (struct message){.class = MESSAGE_EVENT, .run = run_exit, .done = exit_done};
    x->engine = g;
    x->uid = str_dup(p->uid);
    turn_effect(t, post_exit, x);
    return 0;
}

static const struct controller_row pod_row = {
    .name = "pretended-pod", .resource = "pods", .reconcile = reconcile};

struct engine *
engine_open(void)
{
    struct engine *g = NEW(struct engine);
    struct err e = ERR_INIT;
    struct store_options so = {.clock = &g->clock.clock};
    struct core_options co = {.clock = &g->clock.clock};

    snprintf(g->dir, sizeof g->dir, "%s/sluice-engine-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(g->dir) == NULL)
        must(err_errno(&e, "make %s", g->dir), &e);
    clock_manual_init(&g->clock, 1700000000 * CLOCK_SECOND);
    must(store_open(g->dir, &so, &g->store, &e), &e);
    co.store = g->store;
    g->core = core_new(&co);
    g->controllers = controllers_new(g->core);
    g->objects = objects_new(g->core, g->controllers, kinds_builtin);
    controllers_add(g->controllers, &pod_row, g);
    g->flow = flow_new(g->core, g->controllers, g->objects, &flow_options);
    must(core_start(g->core, &e), &e);
    return g;
}

void
engine_close(struct engine *g)
{
    core_free(g->core);
    flow_free(g->flow);
    objects_free(g->objects);
    controllers_free(g->controllers);
    store_close(g->store);
    (void)droptree(g->dir);
    json_doc_unref(g->wanted);
    vec_done(&g->ends);
    free(g);
}

struct ask {
    struct message m;
    struct engine *engine;
};

static int
run_create(struct message *m, struct turn *t, struct err *e)
{
    struct engine *g = CONTAINER_OF(m, struct ask, m)->engine;

    return objects_create(g->objects, t, &kind_workflow, STR("default"), json_root(g->wanted), NULL,
                          e);
}

void
engine_go_on(struct engine *g, size_t enough)
{
    while (g->ends.n < enough && core_run_turn(g->core))
        ;
}

void
engine_begin(struct engine *g, const char *yaml)
{
    struct ask a = {.m = {.class = MESSAGE_REQUEST, .run = run_create}, .engine = g};
    struct err e = ERR_INIT;

    json_doc_unref(TAKE(g->wanted));
    must(yaml_parse_one(str_of(yaml), NULL, &g->wanted, &e), &e);
    if (g->begin_us == 0)
        g->begin_us = engine_cpu_us();
    must(core_post(g->core, &a.m, &e), &e);
    core_run_turn(g->core);
}
