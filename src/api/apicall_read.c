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
    if (objects_get(apicall_config(c)->objects, t, c->stored, c->ns, c->name, &c->object, e) < 0)
        return apicall_fail(c, e);
    return 0;
}

const struct apicall_verb apicall_get = {
    .name = "get", .prepare = prepare, .run = run, .composes = true};

/* A piece in each turn. */
static int
compose_piece(struct apicall *c, struct turn *t, struct err *e)
{
    struct object *whole = NULL;
    int rc;

    if (c->pieces == NULL)
        c->pieces = objects_composing_new(apicall_config(c)->objects, c->object);
    rc = objects_composing_step(c->pieces, t, &whole, e);
    if (rc < 0)
        return apicall_fail(c, e);
    if (rc > 0) {
        c->composing = c->again = true;
        return 0;
    }
    object_unref(c->object);
    c->object = whole;
    return 0;
}

int
apicall_compose(struct apicall *c, struct turn *t, struct err *e)
{
    const struct apiserver_config *config = apicall_config(c);

    c->composing = false;
    if (c->object == NULL || c->accept.as != ACCEPT_OBJECT ||
        !objects_is_composed(config->objects, c->stored))
        return 0;
    /* Nothing of a dry run outlives its turn. */
    if (c->dry_run)
        return objects_compose(config->objects, t, &c->object, e) < 0 ? apicall_fail(c, e) : 0;
    /* Rows of what this turn has changed come with its commit: then it is composed in the next. */
    if (c->acted || object_rv(c->object) > watchlog_rv(config->watchlog)) {
        c->acted = false;
        c->composing = c->again = true;
        return 0;
    }
    return compose_piece(c, t, e);
}
