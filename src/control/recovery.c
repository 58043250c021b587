#include "control/recovery.h"

#include "api/objects.h"
#include "base/arena.h"
#include "base/err.h"
#include "control/control_int.h"
#include "control/podview.h"
#include "core/core.h"
#include "core/turn.h"
#include "data/json.h"
#include "runner/runtime.h"
#include "store/attempts.h"

static void
tell_if_over(void *arg)
{
    struct control *c = arg;

    if (c->recovery.over || c->recovery.left.n > 0)
        return;
    c->recovery.over = true;
    c->runtime->ops->recovered(c->runtime);
}

static bool
is_handed_over(const struct control *c, struct str uid)
{
    const struct podview *v = map_get(&c->views, uid);

    return v != NULL && v->handed;
}

static void
remember(struct control *c, struct turn *t, struct str uid)
{
    cleanup_object struct object *o = objects_find_uid(c->config.objects, t, uid);

    if (o == NULL || object_is_finished(o))
        return;
    podaddress_restore(&c->addresses, uid, json_cstr_or(object_at(o, "status.podIP"), ""));
    if (is_handed_over(c, uid) || map_get(&c->recovery.left, uid) != NULL)
        return;
    map_put(&c->recovery.left, uid, c);
}

/* Comes again when the core has to rebuild itself; what the runtime has got, it keeps. */
static int
restore(void *self, struct turn *t, struct err *e)
{
    struct control *c = self;
    struct attempt_row *rows;
    size_t n;

    if (c->recovery.over)
        return 0;
    map_done(&c->recovery.left);
    if (attempts_list(turn_db(t), STR_NULL, turn_arena(t), &rows, &n, e) < 0)
        return e->code;
    for (size_t i = 0; i < n; i++)
        remember(c, t, rows[i].pod_uid);
    turn_effect(t, tell_if_over, c);
    return 0;
}

const struct core_module recovery_module = {.name = "recovery", .restore = restore};

struct sighting {
    struct control *control;
    char *uid;
};

static void
do_seen(void *arg)
{
    const struct sighting *s = arg;
    struct control *c = s->control;

    map_remove(&c->recovery.left, str_of(s->uid));
    tell_if_over(c);
}

void
recovery_seen(struct control *c, struct turn *t, struct str uid)
{
    struct sighting *s;

    if (c->recovery.over || map_get(&c->recovery.left, uid) == NULL)
        return;
    s = ARENA_NEW(turn_arena(t), struct sighting);
    *s = (struct sighting){c, str_dup_arena(turn_arena(t), uid)};
    turn_effect(t, do_seen, s);
}
