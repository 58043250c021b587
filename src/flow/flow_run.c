#include "flow/flow_run.h"

#include <inttypes.h>

#include "api/objects.h"
#include "base/err.h"
#include "base/log.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/flow_end.h"
#include "flow/flow_expiry.h"
#include "flow/flow_gate.h"
#include "flow/flow_hooks.h"
#include "flow/flow_int.h"
#include "flow/flow_lock.h"
#include "flow/flow_pump.h"

/* Between two publications, of which watchers hear with all nodes: a second, or, for a large run,
 * what its nodes take at about 1 KB each and 10 MB/s. */
enum { PUBLISH_PAUSE_US = 1000 * 1000, PUBLISH_NODE_US = 100 };

static int
deadline_due(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct flow_run *run = CONTAINER_OF(timer, struct flow_run, deadline);

    run->deadline_us = 0;
    flow_run_touch(run);
    if (run->language->overdue(t, run, e) < 0)
        flow_break(run->flow, t, e);
    return 0;
}

static int publish(struct turn *t, struct flow_run *run, struct err *e);

static int
publish_due(struct core_timer *timer, struct turn *t, struct err *e)
{
    struct flow_run *run = CONTAINER_OF(timer, struct flow_run, publish_timer);

    if (publish(t, run, e) < 0)
        flow_break(run->flow, t, e);
    return 0;
}

struct flow_run *
flow_run_new(struct flow *f, const struct flow_language *language, struct str uid, struct str ns,
             struct str name)
{
    struct flow_run *run = NEW(struct flow_run);

    run->flow = f;
    run->language = language;
    run->uid = str_dup(uid);
    run->namespace = str_dup(ns);
    run->name = str_dup(name);
    run->result.phase = FLOW_RUNNING;
    list_init(&run->work);
    list_init(&run->dirty);
    list_init(&run->released);
    list_init(&run->crowd);
    flow_gate_init(&run->pods, 0);
    core_timer_init(&run->deadline, deadline_due);
    core_timer_init(&run->publish_timer, publish_due);
    list_append(&f->runs, &run->link);
    map_put(&f->by_uid, uid, run);
    return run;
}

struct flow_run *
flow_run_of(const struct flow *f, struct str uid)
{
    struct flow_run *run = map_get(&f->by_uid, uid);

    return run != NULL && run->state != FLOW_RUN_OVER ? run : NULL;
}

/* Whatever still waits for a place leaves the lines before the gates go. */
static void
clear_lines(struct flow_run *run)
{
    MAP_EACH (&run->nodes, it) {
        struct flow_node *n = it.value;

        list_remove(&n->wait_link);
        if (n->pod != NULL && map_get(&run->flow->by_pod, str_of(n->pod)) == n)
            map_remove(&run->flow->by_pod, str_of(n->pod));
    }
}

void
flow_run_free(struct flow_run *run)
{
    clear_lines(run);
    for (int64_t id = run->last_id; id > 0 && run->nodes.n > 0; id--) {
        struct flow_node *n = map_get_u64(&run->nodes, (uint64_t)id);

        if (n != NULL)
            flow_node_free(n);
    }
    core_timer_stop(&run->deadline);
    core_timer_stop(&run->publish_timer);
    if (run->mind != NULL)
        run->language->forget(run);
    map_remove(&run->flow->by_uid, str_of(run->uid));
    list_remove(&run->link);
    map_done(&run->nodes);
    map_done(&run->by_place);
    flow_result_done(&run->result);
    flow_lock_forget(run->claim);
    json_doc_unref(run->revived);
    json_doc_unref(run->revived_frozen);
    free(run->uid);
    free(run->name);
    free(run->namespace);
    free(run);
}

void
flow_run_sweep(struct flow_run *run)
{
    struct list *link;

    while ((link = list_shift(&run->released)) != NULL)
        flow_node_free(LIST_ITEM(link, struct flow_node, dirty_link));
}

void
flow_run_touch(struct flow_run *run)
{
    run->row_dirty = true;
    flow_flush_later(run->flow);
}

void
flow_run_queue(struct flow_run *run)
{
    flow_wake(run);
}

void
flow_run_changed(struct flow_run *run)
{
    int64_t pause = run->last_id * PUBLISH_NODE_US;

    if (!core_timer_armed(&run->publish_timer))
        flow_set_timer(run->flow, &run->publish_timer,
                       run->published_us + (pause > PUBLISH_PAUSE_US ? pause : PUBLISH_PAUSE_US));
}

void
flow_run_renewed(struct flow_run *run)
{
    run->renewed = true;
    if (run->state != FLOW_RUN_OVER)
        flow_run_changed(run);
}

static struct str
place_text(char *to, size_t size, int64_t parent, struct str key)
{
    return str_make(to, (size_t)snprintf(to, size, "%" PRId64 "/%.*s", parent, STR_ARG(key)));
}

/* Keys have no upper limit (a loop's item is part of one): long ones go to the heap. */
static struct str
place(char *small, size_t size, char **large, int64_t parent, struct str key)
{
    *large = NULL;
    if (key.n + 24 < size)
        return place_text(small, size, parent, key);
    *large = xcalloc(key.n + 24, 1);
    return place_text(*large, key.n + 24, parent, key);
}

void
flow_run_place(struct flow_node *n, char *key)
{
    char small[256];
    cleanup_free char *large;

    n->key = key;
    map_put(&n->run->by_place, place(small, sizeof small, &large, n->parent_id, str_of(key)), n);
}

void
flow_run_drop(struct flow_node *n)
{
    char small[256];
    cleanup_free char *large;

    map_remove_u64(&n->run->nodes, (uint64_t)n->id);
    map_remove(&n->run->by_place, place(small, sizeof small, &large, n->parent_id, str_of(n->key)));
}

struct flow_node *
flow_run_find(const struct flow_run *run, int64_t parent, struct str key)
{
    char small[256];
    cleanup_free char *large;

    return map_get(&run->by_place, place(small, sizeof small, &large, parent, key));
}

static int
finish(struct turn *t, struct flow_run *run, struct err *e)
{
    run->state = FLOW_RUN_OVER;
    run->ended_us = turn_now_us(t);
    core_timer_stop(&run->deadline);
    core_timer_stop(&run->publish_timer);
    flow_lock_release(t, run, NULL);
    flow_run_touch(run);
    log_info(run->name, "workflow is over phase=%s", flow_phase_name(run->result.phase));
    if (run->language->end(t, run, e) < 0)
        return e->code;
    flow_expiry_note(run);
    return publish(t, run, e);
}

/* It ends before it began. */
static int
abandon(struct turn *t, struct flow_run *run, const char *message, struct err *e)
{
    run->result.phase = FLOW_FAILED;
    free(run->result.message);
    run->result.message = xstrdup(message);
    return finish(t, run, e);
}

/* Nodes that were opened again may have nothing left to do. */
static int
check_all(struct turn *t, struct flow_run *run, struct err *e)
{
    for (int64_t id = run->last_id; id > 0; id--) {
        struct flow_node *n = map_get_u64(&run->nodes, (uint64_t)id);

        if (n != NULL && n->state == FLOW_OPEN && flow_end_check(t, n, e) < 0)
            return e->code;
    }
    return 0;
}

/* It has begun, but nothing of it has been opened. */
static bool
is_closed(const struct flow_run *run)
{
    return run->state == FLOW_RUN_BEGUN && run->open == 0;
}

int
flow_run_enter(struct turn *t, struct flow_run *run, struct err *e)
{
    struct flow_child c = {.key = NULL};
    int rc;

    if (!is_closed(run) || run->suspended)
        return 0;
    rc = run->language->root(t, run, &c, e);
    if (rc >= 0)
        rc = flow_hooks_ask_run(t, run, FLOW_AT_START, e);
    if (rc >= 0)
        rc = flow_pump_open(t, run, NULL, 0, &c, e);
    flow_child_done(&c);
    return rc < 0 ? rc : publish(t, run, e);
}

int
flow_run_begin(struct turn *t, struct flow_run *run, struct err *e)
{
    int64_t now = turn_now_us(t);

    /* Time spent in a line does not count. */
    if (run->deadline_us != 0)
        run->deadline_us += now - run->started_us;
    run->started_us = now;
    run->state = FLOW_RUN_BEGUN;
    free(run->result.message);
    run->result.message = NULL;
    flow_run_touch(run);
    if (run->deadline_us != 0)
        flow_set_timer(run->flow, &run->deadline, run->deadline_us);
    if (run->open != 0) /* it goes on after its end */
        return check_all(t, run, e) < 0 ? e->code : publish(t, run, e);
    return run->suspended ? publish(t, run, e) : flow_run_enter(t, run, e);
}

int
flow_run_wait(struct turn *t, struct flow_run *run, struct err *e)
{
    if (run->locked)
        return flow_run_begin(t, run, e);
    free(run->result.message);
    run->result.message = flow_lock_message(t, run->claim);
    return publish(t, run, e);
}

int
flow_run_start(struct turn *t, struct flow_run *run, struct err *e)
{
    struct err why = ERR_INIT;
    int rc;

    run->started_us = turn_now_us(t);
    flow_run_touch(run);
    if (!run->needs_locks)
        return flow_run_begin(t, run, e);
    run->state = FLOW_RUN_WAITING;
    rc = flow_lock_ask(t, run, NULL, &why);
    if (rc == ERR_INVALID)
        return abandon(t, run, why.msg, e);
    if (rc < 0) {
        *e = why;
        return rc;
    }
    return flow_run_wait(t, run, e);
}

void
flow_run_release_locks(struct turn *t, struct flow_run *run)
{
    for (int64_t id = 1; id <= run->last_id; id++) {
        struct flow_node *n = map_get_u64(&run->nodes, (uint64_t)id);

        if (n != NULL && n->claim != NULL)
            flow_lock_release(t, run, n);
    }
    flow_lock_release(t, run, NULL);
}

/* The entry node is over: exit handlers, unless the run was terminated. */
static int
start_exit(struct turn *t, struct flow_run *run, const struct flow_node *root, struct err *e)
{
    run->state = FLOW_RUN_EXITING;
    core_timer_stop(&run->deadline);
    run->deadline_us = 0;
    run->language->exiting(t, run, root);
    flow_run_touch(run);
    return run->shutdown == FLOW_TERMINATE ? 0 : flow_hooks_ask_run(t, run, FLOW_AT_END, e);
}

int
flow_run_exit_again(struct turn *t, struct flow_run *run, const struct flow_node *root,
                    struct err *e)
{
    run->started_us = turn_now_us(t);
    if (start_exit(t, run, root, e) < 0)
        return e->code;
    return run->open == 0 ? finish(t, run, e) : publish(t, run, e);
}

int
flow_run_released(struct turn *t, struct flow_run *run, struct flow_node *n, struct err *e)
{
    int rc = 0;

    run->open--;
    if (flow_node_is_hook(n))
        run->language->hook_ended(run, n);
    else
        rc = start_exit(t, run, n, e);
    if (rc >= 0 && run->open == 0 && run->state == FLOW_RUN_EXITING)
        rc = finish(t, run, e);
    return rc;
}

static int
stop_all(struct turn *t, struct flow_run *run, const char *message, struct err *e)
{
    cleanup_free struct flow_node **tops = NEW_ARRAY(struct flow_node *, run->nodes.n);
    size_t n = 0;

    MAP_EACH (&run->nodes, it) {
        struct flow_node *node = it.value;

        if (node->parent == NULL && node->state == FLOW_OPEN &&
            (run->shutdown == FLOW_TERMINATE || !flow_node_is_hook(node)))
            tops[n++] = node;
    }
    for (size_t i = 0; i < n; i++) {
        if (flow_end_stop(t, tops[i], message, e) < 0)
            return e->code;
    }
    return 0;
}

int
flow_run_shut_down(struct turn *t, struct flow_run *run, enum flow_shutdown how,
                   const char *message, struct err *e)
{
    if (run->state == FLOW_RUN_OVER || run->shutdown >= how)
        return 0;
    run->shutdown = how;
    flow_run_touch(run);
    if (run->state == FLOW_RUN_WAITING || is_closed(run))
        return abandon(t, run, message, e);
    return stop_all(t, run, message, e);
}

void
flow_run_suspend(struct flow_run *run, bool suspended)
{
    if (run->suspended == suspended)
        return;
    run->suspended = suspended;
    flow_run_touch(run);
    flow_run_queue(run);
}

/* Writes the object's status now; changes of nodes alone make a version, too. */
static int
publish(struct turn *t, struct flow_run *run, struct err *e)
{
    struct objects *os = run->flow->objects;
    cleanup_object struct object *now = objects_find_uid(os, t, str_of(run->uid)), *after = NULL;
    cleanup_json struct json_doc *next = NULL;
    bool renewed = run->renewed;

    run->renewed = false;
    run->published_us = turn_now_us(t);
    core_timer_stop(&run->publish_timer);
    if (now == NULL)
        return 0;
    if (run->language->publish(t, run, now, &next, e) < 0)
        return e->code;
    if (objects_update(os, t, object_kind(now), object_namespace(now), json_root(next), OBJECTS_ALL,
                       &after, e) < 0)
        return e->code;
    return renewed && object_rv(after) == object_rv(now) ? objects_touch(os, t, str_of(run->uid), e)
                                                         : 0;
}
