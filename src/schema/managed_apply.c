#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "data/json.h"
#include "schema/fieldmerge.h"
#include "schema/fieldset.h"
#include "schema/fieldwalk.h"
#include "schema/managed_int.h"
#include "schema/problem.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/* What of `last` is to go from the merged object: not what anybody else owns, nor what the writer
 * did not own before. */
static struct json_doc *
prune(struct managed *m, const struct json *merged, const struct fieldset *last)
{
    struct arena *a = m->arena;
    cleanup_json struct json_doc *pruned = NULL, *owned = NULL;
    struct fieldset *all, *left, *managed = fieldset_new(a);

    last = fieldwalk_with_fields(a, m->shape, last);
    all = fieldwalk_with_fields(a, m->shape, fieldwalk_set(a, m->shape, merged));
    pruned = fieldmerge_remove(a, m->shape, merged, last, true);
    left = fieldwalk_with_fields(a, m->shape, fieldwalk_set(a, m->shape, json_root(pruned)));
    for (size_t i = 0; i < m->list.entries.n; i++)
        managed = fieldset_union(a, managed, m->list.entries.at[i].set);
    managed = fieldwalk_with_fields(a, m->shape, managed);
    owned = fieldmerge_remove(a, m->shape, merged,
                              fieldset_difference(a, all, fieldset_union(a, left, managed)), true);
    left = fieldwalk_with_fields(a, m->shape, fieldwalk_set(a, m->shape, json_root(owned)));
    return fieldmerge_remove(a, m->shape, merged,
                             fieldset_intersection(a, fieldset_difference(a, all, left), last),
                             false);
}

struct conflict {
    struct problems *problems;
    const struct managed_entry *owner;
    const struct fieldset *allowed; /* or NULL */
};

static bool
has(const struct fieldset *s, const struct str *path, size_t n)
{
    for (size_t i = 0; s != NULL && i < n; i++)
        s = fieldset_child(s, path[i]);
    return s != NULL && s->member;
}

static void
owner_text(const struct managed_entry *owner, struct buf *to)
{
    json_write_string(to, owner->manager);
    if (owner->subresource.n > 0) {
        buf_cstr(to, " with subresource ");
        json_write_string(to, owner->subresource);
    }
    if (!owner->applied)
        buf_printf(to, " using %.*s", STR_ARG(owner->api_version));
}

static void
add_conflict(void *arg, const struct str *path, size_t n)
{
    struct conflict *c = arg;
    cleanup_buf struct buf where = BUF_INIT, text = BUF_INIT;

    if (has(c->allowed, path, n))
        return;
    fieldset_path_text(path, n, &where);
    buf_cstr(&text, "conflict with ");
    owner_text(c->owner, &text);
    problems_add_cause(c->problems, "FieldManagerConflict", buf_cstring(&where),
                       buf_cstring(&text));
}

static void
list_conflicts(struct managed *m, const struct fieldwalk_change *change,
               const struct fieldset *allowed, struct problems *ps)
{
    struct fieldset *changed = fieldset_union(m->arena, change->modified, change->added);
    const struct managed_entry *self = managed_list_find(&m->list, &m->self);

    for (size_t i = 0; i < m->list.entries.n; i++) {
        struct conflict c = {ps, &m->list.entries.at[i], allowed};

        if (c.owner != self)
            fieldset_each(fieldset_intersection(m->arena, c.owner->set, changed), add_conflict, &c);
    }
}

/* What kubectl wrote down when it applied from the client's side, as far as it still holds: the
 * same manager may change it without a conflict. */
static struct fieldset *
last_applied(struct managed *m, const struct json *live)
{
    struct str text = json_str(json_get(json_at_path(live, "metadata.annotations"), LAST_APPLIED));
    cleanup_json struct json_doc *doc = NULL;
    struct fieldwalk_change change;
    struct err ignored = ERR_INIT;
    struct fieldset *s;

    if (!str_is(m->self.manager, "kubectl") || text.n == 0 ||
        json_parse(text, NULL, &doc, &ignored) < 0 ||
        !str_eq(json_str(json_get(json_root(doc), "apiVersion")), m->write->api_version))
        return NULL;
    s = fieldwalk_set(m->arena, m->shape, json_root(doc));
    change = fieldwalk_compare(m->arena, m->shape, json_root(doc), live);
    s = fieldset_difference(m->arena, s, change.modified);
    s = fieldset_difference(m->arena, s, change.added);
    return fieldset_difference(m->arena, s, change.removed);
}

static int
check_applied(struct managed *m, const struct json *applied, struct err *e)
{
    const struct managed_write *w = m->write;
    const struct json *meta = json_get(applied, "metadata");
    struct str version = json_str(json_get(applied, "apiVersion"));
    struct str kind = json_str(json_get(applied, "kind"));
    struct str group = str_find_char(w->api_version, '/', 0) >= 0 ? STR_NULL : STR("/");

    if (!str_eq(version, w->api_version))
        return err_set(e, ERR_BADREQUEST,
                       "Incorrect version specified in apply patch. Specified patch version: %.*s, "
                       "expected: %.*s",
                       STR_ARG(version), STR_ARG(w->api_version));
    if (!json_is_null(json_get(meta, "managedFields")))
        return err_set(e, ERR_BADREQUEST, "metadata.managedFields must be nil");
    if (!str_eq(kind, w->kind))
        return err_set(e, ERR_IO,
                       "failed to create typed patch object (%s/%s; %.*s%.*s, Kind=%.*s): no "
                       "corresponding type for %.*s%.*s, Kind=%.*s",
                       json_cstr_or(json_get(meta, "namespace"), ""),
                       json_cstr_or(json_get(meta, "name"), ""), STR_ARG(group), STR_ARG(version),
                       STR_ARG(kind), STR_ARG(group), STR_ARG(version), STR_ARG(kind));
    if (fieldmerge_check(m->arena, m->shape, applied, e) < 0)
        return err_wrap(e, "failed to create typed patch object (%s/%s; %.*s%.*s, Kind=%.*s)",
                        json_cstr_or(json_get(meta, "namespace"), ""),
                        json_cstr_or(json_get(meta, "name"), ""), STR_ARG(group),
                        STR_ARG(w->api_version), STR_ARG(w->kind));
    return 0;
}

/* The annotation that a client-side apply would leave, for a kubectl that has both. */
static struct json_doc *
with_last_applied(const struct json *object, const struct json *applied)
{
    static const char *const annotations[] = {"annotations", NULL};
    static const char *const last[] = {LAST_APPLIED, NULL};
    cleanup_json struct json_doc *clean = NULL;
    cleanup_buf struct buf text = BUF_INIT;
    struct json_build b = JSON_BUILD_INIT;
    const struct json *meta = json_get(applied, "metadata");

    json_add_object(&b, NULL);
    JSON_EACH (it, applied) {
        json_add_key(&b, it.key);
        if (!str_is(it.key, "metadata")) {
            json_add_value(&b, NULL, it.value);
            continue;
        }
        json_add_object(&b, NULL);
        json_add_fields(&b, meta, annotations);
        if (json_get(meta, "annotations") != NULL) {
            json_add_object(&b, "annotations");
            json_add_fields(&b, json_get(meta, "annotations"), last);
            json_end(&b);
        }
        json_end(&b);
    }
    json_end(&b);
    clean = json_build_done(&b);
    json_write_sorted(&text, json_root(clean));
    buf_char(&text, '\n');
    json_add_object(&b, NULL);
    JSON_EACH (it, object) {
        json_add_key(&b, it.key);
        if (!str_is(it.key, "metadata")) {
            json_add_value(&b, NULL, it.value);
            continue;
        }
        json_add_object(&b, NULL);
        json_add_fields(&b, it.value, annotations);
        json_add_object(&b, "annotations");
        json_add_fields(&b, json_get(it.value, "annotations"), last);
        json_add_str(&b, LAST_APPLIED, buf_view(&text));
        json_end(&b);
        json_end(&b);
    }
    json_end(&b);
    return json_build_done(&b);
}

static struct json_doc *
finish_apply(struct managed *m, const struct json *object, const struct json *applied)
{
    cleanup_json struct json_doc *synced = NULL;

    if (str_is(m->self.manager, "kubectl") &&
        json_str(json_get(json_at_path(object, "metadata.annotations"), LAST_APPLIED)).n > 0)
        synced = with_last_applied(object, applied);
    return managed_with_entries(m, synced != NULL ? json_root(synced) : object);
}

static int
apply(struct managed *m, const struct json *before, const struct json *live,
      const struct json *applied, struct json_doc **ret, struct problems *conflicts, struct err *e)
{
    cleanup_json struct json_doc *merged = fieldmerge_over(m->arena, m->shape, before, applied);
    cleanup_json struct json_doc *pruned = NULL;
    struct managed_entry *self = managed_list_get(&m->list, &m->self);
    const struct fieldset *last = self->set;
    struct fieldwalk_change change;
    const struct json *result;

    self->api_version = m->self.api_version;
    self->set = managed_without_reset(m, fieldwalk_set(m->arena, m->shape, applied));
    if (!fieldset_is_empty(last))
        pruned = prune(m, json_root(merged), last);
    result = json_root(pruned != NULL ? pruned : merged);
    change = managed_compare(m, before, result);
    if (!m->write->force)
        list_conflicts(m, &change, last_applied(m, live), conflicts);
    if (conflicts->n > 0) {
        cleanup_buf struct buf text = BUF_INIT;

        managed_conflict_message(conflicts, &text);
        return err_set(e, ERR_CONFLICT, "%s", buf_cstring(&text));
    }
    managed_take_from_others(m, &change);
    self->set = managed_strip(m->arena, self->set);
    /* An apply that changes nothing leaves the time alone; a new owner then has none. */
    if (!json_equal(before, result))
        self->time = m->self.time;
    managed_list_prune(&m->list);
    *ret = finish_apply(m, result, applied);
    return 0;
}

int
managed_apply(const struct managed_write *w, const struct json *live, const struct json *applied,
              struct json_doc **ret, struct problems *conflicts, struct err *e)
{
    cleanup_json struct json_doc *before =
        live != NULL ? managed_without_entries(live) : managed_blank(w);
    struct managed m;
    int rc;

    managed_begin(&m, w, true);
    rc = check_applied(&m, applied, e);
    if (rc == 0) {
        managed_list_read(&m.list, json_at_path(live, "metadata.managedFields"));
        if (live != NULL && m.list.entries.n == 0) {
            /* What was there before the first apply gets an owner of its own. */
            cleanup_json struct json_doc *empty = managed_blank(w);
            struct managed_entry self = m.self;

            m.self.manager = STR("before-first-apply");
            m.self.applied = false;
            managed_take(&m, json_root(empty), json_root(before));
            m.self = self;
        }
        rc = apply(&m, json_root(before), live, applied, ret, conflicts, e);
    }
    managed_list_done(&m.list);
    return rc;
}

/* Messages. */

static int
by_text(const void *a, const void *b)
{
    const struct problem *const *x = a, *const *y = b;
    int order = strcmp((*x)->text, (*y)->text);

    if (order != 0)
        return order;
    return *x < *y ? -1 : *x > *y;
}

void
managed_conflict_message(const struct problems *conflicts, struct buf *to)
{
    const struct problem **sorted = NEW_ARRAY(const struct problem *, conflicts->n + 1);
    const char *owner = "";

    buf_printf(to, "Apply failed with %zu conflict%s: ", conflicts->n + conflicts->dropped,
               conflicts->n == 1 ? "" : "s");
    for (size_t i = 0; i < conflicts->n; i++)
        sorted[i] = &conflicts->at[i];
    if (conflicts->n > 0)
        qsort(sorted, conflicts->n, sizeof *sorted, by_text);
    if (conflicts->n == 1)
        buf_printf(to, "%s: %s", sorted[0]->text, sorted[0]->path);
    for (size_t i = 0; conflicts->n > 1 && i < conflicts->n; i++) {
        if (strcmp(owner, sorted[i]->text) != 0) {
            owner = sorted[i]->text;
            buf_printf(to, "%sconflicts%s:", i > 0 ? "\n" : "", owner + sizeof "conflict" - 1);
        }
        buf_printf(to, "\n- %s", sorted[i]->path);
    }
    free(sorted);
}
