/*
 * Endpoints: which pods stand behind a Service.
 *
 * For a Service with a selector there is an Endpoints object of its name, which goes with it: the
 * addresses of the pods that match, ready ones apart from those that are not, and the ports that
 * they serve on.  A change of a pod may concern any Service of its namespace, so all of them look
 * again; there are few.
 */
#include <stdlib.h>

#include "api/objects.h"
#include "base/err.h"
#include "base/mem.h"
#include "control/control_int.h"
#include "core/turn.h"
#include "data/json.h"

enum { PAGE = 500, MAX_PODS = 5000 };

/* Pods of the selector. */

static bool
selects(const struct json *selector, const struct object *pod)
{
    JSON_EACH (it, selector) {
        if (!str_eq(json_str(it.value),
                    json_str(json_get_str(object_at(pod, "metadata.labels"), it.key))))
            return false;
    }
    return true;
}

static int
find_pods(struct control *c, struct turn *t, const struct object *service, object_vec *ret,
          struct err *e)
{
    const struct json *selector = object_at(service, "spec.selector");
    struct json_each first = json_each_begin(selector);
    cleanup_free char *key = NULL, *value = NULL;
    struct objects_query q = {.kind = &kind_pod, .ns = object_namespace(service), .limit = PAGE};
    bool more = json_each_next(&first);

    key = str_dup(first.key);
    value = str_dup(json_str(first.value));
    q.label_key = key;
    q.label_value = value;
    while (more && ret->n < MAX_PODS) {
        if (objects_list(c->config.objects, t, &q, ret, &more, e) < 0)
            return e->code;
        if (more) {
            q.after_ns = object_namespace(vec_last(ret));
            q.after_name = object_name(vec_last(ret));
        }
    }
    return 0;
}

static bool
is_ready(const struct object *pod)
{
    JSON_EACH (it, object_at(pod, "status.conditions")) {
        if (str_is(json_str(json_get(it.value, "type")), "Ready"))
            return str_is(json_str(json_get(it.value, "status")), "True");
    }
    return false;
}

static bool
counts(const struct json *selector, const struct object *pod)
{
    return !object_is_finished(pod) && json_str(object_at(pod, "status.podIP")).n > 0 &&
           selects(selector, pod);
}

/* Subsets: one for each pod, since a port's name may mean another number in each. */

static int64_t
port_named(const struct object *pod, struct str name)
{
    int64_t n = 0;

    JSON_EACH (container, object_at(pod, "spec.containers")) {
        JSON_EACH (it, json_get(container.value, "ports")) {
            if (str_eq(json_str(json_get(it.value, "name")), name))
                (void)json_int(json_get(it.value, "containerPort"), &n);
        }
    }
    return n;
}

static void
add_port(struct json_build *b, const struct object *pod, const struct json *port)
{
    const struct json *target = json_get(port, "targetPort");
    struct str name = json_str(json_get(port, "name"));
    int64_t n = 0;

    if (target == NULL)
        target = json_get(port, "port");
    if (!json_int(target, &n))
        n = port_named(pod, json_str(target));
    if (n == 0)
        return;
    json_add_object(b, NULL);
    if (name.n > 0)
        json_add_str(b, "name", name);
    json_add_int(b, "port", n);
    json_add_cstr(b, "protocol", json_cstr_or(json_get(port, "protocol"), "TCP"));
    json_end(b);
}

static void
add_subset(struct json_build *b, const struct object *service, const struct object *pod)
{
    bool ready = is_ready(pod) && !object_is_deleting(pod);

    if (json_bool_or(object_at(service, "spec.publishNotReadyAddresses"), false))
        ready = true;
    json_add_object(b, NULL);
    json_add_array(b, ready ? "addresses" : "notReadyAddresses");
    json_add_object(b, NULL);
    json_add_str(b, "ip", json_str(object_at(pod, "status.podIP")));
    if (json_str(object_at(pod, "spec.hostname")).n > 0 &&
        str_eq(json_str(object_at(pod, "spec.subdomain")), object_name(service)))
        json_add_str(b, "hostname", json_str(object_at(pod, "spec.hostname")));
    if (json_str(object_at(pod, "spec.nodeName")).n > 0)
        json_add_str(b, "nodeName", json_str(object_at(pod, "spec.nodeName")));
    json_add_object(b, "targetRef");
    json_add_cstr(b, "kind", "Pod");
    json_add_str(b, "namespace", object_namespace(pod));
    json_add_str(b, "name", object_name(pod));
    json_add_str(b, "uid", object_uid(pod));
    json_end(b);
    json_end(b);
    json_end(b);
    json_add_array(b, "ports");
    JSON_EACH (it, object_at(service, "spec.ports"))
        add_port(b, pod, it.value);
    json_end(b);
    json_end(b);
}

static struct json_doc *
compose(const struct object *service, const object_vec *pods)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_object(&b, "metadata");
    json_add_str(&b, "name", object_name(service));
    if (object_at(service, "metadata.labels") != NULL)
        json_add_value(&b, "labels", object_at(service, "metadata.labels"));
    json_add_array(&b, "ownerReferences");
    json_add_object(&b, NULL);
    json_add_cstr(&b, "apiVersion", "v1");
    json_add_cstr(&b, "kind", "Service");
    json_add_str(&b, "name", object_name(service));
    json_add_str(&b, "uid", object_uid(service));
    json_add_bool(&b, "controller", true);
    json_end(&b);
    json_end(&b);
    json_end(&b);
    json_add_array(&b, "subsets");
    for (size_t i = 0; i < pods->n; i++) {
        if (counts(object_at(service, "spec.selector"), pods->at[i]))
            add_subset(&b, service, pods->at[i]);
    }
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

/* Services. */

static void
remember(struct control *c, const struct object *service)
{
    if (map_get(&c->services, object_uid(service)) == NULL)
        map_put(&c->services, object_uid(service), str_dup(object_namespace(service)));
}

static int
reconcile_service(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct control *c = self;
    cleanup_object struct object *service = objects_find_uid(c->config.objects, t, p->uid);
    cleanup_object struct object *old = NULL;
    cleanup_objects object_vec pods = VEC_INIT;
    cleanup_json struct json_doc *next = NULL;

    if (service == NULL || json_count(object_at(service, "spec.selector")) == 0)
        return 0;
    remember(c, service);
    if (find_pods(c, t, service, &pods, e) < 0)
        return e->code;
    next = compose(service, &pods);
    old = objects_find(c->config.objects, t, &kind_endpoints, object_namespace(service),
                       object_name(service));
    if (old == NULL)
        return objects_create(c->config.objects, t, &kind_endpoints, object_namespace(service),
                              json_root(next), NULL, e);
    return objects_update(c->config.objects, t, &kind_endpoints, object_namespace(service),
                          json_root(next), OBJECTS_ALL, NULL, e);
}

static int
service_gone(void *self, struct turn *t, struct str uid, struct err *e)
{
    (void)t, (void)e;
    free(map_remove(&((struct control *)self)->services, uid));
    return 0;
}

void
endpoints_forget(void *self)
{
    struct control *c = self;

    MAP_EACH (&c->services, it)
        free(it.value);
    map_done(&c->services);
}

/* Pods. */

/* ns STR_NULL: of every namespace. */
static void
wake_services(struct control *c, struct str ns)
{
    MAP_EACH (&c->services, it) {
        if (ns.p == NULL || str_is(ns, it.value))
            controllers_wake(c->config.controllers, kind_service.resource, it.key);
    }
}

static int
reconcile_pod(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct control *c = self;
    cleanup_object struct object *pod = NULL;

    (void)e;
    if (c->services.n == 0)
        return 0;
    pod = objects_find_uid(c->config.objects, t, p->uid);
    wake_services(c, pod != NULL ? object_namespace(pod) : STR_NULL);
    return 0;
}

static int
pod_gone(void *self, struct turn *t, struct str uid, struct err *e)
{
    (void)t, (void)uid, (void)e;
    wake_services(self, STR_NULL);
    return 0;
}

const struct controller_row endpoints_service_row = {.name = "endpoints",
                                                     .resource = "services",
                                                     .forget = endpoints_forget,
                                                     .reconcile = reconcile_service,
                                                     .gone = service_gone};
const struct controller_row endpoints_pod_row = {
    .name = "endpoints of a pod", .resource = "pods", .reconcile = reconcile_pod, .gone = pod_gone};
