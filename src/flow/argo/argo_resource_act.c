/* The verbs of resource templates, on the objects themselves. */
#include <string.h>

#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/yaml.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_claim.h"
#include "flow/argo/argo_resource.h"
#include "flow/flow_int.h"
#include "schema/merge.h"
#include "schema/schema.h"
#include "schema/selector.h"

/* One action and what it is about. */
struct deed {
    struct turn *turn;
    struct flow_run *run;
    struct objects *objects;
    const struct json *resource; /* the body, filled in */
    const struct json *manifest; /* NULL: flags say what it is about */
    const struct kind *kind;
    struct str ns, name;
    struct str selector; /* of a deletion by label; STR_NULL: by name */
};

/* What it is about. */

static int
read_manifest(const struct deed *d, const struct flow_node *leaf, struct json_doc **ret,
              struct err *e)
{
    const struct json *text = json_get(d->resource, "manifest");
    const struct json *from = json_at_path(d->resource, "manifestFrom.artifact");

    *ret = NULL;
    if (!json_is_null(from)) {
        const struct json *inputs = json_get(json_root(leaf->inputs), "artifacts");

        JSON_EACH (art, inputs) {
            if (json_equal(json_get(art.value, "name"), json_get(from, "name")))
                text = json_at_path(art.value, "raw.data");
        }
        if (json_is_null(text))
            return err_set(e, ERR_UNSUPPORTED,
                           "resource.manifestFrom: only an artifact with raw data can be the "
                           "manifest here");
    }
    if (json_str(text).n == 0)
        return 0;
    if (yaml_parse_one(json_str(text), NULL, ret, e) < 0)
        return err_wrap(e, "resource.manifest");
    return 0;
}

static int
find_kind(struct deed *d, struct str kind, struct str version, struct err *e)
{
    d->kind = kind_find(objects_kinds(d->objects), kind, version);
    if (d->kind == NULL)
        return err_set(e, ERR_NOTFOUND, "no matches for kind \"%.*s\" in version \"%.*s\"",
                       STR_ARG(kind), STR_ARG(version));
    return 0;
}

static int
aim_at_manifest(struct deed *d, struct err *e)
{
    const struct json *meta = json_get(d->manifest, "metadata");

    if (json_type(d->manifest) != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "resource.manifest is not an object");
    if (find_kind(d, json_str(json_get(d->manifest, "kind")),
                  json_str(json_get(d->manifest, "apiVersion")), e) < 0)
        return e->code;
    if (d->kind->namespaced && json_str(json_get(meta, "namespace")).n != 0)
        d->ns = json_str(json_get(meta, "namespace"));
    d->name = json_str(json_get(meta, "name"));
    return 0;
}

/* "pods", "pod", "Pod" or "workflows.argoproj.io", as people write it on a command line. */
static const struct kind *
kind_by_word(const struct deed *d, struct str word)
{
    const struct kind *const *all = objects_kinds(d->objects);

    for (size_t i = 0; all[i] != NULL; i++) {
        if (str_is(word, all[i]->plural) || str_is(word, all[i]->resource) ||
            (word.n == strlen(all[i]->kind) && strncasecmp(word.p, all[i]->kind, word.n) == 0))
            return all[i];
    }
    return NULL;
}

static int
take_word(struct deed *d, struct str word, struct err *e)
{
    struct str kind = str_cut(&word, '/');

    if (d->kind != NULL) {
        d->name = kind;
        return 0;
    }
    d->kind = kind_by_word(d, kind);
    if (d->kind == NULL)
        return err_set(e, ERR_NOTFOUND, "the server doesn't have a resource type \"%.*s\"",
                       STR_ARG(kind));
    d->name = word;
    return 0;
}

/* Flags about kubectl's own work, which is not done here. */
static bool
is_idle_flag(struct str flag)
{
    static const char *const idle[] = {"--validate", "--overwrite", "--wait",
                                       "--force",    "--record",    "--ignore-not-found"};

    for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
        struct str known = str_of(idle[i]);

        if (str_starts(flag, known) && (flag.n == known.n || flag.p[known.n] == '='))
            return true;
    }
    return false;
}

static int
aim_by_flags(struct deed *d, struct err *e)
{
    const struct json *flags = json_get(d->resource, "flags");

    for (size_t i = 0; i < json_count(flags); i++) {
        struct str flag = json_str(json_item(flags, i)), word = flag;
        struct str name = str_cut(&word, '=');
        struct str *to = str_is(name, "--selector") || str_is(name, "-l")    ? &d->selector
                         : str_is(name, "--namespace") || str_is(name, "-n") ? &d->ns
                                                                             : NULL;

        if (is_idle_flag(flag))
            continue;
        if (to != NULL)
            *to = word.p != NULL ? word : json_str(json_item(flags, ++i));
        else if (str_starts(flag, STR("-")))
            return err_set(e, ERR_UNSUPPORTED, "resource.flags: %.*s cannot be used here",
                           STR_ARG(str_slice(flag, 0, 100)));
        else if (d->manifest == NULL && take_word(d, flag, e) < 0)
            return e->code;
    }
    return 0;
}

/* Bodies. */

static bool
wants_owner(const struct deed *d)
{
    return json_bool_or(json_get(d->resource, "setOwnerReference"), false);
}

/* The manifest with the namespace it goes to, and the workflow as an owner if that is wanted. */
static struct json_doc *
body_of(const struct deed *d)
{
    const struct json *meta = json_get(d->manifest, "metadata");
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, d->manifest, (const char *const[]){"metadata", NULL});
    json_add_object(&b, "metadata");
    if (wants_owner(d)) {
        json_add_fields(&b, meta, (const char *const[]){"ownerReferences", "namespace", NULL});
        argo_claim_add_owner(&b, d->run);
    } else {
        json_add_fields(&b, meta, (const char *const[]){"namespace", NULL});
    }
    if (d->kind->namespaced)
        json_add_str(&b, "namespace", d->ns);
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

static const struct schema *
schema_of(const struct kind *k)
{
    char version[128];

    kind_api_version(k, version, sizeof version);
    return schema_type(str_of(version), str_of(k->kind));
}

static int
write_back(struct deed *d, const struct json *root, struct object **ret, struct err *e)
{
    return objects_update(d->objects, d->turn, d->kind, d->ns, root, OBJECTS_SPEC, ret, e);
}

/* The verbs. */

static int
get(struct deed *d, struct object **ret, struct err *e)
{
    return objects_get(d->objects, d->turn, d->kind, d->ns, d->name, ret, e);
}

static int
create(struct deed *d, struct object **ret, struct err *e)
{
    cleanup_json struct json_doc *body = body_of(d);

    return objects_create(d->objects, d->turn, d->kind, d->ns, json_root(body), ret, e);
}

static int
merge_into(struct deed *d, const struct object *now, struct str how, struct object **ret,
           struct err *e)
{
    cleanup_json struct json_doc *next = NULL;
    int rc = 0;

    if (str_is(how, "json"))
        rc = merge_json_patch(object_root(now), d->manifest, &next, e);
    else if (str_is(how, "merge"))
        next = merge_patch(object_root(now), d->manifest);
    else
        rc = merge_strategic(schema_of(d->kind), object_root(now), d->manifest, &next, e);
    return rc < 0 ? rc : write_back(d, json_root(next), ret, e);
}

static int
apply(struct deed *d, struct object **ret, struct err *e)
{
    cleanup_object struct object *now = objects_find(d->objects, d->turn, d->kind, d->ns, d->name);

    return now == NULL ? create(d, ret, e) : merge_into(d, now, STR("strategic"), ret, e);
}

static int
patch(struct deed *d, struct object **ret, struct err *e)
{
    cleanup_object struct object *now = NULL;

    if (get(d, &now, e) < 0)
        return e->code;
    return merge_into(d, now, json_str(json_get(d->resource, "mergeStrategy")), ret, e);
}

static int
replace(struct deed *d, struct object **ret, struct err *e)
{
    cleanup_json struct json_doc *body = body_of(d);

    return write_back(d, json_root(body), ret, e);
}

static int
delete_one(struct deed *d, struct str name, struct err *e)
{
    int rc = objects_delete(d->objects, d->turn, d->kind, d->ns, name, NULL, NULL, e);

    return rc == ERR_NOTFOUND ? 0 : rc;
}

static int
delete_selected(struct deed *d, struct err *e)
{
    struct objects_query q = {.kind = d->kind, .ns = d->ns, .limit = 10000};
    CLEANUP(selector_free) struct selector *s = NULL;
    cleanup_objects object_vec found = VEC_INIT;

    if (selector_parse(d->selector, &s, e) < 0 ||
        objects_list(d->objects, d->turn, &q, &found, NULL, e) < 0)
        return e->code;
    for (size_t i = 0; i < found.n; i++) {
        if (selector_matches(s, object_at(found.at[i], "metadata.labels")) &&
            delete_one(d, object_name(found.at[i]), e) < 0)
            return e->code;
    }
    return 0;
}

static int delete (struct deed *d, struct object **ret, struct err *e)
{
    (void)ret;
    return d->selector.n != 0 ? delete_selected(d, e) : delete_one(d, d->name, e);
}

static const struct {
    const char *action;
    int (*run)(struct deed *d, struct object **ret, struct err *e);
} verbs[] = {{"get", get},       {"create", create}, {"apply", apply},
             {"delete", delete}, {"patch", patch},   {"replace", replace}};

static int
run(struct deed *d, struct str action, struct object **ret, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (!str_is(action, verbs[i].action))
            continue;
        if (d->kind == NULL || (d->name.n == 0 && d->selector.n == 0 && verbs[i].run != create))
            return err_set(e, ERR_INVALID, "resource.%s: neither manifest nor flags name an object",
                           verbs[i].action);
        return verbs[i].run(d, ret, e);
    }
    return err_set(e, ERR_INVALID,
                   "resource.action must be one of: get, create, apply, delete, replace, patch");
}

int
argo_resource_act(struct turn *t, struct flow_node *leaf, const struct json *resource,
                  struct object **ret, struct err *e)
{
    struct str action = json_str(json_get(resource, "action"));
    struct deed d = {.turn = t,
                     .run = leaf->run,
                     .objects = leaf->run->flow->objects,
                     .resource = resource,
                     .ns = str_of(leaf->run->namespace)};
    cleanup_json struct json_doc *manifest = NULL;
    bool json_patch =
        str_is(action, "patch") && str_is(json_str(json_get(resource, "mergeStrategy")), "json");

    *ret = NULL;
    if (read_manifest(&d, leaf, &manifest, e) < 0)
        return e->code;
    /* A JSON patch is no manifest: flags say what it is for. */
    if (!json_patch)
        d.manifest = json_root(manifest);
    if ((d.manifest != NULL && aim_at_manifest(&d, e) < 0) || aim_by_flags(&d, e) < 0)
        return e->code;
    d.manifest = json_root(manifest);
    if (d.kind != NULL && !d.kind->namespaced)
        d.ns = STR("");
    return run(&d, action, ret, e);
}
