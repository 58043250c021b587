#include "flow/argo/argo.h"

#include "base/clock.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo_after.h"
#include "flow/argo/argo_begin.h"
#include "flow/argo/argo_child.h"
#include "flow/argo/argo_claim.h"
#include "flow/argo/argo_discard.h"
#include "flow/argo/argo_global.h"
#include "flow/argo/argo_hook.h"
#include "flow/argo/argo_http.h"
#include "flow/argo/argo_lock.h"
#include "flow/argo/argo_memo.h"
#include "flow/argo/argo_nodes.h"
#include "flow/argo/argo_open.h"
#include "flow/argo/argo_output.h"
#include "flow/argo/argo_pod.h"
#include "flow/argo/argo_podless.h"
#include "flow/argo/argo_publish.h"
#include "flow/argo/argo_rerun.h"
#include "flow/argo/argo_retry.h"
#include "flow/argo/argo_suspend.h"
#include "flow/argo/argo_write.h"

static const char *
type_name(struct str type)
{
    static const char *const types[] = {"Pod",     "Container", "Steps", "StepGroup",
                                        "DAG",     "TaskGroup", "Retry", "Skipped",
                                        "Suspend", "HTTP",      "Plugin"};

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (str_is(type, types[i]))
            return types[i];
    }
    return "";
}

/* After an early end the workflow says so, whatever its nodes say. */
static void
say_shutdown(struct flow_run *run)
{
    if (run->shutdown < FLOW_STOP)
        return;
    free(run->result.message);
    run->result.message =
        xasprintf("Stopped with strategy '%s'", run->shutdown == FLOW_STOP ? "Stop" : "Terminate");
}

/* The entry node's phase is the workflow's, except that what was left out counts as done. */
static void
exiting(struct turn *t, struct flow_run *run, const struct flow_node *root)
{
    bool left_out = root->phase == FLOW_SKIPPED || root->phase == FLOW_OMITTED;

    run->result.phase = left_out ? FLOW_SUCCEEDED : root->phase;
    if (run->result.message == NULL && root->message != NULL)
        run->result.message = xstrdup(root->message);
    say_shutdown(run);
    argo_global_add_result(t, run);
}

/* A hook of a node: its own end means nothing, but one that could not even be started makes the
 * node an error. */
static void
node_hook_ended(const struct flow_node *hook)
{
    struct flow_node *owner = hook->parent;

    if (hook->phase != FLOW_ERROR || !str_is(str_of(hook->type), "Skipped") ||
        owner->state != FLOW_ENDED)
        return;
    owner->phase = FLOW_ERROR;
    flow_node_say(owner, hook->message);
}

/* A bad end of an exit handler spoils a good run, never the reverse. */
static void
hook_ended(struct flow_run *run, const struct flow_node *hook)
{
    if (hook->parent != NULL) {
        node_hook_ended(hook);
        return;
    }
    say_shutdown(run);
    if (run->state != FLOW_RUN_EXITING || run->result.phase != FLOW_SUCCEEDED ||
        !flow_phase_is_bad(hook->phase))
        return;
    run->result.phase = hook->phase;
    free(run->result.message);
    run->result.message = hook->message != NULL ? xstrdup(hook->message) : NULL;
}

/* All that is not an exit handler ends; those run afterwards. */
static int
overdue(struct turn *t, struct flow_run *run, struct err *e)
{
    return flow_run_shut_down(t, run, FLOW_OVERDUE, "Step exceeded its deadline", e);
}

static int
ended(struct turn *t, struct flow_node *n, struct err *e)
{
    struct argo_usage usage =
        argo_usage_of(n->cpu_us, n->memory_peak_bytes, n->started_us, n->ended_us);

    if (n->pod != NULL && (usage.cpu != 0 || usage.memory != 0)) {
        argo_usage_add(&argo_of(n->run)->usage, usage);
        flow_run_touch(n->run);
    }
    argo_http_ended(t, n);
    argo_after_leaf(t, n);
    return argo_memo_keep(t, n, e);
}

static int
end(struct turn *t, struct flow_run *run, struct err *e)
{
    argo_after_run(run);
    return argo_claim_end(t, run, e);
}

const struct flow_language argo_language = {
    .name = "argo",
    .kind = "Workflow",
    .type_name = type_name,
    .begin = argo_begin,
    .resume = argo_resume,
    .save = argo_save,
    .forget = argo_forget,
    .root = argo_root,
    .open = argo_open,
    .locks = argo_locks,
    .lock_limit = argo_lock_limit,
    .depend = argo_depend,
    .child = argo_child,
    .pod = argo_pod,
    .tend = argo_podless_tend,
    .serves = argo_serves,
    .collect = argo_collect,
    .ended = ended,
    .closes = argo_closes,
    .fold = argo_fold,
    .again = argo_again,
    .elapsed = argo_elapsed,
    .hooks = argo_hooks,
    .publish = argo_publish,
    .refuse = argo_publish_refusal,
    .compose = argo_nodes_compose,
    .compose_begin = argo_nodes_begin,
    .compose_step = argo_nodes_step,
    .compose_end = argo_nodes_end,
    .plan_write = argo_write_plan,
    .act = argo_write_act,
    .exiting = exiting,
    .hook_ended = hook_ended,
    .overdue = overdue,
    .reopen = argo_rerun_reopen,
    .discard = argo_discard,
    .expired = argo_after_expired,
    .end = end,
};
