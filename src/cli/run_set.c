#include "cli/run_set.h"

#include <stdlib.h>

#include "api/objects.h"
#include "base/err.h"
#include "cli/run_load.h"
#include "data/json.h"

static const char namespace_default[] = "default";

struct run_workflow *
run_set_find(struct run_set *s, struct str uid)
{
    for (size_t i = 0; i < s->workflows.n; i++) {
        if (str_is(uid, s->workflows.at[i].uid))
            return &s->workflows.at[i];
    }
    return NULL;
}

struct run_workflow *
run_set_add(struct run_set *s, const struct object *workflow)
{
    struct run_workflow *w = vec_grow(&s->workflows);

    w->uid = str_dup(object_uid(workflow));
    return w;
}

bool
run_set_is_over(const struct run_set *s)
{
    for (size_t i = 0; i < s->workflows.n; i++) {
        if (!s->workflows.at[i].over)
            return false;
    }
    return true;
}

/* The manifest's own, else the default one; none for kinds that have none. */
static struct str
namespace_of(const struct run_object *o)
{
    if (!o->kind->namespaced)
        return STR("");
    return str_of(
        json_cstr_or(json_at_path(json_root(o->doc), "metadata.namespace"), namespace_default));
}

/* Creates the object, or replaces the one that has its name. */
static int
put(struct objects *os, struct turn *t, const struct run_object *o, struct err *e)
{
    struct str ns = namespace_of(o);
    int rc = objects_create(os, t, o->kind, ns, json_root(o->doc), NULL, e);

    if (rc == ERR_EXISTS)
        rc = objects_update(os, t, o->kind, ns, json_root(o->doc), OBJECTS_SPEC, NULL, e);
    return rc;
}

int
run_set_create(struct run_set *s, struct objects *os, struct turn *t, const struct run_load *load,
               struct err *e)
{
    for (size_t i = 0; i < load->others.n; i++) {
        if (put(os, t, &load->others.at[i], e) < 0)
            return e->code;
    }
    for (size_t i = 0; i < load->workflows.n; i++) {
        cleanup_object struct object *o = NULL;

        if (objects_create(os, t, &kind_workflow, namespace_of(&load->workflows.at[i]),
                           json_root(load->workflows.at[i].doc), &o, e) < 0)
            return e->code;
        run_set_add(s, o);
    }
    return 0;
}

int
run_set_find_left(struct run_set *s, struct objects *os, struct turn *t, struct err *e)
{
    struct objects_query q = {.kind = &kind_workflow, .limit = 1000};
    cleanup_objects object_vec found = VEC_INIT;
    bool more = true;

    while (more) {
        size_t before = found.n;

        if (objects_list(os, t, &q, &found, &more, e) < 0)
            return e->code;
        for (size_t i = before; i < found.n; i++) {
            if (!object_is_finished(found.at[i]) &&
                run_set_find(s, object_uid(found.at[i])) == NULL)
                run_set_add(s, found.at[i]);
        }
        if (found.n == before)
            break;
        q.after_ns = object_namespace(found.at[found.n - 1]);
        q.after_name = object_name(found.at[found.n - 1]);
    }
    return 0;
}

void
run_set_done(struct run_set *s)
{
    for (size_t i = 0; i < s->workflows.n; i++)
        free(s->workflows.at[i].uid);
    vec_done(&s->workflows);
}
