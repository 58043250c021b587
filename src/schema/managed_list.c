#include "schema/managed_list.h"

#include <stdlib.h>

#include "base/err.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "schema/fieldset.h"

enum { MAX_UPDATE_MANAGERS = 10 };

void
managed_list_done(struct managed_list *l)
{
    vec_done(&l->entries);
    arena_done(&l->arena);
}

static struct str
copy(struct managed_list *l, const struct json *v)
{
    return str_of(str_dup_arena(&l->arena, json_str(v)));
}

static bool
read_entry(struct managed_list *l, const struct json *v)
{
    struct str operation = json_str(json_get(v, "operation"));
    struct str time = json_str(json_get(v, "time"));
    struct managed_entry entry = {
        .manager = copy(l, json_get(v, "manager")),
        .api_version = copy(l, json_get(v, "apiVersion")),
        .subresource = copy(l, json_get(v, "subresource")),
        .applied = str_is(operation, "Apply"),
    };
    struct err e = ERR_INIT;

    if ((!entry.applied && !str_is(operation, "Update")) || entry.api_version.n == 0 ||
        !str_is(json_str(json_get(v, "fieldsType")), "FieldsV1") ||
        fieldset_read(&l->arena, json_get(v, "fieldsV1"), &entry.set, &e) < 0)
        return false;
    if (time.p != NULL)
        entry.time = copy(l, json_get(v, "time"));
    vec_push(&l->entries, entry);
    return true;
}

bool
managed_list_read(struct managed_list *l, const struct json *entries)
{
    JSON_EACH (it, entries) {
        if (!read_entry(l, it.value)) {
            vec_clear(&l->entries);
            return false;
        }
    }
    return true;
}

static int64_t
seconds_of(struct str time)
{
    struct err ignored = ERR_INIT;
    int64_t us = 0;

    (void)timestamp_parse(time, &us, &ignored);
    return us / TIMESTAMP_SECOND;
}

static int
by_order(const void *a, const void *b)
{
    const struct managed_entry *x = a, *y = b;
    int64_t x_seconds = seconds_of(x->time), y_seconds = seconds_of(y->time);
    int order;

    if (x->applied != y->applied)
        return x->applied ? -1 : 1;
    if (x_seconds != y_seconds)
        return x_seconds < y_seconds ? -1 : 1;
    order = str_cmp(x->manager, y->manager);
    if (order == 0)
        order = str_cmp(x->api_version, y->api_version);
    return order != 0 ? order : str_cmp(x->subresource, y->subresource);
}

static void
sort(struct managed_list *l)
{
    if (l->entries.n > 0)
        qsort(l->entries.at, l->entries.n, sizeof *l->entries.at, by_order);
}

void
managed_list_write(struct managed_list *l, struct json_build *b)
{
    sort(l);
    if (l->entries.n == 0)
        return;
    json_add_array(b, "managedFields");
    for (size_t i = 0; i < l->entries.n; i++) {
        const struct managed_entry *entry = &l->entries.at[i];

        json_add_object(b, NULL);
        json_add_str(b, "manager", entry->manager);
        json_add_cstr(b, "operation", entry->applied ? "Apply" : "Update");
        json_add_str(b, "apiVersion", entry->api_version);
        if (entry->time.p != NULL)
            json_add_str(b, "time", entry->time);
        json_add_cstr(b, "fieldsType", "FieldsV1");
        fieldset_write(entry->set, b, "fieldsV1");
        if (entry->subresource.n > 0)
            json_add_str(b, "subresource", entry->subresource);
        json_end(b);
    }
    json_end(b);
}

struct managed_entry *
managed_list_find(struct managed_list *l, const struct managed_entry *like)
{
    for (size_t i = 0; i < l->entries.n; i++) {
        struct managed_entry *entry = &l->entries.at[i];

        if (entry->applied == like->applied && str_eq(entry->manager, like->manager) &&
            str_eq(entry->subresource, like->subresource) &&
            (entry->applied || str_eq(entry->api_version, like->api_version)))
            return entry;
    }
    return NULL;
}

struct managed_entry *
managed_list_get(struct managed_list *l, const struct managed_entry *like)
{
    struct managed_entry *entry = managed_list_find(l, like);

    if (entry == NULL) {
        vec_push(&l->entries, *like);
        entry = &vec_last(&l->entries);
        entry->set = fieldset_new(&l->arena);
        entry->time = STR_NULL;
    }
    return entry;
}

void
managed_list_prune(struct managed_list *l)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->entries.n; i++)
        if (!fieldset_is_empty(l->entries.at[i].set))
            l->entries.at[kept++] = l->entries.at[i];
    l->entries.n = kept;
}

static size_t
updates(const struct managed_list *l)
{
    size_t n = 0;

    for (size_t i = 0; i < l->entries.n; i++)
        n += !l->entries.at[i].applied;
    return n;
}

/* Sorted, the Updates follow the applies, the oldest first: the first two of one apiVersion become
 * one. */
static bool
merge_oldest(struct managed_list *l)
{
    for (size_t i = 0; i < l->entries.n; i++) {
        struct managed_entry *first = &l->entries.at[i];

        for (size_t j = i + 1; !first->applied && j < l->entries.n; j++) {
            struct managed_entry *second = &l->entries.at[j];

            if (!str_eq(first->api_version, second->api_version))
                continue;
            first->manager = STR("ancient-changes");
            first->subresource = STR("");
            first->time = second->time;
            first->set = fieldset_union(&l->arena, first->set, second->set);
            second->set = fieldset_new(&l->arena);
            managed_list_prune(l);
            return true;
        }
    }
    return false;
}

void
managed_list_cap(struct managed_list *l)
{
    sort(l);
    while (updates(l) > MAX_UPDATE_MANAGERS && merge_oldest(l))
        sort(l);
}
