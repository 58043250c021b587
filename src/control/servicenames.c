/*
 * By what names pods find Services: lines of their /etc/hosts.
 *
 *     127.96.4.2   web.shop.svc.cluster.local web.shop.svc web.shop web     the last within `shop`
 *     127.97.0.9   db-0.db.shop.svc.cluster.local db-0.db.shop.svc ...      hostname and subdomain
 *
 * A Service without a cluster address ("None") is its ready pods' addresses, and each of them that
 * has a hostname has a name of its own; one with an address is that.  When what a name stands for
 * changes, the version does, and pods that run get the new lines (pod.c).  The API's own address
 * has its names, too.
 */
#include <stdlib.h>
#include <string.h>

#include "api/objects.h"
#include "base/buf.h"
#include "base/mem.h"
#include "control/control_int.h"
#include "core/controller.h"
#include "core/turn.h"
#include "data/json.h"

struct servicename {
    char *ns, *name;
    char *targets; /* lines "ADDRESS HOSTNAME", the latter may be missing */
};

static void
free_name(struct servicename *n)
{
    if (n == NULL)
        return;
    free(n->ns);
    free(n->name);
    free(n->targets);
    free(n);
}

void
servicenames_forget(void *self)
{
    struct control *c = self;

    MAP_EACH (&c->names.of, it)
        free_name(it.value);
    map_done(&c->names.of);
}

/* The text. */

struct writing {
    struct buf *to;
    struct str reader; /* the namespace whose pods read it */
};

static void
add_line(const struct writing *w, const char *ns, const char *name, struct str address,
         struct str host)
{
    static const char *const suffixes[] = {".svc.cluster.local", ".svc", ""};
    const char *dot = host.n > 0 ? "." : "";

    buf_str(w->to, address);
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
        buf_printf(w->to, "%c%.*s%s%s.%s%s", i == 0 ? '\t' : ' ', STR_ARG(host), dot, name, ns,
                   suffixes[i]);
    if (str_is(w->reader, ns))
        buf_printf(w->to, " %.*s%s%s", STR_ARG(host), dot, name);
    buf_char(w->to, '\n');
}

static void
add_name(const struct writing *w, const char *ns, const char *name, const char *targets)
{
    struct str rest = str_of(targets);

    while (rest.n > 0) {
        struct str host = str_cut(&rest, '\n'), address = str_cut(&host, ' ');

        add_line(w, ns, name, address, host);
    }
}

void
servicenames_text(const struct control *c, struct str ns, struct buf *to)
{
    const struct writing w = {to, ns};

    if (c->api_address != NULL)
        add_name(&w, "default", "kubernetes", c->api_address);
    MAP_EACH (&c->names.of, it) {
        const struct servicename *n = it.value;

        add_name(&w, n->ns, n->name, n->targets);
    }
}

/* What a name stands for. */

static void
add_target(struct buf *to, struct str address, struct str host)
{
    if (address.n == 0)
        return;
    buf_str(to, address);
    if (host.n > 0)
        buf_printf(to, " %.*s", STR_ARG(host));
    buf_char(to, '\n');
}

static void
find_targets(struct control *c, struct turn *t, const struct object *service, struct buf *to)
{
    struct str address = json_str(object_at(service, "spec.clusterIP"));
    cleanup_object struct object *endpoints = NULL;

    if (!str_is(address, "None")) {
        add_target(to, address, STR_NULL);
        return;
    }
    endpoints = objects_find(c->config.objects, t, &kind_endpoints, object_namespace(service),
                             object_name(service));
    JSON_EACH (subset, endpoints != NULL ? object_at(endpoints, "subsets") : NULL) {
        JSON_EACH (it, json_get(subset.value, "addresses")) {
            struct str ip = json_str(json_get(it.value, "ip"));
            struct str host = json_str(json_get(it.value, "hostname"));

            add_target(to, ip, STR_NULL);
            if (host.n > 0)
                add_target(to, ip, host);
        }
    }
}

static void
changed(struct control *c)
{
    c->names.version++;
    MAP_EACH (&c->views, it)
        controllers_wake(c->config.controllers, kind_pod.resource, it.key);
}

static int
reconcile(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct control *c = self;
    cleanup_object struct object *service = objects_find_uid(c->config.objects, t, p->uid);
    struct servicename *old = map_get(&c->names.of, p->uid), *next;
    cleanup_buf struct buf targets = BUF_INIT;

    (void)e;
    if (service == NULL)
        return 0;
    find_targets(c, t, service, &targets);
    if (strcmp(old != NULL ? old->targets : "", buf_cstring(&targets)) == 0)
        return 0;
    next = NEW(struct servicename);
    *next = (struct servicename){str_dup(object_namespace(service)), str_dup(object_name(service)),
                                 xstrdup(buf_cstring(&targets))};
    free_name(map_put(&c->names.of, p->uid, next));
    changed(c);
    return 0;
}

static int
gone(void *self, struct turn *t, struct str uid, struct err *e)
{
    struct control *c = self;
    struct servicename *old = map_remove(&c->names.of, uid);

    (void)t, (void)e;
    if (old != NULL)
        changed(c);
    free_name(old);
    return 0;
}

const struct controller_row servicenames_row = {.name = "names of Services",
                                                .resource = "services",
                                                .forget = servicenames_forget,
                                                .reconcile = reconcile,
                                                .gone = gone};
