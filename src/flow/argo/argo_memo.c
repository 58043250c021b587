#include "flow/argo/argo_memo.h"

#include "api/objects.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_output.h"
#include "flow/argo/argo_scope.h"
#include "flow/argo/argo_time.h"
#include "flow/flow_int.h"

#define TYPE_LABEL "workflows.argoproj.io/configmap-type"

static bool
is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int
check_key(struct str key, struct err *e)
{
    bool sound = key.n > 0 && is_alphanumeric(key.p[0]);

    for (size_t i = 1; i < key.n; i++)
        sound = sound && (is_alphanumeric(key.p[i]) || key.p[i] == '-');
    if (sound)
        return 0;
    return err_set(e, ERR_INVALID,
                   "invalid cache key: '%.*s': letters, digits and '-' are expected, a letter or "
                   "digit first",
                   STR_ARG(str_slice(key, 0, key.n < 100 ? key.n : 100)));
}

/* The ConfigMap of that name; *ret is NULL if there is none yet. */
static int
find_cache(struct turn *t, struct flow_run *run, struct str name, struct object **ret,
           struct err *e)
{
    if (name.n == 0)
        return err_set(e, ERR_INVALID, "memoize.cache.configMap.name is empty");
    *ret = objects_find(run->flow->objects, t, &kind_config_map, str_of(run->namespace), name);
    if (*ret == NULL || str_is(object_label(*ret, TYPE_LABEL), "Cache"))
        return 0;
    object_unref(TAKE(*ret));
    return err_set(e, ERR_INVALID,
                   "ConfigMap '%.*s' needs to have the label %s: Cache to be a cache",
                   STR_ARG(name), TYPE_LABEL);
}

/* Writes the cache with another entry under that key. */
static int
write_entry(struct turn *t, struct flow_run *run, const struct object *cache, struct str name,
            struct str key, struct str entry, struct err *e)
{
    cleanup_json struct json_doc *next = NULL;
    struct json_build b = JSON_BUILD_INIT;
    const struct json *root = cache != NULL ? object_root(cache) : NULL;

    json_add_object(&b, NULL);
    json_add_fields(&b, root, (const char *const[]){"data", NULL});
    if (root == NULL) {
        json_add_object(&b, "metadata");
        json_add_str(&b, "name", name);
        json_add_object(&b, "labels");
        json_add_cstr(&b, TYPE_LABEL, "Cache");
        json_end(&b);
        json_end(&b);
    }
    json_add_object(&b, "data");
    JSON_EACH (it, json_get(root, "data")) {
        if (!str_eq(it.key, key)) {
            json_add_key(&b, it.key);
            json_add_value(&b, NULL, it.value);
        }
    }
    json_add_key(&b, key);
    json_add_str(&b, NULL, entry);
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    return root == NULL
               ? objects_create(run->flow->objects, t, &kind_config_map, str_of(run->namespace),
                                json_root(next), NULL, e)
               : objects_update(run->flow->objects, t, &kind_config_map, str_of(run->namespace),
                                json_root(next), OBJECTS_ALL, NULL, e);
}

static void
write_text(struct buf *to, struct str node, const struct json *outputs, const struct json *created,
           int64_t now)
{
    cleanup_json struct json_doc *doc = NULL;
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_str(&b, "nodeID", node);
    json_add_value(&b, "outputs", outputs);
    if (created != NULL)
        json_add_value(&b, "creationTimestamp", created);
    else
        argo_time_add(&b, "creationTimestamp", now);
    argo_time_add(&b, "lastHitTimestamp", now);
    json_end(&b);
    doc = json_build_done(&b);
    json_write(to, json_root(doc));
}

/* Younger than maxAge, if that is set. */
static int
is_fresh(const struct json *memoize, const struct json *entry, int64_t now, bool *ret,
         struct err *e)
{
    struct str limit = json_str(json_get(memoize, "maxAge"));
    int64_t age, created = 0;
    struct err ignored = ERR_INIT;

    *ret = true;
    if (limit.n == 0)
        return 0;
    if (argo_time_duration(limit, &age, e) < 0)
        return err_wrap(e, "memoize.maxAge");
    *ret =
        timestamp_parse(json_str(json_get(entry, "creationTimestamp")), &created, &ignored) >= 0 &&
        created >= now - age;
    return 0;
}

/* The node's spec with what became of the look-up. */
static void
note(struct flow_node *n, struct flow_opening *o, bool hit, struct str key, struct str cache)
{
    struct json_doc *before = o->spec != NULL ? o->spec : n->spec;
    struct json_build b = JSON_BUILD_INIT;
    struct json_doc *next;

    json_add_object(&b, NULL);
    json_add_fields(&b, json_root(before), NULL);
    json_add_object(&b, "memo");
    json_add_bool(&b, "hit", hit);
    json_add_str(&b, "key", key);
    json_add_str(&b, "cacheName", cache);
    json_end(&b);
    json_end(&b);
    next = json_build_done(&b);
    json_doc_unref(o->spec);
    o->spec = next;
}

static int
take_hit(struct argo_scope *s, struct flow_node *n, const struct object *cache, struct str key,
         const struct json *entry, const struct json *tmpl, struct flow_opening *o, struct err *e)
{
    const struct json *outputs = json_get(entry, "outputs");
    cleanup_buf struct buf text = BUF_INIT;

    write_text(&text, json_str(json_get(entry, "nodeID")), outputs,
               json_get(entry, "creationTimestamp"), turn_now_us(s->turn));
    if (write_entry(s->turn, n->run, cache, object_name(cache), key, buf_view(&text), e) < 0)
        return e->code;
    o->kind = FLOW_NOTHING;
    o->type = argo_template_type(tmpl);
    o->result.phase = FLOW_SUCCEEDED;
    o->result.outputs = json_is_null(outputs) ? NULL : json_copy(outputs);
    argo_output_publish(n->run, json_root(o->result.outputs));
    return 1;
}

static int
look(struct argo_scope *s, struct flow_node *n, const struct json *memoize, const struct json *tmpl,
     struct flow_opening *o, struct err *e)
{
    struct str key = json_str(json_get(memoize, "key"));
    struct str name = json_str(json_at_path(memoize, "cache.configMap.name"));
    cleanup_object struct object *cache = NULL;
    cleanup_json struct json_doc *entry = NULL;
    struct err ignored = ERR_INIT;
    bool fresh = false;

    if (check_key(key, e) < 0 || find_cache(s->turn, n->run, name, &cache, e) < 0)
        return e->code;
    if (cache != NULL &&
        json_parse(json_str(json_get_str(object_at(cache, "data"), key)), NULL, &entry, &ignored) >=
            0 &&
        is_fresh(memoize, json_root(entry), turn_now_us(s->turn), &fresh, e) < 0)
        return e->code;
    note(n, o, fresh, key, name);
    return fresh ? take_hit(s, n, cache, key, json_root(entry), tmpl, o, e) : 0;
}

int
argo_memo_look(struct argo_scope *s, struct flow_node *n, const struct json *tmpl,
               struct flow_opening *o, struct err *e)
{
    cleanup_json struct json_doc *memoize = NULL;

    if (json_is_null(json_get(tmpl, "memoize")))
        return 0;
    if (argo_scope_json(s, json_get(tmpl, "memoize"), &memoize, e) < 0)
        return err_wrap(e, "memoize");
    return look(s, n, json_root(memoize), tmpl, o, e);
}

int
argo_memo_keep(struct turn *t, struct flow_node *n, struct err *e)
{
    const struct json *memo = json_get(json_root(n->spec), "memo");
    struct str name = json_str(json_get(memo, "cacheName"));
    cleanup_object struct object *cache = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    struct err why = ERR_INIT;
    char id[512];
    int rc;

    if (memo == NULL || n->phase != FLOW_SUCCEEDED || json_bool_or(json_get(memo, "hit"), false))
        return 0;
    argo_name_id(n->run->name, str_of(n->name), id, sizeof id);
    write_text(&text, str_of(id), json_root(n->outputs), NULL, turn_now_us(t));
    rc = find_cache(t, n->run, name, &cache, &why);
    if (rc >= 0)
        rc = write_entry(t, n->run, cache, name, json_str(json_get(memo, "key")), buf_view(&text),
                         &why);
    if (rc == ERR_IO || rc == ERR_FULL) {
        *e = why;
        return rc;
    }
    /* The step has done its work; that it will be done again does not make it worse. */
    if (rc < 0)
        log_warn(n->run->name, "keep the outputs of %s: %s", n->name, why.msg);
    return 0;
}
