#include "cli/treenode.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "schema/selector.h"

static const struct {
    const char *type;
    enum treenode_role role;
} roles[] = {
    {"Pod", TREENODE_LEAF},       {"Skipped", TREENODE_LEAF},    {"Suspend", TREENODE_LEAF},
    {"HTTP", TREENODE_LEAF},      {"Plugin", TREENODE_LEAF},     {"DAG", TREENODE_BOUNDARY},
    {"Steps", TREENODE_BOUNDARY}, {"StepGroup", TREENODE_GROUP}, {"Retry", TREENODE_GROUP},
};

static enum treenode_role
role_of(struct str type)
{
    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        if (str_is(type, roles[i].type))
            return roles[i].role;
    }
    return TREENODE_HIDDEN;
}

struct str
treenode_text(const struct json *object, const char *key)
{
    return json_str(json_get(object, key));
}

int64_t
treenode_time(const struct json *object, const char *key)
{
    struct err e;
    int64_t us;

    return timestamp_parse(treenode_text(object, key), &us, &e) == 0 ? us : 0;
}

/* The number in "name(7:item)". */
static int64_t
loop_index(struct str name)
{
    ptrdiff_t open = str_find_char(name, '(', 0);
    ptrdiff_t colon = str_find_char(name, ':', 0);
    int64_t index;

    if (open < 0 || colon <= open ||
        !str_to_int(str_slice(name, (size_t)open + 1, (size_t)colon), &index))
        return -1;
    return index;
}

static void
node_fill(struct treenode *n, const struct json *json)
{
    n->json = json;
    n->name = treenode_text(json, "displayName");
    n->type = treenode_text(json, "type");
    n->phase = treenode_text(json, "phase");
    n->role = role_of(n->type);
    /* Whole seconds, as the stored form has them: a fraction must not change the order. */
    n->start_s = treenode_time(json, "startedAt") / CLOCK_SECOND;
    n->index = loop_index(n->name);
}

void
treenode_forest_done(struct treenode_forest *f)
{
    for (size_t i = 0; i < f->n; i++)
        vec_done(&f->nodes[i].children);
    free(f->nodes);
    map_done(&f->by_id);
}

static void
forest_hold(struct treenode_forest *f)
{
    for (size_t i = 0; i < f->n; i++) {
        struct treenode *group = &f->nodes[i];

        if (group->role != TREENODE_GROUP)
            continue;
        JSON_EACH (it, json_get(group->json, "children")) {
            struct treenode *child = map_get(&f->by_id, json_str(it.value));

            if (child != NULL && child != group)
                child->holder = group;
        }
    }
}

/* NULL for a root, and for a node whose enclosing one is not there. */
static struct treenode *
parent_of(const struct treenode_forest *f, const struct treenode *n)
{
    struct treenode *boundary;

    if (n->holder != NULL)
        return n->holder;
    boundary = map_get(&f->by_id, treenode_text(n->json, "boundaryID"));
    return boundary != NULL && boundary->role == TREENODE_BOUNDARY ? boundary : NULL;
}

static int
node_order(const struct treenode *a, const struct treenode *b)
{
    if (a->start_s != b->start_s)
        return a->start_s < b->start_s ? -1 : 1;
    if (a->index >= 0 && b->index >= 0)
        return a->index < b->index ? -1 : a->index > b->index;
    return str_cmp(a->name, b->name);
}

/* Merge sort: the order is no total one (a loop's items compare by index among themselves and by
 * name with others), so qsort may not be asked, and equal nodes keep their order. */
static void
sort_nodes(struct treenode **at, size_t n, struct treenode **scratch)
{
    size_t half = n / 2, left = 0, right = half, to = 0;

    if (n < 2)
        return;
    sort_nodes(at, half, scratch);
    sort_nodes(at + half, n - half, scratch);
    memcpy(scratch, at, n * sizeof *at);
    while (left < half && right < n)
        at[to++] =
            node_order(scratch[right], scratch[left]) < 0 ? scratch[right++] : scratch[left++];
    while (left < half)
        at[to++] = scratch[left++];
    while (right < n)
        at[to++] = scratch[right++];
}

static void
forest_link(struct treenode_forest *f)
{
    cleanup_free struct treenode **scratch = NULL;

    for (size_t i = 0; i < f->n; i++) {
        struct treenode *n = &f->nodes[i];
        struct treenode *parent = n->role != TREENODE_HIDDEN ? parent_of(f, n) : NULL;

        if (parent != NULL && parent != n)
            vec_push(&parent->children, n);
    }
    scratch = NEW_ARRAY(struct treenode *, f->n + 1);
    for (size_t i = 0; i < f->n; i++)
        sort_nodes(f->nodes[i].children.at, f->nodes[i].children.n, scratch);
}

void
treenode_forest_read(struct treenode_forest *f, const struct json *nodes)
{
    f->nodes = NEW_ARRAY(struct treenode, json_count(nodes) + 1);
    JSON_EACH (it, nodes) {
        struct treenode *n = &f->nodes[f->n];

        if (it.key.p == NULL || json_type(it.value) != JSON_OBJECT ||
            map_get(&f->by_id, it.key) != NULL)
            continue;
        node_fill(n, it.value);
        map_put(&f->by_id, it.key, n);
        f->n++;
    }
    forest_hold(f);
    forest_link(f);
}

struct treenode *
treenode_root(const struct treenode_forest *f, struct str id)
{
    struct treenode *n = map_get(&f->by_id, id);

    return n != NULL && n->role != TREENODE_HIDDEN && parent_of(f, n) == NULL ? n : NULL;
}

static struct str
field_of(void *arg, struct str key)
{
    static const struct str before = STR("inputs.parameters."), behind = STR(".value");
    const struct json *node = arg, *ref = json_get(node, "templateRef");

    if (str_is(key, "templateName") || str_is(key, "templateRef.template"))
        return json_str(ref != NULL ? json_get(ref, "template") : json_get(node, "templateName"));
    if (str_is(key, "templateRef.name"))
        return treenode_text(ref, "name");
    if (str_is(key, "displayName") || str_is(key, "phase") || str_is(key, "name") ||
        str_is(key, "id"))
        return json_str(json_get_str(node, key));
    if (!str_starts(key, before) || !str_ends(key, behind))
        return STR_NULL;
    key = str_slice(key, before.n, key.n - behind.n);
    JSON_EACH (it, json_at_path(node, "inputs.parameters")) {
        if (str_eq(json_str(json_get(it.value, "name")), key))
            return json_scalar_text(json_get(it.value, "value"));
    }
    return STR_NULL;
}

bool
treenode_shows(const struct selector *s, const struct json *node)
{
    return s == NULL || selector_matches_fn(s, field_of, (void *)(uintptr_t)node);
}
