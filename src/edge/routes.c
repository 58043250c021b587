#include "edge/routes.h"

#include <stdatomic.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"
#include "edge/routes_int.h"

typedef VEC(struct routes_entry *) entries;

/* One segment of patterns that share what is before it. */
struct node {
    struct map literals; /* the nodes behind each literal text */
    struct node *any;    /* behind "{name}" */
    entries here;        /* patterns that end with this segment */
    entries rest;        /* patterns that go on with "{name...}" */
};

struct routes {
    atomic_size_t refs;
    struct node *root;
};

struct routes *
routes_new(void)
{
    struct routes *r = NEW(struct routes);

    atomic_init(&r->refs, 1);
    r->root = NEW(struct node);
    return r;
}

struct routes *
routes_ref(struct routes *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

static void
free_entry(struct routes_entry *x)
{
    if (x->route.release != NULL)
        x->route.release(x->route.arg);
    for (size_t i = 0; i < x->names_n; i++)
        free(x->names[i]);
    free((char *)(uintptr_t)x->route.method);
    free((char *)(uintptr_t)x->route.pattern);
    free(x);
}

static void
free_entries(entries *all)
{
    for (size_t i = 0; i < all->n; i++)
        free_entry(all->at[i]);
    vec_done(all);
}

static void
free_node(struct node *n)
{
    if (n == NULL)
        return;
    MAP_EACH (&n->literals, it)
        free_node(it.value);
    map_done(&n->literals);
    free_node(n->any);
    free_entries(&n->here);
    free_entries(&n->rest);
    free(n);
}

void
routes_unref(struct routes *r)
{
    if (r == NULL || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
        return;
    free_node(r->root);
    free(r);
}

/* "{name}" and "{name...}": the name, or STR_NULL for a literal. */
static struct str
name_of(struct str segment, bool *ret_rest)
{
    *ret_rest = false;
    if (segment.n < 3 || segment.p[0] != '{' || segment.p[segment.n - 1] != '}')
        return STR_NULL;
    segment = str_slice(segment, 1, segment.n - 1);
    if (segment.n > 3 && str_ends(segment, STR("..."))) {
        *ret_rest = true;
        return str_slice(segment, 0, segment.n - 3);
    }
    return segment;
}

static struct node *
child(struct node *n, struct str literal, bool any)
{
    struct node *found = any ? n->any : map_get(&n->literals, literal);

    if (found != NULL)
        return found;
    found = NEW(struct node);
    if (any)
        n->any = found;
    else
        map_put(&n->literals, literal, found);
    return found;
}

/* Walks to where the pattern ends, making nodes; collects its names in the entry. */
static int
place(struct routes *r, struct routes_entry *x, entries **ret, struct err *e)
{
    struct str rest = str_of(x->route.pattern);
    struct node *at = r->root;

    if (rest.n == 0 || rest.p[0] != '/')
        return err_set(e, ERR_INVALID, "pattern '%s' does not begin with '/'", x->route.pattern);
    rest = str_slice(rest, 1, rest.n);
    while (rest.p != NULL) {
        struct str segment = str_cut(&rest, '/');
        bool is_rest;
        struct str name = name_of(segment, &is_rest);

        if (name.p == NULL && str_find_char(segment, '{', 0) >= 0)
            return err_set(e, ERR_INVALID, "pattern '%s': '%.*s' is no whole {name}",
                           x->route.pattern, STR_ARG(segment));
        if (is_rest && rest.p != NULL)
            return err_set(e, ERR_INVALID, "pattern '%s': something follows '%.*s'",
                           x->route.pattern, STR_ARG(segment));
        if (name.p != NULL && x->names_n == ROUTES_MAX_NAMES)
            return err_set(e, ERR_INVALID, "pattern '%s' has more than %d names", x->route.pattern,
                           ROUTES_MAX_NAMES);
        if (name.p != NULL)
            x->names[x->names_n++] = str_dup(name);
        if (is_rest) {
            *ret = &at->rest;
            return 0;
        }
        at = child(at, segment, name.p != NULL);
    }
    *ret = &at->here;
    return 0;
}

static bool
same_method(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

int
routes_add(struct routes *r, const struct route *route, struct err *e)
{
    struct routes_entry *x = NEW(struct routes_entry);
    entries *to = NULL;

    x->route = *route;
    x->route.release = NULL; /* stays the caller's until it is in the table */
    x->route.method = route->method != NULL ? xstrdup(route->method) : NULL;
    x->route.pattern = xstrdup(route->pattern);
    if (place(r, x, &to, e) < 0) {
        free_entry(x);
        return e->code;
    }
    for (size_t i = 0; i < to->n; i++) {
        if (same_method(to->at[i]->route.method, route->method)) {
            free_entry(x);
            return err_set(e, ERR_EXISTS, "two routes for %s %s",
                           route->method != NULL ? route->method : "every method", route->pattern);
        }
    }
    x->route.release = route->release;
    vec_push(to, x);
    return 0;
}

/* One look-up. */
struct search {
    struct arena *arena;
    struct str method;
    struct routes_match *match;
    struct buf *allow;
    bool path_found;
};

/* The entry for the method: its own, GET's for HEAD, or that of every method. */
static const struct routes_entry *
entry_for(struct search *s, const entries *all)
{
    const struct routes_entry *every = NULL, *get = NULL;

    for (size_t i = 0; i < all->n; i++) {
        const struct route *route = &all->at[i]->route;

        if (route->method == NULL)
            every = all->at[i];
        else if (str_is(s->method, route->method))
            return all->at[i];
        else if (strcmp(route->method, "GET") == 0 && str_is(s->method, "HEAD"))
            get = all->at[i];
    }
    if (get == NULL && every == NULL && !s->path_found)
        for (size_t i = 0; i < all->n; i++)
            buf_printf(s->allow, "%s%s", i > 0 ? ", " : "", all->at[i]->route.method);
    if (all->n > 0)
        s->path_found = true;
    return get != NULL ? get : every;
}

/* Whether a pattern at or behind the node fits; `n` values are known, and `rest` is the path behind
 * the node (STR_NULL: it has ended). */
static bool
search(struct search *s, const struct node *at, struct str rest, size_t n)
{
    struct str behind = rest, segment;
    const struct node *literal;

    if (rest.p == NULL)
        return (s->match->entry = entry_for(s, &at->here)) != NULL;
    segment = str_cut(&behind, '/');
    if (str_find_char(segment, '%', 0) >= 0)
        segment = request_decode(s->arena, segment, false);
    literal = map_get(&at->literals, segment);
    if (literal != NULL && search(s, literal, behind, n))
        return true;
    if (at->any != NULL && segment.n > 0) {
        s->match->values[n] = segment;
        if (search(s, at->any, behind, n + 1))
            return true;
    }
    if (at->rest.n == 0)
        return false;
    s->match->values[n] = rest;
    return (s->match->entry = entry_for(s, &at->rest)) != NULL;
}

enum routes_result
routes_find(const struct routes *r, struct arena *a, struct str method, struct str path,
            struct routes_match *ret, struct buf *allow)
{
    struct search s = {.arena = a, .method = method, .match = ret, .allow = allow};

    if (path.p[0] == '/' && search(&s, r->root, str_slice(path, 1, path.n), 0))
        return ROUTES_FOUND;
    return s.path_found ? ROUTES_NO_METHOD : ROUTES_NO_PATH;
}
