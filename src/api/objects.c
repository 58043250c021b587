#include "api/objects.h"

#include <inttypes.h>
#include <string.h>

#include "api/meta.h"
#include "api/objects_int.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "data/json.h"
#include "store/store.h"
#include "store/versions.h"

enum {
    CACHE_BYTES = 8 * 1024 * 1024,
    NAME_TRIES = 8,
    SUFFIX = 5,         /* random characters behind generateName */
    MAX_GENERATED = 58, /* of generateName that are kept before them */
};

/* The module. */

static int
restore_row(void *arg, const struct version *v, struct err *e)
{
    struct objects *os = arg;
    const struct kind *k = kind_of_resource(os->kinds, v->resource);

    (void)e;
    if (k != NULL)
        objects_entry_add(os, object_from_text(k, v->ns, v->name, v->uid, v->json, v->rv));
    return 0;
}

static int
restore(void *self, struct turn *t, struct err *e)
{
    struct objects *os = self;
    cleanup_free char *pruned = NULL;

    if (versions_unfinished(turn_db(t), restore_row, os, e) < 0)
        return e->code;
    if (store_meta_get(turn_store(t), "pruned", &pruned, e) < 0)
        return e->code;
    os->pruned_rv = 0;
    if (pruned != NULL)
        (void)str_to_int(str_of(pruned), &os->pruned_rv);
    os->prune_at_rv = 0;
    return 0;
}

static void
forget(void *self)
{
    objects_clear(self);
}

static void
shrink(void *self)
{
    objects_shrink(self, 0);
}

static void
dump(void *self, struct buf *to)
{
    const struct objects *os = self;

    buf_printf(to, "%zu in memory, finished ones hold %zu of %zu bytes\n", os->by_uid.n,
               os->idle_bytes, os->limit);
}

static const struct core_module module = {
    .name = "objects", .restore = restore, .forget = forget, .shrink = shrink, .dump = dump};

static enum controller_state
lookup(void *arg, struct turn *t, const char *resource, struct str uid)
{
    struct objects *os = arg;
    struct err e = ERR_INIT;
    struct entry *en;

    if (strcmp(resource, OBJECTS_ORPHANS) == 0)
        return CONTROLLER_ALIVE;
    en = objects_entry_uid(os, t, uid, &e);
    if (en == NULL)
        return CONTROLLER_GONE;
    if (strcmp(object_kind(en->object)->resource, resource) != 0)
        return CONTROLLER_FOREIGN;
    return object_is_deleting(en->object) ? CONTROLLER_DELETING : CONTROLLER_ALIVE;
}

struct waking {
    struct objects *os;
    const char *resource;
};

static int
wake_row(void *arg, const struct version *v, struct err *e)
{
    const struct waking *w = arg;

    (void)e;
    if (str_is(v->resource, w->resource))
        controllers_wake(w->os->controllers, w->resource, v->uid);
    return 0;
}

static int
wake_all(void *arg, struct turn *t, const char *resource, struct err *e)
{
    struct waking w = {.os = arg, .resource = resource};

    return versions_unfinished(turn_db(t), wake_row, &w, e) < 0 ? e->code : 0;
}

struct objects *
objects_new(struct core *c, struct controllers *cs, const struct kind *const *kinds)
{
    struct objects *os = NEW(struct objects);

    os->core = c;
    os->controllers = cs;
    os->kinds = kinds;
    os->limit = CACHE_BYTES;
    list_init(&os->idle);
    core_add_module(c, &module, os);
    core_add_rider(c, objects_prune, os);
    controllers_set_lookup(cs, lookup, wake_all, os);
    controllers_add(cs, &objects_gc, os);
    return os;
}

const struct kind *const *
objects_kinds(const struct objects *os)
{
    return os->kinds;
}

struct objects *
objects_free(struct objects *os)
{
    if (os == NULL)
        return NULL;
    objects_clear(os);
    vec_done(&os->dirty);
    vec_done(&os->subscribers);
    vec_done(&os->composers);
    free(os);
    return NULL;
}

void
objects_set_cache_limit(struct objects *os, size_t bytes)
{
    os->limit = bytes;
}

void
objects_on_published(struct objects *os, objects_published_fn *fn, void *arg)
{
    vec_push(&os->subscribers, ((struct subscriber){.fn = fn, .arg = arg}));
}

void
object_vec_done(object_vec *v)
{
    for (size_t i = 0; i < v->n; i++)
        object_unref(v->at[i]);
    vec_done(v);
}

/* Creating. */

/* RFC 9562, version 7, variant 10: milliseconds, then the store's counter, then chance.  What is
 * made one after another stands side by side in every index of uids, so that a commit writes few of
 * their pages however many objects there are. */
static void
make_uid(struct turn *t, char to[META_UID_SIZE])
{
    uint64_t ms = (uint64_t)turn_now_us(t) / 1000, counter = (uint64_t)store_rv(turn_store(t));
    unsigned char r[16];

    core_random(turn_core(t), r, sizeof r);
    for (size_t i = 0; i < 6; i++)
        r[i] = (unsigned char)(ms >> (40 - 8 * i));
    r[6] = (unsigned char)(0x70 | (counter >> 22 & 0x0f));
    r[7] = (unsigned char)(counter >> 14);
    r[8] = (unsigned char)(0x80 | (counter >> 8 & 0x3f));
    r[9] = (unsigned char)counter;
    for (size_t i = 0, at = 0; i < sizeof r; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            to[at++] = '-';
        to[at++] = "0123456789abcdef"[r[i] >> 4];
        to[at++] = "0123456789abcdef"[r[i] & 15];
    }
    to[36] = '\0';
}

/* The generated part avoids vowels and look-alikes; the alphabet is Kubernetes'.  Upper case before
 * it becomes lower case: some of upstream's own examples have it. */
static char *
make_name(struct core *c, struct str base)
{
    static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
    unsigned char random[SUFFIX];
    char suffix[SUFFIX + 1];
    char *name;

    core_random(c, random, sizeof random);
    for (int i = 0; i < SUFFIX; i++)
        suffix[i] = alphabet[random[i] % (sizeof alphabet - 1)];
    suffix[SUFFIX] = '\0';
    name =
        xasprintf("%.*s%s", (int)(base.n < MAX_GENERATED ? base.n : MAX_GENERATED), base.p, suffix);
    for (char *p = name; *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    }
    return name;
}

static int
already_exists(const struct kind *k, struct str name, struct err *e)
{
    return err_set(e, ERR_EXISTS, "%s \"%.*s\" already exists", k->resource, STR_ARG(name));
}

/* 1: the name is free, 0: it is taken. */
static int
is_free(struct objects *os, struct turn *t, const struct kind *k, struct str ns, struct str name,
        struct err *e)
{
    const struct entry *en = objects_entry(os, t, k, ns, name, e);

    if (en == NULL)
        return e->code < 0 ? e->code : 1;
    return en->gone;
}

/* Sees to it that the name that a new object is to have is free.  One that is made here goes to
 * *ret and is the caller's to free; NULL: m->name, which may still be no name at all. */
static int
choose_name(struct objects *os, struct turn *t, const struct kind *k, const struct meta *m,
            char **ret, struct err *e)
{
    int rc = 0;

    *ret = NULL;
    if (m->name.n > 0 || m->generate_name.n == 0) {
        rc = m->name.n > 0 ? is_free(os, t, k, m->ns, m->name, e) : 1;
        return rc < 0 ? rc : rc == 0 ? already_exists(k, m->name, e) : 0;
    }
    for (int i = 0; i < NAME_TRIES; i++) {
        cleanup_free char *name = make_name(os->core, m->generate_name);

        rc = is_free(os, t, k, m->ns, str_of(name), e);
        if (rc != 0) {
            *ret = TAKE(name);
            return rc < 0 ? rc : 0;
        }
    }
    return already_exists(k, m->generate_name, e);
}

static int
check_new(const struct kind *k, struct str ns, const struct json *root, const struct meta *m,
          struct store *s, struct err *e)
{
    struct str rv = json_str(json_at_path(root, "metadata.resourceVersion"));

    (void)k;
    if (rv.n > 0 && !str_is(rv, "0"))
        return err_set(e, ERR_BADREQUEST,
                       "resourceVersion should not be set on objects to be created");
    if (m->ns.n > 0 && !str_eq(m->ns, ns))
        return err_set(e, ERR_BADREQUEST,
                       "the namespace of the provided object does not match the namespace sent on "
                       "the request");
    if (store_is_short(s))
        return err_set(e, ERR_FULL,
                       "the disk is full: nothing new is accepted until there is room");
    return 0;
}

int
objects_create_checked(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
                       const struct json *root, const struct objects_check *check,
                       struct object **ret, struct err *e)
{
    cleanup_free char *name = NULL;
    cleanup_json struct json_doc *doc = NULL;
    char uid[META_UID_SIZE], now[META_TIME_SIZE];
    struct entry *en;
    struct meta m;

    meta_of(root, &m);
    if (check_new(k, ns, root, &m, turn_store(t), e) < 0)
        return e->code;
    m.ns = k->namespaced ? ns : STR("");
    if (choose_name(os, t, k, &m, &name, e) < 0)
        return e->code;
    make_uid(t, uid);
    meta_time(turn_now_us(t), now);
    if (name != NULL)
        m.name = str_of(name);
    m.uid = str_of(uid);
    m.created = str_of(now);
    m.deleted = STR_NULL;
    m.grace_seconds = -1;
    m.generation = k->counts_generation ? 1 : 0;
    doc = meta_compose(k, &m, root, root, json_get(root, "status"));
    if ((check != NULL ? check->fn(check->arg, NULL, json_root(doc), e)
                       : meta_check(k, json_root(doc), e)) < 0)
        return e->code;
    en = objects_change_new(os, t, object_new(k, TAKE(doc), store_next_rv(turn_store(t))));
    if (ret != NULL)
        *ret = object_ref(en->object);
    return 0;
}

int
objects_create(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
               const struct json *root, struct object **ret, struct err *e)
{
    return objects_create_checked(os, t, k, ns, root, NULL, ret, e);
}

/* Reading. */

static int
not_found(const struct kind *k, struct str name, struct err *e)
{
    return err_set(e, ERR_NOTFOUND, "%s \"%.*s\" not found", k->resource, STR_ARG(name));
}

int
objects_get(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
            struct str name, struct object **ret, struct err *e)
{
    const struct entry *en = objects_entry(os, t, k, k->namespaced ? ns : STR(""), name, e);

    if (en == NULL && e->code < 0)
        return e->code;
    if (en == NULL || en->gone)
        return not_found(k, name, e);
    *ret = object_ref(en->object);
    return 0;
}

int
objects_get_uid(struct objects *os, struct turn *t, struct str uid, struct object **ret,
                struct err *e)
{
    const struct entry *en = objects_entry_uid(os, t, uid, e);

    if (en == NULL && e->code < 0)
        return e->code;
    if (en == NULL)
        return err_set(e, ERR_NOTFOUND, "no object with uid \"%.*s\"", STR_ARG(uid));
    *ret = object_ref(en->object);
    return 0;
}

static struct object *
or_null(int rc, struct object *o, const struct err *e)
{
    if (rc < 0 && rc != ERR_NOTFOUND)
        log_warn(NULL, "look up an object: %s", e->msg);
    return rc < 0 ? NULL : o;
}

struct object *
objects_find(struct objects *os, struct turn *t, const struct kind *k, struct str ns,
             struct str name)
{
    struct object *o = NULL;
    struct err e = ERR_INIT;
    int rc = objects_get(os, t, k, ns, name, &o, &e);

    return or_null(rc, o, &e);
}

struct object *
objects_find_uid(struct objects *os, struct turn *t, struct str uid)
{
    struct object *o = NULL;
    struct err e = ERR_INIT;
    int rc = objects_get_uid(os, t, uid, &o, &e);

    return or_null(rc, o, &e);
}
