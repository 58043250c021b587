#include "schema/managed_int.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "schema/fieldset.h"
#include "schema/problem.h"
#include "schema/schema.h"
#include "schema/typed.h"

enum { AGENT_MAX = 128 };

struct str
managed_agent(struct str user_agent)
{
    struct str name = str_cut(&user_agent, '/');

    return str_slice(name, 0, AGENT_MAX);
}

void
managed_begin(struct managed *m, const struct managed_write *w, bool applied)
{
    cleanup_buf struct buf now = BUF_INIT;

    *m = (struct managed){.write = w,
                          .shape = typeshape_root(w->type),
                          .list = {.entries = VEC_INIT, .arena = ARENA_INIT}};
    m->arena = &m->list.arena;
    timestamp_write(&now, w->now_us);
    m->self = (struct managed_entry){
        .manager = w->manager.n > 0 ? w->manager : STR("unknown"),
        .api_version = w->api_version,
        .subresource = w->subresource.p != NULL ? w->subresource : STR(""),
        .time = str_of(str_dup_arena(m->arena, buf_view(&now))),
        .applied = applied,
    };
}

/* Ownership that is not told. */

static struct fieldset *
set_of_paths(struct arena *a, const char *const paths[][2], size_t n)
{
    struct fieldset *s = fieldset_new(a);

    for (size_t i = 0; i < n; i++) {
        struct str path[2] = {str_of(paths[i][0]),
                              paths[i][1] != NULL ? str_of(paths[i][1]) : STR_NULL};

        fieldset_insert(a, s, path, paths[i][1] != NULL ? 2 : 1);
    }
    return s;
}

/* What the server sets by itself is nobody's. */
struct fieldset *
managed_strip(struct arena *a, const struct fieldset *s)
{
    static const char *const paths[][2] = {
        {"f:apiVersion", NULL},
        {"f:kind", NULL},
        {"f:metadata", NULL},
        {"f:metadata", "f:name"},
        {"f:metadata", "f:namespace"},
        {"f:metadata", "f:creationTimestamp"},
        {"f:metadata", "f:selfLink"},
        {"f:metadata", "f:uid"},
        {"f:metadata", "f:clusterName"},
        {"f:metadata", "f:generation"},
        {"f:metadata", "f:managedFields"},
        {"f:metadata", "f:resourceVersion"},
    };

    return fieldset_difference(a, s, set_of_paths(a, paths, ARRAY_LEN(paths)));
}

/* The part of the object that a write through this endpoint cannot change. */
struct fieldset *
managed_without_reset(struct managed *m, const struct fieldset *s)
{
    static const char *const main_paths[][2] = {{"f:status", NULL}};
    static const char *const status_paths[][2] = {{"f:spec", NULL},
                                                  {"f:metadata", "f:deletionTimestamp"},
                                                  {"f:metadata", "f:ownerReferences"}};
    struct schema_field status;
    bool has_status = !m->shape.custom && schema_field(m->write->type, STR("status"), &status) &&
                      (status.flags & SCHEMA_STATUS);

    if (!has_status)
        return fieldset_union(m->arena, s, fieldset_new(m->arena));
    if (m->self.subresource.n == 0)
        return fieldset_without(m->arena, s, set_of_paths(m->arena, main_paths, 1));
    return fieldset_without(
        m->arena, s, set_of_paths(m->arena, status_paths, str_is(m->write->kind, "Pod") ? 3 : 1));
}

struct fieldwalk_change
managed_compare(struct managed *m, const struct json *before, const struct json *after)
{
    struct fieldwalk_change change = fieldwalk_compare(m->arena, m->shape, before, after);

    change.added = managed_without_reset(m, change.added);
    change.removed = managed_without_reset(m, change.removed);
    change.modified = managed_without_reset(m, change.modified);
    return change;
}

/* Documents. */

struct json_doc *
managed_without_entries(const struct json *object)
{
    static const char *const except[] = {"managedFields", NULL};
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    JSON_EACH (it, object) {
        json_add_key(&b, it.key);
        if (str_is(it.key, "metadata") && json_type(it.value) == JSON_OBJECT) {
            json_add_object(&b, NULL);
            json_add_fields(&b, it.value, except);
            json_end(&b);
        } else {
            json_add_value(&b, NULL, it.value);
        }
    }
    json_end(&b);
    return json_build_done(&b);
}

/* What an object is before anything is known of it. */
struct json_doc *
managed_blank(const struct managed_write *w)
{
    cleanup_json struct json_doc *empty = NULL;
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    struct json_build b = JSON_BUILD_INIT;
    struct json_doc *typed = NULL;
    struct err e = ERR_INIT;

    json_add_object(&b, NULL);
    json_add_str(&b, "apiVersion", w->api_version);
    json_add_str(&b, "kind", w->kind);
    json_end(&b);
    empty = json_build_done(&b);
    if (typed_decode(w->type, empty, &typed, &ps, &e) < 0)
        return json_doc_ref(empty);
    return typed;
}

struct json_doc *
managed_with_entries(struct managed *m, const struct json *object)
{
    struct json_build b = JSON_BUILD_INIT;
    bool seen = false;

    json_add_object(&b, NULL);
    JSON_EACH (it, object) {
        json_add_key(&b, it.key);
        if (str_is(it.key, "metadata") && json_type(it.value) == JSON_OBJECT) {
            json_add_object(&b, NULL);
            json_add_fields(&b, it.value, NULL);
            managed_list_write(&m->list, &b);
            json_end(&b);
            seen = true;
        } else {
            json_add_value(&b, NULL, it.value);
        }
    }
    if (!seen) {
        json_add_object(&b, "metadata");
        managed_list_write(&m->list, &b);
        json_end(&b);
    }
    json_end(&b);
    return json_build_done(&b);
}

/* Writes that are no applies. */

/* Takes what changed from everybody but the writer. */
void
managed_take_from_others(struct managed *m, const struct fieldwalk_change *change)
{
    struct managed_entry *self = managed_list_find(&m->list, &m->self);

    for (size_t i = 0; i < m->list.entries.n; i++) {
        struct managed_entry *entry = &m->list.entries.at[i];

        if (entry == self && entry->applied)
            continue;
        entry->set = fieldset_difference(m->arena, entry->set, change->modified);
        entry->set = fieldset_difference(m->arena, entry->set, change->added);
        entry->set = fieldset_difference(m->arena, entry->set, change->removed);
    }
}

void
managed_take(struct managed *m, const struct json *live, const struct json *next)
{
    struct fieldwalk_change change = managed_compare(m, live, next);
    struct fieldset *changed = fieldset_union(m->arena, change.modified, change.added);

    managed_take_from_others(m, &change);
    changed = managed_strip(m->arena, managed_without_reset(m, changed));
    if (!fieldset_is_empty(changed)) {
        struct managed_entry *self = managed_list_get(&m->list, &m->self);

        self->set = fieldset_union(m->arena, self->set, changed);
        self->time = m->self.time;
    }
    managed_list_prune(&m->list);
}

static bool
gives_all_up(const struct json *entries)
{
    return json_type(entries) == JSON_ARRAY &&
           (json_count(entries) == 0 ||
            (json_count(entries) == 1 && json_count(json_item(entries, 0)) == 0));
}

static void
read_list(struct managed *m, const struct json *live, const struct json *next)
{
    const struct json *entries = json_at_path(next, "metadata.managedFields");
    bool main = m->self.subresource.n == 0;

    if (main && gives_all_up(entries))
        return;
    if (main && managed_list_read(&m->list, entries) && m->list.entries.n > 0)
        return;
    managed_list_read(&m->list, json_at_path(live, "metadata.managedFields"));
}

struct json_doc *
managed_update(const struct managed_write *w, const struct json *live, const struct json *next)
{
    cleanup_json struct json_doc *before =
        live != NULL ? managed_without_entries(live) : managed_blank(w);
    cleanup_json struct json_doc *after = managed_without_entries(next);
    struct json_doc *result;
    struct managed m;

    managed_begin(&m, w, false);
    read_list(&m, live, next);
    /* An object that nobody manages since it was made stays so. */
    if (live == NULL || m.list.entries.n > 0) {
        managed_take(&m, json_root(before), json_root(after));
        managed_list_cap(&m.list);
    }
    result = managed_with_entries(&m, json_root(after));
    managed_list_done(&m.list);
    return result;
}

/* Whether two lists of entries differ in nothing but times. */
static bool
same_entries(const struct json *a, const struct json *b)
{
    static const char *const names[] = {"manager",     "operation",  "apiVersion",
                                        "subresource", "fieldsType", "fieldsV1"};
    size_t i = 0;

    if (json_count(a) != json_count(b))
        return false;
    JSON_EACH (it, a) {
        const struct json *other = json_item(b, i++);

        for (size_t k = 0; k < ARRAY_LEN(names); k++)
            if (!json_equal(json_get(it.value, names[k]), json_get(other, names[k])))
                return false;
    }
    return true;
}

static bool
same_meta(const struct json *a, const struct json *b)
{
    JSON_EACH (it, a) {
        if (str_is(it.key, "resourceVersion") || str_is(it.key, "managedFields"))
            continue;
        if (!json_equal(it.value, json_get_str(b, it.key)))
            return false;
    }
    return true;
}

static bool
same_fields(const struct json *a, const struct json *b)
{
    JSON_EACH (it, a)
        if (!str_is(it.key, "metadata") && !json_equal(it.value, json_get_str(b, it.key)))
            return false;
    return true;
}

bool
managed_is_noop(const struct json *live, const struct json *next)
{
    const struct json *a = json_get(live, "metadata"), *b = json_get(next, "metadata");

    return same_fields(live, next) && same_fields(next, live) && same_meta(a, b) &&
           same_meta(b, a) &&
           same_entries(json_get(a, "managedFields"), json_get(b, "managedFields"));
}
