/*
 * Everything that a pod refers to, gathered in one turn, so that the runtime needs nobody: its
 * ConfigMaps and Secrets, its claims' directories, the stored blobs of its inputs.
 *
 * What is required and missing keeps the pod Pending, with kubelet's reason: a reference in the
 * environment is CreateContainerConfigError, one in a volume FailedMount, a claim Unschedulable.
 */
#include <string.h>

#include "api/objects.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "control/control_int.h"
#include "control/idrange.h"
#include "core/turn.h"
#include "data/json.h"
#include "io/file.h"
#include "runner/podio.h"
#include "runner/podspec.h"
#include "runner/runtime.h"
#include "store/blobs.h"
#include "store/store.h"

struct gathering {
    struct control *control;
    struct turn *turn;
    const struct object *pod;
    struct plan *plan;
    VEC(struct plan_source) sources;
    VEC(struct plan_claim) claims;
    VEC(struct plan_blob) blobs;
    const char *reason;
};

static bool
has_source(const struct gathering *g, const char *kind, struct str name)
{
    for (size_t i = 0; i < g->sources.n; i++)
        if (strcmp(g->sources.at[i].kind, kind) == 0 && str_is(name, g->sources.at[i].name))
            return true;
    return false;
}

/* What the ConfigMap is about to hold, where the Namespace has not got it yet. */
static void
add_authority(struct gathering *g)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_object(&b, "data");
    json_add_cstr(&b, CONTROL_CA_KEY, g->control->config.ca);
    json_end(&b);
    json_end(&b);
    vec_push(&g->sources, ((struct plan_source){xstrdup("ConfigMap"), xstrdup(CONTROL_CA_MAP),
                                                json_build_done(&b)}));
}

static int
add_source(struct gathering *g, const char *kind, struct str name, bool optional,
           const char *reason, struct err *e)
{
    bool secret = strcmp(kind, "Secret") == 0;
    struct object *o;

    if (name.n == 0 || has_source(g, kind, name))
        return 0;
    o = objects_find(g->control->config.objects, g->turn, secret ? &kind_secret : &kind_config_map,
                     object_namespace(g->pod), name);
    if (o == NULL && !secret && str_is(name, CONTROL_CA_MAP) && g->control->config.ca != NULL) {
        add_authority(g);
        return 0;
    }
    if (o == NULL && !optional) {
        g->reason = reason;
        return err_set(e, ERR_NOTFOUND, "%s \"%.*s\" not found", secret ? "secret" : "configmap",
                       STR_ARG(name));
    }
    if (o == NULL)
        return 0;
    vec_push(&g->sources,
             ((struct plan_source){xstrdup(kind), str_dup(name), json_doc_ref(object_doc(o))}));
    object_unref(o);
    return 0;
}

static bool
is_optional(const struct json *ref)
{
    return json_bool_or(json_get(ref, "optional"), false);
}

static int
add_ref(struct gathering *g, const char *kind, const struct json *ref, const char *name_key,
        const char *reason, struct err *e)
{
    struct str name = json_str(json_get(ref, name_key));

    return ref == NULL ? 0 : add_source(g, kind, name, is_optional(ref), reason, e);
}

static int
gather_env(struct gathering *g, const struct json *container, struct err *e)
{
    static const char reason[] = "CreateContainerConfigError";

    JSON_EACH (it, json_get(container, "envFrom")) {
        if (add_ref(g, "ConfigMap", json_get(it.value, "configMapRef"), "name", reason, e) < 0 ||
            add_ref(g, "Secret", json_get(it.value, "secretRef"), "name", reason, e) < 0)
            return e->code;
    }
    JSON_EACH (it, json_get(container, "env")) {
        const struct json *from = json_get(it.value, "valueFrom");

        if (add_ref(g, "ConfigMap", json_get(from, "configMapKeyRef"), "name", reason, e) < 0 ||
            add_ref(g, "Secret", json_get(from, "secretKeyRef"), "name", reason, e) < 0)
            return e->code;
    }
    return 0;
}

static int
gather_claim(struct gathering *g, const struct json *source, struct err *e)
{
    struct str name = json_str(json_get(source, "claimName"));
    struct object *o = objects_find(g->control->config.objects, g->turn, &kind_pvc,
                                    object_namespace(g->pod), name);

    if (o == NULL || !str_is(json_str(object_at(o, "status.phase")), "Bound")) {
        g->reason = "Unschedulable";
        err_set(e, ERR_NOTFOUND,
                o == NULL ? "persistentvolumeclaim \"%.*s\" not found"
                          : "persistentvolumeclaim \"%.*s\" is not bound",
                STR_ARG(name));
        object_unref(o);
        return e->code;
    }
    vec_push(&g->claims,
             ((struct plan_claim){str_dup(name),
                                  xstrdup(pvc_directory(g->control, o, turn_arena(g->turn)))}));
    object_unref(o);
    return 0;
}

static int
gather_volume(struct gathering *g, const struct json *v, struct err *e)
{
    static const char reason[] = "FailedMount";
    const struct json *claim = json_get(v, "persistentVolumeClaim");

    if (add_ref(g, "ConfigMap", json_get(v, "configMap"), "name", reason, e) < 0 ||
        add_ref(g, "Secret", json_get(v, "secret"), "secretName", reason, e) < 0)
        return e->code;
    JSON_EACH (it, json_at_path(v, "projected.sources")) {
        if (add_ref(g, "ConfigMap", json_get(it.value, "configMap"), "name", reason, e) < 0 ||
            add_ref(g, "Secret", json_get(it.value, "secret"), "name", reason, e) < 0)
            return e->code;
    }
    return claim != NULL ? gather_claim(g, claim, e) : 0;
}

/* A blob under the key, or all keys below it as a directory.  1: there is something. */
static int
gather_key(struct gathering *g, struct str key, struct err *e)
{
    enum { AT_ONCE = 500 };
    struct arena *a = turn_arena(g->turn);
    struct blobs *blobs = store_blobs(turn_store(g->turn));
    struct blob one, *many;
    struct str after = STR_NULL, prefix;
    size_t n;
    bool any = false;

    if (blobs_get(blobs, key, a, &one, e) == 0) {
        vec_push(&g->blobs,
                 ((struct plan_blob){str_dup(key), NULL, xstrdup(blobs_path(blobs, &one.id, a))}));
        return 1;
    }
    if (e->code != ERR_NOTFOUND)
        return e->code;
    prefix = str_of(arena_printf(a, "%.*s/", STR_ARG(key)));
    do {
        if (blobs_list(blobs, prefix, after, AT_ONCE, a, &many, &n, e) < 0)
            return e->code;
        for (size_t i = 0; i < n; i++) {
            struct str suffix = str_slice(many[i].key, prefix.n, many[i].key.n);

            after = many[i].key;
            if (!file_is_plain_path(suffix))
                continue;
            any = true;
            vec_push(&g->blobs, ((struct plan_blob){str_dup(key), str_dup(suffix),
                                                    xstrdup(blobs_path(blobs, &many[i].id, a))}));
        }
    } while (n == AT_ONCE);
    return any;
}

/* Secrets of artifacts that are elsewhere (runner/remote.h). */
static int
gather_remote(struct gathering *g, const struct json *http, const struct json *git, struct err *e)
{
    static const char *const fields[] = {"usernameSecret", "passwordSecret", "sshPrivateKeySecret"};
    const struct json *basic = json_at_path(http, "auth.basicAuth");

    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (add_ref(g, "Secret", json_get(basic, fields[i]), "name", "InputFailed", e) < 0 ||
            add_ref(g, "Secret", json_get(git, fields[i]), "name", "InputFailed", e) < 0)
            return e->code;
    }
    return 0;
}

static int
gather_inputs(struct gathering *g, struct err *e)
{
    struct arena *a = turn_arena(g->turn);
    struct podio *io;
    int rc = podio_parse(object_root(g->pod), a, &io, e);

    for (size_t i = 0; rc >= 0 && i < io->inputs_n; i++) {
        const struct podio_input *in = &io->inputs[i];
        struct str key = in->blob;

        rc = gather_remote(g, in->http, in->git, e);
        if (rc < 0 || key.p == NULL)
            continue;
        if (in->sub_path.n > 0)
            key = str_of(arena_printf(a, "%.*s/%.*s", STR_ARG(in->blob), STR_ARG(in->sub_path)));
        rc = gather_key(g, key, e);
        if (rc == 0 && in->sub_path.n > 0)
            rc = gather_key(g, in->blob, e);
    }
    for (size_t i = 0; rc >= 0 && i < io->artifacts_n; i++)
        rc = gather_remote(g, io->artifacts[i].http, NULL, e);
    if (rc >= 0)
        json_doc_unref(io->doc);
    return rc < 0 ? rc : 0;
}

static int
gather(struct gathering *g, struct err *e)
{
    const struct json *spec = json_get(json_root(g->plan->pod), "spec");

    JSON_EACH (it, json_get(spec, "volumes")) {
        if (gather_volume(g, it.value, e) < 0)
            return err_wrap(e, "volume \"%s\"", json_cstr_or(json_get(it.value, "name"), ""));
    }
    JSON_EACH (it, json_get(spec, "initContainers")) {
        if (gather_env(g, it.value, e) < 0)
            return e->code;
    }
    JSON_EACH (it, json_get(spec, "containers")) {
        if (gather_env(g, it.value, e) < 0)
            return e->code;
    }
    return gather_inputs(g, e);
}

static void
hand_over(struct gathering *g)
{
    g->plan->sources = g->sources.at;
    g->plan->sources_n = g->sources.n;
    g->plan->claims = g->claims.at;
    g->plan->claims_n = g->claims.n;
    g->plan->blobs = g->blobs.at;
    g->plan->blobs_n = g->blobs.n;
}

int
podplan_gather(struct control *c, struct turn *t, const struct object *pod, struct plan **ret,
               const char **ret_reason, struct err *e)
{
    cleanup_plan struct plan *p = plan_new();
    struct gathering g = {.control = c, .turn = t, .pod = pod, .plan = p};
    int rc;

    *ret_reason = NULL;
    p->uid = str_dup(object_uid(pod));
    p->namespace = str_dup(object_namespace(pod));
    p->name = str_dup(object_name(pod));
    p->pod = json_doc_ref(object_doc(pod));
    if (c->root && idrange_get(turn_db(t), object_namespace(pod), &p->id_base, e) < 0)
        return e->code;
    if (!json_bool_or(object_at(pod, "spec.hostNetwork"), false)) {
        p->address = podaddress_get(&c->addresses, object_uid(pod));
        if (p->address == 0) {
            *ret_reason = "FailedCreatePodSandBox";
            return err_set(e, ERR_NOTFOUND, "all addresses of pods are in use");
        }
    }
    g.reason = "FailedMount";
    rc = podapi_gather(c, t, pod, p, e);
    if (rc == 0)
        rc = gather(&g, e);
    hand_over(&g);
    if (rc < 0) {
        *ret_reason = g.reason;
        return rc;
    }
    *ret = TAKE(p);
    return 0;
}
