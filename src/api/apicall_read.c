/*
 * GET of one object.
 */
#include "api/apicall_int.h"

#include "base/err.h"

static int
prepare(struct apicall *c)
{
    enum render_include include;

    if (!render_include_parse(apiparam_text(&c->param, "includeObject"), &include))
        return failure_set(&c->failure, ERR_BADREQUEST,
                           "includeObject must be None, Metadata or "
                           "Object");
    return 0;
}

static int
run(struct apicall *c, struct turn *t, struct err *e)
{
    if (objects_get(apicall_config(c)->objects, t, c->kind, c->ns, c->name, &c->object, e) < 0)
        return apicall_fail(c, e);
    return 0;
}

const struct apicall_verb apicall_get = {.name = "get", .prepare = prepare, .run = run};
