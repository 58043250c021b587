/*
 * Namespaces: what each has from the beginning, and how one goes.
 *
 *   alive      a ServiceAccount `default`, and a ConfigMap with the server's certificate authority
 *   deleting   after a pause, everything in it is deleted, some in each pass; when nothing is left,
 *              the finalizer `kubernetes` goes, and with it the Namespace
 *
 * The pause is for clients that create one object after another: they hear "is being terminated"
 * for a moment, not "not found".
 */
#include "api/objects.h"
#include "base/clock.h"
#include "base/err.h"
#include "control/control_int.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/timestamp.h"

#define PAUSE_US CLOCK_SECOND
#define WAIT_US (CLOCK_SECOND / 4) /* for what waits for its own finalizers */

enum { AT_ONCE = 100 };

static int
create(struct control *c, struct turn *t, const struct kind *k, struct str ns, struct json_build *b,
       struct err *e)
{
    cleanup_json struct json_doc *doc = json_build_done(b);

    return objects_create(c->config.objects, t, k, ns, json_root(doc), NULL, e);
}

static bool
is_there(struct control *c, struct turn *t, const struct kind *k, struct str ns, const char *name)
{
    cleanup_object struct object *o = objects_find(c->config.objects, t, k, ns, str_of(name));

    return o != NULL;
}

static void
begin(struct json_build *b, const char *name)
{
    json_add_object(b, NULL);
    json_add_object(b, "metadata");
    json_add_cstr(b, "name", name);
    json_end(b);
}

static int
furnish(struct control *c, struct turn *t, struct str ns, struct err *e)
{
    struct json_build b = JSON_BUILD_INIT;

    if (!is_there(c, t, &kind_service_account, ns, "default")) {
        begin(&b, "default");
        json_end(&b);
        if (create(c, t, &kind_service_account, ns, &b, e) < 0)
            return e->code;
    }
    if (c->config.ca == NULL || is_there(c, t, &kind_config_map, ns, CONTROL_CA_MAP))
        return 0;
    begin(&b, CONTROL_CA_MAP);
    json_add_object(&b, "data");
    json_add_cstr(&b, CONTROL_CA_KEY, c->config.ca);
    json_end(&b);
    json_end(&b);
    return create(c, t, &kind_config_map, ns, &b, e);
}

static int
reconcile(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct control *c = self;
    cleanup_object struct object *o = objects_find_uid(c->config.objects, t, p->uid);

    return o != NULL ? furnish(c, t, object_name(o), e) : 0;
}

/* Deletes a page of one kind.  Returns how many objects there were, deleted before or now. */
static int
empty_kind(struct control *c, struct turn *t, const struct kind *k, struct str ns, struct err *e)
{
    struct objects_query q = {.kind = k, .ns = ns, .limit = AT_ONCE};
    cleanup_objects object_vec found = VEC_INIT;

    if (objects_list(c->config.objects, t, &q, &found, NULL, e) < 0)
        return e->code;
    for (size_t i = 0; i < found.n; i++) {
        if (!object_is_deleting(found.at[i]) &&
            objects_delete(c->config.objects, t, k, ns, object_name(found.at[i]), NULL, NULL, e) <
                0)
            return e->code;
    }
    return (int)found.n;
}

/* The same of all kinds, until a page is full. */
static int
empty(struct control *c, struct turn *t, struct str ns, struct err *e)
{
    const struct kind *const *kinds = objects_kinds(c->config.objects);
    int n = 0;

    for (size_t i = 0; kind_at(kinds, i) != NULL && n < AT_ONCE; i++) {
        const struct kind *k = kind_at(kinds, i);
        int rc = k->namespaced && !k->virtual ? empty_kind(c, t, k, ns, e) : 0;

        if (rc < 0)
            return rc;
        n += rc;
    }
    return n;
}

static int
let_go(struct control *c, struct turn *t, const struct object *o, struct err *e)
{
    static const char *const no_spec[] = {"spec", NULL}, *const no_list[] = {"finalizers", NULL};
    cleanup_json struct json_doc *next = NULL;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(o), no_spec);
    json_add_object(&b, "spec");
    json_add_fields(&b, object_at(o, "spec"), no_list);
    json_add_array(&b, "finalizers");
    JSON_EACH (it, object_at(o, "spec.finalizers")) {
        if (!str_is(json_str(it.value), "kubernetes"))
            json_add_value(&b, NULL, it.value);
    }
    json_end(&b);
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    return objects_update(c->config.objects, t, &kind_namespace, STR(""), json_root(next),
                          OBJECTS_ALL, NULL, e);
}

static int
finalize(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct control *c = self;
    cleanup_object struct object *o = objects_find_uid(c->config.objects, t, p->uid);
    int64_t since = 0;
    int n;

    if (o == NULL ||
        timestamp_parse(json_str(object_at(o, "metadata.deletionTimestamp")), &since, e) < 0)
        return 0;
    if (turn_now_us(t) < since + PAUSE_US) {
        p->again_at_us = since + PAUSE_US;
        return 0;
    }
    n = empty(c, t, object_name(o), e);
    if (n == 0)
        return let_go(c, t, o, e);
    p->again_at_us = turn_now_us(t) + (n < AT_ONCE ? WAIT_US : 0);
    return n < 0 ? n : 0;
}

const struct controller_row namespace_controller_row = {
    .name = "namespace", .resource = "namespaces", .reconcile = reconcile, .finalize = finalize};
