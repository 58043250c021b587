#include "api/apiparam.h"

#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "http/request.h"

int
apiparam_parse(struct arena *a, struct str query, struct apiparam *ret, struct err *e)
{
    struct apiparam_pair pair;

    *ret = (struct apiparam){.at = NULL};
    e->code = 0;
    while (request_next_parameter(a, &query, &pair.name, &pair.value, e)) {
        if (ret->n == APIPARAM_MAX)
            return err_set(e, ERR_TOOLARGE, "a query may have at most %d parameters",
                           (int)APIPARAM_MAX);
        if (ret->at == NULL)
            ret->at = ARENA_ARRAY(a, struct apiparam_pair, APIPARAM_MAX);
        ret->at[ret->n++] = pair;
    }
    return e->code;
}

struct str
apiparam_each(const struct apiparam *p, const char *name, size_t *at)
{
    while (*at < p->n) {
        const struct apiparam_pair *pair = &p->at[(*at)++];

        if (str_is(pair->name, name))
            return pair->value.p != NULL ? pair->value : STR("");
    }
    return STR_NULL;
}

struct str
apiparam_text(const struct apiparam *p, const char *name)
{
    size_t at = 0;

    return apiparam_each(p, name, &at);
}

bool
apiparam_bool(const struct apiparam *p, const char *name)
{
    struct str value = apiparam_text(p, name);

    return value.p != NULL && !str_is(value, "0") &&
           !(value.n == 5 && strncasecmp(value.p, "false", 5) == 0);
}

int
apiparam_int(const struct apiparam *p, const char *name, int64_t otherwise, int64_t *ret,
             struct err *e)
{
    struct str value = apiparam_text(p, name);

    *ret = otherwise;
    if (value.n == 0 || str_to_int(value, ret))
        return 0;
    return err_set(e, ERR_BADREQUEST, "strconv.ParseInt: parsing \"%.*s\": invalid syntax",
                   STR_ARG(value));
}
