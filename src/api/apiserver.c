#include "api/apiserver.h"

#include <pthread.h>

#include "api/kind.h"
#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "store/versions.h"

struct apiserver {
    struct apiserver_config config;
    char *address;
    pthread_mutex_t lock; /* guards the rest */
    char *index;
    size_t index_kinds;
};

struct apiserver *
apiserver_new(const struct apiserver_config *config)
{
    struct apiserver *s = NEW(struct apiserver);

    s->config = *config;
    s->address = xstrdup(config->address != NULL ? config->address : "");
    s->config.address = s->address;
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void
apiserver_free(struct apiserver *s)
{
    if (s == NULL)
        return;
    pthread_mutex_destroy(&s->lock);
    free(s->index);
    free(s->address);
    free(s);
}

bool
apiserver_index_get(struct apiserver *s, size_t n, struct buf *to)
{
    bool there;

    pthread_mutex_lock(&s->lock);
    there = s->index != NULL && s->index_kinds == n;
    if (there)
        buf_cstr(to, s->index);
    pthread_mutex_unlock(&s->lock);
    return there;
}

void
apiserver_index_put(struct apiserver *s, size_t n, struct str text)
{
    pthread_mutex_lock(&s->lock);
    free(s->index);
    s->index = str_dup(text);
    s->index_kinds = n;
    pthread_mutex_unlock(&s->lock);
}

const struct apiserver_config *
apiserver_config(const struct apiserver *s)
{
    return &s->config;
}

/* Namespaces. */

static int
ensure_namespace(struct apiserver *s, struct turn *t, struct str name, struct err *e)
{
    struct object *there = objects_find(s->config.objects, t, &kind_namespace, STR(""), name);
    cleanup_json struct json_doc *doc = NULL;
    struct json_build b = JSON_BUILD_INIT;

    object_unref(there);
    if (there != NULL)
        return 0;
    json_add_object(&b, NULL);
    json_add_object(&b, "metadata");
    json_add_str(&b, "name", name);
    json_add_object(&b, "labels");
    json_add_str(&b, "kubernetes.io/metadata.name", name);
    json_end(&b);
    json_end(&b);
    json_add_object(&b, "spec");
    json_add_array(&b, "finalizers");
    json_add_cstr(&b, NULL, "kubernetes");
    json_end(&b);
    json_end(&b);
    json_add_object(&b, "status");
    json_add_cstr(&b, "phase", "Active");
    json_end(&b);
    json_end(&b);
    doc = json_build_done(&b);
    return objects_create(s->config.objects, t, &kind_namespace, STR(""), json_root(doc), NULL, e);
}

/* `sluice run` stores objects without making their namespace. */
static int
ensure_namespaces_of(struct apiserver *s, struct turn *t, const struct kind *k, struct err *e)
{
    cleanup_free char *after = xstrdup("");

    for (;;) {
        char *next = NULL;

        if (versions_next_namespace(turn_db(t), str_of(k->resource), str_of(after), &next, e) < 0)
            return e->code;
        if (next == NULL)
            return 0;
        free(after);
        after = next;
        if (ensure_namespace(s, t, str_of(after), e) < 0)
            return e->code;
    }
}

static const char *const always[] = {"default", "kube-system", "kube-public"};

bool
apiserver_keeps_namespace(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(always); i++) {
        if (str_is(name, always[i]))
            return true;
    }
    return false;
}

int
apiserver_prepare(struct apiserver *s, struct turn *t, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(always); i++) {
        if (ensure_namespace(s, t, str_of(always[i]), e) < 0)
            return e->code;
    }
    for (size_t i = 0; kind_at(s->config.kinds, i) != NULL; i++) {
        const struct kind *k = kind_at(s->config.kinds, i);

        if (k->namespaced && !k->virtual && ensure_namespaces_of(s, t, k, e) < 0)
            return e->code;
    }
    return 0;
}
