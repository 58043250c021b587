#include "api/apiedge.h"

#include "api/apicall.h"
#include "api/apifeed.h"
#include "api/apipod.h"
#include "api/apiserver.h"
#include "api/failure.h"
#include "base/err.h"
#include "base/mem.h"
#include "edge/call.h"
#include "edge/routes.h"
#include "http/request.h"
#include "io/loop.h"

/* One request, until it is answered. */
struct bridge {
    struct apiserver *server;
    struct call *call;
    struct apicall *apicall;
    struct loop *loop;
    struct wake *hop; /* back to the edge's thread, for what ends there; or NULL */
    struct apipod_exec *exec;
};

/* Answers. */

static void
release(void *arg)
{
    struct bridge *b = arg;

    wake_free(b->hop);
    apicall_free(b->apicall);
    free(b);
}

static void
on_answer(void *arg)
{
    struct bridge *b = arg;
    struct apianswer answer;
    struct field fields[APICALL_MAX_FIELDS];
    struct reply r = {.fields = fields};

    apicall_answer(b->apicall, &answer);
    r.status = answer.status;
    r.content_type = answer.content_type;
    for (size_t i = 0; i < answer.fields_n; i++)
        fields[r.fields_n++] =
            (struct field){.name = str_of(answer.fields[i].name), .value = answer.fields[i].value};
    if (answer.stream != NULL) {
        apifeed_reply(b->call, b->loop, &r, answer.stream);
        release(b);
        return;
    }
    if (answer.exec != NULL) {
        b->exec = answer.exec;
        wake_send(b->hop);
        return;
    }
    r.body = answer.body;
    r.release = release;
    r.release_arg = b;
    call_reply(b->call, &r);
}

/* Commands: the connection becomes a WebSocket, which is the edge thread's business. */
static void
on_hop(void *arg)
{
    struct bridge *b = arg;
    const struct apiserver_config *config = apiserver_config(b->server);
    struct err e = ERR_INIT;

    if (config->pods->exec(config->pods_arg, b->call, b->exec, &e) < 0) {
        e.code = e.code == ERR_NOTFOUND ? ERR_BADREQUEST : e.code;
        call_fail(b->call, &e);
    }
    apipod_exec_free(b->exec);
    release(b);
}

static void
start(struct bridge *b)
{
    const struct request *q = call_request(b->call);
    struct apirequest rq = {
        .method = q->method,
        .path = q->path,
        .query = q->query,
        .accept = fields_get(&q->fields, "Accept"),
        .content_type = fields_get(&q->fields, "Content-Type"),
        .user_agent = fields_get(&q->fields, "User-Agent"),
        .body = call_body(b->call),
        .caller = call_caller(b->call),
    };

    b->apicall = apicall_new(b->server, &rq, on_answer, b);
    apicall_start(b->apicall);
}

static void
on_body(void *arg, struct call *c, const struct err *why)
{
    if (why == NULL) {
        start(arg);
        return;
    }
    call_fail(c, why);
    release(arg);
}

static void
on_call(void *arg, struct call *c)
{
    struct bridge *b = NEW(struct bridge);

    b->server = arg;
    b->call = c;
    b->loop = call_loop(c);
    if (str_ends(call_request(c)->path, STR("/exec"))) {
        struct err e = ERR_INIT;

        b->hop = wake_new(b->loop, on_hop, b, &e);
        if (b->hop == NULL) {
            call_fail(c, &e);
            free(b);
            return;
        }
    }
    if (call_request(c)->length != 0)
        call_collect(c, APICALL_MAX_BODY, on_body, b);
    else
        start(b);
}

void
apiedge_write_error(void *arg, const struct request *rq, int status, const struct err *why,
                    struct buf *body, const char **content_type)
{
    struct failure f = FAILURE_INIT;

    (void)arg, (void)rq;
    if (status == 401) /* upstream says no more, and clients compare it */
        failure_set(&f, ERR_UNAUTHORIZED, "Unauthorized");
    else
        failure_set(&f, why->code, "%s", why->msg);
    f.code = status;
    failure_write(&f, body);
    failure_done(&f);
    *content_type = "application/json";
}

int
apiedge_add_routes(struct apiserver *s, struct routes *r, struct err *e)
{
    static const char *const open[] = {"/healthz", "/livez", "/readyz"};
    struct route route = {.pattern = "/{path...}", .handler = on_call, .arg = s};

    if (routes_add(r, &route, e) < 0)
        return e->code;
    route.access = ROUTE_ANYBODY;
    for (size_t i = 0; i < ARRAY_LEN(open); i++) {
        route.pattern = open[i];
        if (routes_add(r, &route, e) < 0)
            return e->code;
    }
    return 0;
}
