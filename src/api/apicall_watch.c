/*
 * The watch verb: from its query to a stream.
 */
#include "api/apicall_int.h"

#include "api/watchstream.h"
#include "base/clock.h"
#include "base/err.h"
#include "schema/fielderror.h"

/* Without timeoutSeconds a watch ends after half an hour to an hour, so that clients spread over
 * restarts do not come back all at once. */
#define LONGEST_US (30 * 60 * CLOCK_SECOND)

static int
read_version(struct apicall *c, struct watchstream_config *w)
{
    struct str rv = apiparam_text(&c->param, "resourceVersion");

    if (rv.n > 0 && (!str_to_int(rv, &w->rv) || w->rv < 0)) {
        failure_status(&c->failure, 500, NULL, false,
                       "resourceVersion: Invalid value: \"%.*s\": strconv.ParseUint: parsing "
                       "\"%.*s\": invalid syntax",
                       STR_ARG(rv), STR_ARG(rv));
        return ERR_IO;
    }
    return 0;
}

static int
read_initial(struct apicall *c, struct watchstream_config *w)
{
    cleanup_problems struct problems ps = PROBLEMS_INIT;
    bool said = apiparam_text(&c->param, "sendInitialEvents").p != NULL;
    struct str match = apiparam_text(&c->param, "resourceVersionMatch");

    w->bookmarks = apiparam_bool(&c->param, "allowWatchBookmarks");
    w->initial = said ? apiparam_bool(&c->param, "sendInitialEvents") : w->rv == 0;
    w->initial_end = said && w->initial && w->bookmarks;
    if (said && !str_is(match, "NotOlderThan"))
        fielderror_forbidden(&ps, "resourceVersionMatch",
                             "sendInitialEvents requires setting resourceVersionMatch to "
                             "NotOlderThan");
    else if (!said && match.n > 0)
        fielderror_forbidden(&ps, "resourceVersionMatch",
                             "resourceVersionMatch is forbidden for watch unless "
                             "sendInitialEvents is provided");
    if (ps.n == 0)
        return 0;
    failure_invalid(&c->failure, "meta.k8s.io", "ListOptions", STR_NULL, &ps);
    return ERR_INVALID;
}

static int
prepare(struct apicall *c)
{
    struct watchstream_config w = {
        .server = c->server, .render = apicall_render(c), .ns = c->ns, .name = c->path.name};
    int64_t timeout_s = 0, spread = w.render.now_us % LONGEST_US;
    struct err e = ERR_INIT;

    if (apiparam_int(&c->param, "timeoutSeconds", 0, &timeout_s, &e) < 0)
        return failure_set(&c->failure, ERR_BADREQUEST, "%s", e.msg);
    w.timeout_us = timeout_s > 0 && timeout_s < INT64_C(1) << 32 ? timeout_s * CLOCK_SECOND
                                                                 : LONGEST_US + spread;
    w.render.accept.yaml = false;
    if (read_version(c, &w) < 0 || read_initial(c, &w) < 0 || apicall_select(c, &w.selection) < 0)
        return c->failure.code != 500 ? ERR_BADREQUEST : ERR_IO;
    c->plan = watchstream_new(&w);
    c->stream = watchstream_body(c->plan);
    return 0;
}

static int
run(struct apicall *c, struct turn *t, struct err *e)
{
    if (watchstream_open(c->plan, t, e) < 0)
        return apicall_fail(c, e);
    return 0;
}

const struct apicall_verb apicall_watch = {.name = "watch", .prepare = prepare, .run = run};
