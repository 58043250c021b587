/*
 * PersistentVolumeClaims: a claim is a directory of the data directory, bound at once.  What cannot
 * be bound is not accepted (schema/rules_claim.c).
 *
 * The directory is made when a pod first mounts it, and removed with the claim.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "api/objects.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "control/control_int.h"
#include "core/turn.h"
#include "data/json.h"
#include "io/file.h"
#include "io/job.h"
#include "runner/process/reclaim.h"

const char *
pvc_directory(const struct control *c, const struct object *pvc, struct arena *a)
{
    return arena_printf(a, "%s/claims/%.*s", c->data, STR_ARG(object_uid(pvc)));
}

static struct json_doc *
bound(const struct object *pvc)
{
    struct json_build b = JSON_BUILD_INIT;

    json_add_object(&b, NULL);
    json_add_cstr(&b, "phase", "Bound");
    json_add_value(&b, "accessModes", object_at(pvc, "spec.accessModes"));
    json_add_object(&b, "capacity");
    json_add_value(&b, "storage", object_at(pvc, "spec.resources.requests.storage"));
    json_end(&b);
    json_end(&b);
    return json_build_done(&b);
}

static int
reconcile(void *self, struct turn *t, struct controller_pass *p, struct err *e)
{
    struct control *c = self;
    cleanup_object struct object *o = objects_find_uid(c->config.objects, t, p->uid);
    cleanup_json struct json_doc *status = NULL;

    if (o == NULL || str_is(json_str(object_at(o, "status.phase")), "Bound"))
        return 0;
    status = bound(o);
    return objects_set_status(c->config.objects, t, o, json_root(status), NULL, e);
}

struct removal {
    struct loop *loop;
    const char *init_path; /* the control's, which outlives its jobs */
    char *path;
};

static void
remove_work(void *arg)
{
    struct removal *r = arg;
    struct err e = ERR_INIT;

    if (r->init_path != NULL ? reclaim_and_remove(r->init_path, r->path, &e) < 0
                             : file_remove_tree(AT_FDCWD, r->path, &e) < 0)
        log_warn(r->path, "%s", e.msg);
}

static void
remove_done(void *arg)
{
    struct removal *r = arg;

    free(r->path);
    free(r);
}

static void
remove_directory(void *arg)
{
    struct removal *r = xmemdup(arg, sizeof *r);

    r->path = xstrdup(r->path);
    job_run(r->loop, remove_work, remove_done, r);
}

static int
gone(void *self, struct turn *t, struct str uid, struct err *e)
{
    struct control *c = self;
    struct removal *r = ARENA_NEW(turn_arena(t), struct removal);

    (void)e;
    if (!file_is_plain_path(uid))
        return 0;
    r->loop = c->config.loop;
    r->init_path = c->config.init_path;
    r->path = arena_printf(turn_arena(t), "%s/claims/%.*s", c->data, STR_ARG(uid));
    turn_effect(t, remove_directory, r);
    return 0;
}

const struct controller_row pvc_controller_row = {
    .name = "persistentvolumeclaim",
    .resource = "persistentvolumeclaims",
    .reconcile = reconcile,
    .gone = gone,
};
