/*
 * merge_list - lists that merge item by item.
 *
 * The one subtle thing is the order of the result: items that the patch names keep the patch's
 * order, the others keep the base's, and the two sequences are interleaved so that a base item
 * stands before a patch item if it did so in the base.  An item that is new therefore comes before
 * base items that nothing puts in front of it.
 */
#include "schema/merge_int.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "data/json.h"
#include "schema/schema.h"

/* A field of the patch whose key is `prefix` and the name. */
static const struct json *
directive(const struct json *patch, struct str prefix, struct str name)
{
    cleanup_buf struct buf key = BUF_INIT;

    buf_str(&key, prefix);
    buf_str(&key, name);
    return json_get_str(patch, buf_view(&key));
}

/* One item of a list that merges: where it stands in the base and in the patch. */
struct item {
    const struct json *base, *patch;
    size_t base_at;  /* SIZE_MAX: not in the base */
    size_t order_at; /* place asked for; SIZE_MAX: nobody names it */
};

struct merging {
    const struct schema *schema; /* of the list; NULL: unknown */
    struct str name;             /* of the field, for messages */
    const char *key;             /* merge key; NULL: the value itself is the key */
    VEC(struct item) items;
    struct map at; /* key text to index + 1 */
};

static void
merging_done(struct merging *l)
{
    vec_done(&l->items);
    map_done(&l->at);
}

/* The text under which an item is known; the type is a part of it, so that 1 and "1" differ. */
static int
item_key(const struct merging *l, const struct json *v, struct buf *key, struct err *e)
{
    const struct json *k = l->key != NULL ? json_get(v, l->key) : v;

    buf_clear(key);
    if (l->key != NULL && json_type(v) != JSON_OBJECT)
        return err_set(e, ERR_BADREQUEST, "%.*s: items must be objects", STR_ARG(l->name));
    if (json_scalar_text(k).p == NULL || json_is_null(k))
        return err_set(e, ERR_BADREQUEST, "%.*s: an item has no %s, by which items are merged",
                       STR_ARG(l->name), l->key != NULL ? l->key : "scalar value");
    json_write(key, k);
    return 0;
}

static struct item *
merging_find(struct merging *l, struct str key)
{
    uintptr_t at = (uintptr_t)map_get(&l->at, key);

    return at != 0 ? &l->items.at[at - 1] : NULL;
}

static struct item *
merging_add(struct merging *l, struct str key)
{
    struct item *item = vec_grow(&l->items);

    *item = (struct item){.base_at = SIZE_MAX, .order_at = SIZE_MAX};
    map_put(&l->at, key, (void *)(uintptr_t)l->items.n);
    return item;
}

static int
add_base(struct merging *l, const struct json *base, struct err *e)
{
    cleanup_buf struct buf key = BUF_INIT;

    JSON_EACH (it, base) {
        struct item *item;

        if (item_key(l, it.value, &key, e) < 0)
            return e->code;
        item = merging_find(l, buf_view(&key));
        /* A base with two equal keys keeps both; only the first one merges. */
        if (item == NULL)
            item = merging_add(l, buf_view(&key));
        else {
            item = vec_grow(&l->items);
            item->order_at = SIZE_MAX;
        }
        item->base = it.value;
        item->base_at = it.index;
    }
    return 0;
}

static int
add_patch(struct merging *l, const struct json *patch, struct err *e)
{
    cleanup_buf struct buf key = BUF_INIT;

    JSON_EACH (it, patch) {
        struct str how = json_str(json_get(it.value, "$patch"));
        struct item *item;

        if (str_is(how, "replace"))
            continue;
        if (item_key(l, it.value, &key, e) < 0)
            return e->code;
        item = merging_find(l, buf_view(&key));
        if (str_is(how, "delete")) {
            if (item != NULL)
                item->base = item->patch = NULL;
            continue;
        }
        if (item == NULL)
            item = merging_add(l, buf_view(&key));
        item->patch = it.value;
        item->order_at = it.index;
    }
    return 0;
}

/* Applies $setElementOrder, whose items are objects with the key, or the values themselves. */
static int
set_order(struct merging *l, const struct json *order, struct err *e)
{
    cleanup_buf struct buf key = BUF_INIT;

    if (order == NULL)
        return 0;
    for (size_t i = 0; i < l->items.n; i++)
        l->items.at[i].order_at = SIZE_MAX;
    JSON_EACH (it, order) {
        struct item *item;

        if (item_key(l, it.value, &key, e) < 0)
            return e->code;
        item = merging_find(l, buf_view(&key));
        if (item != NULL)
            item->order_at = it.index;
    }
    return 0;
}

static int
delete_values(struct merging *l, const struct json *values, struct err *e)
{
    cleanup_buf struct buf key = BUF_INIT;

    JSON_EACH (it, values) {
        struct item *item;

        if (item_key(l, it.value, &key, e) < 0)
            return e->code;
        item = merging_find(l, buf_view(&key));
        if (item != NULL)
            item->base = item->patch = NULL;
    }
    return 0;
}

static int
by_order(const void *a, const void *b)
{
    const struct item *const *x = a, *const *y = b;

    return ((*x)->order_at > (*y)->order_at) - ((*x)->order_at < (*y)->order_at);
}

static int
by_base(const void *a, const void *b)
{
    const struct item *const *x = a, *const *y = b;

    return ((*x)->base_at > (*y)->base_at) - ((*x)->base_at < (*y)->base_at);
}

static int
write_item(struct json_build *b, const struct merging *l, const struct item *item, struct err *e)
{
    const struct schema *s = l->schema != NULL ? schema_item(l->schema) : NULL;

    if (item->patch == NULL) {
        json_add_value(b, NULL, item->base);
        return 0;
    }
    return merge_value(b, s, item->base, item->patch, e);
}

/* Interleaves the named items, in their order, with the others, in the base's. */
static int
write_items(struct json_build *b, struct merging *l, struct err *e)
{
    VEC(const struct item *) named = VEC_INIT, others = VEC_INIT;
    size_t i = 0, j = 0;
    int rc = 0;

    for (size_t k = 0; k < l->items.n; k++) {
        const struct item *item = &l->items.at[k];

        if (item->base == NULL && item->patch == NULL)
            continue;
        if (item->order_at != SIZE_MAX)
            vec_push(&named, item);
        else
            vec_push(&others, item);
    }
    if (named.n > 0)
        qsort(named.at, named.n, sizeof(named.at[0]), by_order);
    if (others.n > 0)
        qsort(others.at, others.n, sizeof(others.at[0]), by_base);
    while (rc == 0 && (i < named.n || j < others.n)) {
        bool other = i >= named.n || (j < others.n && named.at[i]->base_at != SIZE_MAX &&
                                      others.at[j]->base_at < named.at[i]->base_at);

        rc = write_item(b, l, other ? others.at[j++] : named.at[i++], e);
    }
    vec_done(&named);
    vec_done(&others);
    return rc;
}

/* Whether an item {"$patch": "replace"} asks to drop the base's items. */
static bool
replaces_all(const struct json *patch)
{
    JSON_EACH (it, patch)
        if (str_is(json_str(json_get(it.value, "$patch")), "replace"))
            return true;
    return false;
}

int
merge_list(struct json_build *b, const struct schema_field *field, const struct json *base,
           const struct json *patch, const struct json *whole, struct err *e)
{
    struct merging l = {.schema = field->type, .name = field->name, .key = field->merge_key};
    int rc;

    if (replaces_all(patch))
        base = NULL;
    json_add_array(b, NULL);
    rc = add_base(&l, base, e);
    if (rc == 0)
        rc = add_patch(&l, patch, e);
    if (rc == 0)
        rc = set_order(&l, directive(whole, MERGE_ORDER_PREFIX, field->name), e);
    if (rc == 0 && field->merge_key == NULL)
        rc = delete_values(&l, directive(whole, MERGE_DELETE_PREFIX, field->name), e);
    if (rc == 0)
        rc = write_items(b, &l, e);
    if (rc == 0)
        json_end(b);
    merging_done(&l);
    return rc;
}
