/*
 * What stands behind Services for those who connect to them: a route of edge/forward.h for each TCP
 * port of a Service with a cluster address, and one for each node port, which is a port of this
 * machine's 127.0.0.1.  Whom they lead to is what the Endpoints object says; endpoints.c writes it
 * for Services with a selector, users write it for others.
 *
 * An Endpoints object may not lead to this machine's loopback, except to a pod that really has that
 * address: what listens there was not opened to pods.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/events.h"
#include "api/objects.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/vec.h"
#include "control/control_int.h"
#include "core/core.h"
#include "core/message.h"
#include "core/turn.h"
#include "data/json.h"
#include "edge/forward.h"
#include "runner/podnet.h"

enum { MAX_BEHIND = 5000, KEY_SIZE = 80 };
#define COMPONENT "service-proxy"

/* The keys of a Service's routes, and maybe of some that are gone, so that none outlives it; and
 * one of each port that has none, so that this is said once. */
struct forwarding {
    VEC(char *) keys;
};

static void
free_keys(struct forwarding *w)
{
    for (size_t i = 0; i < w->keys.n; i++)
        free(w->keys.at[i]);
    vec_done(&w->keys);
    free(w);
}

static void
forget_endpoints(void *self)
{
    struct control *c = self;

    MAP_EACH (&c->endpoints, it)
        free(it.value);
    map_done(&c->endpoints);
}

void
forwarding_done(struct control *c)
{
    MAP_EACH (&c->forwardings, it)
        free_keys(it.value);
    map_done(&c->forwardings);
    forget_endpoints(c);
}

/* Routes outlive a rebuild of the core's memory, so what is known of them does, too: Services that
 * went in a turn that was lost are looked at again. */
static int
restore_services(void *self, struct turn *t, struct err *e)
{
    struct control *c = self;

    MAP_EACH (&c->forwardings, it)
        controllers_wake(c->config.controllers, kind_service.resource, it.key);
    return controllers_wake_all(c->config.controllers, t, kind_service.resource, e);
}

/* Keys. */

static ptrdiff_t
find_key(const struct forwarding *w, const char *key)
{
    for (size_t i = 0; w != NULL && i < w->keys.n; i++)
        if (strcmp(w->keys.at[i], key) == 0)
            return (ptrdiff_t)i;
    return -1;
}

static void
remember_key(struct control *c, struct str uid, const char *key)
{
    struct forwarding *w = map_get(&c->forwardings, uid);

    if (w == NULL) {
        w = NEW(struct forwarding);
        map_put(&c->forwardings, uid, w);
    }
    if (find_key(w, key) < 0)
        vec_push(&w->keys, xstrdup(key));
}

static void
forget_key(struct control *c, struct str uid, const char *key)
{
    struct forwarding *w = map_get(&c->forwardings, uid);
    ptrdiff_t at = find_key(w, key);

    if (at < 0)
        return;
    free(w->keys.at[at]);
    vec_swap_remove(&w->keys, (size_t)at);
    if (w->keys.n == 0)
        free_keys(map_remove(&c->forwardings, uid));
}

/* Routes are set when the turn is committed. */

struct order {
    struct control *control;
    struct str uid;
    const char *key;
    struct forward_route route;
    bool remove;
};

static void
carry_out(void *arg)
{
    struct order *o = arg;

    forward_set(o->control->config.forward, str_of(o->key), o->remove ? NULL : &o->route);
    if (o->remove)
        forget_key(o->control, o->uid, o->key);
    else
        remember_key(o->control, o->uid, o->key);
}

/* A key is remembered before it is used: a second pass of the same turn must know of it. */
static struct order *
new_order(struct control *c, struct turn *t, struct str uid, const char *key)
{
    struct order *o = ARENA_NEW(turn_arena(t), struct order);

    o->control = c;
    o->uid = str_of(str_dup_arena(turn_arena(t), uid));
    o->key = arena_strdup(turn_arena(t), key);
    remember_key(c, uid, key);
    turn_effect(t, carry_out, o);
    return o;
}

/* Whom a port leads to. */

static bool
is_address_of_pod(struct control *c, struct turn *t, const struct json *address)
{
    const struct json *ref = json_get(address, "targetRef");
    cleanup_object struct object *pod = NULL;

    if (!str_is(json_str(json_get(ref, "kind")), "Pod"))
        return false;
    pod = objects_find_uid(c->config.objects, t, json_str(json_get(ref, "uid")));
    return pod != NULL && object_kind(pod) == &kind_pod &&
           str_eq(json_str(object_at(pod, "status.podIP")), json_str(json_get(address, "ip")));
}

static bool
may_be_reached(struct control *c, struct turn *t, const struct json *address,
               const struct sockaddr_in *at)
{
    uint32_t raw = ntohl(at->sin_addr.s_addr);

    if (netmap_is_ours(raw))
        return netmap_is_pod(raw); /* not a Service: it may lead back here */
    if (raw >> 24 == 127 || raw >> 24 == 0)
        return is_address_of_pod(c, t, address);
    return true;
}

static int64_t
port_of_subset(const struct json *subset, struct str name)
{
    int64_t n = 0;

    JSON_EACH (it, json_get(subset, "ports")) {
        if (str_eq(json_str(json_get(it.value, "name")), name) &&
            strcmp(json_cstr_or(json_get(it.value, "protocol"), "TCP"), "TCP") == 0)
            (void)json_int(json_get(it.value, "port"), &n);
    }
    return n > 0 && n <= UINT16_MAX ? n : 0;
}

static void
find_behind(struct control *c, struct turn *t, const struct object *endpoints, struct str name,
            struct forward_route *r)
{
    const struct json *subsets = endpoints != NULL ? object_at(endpoints, "subsets") : NULL;
    struct address *to;
    size_t room = 0;

    JSON_EACH (subset, subsets)
        room += json_count(json_get(subset.value, "addresses"));
    if (room > MAX_BEHIND)
        room = MAX_BEHIND;
    to = ARENA_ARRAY(turn_arena(t), struct address, room + 1);
    r->to = to;
    JSON_EACH (subset, subsets) {
        int64_t port = port_of_subset(subset.value, name);

        JSON_EACH (it, json_get(subset.value, "addresses")) {
            struct address *next = &to[r->to_n];

            if (port == 0 || r->to_n == room ||
                !podnet_target(json_cstr_or(json_get(it.value, "ip"), ""), (uint16_t)port,
                               &next->v4) ||
                !may_be_reached(c, t, it.value, &next->v4))
                continue;
            next->n = sizeof next->v4;
            r->to_n++;
        }
    }
}

/* Services. */

struct wanted {
    struct control *control;
    struct turn *turn;
    const struct object *service, *endpoints;
    struct address address; /* of the Service, port 0 */
    struct forwarding keys; /* of the routes that it has now */
};

static void
want(struct wanted *w, const char *where, const struct json *port, const struct address *at)
{
    char key[KEY_SIZE];
    struct order *o;

    snprintf(key, sizeof key, "%.*s/%s/%d", STR_ARG(object_uid(w->service)), where,
             address_port(at));
    vec_push(&w->keys.keys, xstrdup(key));
    o = new_order(w->control, w->turn, object_uid(w->service), key);
    o->route.at = *at;
    o->route.source = w->address;
    o->route.sticky = str_is(json_str(object_at(w->service, "spec.sessionAffinity")), "ClientIP");
    find_behind(w->control, w->turn, w->endpoints, json_str(json_get(port, "name")), &o->route);
}

static bool
port_number(const struct json *port, const char *field, int *ret)
{
    int64_t n = 0;

    if (!json_int(json_get(port, field), &n) || n < 1 || n > UINT16_MAX)
        return false;
    *ret = (int)n;
    return true;
}

static void
complain_once(struct wanted *w, int port, const char *protocol)
{
    struct control *c = w->control;
    struct str uid = object_uid(w->service);
    char key[KEY_SIZE];

    snprintf(key, sizeof key, "%.*s/%s/%d", STR_ARG(uid), protocol, port);
    vec_push(&w->keys.keys, xstrdup(key));
    if (find_key(map_get(&c->forwardings, uid), key) >= 0)
        return;
    remember_key(c, uid, key);
    events_record(c->config.events, w->turn, w->service, COMPONENT, EVENT_WARNING,
                  "ProtocolNotForwarded",
                  "port %d is not forwarded: Services forward TCP, not %s; pods reach each other's "
                  "addresses by both",
                  port, protocol);
}

static void
want_port(struct wanted *w, const struct json *port)
{
    const char *protocol = json_cstr_or(json_get(port, "protocol"), "TCP");
    struct address at = w->address;
    int n;

    if (!port_number(port, "port", &n))
        return;
    if (strcmp(protocol, "TCP") != 0) {
        complain_once(w, n, protocol);
        return;
    }
    address_set_port(&at, netmap_real_port((uint16_t)n));
    want(w, "port", port, &at);
    if (port_number(port, "nodePort", &n)) {
        at.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address_set_port(&at, n);
        want(w, "node", port, &at);
    }
}

/* False: it has no address of the Services' network, and nothing is to be listened at. */
static bool
address_of(const struct object *service, struct address *ret)
{
    const char *text = json_cstr_or(object_at(service, "spec.clusterIP"), "");

    *ret = (struct address){.n = sizeof ret->v4};
    ret->v4.sin_family = AF_INET;
    return inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1 &&
           netmap_is_ours(ntohl(ret->v4.sin_addr.s_addr)) &&
           !netmap_is_pod(ntohl(ret->v4.sin_addr.s_addr));
}

/* Routes that lead nowhere any more; `wanted` NULL: all. */
static void
remove_others(struct control *c, struct turn *t, struct str uid, const struct forwarding *wanted)
{
    const struct forwarding *w = map_get(&c->forwardings, uid);

    for (size_t i = 0; w != NULL && i < w->keys.n; i++)
        if (find_key(wanted, w->keys.at[i]) < 0)
            new_order(c, t, uid, w->keys.at[i])->remove = true;
}

static int
reconcile_service(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct control *c = self;
    cleanup_object struct object *service = objects_find_uid(c->config.objects, t, p->uid);
    cleanup_object struct object *endpoints = NULL;
    struct wanted w = {.control = c, .turn = t, .service = service};

    (void)e;
    if (service == NULL)
        return 0;
    if (address_of(service, &w.address)) {
        w.endpoints = endpoints = objects_find(c->config.objects, t, &kind_endpoints,
                                               object_namespace(service), object_name(service));
        JSON_EACH (it, object_at(service, "spec.ports"))
            want_port(&w, it.value);
    }
    remove_others(c, t, p->uid, &w.keys);
    for (size_t i = 0; i < w.keys.keys.n; i++)
        free(w.keys.keys.at[i]);
    vec_done(&w.keys.keys);
    return 0;
}

static int
service_gone(void *self, struct turn *t, struct str uid, struct err *e)
{
    (void)e;
    remove_others(self, t, uid, NULL);
    return 0;
}

/* Endpoints: each wakes the Service of its name. */

static void
wake_service(struct control *c, struct turn *t, struct str ns, struct str name)
{
    cleanup_object struct object *service =
        objects_find(c->config.objects, t, &kind_service, ns, name);

    if (service != NULL)
        controllers_wake(c->config.controllers, kind_service.resource, object_uid(service));
}

static int
reconcile_endpoints(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct control *c = self;
    cleanup_object struct object *o = objects_find_uid(c->config.objects, t, p->uid);

    (void)e;
    if (o == NULL)
        return 0;
    if (map_get(&c->endpoints, p->uid) == NULL)
        map_put(&c->endpoints, p->uid,
                xasprintf("%.*s/%.*s", STR_ARG(object_namespace(o)), STR_ARG(object_name(o))));
    wake_service(c, t, object_namespace(o), object_name(o));
    return 0;
}

static int
endpoints_gone(void *self, struct turn *t, struct str uid, struct err *e)
{
    struct control *c = self;
    cleanup_free char *place = map_remove(&c->endpoints, uid);
    struct str name = str_of(place != NULL ? place : ""), ns = str_cut(&name, '/');

    (void)e;
    if (place != NULL)
        wake_service(c, t, ns, name);
    return 0;
}

const struct controller_row forwarding_service_row = {.name = "forwarding",
                                                      .resource = "services",
                                                      .restore = restore_services,
                                                      .reconcile = reconcile_service,
                                                      .gone = service_gone};
const struct controller_row forwarding_endpoints_row = {.name = "forwarding to endpoints",
                                                        .resource = "endpoints",
                                                        .forget = forget_endpoints,
                                                        .reconcile = reconcile_endpoints,
                                                        .gone = endpoints_gone};

/* A route that cannot listen. */

struct complaint {
    struct message message;
    struct control *control;
    char *key;
    struct err why;
};

static int
run_complaint(struct message *m, struct turn *t, struct err *e)
{
    struct complaint *x = CONTAINER_OF(m, struct complaint, message);
    struct str rest = str_of(x->key), uid = str_cut(&rest, '/');
    cleanup_object struct object *service = objects_find_uid(x->control->config.objects, t, uid);

    (void)e;
    if (service != NULL)
        events_record(x->control->config.events, t, service, COMPONENT, EVENT_WARNING,
                      "FailedListen", "%.*s cannot be listened at, and is tried again: %s",
                      STR_ARG(rest), x->why.msg);
    return 0;
}

static void
complaint_done(struct message *m, const struct err *why)
{
    struct complaint *x = CONTAINER_OF(m, struct complaint, message);

    (void)why;
    free(x->key);
    free(x);
}

void
control_on_route_failure(void *control, struct str key, const struct err *why)
{
    struct control *c = control;
    struct complaint *x = NEW(struct complaint);
    struct err e = ERR_INIT;

    log_warn("service", "%s", why->msg);
    *x = (struct complaint){.message = {.class = MESSAGE_EVENT,
                                        .run = run_complaint,
                                        .done = complaint_done,
                                        .name = "a Service that cannot listen"},
                            .control = c,
                            .key = str_dup(key),
                            .why = *why};
    if (core_post(c->config.core, &x->message, &e) < 0)
        complaint_done(&x->message, &e);
}
