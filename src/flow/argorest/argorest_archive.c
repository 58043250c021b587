/*
 * Workflows that are over, by their uid.
 *
 * They are kept as the objects they were, so there is no second store: what is deleted here is
 * gone, and a retry goes on with the workflow itself.
 */
#include <stdlib.h>

#include "api/apiserver.h"
#include "api/objects.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "edge/call.h"
#include "flow/argorest/argorest_int.h"
#include "schema/selector.h"
#include "store/versions.h"

enum { MAX_LABELS = 5000 /* keys, or values of one, in one answer */ };

int
argorest_find_uid(struct argorest_call *c, struct turn *t, struct str uid, const char *right,
                  struct object **ret, struct err *e)
{
    struct object *o = objects_find_uid(argorest_config(c)->objects, t, uid);

    if (o == NULL || object_kind(o) != &kind_workflow || !object_is_finished(o)) {
        object_unref(o);
        return err_set(e, ERR_NOTFOUND, "there is no archived workflow with uid \"%.*s\"",
                       STR_ARG(uid));
    }
    *ret = o;
    return argorest_authorize(c, right, &kind_workflow, NULL, object_namespace(o), object_name(o),
                              e);
}

static int
run_get(struct argorest_call *c, struct turn *t, struct err *e)
{
    return argorest_find_uid(c, t, call_param(c->call, "uid"), "get", &c->object, e);
}

static int
run_delete(struct argorest_call *c, struct turn *t, struct err *e)
{
    cleanup_object struct object *o = NULL;
    struct json_build b = JSON_BUILD_INIT;

    if (argorest_find_uid(c, t, call_param(c->call, "uid"), "delete", &o, e) < 0 ||
        objects_delete(argorest_config(c)->objects, t, &kind_workflow, object_namespace(o),
                       object_name(o), NULL, NULL, e) < 0)
        return e->code;
    json_add_object(&b, NULL);
    json_end(&b);
    c->doc = json_build_done(&b);
    return 0;
}

static int
run_retry(struct argorest_call *c, struct turn *t, struct err *e)
{
    cleanup_object struct object *o = NULL;

    return argorest_find_uid(c, t, call_param(c->call, "uid"), "update", &o, e) < 0
               ? e->code
               : argorest_rerun(c, t, o, e);
}

static int
run_resubmit(struct argorest_call *c, struct turn *t, struct err *e)
{
    cleanup_object struct object *o = NULL;

    return argorest_find_uid(c, t, call_param(c->call, "uid"), "create", &o, e) < 0
               ? e->code
               : argorest_rerun(c, t, o, e);
}

/* Labels. */

static int
may_list(struct argorest_call *c, struct err *e)
{
    struct str ns = argorest_param(c, "namespace");

    return argorest_authorize(c, "list", &kind_workflow, NULL, ns.p != NULL ? ns : STR(""),
                              STR_NULL, e);
}

/* All keys, or the values of one. */
static int
list_labels(struct argorest_call *c, struct turn *t, struct str key, struct err *e)
{
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;
    cleanup_free char *after = xstrdup("");

    json_add_object(&b, NULL);
    json_add_array(&b, "items");
    for (int i = 0; i < MAX_LABELS; i++) {
        char *next;

        if (versions_next_label(turn_db(t), str_of(kind_workflow.resource), key, str_of(after),
                                &next, e) < 0)
            return e->code;
        if (next == NULL)
            break;
        json_add_cstr(&b, NULL, next);
        free(after);
        after = next;
    }
    json_end(&b);
    json_end(&b);
    c->doc = json_build_done(&b);
    return 0;
}

static int
run_keys(struct argorest_call *c, struct turn *t, struct err *e)
{
    return list_labels(c, t, STR_NULL, e);
}

static void
free_selector(void *plan)
{
    selector_free(plan);
}

/* listOptions.labelSelector=KEY */
static int
prepare_values(struct argorest_call *c, struct err *e)
{
    struct str text = argorest_param(c, "listOptions.labelSelector");
    struct selector *s = NULL;

    if (may_list(c, e) < 0)
        return e->code;
    if (selector_parse(text.p != NULL ? text : STR(""), &s, e) < 0)
        return err_wrap(e, "listOptions.labelSelector");
    c->plan = s;
    c->release = free_selector;
    if (selector_count(s) == 1 && selector_term_at(s, 0)->op == SELECTOR_EXISTS)
        return 0;
    return err_set(e, ERR_BADREQUEST,
                   "listOptions.labelSelector: expected the key of one label, found \"%.*s\"",
                   STR_ARG(text));
}

static int
run_values(struct argorest_call *c, struct turn *t, struct err *e)
{
    return list_labels(c, t, selector_term_at(c->plan, 0)->key, e);
}

const struct argorest_op argorest_archive_ops[] = {
    {.method = "GET", .pattern = "/api/v1/archived-workflows/{uid}", .run = run_get},
    {.method = "DELETE", .pattern = "/api/v1/archived-workflows/{uid}", .run = run_delete},
    {.method = "PUT",
     .pattern = "/api/v1/archived-workflows/{uid}/retry",
     .run = run_retry,
     .verb = "retry"},
    {.method = "PUT",
     .pattern = "/api/v1/archived-workflows/{uid}/resubmit",
     .run = run_resubmit,
     .verb = "resubmit"},
    {.method = "GET",
     .pattern = "/api/v1/archived-workflows-label-keys",
     .prepare = may_list,
     .run = run_keys},
    {.method = "GET",
     .pattern = "/api/v1/archived-workflows-label-values",
     .prepare = prepare_values,
     .run = run_values},
    {.method = NULL},
};
