#include "api/apidebug.h"

#include "api/apiserver.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "core/core.h"
#include "core/message.h"
#include "edge/call.h"
#include "edge/caller.h"
#include "edge/edge.h"
#include "edge/routes.h"

/* One question, on its way from the core to the edge threads. */
struct inquiry {
    struct message message;
    const struct apidebug *debug;
    struct call *call;
    struct buf text;
};

static void
finish(struct inquiry *q)
{
    buf_done(&q->text);
    free(q);
}

static void
on_edges(void *arg, struct str text)
{
    struct inquiry *q = arg;
    struct reply r = {.status = 200, .content_type = "text/plain; charset=utf-8"};

    buf_str(&q->text, text);
    buf_cstr(&q->text, "[last warnings and errors]\n");
    log_dump(&q->text);
    r.body = buf_view(&q->text);
    call_reply(q->call, &r);
    finish(q);
}

static int
ask_core(struct message *m, struct turn *t, struct err *e)
{
    struct inquiry *q = CONTAINER_OF(m, struct inquiry, message);

    (void)t, (void)e;
    core_dump(apiserver_config(q->debug->server)->core, &q->text);
    return 0;
}

static void
on_core(struct message *m, const struct err *why)
{
    struct inquiry *q = CONTAINER_OF(m, struct inquiry, message);

    if (why == NULL) {
        edge_dump(q->debug->edge, on_edges, q);
        return;
    }
    call_fail(q->call, why);
    finish(q);
}

static bool
may(const struct apidebug *d, const struct caller *who)
{
    const struct apiserver_config *config = apiserver_config(d->server);
    const struct apiright right = {.verb = STR("get"), .path = STR(APIDEBUG_PATH)};

    return config->authorize == NULL || config->authorize(config->auth_arg, who, &right);
}

static void
on_call(void *arg, struct call *c)
{
    const struct apidebug *d = arg;
    struct err e = ERR_INIT;
    struct inquiry *q;

    if (!may(d, call_caller(c))) {
        call_forbid(c);
        return;
    }
    q = NEW(struct inquiry);
    q->debug = d;
    q->call = c;
    q->message =
        (struct message){.class = MESSAGE_EVENT, .run = ask_core, .done = on_core, .name = "debug"};
    if (core_post(apiserver_config(d->server)->core, &q->message, &e) < 0)
        on_core(&q->message, &e);
}

int
apidebug_add_route(struct routes *r, struct apidebug *d, struct err *e)
{
    const struct route route = {
        .method = "GET", .pattern = APIDEBUG_PATH, .handler = on_call, .arg = d};

    return routes_add(r, &route, e);
}
