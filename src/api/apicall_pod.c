/*
 * Subresources of Pods: binding, eviction, log, exec.
 */
#include "api/apicall_int.h"

#include "api/apipod.h"
#include "api/meta.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "schema/fielderror.h"

static int
get_pod(struct apicall *c, struct turn *t, struct object **ret, struct err *e)
{
    if (objects_get(apicall_config(c)->objects, t, c->kind, c->ns, c->name, ret, e) < 0)
        return apicall_fail(c, e);
    return 0;
}

/* binding: what a scheduler writes. */

/* What is wrong with one is told without a reason, as upstream tells it. */
static int
check_target(struct apicall *c)
{
    static const char *const kinds[] = {"Node", "<empty>", NULL};
    const struct json *target = json_get(json_root(c->body), "target");
    struct str kind = json_str(json_get(target, "kind"));
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    cleanup_buf struct buf text = BUF_INIT;

    if (kind.n > 0 && !str_is(kind, "Node"))
        fielderror_unsupported(&ps, "target.kind", kind, kinds);
    if (json_str(json_get(target, "name")).n == 0)
        fielderror_required(&ps, "target.name", "");
    if (ps.n == 0)
        return 0;
    problems_message(&ps, &text);
    failure_status(&c->failure, 500, NULL, false, "%s", buf_cstring(&text));
    return ERR_IO;
}

static int
prepare_binding(struct apicall *c)
{
    const struct json *metadata;

    if (apicall_read_options(c, "CreateOptions") < 0 ||
        apicall_read_object(c, "", "v1", "Binding") < 0)
        return ERR_BADREQUEST;
    metadata = json_get(json_root(c->body), "metadata");
    if (apicall_check_place(c, json_str(json_get(metadata, "namespace"))) < 0)
        return ERR_BADREQUEST;
    if (!str_eq(json_str(json_get(metadata, "name")), c->name))
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "name in URL does not match name in Binding object");
    return check_target(c);
}

/* The status of a Pod that has a place. */
static struct json_doc *
scheduled(const struct object *pod, int64_t now_us)
{
    static const char *const except[] = {"conditions", NULL};
    struct json_build b = JSON_BUILD_INIT;
    char now[META_TIME_SIZE];

    meta_time(now_us, now);
    json_add_object(&b, NULL);
    json_add_fields(&b, object_at(pod, "status"), except);
    json_add_array(&b, "conditions");
    JSON_EACH (it, object_at(pod, "status.conditions")) {
        if (!str_is(json_str(json_get(it.value, "type")), "PodScheduled"))
            json_add_value(&b, NULL, it.value);
    }
    json_add_object(&b, NULL);
    json_add_cstr(&b, "type", "PodScheduled");
    json_add_cstr(&b, "status", "True");
    json_add_null(&b, "lastProbeTime");
    json_add_cstr(&b, "lastTransitionTime", now);
    json_end(&b);
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

static int
run_binding(struct apicall *c, struct turn *t, struct err *e)
{
    CLEANUP(object_unref) struct object *pod = NULL;
    cleanup_json struct json_doc *status = NULL;
    struct str had;

    if (get_pod(c, t, &pod, e) < 0)
        return e->code;
    had = json_str(object_at(pod, "spec.nodeName"));
    if (had.n > 0) {
        failure_set(&c->failure, ERR_CONFLICT,
                    "Operation cannot be fulfilled on pods/binding \"%.*s\": pod %.*s is already "
                    "assigned to node \"%.*s\"",
                    STR_ARG(c->name), STR_ARG(c->name), STR_ARG(had));
        failure_about(&c->failure, c->kind, c->name);
        return ERR_CONFLICT;
    }
    if (objects_set_node(apicall_config(c)->objects, t, pod,
                         json_str(json_at_path(json_root(c->body), "target.name")), e) < 0)
        return apicall_fail(c, e);
    status = scheduled(pod, turn_now_us(t));
    if (objects_set_status(apicall_config(c)->objects, t, pod, json_root(status), NULL, e) < 0)
        return apicall_fail(c, e);
    apicall_success(c, NULL, NULL, 201);
    return 0;
}

const struct apicall_verb apicall_binding = {
    .name = "create", .prepare = prepare_binding, .run = run_binding};

/* eviction: a deletion that budgets may refuse; there are no budgets here. */

static int
prepare_eviction(struct apicall *c)
{
    if (apicall_read_options(c, "CreateOptions") < 0 || apicall_read_json(c, false, &c->body) < 0)
        return ERR_BADREQUEST;
    return 0;
}

static int
run_eviction(struct apicall *c, struct turn *t, struct err *e)
{
    const struct json *options = json_get(json_root(c->body), "deleteOptions");
    struct objects_delete how = {.uid = json_str(json_at_path(options, "preconditions.uid")),
                                 .grace_seconds = -1};

    (void)json_int(json_get(options, "gracePeriodSeconds"), &how.grace_seconds);
    if (objects_delete(apicall_config(c)->objects, t, c->kind, c->ns, c->name, &how, NULL, e) < 0)
        return apicall_fail(c, e);
    apicall_success(c, NULL, NULL, 201);
    return 0;
}

const struct apicall_verb apicall_eviction = {
    .name = "create", .prepare = prepare_eviction, .run = run_eviction};

/* log and exec: which container is meant is found here; the rest is done by whoever runs pods. */

static const char *const lists[] = {"initContainers", "containers", "ephemeralContainers"};

static bool
has_container(const struct object *pod, struct str name)
{
    for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
        JSON_EACH (it, json_get(object_at(pod, "spec"), lists[l])) {
            if (str_eq(json_str(json_get(it.value, "name")), name))
                return true;
        }
    }
    return false;
}

static void
list_names(const struct object *pod, struct buf *to)
{
    for (size_t l = 0; l < ARRAY_LEN(lists); l++) {
        JSON_EACH (it, json_get(object_at(pod, "spec"), lists[l]))
            buf_printf(to, "%s%.*s", to->n > 0 ? " " : "",
                       STR_ARG(json_str(json_get(it.value, "name"))));
    }
}

/* Which one is meant without a name, where there are several, is for clients to say. */
static int
choose_container(struct apicall *c, const struct object *pod, struct str *ret)
{
    const struct json *containers = object_at(pod, "spec.containers");
    cleanup_buf struct buf names = BUF_INIT;

    *ret = apiparam_text(&c->param, "container");
    if (ret->n > 0) {
        if (has_container(pod, *ret))
            return 0;
        return failure_set(&c->failure, ERR_BADREQUEST, "container %.*s is not valid for pod %.*s",
                           STR_ARG(*ret), STR_ARG(c->name));
    }
    *ret = json_str(json_get(json_item(containers, 0), "name"));
    if (json_count(containers) <= 1)
        return 0;
    list_names(pod, &names);
    return failure_set(&c->failure, ERR_BADREQUEST,
                       "a container name must be specified for pod %.*s, choose one of: [%s]",
                       STR_ARG(c->name), buf_cstring(&names));
}

static int
nothing_to_prepare(struct apicall *c)
{
    (void)c;
    return 0;
}

static int
prepare_log(struct apicall *c)
{
    struct apipod_log *wanted = ARENA_NEW(&c->arena, struct apipod_log);
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct err e = ERR_INIT;

    c->plan = wanted;
    if (apipod_log_read(wanted, &c->param, &ps, &e) < 0)
        return failure_set(&c->failure, e.code, "%s", e.msg);
    if (ps.n == 0)
        return 0;
    failure_invalid(&c->failure, "", "PodLogOptions", c->name, &ps);
    return ERR_INVALID;
}

static int
run_log(struct apicall *c, struct turn *t, struct err *e)
{
    const struct apiserver_config *config = apicall_config(c);
    CLEANUP(object_unref) struct object *pod = NULL;
    struct apipod_log *wanted = c->plan;

    if (get_pod(c, t, &pod, e) < 0)
        return e->code;
    if (choose_container(c, pod, &wanted->container) < 0)
        return ERR_BADREQUEST;
    if (json_str(object_at(pod, "spec.nodeName")).n == 0 || config->pods == NULL) {
        c->status = 204;
        c->no_body = true;
        return 0;
    }
    wanted->pod = pod;
    if (config->pods->log(config->pods_arg, t, wanted, &c->stream, e) < 0)
        return apicall_fail(c, e);
    c->content_type = "text/plain";
    return 0;
}

const struct apicall_verb apicall_log = {.name = "get", .prepare = prepare_log, .run = run_log};

static const struct json *
status_of(const struct object *pod, struct str container)
{
    static const char *const statuses[] = {"containerStatuses", "initContainerStatuses"};

    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        JSON_EACH (it, json_get(object_at(pod, "status"), statuses[i])) {
            if (str_eq(json_str(json_get(it.value, "name")), container))
                return it.value;
        }
    }
    return NULL;
}

static struct apipod_exec *
make_exec(const struct apicall *c, const struct object *pod, struct str container, unsigned attempt)
{
    struct apipod_exec *x = NEW(struct apipod_exec);
    struct str word;
    size_t at = 0, n = 0;

    x->uid = str_dup(object_uid(pod));
    x->container = str_dup(container);
    x->attempt = attempt;
    x->input = apiparam_bool(&c->param, "stdin");
    x->output = apiparam_bool(&c->param, "stdout");
    x->error = apiparam_bool(&c->param, "stderr");
    x->tty = apiparam_bool(&c->param, "tty");
    x->argv = NEW_ARRAY(const char *, APIPARAM_MAX + 1);
    while ((word = apiparam_each(&c->param, "command", &at)).p != NULL)
        x->argv[n++] = str_dup(word);
    return x;
}

static int
run_exec(struct apicall *c, struct turn *t, struct err *e)
{
    CLEANUP(object_unref) struct object *pod = NULL;
    const struct json *status;
    struct str container;
    unsigned attempt;

    if (get_pod(c, t, &pod, e) < 0)
        return e->code;
    if (json_str(object_at(pod, "spec.nodeName")).n == 0)
        return failure_set(&c->failure, ERR_BADREQUEST, "pod %.*s does not have a host assigned",
                           STR_ARG(c->name));
    if (choose_container(c, pod, &container) < 0)
        return ERR_BADREQUEST;
    if (apiparam_text(&c->param, "command").p == NULL)
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "you must specify at least 1 command for the container");
    status = status_of(pod, container);
    if (json_at_path(status, "state.running") == NULL ||
        !apipod_attempt(json_str(json_get(status, "containerID")), &attempt))
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "container \"%.*s\" in pod \"%.*s\" is not running", STR_ARG(container),
                           STR_ARG(c->name));
    c->exec = make_exec(c, pod, container, attempt);
    return 0;
}

const struct apicall_verb apicall_exec = {
    .name = "get", .prepare = nothing_to_prepare, .run = run_exec};
