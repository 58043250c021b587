/* The workflows that a CronWorkflow started. */
#include <stdlib.h>

#include "api/objects.h"
#include "base/err.h"
#include "data/json.h"
#include "flow/argo/argo_cron_int.h"

enum { CHILDREN_MAX = 10000, KEPT_SUCCESSFUL = 3, KEPT_FAILED = 1 };

static bool
succeeded(const struct object *child)
{
    return str_is(json_str(object_at(child, "status.phase")), "Succeeded");
}

static const struct object *
child_with(const struct argo_cron_children *c, struct str uid)
{
    for (size_t i = 0; i < c->all.n; i++) {
        if (str_eq(object_uid(c->all.at[i]), uid))
            return c->all.at[i];
    }
    return NULL;
}

/* The counts go on from those stored: a child counts when it is no longer active. */
static void
count(const struct object *cron, struct argo_cron_children *c)
{
    (void)json_int(object_at(cron, "status.succeeded"), &c->succeeded);
    (void)json_int(object_at(cron, "status.failed"), &c->failed);
    JSON_EACH (ref, object_at(cron, "status.active")) {
        const struct object *child = child_with(c, json_str(json_get(ref.value, "uid")));

        if (child == NULL || !object_is_finished(child))
            continue;
        if (succeeded(child))
            c->succeeded++;
        else
            c->failed++;
    }
}

int
argo_cron_find_children(struct objects *os, struct turn *t, const struct object *cron,
                        struct argo_cron_children *ret, struct err *e)
{
    struct objects_query q = {.kind = &kind_workflow,
                              .ns = object_namespace(cron),
                              .owner_uid = object_uid(cron),
                              .limit = CHILDREN_MAX};
    cleanup_objects object_vec found = VEC_INIT;

    *ret = (struct argo_cron_children){.succeeded = 0};
    if (objects_list(os, t, &q, &found, NULL, e) < 0)
        return e->code;
    for (size_t i = 0; i < found.n; i++)
        vec_push(&ret->all, object_ref(found.at[i]));
    count(cron, ret);
    for (size_t i = 0; i < ret->all.n; i++) {
        if (!object_is_finished(ret->all.at[i]) && !object_is_deleting(ret->all.at[i]))
            vec_push(&ret->active, ret->all.at[i]);
    }
    return 0;
}

void
argo_cron_children_done(struct argo_cron_children *c)
{
    for (size_t i = 0; i < c->all.n; i++)
        object_unref(c->all.at[i]);
    vec_done(&c->all);
    vec_done(&c->active);
}

/* The last to end comes first. */
static int
by_end(const void *a, const void *b)
{
    struct str x = json_str(object_at(*(const struct object *const *)a, "status.finishedAt"));
    struct str y = json_str(object_at(*(const struct object *const *)b, "status.finishedAt"));

    return str_cmp(y, x);
}

static int64_t
limit_of(const struct object *cron, const char *field, int64_t otherwise)
{
    int64_t limit = otherwise;

    (void)json_int(json_get(object_at(cron, "spec"), field), &limit);
    return limit;
}

int
argo_cron_prune(struct objects *os, struct turn *t, const struct object *cron,
                const struct argo_cron_children *c, struct err *e)
{
    int64_t left[] = {limit_of(cron, "failedJobsHistoryLimit", KEPT_FAILED),
                      limit_of(cron, "successfulJobsHistoryLimit", KEPT_SUCCESSFUL)};
    VEC(const struct object *) ended = VEC_INIT;
    int rc = 0;

    for (size_t i = 0; i < c->all.n; i++) {
        if (object_is_finished(c->all.at[i]) && !object_is_deleting(c->all.at[i]))
            vec_push(&ended, c->all.at[i]);
    }
    if (ended.n > 0)
        qsort(ended.at, ended.n, sizeof *ended.at, by_end);
    for (size_t i = 0; i < ended.n && rc >= 0; i++) {
        const struct object *child = ended.at[i];

        if (left[succeeded(child)]-- > 0)
            continue;
        rc = objects_delete(os, t, &kind_workflow, object_namespace(child), object_name(child),
                            NULL, NULL, e);
        rc = rc == ERR_NOTFOUND ? 0 : rc;
    }
    vec_done(&ended);
    return rc;
}
