#include "flow/argo/argo_claim.h"

#include "api/objects.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_scope.h"
#include "flow/flow_int.h"

static char *
claim_name(const struct flow_run *run, const struct json *tmpl)
{
    return xasprintf("%s-%.*s", run->name, STR_ARG(json_str(json_at_path(tmpl, "metadata.name"))));
}

void
argo_claim_add_owner(struct json_build *b, const struct flow_run *run)
{
    json_add_array(b, "ownerReferences");
    json_add_object(b, NULL);
    json_add_cstr(b, "apiVersion", "argoproj.io/v1alpha1");
    json_add_cstr(b, "kind", "Workflow");
    json_add_cstr(b, "name", run->name);
    json_add_cstr(b, "uid", run->uid);
    json_add_bool(b, "controller", true);
    json_add_bool(b, "blockOwnerDeletion", true);
    json_end(b);
    json_end(b);
}

static struct json_doc *
manifest(const struct flow_run *run, const struct json *tmpl, const char *name)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_object(&b, "metadata");
    json_add_fields(&b, json_get(tmpl, "metadata"), (const char *const[]){"name", NULL});
    json_add_cstr(&b, "name", name);
    argo_claim_add_owner(&b, run);
    json_end(&b);
    json_add_value(&b, "spec", json_get(tmpl, "spec"));
    json_end(&b);
    return json_build_done(&b);
}

/* The platform could not do it: that is an error of the run, not a wrong workflow. */
static int
claim_refused(struct err *e)
{
    err_wrap(e, "pvc create error");
    if (e->code == ERR_INVALID || e->code == ERR_BADREQUEST)
        e->code = ERR_CONFLICT;
    return e->code;
}

static int
make_one(struct turn *t, struct flow_run *run, struct argo_scope *s, const struct json *tmpl,
         bool may_exist, struct err *e)
{
    cleanup_json struct json_doc *filled = NULL, *root = NULL;
    cleanup_free char *name = NULL;
    int rc;

    if (argo_scope_json_lax(s, tmpl, &filled, e) < 0)
        return e->code;
    name = claim_name(run, json_root(filled));
    root = manifest(run, json_root(filled), name);
    rc = objects_create(run->flow->objects, t, &kind_pvc, str_of(run->namespace), json_root(root),
                        NULL, e);
    if (rc < 0 && !(may_exist && rc == ERR_EXISTS))
        return claim_refused(e);
    vec_push(&argo_of(run)->claims, TAKE(name));
    return 0;
}

static int
make_all(struct turn *t, struct flow_run *run, bool may_exist, struct err *e)
{
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;

    argo_scope_init(&s, t, run, NULL);
    JSON_EACH (tmpl, json_get(argo_of(run)->spec, "volumeClaimTemplates")) {
        if (make_one(t, run, &s, tmpl.value, may_exist, e) < 0)
            return e->code;
    }
    return 0;
}

int
argo_claim_make(struct turn *t, struct flow_run *run, struct err *e)
{
    return make_all(t, run, false, e);
}

int
argo_claim_again(struct turn *t, struct flow_run *run, struct err *e)
{
    struct argo *a = argo_of(run);

    while (a->claims.n > 0)
        free(vec_pop(&a->claims));
    return make_all(t, run, true, e);
}

int
argo_claim_end(struct turn *t, struct flow_run *run, struct err *e)
{
    struct argo *a = argo_of(run);
    struct str strategy = json_str(json_at_path(a->spec, "volumeClaimGC.strategy"));

    if (run->result.phase != FLOW_SUCCEEDED && !str_is(strategy, "OnWorkflowCompletion"))
        return 0;
    for (size_t i = 0; i < a->claims.n; i++) {
        int rc = objects_delete(run->flow->objects, t, &kind_pvc, str_of(run->namespace),
                                str_of(a->claims.at[i]), NULL, NULL, e);

        if (rc < 0 && rc != ERR_NOTFOUND)
            return rc;
    }
    return 0;
}

void
argo_claim_add_volumes(const struct flow_run *run, struct json_build *b)
{
    const struct argo *a = argo_of(run);

    JSON_EACH (tmpl, json_get(a->spec, "volumeClaimTemplates")) {
        cleanup_free char *name = claim_name(run, tmpl.value);

        json_add_object(b, NULL);
        json_add_value(b, "name", json_at_path(tmpl.value, "metadata.name"));
        json_add_object(b, "persistentVolumeClaim");
        json_add_cstr(b, "claimName", name);
        json_end(b);
        json_end(b);
    }
}
