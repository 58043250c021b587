/*
 * The frame around the verbs: a request is made out, run in the core where that is needed, and
 * freed.
 */
#include "api/apicall_int.h"

#include "api/apiaccount.h"
#include "api/discovery.h"
#include "base/err.h"
#include "core/core.h"
#include "data/json.h"

const struct apiserver_config *
apicall_config(const struct apicall *c)
{
    return apiserver_config(c->server);
}

/* The core's part. */

static int
run(struct message *m, struct turn *t, struct err *e)
{
    struct apicall *c = CONTAINER_OF(m, struct apicall, message);
    int rc;

    c->again = false;
    if (!c->composing && apiaccount_check(apicall_config(c)->objects, t, c->rq.caller, e) < 0)
        return failure_set(&c->failure, e->code, "%s", e->msg);
    rc = c->composing ? 0 : c->verb->run(c, t, e);
    if (rc >= 0 && c->verb->composes)
        rc = apicall_compose(c, t, e);
    if (rc < 0 && e->code >= 0)
        (void)err_set(e, rc, "%s", c->failure.message != NULL ? c->failure.message : "refused");
    if (rc >= 0 && c->dry_run) {
        c->rolled_back = true;
        return err_set(e, ERR_CONFLICT, "a dry run is taken back");
    }
    return rc;
}

static bool post(struct apicall *c);

static void
done(struct message *m, const struct err *why)
{
    struct apicall *c = CONTAINER_OF(m, struct apicall, message);

    if (c->again && (why == NULL || c->rolled_back)) {
        if (post(c))
            return;
        if (c->composing) { /* it is done: it is answered as it is stored */
            failure_done(&c->failure);
            buf_clear(&c->text);
        }
    }
    /* What the turn itself says (no commit) goes before what the verb said. */
    if (why != NULL && !c->rolled_back && c->failure.code == 0)
        apicall_fail(c, why);
    c->on_answer(c->on_answer_arg);
}

static bool
post(struct apicall *c)
{
    struct err e = ERR_INIT;

    c->message =
        (struct message){.class = MESSAGE_REQUEST, .run = run, .done = done, .name = c->verb->name};
    if (core_post(apicall_config(c)->core, &c->message, &e) >= 0)
        return true;
    apicall_fail(c, &e);
    return false;
}

/* Making out what is asked. */

static int
read_accept(struct apicall *c)
{
    if (accept_parse(c->rq.accept, &c->accept))
        return 0;
    failure_status(&c->failure, 406, "NotAcceptable", true,
                   "406: Not Acceptable\n\nAvailable representations: application/json, "
                   "application/yaml, application/vnd.kubernetes.protobuf");
    c->failure.pretty = true;
    return ERR_BADREQUEST;
}

static bool
needs_core(struct apicall *c)
{
    struct err e = ERR_INIT;

    apipath_parse(&c->arena, c->rq.path, &c->path);
    if (apiparam_parse(&c->arena, c->rq.query, &c->param, &e) < 0) {
        failure_set(&c->failure, e.code, "%s", e.msg);
        return false;
    }
    if (c->path.what == APIPATH_BROKEN) {
        apicall_page_not_found(c);
        return false;
    }
    if (c->path.what == APIPATH_OTHER) {
        /* What is no API resource has one form, whatever is asked for (an OpenAPI document in
         * protobuf, a text): clients of all ages get what there is. */
        (void)accept_parse(STR_NULL, &c->accept);
        if (!discovery_answer(c))
            apicall_page_not_found(c);
        return false;
    }
    if (c->path.what != APIPATH_OBJECTS) {
        if (read_accept(c) >= 0 && !discovery_answer(c))
            apicall_page_not_found(c);
        return false;
    }
    if (apicall_find_target(c) < 0 || read_accept(c) < 0 || apicall_authorize(c) < 0 ||
        c->verb->prepare(c) < 0)
        return false;
    return c->verb->run != NULL && c->failure.code == 0;
}

struct apicall *
apicall_new(struct apiserver *s, const struct apirequest *rq, void (*on_answer)(void *arg),
            void *arg)
{
    struct apicall *c = NEW(struct apicall);

    c->server = s;
    c->rq = *rq;
    c->on_answer = on_answer;
    c->on_answer_arg = arg;
    return c;
}

void
apicall_start(struct apicall *c)
{
    if (!needs_core(c) || !post(c))
        c->on_answer(c->on_answer_arg);
}

void
apicall_free(struct apicall *c)
{
    if (c == NULL)
        return;
    if (c->verb != NULL && c->verb->release != NULL && c->plan != NULL)
        c->verb->release(c->plan);
    failure_done(&c->failure);
    problems_done(&c->warnings);
    json_doc_unref(c->body);
    objects_composing_free(c->pieces);
    object_unref(c->object);
    apistream_free(c->stream);
    apipod_exec_free(c->exec);
    buf_done(&c->text);
    arena_done(&c->arena);
    free(c);
}
