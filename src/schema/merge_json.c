/*
 * merge_json - JSON patch (RFC 6902) over JSON pointers (RFC 6901).
 *
 * Operations change a tree (merge_tree.h), which is written once at the end.
 */
#include "schema/merge.h"

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "data/json.h"
#include "schema/merge_tree.h"

enum { MERGE_MAX_OPERATIONS = 10000, MERGE_WORK = 50 * 1000 * 1000 };

/* Where a pointer leads: the container and the place in it. */
struct place {
    struct merge_node *parent; /* NULL: the whole document */
    struct str key;            /* the last token, unescaped */
    size_t index;              /* of the child, or where it would go */
    bool found;
};

/* A token with ~1 and ~0 read as / and ~; STR_NULL for another ~. */
static struct str
unescape(struct merge_tree *p, struct str token)
{
    char *text = arena_alloc(&p->arena, token.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < token.n; i++) {
        char c = token.p[i];

        if (c == '~') {
            char next = i + 1 < token.n ? token.p[++i] : '\0';

            if (next != '0' && next != '1')
                return STR_NULL;
            c = next == '0' ? '~' : '/';
        }
        text[n++] = c;
    }
    return str_make(text, n);
}

/* Looks for a token in a container. */
static int
find_child(struct merge_tree *p, struct merge_node *n, struct place *place)
{
    int64_t index = -1;

    place->parent = n;
    place->found = false;
    if (!merge_tree_folds(n))
        return err_set(p->e, ERR_INVALID, "'%.*s' lies in a value that is no object or array",
                       STR_ARG(place->key));
    if (merge_tree_unfold(p, n) < 0 || merge_tree_pay(p, n->array ? 1 : n->n + 1) < 0)
        return p->e->code;
    place->index = n->n;
    if (n->array) {
        bool plain = place->key.n == 1 || (place->key.n > 0 && place->key.p[0] != '0');

        if (str_is(place->key, "-"))
            return 0;
        if (!plain || !str_to_int(place->key, &index) || index < 0 || (size_t)index > n->n)
            return err_set(p->e, ERR_INVALID, "'%.*s' is no index of an array of %zu items",
                           STR_ARG(place->key), n->n);
        place->index = (size_t)index;
        place->found = place->index < n->n;
        return 0;
    }
    for (size_t i = 0; i < n->n && !place->found; i++)
        if (str_eq(n->children[i].key, place->key)) {
            place->index = i;
            place->found = true;
        }
    return 0;
}

/* Follows a pointer; everything but the last token must be there. */
static int
locate(struct merge_tree *p, struct str pointer, struct place *ret)
{
    struct merge_node *here = p->root;
    struct str rest = str_slice(pointer, 1, pointer.n);

    *ret = (struct place){.found = true};
    if (pointer.n == 0)
        return 0;
    if (pointer.p[0] != '/')
        return err_set(p->e, ERR_BADREQUEST, "a path must begin with '/'");
    while (rest.p != NULL) {
        ret->key = unescape(p, str_cut(&rest, '/'));
        if (ret->key.p == NULL)
            return err_set(p->e, ERR_BADREQUEST, "'~' must be followed by 0 or 1 in a path");
        if (find_child(p, here, ret) < 0)
            return p->e->code;
        if (rest.p != NULL && !ret->found)
            return err_set(p->e, ERR_INVALID, "there is no '%.*s'", STR_ARG(ret->key));
        if (ret->found)
            here = ret->parent->children[ret->index].node;
    }
    return 0;
}

static struct merge_node **
slot(struct merge_tree *p, const struct place *place)
{
    return place->parent == NULL ? &p->root : &place->parent->children[place->index].node;
}

static int
must_be_there(struct merge_tree *p, const struct place *place)
{
    return place->found ? 0 : err_set(p->e, ERR_INVALID, "there is no '%.*s'", STR_ARG(place->key));
}

static void
put(struct merge_tree *p, const struct place *place, struct merge_node *node)
{
    bool replace = place->parent == NULL || (place->found && !place->parent->array);

    if (replace)
        *slot(p, place) = node;
    else
        merge_tree_insert(p, place->parent, place->index, (struct merge_child){place->key, node});
}

static int
do_test(struct merge_tree *p, const struct place *place, const struct json *want)
{
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;
    cleanup_json struct json_doc *have = NULL;
    struct merge_node *copy = merge_tree_clone(p, *slot(p, place), 0); /* for its price */

    if (copy == NULL || merge_tree_write(p, &b, copy, 0) < 0)
        return p->e->code;
    have = json_build_done(&b);
    if (!json_equal(json_root(have), want))
        return err_set(p->e, ERR_INVALID, "the value is another one");
    return 0;
}

static int
do_remove(struct merge_tree *p, const struct place *place)
{
    if (place->parent == NULL)
        return err_set(p->e, ERR_INVALID, "the whole document cannot be removed");
    merge_tree_remove(place->parent, place->index);
    return 0;
}

/* "move" and "copy": from one place to another. */
static int
do_transfer(struct merge_tree *p, const struct json *operation, bool move)
{
    struct str from = json_str(json_get(operation, "from"));
    struct str to = json_str(json_get(operation, "path"));
    struct place source, target;
    struct merge_node *node;

    if (json_str(json_get(operation, "from")).p == NULL)
        return err_set(p->e, ERR_BADREQUEST, "'from' must be a path");
    if (move && to.n > from.n && str_starts(to, from) && to.p[from.n] == '/')
        return err_set(p->e, ERR_INVALID, "a value cannot be moved into itself");
    if (locate(p, from, &source) < 0 || must_be_there(p, &source) < 0)
        return p->e->code;
    node = move ? *slot(p, &source) : merge_tree_clone(p, *slot(p, &source), 0);
    if (node == NULL)
        return p->e->code;
    if (move && source.parent != NULL)
        merge_tree_remove(source.parent, source.index);
    if (locate(p, to, &target) < 0)
        return p->e->code;
    put(p, &target, node);
    return 0;
}

static int
apply(struct merge_tree *p, const struct json *operation)
{
    struct str op = json_str(json_get(operation, "op"));
    const struct json *value = json_get(operation, "value");
    struct place place;

    if (str_is(op, "move") || str_is(op, "copy"))
        return do_transfer(p, operation, str_is(op, "move"));
    if (locate(p, json_str(json_get(operation, "path")), &place) < 0)
        return p->e->code;
    if (!str_is(op, "add") && must_be_there(p, &place) < 0)
        return p->e->code;
    if (str_is(op, "remove"))
        return do_remove(p, &place);
    if (value == NULL)
        return err_set(p->e, ERR_BADREQUEST, "'value' is missing");
    if (str_is(op, "test"))
        return do_test(p, &place, value);
    if (str_is(op, "add"))
        put(p, &place, merge_tree_node(p, value));
    else
        *slot(p, &place) = merge_tree_node(p, value);
    return 0;
}

static int
check_operation(const struct json *operation, struct err *e)
{
    static const char *const ops[] = {"add", "remove", "replace", "move", "copy", "test"};
    struct str op = json_str(json_get(operation, "op"));

    if (json_str(json_get(operation, "path")).p == NULL)
        return err_set(e, ERR_BADREQUEST, "'path' must be a text");
    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        if (str_is(op, ops[i]))
            return 0;
    return err_set(e, ERR_INVALID, "'op' must be add, remove, replace, move, copy or test");
}

static int
apply_all(struct merge_tree *p, const struct json *operations)
{
    if (json_type(operations) != JSON_ARRAY)
        return err_set(p->e, ERR_BADREQUEST, "a JSON patch must be an array of operations");
    if (json_count(operations) > MERGE_MAX_OPERATIONS)
        return err_set(p->e, ERR_TOOLARGE, "a JSON patch may have at most %d operations",
                       MERGE_MAX_OPERATIONS);
    JSON_EACH (it, operations)
        if (check_operation(it.value, p->e) < 0 || apply(p, it.value) < 0)
            return err_wrap(p->e, "operation %zu (%s %s)", it.index,
                            json_cstr_or(json_get(it.value, "op"), "?"),
                            json_cstr_or(json_get(it.value, "path"), "?"));
    return 0;
}

int
merge_json_patch(const struct json *base, const struct json *operations, struct json_doc **ret,
                 struct err *e)
{
    struct merge_tree p = {.arena = ARENA_INIT, .work = MERGE_WORK, .e = e};
    cleanup_json_build struct json_build b = JSON_BUILD_INIT;
    int rc;

    p.root = merge_tree_node(&p, base);
    rc = apply_all(&p, operations);
    if (rc == 0)
        rc = merge_tree_write(&p, &b, p.root, 0);
    if (rc == 0)
        *ret = json_build_done(&b);
    arena_done(&p.arena);
    return rc;
}
