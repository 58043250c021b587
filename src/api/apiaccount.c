#include "api/apiaccount.h"

#include "api/object.h"
#include "api/objects.h"
#include "base/err.h"
#include "core/turn.h"
#include "data/json.h"
#include "data/timestamp.h"
#include "edge/caller.h"

#define PREFIX "system:serviceaccount:"

/* The very object, and not one that a finalizer keeps although its time is over. */
static bool
is_there(struct objects *os, struct turn *t, const struct kind *k, struct str ns, struct str name,
         struct str uid)
{
    struct object *o = objects_find(os, t, k, ns, name);
    struct err ignored = ERR_INIT;
    int64_t gone_us;
    bool ret = o != NULL && str_eq(object_uid(o), uid);

    if (ret && object_is_deleting(o) &&
        timestamp_parse(json_str(object_at(o, "metadata.deletionTimestamp")), &gone_us, &ignored) ==
            0)
        ret = turn_now_us(t) <= gone_us + APIACCOUNT_LEEWAY_US;
    object_unref(o);
    return ret;
}

int
apiaccount_check(struct objects *os, struct turn *t, const struct caller *who, struct err *e)
{
    struct str rest = who != NULL ? who->name : STR_NULL, ns;

    if (rest.p == NULL || who->kind != CALLER_TOKEN || !str_starts(rest, STR(PREFIX)))
        return 0;
    rest = str_slice(rest, sizeof PREFIX - 1, rest.n);
    ns = str_cut(&rest, ':');
    if (!is_there(os, t, &kind_service_account, ns, rest, who->uid) ||
        (who->pod_uid.n > 0 && !is_there(os, t, &kind_pod, ns, who->pod_name, who->pod_uid)))
        return err_set(e, ERR_UNAUTHORIZED, "Unauthorized");
    return 0;
}
