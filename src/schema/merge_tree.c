#include "schema/merge_tree.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"

int
merge_tree_pay(struct merge_tree *p, size_t work)
{
    if (work > p->work)
        return err_set(p->e, ERR_TOOLARGE, "the patch takes too much work");
    p->work -= work;
    return 0;
}

struct merge_node *
merge_tree_node(struct merge_tree *p, const struct json *value)
{
    struct merge_node *n = ARENA_NEW(&p->arena, struct merge_node);

    n->value = value;
    return n;
}

bool
merge_tree_folds(const struct merge_node *n)
{
    return n->unfolded || json_type(n->value) == JSON_OBJECT || json_type(n->value) == JSON_ARRAY;
}

static void
reserve(struct merge_tree *p, struct merge_node *n, size_t cap)
{
    struct merge_child *bigger = ARENA_ARRAY(&p->arena, struct merge_child, cap);

    if (n->n > 0)
        memcpy(bigger, n->children, n->n * sizeof *bigger);
    n->children = bigger;
    n->cap = cap;
}

int
merge_tree_unfold(struct merge_tree *p, struct merge_node *n)
{
    size_t count = json_count(n->value);

    if (n->unfolded)
        return 0;
    if (merge_tree_pay(p, count) < 0)
        return p->e->code;
    n->array = json_type(n->value) == JSON_ARRAY;
    reserve(p, n, count + 1);
    JSON_EACH (it, n->value)
        n->children[n->n++] = (struct merge_child){it.key, merge_tree_node(p, it.value)};
    n->unfolded = true;
    return 0;
}

void
merge_tree_insert(struct merge_tree *p, struct merge_node *n, size_t at, struct merge_child child)
{
    if (n->n == n->cap)
        reserve(p, n, n->cap * 2 + 4);
    memmove(&n->children[at + 1], &n->children[at], (n->n - at) * sizeof child);
    n->children[at] = child;
    n->n++;
}

void
merge_tree_remove(struct merge_node *n, size_t at)
{
    n->n--;
    memmove(&n->children[at], &n->children[at + 1], (n->n - at) * sizeof n->children[0]);
}

/* Values below, and a little for long texts. */
static size_t
weight(const struct json *v)
{
    size_t total = 1 + json_str(v).n / 64;

    JSON_EACH (it, v)
        total += weight(it.value);
    return total;
}

static int
too_deep(struct merge_tree *p)
{
    return err_set(p->e, ERR_TOOLARGE, "the result would be nested deeper than %d", JSON_MAX_DEPTH);
}

struct merge_node *
merge_tree_clone(struct merge_tree *p, const struct merge_node *from, unsigned depth)
{
    struct merge_node *n = merge_tree_node(p, from->value);

    if (depth > JSON_MAX_DEPTH) {
        too_deep(p);
        return NULL;
    }
    if (merge_tree_pay(p, from->unfolded ? from->n + 1 : weight(from->value)) < 0)
        return NULL;
    if (!from->unfolded)
        return n;
    n->unfolded = true;
    n->array = from->array;
    reserve(p, n, from->n + 1);
    for (size_t i = 0; i < from->n; i++) {
        struct merge_node *child = merge_tree_clone(p, from->children[i].node, depth + 1);

        if (child == NULL)
            return NULL;
        n->children[n->n++] = (struct merge_child){from->children[i].key, child};
    }
    return n;
}

/* What stands for a value of a document may be as deep as that may be, on top of what is above. */
int
merge_tree_write(struct merge_tree *p, struct json_build *b, const struct merge_node *n,
                 unsigned depth)
{
    if (depth > JSON_MAX_DEPTH)
        return too_deep(p);
    if (!n->unfolded) {
        json_add_value(b, NULL, n->value);
        return 0;
    }
    if (n->array)
        json_add_array(b, NULL);
    else
        json_add_object(b, NULL);
    for (size_t i = 0; i < n->n; i++) {
        if (!n->array)
            json_add_key(b, n->children[i].key);
        if (merge_tree_write(p, b, n->children[i].node, depth + 1) < 0)
            return p->e->code;
    }
    json_end(b);
    return 0;
}
