#include "api/apiaccount.h"

#include "api/objects.h"
#include "base/err.h"
#include "edge/caller.h"

#define PREFIX "system:serviceaccount:"

int
apiaccount_check(struct objects *os, struct turn *t, const struct caller *who, struct err *e)
{
    struct str rest = who != NULL ? who->name : STR_NULL, ns;
    struct object *account;
    bool same;

    if (rest.p == NULL || who->kind != CALLER_TOKEN || !str_starts(rest, STR(PREFIX)))
        return 0;
    rest = str_slice(rest, sizeof PREFIX - 1, rest.n);
    ns = str_cut(&rest, ':');
    account = objects_find(os, t, &kind_service_account, ns, rest);
    same = account != NULL && str_eq(object_uid(account), who->uid);
    object_unref(account);
    return same ? 0 : err_set(e, ERR_UNAUTHORIZED, "Unauthorized");
}
