#include "flow/argo/argo_lock.h"

#include "api/objects.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo.h"
#include "flow/argo/argo_name.h"
#include "flow/argo/argo_scope.h"
#include "flow/flow_int.h"
#include "flow/flow_lock.h"

/* What a list of locks is made from. */
struct asking {
    struct argo_scope *scope;
    struct flow_lock_names *names;
};

static int
fill(struct argo_scope *s, const struct json *v, char **ret, struct err *e)
{
    return argo_scope_text(s, json_str(v), ret, e);
}

static int
namespace_of(struct argo_scope *s, const struct json *lock, char **ret, struct err *e)
{
    if (fill(s, json_get(lock, "namespace"), ret, e) < 0)
        return e->code;
    if ((*ret)[0] != '\0')
        return 0;
    free(*ret);
    *ret = xstrdup(s->run->namespace);
    return 0;
}

static int
refuse_database(const char *what, struct err *e)
{
    return err_set(e, ERR_INVALID, "synchronization.%s: there is no synchronization database here",
                   what);
}

static int
add_mutex(struct asking *a, const struct json *mutex, struct err *e)
{
    cleanup_free char *name = NULL, *ns = NULL;

    if (json_bool_or(json_get(mutex, "database"), false))
        return refuse_database("mutexes", e);
    if (fill(a->scope, json_get(mutex, "name"), &name, e) < 0 ||
        namespace_of(a->scope, mutex, &ns, e) < 0)
        return err_wrap(e, "synchronization.mutexes");
    if (name[0] == '\0')
        return err_set(e, ERR_INVALID, "synchronization.mutexes: a mutex needs a name");
    vec_push(&a->names->at, xasprintf("%s/Mutex/%s", ns, name));
    return 0;
}

static int
add_semaphore(struct asking *a, const struct json *semaphore, struct err *e)
{
    const struct json *ref = json_get(semaphore, "configMapKeyRef");
    cleanup_free char *map = NULL, *key = NULL, *ns = NULL;

    if (!json_is_null(json_get(semaphore, "database")))
        return refuse_database("semaphores", e);
    if (fill(a->scope, json_get(ref, "name"), &map, e) < 0 ||
        fill(a->scope, json_get(ref, "key"), &key, e) < 0 ||
        namespace_of(a->scope, semaphore, &ns, e) < 0)
        return err_wrap(e, "synchronization.semaphores");
    if (map[0] == '\0' || key[0] == '\0')
        return err_set(e, ERR_INVALID,
                       "synchronization.semaphores: configMapKeyRef needs a name and a key");
    vec_push(&a->names->at, xasprintf("%s/ConfigMap/%s/%s", ns, map, key));
    return 0;
}

static int
add_all(struct asking *a, const struct json *synchronization, struct err *e)
{
    const struct json *semaphore = json_get(synchronization, "semaphore");
    const struct json *mutex = json_get(synchronization, "mutex");

    if (!json_is_null(semaphore) && add_semaphore(a, semaphore, e) < 0)
        return e->code;
    if (!json_is_null(mutex) && add_mutex(a, mutex, e) < 0)
        return e->code;
    JSON_EACH (it, json_get(synchronization, "semaphores")) {
        if (add_semaphore(a, it.value, e) < 0)
            return e->code;
    }
    JSON_EACH (it, json_get(synchronization, "mutexes")) {
        if (add_mutex(a, it.value, e) < 0)
            return e->code;
    }
    return a->names->at.n != 0
               ? 0
               : err_set(e, ERR_INVALID,
                         "synchronization: neither mutexes nor semaphores are named");
}

int
argo_locks(struct turn *t, struct flow_run *run, struct flow_node *n, struct flow_lock_names *names,
           struct err *e)
{
    struct argo *mind = argo_of(run);
    cleanup_argo_scope struct argo_scope s = ARGO_SCOPE_INIT;
    struct asking a = {.scope = &s, .names = names};
    const struct json *holder =
        n != NULL ? argo_template(mind, str_of(n->template_of)) : mind->spec;

    argo_scope_init(&s, t, run, NULL);
    if (n != NULL)
        argo_scope_add_inputs(&s, json_root(n->inputs));
    return add_all(&a, json_get(holder, "synchronization"), e);
}

int
argo_lock_limit(struct turn *t, struct flow_run *run, struct str name, int64_t *ret, struct err *e)
{
    struct str key = name, ns = str_cut(&key, '/'), kind = str_cut(&key, '/'), map;
    cleanup_object struct object *o = NULL;
    struct str text;

    *ret = 1;
    if (str_is(kind, "Mutex"))
        return 0;
    map = str_cut(&key, '/');
    o = objects_find(run->flow->objects, t, &kind_config_map, ns, map);
    if (o == NULL)
        return err_set(e, ERR_INVALID,
                       "Failed to acquire the synchronization lock. configmaps \"%.*s\" not found",
                       STR_ARG(map));
    text = json_str(json_get_str(object_at(o, "data"), key));
    if (!str_to_int(str_trim(text), ret) || *ret < 0)
        return err_set(e, ERR_INVALID,
                       "Failed to acquire the synchronization lock. ConfigMap '%.*s' has no number "
                       "under the key '%.*s'",
                       STR_ARG(map), STR_ARG(key));
    return 0;
}

/* Status. */

static bool
is_mutex(const struct flow_lock *lock)
{
    struct str rest = str_of(lock->name);

    (void)str_cut(&rest, '/');
    return str_is(str_cut(&rest, '/'), "Mutex");
}

/* "ns/wf", and behind it the node's id. */
static char *
holder_key(const struct flow_claim *c)
{
    char id[512];

    if (c->node == NULL)
        return xasprintf("%s/%s", c->run->namespace, c->run->name);
    argo_name_id(c->run->name, str_of(c->node->name), id, sizeof id);
    return xasprintf("%s/%s/%s", c->run->namespace, c->run->name, id);
}

static bool
is_of(const struct flow_lock *lock, const struct flow_run *run, bool holding)
{
    for (size_t i = 0; i < (holding ? lock->holders.n : lock->line.n); i++) {
        if ((holding ? lock->holders.at[i] : lock->line.at[i])->run == run)
            return true;
    }
    return false;
}

static void
add_mutex_entry(struct json_build *b, const struct flow_lock *lock)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "mutex", lock->name);
    if (lock->holders.n > 0) {
        cleanup_free char *key = holder_key(lock->holders.at[0]);

        json_add_cstr(b, "holder", key);
    }
    json_end(b);
}

/* What is held names its own holders, what is waited for those who have it. */
static void
add_semaphore_entry(struct json_build *b, const struct flow_lock *lock, const struct flow_run *run,
                    bool holding)
{
    json_add_object(b, NULL);
    json_add_cstr(b, "semaphore", lock->name);
    json_add_array(b, "holders");
    for (size_t i = 0; i < lock->holders.n; i++) {
        cleanup_free char *key = NULL;

        if (holding && lock->holders.at[i]->run != run)
            continue;
        key = holder_key(lock->holders.at[i]);
        json_add_cstr(b, NULL, key);
    }
    json_end(b);
    json_end(b);
}

static void
add_list(struct json_build *b, const struct flow_run *run, bool mutex, bool holding)
{
    const struct flow_lock *lock;
    bool open = false;

    LIST_EACH (lock, &run->flow->locks, struct flow_lock, link) {
        if (is_mutex(lock) != mutex || !is_of(lock, run, holding))
            continue;
        if (!open)
            json_add_array(b, holding ? "holding" : "waiting");
        open = true;
        if (mutex)
            add_mutex_entry(b, lock);
        else
            add_semaphore_entry(b, lock, run, holding);
    }
    if (open)
        json_end(b);
}

static bool
has_any(const struct flow_run *run, bool mutex)
{
    const struct flow_lock *lock;

    LIST_EACH (lock, &run->flow->locks, struct flow_lock, link) {
        if (is_mutex(lock) == mutex && (is_of(lock, run, true) || is_of(lock, run, false)))
            return true;
    }
    return false;
}

void
argo_lock_add_status(struct json_build *b, const struct flow_run *run)
{
    static const struct {
        const char *field;
        bool mutex;
    } kinds[] = {{"mutex", true}, {"semaphore", false}};
    bool open = false;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (!has_any(run, kinds[i].mutex))
            continue;
        if (!open)
            json_add_object(b, "synchronization");
        open = true;
        json_add_object(b, kinds[i].field);
        add_list(b, run, kinds[i].mutex, true);
        add_list(b, run, kinds[i].mutex, false);
        json_end(b);
    }
    if (open)
        json_end(b);
}
