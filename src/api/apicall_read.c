/*
 * GET of one object.
 */
#include "api/apicall_int.h"

#include "api/composestream.h"
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

/* YAML is made of the whole, as is what people read, if it is not too long. */
static bool
is_wanted_whole(const struct apicall *c)
{
    return c->accept.yaml ||
           (apiparam_bool(&c->param, "pretty") && c->text.n <= APICALL_MAX_PRETTY);
}

/* A large one is composed while it is sent, so that it is nowhere in memory as a whole. */
static void
compose_the_rest(struct apicall *c)
{
    if (is_wanted_whole(c))
        c->composing = c->again = true;
    else
        c->stream = composestream_new(apicall_config(c)->core, TAKE(c->pieces), &c->text);
}

static void
end_composing(struct apicall *c)
{
    cleanup_buf struct buf json = c->text;

    buf_char(&json, '\n');
    c->text = BUF_INIT;
    render_body(&c->accept, buf_view(&json), &c->text);
}

/* A piece in each turn. */
static int
compose_piece(struct apicall *c, struct turn *t, struct err *e)
{
    int rc;

    if (c->pieces == NULL)
        c->pieces = objects_composing_new(apicall_config(c)->objects, c->object);
    rc = objects_composing_step(c->pieces, t, &c->text, e);
    if (rc < 0)
        return apicall_fail(c, e);
    if (rc > 0)
        compose_the_rest(c);
    else
        end_composing(c);
    if (!c->again)
        object_unref(TAKE(c->object));
    return 0;
}

int
apicall_compose(struct apicall *c, struct turn *t, struct err *e)
{
    const struct apiserver_config *config = apicall_config(c);

    c->composing = false;
    /* A new one that is not stored has nothing that could be composed. */
    if (c->object == NULL || c->fresh || c->accept.as != ACCEPT_OBJECT ||
        !objects_is_composed(config->objects, c->stored))
        return 0;
    /* Rows of what this turn has changed come with its commit: then it is composed in the next. */
    if (!c->dry_run && (c->acted || object_rv(c->object) > watchlog_rv(config->watchlog))) {
        c->acted = false;
        c->composing = c->again = true;
        return 0;
    }
    return compose_piece(c, t, e);
}
