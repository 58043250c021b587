#include "api/claim.h"

#include "base/err.h"
#include "data/json.h"
#include "data/quantity.h"

static const char *const access_modes[] = {"ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany",
                                           "ReadWriteOncePod"};

static bool
is_access_mode(struct str mode)
{
    for (size_t i = 0; i < ARRAY_LEN(access_modes); i++) {
        if (str_is(mode, access_modes[i]))
            return true;
    }
    return false;
}

static int
check_modes(const struct json *modes, struct err *e)
{
    if (json_count(modes) == 0)
        return err_set(e, ERR_INVALID,
                       "spec.accessModes: Required value: at least 1 access mode is required");
    JSON_EACH (it, modes) {
        if (!is_access_mode(json_str(it.value)))
            return err_set(e, ERR_INVALID,
                           "spec.accessModes: Unsupported value: \"%.*s\": supported values: "
                           "\"ReadOnlyMany\", \"ReadWriteMany\", \"ReadWriteOnce\", "
                           "\"ReadWriteOncePod\"",
                           STR_ARG(json_scalar_text(it.value)));
    }
    return 0;
}

int
claim_check(const struct json *claim, struct err *e)
{
    const struct json *storage = json_at_path(claim, "spec.resources.requests.storage");
    struct err ignored = ERR_INIT;
    struct quantity q;

    if (check_modes(json_at_path(claim, "spec.accessModes"), e) < 0)
        return e->code;
    if (storage == NULL)
        return err_set(e, ERR_INVALID, "spec.resources[storage]: Required value");
    if (quantity_parse(json_scalar_text(storage), &q, &ignored) < 0 || q.nano <= 0)
        return err_set(e, ERR_INVALID,
                       "spec.resources[storage]: Invalid value: \"%.*s\": must be a quantity above "
                       "zero",
                       STR_ARG(json_scalar_text(storage)));
    return 0;
}
