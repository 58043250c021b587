#include "api/nodeport.h"

#include <stdio.h>
#include <string.h>

#include "api/objects.h"
#include "base/err.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "schema/fielderror.h"

enum { PORTS = NODEPORT_LAST - NODEPORT_FIRST + 1, PAGE = 500 };

struct filling {
    struct turn *turn;
    const struct json *old, *next;
    struct problems *problems;
    bool others[PORTS]; /* that other Services have */
    bool own[PORTS];    /* that this one has now, too */
};

static bool
wants_ports(const struct json *service)
{
    struct str type = json_str(json_at_path(service, "spec.type"));

    if (str_is(type, "LoadBalancer"))
        return json_bool_or(json_at_path(service, "spec.allocateLoadBalancerNodePorts"), true);
    return str_is(type, "NodePort");
}

static int64_t
number(const struct json *port, const char *field)
{
    int64_t n = 0;

    (void)json_int(json_get(port, field), &n);
    return n;
}

static bool
is_in_range(int64_t n)
{
    return n >= NODEPORT_FIRST && n <= NODEPORT_LAST;
}

static int
find_others(struct filling *f, struct objects *os, struct err *e)
{
    struct objects_query q = {.kind = &kind_service, .ns = STR_NULL, .limit = PAGE};
    struct str uid = json_str(json_at_path(f->old, "metadata.uid"));
    cleanup_objects object_vec found = VEC_INIT;
    bool more = true;

    while (more) {
        if (objects_list(os, f->turn, &q, &found, &more, e) < 0)
            return e->code;
        if (!more)
            break;
        q.after_ns = object_namespace(vec_last(&found));
        q.after_name = object_name(vec_last(&found));
    }
    for (size_t i = 0; i < found.n; i++) {
        if (str_eq(object_uid(found.at[i]), uid))
            continue;
        JSON_EACH (it, object_at(found.at[i], "spec.ports")) {
            int64_t n = number(it.value, "nodePort");

            if (is_in_range(n))
                f->others[n - NODEPORT_FIRST] = true;
        }
    }
    return 0;
}

/* What the same port had before; 0: nothing. */
static int64_t
had(const struct filling *f, const struct json *port)
{
    JSON_EACH (it, json_at_path(f->old, "spec.ports")) {
        const char *protocol = json_cstr_or(json_get(it.value, "protocol"), "TCP");

        if (number(it.value, "port") == number(port, "port") &&
            strcmp(json_cstr_or(json_get(port, "protocol"), "TCP"), protocol) == 0)
            return number(it.value, "nodePort");
    }
    return 0;
}

static void
check_wish(struct filling *f, size_t at, int64_t wish)
{
    char path[64], detail[128];

    snprintf(path, sizeof path, "spec.ports[%zu].nodePort", at);
    if (!is_in_range(wish)) {
        snprintf(detail, sizeof detail,
                 "provided port is not in the valid range. The range of valid ports is %d-%d",
                 NODEPORT_FIRST, NODEPORT_LAST);
        fielderror_invalid_int(f->problems, path, wish, detail);
    } else if (f->others[wish - NODEPORT_FIRST]) {
        fielderror_invalid_int(f->problems, path, wish, "provided port is already allocated");
    } else {
        f->own[wish - NODEPORT_FIRST] = true;
    }
}

/* The first that is free from a random one on; 0: none. */
static int64_t
allocate(struct filling *f)
{
    uint16_t random;

    core_random(turn_core(f->turn), &random, sizeof random);
    for (int i = 0; i < PORTS; i++) {
        int at = (random + i) % PORTS;

        if (f->others[at] || f->own[at])
            continue;
        f->own[at] = true;
        return NODEPORT_FIRST + at;
    }
    return 0;
}

/* What a port asks for, or had before; 0: any will do. */
static int64_t
wish_of(const struct filling *f, const struct json *port)
{
    int64_t n = number(port, "nodePort");

    return n != 0 ? n : had(f, port);
}

/* Wishes come first, so that none is given away to a port before it. */
static void
take_wishes(struct filling *f)
{
    JSON_EACH (it, json_at_path(f->next, "spec.ports")) {
        int64_t wish = wish_of(f, it.value);

        if (wish != 0)
            check_wish(f, it.index, wish);
    }
}

static int
add_port(struct filling *f, struct json_build *b, const struct json *port, struct err *e)
{
    static const char *const except[] = {"nodePort", NULL};
    int64_t n = wish_of(f, port);

    if (n == 0)
        n = allocate(f);
    if (n == 0)
        return err_set(e, ERR_UNAVAILABLE, "no node port of %d-%d is left for another Service",
                       NODEPORT_FIRST, NODEPORT_LAST);
    json_add_object(b, NULL);
    json_add_fields(b, port, except);
    json_add_int(b, "nodePort", n);
    json_end(b);
    return 0;
}

static int
build(struct filling *f, struct json_build *b, struct err *e)
{
    static const char *const of_service[] = {"spec", NULL}, *const of_spec[] = {"ports", NULL};

    json_add_object(b, NULL);
    json_add_fields(b, f->next, of_service);
    json_add_object(b, "spec");
    json_add_fields(b, json_get(f->next, "spec"), of_spec);
    json_add_array(b, "ports");
    JSON_EACH (it, json_at_path(f->next, "spec.ports")) {
        if (add_port(f, b, it.value, e) < 0)
            return e->code;
    }
    json_end(b);
    json_end(b);
    json_end(b);
    return 0;
}

int
nodeport_fill(struct objects *os, struct turn *t, const struct json *old, const struct json *next,
              struct json_doc **ret, struct problems *ps, struct err *e)
{
    struct filling f = {.turn = t, .old = old, .next = next, .problems = ps};
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;

    *ret = NULL;
    if (!wants_ports(next) || json_count(json_at_path(next, "spec.ports")) == 0)
        return 0;
    if (find_others(&f, os, e) < 0)
        return e->code;
    take_wishes(&f);
    if (build(&f, &b, e) < 0)
        return e->code;
    *ret = json_build_done(&b);
    return 0;
}
