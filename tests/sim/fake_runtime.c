#include "tests/sim/fake_runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/objects.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "core/controller.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "store/attempts.h"
#include "store/store.h"
#include "tests/sim/sim.h"
#include "tests/sim/sim_vfs.h"
#include "tests/unit/test.h"

/* One that runs outside. */
struct process {
    struct fake_runtime *runtime;
    char *attempt;
    struct json_doc *pod;
    bool stopped, over;
    int machine; /* it ran on */
};

struct fake_runtime {
    struct sim *sim;
    struct controllers *cs;
    struct objects *os;
    int machine; /* counts losses of power: the boot id */
    VEC(struct process *) processes;
};

struct fake_runtime *
fake_runtime_new(struct sim *sim)
{
    struct fake_runtime *r = NEW(struct fake_runtime);

    r->sim = sim;
    return r;
}

void
fake_runtime_free(struct fake_runtime *r)
{
    for (size_t i = 0; i < r->processes.n; i++) {
        free(r->processes.at[i]->attempt);
        json_doc_unref(r->processes.at[i]->pod);
        free(r->processes.at[i]);
    }
    vec_done(&r->processes);
    free(r);
}

void
fake_runtime_lost(struct fake_runtime *r)
{
    r->machine++;
}

size_t
fake_runtime_started(const struct fake_runtime *r)
{
    return r->processes.n;
}

const char *
fake_runtime_attempt(const struct fake_runtime *r, size_t i)
{
    return r->processes.at[i]->attempt;
}

/* What processes do. */

static struct str
word(const struct json *pod, size_t i)
{
    const struct json *first = json_item(json_at_path(pod, "spec.containers"), 0);

    return json_str(json_item(json_get(first, "command"), i));
}

static int
exit_code(const struct process *p)
{
    const struct json *pod = json_root(p->pod);
    int64_t a = 0, b = 0;

    (void)str_to_int(word(pod, 1), &a);
    (void)str_to_int(word(pod, 2), &b);
    if (p->stopped || str_is(word(pod, 0), "hang"))
        return 143;
    if (str_is(word(pod, 0), "exit"))
        return (int)a;
    return str_is(word(pod, 0), "until") && b < a;
}

/* {"code":0,"outputs":{...}}: all that is known of an attempt that ended. */
static struct json_doc *
exit_record(const struct process *p)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_int(&b, "code", exit_code(p));
    json_add_object(&b, "outputs");
    if (str_is(word(json_root(p->pod), 0), "say"))
        json_add_str(&b, "result", word(json_root(p->pod), 1));
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

/* Messages to the core. */

struct report {
    struct message m;
    struct fake_runtime *runtime;
    char attempt[96];
};

static void
report_done(struct message *m, const struct err *why)
{
    (void)why; /* not stored: the record is looked at again when the core restores */
    free(CONTAINER_OF(m, struct report, m));
}

static void
report(struct fake_runtime *r, struct str attempt,
       int (*run)(struct message *, struct turn *, struct err *))
{
    struct report *x = NEW(struct report);
    struct err e = ERR_INIT;

    x->m = (struct message){.class = MESSAGE_EVENT, .run = run, .done = report_done};
    x->runtime = r;
    snprintf(x->attempt, sizeof x->attempt, "%.*s", STR_ARG(attempt));
    CHECK_INT(core_post(sim_core(r->sim), &x->m, &e), 0);
}

/* All containers of a pod end as the first one does. */
static void
add_containers(struct json_build *b, const struct json *containers, int64_t code)
{
    json_add_array(b, "containerStatuses");
    JSON_EACH (it, containers) {
        json_add_object(b, NULL);
        json_add_value(b, "name", json_get(it.value, "name"));
        json_add_object(b, "state");
        json_add_object(b, "terminated");
        json_add_int(b, "exitCode", code);
        json_add_cstr(b, "reason", code == 0 ? "Completed" : "Error");
        json_end(b);
        json_end(b);
        json_end(b);
    }
    json_end(b);
}

static void
add_status(struct json_build *b, const struct object *pod, const char *phase,
           const struct json *record)
{
    int64_t code = 0;

    json_add_object(b, "status");
    json_add_cstr(b, "phase", phase);
    if (record != NULL) {
        (void)json_int(json_get(record, "code"), &code);
        add_containers(b, object_at(pod, "spec.containers"), code);
    }
    json_end(b);
}

/* The Pod with another phase, and with outputs if it ended. */
static struct json_doc *
pod_with(const struct object *pod, const char *phase, const struct json *record)
{
    static const char *const except[] = {"metadata", "status", NULL};
    struct json_build b = JSON_BUILD_INIT;
    cleanup_buf struct buf text = BUF_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(pod), except);
    json_add_object(&b, "metadata");
    json_add_fields(&b, object_at(pod, "metadata"), (const char *const[]){"annotations", NULL});
    json_add_object(&b, "annotations");
    json_add_fields(&b, object_at(pod, "metadata.annotations"), NULL);
    if (record != NULL) {
        json_write(&text, json_get(record, "outputs"));
        json_add_str(&b, "sluice.dev/outputs", buf_view(&text));
    }
    json_end(&b);
    json_end(&b);
    add_status(&b, pod, phase, record);
    json_end(&b);
    return json_build_done(&b);
}

static int
write_pod(struct fake_runtime *r, struct turn *t, struct str uid, const char *phase,
          const struct json *record, struct err *e)
{
    cleanup_object struct object *pod = objects_find_uid(r->os, t, uid);
    cleanup_json struct json_doc *next = NULL;

    if (pod == NULL || object_is_finished(pod))
        return 0;
    next = pod_with(pod, phase, record);
    return objects_update(r->os, t, &kind_pod, object_namespace(pod), json_root(next), OBJECTS_ALL,
                          NULL, e);
}

static void
record_name(char *to, size_t size, const char *what, struct str attempt)
{
    snprintf(to, size, "%s/%.*s", what, STR_ARG(attempt));
}

static int
run_exit(struct message *m, struct turn *t, struct err *e)
{
    struct report *x = CONTAINER_OF(m, struct report, m);
    struct fake_runtime *r = x->runtime;
    cleanup_json struct json_doc *record = NULL;
    struct attempt_row row;
    struct str text;
    char name[128];
    int64_t code = 0;

    if (attempts_get(turn_db(t), str_of(x->attempt), turn_arena(t), &row, e) < 0)
        return e->code;
    if (str_is(row.state, "exited"))
        return 0; /* reported twice */
    record_name(name, sizeof name, "exit", str_of(x->attempt));
    text = sim_disk_get(sim_disk(r->sim), name);
    if (json_parse(text, NULL, &record, e) < 0 ||
        attempts_update(turn_db(t), row.id, STR("exited"), STR_NULL, e) < 0)
        return e->code;
    (void)json_int(json_get(json_root(record), "code"), &code);
    return write_pod(r, t, row.pod_uid, code == 0 ? "Succeeded" : "Failed", json_root(record), e);
}

static int
run_running(struct message *m, struct turn *t, struct err *e)
{
    struct report *x = CONTAINER_OF(m, struct report, m);
    struct attempt_row row;

    if (attempts_get(turn_db(t), str_of(x->attempt), turn_arena(t), &row, e) < 0)
        return e->code;
    return write_pod(x->runtime, t, row.pod_uid, "Running", NULL, e);
}

static void
process_exits(struct sim *sim, void *arg)
{
    struct process *p = arg;
    cleanup_json struct json_doc *record = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    char name[128];

    if (p->over)
        return;
    p->over = true;
    record = exit_record(p);
    json_write(&text, json_root(record));
    record_name(name, sizeof name, "exit", str_of(p->attempt));
    CHECK_TRUE(sim_disk_put(sim_disk(sim), name, buf_view(&text), true));
    sim_trace(sim, "exit %d", exit_code(p));
    report(p->runtime, str_of(p->attempt), run_exit);
}

static void
process_runs(struct sim *sim, void *arg)
{
    struct process *p = arg;

    (void)sim;
    if (!p->over)
        report(p->runtime, str_of(p->attempt), run_running);
}

/* Effects. */

struct order {
    struct fake_runtime *runtime;
    char *attempt; /* in the turn's arena */
    struct json_doc *pod;
};

/* One that ran through a kill of the core is adopted: that it runs is said once more. */
static void
adopt(struct fake_runtime *r, const char *attempt)
{
    for (size_t i = 0; i < r->processes.n; i++) {
        struct process *p = r->processes.at[i];

        if (str_is(str_of(attempt), p->attempt) && p->machine == r->machine && !p->over)
            sim_after(r->sim, 500, process_runs, p);
    }
}

/* Whoever publishes `started` first has the attempt. */
static void
start(void *arg)
{
    struct order *o = arg;
    struct fake_runtime *r = o->runtime;
    struct process *p;
    char name[128];

    record_name(name, sizeof name, "started", str_of(o->attempt));
    if (!sim_disk_put(sim_disk(r->sim), name, STR("yes"), false)) {
        adopt(r, o->attempt);
        return;
    }
    sim_trace(r->sim, "start");
    p = NEW(struct process);
    *p = (struct process){.runtime = r,
                          .attempt = xstrdup(o->attempt),
                          .pod = json_doc_ref(o->pod),
                          .machine = r->machine};
    vec_push(&r->processes, p);
    sim_after(r->sim, 500, process_runs, p);
    if (!str_is(word(json_root(p->pod), 0), "hang"))
        sim_after(r->sim, (int64_t)sim_random(r->sim, 4) * 1000, process_exits, p);
}

static void
stop(void *arg)
{
    struct order *o = arg;
    struct fake_runtime *r = o->runtime;

    for (size_t i = 0; i < r->processes.n; i++) {
        struct process *p = r->processes.at[i];

        if (str_is(str_of(o->attempt), p->attempt) && p->machine == r->machine && !p->over) {
            p->stopped = true;
            sim_after(r->sim, 1000, process_exits, p);
        }
    }
}

static void
drop_doc(void *arg)
{
    json_doc_unref(arg);
}

static void
order(struct fake_runtime *r, struct turn *t, struct str attempt, const struct object *pod,
      void (*fn)(void *))
{
    struct order *o = ARENA_NEW(turn_arena(t), struct order);

    o->runtime = r;
    o->attempt = ARENA_ARRAY(turn_arena(t), char, attempt.n + 1);
    memcpy(o->attempt, attempt.p, attempt.n);
    o->attempt[attempt.n] = '\0';
    o->pod = json_doc_ref(object_doc(pod));
    turn_finally(t, drop_doc, o->pod);
    turn_effect(t, fn, o);
}

/* The controller. */

static int
order_start(struct fake_runtime *r, struct turn *t, const struct object *pod, int64_t n,
            struct err *e)
{
    char boot[24], id[96];
    struct attempt_row row = {.pod_uid = object_uid(pod),
                              .container = STR("main"),
                              .n = n,
                              .state = STR("intended"),
                              .created_us = turn_now_us(t)};

    snprintf(boot, sizeof boot, "boot-%d", r->machine);
    snprintf(id, sizeof id, "%.*s-%" PRId64, STR_ARG(object_uid(pod)), n);
    row.id = str_of(id);
    row.boot_id = str_of(boot);
    order(r, t, row.id, pod, start);
    return attempts_insert(turn_db(t), &row, e);
}

/* What became of an attempt that this process did not see start. */
static int
look_after(struct fake_runtime *r, struct turn *t, const struct attempt_row *row, struct err *e)
{
    cleanup_object struct object *pod = objects_find_uid(r->os, t, row->pod_uid);
    char name[128], boot[24];

    snprintf(boot, sizeof boot, "boot-%d", r->machine);
    record_name(name, sizeof name, "exit", row->id);
    if (sim_disk_get(sim_disk(r->sim), name).p != NULL) {
        report(r, row->id, run_exit);
        return 0;
    }
    if (pod == NULL)
        return 0;
    if (!str_is(row->boot_id, boot)) { /* lost with the machine: once more, as another attempt */
        if (attempts_update(turn_db(t), row->id, STR("lost"), STR_NULL, e) < 0)
            return e->code;
        return order_start(r, t, pod, row->n + 1, e);
    }
    order(r, t, row->id, pod, start); /* does nothing where it has started */
    return 0;
}

static int
restore(void *self, struct turn *t, struct err *e)
{
    struct fake_runtime *r = self;
    struct objects_query q = {.kind = &kind_pod, .limit = 10000};
    cleanup_objects object_vec pods = VEC_INIT;
    struct attempt_row *rows;
    size_t n;

    if (attempts_list(turn_db(t), STR_NULL, turn_arena(t), &rows, &n, e) < 0 ||
        objects_list(r->os, t, &q, &pods, NULL, e) < 0)
        return e->code;
    for (size_t i = 0; i < n; i++) {
        if (look_after(r, t, &rows[i], e) < 0)
            return e->code;
    }
    for (size_t i = 0; i < pods.n; i++)
        controllers_wake(r->cs, "pods", object_uid(pods.at[i]));
    return 0;
}

static int
reconcile(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct fake_runtime *r = self;
    cleanup_object struct object *pod = objects_find_uid(r->os, t, p->uid);
    struct attempt_row *rows;
    size_t n;

    if (pod == NULL || object_is_finished(pod))
        return 0;
    if (attempts_list(turn_db(t), p->uid, turn_arena(t), &rows, &n, e) < 0)
        return e->code;
    return n == 0 ? order_start(r, t, pod, 0, e) : 0;
}

/* The Pod is being deleted: it goes when its process has ended. */
static int
finalize(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct fake_runtime *r = self;
    cleanup_object struct object *pod = objects_find_uid(r->os, t, p->uid);
    struct attempt_row *rows;
    size_t n;

    if (pod == NULL)
        return 0;
    if (attempts_list(turn_db(t), p->uid, turn_arena(t), &rows, &n, e) < 0)
        return e->code;
    if (n == 0 || object_is_finished(pod))
        return objects_remove(r->os, t, p->uid, e);
    order(r, t, rows[n - 1].id, pod, stop);
    return 0;
}

static const struct controller_row row = {.name = "fake-pod",
                                          .resource = "pods",
                                          .restore = restore,
                                          .reconcile = reconcile,
                                          .finalize = finalize};

void
fake_runtime_boot(struct fake_runtime *r, struct controllers *cs, struct objects *os)
{
    r->cs = cs;
    r->os = os;
    controllers_add(cs, &row, r);
}
