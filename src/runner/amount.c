#include "runner/amount.h"

#include "base/err.h"
#include "data/quantity.h"

static bool
parse(struct str text, struct quantity *ret)
{
    struct err ignored = ERR_INIT;

    return quantity_parse(text, ret, &ignored) >= 0 && ret->nano >= 0;
}

bool
amount_milli(struct str text, int64_t *ret)
{
    struct quantity q;
    bool good = parse(text, &q);

    if (good)
        *ret = quantity_milli(q);
    return good;
}

bool
amount_value(struct str text, int64_t *ret)
{
    struct quantity q;
    bool good = parse(text, &q);

    if (good)
        *ret = quantity_value(q);
    return good;
}
