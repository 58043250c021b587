#include "runner/podspec.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "data/json.h"
#include "runner/amount.h"
#include "runner/podio.h"
#include "runner/podspec_int.h"

/* Text becomes paths, names and arguments of the kernel, which end at a NUL. */
int
podspec_text_of(const struct json *v, const char *key, const struct podspec_where *w,
                struct str *ret, struct err *e)
{
    const struct json *field = json_get(v, key);

    *ret = json_str(field);
    if (ret->p == NULL && !json_is_null(field))
        return err_set(e, ERR_INVALID, "%s.%s: must be text, is %s", w->text, key,
                       json_type_name(json_type(field)));
    if (ret->p != NULL && memchr(ret->p, '\0', ret->n) != NULL)
        return err_set(e, ERR_INVALID, "%s.%s: must not contain NUL", w->text, key);
    return 0;
}

int
podspec_int_of(const struct json *v, const char *key, const struct podspec_where *w,
               int64_t otherwise, int64_t min, int64_t *ret, struct err *e)
{
    const struct json *field = json_get(v, key);

    *ret = otherwise;
    if (json_is_null(field))
        return 0;
    if (!json_int(field, ret) || *ret < min || *ret > INT32_MAX * INT64_C(2))
        return err_set(e, ERR_INVALID, "%s.%s: must be an integer of at least %lld", w->text, key,
                       (long long)min);
    return 0;
}

int
podspec_seconds_of(const struct json *v, const char *key, const struct podspec_where *w,
                   int64_t otherwise, int64_t min, int64_t *ret_us, struct err *e)
{
    if (podspec_int_of(v, key, w, otherwise, min, ret_us, e) < 0)
        return e->code;
    *ret_us *= CLOCK_SECOND;
    return 0;
}

int
podspec_check_texts(const struct json *list, const struct podspec_where *w, const char *key,
                    struct err *e)
{
    if (!json_is_null(list) && json_type(list) != JSON_ARRAY)
        return err_set(e, ERR_INVALID, "%s.%s: must be a list", w->text, key);
    JSON_EACH (it, list) {
        struct str s = json_str(it.value);

        if (s.p == NULL)
            return err_set(e, ERR_INVALID, "%s.%s[%zu]: must be text", w->text, key, it.index);
        if (memchr(s.p, '\0', s.n) != NULL)
            return err_set(e, ERR_INVALID, "%s.%s[%zu]: must not contain NUL", w->text, key,
                           it.index);
    }
    return 0;
}

static int
parse_mount(const struct json *v, const struct podspec_where *w, size_t i, struct podspec_mount *m,
            struct err *e)
{
    struct podspec_where inner;

    snprintf(inner.text, sizeof inner.text, "%s.volumeMounts[%zu]", w->text, i);
    if (podspec_text_of(v, "name", &inner, &m->volume, e) < 0 ||
        podspec_text_of(v, "mountPath", &inner, &m->path, e) < 0 ||
        podspec_text_of(v, "subPath", &inner, &m->sub_path, e) < 0 ||
        podspec_text_of(v, "subPathExpr", &inner, &m->sub_path_expr, e) < 0)
        return e->code;
    if (m->volume.n == 0)
        return err_set(e, ERR_INVALID, "%s.name: Required value", inner.text);
    if (m->path.n == 0)
        return err_set(e, ERR_INVALID, "%s.mountPath: Required value", inner.text);
    m->read_only = json_bool_or(json_get(v, "readOnly"), false);
    if (m->path.p[0] != '/') /* kubelet makes it absolute, and tutorials rely on it */
        m->path = str_of(arena_printf(w->arena, "/%.*s", STR_ARG(m->path)));
    return 0;
}

static int
parse_mounts(const struct json *container, const struct podspec_where *w,
             struct podspec_container *c, struct err *e)
{
    const struct json *mounts = json_get(container, "volumeMounts");

    c->mounts = ARENA_ARRAY(w->arena, struct podspec_mount, json_count(mounts) + 1);
    JSON_EACH (it, mounts) {
        if (parse_mount(it.value, w, it.index, &c->mounts[c->mounts_n++], e) < 0)
            return e->code;
    }
    return 0;
}

static int
parse_amount(const struct json *list, const char *key, bool milli, const struct podspec_where *w,
             const char *of, int64_t *ret, struct err *e)
{
    const struct json *v = json_get(list, key);
    struct str text = json_scalar_text(v);

    *ret = 0;
    if (json_is_null(v))
        return 0;
    if (text.p == NULL || !(milli ? amount_milli(text, ret) : amount_value(text, ret)))
        return err_set(e, ERR_INVALID,
                       "%s.resources.%s.%s: quantities must match the regular expression "
                       "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
                       w->text, of, key);
    return 0;
}

static int
parse_resources(const struct json *container, const struct podspec_where *w,
                struct podspec_resources *r, struct err *e)
{
    const struct json *requests = json_at_path(container, "resources.requests");
    const struct json *limits = json_at_path(container, "resources.limits");

    if (parse_amount(requests, "cpu", true, w, "requests", &r->cpu_request, e) < 0 ||
        parse_amount(requests, "memory", false, w, "requests", &r->memory_request, e) < 0 ||
        parse_amount(limits, "cpu", true, w, "limits", &r->cpu_limit, e) < 0 ||
        parse_amount(limits, "memory", false, w, "limits", &r->memory_limit, e) < 0)
        return e->code;
    /* A limit without a request is one. */
    if (json_is_null(json_get(requests, "cpu")))
        r->cpu_request = r->cpu_limit;
    if (json_is_null(json_get(requests, "memory")))
        r->memory_request = r->memory_limit;
    return 0;
}

/* Extended resources have a domain in their name. */
static void
find_device(const struct json *container, struct podspec *s)
{
    JSON_EACH (it, json_at_path(container, "resources.limits")) {
        if (str_find_char(it.key, '/', 0) >= 0 && !str_is(json_scalar_text(it.value), "0"))
            s->device = it.key;
    }
}

/* The container's securityContext over the pod's. */
static int
parse_security(const struct json *pod_spec, const struct json *container,
               const struct podspec_where *w, struct podspec_security *s, struct err *e)
{
    const struct json *outer = json_get(pod_spec, "securityContext");
    const struct json *inner = json_get(container, "securityContext");
    struct podspec_where of_pod = {.text = "spec.securityContext"}, of_container;

    snprintf(of_container.text, sizeof of_container.text, "%s.securityContext", w->text);
    if (podspec_int_of(outer, "runAsUser", &of_pod, -1, 0, &s->user, e) < 0 ||
        podspec_int_of(inner, "runAsUser", &of_container, s->user, 0, &s->user, e) < 0 ||
        podspec_int_of(outer, "runAsGroup", &of_pod, -1, 0, &s->group, e) < 0 ||
        podspec_int_of(inner, "runAsGroup", &of_container, s->group, 0, &s->group, e) < 0)
        return e->code;
    s->non_root = json_bool_or(json_get(outer, "runAsNonRoot"), false);
    s->non_root = json_bool_or(json_get(inner, "runAsNonRoot"), s->non_root);
    s->read_only_root = json_bool_or(json_get(inner, "readOnlyRootFilesystem"), false);
    s->privileged = json_bool_or(json_get(inner, "privileged"), false);
    s->add = json_at_path(inner, "capabilities.add");
    s->drop = json_at_path(inner, "capabilities.drop");
    if (podspec_check_texts(s->add, &of_container, "capabilities.add", e) < 0)
        return e->code;
    return podspec_check_texts(s->drop, &of_container, "capabilities.drop", e);
}

/* A container's name becomes a directory's. */
static bool
is_label(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
              (s.p[i] == '-' && i > 0)))
            return false;
    return s.n > 0;
}

static int
parse_container(const struct json *pod_spec, const struct json *v, const struct podspec_where *w,
                struct podspec_container *c, struct err *e)
{
    struct str policy, restart;

    c->root = v;
    if (podspec_text_of(v, "name", w, &c->name, e) < 0 ||
        podspec_text_of(v, "image", w, &c->image, e) < 0 ||
        podspec_text_of(v, "workingDir", w, &c->working_dir, e) < 0 ||
        podspec_text_of(v, "imagePullPolicy", w, &c->pull_policy, e) < 0 ||
        podspec_text_of(v, "terminationMessagePath", w, &c->termination_path, e) < 0 ||
        podspec_text_of(v, "terminationMessagePolicy", w, &policy, e) < 0 ||
        podspec_text_of(v, "restartPolicy", w, &restart, e) < 0 ||
        podspec_check_texts(json_get(v, "command"), w, "command", e) < 0 ||
        podspec_check_texts(json_get(v, "args"), w, "args", e) < 0)
        return e->code;
    if (c->name.n == 0 || c->name.n > 63 || !is_label(c->name))
        return err_set(e, ERR_INVALID, "%s.name: must be a DNS label of at most 63 characters",
                       w->text);
    if (json_count(json_get(v, "lifecycle")) > 0)
        return err_set(e, ERR_INVALID,
                       "%s.lifecycle: hooks cannot be run here; call the command from the "
                       "container's own",
                       w->text);
    if (c->image.n == 0)
        return err_set(e, ERR_INVALID, "%s.image: Required value", w->text);
    if (restart.p != NULL && (c->role != CONTAINER_INIT || !str_is(restart, "Always")))
        return err_set(e, ERR_INVALID,
                       "%s.restartPolicy: only init containers may have one, and only Always",
                       w->text);
    if (restart.p != NULL)
        c->role = CONTAINER_SIDECAR_INIT;
    if (c->termination_path.n == 0)
        c->termination_path = STR("/dev/termination-log");
    c->log_fallback = str_is(policy, "FallbackToLogsOnError");
    c->tty = json_bool_or(json_get(v, "tty"), false);
    c->stdin = json_bool_or(json_get(v, "stdin"), false);
    if (parse_mounts(v, w, c, e) < 0 || parse_resources(v, w, &c->resources, e) < 0 ||
        parse_security(pod_spec, v, w, &c->security, e) < 0 ||
        podspec_probe_parse(v, "startupProbe", w, &c->startup, e) < 0 ||
        podspec_probe_parse(v, "readinessProbe", w, &c->readiness, e) < 0)
        return e->code;
    return podspec_probe_parse(v, "livenessProbe", w, &c->liveness, e);
}

static bool
names(const struct json *list, struct str name)
{
    JSON_EACH (it, list) {
        if (str_eq(json_str(it.value), name))
            return true;
    }
    return false;
}

static int
parse_containers(const struct json *spec, const char *key, bool init, struct podspec_where *w,
                 struct podspec *s, struct err *e)
{
    JSON_EACH (it, json_get(spec, key)) {
        struct podspec_container *c = &s->containers[s->containers_n];

        c->index = s->containers_n;
        c->role = init ? CONTAINER_INIT : CONTAINER_MAIN;
        snprintf(w->text, sizeof w->text, "spec.%s[%zu]", key, it.index);
        if (parse_container(spec, it.value, w, c, e) < 0)
            return e->code;
        find_device(it.value, s);
        if (podspec_container(s, c->name) != NULL)
            return err_set(e, ERR_INVALID, "%s.name: Duplicate value: \"%.*s\"", w->text,
                           STR_ARG(c->name));
        if (!init && names(s->io->sidecars, c->name))
            c->role = CONTAINER_SIDECAR;
        s->containers_n++;
    }
    return 0;
}

static int
parse_policy(const struct json *spec, const struct podspec_where *w, struct podspec *s,
             struct err *e)
{
    struct str policy;

    if (podspec_text_of(spec, "restartPolicy", w, &policy, e) < 0)
        return e->code;
    if (policy.p == NULL || str_is(policy, "Always"))
        s->restart = RESTART_ALWAYS;
    else if (str_is(policy, "OnFailure"))
        s->restart = RESTART_ON_FAILURE;
    else if (str_is(policy, "Never"))
        s->restart = RESTART_NEVER;
    else
        return err_set(e, ERR_INVALID,
                       "spec.restartPolicy: Unsupported value: \"%.*s\": supported values: "
                       "\"Always\", \"OnFailure\", \"Never\"",
                       STR_ARG(policy));
    return 0;
}

/* The volume's object, or NULL. */
static const struct json *
find_volume(const struct podspec *s, struct str name)
{
    JSON_EACH (it, s->volumes) {
        if (str_eq(json_str(json_get(it.value, "name")), name))
            return it.value;
    }
    return NULL;
}

static int
check_mounts(const struct podspec *s, struct err *e)
{
    for (size_t i = 0; i < s->containers_n; i++)
        for (size_t k = 0; k < s->containers[i].mounts_n; k++) {
            struct str volume = s->containers[i].mounts[k].volume;

            if (find_volume(s, volume) == NULL)
                return err_set(e, ERR_INVALID,
                               "container %.*s: volumeMounts[%zu].name: Not found: "
                               "\"%.*s\"",
                               STR_ARG(s->containers[i].name), k, STR_ARG(volume));
        }
    return 0;
}

static int
parse_spec(const struct json *spec, struct podspec_where *w, struct podspec *s, struct err *e)
{
    if (json_type(spec) != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "spec: Required value");
    s->volumes = json_get(spec, "volumes");
    snprintf(w->text, sizeof w->text, "spec");
    if (parse_policy(spec, w, s, e) < 0 ||
        podspec_seconds_of(spec, "terminationGracePeriodSeconds", w, 30, 0, &s->grace_us, e) < 0 ||
        podspec_seconds_of(spec, "activeDeadlineSeconds", w, 0, 1, &s->deadline_us, e) < 0 ||
        podspec_text_of(spec, "hostname", w, &s->hostname, e) < 0 ||
        podspec_int_of(json_get(spec, "securityContext"), "fsGroup", w, -1, 0, &s->fs_group, e) < 0)
        return e->code;
    if (s->hostname.n == 0)
        s->hostname = str_slice(s->name, 0, 63);
    if (parse_containers(spec, "initContainers", true, w, s, e) < 0)
        return e->code;
    s->init_n = s->containers_n;
    if (parse_containers(spec, "containers", false, w, s, e) < 0)
        return e->code;
    if (s->containers_n == s->init_n)
        return err_set(e, ERR_INVALID, "spec.containers: Required value");
    return check_mounts(s, e);
}

int
podspec_parse(const struct json *pod, struct arena *a, struct podspec **ret, struct err *e)
{
    struct podspec *s = ARENA_NEW(a, struct podspec);
    const struct json *meta = json_get(pod, "metadata"), *spec = json_get(pod, "spec");
    struct podspec_where w = {.arena = a};

    s->root = pod;
    s->uid = json_str(json_get(meta, "uid"));
    s->namespace = json_str(json_get(meta, "namespace"));
    s->name = json_str(json_get(meta, "name"));
    s->containers = ARENA_ARRAY(a, struct podspec_container,
                                json_count(json_get(spec, "initContainers")) +
                                    json_count(json_get(spec, "containers")) + 1);
    if (podio_parse(pod, a, &s->io, e) < 0)
        return e->code;
    if (parse_spec(spec, &w, s, e) < 0) {
        json_doc_unref(TAKE(s->io->doc));
        return e->code;
    }
    *ret = s;
    return 0;
}

const struct podspec_container *
podspec_container(const struct podspec *s, struct str name)
{
    for (size_t i = 0; i < s->containers_n; i++)
        if (str_eq(s->containers[i].name, name))
            return &s->containers[i];
    return NULL;
}

static int64_t
larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Amounts come from outside and may be anything: a sum stops at the largest number. */
static int64_t
sum(int64_t a, int64_t b)
{
    int64_t total;

    return __builtin_add_overflow(a, b, &total) ? INT64_MAX : total;
}

/* Restartable init containers count along with everything that starts after them. */
struct podspec_resources
podspec_requests(const struct podspec *s)
{
    struct podspec_resources stay = {0}, most = {0};

    for (size_t i = 0; i < s->containers_n; i++) {
        const struct podspec_container *c = &s->containers[i];

        if (c->role == CONTAINER_INIT) {
            most.cpu_request =
                larger(most.cpu_request, sum(stay.cpu_request, c->resources.cpu_request));
            most.memory_request =
                larger(most.memory_request, sum(stay.memory_request, c->resources.memory_request));
        } else {
            stay.cpu_request = sum(stay.cpu_request, c->resources.cpu_request);
            stay.memory_request = sum(stay.memory_request, c->resources.memory_request);
        }
    }
    most.cpu_request = larger(most.cpu_request, stay.cpu_request);
    most.memory_request = larger(most.memory_request, stay.memory_request);
    return most;
}
