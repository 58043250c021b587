#include "api/apiadmit.h"

#include <stdio.h>

#include "api/kind.h"
#include "api/nodeport.h"
#include "api/objects.h"
#include "base/err.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "edge/caller.h"
#include "schema/fielderror.h"
#include "schema/problem.h"

enum { ADDRESS_TRIES = 256, ADDRESS_SIZE = 16 };

/* The object with another spec; takes the builder, in which the spec's object is open. */
static struct json_doc *
with_spec(struct json_build *b, const struct json *object)
{
    static const char *const except[] = {"spec", NULL};

    json_end(b);
    json_add_fields(b, object, except);
    json_end(b);
    return json_build_done(b);
}

static void
begin_spec(struct json_build *b)
{
    json_add_object(b, NULL);
    json_add_object(b, "spec");
}

/* Services. */

static int
is_taken(const struct apiadmit *a, struct turn *t, const char *address, struct err *e)
{
    struct objects_query q = {.kind = a->kind,
                              .ns = STR_NULL,
                              .field_path = "spec.clusterIP",
                              .field_value = address,
                              .limit = 1};
    cleanup_objects object_vec found = VEC_INIT;

    if (objects_list(a->objects, t, &q, &found, NULL, e) < 0)
        return e->code;
    return found.n > 0;
}

static int
allocate(const struct apiadmit *a, struct turn *t, char to[ADDRESS_SIZE], struct err *e)
{
    for (int i = 0; i < ADDRESS_TRIES; i++) {
        unsigned char random[2];
        int taken;

        core_random(turn_core(t), random, sizeof random);
        /* 127.96.0.x is the platform's own (cli/up.c); .0 and .255 look like no address. */
        if (random[0] == 0 || random[1] == 0 || random[1] == 255)
            continue;
        snprintf(to, ADDRESS_SIZE, "127.96.%d.%d", random[0], random[1]);
        taken = is_taken(a, t, to, e);
        if (taken <= 0)
            return taken;
    }
    return err_set(e, ERR_UNAVAILABLE, "no cluster address is left for another Service");
}

static bool
is_in_range(struct str address)
{
    unsigned x, y;
    char text[ADDRESS_SIZE], again[ADDRESS_SIZE];

    if (address.n >= sizeof text)
        return false;
    snprintf(text, sizeof text, "%.*s", STR_ARG(address));
    if (sscanf(text, "127.96.%u.%u", &x, &y) != 2 || x == 0 || x > 255 || y > 255)
        return false;
    snprintf(again, sizeof again, "127.96.%u.%u", x & 255, y & 255);
    return str_is(address, again);
}

/* One that the client chose. */
static int
check_wish(const struct apiadmit *a, struct turn *t, struct str wish, struct problems *ps,
           struct err *e)
{
    cleanup_free char *text = str_dup(wish), *shown = xasprintf("[\"%s\"]", text);
    char detail[256];
    int taken = 0;

    if (is_in_range(wish) && (taken = is_taken(a, t, text, e)) == 0)
        return 0;
    if (taken < 0)
        return taken;
    snprintf(detail, sizeof detail, "failed to allocate IP %s: %s", text,
             taken > 0 ? "provided IP is already allocated"
                       : "the provided IP is not in the valid range. The range of valid IPs is "
                         "127.96.0.0/16");
    fielderror_invalid_str(ps, "spec.clusterIPs", str_of(shown), detail);
    return 0;
}

static struct json_doc *
with_address(const struct json *next, const char *address)
{
    static const char *const except[] = {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy",
                                         NULL};
    const struct json *spec = json_get(next, "spec");
    struct json_build b = JSON_BUILD_INIT;

    begin_spec(&b);
    json_add_fields(&b, spec, except);
    json_add_cstr(&b, "clusterIP", address);
    json_add_array(&b, "clusterIPs");
    json_add_cstr(&b, NULL, address);
    json_end(&b);
    json_add_array(&b, "ipFamilies");
    json_add_cstr(&b, NULL, "IPv4");
    json_end(&b);
    json_add_cstr(&b, "ipFamilyPolicy", "SingleStack");
    return with_spec(&b, next);
}

/* Its cluster address. */
static int
place_service(const struct apiadmit *a, struct turn *t, const struct json *old,
              const struct json *next, struct json_doc **ret, struct problems *ps, struct err *e)
{
    struct str wish = json_str(json_at_path(next, "spec.clusterIP"));
    struct str had = json_str(json_at_path(old, "spec.clusterIP"));
    char address[ADDRESS_SIZE];

    if (str_is(json_str(json_at_path(next, "spec.type")), "ExternalName"))
        return 0;
    if (wish.n == 0 && had.n > 0)
        wish = had;
    if (wish.n == 0) {
        if (allocate(a, t, address, e) < 0)
            return e->code;
    } else {
        if (wish.n >= sizeof address)
            return 0; /* the rules say that it is no address */
        if (!str_is(wish, "None") && !str_eq(wish, had) && check_wish(a, t, wish, ps, e) < 0)
            return e->code;
        snprintf(address, sizeof address, "%.*s", STR_ARG(wish));
    }
    *ret = with_address(next, address);
    return 0;
}

static int
admit_service(const struct apiadmit *a, struct turn *t, const struct json *old,
              const struct json *next, struct json_doc **ret, struct problems *ps, struct err *e)
{
    cleanup_json struct json_doc *placed = NULL;

    if (place_service(a, t, old, next, &placed, ps, e) < 0)
        return e->code;
    if (nodeport_fill(a->objects, t, old, placed != NULL ? json_root(placed) : next, ret, ps, e) <
        0)
        return e->code;
    if (*ret == NULL)
        *ret = TAKE(placed);
    return 0;
}

/* Pods. */

static bool
is_service_account(const struct caller *c)
{
    return c != NULL && c->name.p != NULL && str_starts(c->name, STR("system:serviceaccount:"));
}

static int
check_host_paths(const struct apiadmit *a, const struct json *next, struct err *e)
{
    if (!is_service_account(a->caller))
        return 0;
    JSON_EACH (it, json_at_path(next, "spec.volumes")) {
        if (json_get(it.value, "hostPath") != NULL)
            return err_set(e, ERR_FORBIDDEN,
                           "pods \"%.*s\" is forbidden: spec.volumes[%zu].hostPath: a service "
                           "account may not use paths of the host",
                           STR_ARG(json_str(json_at_path(next, "metadata.name"))), it.index);
    }
    return 0;
}

static int
admit_pod(const struct apiadmit *a, struct turn *t, const struct json *old, const struct json *next,
          struct json_doc **ret, struct problems *ps, struct err *e)
{
    static const char *const except[] = {"serviceAccountName", "serviceAccount", NULL};
    const struct json *spec = json_get(next, "spec");
    struct json_build b = JSON_BUILD_INIT;

    (void)t, (void)ps;
    if (old != NULL)
        return 0;
    if (check_host_paths(a, next, e) < 0)
        return e->code;
    if (json_str(json_get(spec, "serviceAccountName")).n > 0)
        return 0;
    begin_spec(&b);
    json_add_fields(&b, spec, except);
    json_add_cstr(&b, "serviceAccountName", "default");
    json_add_cstr(&b, "serviceAccount", "default");
    *ret = with_spec(&b, next);
    return 0;
}

static const struct {
    const struct kind *kind;
    int (*admit)(const struct apiadmit *a, struct turn *t, const struct json *old,
                 const struct json *next, struct json_doc **ret, struct problems *ps,
                 struct err *e);
} rows[] = {{&kind_service, admit_service}, {&kind_pod, admit_pod}};

int
apiadmit_run(const struct apiadmit *a, struct turn *t, const struct json *old,
             const struct json *next, struct json_doc **ret, struct problems *ps, struct err *e)
{
    *ret = NULL;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].kind == a->kind)
            return rows[i].admit(a, t, old, next, ret, ps, e);
    }
    return 0;
}
