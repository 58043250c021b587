/*
 * The name @latest: the workflow of the namespace that was created last.
 *
 * Workflows lie in the order of their names, so all of them are looked at, a slice in each turn.
 */
#include <stdlib.h>

#include "api/apiserver.h"
#include "api/objects.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argorest/argorest_int.h"

struct argorest_latest {
    char *after_ns, *after_name; /* the last one that was looked at */
    struct object *newest;       /* of those */
    bool done;
};

static bool
is_newer(const struct object *a, const struct object *b)
{
    int order = str_cmp(json_str(object_at(a, "metadata.creationTimestamp")),
                        json_str(object_at(b, "metadata.creationTimestamp")));

    return order != 0 ? order > 0 : object_rv(a) > object_rv(b);
}

static void
look_at(struct argorest_latest *l, const struct object *o)
{
    free(l->after_ns);
    free(l->after_name);
    l->after_ns = str_dup(object_namespace(o));
    l->after_name = str_dup(object_name(o));
    if (l->newest != NULL && !is_newer(o, l->newest))
        return;
    object_unref(l->newest);
    l->newest = object_ref(o);
}

int
argorest_resolve(struct argorest_call *c, struct turn *t, struct str *ret, struct err *e)
{
    cleanup_objects object_vec slice = VEC_INIT;
    struct argorest_latest *l;
    bool more;

    *ret = c->name;
    if (!str_is(c->name, "@latest"))
        return 0;
    if (c->latest == NULL)
        c->latest = NEW(struct argorest_latest);
    l = c->latest;
    if (!l->done) {
        struct objects_query q = {.kind = &kind_workflow,
                                  .ns = c->ns,
                                  .after_ns = str_of(l->after_ns),
                                  .after_name = str_of(l->after_name)};

        if (objects_list(argorest_config(c)->objects, t, &q, &slice, &more, e) < 0)
            return e->code;
        for (size_t i = 0; i < slice.n; i++)
            look_at(l, slice.at[i]);
        c->again = more;
        l->done = !more;
        if (more)
            return 0;
    }
    if (l->newest == NULL)
        return err_set(e, ERR_NOTFOUND, "there is no workflow in namespace \"%.*s\"",
                       STR_ARG(c->ns));
    *ret = object_name(l->newest);
    return 0;
}

void
argorest_latest_free(struct argorest_latest *l)
{
    if (l == NULL)
        return;
    object_unref(l->newest);
    free(l->after_ns);
    free(l->after_name);
    free(l);
}
