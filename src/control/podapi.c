/*
 * What a pod gets of the API: its address and those of Services, a token for it, the names.
 *
 * The token is where clients look for it (/var/run/secrets/kubernetes.io/serviceaccount), by a
 * projected volume such as Kubernetes' admission adds to every Pod.  Here it is added to what the
 * runtime gets, not to the stored object.  It asks for nothing that could keep the pod from
 * starting: without its account there is no token.
 *
 * Tokens are bound to the pod and its account.  They are replaced when a fifth of their time is
 * left.
 */

#include "api/apiserver.h"
#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "control/control_int.h"
#include "control/podview.h"
#include "core/turn.h"
#include "data/json.h"
#include "runner/runtime.h"
#include "runner/volumes.h"

#define MOUNT_PATH "/var/run/secrets/kubernetes.io/serviceaccount"
enum { AUTOMATIC_SECONDS = 3607, API_PORT = 443, PAGE = 500 };

static struct object *
find_account(struct control *c, struct turn *t, const struct object *pod)
{
    struct str name = json_str(object_at(pod, "spec.serviceAccountName"));

    return objects_find(c->config.objects, t, &kind_service_account, object_namespace(pod),
                        name.n > 0 ? name : STR("default"));
}

/* The automatic volume. */

static bool
is_wanted(const struct object *pod, const struct object *account)
{
    bool otherwise;

    if (account == NULL)
        return false;
    otherwise = json_bool_or(object_at(account, "automountServiceAccountToken"), true);
    return json_bool_or(object_at(pod, "spec.automountServiceAccountToken"), otherwise);
}

static bool
has_mount(const struct json *container)
{
    JSON_EACH (it, json_get(container, "volumeMounts")) {
        if (str_is(json_str(json_get(it.value, "mountPath")), MOUNT_PATH))
            return true;
    }
    return false;
}

static void
add_containers(struct json_build *b, const struct json *spec, const char *key, const char *volume)
{
    static const char *const except[] = {"volumeMounts", NULL};

    if (json_get(spec, key) == NULL)
        return;
    json_add_array(b, key);
    JSON_EACH (it, json_get(spec, key)) {
        json_add_object(b, NULL);
        json_add_fields(b, it.value, except);
        json_add_array(b, "volumeMounts");
        JSON_EACH (mount, json_get(it.value, "volumeMounts"))
            json_add_value(b, NULL, mount.value);
        if (!has_mount(it.value)) {
            json_add_object(b, NULL);
            json_add_cstr(b, "name", volume);
            json_add_cstr(b, "mountPath", MOUNT_PATH);
            json_add_bool(b, "readOnly", true);
            json_end(b);
        }
        json_end(b);
        json_end(b);
    }
    json_end(b);
}

/* { KIND: { ...items: [{ FROM, path }] } } */
static void
begin_source(struct json_build *b, const char *kind)
{
    json_add_object(b, NULL);
    json_add_object(b, kind);
}

static void
end_source(struct json_build *b, const char *path)
{
    json_add_cstr(b, "path", path);
    json_end(b);
    json_end(b);
    json_end(b);
    json_end(b);
}

static void
add_volume(struct json_build *b, const char *name)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "name", name);
    json_add_object(b, "projected");
    json_add_array(b, "sources");
    begin_source(b, "serviceAccountToken");
    json_add_int(b, "expirationSeconds", AUTOMATIC_SECONDS);
    json_add_cstr(b, "path", "token");
    json_end(b);
    json_end(b);
    begin_source(b, "configMap");
    json_add_cstr(b, "name", CONTROL_CA_MAP);
    json_add_array(b, "items");
    json_add_object(b, NULL);
    json_add_cstr(b, "key", CONTROL_CA_KEY);
    end_source(b, CONTROL_CA_KEY);
    begin_source(b, "downwardAPI");
    json_add_array(b, "items");
    json_add_object(b, NULL);
    json_add_object(b, "fieldRef");
    json_add_cstr(b, "fieldPath", "metadata.namespace");
    json_end(b);
    end_source(b, "namespace");
    json_end(b);
    json_end(b);
    json_end(b);
}

static struct json_doc *
with_volume(const struct object *pod, const char *volume)
{
    static const char *const of_pod[] = {"spec", NULL};
    static const char *const of_spec[] = {"volumes", "containers", "initContainers", NULL};
    const struct json *spec = object_at(pod, "spec");
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_fields(&b, object_root(pod), of_pod);
    json_add_object(&b, "spec");
    json_add_fields(&b, spec, of_spec);
    add_containers(&b, spec, "initContainers", volume);
    add_containers(&b, spec, "containers", volume);
    json_add_array(&b, "volumes");
    JSON_EACH (it, json_get(spec, "volumes"))
        json_add_value(&b, NULL, it.value);
    add_volume(&b, volume);
    json_end(&b);
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

static void
mount_token(const struct object *pod, struct plan *p)
{
    enum { SHOWN = 5 };

    p->api_volume = xasprintf("kube-api-access-%.*s", SHOWN, p->uid);
    json_doc_unref(p->pod);
    p->pod = with_volume(pod, p->api_volume);
}

/* Tokens. */

static struct plan_token
sign(struct control *c, struct turn *t, const struct object *pod, const struct object *account,
     const struct json *source)
{
    struct str audience = json_str(json_get(source, "audience"));
    struct plan_token ret = {.seconds = volumes_token_seconds(source)};
    struct apitoken token = {.ns = object_namespace(account),
                             .name = object_name(account),
                             .uid = object_uid(account),
                             .pod_name = object_name(pod),
                             .pod_uid = object_uid(pod),
                             .audience = audience.n > 0 ? audience : STR_NULL,
                             .issued_us = turn_now_us(t)};
    cleanup_buf struct buf text = BUF_INIT;

    token.expires_us = token.issued_us + ret.seconds * CLOCK_SECOND;
    c->config.sign(c->config.sign_arg, &token, &text);
    ret.audience = audience.n > 0 ? str_dup(audience) : NULL;
    ret.text = xstrdup(buf_cstring(&text));
    return ret;
}

static int
sign_all(struct control *c, struct turn *t, const struct object *pod, const struct object *account,
         struct plan *p, struct err *e)
{
    VEC(struct plan_token) tokens = VEC_INIT;
    int rc = 0;

    JSON_EACH (volume, json_at_path(json_root(p->pod), "spec.volumes")) {
        JSON_EACH (it, json_at_path(volume.value, "projected.sources")) {
            const struct json *source = json_get(it.value, "serviceAccountToken");

            if (source == NULL)
                continue;
            if (account == NULL)
                rc = err_set(e, ERR_NOTFOUND, "serviceaccount \"%s\" not found",
                             json_cstr_or(object_at(pod, "spec.serviceAccountName"), "default"));
            else
                vec_push(&tokens, sign(c, t, pod, account, source));
        }
    }
    p->tokens = tokens.at;
    p->tokens_n = tokens.n;
    return rc;
}

/* Services, for variables. */

static struct plan_service
copy_service(const struct object *o)
{
    struct plan_service s = {.name = str_dup(object_name(o)),
                             .address = str_dup(json_str(object_at(o, "spec.clusterIP")))};
    VEC(struct plan_port) ports = VEC_INIT;

    JSON_EACH (it, object_at(o, "spec.ports")) {
        const char *name = json_cstr_or(json_get(it.value, "name"), NULL);
        struct plan_port port = {.name = name != NULL ? xstrdup(name) : NULL,
                                 .protocol =
                                     xstrdup(json_cstr_or(json_get(it.value, "protocol"), "TCP"))};
        int64_t number = 0;

        (void)json_int(json_get(it.value, "port"), &number);
        port.number = (uint16_t)number;
        vec_push(&ports, port);
    }
    s.ports = ports.at;
    s.ports_n = ports.n;
    return s;
}

static struct plan_service
own_service(const struct control *c)
{
    struct plan_service s = {.name = xstrdup("kubernetes"),
                             .address = xstrdup(c->api_address),
                             .ports = NEW(struct plan_port),
                             .ports_n = 1};

    s.ports[0] = (struct plan_port){xstrdup("https"), xstrdup("TCP"), API_PORT};
    return s;
}

static int
list_services(struct control *c, struct turn *t, const struct object *pod, struct plan *p,
              struct err *e)
{
    struct objects_query q = {.kind = &kind_service, .ns = object_namespace(pod), .limit = PAGE};
    cleanup_objects object_vec found = VEC_INIT;
    VEC(struct plan_service) services = VEC_INIT;
    bool more = json_bool_or(object_at(pod, "spec.enableServiceLinks"), true);
    int rc = 0;

    vec_push(&services, own_service(c));
    while (more && rc == 0) {
        rc = objects_list(c->config.objects, t, &q, &found, &more, e);
        if (rc == 0 && more) {
            q.after_ns = object_namespace(vec_last(&found));
            q.after_name = object_name(vec_last(&found));
        }
    }
    for (size_t i = 0; i < found.n; i++) {
        struct str address = json_str(object_at(found.at[i], "spec.clusterIP"));

        if (address.n > 0 && !str_is(address, "None"))
            vec_push(&services, copy_service(found.at[i]));
    }
    p->services = services.at;
    p->services_n = services.n;
    return rc;
}

/* Names. */

static char *
names_of(const struct control *c, const struct object *pod, uint32_t address)
{
    struct str host = json_str(object_at(pod, "spec.hostname"));
    char text[PODADDRESS_TEXT];
    struct buf b = BUF_INIT;

    if (address != 0) { /* its own, as kubelet writes it */
        podaddress_format(address, text);
        buf_printf(&b, "%s\t%.*s\n", text, STR_ARG(host.n > 0 ? host : object_name(pod)));
    }
    servicenames_text(c, object_namespace(pod), &b);
    return buf_take(&b);
}

int
podapi_gather(struct control *c, struct turn *t, const struct object *pod, struct plan *p,
              struct err *e)
{
    cleanup_object struct object *account = NULL;

    if (c->api_address == NULL)
        return 0;
    account = find_account(c, t, pod);
    if (!json_bool_or(object_at(pod, "spec.hostNetwork"), false))
        p->names = names_of(c, pod, p->address);
    if (is_wanted(pod, account))
        mount_token(pod, p);
    if (list_services(c, t, pod, p, e) < 0)
        return e->code;
    return sign_all(c, t, pod, account, p, e);
}

/* While it runs. */

int64_t
podapi_renewal(const struct plan *p, int64_t now_us)
{
    int64_t least = 0;

    for (size_t i = 0; i < p->tokens_n; i++)
        if (least == 0 || p->tokens[i].seconds < least)
            least = p->tokens[i].seconds;
    return least > 0 ? now_us + least * CLOCK_SECOND / 5 * 4 : 0;
}

struct plan *
podapi_refresh(struct control *c, struct turn *t, const struct object *pod, uint32_t address,
               bool tokens)
{
    cleanup_object struct object *account = find_account(c, t, pod);
    struct plan *p = plan_new();
    struct err ignored = ERR_INIT; /* without the account there is nothing newer */

    p->uid = str_dup(object_uid(pod));
    if (!json_bool_or(object_at(pod, "spec.hostNetwork"), false))
        p->names = names_of(c, pod, address);
    if (!tokens)
        return p;
    p->pod = json_doc_ref(object_doc(pod));
    if (is_wanted(pod, account))
        mount_token(pod, p);
    (void)sign_all(c, t, pod, account, p, &ignored);
    return p;
}
