/*
 * PATCH: the four ways to say what changes.
 *
 * A patch applies to the object as it is in the turn, so it never meets a version other than its
 * own, and repeats nothing.
 */
#include "api/apicall_int.h"

#include "base/buf.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "http/fields.h"
#include "schema/defaults.h"
#include "schema/fielderror.h"
#include "schema/gomap.h"
#include "schema/managed.h"
#include "schema/merge.h"
#include "schema/prepare.h"
#include "schema/typed.h"

enum patch_form { PATCH_JSON, PATCH_MERGE, PATCH_STRATEGIC, PATCH_APPLY };

static const struct {
    const char *type;
    enum patch_form form;
} forms[] = {{"application/json-patch+json", PATCH_JSON},
             {"application/merge-patch+json", PATCH_MERGE},
             {"application/strategic-merge-patch+json", PATCH_STRATEGIC},
             {"application/apply-patch+yaml", PATCH_APPLY}};

struct plan {
    enum patch_form form;
};

static int
read_form(struct apicall *c, enum patch_form *ret)
{
    struct str field = c->rq.content_type, type = str_trim(str_cut(&field, ';'));

    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        if (fields_name_is(type, forms[i].type) &&
            !(forms[i].form == PATCH_STRATEGIC && c->kind->custom)) {
            *ret = forms[i].form;
            return 0;
        }
    }
    failure_status(&c->failure, 415, "UnsupportedMediaType", true, "415: Unsupported Media Type");
    return ERR_BADREQUEST;
}

static int
check_apply_options(struct apicall *c)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;

    if (apiparam_text(&c->param, "fieldManager").n == 0) {
        fielderror_required(&ps, "fieldManager", "is required for apply patch");
        failure_invalid(&c->failure, "meta.k8s.io", "PatchOptions", STR_NULL, &ps);
        return ERR_INVALID;
    }
    return 0;
}

static int
check_shape(struct apicall *c, enum patch_form form)
{
    const struct json *root = json_root(c->body);
    bool is_list = json_type(root) == JSON_ARRAY;

    if (form == PATCH_JSON && !is_list)
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "error decoding patch: json: cannot unmarshal %s into Go value of type "
                           "jsonpatch.Patch",
                           json_type_name(json_type(root)));
    if (form != PATCH_JSON && json_type(root) != JSON_OBJECT)
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "error decoding patch: json: cannot unmarshal %s into Go value of type "
                           "map[string]interface {}",
                           json_type_name(json_type(root)));
    return 0;
}

static int
prepare(struct apicall *c)
{
    struct plan *p = ARENA_NEW(&c->arena, struct plan);

    c->plan = p;
    if (read_form(c, &p->form) < 0 || apicall_read_options(c, "PatchOptions") < 0 ||
        (p->form == PATCH_APPLY && check_apply_options(c) < 0))
        return ERR_BADREQUEST;
    if (apicall_read_patch(c, p->form == PATCH_APPLY, &c->body) < 0 || check_shape(c, p->form) < 0)
        return ERR_BADREQUEST;
    return p->form == PATCH_APPLY ? apicall_check_name(c, json_root(c->body)) : 0;
}

/* The stored object as its readers know it, with its resourceVersion. */
static struct json_doc *
as_seen(const struct object *o)
{
    cleanup_buf struct buf text = BUF_INIT;

    object_write(&text, o);
    return object_parse(buf_view(&text));
}

/* What does not apply is 422 without a word on why, as upstream answers. */
static int
patch_failed(struct apicall *c, const struct err *e)
{
    if (e->code != ERR_INVALID)
        return failure_set(&c->failure, e->code, "%s", e->msg);
    failure_status(&c->failure, 422, "Invalid", true,
                   "the server rejected our request due to an error in our request");
    return e->code;
}

static int
merge(struct apicall *c, enum patch_form form, const struct json *base, struct json_doc **ret)
{
    const struct json *patch = json_root(c->body);
    struct err e = ERR_INIT;
    int rc = 0;

    if (form == PATCH_MERGE)
        *ret = merge_patch(base, patch);
    else if (form == PATCH_JSON)
        rc = merge_json_patch(base, patch, ret, &e);
    else
        rc = merge_strategic(apicall_schema(c), base, patch, ret, &e);
    return rc < 0 ? patch_failed(c, &e) : 0;
}

/* Whether it may look at what composed kinds do not store, or change it. */
static bool
concerns_status(const struct apicall *c, enum patch_form form)
{
    const struct json *patch = json_root(c->body);

    if (form != PATCH_JSON)
        return json_get(patch, "status") != NULL;
    JSON_EACH (it, patch) {
        struct str path = json_str(json_get(it.value, "path"));
        struct str from = json_str(json_get(it.value, "from"));

        if (path.n == 0 || str_starts(path, STR("/status")) || str_starts(from, STR("/status")))
            return true;
    }
    return false;
}

static int
store_next(struct apicall *c, struct turn *t, const struct object *live, struct json_doc **typed,
           bool managed, struct err *e)
{
    struct managed_write w = apicall_managed(c, turn_now_us(t));
    void *plan = NULL;

    if (apicall_plan_write(c, t, live, typed, &plan) < 0)
        return ERR_INVALID;
    if (!managed) {
        struct json_doc *next = managed_update(&w, object_root(live), json_root(*typed));

        json_doc_unref(*typed);
        *typed = next;
    }
    if (apicall_store_update(c, t, live, json_root(*typed), e) < 0)
        return ERR_INVALID;
    return apicall_act(c, t, plan, e);
}

/* The patched object could not be decoded: 422 about nobody, with the object (of a strategic merge:
 * the patch as Go prints a map) for the value of a field "patch", as upstream answers. */
static int
not_decoded(struct apicall *c, enum patch_form form, const struct json *merged, const char *why)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    cleanup_buf struct buf shown = BUF_INIT;

    if (form == PATCH_STRATEGIC)
        gomap_write(json_root(c->body), &shown);
    else
        json_write(&shown, merged);
    fielderror_invalid_str(&ps, "patch", buf_view(&shown), why);
    failure_invalid(&c->failure, "", "", STR_NULL, &ps);
    return ERR_INVALID;
}

static int
decode(struct apicall *c, enum patch_form form, const struct json_doc *merged,
       struct json_doc **ret)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    cleanup_json struct json_doc *typed = NULL;
    cleanup_buf struct buf why = BUF_INIT;
    char version[128];
    struct err e = ERR_INIT;

    kind_api_version(c->kind, version, sizeof version);
    if (!apicall_is_kind(c, json_root(merged), version, c->kind->kind, &why))
        return not_decoded(c, form, json_root(merged), buf_cstring(&why));
    if (typed_decode(apicall_schema(c), merged, &typed, &ps, &e) < 0)
        return not_decoded(c, form, json_root(merged), e.msg);
    if (ps.n > 0 && c->validation == APICALL_STRICT) {
        typed_strict_message(&ps, &why);
        return not_decoded(c, form, json_root(merged), buf_cstring(&why));
    }
    (void)apicall_take_problems(c, &ps, version, c->kind->kind);
    *ret = defaults_apply(apicall_schema(c), typed);
    return 0;
}

static int
run_merge(struct apicall *c, struct turn *t, const struct object *live, struct err *e)
{
    const struct plan *p = c->plan;
    cleanup_json struct json_doc *base = NULL, *merged = NULL, *typed = NULL;
    CLEANUP(object_unref) struct object *seen = object_ref(live);

    if (concerns_status(c, p->form) && objects_compose(apicall_config(c)->objects, t, &seen, e) < 0)
        return apicall_fail(c, e);
    base = as_seen(seen);
    if (merge(c, p->form, json_root(base), &merged) < 0 || decode(c, p->form, merged, &typed) < 0 ||
        apicall_check_name(c, json_root(typed)) < 0)
        return ERR_BADREQUEST;
    return store_next(c, t, live, &typed, false, e);
}

/* Server-side apply. */

static int
apply_failed(struct apicall *c, const struct problems *conflicts, const struct err *e)
{
    cleanup_buf struct buf message = BUF_INIT;

    if (e->code == ERR_IO) {
        failure_status(&c->failure, 500, NULL, false, "%s", e->msg);
        return e->code;
    }
    if (e->code == ERR_CONFLICT)
        managed_conflict_message(conflicts, &message);
    failure_set(&c->failure, e->code, "%s", message.n > 0 ? buf_cstring(&message) : e->msg);
    for (size_t i = 0; i < conflicts->n; i++)
        failure_cause(&c->failure, "FieldManagerConflict", conflicts->at[i].path, "%s",
                      conflicts->at[i].text + conflicts->at[i].detail);
    return e->code;
}

static int
run_apply(struct apicall *c, struct turn *t, const struct object *live, struct err *e)
{
    struct managed_write w = apicall_managed(c, turn_now_us(t));
    cleanup_problems struct problems conflicts = PROBLEMS_INIT;
    cleanup_json struct json_doc *applied = NULL, *typed = NULL, *fresh = NULL;
    struct err why = ERR_INIT;
    void *plan = NULL;

    if (managed_apply(&w, live != NULL ? object_root(live) : NULL, json_root(c->body), &applied,
                      &conflicts, &why) < 0)
        return apply_failed(c, &conflicts, &why);
    if (apicall_decode(c, applied, &typed) < 0)
        return ERR_BADREQUEST;
    if (live != NULL)
        return store_next(c, t, live, &typed, true, e);
    if (apicall_plan_write(c, t, NULL, &typed, &plan) < 0)
        return ERR_INVALID;
    fresh = prepare_create(w.type, w.api_version, w.kind, json_root(typed));
    return apicall_store_new(c, t, json_root(fresh), e);
}

static int
run(struct apicall *c, struct turn *t, struct err *e)
{
    const struct plan *p = c->plan;
    CLEANUP(object_unref) struct object *live = NULL;
    int rc = apicall_live(c, t, &live, e);

    if (rc < 0 && !(rc == ERR_NOTFOUND && p->form == PATCH_APPLY && !apicall_is_status(c)))
        return apicall_fail(c, e);
    *e = ERR_INIT;
    return p->form == PATCH_APPLY ? run_apply(c, t, live, e) : run_merge(c, t, live, e);
}

const struct apicall_verb apicall_patch = {
    .name = "patch", .prepare = prepare, .run = run, .composes = true};
