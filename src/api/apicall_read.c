/*
 * GET of one object.
 */
#include "api/apicall_int.h"

#include "api/watchlog.h"
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
    const struct apiserver_config *config = apicall_config(c);

    if (c->object == NULL &&
        objects_get(config->objects, t, c->kind, c->ns, c->name, &c->object, e) < 0)
        return apicall_fail(c, e);
    if (c->accept.as != ACCEPT_OBJECT || !objects_is_composed(config->objects, c->kind))
        return 0;
    /* Rows of what this turn has changed come with its commit: then it is composed in the next. */
    if (object_rv(c->object) > watchlog_rv(config->watchlog)) {
        c->again = true;
        return 0;
    }
    return objects_compose(config->objects, t, &c->object, e) < 0 ? apicall_fail(c, e) : 0;
}

const struct apicall_verb apicall_get = {.name = "get", .prepare = prepare, .run = run};
