/* What a Pod left behind becomes a leaf's phase, message and outputs (7.3 of the language's
 * phases: Failed is the user's code, Error is the platform). */
#include "flow/argo/argo_output.h"

#include <inttypes.h>

#include "api/objects.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_pod.h"
#include "flow/argo/argo_repository.h"
#include "flow/argo/argo_scope.h"
#include "flow/argo/argo_time.h"

enum { MAX_PROGRESS = 1000 * 1000 * 1000 }; /* sums of it do not overflow */

static const struct json *
main_status(const struct object *pod)
{
    const struct json *first = NULL;

    JSON_EACH (c, object_at(pod, "status.containerStatuses")) {
        if (str_is(json_str(json_get(c.value, "name")), "main"))
            return c.value;
        if (first == NULL)
            first = c.value;
    }
    return first;
}

/* "main: Error (exit code 1): text" of a container that ended badly; NULL if it did not. */
static char *
describe_end(const struct json *status)
{
    const struct json *end = json_at_path(status, "state.terminated");
    struct str message = json_str(json_get(end, "message"));
    const char *reason = json_cstr_or(json_get(end, "reason"), "Error");
    int64_t code = 0;

    if (end == NULL || !json_int(json_get(end, "exitCode"), &code) || code == 0)
        return NULL;
    return xasprintf("%.*s: %s (exit code %" PRId64 ")%s%.*s",
                     STR_ARG(json_str(json_get(status, "name"))), reason, code,
                     message.n != 0 ? ": " : "", STR_ARG(message));
}

/* An init container's bad end, with its full name. */
static char *
describe_init(const struct object *pod)
{
    JSON_EACH (c, object_at(pod, "status.initContainerStatuses")) {
        char *text = describe_end(c.value);

        if (text != NULL)
            return text;
    }
    return NULL;
}

/* Sidecars that were told to end (SIGTERM, SIGKILL) did nothing wrong. */
static char *
describe_sidecar(const struct object *pod, const struct json *main)
{
    JSON_EACH (c, object_at(pod, "status.containerStatuses")) {
        int64_t code = 0;

        if (c.value == main ||
            !json_int(json_at_path(c.value, "state.terminated.exitCode"), &code) || code == 137 ||
            code == 143)
            continue;
        if (code != 0)
            return describe_end(c.value);
    }
    return NULL;
}

/* The container never began, and its pod is over. */
static char *
describe_waiting(const struct json *status)
{
    const struct json *why = json_at_path(status, "state.waiting");
    struct str message = json_str(json_get(why, "message"));

    if (json_is_null(why))
        return NULL;
    return xasprintf("Pod failed before %.*s container starts due to %.*s%s%.*s",
                     STR_ARG(json_str(json_get(status, "name"))),
                     STR_ARG(json_str(json_get(why, "reason"))), message.n != 0 ? ": " : "",
                     STR_ARG(message));
}

static bool
main_ran_well(const struct json *main)
{
    int64_t code = -1;

    return json_int(json_at_path(main, "state.terminated.exitCode"), &code) && code == 0;
}

/* Platform or user: the reason and the containers tell. */
static void
judge_failure(const struct object *pod, const struct json *outputs, struct flow_result *r)
{
    struct str reason = json_str(object_at(pod, "status.reason"));
    struct str message = json_str(object_at(pod, "status.message"));
    const struct json *error = json_get(outputs, "error");
    const struct json *main = main_status(pod);

    r->phase = FLOW_FAILED;
    /* Its containers were killed: how they ended says nothing. */
    if (str_is(reason, "DeadlineExceeded") || str_is(reason, "Evicted")) {
        r->message = str_dup(message);
        return;
    }
    r->message = describe_init(pod);
    if (r->message != NULL) {
        r->phase = FLOW_ERROR;
        return;
    }
    if (str_is(reason, "InputFailed")) {
        r->phase = FLOW_ERROR;
        r->message = xasprintf("init: Error (exit code 64): %.*s", STR_ARG(message));
        return;
    }
    if (error != NULL && main_ran_well(main)) {
        r->phase = FLOW_ERROR;
        r->message = xasprintf("wait: Error (exit code 64): %.*s", STR_ARG(json_str(error)));
        return;
    }
    r->message = main_ran_well(main) ? describe_sidecar(pod, main) : describe_end(main);
    if (r->message != NULL)
        return;
    r->message = message.n == 0 ? describe_waiting(main) : NULL;
    if (r->message != NULL) {
        r->phase = FLOW_ERROR;
        return;
    }
    if (message.n != 0)
        r->message =
            xasprintf("%.*s%s%.*s", STR_ARG(reason), reason.n != 0 ? ": " : "", STR_ARG(message));
    else
        r->message = str_dup(reason.n != 0 ? reason : STR("pod failed"));
}

static void
add_parameters(struct json_build *b, const struct json *declared, const struct json *values)
{
    json_add_array(b, "parameters");
    JSON_EACH (p, declared) {
        const struct json *value = json_get_str(values, json_str(json_get(p.value, "name")));

        if (value == NULL)
            value = json_at_path(p.value, "valueFrom.default");
        if (value == NULL)
            value = json_get(p.value, "value");
        if (value == NULL)
            continue;
        json_add_object(b, NULL);
        json_add_fields(b, p.value, (const char *const[]){"value", NULL});
        json_add_str(b, "value", json_scalar_text(value));
        json_end(b);
    }
    json_end(b);
}

/* The store's keys begin with the bucket, an artifact's do not. */
static void
add_key(struct json_build *b, const struct argo *a, const struct json *location, struct str key)
{
    struct str bucket = str_cut(&key, '/');

    if (json_get(location, "bucket") == NULL && !str_is(bucket, argo_repository_bucket(a)))
        json_add_str(b, "bucket", bucket);
    json_add_str(b, "key", key);
}

static void
add_artifacts(struct json_build *b, const struct argo *a, const struct json *declared,
              const struct json *saved, struct str logs)
{
    json_add_array(b, "artifacts");
    JSON_EACH (art, declared) {
        const struct json *at = json_get_str(saved, json_str(json_get(art.value, "name")));

        if (at == NULL)
            continue;
        json_add_object(b, NULL);
        json_add_fields(b, art.value, (const char *const[]){"s3", "from", NULL});
        if (json_get(at, "http") != NULL) {
            json_end(b);
            continue;
        }
        json_add_object(b, "s3");
        json_add_fields(b, json_get(art.value, "s3"), (const char *const[]){"key", NULL});
        add_key(b, a, json_get(art.value, "s3"), json_str(json_get(at, "key")));
        json_end(b);
        json_end(b);
    }
    if (logs.n != 0) {
        json_add_object(b, NULL);
        json_add_cstr(b, "name", "main-logs");
        json_add_object(b, "s3");
        add_key(b, a, NULL, logs);
        json_end(b);
        json_end(b);
    }
    json_end(b);
}

/* What the template declares, with the names of its inputs filled in. */
static int
declared_of(struct turn *t, struct flow_node *leaf, const struct json *tmpl, struct json_doc **ret,
            struct err *e)
{
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;

    *ret = NULL;
    if (json_count(json_get(tmpl, "outputs")) == 0)
        return 0;
    argo_scope_init(&s, t, leaf->run, NULL);
    argo_scope_add_inputs(&s, json_root(leaf->inputs));
    return argo_scope_json_lax(&s, json_get(tmpl, "outputs"), ret, e);
}

static struct json_doc *
outputs_of(const struct argo *a, const struct json *declared, const struct json *left,
           const struct object *pod, bool set, struct str logs)
{
    const struct json *main = main_status(pod);
    const struct json *saved = json_get(left, "artifacts");
    struct json_build b = JSON_BUILD_INIT;
    int64_t code = 0;

    json_add_object(&b, NULL);
    if (json_count(json_get(declared, "parameters")) != 0)
        add_parameters(&b, json_get(declared, "parameters"), json_get(left, "parameters"));
    if (json_count(json_get(declared, "artifacts")) != 0 || logs.n != 0)
        add_artifacts(&b, a, json_get(declared, "artifacts"), saved, logs);
    json_add_value(&b, "result", json_get(left, "result"));
    json_add_value(&b, ARGO_PROGRESS, json_get(left, "progress"));
    if (json_int(json_at_path(main, "state.terminated.exitCode"), &code))
        json_add_printf(&b, "exitCode", "%" PRId64, code);
    if (set)
        json_add_value(&b, ARGO_CONTAINERS, object_at(pod, "status.containerStatuses"));
    json_end(&b);
    return json_build_done(&b);
}

/* Where the pod was told to save its log; STR_NULL: nowhere. */
static struct str
logs_of(const struct flow_node *leaf, const struct json *tmpl, const struct object *pod,
        struct json_doc **io)
{
    struct err ignored = ERR_INIT; /* the pod controller has read it */

    if (!argo_podio_archives_logs(leaf, tmpl) ||
        json_parse(object_annotation(pod, "sluice.dev/io"), NULL, io, &ignored) < 0)
        return STR_NULL;
    return json_str(json_get(json_root(*io), "archiveLogs"));
}

/* A leaf that has ended counts as complete, whatever it said last; most count as one. */
static void
count_progress(struct flow_run *run, const struct json *left)
{
    struct str total = json_str(json_get(left, "progress"));
    int64_t n;

    (void)str_cut(&total, '/');
    if (!str_to_int(total, &n) || n <= 1 || n > MAX_PROGRESS)
        return;
    argo_of(run)->progress_more += n - 1;
    flow_run_touch(run);
}

int
argo_serves(struct turn *t, struct flow_node *leaf, const struct object *pod, struct json_doc **ret,
            struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;

    (void)t;
    (void)leaf;
    (void)e;
    json_add_object(&b, NULL);
    /* A pod without an address of its own is at the machine's. */
    json_add_cstr(&b, ARGO_IP, json_cstr_or(object_at(pod, "status.podIP"), "127.0.0.1"));
    json_end(&b);
    *ret = json_build_done(&b);
    return 0;
}

/* A daemon is there to be told to end: by itself it only ends when something is wrong. */
static bool
left_its_post(const struct flow_node *leaf, const struct flow_result *r)
{
    return (leaf->flags & FLOW_DAEMON) != 0 && (leaf->flags & FLOW_DISMISSED) == 0 &&
           r->phase == FLOW_SUCCEEDED;
}

int
argo_collect(struct turn *t, struct flow_node *leaf, const struct object *pod,
             struct flow_result *r, struct err *e)
{
    const struct json *tmpl = argo_template(argo_of(leaf->run), str_of(leaf->template_of));
    struct str text = object_annotation(pod, "sluice.dev/outputs");
    cleanup_json struct json_doc *left = NULL, *declared = NULL, *io = NULL;
    struct err why = ERR_INIT;

    if (text.n != 0 && json_parse(text, NULL, &left, e) < 0)
        return err_wrap(e, "outputs of pod %.*s", STR_ARG(object_name(pod)));
    if (str_is(json_str(object_at(pod, "status.phase")), "Succeeded"))
        r->phase = FLOW_SUCCEEDED;
    else
        judge_failure(pod, json_root(left), r);
    if (left_its_post(leaf, r)) {
        r->phase = FLOW_FAILED;
        r->message = xstrdup("the daemon ended by itself");
    }
    if ((leaf->flags & FLOW_STOPPED) != 0 && flow_phase_is_bad(r->phase)) {
        r->phase = FLOW_FAILED;
        free(r->message);
        r->message = xstrdup(leaf->message != NULL ? leaf->message : "stopped");
    }
    if (declared_of(t, leaf, tmpl, &declared, &why) < 0 && r->phase == FLOW_SUCCEEDED) {
        r->phase = FLOW_ERROR;
        r->message = xasprintf("outputs: %s", why.msg);
    }
    r->outputs =
        outputs_of(argo_of(leaf->run), json_root(declared), json_root(left), pod,
                   !json_is_null(json_get(tmpl, "containerSet")), logs_of(leaf, tmpl, pod, &io));
    count_progress(leaf->run, json_root(left));
    argo_output_publish(leaf->run, json_root(r->outputs));
    return 0;
}
