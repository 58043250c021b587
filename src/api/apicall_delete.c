/*
 * DELETE of one object, and of a collection.
 *
 * What a client says of the deletion comes in the body (DeleteOptions) or in the query.  A
 * collection is deleted a few objects in each turn; the answer is the list of what was deleted.
 */
#include "api/apicall_int.h"

#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "store/store.h"

enum { AT_ONCE = 100 /* objects of a collection, in one turn */ };

struct plan {
    struct objects_delete how;
    struct apiselect selection;
    object_vec deleted;
    char *after_ns, *after_name;
};

static struct str
option(const struct apicall *c, const char *name)
{
    struct str said = json_scalar_text(json_get(json_root(c->body), name));

    return said.p != NULL ? said : apiparam_text(&c->param, name);
}

static int
read_policy(struct apicall *c, struct objects_delete *how)
{
    struct str policy = option(c, "propagationPolicy"), orphan = option(c, "orphanDependents");

    how->orphan = str_is(policy, "Orphan") || str_is(orphan, "true");
    how->foreground = str_is(policy, "Foreground");
    if (policy.n > 0 && !how->orphan && !how->foreground && !str_is(policy, "Background")) {
        failure_set(&c->failure, ERR_INVALID,
                    "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported "
                    "value: \"%.*s\": supported values: \"Foreground\", \"Background\", "
                    "\"Orphan\", \"nil\"",
                    STR_ARG(policy));
        return ERR_INVALID;
    }
    return 0;
}

static int
read_numbers(struct apicall *c, struct objects_delete *how)
{
    const struct json *preconditions = json_get(json_root(c->body), "preconditions");
    struct str grace = option(c, "gracePeriodSeconds");
    struct str rv = json_str(json_get(preconditions, "resourceVersion"));

    how->grace_seconds = -1;
    if (grace.n > 0 && (!str_to_int(grace, &how->grace_seconds) || how->grace_seconds < 0))
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "gracePeriodSeconds must be a number of seconds from 0, not \"%.*s\"",
                           STR_ARG(grace));
    how->uid = json_str(json_get(preconditions, "uid"));
    if (rv.n > 0 && (!str_to_int(rv, &how->rv) || how->rv <= 0))
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "preconditions.resourceVersion: \"%.*s\" is no version", STR_ARG(rv));
    return 0;
}

static int
prepare(struct apicall *c)
{
    struct plan *p = ARENA_NEW(&c->arena, struct plan);

    c->plan = p;
    if (apicall_read_options(c, "DeleteOptions") < 0 || apicall_read_json(c, false, &c->body) < 0 ||
        read_policy(c, &p->how) < 0 || read_numbers(c, &p->how) < 0)
        return ERR_BADREQUEST;
    JSON_EACH (it, json_get(json_root(c->body), "dryRun"))
        c->dry_run = c->dry_run || str_is(json_str(it.value), "All");
    return 0;
}

/* Those that are made anew at each start are not to go. */
static int
check_stays(struct apicall *c)
{
    if (c->kind != &kind_namespace || !apiserver_keeps_namespace(c->name))
        return 0;
    failure_set(&c->failure, ERR_FORBIDDEN,
                "namespaces \"%.*s\" is forbidden: this namespace may not be deleted",
                STR_ARG(c->name));
    failure_about(&c->failure, c->kind, c->name);
    return ERR_FORBIDDEN;
}

static int
run(struct apicall *c, struct turn *t, struct err *e)
{
    const struct plan *p = c->plan;
    CLEANUP(object_unref) struct object *last = NULL;

    if (check_stays(c) < 0)
        return ERR_FORBIDDEN;
    if (objects_delete(apicall_config(c)->objects, t, c->stored, c->ns, c->name, &p->how, &last,
                       e) < 0) {
        apicall_fail(c, e);
        if (e->code == ERR_CONFLICT)
            failure_about_kind(&c->failure, c->kind, c->name);
        return e->code;
    }
    if (c->kind->gives_deleted || !objects_is_gone(apicall_config(c)->objects, last))
        c->object = TAKE(last);
    else
        apicall_success(c, object_name(last).p, object_uid(last).p, 0);
    return 0;
}

const struct apicall_verb apicall_delete = {.name = "delete", .prepare = prepare, .run = run};

/* Collections. */

static int
prepare_collection(struct apicall *c)
{
    struct plan *p;

    if (prepare(c) < 0)
        return ERR_BADREQUEST;
    p = c->plan;
    return apicall_select(c, &p->selection);
}

static void
release(void *arg)
{
    struct plan *p = arg;

    object_vec_done(&p->deleted);
    apiselect_done(&p->selection);
    free(p->after_ns);
    free(p->after_name);
}

static int
delete_page(struct apicall *c, struct turn *t, const object_vec *page, struct err *e)
{
    struct plan *p = c->plan;

    for (size_t i = 0; i < page->n; i++) {
        struct object *o = page->at[i], *last = NULL;

        if (!apiselect_matches(&p->selection, o))
            continue;
        if (objects_delete(apicall_config(c)->objects, t, c->stored, object_namespace(o),
                           object_name(o), &p->how, &last, e) < 0)
            return apicall_fail_about(c, e, object_name(o));
        object_unref(last);
        vec_push(&p->deleted, object_ref(o));
    }
    return 0;
}

static void
answer_collection(struct apicall *c, struct turn *t)
{
    const struct plan *p = c->plan;
    struct render r = apicall_render(c);
    cleanup_buf struct buf json = BUF_INIT;

    render_list_head(&r, &json);
    for (size_t i = 0; i < p->deleted.n; i++)
        render_list_item(&r, p->deleted.at[i], i == 0, &json);
    render_list_tail(&r, store_rv(turn_store(t)), NULL, -1, &json);
    render_body(&c->accept, buf_view(&json), &c->text);
}

static int
run_collection(struct apicall *c, struct turn *t, struct err *e)
{
    struct plan *p = c->plan;
    struct objects_query q = {.kind = c->stored,
                              .ns = c->ns,
                              .after_ns = str_of(p->after_ns),
                              .after_name = str_of(p->after_name),
                              .limit = AT_ONCE};
    cleanup_objects object_vec page = VEC_INIT;
    bool more = false;

    apiselect_index(&p->selection, &q);
    if (objects_list(apicall_config(c)->objects, t, &q, &page, &more, e) < 0)
        return apicall_fail(c, e);
    if (delete_page(c, t, &page, e) < 0)
        return e->code;
    if (more) {
        free(p->after_ns);
        free(p->after_name);
        p->after_ns = str_dup(object_namespace(vec_last(&page)));
        p->after_name = str_dup(object_name(vec_last(&page)));
        c->again = true;
        return 0;
    }
    answer_collection(c, t);
    return 0;
}

const struct apicall_verb apicall_deletecollection = {.name = "deletecollection",
                                                      .prepare = prepare_collection,
                                                      .run = run_collection,
                                                      .release = release};
