#include <inttypes.h>
#include <string.h>

#include "api/meta.h"
#include "api/objects_int.h"
#include "base/clock.h"
#include "base/err.h"
#include "data/json.h"
#include "store/store.h"
#include "store/versions.h"

enum { DEFAULT_GRACE_SECONDS = 30 };

static int
conflict(const struct kind *k, struct str name, struct err *e)
{
    return err_set(e, ERR_CONFLICT,
                   "Operation cannot be fulfilled on %s \"%.*s\": the object has been modified; "
                   "please apply your changes to the latest version and try again",
                   k->resource, STR_ARG(name));
}

static int
wrong_uid(const struct object *o, struct str uid, struct err *e)
{
    const struct kind *k = object_kind(o);

    return err_set(e, ERR_CONFLICT,
                   "Operation cannot be fulfilled on %s \"%.*s\": StorageError: invalid object, "
                   "Code: 4, Key: /registry/%s%s%s%s%.*s/%.*s, ResourceVersion: 0, "
                   "AdditionalErrorMsg: Precondition failed: UID in precondition: %.*s, UID in "
                   "object meta: %.*s",
                   k->resource, STR_ARG(object_name(o)), k->group, k->group[0] != '\0' ? "/" : "",
                   k->plural, k->namespaced ? "/" : "", STR_ARG(object_namespace(o)),
                   STR_ARG(object_name(o)), STR_ARG(uid), STR_ARG(object_uid(o)));
}

/* The live entry of a key, or ERR_NOTFOUND. */
static int
find(struct objects *os, struct turn *t, const struct kind *k, struct str ns, struct str name,
     struct entry **ret, struct err *e)
{
    struct entry *en = objects_entry(os, t, k, k->namespaced ? ns : STR(""), name, e);

    if (en == NULL && e->code < 0)
        return e->code;
    if (en == NULL || en->gone)
        return err_set(e, ERR_NOTFOUND, "%s \"%.*s\" not found", k->resource, STR_ARG(name));
    *ret = en;
    return 0;
}

static bool
has_finalizers(const struct json *root)
{
    return json_count(json_at_path(root, "metadata.finalizers")) > 0;
}

/* Whether an object that is being deleted may go. */
static bool
may_go(const struct kind *k, const struct json *root)
{
    int64_t grace = -1;

    if (json_str(json_at_path(root, "metadata.deletionTimestamp")).p == NULL ||
        has_finalizers(root) ||
        (k->lingers && json_count(json_at_path(root, "spec.finalizers")) > 0))
        return false;
    (void)json_int(json_at_path(root, "metadata.deletionGracePeriodSeconds"), &grace);
    return !k->graceful || grace == 0 || (k->is_finished != NULL && k->is_finished(root));
}

/* A new version with this document (taken), unless it says the same; the object goes if nothing
 * holds it any more. */
static void
put(struct objects *os, struct turn *t, struct entry *en, struct json_doc *doc, struct object **ret)
{
    const struct kind *k = object_kind(en->object);

    if (json_equal(json_root(doc), object_root(en->object)))
        json_doc_unref(doc);
    else
        objects_change(os, t, en, object_new(k, doc, store_next_rv(turn_store(t))),
                       may_go(k, json_root(doc)));
    if (ret != NULL)
        *ret = object_ref(en->object);
}

/* Updating. */

static int
check_update(const struct entry *en, const struct json *root, struct err *e)
{
    const struct json *m = json_get(root, "metadata");
    struct str rv = json_str(json_get(m, "resourceVersion")), uid = json_str(json_get(m, "uid"));
    int64_t n = 0;

    if (uid.n > 0 && !str_eq(uid, object_uid(en->object)))
        return wrong_uid(en->object, uid, e);
    if (rv.n > 0 && !str_is(rv, "0") && (!str_to_int(rv, &n) || n != object_rv(en->object)))
        return conflict(object_kind(en->object), object_name(en->object), e);
    return 0;
}

int
objects_update_checked(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
                       const struct json *root, enum objects_part part,
                       const struct objects_check *check, struct object **ret, struct err *e)
{
    cleanup_json struct json_doc *doc = NULL;
    struct str name = json_str(json_at_path(root, "metadata.name"));
    const struct json *old, *body, *status;
    struct entry *en = NULL;
    struct meta m;

    if (name.n == 0)
        return err_set(e, ERR_BADREQUEST, "metadata.name is required");
    if (find(os, t, k, ns, name, &en, e) < 0 || check_update(en, root, e) < 0)
        return e->code;
    old = object_root(en->object);
    body = part == OBJECTS_STATUS ? old : root;
    status = json_get(part == OBJECTS_SPEC ? old : root, "status");
    meta_of(old, &m);
    if (k->counts_generation && !json_equal(json_get(body, "spec"), json_get(old, "spec")))
        m.generation++;
    doc = meta_compose(k, &m, body, body, status);
    if ((check != NULL ? check->fn(check->arg, old, json_root(doc), e)
                       : meta_check(k, json_root(doc), e)) < 0)
        return e->code;
    put(os, t, en, TAKE(doc), ret);
    return 0;
}

int
objects_update(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
               const struct json *root, enum objects_part part, struct object **ret, struct err *e)
{
    return objects_update_checked(os, t, k, ns, root, part, NULL, ret, e);
}

/* NULL with *e filled if it is not there any more. */
static struct entry *
entry_of(struct objects *os, struct turn *t, const struct object *o, struct err *e)
{
    struct entry *en = objects_entry_uid(os, t, object_uid(o), e);

    if (en == NULL && e->code >= 0)
        err_set(e, ERR_NOTFOUND, "%s \"%.*s\" not found", object_kind(o)->resource,
                STR_ARG(object_name(o)));
    return en;
}

int
objects_set_status(struct objects *os, struct turn *t, const struct object *o,
                   const struct json *status, struct object **ret, struct err *e)
{
    struct entry *en = entry_of(os, t, o, e);
    const struct json *old;
    struct meta m;

    if (en == NULL)
        return e->code;
    old = object_root(en->object);
    meta_of(old, &m);
    put(os, t, en, meta_compose(object_kind(o), &m, old, old, status), ret);
    return 0;
}

/* The spec with a node. */
static struct json_doc *
with_node(const struct json *root, struct str node)
{
    static const char *const no_spec[] = {"spec", NULL}, *const no_node[] = {"nodeName", NULL};
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, root, no_spec);
    json_add_object(&b, "spec");
    json_add_str(&b, "nodeName", node);
    json_add_fields(&b, json_get(root, "spec"), no_node);
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

int
objects_set_node(struct objects *os, struct turn *t, const struct object *o, struct str node,
                 struct err *e)
{
    struct entry *en = entry_of(os, t, o, e);
    cleanup_json struct json_doc *body = NULL;
    const struct json *old;
    struct meta m;

    if (en == NULL)
        return e->code;
    old = object_root(en->object);
    body = with_node(old, node);
    meta_of(old, &m);
    put(os, t, en, meta_compose(object_kind(o), &m, old, json_root(body), json_get(old, "status")),
        NULL);
    return 0;
}

/* Deleting. */

static int64_t
grace_of(const struct kind *k, const struct json *root, const struct objects_delete *how)
{
    int64_t own = DEFAULT_GRACE_SECONDS;

    if (!k->graceful)
        return 0;
    if (how != NULL && how->grace_seconds >= 0)
        return how->grace_seconds;
    if (json_int(json_at_path(root, "spec.terminationGracePeriodSeconds"), &own) && own >= 0)
        return own;
    return DEFAULT_GRACE_SECONDS;
}

/* The status of an object that lingers. */
static struct json_doc *
terminating(const struct json *root)
{
    struct json_build b = JSON_BUILD_INIT;
    static const char *const except[] = {"phase", NULL};

    json_add_object(&b, NULL);
    json_add_cstr(&b, "phase", "Terminating");
    json_add_fields(&b, json_get(root, "status"), except);
    json_end(&b);
    return json_build_done(&b);
}

/* The document of an object that is to go after `grace` seconds, or of one whose grace becomes
 * shorter. */
static struct json_doc *
marked(struct turn *t, const struct kind *k, const struct json *root, int64_t grace,
       struct str finalizer)
{
    cleanup_json struct json_doc *status = k->lingers ? terminating(root) : NULL;
    char when[META_TIME_SIZE];
    struct meta m;

    meta_of(root, &m);
    meta_time(turn_now_us(t) + grace * CLOCK_SECOND, when);
    if (m.deleted.n == 0 || grace < m.grace_seconds) {
        if (m.deleted.n == 0 && k->counts_generation)
            m.generation++;
        m.deleted = str_of(when);
        m.grace_seconds = k->lingers ? -1 : grace;
    }
    if (finalizer.p != NULL)
        return meta_with_finalizers(k, &m, root, finalizer, finalizer);
    return meta_compose(k, &m, root, root,
                        status != NULL ? json_root(status) : json_get(root, "status"));
}

/* The last version of a graceful kind says that it was deleted without grace. */
static void
remove_now(struct objects *os, struct turn *t, struct entry *en, struct object **ret)
{
    const struct kind *k = object_kind(en->object);
    struct json_doc *last = k->graceful ? marked(t, k, object_root(en->object), 0, STR_NULL)
                                        : json_doc_ref(object_doc(en->object));

    objects_change(os, t, en, object_new(k, last, store_next_rv(turn_store(t))), true);
    if (ret != NULL)
        *ret = object_ref(en->object);
}

static int
check_delete(const struct entry *en, const struct objects_delete *how, struct err *e)
{
    const struct object *o = en->object;

    if (how != NULL && how->uid.n > 0 && !str_eq(how->uid, object_uid(o)))
        return err_set(e, ERR_CONFLICT,
                       "Operation cannot be fulfilled on %s \"%.*s\": the UID in the precondition "
                       "(%.*s) does not match the UID in record (%.*s). The object might have been "
                       "deleted and then recreated",
                       object_kind(o)->kind, STR_ARG(object_name(o)), STR_ARG(how->uid),
                       STR_ARG(object_uid(o)));
    if (how != NULL && how->rv != 0 && how->rv != object_rv(o))
        return err_set(e, ERR_CONFLICT,
                       "Operation cannot be fulfilled on %s \"%.*s\": the ResourceVersion in the "
                       "precondition (%" PRId64 ") does not match the ResourceVersion in record "
                       "(%" PRId64 "). The object might have been modified",
                       object_kind(o)->kind, STR_ARG(object_name(o)), how->rv, object_rv(o));
    return 0;
}

/* Whether it goes at once. */
static bool
goes(const struct entry *en, const struct json *root, int64_t grace)
{
    const struct kind *k = object_kind(en->object);

    if (has_finalizers(root) ||
        (k->lingers && json_count(json_at_path(root, "spec.finalizers")) > 0))
        return false;
    return !k->graceful || grace == 0 || object_is_finished(en->object);
}

int
objects_delete(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
               struct str name, const struct objects_delete *how, struct object **ret,
               struct err *e)
{
    struct entry *en = NULL;
    const struct json *root;
    struct str finalizer = STR_NULL;
    int64_t grace;

    if (find(os, t, k, ns, name, &en, e) < 0 || check_delete(en, how, e) < 0)
        return e->code;
    root = object_root(en->object);
    grace = grace_of(k, root, how);
    if (how != NULL && (how->orphan || how->foreground)) {
        /* The finalizer holds the object until what it owned has lost its reference to it, or is
         * gone. */
        finalizer = how->orphan ? STR(ORPHAN_FINALIZER) : STR(FOREGROUND_FINALIZER);
        if (versions_orphan_add(turn_db(t), object_uid(en->object),
                                how->orphan ? VERSIONS_KEEP : VERSIONS_FOREGROUND, e) < 0)
            return e->code;
        controllers_wake(os->controllers, OBJECTS_ORPHANS, object_uid(en->object));
    }
    if (finalizer.p == NULL && goes(en, root, grace)) {
        remove_now(os, t, en, ret);
        return 0;
    }
    put(os, t, en, marked(t, k, root, grace, finalizer), ret);
    return 0;
}

bool
objects_is_gone(const struct objects *os, const struct object *last)
{
    const struct entry *en = map_get(&os->by_uid, object_uid(last));

    return en == NULL || en->gone;
}

int
objects_remove(struct objects *os, struct turn *t, struct str uid, struct err *e)
{
    struct entry *en = objects_entry_uid(os, t, uid, e);
    const struct json *root;

    if (en == NULL)
        return e->code < 0 ? e->code : 0;
    root = object_root(en->object);
    if (has_finalizers(root))
        put(os, t, en, marked(t, object_kind(en->object), root, 0, STR_NULL), NULL);
    else
        remove_now(os, t, en, NULL);
    return 0;
}
