#include "flow/argo/argo_pod.h"

#include <inttypes.h>

#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_claim.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_podcontainers.h"
#include "flow/argo/argo_podless.h"
#include "flow/argo/argo_podpatch.h"
#include "flow/argo/argo_retry.h"
#include "flow/argo/argo_scope.h"
#include "flow/flow_int.h"

/* Everything that goes into one Pod. */
struct making {
    struct flow_node *leaf;
    const struct argo *argo;
    struct argo_scope *scope;
    const struct json *tmpl;   /* filled in */
    const struct json *spec;   /* what the workflow says of all its pods, filled in */
    const struct json *inputs; /* filled in */
    char *pod;                 /* its name */
    char id[512];              /* the node's */
    struct json_build b;
};

/* Names. */

static void
add_paths(struct argo_scope *s, const char *kind, const struct json *list, bool nested)
{
    JSON_EACH (it, list) {
        cleanup_free char *name =
            xasprintf("outputs.%s.%.*s.path", kind, STR_ARG(json_str(json_get(it.value, "name"))));
        const struct json *holder = nested ? json_get(it.value, "valueFrom") : it.value;

        expr_vars_set(&s->vars, str_of(name), json_str(json_get(holder, "path")));
    }
}

static int
add_names(struct making *m, struct err *e)
{
    struct flow_node *leaf = m->leaf;
    const struct json *outputs =
        json_get(argo_template(argo_of(leaf->run), str_of(leaf->template_of)), "outputs");

    argo_scope_add_inputs(m->scope, json_root(leaf->inputs));
    expr_vars_set(&m->scope->vars, STR("node.name"), str_of(leaf->name));
    expr_vars_set(&m->scope->vars, STR("pod.name"), str_of(m->pod));
    add_paths(m->scope, "parameters", json_get(outputs, "parameters"), true);
    add_paths(m->scope, "artifacts", json_get(outputs, "artifacts"), false);
    return argo_retry_add_names(m->scope, leaf, e);
}

/* Metadata. */

static void
add_map(struct json_build *b, const struct json *map, const struct json *over)
{
    JSON_EACH (it, map) {
        if (json_get_str(over, it.key) == NULL) {
            json_add_key(b, it.key);
            json_add_value(b, NULL, it.value);
        }
    }
}

static bool
is_exit_pod(const struct flow_node *leaf)
{
    for (const struct flow_node *n = leaf; n != NULL; n = n->parent) {
        if (n->parent == NULL)
            return flow_node_is_hook(n);
    }
    return false;
}

static int
add_metadata(struct making *m, struct err *e)
{
    const struct json *of_workflow = json_get(m->spec, "podMetadata");
    const struct json *own = json_get(m->tmpl, "metadata");
    struct json_build io = JSON_BUILD_INIT;
    cleanup_json struct json_doc *annotation = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    struct json_build *b = &m->b;

    if (argo_podio_add(&io, m->scope, m->leaf, m->tmpl, m->inputs, e) < 0) {
        json_build_cancel(&io);
        return e->code;
    }
    annotation = json_build_done(&io);
    json_write(&text, json_root(annotation));
    json_add_object(b, "metadata");
    json_add_cstr(b, "name", m->pod);
    json_add_object(b, "labels");
    add_map(b, json_get(of_workflow, "labels"), json_get(own, "labels"));
    add_map(b, json_get(own, "labels"), NULL);
    json_add_cstr(b, "workflows.argoproj.io/workflow", m->leaf->run->name);
    json_add_cstr(b, ARGO_POD_COMPLETED, "false");
    if (is_exit_pod(m->leaf))
        json_add_cstr(b, "workflows.argoproj.io/on-exit", "true");
    json_end(b);
    json_add_object(b, "annotations");
    add_map(b, json_get(of_workflow, "annotations"), json_get(own, "annotations"));
    add_map(b, json_get(own, "annotations"), NULL);
    json_add_cstr(b, "kubectl.kubernetes.io/default-container", "main");
    json_add_cstr(b, "workflows.argoproj.io/node-id", m->id);
    json_add_cstr(b, "workflows.argoproj.io/node-name", m->leaf->name);
    json_add_str(b, "sluice.dev/io", buf_view(&text));
    json_end(b);
    argo_claim_add_owner(b, m->leaf->run);
    json_end(b);
    return 0;
}

static void
add_volumes(struct making *m)
{
    struct json_build *b = &m->b;
    const struct json *own = json_get(m->tmpl, "volumes");

    json_add_array(b, "volumes");
    JSON_EACH (it, own) {
        json_add_value(b, NULL, it.value);
    }
    JSON_EACH (it, json_get(m->spec, "volumes")) {
        if (argo_artifact_named(own, json_str(json_get(it.value, "name"))) == NULL)
            json_add_value(b, NULL, it.value);
    }
    argo_claim_add_volumes(m->leaf->run, b);
    json_end(b);
}

/* A field of the template, else the workflow's. */
static void
add_either(struct making *m, const char *field, const char *in_template)
{
    const struct json *own = json_get(m->tmpl, in_template);

    json_add_value(&m->b, field, !json_is_null(own) ? own : json_get(m->spec, field));
}

static int
add_spec(struct making *m, struct err *e)
{
    struct json_build *b = &m->b;
    struct argo_podcontainers containers = {
        .b = b, .run = m->leaf->run, .tmpl = m->tmpl, .pod = m->pod, .id = m->id};
    int64_t limit;

    json_add_object(b, "spec");
    json_add_cstr(b, "restartPolicy", "Never");
    argo_podcontainers_add(&containers);
    add_volumes(m);
    add_either(m, "serviceAccountName", "serviceAccountName");
    add_either(m, "automountServiceAccountToken", "automountServiceAccountToken");
    add_either(m, "nodeSelector", "nodeSelector");
    add_either(m, "affinity", "affinity");
    add_either(m, "tolerations", "tolerations");
    add_either(m, "hostAliases", "hostAliases");
    add_either(m, "securityContext", "securityContext");
    add_either(m, "imagePullSecrets", "imagePullSecrets");
    add_either(m, "dnsConfig", "dnsConfig");
    add_either(m, "dnsPolicy", "dnsPolicy");
    add_either(m, "hostNetwork", "hostNetwork");
    if (!json_is_null(json_get(m->tmpl, "activeDeadlineSeconds"))) {
        if (!json_int_or_string(json_get(m->tmpl, "activeDeadlineSeconds"), &limit))
            return err_set(e, ERR_INVALID, "activeDeadlineSeconds is not a number");
        json_add_int(b, "activeDeadlineSeconds", limit);
    }
    json_end(b);
    return 0;
}

static int
make(struct making *m, struct json_doc **ret, struct err *e)
{
    int rc;

    json_add_object(&m->b, NULL);
    rc = add_metadata(m, e);
    if (rc >= 0)
        rc = add_spec(m, e);
    if (rc < 0) {
        json_build_cancel(&m->b);
        return rc;
    }
    json_end(&m->b);
    *ret = json_build_done(&m->b);
    return argo_podpatch(m->scope, json_get(m->argo->spec, "podSpecPatch"),
                         json_get(m->tmpl, "podSpecPatch"), ret, e);
}

/* What the workflow says of all its pods, with the names of this one filled in. */
static int
fill_spec(struct making *m, struct json_doc **ret, struct err *e)
{
    static const char *const fields[] = {"podMetadata",
                                         "volumes",
                                         "serviceAccountName",
                                         "nodeSelector",
                                         "affinity",
                                         "tolerations",
                                         "hostAliases",
                                         "hostNetwork",
                                         "securityContext",
                                         "imagePullSecrets",
                                         "dnsConfig",
                                         "dnsPolicy",
                                         "automountServiceAccountToken"};
    cleanup_json struct json_doc *all = NULL;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        json_add_value(&b, fields[i], json_get(m->argo->spec, fields[i]));
    json_end(&b);
    all = json_build_done(&b);
    return argo_scope_json_lax(m->scope, json_root(all), ret, e);
}

/* Upstream's name; with the node's number behind it where another pod of the run has that already.
 * A stranger's pod of that name is an error. */
static char *
pod_name(struct turn *t, const struct flow_node *leaf)
{
    cleanup_free char *name = argo_name_pod(leaf->run->name, str_of(leaf->name),
                                            argo_name_template(str_of(leaf->template_of)));
    cleanup_object struct object *other = NULL;

    if ((leaf->flags & FLOW_RENAMED) != 0)
        other = objects_find(leaf->run->flow->objects, t, &kind_pod, str_of(leaf->run->namespace),
                             str_of(name));
    return other != NULL && str_is(object_controller_uid(other), leaf->run->uid)
               ? xasprintf("%s-%" PRId64, name, leaf->id)
               : TAKE(name);
}

int
argo_pod(struct turn *t, struct flow_node *leaf, struct json_doc **ret, struct err *e)
{
    struct argo *a = argo_of(leaf->run);
    const struct json *tmpl = argo_template(a, str_of(leaf->template_of));
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;
    cleanup_json struct json_doc *filled = NULL, *inputs = NULL, *spec = NULL;
    struct making m = {.leaf = leaf, .argo = a, .scope = &s};
    int rc;

    if (argo_podless_is(tmpl))
        return 0;
    argo_scope_init(&s, t, leaf->run, NULL);
    m.pod = pod_name(t, leaf);
    argo_name_id(leaf->run->name, str_of(leaf->name), m.id, sizeof m.id);
    rc = add_names(&m, e);
    if (rc >= 0)
        rc = argo_scope_json_lax(&s, tmpl, &filled, e);
    if (rc >= 0 && leaf->inputs != NULL)
        rc = argo_scope_json_lax(&s, json_root(leaf->inputs), &inputs, e);
    if (rc >= 0)
        rc = fill_spec(&m, &spec, e);
    m.tmpl = json_root(filled);
    m.inputs = json_root(inputs);
    m.spec = json_root(spec);
    if (rc >= 0)
        rc = make(&m, ret, e);
    free(m.pod);
    return rc;
}
