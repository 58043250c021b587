#include "tests/sim/flow_site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/objects.h"
#include "base/buf.h"
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
#include "flow/argo/argo_rerun.h"
#include "flow/flow.h"
#include "store/store.h"

enum { RETRY_US = 3000, ANSWER_US = 50000 };

static const struct flow_language *const languages[] = {&argo_language, NULL};

static int
run_create(struct message *m, struct turn *t, struct err *e)
{
    struct site *s = CONTAINER_OF(m, struct site, m);
    const struct argo_rerun again = {.restart_successful = false};
    cleanup_object struct object *o = NULL;

    /* Who asks again looks first: what began since then began because of the retry. */
    if (s->retries && fake_runtime_started(s->runtime) > s->started_before)
        return 0;
    if (s->retries) {
        o = objects_find(s->os, t, &kind_workflow, STR("default"), STR("wf"));
        CHECK_NOT_NULL(o);
        return argo_rerun_retry(s->flow, t, o, &again, e);
    }
    return objects_create(s->os, t,
                          json_at_path(json_root(s->wanted), "spec.workflowSpec") != NULL
                              ? &kind_cron_workflow
                              : &kind_workflow,
                          STR("default"), json_root(s->wanted), NULL, e);
}

static void
created(struct message *m, const struct err *why)
{
    struct site *s = CONTAINER_OF(m, struct site, m);

    s->posted = false;
    /* It may have been done although nobody could say so. */
    if (why == NULL || why->code == ERR_EXISTS || why->code == ERR_BADREQUEST)
        s->told = true;
    else
        sim_after(s->sim, RETRY_US, site_post, s);
}

void
site_post(struct sim *sim, void *arg)
{
    struct site *s = arg;
    struct err e = ERR_INIT;

    s->m = (struct message){.class = MESSAGE_REQUEST, .run = run_create, .done = created};
    s->posted = true;
    CHECK_INT(core_post(sim_core(sim), &s->m, &e), 0);
}

/* One that asks may be gone when the answer comes. */
static void
answer(struct sim *sim, void *arg)
{
    struct site *s = arg;
    const char *name = fake_requester_answer(&s->requester);

    (void)sim;
    if (name != NULL)
        flow_answered(s->flow, name);
}

static void
on_ask(void *arg)
{
    struct site *s = arg;

    sim_after(s->sim, (int64_t)sim_random(s->sim, ANSWER_US), answer, s);
}

static void
boot(struct sim *sim, void *arg)
{
    struct site *s = arg;
    struct flow_options options = {
        .languages = languages, .requester = &s->requester.face, .expires = true};

    s->sim = sim;
    if (s->runtime == NULL) {
        s->runtime = fake_runtime_new(sim);
        fake_requester_init(&s->requester);
        s->requester.on_ask = on_ask;
        s->requester.arg = s;
    }
    s->cs = controllers_new(sim_core(sim));
    s->os = objects_new(sim_core(sim), s->cs, kinds_builtin);
    fake_runtime_boot(s->runtime, s->cs, s->os);
    s->flow = flow_new(sim_core(sim), s->cs, s->os, &options);
    s->cron = argo_cron_new(sim_core(sim), s->cs, s->os);
}

static void
halt(struct sim *sim, void *arg)
{
    struct site *s = arg;

    (void)sim;
    fake_requester_die(&s->requester);
    flow_free(s->flow);
    argo_cron_free(s->cron);
    s->os = objects_free(s->os);
    s->cs = controllers_free(s->cs);
}

static void
lost(struct sim *sim, void *arg)
{
    struct site *s = arg;

    s->losses++;
    fake_runtime_lost(s->runtime);
    if (!s->told && !s->posted)
        sim_after(sim, RETRY_US, site_post, s);
}

static const struct sim_world world = {.boot = boot, .halt = halt, .lost = lost};

struct site *
site_new(uint64_t seed, const char *yaml)
{
    struct site *s = NEW(struct site);
    struct err e = ERR_INIT;

    log_set_level(LOG_ERROR + 1);
    if (yaml_parse_one(str_of(yaml), NULL, &s->wanted, &e) < 0)
        fail_msg("%s", e.msg);
    sim_new(seed, &world, s);
    sim_after(s->sim, 0, site_post, s);
    return s;
}

void
site_free(struct site *s)
{
    sim_free(s->sim);
    fake_runtime_free(s->runtime);
    fake_requester_done(&s->requester);
    json_doc_unref(s->wanted);
    free(s);
}

/* How it ended. */

struct ask {
    struct message m;
    struct site *site;
    struct json_doc *found;
    struct buf objects; /* all that there are, by kind and name */
};

static int
list_objects(struct ask *a, struct turn *t, const struct kind *kind, struct err *e)
{
    const struct objects_query q = {.kind = kind, .limit = 10000};
    cleanup_objects object_vec all = VEC_INIT;

    if (objects_list(a->site->os, t, &q, &all, NULL, e) < 0)
        return e->code;
    for (size_t i = 0; i < all.n; i++) {
        const struct object *o = all.at[i];

        buf_printf(&a->objects, "%s %.*s %s\n", kind->kind, STR_ARG(object_name(o)),
                   json_cstr_or(object_at(o, "status.phase"), ""));
    }
    return 0;
}

static int
run_compose(struct message *m, struct turn *t, struct err *e)
{
    struct ask *a = CONTAINER_OF(m, struct ask, m);
    cleanup_object struct object *o =
        objects_find(a->site->os, t, &kind_workflow, STR("default"), STR("wf"));

    CHECK_NOT_NULL(o);
    for (size_t i = 0; kinds_builtin[i] != NULL; i++) {
        if (kinds_builtin[i] != &kind_event && list_objects(a, t, kinds_builtin[i], e) < 0)
            return e->code;
    }
    return argo_nodes_compose(turn_db(t), o, &a->found, e);
}

static int
by_name(const void *a, const void *b)
{
    return str_cmp(json_str(json_get(*(const struct json *const *)a, "name")),
                   json_str(json_get(*(const struct json *const *)b, "name")));
}

static void
write_node(struct buf *to, const struct json *node)
{
    static const char *const times[] = {"startedAt", "finishedAt", "stages", "resourcesDuration",
                                        NULL};
    struct json_build b = JSON_BUILD_INIT;
    struct json_doc *doc;

    json_add_object(&b, NULL);
    json_add_fields(&b, node, times);
    json_end(&b);
    doc = json_build_done(&b);
    json_write(to, json_root(doc));
    buf_char(to, '\n');
    json_doc_unref(doc);
}

/* Pods of which an attempt was ever started, also of those that are gone by now. */
static size_t
pods_started(const struct site *s)
{
    size_t n = fake_runtime_started(s->runtime), pods = 0;

    for (size_t i = 0; i < n; i++) {
        const char *id = fake_runtime_attempt(s->runtime, i);
        size_t k = 0, uid = (size_t)(strrchr(id, '-') - id) + 1;

        while (strncmp(id, fake_runtime_attempt(s->runtime, k), uid) != 0)
            k++;
        pods += k == i;
    }
    return pods;
}

char *
site_end(struct site *s)
{
    struct ask a = {.m = {.class = MESSAGE_EVENT, .run = run_compose}, .site = s};
    VEC(const struct json *) nodes = VEC_INIT;
    const struct json *status;
    struct buf text = BUF_INIT;
    struct err e = ERR_INIT;

    CHECK_INT(core_post(sim_core(s->sim), &a.m, &e), 0);
    CHECK_TRUE(sim_run(s->sim));
    CHECK_NOT_NULL(a.found);
    status = json_get(json_root(a.found), "status");
    buf_printf(&text, "%s %s %s\n", json_cstr_or(json_get(status, "phase"), ""),
               json_cstr_or(json_get(status, "message"), ""),
               json_cstr_or(json_get(status, "progress"), ""));
    JSON_EACH (it, json_get(status, "nodes")) {
        vec_push(&nodes, it.value);
    }
    qsort(nodes.at, nodes.n, sizeof *nodes.at, by_name);
    for (size_t i = 0; i < nodes.n; i++)
        write_node(&text, nodes.at[i]);
    buf_str(&text, buf_view(&a.objects));
    buf_printf(&text, "%zu pods started\n", pods_started(s));
    buf_done(&a.objects);
    vec_done(&nodes);
    json_doc_unref(a.found);
    return buf_take(&text);
}

void
site_check_starts(struct site *s)
{
    size_t n = fake_runtime_started(s->runtime);

    for (size_t i = 0; i < n; i++) {
        const char *id = fake_runtime_attempt(s->runtime, i);

        for (size_t k = 0; k < i; k++)
            CHECK_TRUE(strcmp(id, fake_runtime_attempt(s->runtime, k)) != 0);
        if (s->losses == 0)
            CHECK_STR(id + strlen(id) - 2, "-0");
    }
}

void
site_check_end(struct site *s, const char *want)
{
    cleanup_free char *got = site_end(s);

    CHECK_TRUE(s->told);
    CHECK_STR(got, want);
    site_check_starts(s);
    CHECK_INT(controllers_busy(s->cs), 0);
}

char *
site_undisturbed(uint64_t seed, const char *yaml, struct site_passed *passed)
{
    struct site *s = site_new(seed, yaml);
    struct site_passed before = {sim_points(s->sim), sim_effects(s->sim)};
    char *end;

    CHECK_TRUE(sim_run(s->sim));
    if (passed != NULL)
        *passed = (struct site_passed){sim_points(s->sim) - before.points,
                                       sim_effects(s->sim) - before.effects};
    end = site_end(s);
    site_check_starts(s);
    site_free(s);
    return end;
}

void
site_crash_everywhere(uint64_t seed, const char *yaml, enum sim_crash how, int64_t least)
{
    struct site_passed passed;
    cleanup_free char *want = site_undisturbed(seed, yaml, &passed);
    int64_t effects = 0;

    for (int64_t n = 0; n < passed.points; n++) {
        struct site *s = site_new(seed, yaml);

        sim_crash_at(s->sim, n, how);
        CHECK_TRUE(sim_run(s->sim));
        CHECK_INT(sim_crashes(s->sim), 1);
        effects += strcmp(sim_crashed_at(s->sim), "effect") == 0;
        site_check_end(s, want);
        site_free(s);
    }
    /* Before each: that of the creation, the starts and ends of pods, and others. */
    CHECK_INT(effects, passed.effects);
    CHECK_TRUE(effects > least);
}
