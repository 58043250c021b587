/*
 * What can be told of an object before it runs: lint, and the check of whatever is created.
 */
#include "api/apiserver.h"
#include "api/objects.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "flow/argo/validate.h"
#include "flow/argorest/argorest_int.h"
#include "schema/problem.h"

struct fetching {
    struct argorest_call *call;
    struct turn *turn;
};

static const struct json *
fetch(void *arg, bool cluster, struct str name)
{
    struct fetching *f = arg;
    struct object *o =
        objects_find(argorest_config(f->call)->objects, f->turn,
                     cluster ? &kind_cluster_workflow_template : &kind_workflow_template,
                     cluster ? STR("") : f->call->ns, name);

    if (o == NULL)
        return NULL;
    turn_finally(f->turn, (void (*)(void *))object_unref, o);
    return object_root(o);
}

/* Bodies may leave out what the path says already. */
static struct json_doc *
with_kind(const struct kind *k, const struct json *object)
{
    struct json_build b = JSON_BUILD_INIT;
    char version[128];

    kind_api_version(k, version, sizeof version);
    json_add_object(&b, NULL);
    json_add_cstr(&b, "apiVersion", version);
    json_add_cstr(&b, "kind", k->kind);
    json_add_fields(&b, object, (const char *const[]){"apiVersion", "kind", NULL});
    json_end(&b);
    return json_build_done(&b);
}

static int
refuse(const struct problems *ps, struct err *e)
{
    cleanup_buf struct buf text = BUF_INIT;

    for (size_t i = 0; i < ps->n; i++) {
        if (ps->at[i].kind != PROBLEM_WARNING)
            buf_printf(&text, "%s%s", text.n > 0 ? "; " : "", ps->at[i].text);
    }
    if (text.n == 0)
        return 0;
    return err_set(e, ERR_BADREQUEST, "%s", buf_cstring(&text));
}

int
argorest_check(struct argorest_call *c, struct turn *t, const struct kind *k,
               const struct json *object, enum argorest_strictness how, struct err *e)
{
    struct fetching f = {.call = c, .turn = t};
    const struct validate_options options = {
        .mode = how == ARGOREST_SUBMIT ? VALIDATE_SUBMIT : VALIDATE_LINT,
        .allow_unknown = how != ARGOREST_LINT,
        .fetch = fetch,
        .fetch_arg = &f,
    };
    cleanup_json struct json_doc *doc = NULL;
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct str said = json_str(json_get(object, "kind"));

    if (said.n > 0 && !str_is(said, k->kind))
        return err_set(e, ERR_BADREQUEST, "kind: expected %s, found %.*s", k->kind, STR_ARG(said));
    doc = with_kind(k, object);
    validate_object(doc, json_root(doc), &options, &ps);
    return refuse(&ps, e);
}

static int
run_lint(struct argorest_call *c, struct turn *t, struct err *e)
{
    const struct json *object;

    if (argorest_object_of(c, &object, e) < 0 ||
        argorest_check(c, t, c->op->kind->kind, object, ARGOREST_LINT, e) < 0)
        return e->code;
    c->doc = json_copy(object);
    return 0;
}

/* Templates that are referred to are read. */
#define LINT(path, k) \
    { \
        .method = "POST", .pattern = path, .kind = &(k), .right = "get", .run = run_lint \
    }

const struct argorest_op argorest_lint_ops[] = {
    LINT("/api/v1/workflows/{namespace}/lint", argorest_workflow),
    LINT("/api/v1/workflow-templates/{namespace}/lint", argorest_template),
    LINT("/api/v1/cluster-workflow-templates/lint", argorest_cluster_template),
    LINT("/api/v1/cron-workflows/{namespace}/lint", argorest_cron),
    {.method = NULL},
};
